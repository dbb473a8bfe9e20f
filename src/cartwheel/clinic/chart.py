"""Read a chart file, long or wide, for grading rules: everything wrong with it is said at once.

Nothing is guessed: a column without a unit, a patient with two rows for one hour, a time in the
future, a day that is no number are refused, with their rows. A blank cell is not observed.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from cartwheel.canonical import sha256
from cartwheel.clinic.chart_assembly import Assembled, ChartRow, assembled_rows
from cartwheel.clinic.chart_columns import ChartColumns, chart_columns
from cartwheel.clinic.chart_table import read_chart_table
from cartwheel.clinic.toxicity.assessment import Rule
from cartwheel.errors import CohortRefused, Problem


@dataclass(frozen=True, slots=True)
class ChartOptions:
    """What the user says about a chart file.

    Parameters
    ----------
    mapping : mapping of str to str
        Column to ``patient``, ``day``, ``time``, ``infusion``, ``variable``, ``value``, ``unit``,
        ``death_day``, an input of a rule, the id of a rule (grades already given) or ``none``.
    units : mapping of str to str
        Column (or variable of a long chart) to unit.
    sheet : str, int or None
        Of a workbook.
    runs : bool
        Ids repeat from centre to centre: a new patient begins wherever the day falls back.
    now : datetime or None
        What lies after it is in the future; by default the time of the call.
    """

    mapping: Mapping[str, str] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    sheet: str | int | None = None
    runs: bool = False
    now: datetime | None = None


@dataclass(frozen=True, slots=True)
class PatientChart:
    """Everything charted for one patient.

    Parameters
    ----------
    patient : str
        Id as written; with ``runs`` the number of the run behind it.
    rows : tuple of ChartRow
        In the order of time, where the chart tells it.
    death_day : int or None
        Day of death, where it is charted.
    """

    patient: str
    rows: tuple[ChartRow, ...]
    death_day: int | None

    def series(self, names: Iterable[str]) -> dict[str, object]:
        """Values over days of some inputs; those charted nowhere are not in it.

        Parameters
        ----------
        names : iterable of str
            Inputs read over days.

        Returns
        -------
        dict of str to tuple of (Decimal, text)
        """
        found: dict[str, object] = {}
        for name in names:
            pairs = [
                (row.moment.day, value)
                for row in self.rows
                for value in row.values_of(name)
                if row.moment.day is not None
            ]
            if pairs:
                found[name] = tuple(pairs)
        return found

    def constant(self, name: str) -> object:
        """Give the value of an input that is the same on every row, such as a day of progression.

        Parameters
        ----------
        name : str

        Returns
        -------
        object
            None where it is charted nowhere.
        """
        return next((value for row in self.rows for value in row.values_of(name)), None)


@dataclass(frozen=True, slots=True)
class Charts:
    """A chart file as read.

    Parameters
    ----------
    name, sha256 : str
        File name, and hash of its bytes.
    patients : tuple of PatientChart
        In the order of the file.
    rows : int
        Rows of the file.
    is_long : bool
        Whether each row held one value.
    columns : mapping of str to str
        Input, role or rule to the column it was read from.
    notes : tuple of str
        What was done in reading, and which columns were not used.
    problems : tuple of Problem
        What is wrong with rows; empty unless they were asked to be handed on.
    """

    name: str
    sha256: str
    patients: tuple[PatientChart, ...]
    rows: int
    is_long: bool
    columns: Mapping[str, str]
    notes: tuple[str, ...]
    problems: tuple[Problem, ...] = ()


def read_charts(
    path: str | os.PathLike[str],
    rules: tuple[Rule, ...],
    options: ChartOptions | None = None,
    *,
    refuse_problems: bool = True,
) -> Charts:
    """Read a chart file for some rules.

    Parameters
    ----------
    path : path
        CSV or workbook; SPSS, Stata, SAS and Parquet files too. Long: one value a row, in the
        columns patient, day (or time), variable, value, unit. Wide: one column an input.
    rules : tuple of Rule
        What is to be graded; columns that they do not ask for are not read.
    options : ChartOptions, optional
        What the column names do not say.
    refuse_problems : bool
        Raise what is wrong with rows; else hand it on in the result, for a caller who has more to
        say of them.

    Returns
    -------
    Charts

    Raises
    ------
    FileRefused
        The file cannot be read as a table.
    CohortRefused
        Everything found wrong with the chart, with its rows.
    """
    said = options or ChartOptions()
    table = read_chart_table(Path(path), said.sheet)
    columns = chart_columns(table.names, rules, mapping=said.mapping, units=said.units)
    now = said.now or datetime.now()
    found = assembled_rows(table, columns, rules, runs=said.runs, now=now)
    if found.problems and refuse_problems:
        raise CohortRefused(found.problems)
    return Charts(
        name=table.name,
        sha256=sha256(table.data),
        patients=_patients(found),
        rows=len(table.rows),
        is_long=columns.is_long,
        columns=_column_names(columns),
        notes=(*table.notes, *found.notes, *_unused(columns)),
        problems=found.problems,
    )


def _patients(found: Assembled) -> tuple[PatientChart, ...]:
    by_patient: dict[str, list[ChartRow]] = {}
    for row in found.rows:
        by_patient.setdefault(row.patient, []).append(row)
    return tuple(
        PatientChart(patient, tuple(sorted(rows, key=_moment_key)), found.death_days.get(patient))
        for patient, rows in by_patient.items()
    )


def _moment_key(row: ChartRow) -> Decimal:
    return Decimal(0) if row.moment.day is None else row.moment.day


def _column_names(columns: ChartColumns) -> dict[str, str]:
    places = {**columns.roles, **columns.inputs, **columns.graded}
    return {meaning: columns.names[place] for meaning, place in places.items()}


def _unused(columns: ChartColumns) -> tuple[str, ...]:
    if not columns.unused:
        return ()
    shown = ", ".join(name[:24] for name in columns.unused[:8])
    more = ", ..." if len(columns.unused) > 8 else ""
    return (f"columns not used by these rules: {shown}{more}",)
