"""P-values of searched cuts against closed forms and complete enumeration."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from scipy.special import ndtr
from scipy.stats import multivariate_normal

from cartwheel.errors import NotEstimable
from cartwheel.stats.cutpoint import best_log_rank_cut, candidate_cuts, sorted_marker
from cartwheel.stats.log_rank import log_rank_scores
from cartwheel.stats.maximally_selected_exact import hothorn_lausen_p, integer_scores
from cartwheel.stats.maximally_selected_gauss import gaussian_p
from cartwheel.stats.rank_scores import (
    median_scores,
    nelson_aalen_scores,
    normal_scores,
    wilcoxon_scores,
)
from cartwheel.stats.times import survival_times


@pytest.mark.parametrize("b", [0.3, 1.96, 5.0, 12.0, 30.0])
def test_one_cut_is_the_plain_normal_test(b):
    # the only loss is that of erfc
    assert gaussian_p(b, [10], 25) == pytest.approx(2.0 * float(ndtr(-b)), rel=1e-13)
    assert gaussian_p(-b, [10], 25) == gaussian_p(b, [10], 25)
    assert gaussian_p(0.0, [10, 12], 25) == 1.0


@pytest.mark.parametrize("b", [0.5, 1.0, 1.96, 3.0])
@pytest.mark.parametrize("sizes", [(10, 11), (2, 38), (20, 30)])
def test_two_cuts_are_a_rectangle_of_the_bivariate_normal(b, sizes):
    n, (first, second) = 40, sizes
    r = np.sqrt(first * (n - second) / ((n - first) * second))
    inside = multivariate_normal([0, 0], [[1, r], [r, 1]]).cdf([b, b], lower_limit=[-b, -b])
    # scipy's own bivariate integral is good to about 1e-8
    assert gaussian_p(b, sizes, n) == pytest.approx(1.0 - inside, rel=1e-7)


def test_three_cuts_far_in_the_tail_lie_between_the_bonferroni_bounds():
    n, sizes, b = 60, [15, 30, 45], 7.0
    single = 2.0 * float(ndtr(-b))
    pairs = sum(2.0 * single - gaussian_p(b, two, n) for two in ([15, 30], [30, 45], [15, 45]))
    p = gaussian_p(b, sizes, n)
    assert 3.0 * single - pairs <= p <= 3.0 * single
    assert p == pytest.approx(3.0 * single - pairs, rel=1e-3)


def test_too_many_cuts_are_refused_before_they_are_tried():
    n = 200_000
    with pytest.raises(NotEstimable, match="too many"):
        gaussian_p(3.0, np.arange(n // 10, 9 * n // 10), n)


@pytest.mark.parametrize("bad", [[0, 3], [3, 3], [5, 4], [3, 25], []])
def test_sizes_that_are_none_are_refused(bad):
    with pytest.raises(NotEstimable):
        gaussian_p(2.0, bad, 25)
    with pytest.raises(NotEstimable):
        hothorn_lausen_p(2.0, np.arange(25), bad)


def exact_p(scores: np.ndarray, sizes: np.ndarray, observed: float) -> float:
    """Share of all orders in which the largest statistic reaches the one observed."""
    orders = np.array(list(permutations(scores)), dtype=float)
    n = scores.size
    low = np.cumsum(orders, axis=1)[:, sizes - 1] - sizes * scores.mean()
    variance = sizes * (n - sizes) / (n * (n - 1.0)) * np.sum((scores - scores.mean()) ** 2)
    z = np.abs(low / np.sqrt(variance)).max(axis=1)
    return float(np.mean(z >= observed * (1.0 - 1e-12)))


@pytest.mark.parametrize(
    "scores", [[0, 1, 2, 3, 4, 5, 6], [0, 0, 0, 1, 1, 1, 1], [0, 0, 2, 3, 9, 9, 12]]
)
def test_the_exact_bound_against_all_orders(scores):
    values = np.array(scores, dtype=float)
    n = values.size
    for sizes in (np.arange(1, n), np.array([2, 3, 5]), np.array([3])):
        for observed in (1.2, 1.7, 2.1):
            p = exact_p(values, sizes, observed)
            bound = hothorn_lausen_p(observed, values, sizes)
            each = sum(exact_p(values, np.array([m]), observed) for m in sizes)
            # between the truth and Bonferroni's sum; rounding of sums of probabilities
            assert p - 1e-12 <= bound <= min(1.0, each) + 1e-12
            if sizes.size == 1:
                assert bound == pytest.approx(p, rel=1e-12, abs=1e-15)


def test_the_statistic_itself_counts_as_reached():
    scores = np.array([0, 0, 1, 1, 2, 3, 5])
    marker = sorted_marker(np.arange(7))
    sizes = candidate_cuts(marker, min_fraction=0.2).group_sizes
    statistic = abs(best_log_rank_cut(marker, scores, min_fraction=0.2).statistic)
    p = exact_p(scores.astype(float), sizes, statistic)
    assert p > 0.0
    assert hothorn_lausen_p(statistic, scores, sizes) >= p - 1e-12
    assert hothorn_lausen_p(statistic, scores, sizes, convention="maxstat") < p


def test_scores_made_whole():
    np.testing.assert_array_equal(integer_scores([3, 5, 9]), [0, 2, 6])
    np.testing.assert_array_equal(integer_scores([1.5, 1.5, 3.0]), [0, 0, 3])
    # stretched to 0..n: 0, 0.37, 3
    np.testing.assert_array_equal(integer_scores([0.1, 0.2, 0.91]), [0, 0, 3])
    for bad in ([2, 2, 2], [1.0, np.nan], []):
        with pytest.raises(NotEstimable):
            integer_scores(bad)
    with pytest.raises(NotEstimable, match="whole"):
        hothorn_lausen_p(2.0, [0.1, 0.2, 0.91], [1])
    with pytest.raises(NotEstimable, match="convention"):
        hothorn_lausen_p(2.0, [0, 1, 2], [1], convention="mean")
    with pytest.raises(NotEstimable, match="does not fit"):
        hothorn_lausen_p(2.0, np.arange(2000), [1000])


def test_scores_of_ranks():
    values = [7.0, 1.0, 7.0, 3.0]
    np.testing.assert_array_equal(wilcoxon_scores(values), [3.5, 1.0, 3.5, 2.0])
    np.testing.assert_array_equal(median_scores(values), [1.0, 0.0, 1.0, 0.0])
    np.testing.assert_allclose(ndtr(normal_scores(values)), np.array([3.5, 1.0, 3.5, 2.0]) / 5.0)


def test_scores_of_survival():
    times = survival_times([1, 2, 2, 3, 4], [1, 1, 1, 0, 1])
    # hazards 1/5, 2/4, 0, 1/1
    np.testing.assert_allclose(nelson_aalen_scores(times), [0.8, 0.3, 0.3, -0.7, -0.7])
    untied = survival_times([4, 1, 3, 2], [0, 1, 1, 1])
    np.testing.assert_allclose(nelson_aalen_scores(untied), log_rank_scores(untied), rtol=1e-14)


def test_maximally_selected_wilcoxon_is_the_rank_sum_of_its_cut():
    outcome, x = [2.0, 1.0, 4.0, 3.0, 6.0, 5.0], [1, 2, 3, 4, 5, 6]
    found = best_log_rank_cut(sorted_marker(x), wilcoxon_scores(outcome), min_fraction=0.1)
    # ranks below 2.5 sum to 3 of an expected 7, below 4.5 to 10 of 14, variance 14/3 both
    assert found.cut == 2.5
    assert found.statistic == pytest.approx(4.0 / np.sqrt(14.0 / 3.0))
