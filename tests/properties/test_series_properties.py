"""Courses of values: order does not matter, oracles agree, and bounds hold every completion."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

import numpy as np
import pytest
from hypothesis import given, strategies as st

from cartwheel.clinic.series import Point, Series, in_window, series
from cartwheel.clinic.series_areas import area_under_curve, time_beyond
from cartwheel.clinic.series_values import Summary, first, last, mean, nearest, slope, worst

LONG = Decimal(1000)
values = st.decimals(min_value=0, max_value=1000, places=1)
# whole hours, so that no two values share one
hours = st.integers(-200, 900)


@st.composite
def points(draw: st.DrawFn, limits: bool = False, least: int = 2) -> list[Point]:
    days = draw(st.lists(hours, min_size=least, max_size=8, unique=True))
    sign = st.sampled_from(["", "", "<", ">"]) if limits else st.just("")
    return [Point(Decimal(hour) / 24, draw(values), draw(sign)) for hour in days]


def every_number(made: Series) -> list[Summary]:
    found = [first(made), last(made), worst(made, "high"), worst(made, "low"), mean(made)]
    found += [nearest(made, Decimal(0), tie="earlier"), slope(made)]
    found.append(area_under_curve(made, longest_gap=LONG))
    for comparison in (">", ">=", "<", "<="):
        for between in ("interpolated", "stepwise"):
            found.append(above(made, comparison, between))  # type: ignore[arg-type]
    return found


def above(
    made: Series,
    comparison: Literal[">", ">=", "<", "<="],
    between: Literal["interpolated", "stepwise"],
    threshold: Decimal = Decimal(200),
) -> Summary:
    return time_beyond(made, threshold, comparison=comparison, between=between, longest_gap=LONG)


@given(points(limits=True), st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(given_: list[Point], random: object) -> None:
    shuffled = list(given_)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert every_number(series("x", given_)) == every_number(series("x", shuffled))


@given(points())
def test_numpy_agrees(given_: list[Point]) -> None:
    made = series("x", given_)
    days = np.array([float(point.day) for point in made.points])
    numbers = np.array([float(point.value) for point in made.points])
    # doubles against decimals; a polynomial fit loses a few digits to the spread of the days
    assert float(mean(made).value) == pytest.approx(numbers.mean(), rel=1e-12, abs=1e-12)
    area = float(np.trapezoid(numbers, days))
    found = float(area_under_curve(made, longest_gap=LONG).value)
    assert found == pytest.approx(area, rel=1e-11, abs=1e-11)
    centred = days - days.mean()
    fitted = float(centred @ numbers / (centred @ centred))
    assert float(slope(made).value) == pytest.approx(fitted, rel=1e-8, abs=1e-8)


@given(points(), st.decimals(min_value=0, max_value=1000, places=1))
def test_time_above_agrees_with_a_fine_grid(given_: list[Point], threshold: Decimal) -> None:
    made = series("x", given_)
    days = np.array([float(point.day) for point in made.points])
    numbers = np.array([float(point.value) for point in made.points])
    steps = 4000
    width = (days[-1] - days[0]) / steps
    grid = days[0] + width * (np.arange(steps) + 0.5)
    counted = float((np.interp(grid, days, numbers) > float(threshold)).sum() * width)
    exact = float(above(made, ">", "interpolated", threshold).value)
    # each crossing is off by at most one step of the grid
    assert exact == pytest.approx(counted, abs=len(days) * width + 1e-9)


@given(points(), st.sampled_from(["interpolated", "stepwise"]))
def test_above_and_not_above_make_the_whole(
    given_: list[Point], between: Literal["interpolated", "stepwise"]
) -> None:
    made = series("x", given_)
    whole = made.points[-1].day - made.points[0].day
    parts = above(made, ">", between).value + above(made, "<=", between).value
    assert abs(parts - whole) < Decimal("1e-20")


@given(points(limits=True), st.data())
def test_the_bounds_hold_every_completion(given_: list[Point], data: st.DataObject) -> None:
    bounds = every_number(series("x", given_))
    completed = []
    for point in given_:
        value = point.value
        if point.limit == "<":
            value = data.draw(st.decimals(min_value=0, max_value=value, places=1))
        elif point.limit == ">":
            value = data.draw(st.decimals(min_value=value, max_value=5000, places=1))
        completed.append(Point(point.day, value))
    # the bounds have 34 digits, and comparing here adds with 28
    slack = Decimal("1e-20")
    for bound, exact in zip(bounds, every_number(series("x", completed)), strict=True):
        assert bound.low is None or bound.low <= exact.value + slack, bound.rule
        assert bound.high is None or bound.high >= exact.value - slack, bound.rule


@given(points())
def test_without_limits_everything_is_settled(given_: list[Point]) -> None:
    assert all(made.settled for made in every_number(series("x", given_)))


@given(points(least=3), hours, hours)
def test_a_window_forgets_what_lies_outside(given_: list[Point], one: int, other: int) -> None:
    start, stop = (Decimal(hour) / 24 for hour in sorted((one, other)))
    cut = in_window(series("x", given_), start, stop)
    inside = [point for point in given_ if start <= point.day <= stop]
    assert cut.points == series("x", inside).points


@given(points(), st.integers(-50, 50))
def test_moving_the_infusion_moves_nothing_but_the_days(given_: list[Point], by: int) -> None:
    here = series("x", given_)
    there = series("x", [Point(point.day + by, point.value) for point in given_])
    for one, other in zip(every_number(here), every_number(there), strict=True):
        if not one.rule.startswith("nearest"):
            assert abs(one.value - other.value) <= Decimal("1e-15"), one.rule
