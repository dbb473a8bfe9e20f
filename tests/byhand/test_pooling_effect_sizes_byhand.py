"""What papers print, turned into effects: closed forms, and refusals by name."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.special import ndtri

from cartwheel.errors import NotEstimable
from cartwheel.stats.pooling import effect_sizes as sizes

# closed forms in floating point
EXACT = {"rel": 1e-12, "abs": 1e-13}
NAN = math.nan


def test_ratio_from_what_is_printed():
    z = ndtri(0.975)
    effect, error = sizes.ratio_from_interval(2.0, 1.0, 4.0)
    assert (effect, error) == pytest.approx((math.log(2), math.log(2) / z), **EXACT)
    effect, error = sizes.ratio_from_interval(2.0, 1.0, 4.0, level=0.9)
    assert error == pytest.approx(math.log(2) / ndtri(0.95), **EXACT)
    assert sizes.ratio_from_std_error(math.e, 0.3) == pytest.approx((1.0, 0.3), **EXACT)
    effect, error = sizes.ratio_from_p_value(2.0, 0.05)
    assert error == pytest.approx(math.log(2) / z, **EXACT)
    assert sizes.difference_from_interval(1.0, 0.0, 2.0) == pytest.approx((1.0, 1 / z), **EXACT)
    assert sizes.difference_from_p_value(-1.0, 0.05) == pytest.approx((-1.0, 1 / z), **EXACT)


def test_hazard_ratio_from_what_is_printed():
    assert sizes.log_hazard_ratio_from_o_minus_e(-5.0, 10.0) == pytest.approx(
        (-0.5, math.sqrt(0.1)), **EXACT
    )
    # V = 20 * 30 / 50 = 12, z = 3
    found = sizes.log_hazard_ratio_from_log_rank(
        chi_square=9.0, events_1=20, events_0=30, direction=-1
    )
    assert found == pytest.approx((-3 / math.sqrt(12), 1 / math.sqrt(12)), **EXACT)
    # one to one: V = events / 4
    found = sizes.log_hazard_ratio_from_log_rank(
        p=0.05, events_1=20, events_0=20, direction=1, n_1=50, n_0=50
    )
    assert found == pytest.approx((ndtri(0.975) / math.sqrt(10), 1 / math.sqrt(10)), **EXACT)
    found = sizes.log_hazard_ratio_from_medians(5.0, 10.0, 20, 5)
    assert found == pytest.approx((math.log(2), 0.5), **EXACT)


def test_c_statistic_and_observed_expected():
    z = ndtri(0.975)
    effect, error = sizes.logit_c_statistic(0.8, interval=(0.5, 0.9))
    assert (effect, error) == pytest.approx((math.log(4), math.log(9) / (2 * z)), **EXACT)
    assert sizes.logit_c_statistic(0.5, std_error=0.05) == pytest.approx((0.0, 0.2), **EXACT)
    # m = 10, l = 10, s = 9 at c = 1/2: 1 + 9/3 + 9/3 = 7 over 100 and c (1 - c) = 1/4
    effect, error = sizes.logit_c_statistic(0.5, n=20, events=10)
    assert (effect, error) == pytest.approx((0.0, math.sqrt(7 / 25)), **EXACT)
    assert sizes.log_observed_expected(20, 10) == pytest.approx(
        (math.log(2), math.sqrt(1 / 20)), **EXACT
    )
    assert sizes.log_observed_expected(20, 10, 40)[1] == pytest.approx(math.sqrt(0.5 / 20), **EXACT)
    assert sizes.log_observed_expected(0.5, 0.25, std_error=0.05) == pytest.approx(
        (math.log(2), 0.1), **EXACT
    )


def test_counts():
    found = sizes.two_by_two([10], [20], [5], [20], "OR")
    assert found.effect == pytest.approx([math.log(3)], **EXACT)
    assert found.variance == pytest.approx([1 / 10 + 1 / 10 + 1 / 5 + 1 / 15], **EXACT)
    assert found.corrected.tolist() == [False]
    zero = sizes.two_by_two([0], [20], [5], [20], "RR")
    assert zero.effect == pytest.approx([math.log(0.5 / 21) - math.log(5.5 / 21)], **EXACT)
    assert zero.corrected.tolist() == [True]
    rate = sizes.incidence_rates([4], [100], [1], [50])
    assert rate.effect == pytest.approx([math.log(2)], **EXACT)
    assert sizes.proportions([5], [20]).effect == pytest.approx([math.log(1 / 3)], **EXACT)


@pytest.mark.parametrize("measure", ["PR", "PLN", "PLO", "PAS", "PFT"])
def test_back_transformation_undoes(measure):
    x, n = np.array([1.0, 5.0, 10.0, 19.0]), np.full(4, 20.0)
    there = sizes.proportions(x, n, measure).effect
    assert sizes.back_transform(there, measure, n) == pytest.approx(x / n, rel=1e-10)


def test_back_transformation_at_the_ends():
    for measure in ("PAS", "PFT"):
        ends = sizes.proportions([0, 20], [20, 20], measure).effect
        assert sizes.back_transform(ends, measure, [20, 20]) == pytest.approx([0.0, 1.0], abs=1e-12)
        outside = sizes.back_transform([-1.0, 9.0], measure, [20, 20])
        assert outside.tolist() == [0.0, 1.0]


@pytest.mark.parametrize(
    ("work", "code"),
    [
        # HR 0.01 (0.05-0.5), as printed in a paper
        (lambda: sizes.ratio_from_interval(0.01, 0.05, 0.5), "estimate_outside_interval"),
        (lambda: sizes.ratio_from_interval(1.0, 2.0, 0.5), "interval_order"),
        (lambda: sizes.ratio_from_interval(1.0, -0.5, 2.0), "not_positive"),
        (lambda: sizes.ratio_from_interval(NAN, 0.5, 2.0), "not_finite"),
        (lambda: sizes.ratio_from_interval(1.0, 0.5, 2.0, level=95), "level"),
        (lambda: sizes.ratio_from_std_error(2.0, 0.0), "not_positive"),
        (lambda: sizes.ratio_from_p_value(1.0, 0.5), "no_effect"),
        (lambda: sizes.ratio_from_p_value(2.0, 0.0), "p_value"),
        (lambda: sizes.ratio_from_p_value(2.0, 1.0), "p_value"),
        (lambda: sizes.log_hazard_ratio_from_log_rank(
            events_1=1, events_0=1, direction=1), "statistic"),
        (lambda: sizes.log_hazard_ratio_from_log_rank(
            events_1=1, events_0=1, direction=0, p=0.1), "direction"),
        (lambda: sizes.log_hazard_ratio_from_log_rank(
            events_1=1, events_0=1, direction=1, p=0.1, n_1=3), "statistic"),
        (lambda: sizes.log_hazard_ratio_from_medians(0.0, 1.0, 5, 5), "not_positive"),
        (lambda: sizes.logit_c_statistic(75.0, n=20, events=10), "c_statistic"),
        (lambda: sizes.logit_c_statistic(0.75), "no_error"),
        (lambda: sizes.logit_c_statistic(0.75, n=10, events=10), "events_exceed_patients"),
        (lambda: sizes.log_observed_expected(0, 5), "not_positive"),
        (lambda: sizes.log_observed_expected(6, 5, 5), "events_exceed_patients"),
        (lambda: sizes.log_observed_expected(5, 5, 5), "no_variance"),
        (lambda: sizes.two_by_two([1], [2], [1], [2], "HR"), "measure_unknown"),
        (lambda: sizes.two_by_two([3], [2], [1], [2]), "events_exceed_patients"),
        (lambda: sizes.two_by_two([-1], [2], [1], [2]), "count_negative"),
        (lambda: sizes.two_by_two([1], [2], [1], [2], add=-1), "add"),
        (lambda: sizes.two_by_two([1], [2], [1], [2], where="some"), "where_unknown"),
        (lambda: sizes.proportions([1], [0]), "no_patients"),
        (lambda: sizes.proportions([1], [2], "logit"), "measure_unknown"),
        (lambda: sizes.back_transform([0.5], "logit"), "measure_unknown"),
        (lambda: sizes.back_transform([0.5], "PFT"), "n_missing"),
        (lambda: sizes.incidence_rates([1], [0], [1], [1]), "no_person_time"),
        (lambda: sizes.mean_difference([1], [0], [5], [1], [1], [5]), "sd_not_positive"),
        (lambda: sizes.mean_difference([1], [1], [1], [1], [1], [5]), "too_few_patients"),
    ],
)  # fmt: skip
def test_refusals_of_what_is_printed(work, code):
    with pytest.raises(NotEstimable) as refused:
        work()
    assert [problem.code for problem in refused.value.problems] == [code]
