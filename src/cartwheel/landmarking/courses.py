"""The course of one marker in every patient, and the last value taken by a landmark."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cartwheel.errors import Problem

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Mask = NDArray[np.bool_]

# days closer than a tenth of a second are one moment; days are written with two to four digits
SAME_MOMENT_DAYS = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class MarkerCourse:
    """Dated values of one marker, by patient and then by day.

    Parameters
    ----------
    label : str
        For the reader.
    patient : int64 array (k,)
        Position of the patient among those of the cohort.
    day : float array (k,)
        Days after infusion; each once a patient.
    value : float array (k,)
        In ``unit``.
    repeated : int
        Values that fell together with another at the same moment.
    empty : int
        Rows without a value.
    analyte, unit, transform : str
        As the plan names it, unit of the values, and what is taken of them.
    max_age_days : float
        Oldest value that may be carried forward; may be infinite.
    below_limit, above_limit : int
        Written ``<x`` or ``>x``; they stand at x.
    rule : str
        What was done in reading.
    """

    label: str
    patient: Integers
    day: Floats
    value: Floats
    repeated: int
    empty: int
    analyte: str = ""
    unit: str = ""
    transform: str = "none"
    max_age_days: float = float("inf")
    below_limit: int = 0
    above_limit: int = 0
    rule: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class LastValues:
    """The last value of one marker at a landmark, for every patient.

    Parameters
    ----------
    value : float array (n,)
        Transformed; nan where there is none young enough.
    age_days : float array (n,)
        From when it was taken to the landmark; nan where no value was taken by then.
    too_old, later_within_day : bool arrays (n,)
        Without a usable value: the last one is too old; the first comes within the next 24 hours.
    """

    value: Floats
    age_days: Floats
    too_old: Mask
    later_within_day: Mask


def ordered_course(
    label: str,
    values: Floats,
    mask: Mask,
    where: tuple[Integers, Floats],
    same_moment: str,
) -> tuple[MarkerCourse, list[Problem]]:
    """Order the values of one marker, and settle two at one moment.

    Parameters
    ----------
    label : str
        For the reader.
    values : float array (r,)
        On all rows of the file; nan where there is none.
    mask : bool array (r,)
        Rows of this marker.
    where : tuple of (int64 array (r,), float array (r,))
        Patient (-1 for a stranger) and day of each row.
    same_moment : "refuse", "mean" or "last_row"
        What is done about different values at one moment.

    Returns
    -------
    tuple of (MarkerCourse, list of Problem)
        ``duplicate_time`` where they are refused.
    """
    patient, day = where
    rows = np.flatnonzero(mask & np.isfinite(values) & (patient >= 0))
    empty = int((mask & ~np.isfinite(values)).sum())
    rows = rows[np.lexsort((day[rows], patient[rows]))]  # stable: file order within a moment
    who, when, found = patient[rows], day[rows], values[rows]
    follows = np.zeros(len(rows), dtype=bool)
    follows[1:] = (np.diff(who) == 0) & (np.diff(when) <= SAME_MOMENT_DAYS)
    starts = np.flatnonzero(~follows)
    problems: list[Problem] = []
    repeated = int(follows.sum())
    if repeated:
        ends = np.append(starts[1:], len(rows))
        if same_moment == "refuse":
            problems = _differing(label, found, starts, ends)
        counts = ends - starts
        mean = np.add.reduceat(found, starts) / counts
        equal = np.minimum.reduceat(found, starts) == np.maximum.reduceat(found, starts)
        kept = (
            found[ends - 1] if same_moment == "last_row" else np.where(equal, found[starts], mean)
        )
        who, when, found = who[starts], when[starts], kept
    return MarkerCourse(label, who, when, found, repeated, empty), problems


def _differing(label: str, found: Floats, starts: Integers, ends: Integers) -> list[Problem]:
    low, high = np.minimum.reduceat(found, starts), np.maximum.reduceat(found, starts)
    differing = int(((high > low) & (ends - starts > 1)).sum())
    if not differing:
        return []
    return [
        Problem(
            "duplicate_time",
            f"at {differing} moments one patient has different values",
            f"marker '{label}'",
            "keep the one that counts, or say what does: --same-moment mean (or last_row)",
        )
    ]


def transformed(values: Floats, transform: str) -> Floats:
    """Take the logarithm or root that the plan names.

    Parameters
    ----------
    values : float array
        Above 0 for ``log2``, 0 or more for ``sqrt``.
    transform : "none", "log2" or "sqrt"

    Returns
    -------
    float array
    """
    if transform == "log2":
        return np.asarray(np.log2(values), dtype=np.float64)
    if transform == "sqrt":
        return np.asarray(np.sqrt(values), dtype=np.float64)
    return values


def last_values(course: MarkerCourse, n: int, day: float) -> LastValues:
    """Take the last value at or before a landmark; what comes later is not looked at.

    Parameters
    ----------
    course : MarkerCourse
        Of the marker.
    n : int
        Patients of the cohort.
    day : float
        The landmark.

    Returns
    -------
    LastValues
        ``later_within_day`` alone looks past the landmark, at days and not at values.
    """
    value, age = np.full(n, np.nan), np.full(n, np.nan)
    before = np.flatnonzero(course.day <= day)
    last = np.full(n, -1, dtype=np.int64)
    np.maximum.at(last, course.patient[before], before)
    had = last >= 0
    age[had] = day - course.day[last[had]]
    young = had & (age <= course.max_age_days)
    value[young] = transformed(course.value[last[young]], course.transform)
    soon = np.zeros(n, dtype=bool)
    soon[course.patient[(course.day > day) & (course.day <= day + 1.0)]] = True
    return LastValues(value, age, had & ~young, ~young & soon)
