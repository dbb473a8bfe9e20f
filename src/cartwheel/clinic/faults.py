"""Cells that are not numbers: what they are, where they stand, and what to do about them."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cartwheel.clinic.cells import Cells
from cartwheel.clinic.grid import row_list
from cartwheel.clinic.values import Fault, ParsedCells
from cartwheel.errors import Problem

_LONGEST_SHOWN = 12

_FAULTS: Mapping[Fault, tuple[str, str, str]] = {
    Fault.TEXT: (
        "not_a_number",
        "not a number",
        "correct or blank these cells, or declare a coding (text -> number)",
    ),
    Fault.ERROR_CELL: (
        "error_cell",
        "an error of the spreadsheet, such as #N/A or #DIV/0!",
        "mend the formula, or blank the cell if the value is missing",
    ),
    Fault.DATE: (
        "date_in_numbers",
        "a date",
        "spreadsheets turn entries such as 3-5 into dates: type the number again, as text",
    ),
    Fault.BOOLEAN: (
        "boolean_in_numbers",
        "TRUE or FALSE",
        "declare what they mean: a coding such as TRUE = 1, FALSE = 0",
    ),
    Fault.DECIMAL_MARK: (
        "decimal_mark",
        "a number whose decimal mark is not plain: points and commas mixed, or a sign that could "
        "group thousands (1,234)",
        "write all of them with a point, or declare the mark: --decimal {flag}",
    ),
    Fault.CODING: (
        "not_in_coding",
        "not in the declared coding",
        "add them to the coding, or correct the cells",
    ),
}


@dataclass(frozen=True, slots=True)
class ColumnPlace:
    """Where a column stands, for messages.

    Parameters
    ----------
    column : str
        Name as written.
    first_row : int
        Row number of the first patient.
    """

    column: str
    first_row: int

    def where(self, rows: NDArray[np.bool_] | None = None) -> str:
        """Name the column, and the rows of it that are marked."""
        column = f"column '{self.column}'"
        if rows is None:
            return column
        return f"{column}, {row_list(np.flatnonzero(rows) + self.first_row)}"

    def flag(self, value: str) -> str:
        """Write ``COLUMN=VALUE`` as it can be typed after a flag."""
        return shlex.quote(f"{self.column}={value}")


def cells_are(rows: NDArray[np.bool_]) -> str:
    """Count marked cells: ``1 cell is`` or ``3 cells are``.

    Parameters
    ----------
    rows : bool array (n,)
        True where a cell is marked; at least one.

    Returns
    -------
    str
        Count, noun and verb.
    """
    count = int(rows.sum())
    return f"{count} cell{'s are' if count > 1 else ' is'}"


def fault_problems(
    cells: Cells, parsed: ParsedCells, place: ColumnPlace, *, show: bool
) -> Iterator[Problem]:
    """List every kind of cell that is not a number, each with its rows.

    Parameters
    ----------
    cells : Cells
        The column taken apart.
    parsed : ParsedCells
        The column as read.
    place : ColumnPlace
        Column and first row.
    show : bool
        Show up to three texts of 12 characters or fewer. Only for columns meant to be numeric:
        others may hold what identifies a patient.
    """
    for fault, (code, what, mend) in _FAULTS.items():
        rows = parsed.fault == fault
        if rows.any():
            examples = _examples(cells, rows) if show else ""
            yield Problem(
                code,
                f"{cells_are(rows)} {what}{examples}",
                place.where(rows),
                mend.format(flag=place.flag(",")),
            )


def _examples(cells: Cells, rows: NDArray[np.bool_]) -> str:
    codes = np.unique(cells.codes[rows])
    texts = dict.fromkeys(cells.texts[code] for code in codes.tolist() if code >= 0)
    short = [f"'{text}'" for text in texts if 0 < len(text) <= _LONGEST_SHOWN][:3]
    more = ", ..." if len(texts) > len(short) else ""
    return f" ({', '.join(short)}{more})" if short else ""
