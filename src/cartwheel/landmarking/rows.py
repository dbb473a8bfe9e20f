"""The rows of one landmark: who is still free of the event, with which values, and what follows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cartwheel.errors import NotEstimable
from cartwheel.landmarking.cohort import LandmarkCohort
from cartwheel.landmarking.courses import LastValues, MarkerCourse, last_values
from cartwheel.stats.integrated_brier import checked_horizon
from cartwheel.stats.landmark_models import WindowTimes, window_times
from cartwheel.stats.times import SurvivalTimes, survival_times

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Mask = NDArray[np.bool_]
FEWEST = 2


@dataclass(frozen=True, slots=True, eq=False)
class LandmarkRows:
    """Patients analysed at one landmark, one row each.

    Parameters
    ----------
    day : float
        The landmark.
    free : bool array (n,)
        Of the cohort: free of the event and under observation.
    patient : int64 array (m,)
        Positions in the cohort of those with every marker.
    x : float array (m, p)
        Transformed markers.
    event : float array (m,)
        1 event within the window, 0 none.
    happens : bool array (n,)
        Of the cohort: the event comes after the landmark and within the window.
    competing_left : int
        Of those free, with a competing event after the landmark and within the window.
    last : tuple of LastValues
        Of each marker, in all n patients.
    time : float array (m,) or None
        Survival: days from the landmark to event, last contact or end of the window.
    window : WindowTimes or None
        Survival: the same, sorted for the baseline hazard.
    within, followed : SurvivalTimes or None
        Survival: ended at the window, for Harrell's C; and with all follow-up, for what is weighted
        for censoring.
    reason : str
        Why nothing can be estimated here; empty where something can.
    """

    day: float
    free: Mask
    patient: Integers
    x: Floats
    event: Floats
    happens: Mask
    competing_left: int
    last: tuple[LastValues, ...]
    time: Floats | None
    window: WindowTimes | None
    within: SurvivalTimes | None
    followed: SurvivalTimes | None
    reason: str

    @property
    def n(self) -> int:
        """Patients analysed."""
        return int(self.patient.size)

    @property
    def events(self) -> int:
        """Of them with the event within the window."""
        return int(self.event.sum())


def landmark_rows(
    cohort: LandmarkCohort,
    courses: Sequence[MarkerCourse],
    day: float,
    window_days: float | None,
) -> LandmarkRows:
    """Put together the rows of one landmark.

    Parameters
    ----------
    cohort : LandmarkCohort
        Patients and events.
    courses : sequence of MarkerCourse
        Of the p markers.
    day : float
        The landmark.
    window_days : float or None
        How far the prediction looks; None for all that follows.

    Returns
    -------
    LandmarkRows

    Notes
    -----
    Only values taken at or before the landmark enter. The event counts if it comes after the
    landmark and, where there is a window, no later than its end.
    """
    free = cohort.free_at(day)
    last = tuple(last_values(course, cohort.n, day) for course in courses)
    x = np.column_stack([one.value for one in last])
    patient = np.flatnonzero(free & np.isfinite(x).all(axis=1)).astype(np.int64)
    end = np.inf if window_days is None else day + window_days
    soon = free & (cohort.day > day) & (cohort.day <= end)
    happens: Mask = soon & (cohort.event == 1.0)
    others = int((soon & cohort.competing).sum())
    x = np.ascontiguousarray(x[patient])
    event = happens[patient].astype(np.float64)
    time = window = within = followed = None
    reason = _too_few(len(patient), int(event.sum()))
    if cohort.survival and len(patient):
        assert window_days is not None  # the plan was checked
        left = cohort.day[patient] - day
        time = np.minimum(left, window_days)
        window = window_times(time, event)
        within = survival_times(time, event)
        followed = survival_times(left, cohort.event[patient])
        reason = reason or _beyond_follow_up(followed, window_days)
    for array in (patient, x, event, free, happens):
        array.setflags(write=False)
    return LandmarkRows(
        day, free, patient, x, event, happens, others, last, time, window, within, followed, reason
    )


def _too_few(patients: int, events: int) -> str:
    if not patients:
        return "no patient free of the event has a recent value of every marker"
    without = patients - events
    if events < FEWEST:
        who = _counted(patients, "patient")
        return f"{_counted(events, 'event')} in {who} analysed: fewer than {FEWEST}"
    if without < FEWEST:
        return f"{_counted(without, 'patient')} without the event: fewer than {FEWEST}"
    return ""


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count or 'no'} {what}s"


def _beyond_follow_up(times: SurvivalTimes, window_days: float) -> str:
    try:
        checked_horizon(times, window_days)
    except NotEstimable:
        return f"nobody is followed {window_days:g} days from here"
    return ""
