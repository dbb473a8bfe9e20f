"""The calls under /fhir: resources in, what the ward says out, and every refusal as FHIR wants."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from fhir.resources.R4B.capabilitystatement import CapabilityStatement
from fhir_samples import (
    LOCAL,
    MRN,
    UCUM,
    encounter,
    ferritin,
    given,
    patient,
    pressure,
    procedure,
    text_of,
    without,
)
from fhir_server import HEADERS, TOKEN, fhir_app
from sqlalchemy import select

from cartwheel.serve.fhir.checking import problems_in
from cartwheel.serve.fhir.context import FhirOptions
from cartwheel.serve.fhir.json_text import read_json
from cartwheel.serve.fhir.settings import FhirSettings
from cartwheel.serve.ward.again import send_again
from cartwheel.store.ward_log import lines_of
from cartwheel.store.ward_parked import count_parked
from cartwheel.store.ward_tables import episodes
from cartwheel.watch.codes import CodeRow, CodeTable
from cartwheel.watch.observation import Observation


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    app = fhir_app(tmp_path)
    with TestClient(app, base_url="http://127.0.0.1:8765", headers=HEADERS) as made:
        yield made


def _put(client: TestClient, resource: dict[str, Any], **headers: str) -> Any:
    kind, identity = resource["resourceType"], resource["id"]
    return client.put(f"/fhir/{kind}/{identity}", content=text_of(resource), headers=headers)


def _post(client: TestClient, resource: dict[str, Any], **headers: str) -> Any:
    return client.post(
        f"/fhir/{resource['resourceType']}", content=text_of(resource), headers=headers
    )


def _ward(client: TestClient) -> Any:
    return client.app.state.services.ward  # type: ignore[attr-defined]


def _patients(client: TestClient) -> list[str]:
    with _ward(client).store.reading() as connection:
        return [one.patient for one in connection.execute(select(episodes.c.patient))]


def _values(client: TestClient) -> list[Observation]:
    store = _ward(client).store
    with store.reading() as connection:
        known = [line.known for one in _patients(client) for line in lines_of(connection, one)]
    return [one for one in known if isinstance(one, Observation)]


def _by_patient(client: TestClient) -> list[list[Observation]]:
    values = _values(client)
    return [[one for one in values if one.patient == own] for own in _patients(client)]


def _is_outcome(response: Any, status: int, code: str) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"].startswith("application/fhir+json")
    told = response.json()
    assert told["resourceType"] == "OperationOutcome"
    codes = [one["details"]["coding"][0]["code"] for one in told["issue"]]
    assert code in codes, told
    first: dict[str, Any] = told["issue"][codes.index(code)]
    return first


def test_a_value_is_durable_when_it_is_answered(client: TestClient) -> None:
    answer = _put(client, ferritin())
    assert answer.status_code == 201
    assert answer.headers["etag"] == 'W/"1"'
    assert answer.headers["location"] == ("http://127.0.0.1:8765/fhir/Observation/f1/_history/1")
    (one,) = _values(client)
    assert (one.name, str(one.value)) == ("ferritin", "72.50")
    assert read_json(answer.content)["valueQuantity"]["value"].as_tuple() == (
        Decimal("72.50").as_tuple()
    )


def test_the_same_again_changes_nothing(client: TestClient) -> None:
    _put(client, ferritin())
    for _ in range(5):
        answer = _put(client, ferritin())
        assert (answer.status_code, answer.headers["etag"]) == (200, 'W/"1"')
    assert len(_values(client)) == 1


def test_versions_follow_each_other_and_may_go_back(client: TestClient) -> None:
    first, second = ferritin(), ferritin(note=[{"text": "looked at"}])
    etags = [_put(client, one).headers["etag"] for one in (first, second, first, first)]
    assert etags == ['W/"1"', 'W/"2"', 'W/"3"', 'W/"3"']


def test_a_value_of_the_wrong_patient_moves(client: TestClient) -> None:
    _put(client, ferritin())
    right = ferritin(
        status="corrected", subject={"reference": "Patient/p2"}, issued="2026-03-01T13:00:00Z"
    )
    _put(client, right)
    wrong, right_one = sorted(_by_patient(client), key=len, reverse=True)
    assert [one.status for one in wrong] == ["final", "withdrawn"]
    assert [(one.status, one.value) for one in right_one] == [("corrected", Decimal("72.50"))]


def test_if_match(client: TestClient) -> None:
    _put(client, ferritin())
    changed = ferritin(status="amended")
    _is_outcome(_put(client, changed, **{"If-Match": 'W/"7"'}), 412, "version_differs")
    _is_outcome(_put(client, changed, **{"If-Match": "7"}), 400, "condition_form")
    assert _put(client, changed, **{"If-Match": 'W/"1"'}).headers["etag"] == 'W/"2"'


def test_what_is_created_has_an_id_that_stays(client: TestClient) -> None:
    new = without(ferritin(identifier=[{"system": MRN, "value": "lab-7"}]), "id")
    first, again = _post(client, new), _post(client, new)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["id"] == again.json()["id"]
    condition = {"If-None-Exist": f"identifier={MRN}|lab-7"}
    assert _post(client, {**new, "status": "amended"}, **condition).status_code == 200
    assert len(_values(client)) == 1
    other = {"If-None-Exist": "identifier=x|y"}
    _is_outcome(_post(client, new, **other), 400, "condition_form")


def test_what_was_sent_can_be_read(client: TestClient) -> None:
    _put(client, ferritin())
    answer = client.get("/fhir/Observation/f1")
    assert answer.status_code == 200
    assert b'"value":72.50' in answer.content
    _is_outcome(client.get("/fhir/Observation/other"), 404, "no_such_page")


def test_what_waits_is_counted_told_and_sent_again(client: TestClient) -> None:
    local = ferritin(code={"coding": [{"system": LOCAL, "code": "FERR"}]})
    answer = _put(client, local, Prefer="return=OperationOutcome")
    (said,) = answer.json()["issue"]
    assert (answer.status_code, said["severity"]) == (201, "warning")
    assert answer.headers["x-cartwheel-parked"] == "code_unmapped"
    ward = _ward(client)
    with ward.store.reading() as connection:
        (counted,) = count_parked(connection)
    assert (counted.interface, counted.reason, counted.code) == ("fhir", "code_unmapped", "FERR")
    ward.codes.keep(CodeTable([CodeRow(LOCAL, "FERR", "ferritin")]), "test")
    assert send_again(ward).parked == 0
    assert [one.name for one in _values(client)] == ["ferritin"]


def test_what_waits_is_read_again_as_its_sender_is_read(tmp_path: Path) -> None:
    owner = FhirOptions("https://lab.example/fhir")
    told = FhirSettings(FhirOptions("https://north.example/fhir"), {"owner": owner})
    app = fhir_app(tmp_path, told)
    with TestClient(app, base_url="http://127.0.0.1:8765", headers=HEADERS) as client:
        _put(client, ferritin(id="f0"))
        _put(client, ferritin(code={"coding": [{"system": LOCAL, "code": "FERR"}]}))
        ward = _ward(client)
        ward.codes.keep(CodeTable([CodeRow(LOCAL, "FERR", "ferritin")]), "test")
        again = send_again(ward)
        assert (again.messages, again.parked, again.unread) == (1, 0, 0)
        assert len(_patients(client)) == 1
        assert [one.source for one in _values(client)] == [
            "https://lab.example/fhir/Observation/f0", "https://lab.example/fhir/Observation/f1",
        ]  # fmt: skip


def _states(client: TestClient) -> list[str]:
    with _ward(client).store.reading() as connection:
        return [one.state for one in connection.execute(select(episodes.c.state))]


def test_only_the_end_of_the_present_stay_is_an_end(client: TestClient) -> None:
    over = {"status": "finished", "period": {"end": "2025-03-09T09:00:00Z"}}
    _put(client, encounter())
    _put(client, encounter(id="last-year", **over))
    assert _states(client) == ["assigned"]
    _put(client, encounter(status="finished", period={"end": "2026-03-09T09:00:00Z"}))
    assert _states(client) == ["closed"]
    _put(client, encounter(id="again"))
    _put(client, encounter(status="finished", period={"end": "2026-03-09T09:05:00Z"}))
    assert _states(client) == ["assigned"]


def test_a_drug_that_was_sent_before(client: TestClient) -> None:
    bare = without(given(), "medicationCodeableConcept")
    dose = {**bare, "medicationReference": {"reference": "Medication/m1"}}
    assert _put(client, dose).headers["x-cartwheel-parked"] == "reference_unresolved"
    code = {"coding": [{"system": LOCAL, "code": "TOCI", "display": "tocilizumab"}]}
    drug = {"resourceType": "Medication", "id": "m1", "status": "active", "code": code}
    assert _put(client, drug).status_code == 201
    assert "x-cartwheel-parked" not in _put(client, {**dose, "id": "drug2"}).headers
    assert [one.value for one in _values(client)] == ["tocilizumab"]


def test_prefer_minimal(client: TestClient) -> None:
    answer = _put(client, ferritin(), Prefer="return=minimal")
    assert (answer.status_code, answer.content) == (201, b"")


def _entry(resource: dict[str, Any], method: str = "PUT", **more: Any) -> dict[str, Any]:
    kind = resource["resourceType"]
    url = f"{kind}/{resource['id']}" if method == "PUT" else kind
    return {"resource": resource, "request": {"method": method, "url": url}, **more}


def _bundle(kind: str, *entries: dict[str, Any]) -> bytes:
    return text_of({"resourceType": "Bundle", "type": kind, "entry": list(entries)})


def test_a_transaction_with_references_inside(client: TestClient) -> None:
    url = "urn:uuid:6f1f5f0e-0000-4000-8000-000000000001"
    value = ferritin(subject={"reference": url})
    content = _bundle(
        "transaction",
        _entry(value, "POST"), _entry(pressure(subject={"reference": url})),
        _entry(patient(), "POST", fullUrl=url),
    )  # fmt: skip
    answer = client.post("/fhir", content=content)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told["type"] == "transaction-response"
    assert [one["response"]["status"] for one in told["entry"]] == ["201 Created"] * 3
    assert len(_patients(client)) == 1
    assert len(_values(client)) == 3
    again = client.post("/fhir/", content=content).json()
    assert [one["response"]["status"] for one in again["entry"]] == ["200 OK"] * 3
    assert len(_values(client)) == 3


def test_a_transaction_is_all_or_nothing(client: TestClient) -> None:
    bad = ferritin(id="f2", status="finished")
    content = _bundle("transaction", _entry(ferritin()), _entry(bad))
    said = _is_outcome(client.post("/fhir", content=content), 422, "code_binding")
    assert said["expression"] == ["Bundle.entry[1].resource.status"]
    assert _values(client) == []
    assert _patients(client) == []


def test_each_entry_of_a_batch_is_by_itself(client: TestClient) -> None:
    bad = ferritin(id="f2", status="finished")
    content = _bundle("batch", _entry(bad), _entry(ferritin()), {
        "request": {"method": "DELETE", "url": "Observation/1"}})  # fmt: skip
    told = client.post("/fhir", content=content).json()
    statuses = [one["response"]["status"] for one in told["entry"]]
    assert statuses == ["422", "201 Created", "422"]
    assert told["entry"][0]["response"]["outcome"]["resourceType"] == "OperationOutcome"
    assert len(_values(client)) == 1


def test_what_subscriptions_send(client: TestClient) -> None:
    one = client.put("/fhir/$notify/Observation/f1", content=text_of(ferritin()))
    assert one.status_code == 201
    plain = client.post("/fhir/$notify", content=text_of(ferritin(id="f2")))
    assert plain.json()["issue"][0]["severity"] == "information"
    told = client.post("/fhir/$notify", content=_bundle("history", {"resource": pressure()}))
    assert told.json()["entry"][0]["response"]["status"] == "201 Created"
    woken: list[int] = []
    client.app.state.fhir_news = lambda: woken.append(1)  # type: ignore[attr-defined]
    assert client.post("/fhir/$notify", content=b"").status_code == 202
    assert woken == [1]
    assert len(_values(client)) == 4


def test_refusals_are_operation_outcomes(client: TestClient) -> None:
    _is_outcome(client.post("/fhir/Observation", content=b"{"), 400, "json_form")
    _is_outcome(client.post("/fhir/Observation", content=text_of(patient())), 400,
                "resource_type_differs")  # fmt: skip
    _is_outcome(client.put("/fhir/Observation/x", content=text_of(ferritin())), 400, "id_differs")
    bare = without(ferritin(), "id")
    _is_outcome(client.put("/fhir/Observation/x", content=text_of(bare)), 400, "id_missing")
    _is_outcome(client.post("/fhir/Condition", content=b"{}"), 404, "no_such_page")
    _is_outcome(client.delete("/fhir/Observation/f1"), 405, "method")
    _is_outcome(client.get("/fhir/no/such/thing"), 404, "no_such_page")
    _is_outcome(client.get("/fhir/RiskAssessment"), 400, "patient_needed")
    xml = {"Content-Type": "application/fhir+xml"}
    _is_outcome(client.post("/fhir/Observation", content=b"<x/>", headers=xml), 415, "media_type")
    packed = {"Content-Encoding": "gzip"}
    _is_outcome(client.post("/fhir/Observation", content=b"x", headers=packed), 415, "media_type")


def test_nobody_comes_in_without_a_token(client: TestClient) -> None:
    for headers in ({"Authorization": ""}, {"Authorization": "Bearer wrong"}):
        answer = client.put("/fhir/Observation/f1", content=text_of(ferritin()), headers=headers)
        assert _is_outcome(answer, 401, "not_known")["code"] == "login"
    assert _values(client) == []


def test_a_token_is_in_no_answer(client: TestClient) -> None:
    assert TOKEN not in client.get("/fhir/metadata").text


def test_the_capability_statement_is_r4(client: TestClient) -> None:
    told = client.get("/fhir/metadata").json()
    assert told["fhirVersion"] == "4.0.1"
    CapabilityStatement.model_validate(told)
    kinds = {one["type"] for one in told["rest"][0]["resource"]}
    assert {"Observation", "RiskAssessment", "DetectedIssue", "MedicationAdministration"} <= kinds


def _lab(identity: str, code: str, value: str, unit: str, at: str) -> dict[str, Any]:
    return ferritin(
        id=identity, code={"coding": [{"system": "http://loinc.org", "code": code}]},
        valueQuantity={"value": Decimal(value), "code": unit, "system": UCUM},
        effectiveDateTime=at, issued=at,
    )  # fmt: skip


def _ill(client: TestClient) -> str:
    """Somebody with an infusion, fever and low pressure just now; give the ward's own id."""
    now = datetime.now(UTC)
    at = (now - timedelta(minutes=30)).isoformat(timespec="seconds")
    sent = (
        patient(), encounter(),
        procedure(performedDateTime=(now - timedelta(days=3)).isoformat(timespec="seconds")),
        pressure(effectiveDateTime=at, issued=at),
        _lab("pl1", "777-3", "40", "10*9/L", at), _lab("ld1", "2532-0", "400", "U/L", at),
        _lab("cr1", "2160-0", "1.50", "mg/dL", at), _lab("t1", "8310-5", "39.4", "Cel", at),
    )  # fmt: skip
    for one in sent:
        assert _put(client, one).status_code == 201, one["resourceType"]
    (own,) = _patients(client)
    return own


