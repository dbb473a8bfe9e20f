"""Cuts by costs, fixed rates and agreement, against 2 x 2 tables counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from cartwheel.errors import NotEstimable
from cartwheel.stats.cut_bootstrap import bootstrap_cut, bootstrap_log_rank_cut
from cartwheel.stats.cut_metrics import (
    METRICS,
    best_cut_by_metric,
    cost_weighted_cut,
    cut_at_sensitivity,
    cut_at_specificity,
)
from cartwheel.stats.cutpoint import best_cut, best_log_rank_cut, sorted_marker

# cuts at 1.5 .. 5.5; cases 2, 4, 5, 6 of six patients
MARKER = sorted_marker([1, 2, 3, 4, 5, 6])
EVENT = np.array([0.0, 1.0, 0.0, 1.0, 1.0, 1.0])


def found(metric):
    return best_cut_by_metric(MARKER, EVENT, 1.0 - EVENT, metric=metric)


def test_metrics_at_the_cut():
    # above 3.5: 3 of 4 cases, no control. above 1.5: all cases, 1 of 2 controls
    best = found("youden")
    assert (best.cut, best.value, best.patients_above) == (3.5, 0.75, 3)
    assert (best.sensitivity, best.specificity, best.candidates) == (0.75, 1.0, 5)
    # 5 of 6 right at 1.5 and at 3.5
    accuracy = found("accuracy")
    assert (accuracy.cut, accuracy.value) == (1.5, pytest.approx(5 / 6))
    np.testing.assert_allclose(accuracy.equally_good, [1.5, 3.5])
    assert found("f1").value == pytest.approx(8 / 9)
    assert found("sensitivity_times_specificity").value == pytest.approx(0.75)
    # at 3.5 agreed 5/6, chance (4*3 + 2*3)/36
    assert found("kappa").value == pytest.approx((5 / 6 - 1 / 2) / (1 / 2))
    # 3.5: (3*2 - 0)^2 * 6 / (4*2*3*3)
    assert found("chi_square").value == pytest.approx(3.0)
    assert found("corner_distance").value == pytest.approx(0.25)
    # the gap is 1/4 at 2.5 (3/4, 1/2) and at 3.5 (3/4, 1): the lower cut is kept
    gap = found("sensitivity_specificity_gap")
    assert (gap.cut, gap.value) == (2.5, pytest.approx(0.25))
    # only 2.5 has no empty cell: 3 * 1 / (1 * 1)
    odds = found("odds_ratio")
    assert (odds.cut, odds.value, odds.candidates) == (2.5, pytest.approx(3.0), 1)
    # 2.5: 3/4 of 4 positive, 1/2 of 2 negative; 1.5: 4/5 and 1/1
    assert found("predictive_value_gap").value == pytest.approx(0.2)
    assert set(METRICS) >= {"youden", "predictive_value_gap"}


def test_costs_move_the_cut():
    def cut(cost, prevalence=None):
        return cost_weighted_cut(MARKER, EVENT, 1.0 - EVENT, cost=cost, prevalence=prevalence)

    # a missed case ten times as bad: the cut that misses none; a false alarm ten times as bad: 3.5
    assert (cut(10.0).cut, cut(0.1).cut) == (1.5, 3.5)
    # r = (1 - 0.2) / (2 * 0.2) = 2: 3.5 has 0.75 + 2, 1.5 has 1 + 1
    weighted = cut(2.0, 0.2)
    assert (weighted.cut, weighted.value) == (3.5, pytest.approx(2.75))
    # with the sample's prevalence 2/3 and cost 1/2, r = 1: Youden's index
    assert cut(0.5).value == pytest.approx(found("youden").value + 1.0)


def test_fixed_rates():
    def at(sensitivity=None, specificity=None):
        if specificity is None:
            return cut_at_sensitivity(MARKER, EVENT, 1.0 - EVENT, sensitivity=sensitivity)
        return cut_at_specificity(MARKER, EVENT, 1.0 - EVENT, specificity=specificity)

    assert (at(sensitivity=1.0).cut, at(sensitivity=1.0).value) == (1.5, 0.5)
    assert (at(sensitivity=0.75).cut, at(sensitivity=0.75).value) == (3.5, 1.0)
    assert (at(specificity=1.0).cut, at(specificity=1.0).value) == (3.5, 0.75)
    assert (at(specificity=0.5).cut, at(specificity=0.5).value) == (1.5, 1.0)


def test_a_rate_that_no_cut_reaches_is_refused():
    marker = sorted_marker([1, 1, 2, 2])
    event = np.array([1.0, 0.0, 1.0, 0.0])
    with pytest.raises(NotEstimable, match="too much is asked"):
        cut_at_sensitivity(marker, event, 1.0 - event, sensitivity=0.9)
    with pytest.raises(NotEstimable, match="too much is asked"):
        cut_at_specificity(marker, event, 1.0 - event, specificity=0.9)


@pytest.mark.parametrize("bad", [0.0, 1.5, -1.0, float("nan")])
def test_a_rate_that_is_none_is_refused(bad):
    with pytest.raises(NotEstimable):
        cut_at_sensitivity(MARKER, EVENT, 1.0 - EVENT, sensitivity=bad)
    with pytest.raises(NotEstimable):
        cut_at_specificity(MARKER, EVENT, 1.0 - EVENT, specificity=bad)


def test_what_cannot_be_searched_is_refused():
    flat = sorted_marker([2, 2, 2, 2, 2, 2])
    for metric in METRICS:
        with pytest.raises(NotEstimable):
            best_cut_by_metric(flat, EVENT, 1.0 - EVENT, metric=metric)
        with pytest.raises(NotEstimable):
            best_cut_by_metric(MARKER, EVENT * 0.0, EVENT, metric=metric)
    with pytest.raises(NotEstimable, match="unknown metric"):
        found("gini")
    for cost, prevalence in ((0.0, 0.5), (-1.0, 0.5), (1.0, 1.0), (1.0, 0.0), (np.inf, 0.5)):
        with pytest.raises(NotEstimable, match="weighed"):
            cost_weighted_cut(MARKER, EVENT, 1.0 - EVENT, cost=cost, prevalence=prevalence)
    with pytest.raises(NotEstimable):
        best_cut_by_metric(MARKER, EVENT, -EVENT, metric="youden")
    with pytest.raises(NotEstimable, match="whole"):
        best_cut_by_metric(
            MARKER, EVENT, 1.0 - EVENT, metric="youden", multiplicity=np.full(6, 0.5)
        )


def test_the_bootstrap_repeats_the_search_itself():
    found = bootstrap_cut(MARKER, EVENT, 1.0 - EVENT, criterion="youden", resamples=200, seed=4)
    assert found.cut == best_cut(MARKER, EVENT, 1.0 - EVENT, criterion="youden")
    assert found.failed == 200 - len(found.cuts) > 0  # some resamples have no control
    assert found.estimate().value == 3.5
    assert found.estimate().low <= 3.5 <= found.estimate().high
    assert sum(count for _, count in found.frequencies()) == len(found.cuts)
    again = bootstrap_cut(MARKER, EVENT, 1.0 - EVENT, criterion="youden", resamples=200, seed=4)
    assert again.cuts.tobytes() == found.cuts.tobytes()
    ranked = bootstrap_log_rank_cut(MARKER, EVENT, resamples=100, seed=4, min_fraction=0.1)
    assert ranked.cut == best_log_rank_cut(MARKER, EVENT, min_fraction=0.1)
    nothing = bootstrap_cut(MARKER, EVENT, 1.0 - EVENT, criterion="youden", resamples=0, seed=4)
    assert (nothing.estimate().value, nothing.estimate().low) == (3.5, None)
    with pytest.raises(NotEstimable):
        bootstrap_cut(MARKER, EVENT, 1.0 - EVENT, criterion="youden", resamples=-1, seed=4)
