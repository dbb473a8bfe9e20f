"""Residuals, leverages and Cook's distances of a logistic regression: who fits ill, who pulls."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, log_expit

from cartwheel.errors import NotEstimable, refuse
from cartwheel.stats.estimability import Array, checked_arrays
from cartwheel.stats.logistic import LogisticFit


@dataclass(frozen=True, slots=True, eq=False)
class LogisticResiduals:
    """What each patient does to a logistic regression. All arrays (n,), patient order.

    Parameters
    ----------
    pearson : float array
        (y - p) / sqrt(p (1 - p)).
    deviance : float array
        Signed root of the patient's share of the deviance; their squares sum to it.
    leverage : float array
        Pull of one copy of the patient on its own prediction, 0 to 1; times multiplicities they
        sum to the number of coefficients.
    standardised_pearson, standardised_deviance : float array
        Divided by sqrt(1 - leverage).
    cook : float array
        Cook's distance, one step: how far the coefficients move without the patient, squared, in
        units of their covariance, a coefficient.
    """

    pearson: Array
    deviance: Array
    leverage: Array
    standardised_pearson: Array
    standardised_deviance: Array
    cook: Array


def logistic_residuals(
    fit: LogisticFit,
    x: ArrayLike,
    event: ArrayLike,
    *,
    multiplicity: ArrayLike | None = None,
    offset: ArrayLike | None = None,
) -> LogisticResiduals:
    """Estimate residuals and influence of each patient on a logistic regression.

    They point to records to look at, not to patients to leave out.

    Parameters
    ----------
    fit : LogisticFit
        By maximum likelihood, to these rows.
    x : float array (n, p) or (n,)
        Predictors without intercept, as fitted.
    event : array (n,)
        1 event, 0 none.
    multiplicity, offset : array (n,), optional
        As fitted. A row's numbers are those of one of its copies.

    Returns
    -------
    LogisticResiduals

    Raises
    ------
    NotEstimable
        What ``checked_arrays`` refuses; another number of columns than the fit has; a penalised
        fit; ``leverage_one`` where a patient alone decides a coefficient.

    Notes
    -----
    Leverage is w x' (X' W X)^-1 x with w = p (1 - p); Cook's distance pearson^2 h / ((1 - h)^2 k)
    with k coefficients. Agrees with R ``residuals.glm``, ``hatvalues``, ``rstandard`` and
    ``cooks.distance`` to 1e-8 where ``glm`` is run to convergence.

    References
    ----------
    Pregibon D 1981, doi:10.1214/aos/1176345513.
    """
    columns, y, m, shift = checked_arrays(x, event, multiplicity, offset)
    if fit.penalty != "none" or columns.shape[1] + 1 != fit.coefficients.size:
        raise refuse(
            NotEstimable,
            "fit_unsuited",
            "the fit is penalised, or has another number of columns",
            mend="fit these columns by maximum likelihood",
        )
    predictor = fit.linear_predictor(columns)
    if shift is not None:
        predictor = predictor + shift
    sign = 2.0 * y - 1.0
    # 1 - p of a patient with the event, written so that it keeps its digits when p is near 1
    missed = expit(-sign * predictor)
    pearson = sign * np.exp(-0.5 * sign * predictor)
    deviance = sign * np.sqrt(-2.0 * log_expit(sign * predictor))
    weight = np.ones(len(y)) if m is None else m
    leverage = _leverage(columns, missed * (1.0 - missed), weight)
    left = 1.0 - leverage
    if (left[weight > 0.0] <= 1e-12).any():
        raise refuse(
            NotEstimable,
            "leverage_one",
            "a patient alone decides a coefficient, so has no residual",
            mend="merge the category that one patient has",
        )
    left = np.maximum(left, np.finfo(float).tiny)
    cook = (pearson / left) ** 2 * leverage / fit.coefficients.size
    found = LogisticResiduals(
        pearson=pearson,
        deviance=deviance,
        leverage=leverage,
        standardised_pearson=pearson / np.sqrt(left),
        standardised_deviance=deviance / np.sqrt(left),
        cook=cook,
    )
    for name in LogisticResiduals.__slots__:
        getattr(found, name).setflags(write=False)
    return found


def _leverage(columns: Array, variance: Array, weight: Array) -> Array:
    """Leverage of ONE copy of each row, from the Q of the weighted rows."""
    design = np.column_stack([np.ones(len(columns)), columns])
    share = weight / weight.sum()
    middle = share @ columns
    # standardised, so that columns of very different units lose no digits
    design[:, 1:] = (columns - middle) / np.sqrt(share @ (columns - middle) ** 2)
    rows = design * np.sqrt(variance)[:, None]
    triangle: Array = np.linalg.qr(rows * np.sqrt(weight)[:, None]).R
    solved = np.linalg.solve(triangle.T, rows.T)
    return np.asarray((solved * solved).sum(axis=0), dtype=np.float64)
