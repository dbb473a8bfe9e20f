"""What a validation says of one score, worked out by hand."""

from __future__ import annotations

from math import exp, log, sqrt

import numpy as np
import pytest
from validated_groups import binary, competing, survival
from validated_scores import banded

from cartwheel.validation.analysed import Predicted, Target
from cartwheel.validation.judging.measures import (
    calibration,
    core_measures,
    discrimination,
    overall,
)
from cartwheel.validation.judging.points import point_measures, point_names, prepared
from cartwheel.validation.result_score import Measure

# one order of summation against another
ROUNDING = 1e-12


def _named(*groups: tuple[Measure, ...]) -> dict[str, Measure]:
    return {measure.name: measure for group in groups for measure in group}


def _told(target: Target, predicted: Predicted) -> dict[str, Measure]:
    return _named(
        discrimination(target, predicted, 0.95),
        calibration(target, predicted, 0.95),
        overall(target, predicted, 0.95),
    )


def test_binary_measures_of_six_patients() -> None:
    risk = [0.1, 0.2, 0.2, 0.4, 0.5, 0.8]
    event = [0, 0, 1, 0, 1, 1]
    told = _told(binary(event), banded(risk, risk, []))
    # of 9 pairs 7 are in order and one is tied
    assert told["auc"].estimate.value == pytest.approx(7.5 / 9, rel=ROUNDING)
    assert told["observed_expected"].estimate.value == pytest.approx(3 / 2.2, rel=ROUNDING)
    # sqrt((1 - 1/2) / 3)
    assert told["observed_expected"].std_error == pytest.approx(sqrt(1 / 6), rel=ROUNDING)
    squared = 0.01 + 0.04 + 0.64 + 0.16 + 0.25 + 0.04
    assert told["brier"].estimate.value == pytest.approx(squared / 6, rel=ROUNDING)
    scaled = told["scaled_brier"].estimate
    assert scaled.value == pytest.approx(1 - squared / 6 / 0.25, rel=ROUNDING)
    assert (scaled.low, scaled.level) == (None, None)
    ideals = {name: measure.ideal for name, measure in told.items() if measure.ideal is not None}
    assert ideals == {
        "calibration_in_the_large": 0.0,
        "calibration_slope": 1.0,
        "observed_expected": 1.0,
    }


def test_the_slope_of_two_risks_is_that_of_their_log_odds() -> None:
    # risks 1/5 and 1/2 in four patients each, of whom 1 and 3 have the event
    risk = [0.2] * 4 + [0.5] * 4
    told = _told(binary([1, 0, 0, 0, 1, 1, 1, 0]), banded(risk, risk, []))
    slope = (log(3) - log(1 / 3)) / (0.0 - log(1 / 4))
    # 1e-8: where the fit stops
    assert told["calibration_slope"].estimate.value == pytest.approx(slope, rel=1e-8)


def test_equal_predictions_rank_nobody_and_have_no_slope() -> None:
    for target in (
        binary([0, 1, 0, 1]),
        survival([1, 2, 3, 4], [1, 0, 1, 0], 2.5),
        competing([1, 2, 3, 4], [1, 2, 1, 0], 2.5),
    ):
        told = _told(target, banded([3] * 4, [0.4] * 4, []))
        for name in ("auc", "auc_at_horizon", "harrell_c", "uno_c"):
            if name in told:
                estimate = told[name].estimate
                assert (estimate.value, estimate.low) == (0.5, None)
                assert estimate.method == "all predictions are equal"
        slope = told["calibration_slope"].estimate
        assert (slope.value, slope.method) == (None, "all predictions are equal")
        assert told["observed_expected"].estimate.value is not None
        fast = dict(
            zip(
                point_names(target, banded([3] * 4, [0.4] * 4, [])),
                point_measures(target, banded([3] * 4, [0.4] * 4, [])),
                strict=True,
            )
        )
        assert np.isnan(fast["calibration_slope"])


def test_a_certain_risk_has_no_linear_predictor() -> None:
    risk = [0.0, 0.2, 0.6, 1.0]
    told = _told(binary([0, 1, 0, 1]), banded(risk, risk, []))
    for name in ("calibration_slope", "calibration_in_the_large"):
        assert told[name].estimate.value is None
        assert "exactly 0 or 1" in told[name].estimate.method
    assert told["brier"].estimate.value == pytest.approx((0.64 + 0.36) / 4, rel=ROUNDING)


def test_without_events_there_is_no_area_but_a_bound_on_the_ratio() -> None:
    risk = [0.1, 0.3, 0.2]
    told = _told(binary([0, 0, 0]), banded(risk, risk, []))
    assert told["auc"].estimate.value is None
    assert told["calibration_slope"].estimate.value is None
    assert told["scaled_brier"].estimate.value is None
    ratio = told["observed_expected"].estimate
    assert (ratio.value, ratio.low) == (0.0, 0.0)
    # upper limit of 0 in 3: 1 - 0.025^(1/3)
    assert ratio.high == pytest.approx((1 - 0.025 ** (1 / 3)) / 0.2, rel=1e-10)


