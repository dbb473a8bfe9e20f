"""Pooling: what must hold whatever the studies."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import assume, given, settings, strategies as st

from cartwheel.stats.pooling.effect_sizes import (
    ratio_from_interval,
    two_by_two,
)
from cartwheel.stats.pooling.heterogeneity import (
    TAU2_METHODS,
    cochran_q,
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

METHODS = ("common", *TAU2_METHODS)
INTERVALS = ("normal", "knapp_hartung", "knapp_hartung_floor")
# two ways to the same tau2 agree to the step at which the search stops
SAME = {"rtol": 1e-9, "atol": 1e-10}


@st.composite
def studies(draw, least=2, most=12):
    """Effects and variances, drawn with a spread between none and wide."""
    k = draw(st.integers(least, most))
    seed = draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    spread = draw(st.sampled_from([0.0, 0.1, 1.0, 5.0]))
    v = np.exp(rng.normal(-2.0, draw(st.sampled_from([0.0, 0.5, 2.0])), k))
    y = draw(st.sampled_from([0.0, 0.7, -3.0])) + rng.normal(0.0, np.sqrt(v + spread**2))
    return y, v


def numbers(fit):
    return [fit.estimate, fit.std_error, fit.low, fit.high, fit.tau2, fit.q, fit.i2, fit.h2]


@given(studies(), st.sampled_from(METHODS), st.sampled_from(INTERVALS))
def test_the_order_of_studies_does_not_matter(data, method, interval):
    y, v = data
    forward = pool_effects(y, v, method=method, interval=interval)
    back = pool_effects(y[::-1], v[::-1], method=method, interval=interval)
    np.testing.assert_allclose(numbers(forward), numbers(back), rtol=1e-7, atol=1e-8)
    np.testing.assert_allclose(forward.weights_percent, back.weights_percent[::-1], **SAME)


@given(studies(), st.sampled_from(METHODS), st.sampled_from(INTERVALS), st.floats(-1000.0, 1000.0))
def test_a_constant_moves_the_estimate_and_nothing_else(data, method, interval, constant):
    y, v = data
    here = pool_effects(y, v, method=method, interval=interval)
    there = pool_effects(y + constant, v, method=method, interval=interval)
    np.testing.assert_allclose(there.estimate, here.estimate + constant, rtol=1e-9, atol=1e-9)
    for field in ("std_error", "tau2", "q", "h2"):
        # adding a thousand costs the effects three digits
        np.testing.assert_allclose(
            getattr(there, field), getattr(here, field), rtol=1e-6, atol=1e-9
        )


@given(
    studies(),
    st.sampled_from(METHODS),
    st.sampled_from(INTERVALS),
    st.sampled_from([1e-6, 0.25, 1e4]),
)
def test_units_scale_through(data, method, interval, unit):
    y, v = data
    here = pool_effects(y, v, method=method, interval=interval)
    there = pool_effects(unit * y, unit**2 * v, method=method, interval=interval)
    np.testing.assert_allclose(
        [there.estimate / unit, there.std_error / unit, there.high / unit, there.tau2 / unit**2],
        [here.estimate, here.std_error, here.high, here.tau2],
        **SAME,
    )
    np.testing.assert_allclose(
        [there.p_value, there.i2, there.q], [here.p_value, here.i2, here.q], rtol=1e-7, atol=1e-7
    )


@given(studies(), st.sampled_from(METHODS), st.sampled_from(INTERVALS))
def test_an_inverted_ratio_gives_the_mirrored_pool(data, method, interval):
    y, v = data
    here = pool_effects(y, v, method=method, interval=interval)
    there = pool_effects(-y, v, method=method, interval=interval)
    np.testing.assert_allclose(
        [there.estimate, there.low, there.high, there.p_value, there.tau2],
        [-here.estimate, -here.high, -here.low, here.p_value, here.tau2],
        **SAME,
    )


@given(studies(), st.sampled_from(METHODS), st.sampled_from(INTERVALS))
def test_a_pool_holds_together(data, method, interval):
    y, v = data
    fit = pool_effects(y, v, method=method, interval=interval)
    assert y.min() - 1e-9 <= fit.estimate <= y.max() + 1e-9
    assert fit.low < fit.estimate < fit.high
    assert 0.0 <= fit.p_value <= 1.0
    assert 0.0 <= fit.i2 <= 100.0
    assert fit.tau2 >= 0.0
    assert fit.weights_percent.sum() == pytest.approx(100.0)
    assert not fit.weights_percent.flags.writeable
    if fit.prediction_low is not None:
        assert fit.prediction_low <= fit.low
        assert fit.prediction_high >= fit.high
    else:
        assert method == "common"
    if interval == "knapp_hartung_floor":
        assert fit.std_error >= fit.std_error_normal
    assert all(np.isfinite(numbers(fit)))


@given(studies(), st.sampled_from(["REML", "ML"]))
def test_no_tau2_is_more_likely(data, method):
    y, v = data
    found = tau_squared(y, v, method).tau2

    def likelihood(tau2):
        w = 1.0 / (v + tau2)
        mean = w @ y / w.sum()
        value = np.log(w).sum() - w @ (y - mean) ** 2
        return value - (np.log(w.sum()) if method == "REML" else 0.0)

    best = likelihood(found)
    scale = max(v.max(), np.var(y))
    for tau2 in [0.0, *np.geomspace(1e-4 * v.min(), 100.0 * scale, 60)]:
        assert likelihood(tau2) <= best + 1e-9 * max(1.0, abs(best))


@given(studies())
def test_paule_mandel_makes_q_meet_its_degrees_of_freedom(data):
    y, v = data
    tau2 = tau_squared(y, v, "PM").tau2
    q = cochran_q(y, v + tau2).q
    if tau2 > 0.0:
        assert q == pytest.approx(y.size - 1, rel=1e-9)
    else:
        assert q <= (y.size - 1) * (1.0 + 1e-9)
    low, high = q_profile(y, v)
    assert 0.0 <= low <= high
    # the interval holds the estimate that makes Q typical, unless all is below chance
    assert low <= tau2 or low == 0.0
    assert tau2 <= high or high == 0.0


@given(studies(), st.sampled_from(METHODS), st.sampled_from(INTERVALS))
def test_refits_are_pools_of_the_rest(data, method, interval):
    y, v = data
    assume(y.size > 2)
    without = leave_one_out(y, v, method=method, interval=interval)
    added = cumulative(y, v, method=method, interval=interval)
    pairs = [(without, i, np.arange(y.size) != i) for i in range(y.size)] + [
        (added, i, np.arange(y.size) <= i) for i in range(y.size)
    ]
    for found, i, kept in pairs:
        fit = pool_effects(y[kept], v[kept], method=method, interval=interval)
        assert found.k[i] == fit.k
        for field in ("estimate", "std_error", "low", "high", "p_value", "q", "q_p_value", "h2"):
            np.testing.assert_allclose(
                getattr(found, field)[i], getattr(fit, field), rtol=1e-7, atol=1e-9
            )
        np.testing.assert_allclose(found.tau2[i], fit.tau2, rtol=1e-7, atol=1e-10)
        np.testing.assert_allclose(found.i2[i], fit.i2, rtol=1e-7, atol=1e-7)


@given(studies(), st.sampled_from(METHODS))
def test_samples_and_subsets_are_pools(data, method):
    y, v = data
    assume(y.size <= 6)
    many = pool_samples([y, y[::-1]], [v, v[::-1]], method=method, interval="normal")
    fit = pool_effects(y, v, method=method, interval="normal")
    np.testing.assert_allclose(many.estimate, [fit.estimate] * 2, **SAME)
    np.testing.assert_allclose(many.std_error, [fit.std_error] * 2, **SAME)
    every = gosh(y, v, method=method, seed=1)
    assert every.k.tolist() == every.member.sum(axis=1).tolist()
    for i in (0, every.k.size // 2, every.k.size - 1):
        kept = every.member[i].astype(bool)
        fit = pool_effects(y[kept], v[kept], method=method, interval="normal")
        np.testing.assert_allclose(every.effect[i], fit.estimate, **SAME)
        np.testing.assert_allclose(every.i2[i], fit.i2, rtol=1e-7, atol=1e-6)


@given(studies(least=3), st.sampled_from(METHODS), st.sampled_from(INTERVALS))
def test_influence_and_shrinkage_hold_together(data, method, interval):
    y, v = data
    found = influence(y, v, method=method, interval=interval)
    assert found.hat.sum() == pytest.approx(1.0)
    assert (found.cook >= 0.0).all()
    for field in ("studentised_residual", "standardised_residual", "dffits", "dfbeta"):
        assert np.isfinite(getattr(found, field)).all()
    fit = pool_effects(y, v, method=method, interval=interval)
    shrunk = shrunken_effects(y, v, fit)
    between = (shrunk.effect - y) * (shrunk.effect - fit.estimate)
    assert (between <= 1e-9).all()
    x, _ = baujat(y, v)
    np.testing.assert_allclose(x.sum(), fit.q, rtol=1e-9, atol=1e-12)


@given(studies(least=4), st.sampled_from(METHODS), st.sampled_from(INTERVALS))
def test_a_regression_on_nothing_is_the_pool(data, method, interval):
    y, v = data
    fit = pool_effects(y, v, method=method, interval=interval)
    line = meta_regression(
        y, v, np.full((y.size, 1), 2.0), names=("two",), method=method, interval=interval
    )
    np.testing.assert_allclose(
        [2 * line.coefficients[0], 2 * line.std_error[0], line.tau2, line.i2, line.residual_q],
        [fit.estimate, fit.std_error, fit.tau2, fit.i2, fit.q],
        rtol=1e-7,
        atol=1e-8,
    )
    np.testing.assert_allclose(line.log_likelihood, fit.log_likelihood, rtol=1e-8, atol=1e-8)
    assert line.r2 is None


@given(
    studies(least=5),
    st.sampled_from(METHODS),
    st.floats(-2000.0, 2000.0),
    st.sampled_from([1e-3, 1.0, 400.0]),
)
def test_a_moderator_may_be_shifted_and_scaled(data, method, shift, unit):
    y, v = data
    x = np.random.default_rng(y.size).normal(size=y.size)
    here = meta_regression(
        y, v, np.column_stack([np.ones(y.size), x]), names=("a", "b"), method=method
    )
    there = meta_regression(
        y, v, np.column_stack([unit * x + shift, np.ones(y.size)]), names=("b", "a"), method=method
    )
    rtol = {"rtol": 1e-6, "atol": 1e-7}
    np.testing.assert_allclose(there.coefficients[0] * unit, here.coefficients[1], **rtol)
    np.testing.assert_allclose(there.statistic[0], here.statistic[1], **rtol)
    np.testing.assert_allclose(there.omnibus_statistic, here.omnibus_statistic, **rtol)
    np.testing.assert_allclose(here.omnibus_statistic, here.statistic[1] ** 2, **rtol)
    # the restricted likelihood is that of residuals: no unit of the moderators is in it
    np.testing.assert_allclose(there.log_likelihood, here.log_likelihood, rtol=1e-7, atol=1e-6)
    line = predict_line(here, [[1.0, 0.3]])
    np.testing.assert_allclose(
        line.fitted, predict_line(there, [[0.3 * unit + shift, 1.0]]).fitted, rtol=1e-6, atol=1e-6
    )


@given(studies(least=5, most=7), st.sampled_from(METHODS), st.sampled_from(INTERVALS))
@settings(max_examples=30)
def test_permutation_p_values_are_shares(data, method, interval):
    y, v = data
    design = np.column_stack([np.ones(y.size), np.arange(y.size) % 2])
    found = permutation_test(y, v, design, seed=1, method=method, interval=interval)
    assert found.exact
    assert 1.0 / found.permutations <= found.p_values.min() <= found.p_values.max() <= 1.0
    # one moderator: its test is that of all
    assert found.p_values[1] == found.omnibus_p_value
    mirrored = permutation_test(-y, v, design, seed=2, method=method, interval=interval)
    assert mirrored.p_values.tolist() == found.p_values.tolist()


@given(studies(least=4), st.sampled_from(METHODS), st.sampled_from(INTERVALS))
def test_subgroups_by_name_only(data, method, interval):
    y, v = data
    names = ["a" if i % 2 else "b" for i in range(y.size)]
    found = subgroup_analysis(y, v, names, method=method, interval=interval)
    renamed = subgroup_analysis(
        y, v, [{"a": "z", "b": "y"}[name] for name in names], method=method, interval=interval
    )
    assert found.q_between == renamed.q_between
    assert found.q_between >= 0.0
    np.testing.assert_allclose(found.q_between_common, renamed.q_between_common, rtol=1e-7)
    assert sum(len(member) for member in found.members) == y.size


@given(st.floats(0.01, 100.0), st.floats(0.01, 3.0))
def test_a_ratio_and_its_inverse(value, error):
    low, high = value * np.exp(-1.96 * error), value * np.exp(1.96 * error)
    there = ratio_from_interval(value, low, high)
    back = ratio_from_interval(1 / value, 1 / high, 1 / low)
    np.testing.assert_allclose(there, (-back[0], back[1]), rtol=1e-10, atol=1e-12)


@given(
    st.integers(1, 30), st.integers(0, 30), st.integers(1, 30), st.integers(0, 30),
    st.sampled_from(["OR", "RR", "RD", "AS"]),
)  # fmt: skip
def test_exchanging_groups_mirrors_the_effect(a, b, c, d, measure):
    there = two_by_two([a], [a + b], [c], [c + d], measure)
    back = two_by_two([c], [c + d], [a], [a + b], measure)
    np.testing.assert_allclose(there.effect, -back.effect, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(there.variance, back.variance, rtol=1e-10)


def test_extremes_are_answered():
    rng = np.random.default_rng(2)
    for scale in (1e-40, 1e-12, 1e12, 1e40):
        for ratio in (1.0, 1e8, 1e16):
            y = rng.normal(size=6) * scale
            v = scale**2 * np.geomspace(1.0, ratio, 6)
            for method in METHODS:
                fit = pool_effects(y, v, method=method)
                assert np.isfinite(numbers(fit)).all()
                share = i_squared(fit.tau2, typical_variance(v))
                assert method == "common" or fit.i2 == pytest.approx(share)


def test_threads_do_not_disturb_each_other():
    rng = np.random.default_rng(4)
    y, v = rng.normal(size=200), rng.uniform(0.1, 1.0, 200)
    alone = leave_one_out(y, v)
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda _: leave_one_out(y, v), range(16)))
    assert all((one.estimate == alone.estimate).all() for one in together)


@pytest.mark.slow
def test_knapp_hartung_keeps_its_level():
    # 20,000 simulated pools of 5 equal studies: the interval is that of a mean, so exactly 95 %
    rng = np.random.default_rng(5)
    y = rng.normal(0.0, np.sqrt(0.1 + 0.3), (20_000, 5))
    found = pool_samples(y, np.full((20_000, 5), 0.1))
    covered = np.mean((found.low < 0.0) & (found.high > 0.0))
    # four Monte-Carlo standard errors
    assert abs(covered - 0.95) < 4 * np.sqrt(0.95 * 0.05 / 20_000)
