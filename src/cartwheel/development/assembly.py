"""From a table and a plan to what is analysed: every refusal listed, every exclusion counted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches

import numpy as np
from numpy.typing import NDArray

from cartwheel.clinic.biomarkers import ratio
from cartwheel.clinic.columns import (
    ColumnDeclaration,
    NumericColumn,
    missing_cells,
    numeric_column,
)
from cartwheel.clinic.naming import read_column_name
from cartwheel.clinic.outcome import code_event, event_problems, negative_rows
from cartwheel.clinic.reading import RawTable
from cartwheel.development.guard import EventTimes, Timed, at_risk_after, guard
from cartwheel.development.plan import DAYS_PER, ColumnPlan, CutoffPlan, Plan, PredictorPlan
from cartwheel.development.plan_checks import plan_problems, time_unit
from cartwheel.development.predictor import Predictor
from cartwheel.development.result import FlowStep, GuardReport
from cartwheel.errors import (
    CohortRefused,
    OutcomeRefused,
    PlanRefused,
    Problem,
    Refused,
    TimeTravelRefused,
)

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Column:
    """A column as read, of all rows: a dictionary variable, a plain number, or a derived ratio."""

    name: str
    label: str
    unit: str
    variable: str | None
    day: float | None
    summary: str | None
    values: Floats
    below_limit: int
    above_limit: int
    rule: str
    kind: str = "number"
    skewed: bool = False
    ratio: tuple[str, str] | None = None
    levels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Assembled:
    """What is analysed.

    ``eligible`` marks rows with a known outcome that passed exclusions and landmark; ``analysed``
    those of them with all predictors. Arrays are of all rows, except in ``predictors`` and
    ``adjust``, which hold the analysed rows only.
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


@dataclass(slots=True)
class _Findings:
    """Problems gathered while reading, so that all of them are said at once."""

    problems: list[Problem] = field(default_factory=list)
    kinds: list[type[Refused]] = field(default_factory=list)

    def add(self, kind: type[Refused], problems: Iterable[Problem]) -> None:
        for problem in problems:
            if problem not in self.problems:
                self.problems.append(problem)
                self.kinds.append(kind)

    def refuse_if_any(self) -> None:
        if self.problems:
            raise self.kinds[0](self.problems)


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
    findings = _Findings()
    findings.add(PlanRefused, plan_problems(plan))
    findings.add(PlanRefused, _absent_columns(table, plan))
    findings.refuse_if_any()
    event, time, read_as_no = _outcome(table, plan, findings)
    columns = _columns(table, plan, findings)
    findings.add(CohortRefused, _same_twice(columns, plan))
    findings.add(CohortRefused, _duplicate_patients(table, plan))
    findings.refuse_if_any()
    kept, flow = _exclusions(table, plan, columns, event)
    known = _known_outcome(event, time)
    _step(flow, "outcome known", kept & known, event)
    eligible, report = _guarded(table, plan, columns, (event, time), kept & known, findings)
    findings.refuse_if_any()
    if plan.landmark_day is not None:
        _step(flow, f"event-free and observed after day {plan.landmark_day:g}", eligible, event)
    analysed = eligible & _complete(columns, plan)
    _step(flow, "all predictors measured", analysed, event)
    findings.add(OutcomeRefused, event_problems(event[analysed], _outcome_label(plan)))
    findings.refuse_if_any()
    findings.add(CohortRefused, _usable_problems(columns, plan, analysed))
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


def _absent_columns(table: RawTable, plan: Plan) -> list[Problem]:
    there = [str(name) for name in table.frame.columns]
    derived = {item.name for item in plan.derived}
    wanted: dict[str, str] = {}
    for role, names in (
        ("predictor", [item.column for item in plan.predictors if item.column not in derived]),
        ("ratio", [part for item in plan.derived for part in (item.numerator, item.denominator)]),
        ("adjust", list(plan.adjust)),
        ("associations", list(plan.associations.columns)),
        ("exclusion", [rule.column for rule in plan.cohort.exclude]),
        ("columns", [name for name in plan.columns if name not in derived]),
        ("outcome", [plan.outcome.event, plan.outcome.time, plan.outcome.onset, plan.cohort.id]),
    ):
        wanted.update({name: role for name in names if name is not None})
    problems = []
    for name, role in wanted.items():
        if name in there:
            continue
        close = get_close_matches(name, there, n=1, cutoff=0.5)
        mend = f"did you mean '{close[0]}'?" if close else "see them with: cartwheel check COHORT"
        problems.append(Problem("column_absent", "there is no such column in the cohort",
                                f"{role} '{name}'", mend))
    clash = derived & set(there)
    problems += [
        Problem("derived_exists", "a derived ratio has the name of a column that is there",
                f"ratio '{name}'", "give the ratio another name")
        for name in sorted(clash)
    ]
    return problems


def _declaration(plan: Plan, name: str) -> ColumnDeclaration:
    said = plan.columns.get(name, ColumnPlan())
    return ColumnDeclaration(
        column=name, variable=said.variable, unit=said.unit, day=said.day, coding=said.coding,
        decimal=said.decimal,
    )


