"""Ridge logistic regression: all predictors kept, every coefficient shrunk, the penalty chosen.

The penalty falls on coefficients per standard deviation, so units do not matter; the intercept is
free. It is finite under separation and with more predictors than patients.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import cho_factor, cho_solve
from scipy.special import expit

from cartwheel.errors import NotEstimable, refuse
from cartwheel.stats.columns import float_array
from cartwheel.stats.estimability import Array, checked_arrays, design_columns

_MOST, _HALVINGS = 100, 40
# relative to a Newton step in standard deviations
_TOLERANCE = 1e-10


@dataclass(frozen=True, slots=True, eq=False)
class RidgeFit:
    """A ridge logistic regression.

    Parameters
    ----------
    coefficients : float array (p + 1,)
        Log odds ratios on the original scale; the intercept first.
    penalty : float
        Half of it times the sum of squared coefficients per standard deviation is taken from the
        log-likelihood.
    log_likelihood : float
        Without the penalty.
    effective_df : float
        Effective number of coefficients, without the intercept.
    aic : float
        -2 log-likelihood + 2 (effective_df + 1).
    n, events : int
        Patients and events, multiplicities counted.
    """

    coefficients: Array
    penalty: float
    log_likelihood: float
    effective_df: float
    aic: float
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


@dataclass(frozen=True, slots=True, eq=False)
class RidgeChoice:
    """A ridge regression with its penalty chosen from several.

    Parameters
    ----------
    fit : RidgeFit
        At the chosen penalty, on all patients.
    penalties : float array (k,)
        Tried, from the largest.
    criterion : float array (k,)
        AIC, or cross-validated deviance a patient; the smallest is chosen, of equals the largest
        penalty.
    std_error : float array (k,)
        Of the cross-validated deviance over folds; 0 for AIC.
    method : str
        ``aic`` or ``cross-validation``.
    at_edge : bool
        The choice is the smallest or largest penalty tried: widen the range.
    """

    fit: RidgeFit
    penalties: Array
    criterion: Array
    std_error: Array
    method: str
    at_edge: bool


@dataclass(frozen=True, slots=True)
class _Standardised:
    z: Array
    y: Array
    m: Array
    mean: Array
    sd: Array

    def take(self, rows: Array) -> _Standardised:
        """Other multiplicities on the same scale."""
        return _Standardised(self.z, self.y, rows, self.mean, self.sd)


def _standardised(columns: Array, y: Array, m: Array | None) -> _Standardised:
    weight = np.ones(len(y)) if m is None else m
    share = weight / weight.sum()
    mean = share @ columns
    away = columns - mean
    sd = np.sqrt(share @ (away * away))
    present = np.abs(columns[weight > 0.0]).max(axis=0)
    constant = np.flatnonzero(sd <= 1e-12 * np.maximum(present, np.abs(mean)))
    if constant.size:
        raise refuse(
            NotEstimable,
            "constant_column",
            "a predictor has the same value in all patients",
            where="column " + ", ".join(map(str, constant)),
            mend="leave it out",
        )
    return _Standardised(away / sd, y, weight, mean, sd)


def _log_likelihood(eta: Array, data: _Standardised) -> float:
    return float(data.m @ (data.y * eta - np.logaddexp(0.0, eta)))


def _climb(data: _Standardised, penalty: float, start: Array) -> Array:
    """Newton's method with halved steps; coefficients per standard deviation, intercept first."""
    design = np.column_stack([np.ones(len(data.y)), data.z])
    ridge = np.full(design.shape[1], penalty)
    ridge[0] = 0.0
    beta = start.copy()
    eta = design @ beta
    best = _log_likelihood(eta, data) - 0.5 * float(ridge @ beta**2)
    for _ in range(_MOST):
        p = expit(eta)
        score = design.T @ (data.m * (data.y - p)) - ridge * beta
        information = (design * (data.m * p * (1.0 - p))[:, None]).T @ design + np.diag(ridge)
        try:
            step = cho_solve(cho_factor(information, check_finite=False), score)
        except np.linalg.LinAlgError:
            break
        if float(np.abs(step).max()) <= _TOLERANCE * (1.0 + float(np.abs(beta).max())):
            return np.asarray(beta + step, dtype=np.float64)
        for _ in range(_HALVINGS):
            trial = beta + step
            eta = design @ trial
            level = _log_likelihood(eta, data) - 0.5 * float(ridge @ trial**2)
            if level >= best - 1e-12 * (1.0 + abs(best)):
                break
            step = 0.5 * step
        else:
            break
        beta, best = trial, level
    raise refuse(
        NotEstimable, "not_converged", "the ridge fit did not converge", mend="a larger penalty"
    )


