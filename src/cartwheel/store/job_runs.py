"""Jobs while servers run them: taken, told of, ended; and taken up again where a server stopped.

A server says with every word which one it is. What another server has taken up in the meantime is
no longer its own, and its word changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict

from sqlalchemy import ColumnElement, or_, select, update

from cartwheel.errors import Problem
from cartwheel.store.database import Store, moment
from cartwheel.store.kept_files import write_file
from cartwheel.store.kept_jobs import OVER, Job, State, job_of_row
from cartwheel.store.tables import jobs

# a job that took two servers down with it is not tried a third time
_MOST_ATTEMPTS = 2


def claim_job(store: Store, server: str) -> Job | None:
    """Take the oldest waiting job for a server; no two servers take the same.

    Parameters
    ----------
    store : Store
        Where.
    server : str
        Id of the server that will run it.

    Returns
    -------
    Job or None
        Running; None where none waits.
    """
    oldest = (
        select(jobs.c.id)
        .where(jobs.c.state == "waiting")
        .order_by(jobs.c.made_at, jobs.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    taken = (
        update(jobs)
        .where(jobs.c.id == oldest, jobs.c.state == "waiting")
        .values(
            state="running",
            server=server,
            attempts=jobs.c.attempts + 1,
            started_at=moment(),
            beat_at=moment(),
        )
        .returning(*jobs.c)
    )
    waits = select(jobs.c.id).where(jobs.c.state == "waiting").limit(1)
    with store.reading() as connection:
        # a server that idles does not write
        if connection.execute(waits).one_or_none() is None:
            return None
    with store.writing() as connection:
        found = connection.execute(taken).one_or_none()
    return None if found is None else job_of_row(found)


def tell_progress(
    store: Store, job_id: str, server: str, stage: str, done: int, total: int
) -> None:
    """Say how far a running job is.

    Parameters
    ----------
    store : Store
        Where.
    job_id, server : str
        Of the job, and of the server that runs it: another one's word counts no more.
    stage : str
        What is being done.
    done, total : int
        Steps of it.
    """
    with store.writing() as connection:
        connection.execute(
            update(jobs)
            .where(*_running_at(job_id, server))
            .values(stage=stage[:200], done=done, total=total)
        )


def finish_job(
    store: Store, job_id: str, server: str, outputs: Iterable[tuple[str, str, Iterable[bytes]]]
) -> bool:
    """Keep everything that a job made, and say that it is done: both, or neither.

    Parameters
    ----------
    store : Store
        Where.
    job_id, server : str
        Of the job, and of the server that ran it.
    outputs : iterable of (str, str, iterable of bytes)
        Name, media type and content of each file.

    Returns
    -------
    bool
        False where the job is not this server's any more: cancelled, deleted, or taken up by
        another one. Then nothing is kept.
    """
    ended = (
        update(jobs)
        .where(*_running_at(job_id, server))
        .values(state="done", ended_at=moment())
        .returning(jobs.c.owner)
    )
    with store.writing() as connection:
        owner = connection.execute(ended).scalar_one_or_none()
        if owner is None:
            return False
        for name, media_type, pieces in outputs:
            write_file(
                connection,
                pieces,
                owner=owner,
                name=name,
                media_type=media_type,
                purpose="output",
                job_id=job_id,
            )
    return True


def end_job(
    store: Store,
    job_id: str,
    state: State,
    problems: Iterable[Problem] = (),
    server: str | None = None,
) -> bool:
    """Say how a job ended.

    Parameters
    ----------
    store : Store
        Where.
    job_id : str
        Of the job.
    state : str
        One of `OVER`.
    problems : iterable of Problem
        Why it was refused, or what is said of a failure.
    server : str, optional
        Only where this server runs it.

    Returns
    -------
    bool
        False where it was over already, such as cancelled in the last moment: then nothing changes.
    """
    told = json.dumps([asdict(problem) for problem in problems], ensure_ascii=False)
    meant = (jobs.c.id == job_id, jobs.c.state.not_in(OVER))
    with store.writing() as connection:
        ended = connection.execute(
            update(jobs)
            .where(*(meant if server is None else _running_at(job_id, server)))
            .values(state=state, ended_at=moment(), problems=told)
            .returning(jobs.c.id)
        )
        return ended.one_or_none() is not None


def _running_at(job_id: str, server: str) -> tuple[ColumnElement[bool], ...]:
    return (jobs.c.id == job_id, jobs.c.state == "running", jobs.c.server == server)


def beat(store: Store, server: str) -> None:
    """Say that a server is alive, of every job it runs.

    Parameters
    ----------
    store : Store
        Where.
    server : str
        Its id.
    """
    with store.writing() as connection:
        connection.execute(
            update(jobs)
            .where(jobs.c.server == server, jobs.c.state == "running")
            .values(beat_at=moment())
        )


def recover_jobs(store: Store, before: str) -> tuple[int, int]:
    """Take up jobs whose server stopped: they wait again, or are lost after two attempts.

    Parameters
    ----------
    store : Store
        Where.
    before : str
        Moment; a server that has not been heard of since is taken for stopped.

    Returns
    -------
    (int, int)
        How many wait again, how many are lost.
    """
    silent = (
        (jobs.c.state == "running"),
        or_(jobs.c.beat_at.is_(None), jobs.c.beat_at < before),
    )
    with store.reading() as connection:
        if connection.execute(select(jobs.c.id).where(*silent).limit(1)).one_or_none() is None:
            return 0, 0
    lost = Problem(
        "job_lost",
        "the server stopped twice while this job ran",
        "job",
        "ask for it again; if it stops again, try with fewer resamples or a smaller file",
    )
    with store.writing() as connection:
        gone = connection.execute(
            update(jobs)
            .where(*silent, jobs.c.attempts >= _MOST_ATTEMPTS)
            .values(state="lost", ended_at=moment(), problems=json.dumps([asdict(lost)]))
            .returning(jobs.c.id)
        ).all()
        again = connection.execute(
            update(jobs)
            .where(*silent, jobs.c.attempts < _MOST_ATTEMPTS)
            .values(state="waiting", server=None, stage="", done=0, total=0)
            .returning(jobs.c.id)
        ).all()
    return len(again), len(gone)


def running_at(store: Store, server: str) -> frozenset[str]:
    """Name the jobs that a server runs.

    Parameters
    ----------
    store : Store
        Where.
    server : str
        Its id.

    Returns
    -------
    frozenset of str
    """
    wanted = select(jobs.c.id).where(jobs.c.server == server, jobs.c.state == "running")
    with store.reading() as connection:
        return frozenset(connection.execute(wanted).scalars())


def release_jobs(store: Store, server: str) -> None:
    """Let the jobs of a server that stops in good order wait for another, or for its next start.

    Parameters
    ----------
    store : Store
        Where.
    server : str
        Its id.
    """
    with store.writing() as connection:
        connection.execute(
            update(jobs)
            .where(jobs.c.server == server, jobs.c.state == "running")
            .values(
                state="waiting",
                server=None,
                attempts=jobs.c.attempts - 1,
                stage="",
                done=0,
                total=0,
            )
        )
