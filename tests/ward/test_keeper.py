"""What a keeper holds in memory, and two servers that do not follow the same ward file."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from serve_people import laptop, people_of
from ward_fake import FakeFollowing
from ward_messages import SetClock, arrived, message
from ward_real import WARD, real_following

from cartwheel.serve.ward.ingest import Ingest
from cartwheel.serve.ward.keeper import DISPUTED, Keeper
from cartwheel.serve.ward.known import verify
from cartwheel.store.database import Store
from cartwheel.store.ward_messages import message_of
from cartwheel.store.ward_people import snapshot_of
from cartwheel.watch.intake import Message, Person
from cartwheel.watch.observation import Entry

FAKE = FakeFollowing()
FOLLOWINGS = {FAKE.sha256: FAKE}
_UNITS = {
    "temperature": "Cel", "crp": "mg/L", "platelets": "10*9/L", "systolic_pressure": "mm[Hg]",
}  # fmt: skip


def test_memory_holds_so_many_lines(store: Store, clock: SetClock) -> None:
    keeper = Keeper(store, FAKE, clock=clock, lines_in_memory=30)
    for n in range(20):
        # 7 patients by turns, each with more lines than the memory has room for
        group = [message(f"{n}-{one}", arrived(f"{one}", "crp", f"{n}", n)) for one in range(7)]
        assert {one.outcome for one in keeper.keep(group)} == {"stored"}
        charts, lines = keeper.held
        assert lines <= 30
        assert charts <= 7
    keeper.keep([message("last", arrived("3", "crp", "1", 40))])
    assert keeper.held[0] >= 1
    assert verify(store, FOLLOWINGS).same


def test_who_has_left_is_let_go(store: Store, clock: SetClock) -> None:
    keeper = Keeper(store, FAKE, clock=clock)
    (first, _) = keeper.keep([message(f"{n}", arrived(f"{n}", "crp", "10", 1)) for n in range(2)])
    keeper.keep([message("left", Person((("hospital", "0"),), place="left"))])
    assert keeper.held[0] == 2
    assert keeper.snapshots() == 1  # of him, though his log has grown little
    assert keeper.held[0] == 1
    (patient,) = first.patients
    with store.reading() as connection:
        assert snapshot_of(connection, patient) is not None
    # a result that comes after all finds him
    (late,) = keeper.keep([message("late", arrived("0", "crp", "20", 2))])
    assert tuple(late.patients) == (patient,)
    assert verify(store, FOLLOWINGS).same


def test_two_servers_with_two_ward_files_are_noticed(
    store: Store, clock: SetClock, caplog: pytest.LogCaptureFixture
) -> None:
    mine, other = (Keeper(store, FakeFollowing(limit), clock=clock) for limit in (100, 50))
    mine.keep([message("1", arrived("7", "crp", "10", 1), arrived("8", "crp", "10", 1))])
    assert not mine.other_file
    with caplog.at_level(logging.ERROR, "cartwheel.ward"):
        assert len(other.tick()) == 2  # it was started later, and puts its own in force
        assert not other.other_file
        mine.keep([message("2", arrived("7", "crp", "20", 2))])
        assert mine.other_file
        mine.keep([message("3", arrived("8", "crp", "20", 2))])
    (said,) = caplog.messages  # once, not for each patient
    assert "another ward file" in said
    # they do not put their own in force for ever, one after the other
    other.keep([message("4", arrived("7", "crp", "30", 3))])
    assert other.other_file
    for keeper in (mine, other):
        keeper.tick()  # whose own moments have come
    for keeper in (mine, other):
        assert keeper.tick() == ()
    clock.go(seconds=DISPUTED.total_seconds() + 1)
    assert not other.other_file
    assert len(other.tick()) == 1  # of the patient whom the other one had last


def test_a_ward_file_that_was_changed_is_no_dispute(store: Store, clock: SetClock) -> None:
    Keeper(store, FAKE, clock=clock).keep([message("1", arrived("7", "crp", "10", 1))])
    after = Keeper(store, FakeFollowing(50), clock=clock)
    assert len(after.tick()) == 1
    after.keep([message("2", arrived("7", "crp", "10", 2))])
    assert not after.other_file


def test_any_bytes_are_kept_as_they_came(store: Store, clock: SetClock) -> None:
    keeper = Keeper(store, FAKE, clock=clock)
    contents = (bytes(range(256)), b"", b"\x00", "Müller 🩺".encode("utf-16"), b"'\"\\{}" * 50)
    group = [message(f"k\"'\\ {n} ü", content=one) for n, one in enumerate(contents)]
    receipts = keeper.keep(group)
    with store.reading() as connection:
        kept = [message_of(connection, one.message or 0) for one in receipts]
    assert [one.content for one in kept] == list(contents)
    assert [one.key for one in kept] == [one.key for one in group]


def test_whoever_waits_in_an_event_loop_is_answered(
    sqlite_store: Store, make_ingest: Callable[..., Ingest]
) -> None:
    ingest = make_ingest(sqlite_store)

    async def several() -> list[str]:
        wanted = [message(f"{n}", arrived(f"{n % 3}", "crp", f"{n}", n)) for n in range(50)]
        told = await asyncio.gather(*(ingest.accept_soon(one) for one in wanted))
        return [one.outcome for one in told]

    # a second loop, as of another thread or a server that was started again
    for outcome in ("stored", "repeat"):
        assert set(asyncio.run(several())) == {outcome}


def test_who_goes_away_before_his_turn_has_nothing_kept(sqlite_store: Store) -> None:
    ingest = Ingest(Keeper(sqlite_store, FAKE))

    async def gone() -> None:
        asking = asyncio.create_task(ingest.accept_soon(Message("hl7", "1", b"", (), "")))
        for _ in range(3):
            await asyncio.sleep(0)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking

    ingest._stopping.clear()  # it takes messages, but nobody works on them yet
    asyncio.run(gone())
    ingest.start()
    ingest.stop()
    assert ingest.counts.stored == 0


def test_a_summary_is_the_same_whether_parts_of_it_are_at_hand() -> None:
    following = real_following()
    episode = following.begin("p")
    start = SetClock().now
    names = ("infusion", "temperature", "crp", "temperature", "platelets", "systolic_pressure")
    for number, name in enumerate(names * 3, start=1):
        at = start + timedelta(hours=number)
        number_said = None if name == "infusion" else f"{36 + number / 2}"
        what = arrived("7", name, number_said, 0, source=f"{name}-{number}").observation
        what = type(what)(
            "p", name, at, what.value, _UNITS.get(name, ""), source=what.source, issued_at=at
        )
        episode, _ = following.advance(episode, Entry(number, at, what), alerts=True)
        kept = following.summary(episode, at, ())
        assert kept == real_following().summary(episode, at, ())


def test_health_says_that_another_server_follows_another_ward_file(tmp_path: Path) -> None:
    (tmp_path / "ward.toml").write_text(WARD)
    with laptop(tmp_path / "data", ward=tmp_path / "ward.toml") as client:
        opened = people_of(client).ward
        other = Keeper(opened.store, FAKE)
        several = [message(f"{n}", arrived("7", "crp", "10", n)) for n in range(3)]
        opened.ingest.accept(several[0])
        other.keep(several[1:2])
        opened.ingest.accept(several[2])
        answer = client.get("/health/ready")
        assert answer.status_code == 503
        assert answer.json()["checks"]["ward_file"] == "another server follows another one"
