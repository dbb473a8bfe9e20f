"""What was known, and whether replay says the same as was said live."""

from __future__ import annotations

import gc
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from cartwheel.errors import FileRefused, Refused, refuse
from cartwheel.serve.ward.chart import Chart, chart_of, chart_text, due_at, fold, new_chart
from cartwheel.serve.ward.following import Following
from cartwheel.serve.ward.turn import open_alerts
from cartwheel.store.database import Store
from cartwheel.store.ward_json import event_text, moment_text
from cartwheel.store.ward_log import Line, events_of, lines_of
from cartwheel.store.ward_past import last_line, past_at, past_before, past_entries
from cartwheel.store.ward_people import snapshot_of
from cartwheel.store.ward_tables import episodes
from cartwheel.watch.standing import Event

SELDOM = 50_000
"""Objects after which the collector looks for circles: what a replay makes is soon gone without."""

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
    """

    chart: Chart
    events: tuple[Said, ...]
    lines: int
    explained_from: int


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
    moment = None if until is None else moment_text(until)
    with store.reading() as connection:
        begun = _beginning(connection, followings, patient, moment)
        chart, said, many = begun.chart, list[Said](), begun.before
        for line, after, events in _folded(connection, followings, begun, moment):
            chart, many = after, many + 1
            said += _said(line, events)
    return Replayed(chart, tuple(said), many, begun.first)


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

    Notes
    -----
    Folded from the last snapshot before the moment that this version of the program can read; where
    there is none, from the first line.
    """
    until = moment_text(moment)
    with store.reading() as connection:
        last = last_line(connection, patient, until)
        chart = _past_chart(connection, followings, patient, last)
        if chart is None or not _at_hand(connection, followings, patient, chart.last_entry, until):
            return replay(store, followings, patient, moment).chart
        for line in lines_of(connection, patient, after=chart.last_entry, until=until):
            chart, _ = fold(chart, line, followings, lambda: lines_of(connection, patient))
    return chart


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
        In the order of the patients' ids.

    Raises
    ------
    FileRefused
        ``no_ward_file``, ``store_unavailable``.
    """
    before = gc.get_threshold()
    gc.set_threshold(SELDOM, *before[1:])
    try:
        with store.reading() as connection:
            named = patients_of(connection, patients)
            return together(verify_patient(connection, followings, one) for one in named)
    finally:
        gc.set_threshold(*before)


def patients_of(connection: Connection, wanted: Iterable[str] | None = None) -> list[str]:
    """List patients of whom there is a log.

    Parameters
    ----------
    connection : Connection
        Any.
    wanted : iterable of str, optional
        Only these.

    Returns
    -------
    list of str
        The ward's own ids, sorted.
    """
    every = connection.execute(select(episodes.c.patient)).scalars().all()
    only = None if wanted is None else set(wanted)
    return sorted(str(one) for one in every if only is None or one in only)


def together(several: Iterable[Verified]) -> Verified:
    """Add up what was found of several patients.

    Parameters
    ----------
    several : iterable of Verified
        In the order in which differences are told.

    Returns
    -------
    Verified
    """
    patients = lines = events = unexplained = 0
    differences: list[Difference] = []
    for one in several:
        patients += one.patients
        lines += one.lines
        events += one.events
        unexplained += one.unexplained
        differences += one.differences
    return Verified(patients, lines, events, unexplained, tuple(differences))


def verify_patient(
    connection: Connection, followings: Mapping[str, Following], patient: str
) -> Verified:
    """Replay the log of a patient, and compare with every event and chart that is kept.

    Parameters
    ----------
    connection : Connection
        Any.
    followings : mapping of str to Following
        By the identity of their ward file.
    patient : str
        The ward's own id.

    Returns
    -------
    Verified

    Raises
    ------
    FileRefused
        ``no_ward_file``.
    """
    row = connection.execute(select(episodes).where(episodes.c.patient == patient)).one()
    begun = _beginning(connection, followings, patient, None)
    late: list[Difference] = []
    kept = ((one.entry, one.ordinal, one.at, one.kind, one.body)
            for one in events_of(connection, patient) if one.entry >= begun.first)  # fmt: skip
    snapshots = _Snapshots(connection, followings, patient)
    chart, lines, events, there, other = begun.chart, begun.before, 0, 0, None
    for line, after, told in _folded(connection, followings, begun, None):
        chart, lines = after, lines + 1
        for one in _said(line, told):
            events += 1
            two = next(kept, None)
            there += two is not None
            if other is None and two is not None and one != two:
                other = min(one[0], two[0])
        late += snapshots.differences(chart)
    there += sum(1 for _ in kept)
    found: list[Difference] = []
    if other is not None:
        found.append(Difference(patient, "an event is another one", other))
    elif there != events:
        what = f"{there} events are kept, {events} follow"
        found.append(Difference(patient, what, chart.last_entry))
    found += _other_chart(followings, row, chart)
    return Verified(1, lines, events, begun.before, (*found, *late))


@dataclass(frozen=True, slots=True)
class _Beginning:
    """Where a log can be explained from: before it so many lines stand that cannot."""

    chart: Chart
    before: int = 0
    after: int = 0
    first: int = 0


def _folded(
    connection: Connection,
    followings: Mapping[str, Following],
    begun: _Beginning,
    until: str | None,
) -> Iterator[tuple[Line, Chart, tuple[Event, ...]]]:
    chart = begun.chart
    patient = chart.patient
    for line in lines_of(connection, patient, after=begun.after, until=until):
        chart, events = fold(chart, line, followings, lambda: lines_of(connection, patient))
        yield line, chart, events


def _said(line: Line, events: tuple[Event, ...]) -> Iterator[Said]:
    for ordinal, event in enumerate(events):
        kind, at, body = event_text(event)
        yield line.number, ordinal, at, kind, body


def _beginning(
    connection: Connection, followings: Mapping[str, Following], patient: str, until: str | None
) -> _Beginning:
    """Find the first line from which every ward file is at hand."""
    marks = list(lines_of(connection, patient, until=until, kinds=("ward_file",)))
    strange = [one.number for one in marks if not any(sha in one.body for sha in followings)]
    if not strange:
        return _Beginning(new_chart(patient))
    later = next((one.number for one in marks if one.number > strange[-1]), None)
    if later is None:
        raise _no_ward_file()
    alerts = open_alerts(connection, patient, before=later)
    before = sum(1 for line in lines_of(connection, patient) if line.number < later)
    return _Beginning(Chart(patient, alerts=alerts), before, later - 1, later)


def _past_chart(
    connection: Connection, followings: Mapping[str, Following], patient: str, last: int
) -> Chart | None:
    for _, sha256, text in past_before(connection, patient, last):
        following = followings.get(sha256)
        chart = None if following is None else chart_of(patient, text, following)
        if chart is not None:
            return chart
    return None


def _at_hand(
    connection: Connection, followings: Mapping[str, Following], patient: str, after: int,
    until: str,
) -> bool:  # fmt: skip
    """Whether every ward file that came into force since a line is at hand."""
    marks = lines_of(connection, patient, after=after, until=until, kinds=("ward_file",))
    return all(any(sha256 in one.body for sha256 in followings) for one in marks)


class _Snapshots:
    """Snapshots of a patient, each compared with the chart after its line."""

    def __init__(
        self, connection: Connection, followings: Mapping[str, Following], patient: str
    ) -> None:
        self._connection, self._followings, self._patient = connection, followings, patient
        newest = snapshot_of(connection, patient)
        self._newest = (0, "") if newest is None else newest
        self._past = frozenset(past_entries(connection, patient))

    def differences(self, chart: Chart) -> Iterator[Difference]:
        """Compare those that end with the last line of a chart."""
        kept = []
        if chart.last_entry == self._newest[0]:
            kept.append(self._newest[1])
        if chart.last_entry in self._past:
            past = past_at(self._connection, self._patient, chart.last_entry)
            kept.append("" if past is None else past[1])
        if not kept:
            return
        following = self._followings[chart.ward_sha256]
        told = chart_text(chart, following)
        for text in kept:
            if text != told and not self._is_of_another_version(text, following):
                yield Difference(self._patient, "the snapshot is another one", chart.last_entry)

    def _is_of_another_version(self, text: str, following: Following) -> bool:
        """What an older program wrote in its own way it alone can compare; nobody reads it."""
        if chart_of(self._patient, text, following) is not None:
            return False
        try:
            return isinstance(json.loads(text), dict)
        except ValueError:
            return False


def _other_chart(
    followings: Mapping[str, Following], row: Row[Any], chart: Chart
) -> Iterator[Difference]:
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
