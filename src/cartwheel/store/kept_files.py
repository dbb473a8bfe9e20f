"""Files in the store: uploads and what jobs made of them, in pieces, with size and hash."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath, PureWindowsPath

from sqlalchemy import Connection, Row, delete, insert, select, update

from cartwheel.errors import FileRefused, refuse
from cartwheel.store.database import Store, moment
from cartwheel.store.repeats import forget_answers
from cartwheel.store.tables import chunks, files, job_inputs, jobs

PIECE = 1 << 20
# in bytes
_LONGEST_NAME = 200
_LONGEST_ENDING = 20


@dataclass(frozen=True, slots=True)
class KeptFile:
    """What is known of a file, without its content.

    Parameters
    ----------
    id, owner : str
        Of the store; who put it there.
    purpose : str
        ``upload``, or ``output`` of a job.
    name : str
        Without folder.
    media_type : str
        As it is given back.
    size : int
        In bytes.
    sha256 : str
        Of the content.
    made_at : str
        UTC.
    job_id : str or None
        The job that made it.
    """

    id: str
    owner: str
    purpose: str
    name: str
    media_type: str
    size: int
    sha256: str
    made_at: str
    job_id: str | None


def plain_name(name: str) -> str:
    """Keep of a name what is no path: no folder, no control character, no leading dot.

    Parameters
    ----------
    name : str
        As a browser sent it.

    Returns
    -------
    str
        ``file`` where nothing is left.
    """
    last = PurePosixPath(PureWindowsPath(name).name).name
    kept = "".join(sign for sign in last if sign.isprintable() and sign not in '<>:"/\\|?*')
    kept = kept.strip().lstrip(".")
    stem, dot, ending = kept.rpartition(".")
    if dot and len(ending) < _LONGEST_ENDING:
        return f"{_short(stem, _LONGEST_NAME - len(ending.encode()) - 1)}.{ending}"
    return _short(kept, _LONGEST_NAME).strip() or "file"


def _short(name: str, most: int) -> str:
    """Cut a name at so many bytes: disks count these, and a Chinese sign has three."""
    return name.encode()[:most].decode("utf-8", "ignore")


def keep_file(
    store: Store,
    pieces: Iterable[bytes],
    *,
    owner: str,
    name: str,
    media_type: str = "application/octet-stream",
    purpose: str = "upload",
    job_id: str | None = None,
) -> KeptFile:
    """Keep a file, piece by piece, in one transaction.

    Parameters
    ----------
    store : Store
        Where.
    pieces : iterable of bytes
        The content; never more than a piece is in memory.
    owner, name, media_type, purpose, job_id : str
        As `KeptFile` has them.

    Returns
    -------
    KeptFile

    Raises
    ------
    FileRefused
        ``store_unavailable``; and what the pieces raise, with nothing kept.
    """
    with store.writing() as connection:
        return write_file(
            connection,
            pieces,
            owner=owner,
            name=name,
            media_type=media_type,
            purpose=purpose,
            job_id=job_id,
        )


def write_file(
    connection: Connection,
    pieces: Iterable[bytes],
    *,
    owner: str,
    name: str,
    media_type: str,
    purpose: str,
    job_id: str | None,
) -> KeptFile:
    """Keep a file within a transaction that keeps other things too.

    Parameters
    ----------
    connection : Connection
        From `Store.writing`.
    pieces, owner, name, media_type, purpose, job_id
        As of `keep_file`.

    Returns
    -------
    KeptFile
    """
    made = KeptFile(
        secrets.token_hex(12), owner, purpose, plain_name(name), media_type, 0, "", moment(), job_id
    )
    digest, size = hashlib.sha256(), 0
    connection.execute(insert(files).values(_row(made)))
    for position, piece in enumerate(_even(pieces)):
        digest.update(piece)
        size += len(piece)
        connection.execute(insert(chunks).values(file_id=made.id, position=position, content=piece))
    told = {"size": size, "sha256": digest.hexdigest()}
    connection.execute(update(files).where(files.c.id == made.id).values(told))
    return _file({**_row(made), **told})


def file_of(store: Store, file_id: str, owner: str | None) -> KeptFile:
    """Find a file.

    Parameters
    ----------
    store : Store
        Where.
    file_id : str
        Of the file.
    owner : str or None
        Only this owner's; None is whoever's.

    Returns
    -------
    KeptFile

    Raises
    ------
    FileRefused
        ``no_such_file``.
    """
    wanted = select(files).where(files.c.id == file_id)
    with store.reading() as connection:
        found = connection.execute(wanted).one_or_none()
    if found is None or (owner is not None and found.owner != owner):
        raise refuse(
            FileRefused,
            "no_such_file",
            "there is no such file",
            where="file",
            mend="it may have been deleted: upload it again",
        )
    return _of_row(found)


def files_of(
    store: Store, owner: str | None, purpose: str = "upload", job_id: str | None = None
) -> tuple[KeptFile, ...]:
    """List files, newest first.

    Parameters
    ----------
    store : Store
        Where.
    owner : str or None
        Whose; None is everybody's.
    purpose : str
        ``upload`` or ``output``.
    job_id : str, optional
        Only what this job made.

    Returns
    -------
    tuple of KeptFile
    """
    wanted = select(files).where(files.c.purpose == purpose)
    if owner is not None:
        wanted = wanted.where(files.c.owner == owner)
    if job_id is not None:
        wanted = wanted.where(files.c.job_id == job_id)
    with store.reading() as connection:
        rows = connection.execute(wanted.order_by(files.c.made_at.desc(), files.c.name)).all()
    return tuple(_of_row(row) for row in rows)


def content_of(store: Store, file_id: str) -> Iterator[bytes]:
    """Give the content of a file, piece by piece.

    Parameters
    ----------
    store : Store
        Where.
    file_id : str
        Of a file that is there.

    Yields
    ------
    bytes
    """
    position = 0
    while True:
        wanted = select(chunks.c.content).where(
            chunks.c.file_id == file_id, chunks.c.position == position
        )
        with store.reading() as connection:
            piece = connection.execute(wanted).scalar_one_or_none()
        if piece is None:
            return
        yield bytes(piece)
        position += 1


def forget_file(store: Store, file_id: str, owner: str | None) -> tuple[str, ...]:
    """Delete a file with everything that was made from it, however far down.

    Parameters
    ----------
    store : Store
        Where.
    file_id : str
        Of the file.
    owner : str or None
        As of `file_of`.

    Returns
    -------
    tuple of str
        The jobs that went with it.

    Raises
    ------
    FileRefused
        ``no_such_file``.
    """
    file_of(store, file_id, owner)
    gone_files, gone_jobs = {file_id}, set[str]()
    with store.writing() as connection:
        fresh = {file_id}
        while fresh:
            used = select(job_inputs.c.job_id).where(job_inputs.c.file_id.in_(fresh))
            found = set(connection.execute(used).scalars()) - gone_jobs
            gone_jobs |= found
            made = select(files.c.id).where(files.c.job_id.in_(found))
            fresh = set(connection.execute(made).scalars()) - gone_files
            gone_files |= fresh
        connection.execute(delete(jobs).where(jobs.c.id.in_(gone_jobs)))
        connection.execute(delete(files).where(files.c.id.in_(gone_files)))
        forget_answers(connection, gone_files | gone_jobs)
    store.scrub()
    return tuple(sorted(gone_jobs))


def _even(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Cut what comes into pieces of one size; an empty file has one empty piece."""
    held = bytearray()
    some = False
    for piece in pieces:
        held += piece
        while len(held) >= PIECE:
            yield bytes(held[:PIECE])
            del held[:PIECE]
            some = True
    if held or not some:
        yield bytes(held)


def _row(kept: KeptFile) -> dict[str, object]:
    return {name: getattr(kept, name) for name in KeptFile.__slots__}


def _of_row(row: Row[tuple[object, ...]]) -> KeptFile:
    return _file(dict(row._mapping))


def _file(values: dict[str, object]) -> KeptFile:
    return KeptFile(**{name: values[name] for name in KeptFile.__slots__})  # type: ignore[arg-type]
