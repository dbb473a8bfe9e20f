"""Raw messages hold names: their content is emptied when it is old; what was kept of it stays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, and_, bindparam, exists, func, or_, select, update

from cartwheel.store.ward_tables import messages, parked


@dataclass(frozen=True, slots=True)
class Old:
    """Some old messages.

    Parameters
    ----------
    looked_at : int
        The highest number that was looked at; that of before where nothing was old enough.
    numbers : tuple of int
        Those whose content can be emptied.
    """

    looked_at: int
    numbers: tuple[int, ...]


def find_old(connection: Connection, before: str, *, after: int, most: int) -> Old:
    """Find old messages whose content can be emptied.

    Parameters
    ----------
    connection : Connection
        To read with: nobody who writes waits for it.
    before : str
        Moment: only messages that were kept before it.
    after : int
        Only greater numbers.
    most : int
        How many are looked at.

    Returns
    -------
    Old
        Without what still waits for the table of codes, and without drugs and devices of FHIR,
        which later resources refer to and which name nobody.
    """
    full = and_(func.length(messages.c.content) > 0, ~_REFERRED, ~_WAITS)
    oldest = connection.execute(
        select(messages.c.number, messages.c.known_at, full.label("full"))
        .where(messages.c.number > after)
        .order_by(messages.c.number)
        .limit(most)
    ).all()
    old = [row for row in oldest if row.known_at < before]
    looked_at = max((int(row.number) for row in old), default=after)
    return Old(looked_at, tuple(int(row.number) for row in old if row.full))


def empty(connection: Connection, numbers: Sequence[int]) -> int:
    """Empty the content of messages.

    Parameters
    ----------
    connection : Connection
        In a transaction that writes.
    numbers : sequence of int
        From `find_old`.

    Returns
    -------
    int
        How many. Key, hash and acknowledgement stay, so that a message that is sent again is still
        known; so do the lines that followed from it.
    """
    emptied = update(messages).where(messages.c.number.in_(numbers), ~_WAITS)
    done = connection.execute(emptied.values(content=bindparam("nothing")), {"nothing": b""})
    return done.rowcount


_WAITS = exists().where(parked.c.message_number == messages.c.number, parked.c.done_at.is_(None))
_REFERRED = and_(
    messages.c.interface == "fhir",
    or_(messages.c.key.contains("|Medication/"), messages.c.key.contains("|Device/")),
)
