"""Drafts: a small text beside a job, that is written again and again, and goes with the job."""

from __future__ import annotations

from sqlalchemy import delete

from cartwheel.store.database import Store
from cartwheel.store.kept_files import KeptFile, content_of, files_of, write_file
from cartwheel.store.tables import files

# plans in work, beside the check of their sheet: of a development, of a validation
DRAFTS = ("plan-in-work.toml", "validation-plan-in-work.toml")
_TYPE = "application/toml"


def made_by(store: Store, job_id: str) -> tuple[KeptFile, ...]:
    """List what a job made, without the drafts that are kept beside it.

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
    kept = files_of(store, None, "output", job_id)
    return tuple(one for one in kept if one.name not in DRAFTS)


def keep_draft(store: Store, *, owner: str, job_id: str, name: str, text: str) -> KeptFile:
    """Keep a draft in the place of the last one.

    Parameters
    ----------
    store : Store
        Where.
    owner : str
        Of the job.
    job_id : str
        Of the job beside which it is kept, among that job's outputs: it goes with the job, and
        with the file that the job read.
    name : str
        One draft a name.
    text : str
        All of it.

    Returns
    -------
    KeptFile

    Raises
    ------
    FileRefused
        ``store_unavailable``.
    """
    with store.writing() as connection:
        last = delete(files).where(files.c.job_id == job_id, files.c.name == name)
        connection.execute(last)
        return write_file(
            connection,
            (text.encode(),),
            owner=owner,
            name=name,
            media_type=_TYPE,
            purpose="output",
            job_id=job_id,
        )


def draft_of(store: Store, job_id: str, name: str) -> str | None:
    """Give a draft.

    Parameters
    ----------
    store : Store
        Where.
    job_id, name : str
        As of `keep_draft`.

    Returns
    -------
    str or None
        None where there is none.
    """
    for kept in files_of(store, None, "output", job_id):
        if kept.name == name:
            return b"".join(content_of(store, kept.id)).decode()
    return None
