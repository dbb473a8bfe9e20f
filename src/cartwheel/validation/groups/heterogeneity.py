"""How much a score's measures differ between centres: random effects on the measure's scale."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from cartwheel.errors import NotEstimable
from cartwheel.estimate import Estimate
from cartwheel.stats.pooling.random_effects import PooledEffects, pool_effects
from cartwheel.validation.result_groups import GroupRow, Heterogeneity
from cartwheel.validation.result_score import Measure

Floats = NDArray[np.float64]

# tried in this order: equal effects have no Knapp-Hartung interval, and REML may not converge
_WAYS = (
    ("REML", "knapp_hartung", "Knapp and Hartung's interval"),
    ("REML", "knapp_hartung_floor", "t interval (the centres do not differ)"),
    ("DL", "knapp_hartung", "Knapp and Hartung's interval; REML did not converge"),
)
# exp() of more is infinite
_FARTHEST = 700.0
_LEAST_FOR_PREDICTION = 3


def _exp(value: float) -> float | None:
    return math.exp(value) if value < _FARTHEST else None


_TO_SCALE: dict[str, Callable[[float], float]] = {
    "identity": float,
    "log": lambda value: math.log(value) if value > 0.0 else math.nan,
    "logit": lambda value: float(logit(value)),
}
_FROM_SCALE: dict[str, Callable[[float], float | None]] = {
    "identity": float,
    "log": _exp,
    "logit": lambda value: float(expit(value)),
}


def heterogeneity(rows: Sequence[GroupRow], level: float) -> tuple[Heterogeneity, ...]:
    """Pool every measure of every score over the groups that are told.

    Parameters
    ----------
    rows : sequence of GroupRow
        Groups of different patients.
    level : float
        Coverage of the intervals, in (0, 1).

    Returns
    -------
    tuple of Heterogeneity
        By score and measure; a measure with a standard error in fewer than two groups has none.

    Notes
    -----
    Random effects by REML with Knapp and Hartung's interval on the scale of the standard error
    (logit for areas and concordances, log for observed/expected), carried back. The prediction
    interval has t with k - 1 degrees of freedom and needs three groups. Where REML does not
    converge DerSimonian and Laird's variance takes its place, and the estimate says so. Agrees with
    metafor ``rma(test = "knha")`` to 1e-7.

    References
    ----------
    Snell KIE, Ensor J, Debray TPA et al 2018, doi:10.1177/0962280217705678. Knapp G, Hartung J
    2003, doi:10.1002/sim.1482.
    """
    found = []
    for (score, _), measured in _by_measure(rows).items():
        usable = [each for each in measured if _usable(each)]
        if len(usable) > 1:
            pooled = _pooled(score, usable, level)
            if pooled is not None:
                found.append(pooled)
    return tuple(found)


def _by_measure(rows: Sequence[GroupRow]) -> dict[tuple[str, str], list[Measure]]:
    measured: dict[tuple[str, str], list[Measure]] = {}
    for row in rows:
        for score in row.scores:
            for each in score.measures:
                measured.setdefault((score.score, each.name), []).append(each)
    return measured


def _usable(measure: Measure) -> bool:
    value, error = measure.estimate.value, measure.std_error
    if value is None or error is None or not 0.0 < error < math.inf:
        return False
    return math.isfinite(_TO_SCALE[measure.scale](value))


def _pooled(score: str, measured: Sequence[Measure], level: float) -> Heterogeneity | None:
    first = measured[0]
    to_scale, back = _TO_SCALE[first.scale], _FROM_SCALE[first.scale]
    effects = np.array([to_scale(float(each.estimate.value or 0.0)) for each in measured])
    errors = np.array([float(each.std_error or 0.0) for each in measured])
    fit, interval = _fitted(effects, errors * errors, level)
    if fit is None:
        return None
    predicted = fit.k >= _LEAST_FOR_PREDICTION
    low, high = fit.prediction_low, fit.prediction_high
    return Heterogeneity(
        score=score,
        measure=first.name,
        label=first.label,
        scale=first.scale,
        k=fit.k,
        pooled=Estimate(
            back(fit.estimate),
            back(fit.low),
            back(fit.high),
            level,
            _method(fit, interval, first.scale),
            n=_total([each.estimate.n for each in measured]),
            events=_total([each.estimate.events for each in measured]),
        ),
        prediction_low=back(low) if predicted and low is not None else None,
        prediction_high=back(high) if predicted and high is not None else None,
        tau2=fit.tau2,
        i2=fit.i2,
        q=fit.q,
        q_p_value=fit.q_p_value,
    )


def _method(fit: PooledEffects, interval: str, scale: str) -> str:
    said = f"random effects ({fit.method}) over {fit.k} centres, {interval}"
    if scale != "identity":
        said += f", on the {scale} scale"
    if fit.std_error < fit.std_error_normal:
        # it happens most with two or three centres, and looks like precision
        said += "; narrow because the centres differ less than chance lets one expect"
    return said


def _fitted(effects: Floats, variances: Floats, level: float) -> tuple[PooledEffects | None, str]:
    for method, interval, said in _WAYS:
        try:
            return pool_effects(
                effects, variances, method=method, interval=interval, level=level
            ), said
        except NotEstimable:
            continue
    return None, ""


def _total(counts: Sequence[int | None]) -> int | None:
    known = [each for each in counts if each is not None]
    return sum(known) if len(known) == len(counts) else None
