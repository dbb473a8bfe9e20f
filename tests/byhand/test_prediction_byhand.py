"""Accuracy over time, calibration, decisions and reclassification on small samples."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.special import expit

from cartwheel.stats.calibration_curves import (
    calibration_curve,
    calibration_curve_over_time,
    observed_expected,
)
from cartwheel.stats.calibration_over_time import survival_calibration_groups
from cartwheel.stats.competing import competing_times
from cartwheel.stats.concordance import concordance
from cartwheel.stats.decision import decision_curve, decision_curve_over_time
from cartwheel.stats.delong import delong
from cartwheel.stats.hosmer_lemeshow import hosmer_lemeshow
from cartwheel.stats.integrated_brier import brier_with_error, integrated_brier
from cartwheel.stats.lowess import lowess
from cartwheel.stats.reclassification import discrimination_improvement, net_reclassification
from cartwheel.stats.time_dependent import time_dependent_auc
from cartwheel.stats.times import survival_times
from cartwheel.stats.uno import compare_uno, uno_concordance

R = 1e-12


def test_auc_without_censoring_is_that_of_the_binary_event() -> None:
    rng = np.random.default_rng(3)
    score = np.round(rng.normal(size=50), 1)
    time = rng.exponential(size=50) * np.exp(-score)
    found = time_dependent_auc(survival_times(time, np.ones(50)), score, 0.5)
    event = time <= 0.5
    stated = delong(score, event).estimate()
    assert found.auc[0] == pytest.approx(stated.value, rel=R)
    # DeLong divides by m - 1 and k - 1 within classes, the influence function by n - 1 overall
    shift = np.where(event, event.sum(), 50 - event.sum())
    assert shift.min() > 10
    half = (stated.high - stated.value) / 1.959963984540054
    assert found.std_error[0] == pytest.approx(half, rel=0.03)


def test_auc_by_hand() -> None:
    # horizon 2: case at 1 (weight 1) and at 2 (G = 2/3 after the censoring at 1.5 among three)
    times = survival_times([1.0, 1.5, 2.0, 3.0], [1, 0, 1, 1])
    found = time_dependent_auc(times, [4.0, 9.0, 1.0, 2.0], 2.0)
    # the control scores 2: concordant with the first case only
    assert found.auc[0] == pytest.approx(1.0 / (1.0 + 1.5), rel=R)
    assert (found.cases[0], found.controls[0], found.censored[0]) == (2, 1, 1)
    strict = time_dependent_auc(times, [4.0, 9.0, 1.0, 2.0], 2.0, at_horizon="neither")
    assert strict.auc[0] == pytest.approx(1.0, rel=R)


def test_definitions_with_competing_events() -> None:
    # no censoring: case scores 3; event-free score 1, other event scores 5
    times = competing_times([1.0, 2.0, 4.0], [1, 2, 1])
    score = [3.0, 5.0, 1.0]
    assert time_dependent_auc(times, score, 3.0).auc[0] == pytest.approx(1.0, rel=R)
    either = time_dependent_auc(times, score, 3.0, controls="not-case")
    assert either.auc[0] == pytest.approx(0.5, rel=R)


def test_uno_without_censoring_is_harrell() -> None:
    rng = np.random.default_rng(4)
    time, score = rng.exponential(size=40), np.round(rng.normal(size=40), 1)
    times = survival_times(time, np.ones(40))
    for weighting in ("uno", "gerds"):
        found = uno_concordance(times, score, 1e9, weighting=weighting)
        assert found.c == pytest.approx(concordance(times, score), rel=R)


def test_uno_by_hand() -> None:
    # the censoring at 2 among three leaves G = 2/3: pairs (1; 2, 3, 4) weigh 1, (3; 4) weighs 9/4
    times = survival_times([1.0, 2.0, 3.0, 4.0], [1, 0, 1, 0])
    score = [2.0, 1.0, 2.0, 0.0]
    # of the first three pairs one is tied, two concordant; the last is concordant
    assert uno_concordance(times, score, 5.0).c == pytest.approx((2.5 + 2.25) / (3 + 2.25), rel=R)
    assert uno_concordance(times, score, 3.0).c == pytest.approx(2.5 / 3, rel=R)
    # Gerds: at 3 nobody is censored there, G(3-) G(3) is the same
    found = uno_concordance(times, score, 3.0, weighting="gerds")
    assert found.c == pytest.approx((2.5 + 2.25) / (3 + 2.25), rel=R)
    other = uno_concordance(times, [0.0, 1.0, 2.0, 3.0], 5.0)
    paired = compare_uno(uno_concordance(times, score, 5.0), other)
    assert paired.difference.value == pytest.approx((2.5 + 2.25) / 5.25 - other.c, rel=R)


def test_brier_without_censoring() -> None:
    times = survival_times([1.0, 2.0, 3.0, 4.0], [1, 1, 1, 1])
    risk = np.array([0.9, 0.4, 0.5, 0.1])
    squares = np.array([0.01, 0.36, 0.25, 0.01])
    found = brier_with_error(times, risk, 2.0)
    assert found.value == pytest.approx(squares.mean(), rel=R)
    assert found.std_error == pytest.approx(squares.std(ddof=1) / 2, rel=R)
    # half have the event: null is 1/4
    assert found.null == pytest.approx(0.25, rel=R)
    assert found.scaled == pytest.approx(1 - squares.mean() / 0.25, rel=R)


def test_brier_with_a_competing_event() -> None:
    times = competing_times([1.0, 2.0, 3.0, 4.0], [1, 2, 1, 1])
    found = brier_with_error(times, [0.9, 0.4, 0.5, 0.1], 2.0)
    # the second has another event: outcome 0
    assert found.value == pytest.approx((0.01 + 0.16 + 0.25 + 0.01) / 4, rel=R)
    assert found.null == pytest.approx(0.25 * 0.75, rel=R)


def test_integrated_brier_is_a_step_sum() -> None:
    times = survival_times([1.0, 2.0], [1, 1])
    # constant risk 1/2: 1/4 from the first grid time on
    half = lambda _: [0.5, 0.5]  # noqa: E731
    assert integrated_brier(times, half, 2.0) == pytest.approx(0.25 * 1 / 2, rel=R)
    assert integrated_brier(times, half, 2.0, grid=[0.0, 1.0]) == pytest.approx(0.25, rel=R)


def test_net_benefit_by_hand() -> None:
    # at 0.25 three are treated, two of them with the event: 2/5 - 1/5 * 1/3
    found = decision_curve([0.1, 0.25, 0.3, 0.9, 0.2], [0, 1, 0, 1, 1], [0.25, 0.95])
    assert found.net_benefit[0] == pytest.approx(0.4 - 0.2 / 3, rel=R)
    assert found.treat_all[0] == pytest.approx(0.6 - 0.4 / 3, rel=R)
    # everybody: 2 treated without the event; here 1, but one event is missed: (NB - all) * 3
    assert found.interventions_avoided[0] == pytest.approx(3 * (-0.2 + 0.2 / 3), rel=R)
    # nobody reaches 0.95
    assert found.net_benefit[1] == 0.0
    assert found.estimable.all()
    harmful = decision_curve([0.1, 0.25], [0, 1], [0.2], harm=0.01)
    assert harmful.net_benefit[0] == pytest.approx(0.5 - 0.01, rel=R)


def test_net_benefit_over_time() -> None:
    times = survival_times([1.0, 2.0, 3.0, 1.5], [1, 1, 0, 0])
    found = decision_curve_over_time(times, [0.8, 0.6, 0.7, 0.9], 2.5, [0.5, 0.65, 0.75, 0.95])
    # at 0.5 everybody: S = 3/4 * 1/2; at 0.65 patients 1, 3 and 4: S = 2/3
    np.testing.assert_allclose(found.true_positive_rate[:2], [5 / 8, 3 / 4 / 3], rtol=R)
    np.testing.assert_allclose(found.false_positive_rate[:2], [3 / 8, 3 / 4 * 2 / 3], rtol=R)
    # at 0.75 patients 1 and 4: nobody is followed to 2.5, and one was censored; nobody at 0.95
    assert found.estimable.tolist() == [True, True, False, True]
    assert found.net_benefit[3] == 0.0
    # all above the threshold had the event: their risk is 1 although none is followed to 2.5
    certain = decision_curve_over_time(times, [0.8, 0.6, 0.1, 0.1], 2.5, [0.5])
    assert certain.true_positive_rate[0] == pytest.approx(0.5, rel=R)


def test_reclassification_by_hand() -> None:
    old = [0.1, 0.3, 0.5, 0.1, 0.3, 0.5]
    new = [0.3, 0.5, 0.3, 0.1, 0.1, 0.5]
    event = [1, 1, 1, 0, 0, 0]
    free = net_reclassification(old, new, event)
    # events: two up, one down; others: one down
    assert free.nri_events.value == pytest.approx(1 / 3, rel=R)
    assert free.nri_nonevents.value == pytest.approx(1 / 3, rel=R)
    coarse = net_reclassification(old, new, event, cuts=[0.4])
    # only the second (up) and third (down) cross 0.4
    assert coarse.nri.value == pytest.approx(0.0, abs=R)
    assert coarse.table_events is not None
    assert coarse.table_events.tolist() == [[1, 1], [1, 0]]
    idi = discrimination_improvement(old, new, event)
    assert idi.idi.value == pytest.approx((0.2 + 0.2 - 0.2) / 3 + 0.2 / 3, rel=R)


def test_hosmer_lemeshow_by_hand() -> None:
    risk = np.repeat([0.2, 0.5, 0.8], 10)
    event = np.concatenate((np.arange(10) < 4, np.arange(10) < 5, np.arange(10) < 7))
    found = hosmer_lemeshow(risk, event, 3)
    # groups of 10: 4 against 2, 5 against 5, 7 against 8
    expected = 4 / 2 + 4 / 8 + 0 + 1 / 8 + 1 / 2
    assert found.statistic == pytest.approx(expected, rel=R)
    assert found.df == 1


def test_lowess_keeps_a_straight_line() -> None:
    x = np.array([0.3, 0.1, 0.9, 0.5, 0.7, 0.2])
    np.testing.assert_allclose(lowess(x, 2 * x - 1), 2 * x - 1, atol=1e-14)
    np.testing.assert_allclose(lowess(x, 2 * x - 1, delta=0.0, span=1.0), 2 * x - 1, atol=1e-14)


def test_lowess_of_three_points() -> None:
    # span 1: at the middle the ends lie at the edge of the window and weigh 0
    assert lowess([0.0, 1.0, 2.0], [0.0, 1.0, 0.0], span=1.0)[1] == pytest.approx(1.0, rel=R)


def test_a_calibrated_model_has_the_identity_as_its_curve() -> None:
    # events at exactly the predicted frequency in every group: the likelihood's maximum
    risk = np.repeat([0.1, 0.3, 0.5, 0.7, 0.9], 10)
    event = np.concatenate([np.arange(10) < 10 * p for p in (0.1, 0.3, 0.5, 0.7, 0.9)])
    curve = calibration_curve(risk, event, n_knots=3)
    np.testing.assert_allclose(curve.observed, curve.risk, rtol=1e-7)
    assert curve.e_max < 1e-7
    assert observed_expected(risk, event).value == pytest.approx(1.0, rel=R)


def test_curve_of_exponential_times_is_near_the_truth() -> None:
    rng = np.random.default_rng(5)
    linear = rng.uniform(-3.0, 1.0, size=20_000)
    time, stop = rng.exponential(size=20_000) / np.exp(linear), 2 * rng.random(20_000)
    times = survival_times(np.minimum(time, stop), time <= stop)
    truth = -np.expm1(-np.exp(linear))
    curve = calibration_curve_over_time(times, truth, 1.0)
    # the mean absolute error of n = 20,000 is some 0.003
    assert curve.ici < 0.01
    # risks overstated on the log odds scale by one
    wrong = calibration_curve_over_time(times, expit(np.log(truth / (1 - truth)) + 1), 1.0)
    assert wrong.ici > 0.1
    ratio = observed_expected(truth, times, 1.0)
    assert ratio.value == pytest.approx(1.0, abs=0.02)


def test_observed_expected_by_hand() -> None:
    found = observed_expected([0.5, 0.5, 0.25, 0.75], [1, 0, 1, 1])
    assert found.value == pytest.approx(0.75 / 0.5, rel=R)
    error = math.sqrt(0.75 * 0.25 / 4) / 0.75
    assert found.high == pytest.approx(1.5 * math.exp(1.959963984540054 * error), rel=R)


def test_groups_over_time_by_hand() -> None:
    times = survival_times([1.0, 3.0, 1.0, 2.0], [1, 0, 1, 1])
    found = survival_calibration_groups(times, [0.1, 0.2, 0.8, 0.9], 2.5, 2)
    np.testing.assert_allclose(found.observed, [0.5, 1.0], rtol=R)
    np.testing.assert_allclose(found.mean_risk, [0.15, 0.85], rtol=R)
    assert found.events.tolist() == [1, 2]
    assert found.std_error[1] == 0.0
