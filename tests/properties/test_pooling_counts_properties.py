"""Pooling of counts, funnels and dependent effects: what must hold whatever the numbers."""

from __future__ import annotations

from dataclasses import fields
from math import log

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from cartwheel.errors import NotEstimable
from cartwheel.stats.pooling import small_studies as small
from cartwheel.stats.pooling.binomial_normal import pool_proportions_glmm
from cartwheel.stats.pooling.bivariate import bivariate_accuracy, multivariate_effects
from cartwheel.stats.pooling.e_value import e_value
from cartwheel.stats.pooling.multilevel import multilevel
from cartwheel.stats.pooling.selection_model import step_selection
from cartwheel.stats.pooling.two_by_two import mantel_haenszel, peto


def answer(compute, *codes):
    """What is computed, or None where it is refused for one of these reasons."""
    refusal = None
    try:
        return compute()
    except NotEstimable as refused:
        refusal = refused
    assert refusal.problems[0].code in codes
    return None


def finite(result):
    """Whether every number of a result is finite."""
    for field in fields(result):
        value = getattr(result, field.name)
        if isinstance(value, float | np.ndarray):
            assert np.isfinite(value).all(), field.name


@st.composite
def tables(draw, most=8):
    k = draw(st.integers(1, most))
    n1, n0 = (draw(st.lists(st.integers(1, 60), min_size=k, max_size=k)) for _ in range(2))
    a = [draw(st.integers(0, n)) for n in n1]
    c = [draw(st.integers(0, n)) for n in n0]
    return a, n1, c, n0


@given(tables(), st.sampled_from(["OR", "RR", "RD", "PETO"]))
def test_tables_give_finite_numbers_or_a_refusal(table, measure):
    def pooled():
        return peto(*table) if measure == "PETO" else mantel_haenszel(*table, measure=measure)

    found = answer(pooled, "ratio_infinite", "no_events")
    if found is not None:
        finite(found)
        assert found.weights_percent.sum() == pytest.approx(100.0)


@given(tables(), st.sampled_from(["OR", "RD", "PETO"]))
def test_swapping_the_groups_turns_the_sign(table, measure):
    a, n1, c, n0 = table

    def pooled(*cells):
        return peto(*cells) if measure == "PETO" else mantel_haenszel(*cells, measure=measure)

    found = answer(lambda: pooled(a, n1, c, n0), "ratio_infinite", "no_events")
    if found is None:
        with pytest.raises(NotEstimable):
            pooled(c, n0, a, n1)
        return
    swapped = pooled(c, n0, a, n1)
    assert swapped.estimate == pytest.approx(-found.estimate, rel=1e-9, abs=1e-12)
    assert swapped.std_error == pytest.approx(found.std_error, rel=1e-9)
    if found.breslow_day is not None:
        assert swapped.breslow_day == pytest.approx(found.breslow_day, rel=1e-6, abs=1e-9)


@st.composite
def proportions(draw):
    n = draw(st.lists(st.integers(1, 400), min_size=1, max_size=12))
    return [draw(st.integers(0, size)) for size in n], n


@settings(max_examples=40)
@given(proportions())
def test_proportions_give_finite_numbers_or_a_refusal(counts):
    events, n = counts
    known = "no_events", "only_events", "one_patient_each", "variance_unbounded", "not_converged"
    found = answer(lambda: pool_proportions_glmm(events, n), *known)
    if found is None:
        return
    finite(found)
    assert found.log_likelihood >= found.common_log_likelihood - 1e-9
    # the complement mirrors everything
    mirrored = pool_proportions_glmm([size - y for y, size in zip(events, n, strict=True)], n)
    assert mirrored.estimate == pytest.approx(-found.estimate, rel=1e-6, abs=1e-6)
    assert mirrored.tau2 == pytest.approx(found.tau2, rel=1e-5, abs=1e-8)
    # and order does not matter
    turned = pool_proportions_glmm(events[::-1], n[::-1])
    assert turned.estimate == pytest.approx(found.estimate, rel=1e-6, abs=1e-6)


EFFECT = st.floats(-3, 3).map(lambda x: round(x, 3))
VARIANCE = st.floats(0.005, 2).map(lambda x: round(x, 4))


@st.composite
def studies(draw, fewest=3, most=14):
    k = draw(st.integers(fewest, most))
    y, v = (draw(st.lists(one, min_size=k, max_size=k)) for one in (EFFECT, VARIANCE))
    return np.array(y), np.array(v)


