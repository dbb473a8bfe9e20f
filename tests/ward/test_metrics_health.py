"""Metrics and health: what is counted, as Prometheus reads it, and 503 where it matters."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from serve_people import TOKEN, laptop, people_of
from starlette.testclient import TestClient
from ward_real import WARD

from cartwheel.errors import FileRefused, refuse
from cartwheel.serve.ward import health
from cartwheel.serve.ward.keeper import utc_now
from cartwheel.serve.ward.meter import LIMITS, Histogram, Meter
from cartwheel.serve.ward.metrics import Counting, counted, metrics_text
from cartwheel.store.database import Store
from cartwheel.watch.codes import CodeRow, CodeTable
from cartwheel.watch.intake import Arrived, Message, Parked, Person, Receipt
from cartwheel.watch.observation import Observation

SURNAME, RECORD = "Quarzfels", "MRN-7734519"
WHO = (("urn:mrn", RECORD),)
BEARER = {"Authorization": f"Bearer {TOKEN}"}
_LINE = re.compile(
    r'[a-z0-9_]+(?:\{[a-z_]+="(?:[^"\\]|\\.)*"(?:,[a-z_]+="(?:[^"\\]|\\.)*")*\})? \S+'
)


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    (tmp_path / "ward.toml").write_text(WARD)
    with laptop(tmp_path / "data", ward=tmp_path / "ward.toml") as made:
        yield made


def samples(text: str) -> dict[str, float]:
    found = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            assert _LINE.fullmatch(line), line
            name, _, value = line.rpartition(" ")
            assert name not in found
            found[name] = float(value)
    return found


def fill(client: TestClient) -> None:
    opened = people_of(client).ward
    now = utc_now()
    crp = Observation("", "crp", now, Decimal(150), "mg/L", source="1")
    items = (
        Person(WHO, SURNAME, place="here"),
        Arrived(WHO, crp),
        Parked("code_unmapped", "no line", "L", SURNAME, RECORD, "", WHO),
        Parked("unit_missing", "no unit", "LN", "1988-5", "mg/L", "crp", WHO),
    )
    message = Message("hl7", "key", b"content", items)
    assert opened.ingest.accept(message).outcome == "stored"
    assert opened.ingest.accept(message).outcome == "repeat"
    other = Message("hl7", "key", b"another", items)
    assert opened.ingest.accept(other).outcome == "refused"


def test_what_came_is_counted(client: TestClient) -> None:
    fill(client)
    assert client.get("/metrics").status_code == 401
    answer = client.get("/metrics", headers=BEARER)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    found = samples(answer.text)
    ward = "cartwheel_ward_"
    assert found[f'{ward}messages_total{{interface="hl7",outcome="stored"}}'] == 1
    assert found[f'{ward}messages_total{{interface="hl7",outcome="repeat"}}'] == 1
    assert found[f'{ward}messages_total{{interface="hl7",outcome="refused"}}'] == 1
    assert found[f'{ward}refused_total{{reason="message_differs"}}'] == 1
    assert found[f'{ward}message_seconds_bucket{{interface="hl7",le="+Inf"}}'] == 3
    assert found[f'{ward}message_seconds_count{{interface="hl7"}}'] == 3
    assert found[f'{ward}patients{{state="assigned"}}'] == 1
    assert found[f'{ward}alerts_open{{severity="info"}}'] == 1
    assert found[f'{ward}alerts_open{{severity="critical"}}'] == 0
    parked = f'{ward}parked{{interface="hl7",reason='
    assert found[f'{parked}"unit_missing",code="1988-5",unit="mg/L"}}'] == 1
    # what a sender wrote into the field of a code is no label
    assert found[f'{parked}"code_unmapped",code="",unit=""}}'] == 1
    assert found["cartwheel_store_up"] == found[f"{ward}writer_up"] == 1
    assert found[f"{ward}entries_total"] >= 1
    assert found[f"{ward}clock_lag_seconds"] >= 0
    for secret in (SURNAME, RECORD):
        assert secret not in answer.text


def test_a_database_that_is_away_is_said_and_counted(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise refuse(FileRefused, "store_unavailable", "away")

    opened = people_of(client).ward
    monkeypatch.setattr("cartwheel.serve.ward.metrics.counted", away)
    counting = Counting(opened.store)
    assert counting.now(CodeTable()) is None
    assert counting.now(CodeTable()) is None
    # asked once in five seconds, however often metrics are read
    assert counting.errors == 1
    text = metrics_text(opened, None)
    assert samples(text)["cartwheel_store_up"] == 0


def test_a_code_of_the_centres_table_is_a_label(client: TestClient) -> None:
    opened = people_of(client).ward
    parked = Parked("unit_missing", "no unit", "L", "CRPX", "", "", WHO)
    opened.ingest.accept(Message("hl7", "1", b"1", (parked,)))
    table = CodeTable([CodeRow("L", "CRPX", "crp")])
    assert counted(opened.store, CodeTable()).parked == {("hl7", "unit_missing", "", ""): 1}
    assert counted(opened.store, table).parked == {("hl7", "unit_missing", "CRPX", ""): 1}


def test_other_counters_are_told(client: TestClient) -> None:
    opened = people_of(client).ward
    opened.counters["hl7"] = lambda: {"AA": 3, "refused:too_large": 1}
    found = samples(client.get("/metrics", headers=BEARER).text)
    assert found['cartwheel_hl7_total{what="AA"}'] == 3


def test_a_histogram_counts_up() -> None:
    one = Histogram()
    for seconds in (0.001, 0.005, 0.3, 99.0):
        one.add(seconds)
    assert [one.within[limit] for limit in LIMITS] == [2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3]
    assert one.many == 4


def test_a_message_that_was_not_taken_counts_as_refused() -> None:
    meter = Meter()
    meter.begun("hl7").cancel()
    meter.begun("csv").set_result(Receipt("stored", 1))
    assert meter.outcomes() == {("hl7", "refused"): 1, ("csv", "stored"): 1}


def test_health_says_what_is_wrong(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert client.get("/health/live").json() == {"status": "live"}
    answer = client.get("/health/ready")
    assert answer.status_code == 200
    assert answer.json()["checks"] == dict.fromkeys(("database", "disk", "writer", "queue"), "ok")
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(health.shutil, "disk_usage", lambda _: usage._replace(free=1000))
    answer = client.get("/health/ready")
    assert (answer.status_code, answer.json()["checks"]["disk"]) == (503, "full")
    monkeypatch.undo()
    people_of(client).ward.ingest.stop()
    answer = client.get("/health/ready")
    assert (answer.status_code, answer.json()["checks"]["writer"]) == (503, "stopped")


def test_health_hears_that_the_database_is_away(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_: Store) -> Any:
        raise refuse(FileRefused, "store_unavailable", "away")

    monkeypatch.setattr(Store, "reading", away)
    answer = client.get("/health/ready")
    assert (answer.status_code, answer.json()["checks"]["database"]) == (503, "away")
    monkeypatch.undo()
    assert client.get("/health/ready").status_code == 200
