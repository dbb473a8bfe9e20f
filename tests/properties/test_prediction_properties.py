"""Copies of rows, order of rows and units change nothing; influences are derivatives."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings, strategies as st

from cartwheel.errors import NotEstimable
from cartwheel.stats.calibration_curves import calibration_curve
from cartwheel.stats.competing import (
    aalen_johansen,
    competing_times,
    cumulative_incidence_at,
)
from cartwheel.stats.decision import decision_curve_over_time, net_benefit
from cartwheel.stats.fine_gray import fine_gray, fine_gray_coefficients
from cartwheel.stats.gray import gray_test
from cartwheel.stats.integrated_brier import brier_with_error
from cartwheel.stats.lowess import lowess
from cartwheel.stats.time_dependent import auc_at, time_dependent_auc
from cartwheel.stats.times import survival_times
from cartwheel.stats.uno import uno_c, uno_concordance

THRESHOLDS = np.array([0.1, 0.3, 0.5, 0.8])


@st.composite
def samples(draw, least: int = 6, most: int = 30):
    """Coarse times, causes, scores with ties, and how often each row occurs."""
    n = draw(st.integers(least, most))
    seed = draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    time = rng.integers(1, draw(st.sampled_from([6, 40])), size=n).astype(float)
    cause = rng.integers(0, 3, size=n)
    score = rng.integers(0, draw(st.sampled_from([4, 100])), size=n).astype(float)
    counts = rng.integers(0, 4, size=n)
    assume((cause[counts > 0] == 1).any() and (cause[counts > 0] == 2).any())
    return time, cause, score, counts.astype(float)


@given(samples())
def test_copies_of_rows_are_multiplicities(sample) -> None:
    time, cause, score, counts = sample
    whole = competing_times(time, cause)
    copied = [np.repeat(column, counts.astype(int)) for column in (time, cause, score)]
    rows = competing_times(copied[0], copied[1])
    for variance in ("jackknife", "aalen"):
        a = aalen_johansen(whole, multiplicity=counts, variance=variance)
        b = aalen_johansen(rows, variance=variance)
        np.testing.assert_array_equal(a.time, b.time)
        np.testing.assert_allclose(a.probability, b.probability, rtol=1e-12)
        # a variance of 0 is the difference of numbers near 1: its root is known to 1e-8
        np.testing.assert_allclose(a.std_error, b.std_error, rtol=1e-7, atol=3e-8)
    t = float(np.median(time))
    fast = cumulative_incidence_at(whole, 1, t, counts)
    assert fast == pytest.approx(cumulative_incidence_at(rows, 1, t), rel=1e-12)
    events = whole.times, rows.times
    for form in (uno_c, auc_at):
        np.testing.assert_allclose(
            form(events[0], score, t, counts), form(events[1], copied[2], t), rtol=1e-12
        )
    risk = score / 100.0
    np.testing.assert_allclose(
        net_benefit(risk, cause == 1, THRESHOLDS, counts),
        net_benefit(copied[2] / 100.0, copied[1] == 1, THRESHOLDS),
        rtol=1e-12,
        atol=1e-14,
    )


@given(samples())
def test_copies_of_rows_in_decision_curves(sample) -> None:
    time, cause, score, counts = sample
    copied = [np.repeat(column, counts.astype(int)) for column in (time, cause, score)]
    whole, rows = competing_times(time, cause), competing_times(copied[0], copied[1])
    t = float(np.median(copied[0]))
    a = decision_curve_over_time(whole, score / 100, t, THRESHOLDS, multiplicity=counts)
    b = decision_curve_over_time(rows, copied[2] / 100, t, THRESHOLDS)
    np.testing.assert_array_equal(a.estimable, b.estimable)
    np.testing.assert_allclose(a.net_benefit, b.net_benefit, rtol=1e-11, atol=1e-14)


@given(samples(12, 40))
def test_copies_of_rows_in_fine_gray(sample) -> None:
    time, cause, score, counts = sample
    whole = competing_times(time, cause)
    copied = [np.repeat(column, counts.astype(int)) for column in (time, cause, score)]
    rows = competing_times(copied[0], copied[1])
    found, converged = fine_gray_coefficients(whole, score, 1, counts)
    again, settled = fine_gray_coefficients(rows, copied[2], 1)
    assert converged == settled
    assume(converged)
    # far from 0 the likelihood is flat: compare in units of the standard error
    a, b = fine_gray(whole, score, multiplicity=counts), fine_gray(rows, copied[2])
    assert abs(found[0] - again[0]) < 1e-6 * np.sqrt(b.inverse_information[0, 0])
    np.testing.assert_allclose(a.std_error, b.std_error, rtol=1e-6)
    assert a.log_likelihood == pytest.approx(b.log_likelihood, rel=1e-10)
    assert (a.n, a.events) == (b.n, b.events)


@given(samples(), st.integers(0, 1000))
def test_the_order_of_rows_does_not_matter(sample, seed) -> None:
    time, cause, score, _ = sample
    mixed = np.random.default_rng(seed).permutation(time.size)
    a, b = competing_times(time, cause), competing_times(time[mixed], cause[mixed])
    np.testing.assert_allclose(
        aalen_johansen(a).std_error, aalen_johansen(b).std_error, rtol=1e-9, atol=1e-9
    )
    t = float(np.median(time))
    value = uno_c(a.times, score, t)
    np.testing.assert_allclose(value, uno_c(b.times, score[mixed], t), rtol=1e-12)
    assume(not np.isnan(value))
    one, two = (uno_concordance(s.times, x, t) for s, x in ((a, score), (b, score[mixed])))
    assert one.std_error == pytest.approx(two.std_error, rel=1e-9, abs=1e-12)
    np.testing.assert_allclose(one.influence[mixed], two.influence, rtol=1e-9, atol=1e-9)


@given(samples())
def test_entry_at_the_start_is_no_entry(sample) -> None:
    time, cause, _, counts = sample
    whole = competing_times(time, cause)
    a = aalen_johansen(whole, multiplicity=counts)
    b = aalen_johansen(whole, multiplicity=counts, entry=np.zeros(time.size))
    np.testing.assert_allclose(a.std_error, b.std_error, rtol=1e-9, atol=3e-8)
    np.testing.assert_array_equal(a.n_risk, b.n_risk)


@given(samples(6, 12), st.booleans())
@settings(max_examples=30)
def test_the_jackknife_is_the_sum_of_squared_derivatives(sample, late) -> None:
    time, cause, _, _ = sample
    whole = competing_times(time, cause)
    n, large = time.size, 1e6
    entry = np.where(np.arange(n) % 3 == 0, time - 1.0, 0.0) if late else None
    same = np.full(n, large)
    try:
        base = aalen_johansen(whole, multiplicity=same, entry=entry)
    except NotEstimable:  # nobody may be left at risk
        assume(False)
    squares = np.zeros_like(base.probability)
    for patient in range(n):
        more = same.copy()
        more[patient] += 1.0
        moved = aalen_johansen(whole, multiplicity=more, entry=entry).probability
        # one copy more among a million: the derivative to about 1e-5
        squares += ((moved - base.probability) * large) ** 2
    stated = aalen_johansen(whole, entry=entry)
    np.testing.assert_allclose(stated.std_error**2, squares, rtol=1e-3, atol=1e-5)


@given(samples(8, 20))
@settings(max_examples=30)
def test_influences_are_derivatives(sample) -> None:
    time, cause, score, _ = sample
    # times apart: with ties the product form of G and its exponential differ by more than 1 / n
    times = survival_times(np.argsort(np.argsort(time, kind="stable")) + 1.0, cause > 0)
    n, large, tau = time.size, 1e6, n_tau(time.size)
    assume(not np.isnan(uno_c(times, score, tau)))
    found = uno_concordance(times, score, tau)
    same = np.full(n, large)
    base = uno_c(times, score, tau, same)
    moves = np.empty(n)
    for patient in range(n):
        more = same.copy()
        more[patient] += 1.0
        moves[patient] = (uno_c(times, score, tau, more) - base) * large
    # Nelson-Aalen against product-limit: they share the derivative but for Y against Y - d
    assert found.influence.mean() == pytest.approx(0.0, abs=1e-9)
    assert np.corrcoef(np.append(moves, 1.0), np.append(found.influence / n, 1.0))[0, 1] > 0.9
    np.testing.assert_allclose(moves, found.influence / n, atol=4.0 / n)


def n_tau(n: int) -> float:
    """A horizon by which a good half has left."""
    return 0.6 * n


@given(samples(8, 40))
def test_a_score_turned_round_has_the_complement(sample) -> None:
    time, cause, score, _ = sample
    t = float(np.median(time))
    whole = competing_times(time, cause)
    by_then = (time <= t) & (cause == 1)
    assume(by_then.any() and (time > t).any())
    for controls in ("event-free", "not-case"):
        up = time_dependent_auc(whole, score, t, controls=controls)
        down = time_dependent_auc(whole, -score, t, controls=controls)
        assert up.auc[0] == pytest.approx(1.0 - down.auc[0], abs=1e-12)
        assert up.std_error[0] == pytest.approx(down.std_error[0], rel=1e-7, abs=1e-9)
        assert up.influence.mean() == pytest.approx(0.0, abs=1e-9)


@given(samples(10, 40))
def test_gray_does_not_depend_on_labels(sample) -> None:
    time, cause, score, _ = sample
    whole = competing_times(time, cause)
    group = (score > np.median(score)).astype(int)
    assume(0 < group.sum() < group.size)
    try:
        a = gray_test(whole, group)
    except NotEstimable:  # the groups may never be at risk together
        assume(False)
    b = gray_test(whole, np.where(group == 1, "a", "b"))
    assert a.statistic == pytest.approx(b.statistic, rel=1e-7, abs=1e-9)
    one = gray_test(whole, group, strata=np.zeros(time.size))
    assert one.statistic == pytest.approx(a.statistic, rel=1e-12)


@given(samples(8, 30))
def test_brier_scores_are_bounded_and_scale_free(sample) -> None:
    time, cause, score, _ = sample
    risk = score / 100.0
    t = float(np.median(time))
    assume(((time <= t) & (cause == 1)).any())
    a = brier_with_error(competing_times(time, cause), risk, t)
    b = brier_with_error(competing_times(time * 30.4375, cause), risk, t * 30.4375)
    assert a.value == pytest.approx(b.value, rel=1e-10)
    assert a.std_error == pytest.approx(b.std_error, rel=1e-9)
    assert a.influence.mean() == pytest.approx(0.0, abs=1e-9)


@given(samples(10, 30))
def test_lowess_of_copies(sample) -> None:
    time, cause, score, counts = sample
    event = (cause == 1).astype(float)
    risk = (score + 1.0) / 102.0
    copies = counts.astype(int)
    assume(0 < np.repeat(event, copies).sum() < copies.sum())
    a = calibration_curve(risk, event, smoother="lowess", multiplicity=counts)
    b = calibration_curve(np.repeat(risk, copies), np.repeat(event, copies), smoother="lowess")
    np.testing.assert_array_equal(a.observed, b.observed)
    order = np.random.default_rng(0).permutation(time.size)
    np.testing.assert_allclose(
        lowess(risk, event)[order], lowess(risk[order], event[order]), rtol=1e-9, atol=1e-12
    )
