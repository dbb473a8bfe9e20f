"""Counts that are told: outcome, laboratory file, and who is predicted at each landmark."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from cartwheel.landmarking.cohort import LandmarkCohort
from cartwheel.landmarking.courses import LastValues, MarkerCourse
from cartwheel.landmarking.labs import LabCourses
from cartwheel.landmarking.result import (
    LabsAccount,
    LandmarkAccount,
    MarkerAccount,
    MarkerAtLandmark,
    OutcomeAccount,
)
from cartwheel.landmarking.rows import LandmarkRows

FEW_EVENTS = 5


def outcome_account(cohort: LandmarkCohort, window_days: float | None) -> OutcomeAccount:
    """Say what is predicted.

    Parameters
    ----------
    cohort : LandmarkCohort
        Patients and events.
    window_days : float or None
        How far each prediction looks.

    Returns
    -------
    OutcomeAccount
    """
    if cohort.survival:
        leaves = "patients are predicted until the event or their last contact"
    elif cohort.everybody_leaves:
        leaves = (
            "patients are predicted until their onset day, also where that dates a course that "
            "never became the event: on that day nobody knows which it will be"
        )
    else:
        leaves = "patients with the event are predicted until its onset, all others throughout"
    if cohort.competing_declared:
        leaves += "; patients with a competing event leave on its day, and do not have the event"
    return OutcomeAccount(
        cohort.event_label,
        "survival" if cohort.survival else "binary",
        cohort.n,
        int(cohort.event.sum()),
        int(cohort.competing.sum()) if cohort.competing_declared else None,
        window_days,
        leaves,
    )


def labs_account(labs: LabCourses, name: str, sha256: str) -> LabsAccount:
    """Say what was read of the laboratory file.

    Parameters
    ----------
    labs : LabCourses
        As read.
    name, sha256 : str
        Of the file.

    Returns
    -------
    LabsAccount
    """
    found = labs.columns
    columns = {key: getattr(found, key) for key in ("patient", "analyte", "day", "value", "unit")}
    return LabsAccount(
        name,
        sha256,
        labs.rows,
        labs.rows_of_markers,
        labs.strangers,
        columns,
        tuple(_marker(course) for course in labs.courses),
    )


def _marker(course: MarkerCourse) -> MarkerAccount:
    return MarkerAccount(
        analyte=course.analyte,
        label=course.label,
        unit=course.unit,
        transform=course.transform,
        max_age_days=course.max_age_days if math.isfinite(course.max_age_days) else None,
        patients=len(np.unique(course.patient)),
        values=len(course.value),
        repeated=course.repeated,
        empty=course.empty,
        below_limit=course.below_limit,
        above_limit=course.above_limit,
        rule=course.rule,
    )


def landmark_account(
    row: LandmarkRows, courses: Sequence[MarkerCourse], competing_declared: bool
) -> LandmarkAccount:
    """Count who is predicted at one landmark, and who is not and why.

    Parameters
    ----------
    row : LandmarkRows
        The landmark.
    courses : sequence of MarkerCourse
        The markers.
    competing_declared : bool
        Whether there may be competing events.

    Returns
    -------
    LandmarkAccount
    """
    eligible, events_left = int(row.free.sum()), int(row.happens.sum())
    state = "not_estimable" if row.reason else "estimated"
    if not row.reason and row.events < FEW_EVENTS:
        state = "few_events"
    return LandmarkAccount(
        day=row.day,
        eligible=eligible,
        events_left=events_left,
        competing_left=row.competing_left if competing_declared else None,
        left=len(row.free) - eligible,
        missing=eligible - row.n,
        events_missing=events_left - row.events,
        analysed=row.n,
        events=row.events,
        markers=tuple(
            _at_landmark(course, last, row) for course, last in zip(courses, row.last, strict=True)
        ),
        state=state,
        reason=row.reason,
    )


def _at_landmark(course: MarkerCourse, last: LastValues, row: LandmarkRows) -> MarkerAtLandmark:
    missing = row.free & ~np.isfinite(last.value)
    ages = last.age_days[row.patient]
    return MarkerAtLandmark(
        analyte=course.analyte,
        missing=int(missing.sum()),
        too_old=int((missing & last.too_old).sum()),
        within_a_day=int((missing & last.later_within_day).sum()),
        median_age_days=float(np.median(ages)) if len(ages) else None,
        oldest_age_days=float(ages.max()) if len(ages) else None,
    )
