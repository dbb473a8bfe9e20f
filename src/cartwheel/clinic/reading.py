"""Read a table from a file or a frame: raw cells, numbered as the user sees them."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import narwhals as nw
import pandas as pd

from cartwheel.canonical import sha256
from cartwheel.clinic.delimited import read_delimited
from cartwheel.clinic.grid import ONE_ROW, Grid, require_rows, without_nameless
from cartwheel.clinic.workbook import read_workbook
from cartwheel.errors import CohortRefused, FileRefused, Refused, refuse

TEXT_FILES = (".csv", ".tsv", ".tab", ".txt", ".dat")
WORKBOOKS = (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods")
KINDS = {
    **dict.fromkeys(TEXT_FILES, "text table"),
    **dict.fromkeys(WORKBOOKS, "workbook"),
    ".sav": "SPSS",
    ".zsav": "SPSS",
    ".por": "SPSS",
    ".dta": "Stata",
    ".sas7bdat": "SAS",
    ".xpt": "SAS",
    ".parquet": "Parquet",
}


@dataclass(frozen=True, slots=True)
class RawTable:
    """Cells as they were written, before anything is made of them.

    Parameters
    ----------
    frame : DataFrame
        Index 0 to n - 1; columns named as written (names may repeat). Cells of text files are
        text; of other files text, numbers, booleans or dates.
    first_row : int
        Row number of the first patient as the user sees it: 2 under a header in row 1, 1 in
        programs that show names apart, 0 for a frame (as in ``frame.iloc``).
    name : str
        File name without its folder.
    sha256 : str
        Of the file's bytes, or of a frame's content.
    kind : str
        ``text table``, ``workbook``, ``SPSS``, ``Stata``, ``SAS``, ``Parquet`` or ``frame``.
    notes : tuple of str
        What was done in reading.
    separator : str
        Of a text table; else empty.
    """

    frame: pd.DataFrame
    first_row: int
    name: str
    sha256: str
    kind: str
    notes: tuple[str, ...] = ()
    separator: str = ""


def read_table(path: str | os.PathLike[str], *, sheet: str | int | None = None) -> RawTable:
    """Read a table from a file.

    Parameters
    ----------
    path : path
        CSV (comma, semicolon, tab or bar), Excel or OpenDocument workbook, SPSS, Stata, SAS or
        Parquet, told by the ending of the name.
    sheet : str, int or None
        Of a workbook: name, or number from 1. Needed where several sheets hold data.

    Returns
    -------
    RawTable

    Raises
    ------
    FileRefused
        ``file_missing``, ``file_is_folder``, ``file_empty``, ``file_kind``, ``file_unreadable``,
        ``library_missing`` (SPSS, SAS and Parquet need ``cartwheel[files]``), ``which_sheet``,
        ``sheet_unknown``, ``no_rows``, ``one_row``, and for broken tables ``title_row``,
        ``no_header``, ``ragged_rows``, ``empty_rows``, ``quotes``, ``not_text``.
    """
    file = Path(path)
    suffix = file.suffix.lower()
    data = _bytes(file)
    if suffix not in KINDS:
        raise refuse(
            FileRefused,
            "file_kind",
            f"'{suffix or file.name}' is not a kind of table that cartwheel reads",
            where=file.name,
            mend="save it as one of: " + ", ".join(KINDS),
        )
    kind = KINDS[suffix]
    if kind == "text table":
        _refuse_disguise(data, file.name)
        grid = read_delimited(data, file.name)
    elif kind == "workbook":
        grid = read_workbook(data, file.name, suffix, sheet)
    else:
        grid = _statistics_file(file, suffix)
    return RawTable(
        frame=_frame(grid),
        first_row=grid.first_row,
        name=file.name,
        sha256=sha256(data),
        kind=kind,
        notes=grid.notes,
        separator=grid.separator,
    )


def table_from_frame(frame_any: Any, name: str = "frame") -> RawTable:
    """Take over a data frame: pandas, polars, or any other that narwhals knows.

    Parameters
    ----------
    frame_any : frame
        One row a patient. It is copied, never changed.
    name : str
        For messages and provenance.

    Returns
    -------
    RawTable
        Rows are counted from 0, as in ``frame.iloc``.

    Raises
    ------
    CohortRefused
        ``not_a_frame``.
    FileRefused
        ``no_rows`` or ``one_row``.
    """
    if isinstance(frame_any, pd.DataFrame):
        frame = frame_any.copy()
    else:
        try:
            frame = nw.from_native(frame_any, eager_only=True).to_pandas()
        except TypeError:
            raise refuse(
                CohortRefused,
                "not_a_frame",
                f"a {type(frame_any).__name__} is neither a path nor a data frame",
                where=name,
                mend="give a path, or a pandas or polars data frame",
            ) from None
    require_rows(len(frame), name)
    frame = frame.reset_index(drop=True)
    frame.columns = pd.Index([str(column) for column in frame.columns], dtype=object)
    content = frame.to_csv(index=False, lineterminator="\n")
    return RawTable(frame, 0, name, sha256(content), "frame")


def _bytes(file: Path) -> bytes:
    if file.is_dir():
        raise refuse(
            FileRefused, "file_is_folder", "this is a folder", where=str(file), mend="name a file"
        )
    try:
        data = file.read_bytes()
    except FileNotFoundError:
        raise refuse(
            FileRefused,
            "file_missing",
            "there is no such file",
            where=str(file),
            mend="check the name and the folder",
        ) from None
    except OSError as error:
        reason = error.strerror or "it cannot be opened"
        raise refuse(FileRefused, "file_unreadable", reason, where=str(file)) from None
    if not data.strip():
        raise refuse(FileRefused, "file_empty", "the file is empty", where=file.name, mend=ONE_ROW)
    return data


def _refuse_disguise(data: bytes, where: str) -> None:
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise refuse(
            FileRefused,
            "not_text",
            "this is a workbook under the name of a text table",
            where=where,
            mend="give it the ending .xlsx (or .xls)",
        )


def _frame(grid: Grid) -> pd.DataFrame:
    """Put columns side by side under their own names, repeated names included."""
    # text goes into pandas' own text type, which holds a million cells in a few megabytes
    kind: Any = str if grid.separator else None
    columns = [_series(cells, kind) for cells in grid.columns]
    frame = pd.DataFrame(dict(enumerate(columns)))
    frame.columns = pd.Index(grid.names, dtype=object)
    return frame


def _series(cells: Sequence[Any], kind: Any) -> pd.Series:
    if isinstance(cells, pd.Series):
        return cells.reset_index(drop=True)
    return pd.Series(list(cells), dtype=kind or object)


def _statistics_file(file: Path, suffix: str) -> Grid:
    """Read SPSS, Stata, SAS and Parquet files: codes as stored, labels not put in their place."""
    read, library = _READERS[suffix]
    if find_spec(library) is None:
        raise refuse(
            FileRefused,
            "library_missing",
            f"reading {KINDS[suffix]} files needs {library}",
            where=file.name,
            mend="pip install 'cartwheel[files]'",
        )
    try:
        frame, notes = read(file)
    except Refused:
        raise
    # these libraries raise a dozen kinds of their own for a damaged file
    except Exception as error:
        raise refuse(
            FileRefused,
            "file_unreadable",
            f"this is not a readable {KINDS[suffix]} file ({type(error).__name__})",
            where=file.name,
            mend="save it again, or export it as CSV",
        ) from None
    names = tuple(str(name) for name in frame.columns)
    columns: tuple[Any, ...] = tuple(frame.iloc[:, place] for place in range(len(names)))
    return without_nameless(Grid(names, columns, 1, notes), file.name)


def _read_spss(file: Path) -> tuple[pd.DataFrame, tuple[str, ...]]:
    pyreadstat = import_module("pyreadstat")  # an optional library
    reader = pyreadstat.read_por if file.suffix.lower() == ".por" else pyreadstat.read_sav
    frame, about = reader(str(file))
    return frame, _about_labels(bool(about.variable_value_labels))


def _read_sas(file: Path) -> tuple[pd.DataFrame, tuple[str, ...]]:
    pyreadstat = import_module("pyreadstat")
    reader = pyreadstat.read_xport if file.suffix.lower() == ".xpt" else pyreadstat.read_sas7bdat
    frame, _ = reader(str(file))
    return frame, ()


def _read_stata(file: Path) -> tuple[pd.DataFrame, tuple[str, ...]]:
    opened: Any = pd.read_stata(file, convert_categoricals=False, iterator=True)
    with opened as reader:
        frame = reader.read()
        labelled = bool(reader.value_labels())
    return frame, _about_labels(labelled)


def _read_parquet(file: Path) -> tuple[pd.DataFrame, tuple[str, ...]]:
    return pd.read_parquet(file, engine="pyarrow"), ()


def _about_labels(labelled: bool) -> tuple[str, ...]:
    return ("value labels are not put in place of the codes",) if labelled else ()


_Reader = Callable[[Path], tuple[pd.DataFrame, tuple[str, ...]]]
_READERS: dict[str, tuple[_Reader, str]] = {
    ".sav": (_read_spss, "pyreadstat"),
    ".zsav": (_read_spss, "pyreadstat"),
    ".por": (_read_spss, "pyreadstat"),
    ".dta": (_read_stata, "pandas"),
    ".sas7bdat": (_read_sas, "pyreadstat"),
    ".xpt": (_read_sas, "pyreadstat"),
    ".parquet": (_read_parquet, "pyarrow"),
}
