"""Workbooks: one visible sheet with data, cells with their types, and error cells found.

The reader library hands an error cell (``#N/A``, ``#DIV/0!``) over as an empty one. An error is
not a missing value, so in .xlsx files they are looked up in the sheet's own XML and put back.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from html import unescape
from typing import Any

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetVisibleEnum

from cartwheel.clinic.dictionary import nearest_names
from cartwheel.clinic.grid import Grid, grid_from_rows
from cartwheel.errors import FileRefused, refuse

# what the zip library raises for a damaged or protected archive
_DAMAGED = (KeyError, zipfile.BadZipFile, zlib.error, RuntimeError, EOFError, OSError)

NEVER_CALCULATED = "#FORMULA!"

_CELL = re.compile(rb"<(?:\w+:)?c\s([^>]*?)(?:/>|>(.*?)</(?:\w+:)?c>)", re.DOTALL)
_PLACE = re.compile(rb'\br="([A-Z]+)(\d+)"')
_ERROR = re.compile(rb'\bt="e"')
_TEXT_RESULT = re.compile(rb'\bt="str"')
_VALUE = re.compile(rb"<(?:\w+:)?v(?:\s[^>]*)?>([^<]*)</")
_FORMULA = re.compile(rb"<(?:\w+:)?f[\s>/]")
_ATTRIBUTE = re.compile(r'([\w:]+)="([^"]*)"')


def read_workbook(data: bytes, where: str, suffix: str, sheet: str | int | None) -> Grid:
    """Read one sheet of an Excel or OpenDocument workbook.

    Parameters
    ----------
    data : bytes
        The file.
    where : str
        File name, for refusals.
    suffix : str
        Such as ``.xlsx``.
    sheet : str, int or None
        Name, or number from 1. None where only one visible sheet holds anything.

    Returns
    -------
    Grid
        Cells are text, floats, booleans, dates or times; error cells are their own text.

    Raises
    ------
    FileRefused
        ``workbook_unreadable``, ``which_sheet``, ``sheet_unknown``, ``file_empty``, and what
        `grid_from_rows` refuses.
    """
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        chosen = _choose(book, where, sheet)
        rows: list[list[Any]] = chosen.to_python(skip_empty_area=False)
    except CalamineError:
        raise refuse(
            FileRefused,
            "workbook_unreadable",
            "the workbook cannot be opened",
            where=where,
            mend="it may be protected by a password or damaged: save it again as .xlsx",
        ) from None
    notes: tuple[str, ...] = ()
    if len(book.sheet_names) > 1:
        notes += (f"sheet '{chosen.name}'",)
    if suffix not in (".xlsx", ".xlsm") or not _put_errors_back(rows, data, chosen.name):
        notes += (
            f"error cells such as #N/A look like empty ones in this {suffix} file; "
            "save it as .xlsx from a spreadsheet program to have them found",
        )
    notes += _merged(chosen)
    return grid_from_rows(rows, f"{where}, sheet '{chosen.name}'", notes=notes)


def _choose(book: CalamineWorkbook, where: str, sheet: str | int | None) -> CalamineSheet:
    names = list(book.sheet_names)
    if isinstance(sheet, int) and not 1 <= sheet <= len(names):
        sheet = str(sheet)
    if isinstance(sheet, int):
        return book.get_sheet_by_index(sheet - 1)
    if sheet is not None:
        if sheet in names:
            return book.get_sheet_by_name(sheet)
        if sheet.isdecimal() and 1 <= int(sheet) <= len(names):
            return book.get_sheet_by_index(int(sheet) - 1)
        raise refuse(
            FileRefused,
            "sheet_unknown",
            f"there is no sheet '{sheet}'",
            where=where,
            mend=nearest_names(sheet, names),
        )
    visible = [
        entry.name for entry in book.sheets_metadata if entry.visible == SheetVisibleEnum.Visible
    ]
    filled = [name for name in visible if _holds_anything(book.get_sheet_by_name(name))]
    if not filled:
        raise refuse(FileRefused, "file_empty", "no sheet holds anything", where=where)
    if len(filled) > 1:
        raise refuse(
            FileRefused,
            "which_sheet",
            f"{len(filled)} sheets hold data: {', '.join(filled)}",
            where=where,
            mend=f"name one: --sheet '{filled[0]}'",
        )
    return book.get_sheet_by_name(filled[0])


def _holds_anything(sheet: CalamineSheet) -> bool:
    return any(cell not in ("", None) for row in sheet.to_python() for cell in row)


def _merged(sheet: CalamineSheet) -> tuple[str, ...]:
    ranges = sheet.merged_cell_ranges or []
    if not ranges:
        return ()
    rows = sorted({start[0] + 1 for start, _ in ranges})
    shown = ", ".join(str(row) for row in rows[:10])
    return (
        f"{len(ranges)} merged cell{'s' if len(ranges) > 1 else ''} (from row {shown}): only the "
        "first cell of each holds the value, the others read as missing",
    )


def _put_errors_back(rows: list[list[Any]], data: bytes, sheet: str) -> bool:
    """Write error texts into the empty cells they were read as; False where they are not found."""
    xml = _sheet_xml(data, sheet)
    for row, column, text in _faulty_cells(xml):
        if row < len(rows) and column < len(rows[row]) and rows[row][column] in ("", None):
            rows[row][column] = text
    return bool(xml)


def _faulty_cells(xml: bytes) -> Iterator[tuple[int, int, str]]:
    """Places (from 0) of error cells, and of formulas that no program ever calculated."""
    if b't="e"' not in xml and b"<f" not in xml and b":f" not in xml:
        return
    for cell in _CELL.finditer(xml):
        attributes, content = cell[1], cell[2] or b""
        place = _PLACE.search(attributes)
        if place is None:
            continue
        value = _VALUE.search(content)
        text = value[1].decode("utf-8", "replace").strip() if value else ""
        if _ERROR.search(attributes):
            yield int(place[2]) - 1, _column_number(place[1]), text or "#ERROR!"
        elif not text and _FORMULA.search(content) and not _TEXT_RESULT.search(attributes):
            yield int(place[2]) - 1, _column_number(place[1]), NEVER_CALCULATED


def _sheet_xml(data: bytes, sheet: str) -> bytes:
    """XML of one sheet of an .xlsx file; empty where the parts cannot be followed."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as parts:
            book = parts.read("xl/workbook.xml").decode("utf-8", "replace")
            links = parts.read("xl/_rels/workbook.xml.rels").decode("utf-8", "replace")
            target = _sheet_target(book, links, sheet)
            return parts.read(target) if target else b""
    except _DAMAGED:
        return b""


def _sheet_target(book: str, links: str, sheet: str) -> str | None:
    link = None
    for tag in re.findall(r"<(?:\w+:)?sheet\s([^>]*)>", book):
        attributes = dict(_ATTRIBUTE.findall(tag))
        if unescape(attributes.get("name", "")) == sheet:
            link = next((value for key, value in attributes.items() if key.endswith(":id")), None)
    for tag in re.findall(r"<(?:\w+:)?Relationship\s([^>]*)>", links):
        attributes = dict(_ATTRIBUTE.findall(tag))
        if attributes.get("Id") == link:
            target = attributes.get("Target", "")
            return target.removeprefix("/") if target.startswith("/") else f"xl/{target}"
    return None


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + (letter - 64)
    return number - 1
