"""One patient as the page shows him: as he is known now, or as he was known at a moment."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Connection, select

from cartwheel.errors import FileRefused, refuse
from cartwheel.serve.ward.chart import Chart, fold, new_chart
from cartwheel.serve.ward.known import known_at
from cartwheel.serve.ward.opened import WardServices
from cartwheel.serve.ward.turn import chart_kept
from cartwheel.store.ward_json import alert_of
from cartwheel.store.ward_log import events_of, lines_of
from cartwheel.store.ward_people import EpisodeRow, identifiers_of
from cartwheel.store.ward_persons import PersonRow, persons_of
from cartwheel.store.ward_tables import episodes
from cartwheel.watch.episode import Episode
from cartwheel.watch.observation import Observation, supersedes
from cartwheel.watch.standing import AlertEvent

# charts kept, and lines that all of them together may hold
_MOST_KEPT, _MOST_LINES = 300, 60_000


@dataclass(frozen=True, slots=True)
class Correction:
    """A value that was sent again, otherwise.

    Parameters
    ----------
    known_at : datetime
        UTC. When the new version came.
    before, after : Observation
        The versions.
    """

    known_at: datetime
    before: Observation
    after: Observation


@dataclass(frozen=True, slots=True)
class Bedside:
    """One patient.

    Parameters
    ----------
    patient, state : str
        The ward's own id; ``assigned``, ``unassigned``, ``closed`` or ``merged``.
    merged_into : str or None
        The record that stays.
    person : PersonRow
        How he is called, and where he is.
    identifiers : tuple of (str, str)
        Systems and values.
    chart : Chart
        As it is, or as it was known.
    entry : int
        Last line of the log, as it is now.
    as_known : datetime or None
        UTC. The moment that is shown; None for now.
    """

    patient: str
    state: str
    merged_into: str | None
    person: PersonRow
    identifiers: tuple[tuple[str, str], ...]
    chart: Chart
    entry: int
    as_known: datetime | None

    @property
    def episode(self) -> Episode | None:
        """What is known; None where nothing is."""
        return cast("Episode | None", self.chart.episode)


class _Charts:
    """Charts as they were last read; what came since is added to them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[str, Chart] = {}
        self._lines: dict[str, int] = {}

    def read(self, connection: Connection, opened: WardServices, row: EpisodeRow) -> Chart:
        if not row.last_entry:
            return new_chart(row.patient)
        following = opened.following
        if row.ward_sha256 != following.sha256:
            # the clock follows everybody anew soon after the start
            return known_at(opened.store, opened.followings(), row.patient, datetime.max)
        known = self._known.get(row.patient)
        if known is None or known.ward_sha256 != row.ward_sha256:
            chart = chart_kept(connection, row, following)
        else:
            chart = known
            for line in lines_of(connection, row.patient, after=known.last_entry):
                if line.kind == "ward_file":
                    chart = chart_kept(connection, row, following)
                    break
                chart, _ = fold(chart, line, {following.sha256: following}, tuple)
        self._keep(chart, len(following.versions(chart.episode)) if chart.episode else 1)
        return chart

    def _keep(self, chart: Chart, lines: int) -> None:
        with self._lock:
            # the one read last stands last
            for several in (self._known, self._lines):
                several.pop(chart.patient, None)
            self._known[chart.patient], self._lines[chart.patient] = chart, lines
            while len(self._known) > 1 and (
                len(self._known) > _MOST_KEPT or sum(self._lines.values()) > _MOST_LINES
            ):
                first = next(iter(self._known))
                del self._known[first], self._lines[first]


_CHARTS = _Charts()


def read_bedside(opened: WardServices, patient: str, as_known: datetime | None = None) -> Bedside:
    """Read one patient.

    Parameters
    ----------
    opened : WardServices
        Open.
    patient : str
        The ward's own id.
    as_known : datetime, optional
        UTC. Only what was known at this moment.

    Returns
    -------
    Bedside

    Raises
    ------
    FileRefused
        ``no_such_patient``; of an earlier moment also ``no_ward_file``.
    """
    with opened.store.reading() as connection:
        row = episode_row(connection, patient)
        person = persons_of(connection, [patient]).get(patient, PersonRow())
        identifiers = identifiers_of(connection, patient)
        chart = _CHARTS.read(connection, opened, row) if as_known is None else None
    if chart is None:
        assert as_known is not None
        chart = known_at(opened.store, opened.followings(), patient, as_known)
    return Bedside(
        patient, row.state if as_known is None else chart.shown, row.merged_into, person,
        identifiers, chart, row.last_entry, as_known,
    )  # fmt: skip


