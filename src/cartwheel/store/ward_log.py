"""The ward's log: lines in the order of knowing, and the events that followed from them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select, text
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite

from cartwheel.store.ward_json import known_of, moment_of
from cartwheel.store.ward_many import insert_many
from cartwheel.store.ward_tables import entries, events, ward_files
from cartwheel.watch.observation import Known

MARKS = (
    "ward_file", "assigned", "closed", "merge", "merged", "unmerge", "unmerged",
)  # fmt: skip
"""Kinds of lines that are no value, tick or acknowledgement."""

# databases take so many values in one question
_MANY = 500


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a patient's log.

    Parameters
    ----------
    number : int
        In the order of knowing: within a patient always growing.
    message : int or None
        That brought it; None of the clock and of a change of the ward file.
    patient : str
        The ward's own id.
    known_at : datetime
        UTC; within a patient never going back.
    kind : str
        ``observation``, ``tick``, ``acknowledgement`` or one of `MARKS`.
    body : str
        Canonical JSON.
    known : Observation, Tick, Acknowledgement or None
        The same, read; None of a mark.
    """

    number: int
    message: int | None
    patient: str
    known_at: datetime
    kind: str
    body: str
    known: Known | None


@dataclass(frozen=True, slots=True)
class KeptEvent:
    """One event as it is kept.

    Parameters
    ----------
    number, entry, ordinal : int
        Of the event, of the line it followed from, and its place among those of the line.
    patient : str
        The ward's own id.
    at, known_at : str
        UTC: the clinical moment, and when it was known.
    kind : str
        ``changed`` or ``alert``.
    body : str
        Canonical JSON: see `cartwheel.store.ward_json`.
    """

    number: int
    entry: int
    ordinal: int
    patient: str
    at: str
    known_at: str
    kind: str
    body: str


class Numbers:
    """Numbers for lines or events, taken in blocks: each one greater than every one before.

    Parameters
    ----------
    connection : Connection
        In a transaction that writes, and that has locked the patients concerned: so the numbers of
        a patient grow in the order in which his lines are kept, whichever server keeps them.
    table : {"ward_entry", "ward_event"}
        Whose.
    block : int
        How many are taken at once; what is not used is left out.
    """

    def __init__(self, connection: Connection, table: str, block: int) -> None:
        self._connection, self._table, self._block = connection, table, max(block, 1)
        self._left: list[int] = []
        self._given = 0

    def take(self) -> int:
        """Take the next one.

        Returns
        -------
        int
        """
        if not self._left:
            self._left = self._more()
        return self._left.pop()

    def _more(self) -> list[int]:
        if self._connection.dialect.name == "postgresql":
            given = self._connection.execute(_TAKE, {"name": self._table, "many": self._block})
            return sorted((int(one) for one in given.scalars()), reverse=True)
        # one transaction writes at a time, and it has begun; nothing is ever removed
        highest = self._connection.execute(_HIGHEST[self._table]).scalar() or 0
        first = max(highest, self._given) + 1
        self._given = first + self._block - 1
        return list(range(self._given, first - 1, -1))


def add_lines(connection: Connection, lines: Sequence[Line], known_at: Sequence[str]) -> None:
    """Keep lines.

    Parameters
    ----------
    connection : Connection
        In a transaction that writes.
    lines : sequence of Line
        With their numbers.
    known_at : sequence of str
        Their moments as text.
    """
    rows = [
        {
            "number": one.number,
            "message_number": one.message,
            "patient": one.patient,
            "known_at": at,
            "kind": one.kind,
            "body": one.body,
        }
        for one, at in zip(lines, known_at, strict=True)
    ]
    insert_many(connection, entries, rows)


def add_events(connection: Connection, kept: Sequence[KeptEvent]) -> None:
    """Keep events.

    Parameters
    ----------
    connection : Connection
        In a transaction that writes.
    kept : sequence of KeptEvent
        With their numbers.
    """
    rows = [
        {
            "number": one.number,
            "entry_number": one.entry,
            "ordinal": one.ordinal,
            "patient": one.patient,
            "at": one.at,
            "known_at": one.known_at,
            "kind": one.kind,
            "body": one.body,
        }
        for one in kept
    ]
    insert_many(connection, events, rows)


