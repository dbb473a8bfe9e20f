"""Files that are pooled together with the table: found in the store, read once by a worker."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cartwheel.errors import Problem
from cartwheel.serve.cohort.asking import soon
from cartwheel.serve.evidence.file_rows import FILE, KeptRows
from cartwheel.serve.jobs.running import names_apart
from cartwheel.serve.services import Services
from cartwheel.store.kept_files import KeptFile, content_of, file_of, files_of
from cartwheel.store.kept_jobs import Job, jobs_of

KIND = "studies"
# what gives studies, and what may hold the flow of records
TAKEN = (".csv", ".tsv", ".tab", ".txt", ".xlsx", ".xls", ".ods", ".parquet", ".json", ".toml")
# of jobs whose results give studies
_GIVE = {"develop": ("result.json",), "validate": ("result.json", "share.json")}
_MOST, _MOST_READINGS = 50, 500


@dataclass(frozen=True, slots=True)
class Offered:
    """A file that may be pooled with the table.

    Parameters
    ----------
    file : KeptFile
        Which.
    made_by : str
        Title of the job that made it; empty for an upload.
    """

    file: KeptFile
    made_by: str = ""


def offered_files(known: Services, owner: str) -> list[Offered]:
    """List what a person may pool with the table.

    Parameters
    ----------
    known : Services
        Of the server.
    owner : str
        Whose.

    Returns
    -------
    list of Offered
        Uploads, and results of own validations and developments; newest first.
    """
    uploads = [
        Offered(one) for one in files_of(known.store, owner) if one.name.lower().endswith(TAKEN)
    ]
    titles = {job.id: job for job in jobs_of(known.store, owner, kinds=tuple(_GIVE), most=200)}
    made = [
        Offered(one, titles[one.job_id].title)
        for one in files_of(known.store, owner, "output")
        if one.job_id in titles and one.name in _GIVE[titles[one.job_id].kind]
    ]
    found = sorted((*uploads, *made), key=lambda one: one.file.made_at, reverse=True)
    return found[:_MOST]


async def joined_files(
    known: Services, owner: str, ids: Sequence[str], sheet: str = "", beside: Sequence[str] = ()
) -> tuple[KeptRows, ...]:
    """Find the rows of files; one that no worker has read yet is read now.

    Parameters
    ----------
    known : Services
        Of the server.
    owner : str
        Whose files.
    ids : sequence of str
        Of the files.
    sheet : str
        Of workbooks.
    beside : sequence of str
        Ids of other files of the full run, for the names that it gives.

    Returns
    -------
    tuple of KeptRows
        In their order; a file that takes longer is being read.

    Raises
    ------
    FileRefused
        ``no_such_file``.
    """
    if not ids:
        return ()
    kept = {one: file_of(known.store, one, owner) for one in dict.fromkeys((*ids, *beside))}
    names = names_apart(kept.values())
    jobs = await asyncio.gather(*(_reading(known, kept[one], sheet) for one in dict.fromkeys(ids)))
    return tuple(
        _rows(known, job, names[one]) for one, job in zip(dict.fromkeys(ids), jobs, strict=True)
    )


async def _reading(known: Services, file: KeptFile, sheet: str) -> Job:
    request = {"file": file.id} | ({"sheet": sheet} if sheet else {})
    before = jobs_of(known.store, file.owner, kinds=(KIND,), most=_MOST_READINGS)
    for job in before:
        if dict(job.request) == request and job.state != "cancelled":
            return job if job.is_over else await soon(known, job)
    title = f"Studies of {file.name}"
    return await soon(known, known.queue.ask(file.owner, KIND, title, request, [file.id]))


def _rows(known: Services, job: Job, name: str) -> KeptRows:
    if job.state == "done":
        made = files_of(known.store, None, "output", job.id)
        whole = b"".join(
            piece for one in made if one.name == FILE for piece in content_of(known.store, one.id)
        )
        return KeptRows(name, "read", json.loads(whole))
    if job.is_over:
        ended = Problem("not_read", "it could not be read", name, "upload it again")
        return KeptRows(name, "refused", {}, job.problems or (ended,))
    return KeptRows(name, "being read", {})


def free_name(name: str, taken: Mapping[str, object] | Sequence[str]) -> str:
    """Name the typed table as no file beside it is named.

    Parameters
    ----------
    name : str
        As it is called where it stands alone.
    taken : mapping or sequence of str
        Names of the files.

    Returns
    -------
    str
    """
    known = {each.casefold() for each in taken}
    stem, dot, ending = name.rpartition(".")
    found, number = name, 1
    while found.casefold() in known:
        number += 1
        found = f"{stem} ({number}){dot}{ending}"
    return found
