"""Cards of landmark models, and values of the ward's own log where the record system sends none."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("joserfc", reason="cartwheel[ward] is not installed")
pytest.importorskip("fhir.resources", reason="cartwheel[ward] is not installed")

import cds_client
from cds_client import PATIENT, RECORD, SYSTEM, RecordSystem, bundle, lab
from landmark_sample import binary_plan, binary_sample

from cartwheel.canonical import canonical_json
from cartwheel.watch.intake import Arrived, Identifiers, Item, Merge, Message, Person
from cartwheel.watch.observation import Observation
from cartwheel.workflows.landmark import landmark, landmark_model_file

NUMBERS = ((SYSTEM, RECORD),)
NAME = "severe CRS"


@pytest.fixture(scope="module")
def model_text() -> str:
    return canonical_json(landmark_model_file(landmark(*binary_sample(), binary_plan())))


@pytest.fixture
def ehr(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model_text: str) -> Iterator[RecordSystem]:
    (tmp_path / f"{NAME}.json").write_text(model_text, encoding="utf-8")
    named = f'landmark_models = ["{NAME}.json"]'
    monkeypatch.setattr(cds_client, "WARD", cds_client.WARD.replace("landmark_models = []", named))
    made = RecordSystem(tmp_path, monkeypatch)
    with made.client:
        yield made


def service_of(ehr: RecordSystem) -> dict[str, Any]:
    found = ehr.client.get("/cds-services").json()["services"]
    return dict(next(one for one in found if one["id"] == "severe-CRS"))


def nothing_of(service: dict[str, Any]) -> dict[str, Any]:
    """Every search of a service, answered with nothing, but the person."""
    return {**dict.fromkeys(service["prefetch"], None), "patient": cds_client.PERSON}


def admit(ehr: RecordSystem, *values: Observation, day: float = 3) -> None:
    began = datetime.now(UTC) - timedelta(days=day)
    infusion = Observation("", "infusion", began, None, source="i")
    items = (Person(NUMBERS, place="here"), Arrived(NUMBERS, infusion),
             *(Arrived(NUMBERS, one) for one in values))  # fmt: skip
    ward = ehr.app.state.services.ward
    assert ward.ingest.accept(Message("hl7", f"m{len(values)}", b"m", items)).durable


def seen(name: str, value: str, unit: str, hours: float) -> Observation:
    at = datetime.now(UTC) - timedelta(hours=hours)
    return Observation("", name, at, Decimal(value), unit, source=f"{name} {hours}")


def test_a_model_is_offered_under_a_name_that_fits_an_address(ehr: RecordSystem) -> None:
    service = service_of(ehr)
    assert "landmark model severe CRS" in service["title"]
    assert "Research and education" in service["description"]
    assert set(service["prefetch"]) > {"patient"}
    ids = {one["id"] for one in ehr.client.get("/cds-services").json()["services"]}
    assert "severe-CRS-order-select" in ids


def test_a_stranger_gets_no_card_since_his_day_is_not_known(ehr: RecordSystem) -> None:
    service = service_of(ehr)
    sent = {**nothing_of(service), "crp": bundle(lab("1988-5", "120", "mg/L"))}
    answer = ehr.ask("severe-CRS", sent)
    assert answer.status_code == 200
    assert answer.json() == {"cards": []}


def test_a_known_patient_gets_the_risk_of_the_day(ehr: RecordSystem) -> None:
    admit(ehr)
    service = service_of(ehr)
    sent = {**nothing_of(service), "crp": bundle(lab("1988-5", "120", "mg/L"))}
    card = ehr.card("severe-CRS", sent)
    assert "risk" in card["summary"]
    assert "Research and education" in card["detail"].partition("\n")[0]
    assert "120 mg/L" in card["detail"]
    assert "ward's own log" not in card["detail"]
    assert card["indicator"] == "info"
    assert card["source"]["label"].startswith("cartwheel: landmark model severe CRS")
    # what is not there is a range, and is suggested: nothing is guessed
    assert "missing" in card["summary"]
    assert "between" in card["summary"]
    assert card["suggestions"]


def test_the_log_fills_what_the_record_system_does_not_send_and_the_card_says_so(
    ehr: RecordSystem,
) -> None:
    admit(ehr, seen("crp", "150", "mg/L", 3), seen("il6", "25", "pg/mL", 3))
    service = service_of(ehr)
    card = ehr.card("severe-CRS", nothing_of(service))
    assert "150 mg/L" in card["detail"]
    assert "From the ward's own log" in card["detail"]
    # what is sent goes before it
    sent = {**nothing_of(service), "crp": bundle(lab("1988-5", "120", "mg/L"))}
    card = ehr.card("severe-CRS", sent)
    assert "120 mg/L" in card["detail"]
    assert "150 mg/L" not in card["detail"]


def test_what_was_withdrawn_does_not_come_back_from_the_log(ehr: RecordSystem) -> None:
    wrong = lab("1988-5", "150", "mg/L", 3, status="entered-in-error")
    at = datetime.fromisoformat(wrong["effectiveDateTime"])
    admit(ehr, Observation("", "crp", at, Decimal(150), "mg/L", source="crp"),
          seen("il6", "25", "pg/mL", 3))  # fmt: skip
    card = ehr.card("severe-CRS", {**nothing_of(service_of(ehr)), "crp": bundle(wrong)})
    assert "150 mg/L" not in card["detail"]


def test_the_log_fills_a_score_too(ehr: RecordSystem) -> None:
    admit(ehr, seen("platelets", "50", "10*9/L", 3))
    card = ehr.card("easix", {**cds_client.EASIX, "platelets": None})
    # 280 U/L * 1.0 mg/dL / 50 10*9/L
    assert " 5.6" in card["summary"]
    assert "From the ward's own log" in card["detail"]
    assert "sent none, or an older one: Platelet" in card["detail"]


def test_outside_the_days_of_the_model_there_is_no_card(ehr: RecordSystem) -> None:
    admit(ehr, seen("crp", "150", "mg/L", 3), day=80)
    answer = ehr.ask("severe-CRS", nothing_of(service_of(ehr)))
    assert answer.json() == {"cards": []}


def test_what_was_not_sent_at_all_is_asked_for(ehr: RecordSystem) -> None:
    admit(ehr)
    assert ehr.ask("severe-CRS", {"patient": cds_client.PERSON}).status_code == 412
    assert PATIENT not in json.dumps(ehr.client.get("/cds-services").json())


def test_a_later_value_of_the_log_counts_before_an_older_one_that_was_sent(
    ehr: RecordSystem,
) -> None:
    admit(ehr, seen("platelets", "50", "10*9/L", 1))
    # 100 was sent, of two hours ago
    card = ehr.card("easix", cds_client.EASIX)
    assert " 5.6" in card["summary"]
    assert "sent none, or an older one: Platelet" in card["detail"]


def test_what_is_left_of_the_log_counts_where_one_value_of_it_was_withdrawn(
    ehr: RecordSystem,
) -> None:
    wrong = lab("777-3", "50", "10*9/L", 3, status="entered-in-error")
    at = datetime.fromisoformat(wrong["effectiveDateTime"])
    admit(ehr, Observation("", "platelets", at, Decimal(50), "10*9/L", source="p"),
          seen("platelets", "80", "10*9/L", 8))  # fmt: skip
    card = ehr.card("easix", {**cds_client.EASIX, "platelets": bundle(wrong)})
    # 280 U/L * 1.0 mg/dL / 80 10*9/L
    assert " 3.5" in card["summary"]


def keep(ehr: RecordSystem, key: str, *items: Item) -> None:
    message = Message("hl7", key, key.encode(), items)
    assert ehr.app.state.services.ward.ingest.accept(message).durable


def test_a_record_that_was_folded_into_another_is_known_by_the_one_that_stays(
    ehr: RecordSystem,
) -> None:
    admit(ehr)
    last: Identifiers = ((SYSTEM, "last"),)
    between: Identifiers = ((SYSTEM, "between"),)
    keep(ehr, "b", Arrived(between, seen("crp", "5", "mg/L", 5)))
    keep(ehr, "c", Arrived(last, seen("platelets", "50", "10*9/L", 1)))
    keep(ehr, "merge 1", Merge(between, NUMBERS))
    keep(ehr, "merge 2", Merge(last, between))
    sent: dict[str, Any] = {**cds_client.EASIX, "platelets": None}
    assert " 5.6" in ehr.card("easix", sent)["summary"]
    # the record system may name all numbers of the person: they are of one patient
    both = [{"system": SYSTEM, "value": one} for one in (RECORD, "last")]
    sent["patient"] = {**cds_client.PERSON, "identifier": both}
    assert " 5.6" in ehr.card("easix", sent)["summary"]
