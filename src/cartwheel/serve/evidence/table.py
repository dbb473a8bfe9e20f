"""A table of studies as it stands on the page: cells as typed, pasted or taken from an example."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files

from cartwheel.errors import FileRefused, refuse

COLUMNS = (
    "study", "year", "outcome", "set", "measure", "estimate", "low", "high", "p", "n", "events",
)  # fmt: skip
MOST_ROWS, MOST_COLUMNS, LONGEST_CELL = 200, 60, 2000
_EMPTY_ROWS = 5
_NUMBER = re.compile(r"[<>=≤≥]?\s*[+-−]?\d[\d.,·]*\s*%?")


@dataclass(frozen=True, slots=True)
class TypedRow:
    """One row.

    Parameters
    ----------
    key : str
        Of this row on the page; it stays when others come and go.
    cells : tuple of str
        As typed, one a column.
    """

    key: str
    cells: tuple[str, ...]

    @property
    def is_filled(self) -> bool:
        """Whether anything stands in it."""
        return any(self.cells)


@dataclass(frozen=True, slots=True)
class TypedTable:
    """The table on the page.

    Parameters
    ----------
    columns : tuple of str
        Headers as typed.
    rows : tuple of TypedRow
        Empty ones too.
    """

    columns: tuple[str, ...]
    rows: tuple[TypedRow, ...]

    @property
    def filled(self) -> tuple[TypedRow, ...]:
        """Rows in which anything stands."""
        return tuple(row for row in self.rows if row.is_filled)

    @property
    def csv(self) -> str:
        """The filled rows as a CSV file: row 1 is the header."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows(row.cells for row in self.filled)
        return out.getvalue()

    def widths(self) -> tuple[int, ...]:
        """Give every column room for what stands in it, in characters."""
        return tuple(
            min(26, max(5, len(name) + 1, *(len(row.cells[place]) + 1 for row in self.rows)))
            for place, name in enumerate(self.columns)
        )


def empty_table() -> TypedTable:
    """Begin a table.

    Returns
    -------
    TypedTable
        The usual columns, and a few empty rows.
    """
    return with_rows(TypedTable(COLUMNS, ()), _EMPTY_ROWS)


def table_of_form(form: Mapping[str, Sequence[str]]) -> TypedTable:
    """Read the table from the fields of its form.

    Parameters
    ----------
    form : mapping of str to sequence of str
        ``column`` once a column, ``row`` (a key) once a row, ``cell`` row by row.

    Returns
    -------
    TypedTable

    Raises
    ------
    FileRefused
        ``table_broken``, ``table_too_large``.
    """
    columns = tuple(_plain(name) for name in form.get("column", ()))
    keys, cells = form.get("row", ()), tuple(_plain(cell) for cell in form.get("cell", ()))
    if not columns and not keys and not cells:
        return empty_table()
    _check_size(len(keys), len(columns))
    if len(cells) != len(keys) * len(columns):
        raise refuse(
            FileRefused,
            "table_broken",
            "the table did not come whole",
            where="table",
            mend="load the page again; what was typed is put back",
        )
    wide = len(columns)
    return TypedTable(
        columns,
        tuple(
            TypedRow(re.sub(r"\W", "", key)[:20], cells[place * wide : (place + 1) * wide])
            for place, key in enumerate(keys)
        ),
    )


def table_of_text(text: str) -> TypedTable:
    """Read a whole table from text: a CSV file, or what a spreadsheet copies.

    Parameters
    ----------
    text : str
        The first row holds the headers.

    Returns
    -------
    TypedTable

    Raises
    ------
    FileRefused
        ``table_too_large``.
    """
    rows = rows_of_text(text)
    return _numbered(rows[0], rows[1:]) if rows else empty_table()


def example_table() -> TypedTable:
    """Give the example: effects published of CAR-T cells.

    Returns
    -------
    TypedTable
        ``examples/pool/cart_effects.csv``.
    """
    place = files("cartwheel.serve.evidence") / "example.txt"
    return table_of_text(place.read_text(encoding="utf-8"))


