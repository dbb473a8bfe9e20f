"""Slow: the error of the first kind of a cut-off that was searched for, with and without care."""

from __future__ import annotations

import numpy as np
import pytest

from cartwheel.stats.cut_metrics import best_cut_by_metric, chi_square_p
from cartwheel.stats.cutpoint import best_log_rank_cut, candidate_cuts, permutation_p, sorted_marker
from cartwheel.stats.log_rank import log_rank, log_rank_scores
from cartwheel.stats.maximally_selected_gauss import gaussian_p
from cartwheel.stats.times import survival_times

N, RUNS = 100, 1000
# four standard errors of a share of 5 per cent
MARGIN = 4.0 * np.sqrt(0.05 * 0.95 / RUNS)


@pytest.mark.slow
def test_a_searched_cut_rejects_too_often_unless_the_search_is_counted():
    rng = np.random.default_rng(20261121)
    naive, permuted, gauss = (np.empty(RUNS) for _ in range(3))
    for run in range(RUNS):
        x = rng.normal(size=N)
        times = survival_times(np.minimum(rng.exponential(10.0, N), 15.0), rng.random(N) < 0.7)
        marker, scores = sorted_marker(x), log_rank_scores(times)
        found = best_log_rank_cut(marker, scores, min_fraction=0.1)
        naive[run] = log_rank(times, x > found.cut).p_value
        sizes = candidate_cuts(marker, min_fraction=0.1).group_sizes
        gauss[run] = gaussian_p(found.statistic, sizes, N)
        permuted[run] = permutation_p(
            marker,
            scores=scores,
            criterion="max_log_rank",
            min_fraction=0.1,
            permutations=999,
            seed=run,
        ).p_value
    # the naive p-value takes the searched cut for one chosen beforehand: more than three times 5 %
    assert (naive < 0.05).mean() > 0.15
    # a permutation test keeps its level whatever the sample
    assert abs((permuted <= 0.05).mean() - 0.05) < MARGIN
    # the normal approximation may lose a little in groups of ten
    assert abs((gauss < 0.05).mean() - 0.05) < MARGIN + 0.02
    # and never replaces one bias by the other
    assert (gauss < 0.05).mean() < 0.3 * (naive < 0.05).mean()


@pytest.mark.slow
def test_the_same_for_a_binary_outcome():
    rng = np.random.default_rng(20261122)
    naive, permuted = np.empty(RUNS), np.empty(RUNS)
    for run in range(RUNS):
        event = (rng.random(N) < 0.4).astype(float)
        marker = sorted_marker(rng.normal(size=N))
        found = best_cut_by_metric(
            marker, event, 1.0 - event, metric="chi_square", min_fraction=0.1
        )
        naive[run] = chi_square_p(found.value)
        permuted[run] = permutation_p(
            marker,
            scores=event,
            criterion="max_log_rank",
            min_fraction=0.1,
            permutations=999,
            seed=run,
        ).p_value
    assert (naive < 0.05).mean() > 0.15
    assert abs((permuted <= 0.05).mean() - 0.05) < MARGIN
