"""The table that is imputed: every column of the cohort that a score reads, each once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from cartwheel.clinic.batch.measured import InputColumn
from cartwheel.clinic.dictionary import variable
from cartwheel.clinic.score_terms import Input
from cartwheel.errors import CohortRefused, NotEstimable, Problem, Refused, refuse
from cartwheel.stats.imputation_data import MOST_LEVELS, ImputationData, imputation_data
from cartwheel.stats.imputed_scale import ImputedScale, scale_of
from cartwheel.units import (
    Quantity,
    convert,
    convertible,
    decimal_mark,
    known_unit,
    plain_number,
    split_quantity,
)
from cartwheel.validation.analysed import Scoreable

Floats = NDArray[np.float64]
Integers = NDArray[np.intp]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Use:
    """One input of one score, and what it reads from a column.

    Parameters
    ----------
    score : int
        Place of the score.
    name : str
        Of the input.
    by_level : float array (k,)
        What this score reads for each different value of the column; nan where it cannot.
    """

    score: int
    name: str
    by_level: Floats


@dataclass(frozen=True, slots=True, eq=False)
class TableColumn:
    """A column of the imputation table.

    Parameters
    ----------
    column, label : str
        Name in the cohort, and for the reader.
    values : float array (n,)
        nan where missing; a value ``<x`` stands just below x, one ``>x`` just above.
    scale : ImputedScale
        How it stands in the imputation models.
    uses : tuple of Use
        Inputs that read it; empty for a column that only helps.
    """

    column: str
    label: str
    values: Floats
    scale: ImputedScale
    uses: tuple[Use, ...]

    @property
    def missing(self) -> int:
        """Patients without it."""
        return int(np.isnan(self.values).sum())


def table_columns(
    scoreables: Sequence[Scoreable],
    rows: Integers,
    auxiliary: Mapping[str, Floats],
) -> tuple[TableColumn, ...]:
    """Collect the columns that are imputed, or help to impute.

    Parameters
    ----------
    scoreables : sequence of Scoreable
        The scores, with their columns of all N patients.
    rows : int array (n,)
        Patients to be imputed.
    auxiliary : mapping of str to float array (N,)
        Further columns; nan where missing.

    Returns
    -------
    tuple of TableColumn
        In the order of the scores and their inputs, then the further ones. A column read by two
        scores stands once. A complete column that does not vary is left out: it teaches nothing.
    """
    readers: dict[str, list[tuple[int, str]]] = {}
    for place, scoreable in enumerate(scoreables):
        for name in scoreable.columns:
            readers.setdefault(scoreable.column_names[name], []).append((place, name))
    found = [_input_column(scoreables, column, uses, rows) for column, uses in readers.items()]
    for column, numbers in auxiliary.items():
        if column not in readers:
            values = np.asarray(numbers, dtype=np.float64)[rows]
            scale = scale_of(np.unique(values[~np.isnan(values)]))
            found.append(TableColumn(column, column, values, scale, ()))
    return tuple(item for item in found if item.missing or len(item.scale.known) > 1)


def _input_column(
    scoreables: Sequence[Scoreable], column: str, readers: list[tuple[int, str]], rows: Integers
) -> TableColumn:
    read = []
    for place, name in readers:
        item = _item(scoreables[place], name)
        read.append(as_numbers(item, scoreables[place].columns[name])[rows])
    first = _item(scoreables[readers[0][0]], readers[0][1])
    values = read[0]
    known, at = np.unique(values[~np.isnan(values)], return_index=True)
    there = np.flatnonzero(~np.isnan(values))[at]
    uses = tuple(
        Use(place, name, numbers[there])
        for (place, name), numbers in zip(readers, read, strict=True)
    )
    return TableColumn(column, first.label, values, _scale(first, known), uses)


def _item(scoreable: Scoreable, name: str) -> Input:
    return next(item for item in scoreable.spec.inputs if item.name == name)


def _scale(item: Input, known: Floats) -> ImputedScale:
    if item.coding is not None:
        return scale_of(known, category=len(known) <= MOST_LEVELS)
    skewed = item.variable is not None and variable(item.variable).skewed
    return scale_of(known, transform="log2" if skewed and len(known) and known[0] > 0 else "none")


def as_numbers(item: Input, column: InputColumn) -> Floats:
    """Read a column of an input as numbers only.

    Parameters
    ----------
    item : Input
        What the score asks for.
    column : InputColumn
        What the sheet holds.

    Returns
    -------
    float array (N,)
        In the unit of the column; nan where missing or where a text holds no number. A value
        beyond a limit of detection is the number next to the limit, on the side where the value
        lies, so that a cut-off at the limit takes it as the score would.
    """
    numbers = np.where(np.isinf(column.numbers), np.nan, column.numbers)
    for row, text in column.texts.items():
        numbers[row] = _number(item, text, column.unit)
    return numbers


def _number(item: Input, text: str, unit: str) -> float:
    words = {word.strip().casefold(): code for word, code in (item.coding or {}).items()}
    if text.strip().casefold() in words:
        return float(words[text.strip().casefold()])
    limit, written, own = split_quantity(text) or ("", "", "")
    mark = decimal_mark(written) if written else None
    plain = plain_number(written, mark or ".") if mark not in (None, "?") else None
    if plain is None:
        return np.nan
    value = _in_unit(item, Decimal(plain), known_unit(own) or own, unit)
    if value is None:
        return np.nan
    number = float(value)
    if limit:
        return float(np.nextafter(number, -np.inf if limit == "<" else np.inf))
    return number


def _in_unit(item: Input, value: Decimal, own: str, wanted: str) -> Decimal | None:
    if not own or own == (known_unit(wanted) or wanted):
        return value
    factors = {} if item.variable is None else variable(item.variable).units
    if not convertible(own, factors):
        return None
    try:
        return convert(Quantity(value, own), wanted or "1", factors).value
    except Refused:
        return None


def prepare_table(columns: Sequence[TableColumn], outcome: Floats) -> ImputationData:
    """Prepare the table for imputation.

    Parameters
    ----------
    columns : sequence of TableColumn
        At least one of them incomplete.
    outcome : float array (n, a)
        The outcome as columns, complete.

    Returns
    -------
    ImputationData

    Raises
    ------
    CohortRefused
        Everything at once: ``all_missing`` (nobody has a value), ``constant_input`` (all have the
        same); or ``too_few_observed`` (fewer values than the imputation model has terms).
    """
    problems = [problem for item in columns if (problem := _problem(item)) is not None]
    if problems:
        raise CohortRefused(problems)
    table = np.column_stack([item.scale.code(item.values) for item in columns])
    try:
        return imputation_data(
            table, kinds=[item.scale.kind for item in columns], auxiliary=outcome
        )
    except NotEstimable as reason:
        raise named(reason, columns) from None


def _problem(item: TableColumn) -> Problem | None:
    where = f"column '{item.column}'"
    if not item.missing:
        return None
    if not len(item.scale.known):
        return Problem(
            "all_missing",
            "no patient has a value, so there is nothing to impute it from",
            where,
            "leave out the scores that need it, or add the values",
        )
    if len(item.scale.known) == 1:
        return Problem(
            "constant_input",
            "all known values are the same, so missing ones cannot be imputed",
            where,
            "fill it in where the value is known to be that one, or use --missing complete",
        )
    return None


def named(reason: NotEstimable, columns: Sequence[TableColumn]) -> Refused:
    """Say of which column an imputation model failed.

    Parameters
    ----------
    reason : NotEstimable
        With ``column k`` as its place.
    columns : sequence of TableColumn
        As they were prepared.

    Returns
    -------
    Refused
        The same, with the column's name and what to do.
    """
    problem = reason.problems[0]
    place = problem.where.rpartition(" ")[2]
    where = f"column '{columns[int(place)].column}'" if place.isdecimal() else problem.where
    return refuse(
        CohortRefused,
        problem.code,
        problem.what,
        where=where,
        mend="fewer scores or auxiliary columns at once, or --missing complete",
    )