def rows_of_text(text: str) -> list[list[str]]:
    """Divide pasted text into cells: tabs from a spreadsheet or Word, else commas or semicolons.

    Parameters
    ----------
    text : str
        As pasted.

    Returns
    -------
    list of list of str
        Rows in which something stands.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").strip("\n")
    if "\t" in lines:
        mark = "\t"
    else:
        first = lines.partition("\n")[0]
        mark = max(",;", key=first.count)
        if not first.count(mark):
            # one column: a comma further down belongs to a number
            return [[_plain(line)] for line in lines.split("\n") if line.strip()]
    found = [
        [_plain(cell) for cell in row] for row in csv.reader(io.StringIO(lines), delimiter=mark)
    ]
    return [row for row in found if any(row)]


def pasted(table: TypedTable, text: str, at: tuple[str, int] | None = None) -> TypedTable:
    """Put pasted text into the table.

    Parameters
    ----------
    table : TypedTable
        As it stands.
    text : str
        Rows with tabs, commas or semicolons between cells. Where its first row holds headers, its
        columns go where the table has the same, and new ones are added; else the cells go where
        they were pasted.
    at : (str, int), optional
        Key of the row and place of the column where it was pasted.

    Returns
    -------
    TypedTable

    Raises
    ------
    FileRefused
        ``table_too_large``.
    """
    rows = rows_of_text(text)
    if not rows:
        return table
    if holds_headers(rows[0]):
        return _appended(table, rows[0], rows[1:]) if table.filled else table_of_text(text)
    return _put(table, rows, at)


def holds_headers(cells: Sequence[str]) -> bool:
    """Tell whether a row holds the headers of a table.

    Parameters
    ----------
    cells : sequence of str
        Of the first row.

    Returns
    -------
    bool
        Two or more of its cells are names of columns, and none is a number.
    """
    # loads what reads studies: only when something is pasted
    from cartwheel.pooling.study.headers import read_headers  # noqa: PLC0415

    if any(_NUMBER.fullmatch(cell) for cell in cells if cell):
        return False
    try:
        found = read_headers(list(dict.fromkeys(cells)), where="table", said={})
    except FileRefused:
        return True
    return len(found.places) >= min(2, len(cells))


def with_rows(table: TypedTable, more: int) -> TypedTable:
    """Add empty rows.

    Parameters
    ----------
    table : TypedTable
        As it stands.
    more : int
        How many.

    Returns
    -------
    TypedTable

    Raises
    ------
    FileRefused
        ``table_too_large``.
    """
    _check_size(len(table.rows) + more, len(table.columns))
    first = _next(table)
    blank = ("",) * len(table.columns)
    added = (TypedRow(f"r{first + place}", blank) for place in range(more))
    return TypedTable(table.columns, (*table.rows, *added))


def with_column(table: TypedTable, name: str = "") -> TypedTable:
    """Add an empty column.

    Parameters
    ----------
    table : TypedTable
        As it stands.
    name : str
        Its header.

    Returns
    -------
    TypedTable

    Raises
    ------
    FileRefused
        ``table_too_large``.
    """
    _check_size(len(table.rows), len(table.columns) + 1)
    return TypedTable(
        (*table.columns, name), tuple(TypedRow(row.key, (*row.cells, "")) for row in table.rows)
    )


def without_row(table: TypedTable, key: str) -> TypedTable:
    """Take a row away.

    Parameters
    ----------
    table : TypedTable
        As it stands.
    key : str
        Of the row.

    Returns
    -------
    TypedTable
        With one empty row where none is left.
    """
    left = TypedTable(table.columns, tuple(row for row in table.rows if row.key != key))
    return left if left.rows else with_rows(left, 1)


def _plain(text: str) -> str:
    """One line, white space around it left out."""
    return " ".join(text.split())[:LONGEST_CELL]


def _check_size(rows: int, columns: int) -> None:
    if rows > MOST_ROWS or columns > MOST_COLUMNS:
        raise refuse(
            FileRefused,
            "table_too_large",
            f"this table has {rows} rows and {columns} columns; the page takes {MOST_ROWS} rows and"
            f" {MOST_COLUMNS} columns",
            where="table",
            mend="upload it as a file below: the full run takes any number of rows",
        )


def _next(table: TypedTable) -> int:
    used = [int(row.key[1:]) for row in table.rows if re.fullmatch(r"r\d{1,9}", row.key)]
    return max(used, default=0) + 1


def _numbered(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> TypedTable:
    found = list(rows)
    wide = max([len(columns), *map(len, found)], default=len(columns))
    _check_size(len(found), wide)
    made = TypedTable(
        _padded(columns, wide),
        tuple(TypedRow(f"r{place}", _padded(row, wide)) for place, row in enumerate(found, 1)),
    )
    return with_rows(made, 1) if len(found) < MOST_ROWS else made


def _padded(cells: Sequence[str], wide: int) -> tuple[str, ...]:
    return (*cells, *[""] * (wide - len(cells)))[:wide]


def _appended(
    table: TypedTable, columns: Sequence[str], rows: Sequence[Sequence[str]]
) -> TypedTable:
    keys = {name.casefold(): place for place, name in enumerate(table.columns)}
    names = list(table.columns)
    places = []
    for name in columns:
        place = keys.get(name.casefold())
        if place is None:
            place = len(names)
            names.append(name)
        places.append(place)
    _check_size(len(table.filled) + len(rows), len(names))
    kept = [TypedRow(row.key, _padded(row.cells, len(names))) for row in table.filled]
    first = _next(table)
    for number, row in enumerate(rows):
        cells = [""] * len(names)
        for place, cell in zip(places, row, strict=False):
            cells[place] = cell
        kept.append(TypedRow(f"r{first + number}", tuple(cells)))
    made = TypedTable(tuple(names), tuple(kept))
    return with_rows(made, 1) if len(kept) < MOST_ROWS else made


def _put(
    table: TypedTable, rows: Sequence[Sequence[str]], at: tuple[str, int] | None
) -> TypedTable:
    """Write cells from a place on, over what stands there."""
    keys = [row.key for row in table.rows]
    if at is not None and at[0] in keys:
        top, left = keys.index(at[0]), max(0, at[1])
    else:
        top, left = next((i for i, row in enumerate(table.rows) if not row.is_filled), len(keys)), 0
    wide = max(len(table.columns), left + max(map(len, rows)))
    _check_size(max(len(keys), top + len(rows)), wide)
    if (missing := top + len(rows) - len(keys)) > 0:
        table = with_rows(table, missing)
    changed = [list(_padded(row.cells, wide)) for row in table.rows]
    for down, row in enumerate(rows):
        changed[top + down][left : left + len(row)] = row
    return TypedTable(
        _padded(table.columns, wide),
        tuple(
            TypedRow(row.key, tuple(cells)) for row, cells in zip(table.rows, changed, strict=True)
        ),
    )
