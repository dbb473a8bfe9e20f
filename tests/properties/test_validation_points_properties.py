"""Resamples of a score's measures: multiplicities are rows, order is nothing, ranks are ranks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import given, settings, strategies as st
from validated_groups import KINDS, binary, competing, survival
from validated_scores import banded

from cartwheel.validation.analysed import Predicted, Target
from cartwheel.validation.judging.points import prepared

RANKS = ("auc", "auc_at_horizon", "harrell_c", "uno_c")
# sums in another order; a fit stops within 1e-8 standard errors
SAME = {"rtol": 1e-7, "atol": 1e-9}


@st.composite
def samples(draw: st.DrawFn) -> tuple[Target, Predicted, np.ndarray]:
    """A few patients with ties everywhere, and a resample of them."""
    n = draw(st.integers(4, 25))

    def column(low: int, high: int) -> Any:
        return st.lists(st.integers(low, high), min_size=n, max_size=n)

    kind = draw(st.sampled_from(KINDS))
    value = np.array(draw(column(0, 6)), dtype=float)
    # one patient of each kind at least, so that the sample itself can be made
    coded = [1, 2, 0, *draw(column(0, 2))[3:]]
    event = [float(code == 1) for code in coded]
    time = np.array(draw(column(1, 12)), dtype=float)
    time[2] = 12.0
    target = {
        "binary": lambda: binary(event),
        "survival": lambda: survival(time, event, 6.0),
        "competing": lambda: competing(time, coded, 6.0),
    }[kind]()
    risk = (value + 1.0) / 9.0
    counts = np.array(draw(column(0, 3)))
    # the two events stay, or a resample of competing risks could not be made of rows
    counts[:2] = np.maximum(counts[:2], 1)
    return target, banded(value, risk, [2, 4]), counts


@settings(deadline=None, max_examples=200)
@given(samples())
def test_a_multiplicity_is_as_many_rows(sample: tuple[Target, Predicted, np.ndarray]) -> None:
    target, predicted, counts = sample
    rows = np.repeat(np.arange(target.n), counts)
    counted = prepared(target, predicted).measure(counts)
    repeated = prepared(target.subset(rows), predicted.subset(rows)).measure()
    np.testing.assert_allclose(counted, repeated, **SAME)


@settings(deadline=None, max_examples=100)
@given(samples(), st.randoms(use_true_random=False))
def test_the_order_of_patients_does_not_matter(
    sample: tuple[Target, Predicted, np.ndarray], random: Any
) -> None:
    target, predicted, counts = sample
    rows = list(range(target.n))
    random.shuffle(rows)
    order = np.array(rows)
    here = prepared(target, predicted).measure(counts)
    there = prepared(target.subset(order), predicted.subset(order)).measure(counts[order])
    np.testing.assert_allclose(here, there, **SAME)


@settings(deadline=None, max_examples=100)
@given(samples())
def test_a_rising_function_of_the_score_ranks_alike(
    sample: tuple[Target, Predicted, np.ndarray],
) -> None:
    target, predicted, counts = sample
    bent = replace(predicted, risk=None, risk_source="value", value=np.exp(predicted.value) - 7.0)
    plain = replace(predicted, risk=None, risk_source="value")
    ready = prepared(target, bent)
    assert set(ready.names) <= set(RANKS)
    np.testing.assert_array_equal(ready.measure(counts), prepared(target, plain).measure(counts))


@settings(deadline=None, max_examples=100)
@given(samples())
def test_a_score_turned_round_has_the_rest_of_the_area(
    sample: tuple[Target, Predicted, np.ndarray],
) -> None:
    target, predicted, counts = sample
    plain = replace(predicted, risk=None, risk_source="value")
    turned = prepared(target, replace(plain, adverse="low")).measure(counts)
    np.testing.assert_allclose(1.0 - turned, prepared(target, plain).measure(counts), **SAME)
