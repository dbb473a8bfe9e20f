"""Robust errors of a Cox model: scores added within what is independent."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from cartwheel.errors import NotEstimable, refuse
from cartwheel.stats.cox_design import SortedDesign
from cartwheel.stats.labels import coded_labels
from cartwheel.stats.risk_set_sums import risk_set_sums, score_residuals
from cartwheel.stats.risk_sets import RiskSets
from cartwheel.stats.times import Floats, Integers


def cluster_members(cluster: ArrayLike, n: int) -> Integers:
    """Find each row's cluster.

    Parameters
    ----------
    cluster : array (n,)
        Labels.
    n : int
        Rows.

    Returns
    -------
    int64 array (n,)
        From 0.

    Raises
    ------
    NotEstimable
        Another length, labels missing, or fewer than two clusters.
    """
    found, members = coded_labels(cluster, n, "cluster", unit="rows")
    if len(found) < 2:
        raise refuse(
            NotEstimable,
            "one_cluster",
            "robust errors need at least two clusters",
            where="cluster",
        )
    return members


def _cluster_scores(
    sets: RiskSets, rows: SortedDesign, beta: Floats, ties: str, members: Integers
) -> Floats:
    """Weighted score residuals added within clusters, (clusters, p)."""
    sums = risk_set_sums(sets, rows, beta, ties)
    score = score_residuals(sets, rows, sums) * rows.weight[:, None]
    of, k = members[sets.order], int(members.max()) + 1
    return np.column_stack([np.bincount(of, score[:, j], k) for j in range(score.shape[1])])


def sandwich(
    sets: RiskSets,
    rows: SortedDesign,
    beta: Floats,
    ties: str,
    members: Integers,
    covariance: Floats,
) -> Floats:
    """Robust covariance: D'D, D being how far each cluster moves the coefficients.

    Parameters
    ----------
    sets : RiskSets
        The rows.
    rows : SortedDesign
        Their predictors.
    beta : float array (p,)
        Estimate on the scale of ``rows``.
    ties : {"efron", "breslow"}
        As fitted.
    members : int64 array (n,)
        Each row's cluster.
    covariance : float array (p, p)
        Of the model, on the scale of ``rows``.

    Returns
    -------
    float array (p, p)
        On the scale of ``rows``.
    """
    moved = _cluster_scores(sets, rows, beta, ties, members) @ covariance
    return np.asarray(moved.T @ moved)


def robust_score_statistic(
    sets: RiskSets, rows: SortedDesign, ties: str, members: Integers
) -> float | None:
    """Score test at zero with the covariance of the clusters' own scores.

    Parameters
    ----------
    sets : RiskSets
        The rows.
    rows : SortedDesign
        Their predictors.
    ties : {"efron", "breslow"}
        As fitted.
    members : int64 array (n,)
        Each row's cluster.

    Returns
    -------
    float or None
        None where there are too few clusters for the columns.
    """
    score = _cluster_scores(sets, rows, np.zeros(rows.x.shape[1]), ties, members)
    total, spread = score.sum(axis=0), score.T @ score
    if np.linalg.matrix_rank(spread) < total.size:
        return None
    return float(total @ np.linalg.solve(spread, total))
