"""Grades over time: by day, the worst, onset and duration; a missing day is named, not filled."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, TypeAlias

from cartwheel.clinic.toxicity.assessment import Grade
from cartwheel.errors import CohortRefused, refuse

WhenMissing: TypeAlias = Literal["censor", "ignore", "refuse"]

DEATH = 5


@dataclass(frozen=True, slots=True)
class GradedDay:
    """One day of a course.

    Parameters
    ----------
    day : int
        After infusion, which is day 0.
    lowest, highest : int
        Grades possible that day; equal where the day is settled.
    observed : bool
        Whether there was a grade, or a range of grades, that day.
    bridged : bool
        Whether it was missing and taken from the days around it.
    """

    day: int
    lowest: int
    highest: int
    observed: bool
    bridged: bool


@dataclass(frozen=True, slots=True)
class Course:
    """The grades of one patient from a first to a last day.

    Parameters
    ----------
    first, last : int
        Days of observation, both included; death ends it.
    days : tuple of GradedDay
        Every day between them.
    missing : tuple of int
        Days without a grade that were not bridged.
    bridged : tuple of int
        Days without a grade that were taken from the days around them.
    maximum : int or None
        Worst grade; None where missing or unsettled days could be worse.
    maximum_lowest, maximum_highest : int
        Limits of the worst grade.
    maximum_day : int
        First day on which ``maximum_lowest`` is certain.
    """

    first: int
    last: int
    days: tuple[GradedDay, ...]
    missing: tuple[int, ...]
    bridged: tuple[int, ...]
    maximum: int | None
    maximum_lowest: int
    maximum_highest: int
    maximum_day: int


@dataclass(frozen=True, slots=True)
class Spell:
    """When a course is at or above one grade.

    Parameters
    ----------
    at_least : int
        That grade.
    ever : bool or None
        Whether it was reached; None where the chart leaves it open.
    onset : int or None
        First day; None where there is none, or where it is open.
    onset_earliest, onset_latest : int or None
        First day on which it can have been reached, and on which it certainly was.
    days : int or None
        Number of days at or above it, not necessarily in a row; None where it is open.
    days_lowest, days_highest : int
        Limits of that number.
    last_day : int or None
        Last day on which it certainly was at or above it.
    ongoing : bool or None
        Whether it still was on the last day of observation, so that more days may follow.
    """

    at_least: int
    ever: bool | None
    onset: int | None
    onset_earliest: int | None
    onset_latest: int | None
    days: int | None
    days_lowest: int
    days_highest: int
    last_day: int | None
    ongoing: bool | None


@dataclass(frozen=True, slots=True)
class GradeTime:
    """Time to a grade as one row of competing risks.

    Parameters
    ----------
    day : int
        Of the event, or the last day known to be free of it.
    cause : int
        0 censored, 1 the grade, 2 death, 3 another competing event.
    label : str
        What the cause means.
    open_days : tuple of int
        Missing or unsettled days before: they ended the follow-up (``censor``) or were taken to be
        below the grade (``ignore``).
    """

    day: int
    cause: int
    label: str
    open_days: tuple[int, ...]


def course_of(
    grades: Mapping[int, int | Grade | None],
    *,
    first: int | None = None,
    last: int | None = None,
    bridge: int = 0,
    worst: int = 4,
) -> Course:
    """Put the daily grades of one patient in order.

    Parameters
    ----------
    grades : mapping of int to int, Grade or None
        By day after infusion; None, like a day that is absent, was not observed.
    first, last : int, optional
        Days of observation; without them the first and last day with a grade. Blank days at the
        end then count as the end of observation, not as missing.
    bridge : int
        Up to so many missing days in a row take the range from the lower to the higher of the days
        on both sides. They are named in the result. 0 bridges nothing.
    worst : int
        The worst that a missing day can hide, 0 to 5. Death (5) is charted, so 4 by default.

    Returns
    -------
    Course

    Raises
    ------
    CohortRefused
        ``nothing_observed``; ``grade_impossible``; ``after_death``; ``days_reversed``.
    """
    seen = {int(day): _limits(found) for day, found in grades.items() if found is not None}
    if not seen:
        raise refuse(
            CohortRefused, "nothing_observed", "no day has a grade",
            mend="leave the patient out, and count that",
        )  # fmt: skip
    start = min(seen) if first is None else first
    stop = max(seen) if last is None else last
    seen = {day: limits for day, limits in seen.items() if start <= day <= stop}
    if not seen:
        raise refuse(
            CohortRefused, "days_reversed", f"no graded day lies between {start} and {stop}",
            mend="correct first and last",
        )  # fmt: skip
    stop = _death_ends(seen, stop)
    filled = _bridged(seen, bridge)
    days = tuple(_day(day, seen, filled, worst) for day in range(start, stop + 1))
    lowest, highest = max(day.lowest for day in days), max(day.highest for day in days)
    return Course(
        first=start,
        last=stop,
        days=days,
        missing=tuple(day.day for day in days if not day.observed and not day.bridged),
        bridged=tuple(day.day for day in days if day.bridged),
        maximum=lowest if lowest == highest else None,
        maximum_lowest=lowest,
        maximum_highest=highest,
        maximum_day=next(day.day for day in days if day.lowest == lowest),
    )


def _limits(found: int | Grade) -> tuple[int, int]:
    low, high = (found.lowest, found.highest) if isinstance(found, Grade) else (found, found)
    if isinstance(low, bool) or not 0 <= low <= high <= DEATH:
        raise refuse(
            CohortRefused, "grade_impossible", f"{low} is not a grade", mend="grades are 0 to 5"
        )
    return int(low), int(high)


def _death_ends(seen: Mapping[int, tuple[int, int]], stop: int) -> int:
    deaths = [day for day, (low, _) in seen.items() if low == DEATH]
    if not deaths:
        return stop
    if max(seen) > min(deaths):
        raise refuse(
            CohortRefused, "after_death", f"there are grades after grade 5 on day {min(deaths)}",
            mend="end the grades with the day of death",
        )  # fmt: skip
    return min(deaths)


def _bridged(seen: Mapping[int, tuple[int, int]], bridge: int) -> Mapping[int, tuple[int, int]]:
    filled: dict[int, tuple[int, int]] = {}
    for before, after in pairwise(sorted(seen)):
        if 1 < after - before <= bridge + 1:
            both = (*seen[before], *seen[after])
            filled |= dict.fromkeys(
                range(before + 1, after), (min(both), min(max(both), DEATH - 1))
            )
    return filled


def _day(
    day: int,
    seen: Mapping[int, tuple[int, int]],
    filled: Mapping[int, tuple[int, int]],
    worst: int,
) -> GradedDay:
    low, high = seen.get(day) or filled.get(day) or (0, worst)
    return GradedDay(day, low, high, day in seen, day in filled)


def spell_of(course: Course, at_least: int) -> Spell:
    """Tell when a course is at or above one grade.

    Parameters
    ----------
    course : Course
        The grades by day.
    at_least : int
        1 to 5.

    Returns
    -------
    Spell

    Raises
    ------
    CohortRefused
        ``grade_impossible``: `at_least` is not 1 to 5.
    """
    _check_threshold(at_least)
    certain = [day.day for day in course.days if day.lowest >= at_least]
    could = [day.day for day in course.days if day.highest >= at_least]
    earliest, latest = (could[0] if could else None), (certain[0] if certain else None)
    end = course.days[-1]
    return Spell(
        at_least=at_least,
        ever=True if certain else None if could else False,
        onset=earliest if earliest == latest else None,
        onset_earliest=earliest,
        onset_latest=latest,
        days=len(certain) if len(certain) == len(could) else None,
        days_lowest=len(certain),
        days_highest=len(could),
        last_day=certain[-1] if certain else None,
        ongoing=True if end.lowest >= at_least else None if end.highest >= at_least else False,
    )


def _check_threshold(at_least: int) -> None:
    if isinstance(at_least, bool) or not 1 <= at_least <= DEATH:
        raise refuse(
            CohortRefused, "grade_impossible", f"{at_least} is no grade to reach",
            mend="ask for 1 to 5",
        )  # fmt: skip


def time_to_grade(
    course: Course,
    at_least: int,
    *,
    died_on: int | None = None,
    other_on: int | None = None,
    when_missing: WhenMissing = "censor",
) -> GradeTime:
    """Find the time to a grade, with death and another event as competing risks.

    Parameters
    ----------
    course : Course
        The grades by day.
    at_least : int
        1 to 5.
    died_on, other_on : int, optional
        Day of death from another cause, and of another competing event such as a next therapy.
    when_missing : {"censor", "ignore", "refuse"}
        What a missing or unsettled day does: it ends the follow-up on the day before, it is taken
        to be below the grade, or the patient is refused. Its days are named in the result.

    Returns
    -------
    GradeTime

    Raises
    ------
    CohortRefused
        ``open_days`` with ``refuse``, or with ``censor`` where the very first day is open;
        ``grade_impossible``; ``after_death``: a graded day lies after `died_on`.

    Notes
    -----
    A grade and a competing event on one day count as the grade. Days after the course up to a
    competing event were not observed: they are open days. A bridged day counts by its range.
    """
    _check_threshold(at_least)
    if died_on is not None and any(day.observed and day.day > died_on for day in course.days):
        raise refuse(
            CohortRefused, "after_death", f"there are grades after death on day {died_on}",
            mend="correct the day of death or the chart",
        )  # fmt: skip
    rivals = {2: died_on, 3: other_on}
    ends = [(day, cause) for cause, day in rivals.items() if day is not None]
    rival = min(ends, default=None)
    open_days: list[int] = []
    for day, low, high in _followed(course, rival[0] if rival else None):
        if low >= at_least:
            return GradeTime(day, 1, f"grade {at_least} or worse", tuple(open_days))
        if rival is not None and day == rival[0]:
            return GradeTime(day, rival[1], _LABELS[rival[1]], tuple(open_days))
        if high >= at_least:
            open_days.append(day)
            if when_missing != "ignore":
                return _ended(course, day, at_least, when_missing)
    last = course.last if rival is None else min(course.last, rival[0])
    return GradeTime(last, 0, _LABELS[0], tuple(open_days))


_LABELS = {0: "censored", 2: "death", 3: "other competing event"}


def _followed(course: Course, until: int | None) -> Iterator[tuple[int, int, int]]:
    """Days of the course, and the unobserved days from its end to a competing event."""
    for day in course.days:
        yield day.day, day.lowest, day.highest
        if day.day == until:
            return
    if until is not None:
        for beyond in range(course.last + 1, until + 1):
            yield beyond, 0, DEATH


def _ended(course: Course, day: int, at_least: int, when_missing: WhenMissing) -> GradeTime:
    if when_missing == "refuse" or day == course.first:
        raise refuse(
            CohortRefused, "open_days",
            f"day {day} leaves open whether grade {at_least} was reached",
            mend="chart that day, or choose when_missing",
        )  # fmt: skip
    return GradeTime(day - 1, 0, _LABELS[0], (day,))
