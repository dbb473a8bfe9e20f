"""ROC areas, intervals and tables small enough to work out on paper."""

from __future__ import annotations

import math

import numpy as np
import pytest

from cartwheel.errors import NotEstimable
from cartwheel.stats.roc import (
    auc,
    auc_delong,
    delong,
    delong_compare,
    delong_compare_groups,
    roc_curve,
    two_by_two,
    weighted_auc,
)

SCORE = np.array([1.0, 2.0, 3.0, 4.0])
EVENT = np.array([0, 1, 0, 1])


def test_area_counts_pairs():
    # 2 beats 1 and loses to 3; 4 beats both
    assert auc(SCORE, EVENT) == 3.0 / 4.0
    # a tie is half a pair
    assert auc([1, 1], [0, 1]) == 0.5
    assert auc([1, 2, 2], [0, 0, 1]) == 0.75


def test_area_does_not_exist_with_one_class():
    assert math.isnan(auc(SCORE, np.ones(4)))
    assert math.isnan(auc(SCORE, EVENT, [1, 0, 1, 0]))
    assert math.isnan(weighted_auc(SCORE, np.zeros(4), np.ones(4)))
    assert math.isnan(auc([], []))


def test_a_missing_score_is_refused():
    for area in (auc, lambda x, e: weighted_auc(x, e, e)):
        with pytest.raises(NotEstimable, match="missing"):
            area([1.0, np.nan], [0, 1])


def test_area_with_multiplicities():
    # patients 1, 2, 4 stand 2, 3, 1 times: pairs 2 x 4, all won
    assert auc(SCORE, EVENT, [2, 3, 0, 1]) == 1.0
    # and with patient 3 once: 3 of the 4 x 3 pairs lost
    assert auc(SCORE, EVENT, [2, 3, 1, 1]) == 9.0 / 12.0


def test_weighted_area():
    # pairs (case, control): (2, 1) 2 * 1 won, (2, 3) 2 * 0.5 lost, (4, 1) 1, (4, 3) 0.5 won
    assert weighted_auc(SCORE, [0, 2, 0, 1], [1, 0, 0.5, 0]) == pytest.approx(3.5 / 4.5, rel=1e-15)


def test_delong_variance():
    # placements: cases 1/2, 1 (variance 1/8); controls 1, 1/2 (variance 1/8); 1/16 + 1/16
    found = delong(SCORE, EVENT)
    assert (found.auc, found.variance) == (0.75, 0.125)
    interval = auc_delong(SCORE, EVENT, level=0.5)
    # the upper quartile of the normal, 0.6744897501960817
    assert interval.low == pytest.approx(0.75 - 0.6744897501960817 * math.sqrt(0.125), rel=1e-14)
    assert auc_delong(SCORE, EVENT).high == 1.0  # cut off


def test_perfect_separation_has_no_interval():
    found = auc_delong([1, 2, 3, 4], [0, 0, 1, 1])
    assert (found.value, found.low, found.high, found.level) == (1.0, None, None, None)
    assert "perfect separation" in found.method


def test_one_case_has_an_area_but_no_interval():
    found = auc_delong([1, 2, 3], [0, 1, 0])
    assert (found.value, found.low, found.high) == (0.5, None, None)
    with pytest.raises(NotEstimable, match="no variance"):
        delong_compare([1, 2, 3], [3, 2, 1], [0, 1, 0])


@pytest.mark.parametrize(
    ("score", "event", "code"),
    [
        (SCORE, [1, 1, 1, 1], "one_class"),
        (SCORE, [0, 1, 2, 1], "coding"),
        (SCORE, [0, 1, 1], "length_mismatch"),
        ([1, 2, 3, np.inf], EVENT, "not_finite"),
        ([], [], "empty_column"),
        (["a", "b"], [0, 1], "not_a_number"),
        ([[1, 2]], [0, 1], "not_a_column"),
    ],
)
def test_what_delong_refuses(score, event, code):
    with pytest.raises(NotEstimable) as refused:
        delong(score, event)
    assert refused.value.problems[0].code == code


