"""ICAHT and T-ICAHT on series short enough to grade by hand."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

import pytest

from cartwheel.clinic.count_window import LateOptions, SpellOptions
from cartwheel.clinic.daily_counts import Filling, Spell, daily_counts, low_days, spells
from cartwheel.clinic.haematotoxicity import early_icaht, late_icaht
from cartwheel.clinic.thrombocytopenia import early_t_icaht, late_t_icaht
from cartwheel.errors import CohortRefused, PlanRefused
from cartwheel.units import Quantity

HIGH = "3000"


def counts(by_day: dict[int, str], unit: str = "/uL") -> tuple[tuple[int, str], ...]:
    return tuple((day, f"{value} {unit}") for day, value in by_day.items())


def daily(low: dict[int, str], last: int = 30, high: str = HIGH) -> dict[int, str]:
    return {day: low.get(day, high) for day in range(last + 1)}


def run(days: range, value: str) -> dict[int, str]:
    return dict.fromkeys(days, value)


def early(by_day: dict[int, str], **options: object) -> int | None:
    return early_icaht(
        {"neutrophils": counts(by_day)},
        options=SpellOptions(**options),  # type: ignore[arg-type]
    ).grade


@pytest.mark.parametrize(
    ("days", "grade"),
    [(0, 0), (1, 1), (6, 1), (7, 2), (13, 2), (14, 3), (26, 3)],
)
def test_days_at_or_below_500(days: int, grade: int) -> None:
    assert early(daily(run(range(4, 4 + days), "500"))) == grade


@pytest.mark.parametrize(("days", "grade"), [(1, 1), (6, 1), (7, 3), (13, 3), (14, 4)])
def test_days_at_or_below_100(days: int, grade: int) -> None:
    assert early(daily(run(range(5, 5 + days), "100"))) == grade


def test_a_count_of_501_and_of_101_is_not_low() -> None:
    assert early(daily(run(range(5, 25), "501"))) == 0
    assert early(daily(run(range(5, 25), "101"))) == 3


def test_never_above_500() -> None:
    assert early(daily(run(range(31), "400"))) == 4
    assert early(daily(run(range(3, 31), "400"))) == 4
    assert early(daily(run(range(4, 31), "400"))) == 3
    assert early(daily(run(range(3, 31), "400")), never_recovered_from=None) == 3
    assert early(daily(run(range(31), "400")), never_recovered_from=None) == 4


def test_death_without_recovery_is_grade_4() -> None:
    chart = {"neutrophils": counts(daily(run(range(11), "400"), 10)), "last_follow_up_day": 10}
    assert early_icaht(chart).grade == 4
    assert early_icaht(chart, options=SpellOptions(never_recovered_from=None)).grade == 2


@pytest.mark.parametrize(("between", "grade"), [(1, 2), (2, 2), (3, 1)])
def test_a_recovery_needs_three_days(between: int, grade: int) -> None:
    # two spells of 4 days: joined they last 9 or 10 days, apart 4
    low = run(range(4, 8), "300") | run(range(8 + between, 12 + between), "300")
    assert early(daily(low)) == grade
    assert early(daily(low), recovery_days=between) == 1
    assert early(daily(low), recovery_days=between + 1) == 2


def test_the_lowest_value_of_a_day_counts() -> None:
    series = (*counts(daily({})), (4, "400 /uL"), (Decimal("4.9"), "900 /uL"))
    assert early_icaht({"neutrophils": series}).grade == 1


@pytest.mark.parametrize("missing", [6, 7, 8])
def test_interpolation_stops_at_its_limit(missing: int) -> None:
    low = run(range(4, 7), "200") | run(range(7 + missing, 10 + missing), "200")
    by_day = {day: value for day, value in daily(low).items() if not 7 <= day < 7 + missing}
    found = early_icaht({"neutrophils": counts(by_day)})
    # 6 low days and the gap between them: 12, 13 or 14 in all
    if missing <= 7:
        assert found.grade == 2
    else:
        assert (found.lowest, found.highest) == (1, 3)
        assert found.grade is None
        assert found.missing == ("neutrophils (days 7 to 14)",)


def test_unknown_days_between_counts_that_are_not_low() -> None:
    by_day = {day: value for day, value in daily({}).items() if not 7 <= day < 17}
    found = early_icaht({"neutrophils": counts(by_day)})
    assert found.grade == 0
    assert any("days 7 to 16" in warning for warning in found.warnings)
    opened = early_icaht({"neutrophils": counts(by_day)}, options=SpellOptions(unknown_days="open"))
    assert (opened.lowest, opened.highest) == (0, 3)


def test_the_end_of_the_window_stays_open_unless_a_later_count_closes_it() -> None:
    by_day = {day: HIGH for day in range(20)}
    found = early_icaht({"neutrophils": counts(by_day)})
    assert (found.lowest, found.highest) == (0, 3)
    assert early_icaht({"neutrophils": counts(by_day | {36: HIGH})}).grade == 0
    assert early_icaht({"neutrophils": counts(by_day), "last_follow_up_day": 19}).grade == 0
    assert early(by_day, unknown_days="not low") == 0
    assert early(by_day | {24: HIGH}) == 0


def test_ends_are_carried_over_seven_days_at_most() -> None:
    by_day = {day: HIGH for day in range(7, 24)}
    assert early(by_day) == 0
    assert early(by_day, carry_ends=False) is None
    assert early({day: HIGH for day in range(8, 24)}) is None


def test_nothing_measured_settles_nothing() -> None:
    for options in (SpellOptions(), SpellOptions(unknown_days="not low")):
        found = early_icaht({"neutrophils": None}, options=options)
        assert (found.grade, found.lowest, found.highest) == (None, 0, 4)


def test_only_interpolated_counts_are_rounded() -> None:
    # day 5 is interpolated to 504.5, which rounds to 500
    by_day = daily({4: "505", 6: "504"})
    del by_day[5]
    assert early(by_day) == 1
    assert early(by_day, round_to=None) == 0
    assert early(daily({5: "504"})) == 0


def test_units_do_not_matter() -> None:
    for unit, value in (("10*9/L", "0.4"), ("K/uL", "0.4"), ("/uL", "400")):
        high = "3" if value == "0.4" else "3000"
        series = counts(daily(run(range(4, 12), value), high=high), unit)
        assert early_icaht({"neutrophils": series}).grade == 2
    typed = tuple((day, Quantity(Decimal(3), "10*9/L")) for day in range(31))
    assert early_icaht({"neutrophils": typed}).grade == 0


@pytest.mark.parametrize(
    ("series", "code"),
    [
        (((3, "0.4"),), "no_unit"),
        (((3, "-0.4 10*9/L"),), "negative"),
        (((3, "pos"),), "not_a_number"),
        (((3, "0.4 mg/L"),), "unit_not_accepted"),
        (((3, "4000 10*9/L"),), "implausible"),
        ((("day 3", "0.4 10*9/L"),), "not_a_number"),
        ("0.4 10*9/L", "not_a_series"),
        ((("0.4 10*9/L",),), "not_a_series"),
    ],
)
def test_a_series_that_cannot_be_read(series: object, code: str) -> None:
    with pytest.raises(CohortRefused) as caught:
        early_icaht({"neutrophils": series})
    assert [problem.code for problem in caught.value.problems] == [code]


def test_an_implausible_count_names_the_likely_unit() -> None:
    with pytest.raises(CohortRefused, match=r"is the unit /uL\?"):
        early_icaht({"neutrophils": ((3, "4000 10*9/L"),)})


@pytest.mark.parametrize(
    ("values", "grade"),
    [
        (("1501", "1600"), 0), (("1500", "1500"), 1), (("1001", "1500"), 1), (("1000", "1500"), 2),
        (("501", "1500"), 2), (("500", "1500"), 3), (("101", "1500"), 3), (("100", "1500"), 4),
        (("100", "1501"), 0), (("100",), 4), (("2000",), 0),
    ],
)  # fmt: skip
def test_late_icaht(values: tuple[str, ...], grade: int) -> None:
    by_day = {40 + place: value for place, value in enumerate(values)}
    assert late_icaht({"neutrophils": counts(by_day)}).grade == grade


def test_options_of_late_icaht() -> None:
    two = {"neutrophils": counts({40: "100", 50: "900"})}
    assert late_icaht(two).grade == 4
    assert late_icaht(two, options=LateOptions(depth="second lowest")).grade == 2
    one = {"neutrophils": counts({40: "100"})}
    opened = late_icaht(one, options=LateOptions(one_value="open"))
    assert (opened.grade, opened.possible) == (None, (0, 4))
    far = {"neutrophils": counts({40: "2000", 101: "100", 102: "100"})}
    assert late_icaht(far).grade == 0
    assert late_icaht(far, options=LateOptions(last_day=180)).grade == 4


@pytest.mark.parametrize("end", ["progression_day", "next_therapy_day", "last_follow_up_day"])
def test_what_ends_the_late_window(end: str) -> None:
    chart = {"neutrophils": counts({35: "2000", 60: "400", 61: "400"}), end: 59}
    assert late_icaht(chart).grade == 0
    assert late_icaht({**chart, end: 60}).grade == 0
    assert late_icaht({**chart, end: 61}).grade == 3
    nobody = late_icaht({**chart, end: 30})
    assert (nobody.grade, nobody.lowest, nobody.highest) == (None, 0, 4)
    assert any("ended on day 30" in warning for warning in nobody.warnings)


def test_no_late_value_leaves_every_grade_open() -> None:
    found = late_icaht({"neutrophils": counts({10: "100"})})
    assert (found.lowest, found.highest) == (0, 4)


def platelets(low: dict[int, str], last: int = 30) -> dict[str, object]:
    return {"platelets": counts(daily(low, last, "150"), "10*9/L")}


@pytest.mark.parametrize(
    ("days", "value", "grade"),
    [
        (0, "49", 0), (1, "49", 1), (6, "49", 1), (7, "49", 2), (30, "49", 2), (30, "50", 0),
        (1, "19", 3), (13, "19", 3), (14, "19", 4), (20, "20", 2),
    ],
)  # fmt: skip
def test_early_t_icaht(days: int, value: str, grade: int) -> None:
    assert early_t_icaht(platelets(run(range(days), value))).grade == grade


def test_platelet_days_add_up_over_spells() -> None:
    # twice 3 days and twice 4 days below 50, apart by stable recoveries
    assert early_t_icaht(platelets(run(range(3), "40") | run(range(10, 13), "40"))).grade == 1
    assert early_t_icaht(platelets(run(range(4), "40") | run(range(10, 13), "40"))).grade == 2
    # an unstable recovery of 2 days counts: 2 + 2 + 3
    assert early_t_icaht(platelets(run(range(2), "40") | run(range(4, 7), "40"))).grade == 2
    assert early_t_icaht(platelets(run(range(2), "40") | run(range(5, 8), "40"))).grade == 1


@pytest.mark.parametrize(
    ("by_day", "grade"),
    [
        ({40: "100"}, 0), ({40: "99"}, 1), ({40: "50"}, 1), ({40: "49"}, 2), ({40: "20"}, 2),
        (dict.fromkeys(range(31, 101), "90") | {40: "19"}, 3),
        (dict.fromkeys(range(31, 101), "90") | dict.fromkeys(range(40, 53), "19"), 3),
        (dict.fromkeys(range(31, 101), "90") | dict.fromkeys(range(40, 54), "19"), 4),
    ],
)  # fmt: skip
def test_late_t_icaht(by_day: dict[int, str], grade: int) -> None:
    assert late_t_icaht({"platelets": counts(by_day, "10*9/L")}).grade == grade


def test_late_t_icaht_stays_open_only_where_platelets_were_below_20() -> None:
    found = late_t_icaht({"platelets": counts({40: "19", 70: "150"}, "10*9/L")})
    assert found.possible == (3, 4)
    nothing = late_t_icaht({"platelets": None})
    assert (nothing.lowest, nothing.highest) == (0, 4)


def test_spells_and_filling() -> None:
    assert spells((True, False, False, True, False, False, False, True), 5, 3) == (
        Spell(5, 8),
        Spell(12, 12),
    )
    points = ((Decimal(0), Decimal(1)), (Decimal(4), Decimal(3)))
    filled = daily_counts(points, 0, 4, Filling(3, False, None))
    assert filled.values == tuple(map(Decimal, ("1", "1.5", "2", "2.5", "3")))
    assert daily_counts(points, 0, 4, Filling(2, False, None)).unknown_days == (1, 2, 3)
    assert low_days(filled, Decimal("1.5"), below=True, unknown_low=frozenset())[:2] == (
        True,
        False,
    )
    with pytest.raises(PlanRefused, match="before day 5"):
        daily_counts(points, 5, 4, Filling(7, True, None))


def test_deciding_data_name_the_spell() -> None:
    found = early_icaht({"neutrophils": counts(daily(run(range(4, 12), "90")))})
    assert [datum.value for datum in found.deciding] == ["8 days (day 4 to 11)"]
    assert "<= 100/uL, 7 days or more" in found.text
    grades = [early(daily(run(range(4, 4 + days), "90"))) or 0 for days in range(1, 27)]
    assert all(before <= after for before, after in pairwise(grades))
