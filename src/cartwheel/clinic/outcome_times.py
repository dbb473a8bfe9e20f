"""The times of an outcome: their unit, the column itself, and the days on which events began."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cartwheel.clinic.columns import ColumnDeclaration, NumericColumn, numeric_column
from cartwheel.clinic.naming import read_column_name
from cartwheel.clinic.outcome import negative_rows
from cartwheel.clinic.plan_parts import DAYS_PER
from cartwheel.clinic.reading import RawTable
from cartwheel.errors import Problem

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


def unit_of_time(column: str | None, said: str | None) -> str | None:
    """Unit of a time column: as declared, else as its name says ("pfs_months"), else None.

    Parameters
    ----------
    column : str or None
        Its name; None where there is none.
    said : str or None
        What the plan says.

    Returns
    -------
    str or None
        ``days``, ``weeks``, ``months`` or ``years``.
    """
    if said is not None or column is None:
        return said
    unit = read_column_name(column).unit
    return unit if unit in DAYS_PER else None


def unit_contradicted(column: str, said: str | None) -> bool:
    """Say whether the name of the time column says another unit than the plan.

    Parameters
    ----------
    column : str
        Its name.
    said : str or None
        What the plan says.

    Returns
    -------
    bool
        False where one of the two says nothing.
    """
    named = read_column_name(column).unit
    return named in DAYS_PER and said not in (None, named)


def read_times(
    table: RawTable, column: str, unit: str | None
) -> tuple[Floats, tuple[Problem, ...]]:
    """Read the column of times from day 0 to event or last contact.

    Parameters
    ----------
    table : RawTable
        The cohort.
    column : str
        Its name.
    unit : str or None
        As the plan has it.

    Returns
    -------
    time : float array (N,)
        nan where missing, and throughout where the column could not be read.
    problems : tuple of Problem
        What `numeric_column` finds, ``time_unit_contradicted`` where the cells carry another unit,
        ``negative_time``.
    """
    read, found = numeric_column(table, ColumnDeclaration(column), need_unit=False)
    problems = list(found)
    time = np.full(len(table.frame), np.nan) if read is None else read.values
    problems += _cells_contradict(read, unit)
    rows = negative_rows(time, table.first_row)
    if rows:
        problems.append(
            Problem(
                "negative_time",
                f"times below zero in rows {rows}",
                f"column '{column}'",
                "correct them: time runs from day 0 to event or last contact",
            )
        )
    return time, tuple(problems)


def _cells_contradict(column: NumericColumn | None, unit: str | None) -> list[Problem]:
    """Find times whose cells carry another unit than the plan."""
    if column is None or column.source_unit not in DAYS_PER or column.source_unit == unit:
        return []
    return [
        Problem(
            "time_unit_contradicted",
            f"the cells say {column.source_unit}, the plan {unit}",
            f"column '{column.column}'",
            "correct one of the two",
        )
    ]


def read_onset(
    table: RawTable, column: str, event: Floats, kept: Mask
) -> tuple[Floats, tuple[Problem, ...]]:
    """Read the days on which events began; a patient with the event needs one.

    Parameters
    ----------
    table : RawTable
        The cohort.
    column : str
        Its name.
    event : float array (N,)
        1 event, 0 none, nan not known.
    kept : bool array (N,)
        Patients who are looked at.

    Returns
    -------
    day : float array (N,)
        nan where there is none, and throughout where the column could not be read.
    problems : tuple of Problem
        What `numeric_column` finds, or ``onset_missing``.
    """
    read, problems = numeric_column(table, ColumnDeclaration(column), need_unit=False)
    if read is None:
        return np.full(len(event), np.nan), problems
    lacking = kept & (event == 1) & ~np.isfinite(read.values)
    if lacking.any():
        rows = np.flatnonzero(lacking) + table.first_row
        shown = ", ".join(str(row) for row in rows[:10])
        problems = (
            *problems,
            Problem(
                "onset_missing",
                f"{len(rows)} patients with the event have no onset day (rows {shown}"
                f"{' and more' if len(rows) > 10 else ''})",
                f"column '{column}'",
                "fill it in, or exclude these patients in the plan and say why",
            ),
        )
    return read.values, problems


def from_landmark(time: Floats, landmark_day: float | None, unit: str) -> Floats:
    """Count time from the landmark where there is one.

    Parameters
    ----------
    time : float array (N,)
        From day 0.
    landmark_day : float or None
        The landmark.
    unit : str
        Of the times.

    Returns
    -------
    float array (N,)
        Negative where follow-up ended before the landmark.
    """
    return time if landmark_day is None else time - landmark_day / DAYS_PER[unit]
