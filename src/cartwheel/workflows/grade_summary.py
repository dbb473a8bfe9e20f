"""What a file of graded charts comes to: courses by patient, and how often grades were reached."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from statistics import median

from cartwheel.clinic.chart_times import LONGEST_DAY
from cartwheel.clinic.grading import DAILY_RULES, is_series_rule
from cartwheel.clinic.toxicity.assessment import Grade, Rule
from cartwheel.clinic.toxicity.course import (
    Course,
    GradeTime,
    WhenMissing,
    course_of,
    spell_of,
    time_to_grade,
)
from cartwheel.errors import CohortRefused, Refused, refuse
from cartwheel.estimate import Estimate
from cartwheel.workflows.grade_charts import GradedCharts, GradedPatient

THRESHOLDS = (2, 3)


@dataclass(frozen=True, slots=True)
class PatientCourse:
    """The course of one patient by one rule over days. It is a patient: never for stdout.

    Parameters
    ----------
    patient, rule : str
        Whose, and by which rule.
    course : Course or None
        None where no day was observed.
    death_day : int or None
        Where it is charted.
    """

    patient: str
    rule: str
    course: Course | None
    death_day: int | None


@dataclass(frozen=True, slots=True)
class GradeCount:
    """How many have one grade.

    Parameters
    ----------
    grade : int
        The grade or class.
    name : str
        What it is called.
    count : int
        Patients, or charts where the rule does not grade days.
    """

    grade: int
    name: str
    count: int


@dataclass(frozen=True, slots=True)
class Spread:
    """Median and range of a number of days.

    Parameters
    ----------
    n : int
        Patients in whom it is settled.
    median : float or None
        None for nobody.
    lowest, highest : int or None
        Range.
    unsettled : int
        Patients in whom missing days leave it open.
    """

    n: int
    median: float | None
    lowest: int | None
    highest: int | None
    unsettled: int


@dataclass(frozen=True, slots=True)
class Incidence:
    """How often a grade is reached by a day, with death as a competing event.

    Parameters
    ----------
    at_least : int
        The grade.
    day : int
        By which day after infusion.
    cumulative : Estimate
        Aalen-Johansen; 0-1.
    followed : int
        Patients it rests on.
    reached, died : int
        Of them, before the end of their follow-up.
    ended_by_missing_days : int
        Of them, censored on the day before a missing or unsettled day.
    left_out : int
        Patients whose first day is missing or unsettled, or with no day observed.
    """

    at_least: int
    day: int
    cumulative: Estimate
    followed: int
    reached: int
    died: int
    ended_by_missing_days: int
    left_out: int


@dataclass(frozen=True, slots=True)
class RuleSummary:
    """What one rule found. It holds no patient.

    Parameters
    ----------
    rule, title, version, status, doi : str
        Which rule.
    given : bool
        The grades stand in the file; they were not made here.
    unit : {"patients", "charts"}
        What `grades` counts: patients by their worst grade, or charts.
    patients : int
        In the file.
    charts, observed, settled : int
        Rows or times; those with something to grade; and those whose grade is settled.
    grades : tuple of GradeCount
        Settled ones, ascending.
    worst_seen : tuple of GradeCount
        Patients by the worst grade seen for certain, whatever missing days could hide; empty where
        the rule does not grade days.
    unsettled : int
        Not settled: missing or unsettled days could be worse, or the chart leaves it open.
    not_observed : int
        With nothing observed.
    onset, duration : Spread or None
        First day and number of days at grade 1 or worse, in those who reached it.
    missing_days : int
        Days inside courses on which nothing was observed.
    incidence : tuple of Incidence
        Empty where the rule does not grade days.
    warnings : tuple of str
        What the rule itself warns of, with how many charts.
    """

    rule: str
    title: str
    version: str
    status: str
    doi: str
    given: bool
    unit: str
    patients: int
    charts: int
    observed: int
    settled: int
    grades: tuple[GradeCount, ...]
    worst_seen: tuple[GradeCount, ...]
    unsettled: int
    not_observed: int
    onset: Spread | None
    duration: Spread | None
    missing_days: int
    incidence: tuple[Incidence, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SummaryOptions:
    """How courses are read.

    Parameters
    ----------
    missing_days : {"censor", "ignore", "refuse"}
        What a missing or unsettled day does to the time to a grade.
    horizon : int or None
        Day of the cumulative incidence; by default the last day on which anybody was followed.
    begins : int
        First day of observation; a patient without a grade that day is left out of the incidence
        (with ``ignore`` not).
    thresholds : tuple of int
        Grades whose incidence is estimated.
    level : float
        Coverage of the intervals.
    """

    missing_days: WhenMissing = "censor"
    horizon: int | None = None
    begins: int = 0
    thresholds: tuple[int, ...] = THRESHOLDS
    level: float = 0.95


def patient_courses(graded: GradedCharts, rule: str, begins: int = 0) -> tuple[PatientCourse, ...]:
    """Put the days of every patient in order.

    Parameters
    ----------
    graded : GradedCharts
        The graded file.
    rule : str
        Id of a rule that grades days.
    begins : int
        First day of observation; a later first grade leaves the days before it missing.

    Returns
    -------
    tuple of PatientCourse
        In the order of the file.

    Raises
    ------
    CohortRefused
        ``no_day`` where a graded row has no day, ``no_course`` where a course contradicts itself,
        with the rows concerned; ``day_impossible`` for a first day over 100 years away.
    """
    if abs(begins) > LONGEST_DAY:
        what = "the first day of observation lies over 100 years from infusion"
        raise refuse(CohortRefused, "day_impossible", what, where="--begins", mend="correct it")
    return tuple(_course(one, begins) for one in graded.patients if one.rule == rule)


def _course(one: GradedPatient, begins: int) -> PatientCourse:
    by_day: dict[int, int | Grade | None] = {}
    for row in one.rows:
        if row.grade is None:
            continue
        if row.day is None:
            what = "a course needs days"
            raise refuse(
                CohortRefused, "no_day", what, where=f"row {row.rows[0]}", mend="add a column day"
            )
        day = int(row.day.to_integral_value(rounding="ROUND_FLOOR"))
        if day >= begins:
            by_day[day] = _worse(by_day.get(day), row.grade)
    if not by_day:
        return PatientCourse(one.patient, one.rule, None, one.death_day)
    try:
        course = course_of(by_day, first=begins)
    except Refused as refused:
        where = f"rows {one.rows[0].rows[0]} to {one.rows[-1].rows[-1]}"
        first = refused.problems[0]
        raise refuse(CohortRefused, first.code, first.what, where=where, mend=first.mend) from None
    return PatientCourse(one.patient, one.rule, course, one.death_day)


def _worse(before: int | Grade | None, grade: int | Grade) -> int | Grade:
    """Take the worse of two grades of one day; what either leaves open stays open."""
    if before is None:
        return grade
    if isinstance(before, int) and isinstance(grade, int):
        return max(before, grade)
    (low, high), (other_low, other_high) = _limits(before), _limits(grade)
    lowest, highest = max(low, other_low), max(high, other_high)
    model = before if isinstance(before, Grade) else grade
    settled = lowest if lowest == highest else None
    if isinstance(model, int):
        return lowest
    return replace(model, grade=settled, lowest=lowest, highest=highest)


def _limits(found: int | Grade) -> tuple[int, int]:
    return (found, found) if isinstance(found, int) else (found.lowest, found.highest)


def summaries(
    graded: GradedCharts, options: SummaryOptions | None = None
) -> tuple[RuleSummary, ...]:
    """Summarise every rule.

    Parameters
    ----------
    graded : GradedCharts
        The graded file.
    options : SummaryOptions, optional
        How courses are read.

    Returns
    -------
    tuple of RuleSummary
        In the order of the rules.

    Raises
    ------
    CohortRefused
        As `patient_courses`; with ``missing_days = "refuse"`` ``open_days``.
    """
    chosen = options or SummaryOptions()
    return tuple(_summary(graded, rule, chosen) for rule in graded.rules)


def _summary(graded: GradedCharts, rule: Rule, options: SummaryOptions) -> RuleSummary:
    rows = [row for one in graded.patients if one.rule == rule.id for row in one.rows]
    observed = [row.grade for row in rows if row.grade is not None]
    settled = [found for found in observed if isinstance(found, int) or found.grade is not None]
    daily = rule.id in DAILY_RULES and all(
        row.day is not None for row in rows if row.grade is not None
    )
    courses = patient_courses(graded, rule.id, options.begins) if daily else ()
    grades = (
        [None if each.course is None else each.course.maximum for each in courses]
        if daily
        else [found if isinstance(found, int) else found.grade for found in observed]
    )
    silent = sum(each.course is None for each in courses) if daily else len(rows) - len(observed)
    return RuleSummary(
        rule=rule.id,
        title=rule.title,
        version=rule.version,
        status=rule.status,
        doi=rule.doi,
        given=rule.id in graded.given,
        unit="patients" if daily or is_series_rule(rule) else "charts",
        patients=len(graded.charts.patients),
        charts=len(rows),
        observed=len(observed),
        settled=len(settled),
        grades=_counts(rule, grades),
        worst_seen=_counts(
            rule, [each.course.maximum_lowest for each in courses if each.course is not None]
        ),
        unsettled=sum(each is None for each in grades) - (silent if daily else 0),
        not_observed=silent,
        onset=_onset(courses) if daily else None,
        duration=_duration(courses) if daily else None,
        missing_days=sum(len(each.course.missing) for each in courses if each.course is not None),
        incidence=tuple(_incidences(courses, options)) if daily else (),
        warnings=(*_warnings(rule, observed), *_deaths(courses)),
    )


def _counts(rule: Rule, grades: Iterable[int | None]) -> tuple[GradeCount, ...]:
    names = dict(rule.words)
    found = Counter(grade for grade in grades if grade is not None)
    return tuple(
        GradeCount(grade, names.get(grade, f"grade {grade}"), found[grade])
        for grade in sorted(found)
    )


def _onset(courses: tuple[PatientCourse, ...]) -> Spread:
    spells = [spell_of(each.course, 1) for each in courses if each.course is not None]
    days = [spell.onset for spell in spells if spell.ever and spell.onset is not None]
    return _spread(days, sum(bool(spell.ever) for spell in spells) - len(days))


def _duration(courses: tuple[PatientCourse, ...]) -> Spread:
    spells = [spell_of(each.course, 1) for each in courses if each.course is not None]
    days = [spell.days for spell in spells if spell.ever and spell.days is not None]
    return _spread(days, sum(bool(spell.ever) for spell in spells) - len(days))


def _spread(days: list[int], unsettled: int) -> Spread:
    if not days:
        return Spread(0, None, None, None, unsettled)
    return Spread(len(days), float(median(days)), min(days), max(days), unsettled)


def _incidences(courses: tuple[PatientCourse, ...], options: SummaryOptions) -> Iterator[Incidence]:
    for at_least in options.thresholds:
        times = [_time(each, at_least, options.missing_days) for each in courses]
        followed = [time for time in times if time is not None]
        if followed:
            yield _incidence(at_least, followed, len(times) - len(followed), options)


def _time(one: PatientCourse, at_least: int, when_missing: WhenMissing) -> GradeTime | None:
    """Find the time to the grade; None where the first day is open."""
    if one.course is None:
        return None
    try:
        return time_to_grade(one.course, at_least, died_on=one.death_day, when_missing=when_missing)
    except Refused as refused:
        opening = refused.problems[0].code == "open_days" and when_missing == "censor"
        if opening:
            return None
        raise


def _incidence(
    at_least: int, times: list[GradeTime], left_out: int, options: SummaryOptions
) -> Incidence:
    day = max(time.day for time in times) if options.horizon is None else options.horizon
    return Incidence(
        at_least=at_least,
        day=day,
        cumulative=_cumulative(times, day, options.level),
        followed=len(times),
        reached=sum(time.cause == 1 for time in times),
        died=sum(time.cause == 2 for time in times),
        ended_by_missing_days=sum(time.cause == 0 and bool(time.open_days) for time in times)
        if options.missing_days == "censor"
        else 0,
        left_out=left_out,
    )


def _cumulative(times: list[GradeTime], day: int, level: float) -> Estimate:
    reached = sum(time.cause == 1 for time in times)
    if not reached:
        last = max(time.day for time in times)
        value = 0.0 if day <= last else None
        method = "Aalen-Johansen: nobody reached the grade, so there is no interval"
        return Estimate(value, None, None, level, method, len(times), 0)
    # arrays are loaded for files of charts only: one chart must start at once
    from cartwheel.stats.competing import aalen_johansen, competing_times  # noqa: PLC0415

    sample = competing_times([time.day for time in times], [time.cause for time in times])
    return aalen_johansen(sample, level=level).at(day, 1)


def _warnings(rule: Rule, observed: list[int | Grade]) -> tuple[str, ...]:
    counts = Counter(
        warning for found in observed if isinstance(found, Grade) for warning in found.warnings
    )
    status = ("this rule is unverified",) if rule.status == "unverified" else ()
    most = [f"{warning} (charts: {count})" for warning, count in counts.most_common(8)]
    return (*status, *most)


def _deaths(courses: tuple[PatientCourse, ...]) -> tuple[str, ...]:
    """Say where death could not compete with the grade."""
    if not courses or any(each.death_day is not None for each in courses):
        return ()
    return ("no day of death is charted (death_day): a death would look like the end of follow-up",)
