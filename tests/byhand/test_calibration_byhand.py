"""Calibration where it can be written down."""

from __future__ import annotations

import math

import numpy as np
import pytest

from cartwheel.errors import NotEstimable
from cartwheel.stats.calibration import (
    calibration_groups,
    calibration_in_the_large,
    calibration_line,
    logistic_calibration,
)


def logit(p: float) -> float:
    return math.log(p / (1 - p))


def test_line_through_two_groups() -> None:
    # 20 patients predicted at log odds -2, of whom 3 have the event; 10 at 1, of whom 6
    lp = np.repeat([-2.0, 1.0], [20, 10])
    event = np.concatenate([np.arange(20) < 3, np.arange(10) < 6]).astype(float)
    intercept, slope, converged = calibration_line(lp, event)
    expected = (logit(0.6) - logit(0.15)) / 3.0
    assert converged
    # closed form; the fast fit is Newton's, whose error after its last step is rounding
    assert slope == pytest.approx(expected, rel=1e-10)
    assert intercept == pytest.approx(logit(0.6) - expected, rel=1e-10)


def test_in_the_large_when_all_are_predicted_alike() -> None:
    event = np.repeat([1.0, 0.0], [6, 18])
    shift, converged = calibration_in_the_large(np.full(24, -2.0), event)
    assert converged
    assert shift == pytest.approx(logit(0.25) + 2.0, rel=1e-10)


def test_perfectly_calibrated() -> None:
    lp = np.repeat([logit(0.25), logit(0.5)], [8, 8])
    event = np.concatenate([np.arange(8) < 2, np.arange(8) < 4]).astype(float)
    found = logistic_calibration(lp, event)
    # 0 and 1 up to rounding
    assert found.intercept.value == pytest.approx(0.0, abs=1e-12)
    assert found.slope.value == pytest.approx(1.0, rel=1e-12)
    assert found.in_the_large.value == pytest.approx(0.0, abs=1e-12)
    assert found.observed_expected == pytest.approx(1.0, rel=1e-12)
    assert (found.slope.n, found.slope.events, found.slope.level) == (16, 6, 0.95)


def test_two_groups_of_risks() -> None:
    groups = calibration_groups([0.1, 0.2, 0.3, 0.4, 0.5], [0, 0, 1, 0, 1], 2)
    np.testing.assert_allclose(groups.low, [0.1, 0.3], rtol=1e-14)
    np.testing.assert_allclose(groups.high, [0.3, 0.5], rtol=1e-14)
    np.testing.assert_allclose(groups.mean_risk, [0.2, 0.45], rtol=1e-14)
    np.testing.assert_array_equal(groups.n, [3, 2])
    np.testing.assert_array_equal(groups.events, [1, 1])
    np.testing.assert_allclose(groups.observed, [1 / 3, 1 / 2], rtol=1e-14)


def test_tied_risks_merge_groups() -> None:
    risk = np.repeat([0.1, 0.6], [12, 4])
    event = np.tile([0.0, 1.0], 8)
    groups = calibration_groups(risk, event, 4)
    assert groups.n.sum() == 16
    assert len(groups.n) < 4
    one = calibration_groups(np.full(16, 0.3), event, 4)
    np.testing.assert_array_equal(one.n, [16])
    np.testing.assert_array_equal(one.events, [8])


def test_constant_prediction_has_no_slope() -> None:
    event = np.repeat([1.0, 0.0], [6, 18])
    assert calibration_line(np.zeros(24), event) == (0.0, 0.0, False)
    with pytest.raises(NotEstimable):
        logistic_calibration(np.zeros(24), event)


def test_refusals() -> None:
    risk, event = np.linspace(0.1, 0.9, 20), np.tile([0.0, 1.0], 10)
    for call in (
        lambda: calibration_groups(risk, event, 1),
        lambda: calibration_groups(risk + 0.5, event),
        lambda: calibration_groups(risk, np.zeros(20)),
        lambda: logistic_calibration(risk, event, level=0.0),
    ):
        with pytest.raises(NotEstimable):
            call()
