"""Logistic regression by maximum likelihood, with profile and Wald intervals of every coefficient.

A Wald interval is symmetric on the log odds ratio scale and too short on one side where events are
few; the profile interval follows the likelihood. Where the two differ visibly, quote the profile.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtrc

from cartwheel.stats.descriptive import normal_quantile
from cartwheel.stats.estimability import Array, checked_arrays, refuse_failure
from cartwheel.stats.kernels import _logistic_profile
from cartwheel.stats.logistic import LogisticFit, reported_fit

_TIGHT = 1e-11


@dataclass(frozen=True, slots=True, eq=False)
class LogisticTable:
    """All coefficients of a logistic regression with both kinds of interval.

    Parameters
    ----------
    fit : LogisticFit
        The fit itself; its arrays and those below have the intercept first.
    low, high : float array (p + 1,)
        Limits of the profile likelihood interval, log odds ratio scale.
    wald_low, wald_high : float array (p + 1,)
        Estimate minus and plus the normal quantile times the standard error.
    statistic, p_values : float array (p + 1,)
        Likelihood-ratio test of each coefficient being 0, one degree of freedom.
    level : float
        Coverage of the intervals, in (0, 1).
    """

    fit: LogisticFit
    low: Array
    high: Array
    wald_low: Array
    wald_high: Array
    statistic: Array
    p_values: Array
    level: float


def logistic_table(
    x: ArrayLike,
    event: ArrayLike,
    level: float = 0.95,
    *,
    multiplicity: ArrayLike | None = None,
) -> LogisticTable:
    """Estimate every coefficient of a logistic regression with its intervals and test.

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
    LogisticTable

    Raises
    ------
    NotEstimable
        A level outside (0, 1); what ``logistic_fit`` refuses; ``not_converged`` if a limit is not
        found.

    Notes
    -----
    A limit is where twice the drop of the likelihood, maximised over the other coefficients, equals
    the chi-square quantile on one degree of freedom. R's ``confint.glm`` draws a spline through the
    signed roots at steps of a fifth of a standard error and agrees to 3e-4 of a standard error;
    against limits that R finds by ``uniroot`` on ``glm`` the agreement is a relative 1e-8.

    References
    ----------
    Venzon DJ, Moolgavkar SH 1988, doi:10.2307/2347496.
    """
    z = normal_quantile(level)
    columns, y, m, _ = checked_arrays(x, event, multiplicity)
    found = _logistic_profile.detail(
        columns, y, m, None, False, _TIGHT, z, range(columns.shape[1] + 1)
    )
    refuse_failure(found, columns, y, m, "none")
    fit = reported_fit(found, "none")
    low, high, statistic = (np.ascontiguousarray(column) for column in found["profile"].T[:3])
    wald_low, wald_high = (fit.coefficients + side * z * fit.std_error for side in (-1.0, 1.0))
    p_values = np.asarray(chdtrc(1.0, statistic), dtype=np.float64)
    for array in (low, high, wald_low, wald_high, statistic, p_values):
        array.setflags(write=False)
    return LogisticTable(fit, low, high, wald_low, wald_high, statistic, p_values, level)