def _reported(data: _Standardised, beta: Array, penalty: float) -> RidgeFit:
    eta = beta[0] + data.z @ beta[1:]
    p = expit(eta)
    design = np.column_stack([np.ones(len(data.y)), data.z])
    information = (design * (data.m * p * (1.0 - p))[:, None]).T @ design
    ridge = np.diag(np.r_[0.0, np.full(data.z.shape[1], penalty)])
    # trace of (I + ridge)^-1 I; the intercept, which is not shrunk, counts exactly 1
    effective = float(np.trace(np.linalg.solve(information + ridge, information))) - 1.0
    level = _log_likelihood(eta, data)
    coefficients = np.concatenate([[0.0], beta[1:] / data.sd])
    coefficients[0] = beta[0] - coefficients[1:] @ data.mean
    coefficients.setflags(write=False)
    return RidgeFit(
        coefficients,
        penalty,
        level,
        effective,
        -2.0 * level + 2.0 * (effective + 1.0),
        round(float(data.m.sum())),
        round(float(data.m @ data.y)),
    )


def _null(data: _Standardised) -> Array:
    share = float(data.m @ data.y) / float(data.m.sum())
    start = np.zeros(data.z.shape[1] + 1)
    start[0] = np.log(share / (1.0 - share))
    return start


def ridge_logistic(
    x: ArrayLike, event: ArrayLike, penalty: float, *, multiplicity: ArrayLike | None = None
) -> RidgeFit:
    """Fit a ridge logistic regression at a given penalty.

    Parameters
    ----------
    x : float array (n, p) or (n,)
        Predictors without intercept, finite.
    event : array (n,)
        1 event, 0 none.
    penalty : float
        > 0. It is n times glmnet's ``lambda`` at ``alpha = 0``.
    multiplicity : array (n,), optional
        How often each row occurs, >= 0; the same as duplicating the row.

    Returns
    -------
    RidgeFit

    Raises
    ------
    NotEstimable
        ``penalty``, ``constant_column``, ``not_converged``, and what ``checked_arrays`` refuses.

    Notes
    -----
    Maximises log L - penalty / 2 sum (b_j sd_j)^2, sd with denominator n. Effective degrees of
    freedom tr[(I + P)^-1 I] with the information I at the estimate. Agrees with R ``glmnet`` 4.1
    (``thresh = 1e-24``) to a relative 1e-8.

    References
    ----------
    Le Cessie S, van Houwelingen JC 1992, doi:10.2307/2347628. Gray RJ 1992,
    doi:10.1080/01621459.1992.10476248.
    """
    _require_penalty(penalty)
    data = _standardised(*checked_arrays(x, event, multiplicity)[:3])
    return _reported(data, _climb(data, penalty, _null(data)), penalty)


def _require_penalty(penalty: float) -> None:
    if not (np.isfinite(penalty) and penalty > 0.0):
        raise refuse(
            NotEstimable,
            "penalty",
            "a ridge penalty is a positive number",
            mend="fit without penalty by logistic_fit",
        )


def default_penalties(n: int, count: int = 40) -> Array:
    """Penalties to choose from when nothing is known: from strong to hardly any.

    Parameters
    ----------
    n : int
        Patients.
    count : int
        How many, >= 2.

    Returns
    -------
    float array (count,)
        From 10 n down to n / 10^4, evenly on the log scale.
    """
    return np.asarray(np.geomspace(10.0 * n, 1e-4 * n, count), dtype=np.float64)


