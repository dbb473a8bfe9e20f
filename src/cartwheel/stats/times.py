"""Right-censored times, sorted once for every estimate and resample.

A resample is a vector of multiplicities in patient order: how often each patient counts.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cartwheel.errors import NotEstimable, OutcomeRefused, refuse
from cartwheel.stats.columns import float_array, raw_array
from cartwheel.stats.kernels import _time_order

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# times closer than this, absolutely or beside the mean time, are one time (R's timefix)
SAME_TIME = math.sqrt(np.finfo(np.float64).eps)
# more patients than this are a mistake; Efron's ties would take minutes to go through them
_MOST_PATIENTS = 1e9


@dataclass(frozen=True, slots=True, eq=False)
class SurvivalTimes:
    """Right-censored times of n patients, sorted once.

    Parameters
    ----------
    time : float array (n,)
        Time to event or censoring, patient order; tied times made equal.
    event : int8 array (n,)
        1 event, 0 censored.
    order : int64 array (n,)
        Patients by ascending time; within a time those with the event first.
    block_start : int64 array (k + 1,)
        Offset in ``order`` of each of the k distinct times; the last entry is n.
    block_time : float array (k,)
        The distinct times.
    tolerance : float
        Times that differ by no more than this are the same time.
    """

    time: Floats
    event: NDArray[np.int8]
    order: Integers
    block_start: Integers
    block_time: Floats
    tolerance: float

    @property
    def n(self) -> int:
        """Number of patients."""
        return int(self.time.size)

    @property
    def events(self) -> int:
        """Number of patients with the event."""
        return int(np.count_nonzero(self.event))


def survival_times(time: ArrayLike, event: ArrayLike) -> SurvivalTimes:
    """Sort right-censored times once, for every later estimate and resample.

    Parameters
    ----------
    time : array (n,), >= 0, one unit throughout
        Time from the start of follow-up to event or censoring.
    event : array (n,), 0 or 1 (or bool)
        1 if the event happened at that time, 0 if follow-up ended without it.

    Returns
    -------
    SurvivalTimes
        Read-only arrays.

    Raises
    ------
    OutcomeRefused
        Nobody; lengths differ; a time missing, infinite or negative; an event not 0 or 1.

    Notes
    -----
    Times within sqrt(machine epsilon) of each other, absolutely or relative to the mean distinct
    time, are taken as tied, as ``survival::aeqSurv`` does.
    """
    # plus nought: minus nought is nought
    times = float_array(time, "time", OutcomeRefused) + 0.0
    events = raw_array(event, "event", OutcomeRefused)
    check_times(times, events)
    coded = np.array(events, dtype=np.int8)
    n = times.size
    rows = np.argsort(times).astype(np.int64, copy=False)
    ascending = times[rows]
    tolerance = _tolerance(ascending)
    order, block_start = np.empty(n, dtype=np.int64), np.empty(n + 1, dtype=np.int64)
    block_time, fixed, block_of = np.empty(n), np.empty(n), np.empty(n, dtype=np.int64)
    blocks = _time_order.gather_blocks(
        rows, ascending, coded, tolerance, order, block_start, block_time, fixed, block_of
    )
    block_start, block_time = block_start[: blocks + 1].copy(), block_time[:blocks].copy()
    for array in (fixed, coded, order, block_start, block_time):
        array.setflags(write=False)
    return SurvivalTimes(fixed, coded, order, block_start, block_time, tolerance)


def check_times(times: Floats, events: NDArray[np.generic]) -> None:
    """Refuse times and events that are not one finite time >= 0 and one 0 or 1 a patient.

    Parameters
    ----------
    times : float array (n,)
        Times.
    events : array (n,)
        1 event, 0 censored.

    Raises
    ------
    OutcomeRefused
        Nobody; lengths differ; a time missing, infinite or negative; an event not 0 or 1.
    """
    if times.ndim != 1 or events.shape != times.shape or times.size == 0:
        raise refuse(
            OutcomeRefused,
            "times_shape",
            f"{times.size} times and {events.size} events; both need one value a patient",
            mend="give one time and one event per patient, for at least one patient",
        )
    bad = times.size - int(np.count_nonzero((times >= 0.0) & (times < np.inf)))
    if bad:
        raise refuse(
            OutcomeRefused,
            "time_invalid",
            f"{bad} times are missing, infinite or negative",
            where="time",
            mend="leave these patients out, or correct their dates",
        )
    if events.dtype.kind not in "biuf" or not ((events == 0) | (events == 1)).all():
        raise refuse(
            OutcomeRefused,
            "event_coding",
            "events must be 0 (censored) or 1 (event), none missing",
            where="event",
            mend="recode the column; codes such as 1/2 are not guessed",
        )


def distinct_times(times: Floats) -> tuple[Floats, float]:
    """Distinct times, those a rounding apart made one, and how close times are the same.

    Parameters
    ----------
    times : float array (n,), finite
        Times, in any order.

    Returns
    -------
    distinct : float array (k,)
        Ascending; of times a rounding apart the first.
    tolerance : float
        Times that differ by no more than this are the same time.
    """
    distinct = np.unique(times)
    tolerance = _tolerance(distinct)
    return distinct[np.concatenate(([True], np.diff(distinct) > tolerance))], tolerance


def _tolerance(ascending: Floats) -> float:
    """How close times are the same, beside the mean distinct time."""
    first = np.concatenate(([True], ascending[1:] != ascending[:-1]))
    distinct = ascending if first.all() else ascending[first]
    return SAME_TIME * max(1.0, float(distinct.mean()))


def checked_multiplicity(times: SurvivalTimes, multiplicity: ArrayLike | None) -> Floats | None:
    """Return multiplicities as floats after checking that they are counts.

    Parameters
    ----------
    times : SurvivalTimes
        The sample they belong to.
    multiplicity : array (n,) of whole numbers >= 0, or None
        How often each patient counts; 0 is absent.

    Returns
    -------
    float array (n,) or None

    Raises
    ------
    NotEstimable
        Another length, a value that is no count, nobody left, or more than 10^9 patients.
    """
    if multiplicity is None:
        return None
    counts = np.asarray(float_array(multiplicity, "multiplicity"), order="C")
    if (
        counts.shape != times.time.shape
        or not ((counts >= 0.0) & (counts <= _MOST_PATIENTS)).all()
        or (counts != np.floor(counts)).any()
        or not 0.0 < counts.sum() <= _MOST_PATIENTS
    ):
        raise refuse(
            NotEstimable,
            "multiplicity_invalid",
            "multiplicities must be whole numbers >= 0, one a patient, not all 0 and together "
            "below a thousand million",
            where="multiplicity",
        )
    return counts


def kernel_counts(multiplicity: NDArray[np.generic] | None) -> Floats | None:
    """Multiplicities as the kernels read them, unchecked.

    Parameters
    ----------
    multiplicity : array (n,), or None
        How often each patient counts.

    Returns
    -------
    float array (n,), contiguous, or None
    """
    return None if multiplicity is None else np.ascontiguousarray(multiplicity, dtype=np.float64)


def numbers_at_risk(times: SurvivalTimes, at: ArrayLike) -> Integers:
    """Count the patients still followed just before each time (T >= t), for the table below a plot.

    Parameters
    ----------
    times : SurvivalTimes
        The sample.
    at : array (k,), unit of the times
        When to count.

    Returns
    -------
    int64 array (k,)

    Raises
    ------
    NotEstimable
        A time missing or infinite.
    """
    moments = np.atleast_1d(float_array(at, "at"))
    for moment in moments.ravel():
        check_moment(moment, "at")
    wanted = moments - times.tolerance
    ascending = times.time[times.order]
    return np.asarray(times.n - np.searchsorted(ascending, wanted, side="left"), dtype=np.int64)


def check_moment(t: float, where: str) -> None:
    """Refuse a time that is missing or infinite: nothing can be read off there.

    Parameters
    ----------
    t : float, unit of the times
        When.
    where : str
        What to call it in the refusal.

    Raises
    ------
    NotEstimable
        ``horizon_range``.
    """
    if not math.isfinite(t):
        raise refuse(NotEstimable, "horizon_range", "the time is missing or infinite", where=where)


def landmark(times: SurvivalTimes, at: float) -> NDArray[np.bool_]:
    """Mark the patients still event-free and followed after a landmark (T > at).

    Parameters
    ----------
    times : SurvivalTimes
        The sample.
    at : float, unit of the times
        The landmark.

    Returns
    -------
    bool array (n,), patient order

    Raises
    ------
    NotEstimable
        A landmark missing or infinite.

    References
    ----------
    Anderson, Cain and Gelber 1983, doi 10.1200/jco.1983.1.11.710.
    """
    check_moment(at, "at")
    return np.asarray(times.time > at + times.tolerance)
