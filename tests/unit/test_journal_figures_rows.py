"""Figures of the user's own rows: swimmer, alluvial, course of a marker."""

import csv
import io

import pandas as pd
import pytest
from reference_data import BESIDE, not_carried

from cartwheel.cli.figures_run import Wanted, run_figures
from cartwheel.clinic.chart import ChartOptions
from cartwheel.errors import CohortRefused, PlanRefused
from cartwheel.figures.alluvial import alluvial_rows, alluvial_words, days_of, draw_alluvial, flows
from cartwheel.figures.data import csv_text
from cartwheel.figures.journal import SMALLEST_PT, _crowding, file_bytes, fitted
from cartwheel.figures.swimmer import draw_swimmer, in_order, swimmer_rows, swimmer_words
from cartwheel.figures.trajectories import draw_trajectory, trajectory_rows, trajectory_words
from cartwheel.workflows.daily_grades import daily_grades
from cartwheel.workflows.trajectory import trajectory
from cartwheel.workflows.trajectory_labs import Grouped, LabFile, lab_trajectory

GIVEN = {"crs_grade": "astct-crs", "icans_grade": "astct-icans"}
CRS = ChartOptions(mapping={"crs_grade": "astct-crs"})
CHART = """patient,day,crs_grade,icans_grade,toci,steroids
MRN-1,0,0,0,0,0
MRN-1,1,2,,1,0
MRN-1,2,1,0,0,
MRN-2,0,0,0,0,0
MRN-2,1,0,1,no,yes
MRN-2,2,3,4,0,1
MRN-3,0,0,0,0,0
MRN-3,1,0,0,0,0
"""


