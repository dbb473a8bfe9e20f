"""Scores that a maximally selected statistic adds up: ranks of an outcome, residual hazards."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from cartwheel.stats.descriptive import finite_column
from cartwheel.stats.times import SurvivalTimes

Floats = NDArray[np.float64]


def wilcoxon_scores(values: ArrayLike) -> Floats:
    """Rank a continuous or ordered outcome, ties at the middle of their ranks.

    With these scores ``best_log_rank_cut`` gives the maximally selected Wilcoxon statistic.

    Parameters
    ----------
    values : array_like (n,)
        Outcome of each patient, nothing missing.

    Returns
    -------
    float array (n,)
        Ranks from 1 to n.

    Raises
    ------
    NotEstimable
        Nobody, or a value missing or infinite.

    References
    ----------
    Lausen B, Schumacher M 1992, doi 10.2307/2532740.
    """
    column = finite_column(values, "values")
    _, place, counts = np.unique(column, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2.0)[place], dtype=np.float64)


def normal_scores(values: ArrayLike) -> Floats:
    """Give the normal quantiles of the ranks of an outcome (van der Waerden).

    Parameters
    ----------
    values : array_like (n,)
        Outcome of each patient, nothing missing.

    Returns
    -------
    float array (n,)
        Phi^-1(rank / (n + 1)).

    Raises
    ------
    NotEstimable
        Nobody, or a value missing or infinite.
    """
    ranks = wilcoxon_scores(values)
    return np.asarray(ndtri(ranks / (ranks.size + 1.0)), dtype=np.float64)


def median_scores(values: ArrayLike) -> Floats:
    """Say who lies above the median of an outcome.

    Parameters
    ----------
    values : array_like (n,)
        Outcome of each patient, nothing missing.

    Returns
    -------
    float array (n,)
        1 where the midrank is above (n + 1) / 2, else 0.

    Raises
    ------
    NotEstimable
        Nobody, or a value missing or infinite.
    """
    ranks = wilcoxon_scores(values)
    return np.asarray(ranks > (ranks.size + 1.0) / 2.0, dtype=np.float64)


def nelson_aalen_scores(times: SurvivalTimes) -> Floats:
    """Log-rank score of each patient with ties as in the log-rank test itself.

    The scores of R ``coin``; ``log_rank_scores`` gives those of R ``maxstat``. Without tied times
    the two are the same.

    Parameters
    ----------
    times : SurvivalTimes
        The sample.

    Returns
    -------
    float array (n,), patient order
        Event minus Nelson-Aalen cumulative hazard; they add up to 0.

    Notes
    -----
    Agrees with R ``coin::maxstat_test`` (default ``logrank_trafo``, mid-ranks) through its
    statistics to 1e-8 relative.

    References
    ----------
    Hothorn T, Lausen B 2003, doi 10.1016/S0167-9473(02)00225-6.
    """
    event = times.event.astype(np.float64)
    block = np.searchsorted(times.block_time, times.time)
    deaths = np.bincount(block, event, times.block_time.size)
    at_risk = times.n - times.block_start[:-1]
    hazard = np.cumsum(deaths / at_risk)
    return np.asarray(event - hazard[block], dtype=np.float64)
