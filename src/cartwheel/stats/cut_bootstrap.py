"""How far a searched cut-off moves: the search repeated in bootstrap resamples."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cartwheel.errors import NotEstimable, refuse
from cartwheel.estimate import Estimate
from cartwheel.stats.cut_permutation import ON_CURVE
from cartwheel.stats.cutpoint import RANK, Cut, best_cut, best_log_rank_cut
from cartwheel.stats.descriptive import normal_quantile
from cartwheel.stats.kernels import _scan
from cartwheel.stats.resample import resample_multiplicities
from cartwheel.stats.sorted_marker import SortedMarker

Floats = NDArray[np.float64]
Found = tuple[float, float, float, float, int, float]


@dataclass(frozen=True, slots=True)
class CutBootstrap:
    """A searched cut-off, and the cuts that resamples of the same patients give.

    Parameters
    ----------
    cut : Cut
        Found in all patients.
    cuts, above : float array (B',)
        Midpoint, and the observed value above it, in each resample that has a cut.
    statistics : float array (B',)
        Of the cut found in the resample, in the resample: as optimistic as that of ``cut``.
    resamples : int
        Drawn (B).
    """

    cut: Cut
    cuts: Floats
    above: Floats
    statistics: Floats
    resamples: int

    @property
    def failed(self) -> int:
        """Resamples without a cut; left out."""
        return self.resamples - len(self.cuts)

    def estimate(self, level: float = 0.95) -> Estimate:
        """Give the cut with the percentiles of the resamples.

        Parameters
        ----------
        level : float
            Coverage, in (0, 1).

        Returns
        -------
        Estimate
            No limits with fewer than two resamples.
        """
        normal_quantile(level)  # refuses a level that is none
        if len(self.cuts) < 2:
            return Estimate(self.cut.cut, method="searched cut-off; no resamples")
        tail = (1.0 - level) / 2.0
        low, high = np.quantile(self.cuts, [tail, 1.0 - tail])
        method = f"searched cut-off, percentiles of {len(self.cuts)} bootstrap resamples"
        return Estimate(self.cut.cut, float(low), float(high), level, method)

    def frequencies(self) -> tuple[tuple[float, int], ...]:
        """Count how often each cut was found.

        Returns
        -------
        tuple of (float, int)
            Cut and resamples, rising by the cut.
        """
        distinct, counts = np.unique(self.cuts, return_counts=True)
        return tuple(zip(distinct.tolist(), counts.tolist(), strict=True))


def bootstrap_cut(
    marker: SortedMarker,
    case_weight: ArrayLike,
    control_weight: ArrayLike,
    *,
    criterion: str,
    resamples: int,
    seed: int,
    min_fraction: float = 0.0,
) -> CutBootstrap:
    """Repeat the search on the ROC curve in bootstrap resamples of the patients.

    A cut-off that moves far from resample to resample is a property of this sample, not of the
    marker. The distribution of such a cut is not normal, and its percentiles are too narrow where
    the criterion is flat or the marker has few values: they describe instability.

    Parameters
    ----------
    marker : SortedMarker
        High values adverse.
    case_weight, control_weight : array_like (n,)
        >= 0, patient order, as in ``best_cut``; each counts as often as its patient is drawn.
    criterion : {"youden", "closest_corner"}
        As in ``best_cut``.
    resamples : int
        B >= 0.
    seed : int
        Seed; the same seed gives the same cuts.
    min_fraction : float
        As in ``best_cut``.

    Returns
    -------
    CutBootstrap
        The cut in all patients and the cuts in the resamples, in the order of their streams.

    Raises
    ------
    NotEstimable
        As ``best_cut``; a negative number of resamples.

    Notes
    -----
    Cases and controls are drawn together, as the patients were. Agrees with R ``cutpointr``
    (boot_runs) in mean, standard deviation and quantiles within Monte-Carlo error.

    References
    ----------
    Thiele C, Hirschfeld G 2021, doi 10.18637/jss.v098.i11. Altman DG et al. 1994,
    doi 10.1093/jnci/86.11.829.
    """
    found = best_cut(
        marker, case_weight, control_weight, criterion=criterion, min_fraction=min_fraction
    )
    cases = np.ascontiguousarray(case_weight, dtype=np.float64)
    controls = np.ascontiguousarray(control_weight, dtype=np.float64)
    code = ON_CURVE[criterion]

    def search(times: Floats) -> Found:
        return _scan.best(
            marker.values,
            marker.order,
            marker.run_start,
            times,
            times * cases,
            times * controls,
            min_fraction,
            code,
        )

    return _repeated(found, search, marker.values.size, resamples, seed)


def bootstrap_log_rank_cut(
    marker: SortedMarker,
    scores: ArrayLike,
    *,
    resamples: int,
    seed: int,
    min_fraction: float = 0.1,
) -> CutBootstrap:
    """Repeat the search by rank statistic in bootstrap resamples of the patients.

    Parameters
    ----------
    marker : SortedMarker
        The marker.
    scores : array_like (n,)
        As in ``best_log_rank_cut``; each patient keeps the score of the whole sample.
    resamples : int
        B >= 0.
    seed : int
        Seed; the same seed gives the same cuts.
    min_fraction : float
        As in ``best_log_rank_cut``.

    Returns
    -------
    CutBootstrap
        As ``bootstrap_cut``.

    Raises
    ------
    NotEstimable
        As ``best_log_rank_cut``; a negative number of resamples.
    """
    found = best_log_rank_cut(marker, scores, min_fraction=min_fraction)
    ranks = np.ascontiguousarray(scores, dtype=np.float64)

    def search(times: Floats) -> Found:
        return _scan.best(
            marker.values,
            marker.order,
            marker.run_start,
            times,
            ranks,
            None,
            min_fraction,
            RANK,
        )

    return _repeated(found, search, marker.values.size, resamples, seed)


def _repeated(
    found: Cut, search: Callable[[Floats], Found], n: int, resamples: int, seed: int
) -> CutBootstrap:
    if resamples < 0:
        raise refuse(NotEstimable, "resamples", "the number of resamples is negative")
    draw = resample_multiplicities(n, seed, resamples)
    rows = np.empty((resamples, 3))
    for index in range(resamples):
        cut, _, above, statistic, _, _ = search(draw(index))
        rows[index] = cut, above, statistic
    rows = rows[np.isfinite(rows[:, 0])]
    columns = [np.ascontiguousarray(column) for column in rows.T]
    for column in columns:
        column.setflags(write=False)
    return CutBootstrap(found, columns[0], columns[1], columns[2], resamples)
