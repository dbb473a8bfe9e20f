"""Jobs in the store: what was asked, how far it is, how it ended."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

from sqlalchemy import (
    Connection,
    Row,
    delete,
    func,
    insert,
    select,
)

from cartwheel.errors import FileRefused, Problem, refuse
from cartwheel.store.database import Store, moment
from cartwheel.store.kept_files import (
    KeptFile,
    file_of,
    files_of,
    forget_file,
)
from cartwheel.store.repeats import forget_answers
from cartwheel.store.tables import files, job_inputs, jobs

State = Literal["waiting", "running", "done", "refused", "failed", "cancelled", "lost"]
OVER: tuple[State, ...] = ("done", "refused", "failed", "cancelled", "lost")


@dataclass(frozen=True, slots=True)
class Job:
    """A job, as the store knows it.

    Parameters
    ----------
    id, owner : str
        Of the store; who asked for it.
    kind : str
        ``develop``, ``validate``, ``pool`` ...
    title : str
        For the list of jobs; holds no patient's data.
    request : mapping
        What was asked: plan, names of files, options.
    state : str
        ``waiting``, ``running``, or how it ended: ``done``, ``refused`` (see ``problems``),
        ``failed`` (our fault), ``cancelled``, ``lost`` (servers stopped under it).
    attempts : int
        How often it was begun.
    made_at : str
        UTC; ``started_at`` and ``ended_at`` are None until then.
    started_at, ended_at : str or None
        UTC.
    stage : str
        What is being done.
    done, total : int
        Steps of the stage.
    problems : tuple of Problem
        Why it was refused, or what is said of a failure.
    """

    id: str
    owner: str
    kind: str
    title: str
    request: Mapping[str, Any]
    state: State
    attempts: int
    made_at: str
    started_at: str | None
    ended_at: str | None
    stage: str
    done: int
    total: int
    problems: tuple[Problem, ...]

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in OVER


def add_job(
    store: Store,
    *,
    owner: str,
    kind: str,
    title: str,
    request: Mapping[str, Any],
    inputs: Sequence[str] = (),
) -> Job:
    """Ask for a job; what is waiting or running with the same request is not asked for twice.

    Parameters
    ----------
    store : Store
        Where.
    owner, kind, title, request : str and mapping
        As `Job` has them; the request is plain JSON.
    inputs : sequence of str
        Ids of the files that it reads: with one of them the job is deleted too.

    Returns
    -------
    Job
        Waiting; or the one that a first click asked for.

    Raises
    ------
    FileRefused
        ``no_such_file`` where an input is not there, or is somebody else's.
    """
    values = {
        "id": secrets.token_hex(12),
        "owner": owner,
        "kind": kind,
        "title": title[:300],
        "request": json.dumps(request, ensure_ascii=False, allow_nan=False),
        "state": "waiting",
        "made_at": moment(),
    }
    named = tuple(dict.fromkeys(inputs))
    with store.writing() as connection:
        if connection.dialect.name == "postgresql":
            # SQLite has one writer at a time; here two clicks of one person are taken in turn
            lock = func.pg_advisory_xact_lock(func.hashtext(owner))
            connection.execute(select(lock))
        _check_inputs(connection, named, owner)
        same = select(jobs).where(
            *(jobs.c[key] == values[key] for key in ("owner", "kind", "request")),
            jobs.c.state.in_(("waiting", "running")),
        )
        for row in connection.execute(same):
            used = select(job_inputs.c.file_id).where(job_inputs.c.job_id == row.id)
            if set(connection.execute(used).scalars()) == set(named):
                return job_of_row(row)
        connection.execute(insert(jobs).values(values))
        for file_id in named:
            connection.execute(insert(job_inputs).values(job_id=values["id"], file_id=file_id))
    return job_of(store, values["id"], owner)


def _check_inputs(connection: Connection, named: Sequence[str], owner: str) -> None:
    wanted = select(files.c.id).where(files.c.id.in_(named), files.c.owner == owner)
    if set(connection.execute(wanted).scalars()) != set(named):
        raise refuse(
            FileRefused,
            "no_such_file",
            "there is no such file",
            where="file",
            mend="it may have been deleted: upload it again",
        )


def inputs_of(store: Store, job_id: str) -> tuple[KeptFile, ...]:
    """List the files that a job reads.

    Parameters
    ----------
    store : Store
        Where.
    job_id : str
        Of the job.

    Returns
    -------
    tuple of KeptFile
    """
    wanted = select(job_inputs.c.file_id).where(job_inputs.c.job_id == job_id)
    with store.reading() as connection:
        named = sorted(connection.execute(wanted).scalars())
    return tuple(file_of(store, file_id, None) for file_id in named)


def job_of(store: Store, job_id: str, owner: str | None) -> Job:
    """Find a job.

    Parameters
    ----------
    store : Store
        Where.
    job_id : str
        Of the job.
    owner : str or None
        Only this owner's; None is whoever's.

    Returns
    -------
    Job

    Raises
    ------
    FileRefused
        ``no_such_job``.
    """
    with store.reading() as connection:
        found = connection.execute(select(jobs).where(jobs.c.id == job_id)).one_or_none()
    if found is None or (owner is not None and found.owner != owner):
        raise refuse(
            FileRefused,
            "no_such_job",
            "there is no such job",
            where="job",
            mend="it may have been deleted with its file: ask for it again",
        )
    return job_of_row(found)


def jobs_of(
    store: Store, owner: str | None, *, kinds: Iterable[str] = (), most: int = 50
) -> tuple[Job, ...]:
    """List jobs, newest first.

    Parameters
    ----------
    store : Store
        Where.
    owner : str or None
        Whose; None is everybody's.
    kinds : iterable of str
        Only these; by default all.
    most : int
        No more than so many.

    Returns
    -------
    tuple of Job
    """
    wanted = select(jobs)
    if owner is not None:
        wanted = wanted.where(jobs.c.owner == owner)
    if named := tuple(kinds):
        wanted = wanted.where(jobs.c.kind.in_(named))
    with store.reading() as connection:
        rows = connection.execute(wanted.order_by(jobs.c.made_at.desc()).limit(most)).all()
    return tuple(job_of_row(row) for row in rows)


def forget_old(store: Store, before: str) -> tuple[int, int]:
    """Delete uploads, and jobs that are over, from before a moment, with all made from them.

    Parameters
    ----------
    store : Store
        Where.
    before : str
        Moment.

    Returns
    -------
    (int, int)
        How many uploads, how many jobs.
    """
    busy = (
        select(job_inputs.c.file_id)
        .join(jobs, jobs.c.id == job_inputs.c.job_id)
        .where(jobs.c.state.not_in(OVER))
    )
    uploads = select(files.c.id).where(
        files.c.purpose == "upload", files.c.made_at < before, files.c.id.not_in(busy)
    )
    over = select(jobs.c.id).where(jobs.c.state.in_(OVER), jobs.c.ended_at < before)
    with store.reading() as connection:
        old_files = connection.execute(uploads).scalars().all()
    for file_id in old_files:
        forget_file(store, file_id, None)
    with store.reading() as connection:
        old_jobs = connection.execute(over).scalars().all()
    for job_id in old_jobs:
        forget_job(store, job_id, None)
    return len(old_files), len(old_jobs)


def forget_job(store: Store, job_id: str, owner: str | None) -> None:
    """Delete a job with everything it made. What was made from its outputs goes too.

    Parameters
    ----------
    store : Store
        Where.
    job_id : str
        Of the job.
    owner : str or None
        As of `job_of`.

    Raises
    ------
    FileRefused
        ``no_such_job``.
    """
    job_of(store, job_id, owner)
    for output in files_of(store, None, "output", job_id):
        forget_file(store, output.id, None)
    with store.writing() as connection:
        connection.execute(delete(jobs).where(jobs.c.id == job_id))
        forget_answers(connection, (job_id,))
    store.scrub()


def job_of_row(row: Row[Any]) -> Job:
    """Read a job from its row.

    Parameters
    ----------
    row : Row
        Every column of the table.

    Returns
    -------
    Job
    """
    values = row._mapping
    return Job(
        id=values["id"],
        owner=values["owner"],
        kind=values["kind"],
        title=values["title"],
        request=json.loads(values["request"]),
        state=cast(State, values["state"]),
        attempts=values["attempts"],
        made_at=values["made_at"],
        started_at=values["started_at"],
        ended_at=values["ended_at"],
        stage=values["stage"],
        done=values["done"],
        total=values["total"],
        problems=tuple(Problem(**told) for told in json.loads(values["problems"])),
    )