def choose_ridge(
    x: ArrayLike,
    event: ArrayLike,
    *,
    penalties: Sequence[float] | None = None,
    method: str = "aic",
    folds: int = 10,
    seed: int = 0,
    multiplicity: ArrayLike | None = None,
) -> RidgeChoice:
    """Fit a ridge logistic regression at the best of several penalties.

    Parameters
    ----------
    x : float array (n, p) or (n,)
        Predictors without intercept, finite.
    event : array (n,)
        1 event, 0 none.
    penalties : sequence of float, optional
        > 0; ``default_penalties`` without.
    method : str
        ``aic`` or ``cross-validation``.
    folds : int
        Of the cross-validation, at least 2 and no more than the patients of the rarer class; each
        fold has its share of events. All copies of a row stay in one fold, so that none is
        predicted by its own copy.
    seed : int
        Of the folds.
    multiplicity : array (n,), optional
        How often each row occurs, >= 0.

    Returns
    -------
    RidgeChoice

    Raises
    ------
    NotEstimable
        ``unknown_method``, ``folds``, and what ``ridge_logistic`` refuses.

    Notes
    -----
    In small data the chosen penalty varies much from sample to sample, so shrinkage is not a
    remedy for too few events; repeat the choice in every resample.

    References
    ----------
    Le Cessie S, van Houwelingen JC 1992, doi:10.2307/2347628. Van Calster B et al 2020,
    doi:10.1177/0962280220921415. Riley RD et al 2021, doi:10.1016/j.jclinepi.2020.12.005.
    """
    if method not in {"aic", "cross-validation"}:
        raise refuse(
            NotEstimable,
            "unknown_method",
            f"no method {method!r}",
            mend='say "aic" or "cross-validation"',
        )
    data = _standardised(*checked_arrays(x, event, multiplicity)[:3])
    tried = (
        default_penalties(len(data.y))
        if penalties is None
        else np.atleast_1d(float_array(penalties, "penalties"))
    )
    if tried.ndim != 1:
        raise refuse(NotEstimable, "penalty", "penalties are one list of numbers")
    for penalty in tried:
        _require_penalty(float(penalty))
    if not tried.size:
        raise refuse(NotEstimable, "penalty", "there is no penalty to choose from")
    tried = np.sort(tried)[::-1].copy()
    fits = _path(data, tried)
    if method == "aic":
        criterion = np.array(
            [_reported(data, b, float(v)).aic for b, v in zip(fits, tried, strict=True)]
        )
        error = np.zeros(tried.size)
    else:
        criterion, error = _cross_validated(data, tried, folds, seed)
    best = int(np.argmin(criterion))
    for array in (tried, criterion, error):
        array.setflags(write=False)
    return RidgeChoice(
        _reported(data, fits[best], float(tried[best])),
        tried,
        criterion,
        error,
        method,
        tried.size > 1 and best in {0, tried.size - 1},
    )


def _path(data: _Standardised, penalties: Array) -> list[Array]:
    """Fit from the largest penalty down, each from where the last ended."""
    start = _null(data)
    path = []
    for penalty in penalties:
        start = _climb(data, float(penalty), start)
        path.append(start)
    return path


def _cross_validated(
    data: _Standardised, penalties: Array, folds: int, seed: int
) -> tuple[Array, Array]:
    """Deviance a patient in the folds left out, and its standard error over folds."""
    fold = _folds(data, folds, seed)
    deviance = np.empty((folds, penalties.size))
    size = np.empty(folds)
    for k in range(folds):
        out = fold == k
        training = data.take(np.where(out, 0.0, data.m))
        testing = data.take(np.where(out, data.m, 0.0))
        size[k] = testing.m.sum()
        # the penalty is a share of the information, so it shrinks with the sample
        share = float(training.m.sum() / data.m.sum())
        for place, beta in enumerate(_path(training, penalties * share)):
            eta = beta[0] + data.z @ beta[1:]
            deviance[k, place] = -2.0 * _log_likelihood(eta, testing) / size[k]
    weight = size / size.sum()
    mean = weight @ deviance
    error = np.sqrt(weight @ (deviance - mean) ** 2 / (folds - 1.0))
    return np.asarray(mean, dtype=np.float64), np.asarray(error, dtype=np.float64)


def _folds(data: _Standardised, folds: int, seed: int) -> Array:
    fold = np.full(len(data.y), -1.0)
    generator = np.random.default_rng(seed)
    offset = 0
    for outcome in (1.0, 0.0):
        rows = np.flatnonzero((data.m > 0.0) & (data.y == outcome))
        if not 2 <= folds <= rows.size:
            raise refuse(
                NotEstimable,
                "folds",
                f"{folds} folds for {rows.size} different patients of one class",
                mend="fewer folds (at least 2), or choose by AIC",
            )
        generator.shuffle(rows)
        fold[rows] = (np.arange(rows.size) + offset) % folds
        offset += rows.size
    return fold
