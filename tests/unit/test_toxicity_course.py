from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from cartwheel.clinic.toxicity.assessment import Grade, grade_from
from cartwheel.clinic.toxicity.course import Course, course_of, spell_of, time_to_grade
from cartwheel.clinic.toxicity.crs import astct_crs
from cartwheel.clinic.toxicity.episode import astct_crs_by_day
from cartwheel.errors import CohortRefused

DAILY = Path(__file__).resolve().parents[2].parent / "shared/data/cart/nulisa_daily_grades.csv"


def _ranged(low: int, high: int) -> Grade:
    return grade_from(("a-rule", "1"), range(low, high + 1), ())


def test_a_whole_course() -> None:
    course = course_of({0: 0, 1: 0, 2: 1, 3: 2, 4: 2, 5: 1, 6: 0})
    assert (course.first, course.last, course.missing, course.bridged) == (0, 6, (), ())
    assert (course.maximum, course.maximum_day) == (2, 3)
    spell = spell_of(course, 1)
    assert (spell.ever, spell.onset, spell.days, spell.last_day, spell.ongoing) == (
        True, 2, 4, 5, False,
    )  # fmt: skip
    none = spell_of(course, 3)
    assert (none.ever, none.onset, none.days, none.last_day) == (False, None, 0, None)
    assert time_to_grade(course, 2).day == 3
    assert time_to_grade(course, 3).cause == 0
    assert time_to_grade(course, 3).day == 6


def test_a_missing_day_is_named_and_opens_every_answer() -> None:
    course = course_of({0: 0, 1: 1, 3: 1, 4: 0})
    assert course.missing == (2,)
    assert (course.maximum, course.maximum_lowest, course.maximum_highest) == (None, 1, 4)
    severe = spell_of(course, 3)
    assert (severe.ever, severe.onset, severe.onset_earliest, severe.onset_latest) == (
        None, None, 2, None,
    )  # fmt: skip
    assert (severe.days, severe.days_lowest, severe.days_highest) == (None, 0, 1)
    any_grade = spell_of(course, 1)
    assert (any_grade.onset, any_grade.days_lowest, any_grade.days_highest) == (1, 2, 3)


def test_bridging_is_asked_for_and_named() -> None:
    grades = {0: 0, 1: 1, 3: 2, 4: 2, 7: 2}
    course = course_of(grades, bridge=1)
    assert course.bridged == (2,)
    assert course.missing == (5, 6)
    assert [(day.lowest, day.highest) for day in course.days[1:4]] == [(1, 1), (1, 2), (2, 2)]
    wide = course_of(grades, bridge=2)
    assert wide.bridged == (2, 5, 6)
    assert wide.maximum == 2
    assert spell_of(wide, 1).days == 7


def test_blank_days_at_the_end_end_the_observation_unless_a_last_day_is_given() -> None:
    grades = {0: 0, 1: 1, 2: None, 3: None}
    assert course_of(grades).last == 1
    course = course_of(grades, last=3)
    assert course.missing == (2, 3)
    assert spell_of(course, 1).ongoing is None
    assert spell_of(course_of(grades), 1).ongoing is True
    assert course_of(grades, first=-1).missing == (-1,)


def test_unsettled_grades_keep_their_range() -> None:
    course = course_of({0: 0, 1: _ranged(1, 3), 2: 2})
    assert (course.maximum, course.maximum_lowest, course.maximum_highest) == (None, 2, 3)
    spell = spell_of(course, 2)
    assert (spell.onset, spell.onset_earliest, spell.onset_latest) == (None, 1, 2)
    assert course_of({0: astct_crs({"died_of_crs": True})}).maximum == 5


def test_time_to_a_grade_with_rivals() -> None:
    course = course_of({0: 0, 1: 1, 2: 1})
    assert time_to_grade(course, 2, died_on=3).cause == 2
    assert time_to_grade(course, 2, died_on=3).day == 3
    assert time_to_grade(course, 2, other_on=1) == time_to_grade(
        course, 2, died_on=2, other_on=1
    )  # fmt: skip
    assert time_to_grade(course, 2, other_on=1).cause == 3
    assert time_to_grade(course, 1, died_on=2).cause == 1
    same_day = course_of({0: 0, 1: 2})
    assert time_to_grade(same_day, 2, died_on=1).cause == 1
    late = time_to_grade(course, 2, died_on=6)
    assert (late.day, late.cause, late.open_days) == (2, 0, (3,))
    ignored = time_to_grade(course, 2, died_on=6, when_missing="ignore")
    assert (ignored.day, ignored.cause, ignored.open_days) == (6, 2, (3, 4, 5))
    died = course_of({0: 1, 1: 3, 2: 5})
    assert time_to_grade(died, 5).day == 2
    assert died.last == 2


def test_an_open_day_before_the_grade() -> None:
    course = course_of({0: 0, 1: 1, 3: 3})
    censored = time_to_grade(course, 3)
    assert (censored.day, censored.cause, censored.open_days) == (1, 0, (2,))
    ignored = time_to_grade(course, 3, when_missing="ignore")
    assert (ignored.day, ignored.cause, ignored.open_days) == (3, 1, (2,))
    with pytest.raises(CohortRefused, match="day 2 leaves open"):
        time_to_grade(course, 3, when_missing="refuse")
    assert time_to_grade(course, 1).day == 1
    first_open = course_of({1: 3}, first=0)
    with pytest.raises(CohortRefused, match="day 0 leaves open"):
        time_to_grade(first_open, 1)


