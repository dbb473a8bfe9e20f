"""Indices of a fitted model: shares explained, information criteria, discrimination, spread.

All are apparent: computed on the patients the model was fitted to, so too good. Correct them by
resampling the whole development.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, expm1, log

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtrc, expit

from cartwheel.errors import NotEstimable, refuse
from cartwheel.stats.concordance import harrell_concordance
from cartwheel.stats.cox import CoxFit
from cartwheel.stats.cox_design import design_matrix
from cartwheel.stats.delong import delong
from cartwheel.stats.descriptive import finite_column
from cartwheel.stats.estimability import checked_arrays
from cartwheel.stats.logistic import LogisticFit
from cartwheel.stats.times import SurvivalTimes


@dataclass(frozen=True, slots=True)
class LikelihoodR2:
    """Shares explained, from the likelihood ratio of a model; four ways to say how many patients.

    Parameters
    ----------
    r2, r2_adjusted : float
        1 - exp(-LR / n) over all patients (Cox and Snell, Maddala), and with LR less the number of
        parameters, not below 0.
    effective_r2, effective_r2_adjusted : float
        The same over the effective number of patients.
    effective_n : float
        Events, for times to an event; 3 n p (1 - p), for an event that happens to a share p.
    """

    r2: float
    r2_adjusted: float
    effective_r2: float
    effective_r2_adjusted: float
    effective_n: float


@dataclass(frozen=True, slots=True)
class LogisticIndices:
    """Indices of a logistic regression on the patients it was fitted to.

    Parameters
    ----------
    likelihood_ratio, p_value : float
        Test that all slopes are 0.
    df : int
        Its degrees of freedom.
    aic, bic : float
        -2 log L + 2 k and + k log n, k coefficients with the intercept.
    mcfadden, cox_snell, nagelkerke, tjur : float
        Shares explained: 1 - log L / log L0; 1 - exp(-LR / n); that over its largest value; mean
        risk of those with less that of those without the event.
    likelihood_r2 : LikelihoodR2
        Variants of ``cox_snell``.
    c, dxy, gamma, tau_a : float
        Area under the ROC curve; concordant less discordant pairs, over pairs of a patient with and
        one without the event, over those of them not tied, over all pairs.
    brier : float
        Mean squared distance.
    g, g_ratio, g_risk : float
        Gini's mean difference of log odds; exp of it, a typical odds ratio; that of risks.
    """

    likelihood_ratio: float
    df: int
    p_value: float
    aic: float
    bic: float
    mcfadden: float
    cox_snell: float
    nagelkerke: float
    tjur: float
    likelihood_r2: LikelihoodR2
    c: float
    dxy: float
    gamma: float
    tau_a: float
    brier: float
    g: float
    g_ratio: float
    g_risk: float


@dataclass(frozen=True, slots=True)
class CoxIndices:
    """Indices of a Cox model on the patients it was fitted to.

    Parameters
    ----------
    likelihood_ratio, p_value, score, score_p_value : float
        Tests that all coefficients are 0.
    df : int
        Their degrees of freedom.
    aic, bic : float
        -2 log L + 2 k and + k log(events), of the partial likelihood.
    nagelkerke : float
        1 - exp(-LR / n) over its largest value.
    likelihood_r2 : LikelihoodR2
        Variants; those over events do not shrink with censoring.
    c, dxy : float
        Harrell's C, and 2 (c - 0.5).
    g, g_ratio : float
        Gini's mean difference of the log hazard; exp of it, a typical hazard ratio.
    """

    likelihood_ratio: float
    df: int
    p_value: float
    score: float
    score_p_value: float
    aic: float
    bic: float
    nagelkerke: float
    likelihood_r2: LikelihoodR2
    c: float
    dxy: float
    g: float
    g_ratio: float


def gini_mean_difference(values: ArrayLike) -> float:
    """Estimate the mean distance between two patients' values.

    Parameters
    ----------
    values : array (n,), finite, n >= 2
        Any unit.

    Returns
    -------
    float
        In the same unit.

    Raises
    ------
    NotEstimable
        Fewer than two values, or values not finite.

    Notes
    -----
    Mean of |a - b| over all pairs. Agrees with R ``Hmisc::GiniMd`` to rounding.

    References
    ----------
    David HA 1968, doi:10.1093/biomet/55.3.573.
    """
    ordered = np.sort(finite_column(values, "values"))
    n = ordered.size
    if n < 2:
        raise refuse(NotEstimable, "too_few", "two values or more are needed", where="values")
    rank = 2.0 * np.arange(n) - (n - 1.0)
    return float(rank @ (ordered - ordered.mean())) * 2.0 / (n * (n - 1.0))


def likelihood_r2(
    likelihood_ratio: float, parameters: int, n: float, effective_n: float
) -> LikelihoodR2:
    """Turn a likelihood ratio into shares explained.

    Parameters
    ----------
    likelihood_ratio : float, >= 0
        Twice the gain in log likelihood over no predictors.
    parameters : int
        Coefficients besides the intercept.
    n, effective_n : float, > 0
        Patients, and how many they are worth.

    Returns
    -------
    LikelihoodR2

    Raises
    ------
    NotEstimable
        A number of patients that is not above 0, or a likelihood ratio below 0 beyond rounding.

    Notes
    -----
    Agrees with R ``Hmisc::R2Measures`` (padj = 1) to rounding.

    References
    ----------
    Maddala GS 1983, doi:10.1017/CBO9780511810176. Harrell FE 2015,
    doi:10.1007/978-3-319-19425-7.
    """
    if not (n > 0.0 and effective_n > 0.0 and likelihood_ratio >= -1e-9):
        raise refuse(
            NotEstimable, "likelihood_ratio", "patients and likelihood ratio must not be below 0"
        )
    less = max(likelihood_ratio - parameters, 0.0)
    return LikelihoodR2(
        -expm1(-likelihood_ratio / n),
        -expm1(-less / n),
        -expm1(-likelihood_ratio / effective_n),
        -expm1(-less / effective_n),
        float(effective_n),
    )


def logistic_indices(fit: LogisticFit, x: ArrayLike, event: ArrayLike) -> LogisticIndices:
    """Summarise a logistic regression on the patients it was fitted to.

    Parameters
    ----------
    fit : LogisticFit
        By maximum likelihood, to these rows, each once, without offset.
    x : float array (n, p) or (n,)
        Predictors without intercept, as fitted.
    event : array (n,)
        1 event, 0 none.

    Returns
    -------
    LogisticIndices

    Raises
    ------
    NotEstimable
        What ``checked_arrays`` refuses; a penalised fit, or one of other rows.

    Notes
    -----
    Agrees with R ``glm`` (AIC, BIC) and rms 6.5 ``lrm`` (stats) to a relative 1e-8; ``lrm`` of
    larger samples counts pairs after rounding risks.

    References
    ----------
    Tjur T 2009, doi:10.1198/tast.2009.08210. Nagelkerke NJD 1991, doi:10.1093/biomet/78.3.691.
    McFadden D 1974, in Zarembka P (ed), Frontiers in Econometrics, Academic Press.
    """
    columns, y, _, _ = checked_arrays(x, event)
    n, k = len(y), fit.coefficients.size
    if fit.penalty != "none" or fit.n != n or columns.shape[1] + 1 != k:
        raise refuse(
            NotEstimable,
            "fit_unsuited",
            "the fit is penalised, or of other rows or columns",
            mend="fit these rows by maximum likelihood",
        )
    predictor = fit.linear_predictor(columns)
    risk = expit(predictor)
    gain = 2.0 * (fit.log_likelihood - fit.log_likelihood_null)
    share = fit.events / n
    area = delong(predictor, y)
    pairs = float(area.n_cases) * area.n_controls
    dxy = 2.0 * (area.auc - 0.5)
    untied = pairs - _tied_pairs(predictor, y)
    spread = gini_mean_difference(predictor)
    explained = likelihood_r2(gain, k - 1, n, 3.0 * n * share * (1.0 - share))
    return LogisticIndices(
        likelihood_ratio=gain,
        df=k - 1,
        p_value=float(chdtrc(k - 1, max(gain, 0.0))) if k > 1 else 1.0,
        aic=2.0 * k - 2.0 * fit.log_likelihood,
        bic=k * log(n) - 2.0 * fit.log_likelihood,
        mcfadden=1.0 - fit.log_likelihood / fit.log_likelihood_null,
        cox_snell=explained.r2,
        nagelkerke=explained.r2 / -expm1(2.0 * fit.log_likelihood_null / n),
        tjur=float(risk[y == 1.0].mean() - risk[y == 0.0].mean()),
        likelihood_r2=explained,
        c=area.auc,
        dxy=dxy,
        gamma=dxy * pairs / untied if untied > 0.0 else 0.0,
        tau_a=dxy * pairs / (0.5 * n * (n - 1.0)),
        brier=float(((y - risk) ** 2).mean()),
        g=spread,
        g_ratio=exp(spread),
        g_risk=gini_mean_difference(risk),
    )


def cox_indices(fit: CoxFit, times: SurvivalTimes, x: ArrayLike) -> CoxIndices:
    """Summarise a Cox model on the patients it was fitted to.

    Parameters
    ----------
    fit : CoxFit
        To these rows, each once.
    times : SurvivalTimes
        The sample.
    x : float array (n, p) or (n,)
        Predictors, as fitted.

    Returns
    -------
    CoxIndices

    Raises
    ------
    NotEstimable
        A fit of other rows or columns; what ``harrell_concordance`` refuses.

    Notes
    -----
    Agrees with R rms 6.5 ``cph`` (stats) as closely as its fit converges; pairs tied on the event
    time are left out of C by both.

    References
    ----------
    Nagelkerke NJD 1991, doi:10.1093/biomet/78.3.691. Harrell FE 2015,
    doi:10.1007/978-3-319-19425-7.
    """
    columns = design_matrix(x, times.n)
    k = fit.coefficients.size
    if fit.n != times.n or columns.shape[1] != k:
        raise refuse(NotEstimable, "fit_unsuited", "the fit is of other rows or columns")
    predictor = columns @ fit.coefficients
    explained = likelihood_r2(fit.likelihood_ratio, k, fit.n, fit.events)
    c = harrell_concordance(times, predictor).c
    spread = gini_mean_difference(predictor)
    return CoxIndices(
        likelihood_ratio=fit.likelihood_ratio,
        df=k,
        p_value=fit.likelihood_ratio_p_value,
        score=fit.score_statistic,
        score_p_value=fit.score_p_value,
        aic=2.0 * k - 2.0 * fit.log_likelihood,
        bic=k * log(fit.events) - 2.0 * fit.log_likelihood,
        nagelkerke=explained.r2 / -expm1(2.0 * fit.log_likelihood_null / fit.n),
        likelihood_r2=explained,
        c=c,
        dxy=2.0 * (c - 0.5),
        g=spread,
        g_ratio=exp(spread),
    )


def _tied_pairs(score: np.ndarray, y: np.ndarray) -> float:
    """Pairs of a patient with and one without the event whose scores are equal."""
    _, place = np.unique(score, return_inverse=True)
    return float(np.bincount(place, weights=y) @ np.bincount(place, weights=1.0 - y))