def _bare(name: str, **known: object) -> ColumnDeclaration:
    """Declare a column that is no laboratory value (time, onset day) whatever its name."""
    return ColumnDeclaration(column=name, **known)  # type: ignore[arg-type]


def _outcome(
    table: RawTable, plan: Plan, findings: _Findings
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
        rows = negative_rows(time, table.first_row)
        if rows:
            findings.add(OutcomeRefused, [Problem(
                "negative_time", f"times below zero in rows {rows}", f"column '{outcome.time}'",
                "correct them: time runs from day 0 to event or last contact")])
    return event, time, () if coded is None else coded.read_as_no


def _outcome_label(plan: Plan) -> str:
    return plan.outcome.label or plan.outcome.event


def _columns(table: RawTable, plan: Plan, findings: _Findings) -> dict[str, Column]:
    """Read every column the plan uses as a number, then the ratios made from them."""
    derived = {item.name for item in plan.derived}
    parts = [part for item in plan.derived for part in (item.numerator, item.denominator)]
    numeric = [item.column for item in plan.predictors] + list(plan.adjust) + parts
    numeric += [rule.column for rule in plan.cohort.exclude if rule.equals is None]
    columns: dict[str, Column] = {}
    for name in dict.fromkeys(name for name in numeric if name not in derived):
        read, problems = numeric_column(table, _declaration(plan, name))
        findings.add(CohortRefused, problems)
        if read is not None:
            columns[name] = _column(plan, read)
            if not np.isfinite(read.values).any() and not problems:
                findings.add(CohortRefused, [Problem(
                    "all_missing", "no patient has a value", f"column '{name}'",
                    "leave the column out")])
    _ratios(plan, columns, findings)
    for name in plan.associations.columns:
        if name not in columns:
            columns[name] = _further(table, plan, name)
    return columns


def _column(plan: Plan, read: NumericColumn) -> Column:
    said = plan.columns.get(read.column, ColumnPlan())
    by_name = read_column_name(read.column)
    variable = read.variable
    return Column(
        name=read.column,
        label=said.label or _label(read.column, variable.label if variable else None, read.unit,
                                   read.day, by_name.summary),
        unit=read.unit,
        variable=None if variable is None else variable.name,
        day=read.day,
        summary=None if said.day is not None else by_name.summary,
        values=read.values,
        below_limit=int(read.below_limit.sum()),
        above_limit=int(read.above_limit.sum()),
        rule=read.rule,
        skewed=bool(variable is not None and variable.skewed),
    )


def _label(
    column: str, name: str | None, unit: str, day: float | None, summary: str | None
) -> str:
    if name is None:
        return column
    when = f", day {day:g}" if day is not None else f", {summary}" if summary else ""
    return f"{name}{f' ({unit})' if unit and unit != '1' else ''}{when}"


def _ratios(plan: Plan, columns: dict[str, Column], findings: _Findings) -> None:
    for item in plan.derived:
        above, below = columns.get(item.numerator), columns.get(item.denominator)
        if above is None or below is None:
            continue
        where = f"ratio '{item.name}'"
        if above.unit != below.unit:
            findings.add(CohortRefused, [Problem(
                "ratio_units", f"numerator in '{above.unit}', denominator in '{below.unit}'", where,
                "state the units of both columns, in one unit")])
            continue
        if above.day != below.day:
            findings.add(CohortRefused, [Problem(
                "ratio_days", "numerator and denominator were measured on different days", where,
                "use counts of one day")])
            continue
        made = ratio(above.values, below.values, zero=item.zero)
        findings.add(CohortRefused, [Problem(found.code, found.what, where, found.mend)
                                     for found in made.problems])
        label = item.label or item.name + (f", day {above.day:g}" if above.day is not None else "")
        columns[item.name] = Column(
            item.name, label, "", item.name, above.day, above.summary or below.summary,
            made.values, 0, 0, made.rule, skewed=True, ratio=(item.numerator, item.denominator),
        )


def _further(table: RawTable, plan: Plan, name: str) -> Column:
    """Read a column for associations: a number where its cells are numbers, else categories."""
    read, problems = numeric_column(table, _declaration(plan, name), need_unit=False)
    if read is not None and not problems:
        return _column(plan, read)
    words = table.frame[name].astype(object).map(str).str.strip().to_numpy(dtype=object)
    missing = missing_cells(table.frame[name])
    levels = tuple(sorted({str(word) for word in words[~missing]}))
    codes = np.array([np.nan if gone else float(levels.index(word))
                      for word, gone in zip(words, missing, strict=True)])
    said = plan.columns.get(name, ColumnPlan())
    return Column(name, said.label or name, "", None, None, None, codes, 0, 0, "",
                  kind="category", levels=levels)


def _same_twice(columns: dict[str, Column], plan: Plan) -> list[Problem]:
    problems = []
    seen: dict[bytes, str] = {}
    for name in [item.column for item in plan.predictors] + list(plan.adjust):
        if name not in columns:
            continue
        key = columns[name].values.tobytes()
        if key in seen and np.isfinite(columns[name].values).any():
            problems.append(Problem("identical_predictors",
                                    f"holds the same values as '{seen[key]}' in every row",
                                    f"predictor '{name}'", "keep one of the two"))
        seen.setdefault(key, name)
    return problems


def _duplicate_patients(table: RawTable, plan: Plan) -> list[Problem]:
    name = plan.cohort.id
    if name is None:
        return []
    cells = table.frame[name]
    repeated = cells.duplicated(keep=False).to_numpy() & ~missing_cells(cells)
    rows = np.flatnonzero(repeated) + table.first_row
    if not len(rows):
        return []
    shown = ", ".join(str(row) for row in rows[:10])
    more = f" and {len(rows) - 10} more" if len(rows) > 10 else ""
    return [Problem("duplicate_id", f"rows {shown}{more} share a patient id with another row",
                    f"column '{name}'", "keep one row for each patient")]


def _known_outcome(event: Floats, time: Floats | None) -> Mask:
    known: Mask = np.isfinite(event)
    return known if time is None else known & np.isfinite(time)


def _exclusions(
    table: RawTable, plan: Plan, columns: dict[str, Column], event: Floats
) -> tuple[Mask, list[FlowStep]]:
    kept = np.ones(len(event), dtype=bool)
    flow = [FlowStep("rows in the file", len(event), int(np.nansum(event)), 0, 0)]
    for rule in plan.cohort.exclude:
        if rule.equals is not None:
            hit = code_event(table, rule.column, rule.equals)[0]
            out = np.zeros(len(event), dtype=bool) if hit is None else hit.values == 1
        elif rule.below is not None:
            out = columns[rule.column].values < rule.below
        else:
            assert rule.above is not None
            out = columns[rule.column].values > rule.above
        kept &= ~out
        _step(flow, f"after leaving out: {rule.reason}", kept, event)
    return kept, flow


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
    findings: _Findings,
) -> tuple[Mask, GuardReport]:
    """Hold the predictors' days against the events; apply the landmark."""
    event, time = outcome
    onset = _onset_days(table, plan, event, kept, findings)
    if time is not None:
        onset = time * DAYS_PER[time_unit(plan) or "days"]
    day = None if onset is None else onset[kept]
    times = EventTimes(event[kept], day, time is not None, plan.outcome.onset is not None)
    timed = [Timed(name, columns[name].day, columns[name].summary)
             for name in [item.column for item in plan.predictors] + list(plan.adjust)]
    report, problems = guard(times, timed, plan.landmark_day)
    findings.add(TimeTravelRefused, problems)
    eligible = kept.copy()
    if plan.landmark_day is not None:
        eligible[kept] = at_risk_after(times, plan.landmark_day)
    return eligible, report


