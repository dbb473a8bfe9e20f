"""Residuals of a Cox model: martingale, deviance, score, Schoenfeld, dfbeta."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from cartwheel.errors import NotEstimable, refuse
from cartwheel.stats.cox_design import SortedDesign, design_matrix, sorted_design
from cartwheel.stats.cox_general import CoxRegression
from cartwheel.stats.risk_set_sums import RiskSetSums, borne, risk_set_sums, score_residuals
from cartwheel.stats.risk_sets import RiskSets
from cartwheel.stats.times import Floats, Integers


@dataclass(frozen=True, slots=True, eq=False)
class CoxResiduals:
    """Residuals of each row, and of each event.

    Parameters
    ----------
    martingale : float array (n,)
        Events observed minus expected, at most 1; against a covariate they show its form.
    deviance : float array (n,)
        The same made nearly symmetric; far from 0: the model does not foresee this row.
    score : float array (n, p)
        Contribution of each row to the score of each coefficient.
    dfbeta, dfbetas : float arrays (n, p)
        Change of the coefficients if the row counted (its weight); in standard errors.
    event_row : int64 array (d,)
        Rows with the event, by stratum and time.
    event_time : float array (d,)
        Their times.
    schoenfeld : float array (d, p)
        Covariates of each event less their mean at risk.
    scaled_schoenfeld : float array (d, p)
        The same times the covariance and the number of events, plus the coefficients: against time
        they show how a coefficient changes.
    """

    martingale: Floats
    deviance: Floats
    score: Floats
    dfbeta: Floats
    dfbetas: Floats
    event_row: Integers
    event_time: Floats
    schoenfeld: Floats
    scaled_schoenfeld: Floats


def model_sums(
    sets: RiskSets, x: ArrayLike, fit: CoxRegression
) -> tuple[SortedDesign, RiskSetSums]:
    """Sums over risk sets at the estimate of a fit, after checking that the rows are its own.

    Parameters
    ----------
    sets, x : RiskSets, array (n, p)
        What was fitted.
    fit : CoxRegression
        The fit.

    Returns
    -------
    SortedDesign, RiskSetSums

    Raises
    ------
    NotEstimable
        Other rows or columns than those fitted; a fit with exact ties.
    """
    design = design_matrix(x, sets.n)
    if (sets.n, design.shape[1]) != (fit.n, fit.coefficients.size):
        raise refuse(
            NotEstimable,
            "other_rows",
            f"{sets.n} rows and {design.shape[1]} columns; the model was fitted to {fit.n} and "
            f"{fit.coefficients.size}",
            mend="give the rows and columns of the fit",
        )
    if fit.ties == "exact":
        raise refuse(
            NotEstimable,
            "exact_ties",
            "residuals, curves and tests over time are not defined for exact ties here",
            mend="fit with Efron's ties",
        )
    offset = fit.linear_predictor - design @ fit.coefficients
    rows = sorted_design(sets, design, offset)
    return rows, risk_set_sums(sets, rows, fit.coefficients * rows.scale, fit.ties)


def cox_residuals(sets: RiskSets, x: ArrayLike, fit: CoxRegression) -> CoxResiduals:
    """Residuals of a fitted Cox model.

    Parameters
    ----------
    sets : RiskSets
        The rows that were fitted.
    x : array (n, p) or (n,)
        Their predictors.
    fit : CoxRegression
        The fit.

    Returns
    -------
    CoxResiduals
        Row order; unweighted, but for dfbeta.

    Raises
    ------
    NotEstimable
        Other rows or columns than those fitted.

    Notes
    -----
    Under Efron's ties an event bears a share of its own time, and is compared with the mean of the
    means at risk over its ties. Agrees with R survival 3.5-3 ``residuals.coxph`` (martingale,
    deviance, score, schoenfeld, scaledsch, dfbeta, dfbetas) to 1e-7 of the largest.

    References
    ----------
    Therneau, Grambsch and Fleming 1990, doi 10.1093/biomet/77.1.147.
    Schoenfeld 1982, doi 10.1093/biomet/69.1.239.
    """
    rows, sums = model_sums(sets, x, fit)
    event = sets.event[sets.order].astype(np.float64)
    expected = sums.relative_risk * borne(sets, sums.hazard, sums.spared)
    martingale = event - expected
    # events - martingale is what was expected; 0 only where nothing could happen
    logs = np.where(event > 0.0, np.log(np.where(expected > 0.0, expected, 1.0)), 0.0)
    inside = np.maximum(-2.0 * (martingale + event * logs), 0.0)
    deviance = np.sign(martingale) * np.sqrt(inside)
    score = score_residuals(sets, rows, sums) * rows.scale
    dfbeta = rows.weight[:, None] * score @ fit.model_covariance
    died = np.flatnonzero(event)
    compared = (rows.x[died] - sums.mean[sets.block_of[died]]) * rows.scale
    scaled = compared @ fit.model_covariance * died.size + fit.coefficients
    back = np.empty(sets.n, dtype=np.int64)
    back[sets.order] = np.arange(sets.n)
    martingale, deviance, score, dfbeta = (
        np.asarray(a[back], dtype=np.float64) for a in (martingale, deviance, score, dfbeta)
    )
    dfbetas = dfbeta / np.sqrt(np.diag(fit.model_covariance))
    event_row = sets.order[died]
    event_time = sets.stop[event_row]
    found = CoxResiduals(
        martingale,
        deviance,
        score,
        dfbeta,
        dfbetas,
        event_row,
        event_time,
        compared,
        scaled,
    )
    for array in (martingale, deviance, score, dfbeta, dfbetas, event_row, event_time):
        array.setflags(write=False)
    compared.setflags(write=False)
    scaled.setflags(write=False)
    return found
