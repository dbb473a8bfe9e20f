"""Search a marker for a cut-off, and say how often chance alone would find as good a one.

A cut lies midway between two neighbouring values present in the sample; patients above it are
positive. High values are adverse: negate a marker whose low values are. The marker is sorted once
(``sorted_marker``) and searched again in every resample.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cartwheel.errors import NotEstimable, refuse
from cartwheel.stats.columns import refuse_vast
from cartwheel.stats.cut_permutation import MAX_LOG_RANK, ON_CURVE, PermutationTest, permutation_p
from cartwheel.stats.descriptive import finite_column, same_length
from cartwheel.stats.kernels import _scan
from cartwheel.stats.maximally_selected import lausen_schumacher_improved_p, lausen_schumacher_p
from cartwheel.stats.sorted_marker import (
    Candidates,
    SortedMarker,
    candidate_cuts,
    case_and_control_weights,
    check_min_fraction,
    checked_presence,
    sorted_marker,
)

__all__ = [
    "Candidates",
    "Cut",
    "PermutationTest",
    "SortedMarker",
    "best_cut",
    "best_cut_fast",
    "best_log_rank_cut",
    "best_log_rank_cut_fast",
    "candidate_cuts",
    "lausen_schumacher_improved_p",
    "lausen_schumacher_p",
    "permutation_p",
    "sorted_marker",
]

Floats = NDArray[np.float64]

RANK = 2


@dataclass(frozen=True, slots=True)
class Cut:
    """A cut-off that was searched for.

    Parameters
    ----------
    cut : float
        Midpoint of ``below`` and ``above``; a value above it is positive.
    below, above : float
        The neighbouring values present in the sample.
    criterion : str
        ``youden``, ``closest_corner`` or ``max_log_rank``.
    statistic : float
        Sensitivity + specificity - 1; squared distance from the corner; or the standardised rank
        statistic, positive where patients above the cut have the higher scores (earlier events).
    candidates : int
        Cuts that were looked at.
    patients_above : int
        Positive patients.
    """

    cut: float
    below: float
    above: float
    criterion: str
    statistic: float
    candidates: int
    patients_above: int


def best_cut_fast(
    marker: SortedMarker,
    case_weight: ArrayLike,
    control_weight: ArrayLike,
    criterion: str = "youden",
    multiplicity: ArrayLike | None = None,
    min_fraction: float = 0.0,
) -> float:
    """Search for the best cut on the ROC curve; nothing is checked.

    Parameters
    ----------
    marker, case_weight, control_weight, criterion, multiplicity, min_fraction
        As in ``best_cut``; arrays of the marker's length.

    Returns
    -------
    float
        The cut; nan where there is none.
    """
    return _scan.best_cut(
        marker.values,
        marker.order,
        marker.run_start,
        None if multiplicity is None else np.ascontiguousarray(multiplicity, dtype=np.float64),
        np.ascontiguousarray(case_weight, dtype=np.float64),
        np.ascontiguousarray(control_weight, dtype=np.float64),
        min_fraction,
        ON_CURVE[criterion],
    )


def best_log_rank_cut_fast(
    marker: SortedMarker,
    scores: ArrayLike,
    multiplicity: ArrayLike | None = None,
    min_fraction: float = 0.1,
) -> float:
    """Search for the cut with the largest rank statistic; nothing is checked.

    Parameters
    ----------
    marker, scores, multiplicity, min_fraction
        As in ``best_log_rank_cut``; arrays of the marker's length.

    Returns
    -------
    float
        The cut; nan where there is none.
    """
    return _scan.best_cut(
        marker.values,
        marker.order,
        marker.run_start,
        None if multiplicity is None else np.ascontiguousarray(multiplicity, dtype=np.float64),
        np.ascontiguousarray(scores, dtype=np.float64),
        None,
        min_fraction,
        RANK,
    )


def best_cut(
    marker: SortedMarker,
    case_weight: ArrayLike,
    control_weight: ArrayLike,
    *,
    criterion: str,
    multiplicity: ArrayLike | None = None,
    min_fraction: float = 0.0,
) -> Cut:
    """Find the cut that is best on the ROC curve.

    The statistic at the best cut is too good, because it was searched for: see ``permutation_p``,
    and repeat the search in every resample.

    Parameters
    ----------
    marker : SortedMarker
        High values adverse.
    case_weight, control_weight : array_like (n,)
        >= 0, patient order: the event and its complement, or inverse-probability-of-censoring
        weights; already multiplied by the multiplicity.
    criterion : {"youden", "closest_corner"}
        Largest sensitivity + specificity - 1, or smallest squared distance from the corner where
        both are 1.
    multiplicity : array_like (n,), optional
        How often each patient is present; decides which values are neighbours and who counts for
        ``min_fraction``. Once by default.
    min_fraction : float
        In [0, 0.5): cuts with k of N patients at or below are looked at for
        floor(N f) <= k <= floor(N (1 - f)).

    Returns
    -------
    Cut
        The lowest of equally good cuts; equal means within 1e-12 relative (of the larger of 1 and
        the statistic), because the same weights summed in another order differ in the last digits.
        The statistic may be negative: the search never turns the marker round, nor answers with
        an infinite cut.

    Raises
    ------
    NotEstimable
        ``no_cut`` where no cut divides the patients or no case or control has weight; columns of
        another length, negative or not finite; an unknown criterion.

    Notes
    -----
    Agrees with R ``pROC::coords("best")`` (thresholds, Youden's index, distance) and
    ``cutpointr`` (which reports the observed value ``above``) to 1e-8 relative.

    References
    ----------
    Youden WJ 1950, doi 10.1002/1097-0142(1950)3:1<32::AID-CNCR2820030106>3.0.CO;2-3. Perkins NJ,
    Schisterman EF 2006, doi 10.1093/aje/kwj063.
    """
    if criterion not in ON_CURVE:
        raise refuse(
            NotEstimable,
            "criterion",
            f"unknown criterion {criterion!r}",
            mend="one of: " + ", ".join(ON_CURVE),
        )
    cases, controls = case_and_control_weights(marker, case_weight, control_weight)
    times = checked_presence(marker, multiplicity)
    check_min_fraction(min_fraction)
    return _cut(
        _scan.best(
            marker.values,
            marker.order,
            marker.run_start,
            times,
            cases,
            controls,
            min_fraction,
            ON_CURVE[criterion],
        ),
        criterion,
    )


def best_log_rank_cut(
    marker: SortedMarker,
    scores: ArrayLike,
    *,
    multiplicity: ArrayLike | None = None,
    min_fraction: float = 0.1,
) -> Cut:
    """Find the cut with the largest standardised rank statistic (maximally selected).

    With log-rank scores this is the cut that separates survival best; with the event itself as
    score (0/1), the cut with the largest chi-square.

    Parameters
    ----------
    marker : SortedMarker
        The marker; both directions are looked at.
    scores : array_like (n,)
        Rank scores in patient order, high adverse; for each patient once, not multiplied.
    multiplicity : array_like (n,), optional
        How often each patient is present. Once by default.
    min_fraction : float
        In [0, 0.5): cuts with k of N patients at or below are looked at for
        floor(N f) <= k <= floor(N (1 - f)).

    Returns
    -------
    Cut
        ``statistic`` is positive where patients above the cut have the higher scores. The lowest
        of equally good cuts, as in ``best_cut``.

    Raises
    ------
    NotEstimable
        ``no_cut`` where no cut divides the patients as asked, or all scores are equal; columns of
        another length or not finite.

    Notes
    -----
    z = (sum of scores above - (N - k) mean) / sqrt(V) with the permutation variance
    V = k (N - k) / (N (N - 1)) sum (a - mean)^2, so z^2 is not the log-rank
    chi-square of the two groups. Agrees with R ``maxstat::maxstat.test(smethod = "LogRank")`` to
    1e-8 relative, for every candidate cut; maxstat reports the observed value ``below``.

    References
    ----------
    Lausen B, Schumacher M 1992, doi 10.2307/2532740. Hothorn T, Lausen B 2003,
    doi 10.1016/S0167-9473(02)00225-6.
    """
    ranks = finite_column(scores, "scores")
    same_length(marker=marker.values, scores=ranks)
    refuse_vast(ranks, "scores")
    times = checked_presence(marker, multiplicity)
    check_min_fraction(min_fraction)
    return _cut(
        _scan.best(
            marker.values,
            marker.order,
            marker.run_start,
            times,
            ranks,
            None,
            min_fraction,
            RANK,
        ),
        MAX_LOG_RANK,
    )


def _cut(found: tuple[float, float, float, float, int, float], criterion: str) -> Cut:
    """Name what the kernel found."""
    cut, below, above, statistic, candidates, patients_above = found
    if not np.isfinite(cut):
        raise refuse(
            NotEstimable,
            "no_cut",
            "no cut-off divides the patients as asked",
            mend="the marker or the outcome does not vary, or min_fraction is too large",
        )
    return Cut(cut, below, above, criterion, statistic, candidates, round(patients_above))
