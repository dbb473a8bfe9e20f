"""How much of prognosis a Cox model explains: Royston's D, R-squared, Gonen and Heller's C."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri

from cartwheel.errors import NotEstimable, refuse
from cartwheel.stats.columns import float_array
from cartwheel.stats.cox import cox_fit
from cartwheel.stats.cox_baseline import cox_log_likelihood
from cartwheel.stats.times import Floats, SurvivalTimes

# rows compared at once: memory stays linear
_CHUNK = 1024
_WIDEST = 700.0


@dataclass(frozen=True, slots=True)
class ExplainedVariation:
    """Measures of how far a linear predictor separates patients.

    Parameters
    ----------
    d, d_std_error : float
        Royston and Sauerbrei's D, the log hazard ratio between the two halves, and its error.
    r_squared_d : float
        The share of variation that D stands for.
    r_squared_kent : float
        Kent and O'Quigley's, from the variance of the linear predictor.
    r_squared_nagelkerke : float
        From the likelihood ratio of the predictor with coefficient 1.
    concordance : float
        Gonen and Heller's concordance probability, which uses no time beyond the model.
    """

    d: float
    d_std_error: float
    r_squared_d: float
    r_squared_kent: float
    r_squared_nagelkerke: float
    concordance: float


def explained_variation(times: SurvivalTimes, linear_predictor: ArrayLike) -> ExplainedVariation:
    """Measure what a Cox model's linear predictor explains, in the sample of the times.

    All but D hold only if the coefficients are right for this sample: in new patients use D.

    Parameters
    ----------
    times : SurvivalTimes
        The sample.
    linear_predictor : array (n,), finite, patient order
        Log relative hazards.

    Returns
    -------
    ExplainedVariation

    Raises
    ------
    NotEstimable
        Another length, values not finite or all equal, or what ``cox_fit`` refuses.

    Notes
    -----
    D is the coefficient of the normal scores (i - 3/8) / (n + 1/4) of the predictor, means over
    ties, divided by sqrt(8 / pi). Gonen and Heller's C takes n squared steps. Agrees with R
    survival 3.5-3 ``royston`` to 1e-8 relative.

    References
    ----------
    Royston and Sauerbrei 2004, doi 10.1002/sim.1621. Kent and O'Quigley 1988,
    doi 10.1093/biomet/75.3.525. Gonen and Heller 2005, doi 10.1093/biomet/92.4.965.
    """
    eta = np.asarray(float_array(linear_predictor, "linear_predictor"), order="C")
    if eta.shape != (times.n,) or not np.isfinite(eta).all() or not np.ptp(eta) > 0.0:
        raise refuse(
            NotEstimable,
            "score_invalid",
            "the linear predictor must be one finite number a patient, not all equal",
            where="linear_predictor",
        )
    # a hazard ratio of exp(700) between two patients is none
    if float(np.ptp(eta)) > _WIDEST:
        raise refuse(
            NotEstimable,
            "score_invalid",
            f"the linear predictor spreads over more than {_WIDEST:g}",
            where="linear_predictor",
            mend="give log relative hazards, not points or risks in per cent",
        )
    n = times.n
    kappa = math.sqrt(8.0 / math.pi)
    distinct, member, count = np.unique(eta, return_inverse=True, return_counts=True)
    scores = ndtri((np.arange(1, n + 1) - 0.375) / (n + 0.25))
    means = np.add.reduceat(scores, np.cumsum(count) - count) / count
    fit = cox_fit(times, means[member] / kappa, names=("linear predictor",))
    d = float(fit.coefficients[0])
    noise = math.pi**2 / 6.0
    spread = float(eta.var(ddof=1))
    null = cox_log_likelihood(times, np.zeros(n))
    gained = cox_log_likelihood(times, eta) - null
    nagelkerke = -math.expm1(-2.0 * gained / n) / -math.expm1(2.0 * null / n)
    explained = (d / kappa) ** 2
    if not np.isfinite([nagelkerke, spread]).all():
        raise refuse(NotEstimable, "not_finite", "the likelihood of the predictor is not finite")
    return ExplainedVariation(
        d,
        float(fit.std_error[0]),
        explained / (noise + explained),
        spread / (noise + spread),
        nagelkerke,
        _gonen_heller(distinct, count.astype(np.float64)),
    )


def _gonen_heller(distinct: Floats, count: Floats) -> float:
    """Mean over pairs of 1 / (1 + exp(-|difference|)); pairs of equal predictors count 1/2."""
    n = float(count.sum())
    total = 0.0
    for start in range(0, distinct.size, _CHUNK):
        part = slice(start, start + _CHUNK)
        gap = np.abs(distinct[part, None] - distinct)
        total += float(count[part] @ (1.0 / (1.0 + np.exp(-gap))) @ count)
    # each patient was paired with itself, at 1/2
    return (total - 0.5 * n) / (n * (n - 1.0))
