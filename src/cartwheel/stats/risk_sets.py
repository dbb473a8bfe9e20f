"""Who is at risk when: strata, late entry and case weights, sorted once for every Cox model.

A row is at risk over (start, stop]. A patient whose covariates change has several rows; a patient
who came under observation late has a start above 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cartwheel.errors import NotEstimable, OutcomeRefused, refuse
from cartwheel.stats.columns import VAST, float_array, raw_array
from cartwheel.stats.labels import coded_labels
from cartwheel.stats.times import Floats, Integers, check_times, distinct_times, survival_times

_WIDEST_WEIGHTS = 1e12


@dataclass(frozen=True, slots=True, eq=False)
class RiskSets:
    """Rows sorted by stratum and time, in blocks of one distinct time of one stratum.

    Parameters
    ----------
    start, stop : float arrays (n,)
        Each row is at risk over (start, stop], row order; tied times made equal.
    event : int8 array (n,)
        1 event at stop, 0 none.
    weight : float array (n,), > 0
        Case weights, row order.
    weighted : bool
        Whether weights were given.
    strata : tuple
        Labels of the strata, ascending; ``("all",)`` without strata.
    stratum : int64 array (n,)
        Position of each row's stratum.
    order : int64 array (n,)
        Rows by stratum, then stop, then events first.
    block_start : int64 array (k + 1,)
        Offset in ``order`` of each block.
    block_time : float array (k,)
        Its time.
    block_stratum : int64 array (k,)
        Its stratum.
    first : int8 array (k,)
        1 where a stratum begins.
    entry : int64 array (n,) or None
        First block at risk of each row, in sorted order; None if all start at 0.
    entering, entry_start : int64 arrays (n,), (k + 1,), or None
        Sorted rows by that block, and where in them each block begins.
    """

    start: Floats
    stop: Floats
    event: NDArray[np.int8]
    weight: Floats
    weighted: bool
    strata: tuple[object, ...]
    stratum: Integers
    order: Integers
    block_start: Integers
    block_time: Floats
    block_stratum: Integers
    first: NDArray[np.int8]
    entry: Integers | None
    entering: Integers | None
    entry_start: Integers | None

    @property
    def n(self) -> int:
        """Number of rows."""
        return int(self.stop.size)

    @property
    def events(self) -> int:
        """Number of rows with the event."""
        return int(np.count_nonzero(self.event))

    @property
    def blocks(self) -> int:
        """Number of distinct times, added over strata."""
        return int(self.block_time.size)

    @property
    def block_of(self) -> Integers:
        """Block of each row's stop, int64 array (n,), in sorted order."""
        return np.repeat(np.arange(self.blocks), np.diff(self.block_start))

    def blocks_of(self, stratum: int) -> slice:
        """Blocks of one stratum.

        Parameters
        ----------
        stratum : int
            Position among ``strata``.

        Returns
        -------
        slice
        """
        low, high = np.searchsorted(self.block_stratum, [stratum, stratum + 1])
        return slice(int(low), int(high))


