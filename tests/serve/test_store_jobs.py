"""Jobs in the store: each taken once, ended once, taken up again where a server stopped."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, update

from cartwheel.errors import FileRefused, Problem
from cartwheel.store.database import Store, moment, open_store
from cartwheel.store.job_runs import (
    beat,
    claim_job,
    end_job,
    finish_job,
    recover_jobs,
    release_jobs,
    running_at,
    tell_progress,
)
from cartwheel.store.kept_files import files_of, keep_file
from cartwheel.store.kept_jobs import OVER, Job, State, add_job, forget_old, job_of, jobs_of
from cartwheel.store.tables import files, jobs


def _ask(store: Store, number: int = 0, owner: str = "ada") -> Job:
    return add_job(store, owner=owner, kind="check", title="t", request={"number": number})


def test_jobs_are_taken_in_the_order_in_which_they_were_asked(store: Store) -> None:
    asked = [_ask(store, number) for number in range(4)]
    taken = [claim_job(store, "here") for _ in range(5)]
    assert [job.id for job in taken if job] == [
        job.id for job in sorted(asked, key=lambda job: (job.made_at, job.id))
    ]
    assert taken[-1] is None
    assert all(job.state == "running" and job.attempts == 1 for job in taken if job)


def test_no_job_is_taken_twice(store: Store) -> None:
    """Eight threads with connections of their own, as two servers would."""
    asked = {_ask(store, number).id for number in range(60)}
    taken: list[str] = []
    lock = threading.Lock()

    def take(server: str) -> None:
        empty = 0
        while empty < 3:
            job = claim_job(store, server)
            if job is None:
                empty += 1
                continue
            with lock:
                taken.append(job.id)

    threads = [threading.Thread(target=take, args=(f"s{place}",)) for place in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == 60
    assert set(taken) == asked


def test_a_second_click_gets_the_first_job(store: Store) -> None:
    kept = keep_file(store, [b"x"], owner="ada", name="a.csv")
    made: list[str] = []

    def click() -> None:
        asked = {"owner": "ada", "kind": "check", "title": "t", "request": {"file": kept.id}}
        made.append(add_job(store, **asked, inputs=[kept.id]).id)  # type: ignore[arg-type]

    threads = [threading.Thread(target=click) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 6
    assert len(set(made)) == 1
    # another request, another person, and the same one once the first is over: new jobs
    assert _ask(store, 1).id != _ask(store, 2).id
    assert _ask(store, 1).id != _ask(store, 1, "bert").id
    end_job(store, made[0], "cancelled")
    click()
    assert made[-1] != made[0]


def test_a_job_is_not_asked_on_a_file_of_another_person(store: Store) -> None:
    kept = keep_file(store, [b"x"], owner="ada", name="a.csv")
    for owner, inputs in (("bert", [kept.id]), ("ada", ["nothing"])):
        with pytest.raises(FileRefused) as refused:
            add_job(store, owner=owner, kind="check", title="", request={}, inputs=inputs)
        assert refused.value.problems[0].code == "no_such_file"
    assert jobs_of(store, None) == ()


def test_what_is_over_stays_as_it_is(store: Store) -> None:
    for state in OVER:
        job = _ask(store)
        claim_job(store, "here")
        assert end_job(store, job.id, state, [Problem("c", "w", "p", "m")])
        before = job_of(store, job.id, None)
        assert not end_job(store, job.id, "cancelled")
        assert not finish_job(store, job.id, "here", [("a", "text/plain", [b"x"])])
        tell_progress(store, job.id, "here", "later", 1, 2)
        assert job_of(store, job.id, None) == before
        assert before.problems == (Problem("c", "w", "p", "m"),)
    assert files_of(store, None, "output") == ()


def test_the_word_of_a_server_that_lost_a_job_counts_no_more(store: Store) -> None:
    job = _ask(store)
    claim_job(store, "first")
    _silence(store)
    assert recover_jobs(store, moment(10)) == (1, 0)
    again = claim_job(store, "second")
    assert again is not None
    assert again.attempts == 2
    tell_progress(store, job.id, "first", "late", 9, 9)
    assert not end_job(store, job.id, "failed", (), "first")
    assert not finish_job(store, job.id, "first", [("a.json", "text/plain", [b"old"])])
    assert job_of(store, job.id, None).stage == ""
    assert running_at(store, "second") == {job.id}
    assert finish_job(store, job.id, "second", [("a.json", "text/plain", [b"new"])])
    assert [file.size for file in files_of(store, "ada", "output", job.id)] == [3]


def test_a_job_that_stopped_two_servers_is_lost_and_says_so(store: Store) -> None:
    job = _ask(store)
    for told in ((1, 0), (0, 1)):
        claim_job(store, "here")
        _silence(store)
        assert recover_jobs(store, moment(10)) == told
    lost = job_of(store, job.id, None)
    assert lost.state == "lost"
    assert lost.problems[0].code == "job_lost"
    assert claim_job(store, "here") is None


def test_a_server_that_beats_keeps_its_jobs(store: Store) -> None:
    _ask(store)
    claim_job(store, "here")
    _silence(store)
    beat(store, "here")
    assert recover_jobs(store, moment(10)) == (0, 0)


def test_a_server_that_stops_in_good_order_lets_its_jobs_wait(store: Store) -> None:
    job = _ask(store)
    for _ in range(3):  # however often: it was not the job's fault
        claim_job(store, "here")
        release_jobs(store, "here")
    waiting = job_of(store, job.id, None)
    assert (waiting.state, waiting.attempts) == ("waiting", 0)


def _silence(store: Store) -> None:
    with store.writing() as connection:
        connection.execute(update(jobs).values(beat_at=moment(60)))


@pytest.mark.parametrize("state", ["waiting", "running", "done", "refused"])
def test_old_files_and_jobs_are_swept_but_not_under_a_job(store: Store, state: State) -> None:
    kept = keep_file(store, [b"x"], owner="ada", name="a.csv")
    young = keep_file(store, [b"x"], owner="ada", name="b.csv")
    job = add_job(store, owner="ada", kind="check", title="", request={}, inputs=[kept.id])
    if state != "waiting":
        claim_job(store, "here")
    if state in OVER:
        end_job(store, job.id, state)
    with store.writing() as connection:
        connection.execute(update(files).where(files.c.id == kept.id).values(made_at=moment(1e6)))
        connection.execute(update(jobs).values(made_at=moment(1e6)))
    forget_old(store, moment(5e5))
    left = {file.id for file in files_of(store, None)}
    assert left == ({young.id} if state in OVER else {young.id, kept.id})
    assert len(jobs_of(store, None)) == (0 if state in OVER else 1)


def test_old_jobs_without_a_file_are_swept(store: Store) -> None:
    job = _ask(store)
    claim_job(store, "here")
    finish_job(store, job.id, "here", [("a", "text/plain", [b"x"])])
    assert forget_old(store, moment(100)) == (0, 0)
    with store.writing() as connection:
        connection.execute(update(jobs).values(ended_at=moment(1e6)))
    assert forget_old(store, moment(100)) == (0, 1)
    assert files_of(store, None, "output") == ()


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_two_servers_may_open_an_empty_store_at_once(
    database: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    url = request.getfixturevalue("postgresql_url") if database == "postgresql" else None
    opened: list[Store] = []
    errors: list[BaseException] = []

    def start() -> None:
        try:
            opened.append(open_store(tmp_path, url))
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert [jobs_of(store, None) for store in opened] == [()] * 4
    for store in opened:
        store.close()


def test_a_full_disk_is_named_and_nothing_is_half_kept(sqlite_store: Store) -> None:
    kept = keep_file(sqlite_store, [b"small"], owner="ada", name="a.csv")
    _no_larger(sqlite_store)
    with pytest.raises(FileRefused) as refused:
        keep_file(sqlite_store, [b"x" * 4_000_000], owner="ada", name="b.csv")
    problem = refused.value.problems[0]
    assert problem.code == "store_unavailable"
    assert "full" in problem.what
    assert files_of(sqlite_store, None) == (kept,)


def _no_larger(store: Store) -> None:
    """Let the file of the database grow no more, as on a full disk."""
    store.engine.dispose()

    def limit(connection: Any, _: object) -> None:
        connection.execute("PRAGMA max_page_count = 200")

    event.listen(store.engine, "connect", limit)


def test_a_database_that_is_away_is_named_without_what_was_written(
    postgresql_store: Store, postgresql: Any
) -> None:
    postgresql.stop()
    try:
        with pytest.raises(FileRefused) as refused:
            add_job(postgresql_store, owner="ada", kind="check", title="Frau Meier", request={})
        assert refused.value.problems[0].code == "store_unavailable"
        assert "Meier" not in str(refused.value)
    finally:
        postgresql.start()
    # and when it is back, so are we
    back = add_job(postgresql_store, owner="ada", kind="check", title="", request={})
    assert back.state == "waiting"
