"""Kaplan-Meier with case weights and late entry, for each stratum of a set of rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from cartwheel.errors import NotEstimable, refuse
from cartwheel.stats.risk_sets import RiskSets, risk_sets
from cartwheel.stats.survival import KaplanMeier
from cartwheel.stats.survival_interval import survival_limits
from cartwheel.stats.times import Floats, Integers

ERRORS = ("greenwood", "robust")


@dataclass(frozen=True, slots=True, eq=False)
class WeightedKaplanMeier:
    """A survival curve of weighted rows, or of rows that enter late.

    Parameters
    ----------
    stratum : object
        Label of the stratum; ``"all"`` without strata.
    curve : KaplanMeier
        The curve, its errors and limits; its counts are rows, not weights.
    weight_at_risk, weight_event : float arrays (k,)
        Weights at risk just before, and with the event at, each time.
    error : str
        ``greenwood`` or ``robust``.
    """

    stratum: object
    curve: KaplanMeier
    weight_at_risk: Floats
    weight_event: Floats
    error: str


def weighted_kaplan_meier(
    sets: RiskSets, *, error: str = "greenwood", level: float = 0.95, interval: str = "log"
) -> tuple[WeightedKaplanMeier, ...]:
    """Estimate survival from weighted rows, or rows that enter late, by the product limit.

    Under late entry the early curve rests on few patients: look at the numbers at risk. A curve
    that falls to 0 while others are still to enter stays there.

    Parameters
    ----------
    sets : RiskSets
        The rows.
    error : {"greenwood", "robust"}
        Weights are counts (a weight of 2 is two patients), or sampling and propensity weights
        whose size says nothing about how many there are (infinitesimal jackknife over rows).
    level : float in (0, 1)
        Coverage of the pointwise limits.
    interval : {"log", "log-log", "plain", "logit", "arcsin"}
        Scale of the limits.

    Returns
    -------
    tuple of WeightedKaplanMeier
        One for each stratum.

    Raises
    ------
    NotEstimable
        Level outside (0, 1); unknown interval or error.

    Notes
    -----
    S(t) is the product of 1 - d/Y in weights. Robust variance of log S: sum over rows of the square
    of w_i times the sum of (dN_i - Y_i d/Y) / (Y - d); without weights or late entry, and without
    censoring, it is Greenwood's. Rows of one patient that follow each other (start, stop] are one
    patient at risk; for Greenwood that is exact, for robust errors each row counts on its own.
    Agrees with R survival 3.5-3 ``survfit`` (weights, robust = FALSE) to 1e-11 relative.

    References
    ----------
    Tsai, Jewell and Wang 1987, doi 10.1093/biomet/74.4.883.
    """
    if error not in ERRORS:
        raise refuse(
            NotEstimable,
            "error_unknown",
            f"error {error!r} is unknown",
            mend="use greenwood or robust",
        )
    weight = sets.weight[sets.order]
    died = sets.event[sets.order].astype(np.float64)
    starts = sets.block_start[:-1]

    def entering(values: Floats) -> Floats:
        if sets.entry is None:
            return np.zeros(sets.blocks)
        return np.bincount(sets.entry, values, sets.blocks).astype(np.float64)

    totals = _Totals(
        died,
        weight,
        sets.block_of,
        np.add.reduceat(died, starts),
        np.diff(sets.block_start).astype(np.float64),
        np.add.reduceat(weight * died, starts),
        np.add.reduceat(weight, starts),
        entering(np.ones(sets.n)),
        entering(weight),
    )
    return tuple(
        _curve(sets, totals, stratum, error, level, interval) for stratum in range(len(sets.strata))
    )


class _Totals(NamedTuple):
    """Sorted rows, and what leaves and enters at each block, in rows and in weights."""

    died: Floats
    weight: Floats
    block_of: Integers
    n_event: Floats
    n_leaving: Floats
    event_weight: Floats
    leaving_weight: Floats
    n_entering: Floats
    entering_weight: Floats


def _at_risk(sets: RiskSets, leaving: Floats, entering: Floats) -> Floats:
    """Those still to leave, less those still to enter, at each block of a stratum."""
    present = np.cumsum(leaving[::-1])[::-1]
    if sets.entry is None:
        return np.asarray(present)
    return np.asarray(present - (np.cumsum(entering[::-1])[::-1] - entering))


def _curve(
    sets: RiskSets, totals: _Totals, stratum: int, error: str, level: float, interval: str
) -> WeightedKaplanMeier:
    blocks = sets.blocks_of(stratum)
    n_event, leaving = totals.n_event[blocks], totals.n_leaving[blocks]
    deaths = totals.event_weight[blocks].copy()
    n_risk = _at_risk(sets, leaving, totals.n_entering[blocks])
    at_risk = _at_risk(sets, totals.leaving_weight[blocks], totals.entering_weight[blocks])
    # where all at risk have the event, differences of sums of weights leave a rounding
    all_died = np.rint(n_risk) == n_event
    hazard = np.where(all_died, 1.0, deaths / at_risk)
    survival: Floats = np.cumprod(1.0 - hazard).astype(np.float64)
    staying = np.where(all_died, 1.0, at_risk - deaths)
    if error == "greenwood":
        spread = np.where(all_died, 0.0, deaths / (at_risk * staying))
        std_log = np.sqrt(np.cumsum(spread))
    else:
        std_log = np.sqrt(
            _jackknife(sets, totals, blocks, np.where(all_died, 0.0, 1.0 / staying), hazard)
        )
    std_log[survival == 0.0] = np.nan
    low, high = survival_limits(survival, std_log, level, interval)
    rows, died_rows, censored = (
        np.rint(a).astype(np.int64) for a in (n_risk, n_event, leaving - n_event)
    )
    time, std_error = sets.block_time[blocks].copy(), survival * std_log
    for array in (time, rows, died_rows, censored, survival, std_error, low, high, at_risk, deaths):
        array.setflags(write=False)
    curve = KaplanMeier(
        time,
        rows,
        died_rows,
        censored,
        survival=survival,
        std_error=std_error,
        low=low,
        high=high,
        n=int(leaving.sum()),
        events=int(n_event.sum()),
        level=level,
        interval=interval,
    )
    return WeightedKaplanMeier(sets.strata[stratum], curve, at_risk, deaths, error)


def _jackknife(
    sets: RiskSets, totals: _Totals, blocks: slice, pull: Floats, hazard: Floats
) -> Floats:
    """Variance of log S: squared influences of the rows gone, and of those still at risk.

    A row moves log S by its weight times (what its stay has added to C) less (its event's pull),
    where C sums hazard times pull.
    """
    rows = slice(int(sets.block_start[blocks.start]), int(sets.block_start[blocks.stop]))
    weight, died = totals.weight[rows], totals.died[rows]
    block = totals.block_of[rows] - blocks.start
    drift = np.cumsum(hazard * pull)
    since = np.zeros(weight.size)
    entry = np.zeros(weight.size, dtype=np.int64)
    if sets.entry is not None:
        entry = sets.entry[rows] - blocks.start
        since = np.where(entry > 0, drift[entry - 1], 0.0)
    k = drift.size
    gone = np.bincount(block, (weight * (drift[block] - since - died * pull[block])) ** 2, k)

    def present(values: Floats) -> Floats:
        """Sum over rows entered by a block and not yet gone after it."""
        return np.asarray(
            np.cumsum(np.bincount(entry, values, k)) - np.cumsum(np.bincount(block, values, k))
        )

    squared = weight**2
    staying = (
        present(squared) * drift**2
        - 2.0 * present(squared * since) * drift
        + present(squared * since**2)
    )
    return np.asarray(np.maximum(np.cumsum(gone) + staying, 0.0))


def left_continuous_survival(sets: RiskSets, at: Floats) -> Floats:
    """Unweighted Kaplan-Meier of all rows, strata put together, just before each time.

    Parameters
    ----------
    sets : RiskSets
        The rows.
    at : float array (k,), unit of the times
        Times.

    Returns
    -------
    float array (k,)
    """
    start = sets.start if sets.entry is not None else None
    (pooled,) = weighted_kaplan_meier(risk_sets(sets.stop, sets.event, start=start))
    steps = np.concatenate(([1.0], pooled.curve.survival))
    return np.asarray(steps[np.searchsorted(pooled.curve.time, at, side="left")])
