"""Tables, proportions and E-values small enough to pool with a pencil."""

from __future__ import annotations

from math import exp, log, sqrt

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import expit, gammaln
from scipy.stats import binom, chi2, norm

from cartwheel.stats.pooling import binomial_normal as glmm
from cartwheel.stats.pooling.e_value import e_value
from cartwheel.stats.pooling.two_by_two import (
    informative_studies,
    mantel_haenszel,
    mantel_haenszel_rates,
    peto,
)

ONE = ([10], [20], [5], [25])  # 10 of 20 against 5 of 25


def test_one_table_is_itself():
    odds = mantel_haenszel(*ONE)
    assert odds.estimate == pytest.approx(log((10 * 20) / (10 * 5)))
    assert odds.std_error == pytest.approx(sqrt(1 / 10 + 1 / 10 + 1 / 5 + 1 / 20))
    assert (odds.q, odds.q_df, odds.q_p_value, odds.i2, odds.h2) == (0.0, 0, 1.0, 0.0, 1.0)
    assert odds.breslow_day is None
    ratio = mantel_haenszel(*ONE, measure="RR")
    assert exp(ratio.estimate) == pytest.approx(0.5 / 0.2)
    assert ratio.std_error == pytest.approx(sqrt(1 / 10 - 1 / 20 + 1 / 5 - 1 / 25))
    assert mantel_haenszel(*ONE, measure="RD").estimate == pytest.approx(0.3)


def test_one_table_tested():
    # Pearson's chi-square times (N - 1) / N
    pearson = 45 * (10 * 20 - 10 * 5) ** 2 / (20 * 25 * 15 * 30)
    found = mantel_haenszel(*ONE, correct=False)
    assert found.cmh == pytest.approx(pearson * 44 / 45)
    assert found.cmh_p_value == pytest.approx(chi2.sf(found.cmh, 1))
    one_step = peto(*ONE)
    assert one_step.statistic**2 == pytest.approx(found.cmh)
    # observed 10, expected 20 * 15 / 45
    variance = 20 * 25 * 15 * 30 / (45**2 * 44)
    assert one_step.estimate == pytest.approx((10 - 20 / 3) / variance)


def test_a_correction_never_exceeds_the_difference():
    # observed = expected: nothing to correct
    assert mantel_haenszel([5], [10], [5], [10]).cmh == 0.0


def test_equal_tables_are_homogeneous():
    found = mantel_haenszel(*(part * 3 for part in ONE))
    assert found.q == pytest.approx(0.0, abs=1e-12)
    assert found.breslow_day == pytest.approx(0.0, abs=1e-12)
    assert found.homogeneity_df == 2
    assert found.weights_percent == pytest.approx([100 / 3] * 3)


def test_a_zero_cell_stays_zero():
    # sums of ad / N and bc / N by hand
    found = mantel_haenszel([2, 3], [10, 10], [0, 1], [10, 10])
    assert exp(found.estimate) == pytest.approx((2 * 10 / 20 + 3 * 9 / 20) / (0 + 7 * 1 / 20))


def test_studies_without_events_say_nothing_about_a_ratio():
    with_empty = mantel_haenszel([10, 0], [20, 30], [5, 0], [25, 30])
    assert with_empty.estimate == mantel_haenszel(*ONE).estimate
    assert with_empty.q_df == 0
    assert informative_studies([10, 0], [20, 30], [5, 0], [25, 30]).tolist() == [True, False]


def test_one_pair_of_rates():
    found = mantel_haenszel_rates([8], [100.0], [4], [200.0])
    assert exp(found.estimate) == pytest.approx(4.0)
    assert found.std_error == pytest.approx(sqrt(1 / 8 + 1 / 4))
    difference = mantel_haenszel_rates([8], [100.0], [4], [200.0], measure="IRD")
    assert difference.estimate == pytest.approx(0.06)
    assert difference.std_error == pytest.approx(sqrt(8 / 100**2 + 4 / 200**2))


def test_equal_proportions_do_not_vary():
    found = glmm.pool_proportions_glmm([2, 4, 6], [20, 40, 60])
    assert found.tau2 == 0.0
    assert found.tau2_std_error is None
    assert found.estimate == pytest.approx(log(12 / 108))
    assert found.std_error == pytest.approx(sqrt(1 / 12 + 1 / 108))
    assert found.q == pytest.approx(0.0, abs=1e-10)
    assert found.log_likelihood == pytest.approx(binom.logpmf([2, 4, 6], [20, 40, 60], 0.1).sum())
    assert found.prediction_low == pytest.approx(found.low)


