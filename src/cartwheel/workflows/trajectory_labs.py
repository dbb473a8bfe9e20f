"""Course of a marker by group, from dated results in long form: one row a value."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from cartwheel.clinic.columns import find_column, text_column
from cartwheel.clinic.reading import RawTable, read_table
from cartwheel.errors import CohortRefused, Problem, refuse
from cartwheel.landmarking.cohort import PATIENT_NAMES, told_by_name
from cartwheel.landmarking.courses import MarkerCourse
from cartwheel.landmarking.labs import LabsWanted, lab_columns, read_courses
from cartwheel.landmarking.plan import LabColumns, LandmarkMarker
from cartwheel.workflows.trajectory import (
    SMALLEST_GROUP,
    DaySpread,
    GroupCourse,
    Trajectory,
    groups_of,
    likely_floor,
)


@dataclass(frozen=True, slots=True)
class LabFile:
    """How a laboratory file is read.

    Parameters
    ----------
    path : path
        One row a result: patient, analyte, day, value, unit.
    columns : LabColumns, optional
        Those that are told; the others are found by their names.
    same_moment : "refuse", "mean" or "last_row"
        What is done about different values at one moment.
    days : sequence of int
        Whole days to be drawn; by default every day with a value.
    """

    path: str | os.PathLike[str]
    columns: LabColumns | None = None
    same_moment: Literal["refuse", "mean", "last_row"] = "refuse"
    days: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Grouped:
    """Where the groups of patients are told.

    Parameters
    ----------
    path : path, optional
        One row a patient; by default all patients of the laboratory file are one group.
    by : str, optional
        Column of the groups.
    patient : str, optional
        Column of the patient; by default found by its name.
    sheet : str or int, optional
        Of a workbook.
    """

    path: str | os.PathLike[str] | None = None
    by: str | None = None
    patient: str | None = None
    sheet: str | int | None = None


def lab_trajectory(
    labs: LabFile, analyte: str, grouped: Grouped | None = None, *, share: bool = False
) -> Trajectory:
    """Summarise one analyte of a laboratory file by whole day and group.

    Parameters
    ----------
    labs : LabFile
        The results.
    analyte : str
        Name in the dictionary or a synonym, or as the file writes it.
    grouped : Grouped, optional
        The groups of the patients.
    share : bool
        Withhold groups, and days of a group, with fewer than 5 patients.

    Returns
    -------
    Trajectory
        Day d holds the values from d to just before d + 1 days after infusion; of several values
        of a patient on a day the last counts, and the others are counted.

    Raises
    ------
    FileRefused
        A file cannot be read.
    CohortRefused
        What `landmarking.labs.read_courses` refuses; ``patient_twice``; ``no_patient_in_common``;
        ``no_trajectory`` where fewer than two days have a value.
    """
    grouped = grouped or Grouped()
    table = read_table(labs.path)
    names, groups = _patients(table, labs, grouped)
    marker = LandmarkMarker(analyte=analyte)
    columns = labs.columns or LabColumns()
    wanted = LabsWanted((marker,), (float("inf"),), columns, labs.same_moment)
    found = read_courses(table, wanted, names)
    course = found.courses[0]
    if not course.value.size:
        raise refuse(
            CohortRefused,
            "no_patient_in_common",
            f"no result of '{analyte[:40]}' is of a patient of the cohort",
            where="--labs",
            mend="write patients the same way in both files, or name their columns: --id, "
            "--lab-patient",
        )
    values = _ByDay.of(course, labs.days)
    days = np.unique(values.day)
    if days.size < 2:
        raise refuse(
            CohortRefused,
            "no_trajectory",
            f"'{analyte[:40]}' has values on {days.size} days, and a course needs two",
            where="--trajectory",
            mend="name another analyte, or other --days",
        )
    floor, at_floor = likely_floor(values.value)
    known = sorted({str(one) for one in groups if one is not None})
    paths = [Path(path).name.lower() for path in (labs.path, grouped.path) if path is not None]
    return Trajectory(
        name=analyte,
        label=course.label,
        unit=course.unit,
        by=grouped.by or "",
        groups=tuple(_course(one, values, groups == one, share=share) for one in known),
        ungrouped=sum(one is None for one in groups),
        floor=floor,
        at_floor=at_floor,
        values=int(values.value.size),
        positive=bool(values.value.min() >= 0.0),
        shared=share,
        simulated=any("simulated" in one for one in paths),
        earlier=values.earlier,
        limits=(course.below_limit, course.above_limit),
    )


def _patients(
    table: RawTable, labs: LabFile, grouped: Grouped
) -> tuple[tuple[str, ...], NDArray[np.object_]]:
    """Names of the patients, sorted, and the group of each."""
    if grouped.path is None:
        if grouped.by is not None:
            raise refuse(
                CohortRefused,
                "groups_missing",
                "a laboratory file has no groups of patients",
                where="--by",
                mend="name the file that has them, one row a patient: --cohort FILE",
            )
        column = text_column(table, lab_columns(table, labs.columns or LabColumns()).patient)
        every = sorted({str(one) for one in column if one is not None})
        return tuple(every), np.full(len(every), "", dtype=object)
    cohort = read_table(grouped.path, sheet=grouped.sheet)
    groups = groups_of(cohort, grouped.by)
    named = grouped.patient or told_by_name(cohort, PATIENT_NAMES, "--id COLUMN", "patient")
    problems = find_column(cohort, named)[1]
    if problems:
        raise CohortRefused(tuple(problems))
    texts = text_column(cohort, named)
    rows = [at for at, one in enumerate(texts) if one is not None]
    names = [str(texts[at]) for at in rows]
    twice = len(names) - len(set(names))
    if twice:
        what = f"{twice} rows name a patient who has a row already"
        where = f"column '{named[:40]}'"
        raise CohortRefused((Problem("patient_twice", what, where, "keep one row a patient"),))
    order = sorted(range(len(names)), key=names.__getitem__)
    return tuple(names[at] for at in order), np.array([groups[rows[at]] for at in order], object)


@dataclass(frozen=True, slots=True, eq=False)
class _ByDay:
    """One value a patient and whole day.

    Parameters
    ----------
    patient, day, value : arrays (k,)
        By patient and day.
    earlier : int
        Values left out because a later one of the same day counts.
    """

    patient: NDArray[np.int64]
    day: NDArray[np.float64]
    value: NDArray[np.float64]
    earlier: int

    @classmethod
    def of(cls, course: MarkerCourse, days: Sequence[int]) -> _ByDay:
        whole = np.floor(course.day)
        kept = np.isin(whole, list(days)) if days else np.ones(whole.size, dtype=bool)
        patient, day, value = course.patient[kept], whole[kept], course.value[kept]
        # ordered by patient and moment: the last of a day stands before another day or patient
        last = np.ones(day.size, dtype=bool)
        last[:-1] = (np.diff(patient) != 0) | (np.diff(day) != 0)
        return cls(patient[last], day[last], value[last], int((~last).sum()))


def _course(group: str, values: _ByDay, rows: NDArray[np.bool_], *, share: bool) -> GroupCourse:
    patients = int(rows.sum())
    if share and patients < SMALLEST_GROUP:
        return GroupCourse(group, patients, (), withheld=True)
    return GroupCourse(group, patients, tuple(_spreads(values, rows, share=share)))


def _spreads(values: _ByDay, rows: NDArray[np.bool_], *, share: bool) -> Iterator[DaySpread]:
    inside = rows[values.patient]
    for day in np.unique(values.day):
        seen = values.value[inside & (values.day == day)]
        n = int(seen.size)
        if not n:
            continue
        if share and n < SMALLEST_GROUP:
            yield DaySpread(float(day), n, None, None, None, 0, 0, withheld=True)
            continue
        lower, median, upper = (float(one) for one in np.quantile(seen, [0.25, 0.5, 0.75]))
        yield DaySpread(float(day), n, lower, median, upper, 0, 0)
