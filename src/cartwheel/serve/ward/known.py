"""What was known, and whether replay says the same as was said live."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from cartwheel.errors import FileRefused, Refused, refuse
from cartwheel.serve.ward.chart import Chart, chart_text, due_at, fold, new_chart
from cartwheel.serve.ward.following import Following
from cartwheel.serve.ward.turn import open_alerts
from cartwheel.store.database import Store
from cartwheel.store.ward_json import event_text, moment_text
from cartwheel.store.ward_log import Line, events_of, lines_of
from cartwheel.store.ward_people import snapshot_of
from cartwheel.store.ward_tables import episodes

Said = tuple[int, int, str, str, str]
"""Line, ordinal, moment, kind and body of an event."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """What the lines of a patient's log say.

    Parameters
    ----------
    chart : Chart
        After the last one.
    events : tuple
        Line, ordinal, moment, kind and body of each that followed.
    lines : int
        How many there are.
    explained_from : int
        First line whose events are explained; later than the first one where a ward file that was
        in force is not at hand.
    snapshot : str or None
        Text of the chart after the line asked for.
    """

    chart: Chart
    events: tuple[Said, ...]
    lines: int
    explained_from: int
    snapshot: str | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that replay says otherwise.

    Parameters
    ----------
    patient : str
        The ward's own id.
    what : str
        In words, without a value.
    entry : int
        Line concerned.
    """

    patient: str
    what: str
    entry: int


@dataclass(frozen=True, slots=True)
class Verified:
    """Whether replay of the log equals what was said live.

    Parameters
    ----------
    patients, lines, events : int
        How many were looked at.
    unexplained : int
        Lines whose ward file is not at hand.
    differences : tuple of Difference
        Empty where they are the same, byte for byte.
    """

    patients: int
    lines: int
    events: int
    unexplained: int
    differences: tuple[Difference, ...]

    @property
    def same(self) -> bool:
        """Whether replay equals live."""
        return not self.differences


def replay(
    store: Store,
    followings: Mapping[str, Following],
    patient: str,
    until: datetime | None = None,
) -> Replayed:
    """Fold the lines of a patient's log from the first one on.

    Parameters
    ----------
    store : Store
        Where.
    followings : mapping of str to Following
        By the identity of their ward file.
    patient : str
        The ward's own id.
    until : datetime, optional
        UTC. Only what was known at this moment.

    Returns
    -------
    Replayed

    Raises
    ------
    FileRefused
        ``no_such_patient``, ``no_ward_file``, ``store_unavailable``.
    """
    with store.reading() as connection:
        return _replay(connection, followings, patient, until)


def known_at(
    store: Store, followings: Mapping[str, Following], patient: str, moment: datetime
) -> Chart:
    """Show what was known of a patient at a moment: not what is known of that moment now.

    Parameters
    ----------
    store, followings, patient
        As of `replay`.
    moment : datetime
        UTC.

    Returns
    -------
    Chart
        Empty where nothing was known yet.

    Raises
    ------
    FileRefused
        As of `replay`.
    """
    return replay(store, followings, patient, moment).chart


def verify(
    store: Store, followings: Mapping[str, Following], patients: Iterable[str] | None = None
) -> Verified:
    """Replay logs, and compare with every event and every chart that is kept, byte for byte.

    Parameters
    ----------
    store : Store
        Where; while nothing is written to it, or what is being written may look different.
    followings : mapping of str to Following
        By the identity of their ward file.
    patients : iterable of str, optional
        Only these; by default all.

    Returns
    -------
    Verified
    """
    lines = events = unexplained = 0
    found: list[Difference] = []
    with store.reading() as connection:
        wanted = select(episodes).order_by(episodes.c.patient)
        if patients is not None:
            wanted = wanted.where(episodes.c.patient.in_(tuple(patients)))
        rows = connection.execute(wanted).all()
        for row in rows:
            patient = row.patient
            kept = snapshot_of(connection, patient)
            told = _replay(connection, followings, patient, None, kept[0] if kept else 0)
            lines += told.lines
            events += len(told.events)
            if told.explained_from:
                before = lines_of(connection, patient)
                unexplained += sum(1 for line in before if line.number < told.explained_from)
            found += _differences(connection, followings, row, told)
            if kept is not None and told.snapshot not in (None, kept[1]):
                found.append(Difference(patient, "the snapshot is another one", kept[0]))
    return Verified(len(rows), lines, events, unexplained, tuple(found))


