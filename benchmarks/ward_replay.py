"""How fast a log is replayed: ``python benchmarks/ward.py replay [LINES]``.

A log of so many observations is filled through the keeper, many to a transaction, with a clock that
is set: stays of about three weeks, a thousand values each, and the snapshots that an idle server
writes. Then every line is folded again in as many processes as there are cores, and everything that
was told is compared byte for byte.
"""

from __future__ import annotations

import os
import random
import resource
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "unit"))

from ward_real import real_following

from cartwheel.serve.ward.keeper import Keeper
from cartwheel.serve.ward.verifying import verify_in_processes
from cartwheel.store.database import Store, open_store
from ward import admitted, observation

LINES = 1_000_000
# of a stay, patients who are there together, messages in one transaction
VALUES, TOGETHER, GROUP = 1000, 100, 500
STAY = timedelta(days=21)


def filled(store: Store, lines: int) -> None:
    """Fill a log."""
    now = datetime(2025, 1, 1, 12, tzinfo=UTC)
    for first in range(0, max(lines // VALUES, 1), TOGETHER):
        many = min(TOGETHER, max(lines // VALUES, 1) - first)
        now = cohort(store, range(first, first + many), min(VALUES, lines), now)


def cohort(store: Store, patients: range, values: int, begun: datetime) -> datetime:
    """Follow patients who are there together, and tell when they leave."""
    now = begun
    keeper = Keeper(store, real_following(), clock=lambda: now)
    keeper.keep(list(admitted(patients, now - timedelta(days=1))))
    chance = random.Random(patients[0])
    many = values * len(patients)
    for start in range(0, many, GROUP):
        group = []
        for place in range(start, min(start + GROUP, many)):
            taken = begun + STAY * place / many - timedelta(minutes=chance.randrange(60))
            name = f"{patients[0]}-{place}"
            group.append(observation(chance, chance.choice(patients), name, taken))
        now = begun + STAY * min(start + GROUP, many) / many
        keeper.keep(group)
        if start // GROUP % 10 == 0:
            while keeper.tick():
                pass
            keeper.snapshots(most=len(patients))
    return now


def replay(lines: int) -> None:
    """Fill a log, replay it, and print how long it took and how much memory."""
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(Path(folder))
        start = time.perf_counter()
        filled(store, lines)
        print(f"filled in {time.perf_counter() - start:.0f} s")
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        start = time.perf_counter()
        told = verify_in_processes(store)
        took = time.perf_counter() - start
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        work = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        print(
            f"replay: {told.lines} lines and {told.events} events of {told.patients} patients in "
            f"{took:.1f} s by {os.cpu_count()} processes: {told.lines / took:.0f} lines a second, "
            f"{work / told.lines * 1e3:.3f} ms of processor a line, at most "
            f"{after.ru_maxrss / 1024:.0f} MB a process; the same: {told.same}"
        )
        store.close()
