"""Pooling where the answer can be written down."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from scipy.special import ndtri, stdtrit

from cartwheel.errors import NotEstimable
from cartwheel.stats.pooling.heterogeneity import (
    TAU2_METHODS,
    cochran_q,
    h_squared,
    i_squared,
    q_profile,
    tau_squared,
    typical_variance,
)
from cartwheel.stats.pooling.influence import baujat, cumulative, gosh, influence, leave_one_out
from cartwheel.stats.pooling.meta_regression import (
    meta_regression,
    permutation_test,
    predict_line,
    subgroup_analysis,
)
from cartwheel.stats.pooling.random_effects import pool_effects, shrunken_effects
from cartwheel.stats.pooling.refits import pool_samples

# closed forms in floating point
EXACT = {"rel": 1e-12, "abs": 1e-13}
# k = 4 with equal variances 1/2: mean 3, scatter 20, Q = 40
Y, V = [0.0, 2.0, 4.0, 6.0], [0.5] * 4


def test_common_effect_of_equal_variances_is_the_mean():
    fit = pool_effects(Y, V, method="common", interval="normal")
    assert fit.estimate == pytest.approx(3.0, **EXACT)
    assert fit.std_error == pytest.approx(math.sqrt(0.5 / 4), **EXACT)
    assert (fit.q, fit.q_df) == (pytest.approx(40.0, **EXACT), 3)
    # 100 (40 - 3) / 40
    assert fit.i2 == pytest.approx(92.5, **EXACT)
    assert fit.h2 == pytest.approx(40 / 3, **EXACT)
    assert fit.weights_percent.tolist() == [25.0] * 4
    assert (fit.tau2, fit.tau2_std_error, fit.prediction_low) == (0.0, None, None)


@pytest.mark.parametrize(
    ("method", "tau2"),
    [
        # sample variance 20 / 3 less 1 / 2
        *((name, 20 / 3 - 0.5) for name in ("DL", "PM", "EB", "HE", "REML")),
        # divisor k in place of k - 1
        ("ML", 5.0 - 0.5),
        ("HS", (40.0 - 4.0) / 8.0),
        # crude variance 5, weights 1 / 5.5, Q 20 / 5.5, over 3
        ("SJ", 5.0 * (20.0 / 5.5) / 3.0),
    ],
)
def test_tau2_of_equal_variances(method, tau2):
    assert method in TAU2_METHODS
    found = tau_squared(Y, V, method)
    assert found.tau2 == pytest.approx(tau2, **EXACT)
    fit = pool_effects(Y, V, method=method, interval="normal")
    assert fit.estimate == pytest.approx(3.0, **EXACT)
    assert fit.std_error == pytest.approx(math.sqrt((0.5 + tau2) / 4), **EXACT)
    assert fit.tau2_std_error == pytest.approx(found.std_error, **EXACT)
    assert fit.i2 == pytest.approx(100 * tau2 / (tau2 + 0.5), **EXACT)


def test_reml_error_of_equal_variances():
    # expected information (k - 1) / (2 (v + tau2)^2)
    total = 20 / 3
    assert tau_squared(Y, V).std_error == pytest.approx(total * math.sqrt(2 / 3), **EXACT)


def test_knapp_hartung_of_equal_variances_is_the_t_interval_of_a_mean():
    fit = pool_effects(Y, V)
    error = math.sqrt(20 / 3 / 4)
    assert fit.std_error == pytest.approx(error, **EXACT)
    assert fit.df == 3
    assert fit.low == pytest.approx(3.0 - stdtrit(3, 0.975) * error, **EXACT)
    reach = stdtrit(3, 0.975) * math.sqrt(20 / 3 - 0.5 + error**2)
    assert fit.prediction_high == pytest.approx(3.0 + reach, **EXACT)
    assert fit.prediction_df == 3
    assert fit.pooled.n == 4


def test_the_floor_is_the_normal_error_where_effects_agree_too_well():
    y, v = [1.0, 1.1, 0.9], [1.0, 1.0, 1.0]
    narrow = pool_effects(y, v, interval="knapp_hartung")
    floor = pool_effects(y, v, interval="knapp_hartung_floor")
    # scatter 0.02 over 2, a hundredth of the sampling variance
    assert narrow.std_error == pytest.approx(math.sqrt(0.01 / 3), **EXACT)
    assert floor.std_error == pytest.approx(math.sqrt(1 / 3), **EXACT)
    assert floor.std_error == narrow.std_error_normal


def test_q_profile_of_equal_variances():
    # Q(t) = 20 / (1/2 + t) meets the quantiles of chi-square with 3 df
    low, high = q_profile(Y, V, level=0.5)
    # quartiles of chi-square, 3 df: 1.2125329, 4.1083449 (7 digits)
    assert low == pytest.approx(20 / 4.1083449 - 0.5, rel=1e-7)
    assert high == pytest.approx(20 / 1.2125329 - 0.5, rel=1e-7)
    assert q_profile([1.0, 1.0, 1.0], [1.0, 2.0, 3.0]) == (0.0, 0.0)


def test_typical_variance():
    # (k - 1) sum w / ((sum w)^2 - sum w^2), w = 1, 1/2
    assert typical_variance([1.0, 2.0]) == pytest.approx(1.5 / (2.25 - 1.25), **EXACT)
    assert typical_variance(V) == pytest.approx(0.5, **EXACT)
    assert (i_squared(1.0, 1.0), h_squared(1.0, 1.0)) == (50.0, 2.0)


@pytest.mark.parametrize("method", ["common", *TAU2_METHODS])
@pytest.mark.parametrize("interval", ["normal", "knapp_hartung", "knapp_hartung_floor"])
def test_one_study_answers_with_itself(method, interval):
    fit = pool_effects([0.7], [0.04], method=method, interval=interval)
    assert fit.estimate == 0.7
    assert fit.std_error == pytest.approx(0.2, **EXACT)
    assert fit.low == pytest.approx(0.7 - ndtri(0.975) * 0.2, **EXACT)
    assert (fit.interval, fit.df, fit.q, fit.q_p_value) == ("normal", None, 0.0, 1.0)
    assert (fit.tau2, fit.i2, fit.h2, fit.prediction_low) == (0.0, 0.0, 1.0, None)
    assert fit.weights_percent.tolist() == [100.0]


def test_two_studies():
    fit = pool_effects([0.0, 2.0], [1.0, 1.0])
    # tau2 = 2 - 1, Knapp-Hartung error = half the difference, t with one df
    assert fit.tau2 == pytest.approx(1.0, **EXACT)
    assert (fit.df, fit.std_error) == (1, pytest.approx(1.0, **EXACT))
    without = leave_one_out([0.0, 2.0], [1.0, 4.0])
    assert without.estimate.tolist() == [2.0, 0.0]
    assert without.std_error.tolist() == [2.0, 1.0]
    assert without.k.tolist() == [1, 1]
    found = influence([0.0, 2.0], [1.0, 1.0], method="common", interval="normal")
    # deleted residual 2, variance 1 + 1
    assert found.studentised_residual == pytest.approx([-math.sqrt(2), math.sqrt(2)], **EXACT)
    assert found.covariance_ratio == pytest.approx([2.0, 2.0], **EXACT)


def test_shrunken_effects_of_equal_variances():
    shrunk = shrunken_effects(Y, V)
    tau2 = 20 / 3 - 0.5
    share = tau2 / (tau2 + 0.5)
    assert shrunk.effect == pytest.approx([3 + share * d for d in (-3, -1, 1, 3)], **EXACT)
    common = shrunken_effects(Y, V, pool_effects(Y, V, method="common", interval="normal"))
    assert common.effect == pytest.approx([3.0] * 4, **EXACT)


def test_refits_of_equal_variances():
    without = leave_one_out(Y, V)
    assert without.estimate == pytest.approx([4.0, 10 / 3, 8 / 3, 2.0], **EXACT)
    added = cumulative(Y, V, [3, 2, 1, 0])
    assert added.estimate == pytest.approx([6.0, 5.0, 4.0, 3.0], **EXACT)
    assert added.k.tolist() == [1, 2, 3, 4]
    assert added.tau2 == pytest.approx([0.0, 1.5, 3.5, 20 / 3 - 0.5], **EXACT)
    many = pool_samples([Y, Y[::-1]], [V, V])
    assert many.estimate == pytest.approx([3.0, 3.0], **EXACT)
    assert many.std_error == pytest.approx([math.sqrt(20 / 3 / 4)] * 2, **EXACT)


def test_refits_flag_what_does_not_differ():
    without = leave_one_out([1.0, 1.0, 2.0], [1.0, 2.0, 3.0])
    assert without.estimable.tolist() == [True, True, False]
    assert np.isnan(without.std_error[2])
    assert without.estimate[2] == pytest.approx(1.0, **EXACT)
    floor = leave_one_out([1.0, 1.0, 2.0], [1.0, 2.0, 3.0], interval="knapp_hartung_floor")
    assert floor.estimable.all()


def test_baujat_of_equal_variances():
    x, pull = baujat(Y, V)
    assert x == pytest.approx([18.0, 2.0, 2.0, 18.0], **EXACT)
    assert x.sum() == pytest.approx(40.0, **EXACT)
    # the mean moves by a third of the residual; variance without the study 1/6
    assert pull == pytest.approx([6.0, 6 / 9, 6 / 9, 6.0], **EXACT)


def test_gosh_of_three():
    found = gosh([0.0, 3.0, 6.0], [1.0] * 3, seed=1)
    assert found.member.tolist() == [
        [1, 0, 0], [0, 1, 0], [1, 1, 0], [0, 0, 1], [1, 0, 1], [0, 1, 1], [1, 1, 1],
    ]  # fmt: skip
    assert found.effect == pytest.approx([0, 3, 1.5, 6, 3, 4.5, 3], **EXACT)
    assert found.q == pytest.approx([0, 0, 4.5, 0, 18, 4.5, 18], **EXACT)
    assert (found.complete, found.seed) == (True, None)
    some = gosh(list(range(20)), [1.0] * 20, subsets=500, seed=7)
    assert (some.complete, some.seed, some.member.shape) == (False, 7, (500, 20))
    assert some.member.any(axis=1).all()
    means = (some.member @ np.arange(20)) / some.member.sum(axis=1)
    assert some.effect == pytest.approx(means, **EXACT)
    again = gosh(list(range(20)), [1.0] * 20, subsets=500, seed=7)
    assert (again.member == some.member).all()


def test_regression_through_four_points_of_equal_weight():
    # least squares of 0, 3, 3, 6 on 0..3: slope 1.8, intercept 0.3, residual squares 1.8
    design = np.column_stack([np.ones(4), np.arange(4.0)])
    fit = meta_regression([0, 3, 3, 6], V, design, names=("one", "x"))
    assert fit.coefficients == pytest.approx([0.3, 1.8], **EXACT)
    assert fit.residual_q == pytest.approx(3.6, **EXACT)
    # tau2 = 1.8 / 2 - 1/2, so that the residual variance is 0.9; sum of squares of x: 5
    assert fit.tau2 == pytest.approx(0.4, **EXACT)
    assert fit.std_error == pytest.approx([math.sqrt(0.9 * 14 / 20), math.sqrt(0.18)], **EXACT)
    assert fit.omnibus_statistic == pytest.approx(1.8**2 / 0.18, **EXACT)
    assert (fit.omnibus_df, fit.omnibus_df_residual, fit.df) == (1, 2, 2)
    # without x: scatter 18, variance 6 - 1/2
    assert fit.r2 == pytest.approx(100 * (5.5 - 0.4) / 5.5, **EXACT)
    line = predict_line(fit, [[1.0, 1.5]])
    assert line.fitted == pytest.approx([3.0], **EXACT)
    reach = stdtrit(2, 0.975) * math.sqrt(0.9 / 4)
    assert line.low == pytest.approx([3.0 - reach], **EXACT)
    assert predict_line(fit, [[1.0, 1.5]], 0.5).low[0] > line.low[0]


def test_regression_on_years_is_right_to_the_last_digits():
    y = [0.1, -0.4, 0.25, 0.3, -0.2, 0.05]
    v = [0.02, 0.05, 0.01, 0.08, 0.03, 0.04]
    year = [1984, 1986, 1990, 1993, 1996, 2000]
    w = [1 / Fraction(one) for one in v]
    x, z = [Fraction(one) for one in year], [Fraction(one) for one in y]
    total = sum(w)
    mean_x = sum(a * b for a, b in zip(w, x, strict=True)) / total
    mean_z = sum(a * b for a, b in zip(w, z, strict=True)) / total
    rows = list(zip(w, x, z, strict=True))
    slope = sum(a * (b - mean_x) * (c - mean_z) for a, b, c in rows) / sum(
        a * (b - mean_x) ** 2 for a, b, c in rows
    )
    q = sum(a * (c - mean_z - slope * (b - mean_x)) ** 2 for a, b, c in rows)
    design = np.column_stack([np.ones(6), year])
    found = meta_regression(y, v, design, names=("one", "year"), method="common", interval="normal")
    assert found.coefficients == pytest.approx(
        [float(mean_z - slope * mean_x), float(slope)], rel=1e-13
    )
    assert cochran_q(y, v, design).q == pytest.approx(float(q), rel=1e-13)


def test_permutations_of_three_and_one():
    # a binary moderator, 1 study of 4: four orders, the data's slope the largest of them
    design = np.column_stack([np.ones(4), [0, 0, 0, 1.0]])
    found = permutation_test(
        [0, 1, 2, 9], [1.0] * 4, design, seed=1, method="common", interval="normal"
    )
    assert (found.permutations, found.exact, found.seed) == (4, True, None)
    assert found.p_values[1] == 0.25
    assert found.omnibus_p_value == 0.25


def test_random_permutations_count_the_data():
    rng = np.random.default_rng(3)
    x = rng.normal(size=12)
    found = permutation_test(
        100 * x, np.full(12, 0.01), np.column_stack([np.ones(12), x]), permutations=200, seed=5
    )
    assert (found.permutations, found.exact, found.seed) == (200, False, 5)
    # no order but the data's own is as steep
    assert found.p_values[1] == 1 / 200


def test_subgroups_of_equal_variances():
    found = subgroup_analysis(
        [0.0, 2.0, 4.0, 6.0, 5.0], [0.5] * 5, ["b", "b", "a", "a", "c"], interval="normal"
    )
    assert found.levels == ("b", "a", "c")
    assert found.members == ((0, 1), (2, 3), (4,))
    # both pairs: scatter 2, so v + tau2 = 2 and the variance of the mean 1; the single one 1/2
    assert [fit.estimate for fit in found.fits] == pytest.approx([1.0, 5.0, 5.0], **EXACT)
    assert found.q_between == pytest.approx(1 * 3 * 16 / 4, **EXACT)
    assert (found.df, found.p_value) == (2, pytest.approx(math.exp(-6.0), **EXACT))
    # common: residual variance 4 / 2 over the same means
    assert found.tau2_common == pytest.approx(1.5, **EXACT)
    assert found.q_between_common == pytest.approx(
        (2 * 4 + 3 * 16 / 9 * 4 - 0) / 2 * 0 + 9.6, **EXACT
    )
    assert found.df_residual_common is None


def test_a_subgroup_without_spread_has_the_floored_interval():
    found = subgroup_analysis([1.0, 1.0, 2.0, 3.0], [1.0] * 4, ["a", "a", "b", "b"])
    assert [fit.interval for fit in found.fits] == ["knapp_hartung_floor", "knapp_hartung"]


def test_subgroups_of_single_studies_have_no_common_test():
    found = subgroup_analysis([1.0, 3.0], [1.0, 1.0], ["a", "b"])
    assert found.q_between == pytest.approx(2.0, **EXACT)
    assert found.q_between_common is None
    assert found.tau2_common is None


def test_likelihood_with_two_maxima_takes_the_higher():
    # precise studies far apart beside crude ones: REML rises again away from nought
    y = np.array([0.0, 0.0, 0.0, 0.0, 9.0, -9.0])
    v = np.array([1e-4, 1e-4, 1e-4, 1e-4, 1.0, 1.0])
    found = tau_squared(y, v, "REML").tau2

    def restricted(tau2):
        w = 1 / (v + tau2)
        mean = w @ y / w.sum()
        return -np.log(v + tau2).sum() - np.log(w.sum()) - w @ (y - mean) ** 2

    grid = np.concatenate([[0.0], np.geomspace(1e-6, 1e3, 4000)])
    best = max(restricted(tau2) for tau2 in grid)
    assert restricted(found) >= best - 1e-12


# ---- refusals ----

NAN, INF = math.nan, math.inf
ONE_X = np.column_stack([np.ones(4), [1.0, 2.0, 3.0, 4.0]])


@pytest.mark.parametrize(
    ("work", "code", "where"),
    [
        (lambda: pool_effects([], []), "empty_column", "effects"),
        (lambda: pool_effects([1, 2], [1, 0]), "variance_not_positive", "study 2"),
        (lambda: pool_effects([1, 2, 3], [-1, 1, -1]), "variance_not_positive", "study 1, 3"),
        (lambda: pool_effects([1, NAN], [1, 1]), "not_finite", "effects, study 2"),
        (lambda: pool_effects([1, 2], [1, INF]), "not_finite", "variances, study 2"),
        (lambda: pool_effects([1, 2], [1e-200, 1]), "weight_infinite", "study 1"),
        (lambda: pool_effects([1, 2], [1, 1, 1]), "length_mismatch", ""),
        (lambda: pool_effects([1, 1], [1, 1]), "no_spread", "effects"),
        (lambda: pool_effects([1, 2], [1, 1], method="magic"), "method_unknown", "method"),
        (lambda: pool_effects([1, 2], [1, 1], interval="wide"), "interval_unknown", "interval"),
        (lambda: pool_effects([1, 2], [1, 1], level=95), "level", ""),
        (lambda: pool_effects([1, 2], [1, 1], prediction_df=0), "df", ""),
        (lambda: tau_squared([1, 2], [1, 1], "x"), "method_unknown", "method"),
        (lambda: q_profile([1], [1]), "one_study", ""),
        (lambda: q_profile([1, 2], [1, 1], level=0), "level", ""),
        (lambda: typical_variance([1]), "one_study", ""),
        (lambda: leave_one_out([1], [1]), "one_study", ""),
        (lambda: influence([1], [1]), "one_study", ""),
        (lambda: baujat([1], [1]), "one_study", ""),
        (lambda: gosh([1], [1], seed=1), "one_study", ""),
        (lambda: gosh([1, 2], [1, 1], subsets=0, seed=1), "subsets", "subsets"),
        (lambda: cumulative([1, 2], [1, 1], [0, 0]), "order", "order"),
        (lambda: pool_samples([1, 2], [1, 1]), "shape", ""),
        (lambda: pool_samples([[1, 2]], [[1, 0]]), "variance_not_positive", "sets, study 1"),
        (lambda: pool_samples([[1, NAN]], [[1, 1]]), "not_finite", "sets, study 1"),
        (lambda: shrunken_effects([1, 2, 3], [1] * 3, pool_effects([1, 2], [1, 1])),
         "length_mismatch", "effects"),
        (lambda: subgroup_analysis([1, 2], [1, 1], ["a", "a"]), "one_group", "groups"),
        (lambda: subgroup_analysis([1, 2], [1, 1], ["a"]), "length_mismatch", "groups"),
    ],
)  # fmt: skip
def test_refusals_of_pools(work, code, where):
    with pytest.raises(NotEstimable) as refused:
        work()
    (problem,) = refused.value.problems
    assert problem.code == code
    assert where in problem.where


@pytest.mark.parametrize(
    ("columns", "code", "where"),
    [
        ([[1, 1, 1, 1], [2, 2, 2, 2]], "constant_column", "b"),
        ([[1, 1, 1, 1], [0, 0, 0, 0]], "constant_column", "b"),
        ([[1, 1, 1, 1], [1, 2, 3, 4], [3, 5, 7, 9]], "collinear_column", "c"),
        ([[1, 1, 1, 1], [1, 2, 3, 4], [2024.0, 2024.0, 2024.0, 2024.0000000001]],
         "collinear_column", "c"),
        ([[1, 1, 1, 1], [1, 2, 3, NAN]], "not_finite", "b, study 4"),
        ([[1, 1, 1, 1], [1, 2, 3, 4], [1, 0, 0, 1], [1, 5, 2, 9]], "too_few_studies", "design"),
        ([[1, 1, 1], [1, 2, 3]], "length_mismatch", "design"),
    ],
)  # fmt: skip
def test_refusals_of_designs(columns, code, where):
    design = np.array(columns, dtype=float).T
    with pytest.raises(NotEstimable) as refused:
        meta_regression([1, 2, 3, 5], [1] * 4, design, names=tuple("abcd"[: len(columns)]))
    (problem,) = refused.value.problems
    assert problem.code == code
    assert where in problem.where


@pytest.mark.parametrize(
    ("work", "code"),
    [
        (lambda: meta_regression([1, 2, 4, 4], [1] * 4, ONE_X, names=("a",)), "length_mismatch"),
        (lambda: meta_regression([1, 2, 3, 4], [1] * 4, ONE_X[:, 1:], names=("a",)), "no_spread"),
        (lambda: meta_regression([1, 2, 4, 4], [1] * 4, "abcd", names=("a",)), "not_a_number"),
        (lambda: permutation_test([1, 2], [1, 1], [1.0, 1.0], seed=1), "no_moderators"),
        (lambda: permutation_test([1, 2, 4, 4], [1] * 4, ONE_X, permutations=1, seed=1),
         "permutations"),
        (lambda: predict_line(
            meta_regression([1, 2, 4, 4], [1] * 4, ONE_X, names=("a", "b")), [[1.0]]
        ), "length_mismatch"),
        (lambda: predict_line(
            meta_regression([1, 2, 4, 4], [1] * 4, ONE_X, names=("a", "b")), [[1.0, NAN]]
        ), "not_finite"),
    ],
)  # fmt: skip
def test_refusals_of_regressions(work, code):
    with pytest.raises(NotEstimable) as refused:
        work()
    assert [problem.code for problem in refused.value.problems] == [code]
