"""Firth's regression with unbiased average risk: FLIC and FLAC.

Firth's penalty pulls every risk towards one half, so with a rare event the average predicted risk
is too high. Both repairs make it equal the observed proportion again: FLIC by moving the intercept
alone, FLAC by telling real patients from the penalty's pseudo-observations.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit

from cartwheel.errors import NotEstimable, refuse
from cartwheel.stats.descriptive import normal_quantile
from cartwheel.stats.estimability import Array, checked_arrays, design_columns, refuse_failure
from cartwheel.stats.firth import firth_table
from cartwheel.stats.kernels import _logistic_profile
from cartwheel.stats.logistic import logistic_coefficients, logistic_fit, reported_fit

_TIGHT = 1e-11


@dataclass(frozen=True, slots=True, eq=False)
class CorrectedFirth:
    """A Firth regression whose average predicted risk equals the observed proportion.

    Parameters
    ----------
    coefficients : float array (p + 1,)
        Log odds ratios; the intercept first.
    std_error : float array (p + 1,)
    low, high : float array (p + 1,)
        Limits of the interval, log odds ratio scale.
    level : float
        Coverage.
    method : str
        ``flic`` or ``flac``.
    n, events : int
        Patients and events, multiplicities counted.
    """

    coefficients: Array
    std_error: Array
    low: Array
    high: Array
    level: float
    method: str
    n: int
    events: int

    def linear_predictor(self, x: ArrayLike) -> Array:
        """Log odds of each row of x (n, p)."""
        result: Array = self.coefficients[0] + design_columns(x) @ self.coefficients[1:]
        return result

    def risk(self, x: ArrayLike) -> Array:
        """Probability of the event, 0 to 1, for each row of x (n, p)."""
        result: Array = expit(self.linear_predictor(x))
        return result


def corrected_intercept(linear_predictor: ArrayLike, event: ArrayLike, weight: ArrayLike) -> float:
    """Shift of a linear predictor that makes the average risk equal the observed proportion.

    Parameters
    ----------
    linear_predictor : float array (n,)
        Log odds, finite.
    event : array (n,)
        1 event, 0 none; both occur.
    weight : float array (n,)
        How often each row occurs.

    Returns
    -------
    float
        Added to the linear predictor.

    Raises
    ------
    NotEstimable
        ``not_converged``.

    Notes
    -----
    Maximum likelihood of an intercept with the linear predictor as offset, by Newton steps that a
    bracket keeps within bounds.
    """
    lp = np.asarray(linear_predictor, dtype=np.float64)
    y, w = np.asarray(event, dtype=np.float64), np.asarray(weight, dtype=np.float64)
    events, total = float(w @ y), float(w.sum())
    middle = float(np.log(events / (total - events)))
    low, high = middle - float(lp.max()), middle - float(lp.min())
    shift = min(max(middle - float(w @ lp) / total, low), high)
    for _ in range(200):
        p = expit(lp + shift)
        gap = events - float(w @ p)
        low, high = (shift, high) if gap > 0.0 else (low, shift)
        slope = float(w @ (p * (1.0 - p)))
        step = gap / slope if slope > 0.0 else np.inf
        if abs(step) <= 1e-13 * (1.0 + abs(shift)) or high - low <= 1e-15 * (1.0 + abs(shift)):
            return shift
        shift = shift + step if low < shift + step < high else 0.5 * (low + high)
    raise refuse(NotEstimable, "not_converged", "the intercept did not converge")


def flic(
    x: ArrayLike, event: ArrayLike, *, level: float = 0.95, multiplicity: ArrayLike | None = None
) -> CorrectedFirth:
    """Fit Firth's regression and correct its intercept (FLIC).

    For predicting risks with few events. Odds ratios stay those of Firth's regression.

    Parameters
    ----------
    x : float array (n, p) or (n,)
        Predictors without intercept, finite.
    event : array (n,)
        1 event, 0 none.
    level : float
        Coverage of the intervals, in (0, 1).
    multiplicity : array (n,), optional
        How often each row occurs, >= 0.

    Returns
    -------
    CorrectedFirth
        The intercept's interval is Wald's from the information at the corrected fit; the others
        are profile intervals of Firth's likelihood.

    Raises
    ------
    NotEstimable
        What ``firth_table`` refuses.

    Notes
    -----
    Agrees with R ``logistf::flic`` 1.26 to a relative 1e-8.

    References
    ----------
    Puhr R, Heinze G, Nold M, Lusa L, Geroldinger A 2017, doi:10.1002/sim.7273.
    """
    table = firth_table(x, event, level, multiplicity=multiplicity)
    columns, y, m, _ = checked_arrays(x, event, multiplicity)
    weight = np.ones(len(y)) if m is None else m
    lp = columns @ table.coefficients[1:]
    intercept = corrected_intercept(lp, y, weight)
    p = expit(lp + intercept)
    design = np.column_stack([np.ones(len(y)), columns])
    information = (design * (weight * p * (1.0 - p))[:, None]).T @ design
    error = float(np.sqrt(np.linalg.inv(information)[0, 0]))
    half = normal_quantile(level) * error
    arrays = [
        array.copy() for array in (table.coefficients, table.std_error, table.low, table.high)
    ]
    for array, first in zip(
        arrays, (intercept, error, intercept - half, intercept + half), strict=True
    ):
        array[0] = first
        array.setflags(write=False)
    return CorrectedFirth(
        arrays[0],
        arrays[1],
        arrays[2],
        arrays[3],
        level=level,
        method="flic",
        n=table.fit.n,
        events=table.fit.events,
    )


def flic_coefficients(
    x: ArrayLike, event: ArrayLike, multiplicity: ArrayLike | None = None
) -> tuple[Array, bool]:
    """Estimate the coefficients of FLIC fast, for resampling; nothing is validated.

    Parameters
    ----------
    x : float array (n, p)
        Predictors without intercept, finite.
    event : array (n,)
        1 event, 0 none.
    multiplicity : array (n,), optional
        How often each row occurs, >= 0.

    Returns
    -------
    coefficients : float array (p + 1,)
        The intercept first. Not to be used where ``converged`` is False.
    converged : bool
    """
    coefficients, converged = logistic_coefficients(x, event, multiplicity, firth=True)
    if converged:
        lp = design_columns(x) @ coefficients[1:]
        weight = np.ones(len(lp)) if multiplicity is None else multiplicity
        coefficients[0] = corrected_intercept(lp, event, weight)
    return coefficients, converged


def _leverages(columns: Array, risk: Array, weight: Array) -> Array:
    """Leverage of ONE copy of each row."""
    design = np.column_stack([np.ones(len(columns)), columns])
    # standardised, so that columns of very different units lose no digits
    design[:, 1:] = (columns - columns.mean(axis=0)) / columns.std(axis=0)
    w = risk * (1.0 - risk)
    information = (design * (weight * w)[:, None]).T @ design
    return np.asarray(
        w * (design * np.linalg.solve(information, design.T).T).sum(axis=1), dtype=np.float64
    )


def flac(
    x: ArrayLike, event: ArrayLike, *, level: float = 0.95, multiplicity: ArrayLike | None = None
) -> CorrectedFirth:
    """Fit Firth's regression with an added covariate that marks pseudo-observations (FLAC).

    For predicting risks and estimating odds ratios with few events; a little more precise than
    FLIC where effects are small.

    Parameters
    ----------
    x : float array (n, p) or (n,)
        Predictors without intercept, finite.
    event : array (n,)
        1 event, 0 none.
    level : float
        Coverage of the profile intervals, in (0, 1).
    multiplicity : array (n,), optional
        How often each row occurs, >= 0.

    Returns
    -------
    CorrectedFirth

    Raises
    ------
    NotEstimable
        What ``logistic_fit`` refuses.

    Notes
    -----
    Maximum likelihood on every patient with weight 1 beside two pseudo-observations, one with the
    event and one without, of weight h / 2 each, where h is the patient's leverage in Firth's fit,
    and an indicator of pseudo-observations, which is then left out. Agrees with base R's ``glm`` on
    the same augmented data to 1e-8, and with ``logistf::flac`` on its example to the printed
    digits.

    References
    ----------
    Puhr R, Heinze G, Nold M, Lusa L, Geroldinger A 2017, doi:10.1002/sim.7273.
    """
    z = normal_quantile(level)
    columns, y, m, _ = checked_arrays(x, event, multiplicity)
    weight = np.ones(len(y)) if m is None else m
    if m is not None:
        columns, y, weight = columns[m > 0.0], y[m > 0.0], weight[m > 0.0]
    first = logistic_fit(columns, y, penalty="firth", multiplicity=weight)
    half = 0.5 * weight * _leverages(columns, first.risk(columns), weight)
    pseudo = np.concatenate([np.zeros(len(y)), np.ones(2 * len(y))])
    augmented = np.column_stack([np.tile(columns, (3, 1)), pseudo])
    outcome = np.concatenate([y, y, 1.0 - y])
    weights = np.concatenate([weight, half, half])
    parameters = augmented.shape[1]
    found = _logistic_profile.detail(
        augmented, outcome, weights, None, False, _TIGHT, z, range(parameters)
    )
    refuse_failure(found, augmented, outcome, weights, "none")
    fit = reported_fit(found, "none")
    arrays = (
        fit.coefficients[:-1].copy(),
        fit.std_error[:-1].copy(),
        np.ascontiguousarray(found["profile"][:, 0]),
        np.ascontiguousarray(found["profile"][:, 1]),
    )
    for array in arrays:
        array.setflags(write=False)
    return CorrectedFirth(*arrays, level, "flac", first.n, first.events)