def chart(tmp_path, text=CHART, name="chart.csv"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def read(tmp_path, text=CHART):
    treatments = {"toci": "tocilizumab", "steroids": "steroids"}
    options = ChartOptions(mapping=GIVEN)
    return daily_grades(chart(tmp_path, text), tuple(GIVEN.values()), treatments, options)


def real():
    path = BESIDE / "data" / "cart" / "nulisa_daily_grades.csv"
    if not path.is_file():
        not_carried(path.name)
    return path


def test_days_grades_and_treatments_of_a_small_chart(tmp_path):
    found = read(tmp_path)
    assert (found.first, found.last, len(found.patients)) == (0, 2, 3)
    first, second, third = found.patients
    assert first.grades["astct-crs"] == {0: 0, 1: 2, 2: 1}
    assert first.grades["astct-icans"] == {0: 0, 2: 0}
    assert first.treated == {"tocilizumab": (1,)}
    assert second.treated == {"steroids": (1, 2)}
    assert third.grades["astct-crs"] == {0: 0, 1: 0}
    assert [one.worst("astct-crs") for one in in_order(found)] == [3, 2, 0]


def test_a_blank_day_is_not_grade_0(tmp_path):
    rows = list(alluvial_rows(read(tmp_path), (0, 1, 2)))
    day_2 = {
        row["grade"]: row["patients"] for row in rows if row["what"] == "day" and row["day"] == 2
    }
    assert day_2 == {"grade 3": 1, "grade 1": 1, "not observed": 1}


def test_flows_count_every_patient_once_between_two_days(tmp_path):
    found = read(tmp_path)
    for _, _, moved in flows(found, (0, 1, 2)):
        assert sum(moved.values()) == 3
    assert dict(next(flows(found, (1, 2)))[2]) == {(2, 1): 1, (0, 3): 1, (0, -2): 1}


def test_no_patient_is_named_on_a_figure_or_in_its_data(tmp_path):
    found = read(tmp_path)
    days = days_of(found)
    told = [
        swimmer_words(found), alluvial_words(found, days), csv_text(swimmer_rows(found)),
        csv_text(alluvial_rows(found, days)),
        *(file_bytes(fitted(one).figure, "svg").decode()
          for one in (draw_swimmer(found), draw_alluvial(found, days))),
    ]  # fmt: skip
    assert not any("MRN" in text for text in told)


def test_treatments_are_yes_or_no(tmp_path):
    with pytest.raises(CohortRefused, match=r"1 cells are neither yes nor no \(rows 3\)"):
        read(tmp_path, CHART.replace("MRN-1,1,2,,1,0", "MRN-1,1,2,,8 mg/kg,0"))
    with pytest.raises(CohortRefused, match="no column has this name"):
        daily_grades(chart(tmp_path), ("astct-crs",), {"x": "x"}, CRS)


def test_days_outside_the_chart_are_refused(tmp_path):
    found = read(tmp_path)
    assert days_of(found, (2, 0)) == (0, 2)
    for days in ((0,), (0, 3)):
        with pytest.raises(PlanRefused, match="two days or more from 0 to 2"):
            days_of(found, days)


@pytest.mark.parametrize("width", ["single", "double"])
def test_real_grades_fit_either_width(width):
    treatments = {"toci": "tocilizumab", "steroids": "steroids", "anakinra": "anakinra"}
    options = ChartOptions(mapping=GIVEN, runs=True)
    found = daily_grades(real(), tuple(GIVEN.values()), treatments, options)
    assert len(found.patients) == 80
    for one in (draw_swimmer(found), draw_alluvial(found, days_of(found))):
        drawn = fitted(one, width)
        assert drawn.width == width
        assert drawn.smallest_pt >= SMALLEST_PT
        assert _crowding(drawn.figure) == 0


def test_real_grades_by_day_are_those_of_the_file():
    found = daily_grades(
        real(), ("astct-crs",), {}, ChartOptions(mapping={"crs_grade": "astct-crs"}, runs=True)
    )
    table = pd.read_csv(real())
    by_day = table.groupby(["day", "crs_grade"]).size()
    for row in alluvial_rows(found, tuple(range(15))):
        if row["what"] == "day" and row["grade"] != "not observed":
            assert row["patients"] == by_day[row["day"], int(row["grade"].split()[1])]


COHORT = pd.DataFrame({
    "patient": [f"MRN-{i}" for i in range(12)],
    "arm": ["a"] * 6 + ["b"] * 3 + ["c"] * 2 + [None],
    "il6_pg_ml_day0": [1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 1, 1],
    "il6_pg_ml_day3": ["<5", 20, 30, 40, None, None, 70, 80, 90, 1, 1, 1],
})  # fmt: skip


def cohort(tmp_path):
    path = tmp_path / "cohort.csv"
    COHORT.to_csv(path, index=False)
    return path


def test_quartiles_by_hand(tmp_path):
    found = trajectory(cohort(tmp_path), "il6_pg_ml", "arm")
    a, b, c = found.groups
    assert (a.group, a.patients, found.ungrouped) == ("a", 6, 1)
    # linear interpolation of order statistics: 1 + 5 * (1/4, 1/2, 3/4)
    assert (a.days[0].lower, a.days[0].median, a.days[0].upper) == (2.25, 3.5, 4.75)
    # 5 (below the limit of 5), 20, 30, 40
    assert (a.days[1].n, a.days[1].median, a.days[1].below_limit) == (4, 25.0, 1)
    assert b.days[1].median == 80
    assert c.patients == 2
    assert (found.unit, found.floor, found.at_floor, found.values) == ("pg/mL", 1.0, 7, 22)


def test_small_groups_and_days_are_withheld_when_shared(tmp_path):
    found = trajectory(cohort(tmp_path), "il6_pg_ml", "arm", share=True)
    a, b, c = found.groups
    assert not a.withheld
    assert [day.withheld for day in a.days] == [False, True]
    assert a.days[1].median is None
    assert b.withheld
    assert c.withheld
    assert b.days == c.days == ()
    rows = list(csv.DictReader(io.StringIO(csv_text(trajectory_rows(found)))))
    assert {row["group"] for row in rows if row["n"]} <= {"a", "smallest value, shared"}
    texts = file_bytes(fitted(draw_trajectory(found)).figure, "svg").decode()
    assert "Patients without a group" not in texts
    assert "withheld, too few patients" in trajectory_words(found)


@pytest.mark.parametrize(
    ("name", "by", "said"),
    [
        ("il6", None, "il6_pg_ml"),
        ("il6_pg_ml", "weight", "no such column"),
        ("il6_pg_ml", "patient", "12 values"),
    ],
)
def test_what_is_not_there_is_refused(tmp_path, name, by, said):
    with pytest.raises(CohortRefused, match=said) as caught:
        trajectory(cohort(tmp_path), name, by)
    assert "MRN" not in str(caught.value)


@pytest.mark.parametrize("marker", ["il6_pg_ml", "ferritin_ug_l", "car_t_cells_per_ul"])
@pytest.mark.parametrize("share", [False, True])
def test_real_courses_agree_with_pandas_and_fit(car22, marker, share):
    found = trajectory(car22, marker, "severe_crs_astct", share=share)
    table = pd.read_csv(car22)
    for course in found.groups:
        rows = table[table["severe_crs_astct"] == int(course.group)]
        for day in course.days:
            values = rows[f"{marker}_day{day.day:.0f}"].dropna()
            assert day.n == len(values)
            assert day.withheld == (share and len(values) < 5)
            if not day.withheld:
                # both interpolate order statistics in double precision
                assert day.median == pytest.approx(values.median(), rel=1e-12)
                assert day.upper == pytest.approx(values.quantile(0.75), rel=1e-12)
    for width in ("single", "double"):
        drawn = fitted(draw_trajectory(found), width)
        assert drawn.smallest_pt >= SMALLEST_PT
        assert _crowding(drawn.figure) == 0


LABS = """patient,analyte,day,value,unit
MRN-0,il6,0.2,10,pg/mL
MRN-0,il6,0.9,30,pg/mL
MRN-1,il6,0.5,20,pg/mL
MRN-6,il6,0.0,<5,pg/mL
MRN-0,il6,2.1,40,pg/mL
MRN-1,il6,2.99,0.06,ng/mL
MRN-11,il6,2.0,1000,pg/mL
stranger,il6,2.0,1000,pg/mL
MRN-0,crp,1.0,5,mg/L
"""


def labs(tmp_path, text=LABS):
    path = tmp_path / "labs.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_laboratory_file_is_read_by_whole_day_and_group(tmp_path):
    found = lab_trajectory(LabFile(labs(tmp_path)), "il6", Grouped(cohort(tmp_path), "arm"))
    a, b, c = found.groups
    assert (found.unit, found.label, found.by) == ("pg/mL", "Interleukin-6", "arm")
    # the last value of a patient's day counts: 30 of patient 0, 20 of patient 1
    assert [(day.day, day.n, day.median) for day in a.days] == [(0.0, 2, 25.0), (2.0, 2, 50.0)]
    assert [(day.day, day.n, day.median) for day in b.days] == [(0.0, 1, 5.0)]
    assert c.days == ()
    assert (found.earlier, found.limits, found.ungrouped, found.values) == (1, (1, 0), 1, 6)
    texts = file_bytes(fitted(draw_trajectory(found)).figure, "svg").decode()
    assert "earlier ones, not drawn: 1." in texts
    assert "MRN" not in texts + trajectory_words(found)
    shared = lab_trajectory(
        LabFile(labs(tmp_path)), "il6", Grouped(cohort(tmp_path), "arm"), share=True
    )
    assert [day.withheld for day in shared.groups[0].days] == [True, True]


def test_without_a_cohort_all_patients_are_one_group(tmp_path):
    found = lab_trajectory(LabFile(labs(tmp_path), days=(0, 2)), "interleukin-6")
    assert [(one.group, one.patients) for one in found.groups] == [("", 5)]
    assert [day.n for day in found.groups[0].days] == [3, 4]


@pytest.mark.parametrize(
    ("text", "asked", "said"),
    [
        (LABS, {"analyte": "ferritin"}, "no result of 'ferritin'"),
        (LABS, {"by": "arm"}, "has no groups"),
        (LABS, {"days": (0,)}, "on 1 days"),
        (LABS, {"cohort": True, "by": "weight"}, "no such column"),
        (LABS.replace("MRN", "X"), {"cohort": True, "by": "arm"}, "of a patient of the cohort"),
        (LABS.replace("0.9,30", "0.2,30"), {}, "different values"),
    ],
)
def test_what_a_laboratory_file_lacks_is_refused(tmp_path, text, asked, said):
    path = cohort(tmp_path) if asked.get("cohort") else None
    with pytest.raises(CohortRefused, match=said) as caught:
        lab_trajectory(
            LabFile(labs(tmp_path, text), days=asked.get("days", ())),
            asked.get("analyte", "il6"),
            Grouped(path, asked.get("by")),
        )
    assert "MRN" not in str(caught.value)


def test_real_dated_results_fit_either_width_and_agree_with_pandas():
    folder = BESIDE / "data" / "cart"
    if not (folder / "car22_labs.csv").is_file():
        not_carried("car22_labs.csv")
    grouped = Grouped(folder / "car22_patients.csv", "severe_crs_astct")
    found = lab_trajectory(LabFile(folder / "car22_labs.csv"), "il6", grouped)
    rows = pd.read_csv(folder / "car22_labs.csv").query("analyte == 'il6'").dropna(subset="value")
    rows = rows.assign(whole=rows["day"] // 1).sort_values(["patient", "day"], kind="stable")
    last = rows.groupby(["patient", "whole"])["value"].last().reset_index()
    group = pd.read_csv(folder / "car22_patients.csv").set_index("patient")["severe_crs_astct"]
    last["group"] = last["patient"].map(group)
    for course in found.groups:
        for day in course.days:
            values = last.query(f"group == {course.group} and whole == {day.day}")["value"]
            assert day.n == len(values)
            # both interpolate order statistics in double precision
            assert day.median == pytest.approx(values.median(), rel=1e-12)
    for width in ("single", "double"):
        shown = fitted(draw_trajectory(found), width)
        assert shown.width == width
        assert _crowding(shown.figure) == 0


def test_the_command_draws_a_laboratory_file(tmp_path):
    lines = run_figures(
        Wanted(
            None, tmp_path / "f", formats=("svg",), labs=labs(tmp_path), cohort=cohort(tmp_path),
            markers=("il6",), by="arm", lab_columns=(("day", "day"),), language="de",
        )
    )  # fmt: skip
    assert lines[0] == "trajectory_il6: Course of Interleukin-6 by arm"
    drawn = (tmp_path / "f" / "trajectory_il6.svg").read_text(encoding="utf-8")
    assert "Verlauf: Interleukin-6, nach arm" in drawn
    with pytest.raises(PlanRefused, match="no rule for two values"):
        run_figures(Wanted(None, tmp_path / "f", labs=labs(tmp_path), same_moment="first"))


def test_the_command_draws_rows_on_request(tmp_path):
    lines = run_figures(
        Wanted(
            None, tmp_path / "f", width="single", formats=("svg",), chart=chart(tmp_path),
            mapping=[f"{column}={rule}" for column, rule in GIVEN.items()],
            treatments=["toci=tocilizumab"], days=("0", "2"), cohort=cohort(tmp_path),
            markers=("il6_pg_ml",), by="arm",
        )
    )  # fmt: skip
    names = {path.name for path in (tmp_path / "f").iterdir()}
    assert names == {
        "figures.csv", "swimmer.svg", "swimmer.csv", "alluvial.svg", "alluvial.csv",
        "trajectory_il6_pg_ml.svg", "trajectory_il6_pg_ml.csv",
    }  # fmt: skip
    assert not any("MRN" in line for line in lines)


def test_a_chart_is_never_shared(tmp_path):
    with pytest.raises(PlanRefused, match="cannot be shared"):
        run_figures(Wanted(None, tmp_path / "f", chart=chart(tmp_path), share=True))


def test_simulated_rows_say_so(tmp_path):
    path = chart(tmp_path, name="simulated_chart.csv")
    found = daily_grades(path, ("astct-crs",), {}, CRS)
    assert "SIMULATED DATA" in file_bytes(fitted(draw_swimmer(found)).figure, "svg").decode()
