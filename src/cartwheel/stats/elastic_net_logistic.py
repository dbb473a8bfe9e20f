"""Lasso and elastic-net paths of a logistic regression, as glmnet."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, log_expit

from cartwheel.errors import NotEstimable, refuse
from cartwheel.stats.elastic_net import penalty_strengths
from cartwheel.stats.estimability import checked_arrays, design_columns
from cartwheel.stats.kernels import _coordinate_descent
from cartwheel.stats.times import Floats

_ITERATIONS = 200
# largest change of a standardised coefficient in the last step
_TOLERANCE = 1e-11


@dataclass(frozen=True, slots=True, eq=False)
class LogisticPath:
    """Penalised logistic regressions along decreasing penalties.

    Parameters
    ----------
    penalty : float array (k,)
        Lambda, as given.
    intercept : float array (k,)
        Log odds where all columns are 0; not penalised.
    coefficients : float array (k, p)
        Log odds ratios per unit of each column.
    nonzero : int64 array (k,)
        Columns in the model.
    deviance_ratio : float array (k,)
        Share of the null deviance explained.
    alpha : float
        1 lasso, 0 ridge.
    """

    penalty: Floats
    intercept: Floats
    coefficients: Floats
    nonzero: NDArray[np.int64]
    deviance_ratio: Floats
    alpha: float

    def linear_predictor(self, x: ArrayLike) -> Floats:
        """Log odds (n, k) of each row of x (n, p) at each penalty."""
        result: Floats = self.intercept + design_columns(x) @ self.coefficients.T
        return result


def logistic_elastic_net(
    x: ArrayLike,
    event: ArrayLike,
    *,
    alpha: float = 1.0,
    penalties: ArrayLike | None = None,
) -> LogisticPath:
    """Fit a logistic regression with an elastic-net penalty at each of several strengths.

    Choose the strength by cross-validation of the whole development, never by the fit itself.

    Parameters
    ----------
    x : float array (n, p) or (n,)
        Predictors without intercept, finite; scaled inside to standard deviation 1 (divisor n).
    event : array (n,)
        1 event, 0 none.
    alpha : float in [0, 1]
        Share of the lasso: 1 lasso, 0 ridge.
    penalties : array (k,), > 0, optional
        Lambda; else 100 values from the least that leaves no column in, down to 1/10000 of it
        (1/100 with fewer rows than columns).

    Returns
    -------
    LogisticPath

    Raises
    ------
    NotEstimable
        What ``checked_arrays`` refuses; alpha outside [0, 1]; a penalty not above 0; all columns
        constant; no convergence.

    Notes
    -----
    Minimises -log L / n + lambda (alpha |b|_1 + (1 - alpha) |b|^2 / 2) over standardised
    coefficients: Newton steps, each solved by coordinate descent with the intercept eliminated, to
    1e-11. A constant column keeps the coefficient 0. Agrees with R glmnet 4.1-6 (family binomial)
    to 1e-8.

    References
    ----------
    Friedman J, Hastie T, Tibshirani R 2010, doi:10.18637/jss.v033.i01.
    """
    if not 0.0 <= alpha <= 1.0:
        raise refuse(NotEstimable, "alpha_range", f"alpha {alpha} is not between 0 and 1")
    columns, y, _, _ = checked_arrays(x, event)
    centre = columns.mean(axis=0)
    z = columns - centre
    scale = np.sqrt((z * z).mean(axis=0))
    varying = scale > 1e-13 * np.abs(centre)
    if not varying.any():
        raise refuse(NotEstimable, "constant", "every column has one value in all patients")
    z[:, ~varying] = 0.0
    scale[~varying] = 1.0
    z = np.ascontiguousarray(z / scale)
    share = float(y.mean())
    strengths = penalty_strengths(penalties, z.T @ (y - share) / len(y), alpha, z.shape)
    start = np.zeros(z.shape[1] + 1)
    start[0] = np.log(share / (1.0 - share))
    null = _mean_log_likelihood(z, y, start)
    path, ratio = np.empty((strengths.size, start.size)), np.empty(strengths.size)
    for index, strength in enumerate(strengths):
        l1, l2 = strength * alpha, strength * (1.0 - alpha)
        start, reached = _minimum(z, y, start, l1, l2)
        path[index] = start
        ratio[index] = 1.0 - reached / null
    coefficients = np.ascontiguousarray(path[:, 1:] / scale)
    intercept = path[:, 0] - coefficients @ centre
    nonzero = np.count_nonzero(coefficients, axis=1).astype(np.int64)
    for array in (strengths, intercept, coefficients, nonzero, ratio):
        array.setflags(write=False)
    return LogisticPath(strengths, intercept, coefficients, nonzero, ratio, alpha)


def _mean_log_likelihood(z: Floats, y: Floats, b: Floats) -> float:
    return float(log_expit((2.0 * y - 1.0) * (b[0] + z @ b[1:])).mean())


def _minimum(z: Floats, y: Floats, b: Floats, l1: float, l2: float) -> tuple[Floats, float]:
    """Intercept and coefficients at one strength, from those before, and mean log likelihood."""

    def objective(reached: float, at: Floats) -> float:
        slopes = at[1:]
        return -reached + l1 * float(np.abs(slopes).sum()) + 0.5 * l2 * float(slopes @ slopes)

    n, work = len(y), np.empty(z.shape[1])
    reached = _mean_log_likelihood(z, y, b)
    value = objective(reached, b)
    for _ in range(_ITERATIONS):
        p = expit(b[0] + z @ b[1:])
        weight = p * (1.0 - p) / n
        total, across = float(weight.sum()), weight @ z
        left = (y - p) / n
        score, score_intercept = left @ z, float(left.sum())
        # the intercept follows the slopes, so that only they are searched
        quadratic = np.ascontiguousarray((z * weight[:, None]).T @ z)
        quadratic -= np.outer(across, across / total)
        linear = score - across * (score_intercept / total) + quadratic @ b[1:]
        target = b[1:].copy()
        _coordinate_descent.descend(
            quadratic, linear, l1, l2, _TOLERANCE / 10.0, 100_000, target, work
        )
        slopes = target - b[1:]
        step = np.append((score_intercept - float(across @ slopes)) / total, slopes)
        share = 1.0
        for _ in range(40):
            trial = b + share * step
            if share == 1.0:
                # zeros stay exact
                trial[1:] = target
            new = _mean_log_likelihood(z, y, trial)
            if objective(new, trial) <= value + 1e-13 * abs(value):
                break
            share *= 0.5
        else:
            # no better point within rounding: this is the minimum, or there is none
            if float(np.abs(step).max()) <= 1e-7:
                return b, reached
            break
        b, reached = trial, new
        value = objective(reached, b)
        if float(np.abs(step).max()) <= _TOLERANCE:
            return b, reached
    raise refuse(
        NotEstimable,
        "no_convergence",
        "the penalised fit did not converge",
        mend="stronger penalties; with next to none a column may separate the classes",
    )
