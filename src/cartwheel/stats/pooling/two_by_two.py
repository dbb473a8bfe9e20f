"""Pool two-by-two tables without adding to zero cells: Mantel-Haenszel and Peto."""

from __future__ import annotations

from math import log, sqrt

import numpy as np
from numpy.typing import ArrayLike

from cartwheel.stats.pooling.common_effect import (
    MantelHaenszel,
    PooledSum,
    no_events,
    pooled_result,
    ratio_parts,
    unknown_measure,
)
from cartwheel.stats.pooling.rates import mantel_haenszel_rates
from cartwheel.stats.pooling.study_inputs import Flags, Floats, events_within, whole_counts
from cartwheel.stats.pooling.table_homogeneity import breslow_day_test, cochran_mantel_haenszel

__all__ = [
    "MantelHaenszel",
    "checked_table",
    "informative_studies",
    "mantel_haenszel",
    "mantel_haenszel_rates",
    "peto",
    "table_effects",
]


def checked_table(
    a: ArrayLike, n1: ArrayLike, c: ArrayLike, n0: ArrayLike
) -> tuple[Floats, Floats, Floats, Floats]:
    """Check two-by-two tables.

    Parameters
    ----------
    a, n1, c, n0 : array_like (k,)
        As ``mantel_haenszel``.

    Returns
    -------
    tuple of float arrays (k,)

    Raises
    ------
    NotEstimable
        Counts that are negative, broken, or larger than their group.
    """
    a_, n1_, c_, n0_ = whole_counts(a=a, n1=n1, c=c, n0=n0)
    events_within(a_, n1_, "a", "n1")
    events_within(c_, n0_, "c", "n0")
    return a_, n1_, c_, n0_


def mantel_haenszel(
    a: ArrayLike,
    n1: ArrayLike,
    c: ArrayLike,
    n0: ArrayLike,
    *,
    measure: str = "OR",
    correct: bool = True,
    level: float = 0.95,
) -> MantelHaenszel:
    """Pool odds ratios, risk ratios or risk differences by Mantel and Haenszel.

    For sparse tables and a common effect. Zero cells stay zero.

    Parameters
    ----------
    a, c : array_like (k,)
        Patients with the event, exposed (or high) and not.
    n1, n0 : array_like (k,)
        Patients in the two groups.
    measure : str
        ``OR``, ``RR`` or ``RD``.
    correct : bool
        Correct the Cochran-Mantel-Haenszel test for continuity.
    level : float
        Of the interval, in (0, 1).

    Returns
    -------
    MantelHaenszel

    Raises
    ------
    NotEstimable
        ``measure_unknown``; counts that are negative, broken or larger than their group;
        ``no_events``, ``ratio_infinite`` where the pooled ratio is 0, infinite or undefined.

    Notes
    -----
    Variances of Robins, Breslow and Greenland (OR), Greenland and Robins (RR), Sato (RD). Q, I2 and
    H2 are of the studies' own effects about the pooled one, 1/2 added to the cells of a study
    where one is zero, studies without events or without non-events left out. The continuity
    correction is at most the difference it corrects. Agrees with metafor 3.8 ``rma.mh`` to 1e-8
    relative: tests/reference/test_pooling_counts_reference.py.

    References
    ----------
    Mantel and Haenszel 1959, doi 10.1093/jnci/22.4.719.
    Robins, Breslow and Greenland 1986, doi 10.2307/2531052.
    Greenland and Robins 1985, doi 10.2307/2530643.
    Sato, Greenland and Robins 1989, doi 10.2307/2531729.
    Breslow and Day 1980, IARC; Tarone 1985, doi 10.1093/biomet/72.1.91.
    """
    kinds = {"OR": _odds_ratio, "RR": _risk_ratio, "RD": _risk_difference}
    if measure not in kinds:
        raise unknown_measure(measure, kinds)
    table = checked_table(a, n1, c, n0)
    pooled = kinds[measure](*table)
    cmh, same = None, None
    if measure == "OR":
        cmh = cochran_mantel_haenszel(*table, correct=correct)
        same = breslow_day_test(*table, log_odds_ratio=pooled.estimate)
    return pooled_result(
        measure, pooled, table_effects(*table, measure), (cmh, correct, same), level
    )


