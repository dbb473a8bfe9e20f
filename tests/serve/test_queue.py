"""The queue with real processes: what becomes of a job in every state, and of its server."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from serve_jobs import (
    SHEET,
    ask_check,
    ask_slow,
    begun,
    nothing_in_work,
    wait_until_gone,
)
from serve_waiting import ended, until

from cartwheel.errors import FileRefused, PlanRefused, Refused
from cartwheel.serve.jobs.process import WorkerProcess
from cartwheel.serve.jobs.queue import Queue
from cartwheel.store.database import Store
from cartwheel.store.kept_files import files_of, keep_file
from cartwheel.store.kept_jobs import Job, add_job, job_of, jobs_of
from cartwheel.workflows.check import check

MakeQueue = Callable[..., Queue]


def test_a_job_is_done_and_its_files_in_work_are_gone(
    store: Store, make_queue: MakeQueue, tmp_path: Path
) -> None:
    queue = make_queue(store)
    assert queue.processes() == ()
    job = ended(store, ask_check(store, queue))
    assert (job.state, job.problems) == ("done", ())
    assert [file.name for file in files_of(store, "ada", "output", job.id)] == ["check.json"]
    nothing_in_work(tmp_path)


def test_a_refusal_comes_with_the_words_of_the_command_line(
    sqlite_store: Store, make_queue: MakeQueue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = ended(sqlite_store, ask_check(sqlite_store, make_queue(sqlite_store), b"", "empty.csv"))
    assert job.state == "refused"
    (tmp_path / "empty.csv").write_bytes(b"")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Refused) as refused:
        check("empty.csv")
    assert job.problems == refused.value.problems


def test_an_unknown_kind_or_a_strangers_file_is_not_queued(
    sqlite_store: Store, make_queue: MakeQueue
) -> None:
    queue = make_queue(sqlite_store)
    kept = keep_file(sqlite_store, [SHEET], owner="ada", name="a.csv")
    with pytest.raises(PlanRefused):
        queue.ask("ada", "shell", "", {})
    with pytest.raises(FileRefused):
        queue.ask("bert", "check", "", {"file": kept.id}, [kept.id])
    assert jobs_of(sqlite_store, None) == ()


def test_a_file_that_was_not_listed_cannot_be_read(
    sqlite_store: Store, make_queue: MakeQueue
) -> None:
    kept = keep_file(sqlite_store, [SHEET], owner="bert", name="a.csv")
    queue = make_queue(sqlite_store)
    for asked in (kept.id, "../../../etc/passwd", "/etc/passwd", 5, False):
        job = ended(sqlite_store, queue.ask("ada", "check", "", {"file": asked}))
        assert job.state == "refused"
        assert job.problems[0].code == "no_file"


def test_cancel_in_every_state(store: Store, make_queue: MakeQueue) -> None:
    queue = make_queue(store)
    running = ask_slow(store, queue)
    waiting = ask_check(store, queue, name="waits.csv")
    assert begun(store, running).state == "running"
    assert job_of(store, waiting.id, None).state == "waiting"
    with pytest.raises(FileRefused):
        queue.cancel(waiting.id, "bert")
    assert queue.cancel(waiting.id, "ada").state == "cancelled"
    pids = queue.processes()
    assert len(pids) == 1
    assert queue.cancel(running.id, "ada").state == "cancelled"
    wait_until_gone(pids[0])
    # the next one is done by a new process; what is over stays as it was
    last = ended(store, ask_check(store, queue, name="next.csv"))
    assert last.state == "done"
    assert queue.cancel(last.id, "ada").state == "done"
    assert queue.cancel(running.id, "ada").state == "cancelled"
    assert files_of(store, None, "output", running.id) == ()


def test_a_worker_that_dies_fails_the_job_and_names_memory(
    sqlite_store: Store, make_queue: MakeQueue
) -> None:
    queue = make_queue(sqlite_store)
    job = ask_slow(sqlite_store, queue)
    begun(sqlite_store, job)
    os.kill(queue.processes()[0], signal.SIGKILL)
    failed = ended(sqlite_store, job)
    assert failed.state == "failed"
    assert failed.problems[0].code == "worker_died"
    assert "memory" in failed.problems[0].what
    assert ended(sqlite_store, ask_check(sqlite_store, queue)).state == "done"


@pytest.mark.skipif(sys.platform != "linux", reason="memory is limited on Linux")
def test_a_job_that_takes_too_much_memory_fails_and_the_server_lives(
    sqlite_store: Store, make_queue: MakeQueue
) -> None:
    queue = make_queue(sqlite_store, memory=400 << 20)
    row = b",".join(b"%d.5" % number for number in range(40)) + b"\n"
    head = b",".join(b"column_%d" % number for number in range(40)) + b"\n"
    job = ended(sqlite_store, ask_check(sqlite_store, queue, head + row * 120_000, "large.csv"))
    assert job.state == "failed"
    assert job.problems[0].code in ("out_of_memory", "worker_died")
    assert "400 MB" in job.problems[0].what
    assert ended(sqlite_store, ask_check(sqlite_store, queue)).state == "done"


def test_a_deleted_file_ends_the_job_that_reads_it(
    store: Store, make_queue: MakeQueue, tmp_path: Path
) -> None:
    queue = make_queue(store)
    job = ask_slow(store, queue)
    begun(store, job)
    (pid,) = queue.processes()
    (upload,) = files_of(store, "ada")
    queue.forget_file(upload.id, "ada")
    wait_until_gone(pid)
    assert jobs_of(store, None) == ()
    assert files_of(store, None, "output") == ()
    # its folder goes with it
    nothing_in_work(tmp_path)


def test_a_running_job_can_be_deleted(sqlite_store: Store, make_queue: MakeQueue) -> None:
    queue = make_queue(sqlite_store)
    job = ask_slow(sqlite_store, queue)
    begun(sqlite_store, job)
    (pid,) = queue.processes()
    queue.forget(job.id, "ada")
    wait_until_gone(pid)
    assert jobs_of(sqlite_store, None) == ()


def test_two_servers_share_one_queue_and_each_sees_all(store: Store, make_queue: MakeQueue) -> None:
    first, second = make_queue(store), make_queue(store)
    slow = ask_slow(store, first)
    begun(store, slow)
    runs, other = (first, second) if first.processes() else (second, first)
    jobs = [ask_check(store, runs, name=f"{number}.csv") for number in range(3)]
    assert [ended(store, job).state for job in jobs] == ["done"] * 3
    (pid,) = runs.processes()
    # a process is named until its job's files are gone
    until(store, slow, lambda _: other.processes() == ())
    # cancelled at the other server
    assert other.cancel(slow.id, "ada").state == "cancelled"
    wait_until_gone(pid)


def test_a_server_that_stops_leaves_its_job_for_the_next(
    store: Store, make_queue: MakeQueue
) -> None:
    first = make_queue(store)
    job = ask_slow(store, first, 300)
    until(store, job, lambda seen: seen.state == "running")
    first.stop()
    left = job_of(store, job.id, None)
    assert (left.state, left.attempts) in (("waiting", 0), ("done", 1))
    make_queue(store)
    assert ended(store, job).state == "done"


def test_what_changes_is_told_until_the_end(store: Store, make_queue: MakeQueue) -> None:
    queue = make_queue(store)
    job = ask_slow(store, queue, 1000)

    async def listen() -> list[Job]:
        return [seen async for seen in queue.changes(job.id)]

    async def both() -> list[list[Job]]:
        # two tabs
        return list(await asyncio.gather(listen(), listen()))

    for seen in asyncio.run(both()):
        assert seen[-1].state == "done"
        assert all(one != other for one, other in pairwise(seen))
        shares = [one.done / one.total for one in seen if one.total and one.stage == seen[1].stage]
        assert shares == sorted(shares)
    # once over, it is told once
    assert [one.state for one in asyncio.run(listen())] == ["done"]


def test_what_changes_ends_where_a_job_is_deleted(
    sqlite_store: Store, make_queue: MakeQueue
) -> None:
    queue = make_queue(sqlite_store)
    job = ask_slow(sqlite_store, queue)

    async def listen() -> int:
        count = 0
        async for _ in queue.changes(job.id):
            count += 1
            if count == 1:
                await asyncio.to_thread(queue.forget, job.id, "ada")
        return count

    assert asyncio.run(asyncio.wait_for(listen(), 30)) >= 1


def test_a_quiet_stream_is_kept_alive(sqlite_store: Store) -> None:
    job = add_job(sqlite_store, owner="ada", kind="check", title="", request={})
    queue = Queue(sqlite_store)

    async def listen() -> list[Job | None]:
        seen: list[Job | None] = []
        async for one in queue.looks(job.id, quiet=0.05):
            seen.append(one)
            if len(seen) == 3:
                return seen
        return seen

    assert asyncio.run(listen()) == [job, None, None]


def test_a_worker_knows_no_secret_of_the_server(
    sqlite_store: Store, make_queue: MakeQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CARTWHEEL_OIDC_CLIENT_SECRET", "hunter2")
    monkeypatch.setenv("PGPASSWORD", "hunter2")
    queue = make_queue(sqlite_store)
    job = ask_slow(sqlite_store, queue)
    begun(sqlite_store, job)
    environment = Path(f"/proc/{queue.processes()[0]}/environ")
    if not environment.exists():
        pytest.skip("no /proc here")
    assert b"hunter2" not in environment.read_bytes()
    queue.cancel(job.id, None)


def test_a_process_that_was_ended_takes_no_job_while_it_dies() -> None:
    # a job that is over in the store looks unwanted while its process is still held: it is killed
    # in that moment, and the system may still list it when the next job is given out
    process = WorkerProcess(0)
    assert process.alive
    process.kill()
    assert not process.alive
    process.close()
