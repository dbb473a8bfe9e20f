"""Faults of the FHIR interface that a review found: each stays mended."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from fhir_samples import (
    CODES,
    MRN,
    UCUM,
    encounter,
    ferritin,
    patient,
    pressure,
    procedure,
    text_of,
)
from fhir_server import HEADERS, fhir_app
from sqlalchemy import select
from ward_real import WARD, real_following

from cartwheel.serve.fhir.intake import FhirIntake, Taken
from cartwheel.serve.fhir.json_text import read_json
from cartwheel.serve.ward.ingest import Ingest
from cartwheel.serve.ward.keeper import Keeper
from cartwheel.serve.ward.known import replay, verify
from cartwheel.store.database import Store
from cartwheel.store.ward_log import lines_of
from cartwheel.store.ward_tables import episodes
from cartwheel.watch.observation import Observation

FOLLOWING = real_following(WARD)
UNREADABLE = {"value": 7, "unit": "s"}


@pytest.fixture
def intake(store: Store) -> Iterator[FhirIntake]:
    ingest = Ingest(Keeper(store, FOLLOWING))
    ingest.start()
    yield FhirIntake(ingest, store, lambda: CODES)
    ingest.stop()


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    app = fhir_app(tmp_path)
    with TestClient(app, base_url="http://127.0.0.1:8765", headers=HEADERS) as made:
        yield made


def _take(intake: FhirIntake, resource: dict[str, Any], sender: str = "lab") -> Taken:
    content = text_of(resource)
    return intake.take(read_json(content), content, intake.context(sender))


def _patients(store: Store) -> list[str]:
    with store.reading() as connection:
        return [one.patient for one in connection.execute(select(episodes.c.patient))]


def _counts(store: Store) -> Observation:
    """Give the version that counts of the only value."""
    (own,) = _patients(store)
    episode = replay(store, {FOLLOWING.sha256: FOLLOWING}, own).chart.episode
    (one,) = FOLLOWING.versions(episode).values()
    return one


def _issued(minute: int, **more: Any) -> dict[str, Any]:
    return ferritin(issued=f"2026-03-01T12:{minute}:00Z", **more)


@pytest.mark.parametrize("third", [32, 31])
def test_what_is_said_again_after_an_unreadable_version_counts(
    store: Store, intake: FhirIntake, third: int
) -> None:
    _take(intake, _issued(30))
    second = _take(intake, _issued(31, valueQuantity=UNREADABLE))
    assert [one.reason for one in second.parked] == ["loinc_unit"]
    assert _counts(store).status == "withdrawn"
    right = {"value": Decimal("80.0"), "unit": "ug/L", "system": UCUM, "code": "ug/L"}
    assert _take(intake, _issued(third, valueQuantity=right)).version == 3
    last = _counts(store)
    assert (last.status, last.value) == ("final", Decimal("80.0"))
    assert verify(store, {FOLLOWING.sha256: FOLLOWING}).same


@pytest.mark.parametrize("senders", [("lab", "icu"), ("lab", "x" * 64)])
def test_the_same_id_at_two_senders_without_an_address_is_two_people(
    store: Store, make_ingest: Callable[..., Ingest], senders: tuple[str, str]
) -> None:
    intake = FhirIntake(make_ingest(store), store, lambda: CODES)
    receipts = [_take(intake, ferritin(), sender).receipt for sender in senders]
    assert [one.parked for one in receipts] == [0, 0]
    first, second = (one.patients for one in receipts)
    assert (len(first), len(second)) == (1, 1)
    assert first != second
    (again,) = _take(intake, ferritin(id="f2"), senders[1]).receipt.patients
    assert (again,) == second


def _lines(client: TestClient) -> list[Observation]:
    store = client.app.state.services.ward.store  # type: ignore[attr-defined]
    with store.reading() as connection:
        known = [line.known for own in _patients(store) for line in lines_of(connection, own)]
    return [one for one in known if isinstance(one, Observation)]


def test_what_a_history_says_was_created_keeps_its_id(client: TestClient) -> None:
    entry = {
        "resource": ferritin(id="named-there"),
        "request": {"method": "POST", "url": "Observation"},
        "response": {"status": "201 Created", "etag": 'W/"1"'},
    }
    bundle = {"resourceType": "Bundle", "type": "history", "entry": [entry]}
    answer = client.post("/fhir/$notify", content=text_of(bundle))
    assert answer.status_code == 200, answer.text
    assert client.get("/fhir/Observation/named-there").status_code == 200
    # its next version is one of the same value
    client.put("/fhir/Observation/named-there", content=text_of(ferritin(
        id="named-there", status="corrected", issued="2026-03-01T13:00:00Z")))  # fmt: skip
    before, after = _lines(client)
    assert before.source == after.source
    assert after.status == "corrected"


def test_what_is_created_by_a_bundle_is_named_here(client: TestClient) -> None:
    entry = {"resource": ferritin(id="theirs"), "request": {"method": "POST", "url": "Observation"}}
    bundle = {"resourceType": "Bundle", "type": "batch", "entry": [entry]}
    assert client.post("/fhir", content=text_of(bundle)).status_code == 200
    assert client.get("/fhir/Observation/theirs").status_code == 404


def test_the_number_of_a_record_stands_in_no_link(client: TestClient) -> None:
    number = "4711-0815"
    now = datetime.now(UTC)

    def before(**by: float) -> str:
        return (now - timedelta(**by)).isoformat(timespec="seconds")

    fever = {"value": Decimal("39.4"), "code": "Cel", "system": UCUM}
    code = {"coding": [{"system": "http://loinc.org", "code": "8310-5"}]}
    sent = (
        patient(identifier=[{"system": MRN, "value": number}]),
        encounter(),
        procedure(performedDateTime=before(days=3)),
        pressure(effectiveDateTime=before(minutes=40), issued=before(minutes=40)),
        ferritin(code=code, valueQuantity=fever, effectiveDateTime=before(minutes=30),
                 issued=before(minutes=30)),
    )  # fmt: skip
    for one in sent:
        address = f"/fhir/{one['resourceType']}/{one['id']}"
        assert client.put(address, content=text_of(one)).status_code == 201
    for name in ("patient.identifier", "subject.identifier"):
        found = client.post(
            "/fhir/Observation/_search",
            data={name: f"{MRN}|{number}", "_count": "1"},
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        ).json()
        links = {one["relation"]: one["url"] for one in found["link"]}
        assert number not in str(links)
        assert "identifier" not in str(links)
        # and they lead to the same patient
        whole = client.get(links["self"]).json()
        assert whole["total"] == found["total"] >= 2
        following = client.get(links["next"]).json()
        assert following["entry"][0] != found["entry"][0]
