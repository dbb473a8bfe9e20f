"""Fail-safe numbers: how many unseen studies without effect would undo a result."""

from __future__ import annotations

from math import ceil, sqrt

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr, ndtri

from cartwheel.errors import NotEstimable, refuse
from cartwheel.stats.pooling.study_inputs import Floats, checked_effects

RULES = ("rosenthal", "rosenberg", "orwin")


def fail_safe_n(
    effects: ArrayLike,
    variances: ArrayLike,
    *,
    rule: str = "rosenthal",
    alpha: float = 0.05,
    target: float | None = None,
    weighted: bool = False,
) -> int:
    """Count the studies without effect that would undo the result.

    Given because papers print it. It supposes unseen studies with no effect on average, ignores
    heterogeneity, and is no protection against selective publication.

    Parameters
    ----------
    effects, variances : array_like (k,)
        On the analysis scale, variances > 0.
    rule : str
        ``rosenthal``: until the sum of z is no longer significant, one-sided; ``rosenberg``: until
        the common effect is not, two-sided; ``orwin``: until the mean effect falls to ``target``.
    alpha : float
        Significance, in (0, 0.5).
    target : float, optional
        For ``orwin``, not 0; by default half the mean. Its sign follows the mean.
    weighted : bool
        For ``orwin``, whether the mean is weighted by inverse variances.

    Returns
    -------
    int

    Raises
    ------
    NotEstimable
        ``rule_unknown``, ``alpha``, ``target_zero``; bad numbers by position.

    Notes
    -----
    Rounded up. Agrees with metafor 3.8 ``fsn``.

    References
    ----------
    Rosenthal 1979, doi 10.1037/0033-2909.86.3.638. Orwin 1983, doi 10.2307/1164923.
    Rosenberg 2005, doi 10.1111/j.0014-3820.2005.tb01004.x.
    """
    y, v = _checked(effects, variances, rule)
    if not 0.0 < alpha < 0.5:
        raise refuse(NotEstimable, "alpha", f"significance {alpha} is not in (0, 0.5)")
    k = y.size
    if rule == "rosenthal":
        number = (_stouffer(y, v) / float(ndtri(1.0 - alpha))) ** 2 * k - k
    elif rule == "rosenberg":
        weights = 1.0 / v
        needed = (float(weights @ y) / float(ndtri(1.0 - alpha / 2.0))) ** 2
        number = k * (needed / float(weights.sum()) - 1.0)
    else:
        mean = float(np.average(y, weights=1.0 / v if weighted else None))
        reached = abs(mean) / 2.0 if target is None else abs(target)
        if not reached > 0.0:
            raise refuse(
                NotEstimable,
                "target_zero",
                "no number of studies brings the mean to 0",
                where="target",
                mend="a smallest effect that matters",
            )
        number = k * (abs(mean) - reached) / reached
    number = max(0.0, number)
    # a whole number up to rounding errors is meant as it is
    return round(number) if abs(number - round(number)) < 1.5e-8 else ceil(number)


def combined_p_value(effects: ArrayLike, variances: ArrayLike, *, rule: str = "rosenthal") -> float:
    """P-value of the result that a fail-safe number is about.

    Parameters
    ----------
    effects, variances : array_like (k,)
        As ``fail_safe_n``.
    rule : str
        ``rosenthal``: sum of z, one-sided; ``rosenberg``: common effect, two-sided.

    Returns
    -------
    float

    Raises
    ------
    NotEstimable
        ``rule_unknown``, also for ``orwin``, which tests nothing; bad numbers by position.
    """
    if rule == "orwin":
        raise refuse(NotEstimable, "rule_unknown", "Orwin's rule has no p-value", where="rule")
    y, v = _checked(effects, variances, rule)
    if rule == "rosenthal":
        return float(ndtr(-_stouffer(y, v)))
    weights = 1.0 / v
    return 2.0 * float(ndtr(-abs(float(weights @ y)) / sqrt(float(weights.sum()))))


def _stouffer(y: Floats, v: Floats) -> float:
    return abs(float((y / np.sqrt(v)).sum())) / sqrt(y.size)


def _checked(effects: ArrayLike, variances: ArrayLike, rule: str) -> tuple[Floats, Floats]:
    if rule not in RULES:
        raise refuse(
            NotEstimable,
            "rule_unknown",
            f"no rule {rule}",
            where="rule",
            mend="one of " + ", ".join(RULES),
        )
    return checked_effects(effects, variances)
