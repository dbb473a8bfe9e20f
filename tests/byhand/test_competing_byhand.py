"""Competing risks on samples small enough for a sheet of paper."""

from __future__ import annotations

import math

import numpy as np
import pytest

from cartwheel.errors import NotEstimable
from cartwheel.stats.competing import (
    aalen_johansen,
    cumulative_incidence_at,
    mean_time_lost,
)
from cartwheel.stats.competing_times import competing_times
from cartwheel.stats.cox import cox_fit
from cartwheel.stats.fine_gray import fine_gray
from cartwheel.stats.gray import gray_test
from cartwheel.stats.times import survival_times

# rounding of a few sums
R = 1e-12


def five():
    # cause 1 at 1 and 3, cause 2 at 2, censored at 2 and 4
    return competing_times([1.0, 2.0, 2.0, 3.0, 4.0], [1, 2, 0, 1, 0])


def test_five_patients() -> None:
    # S: 4/5, then 4/5 * 3/4 = 3/5, then 3/5 * 1/2 = 3/10
    # F1: 1/5, 1/5, 1/5 + 3/5 * 1/2 = 1/2; F2: 0, 4/5 * 1/4 = 1/5, 1/5
    curve = aalen_johansen(five())
    np.testing.assert_allclose(curve.probability[:, 0], [0.8, 0.6, 0.3, 0.3], rtol=R)
    np.testing.assert_allclose(curve.probability[:, 1], [0.2, 0.2, 0.5, 0.5], rtol=R)
    np.testing.assert_allclose(curve.probability[:, 2], [0.0, 0.2, 0.2, 0.2], rtol=R, atol=R)
    assert curve.n_risk.tolist() == [5, 4, 2, 1]
    assert curve.n_event.tolist() == [[1, 0], [0, 1], [1, 0], [0, 0]]
    assert cumulative_incidence_at(five(), 1, 3.5) == pytest.approx(0.5, rel=R)
    # areas up to 4: F1 is 0.2 on [1, 3) and 0.5 on [3, 4); S is 1, 0.8, 0.6, 0.3
    assert mean_time_lost(five(), 1, 4.0).value == pytest.approx(0.9, rel=R)
    assert mean_time_lost(five(), 2, 4.0).value == pytest.approx(0.4, rel=R)
    assert mean_time_lost(five(), 0, 4.0).value == pytest.approx(2.7, rel=R)


def test_without_censoring_the_errors_are_binomial() -> None:
    causes = [1, 2, 1, 1, 2, 1, 2, 2, 1, 1]
    sample = competing_times(np.arange(1.0, 11.0), causes)
    jackknife = aalen_johansen(sample)
    for row in range(10):
        p = np.array([causes[: row + 1].count(code) / 10 for code in (1, 2)])
        np.testing.assert_allclose(jackknife.probability[row, 1:], p, rtol=R, atol=R)
        error = np.sqrt(p * (1 - p) / 10)
        np.testing.assert_allclose(jackknife.std_error[row, 1:], error, rtol=1e-10, atol=1e-9)
    area = mean_time_lost(sample, 1, 10.0)
    lost = np.array([10.0 - t if c == 1 else 0.0 for t, c in enumerate(causes, start=1)])
    assert area.value == pytest.approx(lost.mean(), rel=R)
    half = 1.959963984540054 * math.sqrt(lost.var() / 10)
    assert area.high == pytest.approx(lost.mean() + half, rel=1e-10)


def test_late_entry() -> None:
    # the fourth patient comes under observation at 2.5: at risk at 3 only
    curve = aalen_johansen(five(), entry=[0.0, 0.0, 0.0, 2.5, 0.0])
    assert curve.n_risk.tolist() == [4, 3, 2, 1]
    # S: 3/4, 3/4 * 2/3 = 1/2, 1/4; F1: 1/4, 1/4, 1/4 + 1/2 * 1/2
    np.testing.assert_allclose(curve.probability[:, 0], [0.75, 0.5, 0.25, 0.25], rtol=R)
    np.testing.assert_allclose(curve.probability[:, 1], [0.25, 0.25, 0.5, 0.5], rtol=R)


