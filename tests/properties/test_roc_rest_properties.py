"""What holds of placements, partial areas, searched cuts and reconstructions, whatever the data."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st

from cartwheel.errors import NotEstimable
from cartwheel.stats.cut_metrics import METRICS, best_cut_by_metric
from cartwheel.stats.cutpoint import best_cut, sorted_marker
from cartwheel.stats.maximally_selected_gauss import gaussian_p
from cartwheel.stats.partial_auc import partial_auc
from cartwheel.stats.reconstruction import reconstruct_times
from cartwheel.stats.roc import auc, delong, roc_curve
from cartwheel.stats.survival import kaplan_meier
from cartwheel.stats.times import survival_times

LEVELS = st.integers(0, 6)


@st.composite
def scored(draw):
    """Scores with many ties, and an event that some have and some have not."""
    n = draw(st.integers(4, 30))
    score = np.array(draw(st.lists(LEVELS, min_size=n, max_size=n)), dtype=float)
    event = np.array(draw(st.lists(st.booleans(), min_size=n, max_size=n)), dtype=float)
    event[0], event[1] = 0.0, 1.0
    return score, event


@given(scored())
def test_placements_by_comparing_every_pair(data):
    score, event = data
    cases, controls = score[event == 1], score[event == 0]
    pairs = (cases[:, None] > controls) + 0.5 * (cases[:, None] == controls)
    of_cases, of_controls = pairs.mean(axis=1), pairs.mean(axis=0)
    found = delong(score, event)
    assert found.auc == pytest.approx(pairs.mean(), rel=1e-12, abs=1e-15)
    if min(cases.size, controls.size) > 1:
        variance = of_cases.var(ddof=1) / cases.size + of_controls.var(ddof=1) / controls.size
        # the two orders of summation differ by rounding of numbers up to 1
        assert found.variance == pytest.approx(variance, rel=1e-10, abs=1e-16)
    else:
        assert found.variance is None


@given(scored(), st.floats(0.05, 0.95))
def test_partial_areas_add_up_to_the_area(data, middle):
    score, event = data
    curve = roc_curve(score, event)
    for axis in ("specificity", "sensitivity"):
        low = partial_auc(curve, low=0.0, high=middle, axis=axis)
        high = partial_auc(curve, low=middle, high=1.0, axis=axis)
        assert low.area + high.area == pytest.approx(auc(score, event), abs=1e-9)
        assert -1e-12 <= high.area <= 1.0 - middle + 1e-12
        assert high.corrected <= 1.0 + 1e-12


@given(scored(), st.data())
def test_a_multiplicity_is_repeated_rows(data, more):
    score, event = data
    times = np.array(
        more.draw(st.lists(st.integers(0, 3), min_size=score.size, max_size=score.size))
    )
    rows = np.repeat(np.arange(score.size), times)
    for metric in METRICS:
        answers = []
        for marker, cases, controls, multiplicity in (
            (score, times * event, times * (1.0 - event), times),
            (score[rows], event[rows], 1.0 - event[rows], None),
        ):
            try:
                found = best_cut_by_metric(
                    sorted_marker(marker),
                    cases,
                    controls,
                    metric=metric,
                    multiplicity=multiplicity,
                )
                answers.append((found.cut, found.value, found.patients_above, found.candidates))
            except NotEstimable:
                answers.append(None)
        # whole-number weights are added exactly, so even the last digit is the same
        assert answers[0] == answers[1], metric


@given(scored())
def test_youden_is_the_search_of_the_kernel(data):
    score, event = data
    marker = sorted_marker(score)
    try:
        kernel = best_cut(marker, event, 1.0 - event, criterion="youden")
    except NotEstimable:
        with pytest.raises(NotEstimable):
            best_cut_by_metric(marker, event, 1.0 - event, metric="youden")
        return
    found = best_cut_by_metric(marker, event, 1.0 - event, metric="youden")
    assert (found.cut, found.candidates) == (kernel.cut, kernel.candidates)
    assert found.value == pytest.approx(kernel.statistic, abs=1e-12)


@given(st.floats(0.1, 9.0), st.sets(st.integers(1, 59), min_size=1, max_size=40))
def test_gaussian_p_lies_between_one_cut_and_their_sum(b, chosen):
    sizes, n = sorted(chosen), 60
    p = gaussian_p(b, sizes, n)
    single = gaussian_p(b, sizes[:1], n)
    # the integral is good to 1e-10 relative
    assert single * (1.0 - 1e-10) <= p <= min(1.0, len(sizes) * single) * (1.0 + 1e-10)
    mirrored = gaussian_p(b, [n - size for size in reversed(sizes)], n)
    assert mirrored == pytest.approx(p, rel=1e-9)


@given(st.data())
def test_reconstruction_keeps_patients_and_numbers_at_risk(data):
    n = data.draw(st.integers(5, 60))
    rng = np.random.default_rng(data.draw(st.integers(0, 10_000)))
    truth = survival_times(
        np.round(rng.exponential(10.0, n), 1) + 0.1, rng.random(n) < rng.uniform(0.2, 1.0)
    )
    curve = kaplan_meier(truth)
    risk_times = np.array([0.0, 5.0, 10.0])
    at_risk = [int((truth.time >= t).sum()) for t in risk_times]
    found = reconstruct_times(curve.time, curve.survival, risk_times=risk_times, at_risk=at_risk)
    assert found.n == n
    assert np.array_equal(found.at_risk_found[:1], [n])
    assert (np.diff(found.times.time) >= 0.0).all()
    # whole patients: a step is off by at most half a patient of those at risk, and the numbers at
    # risk by what such rounding moves
    assert np.abs(found.at_risk_found - at_risk).max() <= 2
    before = curve.time < 10.0
    reached = kaplan_meier(found.times)
    height = np.concatenate(([1.0], reached.survival))[
        np.searchsorted(reached.time, curve.time[before], side="right")
    ]
    if before.any() and at_risk[2] >= 4:
        assert np.abs(height - curve.survival[before]).max() <= 0.5 / at_risk[2] + 0.02