def lines_of(
    connection: Connection,
    patient: str,
    *,
    after: int = 0,
    until: str | None = None,
    kinds: Sequence[str] = (),
) -> Iterator[Line]:
    """Read the log of a patient.

    Parameters
    ----------
    connection : Connection
        Any.
    patient : str
        The ward's own id.
    after : int
        Only greater numbers.
    until : str, optional
        Only what was known at this moment.
    kinds : sequence of str
        Only these; empty is all.

    Yields
    ------
    Line
        In order of number.
    """
    wanted = select(entries).where(entries.c.patient == patient, entries.c.number > after)
    if until is not None:
        wanted = wanted.where(entries.c.known_at <= until)
    if kinds:
        wanted = wanted.where(entries.c.kind.in_(kinds))
    for row in connection.execute(wanted.order_by(entries.c.number)):
        yield _line(row)


def lines_of_message(connection: Connection, number: int) -> tuple[Line, ...]:
    """Read the lines that a message brought.

    Parameters
    ----------
    connection : Connection
        Any.
    number : int
        Of the message.

    Returns
    -------
    tuple of Line
    """
    wanted = select(entries).where(entries.c.message_number == number)
    return tuple(_line(row) for row in connection.execute(wanted.order_by(entries.c.number)))


def events_of(
    connection: Connection, patient: str, *, after: int = 0, kinds: Sequence[str] = ()
) -> Iterator[KeptEvent]:
    """Read the events of a patient.

    Parameters
    ----------
    connection : Connection
        Any.
    patient : str
        The ward's own id.
    after : int
        Only greater numbers.
    kinds : sequence of str
        Only these; empty is all.

    Yields
    ------
    KeptEvent
        In order of number.
    """
    wanted = select(events).where(events.c.patient == patient, events.c.number > after)
    if kinds:
        wanted = wanted.where(events.c.kind.in_(kinds))
    for row in connection.execute(wanted.order_by(events.c.number)):
        yield KeptEvent(row.number, row.entry_number, row.ordinal, row.patient, row.at,
                        row.known_at, row.kind, row.body)  # fmt: skip


def add_ward_file(connection: Connection, sha256: str, content: bytes, known_at: str) -> None:
    """Keep what a ward file says, once.

    Parameters
    ----------
    connection : Connection
        In a transaction that writes.
    sha256 : str
        Its identity.
    content : bytes
        What it says.
    known_at : str
        Moment.
    """
    build: Any = insert_postgresql if connection.dialect.name == "postgresql" else insert_sqlite
    row = {"sha256": sha256, "content": content, "known_at": known_at}
    connection.execute(build(ward_files).values(row).on_conflict_do_nothing())


def ward_file_contents(connection: Connection) -> Mapping[str, bytes]:
    """Read every ward file that was ever in force.

    Parameters
    ----------
    connection : Connection
        Any.

    Returns
    -------
    mapping of str to bytes
        By identity.
    """
    rows = connection.execute(select(ward_files.c.sha256, ward_files.c.content))
    return {row.sha256: bytes(row.content) for row in rows}


def _line(row: Row[Any]) -> Line:
    known = None if row.kind in MARKS else known_of(row.kind, row.body, row.patient)
    return Line(row.number, row.message_number, row.patient, moment_of(row.known_at), row.kind,
                row.body, known)  # fmt: skip


def in_parts(wanted: Iterable[str]) -> Iterator[tuple[str, ...]]:
    """Part what is asked for: databases take so many values in one question.

    Parameters
    ----------
    wanted : iterable of str
        Any.

    Yields
    ------
    tuple of str
        Sorted, each once.
    """
    every = sorted(set(wanted))
    for start in range(0, len(every), _MANY):
        yield tuple(every[start : start + _MANY])


_TAKE = text(
    # the sequence is looked up once, not for each number
    "SELECT nextval(one.counter) FROM "
    "(SELECT CAST(pg_get_serial_sequence(:name, 'number') AS regclass) AS counter OFFSET 0) AS one,"
    " generate_series(1, :many)"
)
_HIGHEST = {
    "ward_entry": select(func.max(entries.c.number)),
    "ward_event": select(func.max(events.c.number)),
}