def test_one_cause_is_one_minus_kaplan_meier() -> None:
    sample = competing_times([1.0, 2.0, 2.0, 3.0], [1, 1, 0, 1])
    curve = aalen_johansen(sample, variance="aalen")
    np.testing.assert_allclose(curve.probability[:, 1], [0.25, 0.5, 1.0], rtol=R)


def test_fine_gray_without_competing_events_is_cox_with_breslow_ties() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(60, 2))
    time = np.ceil(rng.exponential(size=60) * np.exp(-x[:, 0]) * 10)
    event = rng.random(60) < 0.7
    ours = fine_gray(competing_times(time, event.astype(int)), x)
    cox = cox_fit(survival_times(time, event), x, ties="breslow")
    np.testing.assert_allclose(ours.coefficients, cox.coefficients, rtol=1e-9)
    np.testing.assert_allclose(ours.inverse_information, cox.covariance, rtol=1e-8)
    assert ours.log_likelihood == pytest.approx(cox.log_likelihood, rel=1e-12)


def test_fine_gray_without_censoring_keeps_competing_events_for_ever() -> None:
    rng = np.random.default_rng(2)
    x = rng.normal(size=(80, 2))
    time = rng.exponential(size=80)
    cause = rng.integers(1, 3, size=80)
    ours = fine_gray(competing_times(time, cause), x)
    never = np.where(cause == 1, time, time.max() + 1.0)
    cox = cox_fit(survival_times(never, cause == 1), x, ties="breslow")
    np.testing.assert_allclose(ours.coefficients, cox.coefficients, rtol=1e-9)
    np.testing.assert_allclose(ours.inverse_information, cox.covariance, rtol=1e-8)


def test_fine_gray_weights_by_hand() -> None:
    # one binary column; b solves the score equation written out below
    time = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    cause = [2, 1, 0, 1, 2, 1]
    x = np.array([1.0, 0.0, 1.0, 1.0, 0.0, 0.0])
    fit = fine_gray(competing_times(time, cause), x)
    r = math.exp(fit.coefficients[0])
    # censoring at 3 among four at risk: G is 3/4 from then on, 1 before
    at_2 = (r + 1.0 + r + r + 1.0 + 1.0, r + r + r)  # the first patient's weight is 1
    at_4 = (0.75 * r + r + 1.0 + 1.0, 0.75 * r + r)
    at_6 = (0.75 * r + 1.0 + 1.0, 0.75 * r)  # the fifth left at 5, G(5-) = G(6-)
    score = sum(
        own - s1 / s0 for own, (s0, s1) in zip((0.0, 1.0, 0.0), (at_2, at_4, at_6), strict=True)
    )
    assert score == pytest.approx(0.0, abs=1e-10)
    np.testing.assert_allclose(fit.baseline_jump, [1 / at_2[0], 1 / at_4[0], 1 / at_6[0]], rtol=R)
    assert fit.incidence([1.0], 2.0)[0, 0] == pytest.approx(1 - math.exp(-r / at_2[0]), rel=R)


def test_gray_without_other_events_and_ties_is_near_the_log_rank_test() -> None:
    # without other events R_k = Y_k: the score is that of the log-rank test
    sample = competing_times([1.0, 2.0, 3.0, 4.0], [1, 1, 1, 1])
    found = gray_test(sample, ["a", "b", "a", "b"])
    # a: 1 - 2/4, 0 - 1/3, 1 - 1/2, 0
    assert found.score[0] == pytest.approx(0.5 - 1 / 3 + 0.5, rel=R)
    assert found.score.sum() == pytest.approx(0.0, abs=R)


def test_gray_refuses_ties_beyond_what_is_at_risk() -> None:
    # two events of cause 1 tie at the last time, where one patient's worth of risk is left;
    # cmprsk gives -1 for such a test
    time = np.array([2.0, 2, 4, 3, 3, 3, 1, 2, 1, 4])
    cause = np.array([0, 0, 1, 2, 0, 2, 0, 0, 2, 1])
    group = np.array([0, 0, 0, 1, 1, 0, 0, 0, 1, 0])
    with pytest.raises(NotEstimable):
        gray_test(competing_times(time, cause), group)
