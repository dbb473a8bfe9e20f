"""A patient's chart: the fold of the lines of his log. Live and replay are this one function."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from cartwheel.serve.ward.following import EpisodeState, Following
from cartwheel.store.ward_json import alert_of, event_text, moment_of, moment_text
from cartwheel.store.ward_log import Line
from cartwheel.watch.observation import Entry, Known, Observation, Stay, Tick
from cartwheel.watch.standing import AlertEvent, Event

OVER = ("cleared", "withdrawn")
SCHEMA = "cartwheel/ward-chart/2"
FOLDED = "its record was folded into another one"
_AGAIN = timedelta(seconds=60)
_MS = timedelta(milliseconds=1)

History: TypeAlias = Callable[[], Iterable[Line]]
"""Gives the patient's lines from the first one on, up to the present one."""


@dataclass(frozen=True, slots=True)
class Chart:
    """One patient as his log tells.

    Parameters
    ----------
    patient : str
        The ward's own id.
    state : {"assigned", "unassigned", "closed"}
        Alerts are raised for who is assigned alone.
    merged : bool
        The record was folded into another one, and stands still.
    last_entry : int
        Number of the last line; 0 where there is none.
    known_at : datetime or None
        UTC. Of the last line.
    ward_sha256 : str
        Of the ward file in force; empty before the first line.
    episode : object
        Of the `Following`; None before the first line.
    alerts : mapping of str to AlertEvent
        Open alerts by id, each with its latest step.
    ticked : bool
        The last line was one of the clock.
    by : str
        How the program followed when the ward file came into force: `Following.by`.
    left_at : datetime or None
        UTC. When it became known that he has left; None of who has not.
    """

    patient: str
    state: str = "unassigned"
    merged: bool = False
    last_entry: int = 0
    known_at: datetime | None = None
    ward_sha256: str = ""
    episode: EpisodeState = None
    alerts: Mapping[str, AlertEvent] = field(default_factory=dict)
    ticked: bool = False
    by: str = ""
    left_at: datetime | None = None

    @property
    def shown(self) -> str:
        """State for the table: ``merged`` outranks the others."""
        return "merged" if self.merged else self.state


def new_chart(patient: str) -> Chart:
    """Begin a chart.

    Parameters
    ----------
    patient : str
        The ward's own id.

    Returns
    -------
    Chart
        Unassigned, of which nothing is known.
    """
    return Chart(patient)


def fold(
    chart: Chart, line: Line, followings: Mapping[str, Following], history: History
) -> tuple[Chart, tuple[Event, ...]]:
    """Take one line of the log.

    Parameters
    ----------
    chart : Chart
        As it was before.
    line : Line
        The next one of this patient.
    followings : mapping of str to Following
        By the identity of their ward file.
    history : callable
        Asked only where the ward file changes: then everything before is followed anew.

    Returns
    -------
    (Chart, tuple of Event)
    """
    if line.kind == "ward_file":
        return _change_file(chart, line, followings, history)
    state, merged, left_at = _stands(chart, line)
    episode, alerts, events = chart.episode, chart.alerts, tuple[Event, ...]()
    known = _known(chart, line)
    if known is not None:
        entry = Entry(line.number, line.known_at, known)
        # who is closed or folded into another is told once more what ends by it
        told = state == "assigned" or line.kind == "closed"
        told = told and not (merged and chart.merged)
        following = followings[chart.ward_sha256]
        episode, events = following.advance(episode, entry, alerts=told)
        if line.kind == "merged":
            events = tuple(replace(one, reason=FOLDED) if isinstance(one, AlertEvent) else one
                           for one in events)  # fmt: skip
        alerts = _open(alerts, events)
    after = Chart(
        chart.patient,
        state,
        merged,
        line.number,
        line.known_at,
        chart.ward_sha256,
        episode,
        alerts,
        line.kind == "tick",
        chart.by,
        left_at,
    )
    return after, events


def due_at(chart: Chart, following: Following) -> datetime | None:
    """Tell when the clock has to look at a chart.

    Parameters
    ----------
    chart : Chart
        As it stands.
    following : Following
        Of its ward file.

    Returns
    -------
    datetime or None
        None of who is not followed.
    """
    if chart.merged or chart.state == "closed" or chart.episode is None:
        return None
    due = following.due_at(chart.episode)
    if due is None or chart.known_at is None:
        return None
    # the table keeps milliseconds: a moment is never asked for before it is there
    due = due.replace(microsecond=due.microsecond // 1000 * 1000) + (
        _MS if due.microsecond % 1000 else timedelta(0)
    )
    # what the clock could not end is not asked for again at once
    return chart.known_at + _AGAIN if chart.ticked and due <= chart.known_at else due


