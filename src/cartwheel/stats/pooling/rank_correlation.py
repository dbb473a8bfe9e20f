"""Begg's test: whether effects and variances rank alike."""

from __future__ import annotations

from functools import cache
from math import sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from cartwheel.errors import NotEstimable, refuse
from cartwheel.stats.pooling.asymmetry import AsymmetryTest
from cartwheel.stats.pooling.study_inputs import Floats, checked_effects

# beyond this the normal distribution is as good, and the exact one slow
EXACT_UP_TO = 200


def begg_test(effects: ArrayLike, variances: ArrayLike) -> AsymmetryTest:
    """Test funnel asymmetry by Kendall's rank correlation (Begg and Mazumdar).

    Parameters
    ----------
    effects, variances : array_like (k,)
        On the analysis scale, variances > 0, k >= 3.

    Returns
    -------
    AsymmetryTest
        Statistic is tau-b; no bias, no limit.

    Raises
    ------
    NotEstimable
        Bad numbers by position; ``too_few``; ``predictor_constant`` where all variances are equal
        or the standardised effects are.

    Notes
    -----
    Effects standardised about the common-effect mean. Exact without ties up to 200 studies, else
    normal with the variance corrected for ties and no continuity correction. Agrees with metafor
    3.8 ``ranktest`` to 1e-8 relative.

    References
    ----------
    Begg and Mazumdar 1994, doi 10.2307/2533446.
    """
    y, v = checked_effects(effects, variances)
    k = y.size
    if k < 3:
        raise refuse(NotEstimable, "too_few", f"{k} studies cannot be ranked", mend="at least 3")
    weights = 1.0 / v
    spare = v - 1.0 / float(weights.sum())
    if not (spare > 0.0).all():
        raise refuse(
            NotEstimable,
            "one_study_alone",
            "one study is so large that the others carry no weight",
            where="variances",
        )
    standard = (y - float(weights @ y) / float(weights.sum())) / np.sqrt(spare)
    tau, p = _kendall(standard, v)
    return AsymmetryTest("begg", tau, None, p, None, None, None, None, None, k)


def _kendall(x: Floats, y: Floats) -> tuple[float, float]:
    """Tau-b and its two-sided p-value."""
    k = x.size
    score = 0.0
    for i in range(k - 1):
        score += float((np.sign(x[i + 1 :] - x[i]) * np.sign(y[i + 1 :] - y[i])).sum())
    pairs = k * (k - 1) / 2.0
    tied_x, tied_y = (np.unique(z, return_counts=True)[1].astype(np.float64) for z in (x, y))
    apart = [pairs - float((t * (t - 1.0)).sum()) / 2.0 for t in (tied_x, tied_y)]
    if min(apart) <= 0.0:
        raise refuse(
            NotEstimable,
            "predictor_constant",
            "all effects or all variances are equal, so ranks say nothing",
            where="variances",
        )
    tau = score / sqrt(apart[0] * apart[1])
    if apart[0] == apart[1] == pairs and k <= EXACT_UP_TO:
        inversions = round((pairs - score) / 2.0)
        below = _inversion_distribution(k)
        tail = below[min(inversions, round(pairs) - inversions)]
        return tau, min(1.0, 2.0 * float(tail))
    return tau, 2.0 * float(ndtr(-abs(score) / sqrt(_score_variance(k, tied_x, tied_y))))


def _score_variance(k: int, tied_x: Floats, tied_y: Floats) -> float:
    def third(t: Floats) -> float:
        return float((t * (t - 1.0) * (2.0 * t + 5.0)).sum())

    def pair(t: Floats) -> float:
        return float((t * (t - 1.0)).sum())

    def triple(t: Floats) -> float:
        return float((t * (t - 1.0) * (t - 2.0)).sum())

    free = (k * (k - 1.0) * (2.0 * k + 5.0) - third(tied_x) - third(tied_y)) / 18.0
    both = pair(tied_x) * pair(tied_y) / (2.0 * k * (k - 1.0))
    thrice = triple(tied_x) * triple(tied_y) / (9.0 * k * (k - 1.0) * (k - 2.0))
    return free + both + thrice


@cache
def _inversion_distribution(k: int) -> NDArray[np.float64]:
    """Chance of at most 0, 1, ... inversions of a random order of k, to half of all."""
    chance = np.ones(1)
    for size in range(2, k + 1):
        summed = np.concatenate([np.cumsum(chance), np.full(size - 1, chance.sum())])
        summed[size:] -= np.cumsum(chance)[: summed.size - size]
        chance = summed / size
    below = np.cumsum(chance)
    below.setflags(write=False)
    return below
