"""Partial areas and the logit interval against numbers worked out by hand."""

from __future__ import annotations

from math import exp, log, sqrt

import numpy as np
import pytest

from cartwheel.errors import NotEstimable
from cartwheel.stats.partial_auc import (
    partial_auc,
    sensitivity_at_specificity,
    specificity_at_sensitivity,
)
from cartwheel.stats.roc import auc, auc_delong, delong, roc_curve

# the curve runs (specificity, sensitivity) = (0, 1), (1/2, 1), (1/2, 1/2), (1, 1/2), (1, 0)
SCORE, EVENT = [1.0, 3.0, 2.0, 4.0], [0, 0, 1, 1]


def test_area_over_a_range_of_specificity():
    curve = roc_curve(SCORE, EVENT)
    # sensitivity is 1/2 from specificity 1/2 to 1, and 1 below
    assert partial_auc(curve, low=0.5).area == pytest.approx(0.25)
    assert partial_auc(curve, low=0.8).area == pytest.approx(0.1)
    assert partial_auc(curve, low=0.25, high=0.75).area == pytest.approx(0.25 + 0.125)
    assert partial_auc(curve, low=0.0).area == pytest.approx(auc(SCORE, EVENT)) == 0.75


def test_area_over_a_range_of_sensitivity():
    curve = roc_curve(SCORE, EVENT)
    # specificity is 1 up to sensitivity 1/2, then 1/2
    assert partial_auc(curve, low=0.5, axis="sensitivity").area == pytest.approx(0.25)
    assert partial_auc(curve, low=0.25, high=0.75, axis="sensitivity").area == pytest.approx(0.375)


def test_the_correction_puts_chance_at_half_and_perfection_at_one():
    perfect, useless = roc_curve([1, 2, 3, 4], EVENT), roc_curve([1, 1, 1, 1], EVENT)
    for axis in ("specificity", "sensitivity"):
        for low, high in ((0.8, 1.0), (0.0, 0.3), (0.0, 1.0)):
            assert partial_auc(perfect, low=low, high=high, axis=axis).corrected == pytest.approx(1)
            assert partial_auc(useless, low=low, high=high, axis=axis).corrected == pytest.approx(
                0.5
            )
    # area 0.1 over 0.8 to 1: least 0.02, most 0.2
    corrected = partial_auc(roc_curve(SCORE, EVENT), low=0.8).corrected
    assert corrected == pytest.approx((1.0 + 0.08 / 0.18) / 2.0)


def test_reading_one_coordinate():
    curve = roc_curve(SCORE, EVENT)
    assert sensitivity_at_specificity(curve, 0.5) == 1.0
    assert sensitivity_at_specificity(curve, 0.75) == 0.5
    assert specificity_at_sensitivity(curve, 0.5) == 1.0
    assert specificity_at_sensitivity(curve, 1.0) == 0.5
    sloping = roc_curve([1, 1, 2, 1, 2, 2], [0, 0, 0, 1, 1, 1])
    # from (2/3, 2/3) straight to (1, 0)
    assert sensitivity_at_specificity(sloping, 5.0 / 6.0) == pytest.approx(1.0 / 3.0)


@pytest.mark.parametrize("limits", [(-0.1, 1.0), (0.5, 0.5), (0.8, 0.2), (0.5, 1.1), (np.nan, 1.0)])
def test_a_range_outside_the_curve_is_refused(limits):
    with pytest.raises(NotEstimable, match="range"):
        partial_auc(roc_curve(SCORE, EVENT), low=limits[0], high=limits[1])


def test_unknown_axis_and_coordinate_are_refused():
    curve = roc_curve(SCORE, EVENT)
    with pytest.raises(NotEstimable, match="axis"):
        partial_auc(curve, low=0.5, axis="threshold")
    for bad in (-0.01, 1.01, float("nan")):
        with pytest.raises(NotEstimable):
            sensitivity_at_specificity(curve, bad)


def test_interval_on_the_scale_of_log_odds():
    score, event = [1, 2, 3, 4, 5, 6], [0, 1, 0, 1, 0, 1]
    found = delong(score, event)
    # placements: cases 1/3, 2/3, 1; controls 1, 2/3, 1/3: variances 1/9 and 1/9
    assert found.auc == pytest.approx(2.0 / 3.0)
    assert found.variance == pytest.approx(2.0 / 27.0)
    interval = found.estimate(0.95, "logit")
    spread = 1.959963984540054 * sqrt(2.0 / 27.0) / (2.0 / 9.0)
    for limit, step in ((interval.low, -spread), (interval.high, spread)):
        assert limit == pytest.approx(1.0 / (1.0 + exp(-(log(2.0) + step))), rel=1e-12)
    assert auc_delong(score, event, scale="logit") == interval
    with pytest.raises(NotEstimable, match="scale"):
        found.estimate(scale="probit")


def test_perfect_separation_has_no_interval_on_either_scale():
    for scale in ("area", "logit"):
        found = delong([1, 2, 3, 4], EVENT).estimate(scale=scale)
        assert (found.value, found.low, found.high) == (1.0, None, None)
