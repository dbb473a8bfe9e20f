"""What could not be used: counted where someone sees it, and sent through again when it can be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, insert, select, update

from cartwheel.store.ward_tables import parked
from cartwheel.watch.intake import Parked

_LONGEST = {"reason": 60, "what": 400, "system": 255, "code": 255, "unit": 80, "name": 80}


@dataclass(frozen=True, slots=True)
class ParkedCount:
    """How often the same could not be used.

    Parameters
    ----------
    interface, reason, what, system, code, unit, name : str
        Which way it came, and as of `cartwheel.watch.intake.Parked`.
    many : int
        How many items wait.
    first_at, last_at : str
        UTC.
    """

    interface: str
    reason: str
    what: str
    system: str
    code: str
    unit: str
    name: str
    many: int
    first_at: str
    last_at: str


def add_parked(
    connection: Connection, message: int, interface: str, items: Sequence[Parked], known_at: str
) -> None:
    """Keep what could not be used.

    Parameters
    ----------
    connection : Connection
        In a transaction that writes.
    message : int
        Number of the message.
    interface : str
        Which way it came.
    items : sequence of Parked
        What is longer than its column is cut.
    known_at : str
        Moment.
    """
    rows = [
        {
            "message_number": message,
            "interface": interface,
            "known_at": known_at,
            **{name: getattr(one, name)[:most] for name, most in _LONGEST.items()},
        }
        for one in items
    ]
    if rows:
        connection.execute(insert(parked), rows)


def count_parked(connection: Connection) -> tuple[ParkedCount, ...]:
    """Count what waits.

    Parameters
    ----------
    connection : Connection
        Any.

    Returns
    -------
    tuple of ParkedCount
        The most frequent first.
    """
    names = ("interface", "reason", "what", "system", "code", "unit", "name")
    by = [parked.c[name] for name in names]
    many = func.count().label("many")
    counted = (
        select(*by, many, func.min(parked.c.known_at), func.max(parked.c.known_at))
        .where(parked.c.done_at.is_(None))
        .group_by(*by)
        .order_by(many.desc(), *by)
    )
    return tuple(ParkedCount(*tuple(row)) for row in connection.execute(counted))


def messages_parked(
    connection: Connection,
    *,
    interface: str = "",
    reason: str = "",
    code: str = "",
    after: int = 0,
    most: int = 500,
) -> tuple[int, ...]:
    """List the messages with something that waits.

    Parameters
    ----------
    connection : Connection
        Any.
    interface, reason, code : str
        Only these; empty asks nothing.
    after : int
        Only greater numbers of messages.
    most : int
        How many.

    Returns
    -------
    tuple of int
        Numbers of messages, the oldest first.
    """
    wanted = select(parked.c.message_number).distinct()
    wanted = wanted.where(parked.c.done_at.is_(None), parked.c.message_number > after)
    for name, value in (("interface", interface), ("reason", reason), ("code", code)):
        if value:
            wanted = wanted.where(parked.c[name] == value)
    found = connection.execute(wanted.order_by(parked.c.message_number).limit(most))
    return tuple(int(one) for one in found.scalars())


def end_parked(connection: Connection, message: int, done_at: str) -> tuple[tuple[str, str], ...]:
    """Say that what waited of a message waits no more.

    Parameters
    ----------
    connection : Connection
        In a transaction that writes.
    message : int
        Its number.
    done_at : str
        Moment.

    Returns
    -------
    tuple of (str, str)
        Of each item: why it waited, and its name in the dictionary, which may be empty.
    """
    waits = update(parked).where(parked.c.message_number == message, parked.c.done_at.is_(None))
    ended = waits.values(done_at=done_at).returning(parked.c.reason, parked.c.name)
    return tuple((row.reason, row.name) for row in connection.execute(ended))
