"""Cells that hold several numbers, as papers print them, divided into the table's columns."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from cartwheel.errors import FileRefused
from cartwheel.pooling.study.headers import Headers, read_headers
from cartwheel.pooling.study.printed import PrintedInterval, Unread, read_interval, read_number
from cartwheel.serve.evidence.table import TypedRow, TypedTable

_P = re.compile(
    r"[\s,;]*[\[(]?\s*\bp\s*(?:-?\s*value)?\s*(?P<p>[<>=≤≥]\s*0?[.,·]\d+|[<>=≤≥]\s*[01])\s*[\])]?\s*$",
    re.I,
)
# role -> header of a column that has to be added for it
_NAMES = {"low": "low", "high": "high", "p": "p", "level": "CI level"}


@dataclass(frozen=True, slots=True)
class Divided:
    """A table whose cells hold one thing each.

    Parameters
    ----------
    table : TypedTable
        Columns that had to be added are the last.
    changed : mapping of str to mapping of int to str
        Key of a row to the cells that were written anew.
    headers : Headers or None
        What the columns are; None where two say the same.
    """

    table: TypedTable
    changed: Mapping[str, Mapping[int, str]]
    headers: Headers | None


def divided(table: TypedTable) -> Divided:
    """Divide cells such as ``1.85 (1.20-2.85), p=0.005`` into estimate, limits and p.

    Parameters
    ----------
    table : TypedTable
        As typed.

    Returns
    -------
    Divided
        What cannot be read stays as it is, and is refused by the reading of the table. A cell is
        never divided over one in which something stands.
    """
    names = list(dict.fromkeys(table.columns))
    try:
        headers = read_headers(table.columns, where="table", said={})
    except FileRefused:
        return Divided(table, {}, None)
    if len(names) < len(table.columns):
        return Divided(table, {}, headers)
    told = {row.key: _parts(row, headers) for row in table.filled}
    wanted = {role for parts in told.values() for role in parts}
    places = dict(headers.places)
    columns = list(table.columns)
    for role, name in _NAMES.items():
        if role in wanted and role not in places:
            places[role] = len(columns)
            columns.append(name)
    changed: dict[str, dict[int, str]] = {}
    rows = []
    for row in table.rows:
        cells = [*row.cells, *[""] * (len(columns) - len(row.cells))]
        for role, text in told.get(row.key, {}).items():
            cells[places[role]] = text
            changed.setdefault(row.key, {})[places[role]] = text
        rows.append(TypedRow(row.key, tuple(cells)))
    made = TypedTable(tuple(columns), tuple(rows))
    if len(columns) > len(table.columns):
        headers = read_headers(columns, where="table", said={})
    return Divided(made, changed, headers)


def _parts(row: TypedRow, headers: Headers) -> dict[str, str]:
    """Role to text, of what one cell holds beside its own."""
    found: dict[str, str] = {}
    role = next((name for name in ("estimate", "both", "interval") if name in headers.places), None)
    if role is None:
        return found
    cell = row.cells[headers.places[role]]
    match = _P.search(cell)
    if match is not None and not _filled(row, headers, "p"):
        cell = cell[: match.start()].strip()
        found = {role: cell, "p": match["p"].removeprefix("=").strip()}
    if role != "estimate" or not cell or _filled(row, headers, "low", "high", "interval"):
        return found
    interval = read_interval(cell)
    if not isinstance(read_number(cell), Unread) or isinstance(interval, Unread):
        return found
    return {**found, **_numbers(interval)}


def _numbers(read: PrintedInterval) -> dict[str, str]:
    if read.estimate is None:
        return {}
    found = {"estimate": read.estimate.text, "low": read.low.text, "high": read.high.text}
    if read.level is not None:
        found["level"] = f"{100.0 * read.level:g}"
    return found


def _filled(row: TypedRow, headers: Headers, *roles: str) -> bool:
    return any(row.cells[headers.places[role]] for role in roles if role in headers.places)
