"""Rubin's rules: one answer from several completed copies of a data set.

``pool_estimates`` combines coefficients; tests of several at once are in ``pooled_tests``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtr, stdtrit

from cartwheel.errors import NotEstimable, refuse
from cartwheel.estimate import Estimate
from cartwheel.stats.columns import VAST, float_array, refuse_vast
from cartwheel.stats.descriptive import normal_quantile

Floats = NDArray[np.float64]

# below this share of variance due to missingness the degrees of freedom stop growing, as in mice
_LEAST_LAMBDA = 1e-4


@dataclass(frozen=True, slots=True, eq=False)
class Pooled:
    """Coefficients pooled over imputations; every array has a value for each coefficient.

    Parameters
    ----------
    estimate, std_error : float array (k,)
        Mean over imputations, and the root of its total variance.
    within, between, total : float array (k,)
        Variance within, between, and both, the second counted 1 + 1/m times.
    df : float array (k,)
        Degrees of freedom of the t distribution.
    low, high, p_values : float array (k,)
        Interval and two-sided test of 0.
    relative_increase : float array (k,)
        Of the variance due to missing values (riv).
    missing_share : float array (k,)
        Share of the total variance due to missing values (lambda).
    missing_information : float array (k,)
        Fraction of missing information, corrected for the finite number of imputations.
    efficiency : float array (k,)
        Relative to infinitely many imputations, on the scale of the variance.
    monte_carlo_error : float array (k,)
        Standard deviation that other random numbers would give the estimate.
    m : int
        Imputations.
    level : float
        Coverage of the intervals.
    """

    estimate: Floats
    std_error: Floats
    within: Floats
    between: Floats
    total: Floats
    df: Floats
    low: Floats
    high: Floats
    p_values: Floats
    relative_increase: Floats
    missing_share: Floats
    missing_information: Floats
    efficiency: Floats
    monte_carlo_error: Floats
    m: int
    level: float

    @property
    def statistic(self) -> Floats:
        """Estimates divided by their standard errors."""
        return self.estimate / self.std_error

    def coefficient(self, place: int) -> Estimate:
        """One coefficient with its interval.

        Parameters
        ----------
        place : int
            Which, from 0.

        Returns
        -------
        Estimate
        """
        return Estimate(
            float(self.estimate[place]),
            float(self.low[place]),
            float(self.high[place]),
            self.level,
            f"Rubin's rules over {self.m} imputations, Barnard-Rubin degrees of freedom",
        )


def pool_estimates(
    estimates: ArrayLike,
    variances: ArrayLike,
    *,
    complete_df: float | None = None,
    level: float = 0.95,
) -> Pooled:
    """Pool coefficients estimated in each completed copy.

    Parameters
    ----------
    estimates : float array (m, k) or (m,)
        Of each of m >= 2 imputations, on a scale on which they are about normal (log odds, log
        hazard ratio, logit AUC, log-log survival).
    variances : float array of the same shape
        Their squared standard errors, > 0.
    complete_df : float, optional
        Degrees of freedom the complete data would have: n minus parameters, in a Cox model events
        minus parameters. None for a large sample.
    level : float
        Coverage, in (0, 1).

    Returns
    -------
    Pooled

    Raises
    ------
    NotEstimable
        ``imputations`` for fewer than 2, ``pooled_shape``, ``not_finite``, ``variance``, ``df``
        or ``level``.

    Notes
    -----
    T = U + (1 + 1/m) B; degrees of freedom by Barnard and Rubin, or Rubin's (m - 1) / lambda^2
    in a large sample, lambda = (1 + 1/m) B / T not below 1e-4; fraction of missing information
    (riv + 2 / (df + 3)) / (riv + 1). Agrees with R ``mice::pool`` and ``pool.scalar`` 3.15 to a
    relative 1e-8. Monte-Carlo error sqrt(B / m).

    References
    ----------
    Rubin DB 1987, doi:10.1002/9780470316696. Barnard J, Rubin DB 1999,
    doi:10.1093/biomet/86.4.948. White IR, Royston P, Wood AM 2011, doi:10.1002/sim.4067.
    """
    q, u = _stacked(estimates, variances)
    if not (u >= 1.0 / VAST).all():
        raise refuse(NotEstimable, "variance", "a variance within an imputation is not positive")
    normal_quantile(level)  # refuses a level outside (0, 1)
    if complete_df is not None and not complete_df > 0.0:
        raise refuse(NotEstimable, "df", "the complete data leave no degrees of freedom")
    refuse_vast(q, "estimates")
    refuse_vast(u, "variances")
    m = len(q)
    estimate, within = q.mean(axis=0), u.mean(axis=0)
    between = q.var(axis=0, ddof=1)
    extra = (1.0 + 1.0 / m) * between
    total = within + extra
    share, riv = extra / total, extra / within
    df = _degrees_of_freedom(np.maximum(share, _LEAST_LAMBDA), m, complete_df)
    information = (riv + 2.0 / (df + 3.0)) / (riv + 1.0)
    error = np.sqrt(total)
    half = stdtrit(df, 0.5 + level / 2.0) * error
    p_values = 2.0 * stdtr(df, -np.abs(estimate / error))
    arrays = (estimate, error, within, between, total, df, estimate - half, estimate + half)
    shares = (riv, share, information, 1.0 / (1.0 + information / m), np.sqrt(between / m))
    for array in (*arrays, p_values, *shares):
        array.setflags(write=False)
    return Pooled(*arrays, p_values, *shares, m, level)


def _stacked(estimates: ArrayLike, variances: ArrayLike) -> tuple[Floats, Floats]:
    q = float_array(estimates, "estimates")
    u = float_array(variances, "variances")
    if q.ndim == 1 and u.shape == q.shape:
        q, u = q[:, None], u[:, None]
    refuse_few(len(q) if q.ndim else 0)
    if q.ndim != 2 or u.shape != q.shape:
        raise refuse(
            NotEstimable, "pooled_shape", "estimates and variances need a row an imputation"
        )
    if not (np.isfinite(q).all() and np.isfinite(u).all()):
        raise refuse(NotEstimable, "not_finite", "an imputation has a missing or infinite estimate")
    return q, u


def refuse_few(m: int) -> None:
    """Refuse what cannot show how imputations differ.

    Parameters
    ----------
    m : int
        Imputations.

    Raises
    ------
    NotEstimable
        ``imputations`` for fewer than 2.
    """
    if m < 2:
        raise refuse(
            NotEstimable,
            "imputations",
            f"{m} imputation(s) cannot show how much imputations differ",
            mend="impute at least twice; 20 or more is usual",
        )


def _degrees_of_freedom(share: Floats, m: int, complete_df: float | None) -> Floats:
    rubin: Floats = (m - 1.0) / share**2
    if complete_df is None or math.isinf(complete_df):
        return rubin
    observed = (complete_df + 1.0) / (complete_df + 3.0) * complete_df * (1.0 - share)
    combined: Floats = rubin * observed / (rubin + observed)
    return combined


def pool_covariance(estimates: ArrayLike, covariances: ArrayLike) -> Floats:
    """Total covariance matrix of coefficients pooled over imputations.

    Parameters
    ----------
    estimates : float array (m, k)
        Of each imputation.
    covariances : float array (m, k, k)
        Their covariance matrices.

    Returns
    -------
    float array (k, k)
        U + (1 + 1/m) B.

    Raises
    ------
    NotEstimable
        ``imputations``, ``pooled_shape`` or ``not_finite``.
    """
    q, u = stacked_covariances(estimates, covariances)
    return np.asarray(
        u.mean(axis=0) + (1.0 + 1.0 / len(q)) * between_imputations(q), dtype=np.float64
    )


def stacked_covariances(estimates: ArrayLike, covariances: ArrayLike) -> tuple[Floats, Floats]:
    """Check estimates with their covariance matrices.

    Parameters
    ----------
    estimates : float array (m, k)
        Of each imputation.
    covariances : float array (m, k, k)
        Their covariance matrices.

    Returns
    -------
    tuple of float array
        Both, as floats.

    Raises
    ------
    NotEstimable
        ``imputations``, ``pooled_shape`` or ``not_finite``.
    """
    q = float_array(estimates, "estimates")
    u = float_array(covariances, "covariances")
    refuse_few(len(q) if q.ndim else 0)
    if q.ndim != 2 or u.shape != (*q.shape, q.shape[1]):
        raise refuse(
            NotEstimable, "pooled_shape", "each imputation needs k estimates and a k by k matrix"
        )
    if not (np.isfinite(q).all() and np.isfinite(u).all()):
        raise refuse(NotEstimable, "not_finite", "an imputation has a missing or infinite estimate")
    refuse_vast(q, "estimates")
    refuse_vast(u, "covariances")
    return q, u


def between_imputations(q: Floats) -> Floats:
    """Covariance matrix (k, k) of estimates between imputations.

    Parameters
    ----------
    q : float array (m, k)
        Estimates.

    Returns
    -------
    float array (k, k)
    """
    away = q - q.mean(axis=0)
    return np.asarray(away.T @ away / (len(q) - 1.0), dtype=np.float64)
