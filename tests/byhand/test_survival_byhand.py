"""Kaplan-Meier, weights for censoring, and refusals, on samples small enough for paper."""

from __future__ import annotations

import numpy as np
import pytest

from cartwheel.errors import NotEstimable, OutcomeRefused
from cartwheel.stats.survival import (
    checked_multiplicity,
    horizon_weights,
    kaplan_meier,
    landmark,
    numbers_at_risk,
    reverse_kaplan_meier,
    survival_at,
    survival_times,
)

# a handful of products and quotients
EXACT = 1e-14

# at 2 an event and a censoring tie; at 5 the last one is censored
TIME, EVENT = [1.0, 2.0, 2.0, 3.0, 5.0], [1, 0, 1, 1, 0]


def test_product_limit() -> None:
    curve = kaplan_meier(survival_times(TIME, EVENT))
    assert curve.time.tolist() == [1, 2, 3, 5]
    assert curve.n_risk.tolist() == [5, 4, 2, 1]
    assert curve.n_event.tolist() == [1, 1, 1, 0]
    assert curve.n_censor.tolist() == [0, 1, 0, 1]
    np.testing.assert_allclose(
        curve.survival, [4 / 5, 4 / 5 * 3 / 4, 3 / 5 * 1 / 2, 3 / 10], rtol=EXACT
    )
    greenwood = np.sqrt(np.cumsum([1 / 20, 1 / 12, 1 / 2, 0.0]))
    np.testing.assert_allclose(curve.std_error, curve.survival * greenwood, rtol=EXACT)
    assert (curve.n, curve.events) == (5, 3)


def test_sorted_once() -> None:
    times = survival_times([3.0, 1.0, 3.0, 2.0], [0, 1, 1, 0])
    assert times.order.tolist() == [1, 3, 2, 0]  # at 3 the event stands first
    assert times.block_start.tolist() == [0, 1, 2, 4]
    assert times.block_time.tolist() == [1, 2, 3]
    assert (times.n, times.events) == (4, 2)
    with pytest.raises(ValueError, match="read-only"):
        times.time[0] = 7.0


def test_times_a_rounding_apart_are_tied() -> None:
    times = survival_times([0.3, 0.1 + 0.2, 1.0], [1, 1, 0])
    assert times.block_start.tolist() == [0, 2, 3]
    assert survival_at(times, 0.3) == pytest.approx(1 / 3, rel=EXACT)
    assert numbers_at_risk(times, [0.1 + 0.2, 0.31]).tolist() == [3, 1]
    assert landmark(times, 0.3).tolist() == [False, False, True]


def test_reading_the_curve() -> None:
    curve = kaplan_meier(survival_times(TIME, EVENT))
    before = curve.at(0.5)
    assert (before.value, before.low, before.high) == (1.0, 1.0, 1.0)
    assert curve.at(2.5).value == pytest.approx(3 / 5, rel=EXACT)
    beyond = curve.at(6.0)
    assert (beyond.value, beyond.low, beyond.high) == (None, None, None)
    assert "follow-up ends at 5" in beyond.method
    ended = kaplan_meier(survival_times([1, 2], [1, 1]))
    assert ended.at(9.0).value == 0.0
    assert ended.at(9.0).low is None


def test_quantiles() -> None:
    flat = kaplan_meier(survival_times([1, 2, 3, 4], [1, 1, 1, 1]))
    assert flat.median.value == 2.5  # S is exactly 1/2 from 2 to 3
    assert flat.quantile(0.6).value == 3.0
    assert kaplan_meier(survival_times([1, 2, 3], [1, 0, 0])).median.value is None
    at_the_end = kaplan_meier(survival_times([1, 4], [1, 0]))
    assert at_the_end.median.value == 2.5  # S stays at 1/2 until follow-up ends at 4
    with pytest.raises(NotEstimable, match="not between"):
        flat.quantile(1.0)


def test_nobody_has_the_event() -> None:
    curve = kaplan_meier(survival_times([1, 2], [0, 0]), interval="log-log")
    assert curve.survival.tolist() == [1, 1]
    assert np.isnan(curve.low).all()
    assert curve.events == 0


