"""What was known, and whether replay says the same as was said live."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from cartwheel.errors import FileRefused, Refused, refuse
from cartwheel.serve.ward.chart import Chart, chart_of, fold, mark_of, new_chart
from cartwheel.serve.ward.comparing import Difference, Snapshots, other_chart
from cartwheel.serve.ward.following import Following
from cartwheel.serve.ward.turn import open_alerts
from cartwheel.store.database import Store
from cartwheel.store.ward_json import event_text, moment_text
from cartwheel.store.ward_log import Line, events_of, lines_of
from cartwheel.store.ward_past import last_line, past_before
from cartwheel.store.ward_people import FOLLOWED
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
class Verified:
    """Whether replay of the log equals what was said live.

    Parameters
    ----------
    patients, lines, events : int
        How many were looked at.
    unexplained : int
        Lines whose ward file is not at hand, or that another program followed.
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
        Where; all is read as it is at one moment, also while something is written.
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
            named = patients_of(of_one_moment(connection), patients)
            return together(verify_patient(connection, followings, one) for one in named)
    finally:
        gc.set_threshold(*before)


def of_one_moment(connection: Connection) -> Connection:
    """See to it that all that is read is of one moment, whatever is written meanwhile.

    Parameters
    ----------
    connection : Connection
        Of which nothing was asked yet.

    Returns
    -------
    Connection
        The same.
    """
    if connection.dialect.name == "postgresql":
        # SQLite reads so by itself
        return connection.execution_options(isolation_level="REPEATABLE READ")
    return connection


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
    begun = _beginning(
        connection, followings, patient, None, as_told=True, is_over=row.state not in FOLLOWED
    )
    late: list[Difference] = []
    kept = ((one.entry, one.ordinal, one.at, one.kind, one.body)
            for one in events_of(connection, patient) if one.entry >= begun.first)  # fmt: skip
    snapshots = Snapshots(connection, followings, patient)
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
    if not begun.before or chart.known_at is not None:
        found += other_chart(followings, row, chart)
    late += snapshots.of_no_line(begun.first)
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
    connection: Connection, followings: Mapping[str, Following], patient: str, until: str | None,
    *, as_told: bool = False, is_over: bool = False,
) -> _Beginning:  # fmt: skip
    """Find the first line from which every ward file is at hand; as told, every program too.

    Of who is followed no more the last ward file need not be at hand: nobody puts another in force.
    """
    marks = list(lines_of(connection, patient, until=until, kinds=("ward_file",)))
    strange = [place for place, one in enumerate(marks)
               if not _is_explained(one.body, followings, as_told)]  # fmt: skip
    if not strange:
        return _Beginning(new_chart(patient))
    before_it, several = marks[strange[-1]], marks[strange[-1] + 1 :]
    sha256, _ = mark_of(before_it.body)
    if several:
        later = several[0].number
    elif is_over or sha256 in followings:
        # nothing has come since
        later = last_line(connection, patient, until) + 1
    else:
        raise _no_ward_file()
    alerts = open_alerts(connection, patient, before=later)
    before = sum(1 for line in lines_of(connection, patient) if line.number < later)
    chart = Chart(patient, ward_sha256=sha256, alerts=alerts)
    return _Beginning(chart, before, later - 1, later)


def _is_explained(body: str, followings: Mapping[str, Following], as_told: bool) -> bool:
    """Whether the ward file of a mark is at hand; as told, whether this program followed so."""
    sha256, by = mark_of(body)
    following = followings.get(sha256)
    return following is not None and (not as_told or following.by == by)


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
    return all(_is_explained(one.body, followings, as_told=False) for one in marks)


def _no_ward_file() -> Refused:
    return refuse(
        FileRefused,
        "no_ward_file",
        "the ward file by which this patient is followed is not at hand",
        where="ward file",
        mend="start the server with it, or look at what was told at the time",
    )
