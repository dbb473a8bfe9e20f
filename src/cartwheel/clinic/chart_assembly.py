"""Rows of a chart put together: by patient, by run where ids repeat, and by hour."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from cartwheel.clinic.chart_columns import ChartColumns
from cartwheel.clinic.chart_rows import Findings, Line, LineReader
from cartwheel.clinic.chart_table import ChartTable
from cartwheel.clinic.chart_times import Moment, moment_of_day
from cartwheel.clinic.grading import asked_by, is_series_rule
from cartwheel.clinic.grid import row_list
from cartwheel.clinic.toxicity.assessment import Asked, Rule
from cartwheel.errors import Problem
from cartwheel.units import decimal_mark

_ONE_PATIENT = (
    "keep one row, or give the hour; if ids repeat from centre to centre and a new patient begins "
    "wherever the day falls back, say so: --runs"
)


@dataclass(frozen=True, slots=True)
class ChartRow:
    """What was charted for one patient at one time.

    Parameters
    ----------
    rows : tuple of int
        Rows of the file, as the user sees them.
    patient : str
        Whose.
    moment : Moment
        When.
    values : mapping of str to tuple of str
        By input, with units; more than one only for inputs read over days. Empty where the chart
        asks and the cell is blank.
    graded : mapping of str to int or None
        Grades already given, by id of the rule; None where blank.
    """

    rows: tuple[int, ...]
    patient: str
    moment: Moment
    values: Mapping[str, tuple[str, ...]]
    graded: Mapping[str, int | None]

    def values_of(self, name: str) -> tuple[str, ...]:
        """Values of one input; empty where none is charted."""
        return self.values.get(name, ())

    def chart(self, inputs: Iterable[Asked]) -> dict[str, object]:
        """Give what a rule reads: a blank cell is unknown, unless its absence has a meaning."""
        found: dict[str, object] = {}
        for asked in inputs:
            values = self.values_of(asked.name)
            if values:
                found[asked.name] = values[0]
            elif asked.name in self.values and not asked.unless_stated:
                found[asked.name] = None
        return found


@dataclass(frozen=True, slots=True)
class Assembled:
    """The rows of a chart by patient and time.

    Parameters
    ----------
    rows : tuple of ChartRow
        In the order of the file.
    death_days : mapping of str to int
        By patient.
    notes : tuple of str
        What was left out.
    problems : tuple of Problem
        Everything found wrong, with rows: ``no_patient_id``, ``not_a_day``, ``not_a_time``,
        ``future_time``, ``no_infusion``, ``no_day``, ``no_unit``, ``not_a_number``,
        ``grade_impossible``, ``two_rows``, ``two_values``, ``contradiction``, ``id_in_run``.
    """

    rows: tuple[ChartRow, ...]
    death_days: Mapping[str, int]
    notes: tuple[str, ...]
    problems: tuple[Problem, ...]


def assembled_rows(
    table: ChartTable,
    columns: ChartColumns,
    rules: tuple[Rule, ...],
    *,
    runs: bool,
    now: datetime,
) -> Assembled:
    """Put the rows of a chart together.

    Parameters
    ----------
    table : ChartTable
        The cells.
    columns : ChartColumns
        What they are.
    rules : tuple of Rule
        What is to be graded.
    runs : bool
        A new patient begins wherever the day falls back.
    now : datetime
        What lies after it is in the future.

    Returns
    -------
    Assembled
    """
    findings = Findings()
    _check_days_are_there(columns, rules, findings)
    reader = LineReader(columns, asked_by(rules), findings, now)
    read = [reader.line(number, row) for number, row in enumerate(table.rows, table.first_row)]
    lines = [line for line in read if line is not None]
    notes: list[str] = []
    if runs:
        lines, notes = _numbered_runs(lines, findings)
    constants = _constants(rules)
    _check_constants(lines, constants, findings)
    deaths = _death_days(lines, findings)
    point = {
        asked.name for rule in rules if not is_series_rule(rule) for asked in rule.inputs
    } - constants
    dated = bool({"day", "time"} & set(columns.roles))
    rows = (
        _merged(lines, point, findings)
        if columns.is_long
        else _single(lines, point, findings, dated=dated)
    )
    if reader.not_asked:
        shown = ", ".join(list(reader.not_asked)[:8])
        notes.append(f"variables not used by these rules: {shown}")
    return Assembled(tuple(rows), deaths, tuple(notes), findings.problems)


def _check_days_are_there(
    columns: ChartColumns, rules: tuple[Rule, ...], findings: Findings
) -> None:
    over_days = [rule.id for rule in rules if is_series_rule(rule)]
    if over_days and not {"day", "time"} & set(columns.roles):
        what = "values over days are needed, and no column says the day"
        mend = "add a column day, or time and infusion; or name it: --map COLUMN=day"
        findings.add(Problem("no_day", what, ", ".join(over_days), mend), ())


def _constants(rules: tuple[Rule, ...]) -> set[str]:
    """Inputs of rules over days that a patient has once, such as the day of progression."""
    return {
        asked.name
        for rule in rules
        if is_series_rule(rule)
        for asked in rule.inputs
        if asked.kind != "series"
    }


def _numbered_runs(lines: list[Line], findings: Findings) -> tuple[list[Line], list[str]]:
    """Give every run of rising days a patient of its own; the id inside a run may not change."""
    kept: list[Line] = []
    notes: list[str] = []
    run = 0
    for line in lines:
        day = line.moment.day
        before = kept[-1] if kept else None
        if day is None:
            problem = Problem("no_day", "without a day there are no runs", "", "add a column day")
            findings.add(problem, [line.number])
            continue
        if before is None or before.moment.day is None or day <= before.moment.day:
            run += 1
        elif line.written_id != before.written_id:
            if line.says_something:
                findings.add(_id_in_run(), [line.number])
            else:
                where = row_list([line.number])
                notes.append(f"{where}: another id inside a run, and blank: left out")
            continue
        line.patient = f"{line.written_id} run {run}"
        kept.append(line)
    notes.insert(0, f"patients told apart by runs of rising days: {run}")
    return kept, notes


def _id_in_run() -> Problem:
    return Problem(
        "id_in_run",
        "the id changes while the days go on rising",
        "",
        "correct the id, or begin every patient on the same day",
    )


def _check_constants(lines: list[Line], names: set[str], findings: Findings) -> None:
    """Refuse a patient who has two days of progression, of death or the like."""
    seen: dict[tuple[str, str], dict[str, list[int]]] = {}
    for line in lines:
        told = {name: line.values.get(name, ()) for name in names}
        told["death_day"] = (line.death_day,) if line.death_day else ()
        for name, texts in told.items():
            for text in texts:
                found = seen.setdefault((line.patient, name), {})
                found.setdefault(text, []).append(line.number)
    for (_, name), texts_rows in seen.items():
        if len(texts_rows) > 1:
            rows = [row for numbers in texts_rows.values() for row in numbers[:1]]
            what = "one patient has different values of what a patient has once"
            findings.add(Problem("contradiction", what, name, "correct them"), rows)


def _death_days(lines: list[Line], findings: Findings) -> dict[str, int]:
    deaths: dict[str, int] = {}
    for line in lines:
        if not line.death_day:
            continue
        if decimal_mark(line.death_day) in ("", "."):
            found = moment_of_day(line.death_day)
            if isinstance(found, Problem):
                findings.add(found, [line.number])
            elif found.day is not None:
                deaths[line.patient] = int(found.day)
        else:
            problem = Problem("not_a_day", "a day of death is not a number", "", "correct it")
            findings.add(problem, [line.number])
    return deaths


def _single(
    lines: list[Line], point: set[str], findings: Findings, *, dated: bool
) -> list[ChartRow]:
    """Take every row of a wide chart for itself; two of one patient and time are refused."""
    seen: dict[tuple[str, object], list[int]] = {}
    for line in lines:
        charted = any(line.values.get(name) for name in point)
        graded = any(each is not None for each in line.graded.values())
        # a row whose day could not be read has been named already
        if (charted or graded) and (line.moment.day is not None or not dated):
            seen.setdefault((line.patient, line.moment.slot), []).append(line.number)
    for (_, slot), rows in seen.items():
        if len(rows) > 1:
            findings.add(_two_rows(slot[0] if isinstance(slot, tuple) else ""), rows)
    return [
        ChartRow((line.number,), line.patient, line.moment, line.values, line.graded)
        for line in lines
    ]


def _two_rows(slot: str) -> Problem:
    if not slot:
        what = "one patient has several rows, and no row says when"
        return Problem("no_day", what, "", "add a column day, or time and infusion")
    return Problem("two_rows", f"one patient has two rows for one {slot}", "", _ONE_PATIENT)


def _merged(lines: list[Line], point: set[str], findings: Findings) -> list[ChartRow]:
    """Put the values of one patient and hour (or day) into one chart."""
    charted = dict.fromkeys(name for line in lines for name in line.values)
    groups: dict[tuple[str, object], list[Line]] = {}
    for line in lines:
        if line.values:
            groups.setdefault((line.patient, line.moment.slot), []).append(line)
    rows = []
    for (patient, _), group in groups.items():
        values: dict[str, tuple[str, ...]] = dict.fromkeys(charted, ())
        for line in group:
            for name, texts in line.values.items():
                if texts and values[name] and name in point:
                    what = "one patient has two values for one time"
                    both = [each.number for each in group if each.values.get(name)]
                    findings.add(Problem("two_values", what, name, _ONE_PATIENT), both)
                values[name] = (*values[name], *texts)
        numbers = tuple(line.number for line in group)
        rows.append(ChartRow(numbers, patient, group[0].moment, values, {}))
    return rows