def episode_row(connection: Connection, patient: str) -> EpisodeRow:
    """Read what the table says of a patient.

    Parameters
    ----------
    connection : Connection
        Any.
    patient : str
        The ward's own id.

    Returns
    -------
    EpisodeRow

    Raises
    ------
    FileRefused
        ``no_such_patient``.
    """
    wanted = select(
        episodes.c.patient, episodes.c.state, episodes.c.last_entry, episodes.c.known_at,
        episodes.c.ward_sha256, episodes.c.merged_into, episodes.c.merge_mark,
    ).where(episodes.c.patient == patient)  # fmt: skip
    row = connection.execute(wanted).one_or_none()
    if row is None:
        raise refuse(
            FileRefused, "no_such_patient", "the ward has no patient of this id",
            where="patient", mend="open him from the ward's page",
        )  # fmt: skip
    return EpisodeRow(*row)


@dataclass(frozen=True, slots=True)
class AlertStepShown:
    """One step in the life of an alert.

    Parameters
    ----------
    known_at : str
        UTC.
    step : AlertEvent
        What happened.
    """

    known_at: str
    step: AlertEvent


def alert_history(opened: WardServices, patient: str, until: str | None) -> list[AlertStepShown]:
    """List what happened to the alerts of a patient.

    Parameters
    ----------
    opened : WardServices
        Open.
    patient : str
        The ward's own id.
    until : str or None
        Only what was known at this moment.

    Returns
    -------
    list of AlertStepShown
        The newest first.
    """
    with opened.store.reading() as connection:
        found = [
            AlertStepShown(one.known_at, alert_of(one.body))
            for one in events_of(connection, patient, kinds=("alert",))
            if until is None or one.known_at <= until
        ]
    return found[::-1]


def corrections_of(opened: WardServices, patient: str, until: str | None) -> list[Correction]:
    """List the values of a patient that came again, otherwise.

    Parameters
    ----------
    opened : WardServices
        Open.
    patient : str
        The ward's own id.
    until : str or None
        Only what was known at this moment.

    Returns
    -------
    list of Correction
        The newest first.
    """
    versions: dict[str, Observation] = {}
    found: list[Correction] = []
    with opened.store.reading() as connection:
        for line in lines_of(connection, patient, until=until, kinds=("observation",)):
            new = line.known
            if not isinstance(new, Observation):
                continue
            old = versions.get(new.source)
            if old is None:
                versions[new.source] = new
            elif supersedes(new, old):
                found.append(Correction(line.known_at, old, new))
                versions[new.source] = new
    return found[::-1]


def events_after(
    opened: WardServices, patient: str, after: int, most: int
) -> list[Mapping[str, Any]]:
    """List what followed from a patient's log, as it was told at the time.

    Parameters
    ----------
    opened : WardServices
        Open.
    patient : str
        The ward's own id.
    after : int
        Only events with greater numbers.
    most : int
        How many.

    Returns
    -------
    list of mapping
        ``number``, ``entry``, ``kind``, ``at``, ``known_at``, ``event``.
    """
    with opened.store.reading() as connection:
        episode_row(connection, patient)
        return list(_first(_told(connection, patient, after), most))


def _told(connection: Connection, patient: str, after: int) -> Iterator[Mapping[str, Any]]:
    for one in events_of(connection, patient, after=after):
        yield {
            "number": one.number, "entry": one.entry, "kind": one.kind, "at": one.at,
            "known_at": one.known_at, "event": json.loads(one.body),
        }  # fmt: skip


def _first(found: Iterator[Mapping[str, Any]], most: int) -> Iterator[Mapping[str, Any]]:
    for place, one in enumerate(found):
        if place >= most:
            return
        yield one
