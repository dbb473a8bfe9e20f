"""One column of a table as numbers in a known unit, or everything that stands in the way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cartwheel.clinic.cells import Cells, missing_cells, missing_texts, take_apart
from cartwheel.clinic.dictionary import (
    Variable,
    accepted_units,
    nearest_names,
    variable_in_unit,
    variables,
)
from cartwheel.clinic.faults import ColumnPlace, cells_are, fault_problems
from cartwheel.clinic.naming import ColumnName, read_column_name
from cartwheel.clinic.plausibility import converted, implausible
from cartwheel.clinic.reading import RawTable
from cartwheel.clinic.values import ParsedCells, parse_cells
from cartwheel.errors import Problem
from cartwheel.units import known_unit, nearest_units

__all__ = [
    "ColumnDeclaration",
    "NumericColumn",
    "find_column",
    "missing_cells",
    "numeric_column",
    "read_numbers",
    "text_column",
    "texts_of",
]

NOT_IN_DICTIONARY = "none"


@dataclass(frozen=True, slots=True)
class ColumnDeclaration:
    """What the user says about a column; it wins over what the column's name says.

    Parameters
    ----------
    column : str
        Name as written in the file.
    variable : str, optional
        Name in the dictionary; ``none`` says that the column is not one of its variables.
    unit : str, optional
        Unit of the values, in any known spelling.
    day : float, optional
        Day after infusion.
    coding : mapping of str to float, optional
        Text -> number.
    decimal : {".", ","}, optional
        Decimal mark of numbers written as text.
    """

    column: str
    variable: str | None = None
    unit: str | None = None
    day: float | None = None
    coding: Mapping[str, float] | None = None
    decimal: str | None = None


@dataclass(frozen=True, slots=True)
class NumericColumn:
    """A column as numbers.

    Parameters
    ----------
    column : str
        Name as written.
    values : float array (n,), read-only
        In `unit`; NaN where missing. A value written ``<x`` or ``>x`` stands at x.
    variable : Variable or None
        Where the dictionary knows it.
    unit : str
        Unit of `values`: the variable's canonical unit where it is known, else as stated; empty
        where none was stated, and for dimensionless variables.
    source_unit : str
        Unit as stated, canonical spelling; empty where none was.
    day : float or None
        Day after infusion.
    below_limit, above_limit : bool arrays (n,), read-only
        Written ``<x`` or ``>x``.
    missing : int
        Cells without a value.
    rule : str
        What was done to the values, as sentences; empty where nothing was.
    summary : str or None
        ``peak`` and the like: taken over follow-up.
    """

    column: str
    values: NDArray[np.float64]
    variable: Variable | None
    unit: str
    source_unit: str
    day: float | None
    below_limit: NDArray[np.bool_]
    above_limit: NDArray[np.bool_]
    missing: int
    rule: str
    summary: str | None = None

    @property
    def label(self) -> str:
        """The variable's label, or the column's name."""
        return self.variable.label if self.variable else self.column


def numeric_column(
    table: RawTable, declaration: ColumnDeclaration, *, need_unit: bool = True
) -> tuple[NumericColumn | None, tuple[Problem, ...]]:
    """Read one column as numbers, in the canonical unit where the variable is known.

    Parameters
    ----------
    table : RawTable
        Raw cells.
    declaration : ColumnDeclaration
        The column, and what is known of it beyond its name.
    need_unit : bool
        Whether a variable of the dictionary must have its unit stated.

    Returns
    -------
    NumericColumn or None
        None where there is any problem.
    tuple of Problem
        Everything found, with rows: ``column_missing``, ``duplicate_name``, ``variable_unknown``,
        ``decimal_unknown``, ``not_a_number``, ``error_cell``, ``date_in_numbers``,
        ``boolean_in_numbers``, ``decimal_mark``, ``not_in_coding``, ``mixed_units``,
        ``unit_in_some_cells``, ``unit_unknown``, ``unit_missing``, ``unit_not_accepted``,
        ``implausible``.

    Notes
    -----
    Nothing is raised for a fault in the data. Conversion is in decimal arithmetic on the digits
    written, so 0.57 g/L is 57 mg/dL and not its nearest neighbour. A column outside the dictionary
    is taken as written, without a check of plausibility.
    """
    place, problems = find_column(table, declaration.column)
    if place is None:
        return None, problems
    cells = take_apart(table.frame.iloc[:, place])
    column, problems = read_numbers(table, cells, declaration, need_unit=need_unit)
    return (None if problems else column), problems


def text_column(table: RawTable, column: str) -> NDArray[np.object_]:
    """Cells of a column as trimmed text, for ids and categories.

    Parameters
    ----------
    table : RawTable
        Raw cells.
    column : str
        Name as written; it must be there once (see `find_column`).

    Returns
    -------
    object array (n,)
        str, or None where missing. A whole number stored as 3.0 reads ``3``.
    """
    place = list(table.frame.columns).index(column)
    return texts_of(take_apart(table.frame.iloc[:, place]))


def texts_of(cells: Cells) -> NDArray[np.object_]:
    """Cells as trimmed text; None where missing.

    Parameters
    ----------
    cells : Cells
        From `take_apart`, of n rows.

    Returns
    -------
    object array (n,)
        str, or None where missing by ``MISSING_TEXTS``. A whole number stored as 3.0 reads ``3``.
    """
    absent = missing_texts(cells.texts)
    pairs = zip(cells.texts, absent.tolist(), strict=True)
    distinct = np.array([*(None if gone else text for text, gone in pairs), None], dtype=object)
    texts = distinct[cells.codes]
    typed = np.flatnonzero(cells.codes < 0)
    for row, number in zip(typed.tolist(), cells.numbers[typed].tolist(), strict=True):
        texts[row] = f"{number:.0f}" if number.is_integer() else repr(number)
    return texts


def find_column(table: RawTable, column: str) -> tuple[int | None, tuple[Problem, ...]]:
    """Place of a column by its exact name, or the problem that it is absent or there twice.

    Parameters
    ----------
    table : RawTable
        Only its column names are read.
    column : str
        Name as written.

    Returns
    -------
    int or None
        Position from 0; None where there is a problem.
    tuple of Problem
        ``column_missing``, with the nearest names, or ``duplicate_name``; else empty.
    """
    names = [str(name) for name in table.frame.columns]
    places = [place for place, name in enumerate(names) if name == column]
    if len(places) == 1:
        return places[0], ()
    if places:
        what = f"{len(places)} columns have this name"
        return None, (
            Problem("duplicate_name", what, f"column '{column}'", "give each its own name"),
        )
    mend = nearest_names(column, [name for name in names if name.strip()])
    return None, (Problem("column_missing", "there is no such column", f"'{column}'", mend),)


def read_numbers(
    table: RawTable, cells: Cells, declaration: ColumnDeclaration, *, need_unit: bool = True
) -> tuple[NumericColumn, tuple[Problem, ...]]:
    """Read taken-apart cells as numbers, as far as they can be, with all that is wrong.

    Parameters
    ----------
    table : RawTable
        For row numbers and the separator.
    cells : Cells
        From `take_apart`.
    declaration : ColumnDeclaration
        The column's name and what is known of it.
    need_unit : bool
        As in `numeric_column`.

    Returns
    -------
    NumericColumn
        Values in the source unit where the unit is in doubt.
    tuple of Problem
        As in `numeric_column`.
    """
    name = read_column_name(declaration.column)
    reading = _Column(table, cells, declaration, name)
    problems = [*reading.declaration_problems(), *reading.fault_problems()]
    stated, unit_problems = reading.stated_unit()
    problems += unit_problems
    found = reading.variable
    if found is not None and not unit_problems:
        resolved, more = _resolve(reading, found, stated, need_unit)
        problems += more
        found = resolved or found
        if resolved is not None and not resolved.dimensionless and stated:
            return reading.in_canonical_unit(resolved, stated, problems)
        if resolved is not None and resolved.dimensionless:
            problems += implausible(reading.place, resolved, "1", reading.parsed.values)
            stated = ""
    return reading.numeric(reading.parsed.values, found, stated, stated), tuple(problems)


def _resolve(
    reading: _Column, found: Variable, stated: str, need_unit: bool
) -> tuple[Variable | None, list[Problem]]:
    """Settle which variable this is in the stated unit: itself, its sibling, or a problem."""
    if not stated and found.dimensionless:
        return found, []
    if not stated:
        return None, [reading.unit_missing(found)] if need_unit else []
    resolved = variable_in_unit(found, stated)
    if resolved is not None:
        return resolved, []
    units = accepted_units(found)
    what = f"'{stated}' is not a unit of {found.label}"
    return None, [
        Problem(
            "unit_not_accepted",
            what,
            reading.place.where(),
            f"accepted: {', '.join(units)}; convert first",
        )
    ]


class _Column:
    """A column in the course of being read."""

    def __init__(
        self, table: RawTable, cells: Cells, declaration: ColumnDeclaration, name: ColumnName
    ) -> None:
        self.cells = cells
        self.place = ColumnPlace(declaration.column, table.first_row)
        self.declaration = declaration
        self.name = name
        self.parsed: ParsedCells = parse_cells(
            cells,
            coding=declaration.coding,
            decimal=declaration.decimal if declaration.decimal in (".", ",") else None,
            semicolons=table.separator == ";",
        )
        named = declaration.variable or name.variable
        self.variable = variables().get(named) if named else None

    def declaration_problems(self) -> Iterator[Problem]:
        named = self.declaration.variable
        if named is not None and named != NOT_IN_DICTIONARY and named not in variables():
            what = f"'{named[:40]}' is not a variable of the dictionary"
            mend = nearest_names(named, variables())
            yield Problem("variable_unknown", what, self.place.where(), mend)
        if self.declaration.decimal not in (None, ".", ","):
            what = f"'{self.declaration.decimal}' is not a decimal mark"
            yield Problem("decimal_unknown", what, self.place.where(), "declare '.' or ','")

    def fault_problems(self) -> Iterator[Problem]:
        """List cells that are not numbers, with texts where the column is meant for numbers."""
        meant = self.variable is not None or self.declaration != ColumnDeclaration(self.name.column)
        return fault_problems(self.cells, self.parsed, self.place, show=meant)

    def stated_unit(self) -> tuple[str, list[Problem]]:
        """Find the unit that declaration, name or the cells state; empty where none does."""
        declared = self.declaration.unit
        stated = known_unit(declared) if declared is not None else self.name.unit
        if declared is not None and stated is None:
            what = f"'{declared[:24]}' is not a unit that cartwheel knows"
            found = self.variable
            mend = nearest_units(declared, accepted_units(found) if found else None)
            return "", [Problem("unit_unknown", what, self.place.where(), mend)]
        if not self.parsed.unit_names:
            return stated or "", []
        return self._unit_of_cells(stated)

    def _unit_of_cells(self, stated: str | None) -> tuple[str, list[Problem]]:
        """Compare the units written in cells with the stated one and with each other."""
        names, units = self.parsed.unit_names, self.parsed.units
        unit = stated or names[0]
        other = [place for place, name in enumerate(names) if not self._equal(name, unit)]
        rows = np.isin(units, other)
        if rows.any():
            listed = ", ".join(dict.fromkeys([unit, *(names[place] for place in other)]))
            problem = Problem(
                "mixed_units",
                f"{cells_are(rows)} not in {unit}: the column mixes {listed}",
                self.place.where(rows),
                "write the whole column in one unit",
            )
            return unit, [problem]
        bare = (units < 0) & np.isfinite(self.parsed.values)
        if stated is None and bare.any():
            problem = Problem(
                "unit_in_some_cells",
                f"{cells_are(bare)} without a unit while others say {unit}",
                self.place.where(bare),
                f"if all are in {unit}, say it: --unit {self.place.flag(unit)}",
            )
            return unit, [problem]
        return unit, []

    def _equal(self, one: str, other: str) -> bool:
        """Whether two spellings are the same size of the same thing (10*3/uL and 10*9/L)."""
        if one == other or self.variable is None:
            return one == other
        held = variable_in_unit(self.variable, one)
        if held is None or other not in held.units:
            return False
        return held.units[one] == held.units[other]

    def unit_missing(self, found: Variable) -> Problem:
        """Refuse to guess a unit."""
        accepted = accepted_units(found)
        # where there is a choice, no unit is put into the user's mouth
        example = self.place.flag(accepted[0] if len(accepted) == 1 else "UNIT")
        return Problem(
            "unit_missing",
            f"the unit of {found.label} is not stated",
            self.place.where(),
            f"say it: --unit {example} (accepted: {', '.join(accepted)})",
        )

    def in_canonical_unit(
        self, found: Variable, unit: str, problems: list[Problem]
    ) -> tuple[NumericColumn, tuple[Problem, ...]]:
        """Convert, and check plausibility."""
        values = converted(self.parsed.values, found.units[unit])
        problems += implausible(self.place, found, unit, values)
        return self.numeric(values, found, found.unit, unit), tuple(problems)

    def numeric(
        self, values: NDArray[np.float64], found: Variable | None, unit: str, source: str
    ) -> NumericColumn:
        """Assemble the result, arrays read-only."""
        parsed, declared = self.parsed, self.declaration
        for array in (values, parsed.below, parsed.above):
            array.setflags(write=False)
        day = declared.day
        if day is None and self.name.summary is None:
            day = self.name.day
        return NumericColumn(
            column=declared.column,
            values=values,
            variable=found,
            unit=unit,
            source_unit=source,
            day=day,
            below_limit=parsed.below,
            above_limit=parsed.above,
            missing=int(np.isnan(values).sum()),
            rule=self._rule(found, unit, source),
            summary=self.name.summary,
        )

    def _rule(self, found: Variable | None, unit: str, source: str) -> str:
        done = []
        if self.parsed.decimal == ",":
            done.append("decimal commas read")
        if self.declaration.coding:
            pairs = (f"{text} = {code:g}" for text, code in self.declaration.coding.items())
            done.append("coded " + ", ".join(pairs))
        for sign, rows in (("<", self.parsed.below), (">", self.parsed.above)):
            count = int(rows.sum())
            if count:
                verb = "stand" if count > 1 else "stands"
                done.append(f"{count} value{'s' * (count > 1)} written {sign}x {verb} as x")
        if found is not None and unit != source and found.units[source] != 1:
            done.append(f"converted from {source} to {unit} (x {found.units[source]})")
        return "; ".join(done)
