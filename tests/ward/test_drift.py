"""Drift of a ward from its own log: what is read, what is kept, the page, the call."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import jsonschema
import pytest

pytest.importorskip("fastapi", reason="cartwheel[serve] is not installed")

from sqlalchemy import select
from starlette.testclient import TestClient
from ward_drifting import NUMBER, WARD, fill, invented, ward_files
from ward_messages import SetClock

from cartwheel.errors import FileRefused, refuse
from cartwheel.serve.application import create_app
from cartwheel.serve.settings import Settings
from cartwheel.serve.ward.drifting import Drifting, drifting_of
from cartwheel.serve.ward.followed import WardFollowing
from cartwheel.serve.ward.keeper import Keeper
from cartwheel.store.database import Store, open_store
from cartwheel.store.ward_drift import (
    _answer_of,
    drift_log,
    log_ends,
    parked_by,
    patients_called,
)
from cartwheel.store.ward_tables import events
from cartwheel.watch.drift_patient import DriftReading
from cartwheel.watch.intake import Arrived, Merge, Message
from cartwheel.watch.observation import Observation
from cartwheel.watch.ward import Ward, read_ward
from cartwheel.workflows.monitor_drift import (
    DriftAsked,
    LogRead,
    drift_of_log,
    monitor_drift_schema,
)

MONTHS = ("2026-01", "2026-02", "2026-03", "2026-04")
WHO = (("HOSPITAL", "1"),)


def quick(store: Store, path: Path, **more: Any) -> Drifting:
    """Count without leaving time to others."""
    return Drifting(store, read_ward(path), "month", share=1.0, **more)


def keeper(store: Store, path: Path) -> Keeper:
    clock = SetClock(datetime(2026, 6, 1, tzinfo=UTC))
    return Keeper(store, WardFollowing(read_ward(path), path.read_bytes()), clock=clock)


def test_the_log_gives_the_versions_that_count(store: Store, tmp_path: Path) -> None:
    path = ward_files(tmp_path / "ward")
    (one,) = invented(MONTHS[:1], 1)
    fill(store, path, [one])
    with store.reading() as connection:
        (end,) = log_ends(connection)
        log = drift_log(connection, end)
    assert end.place == "SOUTH"
    names = sorted(value.name for value in log.values)
    assert names == [
        "creatinine", "crp", "crp", "infusion", "ldh", "platelets", "systolic_pressure",
        "temperature",
    ]  # fmt: skip
    risks = [told for told in log.told if told.target == "crp-risk" and told.risk is not None]
    assert risks
    assert any(told.low == 2 for told in log.told if told.target == "astct-crs")
    who = (("HOSPITAL", one.number),)
    crp = next(value for value in log.values if value.name == "crp")
    gone = replace(crp, patient="", status="withdrawn", value=None, unit="")
    (receipt,) = keeper(store, path).keep([Message("hl7", "w", b"w", (Arrived(who, gone),))])
    assert receipt.entries
    with store.reading() as connection:
        (later,) = log_ends(connection)
        assert later.last_entry > end.last_entry
        assert sum(value.name == "crp" for value in drift_log(connection, later).values) == 1


def test_of_an_event_only_the_answer_is_read(sqlite_store: Store, tmp_path: Path) -> None:
    fill(sqlite_store, ward_files(tmp_path / "ward"), invented(MONTHS[:1], 2))
    with sqlite_store.reading() as connection:
        bodies = connection.execute(
            select(events.c.body).where(events.c.kind == "changed")
        ).scalars()
        told = [(_answer_of(body), json.loads(body)["after"]) for body in bodies]
    assert len(told) > 10
    for answer, whole in told:
        assert answer.items() <= whole.items()
        assert {"target", "at", "low", "risk", "risk_low", "reasons"} <= answer.keys()
        assert "inputs" not in answer
    # words that look like what is looked for
    odd = {"target": "x", "text": '"after":{","version":1', "reasons": ['"after":{"']}
    written = json.dumps({"before": odd, "after": {**odd, "version": "1"}}, separators=(",", ":"))
    assert _answer_of(written) == odd
    assert _answer_of(json.dumps({"after": odd})) == odd


def test_a_folded_record_counts_once(sqlite_store: Store, tmp_path: Path) -> None:
    path = ward_files(tmp_path / "ward")
    one, other = invented(MONTHS[:1], 2)
    fill(sqlite_store, path, [one, other])
    both = [(("HOSPITAL", each.number),) for each in (one, other)]
    (receipt,) = keeper(sqlite_store, path).keep(
        [Message("hl7", "m", b"m", (Merge(both[0], both[1]),))]
    )
    assert receipt.problem is None
    with sqlite_store.reading() as connection:
        (end,) = log_ends(connection)
        assert sum(one.name == "crp" for one in drift_log(connection, end).values) == 4
        # both numbers are his now
        assert {patient for _, patient in patients_called(connection)} == {end.patient}


def test_parked_items_are_counted_by_period_and_name(store: Store, tmp_path: Path) -> None:
    fill(store, ward_files(tmp_path / "ward"), invented(MONTHS[:2], 2))
    with store.reading() as connection:
        found = parked_by(connection, lambda moment: f"{moment:%Y-%m}")
    assert found == (
        ("2026-01", "ferritin", "unit_not_accepted", 2),
        ("2026-02", "ferritin", "unit_not_accepted", 2),
    )


def test_who_was_never_admitted_does_not_count(sqlite_store: Store, tmp_path: Path) -> None:
    path = ward_files(tmp_path / "ward")
    came = Observation("", "crp", datetime(2026, 1, 1, tzinfo=UTC), None, source="x")
    keeper(sqlite_store, path).keep([Message("hl7", "1", b"1", (Arrived(WHO, came),))])
    with sqlite_store.reading() as connection:
        assert log_ends(connection) == ()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ward of four months whose laboratory sends LDH in another unit in the last one."""
    made = tmp_path_factory.mktemp("ward")
    path = ward_files(made)
    store = open_store(made / "data")
    fill(store, path, invented(MONTHS, 12, other_unit_from="2026-04"))
    store.close()
    return made


