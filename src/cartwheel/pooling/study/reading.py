"""Read a study table: like a cohort's, but one study is enough, and rows are studies."""

from __future__ import annotations

import csv
import io
import os
from pathlib import Path
from typing import Any

import pandas as pd
from python_calamine import CalamineError, CalamineWorkbook

from cartwheel.canonical import sha256
from cartwheel.clinic.reading import RawTable, read_table, table_from_frame
from cartwheel.errors import FileRefused, Problem

_WORDS = (
    ("one header row, then one row a patient, and at least two patients", "one header row, then "
     "one row a study and outcome"),
    ("below the last patient", "below the last study"),
    ("there is a header but no patient below it", "there is a header but no study below it"),
)  # fmt: skip


def read_study_table(source: str | os.PathLike[str] | Any, *, sheet: str | None) -> RawTable:
    """Read a table of studies from a file, or take over a frame.

    Parameters
    ----------
    source : path or frame
        CSV, workbook or any other table that a cohort can be read from; or a data frame.
    sheet : str, optional
        Of a workbook.

    Returns
    -------
    RawTable
        With one row or more.

    Raises
    ------
    FileRefused
        As ``clinic.reading.read_table``, but one row is enough.
    """
    path = isinstance(source, str | os.PathLike)
    try:
        return read_table(source, sheet=sheet) if path else table_from_frame(source, "studies")
    except FileRefused as error:
        if [problem.code for problem in error.problems] == ["one_row"]:
            single = _single_file(Path(source), sheet) if path else _single_frame(source)
            if single is not None:
                return single
        raise FileRefused(_about_studies(problem) for problem in error.problems) from None


def _about_studies(problem: Problem) -> Problem:
    what, mend = problem.what, problem.mend
    for patient, study in _WORDS:
        what, mend = what.replace(patient, study), mend.replace(patient, study)
    return Problem(problem.code, what, problem.where, mend)


def _single_frame(source: Any) -> RawTable | None:
    frame = source if isinstance(source, pd.DataFrame) else None
    if frame is None and hasattr(source, "to_pandas"):
        frame = source.to_pandas()
    if frame is None:
        return None
    frame = frame.reset_index(drop=True)
    frame.columns = pd.Index([str(column) for column in frame.columns], dtype=object)
    return RawTable(frame, 0, "studies", sha256(frame.to_csv(index=False)), "frame")


def _single_file(path: Path, sheet: str | None) -> RawTable | None:
    """Read a table of one row, which the reader of cohorts refuses."""
    data = path.read_bytes()
    if path.suffix.lower() in (".csv", ".tsv", ".tab", ".txt", ".dat"):
        rows = _text_rows(data)
    elif path.suffix.lower() in (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods"):
        rows = _sheet_rows(data, sheet)
    else:
        return None
    filled = [(place, row) for place, row in enumerate(rows, 1) if any(map(_there, row))]
    if len(filled) != 2:
        return None
    (_, names), (number, cells) = filled
    frame = pd.DataFrame([[*cells, *[""] * len(names)][: len(names)]], dtype=object)
    frame.columns = pd.Index([str(name).strip() for name in names], dtype=object)
    return RawTable(frame, number, path.name, sha256(data), "text table")


def _there(cell: Any) -> bool:
    return cell is not None and str(cell).strip() != ""


def _text_rows(data: bytes) -> list[list[Any]]:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = data.decode("utf-16", "replace")
    else:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = data.decode("cp1252", "replace")
    best: list[list[Any]] = []
    for separator in (",", ";", "\t", "|"):
        rows: list[list[Any]] = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
        filled = [row for row in rows if any(map(_there, row))]
        alike = len({len(row) for row in filled}) == 1
        if alike and (not best or len(filled[0]) > max(map(len, best))):
            best = rows
    return best


def _sheet_rows(data: bytes, sheet: str | None) -> list[list[Any]]:
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        names = [sheet] if sheet in book.sheet_names else book.sheet_names
        for name in names:
            rows: list[list[Any]] = book.get_sheet_by_name(str(name)).to_python(
                skip_empty_area=False
            )
            if any(_there(cell) for row in rows for cell in row):
                return rows
    except CalamineError:
        pass
    return []
