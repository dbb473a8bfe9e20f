"""Faults of the ward's log that the second review found: each stays mended."""

from __future__ import annotations

import threading
import zlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from serve_people import laptop, people_of
from sqlalchemy import insert, select
from ward_fake import FakeFollowing
from ward_messages import NOON, SetClock, arrived, message
from ward_real import WARD, real_following

from cartwheel.errors import FileRefused, Refused, refuse
from cartwheel.serve.ward import bedside
from cartwheel.serve.ward.bedside import read_bedside
from cartwheel.serve.ward.chart import FOLDED, chart_text
from cartwheel.serve.ward.following import Following
from cartwheel.serve.ward.keeper import Keeper
from cartwheel.serve.ward.known import (
    known_at,
    of_one_moment,
    patients_of,
    replay,
    verify,
    verify_patient,
)
from cartwheel.serve.ward.retention import Retention
from cartwheel.serve.ward.verifying import verify_in_processes
from cartwheel.store.database import Store
from cartwheel.store.ward_json import alert_of
from cartwheel.store.ward_log import events_of, lines_of
from cartwheel.store.ward_people import count_patients, snapshot_of
from cartwheel.store.ward_tables import entries, identifiers, past
from cartwheel.watch.intake import Identifiers, Item, Merge, Person, Unmerge

FAKE = FakeFollowing()
FOLLOWINGS = {FAKE.sha256: FAKE}


def of(record: str) -> Identifiers:
    return (("hospital", record),)


def patient_of(store: Store, record: str) -> str:
    with store.reading() as connection:
        wanted = select(identifiers.c.patient).where(identifiers.c.value == record)
        return str(connection.execute(wanted).scalar_one())


def alerts_of(store: Store, patient: str) -> list[tuple[str, str]]:
    with store.reading() as connection:
        every = [alert_of(one.body) for one in events_of(connection, patient, kinds=("alert",))]
    return [(one.step, one.reason or one.text) for one in every]


def states(store: Store) -> dict[str, int]:
    with store.reading() as connection:
        return count_patients(connection)


def older_program() -> FakeFollowing:
    """The same ward file, from which another version of the program made something else."""
    made = FakeFollowing(limit=50)
    made.sha256, made.content, made.by = FAKE.sha256, FAKE.content, ""
    return made


def test_what_another_version_told_goes_on_from_what_it_told(store: Store, clock: SetClock) -> None:
    before = Keeper(store, older_program(), clock=clock)
    several = [arrived(one, name, crp, 1, source=f"{one}{name}") for one in "789"
               for name, crp in (("infusion", None), ("crp", "60"))]  # fmt: skip
    before.keep([message("1", *several)])
    before.keep([message("2", Person(of("9"), place="left"))])
    before.snapshots(after=1)
    seven, nine = patient_of(store, "7"), patient_of(store, "9")
    assert alerts_of(store, seven) == [("raised", "CRP")]

    now = Keeper(store, FAKE, clock=clock)
    # nothing has come since: all was told by the other version, and nothing of it is at fault
    untouched = verify(store, FOLLOWINGS)
    assert untouched.same
    assert untouched.unexplained == untouched.lines
    assert verify_in_processes(store, processes=1, again=of_now) == untouched
    (first,) = now.keep([message("3", arrived("7", "crp", "61", 2))])
    assert first.entries == 2
    # who was told of the alert is told of its end
    assert alerts_of(store, seven)[1:] == [("withdrawn", "The program has changed.")]
    (second,) = now.keep([message("4", arrived("7", "crp", "62", 3))])
    assert second.entries == 1
    after = verify(store, FOLLOWINGS)
    assert after.same
    assert after.lines - after.unexplained == 3
    # pages of the past are shown still
    assert known_at(store, FOLLOWINGS, nine, datetime.max).state == "closed"


def test_two_versions_on_one_database_are_noticed(store: Store, clock: SetClock) -> None:
    mine, other = (Keeper(store, one, clock=clock) for one in (FAKE, older_program()))
    mine.keep([message("1", arrived("7", "crp", "60", 1))])
    other.keep([message("2", arrived("7", "crp", "60", 2))])
    assert not mine.other_file
    mine.keep([message("3", arrived("7", "crp", "60", 3))])
    assert mine.other_file


