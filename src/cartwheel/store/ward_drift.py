"""What drift needs of the ward's log: one patient at a time, and no row of anybody leaves."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from cartwheel.store.ward_json import known_of, moment_of
from cartwheel.store.ward_tables import entries, episodes, events, identifiers, parked, persons
from cartwheel.watch.drift_patient import PatientLog, Told
from cartwheel.watch.observation import Observation, supersedes

# the record that stays has the values of one that was folded into it
_COUNTED = ("assigned", "closed")
# of an event's text, as `event_text` writes it; no word of it can hold a bare quotation mark
_AFTER, _BASIS = '"after":{', ',"version":'


@dataclass(frozen=True, slots=True)
class LogEnd:
    """How far a patient's log goes.

    Parameters
    ----------
    patient : str
        The ward's own id.
    last_entry : int
        Number of its last line.
    place : str
        Where he is or was last; empty where nobody said.
    """

    patient: str
    last_entry: int
    place: str


def log_ends(connection: Connection) -> tuple[LogEnd, ...]:
    """List the patients whom somebody admitted, those who have left too.

    Parameters
    ----------
    connection : Connection
        Any.

    Returns
    -------
    tuple of LogEnd
        By id.
    """
    joined = episodes.outerjoin(persons, persons.c.patient == episodes.c.patient)
    wanted = (
        select(episodes.c.patient, episodes.c.last_entry, persons.c.ward)
        .select_from(joined)
        .where(episodes.c.state.in_(_COUNTED), episodes.c.last_entry > 0)
        .order_by(episodes.c.patient)
    )
    return tuple(
        LogEnd(str(row.patient), int(row.last_entry), str(row.ward or "").strip())
        for row in connection.execute(wanted)
    )


def drift_log(connection: Connection, end: LogEnd) -> PatientLog:
    """Read what drift needs of one patient's log.

    Parameters
    ----------
    connection : Connection
        Any.
    end : LogEnd
        Of him.

    Returns
    -------
    PatientLog
        The last version of every value, and every answer as it was told.
    """
    return PatientLog(
        end.patient,
        end.place,
        tuple(_values(connection, end.patient)),
        tuple(_told(connection, end.patient)),
    )


def parked_by(
    connection: Connection, period: Callable[[Any], str]
) -> tuple[tuple[str, str, str, int], ...]:
    """Count what could not be used, by period, name and reason.

    Parameters
    ----------
    connection : Connection
        Any.
    period : callable
        Names the period of a moment.

    Returns
    -------
    tuple of (str, str, str, int)
        Period, name (empty where it is not known), reason, and how many items came, those that were
        sent through again later too.
    """
    found: Counter[tuple[str, str, str]] = Counter()
    wanted = select(parked.c.known_at, parked.c.name, parked.c.reason)
    for row in connection.execute(wanted.execution_options(yield_per=1000)):
        found[period(moment_of(row.known_at)), str(row.name), str(row.reason)] += 1
    return tuple((*key, found[key]) for key in sorted(found))


def patients_called(connection: Connection) -> Iterator[tuple[str, str]]:
    """List every identifier with the ward's own id, for a file that names patients otherwise.

    Parameters
    ----------
    connection : Connection
        Any.

    Yields
    ------
    tuple of (str, str)
        Identifier without its system, and the ward's own id of the record that stays.
    """
    rows = connection.execute(select(episodes.c.patient, episodes.c.merged_into))
    into = {row.patient: row.merged_into for row in rows}
    for row in connection.execute(select(identifiers.c.value, identifiers.c.patient)):
        patient = str(row.patient)
        while into.get(patient):
            patient = str(into[patient])
        yield str(row.value), patient


def _values(connection: Connection, patient: str) -> Iterator[Observation]:
    wanted = select(entries.c.body).where(
        entries.c.patient == patient, entries.c.kind == "observation"
    )
    found: dict[str, Observation] = {}
    for (body,) in connection.execute(wanted.order_by(entries.c.number)):
        one = known_of("observation", body, patient)
        assert isinstance(one, Observation)
        before = found.get(one.source)
        if before is None or supersedes(one, before):
            found[one.source] = one
    return (one for one in found.values() if one.status != "withdrawn")


def _told(connection: Connection, patient: str) -> Iterator[Told]:
    wanted = select(events.c.number, events.c.known_at, events.c.body).where(
        events.c.patient == patient, events.c.kind == "changed"
    )
    for number, known_at, body in connection.execute(wanted.order_by(events.c.number)):
        after = _answer_of(body)
        is_range = after["risk"] is None and after["risk_low"] is not None
        reasons = tuple(after["reasons"])
        yield Told(
            int(number), after["target"], moment_of(after["at"]), moment_of(known_at),
            after["low"], after["risk"], is_range, reasons,
        )  # fmt: skip


def _answer_of(body: str) -> dict[str, Any]:
    """Read what was told anew; what it rests on stands behind, and is most of the text."""
    begins = body.find(_AFTER)
    ends = body.find(_BASIS, begins)
    if begins < 0 or ends < 0:
        return dict(json.loads(body)["after"])
    return dict(json.loads(body[begins + len(_AFTER) - 1 : ends] + "}"))
