"""Two servers on one PostgreSQL, as much as they take: ``python benchmarks/ward.py postgresql``.

A bed is never empty: who has had his values is discharged, and somebody else is admitted to it. So
what a server holds in memory levels off, as on a ward, and does not when something is not let go.
Values come in the order in which they were taken, a minute after it, each in a message of its own
that waits for its own receipt; a sender sends the next one only then.

At the end every acknowledged message has to be there once, with one line, and the logs of some
patients replayed have to say what was said live.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import random
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from statistics import quantiles
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "unit"))

from serve_postgresql import Cluster, own_cluster
from sqlalchemy import text
from ward_real import real_following

from cartwheel.serve.ward.ingest import Ingest
from cartwheel.serve.ward.keeper import Keeper
from cartwheel.serve.ward.known import verify
from cartwheel.store.database import Store, open_store
from cartwheel.watch.intake import Arrived, Identifiers, Message, Person
from cartwheel.watch.observation import Observation

SERVERS, BEDS, SENDERS, EVERY, SAMPLE = 2, 500, 100, 30, 20
# 21 days with 40 values each
STAY = 840
# name, unit, lowest and highest value, and how many of 100 values it is
KINDS = (
    ("temperature", "Cel", 36.2, 39.8, 30), ("systolic_pressure", "mm[Hg]", 85, 150, 30),
    ("spo2", "%", 88, 99, 20), ("crp", "mg/L", 2, 250, 4), ("ferritin", "ug/L", 100, 9000, 3),
    ("ldh", "U/L", 150, 900, 4), ("creatinine", "umol/L", 40, 180, 4),
    ("platelets", "10*9/L", 10, 300, 5),
)  # fmt: skip
_DRAWN = [kind for kind in KINDS for _ in range(kind[4])]
_MINUTE = timedelta(seconds=60)


def who(patient: int) -> Identifiers:
    """Give the identifiers of a patient."""
    return (("hospital", f"{patient:07d}"),)


def value_of(chance: random.Random, patient: int, place: str, taken_at: datetime) -> Message:
    """Make one value as an interface would, after its parser."""
    name, unit, low, high, _ = chance.choice(_DRAWN)
    number = f"{low + (high - low) * chance.random():.1f}"
    one = Observation("", name, taken_at, Decimal(number), unit, source=place, issued_at=taken_at)
    content = f"MSH|^~\\&|LAB|A|{place}|{name}|{number}|{unit}".encode() * 6
    return Message("hl7", place, content, (Arrived(who(patient), one),), "MSA|AA")


def admission(patient: int) -> Message:
    """Admit a patient, infused two days ago."""
    then = datetime.now(UTC) - timedelta(days=2)
    infusion = Observation("", "infusion", then, None, source=f"{patient}-infusion")
    items = (Person(who(patient), place="here"), Arrived(who(patient), infusion))
    return Message("hl7", f"{patient}-admit", b"ADT", items)


def discharge(patient: int) -> Message:
    """Discharge a patient."""
    return Message("hl7", f"{patient}-left", b"ADT", (Person(who(patient), place="left"),))


def memory_mb() -> float:
    """Tell how much memory this process has now, in MB."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


@dataclass(slots=True)
class Bed:
    """A bed, who is in it, and how many values he has had."""

    patient: int
    stay: int
    sent: int = 0