def chart_text(chart: Chart, following: Following) -> str:
    """Write a chart, to be read instead of folding its lines.

    Parameters
    ----------
    chart : Chart
        With at least one line.
    following : Following
        Of its ward file.

    Returns
    -------
    str
        JSON; the same chart always as the same text.
    """
    document = {
        "schema": SCHEMA,
        "by": chart.by,
        "state": chart.state,
        "merged": chart.merged,
        "left_at": None if chart.left_at is None else moment_text(chart.left_at),
        "last_entry": chart.last_entry,
        "known_at": None if chart.known_at is None else moment_text(chart.known_at),
        "ward_sha256": chart.ward_sha256,
        "ticked": chart.ticked,
        "alerts": [event_text(one)[2] for one in chart.alerts.values()],
        "episode": following.write(chart.episode),
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def chart_of(patient: str, text: str, following: Following) -> Chart | None:
    """Read a chart.

    Parameters
    ----------
    patient : str
        Whose.
    text : str
        From `chart_text`.
    following : Following
        Of the ward file in force.

    Returns
    -------
    Chart or None
        None where it was written under another ward file, or by a version of the program that
        writes otherwise: then the lines are folded.
    """
    try:
        return _read(patient, json.loads(text), following)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def mark_of(body: str) -> tuple[str, str]:
    """Read the mark of a ward file that came into force.

    Parameters
    ----------
    body : str
        Of a line of the kind ``ward_file``.

    Returns
    -------
    (str, str)
        Identity of the ward file; `Following.by` of the program, empty of one before it was kept.
    """
    read = json.loads(body)
    return str(read["sha256"]), str(read.get("by", ""))


def _read(patient: str, read: Any, following: Following) -> Chart | None:
    if read.get("schema") != SCHEMA or read["ward_sha256"] != following.sha256:
        return None
    episode = following.read(read["episode"])
    if episode is None:
        return None
    known_at = None if read["known_at"] is None else moment_of(read["known_at"])
    left_at = None if read["left_at"] is None else moment_of(read["left_at"])
    alerts = {one.alert: one for one in map(alert_of, read["alerts"])}
    return Chart(patient, read["state"], read["merged"], read["last_entry"], known_at,
                 read["ward_sha256"], episode, alerts, read["ticked"], read["by"],
                 left_at)  # fmt: skip


def _stands(chart: Chart, line: Line) -> tuple[str, bool, datetime | None]:
    """Say who is followed from this line on, whether the record stands, and since when he is gone.

    An infusion brings back who had left only where it was given after that: one that is corrected,
    comes late or comes with another record does not.
    """
    known, state, merged, left_at = line.known, chart.state, chart.merged, chart.left_at
    if isinstance(known, Observation):
        begun = known.name == "infusion" and known.status != "withdrawn"
        if begun and (left_at is None or known.taken_at > left_at):
            state, left_at = "assigned", None
    elif line.kind in ("assigned", "closed"):
        state, left_at = line.kind, line.known_at if line.kind == "closed" else None
    elif line.kind in ("merged", "unmerged"):
        merged = line.kind == "merged"
    return state, merged, left_at


def _known(chart: Chart, line: Line) -> Known | Stay | None:
    """Give what a line says to the step: marks say who is here, and whose record stands."""
    if line.known is not None or chart.episode is None:
        return line.known
    if line.kind in ("assigned", "closed"):
        return Stay(chart.patient, line.kind == "assigned", line.known_at)
    if line.kind == "merged":
        return Stay(chart.patient, False, line.known_at, folded=True)
    # of who stands for himself again every rule looks anew
    return Tick(chart.patient, line.known_at) if line.kind == "unmerged" else None


def _open(before: Mapping[str, AlertEvent], events: tuple[Event, ...]) -> Mapping[str, AlertEvent]:
    steps = [event for event in events if isinstance(event, AlertEvent)]
    if not steps:
        return before
    after = dict(before)
    for step in steps:
        if step.step in OVER:
            after.pop(step.alert, None)
        else:
            after[step.alert] = step
    return after


def _change_file(
    chart: Chart, line: Line, followings: Mapping[str, Following], history: History
) -> tuple[Chart, tuple[Event, ...]]:
    """Follow everything before anew; tell only which alerts are open now, and which no longer."""
    sha256, by = mark_of(line.body)
    following = followings[sha256]
    anew = replace(
        new_chart(chart.patient), ward_sha256=sha256, by=by, episode=following.begin(chart.patient)
    )
    what = "program" if sha256 == chart.ward_sha256 else "ward file"
    for past in history():
        if past.number >= line.number:
            break
        if past.kind != "ward_file":
            anew, _ = fold(anew, past, {sha256: following}, tuple)
    gone = [
        replace(one, step="withdrawn", at=line.known_at, text=f"The {what} has changed.")
        for alert, one in chart.alerts.items()
        if alert not in anew.alerts
    ]
    come = [one for alert, one in anew.alerts.items() if alert not in chart.alerts]
    return replace(anew, last_entry=line.number, known_at=line.known_at), (*gone, *come)
