"""Courses of values: what is refused, what is taken, and what is kept of it. Numbers by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from cartwheel.clinic.series import (
    Point,
    Series,
    day_of,
    days_listed,
    in_window,
    plain,
    series,
    window_text,
)
from cartwheel.clinic.series_areas import area_under_curve, time_beyond
from cartwheel.clinic.series_values import (
    Gap,
    first,
    last,
    mean,
    nearest,
    peak,
    slope,
    worst,
)
from cartwheel.errors import CohortRefused, PlanRefused, Refused

D = Decimal


def course(*pairs: tuple[str, str], unit: str = "mg/L") -> Series:
    """Days and values as text; a value may be ``<5``."""
    points = [Point(D(day), D(text.lstrip("<>")), text[0] * (text[0] in "<>"))
              for day, text in pairs]  # fmt: skip
    return series("CRP", points, unit=unit)


CRP = course(("-5", "10"), ("-1", "8"), ("0", "12"), ("1", "30"), ("3", "90"), ("7", "20"))


def code_of(call: object, *args: object, **options: object) -> str:
    with pytest.raises(Refused) as refused:
        call(*args, **options)  # type: ignore[operator]
    return refused.value.problems[0].code


def test_points_are_put_in_order() -> None:
    assert [point.day for point in course(("3", "1"), ("-1", "2")).points] == [-1, 3]


@pytest.mark.parametrize(
    "days",
    [("1", "1"), ("0.50", "0.53"), ("-0.001", "-0.04"), ("0.2083", "0.2450")],
)
def test_two_values_for_one_hour_are_refused(days: tuple[str, str]) -> None:
    with pytest.raises(CohortRefused, match="two values for one hour") as refused:
        course((days[0], "5"), (days[1], "5"))
    assert refused.value.problems[0].where == "CRP"


@pytest.mark.parametrize("hours", [(0, 1), (1, 2), (4, 5), (22, 23), (-1, 0)])
@pytest.mark.parametrize("digits", [4, 6, 17])
def test_neighbouring_hours_are_two_hours(hours: tuple[int, int], digits: int) -> None:
    days = [f"{hour / 24:.{digits}f}" for hour in hours]
    assert len(course((days[0], "5"), (days[1], "6")).points) == 2


def test_values_from_the_future_are_refused() -> None:
    points = [Point(D(2), D(1)), Point(D(8), D(1)), Point(D("7.5"), D(1))]
    assert len(series("CRP", points, as_of=D(8)).points) == 3
    with pytest.raises(CohortRefused, match=r"day 8, 7\.5 lies after day 7") as refused:
        series("CRP", points, as_of=D(7))
    assert refused.value.problems[0].code == "future_time"


def test_what_is_no_number_is_refused() -> None:
    assert code_of(series, "CRP", [Point(D("NaN"), D(1))]) == "not_a_number"
    assert code_of(series, "CRP", [Point(D(1), D("Infinity"))]) == "not_a_number"
    assert code_of(series, "CRP", [Point(D(1), D("1e999999"))]) == "not_a_number"
    assert code_of(series, "CRP", [Point(D(1), D(1), "~")]) == "limit_unknown"


def test_windows() -> None:
    cut = in_window(CRP, D(-1), D(1))
    assert [point.day for point in cut.points] == [-1, 0, 1]
    assert window_text(cut) == "days -1 to 1"
    assert window_text(CRP) == "all days"
    assert window_text(in_window(CRP, None, D(0))) == "days up to 0"
    assert window_text(in_window(CRP, D(0), None)) == "days from 0"
    assert window_text(in_window(CRP, D(0), D(0))) == "day 0"
    assert code_of(in_window, CRP, D(1), D(0)) == "window_reversed"


@pytest.mark.parametrize("take", [first, last, mean, slope, peak])
def test_an_empty_window_gives_no_number(take: object) -> None:
    assert code_of(take, in_window(CRP, D(40), D(50))) == "too_few_values"


def test_nearest_first_last_and_what_was_used() -> None:
    made = nearest(CRP, D(2), tie="later")
    assert (made.value, made.used[0].day, made.rule) == (
        90,
        3,
        "nearest to day 2, the later of two equally near",
    )
    assert nearest(CRP, D(2), tie="earlier").value == 30
    assert code_of(nearest, CRP, D(2)) == "tie"
    assert code_of(nearest, CRP, D(2), tie="both") == "tie_rule_unknown"
    plain_one = nearest(CRP, D("0.4"))
    assert (plain_one.value, plain_one.rule, plain_one.candidates) == (12, "nearest to day 0.4", 6)
    assert (first(CRP).used[0].day, last(CRP).used[0].day) == (-5, 7)


def test_the_worst_needs_its_direction() -> None:
    assert (worst(CRP, "high").value, worst(CRP, "low").value) == (90, 8)
    assert worst(CRP, "low").used == (Point(D(-1), D(8)),)
    assert code_of(worst, CRP, "worse") == "direction_unknown"


def test_mean() -> None:
    # (10 + 8 + 12 + 30 + 90 + 20) / 6
    made = mean(CRP)
    assert made.value * 6 == 170 or abs(made.value * 6 - 170) < D("1e-30")
    assert (made.rule, len(made.used), made.unit, made.settled) == ("mean of 6", 6, "mg/L", True)
    assert mean(course(("0", "1"), ("1", "2"), ("2", "6"))).value == 3


def test_slope() -> None:
    # days 0, 1, 2: (3 * 6 - 0) / ... by hand: mean day 1, sum (t - 1) y = 6 - 2 = 4, over 2
    made = slope(course(("0", "2"), ("1", "9"), ("2", "6")))
    assert (made.value, made.unit) == (2, "mg/L/day")
    assert slope(course(("0", "4"), ("0.5", "3"))).value == -2
    assert code_of(slope, course(("0", "4"))) == "too_few_values"


def test_peak() -> None:
    made = peak(course(("0", "5"), ("2", "9"), ("4", "9"), ("5", "1")))
    assert (made.summary.value, made.day, made.days, made.possible_days) == (9, 2, (2, 4), (2, 4))


def test_limits_of_detection_are_kept() -> None:
    low = course(("0", "3"), ("1", "<5"))
    high = worst(low, "high")
    # the highest of 3 and "below 5" lies between 3 and 5
    assert (high.value, high.low, high.high, high.limit, high.settled) == (5, 3, 5, "<", False)
    assert (worst(low, "low").low, worst(low, "low").high) == (0, 3)
    assert (mean(low).low, mean(low).value, mean(low).high) == (D("1.5"), 4, 4)
    assert (last(low).value, last(low).low, last(low).high, last(low).limit) == (5, 0, 5, "<")
    # a fall of at least -3 and at most +2 a day
    assert (slope(low).low, slope(low).high) == (-3, 2)


def test_values_above_a_limit_have_no_upper_end() -> None:
    made = course(("0", "700"), ("1", ">1000"), ("2", "1000"), ("3", "900"))
    found = peak(made)
    assert (found.summary.value, found.summary.high, found.summary.limit) == (1000, None, ">")
    assert (found.day, found.days) == (1, (1,))
    assert found.possible_days == (1, 2)
    assert (worst(made, "low").value, worst(made, "low").settled) == (700, True)
    assert mean(made).high is None
    falling = slope(course(("0", ">1000"), ("1", "900")))
    assert (falling.low, falling.value, falling.high) == (None, -100, -100)


def test_without_a_floor_a_low_limit_is_open() -> None:
    made = series("base excess", [Point(D(0), D(-5), "<"), Point(D(1), D(1))], floor=None)
    assert (worst(made, "low").low, mean(made).low) == (None, None)
    assert (worst(made, "high").low, worst(made, "high").high) == (1, 1)


def test_area_by_trapezoids() -> None:
    # 1*(12+30)/2 + 2*(30+90)/2 + 4*(90+20)/2 = 21 + 120 + 220
    cut = in_window(CRP, D(0), D(10))
    made = area_under_curve(cut, longest_gap=D(4))
    assert (made.value, made.unit, made.gaps) == (361, "mg/L*days", ())
    assert made.uncovered == (Gap(D(7), D(10)),)
    assert made.rule == "trapezoid area, no gap over 4 days"


def test_gaps_are_named_whatever_is_done_about_them() -> None:
    cut = in_window(CRP, D(0), D(7))
    with pytest.raises(CohortRefused, match="day 3 to 7"):
        area_under_curve(cut, longest_gap=D(3))
    bridged = area_under_curve(cut, longest_gap=D(3), gaps="bridge")
    left = area_under_curve(cut, longest_gap=D(3), gaps="leave_out")
    assert (bridged.value, left.value) == (361, 141)
    assert bridged.gaps == left.gaps == (Gap(D(3), D(7)),)
    assert bridged.rule == "trapezoid area, gaps over 3 days bridged"
    assert [point.day for point in left.used] == [0, 1, 3]
    assert code_of(area_under_curve, cut, longest_gap=D("0.5"), gaps="leave_out") == "gap"


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"longest_gap": D(0)}, "longest_gap"),
        ({"longest_gap": D("NaN")}, "longest_gap"),
        ({"longest_gap": D(9), "gaps": "ignore"}, "gap_rule_unknown"),
    ],
)
def test_rules_must_be_said(options: dict[str, object], code: str) -> None:
    assert code_of(area_under_curve, CRP, **options) == code


def test_area_keeps_limits() -> None:
    made = area_under_curve(course(("0", "<4"), ("2", "6"), ("3", ">9")), longest_gap=D(2))
    assert (made.low, made.value, made.high) == (D("13.5"), D("17.5"), None)


def test_time_above_a_threshold() -> None:
    made = course(("0", "10"), ("2", "30"), ("3", "20"), ("5", "0"))
    common = {"comparison": ">", "longest_gap": D(2)}
    # rises through 20 on day 1, touches it on day 3, falls away
    line = time_beyond(made, D(20), between="interpolated", **common)  # type: ignore[arg-type]
    assert (line.value, line.unit) == (2, "days")
    assert line.rule == "time > 20 mg/L, interpolated, no gap over 2 days"
    # only the 30 of day 2 holds, until day 3
    step = time_beyond(made, D(20), between="stepwise", **common)  # type: ignore[arg-type]
    assert step.value == 1
    inclusive = time_beyond(made, D(20), comparison=">=", between="stepwise", longest_gap=D(2))
    assert inclusive.value == 3
    below = time_beyond(made, D(20), comparison="<", between="interpolated", longest_gap=D(2))
    assert below.value == 3


def test_a_course_along_the_threshold() -> None:
    flat = course(("0", "5"), ("1", "5"), ("2", "6"))
    found = [
        time_beyond(flat, D(5), comparison=sign, between="interpolated", longest_gap=D(1)).value
        for sign in (">", ">=", "<", "<=")  # type: ignore[assignment]
    ]
    assert found == [1, 2, 0, 1]


def test_time_above_keeps_limits() -> None:
    # 8 to "below 6" to 8: the dip below 5 may be there or not
    dip = course(("0", "8"), ("1", "<6"), ("2", "8"))
    made = time_beyond(dip, D(5), comparison=">", between="interpolated", longest_gap=D(1))
    # at least 2 * (8 - 5) / (8 - 0)
    assert (made.low, made.value, made.high, made.limit) == (D("0.75"), 2, 2, "<")
    below = time_beyond(dip, D(5), comparison="<", between="interpolated", longest_gap=D(1))
    assert (below.low, below.value, below.high) == (0, 0, D("1.25"))
    open_end = course(("0", "1"), ("1", ">3"))
    wide = time_beyond(open_end, D(4), comparison=">", between="interpolated", longest_gap=D(1))
    assert (wide.low, wide.value, wide.high) == (0, 0, 1)


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"comparison": "above", "between": "stepwise"}, "comparison_unknown"),
        ({"comparison": ">", "between": "spline"}, "between_unknown"),
    ],
)
def test_words_of_a_duration(options: dict[str, str], code: str) -> None:
    assert code_of(time_beyond, CRP, D(5), longest_gap=D(9), **options) == code
    with pytest.raises(PlanRefused):
        time_beyond(CRP, D(5), longest_gap=D(9), **options)  # type: ignore[arg-type]


def test_days_from_times() -> None:
    infusion = datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert day_of(infusion, infusion) == 0
    assert day_of(infusion - timedelta(hours=6), infusion) == D("-0.25")
    elsewhere = datetime(2026, 3, 1, 14, tzinfo=timezone(timedelta(hours=2)))
    assert day_of(elsewhere, infusion) == 0
    assert code_of(day_of, datetime(2026, 3, 1, 12), infusion) == "time_zone"


def test_numbers_for_the_reader() -> None:
    assert [plain(D(text)) for text in ("1E+3", "2.50", "0.3333333333", "-1")] == [
        "1000",
        "2.5",
        "0.333333",
        "-1",
    ]
    assert days_listed(map(D, range(8))) == "0, 1, 2, 3, 4, 5 and 2 more"
    assert str(Gap(D(2), D("4.5"))) == "day 2 to 4.5"
