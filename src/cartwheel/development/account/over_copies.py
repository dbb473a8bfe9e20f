"""Several completed copies shown as one: average counts, pooled estimates, median p-values.

Patients are marked in arrays (n,), or (m, n) with a row for each copy. Of one copy everything is
what it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from cartwheel.development.model.target import SurvivalTarget
from cartwheel.estimate import Estimate
from cartwheel.stats.descriptive import normal_quantile, wilson_interval
from cartwheel.stats.rubin import pool_estimates
from cartwheel.stats.survival import KaplanMeier, kaplan_meier, survival_times
from cartwheel.stats.survival_interval import survival_limits

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Part = TypeVar("Part")

RUBIN = "Rubin's rules over {} imputations"
# below this share of variance due to imputation the degrees of freedom stop growing
LEAST_SHARE = 1e-4


def copies_of(values: NDArray[np.generic]) -> int:
    """Count the copies of an array of patients.

    Parameters
    ----------
    values : array (n,) or (m, n)

    Returns
    -------
    int
        m; 1 for (n,).
    """
    return 1 if values.ndim == 1 else len(values)


def whole_counts(
    means: Sequence[float], total: int, limits: Sequence[int] | None = None
) -> tuple[int, ...]:
    """Round average counts to whole patients that still sum to the whole cohort.

    Parameters
    ----------
    means : sequence of float
        Average count of each cell, >= 0, in sum ``total``.
    total : int
        What the cells sum to.
    limits : sequence of int, optional
        Largest count of each cell, none below its mean rounded down: events do not exceed patients.

    Returns
    -------
    tuple of int
        Each cell rounded down, or up where its remainder is among the largest (Hamilton's method);
        whole counts as they are.
    """
    exact = np.asarray(means, dtype=np.float64)
    # averages of whole numbers: what is off by rounding only is whole
    floor = np.floor(exact + 1e-9).astype(np.int64)
    left = total - int(floor.sum())
    for place in np.argsort(floor - exact, kind="stable"):
        if left <= 0:
            break
        if limits is None or floor[place] < limits[place]:
            floor[place] += 1
            left -= 1
    return tuple(int(count) for count in floor)


def patients_and_events(
    masks: Sequence[Mask], event: Floats, total: int | None = None
) -> list[tuple[int, int]]:
    """Count the patients and events of groups that part the cohort.

    Parameters
    ----------
    masks : sequence of bool array (n,) or (m, n)
        Groups without a common patient.
    event : float array (n,)
        1 or 0.
    total : int, optional
        Patients of all groups together; by default all n.

    Returns
    -------
    list of (int, int)
        Averages over copies, rounded so that they sum to the cohort.
    """
    means = [float(mask.sum()) / copies_of(mask) for mask in masks]
    hits = [float((mask * event).sum()) / copies_of(mask) for mask in masks]
    patients = whole_counts(means, round(sum(means)) if total is None else total)
    events = whole_counts(hits, round(sum(hits)), patients)
    return list(zip(patients, events, strict=True))


def median_of(values: Sequence[float]) -> float:
    """Median over copies of a p-value, or of a test's statistic.

    Parameters
    ----------
    values : sequence of float
        One for each copy.

    Returns
    -------
    float

    References
    ----------
    Van de Wiel MA, Berkhof J, van Wieringen WN 2009, doi:10.1093/biostatistics/kxp011. Eekhout I,
    van de Wiel MA, Heymans MW 2017, doi:10.1186/s12874-017-0404-7.
    """
    rising = sorted(values)
    low, high = rising[(len(rising) - 1) // 2], rising[len(rising) // 2]
    return low if low == high else (low + high) / 2.0


def median_or_none(values: Sequence[float | None]) -> float | None:
    """Median over copies; None where a copy has no value.

    Parameters
    ----------
    values : sequence of (float or None)

    Returns
    -------
    float or None
    """
    known = [value for value in values if value is not None]
    return median_of(known) if len(known) == len(values) else None


def pooled_estimate(
    found: Sequence[tuple[float, float | None]],
    level: float,
    method: str,
    counts: tuple[int, int],
    *,
    inside: tuple[float, float] = (-np.inf, np.inf),
) -> Estimate:
    """Pool a value with its standard error over copies.

    Parameters
    ----------
    found : sequence of (value, standard error or None)
        Of each copy.
    level : float
        Coverage.
    method : str
        How one copy's value and error were had.
    counts : tuple of (int, int)
        Patients and events.
    inside : tuple of (float, float)
        Where the limits are cut off.

    Returns
    -------
    Estimate
        Without limits where a copy has no error.
    """
    values = [value for value, _ in found]
    errors = [error for _, error in found if error]
    said = f"{method}; {RUBIN.format(len(found))}"
    if len(errors) < len(found):
        return Estimate(float(np.mean(values)), None, None, None, said, *counts)
    pooled = pool_estimates(values, np.square(errors), complete_df=None, level=level)
    low, high = np.clip([pooled.low[0], pooled.high[0]], *inside)
    return Estimate(float(pooled.estimate[0]), float(low), float(high), level, said, *counts)


def pooled_proportion(
    hits: Floats, patients: Floats, level: float, counts: tuple[int, int]
) -> Estimate:
    """Pool a proportion over copies by Wilson's interval for imputed data.

    Parameters
    ----------
    hits, patients : float array (m,)
        Of the group in each copy; copies in which it is empty are left out.
    level : float
        Coverage.
    counts : tuple of (int, int)
        Patients and events as shown.

    Returns
    -------
    Estimate

    References
    ----------
    Lott A, Reiter JP 2020, doi:10.1080/00031305.2018.1473796.
    """
    some = patients > 0
    hits, patients = hits[some], patients[some]
    m, n = len(hits), float(patients.mean())
    shares = hits / patients
    alike = bool(np.ptp(shares) == 0.0)  # a mean of equal numbers may differ in the last digit
    share = float(shares[0]) if alike else float(shares.mean())
    said = f"mean proportion of {m} completed copies, Wilson interval (Lott and Reiter)"
    within = float((shares * (1.0 - shares) / patients).mean())
    between = 0.0 if alike else float(shares.var(ddof=1)) * (1.0 + 1.0 / m)
    if not (within > 0.0 and between > 0.0):
        low, high = wilson_interval(share * n, n, level)
        return Estimate(share, low, high, level, said, *counts)
    rise = between / within
    square = float(stdtrit(_df(rise, m), 0.5 + level / 2.0)) ** 2 / n
    middle = 2.0 * share + square * (1.0 + rise)
    scale = 2.0 * (1.0 + square * (1.0 + rise))
    root = float(np.sqrt(max(middle**2 - 2.0 * scale * share**2, 0.0)))
    low, high = max((middle - root) / scale, 0.0), min((middle + root) / scale, 1.0)
    return Estimate(share, low, high, level, said, *counts)


def _df(rise: float | Floats, m: int) -> float | Floats:
    """Rubin's degrees of freedom from the relative increase of variance."""
    share = np.maximum(rise / (1.0 + rise), LEAST_SHARE)
    return (m - 1.0) / share**2


def average_curve(
    target: SurvivalTarget, masks: Mask, level: float, counts: tuple[int, int]
) -> KaplanMeier:
    """Average the Kaplan-Meier curves of a group over copies.

    Parameters
    ----------
    target : SurvivalTarget
        Times.
    masks : bool array (m, n)
        The group in each copy; a copy in which it is empty is left out.
    level : float
        Coverage.
    counts : tuple of (int, int)
        Patients and events as shown.

    Returns
    -------
    KaplanMeier
        At every time of a patient who is in the group in any copy. Numbers at risk are averages,
        rounded; events and censorings say only whether there are any.

    Notes
    -----
    Mean survival; variance of its logarithm by Rubin's rules, Greenwood's within, and between
    copies by the delta method. A copy's curve stays where its follow-up ends.
    """
    masks = masks[masks.any(axis=1)]
    curves = [
        kaplan_meier(survival_times(target.times.time[mask], target.times.event[mask]), level=level)
        for mask in masks
    ]
    time = np.unique(np.concatenate([curve.time for curve in curves]))
    m = len(curves)
    alive, spread, risk = (np.empty((m, len(time))) for _ in range(3))
    event, censored = np.zeros(len(time), dtype=np.int64), np.zeros(len(time), dtype=np.int64)
    for row, curve in enumerate(curves):
        at = np.searchsorted(curve.time, time, side="right")
        alive[row] = np.append(1.0, curve.survival)[at]
        with np.errstate(divide="ignore", invalid="ignore"):
            spread[row] = np.append(0.0, (curve.std_error / curve.survival) ** 2)[at]
        before = np.searchsorted(curve.time, time, side="left")
        risk[row] = np.append(curve.n_risk, 0)[before]
        own = np.searchsorted(time, curve.time)
        event[own] |= (curve.n_event > 0).astype(np.int64)
        censored[own] |= (curve.n_censor > 0).astype(np.int64)
    survival = alive.mean(axis=0)
    low, high = _pooled_limits(survival, alive, spread, level)
    error = np.full(len(time), np.nan)  # not used: the limits are made here
    return KaplanMeier(
        time,
        np.rint(risk.mean(axis=0)).astype(np.int64),
        event,
        censored,
        survival,
        error,
        low,
        high,
        *counts,
        level,
        "log",
    )


def _pooled_limits(
    survival: Floats, alive: Floats, spread: Floats, level: float
) -> tuple[Floats, Floats]:
    m = len(alive)
    there = np.isfinite(spread)
    within = np.where(there, spread, 0.0).sum(axis=0) / np.maximum(there.sum(axis=0), 1)
    if m == 1:
        return survival_limits(survival, np.sqrt(within), level, "log")
    positive = survival > 0.0
    safe = np.where(positive, survival, 1.0)
    between = (1.0 + 1.0 / m) * alive.var(axis=0, ddof=1) / safe**2
    known = within > 0.0
    rise = np.divide(between, within, out=np.full(len(within), np.inf), where=known)
    rise = np.where(known | (between > 0.0), rise, 0.0)
    share = np.where(np.isinf(rise), 1.0, rise / (1.0 + np.where(np.isinf(rise), 0.0, rise)))
    df = (m - 1.0) / np.maximum(share, LEAST_SHARE) ** 2
    wider = stdtrit(df, 0.5 + level / 2.0) / normal_quantile(level)
    total = np.where(positive, np.sqrt(within + between) * wider, np.nan)
    return survival_limits(survival, total, level, "log")


def distinct_copies(items: Sequence[Part]) -> list[Part]:
    """Keep one of what is the same in every copy.

    Parameters
    ----------
    items : sequence
        One for each copy; the same object throughout where nothing was imputed.

    Returns
    -------
    list
        All, or the one.
    """
    alike = all(item is items[0] for item in items)
    return list(items[:1]) if alike else list(items)


def over_copies(values: NDArray[np.generic], function: Callable[[Floats], float]) -> list[float]:
    """Apply a function to each copy.

    Parameters
    ----------
    values : array (n,) or (m, n)
        Of the patients.
    function : function of float array (n,)

    Returns
    -------
    list of float
        One for each copy.
    """
    return [function(row) for row in np.atleast_2d(values)]
