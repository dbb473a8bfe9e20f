"""What becomes of jobs when a server, a database or a disk gives up."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from serve_jobs import (
    SHEET,
    ask_check,
    ask_slow,
    begun,
    files_in_work,
    nothing_in_work,
    wait_until_gone,
)
from serve_waiting import PATIENCE, ended, until
from sqlalchemy import update

from cartwheel.errors import Refused
from cartwheel.serve.jobs.queue import BEAT, STALE, Queue
from cartwheel.store.database import Store, moment, open_store
from cartwheel.store.job_runs import claim_job
from cartwheel.store.kept_files import files_of, keep_file
from cartwheel.store.kept_jobs import job_of, jobs_of
from cartwheel.store.tables import files

MakeQueue = Callable[..., Queue]


def test_what_a_killed_server_left_in_its_folder_is_swept(
    sqlite_store: Store, tmp_path: Path
) -> None:
    left = tmp_path / "work" / "0123456789abcdef"
    (left / "job" / "in").mkdir(parents=True)
    (left / "job" / "in" / "patients.csv").write_bytes(SHEET)
    (left / "server.lock").write_bytes(b"")
    first = Queue(sqlite_store, folder=tmp_path / "work")
    kept = first.work.folder("job")
    assert not left.exists()
    # of a server that lives nothing is swept
    second = Queue(sqlite_store, folder=tmp_path / "work")
    assert second.work.path != first.work.path
    assert kept.is_dir()
    first.work.close()
    second.work.close()


_SERVER = """
import sys, time
from pathlib import Path
from cartwheel.serve.jobs import queue as times
from cartwheel.serve.jobs.queue import Queue
times.LOOK, times.BEAT, times.STALE = 0.2, 0.4, 2.0
from cartwheel.store.database import open_store
folder, url, memory = Path(sys.argv[1]), sys.argv[2] or None, 0
queue = Queue(open_store(folder / "data", url), workers=1, folder=folder / "work")
queue.start()
print("ready", flush=True)
while True:
    time.sleep(1)
"""


def _server(folder: Path, url: str) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-c", _SERVER, str(folder), url], stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    return process


def _kill(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    assert process.stdout is not None
    process.stdout.close()


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_kill_9_in_mid_job_and_the_next_start_does_it_again(
    database: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    url = request.getfixturevalue("postgresql_url") if database == "postgresql" else ""
    store = open_store(tmp_path / "data", url or None)
    waiting = Queue(store)  # asks only; the servers are processes
    killed = _server(tmp_path, url)
    job = ask_slow(store, waiting, 2000)
    begun(store, job)
    assert "simulated.csv" in files_in_work(tmp_path)
    _kill(killed)
    # it stands as running until its server has been silent for a while
    assert STALE >= 5 * BEAT
    assert job_of(store, job.id, None).state == "running"
    next_one = _server(tmp_path, url)
    try:
        done = ended(store, job)
        assert (done.state, done.attempts) == ("done", 2)
        assert len(files_of(store, None, "output", job.id)) == 5
        nothing_in_work(tmp_path)
    finally:
        _kill(next_one)
        store.close()


def test_the_worker_of_a_killed_server_ends_too(tmp_path: Path) -> None:
    store = open_store(tmp_path / "data")
    server = _server(tmp_path, "")
    job = ask_slow(store, Queue(store))
    begun(store, job)
    found = subprocess.run(
        ["pgrep", "-P", str(server.pid)], capture_output=True, text=True, check=False
    ).stdout.split()
    _kill(server)
    assert found
    for pid in found:
        wait_until_gone(int(pid))
    store.close()


def test_a_database_that_stops_in_mid_job_loses_nothing(
    postgresql_store: Store, postgresql: Any, make_queue: MakeQueue, tmp_path: Path
) -> None:
    store = postgresql_store
    job = ask_slow(store, make_queue(store), 1500)
    begun(store, job)
    postgresql.stop()
    with pytest.raises(Refused) as refused:
        jobs_of(store, None)
    assert refused.value.problems[0].code == "store_unavailable"
    # the development ends meanwhile, and has nowhere to go
    until_then = time.monotonic() + PATIENCE
    while "program.R" not in files_in_work(tmp_path) and time.monotonic() < until_then:
        time.sleep(0.05)
    assert "program.R" in files_in_work(tmp_path)
    time.sleep(0.5)
    postgresql.start()
    assert ended(store, job).state == "done"
    assert len(files_of(store, None, "output", job.id)) == 5


_LIMITED = """
import resource, sys, time
from pathlib import Path
from cartwheel.serve.jobs.queue import Queue
from cartwheel.store.database import open_store
from cartwheel.store.kept_files import keep_file
from cartwheel.store.kept_jobs import job_of
folder = Path(sys.argv[1])
store = open_store(folder / "data")
kept = keep_file(store, [Path(sys.argv[2]).read_bytes()], owner="ada", name="a.csv")
score = {"file": kept.id, "score": "easix"}
# no file may grow beyond this: as on a full disk
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), int(sys.argv[3])))
queue = Queue(store, workers=1, folder=folder / "work")
queue.start()
job = queue.ask("ada", "batch", "t", score, [kept.id])
while not (job := job_of(store, job.id, None)).is_over:
    time.sleep(0.05)
queue.stop()
print(job.state, job.problems[0].code if job.problems else "")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no limit of files there")
def test_a_full_disk_fails_the_job_and_is_named(tmp_path: Path) -> None:
    sheet = tmp_path / "a.csv"
    rows = b"300,1.1,90\n" * 4000
    sheet.write_bytes(b"ldh_U_L,creatinine_mg_dL,platelets_10_9_L\n" + rows)
    done = subprocess.run(
        [sys.executable, "-c", _LIMITED, str(tmp_path), str(sheet), str(600_000)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.stdout.split() == ["failed", "disk_full"], done.stdout + done.stderr


def test_a_process_without_work_ends(
    sqlite_store: Store, make_queue: MakeQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cartwheel.serve.jobs.queue.IDLE", 0.1)
    queue = make_queue(sqlite_store)
    job = ask_slow(sqlite_store, queue, 200)
    until(sqlite_store, job, lambda seen: seen.is_over or bool(queue.processes()))
    (pid,) = queue.processes()
    assert ended(sqlite_store, job).state == "done"
    wait_until_gone(pid)
    assert ended(sqlite_store, ask_check(sqlite_store, queue)).state == "done"


def test_what_is_older_than_the_days_it_is_kept_is_swept(
    store: Store, make_queue: MakeQueue
) -> None:
    old = keep_file(store, [SHEET], owner="ada", name="old.csv")
    young = keep_file(store, [SHEET], owner="ada", name="young.csv")
    two_days_ago = moment(2 * 86_400)
    with store.writing() as connection:
        connection.execute(update(files).where(files.c.id == old.id).values(made_at=two_days_ago))
    make_queue(store, keep_days=1)
    until_then = time.monotonic() + 20
    while len(files_of(store, None)) > 1 and time.monotonic() < until_then:
        time.sleep(0.05)
    assert files_of(store, None) == (young,)


def test_what_waits_is_taken_by_nobody_else_meanwhile(
    sqlite_store: Store, make_queue: MakeQueue
) -> None:
    queue = make_queue(sqlite_store, workers=2)
    jobs = [ask_check(sqlite_store, queue, name=f"{number}.csv") for number in range(6)]
    assert [ended(sqlite_store, job).state for job in jobs] == ["done"] * 6
    assert all(job_of(sqlite_store, job.id, None).attempts == 1 for job in jobs)
    assert claim_job(sqlite_store, "other") is None