def risk_sets(
    time: ArrayLike,
    event: ArrayLike,
    *,
    start: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    case_weights: ArrayLike | None = None,
) -> RiskSets:
    """Sort rows once, for every Cox fit, residual, curve and test on them.

    Parameters
    ----------
    time : array (n,), >= 0, one unit throughout
        End of the row: event or end of observation.
    event : array (n,), 0 or 1 (or bool)
        Whether the event happened at ``time``.
    start : array (n,), >= 0, optional
        Where the row begins: late entry, or the row of a covariate that changed. Else 0.
    strata : array (n,), optional
        Labels; each stratum has its own baseline hazard.
    case_weights : array (n,), > 0, optional
        How much each row counts, as in ``coxph``: a weight of 2 is not two patients under Efron's
        ties; for counts use ``multiplicity`` of ``cox_fit``.

    Returns
    -------
    RiskSets
        Read-only arrays.

    Raises
    ------
    OutcomeRefused
        What ``survival_times`` refuses; a start missing, infinite, negative or not before its time.
    NotEstimable
        Labels of strata missing; weights not positive.

    Notes
    -----
    Starts and times within sqrt(machine epsilon) of each other, absolutely or relative to their
    mean, are one time (``survival::aeqSurv``): two rows of a patient meet exactly.
    """
    times = float_array(time, "time", OutcomeRefused) + 0.0
    events = raw_array(event, "event", OutcomeRefused)
    check_times(times, events)
    n = times.size
    labels: tuple[object, ...] = ("all",)
    stratum = np.zeros(n, dtype=np.int64)
    if strata is not None:
        labels, stratum = coded_labels(strata, n, "strata", unit="rows")
    weight = np.ones(n) if case_weights is None else _checked_weights(case_weights, n)
    if start is None:
        sample = survival_times(times, events)
        begin, stop, order = np.zeros(n), sample.time, sample.order
        coded = sample.event
    else:
        begin, stop = _checked_starts(start, times)
        coded = np.array(events, dtype=np.int8)
        order = np.lexsort((-coded, stop)).astype(np.int64)
    if strata is not None:
        order = order[np.argsort(stratum[order], kind="stable")]
    group, ascending = stratum[order], stop[order]
    new_stratum = np.concatenate(([True], group[1:] != group[:-1]))
    starts = np.flatnonzero(new_stratum | np.concatenate(([True], ascending[1:] != ascending[:-1])))
    block_start = np.append(starts, n).astype(np.int64)
    block_time, block_stratum = ascending[starts], group[starts]
    first = new_stratum[starts].astype(np.int8)
    late: tuple[Integers | None, Integers | None, Integers | None] = (None, None, None)
    if begin.any():
        late = _entries(begin[order], group, block_time, block_stratum)
    arrays = (begin, stop, coded, weight, stratum, order, block_start, block_time, block_stratum)
    for array in (*arrays, first, *late):
        if array is not None:
            array.setflags(write=False)
    return RiskSets(
        begin,
        stop,
        coded,
        weight,
        case_weights is not None,
        labels,
        stratum,
        order,
        block_start,
        block_time,
        block_stratum,
        first,
        *late,
    )


def _checked_weights(case_weights: ArrayLike, n: int) -> Floats:
    weight = float_array(case_weights, "case_weights") + 0.0
    # beside a weight 10^12 times as large another is lost to rounding
    if (
        weight.shape != (n,)
        or not ((weight >= 1.0 / VAST) & (weight <= VAST)).all()
        or weight.max() > _WIDEST_WEIGHTS * weight.min()
    ):
        raise refuse(
            NotEstimable,
            "weight_invalid",
            "case weights must be finite, above 0 and within 10^12 of each other, one a row",
            where="case_weights",
            mend="leave out rows that are to count for nothing",
        )
    return weight


def _checked_starts(start: ArrayLike, times: Floats) -> tuple[Floats, Floats]:
    begin = float_array(start, "start", OutcomeRefused) + 0.0
    if begin.shape != times.shape:
        raise refuse(
            OutcomeRefused,
            "times_shape",
            f"{begin.size} starts and {times.size} times; both need one value a row",
            where="start",
        )
    bad = begin.size - int(np.count_nonzero((begin >= 0.0) & (begin < np.inf)))
    if bad:
        raise refuse(
            OutcomeRefused,
            "time_invalid",
            f"{bad} starts are missing, infinite or negative",
            where="start",
            mend="leave these rows out, or correct their dates",
        )
    distinct, _ = distinct_times(np.concatenate((begin, times)))
    begin, stop = (distinct[np.searchsorted(distinct, a, side="right") - 1] for a in (begin, times))
    empty = int(np.count_nonzero(begin >= stop))
    if empty:
        raise refuse(
            OutcomeRefused,
            "interval_empty",
            f"{empty} rows end no later than they start",
            where="start",
            mend="a row needs time at risk: correct its dates, or leave it out",
        )
    return begin, stop


def _entries(
    begin: Floats, group: Integers, block_time: Floats, block_stratum: Integers
) -> tuple[Integers, Integers, Integers]:
    """First block at risk of each sorted row, the rows by that block, and where each begins."""
    entry = np.empty(begin.size, dtype=np.int64)
    edges = np.searchsorted(block_stratum, np.arange(int(group[-1]) + 2))
    rows = np.searchsorted(group, np.arange(int(group[-1]) + 2))
    for low, high, top, end in zip(edges[:-1], edges[1:], rows[:-1], rows[1:], strict=True):
        inside = slice(int(top), int(end))
        entry[inside] = low + np.searchsorted(block_time[low:high], begin[inside], side="right")
    entering = np.argsort(entry, kind="stable").astype(np.int64)
    counts = np.bincount(entry, minlength=block_time.size)
    return entry, entering, np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
