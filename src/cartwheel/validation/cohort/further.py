"""Further columns of numbers: those added on the last rung, and those that help to impute."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cartwheel.clinic.cohort_column import Column, column_as_read, declared
from cartwheel.clinic.columns import numeric_column
from cartwheel.clinic.findings import Findings
from cartwheel.clinic.reading import RawTable
from cartwheel.errors import CohortRefused, Problem
from cartwheel.validation.plan import ValidationPlan

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class ExtensionColumn:
    """A column of numbers that is no input of a score.

    Parameters
    ----------
    column, label : str
        Of the cohort; for the reader.
    unit : str
        Of ``values``: the dictionary's where it knows the variable, else as stated.
    variable : str or None
        Name in the dictionary.
    values : float array (n,)
        nan missing.
    """

    column: str
    label: str
    unit: str
    variable: str | None
    values: Floats


def number_columns(table: RawTable, plan: ValidationPlan, findings: Findings) -> dict[str, Column]:
    """Read the columns that must hold numbers: of exclusions, added, and auxiliary ones.

    Parameters
    ----------
    table : RawTable
        The cohort; the columns are there.
    plan : ValidationPlan
        Names them.
    findings : Findings
        Takes what `numeric_column` finds, and ``all_missing``.

    Returns
    -------
    dict of str to Column
        By name; of all rows.
    """
    names = [rule.column for rule in plan.cohort.exclude if rule.equals is None]
    names += [*plan.update.extend, *plan.imputation.auxiliary]
    columns = {}
    for name in dict.fromkeys(names):
        read, problems = numeric_column(table, declared(plan.columns, name))
        findings.add(CohortRefused, problems)
        if read is None:
            continue
        columns[name] = column_as_read(plan.columns, read)
        if not np.isfinite(read.values).any():
            problem = Problem(
                "all_missing", "no patient has a value", f"column '{name}'", "leave the column out"
            )
            findings.add(CohortRefused, [problem])
    return columns


def extension_columns(
    columns: dict[str, Column], names: Sequence[str], rows: Mask | None = None
) -> tuple[ExtensionColumn, ...]:
    """Give columns as a model takes them.

    Parameters
    ----------
    columns : dict of str to Column
        From `number_columns`.
    names : sequence of str
        Those wanted.
    rows : bool array (N,), optional
        Patients wanted; by default all.

    Returns
    -------
    tuple of ExtensionColumn
        In the order of the names.
    """
    found = []
    for name in names:
        column = columns[name]
        values = np.ascontiguousarray(column.values if rows is None else column.values[rows])
        values.setflags(write=False)
        found.append(ExtensionColumn(name, column.label, column.unit, column.variable, values))
    return tuple(found)


def constant_extensions(columns: Sequence[ExtensionColumn]) -> list[Problem]:
    """Find added columns that hold nothing, or the same, in every patient analysed.

    Parameters
    ----------
    columns : sequence of ExtensionColumn
        Of the patients analysed.

    Returns
    -------
    list of Problem
        ``constant_extension``.
    """
    return [
        Problem(
            "constant_extension",
            "the patients analysed do not differ in it, so it cannot add to a score",
            f"extend '{item.column}'",
            "leave it out",
        )
        for item in columns
        if len(np.unique(item.values[np.isfinite(item.values)])) < 2
    ]