def test_what_the_ward_says_can_be_asked_for(client: TestClient) -> None:
    own = _ill(client)
    grades = client.get("/fhir/Observation", params={"patient": own, "code": "astct-crs"}).json()
    last = grades["entry"][-1]["resource"]
    # nothing says that he has not died of it: grade 5 is not ruled out
    assert last["valueRange"] == {"low": {"value": 2.0}, "high": {"value": 5.0}}
    assert last["code"]["coding"][0]["code"] == "astct-crs"
    scores = client.get("/fhir/RiskAssessment", params={"patient": f"Patient/{own}"}).json()
    answered = [one["resource"] for one in scores["entry"] if "prediction" in one["resource"]]
    assert answered[-1]["method"]["coding"][0]["code"] == "easix"
    assert any("platelets 40" in one["display"] for one in answered[-1]["basis"])
    # before the laboratory had sent, there was no answer; that is said too
    assert scores["entry"][0]["resource"]["status"] == "cancelled"
    alerts = client.get("/fhir/DetectedIssue", params={"patient": own}).json()
    (alert,) = [
        one["resource"] for one in alerts["entry"] if one["resource"]["code"]["text"] == "crs-1"
    ]
    assert (alert["severity"], alert["status"]) == ("moderate", "final")
    for bundle in (grades, scores, alerts):
        for entry in bundle["entry"]:
            assert problems_in(entry["resource"], "Written") == []
            assert "Research and education" in str(entry["resource"])


def test_pages_of_what_the_ward_says(client: TestClient) -> None:
    own = _ill(client)
    whole = client.get("/fhir/Observation", params={"patient": own}).json()
    seen: list[str] = []
    url = f"http://127.0.0.1:8765/fhir/Observation?patient={own}&_count=1"
    while url:
        page = client.get(url).json()
        seen += [one["resource"]["id"] for one in page.get("entry", ())]
        url = next((one["url"] for one in page["link"] if one["relation"] == "next"), "")
        assert url.startswith("http://127.0.0.1:8765/fhir/Observation?") or not url
    assert seen == [one["resource"]["id"] for one in whole["entry"]]
    assert len(seen) == len(set(seen)) == whole["total"] > 1


def test_asking_by_a_number_that_stands_in_no_address(client: TestClient) -> None:
    _ill(client)
    answer = client.post(
        "/fhir/RiskAssessment/_search",
        data={"patient.identifier": f"{MRN}|4711"},
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert answer.json()["total"] >= 1
    nobody = client.get("/fhir/RiskAssessment", params={"patient": "nobody"}).json()
    assert (nobody["total"], "entry" in nobody) == (0, False)