@pytest.fixture
def kept(folder: Path) -> Iterator[Store]:
    store = open_store(folder / "data")
    yield store
    store.close()


@pytest.fixture
def counted(kept: Store, folder: Path) -> dict[str, Any]:
    state = quick(kept, folder / "ward.toml").wait()
    assert state.counted is not None, state.problem
    return state.counted.document


def test_what_is_found_is_a_result_without_anybody(counted: dict[str, Any]) -> None:
    jsonschema.validate(counted, monitor_drift_schema())
    text = json.dumps(counted)
    assert NUMBER not in text
    assert "Nobody, Of The Tests" not in text
    assert not re.search(r'"[0-9a-f]{16}"', text)
    assert counted["counts"]["patients"] == 48
    assert counted["counts"]["periods"] == list(MONTHS)
    assert counted["counts"]["places"] == ["NORTH", "SOUTH"]
    assert counted["drift"]["plan"]["reference"] == ["2026-01", "2026-02"]


def test_the_unit_the_refusals_and_the_risks_are_remarked_on(counted: dict[str, Any]) -> None:
    told = {(one["code"], one["severity"]): one["what"] for one in counted["findings"]}
    assert "ldh in 2026-04" in told["drift_unit", "critical"]
    assert "easix has no answer more often in 2026-04" in told["drift_refusals", "major"]
    assert "crp-risk, day 0 in all periods are lower" in told["drift_calibration", "major"]
    # a place repeats nothing that is said of the ward, a month nothing that is said of all
    whats = [one["what"] for one in counted["findings"]]
    assert not any(" at NORTH in 2026-04" in what for what in whats)
    assert sum("crp-risk" in what for what in whats) == 1


def test_few_at_a_place_are_withheld(counted: dict[str, Any]) -> None:
    south = [row for row in counted["drift"]["inputs"] if row["centre"] == "SOUTH"]
    # four a month
    assert {row["withheld"] for row in south} == {True}
    assert {row["median"] for row in south} == {None}
    # the whole less the eight in the north would be the four
    north = [row for row in counted["drift"]["inputs"] if row["centre"] == "NORTH"]
    assert {row["withheld"] for row in north} == {True}
    assert not any(row["withheld"] for row in counted["drift"]["inputs"] if not row["centre"])
    (risk,) = counted["risks"]
    assert (risk["told"], risk["without"], risk["withheld"]) == (48, 0, False)


