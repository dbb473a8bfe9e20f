"""Reconstruction of curves whose patients are known one by one."""

from __future__ import annotations

import numpy as np
import pytest

from cartwheel.errors import NotEstimable
from cartwheel.stats.reconstruction import reconstruct_times
from cartwheel.stats.survival import kaplan_meier
from cartwheel.stats.times import survival_times


def test_without_censoring_every_death_comes_back():
    time = np.array([1.0, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    survival = 1.0 - np.arange(1, 11) / 10.0
    found = reconstruct_times(time, survival, risk_times=[0, 5], at_risk=[10, 6])
    np.testing.assert_array_equal(found.times.time, time)
    np.testing.assert_array_equal(found.times.event, 1)
    assert found.largest_distance < 1e-12
    np.testing.assert_array_equal(found.at_risk_found, [10, 6])


def test_censoring_between_numbers_at_risk():
    # ten patients: deaths at 1 and 3, then four gone before 6, and a death at 7 of the last four
    truth = survival_times([1, 3, 4, 4.5, 5, 5.5, 7, 8, 8, 8], [1, 1, 0, 0, 0, 0, 1, 0, 0, 0])
    curve = kaplan_meier(truth)
    found = reconstruct_times(
        curve.time, curve.survival, risk_times=[0, 3.5, 6, 8], at_risk=[10, 8, 4, 3]
    )
    assert (found.n, found.events) == (10, 3)
    np.testing.assert_array_equal(found.at_risk_found, [10, 8, 4, 3])
    died = found.times.time[found.times.event == 1]
    np.testing.assert_array_equal(died, [1, 3, 7])
    gone = found.times.time[(found.times.event == 0) & (found.times.time < 8)]
    # spread evenly between 3.5 and 6, whenever they really left
    np.testing.assert_allclose(gone, [4.0, 4.5, 5.0, 5.5])
    assert found.largest_distance < 1e-12


def test_the_total_of_events_decides_how_many_leave_after_the_last_number_at_risk():
    time, survival = [2.0, 4.0, 6.0, 8.0], [0.9, 0.8, 0.6, 0.3]
    given = {"risk_times": [0.0], "at_risk": [100]}
    all_stay = reconstruct_times(time, survival, **given)
    assert (all_stay.n, all_stay.events, all_stay.events_missed) == (100, 70, None)
    fewer = reconstruct_times(time, survival, **given, events=40)
    assert (fewer.n, fewer.events, fewer.events_missed) == (100, 40, 0)
    # as few as one patient at risk for the last step
    assert reconstruct_times(time, survival, **given, events=2).events_missed > 0
    assert reconstruct_times(time, survival, **given, events=90).events_missed == -20


def test_small_rises_of_the_hand_are_smoothed_and_order_does_not_matter():
    time, survival = np.array([0.0, 1.0, 2.0, 3.0]), np.array([1.0, 0.79, 0.81, 0.5])
    straight = reconstruct_times(time, survival, risk_times=[0], at_risk=[10])
    shuffled = reconstruct_times(time[::-1], survival[::-1], risk_times=[0], at_risk=[10])
    for found in (straight, shuffled):
        # both middle points become 0.8
        np.testing.assert_array_equal(found.times.time[found.times.event == 1], [1, 1, 3, 3, 3])
        assert found.largest_distance == pytest.approx(0.01)


def test_a_reading_just_before_nought_is_nought():
    found = reconstruct_times([-0.1, 1.0], [0.99, 0.5], risk_times=[0], at_risk=[4])
    np.testing.assert_array_equal(found.times.time, [1, 1, 1, 1])
    assert found.events == 2


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"survival": [100.0, 50.0]}, "percent"),
        ({"survival": [1.0, -0.1]}, "survival"),
        ({"survival": [1.0, np.nan]}, "missing"),
        ({"survival": [1.0]}, "length"),
        ({"time": [-2.0, -1.0]}, "curve"),
        ({"time": [1.0], "survival": [1.0]}, "curve"),
        ({"risk_times": [1.0, 2.0]}, "risk_times"),
        ({"risk_times": [0.0, 0.0]}, "risk_times"),
        ({"at_risk": [5, 6]}, "at_risk"),
        ({"at_risk": [5.5, 3]}, "at_risk"),
        ({"at_risk": [0, 0]}, "at_risk"),
        ({"at_risk": [5]}, "length"),
        ({"events": 11}, "events"),
        ({"events": -1}, "events"),
    ],
)
def test_what_cannot_be_a_curve_is_refused(changed, code):
    given = {
        "time": [1.0, 2.0],
        "survival": [0.9, 0.5],
        "risk_times": [0.0, 1.5],
        "at_risk": [10, 9],
    } | changed
    with pytest.raises(NotEstimable) as refused:
        reconstruct_times(
            given["time"],
            given["survival"],
            risk_times=given["risk_times"],
            at_risk=given["at_risk"],
            events=given.get("events"),
        )
    if code not in {"missing", "length"}:  # those are named by the column checks
        assert refused.value.problems[0].code == code


def test_a_curve_that_reaches_nought_ends_there():
    found = reconstruct_times([1.0, 2.0, 3.0], [0.5, 0.0, 0.0], risk_times=[0, 2.5], at_risk=[4, 0])
    assert (found.n, found.events) == (4, 4)
    np.testing.assert_array_equal(found.times.time, [1, 1, 2, 2])
    np.testing.assert_array_equal(found.at_risk_found, [4, 0])