def test_one_proportion_is_itself():
    found = glmm.pool_proportions_glmm([3], [30])
    assert expit(found.estimate) == pytest.approx(0.1)
    assert (found.k, found.tau2, found.q_df, found.q_p_value) == (1, 0.0, 0, 1.0)


EVENTS, PATIENTS = [0, 3, 9, 1, 14], [12, 30, 41, 25, 33]


def integrated(mean, tau):
    """The log-likelihood by adaptive integration."""
    total = 0.0
    for y, n in zip(EVENTS, PATIENTS, strict=True):
        value, _ = quad(
            lambda z, y=y, n=n: binom.pmf(y, n, expit(mean + tau * z)) * norm.pdf(z),
            -9,
            9,
            epsabs=0,
            epsrel=1e-11,
            limit=200,
        )
        total += log(value)
    return total


def test_the_likelihood_is_the_integral():
    found = glmm.pool_proportions_glmm(EVENTS, PATIENTS)
    mean, tau = found.estimate, sqrt(found.tau2)
    # quad works to 1e-11 of each study
    assert found.log_likelihood == pytest.approx(integrated(mean, tau), rel=1e-10)
    # the maximum: no step of 0.001 goes up
    for moved in ((0.001, 0), (-0.001, 0), (0, 0.001), (0, -0.001)):
        assert integrated(mean + moved[0], tau + moved[1]) < found.log_likelihood


def test_derivatives_of_the_likelihood():
    y, n = np.array(EVENTS, float), np.array(PATIENTS, float)
    here = glmm._marginal(y, n, -1.4, 1.2, 101)
    width = 1e-5

    def around(mean, tau):
        up = glmm._marginal(y, n, -1.4 + mean, 1.2 + tau, 101)
        down = glmm._marginal(y, n, -1.4 - mean, 1.2 - tau, 101)
        return (up.value - down.value) / (2 * width), (up.gradient - down.gradient) / (2 * width)

    slopes, rows = zip(around(width, 0.0), around(0.0, width), strict=True)
    # central differences of width 1e-5 keep about eight digits
    assert here.gradient == pytest.approx(np.array(slopes), rel=1e-7, abs=1e-7)
    assert here.hessian == pytest.approx(np.array(rows), rel=1e-7, abs=1e-7)


def test_a_t_interval_is_wider():
    normal = glmm.pool_proportions_glmm(EVENTS, PATIENTS)
    t = glmm.pool_proportions_glmm(EVENTS, PATIENTS, interval="t")
    assert t.df == 4
    # quantiles 2.776445 of t with 4 degrees of freedom and 1.959964 of the normal
    assert (t.high - t.low) / (normal.high - normal.low) == pytest.approx(2.776445 / 1.959964, 1e-6)


def test_binomial_coefficients_are_counted():
    found = glmm.pool_proportions_glmm([1, 2], [3, 4])
    p = 3 / 7
    coefficients = gammaln(4) - gammaln(2) - gammaln(3) + gammaln(5) - 2 * gammaln(3)
    expected = coefficients + 3 * log(p) + 4 * log(1 - p)
    assert found.common_log_likelihood == pytest.approx(expected)


def test_e_values():
    # RR 2: 2 + sqrt(2); an odds ratio of 4 in a common outcome is about a risk ratio of 2
    assert e_value(2.0, 1.0, 4.0, measure="RR").point == pytest.approx(2 + sqrt(2))
    assert e_value(2.0, 1.0, 4.0, measure="RR").limit == 1.0
    assert e_value(4.0, 1.0, 16.0, measure="OR", rare=False).point == pytest.approx(2 + sqrt(2))
    assert e_value(2.0, 1.5, 3.0, measure="OR", rare=True).point == pytest.approx(2 + sqrt(2))
    below = e_value(0.5, 0.3, 0.8, measure="RR")
    assert below.point == pytest.approx(2 + sqrt(2))
    assert below.limit == pytest.approx(1.25 + sqrt(1.25 * 0.25))
    # HR 4: (1 - 1/4) / (1 - sqrt(1/2))
    ratio = 0.75 / (1 - sqrt(0.5))
    hazard = e_value(4.0, 0.9, 8.0, measure="HR", rare=False)
    assert hazard.point == pytest.approx(ratio + sqrt(ratio * (ratio - 1)))
    assert hazard.limit == 1.0
    assert e_value(0.0, -1.0, 1.0, measure="SMD").point == 1.0
