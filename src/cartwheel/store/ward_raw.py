"""Raw messages hold names: their content is emptied when it is old; what was kept of it stays."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, and_, bindparam, exists, func, or_, select, update

from cartwheel.store.ward_tables import messages, parked


@dataclass(frozen=True, slots=True)
class Emptied:
    """What one step of emptying did.

    Parameters
    ----------
    looked_at : int
        The highest number that was looked at; that of before where nothing was old enough.
    many : int
        Messages whose content was emptied.
    """

    looked_at: int
    many: int


def empty_old(connection: Connection, before: str, *, after: int, most: int) -> Emptied:
    """Empty the content of old messages.

    Parameters
    ----------
    connection : Connection
        In a transaction that writes.
    before : str
        Moment: only messages that were kept before it.
    after : int
        Only greater numbers.
    most : int
        How many are looked at.

    Returns
    -------
    Emptied
        Key, hash and acknowledgement stay, so that a message that is sent again is still known;
        so do the lines that followed from it. Not emptied: what still waits for the table of
        codes, and drugs and devices of FHIR, which later resources refer to and which name nobody.
    """
    oldest = connection.execute(
        select(messages.c.number, messages.c.known_at)
        .where(messages.c.number > after)
        .order_by(messages.c.number)
        .limit(most)
    ).all()
    numbers = [row.number for row in oldest if row.known_at < before]
    if not numbers:
        return Emptied(after, 0)
    waits = exists().where(parked.c.message_number == messages.c.number, parked.c.done_at.is_(None))
    referred = and_(
        messages.c.interface == "fhir",
        or_(messages.c.key.contains("|Medication/"), messages.c.key.contains("|Device/")),
    )
    emptied = (
        update(messages)
        .where(
            messages.c.number.in_(numbers),
            func.length(messages.c.content) > 0,
            ~waits,
            ~referred,
        )
        .values(content=bindparam("nothing"))
    )
    return Emptied(max(numbers), connection.execute(emptied, {"nothing": b""}).rowcount)
