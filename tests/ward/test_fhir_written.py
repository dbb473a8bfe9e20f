"""What the ward says as FHIR: what it rests on by reference, ranges, and no older word last."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from fhir_samples import MRN, ferritin, patient, procedure, text_of
from fhir_server import HEADERS, fhir_app
from sqlalchemy import select

from cartwheel.errors import Refused
from cartwheel.serve.fhir.checking import problems_in
from cartwheel.serve.fhir.json_text import read_json, write_json
from cartwheel.serve.fhir.linking import subjects_of
from cartwheel.serve.fhir.settings import FILE
from cartwheel.serve.fhir.writing import resource_for
from cartwheel.serve.fhir.written import KINDS, standing_id
from cartwheel.store.audit import Wanted, entries_of
from cartwheel.store.ward_json import moment_text
from cartwheel.store.ward_outbox import OutboxRow
from cartwheel.store.ward_tables import messages, outbox

# nobody listens there: what is to be written back stays in the outbox
BASE = "http://127.0.0.1:9/fhir"
NOW = datetime.now(UTC).replace(microsecond=0)
WHEN = NOW - timedelta(minutes=20)


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    told = tmp_path / "fhir.toml"
    told.write_text(
        f'schema = "cartwheel/fhir/1"\nbase = "{BASE}"\n[server]\nbase = "{BASE}"\n'
        'pull = false\nwrite = ["RiskAssessment", "Observation", "DetectedIssue"]\n',
        encoding="utf-8",
    )
    monkeypatch.setenv(FILE, str(told))
    app = fhir_app(tmp_path / "data")
    with TestClient(app, base_url="http://127.0.0.1:8765", headers=HEADERS) as made:
        yield made


def lab(identity: str, loinc: str, value: str, unit: str, **more: Any) -> dict[str, Any]:
    """A laboratory value of some minutes ago."""
    made = ferritin(id=identity, effectiveDateTime=WHEN.isoformat(), **more)
    made["code"] = {"coding": [{"system": "http://loinc.org", "code": loinc}]}
    made["valueQuantity"] = {
        "value": Decimal(value), "unit": unit, "system": "http://unitsofmeasure.org", "code": unit,
    }  # fmt: skip
    return {key: value for key, value in made.items() if key != "issued" or "issued" in more}


def put(client: TestClient, resource: dict[str, Any]) -> Any:
    kind, identity = resource["resourceType"], resource["id"]
    answer = client.put(f"/fhir/{kind}/{identity}", content=text_of(resource))
    assert answer.status_code in (200, 201), answer.text
    assert "X-Cartwheel-Parked" not in answer.headers
    return answer


def begin(client: TestClient) -> None:
    put(client, patient())
    day = (NOW - timedelta(days=2)).date().isoformat()
    put(client, procedure(performedDateTime=day))


def begin_with_the_rest(client: TestClient) -> None:
    """Everything that EASIX reads but LDH: then each change of that changes the answer."""
    begin(client)
    put(client, lab("l2", "14682-9", "130", "umol/L"))
    put(client, lab("l3", "777-3", "40", "10*9/L"))


def told(client: TestClient, kind: str) -> list[Any]:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    body = f"patient.identifier={MRN}|4711&_count=500"
    answer = client.post(f"/fhir/{kind}/_search", content=body, headers=form)
    assert answer.status_code == 200, answer.text
    return [one["resource"] for one in read_json(answer.content).get("entry", [])]  # type: ignore


def ward_of(client: TestClient) -> Any:
    return client.app.state.services.ward  # type: ignore[attr-defined]


def rows_of(client: TestClient) -> list[OutboxRow]:
    with ward_of(client).store.reading() as connection:
        found = connection.execute(select(outbox).order_by(outbox.c.number)).all()
    return [
        OutboxRow(row.number, row.event_number, row.patient, row.kind, row.target, row.key,
                  row.body, 1, row.made_at)
        for row in found
    ]  # fmt: skip


def easix(client: TestClient) -> Any:
    found = [one for one in told(client, "RiskAssessment") if "prediction" in one]
    return next(one for one in reversed(found) if one["method"]["text"] == "easix")


def test_what_a_score_rests_on_is_referred_to(client: TestClient) -> None:
    begin(client)
    put(client, lab("l1", "2532-0", "400", "U/L"))
    put(client, lab("l2", "14682-9", "130", "umol/L"))
    put(client, lab("l3", "777-3", "40", "10*9/L"))
    found = easix(client)
    assert sorted(one["reference"] for one in found["basis"]) == [
        f"{BASE}/Observation/l1", f"{BASE}/Observation/l2", f"{BASE}/Observation/l3",
    ]  # fmt: skip
    assert all(one["display"] for one in found["basis"])
    assert "occurrenceDateTime" in found
    assert "mitigation" not in found
    assert found["method"]["coding"][0]["code"] == "easix"
    # to the server that has them they are its own; to another one they are words
    store = ward_of(client).store
    at = found["occurrenceDateTime"]
    mine = [one for one in rows_of(client)
            if json.loads(one.body)["body"].get("after", {}).get("target") == "easix"]  # fmt: skip
    own = resource_for(store, mine[-1], BASE)
    assert own["id"] == standing_id(mine[-1].patient, "easix", at)
    assert "Observation/l1" in [one.get("reference") for one in own["basis"]]


def test_what_did_not_come_by_fhir_is_in_words(client: TestClient) -> None:
    begin(client)
    put(client, lab("l1", "2532-0", "400", "U/L"))
    put(client, lab("l3", "777-3", "40", "10*9/L"))
    row = {"patient": "4711", "system": MRN, "name": "creatinine", "value": 130,
           "unit": "umol/L", "taken_at": WHEN.isoformat()}  # fmt: skip
    sent = client.post("/api/v1/ward/observations", json={"observations": [row]},
                       headers={"Content-Type": "application/json"})  # fmt: skip
    assert sent.status_code == 201, sent.text
    basis = {one["display"].split()[0]: one for one in easix(client)["basis"]}
    assert "reference" in basis["ldh"]
    assert set(basis["creatinine"]) == {"display"}


def test_two_who_say_the_same_are_not_told_apart(client: TestClient) -> None:
    begin(client)
    put(client, lab("l1", "2532-0", "400", "U/L"))
    put(client, lab("l1-again", "2532-0", "400", "U/L"))
    put(client, lab("l2", "14682-9", "130", "umol/L"))
    put(client, lab("l3", "777-3", "40", "10*9/L"))
    basis = {one["display"].split()[0]: one for one in easix(client)["basis"]}
    assert set(basis["ldh"]) == {"display"}
    assert "reference" in basis["platelets"]


def test_all_of_it_is_sound_for_all_three_validators(client: TestClient) -> None:
    begin(client)
    put(client, lab("l1", "2532-0", "400", "U/L"))
    put(client, lab("c1", "1988-5", "180", "mg/L"))
    put(client, lab("t1", "8310-5", "39.2", "Cel"))
    put(client, lab("l1", "2532-0", "420", "U/L", status="corrected"))
    seen = 0
    for kind in KINDS:
        for one in told(client, kind):
            assert problems_in(one, kind) == []
            seen += 1
    rules = subjects_of(ward_of(client).ward.alerts)
    for row in rows_of(client):
        one = read_json(write_json(resource_for(ward_of(client).store, row, BASE, rules)).encode())
        assert problems_in(one, one["resourceType"]) == []  # type: ignore
        seen += 1
    assert seen > 20
    high = [one for one in told(client, "DetectedIssue") if one["code"]["text"] == "crp-high"]
    assert [one["reference"] for one in high[0]["implicated"]] == [f"{BASE}/Observation/c1"]
    fever = [one for one in told(client, "DetectedIssue") if one["code"]["text"] == "crs-1"]
    (behind,) = fever[0]["implicated"]
    assert behind["type"] == "Observation"
    named = {one["identifier"][0]["value"] for one in told(client, "Observation")}
    assert behind["identifier"]["value"] in named
    derived = [one for one in told(client, "Observation") if one["code"]["text"] == "astct-crs"]
    assert f"{BASE}/Observation/t1" in [one.get("reference") for one in derived[-1]["derivedFrom"]]


@pytest.mark.parametrize(
    "prediction",
    [
        {"probabilityRange": {"low": {"value": 20}, "high": {"value": 30}}},
        {"probabilityRange": {"low": {"value": 30, "unit": "%", "code": "%",
                                      "system": "http://unitsofmeasure.org"},
                              "high": {"value": 20, "unit": "%", "code": "%",
                                       "system": "http://unitsofmeasure.org"}}},
        {"probabilityDecimal": Decimal("1.2")},
    ],
)  # fmt: skip
def test_what_only_our_own_rules_see_of_a_risk(prediction: dict[str, Any]) -> None:
    one = {
        "resourceType": "RiskAssessment", "status": "final", "subject": {"display": "x"},
        "prediction": [prediction],
    }  # fmt: skip
    assert "invariant" in {each.code for each in problems_in(one, "RiskAssessment")}


def test_a_row_that_is_sent_late_says_what_was_said_since(client: TestClient) -> None:
    begin(client)
    put(client, lab("l1", "2532-0", "400", "U/L"))
    put(client, lab("l2", "14682-9", "130", "umol/L"))
    put(client, lab("l3", "777-3", "40", "10*9/L"))
    put(client, lab("l3", "777-3", "80", "10*9/L", status="corrected"))
    store, at = ward_of(client).store, moment_text(WHEN)
    mine = [
        one for one in rows_of(client)
        if (said := json.loads(one.body)["body"].get("after")) is not None
        and said["target"] == "easix" and moment_text(datetime.fromisoformat(said["at"])) == at
    ]  # fmt: skip
    assert len(mine) > 1
    last = resource_for(store, mine[-1], BASE)
    assert resource_for(store, mine[0], BASE) == last
    assert last["status"] == "corrected"
    assert "80 10" in str(last["basis"])


def counts(client: TestClient) -> Any:
    return dict(client.app.state.fhir.order.counts())  # type: ignore[attr-defined]


def ldh(client: TestClient) -> str:
    found = [one for one in told(client, "RiskAssessment") if one["method"]["text"] == "easix"]
    used = [one["display"] for one in found[-1].get("basis", []) if "ldh" in one["display"]]
    return used[0].split()[1] if used else ""


def version(number: int, value: str, **more: Any) -> dict[str, Any]:
    return lab("l1", "2532-0", value, "U/L", meta={"versionId": str(number)}, **more)


def test_versions_without_a_moment_are_ordered_by_their_numbers(client: TestClient) -> None:
    begin_with_the_rest(client)
    put(client, version(1, "400"))
    put(client, version(5, "300", status="entered-in-error"))
    assert ldh(client) == ""
    # withdrawn, and said anew: without its number the withdrawal would outrank it
    put(client, version(6, "320"))
    assert ldh(client) == "320"
    late = put(client, version(4, "999", status="corrected"))
    assert late.status_code == 200
    assert ldh(client) == "320"
    put(client, version(4, "999", status="corrected"))
    put(client, version(7, "330"))
    assert ldh(client) == "330"
    assert counts(client)["unordered"] == 0
    assert counts(client)["out_of_order"] == 2
    with ward_of(client).store.reading() as connection:
        kept = connection.execute(select(messages.c.key)).scalars().all()
    assert len([one for one in kept if "|before|" in one]) == 1
    metrics = client.get("/metrics").text
    assert 'cartwheel_fhir_total{what="out_of_order"} 2' in metrics


def test_without_numbers_the_order_of_arrival_counts_and_is_counted(client: TestClient) -> None:
    begin_with_the_rest(client)
    put(client, lab("l1", "2532-0", "400", "U/L"))
    put(client, lab("l1", "2532-0", "300", "U/L", status="entered-in-error"))
    put(client, lab("l1", "2532-0", "310", "U/L"))
    assert ldh(client) == "310"
    assert counts(client)["unordered"] == 2
    # a preliminary value behind a final one has been overtaken on its way
    put(client, lab("l1", "2532-0", "500", "U/L", status="preliminary"))
    assert ldh(client) == "310"


def test_moments_go_before_numbers(client: TestClient) -> None:
    begin_with_the_rest(client)
    issued = [(NOW - timedelta(minutes=one)).isoformat() for one in (10, 5)]
    put(client, version(9, "300", issued=issued[1]))
    put(client, version(3, "400", issued=issued[0], status="corrected"))
    assert ldh(client) == "300"
    assert set(counts(client).values()) == {0}


def test_the_audit_says_who_sent_and_who_read_what(client: TestClient) -> None:
    begin(client)
    put(client, lab("l1", "2532-0", "400", "U/L"))
    content = text_of(lab("l1", "2532-0", "400", "U/L"))
    client.put("/fhir/Observation/l1", content=content)
    assert client.get("/fhir/Observation/l1").status_code == 200
    told(client, "RiskAssessment")
    bundle = {
        "resourceType": "Bundle", "type": "transaction",
        "entry": [{"resource": lab("l9", "777-3", "40", "10*9/L"),
                   "request": {"method": "PUT", "url": "Observation/l9"}}],
    }  # fmt: skip
    assert client.post("/fhir", content=text_of(bundle)).status_code == 200
    services = client.app.state.services  # type: ignore[attr-defined]
    services.audit.flush()
    found = [one.entry for one in reversed(entries_of(services.store, Wanted(what="fhir")))]
    assert [one.what for one in found] == [
        "fhir resource kept", "fhir resource kept", "fhir resource kept",
        "fhir resource sent again", "fhir data given", "fhir data given", "fhir bundle taken",
    ]  # fmt: skip
    assert {one.who for one in found} == {"owner"}
    assert all(len(one.sha256) == 64 for one in found)
    with services.store.reading() as connection:
        kept = {row.number: row.sha256 for row in connection.execute(select(messages))}
    number = int(found[2].about.rpartition(" ")[2])
    assert kept[number] == found[2].sha256
    whole = " ".join(f"{one.what} {one.about}" for one in found)
    assert "4711" not in whole
    assert "p1" not in whole


def test_an_alert_names_the_version_that_raised_it(client: TestClient) -> None:
    begin(client)
    put(client, lab("c0", "1988-5", "7", "mg/L"))
    put(client, lab("c0", "1988-5", "7", "mg/L", status="entered-in-error"))
    put(client, lab("c1", "1988-5", "10", "mg/L"))
    put(client, lab("c1", "1988-5", "180", "mg/L", status="corrected"))
    high = [one for one in told(client, "DetectedIssue") if one["code"]["text"] == "crp-high"]
    (behind,) = high[0]["implicated"]
    assert behind["reference"] == f"{BASE}/Observation/c1"
    assert behind["display"].startswith("crp 180 mg/L, ")


@pytest.fixture
def renamed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    """The ward keeps the hospital's numbers as HL7 calls them."""
    file = tmp_path / "fhir.toml"
    file.write_text(
        f'schema = "cartwheel/fhir/1"\nbase = "{BASE}"\n[systems]\n"{MRN}" = "NORTH"\n'
        f'[server]\nbase = "{BASE}"\npull = false\nwrite = ["RiskAssessment"]\n',
        encoding="utf-8",
    )
    monkeypatch.setenv(FILE, str(file))
    app = fhir_app(tmp_path / "data")
    with TestClient(app, base_url="http://127.0.0.1:8765", headers=HEADERS) as made:
        yield made


def test_numbers_are_called_as_the_other_side_calls_them(renamed: TestClient) -> None:
    begin_with_the_rest(renamed)
    put(renamed, lab("l1", "2532-0", "400", "U/L"))
    # it asks by its own name of the system
    assert easix(renamed)["prediction"]
    store, row = ward_of(renamed).store, rows_of(renamed)[-1]
    # a server that does not know the id gets the number as it names it
    elsewhere = "http://127.0.0.1:10/fhir"
    written = resource_for(store, row, elsewhere, {}, {MRN: "NORTH"})
    assert written["subject"]["identifier"] == {"system": MRN, "value": "4711"}
    # and never the id on another server as if it were a number
    with pytest.raises(Refused) as refused:
        resource_for(store, row, elsewhere)
    assert refused.value.problems[0].code == "not_delivered"
