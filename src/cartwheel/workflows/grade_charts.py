"""Grade every chart of a file, and keep whose it is for the user's own files."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from cartwheel.clinic.chart import ChartOptions, Charts, PatientChart, read_charts
from cartwheel.clinic.chart_assembly import ChartRow
from cartwheel.clinic.chart_rows import Findings
from cartwheel.clinic.grading import grade_chart, is_series_rule
from cartwheel.clinic.toxicity.assessment import Chart, Grade, Rule
from cartwheel.clinic.toxicity.episode import astct_crs_by_day
from cartwheel.errors import CohortRefused, Problem, Refused
from cartwheel.workflows.grade import chosen_rules


@dataclass(frozen=True, slots=True)
class GradedRow:
    """One chart and its grade by one rule.

    Parameters
    ----------
    rows : tuple of int
        Rows of the file it was made from.
    day : Decimal or None
        Day after infusion.
    grade : Grade or int or None
        Graded here; or a grade given in the file; or None where nothing was observed.
    """

    rows: tuple[int, ...]
    day: Decimal | None
    grade: Grade | int | None


@dataclass(frozen=True, slots=True)
class GradedPatient:
    """The grades of one patient by one rule.

    Parameters
    ----------
    patient : str
        Id.
    rule : str
        Id of the rule.
    rows : tuple of GradedRow
        In the order of time; one for a rule over days.
    death_day : int or None
        Where it is charted.
    """

    patient: str
    rule: str
    rows: tuple[GradedRow, ...]
    death_day: int | None


@dataclass(frozen=True, slots=True)
class GradedCharts:
    """A file of charts, graded.

    Parameters
    ----------
    charts : Charts
        What was read.
    rules : tuple of Rule
        By which rules.
    patients : tuple of GradedPatient
        By rule, then by patient in the order of the file. It holds patients: for the user's own
        files, never for stdout.
    given : tuple of str
        Rules whose grades stand in the file and were not made here.
    """

    charts: Charts
    rules: tuple[Rule, ...]
    patients: tuple[GradedPatient, ...]
    given: tuple[str, ...]


def grade_charts(
    path: str | os.PathLike[str],
    rules: str | tuple[str, ...],
    *,
    options: ChartOptions | None = None,
    by_day: bool = False,
) -> GradedCharts:
    """Grade every chart of a file.

    Parameters
    ----------
    path : path
        Long or wide chart: CSV, workbook, or another table.
    rules : str or tuple of str
        Ids.
    options : ChartOptions, optional
        What the column names do not say.
    by_day : bool
        ``astct-crs`` only: treatments are charted as given that day, and fever before and treatment
        since are carried from day to day.

    Returns
    -------
    GradedCharts

    Raises
    ------
    FileRefused, CohortRefused
        Everything wrong with the file, with its rows.
    """
    chosen = chosen_rules(rules)
    charts = read_charts(path, chosen, options, refuse_problems=False)
    findings = Findings()
    given = {rule.id for rule in chosen if rule.id in charts.columns}
    graded = tuple(
        GradedPatient(
            patient.patient,
            rule.id,
            _given_rows(rule, patient)
            if rule.id in given
            else _graded_rows(rule, patient, findings, by_day=by_day),
            patient.death_day,
        )
        for rule in chosen
        for patient in charts.patients
    )
    problems = (*charts.problems, *findings.problems)
    if problems:
        raise CohortRefused(problems)
    return GradedCharts(charts, chosen, graded, tuple(r.id for r in chosen if r.id in given))


def _given_rows(rule: Rule, patient: PatientChart) -> tuple[GradedRow, ...]:
    return tuple(
        GradedRow(row.rows, row.moment.day, row.graded.get(rule.id)) for row in patient.rows
    )


def _graded_rows(
    rule: Rule, patient: PatientChart, findings: Findings, *, by_day: bool
) -> tuple[GradedRow, ...]:
    if is_series_rule(rule):
        return _over_days(rule, patient, findings)
    if by_day and rule.id == "astct-crs":
        return _carried(rule, patient, findings)
    found: list[GradedRow] = []
    for row in patient.rows:
        observed = any(row.values_of(asked.name) for asked in rule.inputs)
        grade_ = _one(rule, row, findings) if observed else None
        found.append(GradedRow(row.rows, row.moment.day, grade_))
    return tuple(found)


def _one(rule: Rule, row: ChartRow, findings: Findings) -> Grade | None:
    try:
        return grade_chart(rule, row.chart(rule.inputs), at=row.moment.written or None)
    except Refused as refused:
        for problem in refused.problems:
            findings.add(problem, row.rows)
        return None


def _over_days(rule: Rule, patient: PatientChart, findings: Findings) -> tuple[GradedRow, ...]:
    chart = patient.series(asked.name for asked in rule.inputs if asked.kind == "series")
    for asked in rule.inputs:
        value = patient.constant(asked.name)
        if asked.kind != "series" and value is not None:
            chart[asked.name] = value
    rows = tuple(dict.fromkeys(number for row in patient.rows for number in row.rows))
    try:
        return (GradedRow(rows, None, grade_chart(rule, chart)),)
    except Refused as refused:
        _blame(refused, rule, patient, lambda row: _alone(rule, row), findings)
        return ()


def _alone(rule: Rule, row: ChartRow) -> dict[str, object]:
    """Chart of one row alone, for a rule over days."""
    lone = PatientChart(row.patient, (row,), None)
    chart = lone.series(asked.name for asked in rule.inputs if asked.kind == "series")
    told = {
        asked.name: lone.constant(asked.name) for asked in rule.inputs if asked.name not in chart
    }
    return {**chart, **{name: value for name, value in told.items() if value is not None}}


def _blame(
    refused: Refused,
    rule: Rule,
    patient: PatientChart,
    chart_of: Callable[[ChartRow], Chart],
    findings: Findings,
) -> None:
    """Note every problem of a patient at the rows that have it by themselves, else at the first."""
    rows_of: dict[Problem, list[int]] = {}
    for row in patient.rows:
        try:
            grade_chart(rule, chart_of(row))
        except Refused as lone:
            for problem in lone.problems:
                rows_of.setdefault(problem, []).extend(row.rows)
    first = [number for row in patient.rows for number in row.rows][:1]
    for problem in refused.problems:
        findings.add(problem, rows_of.get(problem, first))


def _carried(rule: Rule, patient: PatientChart, findings: Findings) -> tuple[GradedRow, ...]:
    by_day: dict[int, ChartRow] = {}
    for row in patient.rows:
        if not any(row.values_of(asked.name) for asked in rule.inputs):
            continue
        day = None if row.moment.day is None else int(row.moment.day // 1)
        if day is None or day in by_day:
            mend = "give one row a day, or leave --by-day out"
            findings.add(Problem("not_by_day", "not one row a day", "--by-day", mend), row.rows)
            continue
        by_day[day] = row
    try:
        grades = astct_crs_by_day(
            {day: row.chart(rule.inputs) for day, row in by_day.items()},
        )
    except Refused as refused:
        _blame(refused, rule, patient, lambda row: row.chart(rule.inputs), findings)
        return ()
    return tuple(GradedRow(by_day[day].rows, Decimal(day), found) for day, found in grades.items())
