"""CDS Hooks: what is offered, which cards come of what was sent, and what is never made up."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("joserfc", reason="cartwheel[ward] is not installed")
pytest.importorskip("fhir.resources", reason="cartwheel[ward] is not installed")

from cds_client import (
    EASIX,
    ISS,
    PATIENT,
    RECORD,
    SURNAME,
    SYSTEM,
    RecordSystem,
    ago,
    assert_nothing_empty,
    bundle,
    lab,
)
from serve_people import laptop, people_of, said

from cartwheel.errors import PlanRefused
from cartwheel.serve.cds.cards import _gfm
from cartwheel.watch.intake import Arrived, Message, Person
from cartwheel.watch.observation import Observation

HEMATOTOX = {
    **EASIX,
    "neutrophils": bundle(lab("751-8", "1.0", "10*9/L")),
    "haemoglobin": bundle(lab("718-7", "8.5", "g/dL")),
    "crp": bundle(lab("1988-5", "50", "mg/L")),
    "ferritin": bundle(lab("2276-4", "2500", "ng/mL")),
}


@pytest.fixture
def ehr(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RecordSystem]:
    made = RecordSystem(tmp_path, monkeypatch)
    with made.client:
        yield made


def test_every_score_is_offered_for_both_hooks_with_its_searches(ehr: RecordSystem) -> None:
    answer = ehr.client.get("/cds-services")
    assert answer.status_code == 200
    services = {one["id"]: one for one in answer.json()["services"]}
    assert_nothing_empty(answer.json(), "discovery")
    assert {one["hook"] for one in services.values()} == {"patient-view", "order-select"}
    assert set(services) == {
        "easix", "easix-order-select", "car-hematotox", "car-hematotox-order-select",
    }  # fmt: skip
    assert services["easix"]["prefetch"] == {
        "patient": "Patient/{{context.patientId}}",
        "ldh": "Observation?patient={{context.patientId}}&code=http://loinc.org|2532-0,"
        "http://loinc.org|14804-9,http://loinc.org|14805-6&_sort=-date&_count=5",
        "creatinine": "Observation?patient={{context.patientId}}&code=http://loinc.org|2160-0,"
        "http://loinc.org|14682-9&_sort=-date&_count=5",
        "platelets": "Observation?patient={{context.patientId}}&code=http://loinc.org|777-3,"
        "http://loinc.org|26515-7&_sort=-date&_count=5",
    }


def test_a_card_says_the_value_the_parts_and_what_it_rests_on(ehr: RecordSystem) -> None:
    card = ehr.card()
    # 280 U/L * 1.0 mg/dL / 100 10*9/L
    assert "EASIX" in card["summary"]
    assert " 2.8" in card["summary"]
    assert card["indicator"] == "info"
    assert card["source"]["label"].startswith("cartwheel: EASIX")
    assert card["source"]["url"] == "https://doi.org/10.3389/fimmu.2022.877477"
    assert "Research and education" in card["detail"]
    assert "LDH 280 U/L" in card["detail"]
    assert "1.0.0" in card["detail"]
    assert "suggestions" not in card
    assert [one["code"] for one in card["overrideReasons"]]
    uuid.UUID(card["uuid"])


def test_the_urgency_is_what_the_ward_file_says_of_the_band(ehr: RecordSystem) -> None:
    card = ehr.card("car-hematotox", HEMATOTOX)
    # platelets 100: 1, neutrophils 1.0: 1, haemoglobin 8.5: 1, CRP 5 mg/dL: 1, ferritin 2500: 2
    assert "CAR-HEMATOTOX 6 (high)" in card["summary"]
    assert card["indicator"] == "warning"
    assert "40 of 83 patients" in card["detail"]
    low = {
        **HEMATOTOX,
        "platelets": bundle(lab("777-3", "200", "10*9/L")),
        "neutrophils": bundle(lab("751-8", "3.0", "10*9/L")),
        "haemoglobin": bundle(lab("718-7", "12", "g/dL")),
        "crp": bundle(lab("1988-5", "5", "mg/L")),
        "ferritin": bundle(lab("2276-4", "100", "ng/mL")),
    }
    card = ehr.card("car-hematotox", low)
    assert "CAR-HEMATOTOX 0 (low)" in card["summary"]
    assert card["indicator"] == "info"


@pytest.mark.parametrize(
    "nothing",
    [None, {"resourceType": "Bundle", "type": "searchset"}, bundle()],
    ids=["null", "empty", "no entries"],
)
def test_a_missing_value_is_a_range_and_a_suggestion(ehr: RecordSystem, nothing: Any) -> None:
    card = ehr.card("car-hematotox", {**HEMATOTOX, "ferritin": nothing})
    assert "between 4 and 6 (high)" in card["summary"]
    assert "missing Ferritin" in card["summary"]
    (suggestion,) = card["suggestions"]
    assert card["selectionBehavior"] == "any"
    (action,) = suggestion["actions"]
    assert action["type"] == "create"
    assert action["resource"]["resourceType"] == "ServiceRequest"
    assert action["resource"]["code"]["coding"][0]["code"] == "2276-4"
    assert action["resource"]["subject"] == {"reference": f"Patient/{PATIENT}"}


def test_what_is_being_ordered_is_not_suggested_again(ehr: RecordSystem) -> None:
    order = {
        "resourceType": "ServiceRequest", "status": "draft", "intent": "order",
        "code": {"coding": [{"system": "http://loinc.org", "code": "2276-4"}]},
    }  # fmt: skip
    card = ehr.card(
        "car-hematotox-order-select", {**HEMATOTOX, "ferritin": None}, hook="order-select",
        context={"selections": ["ServiceRequest/1"], "draftOrders": bundle(order)},
    )  # fmt: skip
    assert "suggestions" not in card
    assert "selectionBehavior" not in card


def test_nothing_known_is_no_card(ehr: RecordSystem) -> None:
    answer = ehr.ask(prefetch=dict.fromkeys(EASIX))
    assert answer.json() == {"cards": []}


def test_a_search_that_failed_is_not_nothing(ehr: RecordSystem) -> None:
    outcome = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "x"}]}
    card = ehr.card(prefetch={**EASIX, "ldh": outcome})
    assert "no answer; missing LDH" in card["summary"]
    assert "could not be read" in card["detail"]


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (lab("2532-0", "280", "U/L", hours=-3), "taken in the future"),
        (lab("2532-0", "280", "U/L", hours=30), ""),
        (lab("2532-0", "280", "mg/dL"), "LDH"),
        (lab("2532-0", "280", "U/L", effectiveDateTime="2026-11-22"), "time"),
        (lab("2532-0", "280", "U/L", subject={"reference": "Patient/other"}), "another patient"),
        (lab("2532-0", "280", "U/L", status="unheard-of"), "not sound"),
        (lab("2532-0", "280", "U/L", status="entered-in-error"), ""),
        (lab("2532-1", "280", "U/L"), "loinc"),
    ],
    ids=["future", "too old", "unit", "day only", "other patient", "status", "error", "digit"],
)
def test_what_cannot_be_used_is_missing(
    ehr: RecordSystem, wrong: dict[str, Any], why: str
) -> None:  # fmt: skip
    card = ehr.card(prefetch={**EASIX, "ldh": bundle(wrong)})
    assert "no answer; missing LDH" in card["summary"]
    assert "280" not in card["detail"]
    assert why in card["detail"].replace("\\", "")


def test_of_two_versions_the_later_counts_and_of_two_moments_the_last(ehr: RecordSystem) -> None:
    first = lab("2532-0", "280", "U/L", hours=5, issued=ago(4))
    corrected = {
        **lab("2532-0", "560", "U/L", hours=5, issued=ago(1)), "status": "corrected",
    }  # fmt: skip
    assert " 5.6" in ehr.card(prefetch={**EASIX, "ldh": bundle(corrected, first)})["summary"]
    later = lab("2532-0", "140", "U/L", hours=1)
    assert " 1.4" in ehr.card(prefetch={**EASIX, "ldh": bundle(later, corrected)})["summary"]


def test_two_values_without_an_id_are_two_values(ehr: RecordSystem) -> None:
    several = [lab("2532-0", "280", "U/L", hours=3), lab("2532-0", "140", "U/L", hours=1)]
    for one in several:
        del one["id"]
    for sent in (several, several[::-1]):
        assert " 1.4" in ehr.card(prefetch={**EASIX, "ldh": bundle(*sent)})["summary"]


def test_a_patient_of_the_ward_is_linked_without_his_name(ehr: RecordSystem) -> None:
    opened = people_of(ehr.client).ward
    who = ((SYSTEM, RECORD),)
    infused = Observation("", "infusion", _moment(48), None, source="infusion")
    items = (Person(who, SURNAME, place="here"), Arrived(who, infused))
    receipt = opened.ingest.accept(Message("page", "1", b"x", items))
    assert receipt.outcome == "stored"
    (link,) = ehr.card()["links"]
    assert link["type"] == "absolute"
    assert link["url"] == f"http://127.0.0.1:8765/ward/patient/{receipt.patients[0]}"
    assert SURNAME not in str(ehr.card())
    assert RECORD not in str(ehr.card())


def test_only_known_patients_where_the_centre_wants_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = RecordSystem(tmp_path, monkeypatch, only_known_patients=True)
    with asked.client:
        assert asked.ask().json() == {"cards": []}


def test_what_was_not_sent_and_cannot_be_fetched_is_412(ehr: RecordSystem) -> None:
    some = {key: value for key, value in EASIX.items() if key != "ldh"}
    for sent in (None, some):
        answer = ehr.ask(prefetch=sent)
        assert answer.status_code == 412
        assert "prefetch.ldh" in answer.text
    unknown = {
        "fhirServer": "http://169.254.169.254/latest",
        "fhirAuthorization": {"access_token": "t", "token_type": "Bearer", "expires_in": 60},
    }
    assert ehr.ask(prefetch=some, **unknown).status_code == 412


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b'{"hook": "patient-view", "hook": "order-select"}', 400),
        (b"[]", 400),
        (b'{"hook": NaN}', 400),
        (b"[" * 5000, 400),
        (b'{"hook": "order-select"}', 400),
        (b'{"hook": "patient-view", "hookInstance": "1"}', 400),
        (b'{"hook": "patient-view", "hookInstance": "' + str(uuid.uuid4()).encode()
         + b'", "context": {"patientId": "../../x"}}', 400),
        (b" " * (9 << 20), 413),
    ],
)  # fmt: skip
def test_what_is_no_request_is_refused(ehr: RecordSystem, body: bytes, status: int) -> None:
    path = "/cds-services/easix"
    headers = {"Authorization": f"Bearer {ehr.token(path)}", "Content-Type": "application/json"}
    answer = ehr.client.post(path, content=body, headers=headers)
    assert answer.status_code == status, answer.text
    assert_nothing_empty(answer.json(), "problem")


def test_feedback_is_kept_without_words_of_a_person(ehr: RecordSystem) -> None:
    card = ehr.card()["uuid"]
    path = "/cds-services/easix/feedback"
    sent = {
        "card": card, "outcome": "overridden", "outcomeTimestamp": "2026-11-22T01:00:00Z",
        "overrideReason": {
            "reason": {"code": "not-useful", "system": "urn:x"},
            "userComment": f"{SURNAME} does not need it",
        },
    }  # fmt: skip
    headers = {"Authorization": f"Bearer {ehr.token(path)}"}
    assert ehr.client.post(path, json={"feedback": [sent]}, headers=headers).status_code == 200
    kept = said(ehr.client)
    who = f"cds:{ISS}"
    assert (who, "cds card given", f"easix {card}") in kept
    about = f"easix {card} 2026-11-22T01:00:00Z not-useful"
    assert (who, "cds card overridden", about) in kept
    assert SURNAME not in str(kept)
    for wrong in ({"card": "1"}, {"outcome": "liked"}, {"outcomeTimestamp": "yesterday"}):
        headers = {"Authorization": f"Bearer {ehr.token(path)}"}
        answer = ehr.client.post(path, json={"feedback": [{**sent, **wrong}]}, headers=headers)
        assert answer.status_code == 400
    assert ehr.client.post(path, json={"feedback": [sent]}).status_code == 401


def test_without_settings_there_are_no_cards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    people_of(RecordSystem(tmp_path, monkeypatch).client).store.close()
    monkeypatch.delenv("CARTWHEEL_CDS")
    with laptop(tmp_path / "other", ward=tmp_path / "ward.toml") as client:
        assert client.get("/cds-services").status_code == 404
        assert client.post("/cds-services/easix", json={}).status_code == 404
    # without a ward there is nothing to ask for either
    with laptop(tmp_path / "none") as client:
        assert client.get("/cds-services").status_code == 404


def test_a_server_does_not_start_with_settings_that_are_not_sound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(PlanRefused) as refused:
        RecordSystem(tmp_path, monkeypatch, issuer="")
    assert refused.value.problems[0].code == "cds_no_issuer"


def test_text_holds_no_marks_of_gfm_or_html() -> None:
    assert _gfm("<b>*a*</b>|`x`\n# y") == "\\<b\\>\\*a\\*\\</b\\>\\|\\`x\\` \\# y"


def _moment(hours: float) -> Any:
    from datetime import UTC, datetime, timedelta  # noqa: PLC0415

    return datetime.now(UTC) - timedelta(hours=hours)
