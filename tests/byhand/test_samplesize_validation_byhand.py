"""Sample size of a validation against pmvalsampsize's examples and first principles."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.special import expit

from cartwheel.errors import NotEstimable
from cartwheel.stats.logistic import logistic_fit
from cartwheel.stats.roc import auc
from cartwheel.stats.samplesize_validation import (
    auc_standard_error,
    beta_risks,
    linear_predictor_from_auc,
    normal_linear_predictor,
    observed_linear_predictor,
    validation_n_auc,
    validation_n_net_benefit,
    validation_n_observed_expected,
    validation_n_slope,
)


def test_examples_of_pmvalsampsize() -> None:
    """Mechanical heart valves (Riley 2021, doi:10.1002/sim.9025); tests/testthat/test_bin.R."""
    assert validation_n_auc(0.8, 0.018) == 4252
    # it raises the standard error in steps of 1e-4 to 0.2456 and gets 905
    reached = 2.0 * math.sinh(1.96 * 0.2456)
    assert validation_n_observed_expected(0.018, width=reached) == 905
    assert validation_n_observed_expected(0.018, width=1.0) == 906
    # simulated there with 1,000 (10,000 for the last) patients: some per cent of noise, and for
    # the last a prevalence that may be off by 5e-4 of 0.018
    assert validation_n_slope(normal_linear_predictor(-5.0, 2.5)) == pytest.approx(4501, rel=0.1)
    assert validation_n_slope(beta_risks(0.5, 0.5)) == pytest.approx(1641, rel=0.1)
    assert validation_n_slope(linear_predictor_from_auc(0.8, 0.018)) == pytest.approx(
        16175, rel=0.1
    )


def test_slope_by_simulation() -> None:
    rng = np.random.default_rng(1)
    n = 200_000
    for lp, distribution in (
        (rng.normal(-1.0, 1.2, n), normal_linear_predictor(-1.0, 1.2)),
        (np.log(p := rng.beta(2.0, 5.0, n)) - np.log1p(-p), beta_risks(2.0, 5.0)),
    ):
        event = (rng.random(n) < expit(lp)).astype(float)
        fit = logistic_fit(lp, event)
        # the slope's standard error in n patients, scaled to the width wanted
        needed = n * (fit.std_error[1] / (0.2 / 3.92)) ** 2
        # a standard error from 200,000 patients is known to half a per cent
        assert validation_n_slope(distribution) == pytest.approx(needed, rel=0.02)
        seen = observed_linear_predictor(lp)
        assert validation_n_slope(seen) == pytest.approx(needed, rel=0.02)


def test_distributions() -> None:
    for c, prevalence in ((0.6, 0.5), (0.8, 0.018), (0.95, 0.3)):
        found = linear_predictor_from_auc(c, prevalence)
        assert found.prevalence == pytest.approx(prevalence, rel=1e-10)
        risk = expit(found.linear_predictor)
        # the AUC of the distribution itself: weights of cases and of others
        points = np.tile(found.linear_predictor, 2)
        event = np.repeat([1.0, 0.0], risk.size)
        weight = np.concatenate([found.weight * risk, found.weight * (1.0 - risk)])
        # neighbouring points count as ties: exact to the spacing
        assert auc(points, event, weight * 1e6) == pytest.approx(c, abs=1e-5)
    beta = beta_risks(2.0, 6.0)
    assert beta.prevalence == pytest.approx(0.25, rel=1e-10)
    small = beta_risks(0.3, 4.0)
    assert small.prevalence == pytest.approx(0.3 / 4.3, rel=1e-9)
    flat = beta_risks(1.0, 1.0)
    # risks uniform: sensitivity at t is (1 - t^2), specificity 1 - (1 - t)^2; grid of 1e-3
    assert flat.sensitivity(0.3) == pytest.approx(1.0 - 0.09, abs=2e-3)
    assert flat.specificity(0.3) == pytest.approx(1.0 - 0.49, abs=2e-3)


def test_each_n_is_the_smallest() -> None:
    for c, prevalence in ((0.7, 0.3), (0.9, 0.05)):
        n = validation_n_auc(c, prevalence)
        assert 3.92 * auc_standard_error(c, prevalence, n) <= 0.1
        assert 3.92 * auc_standard_error(c, prevalence, n - 1) > 0.1
    n = validation_n_observed_expected(0.2, width=0.3, ratio=1.2)
    error = math.sqrt(0.8 / (0.2 * n))
    assert 2.4 * math.sinh(1.96 * error) <= 0.3


def test_net_benefit_by_simulation() -> None:
    """Standard deviation of the standardised net benefit over many samples of that size."""
    rng = np.random.default_rng(2)
    prevalence, threshold, sensitivity, specificity = 0.3, 0.2, 0.8, 0.6
    n = validation_n_net_benefit(
        prevalence, threshold, sensitivity=sensitivity, specificity=specificity
    )
    draws = 20_000
    cases = rng.binomial(n, prevalence, draws)
    true = rng.binomial(cases, sensitivity)
    false = rng.binomial(n - cases, 1.0 - specificity)
    standardised = (true - false * threshold / (1.0 - threshold)) / cases
    # the spread of 20,000 draws is known to half a per cent; the formula is a first-order one
    assert standardised.std() == pytest.approx(0.2 / 3.92, rel=0.05)


def test_refusals() -> None:
    for call in (
        lambda: validation_n_observed_expected(0.0),
        lambda: validation_n_observed_expected(0.2, width=0.0),
        lambda: validation_n_observed_expected(0.2, ratio=-1.0),
        lambda: validation_n_auc(1.0, 0.2),
        lambda: validation_n_auc(0.8, 0.2, width=math.inf),
        lambda: auc_standard_error(0.8, 0.2, 2),
        lambda: normal_linear_predictor(0.0, 0.0),
        lambda: normal_linear_predictor(math.nan, 1.0),
        lambda: beta_risks(0.0, 1.0),
        lambda: linear_predictor_from_auc(0.5, 0.2),
        lambda: linear_predictor_from_auc(0.8, 1.0),
        lambda: observed_linear_predictor([1.0, 1.0]),
        lambda: observed_linear_predictor([1.0, math.nan]),
        lambda: validation_n_slope(normal_linear_predictor(0.0, 1.0), width=-1.0),
        lambda: validation_n_net_benefit(0.2, 1.0, sensitivity=0.8, specificity=0.8),
        lambda: validation_n_net_benefit(0.2, 0.1, sensitivity=1.8, specificity=0.8),
    ):
        with pytest.raises(NotEstimable):
            call()
