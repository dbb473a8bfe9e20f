"""Grades and treatments by day of every patient of a chart, for figures; no patient is named."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cartwheel.clinic.chart import ChartOptions
from cartwheel.clinic.chart_table import ChartTable, read_chart_table
from cartwheel.clinic.toxicity.assessment import Grade
from cartwheel.errors import CohortRefused, Problem
from cartwheel.workflows.grade_charts import GradedCharts, GradedPatient, GradedRow, grade_charts

# a day on which the chart leaves more than one grade possible
UNSETTLED = -1
_SAID = {"1": True, "yes": True, "true": True, "y": True,
         "0": False, "no": False, "false": False, "n": False}  # fmt: skip
_SHOWN_ROWS = 6


@dataclass(frozen=True, slots=True)
class PatientDays:
    """The days of one patient.

    Parameters
    ----------
    grades : mapping of str to mapping of int to int
        Rule to day to grade, the worst of a day; ``UNSETTLED`` where it is open; days not observed
        are absent.
    treated : mapping of str to tuple of int
        Treatment to the days on which it was given.
    death_day : int or None
        Where it is charted.
    """

    grades: Mapping[str, Mapping[int, int]]
    treated: Mapping[str, tuple[int, ...]]
    death_day: int | None

    def worst(self, rule: str) -> int:
        """Worst grade seen; -1 where none was."""
        return max(self.grades.get(rule, {}).values(), default=-1)


@dataclass(frozen=True, slots=True)
class DailyGrades:
    """A chart by patient and day.

    Parameters
    ----------
    rules : tuple of (str, str)
        Id and name of each rule.
    treatments : tuple of str
        As they are to be called.
    patients : tuple of PatientDays
        In the order of the file; without ids.
    first, last : int
        Days observed.
    simulated : bool
        Whether the file's name says so.
    notes : tuple of str
        What was done in reading.
    """

    rules: tuple[tuple[str, str], ...]
    treatments: tuple[str, ...]
    patients: tuple[PatientDays, ...]
    first: int
    last: int
    simulated: bool
    notes: tuple[str, ...]


def daily_grades(
    path: str | os.PathLike[str],
    rules: tuple[str, ...],
    treatments: Mapping[str, str] | None = None,
    options: ChartOptions | None = None,
) -> DailyGrades:
    """Read a chart, grade it where it is not graded, and put it in days.

    Parameters
    ----------
    path : path
        Chart, long or wide, as ``cartwheel grade`` reads it.
    rules : tuple of str
        One or more.
    treatments : mapping of str to str
        Column of yes and no to what the treatment is called.
    options : ChartOptions, optional
        What the column names do not say.

    Returns
    -------
    DailyGrades

    Raises
    ------
    FileRefused
        The file cannot be read.
    CohortRefused
        What is wrong with the chart; ``treatment_missing`` and ``treatment_coding`` for columns of
        treatments; ``no_day`` where no row has a day.
    """
    said = options or ChartOptions()
    graded = grade_charts(path, rules, options=said)
    given = _Treatments(read_chart_table(Path(path), said.sheet), treatments or {})
    by_rule = {
        rule.id: [one for one in graded.patients if one.rule == rule.id] for rule in graded.rules
    }
    patients = tuple(_patient(several, given) for several in zip(*by_rule.values(), strict=True))
    days = [day for one in patients for marks in one.grades.values() for day in marks]
    if not days:
        raise CohortRefused((_no_day(graded),))
    return DailyGrades(
        rules=tuple((rule.id, rule.title) for rule in graded.rules),
        treatments=tuple((treatments or {}).values()),
        patients=patients,
        first=min(days),
        last=max(days),
        simulated="simulated" in Path(path).name.lower(),
        notes=graded.charts.notes,
    )


def _no_day(graded: GradedCharts) -> Problem:
    return Problem(
        "no_day",
        "no row of the chart has both a day and a grade",
        graded.charts.name,
        "say which column is the day and which the grade: --map COLUMN=day",
    )


def _patient(several: Sequence[GradedPatient], given: _Treatments) -> PatientDays:
    grades: dict[str, dict[int, int]] = {}
    treated: dict[str, set[int]] = {}
    for one in several:
        marks = grades.setdefault(one.rule, {})
        for row in one.rows:
            if row.day is None:
                continue
            day = int(row.day // 1)
            found = _grade(row)
            if found is not None:
                marks[day] = max(found, marks.get(day, UNSETTLED))
            for name in given.on(row.rows):
                treated.setdefault(name, set()).add(day)
    return PatientDays(
        grades,
        {name: tuple(sorted(days)) for name, days in treated.items()},
        several[0].death_day,
    )


def _grade(row: GradedRow) -> int | None:
    if isinstance(row.grade, Grade):
        return UNSETTLED if row.grade.grade is None else row.grade.grade
    return row.grade


class _Treatments:
    """Which treatments each row of the file tells of."""

    def __init__(self, table: ChartTable, names: Mapping[str, str]) -> None:
        problems = [
            Problem("treatment_missing", "no column has this name", f"--treatment {column[:40]}",
                    f"columns: {', '.join(table.names[:12])}")
            for column in names
            if column not in table.names
        ]  # fmt: skip
        self._by_row: dict[int, list[str]] = {}
        for column, name in names.items():
            if column in table.names:
                problems += self._read(table, column, name)
        if problems:
            raise CohortRefused(tuple(problems))

    def _read(self, table: ChartTable, column: str, name: str) -> Iterable[Problem]:
        place, bad = table.names.index(column), list[int]()
        for at, row in enumerate(table.rows):
            text = row[place].strip().lower()
            if text and text not in _SAID:
                bad.append(at + table.first_row)
            elif text and _SAID[text]:
                self._by_row.setdefault(at + table.first_row, []).append(name)
        if bad:
            shown = ", ".join(map(str, bad[:_SHOWN_ROWS])) + (", ..." if bad[_SHOWN_ROWS:] else "")
            what = f"{len(bad)} cells are neither yes nor no (rows {shown})"
            yield Problem("treatment_coding", what, f"column '{column}'",
                          "write 1 or 0, yes or no, or leave the cell blank")  # fmt: skip

    def on(self, rows: Iterable[int]) -> list[str]:
        """Names of the treatments on some rows."""
        return [name for row in rows for name in self._by_row.get(row, ())]
