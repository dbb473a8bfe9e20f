"""Course of a marker by group: median and quartiles on each day, from the columns of a cohort."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cartwheel.clinic.columns import (
    ColumnDeclaration,
    NumericColumn,
    find_column,
    numeric_column,
    text_column,
)
from cartwheel.clinic.dictionary import nearest_names
from cartwheel.clinic.reading import RawTable, read_table
from cartwheel.errors import CohortRefused, Problem

SMALLEST_GROUP = 5
# from this share of values at the smallest one it is told as a likely detection limit
_AT_FLOOR = 0.1
_DAY = re.compile(r"(?P<stem>.+?)_day_?(?P<day>\d+(?:\.\d+)?)", re.IGNORECASE)

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class DaySpread:
    """The values of one group on one day.

    Parameters
    ----------
    day : float
        After infusion.
    n : int
        Patients with a value.
    lower, median, upper : float or None
        Quartiles (linear interpolation of order statistics, type 7); None where withheld, or where
        there is no value.
    below_limit, above_limit : int
        Values written ``<x`` or ``>x``; they stand at x.
    withheld : bool
        Too few patients to be shared.
    """

    day: float
    n: int
    lower: float | None
    median: float | None
    upper: float | None
    below_limit: int
    above_limit: int
    withheld: bool = False


@dataclass(frozen=True, slots=True)
class GroupCourse:
    """The course of one group.

    Parameters
    ----------
    group : str
        Its name; empty where all patients are one group.
    patients : int
        In the file.
    days : tuple of DaySpread
        Rising.
    withheld : bool
        Too few patients to be shared; then ``days`` is empty.
    """

    group: str
    patients: int
    days: tuple[DaySpread, ...]
    withheld: bool = False


@dataclass(frozen=True, slots=True)
class Trajectory:
    """A marker over days.

    Parameters
    ----------
    name, label, unit : str
        As the columns are called, as a reader calls it, and unit of the values.
    by : str
        Column of the groups; empty without.
    groups : tuple of GroupCourse
        By name.
    ungrouped : int
        Patients without a group.
    floor : float or None
        Smallest value, where at least a tenth of all values stand at it: a likely detection limit.
    at_floor, values : int
        Values there, and all values.
    positive : bool
        Whether no value is below 0; then the axis can be logarithmic.
    shared : bool
        Whether small groups were withheld.
    simulated : bool
        Whether the file's name says so.
    earlier : int
        Of dated results: values left out because a later one of the same day counts.
    limits : tuple of (int, int), optional
        Of dated results: values of the file written ``<x`` and ``>x``; days do not tell them.
    """

    name: str
    label: str
    unit: str
    by: str
    groups: tuple[GroupCourse, ...]
    ungrouped: int
    floor: float | None
    at_floor: int
    values: int
    positive: bool
    shared: bool
    simulated: bool
    earlier: int = 0
    limits: tuple[int, int] | None = None


def trajectory(
    path: str | os.PathLike[str],
    name: str,
    by: str | None = None,
    *,
    share: bool = False,
    sheet: str | int | None = None,
) -> Trajectory:
    """Summarise the columns ``NAME_dayN`` of a cohort by day and group.

    Parameters
    ----------
    path : path
        One row a patient.
    name : str
        What stands before ``_dayN`` in the names of the columns, such as ``il6_pg_ml``.
    by : str, optional
        Column of the groups.
    share : bool
        Withhold groups, and days of a group, with fewer than 5 patients.
    sheet : str or int, optional
        Of a workbook.

    Returns
    -------
    Trajectory

    Raises
    ------
    FileRefused
        The file cannot be read.
    CohortRefused
        ``no_trajectory`` where fewer than two days are found (with the nearest names),
        ``column_missing``, ``too_many_groups``, and what stands in cells that are no numbers.
    """
    table = read_table(path, sheet=sheet)
    columns = _columns(table, name)
    groups = groups_of(table, by)
    told = [value for column in columns for value in column.values[np.isfinite(column.values)]]
    values = np.asarray(told, dtype=np.float64)
    floor, at_floor = likely_floor(values)
    known = np.array([one is not None for one in groups], dtype=bool)
    names = sorted({str(one) for one in groups if one is not None})
    return Trajectory(
        name=name,
        label=columns[0].label,
        unit=columns[0].unit,
        by=by or "",
        groups=tuple(_course(one, columns, groups == one, share=share) for one in names),
        ungrouped=int((~known).sum()),
        floor=floor,
        at_floor=at_floor,
        values=int(values.size),
        positive=bool(values.size and values.min() >= 0.0),
        shared=share,
        simulated="simulated" in Path(path).name.lower(),
    )


def likely_floor(values: Floats) -> tuple[float | None, int]:
    """Find a likely limit of detection: the smallest value, where many stand at it.

    Parameters
    ----------
    values : float array (n,)
        Finite.

    Returns
    -------
    tuple of (float or None, int)
        None where fewer than a tenth of all values, or fewer than two, are the smallest; how many
        are.
    """
    lowest = float(values.min()) if values.size else 0.0
    at_floor = int((values == lowest).sum())
    return (lowest if at_floor >= max(2, _AT_FLOOR * values.size) else None), at_floor


def _columns(table: RawTable, name: str) -> list[NumericColumn]:
    """Columns of the days, read as numbers, by day."""
    names = [str(one) for one in table.frame.columns]
    found = {
        float(match["day"]): one
        for one in names
        if (match := _DAY.fullmatch(one)) and match["stem"] == name
    }
    if len(found) < 2:
        stems = sorted({match["stem"] for one in names if (match := _DAY.fullmatch(one))})
        raise CohortRefused(
            (
                Problem(
                    "no_trajectory",
                    f"{len(found)} columns are called '{name[:40]}_dayN', and a course needs two",
                    "--trajectory",
                    nearest_names(name, stems) or "name what stands before _dayN",
                ),
            )
        )
    columns, problems = list[NumericColumn](), list[Problem]()
    for _, one in sorted(found.items()):
        column, more = numeric_column(table, ColumnDeclaration(one))
        problems += more
        if column is not None:
            columns.append(column)
    if problems:
        raise CohortRefused(tuple(problems))
    return columns


def groups_of(table: RawTable, by: str | None) -> NDArray[np.object_]:
    """Read the groups of patients.

    Parameters
    ----------
    table : RawTable
        One row a patient.
    by : str, optional
        Column; without it all patients are one group of no name.

    Returns
    -------
    object array (n,)
        Texts; None for a patient without a group.

    Raises
    ------
    CohortRefused
        ``column_missing``, ``too_many_groups``.
    """
    if by is None:
        return np.full(len(table.frame), "", dtype=object)
    problems = find_column(table, by)[1]
    if problems:
        raise CohortRefused(tuple(problems))
    groups = text_column(table, by)
    number = len({one for one in groups if one is not None})
    if number > 7 or number == 0:
        what = f"this column has {number} values, and a figure holds 1 to 7 groups"
        mend = "name a column with few values"
        raise CohortRefused((Problem("too_many_groups", what, f"--by {by[:40]}", mend),))
    return groups


def _course(
    group: str, columns: list[NumericColumn], rows: NDArray[np.bool_], *, share: bool
) -> GroupCourse:
    patients = int(rows.sum())
    if share and patients < SMALLEST_GROUP:
        return GroupCourse(group, patients, (), withheld=True)
    return GroupCourse(group, patients, tuple(_spreads(columns, rows, share=share)))


def _spreads(
    columns: list[NumericColumn], rows: NDArray[np.bool_], *, share: bool
) -> Iterator[DaySpread]:
    for column in columns:
        values = column.values[rows]
        seen = values[np.isfinite(values)]
        match = _DAY.fullmatch(column.column)
        day = float(match["day"]) if match else 0.0
        n = int(seen.size)
        if share and n < SMALLEST_GROUP:
            yield DaySpread(day, n, None, None, None, 0, 0, withheld=True)
            continue
        ends: list[float | None] = [None, None, None]
        if n:
            ends = [float(one) for one in np.quantile(seen, [0.25, 0.5, 0.75])]
        below, above = (int(one[rows].sum()) for one in (column.below_limit, column.above_limit))
        yield DaySpread(day, n, ends[0], ends[1], ends[2], below, above)