def test_one_who_left_under_a_ward_file_that_is_gone_holds_up_no_replay(
    store: Store, clock: SetClock
) -> None:
    before = Keeper(store, FakeFollowing(50), clock=clock)
    before.keep([message("1", arrived("9", "crp", "60", 1))])
    before.keep([message("2", Person(of("9"), place="left"))])
    Keeper(store, FAKE, clock=clock).keep([message("3", arrived("7", "crp", "60", 1))])
    found = verify(store, FOLLOWINGS)
    assert (found.patients, found.same, found.lines, found.unexplained) == (2, True, 5, 3)


def of_now(_: Store) -> Mapping[str, Following]:
    return FOLLOWINGS


def test_an_infusion_from_before_brings_back_nobody_who_has_left(
    store: Store, keeper: Keeper, clock: SetClock
) -> None:
    clock.now = NOON

    def keep(key: str, *items: Item) -> dict[str, int]:
        clock.go(minutes=5)
        (receipt,) = keeper.keep([message(key, *items)])
        assert receipt.outcome == "stored"
        return states(store)

    infusion = arrived("7", "infusion", None, -48, source="i")
    assert keep("1", infusion) == {"assigned": 1}
    assert keep("2", Person(of("7"), place="left")) == {"closed": 1}
    corrected = arrived("7", "infusion", None, -49, source="i", status="corrected")
    assert keep("3", corrected) == {"closed": 1}
    # nor with another record, whichever stays
    assert keep("4", arrived("8", "crp", "10", -1)) == {"closed": 1, "unassigned": 1}
    assert keep("5", Merge(of("8"), of("7"))) == {"closed": 1, "merged": 1}
    assert keep("6", Unmerge(of("7"))) == {"closed": 2}
    assert keep("7", Merge(of("7"), of("8"))) == {"closed": 1, "merged": 1}
    # a second infusion does
    assert keep("8", arrived("7", "infusion", None, 0.6, source="j")) == {
        "assigned": 1,
        "merged": 1,
    }
    keeper.snapshots(after=1)
    assert verify(store, FOLLOWINGS).same


def test_alerts_of_a_record_that_is_folded_end(store: Store, clock: SetClock) -> None:
    following = real_following()
    keeper = Keeper(store, following, clock=clock)
    clock.now = NOON

    def keep(key: str, *items: Item) -> None:
        clock.go(minutes=5)
        (receipt,) = keeper.keep([message(key, *items)])
        assert (receipt.outcome, receipt.parked) == ("stored", 0)

    infused = [arrived(one, "infusion", None, -5, unit="") for one in "AB"]
    keep("1", Person(of("B"), place="here"), *infused)
    keep("2", arrived("B", "temperature", "39.5", 0, unit="Cel"))
    ada, ben = patient_of(store, "A"), patient_of(store, "B")
    raised = alerts_of(store, ben)
    assert {step for step, _ in raised} == {"raised"}
    keep("3", Merge(of("A"), of("B")))
    assert alerts_of(store, ben)[len(raised) :] == [("cleared", FOLDED)] * len(raised)
    # the one that stays tells of the patient
    assert [step for step, _ in alerts_of(store, ada)] == ["raised"] * len(raised)
    ended = len(alerts_of(store, ben))
    keep("4", Unmerge(of("B")))
    again = alerts_of(store, ben)[ended:]
    assert [step for step, _ in again] == ["raised"] * len(raised)
    # he is on the list as before: a discharge of an earlier stay ends nothing
    keep("5", arrived("B", "discharge", None, -3, unit=""))
    assert alerts_of(store, ben)[ended:] == again
    assert verify(store, {following.sha256: following}).differences == ()


def test_who_is_often_let_go_of_has_a_snapshot_in_the_end(
    sqlite_store: Store, clock: SetClock
) -> None:
    keeper = Keeper(sqlite_store, FAKE, clock=clock, in_memory=1)
    for n in range(30):
        for one in "78":
            keeper.keep([message(f"{one}-{n}", arrived(one, "crp", f"{n}", n))])
    seven = patient_of(sqlite_store, "7")
    assert keeper.snapshots(after=20) == 1  # of the one in memory
    keeper.keep([message("last", arrived("7", "crp", "1", 40))])
    assert keeper.snapshots(after=20) == 1
    with sqlite_store.reading() as connection:
        assert snapshot_of(connection, seven) is not None
    assert verify(sqlite_store, FOLLOWINGS).same


