"""From a table and a plan to what is analysed: every refusal listed, every exclusion counted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cartwheel.clinic.exclusion import leave_out
from cartwheel.clinic.findings import Findings
from cartwheel.clinic.flow import add_step
from cartwheel.clinic.guard import (
    EventTimes,
    Timed,
    at_risk_after,
    began_without_event,
    guard,
)
from cartwheel.clinic.outcome import code_event, event_problems
from cartwheel.clinic.outcome_times import from_landmark, read_onset, read_times
from cartwheel.clinic.reading import RawTable
from cartwheel.development.cohort.checks import (
    absent_columns,
    duplicate_patients,
    identical_columns,
    not_imputable,
    unusable_columns,
)
from cartwheel.development.cohort.columns import Column, read_columns
from cartwheel.development.model.predictor import Predictor
from cartwheel.development.planning.checks import plan_problems, time_unit
from cartwheel.development.planning.plan import DAYS_PER, CutoffPlan, Plan, PredictorPlan
from cartwheel.development.result import FlowStep, GuardReport
from cartwheel.errors import (
    CohortRefused,
    OutcomeRefused,
    PlanRefused,
    TimeTravelRefused,
)

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Assembled:
    """What is analysed.

    Arrays are of all N rows of the table, except in ``predictors``, which hold the n analysed rows
    only.

    Parameters
    ----------
    plan : Plan
        What is to be done.
    table : RawTable
        The cohort as read.
    event : float array (N,)
        1 event, 0 none or censored, nan not known.
    time : float array (N,) or None
        In the plan's unit, from the landmark where there is one, else from day 0; None for a binary
        outcome.
    eligible : bool array (N,)
        Rows with a known outcome that passed exclusions and landmark.
    analysed : bool array (N,)
        Those of them with all predictors; all of them where missing predictors are imputed.
    columns : dict of str to Column
        Every column read, by name.
    predictors : tuple of Predictor
        The candidates, in the order of the plan.
    adjust, further : tuple of Column
        Adjustment columns, and columns for associations; their values may be missing.
    flow : tuple of FlowStep
        Who is left after each step.
    guard : GuardReport
        What the guard against time travel found.
    began_without_event : int
        Patients without the event who had an onset day by the landmark, and are kept.
    read_as_no : tuple of str
        Values of the event column that count as no event under the declared coding.
    """

    plan: Plan
    table: RawTable
    event: Floats
    time: Floats | None
    eligible: Mask
    analysed: Mask
    columns: dict[str, Column]
    predictors: tuple[Predictor, ...]
    adjust: tuple[Column, ...]
    further: tuple[Column, ...]
    flow: tuple[FlowStep, ...]
    guard: GuardReport
    began_without_event: int
    read_as_no: tuple[str, ...]

    @property
    def incomplete(self) -> Mask:
        """Analysed patients with a predictor that has to be imputed: (n,)."""
        known: Mask = np.all([item.known for item in self.predictors], axis=0)
        return ~known


def assemble(table: RawTable, plan: Plan) -> Assembled:
    """Read what the plan names, check it, and count who is left.

    Parameters
    ----------
    table : RawTable
        The cohort as read.
    plan : Plan
        What is to be done.

    Returns
    -------
    Assembled
        Values, masks, flow and guard report.

    Raises
    ------
    PlanRefused, CohortRefused, OutcomeRefused, TimeTravelRefused
        Every problem found, under the kind of the first.
    """
    findings = Findings()
    findings.add(PlanRefused, plan_problems(plan))
    findings.add(PlanRefused, absent_columns(table, plan))
    findings.refuse_if_any()
    event, time, read_as_no = _outcome(table, plan, findings)
    columns = read_columns(table, plan, findings)
    findings.add(CohortRefused, identical_columns(columns, plan))
    findings.add(CohortRefused, duplicate_patients(table, plan))
    findings.refuse_if_any()
    kept, flow, problems = leave_out(table, plan.cohort.exclude, columns, event)
    findings.add(PlanRefused, problems)
    findings.refuse_if_any()
    known = _known_outcome(event, time)
    add_step(flow, "outcome known", kept & known, event)
    eligible, report, began = _guarded(table, plan, columns, (event, time), kept & known, findings)
    findings.refuse_if_any()
    if plan.landmark_day is not None:
        add_step(flow, f"event-free and observed after day {plan.landmark_day:g}", eligible, event)
    analysed = _analysed(columns, plan, eligible)
    add_step(flow, _measured(columns, plan, analysed), analysed, event)
    findings.add(OutcomeRefused, event_problems(event[analysed], _outcome_label(plan)))
    findings.refuse_if_any()
    findings.add(CohortRefused, unusable_columns(columns, plan, analysed))
    if plan.missing == "impute":
        findings.add(CohortRefused, not_imputable(columns, plan, analysed))
    findings.refuse_if_any()
    return Assembled(
        plan=plan,
        table=table,
        event=event,
        time=_from_landmark(time, plan),
        eligible=eligible,
        analysed=analysed,
        columns=columns,
        predictors=tuple(
            _predictor(columns[item.column], item, plan, analysed) for item in plan.predictors
        ),
        adjust=tuple(columns[name] for name in plan.adjust),
        further=tuple(columns[name] for name in plan.associations.columns),
        flow=tuple(flow),
        guard=report,
        began_without_event=began,
        read_as_no=read_as_no,
    )


def _outcome(
    table: RawTable, plan: Plan, findings: Findings
) -> tuple[Floats, Floats | None, tuple[str, ...]]:
    outcome = plan.outcome
    coded, problems = code_event(table, outcome.event, outcome.event_value)
    findings.add(OutcomeRefused, problems)
    event = np.full(len(table.frame), np.nan) if coded is None else coded.values
    if coded is not None:
        findings.add(OutcomeRefused, event_problems(event, _outcome_label(plan)))
    time = None
    if outcome.time is not None:
        time, problems = read_times(table, outcome.time, time_unit(plan))
        findings.add(OutcomeRefused, problems)
    return event, time, () if coded is None else coded.read_as_no


def _outcome_label(plan: Plan) -> str:
    return plan.outcome.label or plan.outcome.event


def _known_outcome(event: Floats, time: Floats | None) -> Mask:
    known: Mask = np.isfinite(event)
    return known if time is None else known & np.isfinite(time)


def _guarded(
    table: RawTable,
    plan: Plan,
    columns: dict[str, Column],
    outcome: tuple[Floats, Floats | None],
    kept: Mask,
    findings: Findings,
) -> tuple[Mask, GuardReport, int]:
    """Hold the predictors' days against the events; apply the landmark."""
    event, time = outcome
    onset = _onset_days(table, plan, event, kept, findings)
    if time is not None:
        onset = time * DAYS_PER[time_unit(plan) or "days"]
    day = None if onset is None else onset[kept]
    times = EventTimes(event[kept], day, time is not None, plan.outcome.onset is not None)
    timed = [
        Timed(name, columns[name].day, columns[name].summary)
        for name in [item.column for item in plan.predictors] + list(plan.adjust)
    ]
    report, problems = guard(times, timed, plan.landmark_day)
    findings.add(TimeTravelRefused, problems)
    eligible = kept.copy()
    if plan.landmark_day is not None:
        eligible[kept] = at_risk_after(times, plan.landmark_day)
    return eligible, report, began_without_event(times, plan.landmark_day)


