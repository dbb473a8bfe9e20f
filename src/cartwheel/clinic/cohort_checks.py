"""What is wrong with a cohort in the light of any plan: columns absent, patients doubled."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches

import numpy as np

from cartwheel.clinic.columns import missing_cells
from cartwheel.clinic.reading import RawTable
from cartwheel.errors import Problem


def absent_names(table: RawTable, wanted: Mapping[str, str]) -> list[Problem]:
    """Find names that are not columns of the cohort, with the nearest column.

    Parameters
    ----------
    table : RawTable
        The cohort.
    wanted : mapping of str to str
        Name to what it is named for.

    Returns
    -------
    list of Problem
        ``column_absent``, or ``duplicate_name`` where several columns have the name.
    """
    there = [str(name) for name in table.frame.columns]
    problems = []
    for name, role in wanted.items():
        if there.count(name) > 1:
            problems.append(
                Problem(
                    "duplicate_name",
                    f"{there.count(name)} columns have this name",
                    f"{role} '{name}'",
                    "give each its own name",
                )
            )
        if name in there:
            continue
        close = get_close_matches(name, there, n=1, cutoff=0.5)
        mend = f"did you mean '{close[0]}'?" if close else "see them with: cartwheel check COHORT"
        problems.append(
            Problem(
                "column_absent", "there is no such column in the cohort", f"{role} '{name}'", mend
            )
        )
    return problems


def doubled_patients(table: RawTable, column: str | None) -> list[Problem]:
    """Find rows that share a patient id; the rows are named, not the id.

    Parameters
    ----------
    table : RawTable
        The cohort.
    column : str or None
        Column of patient ids; nothing is looked at without one.

    Returns
    -------
    list of Problem
        Empty, or ``duplicate_id`` with at most ten row numbers; missing ids do not repeat.
    """
    if column is None:
        return []
    cells = table.frame[column]
    repeated = cells.duplicated(keep=False).to_numpy() & ~missing_cells(cells)
    rows = np.flatnonzero(repeated) + table.first_row
    if not len(rows):
        return []
    shown = ", ".join(str(row) for row in rows[:10])
    more = f" and {len(rows) - 10} more" if len(rows) > 10 else ""
    return [
        Problem(
            "duplicate_id",
            f"rows {shown}{more} share a patient id with another row",
            f"column '{column}'",
            "keep one row for each patient",
        )
    ]