@pytest.mark.parametrize(
    ("grades", "code"),
    [
        ({}, "nothing_observed"),
        ({0: None}, "nothing_observed"),
        ({0: 6}, "grade_impossible"),
        ({0: -1}, "grade_impossible"),
        ({0: True}, "grade_impossible"),
        ({0: 5, 1: 0}, "after_death"),
    ],
)
def test_impossible_courses_are_refused(grades: dict[int, int | None], code: str) -> None:
    with pytest.raises(CohortRefused) as caught:
        course_of(grades)
    assert caught.value.problems[0].code == code


def test_impossible_questions_are_refused() -> None:
    course = course_of({0: 0, 1: 1})
    for wrong in (0, 6, True):
        with pytest.raises(CohortRefused, match="no grade to reach"):
            spell_of(course, wrong)
    with pytest.raises(CohortRefused, match="after death on day 0"):
        time_to_grade(course, 1, died_on=0)
    with pytest.raises(CohortRefused, match="no graded day"):
        course_of({0: 0}, first=3, last=5)


DAYS = st.dictionaries(
    st.integers(0, 8), st.one_of(st.none(), st.integers(0, 4)), min_size=1
).filter(lambda days: any(grade is not None for grade in days.values()))


@settings(deadline=None)
@given(DAYS, st.integers(1, 4), st.data())
def test_limits_hold_for_every_way_to_fill_the_gaps(
    grades: dict[int, int | None], at_least: int, data: st.DataObject
) -> None:
    course, spell = course_of(grades), spell_of(course_of(grades), at_least)
    filled = {
        day: data.draw(st.integers(0, 4)) if grades.get(day) is None else grades[day]
        for day in range(course.first, course.last + 1)
    }
    whole = course_of(filled)
    assert whole.missing == ()
    assert course.maximum_lowest <= whole.maximum_lowest <= course.maximum_highest
    true = spell_of(whole, at_least)
    assert true.days is not None
    assert spell.days_lowest <= true.days <= spell.days_highest
    assert spell.ever in (None, true.ever)
    if true.onset is not None and spell.onset_earliest is not None:
        assert spell.onset_earliest <= true.onset
        assert spell.onset_latest is None or true.onset <= spell.onset_latest


@settings(deadline=None)
@given(DAYS, st.integers(1, 4))
def test_ignoring_gaps_is_the_plain_first_day(grades: dict[int, int | None], k: int) -> None:
    seen = sorted((day, grade) for day, grade in grades.items() if grade is not None)
    first = next((day for day, grade in seen if grade >= k), None)
    found = time_to_grade(course_of(grades), k, when_missing="ignore")
    assert (found.cause, found.day) == ((1, first) if first is not None else (0, seen[-1][0]))


def _courses(column: str) -> list[Course]:
    if not DAILY.is_file():
        pytest.skip("the daily grades beside the repository are not here")
    # the identifiers of this file name several patients: a patient begins where day 0 does
    patients: list[dict[int, int | None]] = []
    with DAILY.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            if row["day"] == "0":
                patients.append({})
            patients[-1][int(row["day"])] = int(row[column]) if row[column] else None
    return [course_of(days) for days in patients]


@pytest.mark.parametrize("column", ["crs_grade", "icans_grade"])
def test_real_daily_grades(column: str) -> None:
    courses = _courses(column)
    assert len(courses) == 80
    for course in courses:
        spell = spell_of(course, 2)
        row = time_to_grade(course, 2, when_missing="ignore")
        assert (row.cause == 1) == (spell.onset_latest is not None)
        if row.cause:
            assert row.day == spell.onset_latest
        assert course.maximum_lowest == max(day.lowest for day in course.days)
        if not course.missing:
            assert course.maximum == course.maximum_lowest
            assert time_to_grade(course, 2) == row


CHART = {
    "temperature": "36.8 Cel", "hypotension": "no", "vasopressors": "none",
    "oxygen_device": "room air", "antipyretic": "no", "anticytokine": "no",
    "corticosteroid": "no", "crs_other_cause": "none", "died_of_crs": "no",
}  # fmt: skip
HOT = CHART | {"temperature": "39.5 Cel"}
HYPOXIC = CHART | {"oxygen_device": "blow-by"}


def test_treatment_after_onset_carries_the_exception_to_later_days() -> None:
    days = {0: CHART, 1: HOT, 2: HOT | {"anticytokine": "yes"}, 3: HYPOXIC, 4: CHART}
    grades = astct_crs_by_day(days)
    assert [grade.grade for grade in grades.values()] == [0, 1, 1, 2, 0]
    assert grades[3].at == "day 3"


def test_without_treatment_or_with_treatment_before_crs_there_is_no_exception() -> None:
    assert [g.grade for g in astct_crs_by_day({0: HOT, 1: HYPOXIC}).values()] == [1, 0]
    early = {0: CHART | {"antipyretic": "yes"}, 1: HOT, 2: HYPOXIC}
    assert [g.grade for g in astct_crs_by_day(early).values()] == [0, 1, 0]
    on_the_day = {0: HOT | {"antipyretic": "yes"}, 1: HYPOXIC}
    assert [g.grade for g in astct_crs_by_day(on_the_day).values()] == [1, 2]


def test_a_day_without_a_chart_leaves_the_exception_open() -> None:
    grades = astct_crs_by_day({0: HOT, 2: HYPOXIC})
    assert grades[2].possible == (0, 2)
    assert set(grades[2].missing) == {"antipyretic", "anticytokine", "corticosteroid"}
    late = astct_crs_by_day({2: HYPOXIC | {"anticytokine": "yes"}}, begins=0)
    assert late[2].possible == (0, 2)
    assert late[2].missing == ("crs_before",)
    stated = HYPOXIC | {"anticytokine": "yes", "crs_before": "yes"}
    assert astct_crs_by_day({2: stated})[2].grade == 2
    assert astct_crs_by_day({2: HYPOXIC}, begins=2)[2].grade == 0
    assert astct_crs_by_day({}) == {}
