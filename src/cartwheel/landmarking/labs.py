"""Dated laboratory results in long form: one row a value, each marker in one unit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from cartwheel.clinic.cells import missing_texts, take_apart
from cartwheel.clinic.columns import (
    ColumnDeclaration,
    NumericColumn,
    find_column,
    numeric_column,
    text_column,
)
from cartwheel.clinic.dictionary import Variable, accepted_units, nearest_names, variables
from cartwheel.clinic.naming import read_column_name
from cartwheel.clinic.reading import RawTable
from cartwheel.errors import CohortRefused, Problem, refuse
from cartwheel.landmarking.cohort import PATIENT_NAMES, told_by_name
from cartwheel.landmarking.courses import MarkerCourse, ordered_course
from cartwheel.landmarking.plan import LabColumns, LandmarkMarker, LandmarkPlan

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
KNOWN = {
    "patient": PATIENT_NAMES,
    "analyte": ("analyte", "test", "lab", "lab_test", "parameter", "marker", "variable"),
    "day": ("day", "day_after_infusion", "days_after_infusion", "day_true", "true_day"),
    "value": ("value", "result", "value_num", "numeric_value"),
    "unit": ("unit", "units", "value_unit", "result_unit"),
}


@dataclass(frozen=True, slots=True)
class LabColumnsFound:
    """Columns of the laboratory file that were read, as written."""

    patient: str
    analyte: str
    day: str
    value: str
    unit: str


@dataclass(frozen=True, slots=True)
class LabsWanted:
    """What is to be read of a laboratory file.

    Parameters
    ----------
    markers : tuple of LandmarkMarker
        In this order.
    max_age_days : tuple of float
        Of each marker; may be infinite.
    columns : LabColumns
        Those that were told.
    same_moment : "refuse", "mean" or "last_row"
        What is done about two values at one moment.
    """

    markers: tuple[LandmarkMarker, ...]
    max_age_days: tuple[float, ...]
    columns: LabColumns
    same_moment: str


@dataclass(frozen=True, slots=True, eq=False)
class LabCourses:
    """The courses of the plan's markers in the patients of the cohort.

    Parameters
    ----------
    columns : LabColumnsFound
        What was read.
    rows : int
        Results in the file.
    rows_of_markers : int
        Of them results of the plan's markers.
    strangers : int
        Of those results of patients who are not in the cohort.
    courses : tuple of MarkerCourse
        In the order of the plan.
    """

    columns: LabColumnsFound
    rows: int
    rows_of_markers: int
    strangers: int
    courses: tuple[MarkerCourse, ...]


def read_labs(table: RawTable, plan: LandmarkPlan, names: tuple[str, ...]) -> LabCourses:
    """Read the dated values of the plan's markers.

    Parameters
    ----------
    table : RawTable
        One row a result: patient, analyte, day, value, unit.
    plan : LandmarkPlan
        Markers, and what is done about two values at one moment.
    names : tuple of str
        Patients of the cohort, sorted.

    Returns
    -------
    LabCourses

    Raises
    ------
    CohortRefused
        What ``read_courses`` refuses; ``no_patient_in_common``.
    """
    ages = tuple(plan.max_age_of(marker) for marker in plan.markers)
    wanted = LabsWanted(plan.markers, ages, plan.labs, plan.same_moment)
    found = read_courses(table, wanted, names)
    if found.strangers == found.rows_of_markers:
        raise refuse(
            CohortRefused,
            "no_patient_in_common",
            f"none of {found.rows_of_markers} results of the markers is of a patient of the cohort",
            where=f"column '{found.columns.patient}'",
            mend="write patients the same way in both files (capitals, blanks, leading zeros), or "
            "name their columns: --id, --lab-patient",
        )
    return found


def read_courses(table: RawTable, wanted: LabsWanted, names: tuple[str, ...]) -> LabCourses:
    """Read dated values of some markers.

    Parameters
    ----------
    table : RawTable
        One row a result: patient, analyte, day, value, unit.
    wanted : LabsWanted
        Markers, columns, and what is done about two values at one moment.
    names : tuple of str
        Patients whose values count, sorted.

    Returns
    -------
    LabCourses

    Raises
    ------
    CohortRefused
        All that was found: ``which_column``, ``column_missing``, ``analyte_unknown`` (with the
        nearest names), ``unit_missing``, ``unit_unknown``, ``unit_not_accepted``,
        ``units_unknown_variable``, ``day_missing``, ``duplicate_time``, ``not_positive`` under a
        logarithm, and what stands in cells that are no numbers.

    Notes
    -----
    A value written ``<x`` stands at x. Rows without a value are counted and left out. Equal values
    at one moment count once; different ones are refused unless the plan says which counts.
    """
    columns = lab_columns(table, wanted.columns)
    analytes = text_column(table, columns.analyte)
    matched, problems = _match(wanted.markers, analytes)
    if problems:
        raise CohortRefused(problems)
    patient = _patients(table, columns.patient, names)
    day, problems = _days(table, columns.day, np.isin(analytes, list(chain.from_iterable(matched))))
    if problems:
        raise CohortRefused(problems)
    units = _units(table, columns.unit)
    courses, faults = [], list[Problem]()
    used = np.zeros(len(analytes), dtype=bool)
    for place, (marker, texts) in enumerate(zip(wanted.markers, matched, strict=True)):
        mask = np.isin(analytes, texts)
        used |= mask
        values, found, missing = _values(table, columns, marker, mask, units)
        faults += missing
        if values is not None:
            course, more = ordered_course(
                found, values.values, mask, (patient, day), wanted.same_moment
            )
            courses.append(_described(course, values, marker, wanted.max_age_days[place]))
            faults += more
    faults += [problem for course in courses for problem in _sign_problems(course)]
    if faults:
        raise CohortRefused(faults)
    strangers = int((used & (patient < 0)).sum())
    return LabCourses(columns, len(analytes), int(used.sum()), strangers, tuple(courses))


def lab_columns(table: RawTable, told: LabColumns) -> LabColumnsFound:
    """Find the columns of a laboratory file.

    Parameters
    ----------
    table : RawTable
        The file.
    told : LabColumns
        Those that were told; the others are found by their names.

    Returns
    -------
    LabColumnsFound

    Raises
    ------
    CohortRefused
        ``column_missing`` and ``which_column``, all at once.
    """
    said = told.model_dump()
    problems = [
        problem for name in said.values() if name for problem in find_column(table, name)[1]
    ]
    if problems:
        raise CohortRefused(problems)
    found: dict[str, str] = {}
    for key, known in KNOWN.items():
        try:
            found[key] = said[key] or told_by_name(table, known, f"--lab-{key} COLUMN", key)
        except CohortRefused as refused:
            problems += refused.problems
    if problems:
        raise CohortRefused(problems)
    return LabColumnsFound(**found)


def marker_variable(name: str) -> Variable | None:
    """Find a marker in the dictionary by its name or a synonym.

    Parameters
    ----------
    name : str
        As the plan or a file writes it.

    Returns
    -------
    Variable or None
    """
    known = variables()
    if name in known:
        return known[name]
    found = read_column_name(name).variable
    return None if found is None else known[found]


def _match(
    markers: Iterable[LandmarkMarker], analytes: NDArray[np.object_]
) -> tuple[list[list[str]], list[Problem]]:
    """Names in the file that mean each marker."""
    present = sorted({str(text) for text in analytes if text is not None})
    means = {text: marker_variable(text) for text in present}
    matched, problems = [], []
    for marker in markers:
        wanted = marker_variable(marker.analyte)
        texts = [
            text
            for text in present
            if text == marker.analyte or (wanted is not None and means[text] is wanted)
        ]
        if not texts:
            what = f"no result of '{marker.analyte[:40]}' is in the laboratory file"
            mend = nearest_names(marker.analyte, present)
            problems.append(Problem("analyte_unknown", what, "--markers", mend))
        matched.append(texts)
    return matched, problems


def _patients(table: RawTable, column: str, names: tuple[str, ...]) -> NDArray[np.int64]:
    place = {name: index for index, name in enumerate(names)}
    texts = text_column(table, column)
    return np.array([-1 if text is None else place.get(text, -1) for text in texts], dtype=np.int64)


def _days(table: RawTable, column: str, wanted: Mask) -> tuple[Floats, list[Problem]]:
    read, problems = numeric_column(
        table, ColumnDeclaration(column, variable="none"), need_unit=False
    )
    if read is None:
        return np.empty(0), list(problems)
    lacking = int((wanted & ~np.isfinite(read.values)).sum())
    if not lacking:
        return read.values, []
    what = f"{lacking} results of the markers have no day"
    mend = "fill the days in, or leave these rows out; a nominal day is not the day"
    return read.values, [Problem("day_missing", what, f"column '{column}'", mend)]


def _units(table: RawTable, column: str) -> NDArray[np.object_]:
    """Unit of each row as text, empty where none is written."""
    cells = take_apart(table.frame[column])
    absent = missing_texts(cells.texts)
    texts = ["" if gone else text for text, gone in zip(cells.texts, absent.tolist(), strict=True)]
    return np.array([*texts, ""], dtype=object)[cells.codes]


def _values(
    table: RawTable,
    columns: LabColumnsFound,
    marker: LandmarkMarker,
    mask: Mask,
    units: NDArray[np.object_],
) -> tuple[NumericColumn | None, str, list[Problem]]:
    """Values of one marker in one unit, on all rows of the file; nan elsewhere."""
    wanted = marker_variable(marker.analyte)
    written = sorted({str(unit) for unit in units[mask]})
    problems = _unit_problems(marker, wanted, written, units[mask])
    if problems:
        return None, "", problems
    whole: NumericColumn | None = None
    for unit in written:
        rows = mask & (units == unit)
        part, more = _in_unit(table, columns.value, wanted, unit, rows)
        problems += [
            replace(problem, where=f"{marker.analyte}, {problem.where}") for problem in more
        ]
        if part is not None:
            whole = part if whole is None else _joined(whole, part, rows)
    label = wanted.label if wanted else marker.analyte
    return (None if problems else whole), label, problems


def _unit_problems(
    marker: LandmarkMarker,
    wanted: Variable | None,
    written: list[str],
    units: NDArray[np.object_],
) -> list[Problem]:
    where = f"marker '{marker.analyte}'"
    bare = int((units == "").sum())
    if bare and not (wanted is not None and wanted.dimensionless):
        accepted = ", ".join(accepted_units(wanted)) if wanted else "the laboratory's own"
        what = f"{bare} of {len(units)} results have no unit"
        mend = f"write the unit beside each of them (accepted: {accepted})"
        return [Problem("unit_missing", what, where, mend)]
    if wanted is None and len(written) > 1:
        what = f"its results are in {len(written)} units: {', '.join(written[:6])}"
        mend = "the dictionary does not know this analyte, so convert the file to one unit first"
        return [Problem("units_unknown_variable", what, where, mend)]
    return []


def _in_unit(
    table: RawTable, column: str, wanted: Variable | None, unit: str, rows: Mask
) -> tuple[NumericColumn | None, tuple[Problem, ...]]:
    # the other rows are blank, not gone, so that a refusal names rows as the user sees them
    frame = table.frame[column].astype(object).where(rows, None).to_frame(column)
    part = replace(table, frame=frame)
    name = "none" if wanted is None else wanted.name
    stated = unit if wanted is not None and not wanted.dimensionless else None
    read, problems = numeric_column(
        part, ColumnDeclaration(column, variable=name, unit=stated), need_unit=stated is not None
    )
    if read is not None and wanted is None:
        read = replace(read, unit=unit)
    return read, problems


def _joined(whole: NumericColumn, part: NumericColumn, rows: Mask) -> NumericColumn:
    """Add the rows that are written in another unit; both are in the canonical one."""
    rules = [rule for rule in (whole.rule, part.rule) if rule]
    return replace(
        whole,
        values=np.where(rows, part.values, whole.values),
        below_limit=whole.below_limit | part.below_limit,
        above_limit=whole.above_limit | part.above_limit,
        rule="; ".join(rules),
    )


def _described(
    course: MarkerCourse, values: NumericColumn, marker: LandmarkMarker, max_age_days: float
) -> MarkerCourse:
    return replace(
        course,
        analyte=marker.analyte,
        unit=values.unit,
        transform=marker.transform,
        max_age_days=max_age_days,
        below_limit=int(values.below_limit.sum()),
        above_limit=int(values.above_limit.sum()),
        rule=values.rule,
    )


def _sign_problems(course: MarkerCourse) -> Iterable[Problem]:
    lowest: Mapping[str, float] = {"log2": np.nextafter(0.0, 1.0), "sqrt": 0.0}
    if course.transform not in lowest:
        return
    bad = int((course.value < lowest[course.transform]).sum())
    if bad:
        yield Problem(
            "not_positive",
            f"{bad} values have no {course.transform}",
            f"marker '{course.analyte}'",
            f"correct them, or take another transform: --transform {course.analyte}=none",
        )