def test_one_case_has_an_area_without_an_interval() -> None:
    (area,) = discrimination(binary([0, 0, 1]), banded([1, 2, 3], None, []), 0.95)
    assert (area.estimate.value, area.estimate.low, area.std_error) == (1.0, None, None)


def test_a_score_whose_low_values_are_adverse_is_turned() -> None:
    low = banded([1, 2, 3], None, [], adverse="low")
    (area,) = discrimination(binary([1, 0, 0]), low, 0.95)
    assert area.estimate.value == 1.0


def test_survival_in_the_large_is_a_ratio_of_cumulative_hazards() -> None:
    # without censoring before 10: half have the event by then
    target = survival([2, 4, 12, 14], [1, 1, 1, 0], 10)
    risk = [0.6, 0.5, 0.2, 0.3]
    told = _told(target, banded(risk, risk, []))
    assert told["observed_expected"].estimate.value == pytest.approx(0.5 / 0.4, rel=ROUNDING)
    large = told["calibration_in_the_large"]
    assert large.estimate.value == pytest.approx(log(log(0.5) / log(0.6)), rel=ROUNDING)
    # Greenwood of 2 in 4: sqrt(1/16), over S times its log
    assert large.std_error == pytest.approx(0.25 / (0.5 * log(2)), rel=ROUNDING)
    assert told["brier"].estimate.value == pytest.approx(
        (0.16 + 0.25 + 0.04 + 0.09) / 4, rel=ROUNDING
    )


def test_wolbers_keeps_patients_with_another_event_at_risk() -> None:
    # events asked for at 2 and 5; another event at 1; censored at 3
    target = competing([2, 5, 1, 3], [1, 1, 2, 0], 4)
    told = _told(target, banded([3, 1, 2, 4], None, []))
    # pairs of the one at 2: with 5 (in order), with 1 (in order), with 3 (not);
    # of the one at 5: with 1 (not)
    assert told["harrell_c"].estimate.value == pytest.approx(2 / 4, rel=ROUNDING)
    assert told["harrell_c"].label == "Wolbers' C"


def test_another_event_by_the_horizon_makes_a_control() -> None:
    target = competing([2, 3, 6, 6], [1, 2, 0, 0], 4)
    told = _told(target, banded([3, 4, 1, 2], None, []))
    assert told["auc_at_horizon"].estimate.value == pytest.approx(2 / 3, rel=ROUNDING)


def test_core_measures_are_the_main_one_and_calibration() -> None:
    risk = [0.1, 0.4, 0.5, 0.9]
    target = survival([1, 2, 3, 4], [1, 0, 1, 0], 2.5)
    names = [measure.name for measure in core_measures(target, banded(risk, risk, []), 0.95)]
    assert names == ["harrell_c", "observed_expected", "calibration_slope"]
    assert [m.name for m in core_measures(target, banded(risk, None, []), 0.95)] == ["harrell_c"]


def test_nobody_beyond_the_horizon_means_no_area_and_no_brier_score() -> None:
    target = survival([1, 2, 3], [1, 0, 0], 5)
    risk = [0.5, 0.4, 0.3]
    told = _told(target, banded(risk, risk, []))
    for name in ("auc_at_horizon", "brier", "scaled_brier", "observed_expected"):
        assert told[name].estimate.value is None
        assert "follow" in told[name].estimate.method
    fast = point_measures(target, banded(risk, risk, []))
    found = dict(zip(point_names(target, banded(risk, risk, [])), fast, strict=True))
    assert {name for name, value in found.items() if np.isnan(value)} == {
        name for name, measure in told.items() if measure.estimate.value is None
    }


def test_a_resample_without_follow_up_to_the_horizon_has_no_risk() -> None:
    target = survival([1, 2, 3, 8], [1, 0, 1, 0], 5)
    risk = [0.5, 0.4, 0.3, 0.2]
    ready = prepared(target, banded(risk, risk, []))
    all_ = dict(zip(ready.names, ready.measure(), strict=True))
    none = dict(zip(ready.names, ready.measure(np.array([1, 2, 1, 0])), strict=True))
    # at risk 4 at the first event and 2 at the second: survival 3/4 x 1/2
    assert all_["observed_expected"] == pytest.approx((1 - 3 / 8) / 0.35, rel=ROUNDING)
    # the third patient's event is the last: everybody present had it, so survival reaches 0
    assert none["observed_expected"] == pytest.approx(1 / 0.4, rel=ROUNDING)
    cut = dict(zip(ready.names, ready.measure(np.array([1, 3, 0, 0])), strict=True))
    assert np.isnan(cut["observed_expected"])
    assert np.isnan(cut["brier"])


def test_interval_of_a_ratio_is_symmetric_on_the_log_scale() -> None:
    risk = [0.2, 0.3, 0.4, 0.5]
    measure = _told(binary([0, 1, 0, 1]), banded(risk, risk, []))["observed_expected"]
    estimate = measure.estimate
    assert measure.std_error is not None
    assert estimate.value is not None
    half = 1.959963984540054 * measure.std_error
    assert (estimate.low, estimate.high) == pytest.approx(
        (estimate.value * exp(-half), estimate.value * exp(half)), rel=1e-10
    )
