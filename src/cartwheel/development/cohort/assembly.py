"""From a table and a plan to what is analysed: every refusal listed, every exclusion counted."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cartwheel.clinic.columns import (
    ColumnDeclaration,
    NumericColumn,
    missing_cells,
    numeric_column,
)
from cartwheel.clinic.outcome import code_event, event_problems, negative_rows
from cartwheel.clinic.reading import RawTable
from cartwheel.development.cohort.checks import (
    absent_columns,
    duplicate_patients,
    identical_columns,
    not_imputable,
    unusable_columns,
)
from cartwheel.development.cohort.columns import Column, read_columns
from cartwheel.development.cohort.findings import Findings
from cartwheel.development.cohort.guard import EventTimes, Timed, at_risk_after, guard
from cartwheel.development.model.predictor import Predictor
from cartwheel.development.planning.checks import plan_problems, time_unit
from cartwheel.development.planning.plan import DAYS_PER, CutoffPlan, Plan, PredictorPlan
from cartwheel.development.result import FlowStep, GuardReport
from cartwheel.errors import (
    CohortRefused,
    OutcomeRefused,
    PlanRefused,
    Problem,
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
    kept, flow = _exclusions(table, plan, columns, event, findings)
    findings.refuse_if_any()
    known = _known_outcome(event, time)
    _step(flow, "outcome known", kept & known, event)
    eligible, report = _guarded(table, plan, columns, (event, time), kept & known, findings)
    findings.refuse_if_any()
    if plan.landmark_day is not None:
        _step(flow, f"event-free and observed after day {plan.landmark_day:g}", eligible, event)
    analysed = _analysed(columns, plan, eligible)
    _step(flow, _measured(columns, plan, analysed), analysed, event)
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
        read_as_no=read_as_no,
    )


def _bare(name: str, **known: object) -> ColumnDeclaration:
    """Declare a column that is no laboratory value (time, onset day) whatever its name."""
    return ColumnDeclaration(column=name, **known)  # type: ignore[arg-type]


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
        column, problems = numeric_column(table, _bare(outcome.time), need_unit=False)
        findings.add(OutcomeRefused, problems)
        time = np.full(len(event), np.nan) if column is None else column.values
        findings.add(OutcomeRefused, _cells_contradict(column, plan))
        rows = negative_rows(time, table.first_row)
        if rows:
            findings.add(
                OutcomeRefused,
                [
                    Problem(
                        "negative_time",
                        f"times below zero in rows {rows}",
                        f"column '{outcome.time}'",
                        "correct them: time runs from day 0 to event or last contact",
                    )
                ],
            )
    return event, time, () if coded is None else coded.read_as_no


def _cells_contradict(column: NumericColumn | None, plan: Plan) -> list[Problem]:
    """Find times whose cells carry another unit than the plan."""
    unit = time_unit(plan)
    if column is None or column.source_unit not in DAYS_PER or column.source_unit == unit:
        return []
    return [
        Problem(
            "time_unit_contradicted",
            f"the cells say {column.source_unit}, the plan {unit}",
            f"column '{plan.outcome.time}'",
            "correct one of the two",
        )
    ]


def _outcome_label(plan: Plan) -> str:
    return plan.outcome.label or plan.outcome.event


def _known_outcome(event: Floats, time: Floats | None) -> Mask:
    known: Mask = np.isfinite(event)
    return known if time is None else known & np.isfinite(time)


def _exclusions(
    table: RawTable,
    plan: Plan,
    columns: dict[str, Column],
    event: Floats,
    findings: Findings,
) -> tuple[Mask, list[FlowStep]]:
    kept = np.ones(len(event), dtype=bool)
    flow = [FlowStep("rows in the file", len(event), int(np.nansum(event)), 0, 0)]
    for rule in plan.cohort.exclude:
        if rule.equals is not None:
            hit, problems = code_event(table, rule.column, rule.equals)
            findings.add(PlanRefused, [_exclusion_problem(problem) for problem in problems])
            out = np.zeros(len(event), dtype=bool) if hit is None else hit.values == 1
        elif rule.below is not None:
            out = columns[rule.column].values < columns[rule.column].in_unit(rule.below)
        else:
            assert rule.above is not None
            out = columns[rule.column].values > columns[rule.column].in_unit(rule.above)
        kept &= ~out
        label = f"after leaving out: {rule.reason}"
        _step(flow, label + _not_known(table, rule.column, kept), kept, event)
    return kept, flow


def _not_known(table: RawTable, column: str, kept: Mask) -> str:
    """Say how many were kept because the column of an exclusion is missing for them."""
    count = int((missing_cells(table.frame[column]) & kept).sum())
    return f" ({count} kept without a value of {column})" if count else ""


def _exclusion_problem(problem: Problem) -> Problem:
    """Say of an exclusion what reading a declared value found."""
    return replace(problem, code="exclusion_absent", mend="correct equals in [[cohort.exclude]]")


def _step(flow: list[FlowStep], label: str, mask: Mask, event: Floats) -> None:
    patients, events = int(mask.sum()), int(np.nansum(event[mask]))
    last = flow[-1]
    flow.append(FlowStep(label, patients, events, last.patients - patients, last.events - events))


def _guarded(
    table: RawTable,
    plan: Plan,
    columns: dict[str, Column],
    outcome: tuple[Floats, Floats | None],
    kept: Mask,
    findings: Findings,
) -> tuple[Mask, GuardReport]:
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
    return eligible, report


def _onset_days(
    table: RawTable, plan: Plan, event: Floats, kept: Mask, findings: Findings
) -> Floats | None:
    name = plan.outcome.onset
    if name is None:
        return None
    read, problems = numeric_column(table, _bare(name), need_unit=False)
    findings.add(OutcomeRefused, problems)
    if read is None:
        return np.full(len(event), np.nan)
    lacking = kept & (event == 1) & ~np.isfinite(read.values)
    if lacking.any():
        rows = np.flatnonzero(lacking) + table.first_row
        shown = ", ".join(str(row) for row in rows[:10])
        findings.add(
            OutcomeRefused,
            [
                Problem(
                    "onset_missing",
                    f"{len(rows)} patients with the event have no onset day (rows {shown}"
                    f"{' and more' if len(rows) > 10 else ''})",
                    f"column '{name}'",
                    "fill it in, or exclude these patients in the plan and say why",
                )
            ],
        )
    return read.values


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
    if time is None or plan.landmark_day is None:
        return time
    return time - plan.landmark_day / DAYS_PER[time_unit(plan) or "days"]
