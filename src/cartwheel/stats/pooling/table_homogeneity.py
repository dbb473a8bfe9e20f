"""Tests over stratified two-by-two tables: an effect at all, and the same one everywhere."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp

import numpy as np
from scipy.special import chdtrc

from cartwheel.stats.pooling.study_inputs import Floats


@dataclass(frozen=True, slots=True)
class Homogeneity:
    """Breslow-Day test, and its correction by Tarone.

    Parameters
    ----------
    breslow_day, tarone : float
        Chi-square statistics.
    df : int
        Their degrees of freedom.
    breslow_day_p_value, tarone_p_value : float
        Of one odds ratio in all studies.
    """

    breslow_day: float
    tarone: float
    df: int
    breslow_day_p_value: float
    tarone_p_value: float


def cochran_mantel_haenszel(
    a: Floats, n1: Floats, c: Floats, n0: Floats, *, correct: bool
) -> float | None:
    """Chi-square statistic, 1 degree of freedom, of no association in any table.

    Parameters
    ----------
    a, n1, c, n0 : float array (k,)
        Checked counts, as ``mantel_haenszel``.
    correct : bool
        For continuity.

    Returns
    -------
    float or None
        None where no table varies.

    Notes
    -----
    Variance with N - 1. A correction never exceeds the difference, as in R ``mantelhaen.test``;
    metafor subtracts 1/2 always, which differs only where the difference is below 1/2.
    """
    n, events = n1 + n0, a + c
    variance = float((n1 * n0 * events * (n - events) / (n**2 * np.maximum(n - 1.0, 1.0))).sum())
    if variance <= 0.0:
        return None
    gap = abs(float((a - n1 * events / n).sum()))
    return (gap - (min(0.5, gap) if correct else 0.0)) ** 2 / variance


def breslow_day_test(
    a: Floats, n1: Floats, c: Floats, n0: Floats, *, log_odds_ratio: float
) -> Homogeneity | None:
    """Test whether one odds ratio fits all tables.

    Parameters
    ----------
    a, n1, c, n0 : float array (k,)
        Checked counts, as ``mantel_haenszel``.
    log_odds_ratio : float
        The pooled one.

    Returns
    -------
    Homogeneity or None
        None where fewer than two tables have both events and non-events.

    Notes
    -----
    The expected count solves a quadratic; it is taken in the form that loses no digits near an
    odds ratio of 1.
    """
    events = a + c
    kept = (events > 0.0) & (events < n1 + n0)
    if kept.sum() < 2:
        return None
    a, n1, n0, events = a[kept], n1[kept], n0[kept], events[kept]
    ratio = exp(log_odds_ratio)
    middle = ratio * (n1 + events) + (n0 - events)
    root = np.sqrt(middle**2 - 4.0 * n1 * events * ratio * (ratio - 1.0))
    expected = 2.0 * n1 * events * ratio / (middle + root)
    cells = np.stack([expected, n1 - expected, events - expected, n0 - events + expected])
    variance = 1.0 / (1.0 / cells).sum(axis=0)
    gap = a - expected
    statistic = float((gap**2 / variance).sum())
    tarone = max(0.0, statistic - float(gap.sum()) ** 2 / float(variance.sum()))
    df = int(kept.sum()) - 1
    return Homogeneity(
        statistic, tarone, df, float(chdtrc(df, statistic)), float(chdtrc(df, tarone))
    )
