"""Faults that the sweep of bad input found, each once by hand."""

from __future__ import annotations

import numpy as np
import pytest

from cartwheel.errors import NotEstimable, OutcomeRefused, Refused
from cartwheel.stats.calibration_over_time import survival_calibration_groups
from cartwheel.stats.columns import VAST, float_array, refuse_vast
from cartwheel.stats.competing import aalen_johansen, competing_times
from cartwheel.stats.cox import cox_fit
from cartwheel.stats.nelson_aalen import nelson_aalen
from cartwheel.stats.risk_sets import risk_sets
from cartwheel.stats.spline import sample_quantiles
from cartwheel.stats.survival import kaplan_meier, landmark, numbers_at_risk
from cartwheel.stats.times import survival_times

TIMES = survival_times([1.0, 2.0, 3.0, 4.0], [1, 0, 1, 0])


def test_what_is_a_number() -> None:
    for given in ([1, 2], [True, False], np.array([1.0, 2.0], dtype=">f8"), [1.5, None]):
        found = float_array(given, "x")
        assert found.dtype == np.float64
        assert found.dtype.isnative
    hidden = np.ma.masked_array([1, 2, 3], mask=[False, True, False])
    np.testing.assert_array_equal(float_array(hidden, "x"), [1.0, np.nan, 3.0])
    floats = np.array([1.0, 2.0])
    assert np.shares_memory(float_array(floats, "x"), floats)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (["1.5", "2"], "not_a_number"),
        ([1.0, "2"], "not_a_number"),
        (np.array([1.0, "2"], dtype=object), "not_a_number"),
        ([1.0 + 1j], "not_a_number"),
        (np.array(["2026-11-21"], dtype="datetime64[D]"), "not_a_number"),
        ([[1.0], [1.0, 2.0]], "ragged"),
        ([10**400, None], "not_a_number"),
    ],
)
def test_what_is_no_number(given: object, code: str) -> None:
    for kind in (NotEstimable, OutcomeRefused):
        with pytest.raises(kind) as caught:
            float_array(given, "x", kind)  # type: ignore[arg-type]
        assert [problem.code for problem in caught.value.problems] == [code]


def test_vast_numbers_are_refused_and_the_largest_is_not() -> None:
    refuse_vast(np.array([VAST, -VAST]), "x")
    refuse_vast(np.empty(0), "x")
    with pytest.raises(NotEstimable, match="arithmetic ends"):
        refuse_vast(np.array([2.0 * VAST]), "x")


@pytest.mark.parametrize("moment", [np.nan, np.inf, -np.inf])
def test_a_curve_is_read_at_a_time(moment: float) -> None:
    rivals = competing_times([1.0, 2.0, 3.0], [1, 2, 0])
    for read in (
        lambda: kaplan_meier(TIMES).at(moment),
        lambda: nelson_aalen(TIMES).at(moment),
        lambda: aalen_johansen(rivals).at(moment, 1),
        lambda: numbers_at_risk(TIMES, [1.0, moment]),
        lambda: landmark(TIMES, moment),
    ):
        with pytest.raises(NotEstimable) as caught:
            read()
        assert caught.value.problems[0].code == "horizon_range"


def test_a_multiplicity_beyond_all_patients_is_refused_not_counted() -> None:
    """Efron's ties go through every death: 10^300 of them take for ever."""
    for count in (1e300, 2.0**53):
        with pytest.raises(NotEstimable):
            cox_fit(TIMES, [0.0, 1.0, 1.0, 0.0], multiplicity=[1.0, 1.0, count, 1.0])
    assert kaplan_meier(TIMES, multiplicity=[1, 1, 10**6, 1]).n == 10**6 + 3


def test_weights_that_rounding_would_lose() -> None:
    assert risk_sets([1.0, 2.0], [1, 1], case_weights=[1e-6, 1e6]).weight[1] == 1e6
    with pytest.raises(Refused, match="10\\^12"):
        risk_sets([1.0, 2.0], [1, 1], case_weights=[1e-7, 1e6])


def test_fewer_patients_than_groups_leave_no_empty_group() -> None:
    two = survival_times([5.0, 2.5], [1, 0])
    groups = survival_calibration_groups(two, [0.6, 0.5], 2.0, 3)
    assert groups.n.tolist() == [1, 1]
    assert groups.mean_risk.tolist() == [0.5, 0.6]
    # a third of the way from 0.5 to 0.6 and two thirds
    np.testing.assert_allclose(groups.high, [0.5 + 0.1 / 3.0, 0.6], rtol=1e-12)


def test_quantiles_refuse_what_they_cannot_place() -> None:
    for x, p, counts in (
        ([np.nan, 1.0], [0.5], None),
        ([1.0, 2.0], [1.5], None),
        ([1.0, 2.0], [0.5], [1.0]),
        ([1.0, 2.0], [0.5], [0.0, 0.0]),
        ([], [0.5], None),
    ):
        with pytest.raises(NotEstimable):
            sample_quantiles(x, p, counts)
