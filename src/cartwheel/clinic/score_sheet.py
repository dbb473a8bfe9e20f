"""From a sheet's columns to the inputs of a score: which column, which unit, which day."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd

from cartwheel.clinic.batch.measured import InputColumn
from cartwheel.clinic.cells import Cells, missing_texts, take_apart
from cartwheel.clinic.grid import row_list
from cartwheel.clinic.naming import ColumnName, read_column_name
from cartwheel.clinic.reading import TEXT_FILES, read_table
from cartwheel.clinic.score_spec import ScoreSpec
from cartwheel.clinic.score_terms import Input
from cartwheel.clinic.score_units import NO_UNIT, in_unit_of
from cartwheel.errors import CohortRefused, FileRefused, Problem, Refused, refuse
from cartwheel.units import Quantity, decimal_mark, known_unit, plain_number, split_quantity


class Columns(Protocol):
    """The columns of a table by place; one may be made only when it is asked for."""

    def __getitem__(self, place: int, /) -> Any: ...


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table as it was written.

    Parameters
    ----------
    names : tuple of str
        One a column; names may repeat.
    columns : tuple of sequences
        The cells of each column, all of one length.
    rows : int array
        Row numbers as the user sees them.
    separator : str
        Of a text table; else a comma.
    """

    names: tuple[str, ...]
    columns: tuple[Any, ...]
    rows: Any
    separator: str = ","


@dataclass(frozen=True, slots=True)
class Stated:
    """What the caller says of a sheet beyond its own words.

    Parameters
    ----------
    units : mapping of str to str
        Column to unit.
    columns : mapping of str to str
        Input to column.
    days : mapping of str to float
        Input to day of measurement, infusion being day 0.
    """

    units: Mapping[str, str]
    columns: Mapping[str, str]
    days: Mapping[str, float]


def read_sheet(path: str | os.PathLike[str]) -> Sheet:
    """Read a table to be scored; a row without any cell is nobody.

    Parameters
    ----------
    path : path
        CSV in UTF-8 (comma, semicolon, tab or bar), or any other kind of file that
        `cartwheel.clinic.reading.read_table` takes.

    Returns
    -------
    Sheet
        The header of a text table is row 1.

    Raises
    ------
    FileRefused
        If it cannot be read; ``ragged_rows`` where rows have more or fewer cells than the header.
    """
    file = Path(path)
    if file.suffix.lower() not in (*TEXT_FILES, "") and file.is_file():
        table = read_table(file)
        columns = tuple(table.frame.iloc[:, place] for place in range(table.frame.shape[1]))
        rows = np.arange(len(table.frame)) + table.first_row
        return Sheet(tuple(map(str, table.frame.columns)), columns, rows)
    try:
        text = file.read_bytes().decode("utf-8-sig")
        first = text.splitlines()[0]
        separator = max(",;\t|", key=first.count)
        header, *body = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    except (OSError, ValueError, IndexError, csv.Error):
        raise refuse(
            FileRefused,
            "unreadable",
            "there is no such file, or it is empty or not a table in UTF-8",
            where=file.name,
            mend="save the sheet as CSV in UTF-8",
        ) from None
    numbered = [(number, row) for number, row in enumerate(body, 2) if any(map(str.strip, row))]
    ragged = [number for number, row in numbered if len(row) != len(header)]
    if ragged:
        raise refuse(
            FileRefused,
            "ragged_rows",
            f"rows with more or fewer cells than the {len(header)} column names",
            where=f"{file.name}, {row_list(ragged)}",
            mend="look for a separator inside a text, or a file cut short",
        )
    cells = tuple(zip(*(row for _, row in numbered), strict=True)) or ((),) * len(header)
    rows = np.array([number for number, _ in numbered], dtype=np.intp)
    return Sheet(tuple(name.strip() for name in header), cells, rows, separator)


def input_columns(
    spec: ScoreSpec, names: Sequence[str], columns: Columns, stated: Stated
) -> dict[str, InputColumn]:
    """Find the column of every input, and take it apart.

    Parameters
    ----------
    spec : ScoreSpec
        The score.
    names : sequence of str
        Of the columns.
    columns : Columns
        The cells: a pandas Series, a float array, or a sequence of text.
    stated : Stated
        What the caller says of them.

    Returns
    -------
    dict of str to InputColumn
        By input.

    Raises
    ------
    CohortRefused
        ``column`` where an input has no column or more than one, or two inputs have the same;
        ``unknown_column``, ``unit_missing``, and what `in_unit_of` refuses. All at once.
    """
    problems = [*_unknown(spec, names, stated)]
    found: dict[str, InputColumn] = {}
    taken: dict[int, str] = {}
    for item in spec.inputs:
        place = _place(spec, item, names, stated)
        if isinstance(place, Problem):
            problems.append(place)
            continue
        if place in taken:
            what = f"column '{names[place]}' would also be the column of input '{taken[place]}'"
            mend = f"name a column {item.name}"
            problems.append(Problem("column", what, f"input '{item.name}'", mend))
            continue
        taken[place] = item.name
        column = _column(item, names[place], columns[place], stated)
        if isinstance(column, Problem):
            problems.append(column)
        else:
            found[item.name] = column
    if problems:
        raise CohortRefused(problems)
    return found


def input_column_names(spec: ScoreSpec, names: Sequence[str], stated: Stated) -> dict[str, str]:
    """Name the column of every input that has one.

    Parameters
    ----------
    spec : ScoreSpec
        The score.
    names : sequence of str
        Of the columns.
    stated : Stated
        What the caller says of them.

    Returns
    -------
    dict of str to str
        Input to column, as `input_columns` finds it; inputs without one are left out.
    """
    places = {item.name: _place(spec, item, names, stated) for item in spec.inputs}
    return {name: names[place] for name, place in places.items() if isinstance(place, int)}


