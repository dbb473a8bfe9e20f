"""Charts that are wrong in one place: the place is named, and nothing is guessed."""

from __future__ import annotations

from pathlib import Path

import pytest

from cartwheel.clinic.chart import ChartOptions
from cartwheel.clinic.naming import read_column_name
from cartwheel.clinic.response import confirmed, imwg_response
from cartwheel.errors import CohortRefused, Problem
from cartwheel.workflows.grade_charts import GradedCharts, grade_charts
from cartwheel.workflows.grade_summary import patient_courses


def written(folder: Path, *rows: str) -> Path:
    file = folder / "chart.csv"
    file.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return file


def refused(
    file: Path, rule: str, options: ChartOptions | None = None, *, by_day: bool = False
) -> tuple[Problem, ...]:
    with pytest.raises(CohortRefused) as caught:
        grade_charts(file, rule, options=options, by_day=by_day)
    return caught.value.problems


def test_wide_counts_name_the_row_that_is_wrong(tmp_path: Path) -> None:
    file = written(tmp_path, "patient,day,neutrophils", "A,1,1", "A,2,-2", 'A,3,"1,234"', "A,4,-1")
    found = refused(file, "icaht-early", ChartOptions(units={"neutrophils": "10*9/L"}))
    places = {problem.code: problem.where for problem in found}
    assert places["negative"] == "neutrophils, rows 3, 5"
    assert any("row 4" in problem.where and "1,234" in problem.what for problem in found)


def test_long_counts_name_the_row_that_is_wrong(tmp_path: Path) -> None:
    file = written(
        tmp_path, "patient,day,variable,value,unit",
        "A,1,platelets,90,10*9/L", "A,2,platelets,5,mg/dL", "A,3,platelets,-5,10*9/L",
    )  # fmt: skip
    found = refused(file, "t-icaht-early")
    assert sorted(problem.where for problem in found) == ["platelets, row 3", "platelets, row 4"]


def test_by_day_names_the_row_that_is_wrong(tmp_path: Path) -> None:
    file = written(
        tmp_path, "patient,day,temp_cel,vasopressors", "A,0,37,none", "A,1,38.5,none",
        "A,2,38.5,moonshine",
    )  # fmt: skip
    (problem,) = refused(file, "astct-crs", by_day=True)
    assert problem.where == "vasopressors, row 4"


def test_two_values_of_one_hour_name_both_rows(tmp_path: Path) -> None:
    file = written(
        tmp_path, "patient,time,infusion,variable,value,unit",
        "A,2026-01-03 10:15,2026-01-01,temperature,38.5,Cel",
        "A,2026-01-03 10:45,2026-01-01,temperature,39,Cel",
        "A,2026-01-03 10:50,2026-01-01,hypotension,no,",
    )  # fmt: skip
    (problem,) = refused(file, "astct-crs")
    assert (problem.code, problem.where) == ("two_values", "temperature, rows 2, 3")


@pytest.mark.parametrize("column", ["day", "death_day"])
@pytest.mark.parametrize("day", ["36526", "1000000000000", "-99999"])
def test_a_day_that_cannot_be_is_refused(tmp_path: Path, column: str, day: str) -> None:
    # such a day was counted through, day by day, until the memory was full
    cells = f"A,{day},2,38" if column == "day" else f"A,2,{day},38"
    file = written(tmp_path, "patient,day,death_day,temp_cel", cells, "B,1,,38")
    (problem,) = refused(file, "astct-crs")
    assert (problem.code, problem.where) == ("day_impossible", "row 2")


def test_a_first_day_that_cannot_be_is_refused(tmp_path: Path) -> None:
    file = written(tmp_path, "patient,day,crs_grade", "A,0,1", "A,1,2")
    graded = grade_charts(file, "astct-crs")
    with pytest.raises(CohortRefused, match="--begins"):
        patient_courses(graded, "astct-crs", begins=-1000000000)


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("temp_f", "[degF]"), ("temp_degf", "[degF]"), ("temperature (F)", "[degF]"),
        ("Temp °F", "[degF]"), ("temp_deg_f", "[degF]"), ("temp_c", "Cel"), ("temp_cel", "Cel"),
    ],
)  # fmt: skip
def test_degrees_in_the_name_of_a_column(tmp_path: Path, name: str, unit: str) -> None:
    assert (read_column_name(name).variable, read_column_name(name).unit) == ("temperature", unit)
    hot, cold = ("100.4", "100.3") if unit == "[degF]" else ("38.0", "37.9")
    file = written(tmp_path, f"patient,day,{name}", f"A,1,{hot}", f"B,1,{cold}")
    lowest = [_lowest(grade_charts(file, "astct-crs"), at) for at in (0, 1)]
    assert lowest == [1, 0]


def _lowest(graded: GradedCharts, at: int) -> int:
    grade = graded.patients[at].rows[0].grade
    assert grade is not None
    assert not isinstance(grade, int)
    return grade.lowest


def test_degree_letters_are_degrees_behind_a_temperature_only() -> None:
    assert read_column_name("ferritin_f").variable is None
    assert read_column_name("protein_c").unit is None


def test_a_unit_for_a_column_that_is_not_read(tmp_path: Path) -> None:
    file = written(
        tmp_path, "patient,day,temp_cel,flow", "A,1,38.5,2", "A,2,38.5,7",
    )  # fmt: skip
    (problem,) = refused(file, "astct-crs", ChartOptions(units={"flow": "L/min"}))
    assert (problem.code, problem.where) == ("unit_unused", "--unit flow")
    options = ChartOptions(mapping={"flow": "oxygen_flow"}, units={"flow": "L/min"})
    # a flow is oxygen: at least low-flow, whatever the device
    assert _lowest(grade_charts(file, "astct-crs", options=options), 0) == 2


MYELOMA: dict[str, object] = {
    "followed_by": "serum", "serum_m_protein": "40 g/L", "serum_m_protein_baseline": "40 g/L",
    "serum_m_protein_nadir": "40 g/L", "urine_m_protein": "50 mg/24h",
    "serum_immunofixation": "positive", "urine_immunofixation": "positive",
    "marrow_plasma_cells": "20 %", "marrow_plasma_cells_nadir": "20 %",
    "plasmacytomas": "none ever", "new_or_larger_lesions": "no",
}  # fmt: skip


def test_progression_is_confirmed_by_progression_only() -> None:
    stable = imwg_response(MYELOMA)
    progressed = imwg_response({**MYELOMA, "new_or_larger_lesions": "yes"})
    assert (stable.grade, progressed.grade) == (5, 6)
    assert confirmed([progressed, progressed]) == (6,)
    assert confirmed([stable, progressed]) == ()
    assert confirmed([progressed, stable, stable]) == ()
    assert confirmed([stable, stable, progressed]) == (5,)
