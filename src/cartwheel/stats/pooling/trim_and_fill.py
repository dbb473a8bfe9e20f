"""Trim and fill: how many studies symmetry of the funnel would ask for, and with what effect."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import ArrayLike

from cartwheel.errors import NotEstimable, refuse
from cartwheel.stats.pooling.meta_regression import meta_regression
from cartwheel.stats.pooling.random_effects import PooledEffects, pool_effects
from cartwheel.stats.pooling.study_inputs import Floats, checked_effects, read_only

ESTIMATORS = ("L0", "R0", "Q0")
_ROUNDS = 100


@dataclass(frozen=True, slots=True)
class TrimAndFill:
    """Studies put in, and the effect pooled with them.

    Parameters
    ----------
    estimator : str
        ``L0``, ``R0`` or ``Q0``.
    side : str
        Where studies seem to be missing: ``left`` or ``right``.
    missing : int
        How many.
    missing_std_error : float or None
        None where its variance is negative.
    missing_p_value : float or None
        That none is missing; ``R0`` only.
    filled_effects, filled_variances : float array (missing,)
        The mirror images put in.
    fit : PooledEffects
        With them.
    """

    estimator: str
    side: str
    missing: int
    missing_std_error: float | None
    missing_p_value: float | None
    filled_effects: Floats
    filled_variances: Floats
    fit: PooledEffects


def trim_and_fill(
    effects: ArrayLike,
    variances: ArrayLike,
    *,
    estimator: str = "L0",
    side: str | None = None,
    method: str = "REML",
    interval: str = "knapp_hartung",
    level: float = 0.95,
) -> TrimAndFill:
    """Estimate how many studies one side of the funnel lacks, and pool with their mirror images.

    A sensitivity analysis, not a correction: heterogeneity alone can make a funnel asymmetric.

    Parameters
    ----------
    effects, variances : array_like (k,)
        On the analysis scale, variances > 0, k >= 3.
    estimator : str
        ``L0``, ``R0`` or ``Q0``.
    side : str, optional
        ``left`` or ``right``; by default opposite to the slope of the effects on their errors.
    method, interval, level
        As ``pool_effects``, both while trimming and at the end.

    Returns
    -------
    TrimAndFill

    Raises
    ------
    NotEstimable
        Bad numbers by position; ``estimator_unknown``, ``side_unknown``, ``too_few``,
        ``no_spread``, ``q0_undefined`` (its root is negative), ``not_converged``; the slope as
        ``meta_regression``.

    Notes
    -----
    Ranks of distances from the trimmed mean, ties by order of effect; repeated until the number
    stays. Agrees with metafor 3.8 ``trimfill`` to 1e-8 relative.

    References
    ----------
    Duval and Tweedie 2000, doi 10.1111/j.0006-341X.2000.00455.x and doi 10.2307/2669529.
    """
    y, v = checked_effects(effects, variances)
    _refuse_wrong(y, estimator, side)
    where = side or _side(y, v, method)
    flip = -1.0 if where == "right" else 1.0
    order = np.argsort(flip * y, kind="stable")
    sorted_effects, sorted_variances = flip * y[order], v[order]
    k = y.size
    missing, before = 0, -1
    for _ in range(_ROUNDS):
        if missing == before:
            break
        before = missing
        kept = k - missing
        mean = pool_effects(
            sorted_effects[:kept], sorted_variances[:kept], method=method, interval="normal"
        ).estimate
        missing, error = _estimated(sorted_effects - mean, estimator)
    else:
        raise refuse(
            NotEstimable,
            "not_converged",
            "trim and fill does not settle on a number of studies",
            where="estimator",
            mend="another estimator",
        )
    filled = flip * (2.0 * mean - sorted_effects[k - missing :])
    added = sorted_variances[k - missing :].copy()
    fit = pool_effects(
        np.concatenate([y, filled]),
        np.concatenate([v, added]),
        method=method,
        interval=interval,
        level=level,
    )
    return TrimAndFill(
        estimator=estimator,
        side=where,
        missing=missing,
        missing_std_error=error,
        # R0 + 1 counts a run that is geometric with chance 1/2 when none is missing
        missing_p_value=_none_missing(missing) if estimator == "R0" else None,
        filled_effects=read_only(filled),
        filled_variances=read_only(added),
        fit=fit,
    )


def _side(y: Floats, v: Floats, method: str) -> str:
    error = np.sqrt(v)
    if float(error.max() - error.min()) <= 1e-10 * float(error.max()):
        raise refuse(
            NotEstimable,
            "predictor_constant",
            "all studies are of one size, so no side can be told from the slope",
            where="variances",
            mend="say the side",
        )
    line = meta_regression(
        y,
        v,
        np.column_stack([np.ones(y.size), error]),
        names=("limit", "std_error"),
        method=method,
        interval="normal",
    )
    return "right" if line.coefficients[1] < 0.0 else "left"


def _estimated(centred: Floats, estimator: str) -> tuple[int, float | None]:
    """Number of missing studies, rounded half to even, and its standard error."""
    k = centred.size
    ranks = np.empty(k)
    ranks[np.argsort(np.abs(centred), kind="stable")] = np.arange(1, k + 1)
    if estimator == "R0":
        below = ranks[centred < 0.0]
        run = k - (float(below.max()) if below.size else 0.0) - 1.0
        return max(0, round(run)), sqrt(2.0 * max(0.0, run) + 2.0)
    wilcoxon = float(ranks[centred > 0.0].sum())
    if estimator == "L0":
        number = (4.0 * wilcoxon - k * (k + 1.0)) / (2.0 * k - 1.0)
        scale = 4.0 / (2.0 * k - 1.0)
    else:
        inside = 2.0 * k**2 - 4.0 * wilcoxon + 0.25
        below_root = (k - 0.5) ** 2
        if inside < 0.0:
            raise refuse(
                NotEstimable,
                "q0_undefined",
                "Q0 is the root of a negative number for these effects",
                where="estimator",
                mend="L0 or R0",
            )
        number = k - 0.5 - sqrt(inside)
        below_root -= number * (2.0 * k - number - 1.0)
        scale = 2.0 / sqrt(below_root) if below_root > 0.0 else 0.0
    variance = (
        k * (k + 1.0) * (2.0 * k + 1.0)
        + 10.0 * number**3
        + 27.0 * number**2
        + 17.0 * number
        - 18.0 * k * number**2
        - 18.0 * k * number
        + 6.0 * k**2 * number
    ) / 24.0
    known = variance >= 0.0 and scale > 0.0
    return max(0, round(number)), scale * sqrt(variance) if known else None


def _none_missing(missing: int) -> float:
    return float(0.5 ** (missing + 1))


def _refuse_wrong(y: Floats, estimator: str, side: str | None) -> None:
    if estimator not in ESTIMATORS:
        raise refuse(
            NotEstimable,
            "estimator_unknown",
            f"no estimator {estimator}",
            where="estimator",
            mend="one of " + ", ".join(ESTIMATORS),
        )
    if side not in (None, "left", "right"):
        raise refuse(
            NotEstimable, "side_unknown", f"no side {side}", where="side", mend="left or right"
        )
    if y.size < 3:
        raise refuse(NotEstimable, "too_few", f"{y.size} studies make no funnel", mend="at least 3")
    if float(y.max()) == float(y.min()):
        raise refuse(NotEstimable, "no_spread", "the effects do not differ", where="effects")