def _onset_days(
    table: RawTable, plan: Plan, event: Floats, kept: Mask, findings: Findings
) -> Floats | None:
    name = plan.outcome.onset
    if name is None:
        return None
    day, problems = read_onset(table, name, event, kept)
    findings.add(OutcomeRefused, problems)
    return day


def _complete(columns: dict[str, Column], plan: Plan) -> Mask:
    complete = np.ones(len(next(iter(columns.values())).values), dtype=bool)
    for item in plan.predictors:
        complete &= np.isfinite(columns[item.column].values)
    return complete


def _analysed(columns: dict[str, Column], plan: Plan, eligible: Mask) -> Mask:
    """Everyone eligible where predictors are imputed, else those with all of them."""
    return eligible if plan.missing == "impute" else eligible & _complete(columns, plan)


def _measured(columns: dict[str, Column], plan: Plan, analysed: Mask) -> str:
    """Say the last step of the flow, and how many are to be completed in it."""
    lacking = int((analysed & ~_complete(columns, plan)).sum())
    if not lacking:
        return "all predictors measured"
    return f"missing predictors imputed ({lacking} patients)"


def _predictor(column: Column, item: PredictorPlan, plan: Plan, analysed: Mask) -> Predictor:
    cutoff = item.cutoff
    if cutoff is None and plan.method == "index":
        cutoff = CutoffPlan(method=plan.index.cutoff)
    if cutoff is not None and cutoff.value is not None:
        cutoff = cutoff.model_copy(update={"value": column.in_unit(cutoff.value)})
    steps = None if item.steps is None else tuple(column.in_unit(step) for step in item.steps)
    return Predictor(
        column=column.name,
        label=column.label,
        unit=column.unit,
        variable=column.variable,
        day=column.day,
        values=np.ascontiguousarray(column.values[analysed]),
        direction=item.direction,
        transform=item.transform,
        cutoff=cutoff,
        steps=steps,
        ratio=column.ratio,
    )


def _from_landmark(time: Floats | None, plan: Plan) -> Floats | None:
    """Count time from the landmark where there is one."""
    if time is None:
        return None
    return from_landmark(time, plan.landmark_day, time_unit(plan) or "days")
