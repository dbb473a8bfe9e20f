"""Logistic regression, by maximum likelihood and by Firth's penalised likelihood.

Two doors to one kernel: ``logistic_fit`` validates and reports, ``logistic_coefficients``,
``logistic_fast`` and ``likelihood_ratio_tests`` are thin and are meant for resampling.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit

from cartwheel.errors import NotEstimable, refuse
from cartwheel.stats.columns import refuse_vast
from cartwheel.stats.estimability import (
    Array,
    checked_arrays,
    design_columns,
    float_vector,
    refuse_failure,
)
from cartwheel.stats.kernels import _logistic, _logistic_profile

# The fit stops when the last step is below this many standard deviations of a column. Newton's
# steps square the error, so the plain fit may stop early; Firth's steps shrink by a factor.
_FAST_FIRTH, _FAST_PLAIN, _TIGHT = 1e-10, 1e-8, 1e-11


@dataclass(frozen=True, slots=True, eq=False)
class LogisticFit:
    """A fitted logistic regression.

    Parameters
    ----------
    coefficients : float array (p + 1,)
        Log odds ratios; the intercept first.
    covariance, covariance_augmented : float array (p + 1, p + 1)
        Inverse of the Fisher information, and of the information of Firth's augmented data.
        The two are equal without penalty.
    std_error, std_error_augmented : float array (p + 1,)
        Roots of their diagonals. R's ``glm`` and ``brglm2`` print the first, ``logistf`` the
        second, which is smaller.
    log_likelihood, log_likelihood_null : float
        At the estimate and with all slopes held at 0; penalised (half the log determinant of the
        information of ALL columns added, as in ``logistf``) if the fit is.
    iterations : int
        Evaluations of the likelihood.
    converged : bool
        Always True: a fit that does not converge is refused.
    penalty : str
        ``none`` or ``firth``.
    n, events : int
        Patients and events, multiplicities counted.
    max_score : float
        Largest absolute component of the (modified) score at the estimate; 0 at a true maximum.
    """

    coefficients: Array
    covariance: Array
    covariance_augmented: Array
    std_error: Array
    std_error_augmented: Array
    log_likelihood: float
    log_likelihood_null: float
    iterations: int
    converged: bool
    penalty: str
    n: int
    events: int
    max_score: float

    def linear_predictor(self, x: ArrayLike) -> Array:
        """Log odds of each row of x (n, p), without offset."""
        columns = design_columns(x)
        if columns.ndim != 2 or columns.shape[1] != self.coefficients.size - 1:
            raise refuse(
                NotEstimable,
                "design_shape",
                f"predictors of shape {columns.shape}; the model has {self.coefficients.size - 1}",
                where="x",
            )
        if not np.isfinite(columns).all():
            raise refuse(
                NotEstimable, "missing_value", "a predictor is missing or infinite", where="x"
            )
        refuse_vast(columns, "x")
        result: Array = self.coefficients[0] + columns @ self.coefficients[1:]
        return result

    def risk(self, x: ArrayLike) -> Array:
        """Probability of the event, 0 to 1, for each row of x (n, p)."""
        result: Array = expit(self.linear_predictor(x))
        return result


def logistic_coefficients(
    x: ArrayLike,
    event: ArrayLike,
    multiplicity: ArrayLike | None = None,
    *,
    firth: bool = False,
    offset: ArrayLike | None = None,
) -> tuple[Array, bool]:
    """Estimate log odds ratios fast, for resampling; nothing is validated.

    Parameters
    ----------
    x : float array (n, p) or (n,)
        Predictors without intercept, finite.
    event : array (n,)
        1 event, 0 none.
    multiplicity : array (n,), optional
        How often each row occurs, >= 0; 0 leaves it out.
    firth : bool
        Penalised likelihood instead of the plain one.
    offset : float array (n,), optional
        Added to the linear predictor with coefficient 1.

    Returns
    -------
    coefficients : float array (p + 1,)
        The intercept first. Not to be used where ``converged`` is False.
    converged : bool
        False for a constant or collinear column, a single class, or, without penalty, for
        complete or quasi-complete separation.

    Raises
    ------
    NotEstimable
        Only if the arrays differ in length.

    Notes
    -----
    Agrees with ``logistic_fit`` to 1e-9 of a standard error.
    """
    coefficients, _, converged = _logistic.fit(
        design_columns(x),
        np.ascontiguousarray(event, dtype=np.float64),
        float_vector(multiplicity),
        float_vector(offset),
        firth,
        _FAST_FIRTH if firth else _FAST_PLAIN,
    )
    return coefficients, converged


def logistic_fast(
    x: ArrayLike,
    event: ArrayLike,
    multiplicity: ArrayLike | None = None,
    firth: bool = False,
    fixed: Sequence[int] | None = None,
) -> tuple[Array, float, bool]:
    """Estimate coefficients and (penalised) log-likelihood fast; nothing is validated.

    Parameters
    ----------
    x : float array (n, p) or (n,)
        Predictors without intercept, finite.
    event : array (n,)
        1 event, 0 none.
    multiplicity : array (n,), optional
        How often each row occurs, >= 0.
    firth : bool
        Penalised likelihood instead of the plain one.
    fixed : sequence of int, optional
        Columns of x whose coefficient is held at 0. Under Firth they stay in the information
        matrix, so that the difference of two log-likelihoods is logistf's test.

    Returns
    -------
    coefficients : float array (p + 1,)
    log_likelihood : float
        Of the last point reached, so under separation its supremum to within 1e-5.
    converged : bool

    Raises
    ------
    NotEstimable
        Only if the arrays differ in length or a fixed column is not there.
    """
    return _logistic.fit(
        design_columns(x),
        np.ascontiguousarray(event, dtype=np.float64),
        float_vector(multiplicity),
        None,
        firth,
        _FAST_FIRTH if firth else _FAST_PLAIN,
        () if fixed is None else fixed,
    )


def likelihood_ratio_tests(
    x: ArrayLike,
    event: ArrayLike,
    multiplicity: ArrayLike | None = None,
    *,
    firth: bool = False,
    groups: Sequence[Sequence[int]] | None = None,
) -> Array:
    """Test each group of columns alone against the intercept, fast, for resampling.

    Parameters
    ----------
    x : float array (n, p) or (n,)
        Predictors without intercept, finite.
    event : array (n,)
        1 event, 0 none.
    multiplicity : array (n,), optional
        How often each row occurs, >= 0.
    firth : bool
        Penalised likelihood ratio.
    groups : sequence of sequences of int, optional
        Columns of x that are tested together (a category's indicators, a spline's terms); each
        column alone by default.

    Returns
    -------
    float array (number of groups,)
        Likelihood-ratio chi-square, on as many degrees of freedom as the group has columns;
        0 where the columns are constant or collinear or only one class occurs.

    Raises
    ------
    NotEstimable
        Only if the arrays differ in length or a column is not there.

    Notes
    -----
    Under Firth the null model holds the group's coefficients at 0 but keeps its columns in the
    information matrix, as R's ``logistf`` does. Under separation the plain likelihood has a
    supremum, and the chi-square is taken from it, as ``glm``'s deviance would give it.
    """
    columns = design_columns(x)
    return _logistic.ratio_tests(
        columns,
        np.ascontiguousarray(event, dtype=np.float64),
        float_vector(multiplicity),
        firth,
        [(column,) for column in range(columns.shape[1])] if groups is None else groups,
    )


def logistic_fit(
    x: ArrayLike,
    event: ArrayLike,
    *,
    penalty: str = "none",
    multiplicity: ArrayLike | None = None,
    offset: ArrayLike | None = None,
) -> LogisticFit:
    """Fit a logistic regression and report everything about it.

    Parameters
    ----------
    x : float array (n, p) or (n,)
        Predictors without intercept, finite.
    event : array (n,)
        1 event, 0 none.
    penalty : str
        ``none`` for maximum likelihood, ``firth`` for Jeffreys' penalty: finite estimates under
        separation and less bias with few events.
    multiplicity : array (n,), optional
        How often each row occurs, >= 0; the same as duplicating the row.
    offset : float array (n,), optional
        Added to the linear predictor with coefficient 1.

    Returns
    -------
    LogisticFit

    Raises
    ------
    NotEstimable
        ``constant_column`` or ``collinear_column`` (with the column), ``one_class``,
        ``separation`` (without penalty; with the columns where they can be told),
        ``not_converged``, and what ``checked_arrays`` refuses.

    Notes
    -----
    Firth's score is sum m (y - p + h (1/2 - p)) x with the leverage h of one copy of a row. The
    columns are standardised inside, so units do not matter. Agrees with R ``glm`` (converged) and
    with ``logistf`` 1.26 (converged to a modified score below 1e-9) to a relative 1e-8.

    References
    ----------
    Firth D 1993, doi:10.1093/biomet/80.1.27. Heinze G, Schemper M 2002, doi:10.1002/sim.1047.
    """
    if penalty not in {"none", "firth"}:
        raise refuse(
            NotEstimable, "unknown_penalty", f"no penalty {penalty!r}", mend='say "none" or "firth"'
        )
    columns, y, m, shift = checked_arrays(x, event, multiplicity, offset)
    found = _logistic_profile.detail(columns, y, m, shift, penalty == "firth", _TIGHT)
    refuse_failure(found, columns, y, m, penalty)
    return reported_fit(found, penalty)


def reported_fit(found: _logistic_profile.Detail, penalty: str) -> LogisticFit:
    """Turn what the kernel found on standardised columns into a fit on the original ones.

    Parameters
    ----------
    found : dict
        What the kernel returns.
    penalty : str
        ``none`` or ``firth``.

    Returns
    -------
    LogisticFit
    """
    mean, sd = found["mean"], found["sd"]
    # original = back @ standardised, for coefficients
    back = np.diag(1.0 / sd)
    back[0, 1:] = -mean[1:] / sd[1:]
    covariance = back @ found["covariance"] @ back.T
    augmented = back @ found["covariance_augmented"] @ back.T
    score = found["score"] * sd
    score[1:] += mean[1:] * found["score"][0]
    coefficients = found["coefficients"]
    errors = np.sqrt(np.diag(covariance)), np.sqrt(np.diag(augmented))
    for array in (coefficients, covariance, augmented, *errors):
        array.setflags(write=False)
    return LogisticFit(
        coefficients=coefficients,
        covariance=covariance,
        covariance_augmented=augmented,
        std_error=errors[0],
        std_error_augmented=errors[1],
        log_likelihood=found["log_likelihood"],
        log_likelihood_null=found["log_likelihood_null"],
        iterations=found["iterations"],
        converged=True,
        penalty=penalty,
        n=round(found["total"]),
        events=round(found["events"]),
        max_score=float(np.abs(score).max()),
    )