def _replay(
    connection: Connection,
    followings: Mapping[str, Following],
    patient: str,
    until: datetime | None,
    snapshot_at: int = 0,
) -> Replayed:
    moment = None if until is None else moment_text(until)
    lines = list(lines_of(connection, patient, until=moment))
    chart, start = _beginning(connection, followings, patient, lines)
    said: list[Said] = []
    snapshot = None
    for line in lines[start:]:
        chart, events = fold(chart, line, followings, lambda: lines)
        if line.number == snapshot_at:
            snapshot = chart_text(chart, followings[chart.ward_sha256])
        for ordinal, event in enumerate(events):
            kind, at, body = event_text(event)
            said.append((line.number, ordinal, at, kind, body))
    explained = lines[start].number if start else 0
    return Replayed(chart, tuple(said), len(lines), explained, snapshot)


def _beginning(
    connection: Connection, followings: Mapping[str, Following], patient: str, lines: list[Line]
) -> tuple[Chart, int]:
    """Find the first line from which every ward file is at hand."""
    start = 0
    for place, line in enumerate(lines):
        if line.kind == "ward_file" and not any(one in line.body for one in followings):
            start = place + 1
    if not start:
        return new_chart(patient), 0
    later = next((place for place in range(start, len(lines)) if lines[place].kind == "ward_file"),
                 None)  # fmt: skip
    if later is None:
        raise _no_ward_file()
    alerts = open_alerts(connection, patient, before=lines[later].number)
    return Chart(patient, alerts=alerts), later


def _differences(
    connection: Connection, followings: Mapping[str, Following], row: Row[Any], told: Replayed
) -> Iterator[Difference]:
    kept = [
        (one.entry, one.ordinal, one.at, one.kind, one.body)
        for one in events_of(connection, row.patient)
        if one.entry >= told.explained_from
    ]
    other = next(
        (min(one[0], two[0]) for one, two in zip(kept, told.events, strict=False) if one != two),
        None,
    )
    if other is not None:
        yield Difference(row.patient, "an event is another one", other)
    elif len(kept) != len(told.events):
        what = f"{len(kept)} events are kept, {len(told.events)} follow"
        yield Difference(row.patient, what, told.chart.last_entry)
    yield from _other_chart(followings, row, told)


def _other_chart(
    followings: Mapping[str, Following], row: Row[Any], told: Replayed
) -> Iterator[Difference]:
    chart = told.chart
    if chart.known_at is None:
        if row.last_entry:
            yield Difference(row.patient, "a chart is kept, and no line", row.last_entry)
        return
    following = followings[chart.ward_sha256]
    due = due_at(chart, following)
    shown = (
        chart.shown,
        chart.last_entry,
        moment_text(chart.known_at),
        None if due is None else moment_text(due),
        chart.ward_sha256,
    )
    if shown != (row.state, row.last_entry, row.known_at, row.due_at, row.ward_sha256):
        yield Difference(row.patient, "the row of the patient is another one", row.last_entry)
    alerts = tuple(chart.alerts.values())
    if row.summary != following.summary(chart.episode, chart.known_at, alerts):
        yield Difference(row.patient, "the summary is another one", row.last_entry)


def _no_ward_file() -> Refused:
    return refuse(
        FileRefused,
        "no_ward_file",
        "the ward file by which this patient is followed is not at hand",
        where="ward file",
        mend="start the server with it, or look at what was told at the time",
    )