def test_level_is_refused():
    with pytest.raises(NotEstimable, match="coverage"):
        auc_delong(SCORE, EVENT, level=95)


def test_comparing_a_score_with_itself_is_refused():
    with pytest.raises(NotEstimable, match="no variance"):
        delong_compare(SCORE, 2 * SCORE, EVENT)
    perfect = delong([1, 2, 3, 4], [0, 0, 1, 1])
    with pytest.raises(NotEstimable, match="no variance"):
        delong_compare_groups(perfect, perfect)


def test_curve():
    curve = roc_curve([1, 2, 2, 4], [0, 1, 0, 1])
    assert curve.thresholds.tolist() == [np.inf, 3.0, 1.5, -np.inf]
    assert curve.sensitivity.tolist() == [0.0, 0.5, 1.0, 1.0]
    assert curve.specificity.tolist() == [1.0, 1.0, 0.5, 0.0]
    with pytest.raises(ValueError, match="read-only"):
        curve.thresholds[0] = 0.0


def test_weighted_curve():
    curve = roc_curve([1, 2, 3], case_weight=[0, 1, 3], control_weight=[2, 0, 2])
    assert curve.sensitivity.tolist() == [0.0, 0.75, 1.0, 1.0]
    assert curve.specificity.tolist() == [1.0, 0.5, 0.5, 0.0]


@pytest.mark.parametrize(
    ("weights", "code"),
    [
        ({}, "no_event"),
        ({"case_weight": [1, 1]}, "one_weight"),
        ({"case_weight": [1, -1], "control_weight": [1, 1]}, "negative_weight"),
        ({"case_weight": [0, 0], "control_weight": [1, 1]}, "one_class"),
        ({"event": [1, 1]}, "one_class"),
    ],
)
def test_what_the_curve_refuses(weights, code):
    with pytest.raises(NotEstimable) as refused:
        roc_curve([1, 2], **weights)
    assert refused.value.problems[0].code == code


def test_thresholds_between_neighbouring_doubles_still_separate():
    upper = np.nextafter(1.0, 2.0)
    curve = roc_curve([1.0, upper, 1e308, 1.7e308], [0, 1, 0, 1])
    values = np.array([1.0, upper, 1e308, 1.7e308])
    found = [(values > threshold).sum() for threshold in curve.thresholds]
    assert found == [0, 1, 2, 3, 4]


def test_two_by_two():
    positive = [1, 1, 1, 0, 0, 0, 0, 1]
    event = [1, 1, 0, 1, 0, 0, 0, 1]
    found = two_by_two(positive, event)
    counts = found.true_positive, found.false_positive, found.false_negative, found.true_negative
    assert counts == (3, 1, 1, 3)
    assert found.sensitivity.value == found.specificity.value == 0.75
    assert found.ppv.value == found.npv.value == 0.75
    assert found.lr_positive.value == 3.0
    assert found.lr_negative.value == pytest.approx(1.0 / 3.0, rel=1e-15)
    # 1/3 - 1/4 + 1/1 - 1/4
    half = 1.959963984540054 * math.sqrt(1 / 3 - 1 / 4 + 1 - 1 / 4)
    assert found.lr_positive.low == pytest.approx(3.0 * math.exp(-half), rel=1e-14)
    assert found.lr_positive.high == pytest.approx(3.0 * math.exp(half), rel=1e-14)


def test_two_by_two_with_empty_cells():
    found = two_by_two([0, 0, 0], [1, 0, 0])
    assert found.ppv.value is None
    assert found.lr_positive.value is None
    assert found.lr_negative.value == 1.0
    none_missed = two_by_two([1, 1, 0], [1, 0, 0])
    assert (none_missed.lr_negative.value, none_missed.lr_negative.low) == (0.0, None)
    with pytest.raises(NotEstimable, match="unknown interval"):
        two_by_two([1, 0], [1, 0], interval="wald")
