"""A real FHIR server with SMART Backend Services: pulled from, and written back to."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from fhir_peer import Peer, peer, sekmet
from fhir_samples import (
    CODES,
    MRN,
    encounter,
    ferritin,
    given,
    patient,
    pressure,
    procedure,
    text_of,
    without,
)
from fhir_server import HEADERS, fhir_app
from sqlalchemy import select
from ward_real import WARD, real_following

from cartwheel.errors import FileRefused, PlanRefused
from cartwheel.serve.fhir.context import FhirOptions
from cartwheel.serve.fhir.http import FhirServer
from cartwheel.serve.fhir.intake import FhirIntake
from cartwheel.serve.fhir.pulling import Cursors, Puller
from cartwheel.serve.fhir.smart import SmartClient, SmartTokens
from cartwheel.serve.fhir.writing import fhir_sender, fhir_subscription
from cartwheel.serve.ward.ingest import Ingest
from cartwheel.serve.ward.keeper import Keeper
from cartwheel.serve.ward.outbox import Outbox
from cartwheel.store.database import Store
from cartwheel.store.ward_letters import dead_letters
from cartwheel.store.ward_log import lines_of
from cartwheel.store.ward_outbox import count_outbox
from cartwheel.store.ward_tables import episodes
from cartwheel.watch.intake import Arrived, Message, Person
from cartwheel.watch.observation import Observation

pytestmark = pytest.mark.skipif(
    sekmet() is None, reason="sekmet-fhir is not installed (name it in CARTWHEEL_SEKMET)"
)
EVERYTHING = "system/*.cruds"


@pytest.fixture(scope="module")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Peer]:
    with peer(tmp_path_factory.mktemp("sekmet")) as running:
        yield running


def _tokens(hospital: Peer, *, scope: str = EVERYTHING, rsa: bool = False) -> SmartTokens:
    if rsa:
        client = SmartClient("rsa", hospital.rsa_key, "rsa-1", "RS384", scope)
    else:
        client = SmartClient("ec", hospital.ec_key, "ec-1", "ES384", scope)
    return SmartTokens(hospital.base, client)


def _server(hospital: Peer, **more: Any) -> FhirServer:
    return FhirServer(hospital.base, _tokens(hospital, **more))


@pytest.fixture
def ingest(sqlite_store: Store) -> Iterator[Ingest]:
    subscription = fhir_subscription("hospital", ("RiskAssessment", "Observation", "DetectedIssue"))
    made = Ingest(Keeper(sqlite_store, real_following(WARD), [subscription]))
    made.start()
    yield made
    made.stop()


def _puller(hospital: Peer, ingest: Ingest, store: Store, folder: Path) -> Puller:
    senders = {"pull": FhirOptions(hospital.base, {MRN: "NORTH"})}
    intake = FhirIntake(ingest, store, lambda: CODES, senders=senders)
    return Puller(_server(hospital), intake, Cursors(folder / "cursors.json"))


def _values(store: Store) -> list[Observation]:
    with store.reading() as connection:
        ids = [row.patient for row in connection.execute(select(episodes.c.patient))]
        known = [line.known for one in ids for line in lines_of(connection, one)]
    return [one for one in known if isinstance(one, Observation)]


def _put(server: FhirServer, resource: dict[str, Any]) -> None:
    path = f"{resource['resourceType']}/{resource['id']}"
    answer = server.send("PUT", path, text_of(resource))
    assert answer.status in (200, 201), answer.content


def test_a_token_is_got_kept_and_got_again(hospital: Peer) -> None:
    for rsa in (False, True):
        tokens = _tokens(hospital, rsa=rsa)
        first = tokens.token()
        assert tokens.token() == first
        tokens.forget(first)
        assert tokens.token() != first


def test_a_token_that_is_no_longer_taken_is_replaced(hospital: Peer) -> None:
    tokens = _tokens(hospital)
    tokens._token, tokens._until = "stale", 1e12
    assert FhirServer(hospital.base, tokens).send("GET", "Patient?_count=1").status == 200


def test_what_the_scope_does_not_allow_is_not_written(hospital: Peer) -> None:
    answer = _server(hospital, scope="system/*.rs").send("PUT", "Patient/x9", text_of(patient()))
    assert answer.status == 403


def test_a_wrong_key_gets_no_token(hospital: Peer) -> None:
    swapped = SmartClient("rsa", hospital.ec_key, "ec-1", "ES384", EVERYTHING)
    with pytest.raises(FileRefused) as caught:
        SmartTokens(hospital.base, swapped).token()
    assert caught.value.problems[0].code == "no_token"
    with pytest.raises(PlanRefused):
        SmartTokens(hospital.base, SmartClient("ec", hospital.ec_key, "x", "RS384"))
    assert hospital.ec_key not in repr(swapped)


def test_links_of_another_server_are_not_followed(hospital: Peer) -> None:
    with pytest.raises(FileRefused) as caught:
        _server(hospital).send("GET", "http://127.0.0.1:9/fhir/Patient")
    assert caught.value.problems[0].code == "other_server"
    with pytest.raises(PlanRefused):
        FhirServer("http://hospital.example/fhir")


def _admitted(ingest: Ingest, number: str) -> None:
    """The ward knows him from HL7, by his record number alone."""
    here = Person((("NORTH", number),), None, None, None, "here")
    assert ingest.accept(Message("hl7", f"adt-{number}", b"x", (here,))).durable


def test_pulled_values_are_of_the_patient_known_from_hl7(
    hospital: Peer, ingest: Ingest, sqlite_store: Store, tmp_path: Path
) -> None:
    server, number = _server(hospital), "A1"
    person = patient(id="pull-1", identifier=[{"system": MRN, "value": number}])
    whose = {"reference": "Patient/pull-1"}
    _put(server, person)
    _put(server, procedure(id="pull-cart", subject=whose))
    _put(server, pressure(id="pull-bp", subject=whose))
    dose = without(given(id="pull-d", subject=whose), "medicationCodeableConcept")
    drug = given()["medicationCodeableConcept"]
    _put(server, {"resourceType": "Medication", "id": "pull-m", "code": drug})
    _put(server, {**dose, "medicationReference": {"reference": "Medication/pull-m"}})
    for place in range(7):
        _put(server, ferritin(id=f"pull-f{place}", subject=whose))
    _admitted(ingest, number)
    puller = _puller(hospital, ingest, sqlite_store, tmp_path)
    first = puller.pull()
    assert (first.patients, first.aside) == (1, 0)
    values = _values(sqlite_store)
    assert sorted(one.name for one in values) == sorted(
        ["anticytokine", "infusion", "systolic_pressure", "diastolic_pressure", *["ferritin"] * 7]
    )
    assert len({one.patient for one in values}) == 1
    # this server itself reads 72.50 as 72.5
    assert {one.value for one in values if one.name == "ferritin"} == {Decimal("72.5")}
    # nothing is new: nothing is read twice, although a little is asked for twice
    assert puller.pull().new == 0
    assert "pull-1" not in (tmp_path / "cursors.json").read_text(encoding="utf-8")
    again = _puller(hospital, ingest, sqlite_store, tmp_path)
    _put(server, ferritin(id="pull-f0", subject=whose, status="entered-in-error"))
    assert again.pull().new == 1
    gone = _values(sqlite_store)[-1]
    assert (gone.status, gone.source) == (
        "withdrawn", f"{hospital.base}/Observation/pull-f0"
    )  # fmt: skip


def test_a_puller_runs_by_itself_and_survives_a_server_that_is_away(
    hospital: Peer, ingest: Ingest, sqlite_store: Store, tmp_path: Path
) -> None:
    server = _server(hospital)
    _put(server, patient(id="run-1", identifier=[{"system": MRN, "value": "R1"}]))
    _put(server, ferritin(id="run-f", subject={"reference": "Patient/run-1"}))
    _admitted(ingest, "R1")
    puller = _puller(hospital, ingest, sqlite_store, tmp_path)
    away = FhirServer("http://127.0.0.1:9/fhir")
    puller.server, there = away, puller.server
    with pytest.raises(FileRefused):
        puller.pull()
    puller.server = there
    came = threading.Event()
    ingest.listen(lambda _: came.set() if _values(sqlite_store) else None)
    puller.start()
    try:
        assert came.wait(30)
    finally:
        puller.stop()
    assert [one.name for one in _values(sqlite_store)] == ["ferritin"]


def _lab(name: str, number: str, unit: str, at: datetime) -> Observation:
    return Observation("", name, at, Decimal(number), unit, source=f"{name}-{at}")


def test_what_the_ward_says_is_written_back_once(
    hospital: Peer, ingest: Ingest, sqlite_store: Store
) -> None:
    server = _server(hospital)
    _put(server, patient(id="wb-1", identifier=[{"system": MRN, "value": "W1"}]))
    numbers = ((f"{hospital.base}/Patient", "wb-1"),)
    now = datetime.now(UTC)
    at = now - timedelta(minutes=20)
    values = [
        Observation("", "infusion", now - timedelta(days=2), None, source="i"),
        _lab("ldh", "400", "U/L", at), _lab("creatinine", "130", "umol/L", at),
        _lab("platelets", "40", "10*9/L", at), _lab("crp", "180", "mg/L", at),
    ]  # fmt: skip
    items = (Person(numbers, None, None, None, "here"),
             *(Arrived(numbers, one) for one in values))  # fmt: skip
    assert ingest.accept(Message("hl7", "m1", b"m1", items)).durable
    sent: list[str] = []
    deliver = fhir_sender(sqlite_store, server)

    def twice(row: Any) -> None:
        # as after a kill between arriving and being ticked off
        deliver(row)
        deliver(row)
        sent.append(row.key)

    outbox = Outbox(sqlite_store, {"hospital": twice})
    while outbox.send_due("hospital"):
        pass
    with sqlite_store.reading() as connection:
        assert count_outbox(connection)["hospital"] == {
            "waiting": 0, "done": len(sent), "dead": 0, "dropped": 0
        }  # fmt: skip
    found = _all(server, "RiskAssessment", "wb-1")
    answered = [one for one in found if "prediction" in one]
    assert any(one["method"]["coding"][0]["code"] == "easix" for one in answered)
    assert len({one["identifier"][0]["value"] for one in found}) == len(found) > 0
    alerts = _all(server, "DetectedIssue", "wb-1")
    high = [one for one in alerts if one["code"]["text"] == "crp-high"]
    assert [one["severity"] for one in high] == ["low"]
    assert _all(server, "Observation", "wb-1")


def _all(server: FhirServer, kind: str, identity: str) -> list[Any]:
    bundle = server.send("GET", f"{kind}?patient={identity}&_count=500").document()
    found = [one["resource"] for one in bundle.get("entry", ())]
    # this server puts an OperationOutcome beside them
    return [one for one in found if one["resourceType"] == kind]


def test_what_the_server_refuses_is_tried_again_and_given_up_in_the_end(
    hospital: Peer, ingest: Ingest, sqlite_store: Store
) -> None:
    numbers = ((f"{hospital.base}/Patient", "no-1"),)
    seen = Observation("", "infusion", datetime.now(UTC) - timedelta(days=1), None, source="i")
    ingest.accept(Message("hl7", "m2", b"m2", (Arrived(numbers, seen),)))
    weak = FhirServer(hospital.base, _tokens(hospital, scope="system/*.rs"))
    outbox = Outbox(sqlite_store, {"hospital": fhir_sender(sqlite_store, weak)}, attempts=1)
    outbox.send_due("hospital")
    with sqlite_store.reading() as connection:
        letters = dead_letters(connection)
    assert letters[0].last_problem == "the server answered 403"


def test_a_server_with_its_settings_reads_and_writes_by_itself(
    hospital: Peer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = _server(hospital)
    _put(server, patient(id="all-1", identifier=[{"system": MRN, "value": "ALL"}]))
    whose = {"reference": "Patient/all-1"}
    at = (datetime.now(UTC) - timedelta(minutes=20)).isoformat(timespec="seconds")
    _put(server, procedure(id="all-i", subject=whose, performedDateTime=at))
    _put(server, pressure(id="all-bp", subject=whose, effectiveDateTime=at))
    _put(server, encounter(id="all-e", subject=whose))
    (tmp_path / "key.pem").write_text(hospital.ec_key, encoding="utf-8")
    (tmp_path / "key.pem").chmod(0o600)
    told = tmp_path / "fhir.toml"
    told.write_text(
        'schema = "cartwheel/fhir/1"\n'
        f'[systems]\n"{MRN}" = "NORTH"\n'
        f'[server]\nbase = "{hospital.base}"\nclient_id = "ec"\nkey_file = "key.pem"\n'
        'kid = "ec-1"\nscope = "system/*.cruds"\nwrite = ["RiskAssessment", "Observation"]\n',
        encoding="utf-8",
    )
    monkeypatch.setenv("CARTWHEEL_FHIR", str(told))
    app = fhir_app(tmp_path / "data")
    with TestClient(app, base_url="http://127.0.0.1:8765", headers=HEADERS) as client:
        _admitted(app.state.services.ward.ingest, "ALL")
        assert client.post("/fhir/$notify", content=b"").status_code == 202
        until = time.monotonic() + 60
        found: list[Any] = []
        while not found and time.monotonic() < until:
            time.sleep(0.2)
            found = _all(server, "Observation", "all-1")
            found = [
                one for one in found
                if one["code"].get("text") == "astct-crs"
                # it rests on what this server has itself
                and "Observation/all-bp" in {each.get("reference") for each in one["derivedFrom"]}
            ]  # fmt: skip
    assert found
    assert found[0]["subject"] == {"reference": "Patient/all-1"}