def _onset_days(
    table: RawTable, plan: Plan, event: Floats, kept: Mask, findings: _Findings
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
        findings.add(OutcomeRefused, [Problem(
            "onset_missing",
            f"{len(rows)} patients with the event have no onset day (rows {shown}"
            f"{' and more' if len(rows) > 10 else ''})",
            f"column '{name}'", "fill it in, or exclude these patients in the plan and say why")])
    return read.values


def _complete(columns: dict[str, Column], plan: Plan) -> Mask:
    complete = np.ones(len(next(iter(columns.values())).values), dtype=bool)
    for item in plan.predictors:
        complete &= np.isfinite(columns[item.column].values)
    return complete


def _usable_problems(columns: dict[str, Column], plan: Plan, analysed: Mask) -> list[Problem]:
    problems = []
    for item in plan.predictors:
        values = columns[item.column].values[analysed]
        where = f"predictor '{item.column}'"
        if len(np.unique(values)) < 2:
            problems.append(Problem("constant_predictor", "every analysed patient has the same value",
                                    where, "leave it out"))
        if item.transform == "log2" and np.any(values <= 0):
            problems.append(Problem("log_of_zero", f"{int((values <= 0).sum())} values are zero or "
                                    "below, and have no logarithm", where,
                                    'use transform = "sqrt" or "rcs3"'))
        if item.transform == "sqrt" and np.any(values < 0):
            problems.append(Problem("root_of_negative", "values below zero have no square root",
                                    where, 'use transform = "none" or "rcs3"'))
    return problems


def _predictor(
    column: Column, item: PredictorPlan, plan: Plan, analysed: Mask
) -> Predictor:
    cutoff = item.cutoff
    if cutoff is None and plan.method == "index":
        cutoff = CutoffPlan(method=plan.index.cutoff)
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
        steps=item.steps,
        ratio=column.ratio,
    )


def _from_landmark(time: Floats | None, plan: Plan) -> Floats | None:
    """Count time from the landmark where there is one."""
    if time is None or plan.landmark_day is None:
        return time
    return time - plan.landmark_day / DAYS_PER[time_unit(plan) or "days"]
