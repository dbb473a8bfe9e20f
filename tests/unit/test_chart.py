"""Charts from files: long and wide, and everything that is refused with its rows."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from cartwheel.clinic.chart import ChartOptions, read_charts
from cartwheel.clinic.chart_times import Moment, moment_of_day, moment_of_time
from cartwheel.clinic.grading import grading_rule
from cartwheel.errors import Problem, Refused
from cartwheel.workflows.grade_charts import GradedCharts, GradedPatient, grade_charts

NOW = datetime(2026, 11, 21, 12)
CRS = "patient,day,temperature_cel,hypotension,vasopressors,oxygen_device\n"


def write(folder: Path, text: str, name: str = "chart.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def graded(folder: Path, text: str, *rules: str, **said: object) -> GradedCharts:
    options = ChartOptions(now=NOW, **said)  # type: ignore[arg-type]
    return grade_charts(write(folder, text), rules or ("astct-crs",), options=options)


def codes(folder: Path, text: str, *rules: str, **said: object) -> dict[str, str]:
    with pytest.raises(Refused) as caught:
        graded(folder, text, *rules, **said)
    return {problem.code: f"{problem.where}: {problem.what}" for problem in caught.value.problems}


def limits(one: GradedPatient) -> list[tuple[int, int] | None]:
    return [
        None if row.grade is None
        else (row.grade, row.grade) if isinstance(row.grade, int)
        else (row.grade.lowest, row.grade.highest)
        for row in one.rows
    ]  # fmt: skip


def test_a_wide_chart(tmp_path: Path) -> None:
    found = graded(
        tmp_path,
        CRS + "A,0,36.9,no,none,room air\nA,1,38.2,no,none,room air\nA,2,38.2,yes,norad,room air\n"
        "B,0,38.5,no,none,\nB,1,,,,\n",
    )
    assert limits(found.patients[0]) == [(0, 0), (1, 1), (3, 3)]
    # a blank cell is unknown, and a blank row is not observed
    assert limits(found.patients[1]) == [(1, 4), None]


def test_a_long_chart_gives_the_same(tmp_path: Path) -> None:
    found = graded(
        tmp_path,
        "patient,day,variable,value,unit\nA,0,temp,98.4,F\nA,0,hypotension,no,\n"
        "A,0,vasopressors,none,\nA,0,oxygen device,room air,\nA,0,crp,12,mg/L\n"
        "A,1,Temperature,38.2 Cel,\nA,1,hypotension,yes,\nA,1,vasopressors,none,\n"
        "A,1,oxygen_device,face mask,\n",
    )
    assert limits(found.patients[0]) == [(0, 0), (3, 3)]
    assert found.charts.is_long
    assert "variables not used by these rules: crp" in found.charts.notes
    assert found.patients[0].rows[0].rows == (2, 3, 4, 5)


def test_a_workbook(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl", reason="workbooks are written with openpyxl")
    book = openpyxl.Workbook()
    for row in (["patient", "day", "anc [/uL]"], *(["A", day, 3000] for day in range(31))):
        book.active.append(row)
    book.save(tmp_path / "chart.xlsx")
    found = grade_charts(tmp_path / "chart.xlsx", "icaht-early")
    assert limits(found.patients[0]) == [(0, 0)]


def test_grades_already_given(tmp_path: Path) -> None:
    text = "patient,day,crs_grade\nA,0,0\nA,1,2\nA,2,\n"
    found = graded(tmp_path, text)
    assert found.given == ("astct-crs",)
    assert limits(found.patients[0]) == [(0, 0), (2, 2), None]
    other = graded(
        tmp_path, text.replace("crs_grade", "worst"), "lee-2014", mapping={"worst": "lee-2014"}
    )
    assert other.given == ("lee-2014",)


def test_a_chart_with_grades_and_their_inputs_must_say_which(tmp_path: Path) -> None:
    text = CRS.strip() + ",crs_grade\nA,0,36.9,no,none,room air,2\nA,1,36.9,no,none,room air,2\n"
    assert set(codes(tmp_path, text)) == {"grade_or_inputs"}
    made = graded(tmp_path, text, mapping={"crs_grade": "none"})
    assert limits(made.patients[0]) == [(0, 0), (0, 0)]
    given = graded(tmp_path, text, mapping={"crs_grade": "astct-crs"})
    assert limits(given.patients[0]) == [(2, 2), (2, 2)]


def test_what_a_patient_has_once_stands_on_any_row(tmp_path: Path) -> None:
    rows = "".join(f"A,{day},400,\n" for day in range(12)) + "A,12,400,12\n"
    found = graded(tmp_path, "patient,day,anc,last_follow_up_day\n" + rows, "icaht-early",
                   units={"anc": "/uL"})  # fmt: skip
    assert limits(found.patients[0]) == [(4, 4)]
    twice = rows.replace("A,3,400,", "A,3,400,20")
    problems = codes(tmp_path, "patient,day,anc,last_follow_up_day\n" + twice, "icaht-early",
                     units={"anc": "/uL"})  # fmt: skip
    assert set(problems) == {"contradiction"}


BAD = [
    ("A,0,102.3,no,none,room air\nA,1,37,no,none,room air\n", "implausible", "temperature, row 2"),
    ("A,0,37,pos,none,room air\nA,1,37,no,none,room air\n", "not_yes_or_no", "hypotension, row 2"),
    ("A,0,37,no,wonderdrug,room air\nA,1,37,,,\n", "vasopressor_unknown", "vasopressors, row 2"),
    ("A,0,37,no,none,helmet\nA,1,37,no,none,\n", "choice_unknown", "oxygen_device, row 2"),
    ("A,0,37,no,none,\nA,0,38,no,none,\n", "two_rows", "rows 2, 3: one patient has two rows"),
    ("A,0.50,37,no,none,\nA,0.51,38,no,none,\n", "two_rows", "two rows for one hour"),
    ("A,first,37,no,none,\nA,1,38,no,none,\n", "not_a_day", "row 2"),
    ("A,0,warm,no,none,\nA,1,38,no,none,\n", "not_a_number", "temperature, row 2"),
    (",0,37,no,none,\nA,1,38,no,none,\n", "no_patient_id", "row 2"),
    ('A,0,"1,234",no,none,\nA,1,38,no,none,\n', "decimal_mark", "temperature, row 2"),
    ("A,0,<36,no,none,\nA,1,38,no,none,\n", "detection_limit", "temperature, row 2"),
]


@pytest.mark.parametrize(("rows", "code", "where"), BAD, ids=[bad[1] for bad in BAD])
def test_what_is_refused_with_its_rows(tmp_path: Path, rows: str, code: str, where: str) -> None:
    problems = codes(tmp_path, CRS + rows)
    assert set(problems) == {code}
    assert where in problems[code]


def test_everything_is_said_at_once_and_each_kind_once(tmp_path: Path) -> None:
    rows = "".join(f"A,{day},{100 + day},maybe,none,room air\n" for day in range(12))
    rows += "A,11,37,no,pixie dust,tent\n"
    problems = codes(tmp_path, CRS + rows)
    assert set(problems) == {
        "implausible", "not_yes_or_no", "vasopressor_unknown", "choice_unknown", "two_rows",
    }  # fmt: skip
    assert "and 2 more" in problems["not_yes_or_no"]


def test_numbers_without_a_unit(tmp_path: Path) -> None:
    text = "patient,day,temp\nA,0,37\nA,1,38\n"
    assert "'temp', rows 2, 3" in codes(tmp_path, text)["no_unit"]
    for unit, expected in (("Cel", [(0, 4), (1, 4)]), ("°C", [(0, 4), (1, 4)])):
        assert limits(graded(tmp_path, text, units={"temp": unit}).patients[0]) == expected
    assert set(codes(tmp_path, text, units={"temp": "warmth"})) == {"unit_unknown"}
    assert set(codes(tmp_path, text, units={"tmp": "Cel"})) == {"column_unknown"}


def test_percent_that_is_a_fraction(tmp_path: Path) -> None:
    text = "patient,day,fio2,oxygen_device\nA,0,0.4,face mask\nA,1,0.6,face mask\n"
    assert set(codes(tmp_path, text, "lee-2014", units={"fio2": "%"})) == {"implausible"}
    graded(tmp_path, text, "lee-2014", units={"fio2": "1"})


@pytest.mark.parametrize(
    ("count", "code"),
    [("-200 /uL", "negative"), ("4000 10*9/L", "implausible"), ("5 g/L", "unit_not_accepted")],
)
def test_counts_that_cannot_be(tmp_path: Path, count: str, code: str) -> None:
    text = f"patient,day,anc\nA,0,{count}\nA,1,400 /uL\n"
    assert set(codes(tmp_path, text, "icaht-early")) == {code}


TIMED = "patient,time,infusion,temperature_cel\n"


def test_times_count_from_infusion(tmp_path: Path) -> None:
    text = TIMED + (
        "A,2026-03-01T08:00,2026-02-25T10:00,38.5\nA,2026-03-01T09:00,2026-02-25T10:00,38.5\n"
    )
    found = graded(tmp_path, text)
    assert [row.day for row in found.patients[0].rows] == [Decimal("3.91667"), Decimal("3.95833")]
    twice = text.replace("T09:00", "T08:40")
    assert "two rows for one hour" in codes(tmp_path, twice)["two_rows"]
    future = text.replace("2026-03-01T09:00", "2026-11-21T12:01")
    assert set(codes(tmp_path, future)) == {"future_time"}
    assert set(codes(tmp_path, text.replace("2026-03-01T09", "01.03.26 09"))) == {"not_a_time"}
    bare = text.replace("infusion,", "").replace("2026-02-25T10:00,", "")
    assert set(codes(tmp_path, bare)) == {"no_infusion"}


def test_moments() -> None:
    assert moment_of_day("2.5") == Moment(Decimal("2.5"), 60, "2.5")
    assert moment_of_day("-1").slot == ("day", -1)  # type: ignore[union-attr]
    dates = moment_of_time("2026-03-01", "2026-02-25T23:00", NOW)
    assert dates == Moment(Decimal(4), None, "2026-03-01")
    mixed = moment_of_time("2026-03-01T08:00Z", "2026-02-25T10:00", NOW)
    assert isinstance(mixed, Problem)
    assert mixed.code == "mixed_zones"


RUNS = "patient,day,crs_grade\nL1,0,1\nL1,1,2\nL1,0,0\nL1,1,0\nL2,0,3\n"


def test_ids_that_repeat(tmp_path: Path) -> None:
    problems = codes(tmp_path, RUNS)
    assert "rows 2, 3, 4, 5" in problems["two_rows"]
    found = graded(tmp_path, RUNS, runs=True)
    assert [one.patient for one in found.patients] == ["L1 run 1", "L1 run 2", "L2 run 3"]
    inside = RUNS.replace("L1,1,2", "L9,1,2")
    assert set(codes(tmp_path, inside, runs=True)) == {"id_in_run"}
    blank = graded(tmp_path, RUNS.replace("L1,1,2", "L9,1,"), runs=True)
    assert [len(one.rows) for one in blank.patients] == [1, 2, 1]
    assert any("row 3" in note for note in blank.charts.notes)


def test_columns_that_must_be_named(tmp_path: Path) -> None:
    assert set(codes(tmp_path, "who,day,crs_grade\nA,0,1\nA,1,1\n")) == {"no_patient"}
    assert set(codes(tmp_path, "patient,day,x\nA,0,1\nA,1,1\n")) == {"nothing_to_grade"}
    assert set(codes(tmp_path, "patient,crs_grade\nA,0\nA,1\n")) == {"no_day"}
    assert set(codes(tmp_path, "patient,anc\nA,1 10*9/L\nA,2 10*9/L\n", "icaht-early")) == {
        "no_day"
    }
    both = codes(tmp_path, "patient,day,temp,temperature\nA,0,37 Cel,37 Cel\nA,1,37 Cel,\n")
    assert set(both) == {"column_twice"}
    text = "who,day,crs_grade\nA,0,1\nA,1,1\n"
    assert graded(tmp_path, text, mapping={"who": "patient"}).given == ("astct-crs",)
    assert set(codes(tmp_path, text, mapping={"who": "patent"})) == {
        "mapping_unknown",
        "no_patient",
    }
    assert "column_unknown" in codes(tmp_path, text, mapping={"whom": "patient"})


def test_a_grade_that_is_none(tmp_path: Path) -> None:
    for cell in ("6", "2.5", "II", "-1"):
        assert set(codes(tmp_path, f"patient,day,crs_grade\nA,0,{cell}\nA,1,1\n")) == {
            "grade_impossible"
        }


def test_two_values_of_a_long_chart(tmp_path: Path) -> None:
    text = "patient,day,variable,value,unit\nA,0,temperature,37,Cel\nA,0,temperature,39,Cel\n"
    assert set(codes(tmp_path, text)) == {"two_values"}
    # counts over days may have several values a day: the lowest counts
    days = "".join(f"A,{day},anc,3,10*9/L\n" for day in range(31))
    found = graded(
        tmp_path, "patient,day,variable,value,unit\n" + days + "A,4,anc,0.4,10*9/L\n", "icaht-early"
    )
    assert limits(found.patients[0]) == [(1, 1)]


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    rules = (grading_rule("astct-crs"),)
    with pytest.raises(Refused, match="no such file"):
        read_charts(tmp_path / "absent.csv", rules)
    with pytest.raises(Refused, match="empty"):
        read_charts(write(tmp_path, " "), rules)
    with pytest.raises(Refused, match="--patient"):
        read_charts(write(tmp_path, CRS + "A,0,37,no,none,room air\n"), rules)
    with pytest.raises(Refused, match="workbook"):
        read_charts(write(tmp_path, "PK\x03\x04 and so on"), rules)


def test_crs_day_by_day_carries_treatment(tmp_path: Path) -> None:
    header = "patient,day,temperature_cel,hypotension,vasopressors,oxygen_device,antipyretic,"
    header += "anticytokine,corticosteroid\n"
    rows = "A,0,38.5,no,none,room air,no,no,no\nA,1,38.5,yes,none,room air,no,yes,no\n"
    rows += "A,2,36.5,yes,none,room air,no,no,no\n"
    options = ChartOptions(now=NOW)
    path = write(tmp_path, header + rows)
    carried = grade_charts(path, "astct-crs", options=options, by_day=True)
    assert limits(carried.patients[0]) == [(1, 1), (2, 2), (2, 2)]
    plain = grade_charts(path, "astct-crs", options=options)
    assert limits(plain.patients[0])[2] != (2, 2)