@pytest.mark.parametrize("how", ["of no line", "unreadable"])
def test_a_snapshot_that_nobody_could_compare_is_found(
    sqlite_store: Store, clock: SetClock, how: str
) -> None:
    following = real_following()
    keeper = Keeper(sqlite_store, following, clock=clock)
    group = [message("1", arrived("7", "crp", "10", 1)), message("2", arrived("8", "crp", "1", 2))]
    patient, other = (one.patients[0] for one in keeper.keep(group))
    followings = {following.sha256: following}
    chart = replay(sqlite_store, followings, patient).chart
    text, entry = chart_text(chart, following), chart.last_entry
    with sqlite_store.writing() as connection:
        if how == "of no line":
            # the line is one of somebody else
            entry = next(iter(lines_of(connection, other))).number
        else:
            text = text.replace('"ticked"', '"tocked"')
        row = {"patient": patient, "entry": entry, "ward_sha256": following.sha256}
        connection.execute(insert(past).values(**row, content=zlib.compress(text.encode())))
    (found,) = verify(sqlite_store, followings).differences
    assert (found.patient, found.entry) == (patient, entry)


def not_now(_: Store) -> Mapping[str, Following]:
    raise refuse(FileRefused, "store_unavailable", "nobody answers", where="the store", mend="wait")


def test_why_a_process_cannot_begin_is_told(sqlite_store: Store, clock: SetClock) -> None:
    several = [message(one, arrived(one, "crp", "10", 1)) for one in "78"]
    Keeper(sqlite_store, FAKE, clock=clock).keep(several)
    with pytest.raises(Refused) as refused:
        verify_in_processes(sqlite_store, processes=2, again=not_now)
    assert refused.value.problems[0].code == "store_unavailable"


def test_a_replay_beside_a_server_reads_one_moment(store: Store, keeper: Keeper) -> None:
    (receipt,) = keeper.keep([message("1", arrived("7", "crp", "10", 1))])
    (patient,) = receipt.patients
    with store.reading() as connection:
        assert patients_of(of_one_moment(connection)) == [patient]
        keeper.keep([message("2", arrived("7", "crp", "20", 2))])
        found = verify_patient(connection, FOLLOWINGS, patient)
    assert (found.lines, found.same) == (2, True)
    assert verify(store, FOLLOWINGS).lines == 3


def test_nobody_waits_for_who_scrubs(sqlite_store: Store, clock: SetClock) -> None:
    keeper = Keeper(sqlite_store, FAKE, clock=clock)
    keeper.keep([message("1", arrived("7", "crp", "10", 1))])
    with sqlite_store.reading() as reader:
        assert reader.execute(select(entries.c.number)).first() is not None
        keeper.keep([message("2", arrived("7", "crp", "20", 2))])
        scrubbing = threading.Thread(target=sqlite_store.scrub, daemon=True)
        scrubbing.start()
        # while somebody reads it would wait for a minute, with the lock of who writes
        scrubbing.join(30.0)
        assert not scrubbing.is_alive()
        (kept,) = keeper.keep([message("3", arrived("7", "crp", "30", 3))])
        assert kept.outcome == "stored"
    # who comes after it waits as long as before
    with sqlite_store.reading() as connection:
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 60_000


def test_who_finds_nothing_to_empty_writes_nothing(
    sqlite_store: Store, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = Keeper(sqlite_store, FAKE, clock=clock)
    keeper.keep([message("1", arrived("7", "crp", "10", 1))])
    clock.go(days=31)
    assert Retention(sqlite_store, 30, clock).run_once() == 1
    monkeypatch.setattr(Store, "writing", None)
    assert Retention(sqlite_store, 30, clock).run_once() == 0


def test_pages_hold_so_many_lines_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bedside, "_CHARTS", bedside._Charts())
    monkeypatch.setattr(bedside, "_MOST_LINES", 25)
    (tmp_path / "ward.toml").write_text(WARD)
    with laptop(tmp_path / "data", ward=tmp_path / "ward.toml") as client:
        opened = people_of(client).ward
        for n in range(60):
            record = f"{n % 6}"
            crp = arrived(record, "crp", f"{n}", -n, source=f"{n}")
            moved = replace(
                crp.observation, taken_at=datetime.now(NOON.tzinfo) - timedelta(hours=n + 1)
            )
            opened.ingest.accept(message(f"{n}", replace(crp, observation=moved)))
        for record in "012345":
            read_bedside(opened, patient_of(opened.store, record))
        assert list(bedside._CHARTS._known) == [patient_of(opened.store, one) for one in "45"]
