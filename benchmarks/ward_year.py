"""How quick the pages are after a year of 500 beds: ``python benchmarks/ward.py year``.

The log is made so: some dozen patients go through the real intake under a clock that runs through
their three weeks, and their rows are copied under new ids until the year is full. So every row is
one that the server wrote; of the copies only ids, numbers and the days of their moments differ (the
bodies keep the days of the original). The patients who are in the beds today are made and copied
alike, each from some hours to three weeks after infusion. Of every 1,000 values one is parked, and
waits.

Then a real server is started on it, and its pages are asked for over HTTP, one after another.
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from statistics import quantiles

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "unit"))

from serve_postgresql import own_cluster
from sqlalchemy import Connection, text
from ward_served import FOLLOWING, Served

from cartwheel.serve.ward.keeper import Keeper
from cartwheel.store.database import Store
from cartwheel.watch.intake import Arrived, Item, Message, Parked, Person
from cartwheel.watch.observation import Observation
from ward_load import KINDS, who

BEDS, DAYS, STAY_DAYS = 500, 365, 21
GONE, THERE, ASKED = 60, 50, 40
PARKED_OF = 1000
_HOURS = 6
_DRAWN = [kind for kind in KINDS for _ in range(kind[4])]
TABLES = ("ward_message", "ward_entry", "ward_event")
# of each table: what is copied, and what becomes of it
_DAY = {
    "sqlite": "strftime('%Y-%m-%dT%H:%M:%fZ', {}, :days)",
    "postgresql": (
        "to_char(CAST({} AS timestamptz) AT TIME ZONE 'UTC' + CAST(:days AS interval),"
        ' \'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"\')'
    ),
}
_COPIES = {
    "ward_episode": {
        "patient": "{id}", "state": "state", "made_at": "{made_at}",
        "last_entry": "last_entry + :by", "known_at": "{known_at}", "due_at": "due_at",
        "ward_sha256": "ward_sha256", "summary": "summary",
    },
    "ward_identifier": {"system": "system", "value": "value || :suffix", "patient": "{id}"},
    "ward_person": {"patient": "{id}", "name_shown": "name_shown || :suffix", "ward": "ward",
                    "bed": "bed || :suffix"},
    "ward_snapshot": {
        "patient": "{id}", "entry": "entry + :by",
        "text": "replace(text, '\"last_entry\":' || entry, '\"last_entry\":' || (entry + :by))",
    },
    "ward_message": {
        "number": "number + :by", "interface": "interface", "key": "key || :suffix",
        "sha256": "sha256", "content": "content", "known_at": "{known_at}", "reply": "reply",
    },
    "ward_entry": {
        "number": "number + :by", "message_number": "message_number + :by", "patient": "{id}",
        "known_at": "{known_at}", "kind": "kind", "body": "body",
    },
    "ward_event": {
        "number": "number + :by", "entry_number": "entry_number + :by", "ordinal": "ordinal",
        "patient": "{id}", "at": "{at}", "known_at": "{known_at}", "kind": "kind", "body": "body",
    },
    "ward_parked": {
        "number": "number + :by", "message_number": "message_number + :by",
        "interface": "interface", "reason": "reason", "what": "what", "system": "system",
        "code": "code", "unit": "unit", "name": "name", "known_at": "{known_at}",
    },
}  # fmt: skip
_OF_MESSAGES = ("ward_message", "ward_parked")


def stay(patient: int, begins: datetime, until: datetime, a_day: int) -> Iterator[Message]:
    """Give what comes of a patient until a moment, each as it is taken."""
    chance = random.Random(patient)
    infusion = Observation("", "infusion", begins, None, source=f"{patient}-infusion")
    person = Person(who(patient), f"Patient {patient}", "Ward 1", f"{patient % BEDS}", "here")
    yield Message("hl7", f"{patient}-admit", b"ADT", (person, Arrived(who(patient), infusion)))
    for place in range(int((until - begins) / timedelta(days=1) * a_day)):
        taken = begins + timedelta(days=(place + chance.random()) / a_day)
        name, unit, low, high, _ = chance.choice(_DRAWN)
        number = f"{low + (high - low) * chance.random() ** 2:.1f}"
        item: Item = Arrived(
            who(patient),
            Observation("", name, taken, Decimal(number), unit, source=f"{patient}-{place}",
                        issued_at=taken),
        )  # fmt: skip
        if chance.random() < 1 / PARKED_OF:
            item = Parked("code_unmapped", "the code is in no line of the table", "L",
                          f"LOCAL{chance.randrange(40)}", unit)  # fmt: skip
        content = f"MSH|^~\\&|LAB|A|{place}|{name}|{number}|{unit}".encode() * 6
        yield Message("hl7", f"{patient}-{place}", content, (item,), "MSA|AA")


def make(store: Store, now: datetime, a_day: int) -> None:
    """Let some patients through the real intake, under a clock of their time."""
    stays: list[tuple[Iterator[Message], datetime]] = []
    for one in range(GONE + THERE):
        left = one < GONE
        # who has left lay in the first bed of the year; who is there came in the last three weeks
        days = STAY_DAYS if left else 0.2 + (one - GONE) * STAY_DAYS / THERE
        begins = now - timedelta(days=DAYS if left else days)
        until = begins + timedelta(days=days)
        stays.append((stay(one, begins, until, a_day), until))
    for part, is_gone in ((stays[:GONE], True), (stays[GONE:], False)):
        begun = now - timedelta(days=DAYS if is_gone else STAY_DAYS + 1)
        clock = _Clock(begun)
        keeper = Keeper(store, FOLLOWING, clock=clock)
        waiting = [list(values)[::-1] for values, _ in part]
        while clock.now < max(until for _, until in part):
            clock.now += timedelta(hours=_HOURS)
            group: list[Message] = []
            for values in waiting:
                while values and taken_at(values[-1], clock.now) <= clock.now:
                    group.append(values.pop())
            for start in range(0, len(group), 200):
                keep(keeper, group[start : start + 200])
            while keeper.tick():
                pass
        if is_gone:
            names = range(GONE)
            keep(keeper, [Message("hl7", f"{one}-left", b"ADT", (Person(who(one), place="left"),))
                          for one in names])  # fmt: skip
        while keeper.snapshots(most=100, after=1):
            pass


def keep(keeper: Keeper, group: list[Message]) -> None:
    """Keep messages."""
    outcomes = {one.outcome for one in keeper.keep(group)}
    assert outcomes <= {"stored"}, outcomes


class _Clock:
    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


def taken_at(message: Message, moment: datetime) -> datetime:
    """Tell when what a message brings was taken; what cannot be used comes at once."""
    found = [item.observation.taken_at for item in message.items if isinstance(item, Arrived)]
    return found[0] if found else moment


def copy(connection: Connection, which: str, by: int, copied: int, days: int) -> None:
    """Copy the patients of a state under new ids."""
    name = connection.dialect.name
    moments = {one: _DAY[name].format(one) for one in ("known_at", "at", "made_at")}
    said = {"by": by, "suffix": f"-{copied}", "days": f"{days:+d} days", "which": which,
            "first": f"{copied:08x}"}  # fmt: skip
    for table, columns in _COPIES.items():
        values = ", ".join(
            one.format(id=":first || substr(patient, 9)", **moments) for one in columns.values()
        )
        if table in _OF_MESSAGES:
            # messages of which nothing is in the log are copied with those who have left
            number = "number" if table == "ward_message" else "message_number"
            sign = "<=" if which == "closed" else ">"
            mine = f"{number} {sign} (SELECT last FROM border)"
        else:
            mine = "patient IN (SELECT patient FROM originals WHERE state = :which)"
        names = ", ".join(f'"{one}"' for one in columns)
        # the originals alone
        mine += " AND number <= (SELECT every FROM border)" if "number" in columns else ""
        asked = f'INSERT INTO "{table}" ({names}) SELECT {values} FROM "{table}" WHERE {mine}'
        used = {key: one for key, one in said.items() if f":{key}" in asked}
        connection.execute(text(asked), used)


def fill(store: Store, a_day: int) -> None:
    """Fill the year."""
    now = datetime.now(UTC).replace(microsecond=0)
    make(store, now, a_day)
    with store.writing() as connection:
        postgresql = connection.dialect.name == "postgresql"
        highest = max(
            int(connection.execute(text(f'SELECT max(number) FROM "{one}"')).scalar() or 0)
            for one in TABLES
        )
        last = connection.execute(
            text("SELECT max(number) FROM ward_message WHERE key LIKE '%-left'")
        ).scalar()
        temporary = "CREATE TEMPORARY TABLE" if postgresql else "CREATE TABLE"
        connection.execute(
            text(f"{temporary} originals AS SELECT patient, state FROM ward_episode")
        )
        connection.execute(
            text(f"{temporary} border AS SELECT {int(last or 0)} AS last, {highest} AS every")
        )
        copied = 1
        for turn in range(1, BEDS // THERE):
            copy(connection, "assigned", copied * highest, copied, 0)
            copied += 1
            assert turn
        gone = BEDS * DAYS // STAY_DAYS // GONE
        for turn in range(1, gone):
            copy(connection, "closed", copied * highest, copied, turn * (DAYS - STAY_DAYS) // gone)
            copied += 1
        connection.execute(text("DROP TABLE originals"))
        connection.execute(text("DROP TABLE border"))
        if postgresql:
            for table in (*TABLES, "ward_parked"):
                connection.execute(text(
                    f"SELECT setval(pg_get_serial_sequence('{table}', 'number'),"
                    f" (SELECT max(number) FROM \"{table}\"))"
                ))  # fmt: skip
    if postgresql:
        # as autovacuum has done by then
        with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as bare:
            bare.execute(text("VACUUM ANALYZE"))


def counted(store: Store) -> dict[str, int]:
    """Count what is there."""
    wanted = {
        "patients": "SELECT count(*) FROM ward_episode",
        "followed": "SELECT count(*) FROM ward_episode WHERE state = 'assigned'",
        "lines": "SELECT count(*) FROM ward_entry",
        "events": "SELECT count(*) FROM ward_event",
        "parked": "SELECT count(*) FROM ward_parked",
    }
    with store.reading() as connection:
        return {name: int(connection.execute(text(one)).scalar_one())
                for name, one in wanted.items()}  # fmt: skip


def chosen(store: Store) -> dict[str, str]:
    """Choose a patient who is there longest, and one who has left."""
    wanted = text(
        "SELECT e.patient FROM ward_episode AS e JOIN ward_entry AS l ON l.patient = e.patient "
        "WHERE e.state = :state GROUP BY e.patient ORDER BY count(*) DESC LIMIT 1"
    )
    with store.reading() as connection:
        return {state: str(connection.execute(wanted, {"state": state}).scalar_one())
                for state in ("assigned", "closed")}  # fmt: skip


def server_work(served: Served) -> float:
    """Tell how long the server has computed so far, in seconds."""
    fields = Path(f"/proc/{served.pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def ask(served: Served, patients: dict[str, str]) -> None:
    """Ask for every page, and tell how long it took."""
    pages = {
        "board": "/ward", "rows of the board": "/ward/rows", "alerts": "/ward/alerts",
        "handover": "/ward/handover", "patient there": f"/ward/patient/{patients['assigned']}",
        "patient gone": f"/ward/patient/{patients['closed']}", "parked": "/ward/parked",
        "people": "/ward/people", "metrics": "/metrics", "ready": "/health/ready",
    }  # fmt: skip
    for name, path in pages.items():
        took: list[float] = []
        size = 0
        work = server_work(served)
        for _ in range(ASKED):
            begun = time.perf_counter()
            status, told = served.ask("GET", path)
            took.append(time.perf_counter() - begun)
            assert status == 200, (path, status)
            size = len(told)
        work = server_work(served) - work
        cuts = quantiles(took, n=100)
        print(
            f"  {name}: p50 {cuts[49] * 1e3:.0f} ms, p95 {cuts[94] * 1e3:.0f} ms, first "
            f"{took[0] * 1e3:.0f} ms; {work / ASKED * 1e3:.0f} ms of processor, "
            f"{size / 1024:.0f} KB",
            flush=True,
        )


@contextmanager
def database(wanted: str | None) -> Iterator[str]:
    """Give the address of a database: empty for SQLite."""
    if wanted != "postgresql":
        yield wanted or ""
        return
    with own_cluster(fsync="on") as cluster:
        yield cluster.new_database()


def year(a_day: int, wanted: str | None) -> None:
    """Fill a year, start a server on it, and ask for its pages."""
    with tempfile.TemporaryDirectory() as folder, database(wanted) as url:
        served = Served(Path(folder), url)
        served.prepare()
        store = served.store()
        begun = time.monotonic()
        fill(store, a_day)
        told = ", ".join(f"{many} {name}" for name, many in counted(store).items())
        patients = chosen(store)
        store.close()
        print(f"year: {told}; made in {time.monotonic() - begun:.0f} s", flush=True)
        served.start()
        try:
            ask(served, patients)
        finally:
            served.stop()
