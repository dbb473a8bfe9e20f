"""Pool effects as if significant studies were likelier to be published: a step selection model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtrc, ndtr, ndtri

from cartwheel.errors import NotEstimable, refuse
from cartwheel.stats.descriptive import normal_quantile
from cartwheel.stats.pooling.random_effects import pool_effects
from cartwheel.stats.pooling.selection_likelihood import (
    Matrix,
    Selection,
    selection_likelihood,
)
from cartwheel.stats.pooling.study_inputs import Floats, checked_effects, read_only

ALTERNATIVES = ("greater", "less", "two_sided")
_STEPS = 100
_TOLERANCE = 1e-11
# log of a weight beyond which it is as good as infinite
_FARTHEST = 16.0


@dataclass(frozen=True, slots=True)
class SelectionModel:
    """A pooled effect under selection by p-value.

    Parameters
    ----------
    steps : tuple of float
        Inner limits of the intervals of p.
    alternative : str
        What the p-values test.
    counts : tuple of int
        Studies in each interval, one more than steps.
    estimate, std_error, low, high : float
        Mean effect had all studies been published, normal.
    level : float
        Of the interval.
    effect_p_value : float
        Of no effect.
    tau2 : float
        Variance between studies.
    tau2_std_error : float or None
        None where tau2 is 0.
    weights : float array (steps,)
        Chance of publication in the second interval and on, relative to the first.
    weight_std_error : float array (steps,)
        Theirs.
    log_likelihood : float
        Of the model.
    likelihood_ratio, df, p_value : float
        Test that all weights are 1.
    """

    steps: tuple[float, ...]
    alternative: str
    counts: tuple[int, ...]
    estimate: float
    std_error: float
    low: float
    high: float
    level: float
    effect_p_value: float
    tau2: float
    tau2_std_error: float | None
    weights: Floats
    weight_std_error: Floats
    log_likelihood: float
    likelihood_ratio: float
    df: int
    p_value: float


def step_selection(
    effects: ArrayLike,
    variances: ArrayLike,
    *,
    steps: Sequence[float] = (0.025,),
    alternative: str = "greater",
    level: float = 0.95,
) -> SelectionModel:
    """Fit a random-effects model in which the chance of publication depends on the p-value.

    A sensitivity analysis: with few studies the weights are hardly known, and the test is weak.

    Parameters
    ----------
    effects, variances : array_like (k,)
        On the analysis scale, variances > 0.
    steps : sequence of float
        Increasing limits in (0, 1): (0.025,) asks whether one-sided p <= 0.025 mattered.
    alternative : str
        ``greater``: small p for large positive effects; ``less``: for large negative ones;
        ``two_sided``. Which direction was hoped for must be said.
    level : float
        Of the interval, in (0, 1).

    Returns
    -------
    SelectionModel

    Raises
    ------
    NotEstimable
        Bad effects or variances by position; ``steps``, ``alternative_unknown``; ``too_few``
        (fewer studies than parameters + 1); ``interval_empty`` where no study has a p-value in an
        interval, so that its weight would be 0 or infinite; ``not_converged``.

    Notes
    -----
    Maximum likelihood by Newton's method with exact derivatives, from several starting points;
    errors from the observed information. Agrees with metafor 3.8 ``selmodel(type = "stepfun")`` on
    an ML fit: likelihood 1e-8, estimates 1e-5 and errors 1e-4, as closely as it converges.

    References
    ----------
    Hedges and Vevea 1996, doi 10.3102/10769986021004299. Vevea and Hedges 1995,
    doi 10.1007/BF02294384.
    """
    y, v = checked_effects(effects, variances)
    limits = _limits(steps, alternative)
    z = normal_quantile(level)
    if y.size < len(limits) + 3:
        raise refuse(
            NotEstimable,
            "too_few",
            f"{y.size} studies for {len(limits) + 2} parameters",
            where="effects",
            mend="a selection model needs more studies",
        )
    selection = _selection(y, v, limits, alternative)
    plain = pool_effects(y, v, method="ML", interval="normal")
    sign = -1.0 if alternative == "less" else 1.0
    best = _best(selection, sign * plain.estimate, plain.tau2)
    mean, tau2 = sign * float(best[0]), float(best[1])
    found = selection_likelihood(selection, best)
    errors = _errors(found.hessian, tau2 > 0.0)
    ratio = max(0.0, 2.0 * (found.value - plain.log_likelihood))
    df = len(limits)
    return SelectionModel(
        steps=limits,
        alternative=alternative,
        counts=tuple(np.bincount(selection.interval, minlength=df + 1).tolist()),
        estimate=mean,
        std_error=float(errors[0]),
        low=mean - z * float(errors[0]),
        high=mean + z * float(errors[0]),
        level=level,
        effect_p_value=2.0 * float(ndtr(-abs(mean) / errors[0])),
        tau2=tau2,
        tau2_std_error=float(errors[1]) if tau2 > 0.0 else None,
        weights=read_only(best[2:].copy()),
        weight_std_error=read_only(errors[2:].copy()),
        log_likelihood=found.value,
        likelihood_ratio=ratio,
        df=df,
        p_value=float(chdtrc(df, ratio)),
    )


def _limits(steps: Sequence[float], alternative: str) -> tuple[float, ...]:
    limits = tuple(float(step) for step in steps)
    inside = all(0.0 < step < 1.0 for step in limits)
    if not limits or not inside or any(a >= b for a, b in pairwise(limits)):
        raise refuse(
            NotEstimable,
            "steps",
            "steps must increase and lie between 0 and 1",
            where="steps",
            mend="such as 0.025, or 0.025 and 0.5",
        )
    if alternative not in ALTERNATIVES:
        raise refuse(
            NotEstimable,
            "alternative_unknown",
            f"no alternative {alternative}",
            where="alternative",
            mend="one of " + ", ".join(ALTERNATIVES),
        )
    return limits


def _selection(y: Floats, v: Floats, limits: tuple[float, ...], alternative: str) -> Selection:
    """Effects in the direction hoped for, with their intervals and the limits on their scale."""
    y = -y if alternative == "less" else y
    error = np.sqrt(v)
    sides = 2.0 if alternative == "two_sided" else 1.0
    size = np.abs(y) if sides == 2.0 else y
    p = sides * ndtr(-size / error)
    interval = np.searchsorted(np.array(limits), p, side="left")
    counts = np.bincount(interval, minlength=len(limits) + 1)
    if (counts == 0).any():
        edges = (0.0, *limits, 1.0)
        empty = int(np.flatnonzero(counts == 0)[0])
        raise refuse(
            NotEstimable,
            "interval_empty",
            f"no study has a p-value between {edges[empty]:g} and {edges[empty + 1]:g}",
            where="steps",
            mend="fewer or other steps, or no selection model",
        )
    quantile = -ndtri(np.array(limits) / sides)
    return Selection(
        y, v, error[:, None] * quantile, interval.astype(np.int64), alternative == "two_sided"
    )


def _best(selection: Selection, mean: float, tau2: float) -> Matrix:
    """Parameters of the largest likelihood: mean, tau2 and weights."""
    extra = selection.cuts.shape[1]
    typical = float(1.0 / (1.0 / selection.variances).mean())
    spreads = (max(tau2, 0.2 * typical), 0.0)
    near = [
        _climbed(selection, np.concatenate([[mean, spread], np.full(extra, share)]), 1e-3)
        for share in (1.0, 0.3)
        for spread in spreads
    ]
    highest = max(near, key=lambda end: end[0])
    _, best, settled = _climbed(selection, highest[1], _TOLERANCE)
    if not settled:
        raise refuse(
            NotEstimable,
            "not_converged",
            "the weights of the selection model run to 0 or infinity",
            mend="fewer or other steps, or no selection model",
        )
    return best


def _climbed(selection: Selection, here: Matrix, tolerance: float) -> tuple[float, Matrix, bool]:
    """Newton's method over (mean, log tau2, log weights); tau2 is held at 0 while it wants to fall.

    Gives the log-likelihood, the parameters and whether they settled.
    """
    typical = float(1.0 / (1.0 / selection.variances).mean())
    free = np.ones(len(here), dtype=bool)
    free[1] = here[1] > 0.0
    released = False
    now = selection_likelihood(selection, here)
    for _ in range(_STEPS):
        slope, curvature = _logged(now.gradient, now.hessian, here)
        values, vectors = np.linalg.eigh(-curvature[np.ix_(free, free)])
        bent = np.maximum(np.abs(values), 1e-8 * max(1.0, float(np.abs(values).max())))
        step = np.zeros_like(here)
        step[free] = vectors @ ((vectors.T @ slope[free]) / bent)
        step *= min(1.0, 2.0 / max(float(np.abs(step[1:]).max()), 1e-300))
        shrink = 1.0
        while shrink > 1e-10:
            there = _moved(here, shrink * step)
            then = selection_likelihood(selection, there)
            if then.value >= now.value - 1e-13 * abs(now.value):
                break
            shrink /= 4.0
        moved = float(np.abs(shrink * step).max())
        here, now = there, then
        if not (np.abs(np.log(here[2:])) < _FARTHEST).all():
            return now.value, here, False
        low = here[1] < (1e-10 if released else 1e-3) * typical
        if free[1] and low and now.gradient[1] < 0.0:
            here[1], free[1] = 0.0, False
            now = selection_likelihood(selection, here)
        elif moved < tolerance * (1.0 + abs(float(here[0]))):
            if free[1] or now.gradient[1] <= 0.0 or released:
                return now.value, here, True
            here[1], free[1], released = 1e-4 * typical, True, True
            now = selection_likelihood(selection, here)
    return now.value, here, False


def _moved(here: Matrix, step: Matrix) -> Matrix:
    there = here * np.exp(np.clip(step, -30.0, 30.0))
    there[0] = here[0] + step[0]
    return there


def _logged(gradient: Matrix, hessian: Matrix, here: Matrix) -> tuple[Matrix, Matrix]:
    """Derivatives by mean, log tau2 and log weights."""
    scale = here.copy()
    scale[0] = 1.0
    slope = gradient * scale
    bend = slope.copy()
    bend[0] = 0.0
    return slope, hessian * np.outer(scale, scale) + np.diag(bend)


def _errors(hessian: Matrix, varies: bool) -> Matrix:
    kept = np.ones(len(hessian), dtype=bool)
    kept[1] = varies
    information = -hessian[np.ix_(kept, kept)]
    scale = np.sqrt(np.abs(np.diag(information)))
    smallest = 0.0
    if (scale > 0.0).all():
        smallest = float(np.linalg.eigvalsh(information / np.outer(scale, scale))[0])
    if smallest < 1e-10:
        raise refuse(
            NotEstimable,
            "not_converged",
            "the information of the selection model cannot be inverted",
            mend="fewer steps, or no selection model",
        )
    errors = np.zeros(len(hessian))
    errors[kept] = np.sqrt(np.diag(np.linalg.inv(information)))
    return errors