def _unknown(spec: ScoreSpec, names: Sequence[str], stated: Stated) -> list[Problem]:
    wanted = [*((name, "unit") for name in stated.units)]
    wanted += [(name, "column") for name in stated.columns.values()]
    found = [
        Problem("unknown_column", "there is no such column", f"{what} of {name[:60]}", "check it")
        for name, what in wanted
        if name not in names
    ]
    for name in stated.columns:
        if name not in spec.input_names:
            mend = "inputs: " + ", ".join(spec.input_names)
            what = f"'{name[:60]}' is no input of this score"
            found.append(Problem("unknown_input", what, "", mend))
    return found


def _place(spec: ScoreSpec, item: Input, names: Sequence[str], stated: Stated) -> int | Problem:
    where = f"input '{item.name}'"
    named = stated.columns.get(item.name, item.name)
    fits = [place for place, name in enumerate(names) if name == named]
    if not fits and item.name not in stated.columns:
        folded = _folded(item.name)
        fits = [place for place, name in enumerate(names) if _folded(name) == folded]
        fits = fits or [
            place
            for place, name in enumerate(names)
            if name not in spec.input_names and _says(read_column_name(name), item)
        ]
    if len(fits) == 1:
        return fits[0]
    close = get_close_matches(item.name, names, n=1, cutoff=0.5)
    mend = f"is it '{close[0]}'? Name the column {item.name}" if close else f"add {item.name}"
    what = "no column holds this input" if not fits else "more than one column holds this input"
    return Problem("column", what, where, mend)


def _folded(name: str) -> str:
    return name.replace("-", "_").casefold()


def _says(said: ColumnName, item: Input) -> bool:
    # the limit of a laboratory is never to be had from a column of patients' values
    if said.variable is None or said.variable != item.variable or said.summary is not None:
        return False
    if item.upper_limit_of is not None:
        return False
    if item.day is not None:
        return said.day == float(item.day)
    window = item.window
    if said.day is None or window is None or window.anchor != "infusion":
        return said.day is None
    return window.holds(Decimal(repr(said.day)))


def _column(item: Input, name: str, cells: Any, stated: Stated) -> InputColumn | Problem:
    said = read_column_name(name)
    day = stated.days.get(item.name, said.day)
    apart = _apart(cells)
    unit = stated.units.get(name) or said.unit or ""
    if item.coding is not None:
        unit = ""
    elif not unit and item.unit not in NO_UNIT:
        if _any_bare(apart):
            mend = f"say it: --unit '{name}={item.unit}'"
            what = f"column '{name}' does not say its unit"
            return Problem("unit_missing", what, f"input '{item.name}'", mend)
        unit = item.unit  # every cell says its own
    unit = known_unit(unit) or unit
    if unit:
        try:
            in_unit_of(item, Quantity(Decimal(1), unit))
        except Refused as refused:
            return refused.problems[0]
    if unit in NO_UNIT:
        unit = ""
    return _input_column(item, apart, unit, day)


def _apart(cells: Any) -> Cells:
    if isinstance(cells, np.ndarray):
        return take_apart(pd.Series(cells))
    return take_apart(cells if isinstance(cells, pd.Series) else pd.Series(cells, dtype=object))


def _any_bare(cells: Cells) -> bool:
    if (cells.codes < 0).any():
        return True
    kept = np.array(cells.texts)[~missing_texts(cells.texts)].tolist()
    parts = [split_quantity(text) for text in kept]
    return any(part is not None and not part[2] for part in parts)


def _input_column(item: Input, cells: Cells, unit: str, day: float | None) -> InputColumn:
    if len(cells.texts) == 1 and not cells.texts[0]:  # numbers, and gaps
        return InputColumn(unit, cells.numbers, {}, day)
    missing = missing_texts(cells.texts)
    read = [np.nan if gap else _plain(item, text, unit)
            for text, gap in zip(cells.texts, missing.tolist(), strict=True)]  # fmt: skip
    numbers = np.array([np.nan if each is None else each for each in read], dtype=np.float64)
    odd = np.flatnonzero(cells.rows(np.array([each is None for each in read], dtype=np.bool_)))
    texts = {row: _with_unit(cells.texts[cells.codes[row]], unit) for row in odd.tolist()}
    whole = np.where(cells.codes < 0, cells.numbers, numbers[cells.codes])
    return InputColumn(unit, whole, texts, day)


def _plain(item: Input, text: str, unit: str) -> float | None:
    """Read a text that stands for a plain number in the column's unit; None for any other."""
    number: Decimal | None = None
    if item.coding is not None:
        words = {word.strip().casefold(): code for word, code in item.coding.items()}
        number = words.get(text.casefold())
    if number is None:
        limit, written, own = split_quantity(text) or ("", "", "")
        mark = decimal_mark(written)
        if limit or mark in (None, "?") or (own and (known_unit(own) or own) != unit):
            return None
        plain = plain_number(written, mark or ".")
        if plain is None:
            return None
        number = Decimal(plain)
    double = float(number)
    # more digits than a double holds are left to the decimal engine
    exact = np.isfinite(double) and Decimal(repr(double)) == number
    return double if exact else None


def _with_unit(text: str, unit: str) -> str:
    parts = split_quantity(text)
    return f"{text} {unit}" if parts is not None and not parts[2] and unit else text
