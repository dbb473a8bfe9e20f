"""The rectangle of cells under a header row, however it was stored; its shape is checked here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from cartwheel.errors import FileRefused, Problem, refuse

LISTED_ROWS = 10

ONE_ROW = "one header row, then one row a patient, and at least two patients"


@dataclass(frozen=True, slots=True)
class Grid:
    """Names and cells of one table, cells as written.

    Parameters
    ----------
    names : tuple of str
        One a column, as written but for white space around it; empty where the cell is blank.
    columns : tuple of sequences
        The cells of each column, all of one length.
    first_row : int
        Row number of the first patient row as the user sees it.
    notes : tuple of str
        What was done in reading.
    separator : str
        Of a text file; else empty.
    """

    names: tuple[str, ...]
    columns: tuple[Sequence[Any], ...]
    first_row: int
    notes: tuple[str, ...] = field(default=())
    separator: str = ""


def row_list(rows: Iterable[int]) -> str:
    """Name rows for a person: at most ten numbers, then how many more.

    Parameters
    ----------
    rows : iterable of int
        Row numbers as the user sees them, at least one; written in the order given.

    Returns
    -------
    str
        ``row`` or ``rows``, the numbers, and how many more there are.

    Examples
    --------
    >>> row_list([4]), row_list(range(2, 24))
    ('row 4', 'rows 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 12 more')
    """
    numbers = [int(row) for row in rows]
    text = ", ".join(str(number) for number in numbers[:LISTED_ROWS])
    more = len(numbers) - LISTED_ROWS
    return f"row{'s' if len(numbers) != 1 else ''} {text}{f' and {more} more' if more > 0 else ''}"


def grid_from_rows(
    rows: Sequence[Sequence[Any]], where: str, *, notes: tuple[str, ...] = (), separator: str = ""
) -> Grid:
    """Find the header, drop empty rows and columns at the edges, and refuse a broken rectangle.

    Parameters
    ----------
    rows : sequence of sequences
        Every row of the file from its first, empty ones included.
    where : str
        File, and sheet, for refusals.
    notes : tuple of str
        Notes so far.
    separator : str
        Of a text file.

    Returns
    -------
    Grid

    Raises
    ------
    FileRefused
        ``file_empty``, ``no_rows`` (header only), ``one_row``, ``no_header``, ``title_row``,
        ``ragged_rows`` and ``empty_rows``, with the rows concerned.
    """
    top = next((place for place, row in enumerate(rows) if not _blank(row)), None)
    if top is None:
        raise refuse(FileRefused, "file_empty", "the table is empty", where=where, mend=ONE_ROW)
    bottom = len(rows)
    while _blank(rows[bottom - 1]):
        bottom -= 1
    written = [_name(cell) for cell in rows[top]]
    names = [name.strip() for name in written]
    padded = sum(name != stripped for name, stripped in zip(written, names, strict=True))
    if padded:
        notes += (f"white space around {padded} column name{'s' * (padded > 1)} left out",)
    while names and not names[-1]:
        names.pop()
    body = rows[top + 1 : bottom]
    first_row = top + 2
    problems = [*_header_problems(rows[top], names, body, top + 1)]
    if not problems:
        problems = [*_shape_problems(body, len(names), first_row)]
    if problems:
        raise FileRefused(
            Problem(found.code, found.what, f"{where}, {found.where}", found.mend)
            for found in problems
        )
    columns = tuple(zip(*body, strict=False)) if body else ()
    return without_nameless(
        Grid(tuple(names), columns[: len(names)], first_row, notes, separator), where
    )


def without_nameless(grid: Grid, where: str) -> Grid:
    """Drop columns with neither a name nor a value, and refuse a table of fewer than two rows.

    Parameters
    ----------
    grid : Grid
        A table as read.
    where : str
        File, and sheet, for refusals.

    Returns
    -------
    Grid
        With a note of how many columns were left out, where any were. A column without a name that
        holds a value stays.

    Raises
    ------
    FileRefused
        ``no_rows`` (also without any column) or ``one_row``.
    """
    require_rows(len(grid.columns[0]) if grid.columns else 0, where)
    kept = [
        place for place, name in enumerate(grid.names) if name or not _blank(grid.columns[place])
    ]
    dropped = len(grid.names) - len(kept)
    notes = grid.notes
    if dropped:
        notes += (f"{dropped} empty column{'s' * (dropped > 1)} without a name left out",)
    return Grid(
        tuple(grid.names[place] for place in kept),
        tuple(grid.columns[place] for place in kept),
        grid.first_row,
        notes,
        grid.separator,
    )


def require_rows(rows: int, where: str) -> None:
    """Refuse a table without patients, or with only one.

    Parameters
    ----------
    rows : int
        Patient rows, 0 or more, the header not counted.
    where : str
        File, sheet or data frame, for the refusal.

    Raises
    ------
    FileRefused
        ``no_rows`` or ``one_row``.
    """
    if rows == 0:
        raise refuse(
            FileRefused,
            "no_rows",
            "there is a header but no patient below it",
            where=where,
            mend=ONE_ROW,
        )
    if rows == 1:
        raise refuse(
            FileRefused, "one_row", "there is only one patient row", where=where, mend=ONE_ROW
        )


def _header_problems(
    header: Sequence[Any], names: list[str], body: Sequence[Sequence[Any]], row: int
) -> Iterable[Problem]:
    filled = [name for name in names if name]
    widest = max((sum(1 for cell in line if not _empty(cell)) for line in body[:20]), default=0)
    if len(filled) == 1 and widest > 1:
        yield Problem(
            "title_row",
            "the first row holds one cell only: a title, not the names of the columns",
            f"row {row}",
            "delete everything above the row of column names",
        )
    elif filled and all(_is_number(cell) for cell in header if not _empty(cell)):
        yield Problem(
            "no_header",
            "the first row holds numbers, not the names of the columns",
            f"row {row}",
            "put a row of column names on top",
        )


def _shape_problems(body: Sequence[Sequence[Any]], width: int, first_row: int) -> Iterable[Problem]:
    empty: list[int] = []
    ragged: list[int] = []
    for place, row in enumerate(body):
        if (not row or _empty(row[0])) and _blank(row):
            empty.append(place + first_row)
        elif len(row) != width and (len(row) < width or not _blank(row[width:])):
            ragged.append(place + first_row)
    if ragged:
        yield Problem(
            "ragged_rows",
            f"{len(ragged)} row{'s have' if len(ragged) > 1 else ' has'} more or fewer cells than "
            f"the {width} column names",
            row_list(ragged),
            "look for a separator inside a text, a missing separator, or a file cut short",
        )
    if empty:
        yield Problem(
            "empty_rows",
            "empty rows inside the table",
            row_list(empty),
            "delete them, and anything below the last patient (sums, legends)",
        )


def _blank(cells: Iterable[Any]) -> bool:
    return all(_empty(cell) for cell in cells)


def _empty(cell: Any) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())


def _is_number(cell: Any) -> bool:
    if isinstance(cell, int | float):
        return not isinstance(cell, bool)
    try:
        float(str(cell).replace(",", "."))
    except ValueError:
        return False
    return True


def _name(cell: Any) -> str:
    """Header cell as text; a whole number without the ``.0`` that workbooks give it."""
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)
