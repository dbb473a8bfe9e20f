"""From a table, a plan and scores to what is analysed: every refusal listed, every loss counted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cartwheel.clinic.cohort_checks import doubled_patients
from cartwheel.clinic.cohort_column import Column
from cartwheel.clinic.exclusion import leave_out
from cartwheel.clinic.findings import Findings
from cartwheel.clinic.flow import add_step
from cartwheel.clinic.guard import EventTimes, at_risk_after
from cartwheel.clinic.outcome_times import from_landmark
from cartwheel.clinic.reading import RawTable
from cartwheel.clinic.score_spec import ScoreSpec
from cartwheel.errors import CohortRefused, OutcomeRefused, PlanRefused, Problem, TimeTravelRefused
from cartwheel.note import Note
from cartwheel.patients import FlowStep, GuardReport, OutcomeSummary
from cartwheel.provenance import named_simulated
from cartwheel.validation.account.said import ordered
from cartwheel.validation.analysed import Predicted, Scoreable, Target
from cartwheel.validation.cohort.agreement import horizon_problems, landmark_problems, outcome_said
from cartwheel.validation.cohort.checks import absent_columns, plan_problems, time_unit
from cartwheel.validation.cohort.further import (
    ExtensionColumn,
    constant_extensions,
    extension_columns,
    number_columns,
)
from cartwheel.validation.cohort.levels import Divided, divided, group_notes
from cartwheel.validation.cohort.outcome import (
    ReadOutcome,
    event_days,
    make_target,
    read_outcome,
    settle_horizon,
    summary,
    target_problems,
)
from cartwheel.validation.cohort.remarks import cohort_notes, score_notes
from cartwheel.validation.cohort.scoreable import scoreables, without_values
from cartwheel.validation.cohort.scored import Scored, columns_told, refusals, score_everyone
from cartwheel.validation.cohort.timing import guarded
from cartwheel.validation.grouping import Grouping
from cartwheel.validation.plan import ValidationPlan
from cartwheel.validation.result_score import Refusals, ScoreColumn

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Assembled:
    """What is analysed. Of N rows of the table n are analysed.

    Parameters
    ----------
    plan : ValidationPlan
        What is to be done.
    table : RawTable
        The cohort as read.
    simulated : bool
        Whether the patients, or those of a score's development, are simulated.
    scoreables : tuple of Scoreable
        The scores, with the columns of N rows.
    eligible : bool array (N,)
        Rows with a known outcome that passed exclusions and landmark.
    analysed : bool array (N,)
        Those of them in whom every score has a single value.
    target, eligible_target : Target
        Outcome of the patients analysed, and of all who are eligible.
    predicted : tuple of Predicted
        What each score says of the n patients.
    score_columns : tuple of tuple of ScoreColumn
        For each score the columns of its inputs.
    refusals : tuple of tuple of Refusals
        For each score why eligible patients do not have it.
    scored : tuple of int
        For each score how many eligible patients have it.
    outcome_said : tuple of str
        For each score what it predicts, and how that differs from what is analysed.
    score_notes : tuple of tuple of Note
        For each score, cautions first.
    flow : tuple of FlowStep
        Who is left after each step.
    guard : GuardReport
        What the guard against time travel found.
    outcome : OutcomeSummary
        Of the patients analysed.
    competing_events : int or None
        Events of other kinds; None unless the outcome is ``competing``.
    read_as_no : tuple of str
        Values of the event column that count as no event.
    horizon_source : str
        ``plan``, ``score`` or ``assumed``.
    groupings : tuple of Grouping
        Subgroups of the patients analysed.
    centre : Grouping or None
        Their centres.
    extension : tuple of ExtensionColumn
        Columns of the last rung, of the patients analysed.
    auxiliary : dict of str to float array (N,)
        Further columns that help to impute; nan missing.
    notes : tuple of Note
        What holds for all scores, cautions first.
    """

    plan: ValidationPlan
    table: RawTable
    simulated: bool
    scoreables: tuple[Scoreable, ...]
    eligible: Mask
    analysed: Mask
    target: Target
    eligible_target: Target
    predicted: tuple[Predicted, ...]
    score_columns: tuple[tuple[ScoreColumn, ...], ...]
    refusals: tuple[tuple[Refusals, ...], ...]
    scored: tuple[int, ...]
    outcome_said: tuple[str, ...]
    score_notes: tuple[tuple[Note, ...], ...]
    flow: tuple[FlowStep, ...]
    guard: GuardReport
    outcome: OutcomeSummary
    competing_events: int | None
    read_as_no: tuple[str, ...]
    horizon_source: str
    groupings: tuple[Grouping, ...]
    centre: Grouping | None
    extension: tuple[ExtensionColumn, ...]
    auxiliary: dict[str, Floats]
    notes: tuple[Note, ...]


def assemble(table: RawTable, plan: ValidationPlan, specs: Sequence[ScoreSpec]) -> Assembled:
    """Read what the plan names, score every patient, check it all, and count who is left.

    Parameters
    ----------
    table : RawTable
        The cohort as read.
    plan : ValidationPlan
        What is to be done.
    specs : sequence of ScoreSpec
        The score files, in the order of the plan's scores.

    Returns
    -------
    Assembled
        Outcome, scores, masks, flow and guard report.

    Raises
    ------
    PlanRefused, CohortRefused, OutcomeRefused, TimeTravelRefused, ScoreRefused
        Every problem found, under the kind of the first.
    """
    findings = Findings()
    findings.add(PlanRefused, plan_problems(plan))
    findings.add(PlanRefused, absent_columns(table, plan))
    findings.add(PlanRefused, landmark_problems(plan, specs))
    findings.add(PlanRefused, horizon_problems(plan, specs))
    findings.refuse_if_any()
    read = _read(table, plan, specs, findings)
    findings.refuse_if_any()
    who = _eligible(read, findings)
    findings.refuse_if_any()
    everyone = tuple(
        score_everyone(one, said.choices)
        for one, said in zip(read.scoreables, plan.scores, strict=True)
    )
    analysed = who.eligible.copy()
    for one in everyone:
        analysed &= one.scored
        add_step(who.flow, f"{one.scoreable.name} computed", analysed, read.outcome.event)
    findings.add(CohortRefused, _nobody_scored(everyone, who.eligible))
    findings.refuse_if_any()
    findings.add(OutcomeRefused, _problems_among(read, analysed, who.horizon))
    extension = extension_columns(read.columns, plan.update.extend, analysed)
    findings.add(CohortRefused, constant_extensions(extension))
    findings.refuse_if_any()
    return _assembled(read, who, everyone, analysed, extension)


@dataclass(frozen=True, slots=True, eq=False)
class _Read:
    """What was read of the table."""

    table: RawTable
    plan: ValidationPlan
    outcome: ReadOutcome
    columns: dict[str, Column]
    groups: tuple[Divided, ...]
    centre: Divided | None
    scoreables: tuple[Scoreable, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Who:
    """Who can be analysed, how they came to be, and at which time risk is read."""

    eligible: Mask
    flow: list[FlowStep]
    guard: GuardReport
    horizon: float | None
    horizon_source: str
    notes: list[Note]


def _read(
    table: RawTable, plan: ValidationPlan, specs: Sequence[ScoreSpec], findings: Findings
) -> _Read:
    ready = scoreables(table, plan, specs, findings)
    outcome = read_outcome(table, plan, findings)
    columns = number_columns(table, plan, findings)
    groups, centre = divided(table, plan, findings)
    findings.add(CohortRefused, doubled_patients(table, plan.cohort.id))
    return _Read(table, plan, outcome, columns, groups, centre, ready)


def _eligible(read: _Read, findings: Findings) -> _Who:
    """Leave out, hold against time, apply the landmark, and look whether anything is left."""
    table, plan, outcome = read.table, read.plan, read.outcome
    event = outcome.event
    kept, flow, problems = leave_out(table, plan.cohort.exclude, read.columns, event)
    findings.add(PlanRefused, problems)
    kept &= outcome.known
    add_step(flow, "outcome known", kept, event)
    day = event_days(table, plan, outcome, kept, findings)
    times = EventTimes(
        event[kept],
        None if day is None else day[kept],
        outcome.time is not None,
        plan.outcome.onset is not None,
    )
    added = [read.columns[name] for name in plan.update.extend]
    report, late, notes = guarded(times, plan, read.scoreables, added)
    findings.add(TimeTravelRefused, late)
    findings.refuse_if_any()
    eligible = kept.copy()
    if plan.landmark_day is not None:
        eligible[kept] = at_risk_after(times, plan.landmark_day)
        add_step(flow, f"event-free and observed after day {plan.landmark_day:g}", eligible, event)
    horizon, source = _horizon(read, eligible)
    findings.add(OutcomeRefused, _problems_among(read, eligible, horizon))
    findings.add(CohortRefused, _all_missing(read.scoreables, eligible))
    return _Who(eligible, flow, report, horizon, source, notes)


def _times(read: _Read, rows: Mask) -> Floats | None:
    """Times of some patients, from the landmark where there is one."""
    if read.outcome.time is None:
        return None
    unit = time_unit(read.plan) or "days"
    return from_landmark(read.outcome.time[rows], read.plan.landmark_day, unit)


def _horizon(read: _Read, eligible: Mask) -> tuple[float | None, str]:
    times = _times(read, eligible & (read.outcome.event == 1))
    specs = [one.spec for one in read.scoreables]
    return settle_horizon(read.plan, specs, np.empty(0) if times is None else times)


def _problems_among(read: _Read, rows: Mask, horizon: float | None) -> tuple[Problem, ...]:
    return target_problems(read.plan, read.outcome.event[rows], _times(read, rows), horizon)


def _all_missing(ready: Sequence[Scoreable], eligible: Mask) -> Iterator[Problem]:
    if not eligible.any():
        return
    for one in ready:
        for name in without_values(one.columns, eligible):
            yield Problem(
                "all_missing",
                "no eligible patient has a value, so nobody can be scored",
                f"score '{one.name}', input '{name}' (column '{one.column_names[name]}')",
                "name another column, or leave the score out",
            )


def _nobody_scored(everyone: Sequence[Scored], eligible: Mask) -> Iterator[Problem]:
    """Find scores that nobody has, and scores that nobody has all of."""
    for one in everyone:
        if (eligible & one.scored).any():
            continue
        first = refusals(one, eligible)[:1]
        why = f": {first[0].what} ({first[0].patients} patients)" if first else ""
        yield Problem(
            "nobody_scored",
            f"none of {int(eligible.sum())} eligible patients can be scored{why}",
            f"score '{one.scoreable.name}'",
            first[0].mend if first else "",
        )
    each = [eligible & one.scored for one in everyone]
    if all(mask.any() for mask in each) and not np.all(each, axis=0).any():
        yield Problem(
            "nobody_has_all",
            "no eligible patient has all of the scores, so they cannot be compared",
            "scores",
            "validate them one by one",
        )


def _assembled(
    read: _Read,
    who: _Who,
    everyone: tuple[Scored, ...],
    analysed: Mask,
    extension: tuple[ExtensionColumn, ...],
) -> Assembled:
    plan, rows = read.plan, np.flatnonzero(analysed)
    target = make_target(plan, read.outcome, rows, who.horizon)
    groupings = tuple(item.among(who.eligible, analysed) for item in read.groups)
    centre = None if read.centre is None else read.centre.among(who.eligible, analysed)
    simulated = _simulated(read)
    for mask in (who.eligible, analysed):
        mask.setflags(write=False)
    general = [
        *who.notes,
        *cohort_notes(plan, target, read.outcome.read_as_no, who.horizon_source, simulated),
        *group_notes(groupings, centre),
    ]
    return Assembled(
        plan=plan,
        table=read.table,
        simulated=simulated,
        scoreables=read.scoreables,
        eligible=who.eligible,
        analysed=analysed,
        target=target,
        eligible_target=make_target(plan, read.outcome, np.flatnonzero(who.eligible), who.horizon),
        predicted=tuple(one.predicted.subset(rows) for one in everyone),
        score_columns=tuple(columns_told(one, who.eligible) for one in everyone),
        refusals=tuple(refusals(one, who.eligible) for one in everyone),
        scored=tuple(int((who.eligible & one.scored).sum()) for one in everyone),
        outcome_said=tuple(outcome_said(plan, one, target) for one in read.scoreables),
        score_notes=tuple(
            score_notes(plan, read.table.sha256, one, target, (who.eligible, analysed))
            for one in everyone
        ),
        flow=tuple(who.flow),
        guard=who.guard,
        outcome=summary(plan, target),
        competing_events=None if target.competing is None else target.competing.events(2),
        read_as_no=read.outcome.read_as_no,
        horizon_source=who.horizon_source,
        groupings=groupings,
        centre=centre,
        extension=extension,
        auxiliary={
            item.column: item.values
            for item in extension_columns(read.columns, plan.imputation.auxiliary)
        },
        notes=ordered(general),
    )


def _simulated(read: _Read) -> bool:
    of_scores = any(one.spec.simulated for one in read.scoreables)
    return read.plan.simulated or named_simulated(read.table.name) or of_scores