def test_calibration_counts_who_was_not_followed_as_censored(
    sqlite_store: Store, tmp_path: Path
) -> None:
    path = ward_files(tmp_path / "ward")
    # of twelve, four have the event at hour 30; the others are gone after ten of 28 days
    few = [replace(one, days=10.0) for one in invented(MONTHS[:1], 12)]
    fill(sqlite_store, path, few)
    state = quick(sqlite_store, path).wait()
    assert state.counted is not None
    rows = state.counted.document["drift"]["calibration"]
    row = next(one for one in rows if one["period"] == "all periods" and not one["centre"])
    assert row["ripe"] == pytest.approx(4 / 12, abs=1e-12)  # a quotient of whole numbers
    assert row["observed"]["value"] is None
    assert "nobody is followed so far" in row["observed"]["method"]
    codes = {one["code"] for one in state.counted.document["findings"]}
    assert "drift_unripe" in codes
    assert "drift_risk_nothing_yet" in codes


def test_only_what_has_grown_is_read_again(
    sqlite_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = ward_files(tmp_path / "ward")
    several = invented(MONTHS[:1], 6)
    fill(sqlite_store, path, several)
    read: list[str] = []
    real = drift_log

    def looked(connection: Any, end: Any) -> Any:
        read.append(end.patient)
        return real(connection, end)

    monkeypatch.setattr("cartwheel.serve.ward.drifting.drift_log", looked)
    drifting = quick(sqlite_store, path, fresh=0.0)
    first = drifting.wait()
    assert len(read) == 6
    came = Observation("", "crp", several[0].infusion + timedelta(hours=3), None, source="new")
    who = (("HOSPITAL", several[0].number),)
    keeper(sqlite_store, path).keep(
        [Message("hl7", "n", b"n", (Arrived(who, replace(came, status="withdrawn")),))]
    )
    drifting.wait()
    drifting.wait()
    drifting.stop()
    assert len(read) == 7
    assert first.counted is not None


def test_what_cannot_be_read_is_said_and_does_not_end_the_server(
    sqlite_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_: Any) -> Any:
        raise refuse(FileRefused, "store_unavailable", "the store does not answer")

    monkeypatch.setattr("cartwheel.serve.ward.drifting.log_ends", away)
    state = quick(sqlite_store, ward_files(tmp_path / "ward")).wait()
    assert state.counted is None
    assert state.problem is not None
    assert state.problem.code == "store_unavailable"


def test_a_fault_is_said_once_without_what_it_says(
    sqlite_store: Store,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    tried: list[int] = []

    def broken(_: Any) -> Any:
        tried.append(1)
        raise ValueError(f"a line of {NUMBER}")

    monkeypatch.setattr("cartwheel.serve.ward.drifting.log_ends", broken)
    drifting = quick(sqlite_store, ward_files(tmp_path / "ward"))
    state = drifting.wait()
    assert state.problem is not None
    assert state.problem.code == "drift_failed"
    # a page that asks every three seconds does not begin it anew each time
    assert not drifting.ask().running
    assert len(tried) == 1
    assert "drift was not counted (ValueError)" in caplog.text
    assert NUMBER not in caplog.text


def test_a_ward_that_is_called_simulated_is(tmp_path: Path) -> None:
    text = WARD.replace(', "crp-risk.toml"', "").partition("[[calibration]]")[0]
    ward = read_ward(ward_files(tmp_path, text))

    def told(ward: Ward) -> bool:
        now = datetime(2026, 6, 1, tzinfo=UTC)
        return drift_of_log(
            LogRead((), (), 0, now), DriftReading(ward, "month", now), DriftAsked()
        ).simulated

    assert not told(ward)
    assert told(replace(ward, ward="A simulated ward"))


@pytest.fixture(scope="module")
def client(folder: Path) -> Iterator[TestClient]:
    settings = Settings(
        folder=folder / "data", token="a-token-of-a-test", workers=1, ward=folder / "ward.toml"
    )
    with TestClient(create_app(settings), base_url="http://127.0.0.1:8765") as made:
        made.get("/?token=a-token-of-a-test")
        yield made


def whole(client: TestClient) -> None:
    """Wait until it is counted."""
    found = client.app.state.services  # type: ignore[attr-defined]
    assert drifting_of(found.ward, "month", found.settings.folder).wait().counted is not None


def test_the_page_says_how_far_it_is_and_then_shows_the_numbers_of_the_call(
    client: TestClient,
) -> None:
    first = client.get("/ward/drift?by=quarter")
    assert first.status_code == 200
    assert 'hx-trigger="every 3s"' in first.text
    whole(client)
    answer = client.get("/api/v1/ward/drift")
    assert answer.status_code == 200
    document = answer.json()
    shown = unescape(client.get("/ward/drift").text)
    assert f"<b>{document['counts']['patients']}</b> patients" in shown
    for finding in document["findings"]:
        assert finding["what"] in shown
        assert finding["evidence"][1:] in shown
    for note in document["notes"]:
        assert note[1:] in shown
    inputs = [one for one in document["drift"]["inputs"] if one["centre"] == ""]
    ldh = [one for one in inputs if one["name"] == "ldh"]
    for row in ldh:
        assert f"{row['median']:.3g}" in shown
    assert f'<td class="number">{ldh[-1]["distance"]:.2f}</td>' in shown
    for row in ldh:
        assert f'<td class="number">{100 * row["missing"]["value"]:.1f}%</td>' in shown
    refused = [one for one in document["drift"]["refusals"] if one["centre"] == ""]
    assert any(row["reasons"] for row in refused)
    for row in refused:
        for reason, count in row["reasons"]:
            assert f"<li>{row['period']}: {reason}: {count or 'few'}</li>" in shown
    risks = [one for one in document["drift"]["calibration"] if one["centre"] == ""]
    for row in risks:
        ratio = row["ratio"]
        said = f"{ratio['value']:.2f} ({ratio['low']:.2f} to {ratio['high']:.2f})"
        assert said in shown
        assert f"{100 * row['expected']:.1f}%" in shown
    assert NUMBER not in shown
    assert "Nobody" not in shown.partition("<main")[2].replace("Nobody else", "")


def test_a_place_is_chosen_among_those_there_are(client: TestClient) -> None:
    whole(client)
    north = client.get("/ward/drift?place=NORTH").text
    assert "<option selected>NORTH</option>" in north
    other = client.get("/ward/drift?place=%3Cscript%3E")
    assert other.status_code == 200
    assert "<script>alert" not in other.text
    assert client.get("/ward/drift?by=day").status_code == 422
    assert client.get("/api/v1/ward/drift?by=day").status_code == 422


def test_the_call_answers_at_once_while_it_is_counted(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    ward = client.app.state.services.ward  # type: ignore[attr-defined]
    waiting = Drifting(ward.store, ward.ward, "month")
    monkeypatch.setattr(waiting, "_count", lambda: None)
    monkeypatch.setitem(ward.kept, "drift by month", waiting)
    answer = client.get("/api/v1/ward/drift")
    assert answer.status_code == 202
    assert answer.json() == {"state": "counting", "done": 0, "of": 0}
    assert answer.headers["Retry-After"] == "5"


def test_a_server_that_has_just_begun_shows_what_was_counted_last(
    kept: Store, folder: Path, tmp_path: Path
) -> None:
    path = folder / "ward.toml"
    first = quick(kept, path, folder=tmp_path).wait()
    assert first.counted is not None
    text = (tmp_path / "ward-drift-month.json").read_text(encoding="utf-8")
    assert text == first.counted.text
    again = quick(kept, path, folder=tmp_path)
    shown = again.ask()
    again.stop()
    assert shown.counted == first.counted
    # it is counted anew all the same
    assert shown.running
    # of another ward file nothing is shown
    other = replace(read_ward(path), identity="sha256:other")
    fresh = Drifting(kept, other, "month", folder=tmp_path)
    monthless = fresh.ask()
    fresh.stop()
    assert monthless.counted is None
    (tmp_path / "ward-drift-month.json").write_text("[1", encoding="utf-8")
    assert quick(kept, path, folder=tmp_path).wait().counted is not None
