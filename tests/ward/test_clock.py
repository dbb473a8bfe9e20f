"""The clock: what time alone brings is in the log too."""

from __future__ import annotations

import time
from typing import Any

from ward_fake import FakeFollowing
from ward_messages import NOON, SetClock, arrived, message

from cartwheel.serve.ward.clock import Clock
from cartwheel.serve.ward.ingest import Ingest
from cartwheel.serve.ward.keeper import Keeper
from cartwheel.serve.ward.known import verify
from cartwheel.store.database import Store
from cartwheel.store.ward_log import lines_of
from cartwheel.watch.intake import Person
from cartwheel.watch.observation import Tick

FOLLOWINGS = {one.sha256: one for one in (FakeFollowing(),)}


def kinds(store: Store, patient: str) -> list[str]:
    with store.reading() as connection:
        return [line.kind for line in lines_of(connection, patient)]


def test_time_passes_for_whom_a_moment_has_come(
    store: Store, keeper: Keeper, clock: SetClock
) -> None:
    clock.now = NOON
    (seven,) = keeper.keep([message("1", arrived("7", "crp", "1"))])
    keeper.keep([message("2", arrived("8", "crp", "1", 4))])
    clock.go(hours=7, minutes=59)
    assert keeper.tick() == ()
    clock.go(minutes=1)
    assert keeper.tick() == seven.patients
    assert keeper.tick() == ()
    assert kinds(store, seven.patients[0]) == ["ward_file", "observation", "tick"]
    assert verify(store, FOLLOWINGS).same


def test_who_has_left_is_left_alone(store: Store, keeper: Keeper, clock: SetClock) -> None:
    clock.now = NOON
    keeper.keep([message("1", arrived("7", "crp", "1"))])
    keeper.keep([message("2", Person((("hospital", "7"),), place="left"))])
    clock.go(days=3)
    assert keeper.tick() == ()


class NeverDone(FakeFollowing):
    """A step that asks for the same moment again and again."""

    def due_at(self, _episode: object) -> object:  # type: ignore[override]
        return NOON


def test_what_the_clock_cannot_end_does_not_fill_the_log(
    sqlite_store: Store, clock: SetClock
) -> None:
    following = NeverDone()
    keeper = Keeper(sqlite_store, following, clock=clock)  # type: ignore[arg-type]
    keeper.keep([message("1", arrived("7", "crp", "1"))])
    assert len(keeper.tick()) == 1
    assert keeper.tick() == ()
    clock.go(seconds=61)
    assert len(keeper.tick()) == 1
    assert verify(sqlite_store, {following.sha256: following}).same  # type: ignore[dict-item]


def test_of_two_servers_each_takes_others(store: Store, clock: SetClock) -> None:
    keepers = [Keeper(store, FakeFollowing(), clock=clock) for _ in range(2)]
    for n in range(6):
        keepers[0].keep([message(f"{n}", arrived(f"{n}", "crp", "1"))])
    seen = [*keepers[0].tick(), *keepers[1].tick()]
    assert len(seen) == len(set(seen)) == 6


def test_it_goes_by_itself(sqlite_store: Store, clock: SetClock) -> None:
    clock.now = NOON
    ingest = Ingest(Keeper(sqlite_store, FakeFollowing(), clock=clock))
    going = Clock(ingest, beat=0.01)
    ingest.start()
    going.start()
    (patient,) = ingest.accept(message("1", arrived("7", "crp", "1"))).patients
    clock.go(hours=9)
    until = time.monotonic() + 20
    while "tick" not in kinds(sqlite_store, patient) and time.monotonic() < until:
        time.sleep(0.01)
    going.stop()
    ingest.stop()
    assert kinds(sqlite_store, patient) == ["ward_file", "observation", "tick"]
    assert ingest.counts.ticks == 1


class Broken(FakeFollowing):
    """A step that fails where a platelet count is known, when time passes."""

    def advance(self, episode: Any, entry: Any, *, alerts: bool) -> Any:
        if isinstance(entry.what, Tick) and "platelets" in episode.said:
            raise ZeroDivisionError
        return super().advance(episode, entry, alerts=alerts)


def test_one_on_whom_it_fails_stops_nobody_else(store: Store, clock: SetClock) -> None:
    keeper = Keeper(store, Broken(), clock=clock)
    for record in ("6", "7", "8"):
        name = "platelets" if record == "7" else "crp"
        keeper.keep([message(record, arrived(record, name, "1"))])
    assert len(keeper.tick()) == 2
    assert keeper.tick() == ()
    clock.go(seconds=61)
    # it is tried again, and still nobody waits
    assert keeper.tick() == ()
    keeper.following = FakeFollowing()
    clock.go(seconds=61)
    assert len(keeper.tick()) == 1


def test_the_intake_goes_on_after_a_fault(sqlite_store: Store) -> None:
    ingest = Ingest(Keeper(sqlite_store, FakeFollowing()))

    told: list[object] = []

    def broken(patients: object) -> None:
        told.append(patients)
        raise ZeroDivisionError

    ingest.listen(broken)
    ingest.start()
    for place in range(3):
        sent = message(f"{place}", arrived("7", "crp", f"{place}", place))
        assert ingest.accept(sent, 10.0).outcome == "stored"
    ingest.stop()
    assert told  # it did fail
