"""Log-rank tests on samples small enough for paper."""

from __future__ import annotations

import math

import numpy as np
import pytest

from cartwheel.errors import NotEstimable
from cartwheel.stats.log_rank import log_rank, log_rank_scores, log_rank_trend
from cartwheel.stats.survival import survival_times

EXACT = 1e-13  # a handful of sums and quotients


def test_two_groups() -> None:
    found = log_rank(survival_times([1, 2, 3, 4], [1, 1, 1, 1]), ["a", "a", "b", "b"])
    # a: expected 2/4 + 1/3 + 0; variance 1/4 + 2/9
    assert found.labels == ("a", "b")
    assert found.observed.tolist() == [2, 2]
    np.testing.assert_allclose(found.expected, [5 / 6, 19 / 6], rtol=EXACT)
    assert found.statistic == pytest.approx((7 / 6) ** 2 / (17 / 36), rel=EXACT)
    assert found.p_value == pytest.approx(math.erfc(math.sqrt(found.statistic / 2)), rel=1e-12)
    assert (found.df, found.n.tolist()) == (1, [2, 2])


def test_tied_deaths() -> None:
    found = log_rank(survival_times([1, 1, 1, 2], [1, 1, 0, 0]), [0, 1, 1, 0])
    # d = 2 of Y = 4, two in each group: variance 2 (1/2)(1/2)(4 - 2)/(4 - 1)
    np.testing.assert_allclose(found.variance[0, 0], 1 / 3, rtol=EXACT)
    assert found.statistic == pytest.approx(0.0, abs=EXACT)


def test_trend_of_two_groups_is_the_test() -> None:
    times, group = survival_times([1, 2, 3, 4, 5], [1, 1, 0, 1, 1]), np.array([1, 2, 1, 2, 2])
    both, trend = log_rank(times, group), log_rank_trend(times, group)
    assert trend.statistic == pytest.approx(both.statistic, rel=EXACT)
    assert trend.p_value == pytest.approx(both.p_value, rel=EXACT)
    assert trend.df == 1


def test_a_group_never_at_risk_while_events_happen_is_left_out() -> None:
    times = survival_times([1, 2, 3, 4, 5], [0, 1, 1, 1, 0])
    three = log_rank(times, ["early", "x", "y", "x", "y"])
    two = log_rank(survival_times([2, 3, 4, 5], [1, 1, 1, 0]), ["x", "y", "x", "y"])
    assert (three.df, len(three.labels)) == (1, 3)
    assert three.statistic == pytest.approx(two.statistic, rel=EXACT)


def test_scores() -> None:
    # at 1: 1/(2 + 1); at 2, two patients of whom one dies: 1/(0 + 1)
    found = log_rank_scores(survival_times([1, 2, 2], [1, 0, 1]))
    np.testing.assert_allclose(found, [1 - 1 / 3, -4 / 3, 1 - 4 / 3], rtol=EXACT)


@pytest.mark.parametrize(
    ("group", "code"),
    [
        (["a", "a", "a"], "one_group"),
        (["a", "b"], "group_shape"),
        ([1.0, 2.0, np.nan], "group_missing"),
        (np.array(["a", "b", None], dtype=object), "group_missing"),
    ],
)
def test_groups_that_cannot_be_compared(group: object, code: str) -> None:
    with pytest.raises(NotEstimable) as refusal:
        log_rank(survival_times([1, 2, 3], [1, 1, 1]), group)
    assert refusal.value.problems[0].code == code


def test_without_events_nothing_is_tested() -> None:
    times = survival_times([1, 2], [0, 0])
    with pytest.raises(NotEstimable, match="no event"):
        log_rank(times, [0, 1])
    with pytest.raises(NotEstimable, match="no event"):
        log_rank_trend(times, [0, 1])


def test_groups_whose_follow_up_never_overlaps() -> None:
    times = survival_times([1, 2, 3, 4], [1, 0, 1, 0])
    with pytest.raises(NotEstimable):
        log_rank(times, ["a", "a", "b", "b"], strata=[0, 0, 1, 1])
