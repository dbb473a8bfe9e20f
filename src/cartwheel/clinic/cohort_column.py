"""A column of a cohort as a plan uses it: numbers in one unit, with a name for the reader."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from cartwheel.clinic.columns import ColumnDeclaration, NumericColumn
from cartwheel.clinic.naming import read_column_name
from cartwheel.clinic.plan_parts import ColumnPlan

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


def declared(said: Mapping[str, ColumnPlan], name: str) -> ColumnDeclaration:
    """Give what the plan says of a column to whoever reads it.

    Parameters
    ----------
    said : mapping of str to ColumnPlan
        ``columns`` of the plan.
    name : str
        The column.

    Returns
    -------
    ColumnDeclaration
    """
    about = said.get(name, ColumnPlan())
    return ColumnDeclaration(
        column=name,
        variable=about.variable,
        unit=about.unit,
        day=about.day,
        coding=about.coding,
        decimal=about.decimal,
    )


def column_as_read(said: Mapping[str, ColumnPlan], read: NumericColumn) -> Column:
    """Put together what the plan says of a column and what was read.

    Parameters
    ----------
    said : mapping of str to ColumnPlan
        ``columns`` of the plan.
    read : NumericColumn
        The column as numbers.

    Returns
    -------
    Column
    """
    about = said.get(read.column, ColumnPlan())
    by_name = read_column_name(read.column)
    variable = read.variable
    return Column(
        name=read.column,
        label=about.label
        or _label(
            read.column, variable.label if variable else None, read.unit, read.day, by_name.summary
        ),
        unit=read.unit,
        variable=None if variable is None else variable.name,
        day=read.day,
        summary=None if about.day is not None else by_name.summary,
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
