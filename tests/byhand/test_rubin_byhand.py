"""Rubin's rules where the answer can be written down."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.special import chdtrc, ndtri, stdtrit

from cartwheel.errors import NotEstimable
from cartwheel.stats.pooled_tests import (
    pooled_chi_square_test,
    pooled_likelihood_ratio_test,
    pooled_wald_test,
)
from cartwheel.stats.rubin import pool_covariance, pool_estimates


def test_two_imputations() -> None:
    # q = 1, 3 and u = 1, 1: mean 2, B = 2, T = 1 + 1.5 * 2 = 4, lambda = 3/4, df = 1 / (9/16)
    found = pool_estimates([1.0, 3.0], [1.0, 1.0])
    assert found.estimate[0] == 2.0
    assert found.std_error[0] == 2.0
    assert found.relative_increase[0] == pytest.approx(3.0)
    assert found.missing_share[0] == pytest.approx(0.75)
    assert found.df[0] == pytest.approx(16.0 / 9.0)
    assert found.missing_information[0] == pytest.approx((3.0 + 2.0 / (16.0 / 9.0 + 3.0)) / 4.0)
    assert found.monte_carlo_error[0] == pytest.approx(1.0)
    assert found.efficiency[0] == pytest.approx(1.0 / (1.0 + found.missing_information[0] / 2.0))
    half = 2.0 * float(stdtrit(16.0 / 9.0, 0.975))
    shown = found.coefficient(0)
    assert (shown.low, shown.high) == pytest.approx((2.0 - half, 2.0 + half))


def test_barnard_rubin() -> None:
    # with complete df v: v_obs = (v + 1) / (v + 3) v / 4 at lambda 3/4, joined harmonically
    found = pool_estimates([1.0, 3.0], [1.0, 1.0], complete_df=20.0)
    observed = 21.0 / 23.0 * 20.0 * 0.25
    assert found.df[0] == pytest.approx(1.0 / (9.0 / 16.0 + 1.0 / observed))


def test_imputations_that_agree() -> None:
    found = pool_estimates([[1.0, 2.0]] * 5, [[4.0, 1.0]] * 5)
    np.testing.assert_array_equal(found.between, 0.0)
    np.testing.assert_array_equal(found.std_error, [2.0, 1.0])
    np.testing.assert_array_equal(found.monte_carlo_error, 0.0)
    # lambda is held at 1e-4, so df = 4e8: the normal limits to 1e-8
    np.testing.assert_allclose(found.high - found.estimate, ndtri(0.975) * found.std_error, 1e-7)
    covariance = np.array([[4.0, 1.0], [1.0, 1.0]])
    test = pooled_wald_test([[1.0, 2.0]] * 5, [covariance] * 5)
    wald = float(np.array([1.0, 2.0]) @ np.linalg.solve(covariance, [1.0, 2.0]))
    assert test.statistic == pytest.approx(wald / 2.0)
    assert math.isinf(test.df2)
    assert test.p_value == pytest.approx(float(chdtrc(2, wald)))
    same = pooled_chi_square_test([wald] * 5, 2)
    assert (same.statistic, same.p_value) == pytest.approx((wald / 2.0, test.p_value))
    ratio = pooled_likelihood_ratio_test([wald] * 5, [wald] * 5, 2)
    assert ratio.p_value == pytest.approx(test.p_value)


def test_one_coefficient_tested_alone() -> None:
    # with one coefficient D1 is the square of the pooled t statistic
    estimates = np.array([[0.7], [0.9], [0.4], [0.8]])
    variances = np.array([[0.1], [0.12], [0.09], [0.11]])
    test = pooled_wald_test(estimates, variances[:, :, None])
    pooled = pool_estimates(estimates, variances)
    assert test.statistic == pytest.approx(float(pooled.statistic[0]) ** 2)
    assert pool_covariance(estimates, variances[:, :, None])[0, 0] == pytest.approx(
        float(pooled.total[0])
    )


def test_li_with_few_imputations() -> None:
    # k (m - 1) = 2 <= 4: df2 = t (1 + 1/k) (1 + 1/r)^2 / 2
    test = pooled_wald_test([[1.0, 0.0], [3.0, 1.0], [2.0, 2.0]], [np.eye(2)] * 3, [0])
    riv = test.relative_increase
    assert riv == pytest.approx(4.0 / 3.0)
    assert test.df2 == pytest.approx(2.0 * 2.0 * (1.0 + 1.0 / riv) ** 2 / 2.0)
    # so much missing that Reiter's expansion has no meaning: finite, and not above the data's own
    wild = pooled_wald_test(
        [[9.0, 1.0], [-9.0, 4.0], [0.0, -7.0], [3.0, 3.0]], [np.eye(2)] * 4, complete_df=10.0
    )
    assert 0.0 < wild.df2 <= 10.0


def test_a_negative_statistic_has_p_1() -> None:
    test = pooled_chi_square_test([0.0, 9.0, 0.0, 9.0], 1)
    assert test.statistic < 0.0
    assert test.p_value == 1.0


def test_refusals() -> None:
    eye = [np.eye(1)] * 2
    for call, code in (
        (lambda: pool_estimates([1.0], [1.0]), "imputations"),
        (lambda: pool_estimates([1.0, 2.0], [1.0, 0.0]), "variance"),
        (lambda: pool_estimates([1.0, 2.0], [1.0, -1.0]), "variance"),
        (lambda: pool_estimates([1.0, math.nan], [1.0, 1.0]), "not_finite"),
        (lambda: pool_estimates([1.0, 2.0], [1.0, math.inf]), "not_finite"),
        (lambda: pool_estimates([[1.0], [2.0]], [[1.0, 1.0], [2.0, 1.0]]), "pooled_shape"),
        (lambda: pool_estimates([1.0, 2.0], [1.0, 1.0], complete_df=0.0), "df"),
        (lambda: pool_estimates([1.0, 2.0], [1.0, 1.0], level=1.0), "level"),
        (lambda: pooled_wald_test([[1.0], [2.0]], [[1.0], [2.0]]), "pooled_shape"),
        (lambda: pooled_wald_test([[1.0], [2.0]], eye, [1]), "unknown_column"),
        (lambda: pooled_wald_test([[1.0], [2.0]], [np.zeros((1, 1))] * 2), "singular"),
        (lambda: pooled_wald_test([[1.0], [2.0]], eye, complete_df=-1.0), "df"),
        (lambda: pooled_chi_square_test([1.0], 1), "imputations"),
        (lambda: pooled_chi_square_test([1.0, -1.0], 1), "not_finite"),
        (lambda: pooled_chi_square_test([1.0, 1.0], 0), "df"),
        (lambda: pooled_likelihood_ratio_test([1.0, 2.0], [1.0], 1), "pooled_shape"),
        (lambda: pooled_likelihood_ratio_test([1.0, math.nan], [1.0, 1.0], 1), "not_finite"),
    ):
        with pytest.raises(NotEstimable) as refusal:
            call()
        assert refusal.value.problems[0].code == code
