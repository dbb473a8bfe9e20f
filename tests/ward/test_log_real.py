"""The log with the step that really follows patients: replay equals live, byte for byte."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from sqlalchemy import select
from ward_messages import NOON, SetClock, arrived, message
from ward_real import WARD, real_following

from cartwheel.serve.settings import Settings
from cartwheel.serve.ward.again import SentAgain, send_again
from cartwheel.serve.ward.keeper import Keeper
from cartwheel.serve.ward.known import known_at, verify
from cartwheel.serve.ward.opened import open_ward_services
from cartwheel.store.database import Store
from cartwheel.store.ward_json import alert_of
from cartwheel.store.ward_parked import count_parked
from cartwheel.store.ward_tables import events
from cartwheel.watch.intake import Item, Merge, Message, Parked, Unmerge

_KINDS = (
    ("temperature", "Cel", 36, 40), ("crp", "mg/L", 2, 200), ("ldh", "U/L", 150, 900),
    ("creatinine", "umol/L", 40, 180), ("platelets", "10*9/L", 10, 300),
    ("systolic_pressure", "mm[Hg]", 80, 150),
)  # fmt: skip


def course(chance: random.Random, many: int) -> list[Message]:
    """Make what may come of four patients: late, twice, corrected, withdrawn, merged."""
    sent: list[Message] = [
        message(f"i{one}", arrived(f"{one}", "infusion", None, one, unit="")) for one in range(3)
    ]
    items: list[Item] = []
    for place in range(many):
        name, unit, low, high = chance.choice(_KINDS)
        number = f"{chance.uniform(low, high):.1f}"
        one = arrived(f"{chance.randrange(4)}", name, number, place / 3 - chance.expovariate(0.2),
                      unit=unit, source=f"s{place}")  # fmt: skip
        items.append(one)
        said: tuple[Item, ...] = (one,)
        if chance.random() < 0.2:
            old = chance.choice(items)
            assert not isinstance(old, Merge)
            status = chance.choice(("corrected", "withdrawn"))
            value = None if status == "withdrawn" else Decimal(number)
            same = replace(old.observation, value=value, status=status)  # type: ignore[union-attr]
            said = (one, replace(old, observation=same))  # type: ignore[type-var]
        if place % 40 == 20:
            said = (*said, Merge((("hospital", "0"),), (("hospital", "3"),)))
        if place % 40 == 35:
            said = (*said, Unmerge((("hospital", "3"),)))
        sent.append(message(f"{place}", *said))
    return sent


def test_replay_equals_live(store: Store, clock: SetClock) -> None:
    following = real_following()
    chance = random.Random(11)
    keepers = [Keeper(store, following, clock=clock) for _ in range(2)]
    sent = course(chance, 120)
    clock.now = NOON + timedelta(hours=12)
    while sent:
        many = chance.randrange(1, 9)
        group, sent = sent[:many], sent[many:]
        receipts = chance.choice(keepers).keep(group)
        assert {one.outcome for one in receipts} == {"stored"}
        clock.go(hours=chance.uniform(0.0, 1.0) * many / 3)
        if chance.random() < 0.3:
            keepers[0].tick()
        if chance.random() < 0.3:
            chance.choice(keepers).snapshots(after=1)
    told = verify(store, {following.sha256: following})
    assert told.differences == ()
    assert told.events > 100
    with store.reading() as connection:
        wanted = select(events.c.body).where(events.c.kind == "alert")
        steps = Counter(alert_of(body).step for body in connection.execute(wanted).scalars())
    assert steps["raised"] > 3
    assert steps["cleared"] or steps["withdrawn"]
    # with nothing in memory the same follows
    other = Keeper(store, following, clock=clock)
    late = arrived("1", "crp", "150", 2, source="late")
    other.keep([message("late", late)])
    assert verify(store, {following.sha256: following}).differences == ()


def test_another_ward_file_in_the_middle(store: Store, clock: SetClock) -> None:
    first = real_following()
    second = real_following(
        WARD.replace('"astct-icans", ', "").replace("default = 24", "default = 30")
    )
    sent = course(random.Random(5), 40)
    Keeper(store, first, clock=clock).keep(sent[:25])
    clock.go(hours=2)
    after = Keeper(store, second, clock=clock)
    while after.tick():
        pass
    after.keep(sent[25:])
    both = {one.sha256: one for one in (first, second)}
    assert verify(store, both).differences == ()
    (receipt,) = after.keep([message("x", arrived("0", "crp", "3", 5, source="x"))])
    patient = receipt.patients[0]
    assert (
        "astct-icans"
        in known_at(store, both, patient, clock.now - timedelta(hours=1)).episode.standings
    )
    assert "astct-icans" not in known_at(store, both, patient, clock.now).episode.standings


def test_a_ward_that_runs_reads_again_what_was_parked(sqlite_store: Store, tmp_path: Path) -> None:
    (tmp_path / "ward.toml").write_text(WARD, encoding="utf-8")
    ward = open_ward_services(Settings(folder=tmp_path, ward=tmp_path / "ward.toml"), sqlite_store)
    ward.start()
    aside = Parked("code_unmapped", "this code is in no table", "LAB", "CRPX")
    ward.ingest.accept(message("1", aside))
    ward.ingest.accept(message("2", replace(aside, code="CRPY")))
    ward.ingest.accept(replace(message("3", aside), interface="fhir"))
    mapped = arrived("7", "crp", "12")
    read: list[bytes] = []

    def reader(kept: Message) -> tuple[Item, ...]:
        read.append(kept.content)
        return (mapped,)

    ward.readers["hl7"] = reader
    # two lines: the ward file that a new patient is followed by, and the value
    assert send_again(ward, code="CRPX") == SentAgain(1, entries=2, parked=0, unread=1)
    assert read == [b"1"]
    assert send_again(ward, interface="hl7").messages == 1
    assert read == [b"1", b"2"]
    assert send_again(ward, interface="hl7") == SentAgain(0, entries=0, parked=0, unread=0)
    ward.stop()
    with sqlite_store.reading() as connection:
        assert [one.interface for one in count_parked(connection)] == ["fhir"]
