"""Check a spreadsheet: read it, say what every column is, list everything that is wrong."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

from cartwheel.clinic.checking import CheckReport, check_table
from cartwheel.clinic.columns import ColumnDeclaration
from cartwheel.clinic.reading import read_table, table_from_frame


def check(
    source: Any,
    *,
    declarations: Iterable[ColumnDeclaration] = (),
    sheet: str | int | None = None,
    id_column: str | None = None,
) -> CheckReport:
    """Say what a cohort's columns are, and list everything that is wrong with them.

    Parameters
    ----------
    source : path or data frame
        CSV, Excel, SPSS, Stata, SAS or Parquet file; or a pandas, polars or other data frame.
    declarations : iterable of ColumnDeclaration
        Variable, unit, day, coding and decimal mark of columns whose names do not say.
    sheet : str, int or None
        Of a workbook.
    id_column : str, optional
        Column of patient ids.

    Returns
    -------
    CheckReport
        Columns, problems with their rows, and notes. It holds no patient's row.

    Raises
    ------
    FileRefused
        The file cannot be read as a table of patients.
    CohortRefused
        `source` is neither a path nor a data frame.
    """
    if isinstance(source, str | os.PathLike):
        table = read_table(source, sheet=sheet)
    else:
        table = table_from_frame(source)
    return check_table(table, declarations, id_column=id_column)
