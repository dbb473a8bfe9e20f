"""The columns a plan uses, read from the table: numbers in one unit, ratios made of them.

Categories.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

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
from cartwheel.clinic.reading import RawTable
from cartwheel.development.cohort.findings import Findings
from cartwheel.development.planning.plan import ColumnPlan, Plan
from cartwheel.errors import CohortRefused, Problem

Floats = NDArray[np.float64]
MOST_LEVELS = 20


@dataclass(frozen=True, slots=True)
class Column:
    """A column as read, of all rows: a dictionary variable, a plain number, or a derived ratio.

    Parameters
    ----------
    name, label : str
        Column of the cohort (or derived ratio), and reader's name.
    unit : str
        Unit of ``values``; empty where there is none.
    variable : str or None
        Name in the variable dictionary, or of the ratio; None where not known.
    day : float or None
        Day of measurement; infusion is day 0.
    summary : str or None
        ``peak`` and the like: taken over follow-up.
    values : float array (n,)
        In ``unit``; nan missing. Of a category the place of its level, 0 for the first.
    below_limit, above_limit : int
        Values written ``<x`` or ``>x``, in all rows; 0 for a ratio or category.
    rule : str
        What was done to the values, as sentences; empty where nothing was.
    kind : str
        ``number`` or ``category``.
    skewed : bool
        True where the dictionary calls the variable skewed, and for a ratio.
    ratio : tuple of (str, str) or None
        Numerator and denominator columns of a derived ratio.
    levels : tuple of str
        Words of a category, sorted; empty for a number.
    factor : Decimal
        From the unit of the file to ``unit``; 1 where nothing was converted.
    """

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
    factor: Decimal = Decimal(1)

    def in_unit(self, said: float) -> float:
        """Convert a number of the plan, said in the file's unit, as the values were converted.

        Parameters
        ----------
        said : float
            Such as a cut-off, in the unit in which the column is written in the file.

        Returns
        -------
        float
            In ``unit``.
        """
        return float(Decimal(repr(float(said))) * self.factor)


def read_columns(table: RawTable, plan: Plan, findings: Findings) -> dict[str, Column]:
    """Read every column the plan uses as a number, then the ratios made from them.

    Parameters
    ----------
    table : RawTable
        The cohort; every column named by the plan is there.
    plan : Plan
        Names the columns, and says of them what their names do not.
    findings : Findings
        Takes every problem found; nothing is raised here.

    Returns
    -------
    dict of str to Column
        By name. A column that could not be read, or a ratio with a part that could not, is absent.
        A column for associations that does not hold numbers is read as a category.
    """
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
                findings.add(
                    CohortRefused,
                    [
                        Problem(
                            "all_missing",
                            "no patient has a value",
                            f"column '{name}'",
                            "leave the column out",
                        )
                    ],
                )
    _ratios(plan, columns, findings)
    for name in plan.associations.columns:
        if name not in columns:
            columns[name] = _further(table, plan, name, findings)
    return columns


def _declaration(plan: Plan, name: str) -> ColumnDeclaration:
    said = plan.columns.get(name, ColumnPlan())
    return ColumnDeclaration(
        column=name,
        variable=said.variable,
        unit=said.unit,
        day=said.day,
        coding=said.coding,
        decimal=said.decimal,
    )


def _column(plan: Plan, read: NumericColumn) -> Column:
    said = plan.columns.get(read.column, ColumnPlan())
    by_name = read_column_name(read.column)
    variable = read.variable
    return Column(
        name=read.column,
        label=said.label
        or _label(
            read.column, variable.label if variable else None, read.unit, read.day, by_name.summary
        ),
        unit=read.unit,
        variable=None if variable is None else variable.name,
        day=read.day,
        summary=None if said.day is not None else by_name.summary,
        values=read.values,
        below_limit=int(read.below_limit.sum()),
        above_limit=int(read.above_limit.sum()),
        rule=read.rule,
        skewed=bool(variable is not None and variable.skewed),
        factor=_factor(read),
    )


def _factor(read: NumericColumn) -> Decimal:
    """From the file's unit to the unit of the values."""
    if read.variable is None or not read.unit or not read.source_unit:
        return Decimal(1)
    return Decimal(read.variable.units[read.source_unit])


def _label(column: str, name: str | None, unit: str, day: float | None, summary: str | None) -> str:
    if name is None:
        return column
    when = f", day {day:g}" if day is not None else f", {summary}" if summary else ""
    return f"{name}{f' ({unit})' if unit and unit != '1' else ''}{when}"


def _ratios(plan: Plan, columns: dict[str, Column], findings: Findings) -> None:
    for item in plan.derived:
        above, below = columns.get(item.numerator), columns.get(item.denominator)
        if above is None or below is None:
            continue
        where = f"ratio '{item.name}'"
        if above.unit != below.unit:
            findings.add(
                CohortRefused,
                [
                    Problem(
                        "ratio_units",
                        f"numerator in '{above.unit}', denominator in '{below.unit}'",
                        where,
                        "state the units of both columns, in one unit",
                    )
                ],
            )
            continue
        if above.day != below.day:
            findings.add(
                CohortRefused,
                [
                    Problem(
                        "ratio_days",
                        "numerator and denominator were measured on different days",
                        where,
                        "use counts of one day",
                    )
                ],
            )
            continue
        zero = below.in_unit(item.zero) if isinstance(item.zero, float) else item.zero
        made = ratio(above.values, below.values, zero=zero)
        findings.add(
            CohortRefused,
            [Problem(found.code, found.what, where, found.mend) for found in made.problems],
        )
        label = item.label or item.name + (f", day {above.day:g}" if above.day is not None else "")
        columns[item.name] = Column(
            item.name,
            label,
            "",
            item.name,
            above.day,
            above.summary or below.summary,
            made.values,
            0,
            0,
            made.rule,
            skewed=True,
            ratio=(item.numerator, item.denominator),
        )


def _further(table: RawTable, plan: Plan, name: str, findings: Findings) -> Column:
    """Read a column for associations: a number where its cells are numbers, else categories."""
    read, problems = numeric_column(table, _declaration(plan, name), need_unit=False)
    if read is not None and not problems:
        return _column(plan, read)
    words = table.frame[name].astype(object).map(str).str.strip().to_numpy(dtype=object)
    missing = missing_cells(table.frame[name])
    levels = tuple(sorted({str(word) for word in words[~missing]}))
    if len(levels) > MOST_LEVELS or (len(levels) > 2 and len(levels) == (~missing).sum()):
        # so many words may name patients, and a table of them would carry the names out
        findings.add(
            CohortRefused,
            [
                Problem(
                    "too_many_categories",
                    f"{len(levels)} different words are free text, not categories",
                    f"associations '{name}'",
                    f"leave it out, or write at most {MOST_LEVELS} categories",
                )
            ],
        )
    codes = np.array(
        [
            np.nan if gone else float(levels.index(word))
            for word, gone in zip(words, missing, strict=True)
        ]
    )
    said = plan.columns.get(name, ColumnPlan())
    return Column(
        name,
        said.label or name,
        "",
        None,
        None,
        None,
        codes,
        0,
        0,
        "",
        kind="category",
        levels=levels,
    )
