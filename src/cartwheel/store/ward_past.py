"""Snapshots along a patient's log: what was known in the middle of a year is read, not folded."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, func, select
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite

from cartwheel.store.ward_tables import entries, past

PAST_AFTER = 250
"""Lines of a patient from one snapshot to the next."""

# a snapshot of a megabyte is written within milliseconds, to a tenth of its size
_LEVEL = 1


def last_line(connection: Connection, patient: str, until: str | None = None) -> int:
    """Give the number of the last line that was known at a moment.

    Parameters
    ----------
    connection : Connection
        Any.
    patient : str
        The ward's own id.
    until : str, optional
        The moment; by default now.

    Returns
    -------
    int
        0 where there was none.
    """
    wanted = select(entries.c.number).where(entries.c.patient == patient)
    if until is not None:
        wanted = wanted.where(entries.c.known_at <= until)
    found = connection.execute(wanted.order_by(entries.c.number.desc()).limit(1)).scalar()
    return int(found or 0)


def keep_past(
    connection: Connection, patient: str, entry: int, ward_sha256: str, text: str,
    after: int = PAST_AFTER,
) -> bool:  # fmt: skip
    """Keep a snapshot for good, where enough lines have come since the one before.

    Parameters
    ----------
    connection : Connection
        In a transaction that writes.
    patient : str
        The ward's own id.
    entry : int
        Last line that is in it.
    ward_sha256 : str
        Of the ward file in force.
    text : str
        The chart.
    after : int
        So many lines.

    Returns
    -------
    bool
        Whether it was kept.
    """
    newest = select(func.max(past.c.entry)).where(past.c.patient == patient)
    before = connection.execute(newest).scalar() or 0
    since = select(entries.c.number).where(
        entries.c.patient == patient, entries.c.number > before, entries.c.number <= entry
    )
    many = select(func.count()).select_from(since.limit(after).subquery())
    if int(connection.execute(many).scalar_one()) < after:
        return False
    build: Any = insert_postgresql if connection.dialect.name == "postgresql" else insert_sqlite
    row = {
        "patient": patient,
        "entry": entry,
        "ward_sha256": ward_sha256,
        "content": zlib.compress(text.encode(), _LEVEL),
    }
    # another server may have kept the same one
    connection.execute(build(past).values(row).on_conflict_do_nothing())
    return True


def past_entries(connection: Connection, patient: str) -> tuple[int, ...]:
    """List up to which lines there are snapshots.

    Parameters
    ----------
    connection : Connection
        Any.
    patient : str
        The ward's own id.

    Returns
    -------
    tuple of int
        Ascending.
    """
    wanted = select(past.c.entry).where(past.c.patient == patient).order_by(past.c.entry)
    return tuple(int(one) for one in connection.execute(wanted).scalars())


def past_before(connection: Connection, patient: str, entry: int) -> Iterator[tuple[int, str, str]]:
    """Read the snapshots up to a line, the last one first.

    Parameters
    ----------
    connection : Connection
        Any.
    patient : str
        The ward's own id.
    entry : int
        Number of the line.

    Yields
    ------
    (int, str, str)
        Last line in it, identity of the ward file, and the chart.
    """
    for at in reversed(past_entries(connection, patient)):
        found = None if at > entry else past_at(connection, patient, at)
        if found is not None:
            yield (at, *found)


def past_at(connection: Connection, patient: str, entry: int) -> tuple[str, str] | None:
    """Read one snapshot.

    Parameters
    ----------
    connection : Connection
        Any.
    patient : str
        The ward's own id.
    entry : int
        Last line that is in it.

    Returns
    -------
    (str, str) or None
        Identity of the ward file, and the chart; the chart is empty where its bytes are broken.
    """
    wanted = select(past.c.ward_sha256, past.c.content)
    row = connection.execute(
        wanted.where(past.c.patient == patient, past.c.entry == entry)
    ).one_or_none()
    return None if row is None else (str(row.ward_sha256), _text(bytes(row.content)))


def _text(content: bytes) -> str:
    try:
        return zlib.decompress(content).decode()
    except (zlib.error, UnicodeDecodeError):
        return ""
