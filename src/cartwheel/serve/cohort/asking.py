"""Asking for jobs of a sheet, and waiting a moment for those that are soon done."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from cartwheel.errors import FileRefused, refuse
from cartwheel.serve.services import Services
from cartwheel.store.kept_files import KeptFile, file_of
from cartwheel.store.kept_jobs import Job, job_of

# most sheets are checked within it; the page of a job that takes longer tells how far it is
_PATIENCE = 2.5


def ask_check(
    known: Services,
    kept: KeptFile,
    declared: Sequence[Mapping[str, Any]] = (),
    sheet: str = "",
    id_column: str = "",
) -> Job:
    """Ask for the check of a sheet.

    Parameters
    ----------
    known : Services
        Of the server.
    kept : KeptFile
        The sheet.
    declared : sequence of mapping
        What is said of its columns.
    sheet : str
        Of a workbook; empty where there is one.
    id_column : str
        Column of the patients' ids; empty where its name says it.

    Returns
    -------
    Job
    """
    request: dict[str, Any] = {"file": kept.id, "plan": True}
    if declared:
        request["declarations"] = [dict(each) for each in declared]
    if sheet:
        request["sheet"] = sheet
    if id_column:
        request["id"] = id_column
    return known.queue.ask(kept.owner, "check", f"Check of {kept.name}", request, [kept.id])


async def soon(known: Services, job: Job) -> Job:
    """Wait a moment for a job; a short one is over then.

    Parameters
    ----------
    known : Services
        Of the server.
    job : Job
        Asked for.

    Returns
    -------
    Job
        As it is then.
    """
    last = job
    with suppress(TimeoutError):
        async with asyncio.timeout(_PATIENCE):
            async for seen in known.queue.changes(job.id):
                last = seen
    return last


def check_of(known: Services, job_id: str, owner: str | None) -> Job:
    """Find a check.

    Parameters
    ----------
    known : Services
        Of the server.
    job_id : str
        Of the check.
    owner : str or None
        As of `cartwheel.store.kept_jobs.job_of`.

    Returns
    -------
    Job

    Raises
    ------
    FileRefused
        ``no_such_job``, also where it is no check.
    """
    job = job_of(known.store, job_id, owner)
    if job.kind != "check":
        raise refuse(
            FileRefused,
            "no_such_job",
            "there is no checked sheet here",
            where="the address",
            mend="begin with the sheet: Cohort, and choose a file",
        )
    return job


def sheet_file(known: Services, job: Job) -> KeptFile:
    """Find the file that a check read.

    Parameters
    ----------
    known : Services
        Of the server.
    job : Job
        The check.

    Returns
    -------
    KeptFile
    """
    return file_of(known.store, str(job.request["file"]), job.owner)
