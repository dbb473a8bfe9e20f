"""The guard against time travel: a predictor measured on or after the event cannot predict it.

Where a predictor comes too late for some patients the run is refused, and the landmark cohort is
offered: patients still event-free and under observation at the landmark, and what it costs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cartwheel.errors import Problem
from cartwheel.patients import GuardReport

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Timed:
    """When a column was measured: its day, or a summary over follow-up ("peak"), or not known.

    Parameters
    ----------
    column : str
        Its name.
    day : float or None
        Day of measurement; infusion is day 0.
    summary : str or None
        Such as ``peak``; None for a value of one day.
    """

    column: str
    day: float | None
    summary: str | None


@dataclass(frozen=True, slots=True)
class EventTimes:
    """When events happened, in days.

    Parameters
    ----------
    event : float array (n,)
        1 event, 0 none.
    day : float array (n,) or None
        Day of the event (or of last contact, for survival); None where no column gives it.
    observed_until : bool
        True where ``day`` also says how long patients without the event were observed.
    declared : bool
        True where a column of onset days was named: then every predictor needs a day.
    """

    event: Floats
    day: Floats | None
    observed_until: bool
    declared: bool


def at_risk_after(times: EventTimes, day: float) -> NDArray[np.bool_]:
    """Mark patients still event-free and under observation after the given day.

    Parameters
    ----------
    times : EventTimes
        Events and their days, of n patients.
    day : float
        The landmark; an event or last contact on this day is not after it.

    Returns
    -------
    bool array (n,)
        All True where no days are known. Where only onset days are known, everyone whose event did
        not begin by the day; see `began_without_event`.
    """
    if times.day is None:
        return np.ones(len(times.event), dtype=bool)
    if times.observed_until:
        observed: NDArray[np.bool_] = times.day > day
        return observed
    free: NDArray[np.bool_] = ~((times.event == 1) & (times.day <= day))
    return free


def began_without_event(times: EventTimes, day: float | None) -> int:
    """Count patients without the event whose onset day is not after the landmark.

    A column of onset days may date mild courses too. `at_risk_after` leaves out those whose event
    began by the landmark, and keeps those whose mild course did: it then knows what was to come.

    Parameters
    ----------
    times : EventTimes
        Events and their days, of n patients.
    day : float or None
        The landmark; None without one.

    Returns
    -------
    int
        0 without a landmark, without days, where days say how long patients were observed, and
        where no event began by the landmark: then everybody is kept, and nothing is known early.
    """
    if day is None or times.day is None or times.observed_until:
        return 0
    early = times.day <= day
    if not (early & (times.event == 1)).any():
        return 0
    return int((early & (times.event != 1)).sum())


def began_text(patients: int, day: float) -> str:
    """Say what it means that patients without the event have an early onset day.

    Parameters
    ----------
    patients : int
        As `began_without_event` counts them, more than 0.
    day : float
        The landmark.

    Returns
    -------
    str
        Two sentences.
    """
    stay = "patient" if patients == 1 else "patients"
    return (
        f"{patients} {stay} without the event had an onset by day {day:g} (a milder course, it "
        "seems) and stayed in the analysis, while those whose onset by then was to become the "
        "event were left out. On that day nobody could know which was which: the landmark knows "
        "the future of those it keeps. Leave out whoever had an onset by then ([[cohort.exclude]] "
        "on the onset column), or use cartwheel landmark, which does."
    )


def guard(
    times: EventTimes, predictors: Sequence[Timed], landmark_day: float | None
) -> tuple[GuardReport, tuple[Problem, ...]]:
    """Hold each predictor's day against the events.

    Parameters
    ----------
    times : EventTimes
        Events and their days, of all patients with a known outcome, before any landmark.
    predictors : sequence of Timed
        Every predictor and adjustment column.
    landmark_day : float or None
        Day at which patients had to be event-free, if the plan has one.

    Returns
    -------
    tuple of (GuardReport, problems)
        A problem for each predictor that comes too late, is a summary over follow-up, or has no day
        although onset days are known.
    """
    problems = [found for item in predictors if (found := _undated(item, times)) is not None]
    dated = [item for item in predictors if item.day is not None and item.summary is None]
    if times.day is not None:
        problems += _late(times, dated, landmark_day)
    checked = tuple(item.column for item in dated) if times.day is not None else ()
    unchecked = tuple(item.column for item in predictors if item.column not in checked)
    patients = events = 0
    if landmark_day is not None:
        lost = ~at_risk_after(times, landmark_day)
        patients, events = int(lost.sum()), int((lost & (times.event == 1)).sum())
    report = GuardReport(
        landmark_day=landmark_day,
        checked=checked,
        unchecked=unchecked,
        cost_patients=patients,
        cost_events=events,
        text=_words(times, checked, unchecked, landmark_day, (patients, events)),
    )
    return report, tuple(problems)


def _undated(item: Timed, times: EventTimes) -> Problem | None:
    if item.summary is not None:
        return Problem(
            "summary_predictor",
            f"this is a {item.summary} over follow-up, so for some patients it lies after the "
            "event",
            f"predictor '{item.column}'",
            "use a value of one day, or move the column to [associations]",
        )
    if item.day is None and times.declared:
        return Problem(
            "day_missing",
            "the day of measurement is not known, so nothing shows that it came before the event",
            f"predictor '{item.column}'",
            f"say it: --day {item.column}=0 (day of infusion is 0), or day in [columns] of the "
            "plan",
        )
    return None


def _late(times: EventTimes, dated: Sequence[Timed], landmark_day: float | None) -> list[Problem]:
    problems = []
    latest = max((item.day for item in dated if item.day is not None), default=0.0)
    for item in dated:
        assert item.day is not None
        where = f"predictor '{item.column}' (day {item.day:g})"
        if landmark_day is not None:
            if item.day > landmark_day:
                problems.append(
                    Problem(
                        "after_landmark",
                        f"measured after the landmark (day {landmark_day:g})",
                        where,
                        f"move the landmark to day {latest:g}, or leave the column out",
                    )
                )
            continue
        assert times.day is not None
        late = (times.event == 1) & (times.day <= item.day)
        if late.any():
            problems.append(
                Problem(
                    "time_travel",
                    f"measured on or after the event in {int(late.sum())} of "
                    f"{int(times.event.sum())} patients with the event",
                    where,
                    _offer(times, latest),
                )
            )
    return problems


def _offer(times: EventTimes, day: float) -> str:
    """Say the landmark cohort and its cost."""
    left = at_risk_after(times, day)
    events = int((left & (times.event == 1)).sum())
    return (
        f"use the landmark cohort: --landmark {day:g} keeps {int(left.sum())} of {len(left)} "
        f"patients and {events} of {int(times.event.sum())} events (those still event-free and "
        f"under observation after day {day:g}); or use earlier values"
    )


def _words(
    times: EventTimes,
    checked: Sequence[str],
    unchecked: Sequence[str],
    landmark_day: float | None,
    cost: tuple[int, int],
) -> str:
    if times.day is None:
        return (
            "The outcome has no day of onset, so nobody could check that the predictors were "
            "measured before the event. Name the column of onset days to have it checked."
        )
    sentences = []
    if landmark_day is not None:
        sentences.append(
            f"Landmark at day {landmark_day:g}: only patients still event-free and under "
            f"observation after that day are analysed. It cost {cost[0]} patients, {cost[1]} of "
            f"them with the event."
        )
        began = began_without_event(times, landmark_day)
        if began:
            sentences.append(f"Of the others {began} had an onset by then too, and stayed in.")
    if checked:
        sentences.append(
            f"{len(checked)} of {len(checked) + len(unchecked)} predictors and adjustment columns "
            "have a day of measurement, and in no analysed patient does it lie on or after the "
            "event."
        )
    if unchecked:
        sentences.append(
            "The day of measurement is not stated for "
            + ", ".join(unchecked)
            + ": the analysis takes your word that they came before the event."
        )
    return " ".join(sentences)
