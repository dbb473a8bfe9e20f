"""A server, a database or a disk gives up: nothing is lost, nothing doubled."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from ward_fake import FakeFollowing
from ward_killed import lines, sent
from ward_messages import arrived, message

from cartwheel.serve.ward.ingest import Ingest
from cartwheel.serve.ward.keeper import Keeper
from cartwheel.serve.ward.known import verify
from cartwheel.store.database import Store, open_store
from cartwheel.store.ward_json import alert_of, known_of
from cartwheel.store.ward_tables import entries, events, messages
from cartwheel.watch.observation import Observation

UNIT = Path(__file__).resolve().parents[1] / "unit"
FAKE = FakeFollowing()
FOLLOWINGS = {FAKE.sha256: FAKE}

killing = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no fork and no SIGKILL")


def once(store: Store, acknowledged: set[str]) -> None:
    """Everything acknowledged is there once; replay equals live; no alert is lost or doubled."""
    with store.reading() as connection:
        kept = connection.execute(select(messages.c.number, messages.c.key)).all()
        lines_kept = connection.execute(
            select(entries.c.message_number, entries.c.body, entries.c.patient)
            .where(entries.c.kind == "observation")
        ).all()  # fmt: skip
        alerts = connection.execute(
            select(events.c.body).where(events.c.kind == "alert").order_by(events.c.number)
        ).scalars().all()  # fmt: skip
    keys = {row.number: row.key for row in kept}
    assert len(set(keys.values())) == len(kept)
    assert acknowledged <= set(keys.values())
    found = Counter(row.message_number for row in lines_kept)
    for number, key in keys.items():
        assert found[number] == len(sent(key).items), key
    for row in lines_kept:
        assert isinstance(known_of("observation", row.body, row.patient), Observation)
    steps = [alert_of(body) for body in alerts]
    raised = Counter(step.alert for step in steps if step.step == "raised")
    cleared = Counter(step.alert for step in steps if step.step == "cleared")
    assert set(raised.values()) <= {1}
    assert set(cleared.values()) <= {1}
    assert cleared.keys() <= raised.keys()
    told = verify(store, FOLLOWINGS)
    assert told.differences == ()
    assert told.unexplained == 0


def kill_many_times(folder: Path, url: str, rounds: int) -> None:
    done = subprocess.run(
        [sys.executable, str(UNIT / "ward_killed.py"), str(folder), url, str(rounds), "9"],
        env={"PYTHONPATH": str(UNIT), "PATH": ""},
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    acknowledged = lines(folder / "acknowledged")
    assert len(acknowledged) > rounds  # it was killed while it worked
    store = open_store(folder / "data", url or None)
    once(store, acknowledged)
    # what was being sent when the last one was killed comes again
    ingest = Ingest(Keeper(store, FakeFollowing()))
    ingest.start()
    unsure = lines(folder / "sent") - acknowledged
    assert all(ingest.accept(sent(key)).durable for key in sorted(unsure))
    ingest.stop()
    once(store, acknowledged | unsure)
    store.close()


@killing
@pytest.mark.parametrize(("database", "rounds"), [("sqlite", 20), ("postgresql", 6)])
def test_kill_9_many_times(
    database: str, rounds: int, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    url = request.getfixturevalue("postgresql_url") if database == "postgresql" else ""
    kill_many_times(tmp_path, url, rounds)


@killing
@pytest.mark.slow
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_kill_9_two_hundred_times(
    database: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    url = request.getfixturevalue("postgresql_url") if database == "postgresql" else ""
    kill_many_times(tmp_path, url, 200)


def test_a_database_that_is_restarted_in_mid_transaction(postgresql: Any) -> None:
    store = open_store(None, postgresql.new_database())
    ingest = Ingest(Keeper(store, FakeFollowing()))
    ingest.start()
    ending = threading.Event()
    acknowledged: set[str] = set()
    refused: Counter[str] = Counter()

    def send(sender: int) -> None:
        place = 0
        while not ending.is_set():
            key = f"0-{sender}-{place}"
            receipt = ingest.accept(sent(key))
            if receipt.durable:
                acknowledged.add(key)
                place += 1
            else:
                # a sender waits, and sends it again
                assert receipt.passes, receipt.problem
                refused[receipt.problem.code if receipt.problem else ""] += 1
                time.sleep(0.05)

    threads = [threading.Thread(target=send, args=(one,)) for one in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(2):
        time.sleep(0.5)
        postgresql.stop()
        time.sleep(0.3)
        postgresql.start()
    before = len(acknowledged)
    until = time.monotonic() + 30
    while len(acknowledged) < before + 20 and time.monotonic() < until:
        time.sleep(0.05)
    ending.set()
    for thread in threads:
        thread.join()
    ingest.stop()
    assert len(acknowledged) >= before + 20
    assert refused.keys() == {"store_unavailable"}
    once(store, acknowledged)
    store.close()


_FULL = """
import resource, sys
from pathlib import Path
from ward_fake import FakeFollowing
from ward_killed import sent
from cartwheel.serve.ward.ingest import Ingest
from cartwheel.serve.ward.keeper import Keeper
from cartwheel.store.database import open_store
folder = Path(sys.argv[1])
ingest = Ingest(Keeper(open_store(folder / "data"), FakeFollowing()))
ingest.start()
whole = resource.getrlimit(resource.RLIMIT_FSIZE)
largest = max(one.stat().st_size for one in (folder / "data").iterdir())
resource.setrlimit(resource.RLIMIT_FSIZE, (largest + 150_000, whole[1]))
keys = [f"0-0-{place}" for place in range(200)]
refused = []
for key in keys:
    receipt = ingest.accept(sent(key))
    if receipt.durable:
        print(key)
    else:
        assert receipt.passes, receipt.problem
        refused.append(key)
assert refused, "the disk was never full"
print("full", file=sys.stderr)
resource.setrlimit(resource.RLIMIT_FSIZE, whole)
for key in refused:
    assert ingest.accept(sent(key)).durable, key
    print(key)
ingest.stop()
"""


@killing
def test_a_disk_that_is_full_keeps_nothing_half(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _FULL, str(tmp_path)],
        env={"PYTHONPATH": str(UNIT), "PATH": ""},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stderr.splitlines() == ["full"]
    acknowledged = done.stdout.split()
    assert len(acknowledged) == len(set(acknowledged)) == 200
    store = open_store(tmp_path / "data")
    once(store, set(acknowledged))
    store.close()


def test_no_identifier_is_told_where_a_message_fails(
    sqlite_store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    keeper = Keeper(sqlite_store, FakeFollowing(fails_on="Lovelace"))
    bad = message("Lovelace", arrived("Lovelace", "crp", "1", source="Lovelace"))
    (receipt,) = keeper.keep([bad])
    assert receipt.outcome == "refused"
    assert "Lovelace" not in str(receipt)
    assert "Lovelace" not in "".join(capsys.readouterr())