@given(studies())
def test_funnel_tests_give_finite_numbers_or_a_refusal(study):
    y, v = study
    for model in ("lm", "random", "common"):
        found = answer(
            lambda model=model: small.egger_test(y, v, model=model),
            "predictor_constant",
            "no_residual",
            "collinear_column",
        )
        if found is None:
            continue
        finite(found)
        # a funnel mirrored about 0 is asymmetric to the other side
        mirrored = small.egger_test(-y, v, model=model)
        assert mirrored.statistic == pytest.approx(-found.statistic, rel=1e-6, abs=1e-6)


@given(studies(), st.sampled_from(["L0", "R0", "Q0"]))
def test_trim_and_fill_gives_finite_numbers_or_a_refusal(study, estimator):
    y, v = study
    found = answer(
        lambda: small.trim_and_fill(y, v, estimator=estimator, method="DL", interval="normal"),
        "predictor_constant",
        "collinear_column",
        "q0_undefined",
        "no_spread",
        "not_converged",
    )
    if found is None:
        return
    finite(found.fit)
    assert found.missing == found.filled_effects.size <= y.size
    assert found.fit.k == y.size + found.missing


@settings(max_examples=40)
@given(studies(fewest=6), st.sampled_from(["greater", "less", "two_sided"]))
def test_selection_gives_finite_numbers_or_a_refusal(study, alternative):
    y, v = study
    found = answer(
        lambda: step_selection(y, v, alternative=alternative), "interval_empty", "not_converged"
    )
    if found is None:
        return
    finite(found)
    # a model without selection is inside it
    assert found.likelihood_ratio >= 0.0
    assert (found.weights > 0.0).all()


@settings(max_examples=40)
@given(studies(fewest=4), st.data(), st.floats(0.0, 0.9))
def test_dependent_effects_give_finite_numbers_or_a_refusal(study, data, correlation):
    y, v = study
    labels = data.draw(st.lists(st.integers(0, 4), min_size=y.size, max_size=y.size))
    found = answer(
        lambda: multilevel(y, v, labels, sampling_correlation=correlation),
        "one_cluster",
        "one_effect_each",
        "robust_not_estimable",
    )
    if found is None:
        return
    finite(found)
    # a finer unit of the effects scales everything
    scaled = multilevel(10 * y, 100 * v, labels, sampling_correlation=correlation, robust="none")
    assert scaled.coefficients == pytest.approx(10 * found.coefficients, rel=1e-5, abs=1e-6)
    assert scaled.log_likelihood == pytest.approx(
        found.log_likelihood - (y.size - 1) * log(10), rel=1e-6
    )


@settings(max_examples=40)
@given(studies(fewest=4, most=10), st.data(), st.floats(-0.9, 0.9))
def test_pairs_give_finite_numbers(study, data, correlation):
    y, v = study
    second = data.draw(st.lists(EFFECT, min_size=y.size, max_size=y.size))
    effects = np.column_stack([y, second])
    variances = np.column_stack([v, v[::-1]])
    found = multivariate_effects(effects, variances, within_correlation=correlation)
    finite(found)
    assert np.linalg.eigvalsh(found.between)[0] >= -1e-9
    # the other order of outcomes has the same likelihood
    turned = multivariate_effects(
        effects[:, ::-1], variances[:, ::-1], within_correlation=correlation
    )
    assert turned.log_likelihood == pytest.approx(found.log_likelihood, abs=1e-6)


@settings(max_examples=40)
@given(tables(most=6))
def test_accuracy_gives_proportions_or_a_refusal(table):
    a, n1, c, n0 = (np.array(part) for part in table)
    found = answer(lambda: bivariate_accuracy(a, n1 - a, c, n0 - c), "too_few")
    if found is None:
        return
    for part in (found.sensitivity, found.specificity):
        assert 0.0 <= part.low <= part.value <= part.high <= 1.0


@given(st.floats(0.05, 20), st.floats(1.0, 3.0), st.sampled_from(["RR", "HR", "OR"]), st.booleans())
def test_an_e_value_is_blind_to_direction(ratio, wide, measure, rare):
    found = e_value(ratio, ratio / wide, ratio * wide, measure=measure, rare=rare)
    inverse = e_value(1 / ratio, 1 / (ratio * wide), wide / ratio, measure=measure, rare=rare)
    assert inverse.point == pytest.approx(found.point, rel=1e-6)
    assert inverse.limit == pytest.approx(found.limit, rel=1e-6)
    assert 1.0 <= found.limit <= found.point * (1 + 1e-12)
