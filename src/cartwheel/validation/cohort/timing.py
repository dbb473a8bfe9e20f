"""When the inputs of the scores were measured, and whether that was before the event."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

from cartwheel.clinic.cohort_column import Column
from cartwheel.clinic.guard import EventTimes, Timed, began_text, began_without_event, guard
from cartwheel.clinic.naming import read_column_name
from cartwheel.clinic.plan_parts import ColumnPlan
from cartwheel.clinic.score_terms import Input
from cartwheel.errors import Problem
from cartwheel.note import Note
from cartwheel.patients import GuardReport
from cartwheel.validation.analysed import Scoreable
from cartwheel.validation.plan import ValidationPlan


def guarded(
    times: EventTimes,
    plan: ValidationPlan,
    scoreables: Sequence[Scoreable],
    added: Sequence[Column],
) -> tuple[GuardReport, list[Problem], list[Note]]:
    """Hold the days of all inputs, and of added columns, against the events.

    Parameters
    ----------
    times : EventTimes
        Events and their days, of all patients with a known outcome, before any landmark.
    plan : ValidationPlan
        Its landmark, and the days it states.
    scoreables : sequence of Scoreable
        The scores.
    added : sequence of Column
        Columns of the last rung.

    Returns
    -------
    report : GuardReport
        What was looked at.
    problems : list of Problem
        As `cartwheel.clinic.guard.guard`.
    notes : list of Note
        ``day_of_score`` where a column does not say its day, and the day that the score asks for
        stands for it; ``onset_without_event`` where patients without the event have an onset day
        by the landmark.
    """
    timed: dict[str, Timed] = {}
    asked: dict[str, float] = {}
    for scoreable in scoreables:
        for column, item in _measured(plan, scoreable):
            if column not in timed or _last(item) > _last(timed[column]):
                timed[column] = item
            if item.day is not None and not _day_known(scoreable, column):
                asked[column] = item.day
    for each in added:
        timed.setdefault(each.name, Timed(each.name, each.day, each.summary))
    report, problems = guard(times, list(timed.values()), plan.landmark_day)
    notes = []
    if asked and times.day is not None:
        listed = ", ".join(f"'{column}' (day {day:g})" for column, day in asked.items())
        notes.append(
            Note(
                "day_of_score",
                "assumption",
                f"These columns do not say when they were measured: {listed}. The day that the "
                "score asks for was taken; say another with --day.",
            )
        )
    began = began_without_event(times, plan.landmark_day)
    if began and plan.landmark_day is not None:
        text = began_text(began, plan.landmark_day)
        notes.append(Note("onset_without_event", "caution", text))
    return report, [_for_scores(problem) for problem in problems], notes


def _measured(plan: ValidationPlan, scoreable: Scoreable) -> Iterator[tuple[str, Timed]]:
    for item in scoreable.spec.inputs:
        if item.upper_limit_of is not None:
            continue  # the laboratory's, not the patient's
        column = scoreable.column_names[item.name]
        day = scoreable.columns[item.name].day
        said = plan.columns.get(column, ColumnPlan()).day
        by_name = read_column_name(column)
        stated = said is not None or (day is not None and day != by_name.day)
        summary = None if stated else by_name.summary
        yield column, Timed(column, _asked(item) if day is None else day, summary)


def _asked(item: Input) -> float | None:
    """Last day after infusion on which the score takes the input; None where it does not say."""
    if item.day is not None:
        return float(item.day)
    window = item.window
    if window is None or window.anchor != "infusion" or window.to is None:
        return None
    return float(window.to)


def _last(item: Timed) -> float:
    return -math.inf if item.day is None else item.day


def _day_known(scoreable: Scoreable, column: str) -> bool:
    return any(
        scoreable.columns[name].day is not None
        for name, held in scoreable.column_names.items()
        if held == column
    )


def _for_scores(problem: Problem) -> Problem:
    """Say of a summary over follow-up what a validation can do about it."""
    if problem.code != "summary_predictor":
        return problem
    mend = "name a column of one day: --column INPUT=COLUMN; or say its day, if it has one: --day"
    return replace(problem, mend=mend)
