"""What comes between: a job that two begin, a process that ends under one, a server that stops."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from serve_jobs import ask_check, ask_slow, begun, nothing_in_work, wait_until_gone
from serve_waiting import ended, until

from cartwheel.serve.jobs.process import WorkerProcess
from cartwheel.serve.jobs.queue import Queue
from cartwheel.store.database import Store, moment
from cartwheel.store.job_runs import claim_job, recover_jobs
from cartwheel.store.kept_files import files_of
from cartwheel.store.kept_jobs import job_of

MakeQueue = Callable[..., Queue]
IN_A_MINUTE = -60.0


def test_a_run_that_was_given_up_ends_and_the_same_server_does_the_job_once(
    store: Store, make_queue: MakeQueue, tmp_path: Path
) -> None:
    """A server that was not heard of for a while takes its own job up again beside itself."""
    queue = make_queue(store, workers=2)
    job = ask_slow(store, queue, 1500)
    begun(store, job)
    (first,) = queue.processes()
    assert recover_jobs(store, moment(IN_A_MINUTE)) == (1, 0)
    wait_until_gone(first)
    # the second run is not disturbed by the first one's end, and is still known by its process
    until(store, job, lambda _: bool(queue.processes()) and first not in queue.processes())
    assert first not in queue.processes()
    done = ended(store, job)
    assert (done.state, done.attempts, done.problems) == ("done", 2, ())
    assert len(files_of(store, None, "output", job.id)) == 5
    nothing_in_work(tmp_path)


def test_the_second_run_of_a_server_can_be_cancelled(
    sqlite_store: Store, make_queue: MakeQueue
) -> None:
    queue = make_queue(sqlite_store, workers=2)
    job = ask_slow(sqlite_store, queue)
    begun(sqlite_store, job)
    (first,) = queue.processes()
    recover_jobs(sqlite_store, moment(IN_A_MINUTE))
    wait_until_gone(first)
    until(sqlite_store, job, lambda _: bool(queue.processes()) and first not in queue.processes())
    (second,) = queue.processes()
    assert queue.cancel(job.id, "ada").state == "cancelled"
    wait_until_gone(second)


def test_a_claim_whose_answer_was_lost_is_not_kept_alive(
    sqlite_store: Store, make_queue: MakeQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store heard it, and the server did not: nobody runs the job, and nobody says so."""
    monkeypatch.setattr("cartwheel.serve.jobs.queue.STALE", 0.3)
    monkeypatch.setattr("cartwheel.serve.jobs.queue.BEAT", 0.05)
    monkeypatch.setattr("cartwheel.serve.jobs.queue.LOOK", 0.05)
    lost: list[str] = []

    def claimed(store: Store, run: str) -> Any:
        job = claim_job(store, run)
        if job is not None and job.title == "lost.csv" and not lost:
            lost.append(job.id)
            return None
        return job

    monkeypatch.setattr("cartwheel.serve.jobs.queue.claim_job", claimed)
    queue = make_queue(sqlite_store, workers=2)
    # another job of the same server goes on, and says so
    slow = ask_slow(sqlite_store, queue)
    begun(sqlite_store, slow)
    job = ask_check(sqlite_store, queue, name="lost.csv")
    done = ended(sqlite_store, job)
    assert lost == [job.id]
    assert (done.state, done.attempts) == ("done", 2)
    assert job_of(sqlite_store, slow.id, None).attempts == 1
    queue.cancel(slow.id, None)


class Held:
    """A process that does nothing, as the queue sees one."""

    alive, pid = True, 0

    def do(self, *_: object) -> Iterator[dict[str, Any]]:
        raise AssertionError("a server that stops begins no job")

    def kill(self) -> None:
        return None


def test_a_server_that_stops_does_not_begin_what_it_has_just_claimed(sqlite_store: Store) -> None:
    queue = Queue(sqlite_store)
    job = ask_check(sqlite_store, queue)
    claimed = claim_job(sqlite_store, "run")
    assert claimed is not None
    queue._stopping.set()
    assert queue._run(claimed, "run", Held())  # type: ignore[arg-type]
    left = job_of(sqlite_store, job.id, None)
    assert (left.state, left.attempts) == ("waiting", 0)


def test_no_process_to_be_had_fails_the_job_and_not_the_queue(
    sqlite_store: Store, make_queue: MakeQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[int] = []

    def process(memory: int) -> WorkerProcess:
        tried.append(memory)
        if len(tried) == 1:
            raise OSError(11, "Resource temporarily unavailable")
        return WorkerProcess(memory)

    monkeypatch.setattr("cartwheel.serve.jobs.queue.WorkerProcess", process)
    queue = make_queue(sqlite_store)
    failed = ended(sqlite_store, ask_check(sqlite_store, queue, name="first.csv"))
    assert (failed.state, failed.problems[0].code) == ("failed", "no_process")
    assert failed.problems[0].mend
    assert ended(sqlite_store, ask_check(sqlite_store, queue, name="next.csv")).state == "done"


def test_a_fault_of_the_keeper_does_not_end_the_heartbeat(
    sqlite_store: Store, make_queue: MakeQueue, monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setattr("cartwheel.serve.jobs.queue.BEAT", 0.05)
    monkeypatch.setattr("cartwheel.serve.jobs.queue.LOOK", 0.05)
    again = threading.Event()
    faults: list[str] = []

    def recover(store: Store, before: str) -> tuple[int, int]:
        if not faults:
            faults.append(before)
            raise RuntimeError("of a patient")
        again.set()
        return recover_jobs(store, before)

    monkeypatch.setattr("cartwheel.serve.jobs.queue.recover_jobs", recover)
    make_queue(sqlite_store)
    assert again.wait(20.0)
    said = capfd.readouterr().err
    assert "RuntimeError" in said
    assert "patient" not in said


def test_a_line_that_was_cut_off_is_an_end_and_not_a_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that dies while it tells a long thing."""
    process = WorkerProcess(0)
    reading, writing = os.pipe()
    os.write(writing, b'{"stage": "a", "done": 1, "total": 2}\n{"refused": [{"code": "x')
    os.close(writing)
    with os.fdopen(reading, "rb") as stream:
        assert process._process.stdout is not None
        process._process.stdout.close()
        monkeypatch.setattr(process._process, "stdout", stream)
        told = list(process.do("check", tmp_path, {}))
    process.close()
    assert told == [{"stage": "a", "done": 1, "total": 2}]


@pytest.mark.skipif(os.name != "posix", reason="processes have groups on POSIX")
def test_a_process_that_is_gone_is_not_killed_a_second_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its number may be another's by then."""
    process = WorkerProcess(0)
    process.close()
    killed: list[int] = []
    monkeypatch.setattr(os, "killpg", lambda pid, _: killed.append(pid))
    # as it looks while another thread still waits for its end
    monkeypatch.setattr(subprocess.Popen, "poll", lambda _: None)
    process.kill()
    assert killed == []


def test_a_killed_process_is_not_kept_for_the_next_job(
    sqlite_store: Store, make_queue: MakeQueue
) -> None:
    queue = make_queue(sqlite_store)
    job = ask_slow(sqlite_store, queue)
    begun(sqlite_store, job)
    (pid,) = queue.processes()
    queue.cancel(job.id, None)
    wait_until_gone(pid)  # reaped too: a process that waits to be read of is still there
    assert sys.platform != "linux" or not Path(f"/proc/{pid}").exists()
