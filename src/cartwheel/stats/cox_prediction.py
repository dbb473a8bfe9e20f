"""Baseline hazards and predicted survival curves of a Cox model, with their intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from cartwheel.errors import NotEstimable, refuse
from cartwheel.stats.columns import float_array
from cartwheel.stats.cox_baseline import FARTHEST
from cartwheel.stats.cox_design import design_matrix
from cartwheel.stats.cox_general import CoxRegression
from cartwheel.stats.cox_residuals import model_sums
from cartwheel.stats.risk_sets import RiskSets
from cartwheel.stats.survival_interval import survival_limits
from cartwheel.stats.times import Floats


@dataclass(frozen=True, slots=True, eq=False)
class CoxCurves:
    """Predicted curves of m patients, at the distinct times of one stratum.

    Parameters
    ----------
    time : float array (k,)
        Distinct times, ascending.
    hazard : float array (k, m)
        Cumulative hazard.
    survival : float array (k, m)
        exp(-hazard).
    std_log : float array (k, m)
        Standard error of the cumulative hazard, which is that of log survival.
    low, high : float arrays (k, m)
        Pointwise limits of survival.
    stratum : object
        Label of the stratum.
    level : float
        Coverage.
    interval : str
        Scale of the limits.
    """

    time: Floats
    hazard: Floats
    survival: Floats
    std_log: Floats
    low: Floats
    high: Floats
    stratum: object
    level: float
    interval: str


def _stratum(sets: RiskSets, stratum: object) -> int:
    if stratum is None and len(sets.strata) == 1:
        return 0
    if stratum not in sets.strata:
        raise refuse(
            NotEstimable,
            "stratum_unknown",
            f"stratum {stratum!r} is not one of {', '.join(map(repr, sets.strata))}",
            where="stratum",
            mend="say of which stratum the baseline hazard is to be taken",
        )
    return sets.strata.index(stratum)


def cox_baseline(
    sets: RiskSets, x: ArrayLike, fit: CoxRegression, *, stratum: object = None
) -> tuple[Floats, Floats]:
    """Cumulative baseline hazard of one stratum, where all predictors and the offset are 0.

    Parameters
    ----------
    sets : RiskSets
        The rows that were fitted.
    x : array (n, p) or (n,)
        Their predictors.
    fit : CoxRegression
        The fit.
    stratum : object
        Label; needed where there are several.

    Returns
    -------
    time, cumulative_hazard : float arrays (k,)

    Raises
    ------
    NotEstimable
        Other rows than those fitted; an unknown stratum.

    Notes
    -----
    Efron's or Breslow's, as fitted. Agrees with R survival 3.5-3 ``basehaz(centered = FALSE)`` to
    1e-8 relative.
    """
    rows, sums = model_sums(sets, x, fit)
    blocks = sets.blocks_of(_stratum(sets, stratum))
    shift = float(rows.centre @ fit.coefficients) + rows.offset_centre
    hazard = np.cumsum(sums.hazard[blocks]) * np.exp(-shift)
    hazard.setflags(write=False)
    return sets.block_time[blocks], hazard


def cox_curves(
    sets: RiskSets,
    x: ArrayLike,
    fit: CoxRegression,
    new: ArrayLike,
    *,
    stratum: object = None,
    level: float = 0.95,
    interval: str = "log",
) -> CoxCurves:
    """Predict survival curves, with intervals for the uncertainty of baseline and coefficients.

    Parameters
    ----------
    sets : RiskSets
        The rows that were fitted.
    x : array (n, p) or (n,)
        Their predictors.
    fit : CoxRegression
        The fit; without offset.
    new : array (m, p) or (p,), finite
        Predictors of those to be predicted, constant over time.
    stratum : object
        Label of their stratum; needed where there are several.
    level : float in (0, 1)
        Coverage of the pointwise limits.
    interval : {"log", "log-log", "plain", "logit", "arcsin"}
        Scale of the limits.

    Returns
    -------
    CoxCurves

    Raises
    ------
    NotEstimable
        Other rows than those fitted; new predictors of another width, not finite, or beyond what
        an exponential holds; an unknown stratum or interval; level outside (0, 1).

    Notes
    -----
    Var H(t | z) = r^2 (sum of w / D_k^2 + q' V q), q(t) the integral of z less the mean at risk, r
    the relative hazard; V robust where the fit is. Agrees with R survival 3.5-3 ``survfit.coxph``
    to 1e-8 relative.

    References
    ----------
    Tsiatis 1981, doi 10.1214/aos/1176345333.
    """
    rows, sums = model_sums(sets, x, fit)
    wanted = np.atleast_2d(float_array(new, "new"))
    wanted = design_matrix(wanted, wanted.shape[0])
    if wanted.shape[1] != fit.coefficients.size:
        raise refuse(
            NotEstimable,
            "design_shape",
            f"{wanted.shape[1]} predictors; the model has {fit.coefficients.size}",
            where="new",
        )
    position = _stratum(sets, stratum)
    blocks = sets.blocks_of(position)
    z = (wanted - rows.centre) / rows.scale
    log_risk = z @ (fit.coefficients * rows.scale) - rows.offset_centre
    if not float(np.abs(log_risk).max(initial=0.0)) <= FARTHEST:
        raise refuse(
            NotEstimable,
            "too_far",
            "a patient to be predicted lies so far from those fitted that the hazard is no number",
            where="new",
            mend="give the predictors in the units of the fit",
        )
    risk = np.exp(log_risk)
    hazard, spread = np.cumsum(sums.hazard[blocks]), np.cumsum(sums.variance[blocks])
    means = np.cumsum(sums.mean_hazard[blocks], axis=0)
    covariance = fit.covariance / np.outer(1.0 / rows.scale, 1.0 / rows.scale)
    std_log = np.empty((hazard.size, len(z)))
    for j, one in enumerate(z):
        q = hazard[:, None] * one - means
        std_log[:, j] = risk[j] * np.sqrt(spread + ((q @ covariance) * q).sum(axis=1))
    cumulative = hazard[:, None] * risk
    survival = np.exp(-cumulative)
    low, high = survival_limits(survival, std_log, level, interval)
    for array in (cumulative, survival, std_log, low, high):
        array.setflags(write=False)
    return CoxCurves(
        sets.block_time[blocks],
        cumulative,
        survival,
        std_log,
        low,
        high,
        sets.strata[position],
        level,
        interval,
    )
