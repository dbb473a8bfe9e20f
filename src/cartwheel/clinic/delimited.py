"""Text tables: encoding and separator are found from the bytes, and said where they are unusual."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable

from cartwheel.clinic.grid import Grid, grid_from_rows
from cartwheel.errors import FileRefused, Refused, refuse

_SEPARATORS = (",", ";", "\t", "|")
_SAMPLE_ROWS = 50
_HINT = re.compile(r'"?sep=([,;\t|])"?\r?\n', re.IGNORECASE)  # a line that Excel reads and hides
_MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)


def read_delimited(data: bytes, where: str) -> Grid:
    """Read a text table; every cell stays the text that was written.

    Parameters
    ----------
    data : bytes
        The file.
    where : str
        File name, for refusals.

    Returns
    -------
    Grid

    Raises
    ------
    FileRefused
        ``not_text`` for a workbook or other binary file under a text name, ``quotes`` for an
        unbalanced quotation mark, and what `grid_from_rows` refuses.

    Notes
    -----
    UTF-8 with or without byte-order mark, UTF-16 with one; what is neither is read as Windows-1252
    (or, failing that, Latin-1), and a note says so. The separator (comma, semicolon, tab or bar)
    is the one that divides the header and the rows below it most alike.
    """
    text, notes = _decode(data, where)
    hint = _HINT.match(text)
    separator = hint[1] if hint else _separator(text)
    text = text[hint.end() :] if hint else text
    if separator != ",":
        name = {";": "semicolons", "\t": "tabs", "|": "bars"}[separator]
        notes += (f"columns are separated by {name}",)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        rows = list(map(tuple, reader))  # tuples of text leave the garbage collector's rounds
    except csv.Error:
        raise refuse(
            FileRefused,
            "quotes",
            f"the file cannot be divided into cells from line {reader.line_num} on",
            where=where,
            mend="look for a quotation mark that is opened and never closed",
        ) from None
    return grid_from_rows(rows, where, notes=notes, separator=separator)


def _decode(data: bytes, where: str) -> tuple[str, tuple[str, ...]]:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _text(data, encoding, where), ()
    if b"\x00" in data:
        raise _not_text(where)
    try:
        return data.decode("utf-8"), ()
    except UnicodeDecodeError:
        pass
    try:
        return data.decode("cp1252"), ("read as Windows-1252: the file is not UTF-8",)
    except UnicodeDecodeError:
        return data.decode("latin-1"), ("read as Latin-1: the file is not UTF-8",)


def _text(data: bytes, encoding: str, where: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        raise _not_text(where) from None


def _not_text(where: str) -> Refused:
    return refuse(
        FileRefused,
        "not_text",
        "this is not a text table",
        where=where,
        mend="save it as CSV (UTF-8), or give the workbook its own name (.xlsx)",
    )


def _separator(text: str) -> str:
    """Choose the separator under which most rows have as many cells as the header."""
    sample = io.StringIO(text[:200_000], newline="")
    lines = [line for line, _ in zip(sample, range(_SAMPLE_ROWS), strict=False)]
    best, best_merit = ",", (0.0, 0)
    for separator in _SEPARATORS:
        counts = _cell_counts(lines, separator)
        if not counts or counts[0] < 2:
            continue
        alike = Counter(counts)[counts[0]] / len(counts)
        merit = (round(alike, 2), counts[0])
        if merit > best_merit:
            best, best_merit = separator, merit
    return best


def _cell_counts(lines: Iterable[str], separator: str) -> list[int]:
    try:
        rows = [row for row in csv.reader(lines, delimiter=separator) if any(row)]
    except csv.Error:
        return []
    return [len(row) for row in rows]