class Server:
    """One server with its senders, in a process of its own."""

    def __init__(self, url: str, part: int, stay: int) -> None:
        self.part, self.stay = part, stay
        self.store = open_store(None, url)
        self.ingest = Ingest(Keeper(self.store, real_following()))
        self.acknowledged: dict[int, int] = {}
        self.kept, self.waits = 0, [0.0]
        # who is first in a bed has been there for a while: somebody leaves all the time
        numbers = range(part, BEDS, SERVERS)
        self.beds = [Bed(one, 1 + one * stay // BEDS) for one in numbers]
        self.until = 0.0

    async def ask(self, message: Message) -> None:
        """Send, and wait for the receipt."""
        receipt = await self.ingest.accept_soon(message)
        assert receipt.outcome == "stored", receipt

    async def admit(self) -> None:
        """Fill the beds."""
        await asyncio.gather(*(self.ask(admission(bed.patient)) for bed in self.beds))
        self.acknowledged.update({bed.patient: 0 for bed in self.beds})

    async def send(self, sender: int) -> None:
        """Be one sender: its beds by turns."""
        chance = random.Random(self.part * 1000 + sender)
        mine = self.beds[sender::SENDERS]
        while True:
            for bed in mine:
                if time.monotonic() >= self.until:
                    return
                if bed.sent == bed.stay:
                    await self.ask(discharge(bed.patient))
                    bed.patient, bed.stay, bed.sent = bed.patient + BEDS, self.stay, 0
                    await self.ask(admission(bed.patient))
                taken = datetime.now(UTC) - _MINUTE
                message = value_of(chance, bed.patient, f"{bed.patient}-{bed.sent}", taken)
                begun = time.monotonic()
                await self.ask(message)
                self.waits.append(time.monotonic() - begun)
                self.kept += 1
                bed.sent += 1
                self.acknowledged[bed.patient] = bed.sent

    async def report(self, told: Any) -> None:
        """Tell how it goes, now and then."""
        while True:
            await asyncio.sleep(EVERY)
            told.put(("so far", self.part, self.kept, self.slow(), memory_mb()))
            self.waits = [0.0]

    def slow(self) -> float:
        """Tell what 1 in 100 of the last messages waited longer than, in seconds."""
        return quantiles([*self.waits, 0.0], n=100)[-1]

    async def run(self, seconds: int, ready: Any, told: Any) -> None:
        """Be all senders, for so long."""
        await self.admit()
        await asyncio.to_thread(ready.wait)
        work, sending = time.process_time(), time.thread_time()
        self.until = time.monotonic() + seconds
        reporter = asyncio.create_task(self.report(told))
        await asyncio.gather(*(self.send(one) for one in range(SENDERS)))
        reporter.cancel()
        work, sending = time.process_time() - work, time.thread_time() - sending
        counts = self.ingest.counts
        told.put(("end", self.part, self.kept, self.acknowledged, work, sending, counts.groups,
                  counts.events))  # fmt: skip


def serve(url: str, part: int, seconds: int, stay: int, ready: Any, told: Any) -> None:
    """Be one server."""
    server = Server(url, part, stay)
    server.ingest.start()
    asyncio.run(server.run(seconds, ready, told))
    server.ingest.stop()
    server.store.close()


def database_work(cluster: Cluster) -> float:
    """Tell how long PostgreSQL has computed so far, in seconds: all of its processes."""
    first = int((cluster.folder / "data" / "postmaster.pid").read_text("ascii").split()[0])
    ticks = 0
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text("ascii").rpartition(")")[2].split()
        except OSError:
            continue
        if int(path.parent.name) == first:
            # with those that have ended
            ticks += sum(map(int, fields[11:15]))
        elif int(fields[1]) == first:
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def rows_kept(store: Store) -> int:
    """Tell about how many lines and events there are."""
    wanted = text(
        "SELECT sum(n_tup_ins) FROM pg_stat_user_tables WHERE relname IN "
        "('ward_entry', 'ward_event')"
    )
    with store.reading() as connection:
        return int(connection.execute(wanted).scalar() or 0)


def watch(told: Any, store: Store, seconds: int) -> list[tuple[Any, ...]]:
    """Print how it goes until every server has ended, and give what they said at the end."""
    ends: list[tuple[Any, ...]] = []
    several: list[tuple[Any, ...]] = []
    before, step = 0, 0
    while len(ends) < SERVERS:
        one = told.get(timeout=seconds + 180)
        if one[0] == "end":
            ends.append(one)
            continue
        several.append(one)
        if len(several) < SERVERS:
            continue
        kept, step = sum(two[2] for two in several), step + 1
        slow = max(two[3] for two in several)
        sizes = ", ".join(f"{two[4]:.0f}" for two in sorted(several, key=lambda two: two[1]))
        print(
            f"  {step * EVERY:4d} s: {(kept - before) / EVERY:5.0f}/s, p99 {slow * 1e3:.0f} ms, "
            f"servers {sizes} MB, {rows_kept(store)} lines and events",
            flush=True,
        )
        before, several = kept, []
    return ends


def check(store: Store, acknowledged: dict[int, int]) -> None:
    """Compare what was acknowledged with what is there; replay some patients."""
    messages = text("SELECT split_part(key, '-', 1), count(*) FROM ward_message GROUP BY 1")
    lines = text(
        "SELECT count(*), count(DISTINCT message_number) FROM ward_entry "
        "WHERE kind = 'observation' AND message_number IS NOT NULL"
    )
    pairs = text("SELECT value, patient FROM ward_identifier ORDER BY value")
    with store.reading() as connection:
        there = {int(patient): int(many) for patient, many in connection.execute(messages)}
        many, of = connection.execute(lines).one()
        patients = [patient for _, patient in connection.execute(pairs)]
    gone = {one for one in acknowledged if one + BEDS in acknowledged}
    # an admission, the values, and perhaps a discharge
    wanted = {one: many + 1 + (one in gone) for one, many in acknowledged.items()}
    assert there == wanted, "a message is missing, or there twice"
    assert many == of == sum(acknowledged.values()) + len(acknowledged), "lines are missing"
    print(f"  all {sum(wanted.values())} acknowledged messages are there once, each with its line")
    following = real_following()
    sample = random.Random(1).sample(patients, min(SAMPLE, len(patients)))
    told = verify(store, {following.sha256: following}, sample)
    print(f"  replay of {len(sample)} patients, {told.lines} lines: the same: {told.same}")
    assert told.same


def postgresql(seconds: int, stay: int) -> None:
    """Two servers, one database."""
    with own_cluster(fsync="on") as cluster:
        url = cluster.new_database()
        store = open_store(None, url)
        context = multiprocessing.get_context("spawn")
        told, ready = context.Queue(), context.Barrier(SERVERS + 1)
        several = [
            context.Process(target=serve, args=(url, part, seconds, stay, ready, told))
            for part in range(SERVERS)
        ]
        for one in several:
            one.start()
        ready.wait(timeout=120)
        database = database_work(cluster)
        ends = watch(told, store, seconds)
        database = database_work(cluster) - database
        for one in several:
            one.join()
        kept = sum(end[2] for end in ends)
        server = sum(end[4] - end[5] for end in ends) / kept
        senders = sum(end[5] for end in ends) / kept
        groups, events = sum(end[6] for end in ends), sum(end[7] for end in ends)
        print(
            f"postgresql: {kept} observations in {seconds} s by two servers: {kept / seconds:.0f}/s"
            f", {kept / groups:.0f} a transaction, {events / kept:.1f} events an observation; "
            f"processor an observation: servers {server * 1e6:.0f} us, senders "
            f"{senders * 1e6:.0f} us, PostgreSQL {database / kept * 1e6:.0f} us"
        )
        check(store, {patient: many for end in ends for patient, many in end[3].items()})
        store.close()
