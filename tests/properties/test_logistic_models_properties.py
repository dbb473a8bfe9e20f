"""What must hold of intervals, residuals, nomograms and penalised paths, whatever the data."""

from __future__ import annotations

import numpy as np
from hypothesis import assume, given, settings, strategies as st

from cartwheel.errors import NotEstimable
from cartwheel.stats.auc_variance import obuchowski_variance, somers_dxy
from cartwheel.stats.elastic_net_logistic import logistic_elastic_net
from cartwheel.stats.elastic_net_validation import cross_validated_logistic_elastic_net
from cartwheel.stats.logistic_intervals import logistic_table
from cartwheel.stats.logistic_residuals import logistic_residuals
from cartwheel.stats.model_indices import gini_mean_difference, logistic_indices
from cartwheel.stats.nomogram import axis_marks, nomogram

seeds = st.integers(0, 2**32 - 1)


def sample(seed: int, n: int = 40) -> tuple[np.ndarray, np.ndarray, np.random.Generator]:
    stream = np.random.default_rng(seed)
    x = stream.normal(size=(n, 2))
    return x, (stream.random(n) < 1.0 / (1.0 + np.exp(-x[:, 0]))).astype(float), stream


@given(seeds)
@settings(max_examples=40)
def test_a_multiplicity_is_that_many_rows(seed: int) -> None:
    x, event, stream = sample(seed)
    counts = stream.integers(0, 3, 40)
    rows = np.repeat(np.arange(40), counts)
    try:
        once = logistic_table(x[rows], event[rows])
    except NotEstimable:
        assume(False)
    found = logistic_table(x, event, multiplicity=counts)
    scale = found.fit.std_error
    for name in ("low", "high", "wald_low", "wald_high"):
        off = (getattr(found, name) - getattr(once, name)) / scale
        # both stop within 1e-11 of a standard deviation
        np.testing.assert_allclose(off, 0.0, atol=1e-7)


@given(seeds, st.floats(-6.0, 6.0))
@settings(max_examples=40)
def test_units_move_limits_only(seed: int, power: float) -> None:
    x, event, _ = sample(seed)
    unit = 10.0**power
    try:
        found = logistic_table(x, event)
    except NotEstimable:
        assume(False)
    scaled = logistic_table(x * unit, event)
    np.testing.assert_allclose(scaled.low[1:] * unit, found.low[1:], rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(scaled.statistic, found.statistic, rtol=1e-6, atol=1e-9)
    # limits enclose the estimate, and the test agrees with them
    assert (found.low < found.fit.coefficients).all()
    assert (found.fit.coefficients < found.high).all()
    outside = (found.low > 0.0) | (found.high < 0.0)
    np.testing.assert_array_equal(outside, found.p_values < 0.05)
    ours = logistic_residuals(found.fit, x, event)
    theirs = logistic_residuals(scaled.fit, x * unit, event)
    np.testing.assert_allclose(theirs.cook, ours.cook, rtol=1e-6, atol=1e-12)
    assert abs(float(ours.leverage.sum()) - 3.0) < 1e-9


@given(seeds)
@settings(max_examples=40)
def test_indices_lie_where_they_must(seed: int) -> None:
    x, event, _ = sample(seed)
    try:
        found = logistic_indices(logistic_table(x, event).fit, x, event)
    except NotEstimable:
        assume(False)
    assert 0.0 <= found.cox_snell <= found.nagelkerke <= 1.0
    assert 0.0 <= found.mcfadden <= 1.0
    # of a logistic regression with intercept
    assert 0.0 <= found.tjur <= 1.0
    assert abs(found.dxy) <= abs(found.gamma) + 1e-12
    assert abs(found.tau_a) <= abs(found.dxy) + 1e-12


@given(seeds, st.integers(2, 60))
def test_gini_is_the_mean_over_pairs(seed: int, n: int) -> None:
    x = np.random.default_rng(seed).normal(size=n)
    pairs = np.abs(x[:, None] - x).sum() / (n * (n - 1.0))
    np.testing.assert_allclose(gini_mean_difference(x), pairs, rtol=1e-10)


@given(seeds, st.integers(3, 9))
@settings(max_examples=50)
def test_a_turned_score_has_the_same_variance(seed: int, levels: int) -> None:
    stream = np.random.default_rng(seed)
    score, event = stream.integers(0, levels, 50).astype(float), stream.integers(0, 2, 50)
    one, other = somers_dxy(score, event), somers_dxy(-score, event)
    np.testing.assert_allclose([other.dxy, other.std_error], [-one.dxy, one.std_error], atol=1e-12)
    try:
        variance = obuchowski_variance(score, event)
    except NotEstimable:
        return
    np.testing.assert_allclose(obuchowski_variance(-score, event), variance, rtol=1e-8)


@given(st.lists(st.floats(-5.0, 5.0), min_size=1, max_size=6), st.floats(-3.0, 3.0), seeds)
def test_points_add_up_to_the_linear_predictor(
    slopes: list[float], intercept: float, seed: int
) -> None:
    assume(max(abs(slope) for slope in slopes) > 1e-3)
    stream = np.random.default_rng(seed)
    marks = [np.sort(stream.choice(100, 5, replace=False)).astype(float) for _ in slopes]
    terms = [
        (f"x{index}", at, slope * at)
        for index, (slope, at) in enumerate(zip(slopes, marks, strict=True))
    ]
    found = nomogram(terms, intercept=intercept)
    picked = stream.integers(0, 5, len(slopes))
    total = sum(axis.points[k] for axis, k in zip(found.axes, picked, strict=True))
    wanted = intercept + sum(
        slope * at[k] for slope, at, k in zip(slopes, marks, picked, strict=True)
    )
    np.testing.assert_allclose(found.linear_predictor(total), wanted, rtol=1e-9, atol=1e-9)
    assert 0.0 <= total <= found.largest_total * (1.0 + 1e-12)
    assert max(float(axis.points.max()) for axis in found.axes) <= 100.0 * (1.0 + 1e-12)


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6), st.integers(1, 20))
def test_marks_cover_the_range(low: float, width: float, intervals: int) -> None:
    high = low + width
    assume(high > low)
    marks = axis_marks(low, high, intervals)
    step = marks[1] - marks[0]
    # a step's rounding
    assert marks[0] <= low + 1e-9 * step
    assert marks[-1] >= high - 1e-9 * step
    assert 2 <= marks.size <= 3 * intervals + 2


@given(seeds, st.sampled_from([0.0, 0.5, 1.0]))
@settings(max_examples=25)
def test_paths_know_no_order_and_no_units(seed: int, alpha: float) -> None:
    x, event, stream = sample(seed)
    penalties = [0.05, 0.01]
    found = logistic_elastic_net(x, event, alpha=alpha, penalties=penalties)
    order, unit = stream.permutation(40), np.array([1e3, 1e-3])
    again = logistic_elastic_net(x[order] * unit, event[order], alpha=alpha, penalties=penalties)
    # both stop at 1e-11 of a standardised coefficient
    np.testing.assert_allclose(again.coefficients * unit, found.coefficients, atol=1e-8)
    folds = np.arange(40) % 4
    first = cross_validated_logistic_elastic_net(
        x, event, alpha=alpha, penalties=penalties, folds=folds
    )
    other = cross_validated_logistic_elastic_net(
        x[order], event[order], alpha=alpha, penalties=penalties, folds=folds[order]
    )
    np.testing.assert_allclose(other.deviance, first.deviance, rtol=1e-8)
    assert other.minimum == first.minimum or np.ptp(first.deviance) < 1e-8