def test_one_patient() -> None:
    curve = kaplan_meier(survival_times([0.0], [1]))
    assert curve.survival.tolist() == [0.0]
    assert np.isnan(curve.std_error).all()
    assert curve.median.value == 0.0


def test_reverse() -> None:
    times = survival_times(TIME, EVENT)
    curve = reverse_kaplan_meier(times)
    # the event at 2 has left before the censoring at 2: 3 at risk, then 1
    np.testing.assert_allclose(curve.survival, [1, 2 / 3, 2 / 3, 0], rtol=EXACT)
    assert curve.median.value == 5.0
    together = reverse_kaplan_meier(times, ties="together")
    np.testing.assert_allclose(together.survival, [1, 3 / 4, 3 / 4, 0], rtol=EXACT)
    with pytest.raises(NotEstimable, match="ties"):
        reverse_kaplan_meier(times, ties="random")


def test_reverse_where_nobody_is_left_to_censor() -> None:
    curve = reverse_kaplan_meier(survival_times([1, 2, 3], [0, 0, 1]))
    np.testing.assert_allclose(curve.survival, [2 / 3, 1 / 3, 1 / 3], rtol=EXACT)


def test_weights_for_censoring() -> None:
    case, control = horizon_weights(survival_times(TIME, EVENT), 3.0)
    # G(1-) = G(2-) = 1, G(3-) = G(3) = 2/3
    np.testing.assert_allclose(case, [1, 0, 1, 3 / 2, 0], rtol=EXACT)
    np.testing.assert_allclose(control, [0, 0, 0, 0, 3 / 2], rtol=EXACT)
    assert case.sum() + control.sum() == pytest.approx(5, rel=EXACT)


def test_weights_of_a_resample_without_the_last_patient() -> None:
    times = survival_times([1.0, 2.0, 3.0], [1, 0, 1])
    case, control = horizon_weights(times, 2.5, np.array([1, 2, 0]))
    assert case.tolist() == [1, 0, 0]
    assert control.tolist() == [0, 0, 0]


def test_absent_patients_leave_no_step() -> None:
    curve = kaplan_meier(survival_times(TIME, EVENT), multiplicity=[0, 2, 1, 0, 1])
    assert curve.time.tolist() == [2, 5]
    np.testing.assert_allclose(curve.survival, [3 / 4, 3 / 4], rtol=EXACT)


@pytest.mark.parametrize(
    ("time", "event", "code"),
    [
        ([], [], "times_shape"),
        ([1.0, 2.0], [1], "times_shape"),
        ([[1.0]], [[1]], "times_shape"),
        ([1.0, np.nan], [1, 0], "time_invalid"),
        ([1.0, np.inf], [1, 0], "time_invalid"),
        ([1.0, -2.0], [1, 0], "time_invalid"),
        ([1.0, 2.0], [1, 2], "event_coding"),
        ([1.0, 2.0], [1.0, np.nan], "event_coding"),
        ([1.0, 2.0], ["1", "0"], "event_coding"),
    ],
)
def test_what_is_no_outcome_is_refused(time: list, event: list, code: str) -> None:
    with pytest.raises(OutcomeRefused) as refusal:
        survival_times(time, event)
    assert refusal.value.problems[0].code == code


@pytest.mark.parametrize("counts", [[1, 2], [1, 1, -1], [1, 1, 0.5], [0, 0, 0], [1, 1, np.nan]])
def test_what_is_no_count_is_refused(counts: list) -> None:
    with pytest.raises(NotEstimable, match="whole numbers"):
        checked_multiplicity(survival_times([1, 2, 3], [1, 1, 1]), counts)


@pytest.mark.parametrize("options", [{"level": 1.0}, {"level": 0.0}, {"interval": "probit"}])
def test_unknown_options_are_refused(options: dict) -> None:
    with pytest.raises(NotEstimable):
        kaplan_meier(survival_times(TIME, EVENT), **options)
