"""What was known at the time can always be shown again; replay says what was said live."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from ward_fake import FakeFollowing
from ward_messages import NOON, SetClock, arrived, message

from cartwheel.errors import Refused
from cartwheel.serve.ward.keeper import Keeper
from cartwheel.serve.ward.known import known_at, replay, verify
from cartwheel.store.database import Store
from cartwheel.store.ward_json import alert_of
from cartwheel.store.ward_log import events_of, ward_file_contents
from cartwheel.store.ward_people import keep_snapshot, snapshot_of

FAKE = FakeFollowing()
FOLLOWINGS = {FAKE.sha256: FAKE}


def said(chart: Any, name: str = "crp") -> float | None:
    return None if chart.episode is None else chart.episode.said.get(name)


def test_what_did_we_know_at_three(store: Store, keeper: Keeper, clock: SetClock) -> None:
    clock.now = NOON + timedelta(hours=14)
    (first,) = keeper.keep([message("1", arrived("7", "crp", "10", 12))])
    clock.now = NOON + timedelta(hours=15)  # three in the morning
    clock.go(minutes=1)
    # taken at two, known at one past three; later it turns out to have been wrong
    keeper.keep([message("2", arrived("7", "crp", "80", 14))])
    clock.go(hours=2)
    keeper.keep([message("3", arrived("7", "crp", "8", 14, status="corrected"))])
    (patient,) = first.patients

    def known(**hours: float) -> float | None:
        return said(known_at(store, FOLLOWINGS, patient, NOON + timedelta(**hours)))

    assert known(hours=13) is None
    assert known(hours=15) == 10
    assert known(hours=15, minutes=1) == 80
    assert known(hours=18) == 8
    assert verify(store, FOLLOWINGS).same


def test_a_clock_that_is_set_back_does_not_make_the_ward_forget(
    store: Store, keeper: Keeper, clock: SetClock
) -> None:
    (first,) = keeper.keep([message("1", arrived("7", "crp", "10", 1))])
    then = clock.now
    clock.go(hours=-3)
    keeper.keep([message("2", arrived("7", "crp", "20", 2))])
    (patient,) = first.patients
    kept = replay(store, FOLLOWINGS, patient).chart
    assert kept.known_at == then
    assert said(kept) == 20
    assert said(known_at(store, FOLLOWINGS, patient, then)) == 20
    # somebody else's values are known when the clock says so
    (other,) = keeper.keep([message("3", arrived("8", "crp", "30", 1))])
    assert replay(store, FOLLOWINGS, other.patients[0]).chart.known_at == clock.now
    assert verify(store, FOLLOWINGS).same


def test_a_second_process_continues_where_the_first_one_stopped(
    store: Store, keeper: Keeper, clock: SetClock
) -> None:
    for hour in range(5):
        keeper.keep([message(f"{hour}", arrived("7", "crp", f"{hour}", hour))])
    assert keeper.snapshots(after=1) == 1
    assert keeper.snapshots(after=1) == 0
    keeper.keep([message("x", arrived("7", "ferritin", "900", 6))])
    other = Keeper(store, FakeFollowing(), clock=clock)
    other.keep([message("y", arrived("7", "crp", "77", 7))])
    # the first one has an older chart in memory, and sees it
    (last,) = keeper.keep([message("z", arrived("7", "crp", "78", 8))])
    chart = replay(store, FOLLOWINGS, last.patients[0]).chart
    assert (said(chart), said(chart, "ferritin")) == (78, 900)
    other.snapshots(after=1)
    assert verify(store, FOLLOWINGS).same


def test_another_ward_file_explains_what_comes_after_it(
    store: Store, keeper: Keeper, clock: SetClock
) -> None:
    start = message("1", arrived("7", "infusion", None), arrived("7", "crp", "60", 1))
    (first, _) = keeper.keep([start, message("2", arrived("8", "crp", "60", 1))])
    (patient,) = first.patients[:1]
    stricter = FakeFollowing(limit=50)
    other = Keeper(store, stricter, clock=clock)
    clock.go(hours=1)
    # the clock brings the new file to everybody
    assert len(other.tick()) == 2
    assert other.tick() == ()

    def alerts() -> list[tuple[str, str]]:
        with store.reading() as connection:
            steps = [alert_of(one.body) for one in events_of(connection, patient, kinds=("alert",))]
        return [(one.step, one.text) for one in steps]

    assert alerts() == [("raised", "CRP")]
    both = {FAKE.sha256: FAKE, stricter.sha256: stricter}
    assert verify(store, both).same
    # without the older file its lines are unexplained, and the rest is
    alone = verify(store, {stricter.sha256: stricter})
    assert (alone.same, alone.unexplained) == (True, 5)
    with pytest.raises(Refused) as refused:
        verify(store, FOLLOWINGS)
    assert refused.value.problems[0].code == "no_ward_file"
    with store.reading() as connection:
        assert ward_file_contents(connection) == {
            FAKE.sha256: b"limit = 100", stricter.sha256: b"limit = 50",
        }  # fmt: skip
    # back to the first file: what it does not say is withdrawn
    keeper.keep([message("3", arrived("7", "ferritin", "1", 2))])
    assert [step for step, _ in alerts()] == ["raised", "withdrawn"]
    assert verify(store, both).same


def test_verify_finds_what_was_tampered_with(sqlite_store: Store, clock: SetClock) -> None:
    keeper = Keeper(sqlite_store, FakeFollowing(), clock=clock)
    (first,) = keeper.keep([message("1", arrived("7", "crp", "60", 1))])
    assert verify(sqlite_store, FOLLOWINGS).same
    with sqlite_store.writing() as connection:
        connection.execute(text("DROP TRIGGER ward_event_no_update"))
        connection.execute(text("UPDATE ward_event SET body = replace(body, '60', '61')"))
        connection.execute(text("UPDATE ward_episode SET summary = '{}'"))
    found = verify(sqlite_store, FOLLOWINGS).differences
    assert [one.what for one in found] == ["an event is another one", "the summary is another one"]
    assert {one.patient for one in found} == set(first.patients)


def test_a_snapshot_never_gives_way_to_an_older_one(
    store: Store, keeper: Keeper, clock: SetClock
) -> None:
    (first,) = keeper.keep([message("1", arrived("7", "crp", "60", 1))])
    (patient,) = first.patients
    keeper.snapshots(after=1)
    with store.writing() as connection:
        entry, said_then = snapshot_of(connection, patient) or (0, "")
        assert entry == replay(store, FOLLOWINGS, patient).chart.last_entry
        # the log has grown, or has not come that far
        assert not keep_snapshot(connection, patient, "x", entry - 1)
        assert not keep_snapshot(connection, patient, "x", entry + 1)
        assert not keep_snapshot(connection, "nobody", "x", 0)
        assert snapshot_of(connection, patient) == (entry, said_then)
        assert snapshot_of(connection, "nobody") is None
        # one that another server made of later lines stays
        connection.execute(text("UPDATE ward_snapshot SET entry = entry + 1"))
        assert not keep_snapshot(connection, patient, "x", entry)
        connection.execute(text("UPDATE ward_snapshot SET entry = entry - 2"))
        assert keep_snapshot(connection, patient, "x", entry)
        assert snapshot_of(connection, patient) == (entry, "x")


def test_a_snapshot_of_the_past_is_verified_too(sqlite_store: Store, clock: SetClock) -> None:
    keeper = Keeper(sqlite_store, FakeFollowing(), clock=clock)
    keeper.keep([message("1", arrived("7", "crp", "60", 1))])
    keeper.snapshots(after=1)
    keeper.keep([message("2", arrived("7", "crp", "61", 2))])
    assert verify(sqlite_store, FOLLOWINGS).same
    with sqlite_store.writing() as connection:
        wrong = "UPDATE ward_snapshot SET text = replace(text, '60', '62')"
        connection.execute(text(wrong))
    assert [one.what for one in verify(sqlite_store, FOLLOWINGS).differences] == [
        "the snapshot is another one"
    ]


def test_what_a_keeper_has_in_memory_is_never_changed(keeper: Keeper) -> None:
    keeper.keep([message("1", arrived("7", "crp", "60", 1))])
    (chart,) = keeper._charts.values()
    before = replace(chart)
    keeper.keep([message("2", arrived("7", "crp", "61", 2))])
    assert chart == before


def test_charts_that_leave_memory_are_read_again(store: Store, clock: SetClock) -> None:
    keeper = Keeper(store, FakeFollowing(), clock=clock, in_memory=2)
    for turn in range(3):
        for one in range(5):
            sent = arrived(f"{one}", "crp", f"{10 * turn + one}", turn)
            (kept,) = keeper.keep([message(f"{turn}-{one}", sent)])
            assert kept.events == 1
    assert len(keeper._charts) == 2
    assert verify(store, FOLLOWINGS).same
