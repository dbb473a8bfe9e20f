"""Firth's penalised likelihood: profile intervals and penalised likelihood-ratio tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtrc, ndtri

from cartwheel.errors import NotEstimable, refuse
from cartwheel.stats.estimability import Array, checked_arrays, design_columns, refuse_failure
from cartwheel.stats.kernels import _logistic_profile
from cartwheel.stats.logistic import LogisticFit, logistic_fast, reported_fit

_TIGHT = 1e-11


class LikelihoodRatioTest(NamedTuple):
    """A likelihood-ratio chi-square, its degrees of freedom and p-value."""

    statistic: float
    df: int
    p_value: float


@dataclass(frozen=True, slots=True, eq=False)
class FirthTable:
    """All coefficients of a Firth regression with profile intervals.

    Parameters
    ----------
    fit : LogisticFit
        The fit itself; its arrays and those below have the intercept first.
    low, high : float array (p + 1,)
        Limits of the profile penalised likelihood interval, log odds ratio scale.
    statistic, p_values : float array (p + 1,)
        Penalised likelihood-ratio test of each coefficient being 0, one degree of freedom.
    level : float
        Coverage of the intervals, in (0, 1).
    iterations : int array (p + 1,)
        Evaluations that the two limits of each coefficient took.
    """

    fit: LogisticFit
    low: Array
    high: Array
    statistic: Array
    p_values: Array
    level: float
    iterations: NDArray[np.int64]

    @property
    def coefficients(self) -> Array:
        """Log odds ratios, the intercept first."""
        return self.fit.coefficients

    @property
    def std_error(self) -> Array:
        """Roots of the diagonal of the inverse Fisher information."""
        return self.fit.std_error

    @property
    def std_error_augmented(self) -> Array:
        """What logistf prints: from the information of the augmented data."""
        return self.fit.std_error_augmented


def _profiled(
    x: ArrayLike,
    event: ArrayLike,
    level: float,
    wanted: Sequence[int],
    multiplicity: ArrayLike | None,
) -> _logistic_profile.Detail:
    if not 0.0 < level < 1.0:
        raise refuse(NotEstimable, "level", "a confidence level lies between 0 and 1")
    columns, y, m, _ = checked_arrays(x, event, multiplicity)
    found = _logistic_profile.detail(
        columns, y, m, None, True, _TIGHT, float(ndtri(0.5 + level / 2.0)), wanted
    )
    refuse_failure(found, columns, y, m, "firth")
    return found


def firth_table(
    x: ArrayLike,
    event: ArrayLike,
    level: float = 0.95,
    *,
    multiplicity: ArrayLike | None = None,
) -> FirthTable:
    """Estimate every coefficient with its profile interval and penalised test.

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
    FirthTable

    Raises
    ------
    NotEstimable
        What ``logistic_fit`` refuses, and ``not_converged`` if a limit is not found.

    Notes
    -----
    A limit is where twice the drop of the penalised likelihood, maximised over the other
    coefficients, equals the chi-square quantile on one degree of freedom. A held coefficient's
    column stays in the information matrix. Agrees with R ``logistf`` 1.26 (``pl = TRUE``) to a
    relative 1e-8.

    References
    ----------
    Heinze G, Schemper M 2002, doi:10.1002/sim.1047. Venzon DJ, Moolgavkar SH 1988,
    doi:10.2307/2347496.
    """
    parameters = design_columns(x).shape[1] + 1
    found = _profiled(x, event, level, range(parameters), multiplicity)
    low, high, statistic, used = (np.ascontiguousarray(row) for row in found["profile"].T)
    p_values = np.asarray(chdtrc(1.0, statistic), dtype=np.float64)
    iterations = used.astype(np.int64)
    for array in (low, high, statistic, p_values, iterations):
        array.setflags(write=False)
    return FirthTable(
        fit=reported_fit(found, "firth"),
        low=low,
        high=high,
        statistic=statistic,
        p_values=p_values,
        level=level,
        iterations=iterations,
    )


def firth_profile_interval(
    x: ArrayLike,
    event: ArrayLike,
    column: int | None,
    level: float = 0.95,
    *,
    multiplicity: ArrayLike | None = None,
) -> tuple[float, float, int]:
    """Estimate the profile penalised likelihood interval of one coefficient.

    Parameters
    ----------
    x : float array (n, p) or (n,)
        Predictors without intercept, finite.
    event : array (n,)
        1 event, 0 none.
    column : int or None
        Column of x, from 0; None for the intercept.
    level : float
        Coverage, in (0, 1).
    multiplicity : array (n,), optional
        How often each row occurs, >= 0.

    Returns
    -------
    low, high : float
        Limits on the log odds ratio scale.
    iterations : int
        Evaluations that both limits took.

    Raises
    ------
    NotEstimable
        ``unknown_column``, and what ``firth_table`` refuses.

    Notes
    -----
    See ``firth_table``.
    """
    count = design_columns(x).shape[1]
    if column is not None and not 0 <= column < count:
        raise refuse(NotEstimable, "unknown_column", f"there is no column {column} in x")
    found = _profiled(x, event, level, (0 if column is None else column + 1,), multiplicity)
    low, high, _, used = (float(value) for value in found["profile"][0])
    return low, high, round(used)


def penalised_likelihood_ratio_test(
    x: ArrayLike,
    event: ArrayLike,
    columns: Sequence[int],
    *,
    multiplicity: ArrayLike | None = None,
) -> LikelihoodRatioTest:
    """Test that the coefficients of some columns are all 0, by Firth's likelihood.

    Parameters
    ----------
    x : float array (n, p) or (n,)
        Predictors without intercept, finite; the columns not tested are adjusted for.
    event : array (n,)
        1 event, 0 none.
    columns : sequence of int
        Columns of x that are held at 0 in the null model, from 0.
    multiplicity : array (n,), optional
        How often each row occurs, >= 0.

    Returns
    -------
    LikelihoodRatioTest
        Chi-square, degrees of freedom, p-value; unpacks like a tuple.

    Raises
    ------
    NotEstimable
        ``unknown_column``, or what ``logistic_fit`` refuses.

    Notes
    -----
    The tested columns stay in the information matrix of the null model, as in R's ``logistf``
    and ``logistftest``, so the statistic cannot be negative.

    References
    ----------
    Heinze G, Schemper M 2002, doi:10.1002/sim.1047.
    """
    design, y, m, _ = checked_arrays(x, event, multiplicity)
    tested = tuple(dict.fromkeys(columns))
    if not tested or not all(0 <= column < design.shape[1] for column in tested):
        raise refuse(NotEstimable, "unknown_column", "name the columns of x that are tested")
    found = _logistic_profile.detail(design, y, m, None, True, _TIGHT)
    refuse_failure(found, design, y, m, "firth")
    _, null, converged = logistic_fast(design, y, m, True, tested)
    if not converged:
        raise refuse(NotEstimable, "not_converged", "the null model did not converge")
    statistic = max(0.0, 2.0 * (found["log_likelihood"] - null))
    return LikelihoodRatioTest(statistic, len(tested), float(chdtrc(len(tested), statistic)))
