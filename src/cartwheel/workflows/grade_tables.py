"""The user's own files of a graded chart: one row a patient, or one row a grade."""

from __future__ import annotations

from collections.abc import Iterator

from cartwheel.clinic.grading import DAILY_RULES
from cartwheel.clinic.toxicity.assessment import Grade
from cartwheel.clinic.toxicity.course import spell_of
from cartwheel.provenance import named_simulated
from cartwheel.workflows.grade_charts import GradedCharts, GradedRow
from cartwheel.workflows.grade_summary import PatientCourse, patient_courses

PATIENT_COLUMNS = (
    "patient", "rule", "maximum", "maximum_lowest", "maximum_highest", "maximum_day",
    *(f"{name}_grade{at_least}" for at_least in (1, 2, 3)
      for name in ("onset_day", "days", "last_day")),
    "first_day", "last_observed_day", "missing_days", "death_day", "simulated",
)  # fmt: skip
ROW_COLUMNS = (
    "rows", "patient", "day", "rule", "version", "grade", "lowest", "highest", "deciding",
    "missing", "warnings", "simulated",
)  # fmt: skip


def patient_rows(graded: GradedCharts, begins: int = 0) -> Iterator[dict[str, str]]:
    """Lay out the worst grade, onset and duration of every patient.

    Parameters
    ----------
    graded : GradedCharts
        The graded file.
    begins : int
        First day of observation.

    Yields
    ------
    dict of str to str
        By `PATIENT_COLUMNS`; for rules that grade days only. A number that missing days leave open
        is blank; its limits are not.
    """
    for rule in graded.rules:
        if rule.id in DAILY_RULES:
            for one in patient_courses(graded, rule.id, begins):
                yield _patient(one) | _simulated(graded)


def _patient(one: PatientCourse) -> dict[str, str]:
    cells: dict[str, object] = dict.fromkeys(PATIENT_COLUMNS)
    cells.update(patient=one.patient, rule=one.rule, death_day=one.death_day)
    course = one.course
    if course is not None:
        cells.update(
            maximum=course.maximum,
            maximum_lowest=course.maximum_lowest,
            maximum_highest=course.maximum_highest,
            maximum_day=course.maximum_day,
            first_day=course.first,
            last_observed_day=course.last,
            missing_days=" ".join(map(str, course.missing)),
        )
        for at_least in (1, 2, 3):
            spell = spell_of(course, at_least)
            reached = {"onset_day": spell.onset, "days": spell.days, "last_day": spell.last_day}
            cells.update({f"{name}_grade{at_least}": day for name, day in reached.items()})
    return _text(cells)


def graded_rows(graded: GradedCharts) -> Iterator[dict[str, str]]:
    """Lay out every grade.

    Parameters
    ----------
    graded : GradedCharts
        The graded file.

    Yields
    ------
    dict of str to str
        By `ROW_COLUMNS`; blank grades where nothing was observed.
    """
    for one in graded.patients:
        version = next(rule.version for rule in graded.rules if rule.id == one.rule)
        for row in one.rows:
            cells: dict[str, object] = dict.fromkeys(ROW_COLUMNS)
            cells.update(patient=one.patient, rule=one.rule, day=row.day, version=version)
            cells.update(_grade(row))
            yield _text(cells) | _simulated(graded)


def _simulated(graded: GradedCharts) -> dict[str, str]:
    return {"simulated": "yes" if named_simulated(graded.charts.name) else ""}


def _grade(row: GradedRow) -> dict[str, object]:
    rows = f"{row.rows[0]}-{row.rows[-1]}" if len(row.rows) > 1 else str(row.rows[0])
    found = row.grade
    if isinstance(found, Grade):
        return {
            "rows": rows,
            "grade": found.grade,
            "lowest": found.lowest,
            "highest": found.highest,
            "deciding": "; ".join(map(str, found.deciding)),
            "missing": "; ".join(found.missing),
            "warnings": "; ".join(found.warnings),
        }
    words = "as given in the file" if found is not None else ""
    return {"rows": rows, "grade": found, "lowest": found, "highest": found, "deciding": words}


def _text(cells: dict[str, object]) -> dict[str, str]:
    return {name: "" if cell is None else str(cell) for name, cell in cells.items()}
