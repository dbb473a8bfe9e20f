"""Searched cut-offs: how much they move, and what they are worth by chance."""

# ruff: noqa: PLC0415 - what is not installed must not stop the others

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cohorts import columns_of, survival_data
from peers import r_seconds
from timing import Comparison, against, paced

Vector = NDArray[np.float64]
RESAMPLES, PERMUTATIONS = 1000, 9999
FEW = 50  # resamples of a slow peer, scaled


def _marker(n: int) -> tuple[Vector, Vector]:
    """Marker with two decimals and an event in a third of the patients."""
    random = np.random.default_rng(3)
    event = (random.random(n) < 1 / 3).astype(np.float64)
    return np.round(random.standard_normal(n) + 0.8 * event, 2), event


def _youden_ours() -> float:
    from cartwheel.stats.cut_bootstrap import bootstrap_cut
    from cartwheel.stats.sorted_marker import sorted_marker

    marker, event = _marker(500)
    return paced(
        lambda: bootstrap_cut(
            sorted_marker(marker),
            event,
            1.0 - event,
            criterion="youden",
            resamples=RESAMPLES,
            seed=1,
        )
    )


def _youden_cutpointr() -> float:
    marker, event = _marker(500)
    few = r_seconds("cutpointr", {"x0": marker, "event": event}, FEW)
    return few * RESAMPLES / FEW


def youden_cut() -> list[Comparison]:
    """Youden's cut-off and 1000 bootstrap resamples of the search."""
    return against(
        "Youden cut, n=500, B=1000",
        _youden_ours,
        {"R cutpointr": _youden_cutpointr},
        f"peer scaled from {FEW} resamples and measures each cut in and out of the bag",
    )


def _permuted_ours() -> float:
    from cartwheel.stats.cut_permutation import permutation_p
    from cartwheel.stats.cutpoint import best_log_rank_cut
    from cartwheel.stats.log_rank import log_rank_scores
    from cartwheel.stats.sorted_marker import sorted_marker
    from cartwheel.stats.survival import survival_times

    data = survival_data(200, 1)

    def work() -> None:
        marker = sorted_marker(data.x[:, 0])
        scores = log_rank_scores(survival_times(data.time, data.event))
        best_log_rank_cut(marker, scores, min_fraction=0.1)
        permutation_p(
            marker,
            criterion="max_log_rank",
            min_fraction=0.1,
            seed=1,
            permutations=PERMUTATIONS,
            scores=scores,
        )

    return paced(work)


def maximally_selected() -> list[Comparison]:
    """Maximally selected log-rank statistic, its p-value by conditional Monte Carlo."""
    return against(
        "maximally selected log-rank, n=200, B=9999",
        _permuted_ours,
        {
            "R maxstat condMC": lambda: r_seconds(
                "maxstat", columns_of(survival_data(200, 1)), PERMUTATIONS
            )
        },
    )


CASES = (youden_cut, maximally_selected)
