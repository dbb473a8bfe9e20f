"""How fast the ward keeps and judges: ``python benchmarks/ward.py sqlite|postgresql [SECONDS]``.

Every figure is of the whole path behind the interfaces: message in, durable, everybody's grades and
scores judged anew, events and page summary kept, receipt out.

- ``sqlite``: 200 observations a second of 500 patients, each sent at its own moment whether or not
  the one before was answered; milliseconds from that moment to the receipt.
- ``postgresql``: two servers on one database, as much as they take: see `ward_load`. Sustained is
  600 seconds.
- ``replay [LINES]``: a log of so many lines folded again by all cores: see `ward_replay`.
- ``year``: how quick the pages are with a year of 500 beds in the log: see `ward_year`.
Replay, at the end of ``sqlite``: the log folded again from the first line, and compared.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from statistics import quantiles

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "unit"))

from ward_real import real_following

from cartwheel.serve.ward.ingest import Ingest
from cartwheel.serve.ward.keeper import Keeper
from cartwheel.serve.ward.known import verify
from cartwheel.store.database import Store, open_store
from cartwheel.watch.intake import Arrived, Item, Message, Person
from cartwheel.watch.observation import Observation
from ward_load import STAY, postgresql
from ward_year import year

PATIENTS, RATE, SECONDS = 500, 200, 60
# of 100 observations so many are vital signs
VITALS = (("temperature", "Cel", 30), ("systolic_pressure", "mm[Hg]", 30), ("spo2", "%", 20))
LABS = (
    ("crp", "mg/L", 4), ("ferritin", "ug/L", 3), ("ldh", "U/L", 4), ("creatinine", "umol/L", 4),
    ("platelets", "10*9/L", 5),
)  # fmt: skip
_LEVEL = {
    "temperature": (36.2, 39.8), "systolic_pressure": (85, 150), "spo2": (88, 99),
    "crp": (2, 250), "ferritin": (100, 9000), "ldh": (150, 900), "creatinine": (40, 180),
    "platelets": (10, 300),
}  # fmt: skip


def of(patient: int) -> tuple[tuple[str, str], ...]:
    """Identifiers of a patient."""
    return (("hospital", f"{patient:06d}"),)


def observation(chance: random.Random, patient: int, place: str, taken_at: datetime) -> Message:
    """Make one observation as an interface would."""
    kinds = (*VITALS, *LABS)
    name, unit, _ = chance.choices(kinds, [weight for _, _, weight in kinds])[0]
    low, high = _LEVEL[name]
    value = Decimal(f"{chance.uniform(low, high):.1f}")
    one = Observation("", name, taken_at, value, unit, source=place, issued_at=taken_at)
    content = f"MSH|^~\\&|LAB|A|{place}|{name}|{value}|{unit}".encode() * 6
    return Message("hl7", place, content, (Arrived(of(patient), one),), "MSA|AA")


def admitted(patients: range, infused_at: datetime) -> Iterator[Message]:
    """Admit patients."""
    for patient in patients:
        infusion = Observation("", "infusion", infused_at, None, source=f"{patient}-infusion")
        items: tuple[Item, ...] = (
            Person(of(patient), place="here"),
            Arrived(of(patient), infusion),
        )
        yield Message("hl7", f"admit-{patient}", b"ADT", items)


def begun(store: Store) -> Ingest:
    """Start an intake."""
    ingest = Ingest(Keeper(store, real_following()))
    ingest.start()
    return ingest


def admit(ingest: Ingest, patients: range) -> None:
    """Admit patients, many at a time."""
    then = datetime.now(UTC) - timedelta(days=2)
    with ThreadPoolExecutor(32) as senders:
        outcomes = {one.outcome for one in senders.map(ingest.accept, admitted(patients, then))}
    assert outcomes == {"stored"}, outcomes


def memory() -> float:
    """Tell the largest memory of this process so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def sqlite(seconds: int, folder: Path) -> None:
    """Keep time: 200 a second, each at its moment."""
    store = open_store(folder)
    ingest = begun(store)
    admit(ingest, range(PATIENTS))
    chance = random.Random(1)
    waits: list[float] = []
    start = time.monotonic() + 0.5
    wall = datetime.now(UTC)
    many = seconds * RATE
    work = time.process_time()

    def send(place: int) -> None:
        moment = start + place / RATE
        taken = wall + timedelta(seconds=place / RATE - 60)
        message = observation(random.Random(place), chance.randrange(PATIENTS), f"{place}", taken)
        time.sleep(max(moment - time.monotonic(), 0.0))
        assert ingest.accept(message).outcome == "stored"
        waits.append(time.monotonic() - moment)

    with ThreadPoolExecutor(64) as senders:
        list(senders.map(send, range(many)))
    work = time.process_time() - work
    counts = ingest.counts
    ingest.stop()
    cuts = quantiles(waits[RATE:], n=1000)
    print(
        f"sqlite: {many} observations of {PATIENTS} patients at {RATE}/s: "
        f"p50 {cuts[499] * 1e3:.1f} ms, p99 {cuts[989] * 1e3:.1f} ms, "
        f"p99.9 {cuts[998] * 1e3:.1f} ms, longest {max(waits) * 1e3:.0f} ms; "
        f"{counts.events} events, {counts.groups} transactions, "
        f"{work / many * 1e3:.2f} ms of processor an observation, {memory():.0f} MB"
    )
    replay(store)


def replay(store: Store) -> None:
    """Fold the log again, and compare."""
    following = real_following()
    start = time.perf_counter()
    told = verify(store, {following.sha256: following})
    took = time.perf_counter() - start
    print(
        f"replay: {told.lines} lines and {told.events} events in {took:.1f} s "
        f"({took / told.lines * 1e6:.0f} us a line), the same: {told.same}"
    )


def main(words: list[str]) -> None:
    """Measure what is asked for."""
    asking = argparse.ArgumentParser(description=__doc__)
    asking.add_argument("what", nargs="*", help="what, and seconds (replay: lines)")
    asking.add_argument("--stay", type=int, default=STAY, help="values until a discharge")
    asking.add_argument("--values-a-day", type=int, default=40, help="of a patient; year")
    asking.add_argument("--database", help="postgresql: year in a PostgreSQL of its own")
    told = asking.parse_args(words)
    seconds = next((int(word) for word in told.what if word.isdigit()), SECONDS)
    asked = [word for word in told.what if not word.isdigit()] or ["sqlite", "postgresql"]
    print(f"load of the machine before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    if "sqlite" in asked:
        with tempfile.TemporaryDirectory() as folder:
            sqlite(seconds, Path(folder))
    if "postgresql" in asked:
        postgresql(seconds, told.stay)
    if "replay" in asked:
        # it takes the patients and the messages of this file
        from ward_replay import LINES, replay as replay_lines  # noqa: PLC0415

        replay_lines(next((int(word) for word in told.what if word.isdigit()), LINES))
    if "year" in asked:
        year(told.values_a_day, told.database)


if __name__ == "__main__":
    main(sys.argv[1:])
