"""The cells of a chart file as text, without loading a table library for CSV files."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from cartwheel.clinic.delimited import read_delimited
from cartwheel.clinic.grid import Grid
from cartwheel.errors import FileRefused, Problem, refuse

_TEXT = (".csv", ".tsv", ".tab", ".txt", ".dat")
_WORKBOOKS = (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods")


@dataclass(frozen=True, slots=True)
class ChartTable:
    """Cells as text.

    Parameters
    ----------
    name : str
        File name.
    data : bytes
        The file.
    names : tuple of str
        Columns as written.
    rows : tuple of tuple of str
        Trimmed; a blank cell is empty.
    first_row : int
        Number of the first row as the user sees it.
    notes : tuple of str
        What was done in reading.
    """

    name: str
    data: bytes
    names: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    first_row: int
    notes: tuple[str, ...]


def read_chart_table(file: Path, sheet: str | int | None) -> ChartTable:
    """Read the cells of a chart file.

    Parameters
    ----------
    file : Path
        CSV, workbook, or another kind that `cartwheel.clinic.reading` knows.
    sheet : str, int or None
        Of a workbook.

    Returns
    -------
    ChartTable

    Raises
    ------
    FileRefused
        ``file_missing``, and what the readers refuse; ``one_row`` for a chart of a single row.
    """
    suffix = file.suffix.lower()
    try:
        data = file.read_bytes()
    except OSError as error:
        code = "file_missing" if isinstance(error, FileNotFoundError) else "file_unreadable"
        what = "there is no such file" if code == "file_missing" else "it cannot be read"
        raise refuse(
            FileRefused, code, what, where=file.name, mend="check the name and the folder"
        ) from None
    if not data.strip():
        raise refuse(FileRefused, "file_empty", "the file is empty", where=file.name)
    try:
        grid = _grid(file, data, suffix, sheet)
    except FileRefused as refused:
        raise FileRefused([_for_charts(problem) for problem in refused.problems]) from None
    rows = tuple(tuple(map(_text, row)) for row in zip(*grid.columns, strict=True))
    return ChartTable(file.name, data, grid.names, rows, grid.first_row, grid.notes)


def _for_charts(problem: Problem) -> Problem:
    if problem.code != "one_row":
        return problem
    return Problem(
        problem.code,
        "the chart has one row only",
        problem.where,
        "grade one chart with --set or --patient F.json",
    )


def _grid(file: Path, data: bytes, suffix: str, sheet: str | int | None) -> Grid:
    if suffix in _TEXT and not data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        return read_delimited(data, file.name)
    if suffix in _WORKBOOKS:
        # the reader of workbooks is loaded for workbooks only
        from cartwheel.clinic.workbook import read_workbook  # noqa: PLC0415

        return read_workbook(data, file.name, suffix, sheet)
    # all other kinds need a library of tables
    from cartwheel.clinic.reading import read_table  # noqa: PLC0415

    raw = read_table(file, sheet=sheet)
    columns = tuple(raw.frame.iloc[:, at].tolist() for at in range(raw.frame.shape[1]))
    return Grid(tuple(map(str, raw.frame.columns)), columns, raw.first_row, raw.notes)


def _text(cell: Any) -> str:
    """Write a cell as the text that a person would type."""
    if cell is None or (isinstance(cell, float) and cell != cell):  # noqa: PLR0124
        return ""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.isoformat(timespec="minutes")
    return cell.isoformat() if isinstance(cell, date) else str(cell).strip()