def peto(
    a: ArrayLike, n1: ArrayLike, c: ArrayLike, n0: ArrayLike, *, level: float = 0.95
) -> MantelHaenszel:
    """Pool odds ratios by Peto's one-step method.

    For rare events, groups of similar size and effects that are not large; otherwise biased.

    Parameters
    ----------
    a, n1, c, n0 : array_like (k,)
        As ``mantel_haenszel``.
    level : float
        Of the interval, in (0, 1).

    Returns
    -------
    MantelHaenszel
        Measure ``PETO``; estimate is a log odds ratio.

    Raises
    ------
    NotEstimable
        Counts as ``mantel_haenszel``; ``no_events`` if no study has both events and non-events.

    Notes
    -----
    sum(O - E) / sum(V), hypergeometric V. Agrees with metafor 3.8 ``rma.peto`` to 1e-8 relative.

    References
    ----------
    Yusuf et al. 1985, doi 10.1016/S0033-0620(85)80003-7.
    """
    a_, n1_, c_, n0_ = checked_table(a, n1, c, n0)
    total, events = n1_ + n0_, a_ + c_
    informative = (events > 0.0) & (events < total)
    if not informative.any():
        raise no_events()
    difference = a_ - n1_ * events / total
    variance = n1_ * n0_ * events * (total - events) / (total**2 * np.maximum(total - 1.0, 1.0))
    pooled = PooledSum(
        float(difference.sum() / variance.sum()), 1.0 / sqrt(float(variance.sum())), variance
    )
    own = difference[informative] / variance[informative], 1.0 / variance[informative]
    return pooled_result("PETO", pooled, own, (None, False, None), level)


def informative_studies(a: ArrayLike, n1: ArrayLike, c: ArrayLike, n0: ArrayLike) -> Flags:
    """Tell which tables say anything about a ratio: those with events and non-events.

    Parameters
    ----------
    a, n1, c, n0 : array_like (k,)
        As ``mantel_haenszel``.

    Returns
    -------
    bool array (k,)

    Raises
    ------
    NotEstimable
        Counts as ``mantel_haenszel``.
    """
    a_, n1_, c_, n0_ = checked_table(a, n1, c, n0)
    events = a_ + c_
    return np.asarray((events > 0.0) & (events < n1_ + n0_))


def _odds_ratio(a: Floats, n1: Floats, c: Floats, n0: Floats) -> PooledSum:
    n, b, d = n1 + n0, n1 - a, n0 - c
    ad, bc = a * d / n, b * c / n
    agree, differ = (a + d) / n, (b + c) / n
    r, s = ratio_parts(ad, bc)
    variance = 0.5 * float(
        (agree * ad).sum() / r**2
        + (agree * bc + differ * ad).sum() / (r * s)
        + (differ * bc).sum() / s**2
    )
    return PooledSum(log(r / s), sqrt(variance), bc)


def _risk_ratio(a: Floats, n1: Floats, c: Floats, n0: Floats) -> PooledSum:
    n = n1 + n0
    above, below = a * n0 / n, c * n1 / n
    r, s = ratio_parts(above, below)
    spread = float((n1 * n0 * (a + c) / n**2 - a * c / n).sum())
    if spread <= 0.0:
        raise no_events()
    return PooledSum(log(r / s), sqrt(spread / (r * s)), below)


def _risk_difference(a: Floats, n1: Floats, c: Floats, n0: Floats) -> PooledSum:
    n = n1 + n0
    weights = n1 * n0 / n
    total = float(weights.sum())
    estimate = float(((a * n0 - c * n1) / n).sum()) / total
    p = float((c * (n1 / n) ** 2 - a * (n0 / n) ** 2 + n1 * n0 * (n0 - n1) / (2.0 * n**2)).sum())
    q = float((a * (n0 - c) / n + c * (n1 - a) / n).sum()) / 2.0
    variance = (estimate * p + q) / total**2
    if not variance > 0.0:
        raise no_events()
    return PooledSum(estimate, sqrt(variance), weights)


def table_effects(
    a: Floats, n1: Floats, c: Floats, n0: Floats, measure: str
) -> tuple[Floats, Floats]:
    """Effect and variance of the studies that have one.

    Parameters
    ----------
    a, n1, c, n0 : float array (k,)
        Checked counts, as ``mantel_haenszel``.
    measure : str
        ``OR``, ``RR`` or ``RD``.

    Returns
    -------
    tuple of float arrays
        Of the studies with both events and non-events, 1/2 added where a cell is zero.
    """
    events = a + c
    kept = (events > 0.0) & (events < n1 + n0)
    a, b, c, d = a[kept], (n1 - a)[kept], c[kept], (n0 - c)[kept]
    half = np.where((a == 0.0) | (b == 0.0) | (c == 0.0) | (d == 0.0), 0.5, 0.0)
    a, b, c, d = a + half, b + half, c + half, d + half
    m1, m0 = a + b, c + d
    if measure == "OR":
        return np.log(a * d / (b * c)), 1 / a + 1 / b + 1 / c + 1 / d
    if measure == "RR":
        return np.log(a * m0 / (c * m1)), 1 / a - 1 / m1 + 1 / c - 1 / m0
    return a / m1 - c / m0, a * b / m1**3 + c * d / m0**3
