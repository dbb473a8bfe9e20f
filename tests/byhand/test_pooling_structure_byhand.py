"""Funnels, several effects a study and two outcomes, where the answer has a closed form."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pytest
from scipy.stats import kendalltau

from cartwheel.stats.pooling import small_studies as small
from cartwheel.stats.pooling.bivariate import (
    bivariate_accuracy,
    ellipse,
    hsroc_sensitivity,
    multivariate_effects,
)
from cartwheel.stats.pooling.multilevel import multilevel
from cartwheel.stats.pooling.random_effects import pool_effects
from cartwheel.stats.pooling.selection_likelihood import selection_likelihood
from cartwheel.stats.pooling.selection_model import _selection, step_selection

EFFECTS = np.array([0.9, 0.7, 0.35, 0.5, 0.2, 0.25, 0.1])
ERRORS = np.array([0.5, 0.4, 0.3, 0.25, 0.15, 0.12, 0.1])


def test_egger_is_the_regression_of_z_on_precision():
    design = np.column_stack([1 / ERRORS, np.ones(7)])
    z = EFFECTS / ERRORS
    coefficients, squares, *_ = np.linalg.lstsq(design, z, rcond=None)
    covariance = np.linalg.inv(design.T @ design) * squares[0] / 5
    found = small.egger_test(EFFECTS, ERRORS**2)
    assert (found.limit, found.bias) == pytest.approx(tuple(coefficients))
    assert found.bias_std_error == pytest.approx(sqrt(covariance[1, 1]))
    assert found.df == 5


def test_begg_of_three_studies():
    # smaller studies show larger effects: all three pairs agree; by chance 2 of 6 orders do
    found = small.begg_test([3.0, 2.0, 1.0], [3.0, 2.0, 1.0])
    assert found.statistic == 1.0
    assert found.p_value == pytest.approx(2 / 6)


def test_begg_beyond_the_exact_distribution():
    variances = np.arange(1.0, 251.0)
    effects = np.sin(variances)
    weights = 1 / variances
    centre = (weights @ effects) / weights.sum()
    standard = (effects - centre) / np.sqrt(variances - 1 / weights.sum())
    expected = kendalltau(standard, variances, method="asymptotic")
    found = small.begg_test(effects, variances)
    assert found.statistic == pytest.approx(expected.statistic)
    assert found.p_value == pytest.approx(expected.pvalue)


def test_a_symmetric_funnel_misses_nothing():
    effects = np.array([-1.0, -0.5, 0.0, 0.5, 1.0])
    for estimator in ("L0", "R0", "Q0"):
        found = small.trim_and_fill(
            effects, [0.2, 0.1, 0.05, 0.1, 0.2], side="left", estimator=estimator
        )
        assert found.missing == 0
        assert found.fit.estimate == pytest.approx(0.0, abs=1e-12)


def test_filled_studies_are_mirror_images():
    found = small.trim_and_fill(EFFECTS, ERRORS**2, method="common", interval="normal")
    assert found.side == "left"
    assert found.missing > 0
    trimmed = np.argsort(EFFECTS)[: 7 - found.missing]
    centre = pool_effects(
        EFFECTS[trimmed], ERRORS[trimmed] ** 2, method="common", interval="normal"
    ).estimate
    largest = np.sort(EFFECTS)[7 - found.missing :]
    assert found.filled_effects == pytest.approx(2 * centre - largest)


def test_fail_safe_numbers():
    # four studies with z = 2: 8^2 / 1.6449^2 - 4 = 19.65
    assert small.fail_safe_n([2.0] * 4, [1.0] * 4) == 20
    # 8^2 / 1.96^2 - 4 = 12.66
    assert small.fail_safe_n([2.0] * 4, [1.0] * 4, rule="rosenberg") == 13
    # as many again halve the mean
    assert small.fail_safe_n([2.0] * 4, [1.0] * 4, rule="orwin") == 4
    assert small.fail_safe_n([2.0] * 4, [1.0] * 4, rule="orwin", target=3.0) == 0


BALANCED = np.array([[0.1, 0.5, 0.3], [0.9, 1.1, 1.3], [-0.2, 0.4, 0.1], [0.6, 0.2, 0.7]])


def test_balanced_studies_have_a_closed_form():
    m, n = BALANCED.shape
    means = BALANCED.mean(axis=1)
    between = n * means.var(ddof=1)
    within = ((BALANCED - means[:, None]) ** 2).sum() / (m * (n - 1))
    found = multilevel(BALANCED.ravel(), np.full(12, 0.01), np.repeat(list("abcd"), 3))
    assert found.coefficients == pytest.approx([BALANCED.mean()])
    # analysis of variance; the optimum is found to 1e-12
    assert found.sigma2_within == pytest.approx(within - 0.01, rel=1e-8)
    assert found.sigma2_between == pytest.approx((between - within) / n, rel=1e-8)
    assert found.std_error == pytest.approx([sqrt(between / 12)], rel=1e-8)
    assert found.robust_std_error == pytest.approx([means.std(ddof=1) / sqrt(m)], rel=1e-8)
    assert found.robust_df == pytest.approx([m - 1.0])
    assert (found.clusters, found.k) == (4, 12)


def test_a_variance_at_zero_is_zero():
    effects = np.array([0.3, 0.3001, 0.3, 0.2999, 0.3, 0.3002])
    found = multilevel(effects, np.full(6, 0.1), [1, 1, 2, 2, 3, 3], robust="none")
    assert (found.sigma2_between, found.sigma2_within) == (0.0, 0.0)
    assert found.coefficients == pytest.approx([effects.mean()])
    assert found.std_error == pytest.approx([sqrt(0.1 / 6)])


PAIRED = np.array([[0.2, 0.1], [0.9, 0.6], [0.5, 0.8], [-0.1, 0.2], [0.4, 0.1], [0.7, 0.5]])


@pytest.mark.parametrize("method", ["REML", "ML"])
def test_pairs_of_equal_size_have_a_closed_form(method):
    sampling = np.array([[0.01, 0.002], [0.002, 0.004]])
    spread = np.cov(PAIRED.T, ddof=1 if method == "REML" else 0)
    found = multivariate_effects(
        PAIRED,
        np.tile(np.diag(sampling), (6, 1)),
        within_correlation=0.002 / sqrt(0.01 * 0.004),
        method=method,
    )
    assert found.estimate == pytest.approx(PAIRED.mean(axis=0))
    # the optimum is found to 1e-11 of the gradient
    assert found.between == pytest.approx(spread - sampling, rel=1e-7)
    assert found.covariance == pytest.approx(spread / 6, rel=1e-7)


def test_unrelated_outcomes_are_pooled_as_if_alone():
    # no study reports both but two that balance: their correlation of 0 changes nothing
    effects = np.array([[1.0, 1.0], [0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    found = multivariate_effects(effects, np.full((4, 2), 0.1))
    assert found.between[0, 1] == pytest.approx(0.0, abs=1e-8)
    alone = pool_effects(effects[:, 0], np.full(4, 0.1), interval="normal")
    assert found.estimate[0] == pytest.approx(alone.estimate)
    assert found.between[0, 0] == pytest.approx(alone.tau2, rel=1e-7)
    assert found.std_error[0] == pytest.approx(alone.std_error, rel=1e-7)


def test_accuracy_at_the_summary_point():
    tp, fn, fp, tn = [45, 30, 60], [5, 6, 20], [10, 4, 12], [90, 40, 60]
    found = bivariate_accuracy(tp, fn, fp, tn)
    sens, spec = found.sensitivity.value, found.specificity.value
    assert found.positive_likelihood_ratio.value == pytest.approx(sens / (1 - spec))
    assert found.negative_likelihood_ratio.value == pytest.approx((1 - sens) / spec)
    ratio = found.positive_likelihood_ratio.value / found.negative_likelihood_ratio.value
    assert found.diagnostic_odds_ratio.value == pytest.approx(ratio)
    assert not found.corrected.any()
    # both regions contain the summary point
    for region in (found.confidence_region, found.prediction_region):
        assert region[:, 0].min() < 1 - spec < region[:, 0].max()
        assert region[:, 1].min() < sens < region[:, 1].max()


def test_the_curve_passes_through_the_summary_point():
    tp, fn = [45, 30, 60, 22, 70], [5, 16, 20, 3, 35]
    fp, tn = [30, 4, 12, 25, 6], [60, 40, 60, 40, 80]
    found = bivariate_accuracy(tp, fn, fp, tn)
    assert found.curve is not None
    at = hsroc_sensitivity(found.curve, [1 - found.specificity.value])
    assert at == pytest.approx([found.sensitivity.value])


def test_an_ellipse_of_independent_parts():
    outline = ellipse([1.0, 2.0], np.diag([4.0, 9.0]), 0.95, points=5)
    # sqrt of the 0.95 quantile of chi-square with 2 degrees of freedom: sqrt(-2 log 0.05)
    radius = sqrt(-2 * np.log(0.05))
    scaled = (outline - [1.0, 2.0]) / [2.0, 3.0]
    assert np.hypot(*scaled.T) == pytest.approx(np.full(5, radius))


def test_equal_weights_are_no_selection():
    variances = ERRORS**2
    fit = pool_effects(EFFECTS, variances, method="ML", interval="normal")
    selection = _selection(EFFECTS, variances, (0.025, 0.1), "greater")
    plain = selection_likelihood(selection, np.array([fit.estimate, fit.tau2, 1.0, 1.0]))
    assert plain.value == pytest.approx(fit.log_likelihood)


def test_hoping_for_the_other_direction_mirrors_the_model():
    up = step_selection(EFFECTS, ERRORS**2, alternative="greater")
    down = step_selection(-EFFECTS, ERRORS**2, alternative="less")
    assert down.estimate == pytest.approx(-up.estimate)
    assert down.weights == pytest.approx(up.weights)
    assert (down.low, down.high) == pytest.approx((-up.high, -up.low))
