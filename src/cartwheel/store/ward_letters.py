"""Dead letters: what the outbox gave up; sent again with the key it had, or dropped."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, func, select, update

from cartwheel.errors import FileRefused, refuse
from cartwheel.store.ward_tables import outbox

# one that was dropped is done, and dead still
_DEAD = (outbox.c.dead_at.is_not(None), outbox.c.done_at.is_(None))


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """What could not be sent.

    Parameters
    ----------
    number : int
        Of the row.
    event : int
        Of the log.
    patient, target, key : str
        As of `OutboxRow`.
    attempts : int
        How often it was tried.
    dead_at, last_problem : str
        UTC; the last reason, without a patient's data.
    """

    number: int
    event: int
    patient: str
    target: str
    key: str
    attempts: int
    dead_at: str
    last_problem: str


def dead_letters(
    connection: Connection, most: int = 200, *, target: str = "", before: int | None = None
) -> tuple[DeadLetter, ...]:
    """List what could not be sent.

    Parameters
    ----------
    connection : Connection
        Any.
    most : int
        How many.
    target : str
        Only of this one; empty is all.
    before : int, optional
        Only those with a smaller number: the next page.

    Returns
    -------
    tuple of DeadLetter
        The newest first.
    """
    wanted = select(outbox).where(*_DEAD)
    if target:
        wanted = wanted.where(outbox.c.target == target)
    if before is not None:
        wanted = wanted.where(outbox.c.number < before)
    rows = connection.execute(wanted.order_by(outbox.c.number.desc()).limit(most))
    return tuple(
        DeadLetter(row.number, row.event_number, row.patient, row.target, row.key, row.attempts,
                   row.dead_at, row.last_problem)
        for row in rows
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class DeadGroup:
    """Dead letters of one target that were given up for one reason.

    Parameters
    ----------
    target, problem : str
        To whom; why, without a patient's data.
    many : int
        How many.
    since, until : str
        When the first and the last was given up, UTC.
    """

    target: str
    problem: str
    many: int
    since: str
    until: str


def dead_groups(connection: Connection) -> tuple[DeadGroup, ...]:
    """Count what was given up, by target and reason.

    Parameters
    ----------
    connection : Connection
        Any.

    Returns
    -------
    tuple of DeadGroup
        By target, the most first.
    """
    counted = (
        select(
            outbox.c.target,
            outbox.c.last_problem,
            func.count(),
            func.min(outbox.c.dead_at),
            func.max(outbox.c.dead_at),
        )
        .where(*_DEAD)
        .group_by(outbox.c.target, outbox.c.last_problem)
        .order_by(outbox.c.target, func.count().desc(), outbox.c.last_problem)
    )
    return tuple(
        DeadGroup(str(row[0]), str(row[1]), int(row[2]), str(row[3]), str(row[4]))
        for row in connection.execute(counted)
    )


def send_all_again(connection: Connection, now: str, target: str = "") -> int:
    """Try dead letters again, once, each with the key that it had.

    Parameters
    ----------
    connection : Connection
        In a transaction that writes.
    now : str
        Moment.
    target : str
        Only of this one; empty is all.

    Returns
    -------
    int
        How many.
    """
    raised = update(outbox).where(*_DEAD)
    if target:
        raised = raised.where(outbox.c.target == target)
    return connection.execute(raised.values(_once_more(now))).rowcount


def drop_letter(connection: Connection, number: int, reason: str, now: str) -> None:
    """Send a dead letter no more.

    Parameters
    ----------
    connection : Connection
        In a transaction that writes.
    number : int
        Of the row: it stays, with both moments.
    reason : str
        Why, without a patient's data.
    now : str
        Moment.

    Raises
    ------
    FileRefused
        ``no_such_letter``.
    """
    dropped = update(outbox).where(outbox.c.number == number, *_DEAD)
    values = {"done_at": now, "last_problem": f"dropped: {reason}"[:300]}
    if not connection.execute(dropped.values(values)).rowcount:
        raise _no_such_letter()


def send_again(connection: Connection, number: int, now: str) -> None:
    """Try a dead letter again, once.

    Parameters
    ----------
    connection : Connection
        In a transaction that writes.
    number : int
        Of the row.
    now : str
        Moment.

    Raises
    ------
    FileRefused
        ``no_such_letter`` where it has arrived, or is not dead.
    """
    raised = update(outbox).where(outbox.c.number == number, *_DEAD)
    if not connection.execute(raised.values(_once_more(now))).rowcount:
        raise _no_such_letter()


def is_target(connection: Connection, target: str) -> bool:
    """Tell whether anything was ever to be sent to a target.

    Parameters
    ----------
    connection : Connection
        Any.
    target : str
        Perhaps the name of one.

    Returns
    -------
    bool
    """
    wanted = select(outbox.c.number).where(outbox.c.target == target).limit(1)
    return connection.execute(wanted).one_or_none() is not None


def _once_more(now: str) -> dict[str, object]:
    # its attempts stay: where it fails it is dead at once, and holds up nothing newer
    return {"dead_at": None, "next_at": now}


def _no_such_letter() -> Exception:
    return refuse(
        FileRefused,
        "no_such_letter",
        "there is no dead letter of this number",
        where="number",
        mend="look at the list again: it may have arrived",
    )
