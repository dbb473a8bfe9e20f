"""What is to be sent out: written with the event itself, sent until it has arrived."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, and_, exists, func, insert, or_, select, update
from sqlalchemy.orm import aliased

from cartwheel.store.ward_log import KeptEvent
from cartwheel.store.ward_tables import outbox
from cartwheel.watch.standing import Event


@dataclass(frozen=True, slots=True)
class Subscription:
    """Who is told of which events.

    Parameters
    ----------
    target : str
        Name in the settings, at most 120 characters; never an address with a secret in it.
    kind : str
        Which sender: ``webhook``, ``fhir`` ...
    wants : callable
        Tells of an event whether it is sent.
    """

    target: str
    kind: str
    wants: Callable[[Event], bool]


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """One event for one target.

    Parameters
    ----------
    number, event : int
        Of the row; of the event.
    patient, kind, target : str
        The ward's own id; which sender; to whom.
    key : str
        The same however often it is sent: the target does it once.
    body : str
        JSON: ``event``, ``patient``, ``known_at``, ``kind``, ``body``.
    attempts : int
        How often it was tried, with this time.
    made_at : str
        UTC.
    """

    number: int
    event: int
    patient: str
    kind: str
    target: str
    key: str
    body: str
    attempts: int
    made_at: str


def outbox_rows(
    kept: KeptEvent, event: Event, subscriptions: Iterable[Subscription]
) -> list[dict[str, object]]:
    """Write what is to be sent of an event.

    Parameters
    ----------
    kept : KeptEvent
        As the log has it.
    event : Changed or AlertEvent
        The same.
    subscriptions : iterable of Subscription
        Who is told of what.

    Returns
    -------
    list of dict
        Rows for `add_outbox`.
    """
    wanted = [one for one in subscriptions if one.wants(event)]
    if not wanted:
        return []
    head = {"event": kept.number, "patient": kept.patient, "known_at": kept.known_at}
    # the body is JSON already, and is sent as it is kept
    start = json.dumps({**head, "kind": kept.kind}, separators=(",", ":"))[:-1]
    body = f'{start},"body":{kept.body}}}'
    return [
        {
            "event_number": kept.number,
            "patient": kept.patient,
            "kind": one.kind,
            "target": one.target,
            "key": f"{kept.number}:{one.target}",
            "body": body,
            "made_at": kept.known_at,
            "next_at": "",  # at once: known_at may be ahead of a clock that was set back
        }
        for one in wanted
    ]


def add_outbox(connection: Connection, rows: Sequence[dict[str, object]]) -> None:
    """Keep what is to be sent, in the transaction of the event itself.

    Parameters
    ----------
    connection : Connection
        In a transaction that writes.
    rows : sequence of dict
        From `outbox_rows`.
    """
    if rows:
        connection.execute(insert(outbox), rows)


def claim_outbox(
    connection: Connection, now: str, again_at: str, target: str, most: int
) -> tuple[OutboxRow, ...]:
    """Take what is to be sent now: of each patient the oldest alone.

    Parameters
    ----------
    connection : Connection
        In a transaction that writes.
    now : str
        Moment.
    again_at : str
        When it is tried again if nobody says what became of it: the sender was killed.
    target : str
        To whom.
    most : int
        How many at once.

    Returns
    -------
    tuple of OutboxRow
        The oldest first; of two servers each takes others.
    """
    older = aliased(outbox, name="older")
    waits = and_(outbox.c.done_at.is_(None), outbox.c.dead_at.is_(None))
    before = exists().where(
        older.c.target == target,
        older.c.patient == outbox.c.patient,
        older.c.number < outbox.c.number,
        older.c.done_at.is_(None),
        older.c.dead_at.is_(None),
    )
    wanted = (
        select(outbox)
        .where(waits, outbox.c.next_at <= now, outbox.c.target == target, ~before)
        .order_by(outbox.c.number)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    rows = connection.execute(wanted).all()
    if rows:
        taken = update(outbox).where(outbox.c.number.in_([row.number for row in rows]))
        taken = taken.values(attempts=outbox.c.attempts + 1, next_at=again_at)
        connection.execute(taken)
    return tuple(
        OutboxRow(
            row.number,
            row.event_number,
            row.patient,
            row.kind,
            row.target,
            row.key,
            row.body,
            row.attempts + 1,
            row.made_at,
        )
        for row in rows
    )


def end_outbox(connection: Connection, number: int, done_at: str) -> None:
    """Say that a row has arrived.

    Parameters
    ----------
    connection : Connection
        In a transaction that writes.
    number : int
        Of the row.
    done_at : str
        Moment.
    """
    ended = update(outbox).where(outbox.c.number == number)
    # done and dead both is what was dropped: this one has arrived, whatever another server thinks
    connection.execute(ended.values(done_at=done_at, dead_at=None, last_problem=""))


def put_off_outbox(
    connection: Connection, number: int, problem: str, *, next_at: str, dead_at: str | None
) -> None:
    """Say that a row has not arrived.

    Parameters
    ----------
    connection : Connection
        In a transaction that writes.
    number : int
        Of the row.
    problem : str
        Why, without a patient's data; cut at 300 characters.
    next_at : str
        When it is tried again.
    dead_at : str or None
        Where it is not tried again: then later ones of the patient go on without it.
    """
    # what has arrived, or was dropped, stays so: another server may have had the row too
    changed = update(outbox).where(outbox.c.number == number, outbox.c.done_at.is_(None))
    values = {"last_problem": problem[:300], "next_at": next_at, "dead_at": dead_at}
    connection.execute(changed.values(values))


def count_outbox(connection: Connection) -> dict[str, dict[str, int]]:
    """Count what waits, was sent, is dead, and was dropped, by target.

    Parameters
    ----------
    connection : Connection
        Any.

    Returns
    -------
    dict of str to dict of str to int
        ``waiting``, ``done``, ``dead`` and ``dropped`` of each target.
    """
    ended, given_up = outbox.c.done_at.is_not(None), outbox.c.dead_at.is_not(None)
    done, dropped = and_(ended, ~given_up), and_(ended, given_up)
    dead = and_(given_up, ~ended)
    counted = select(
        outbox.c.target,
        func.count().filter(~or_(ended, given_up)),
        func.count().filter(done),
        func.count().filter(dead),
        func.count().filter(dropped),
    ).group_by(outbox.c.target)
    return {
        str(row[0]): {
            "waiting": int(row[1]), "done": int(row[2]), "dead": int(row[3]),
            "dropped": int(row[4]),
        }
        for row in connection.execute(counted)
    }  # fmt: skip
