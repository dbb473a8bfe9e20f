"""``cartwheel grade`` as a user meets it: one chart, a file of charts, and what is refused."""

from __future__ import annotations

import csv
import json
import math
import subprocess
import sys
from collections import Counter
from pathlib import Path

import jsonschema
import pytest
import typer
from typer.testing import CliRunner

from cartwheel.cli.grade import grade
from cartwheel.workflows.grade_schema import grade_schema

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "cart"
DAILY = SHARED / "nulisa_daily_grades.csv"

app = typer.Typer()
app.command()(grade)


def run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, list(arguments))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


CHART = (
    "--set", "temperature=39.2 Cel", "--set", "hypotension=no", "--set", "vasopressors=none",
    "--set", "oxygen_device=nasal cannula", "--set", "oxygen_flow=3 L/min",
)  # fmt: skip


def test_one_chart_says_what_decided() -> None:
    code, out, _ = run("--rule", "astct-crs", *CHART)
    assert code == 0
    assert "  grade 2\n" in out
    assert "nasal cannula at 3 L/min" in out
    assert "10.1016/j.bbmt.2018.12.758" in out
    assert "Research and education" in out


def test_an_open_chart_gives_the_grades_still_possible() -> None:
    code, out, _ = run("--rule", "astct-crs", "--set", "temperature=39.2 Cel")
    assert code == 0
    assert "not settled: grade 1, grade 2, grade 3 or grade 4" in out
    assert "oxygen_device" in out


def test_a_json_patient_and_its_json_answer(tmp_path: Path) -> None:
    patient = tmp_path / "patient.json"
    series = [[day, "0.4 10*9/L" if 3 <= day < 11 else "3 10*9/L"] for day in range(31)]
    patient.write_text(json.dumps({"neutrophils": series}), encoding="utf-8")
    arguments = (
        "--rule",
        "icaht-early",
        "--patient",
        str(patient),
        "--json",
        "-",
        "--at",
        "day 30",
    )
    code, out, _ = run(*arguments)
    document = json.loads(out)
    jsonschema.validate(document, grade_schema())
    (found,) = document["result"]["grades"]
    assert (code, found["grade"], found["at"]) == (0, 2, "day 30")
    assert document["kind"] == "grade"
    assert run(*arguments)[1] == out


def test_an_unverified_rule_says_so() -> None:
    _, out, _ = run("--rule", "ctcae-platelets", "--set", "platelets=40 10*9/L")
    assert "UNVERIFIED" in out
    assert "grade 3" in out


def test_the_rules_and_what_they_ask() -> None:
    code, out, _ = run("--list")
    assert code == 0
    for name in ("astct-crs", "astct-icans", "icaht-early", "hlh-2004", "imwg-response"):
        assert f"\n{name} " in f"\n{out}"
    assert "ctcae-platelets" in out
    assert "[unverified]" in out
    _, out, _ = run("--list", "--rule", "icaht-late", "--json", "-")
    (rule,) = json.loads(out)["result"]
    assert rule["inputs"][0]["name"] == "neutrophils"
    assert "absent means: none" in run("--list", "--rule", "icaht-late")[1]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "no rule was named"),
        (("--rule", "astct"), "did you mean"),
        (("--rule", "astct-crs"), "nothing was charted"),
        (("--rule", "astct-crs", "--set", "temprature=39 Cel"), "did you mean temperature"),
        (("--rule", "astct-crs", "--set", "temperature"), "not NAME=VALUE"),
        (("--rule", "astct-crs", "--set", "temperature=39"), "Cel"),
        (("--rule", "astct-crs", *CHART, *CHART), "given twice"),
        (("--rule", "astct-crs", "--patient", "absent.json"), "no such file"),
        (("absent.csv", "--rule", "astct-crs"), "no such file"),
        (("absent.csv", "--rule", "astct-crs", *CHART), "graded together"),
        (("absent.csv", "--rule", "astct-crs", "--output", "-"), "not printed"),
        (("absent.csv", "--rule", "astct-crs", "--missing-days", "zero"), "censor, ignore"),
        (("absent.csv", "--rule", "astct-crs", "--output", "no/such/folder.csv"), "folder"),
    ],
)
def test_refusals_have_exit_code_2_and_a_mend(arguments: tuple[str, ...], words: str) -> None:
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert words in err
    assert "mend" in err


def test_several_faults_are_said_at_once() -> None:
    _, _, err = run("--rule", "astct-crs", "--rule", "hlh-2004", "--set", "temperature=warm",
                    "--set", "ferritin=pos", "--set", "vasopressors=pixie dust")  # fmt: skip
    assert "3 reasons" in err


def test_nothing_heavy_is_loaded_for_one_chart() -> None:
    script = """
import sys
import typer
from cartwheel.cli.grade import grade
app = typer.Typer()
app.command()(grade)
try:
    app(["--rule", "astct-crs", "--set", "temperature=39.2 Cel"])
except SystemExit as stop:
    assert not stop.code, stop.code
heavy = {"numpy", "scipy", "pandas", "narwhals", "python_calamine", "cartwheel.clinic.chart"}
assert not heavy & set(sys.modules), heavy & set(sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


needs_data = pytest.mark.skipif(not DAILY.is_file(), reason="../shared/data/cart is not there")


def runs_of_days() -> list[list[dict[str, str]]]:
    """Patients of the file, told apart the plain way: each begins with day 0."""
    runs: list[list[dict[str, str]]] = []
    with DAILY.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            if row["day"] == "0":
                runs.append([])
            runs[-1].append(row)
    return runs


def plain_incidence(column: str, at_least: int) -> tuple[float, int, int]:
    """One minus Kaplan-Meier, as nobody's death is charted; blanks end the follow-up."""
    times: list[tuple[int, bool]] = []
    for run_ in runs_of_days():
        grades = {int(row["day"]): row[column] for row in run_ if row[column]}
        if 0 not in grades:
            continue
        for day in range(max(grades) + 1):
            if day not in grades:
                times.append((day - 1, False))
                break
            if int(grades[day]) >= at_least:
                times.append((day, True))
                break
        else:
            times.append((max(grades), False))
    free = 1.0
    for day in range(15):
        at_risk = sum(time >= day for time, _ in times)
        events = sum(time == day and event for time, event in times)
        free *= 1 - events / at_risk if at_risk else 1
    return 1 - free, len(times), sum(event for _, event in times)


@needs_data
def test_daily_grades_of_80_patients(tmp_path: Path) -> None:
    answer, patients, rows = (tmp_path / name for name in ("a.json", "patients.csv", "rows.csv"))
    code, out, _ = run(
        str(DAILY), "--rule", "astct-crs", "--rule", "astct-icans", "--runs",
        "--json", str(answer), "--output", str(patients), "--rows", str(rows),
    )  # fmt: skip
    assert code == 0
    assert "80 patients, 1200 rows" in out
    assert "L02" not in out
    document = json.loads(answer.read_text(encoding="utf-8"))
    jsonschema.validate(document, grade_schema())
    assert "L02" not in answer.read_text(encoding="utf-8")
    for rule, column in zip(
        document["result"]["by_rule"], ("crs_grade", "icans_grade"), strict=True
    ):
        worst = Counter(
            max(int(row[column]) for row in each if row[column]) for each in runs_of_days()
        )
        assert {each["grade"]: each["count"] for each in rule["worst_seen"]} == worst
        for found in rule["incidence"]:
            value, followed, reached = plain_incidence(column, found["at_least"])
            # two ways to multiply the same 15 factors: rounding only
            assert math.isclose(found["cumulative"]["value"], value, rel_tol=1e-12)
            assert (found["followed"], found["reached"], found["day"]) == (followed, reached, 14)
    with patients.open(encoding="utf-8", newline="") as stream:
        table = list(csv.DictReader(stream))
    assert len(table) == 160
    first = next(row for row in table if row["patient"] == "L04 run 2")
    # L04: grade 1 from day 2 to day 7, then 0 up to day 13
    assert (first["maximum"], first["onset_day_grade1"], first["days_grade1"]) == ("1", "2", "6")
    assert (first["onset_day_grade2"], first["last_observed_day"]) == ("", "13")
    with rows.open(encoding="utf-8", newline="") as stream:
        assert sum(row["rule"] == "astct-crs" for row in csv.DictReader(stream)) == 1199


@needs_data
def test_ids_that_repeat_are_refused_until_told(tmp_path: Path) -> None:
    code, out, err = run(str(DAILY), "--rule", "astct-crs", "--json", str(tmp_path / "a.json"))
    assert (code, out) == (2, "")
    assert "two rows for one day" in " ".join(err.split())
    assert "--runs" in err
    assert not (tmp_path / "a.json").exists()


SMALL = "patient,day,crs_grade,death_day\nA,0,0,\nA,1,2,\nB,0,0,1\nB,1,,\nC,0,0,\nC,1,0,\nC,2,3,\n"


def test_death_competes_and_blank_days_are_not_zero(tmp_path: Path) -> None:
    chart = tmp_path / "chart.csv"
    chart.write_text(SMALL, encoding="utf-8")
    code, out, _ = run(str(chart), "--rule", "astct-crs", "--json", "-", "--missing-days", "ignore")
    (rule,) = json.loads(out)["result"]["by_rule"]
    assert code == 0
    # grade 2: A on day 1 and C on day 2 are 1/3 each; grade 3: A is censored and B dead after
    # day 1, so C alone carries the 2/3 that are left
    two, three = rule["incidence"]
    assert math.isclose(two["cumulative"]["value"], 2 / 3, rel_tol=1e-12)
    assert math.isclose(three["cumulative"]["value"], 2 / 3, rel_tol=1e-12)
    assert (two["died"], three["died"]) == (1, 1)
    # dying on day 2 after a blank day 1, B is followed up to day 0 only
    chart.write_text(SMALL.replace("B,0,0,1", "B,0,0,2"), encoding="utf-8")
    _, out, _ = run(str(chart), "--rule", "astct-crs", "--json", "-")
    (rule,) = json.loads(out)["result"]["by_rule"]
    assert rule["incidence"][0]["ended_by_missing_days"] == 1
    assert rule["incidence"][0]["died"] == 0


def test_nobody_reaches_the_grade(tmp_path: Path) -> None:
    chart = tmp_path / "chart.csv"
    chart.write_text("patient,day,crs_grade\nA,0,0\nA,1,1\nB,0,0\nB,1,0\n", encoding="utf-8")
    code, out, _ = run(str(chart), "--rule", "astct-crs", "--horizon", "30")
    assert code == 0
    assert "grade 2 or worse by day 30: not known: beyond the follow-up" in out
    _, out, _ = run(str(chart), "--rule", "astct-crs")
    assert "grade 2 or worse by day 1: 0.0 %" in out


def test_counts_of_a_cohort(tmp_path: Path) -> None:
    chart, rows = tmp_path / "anc.csv", tmp_path / "rows.csv"
    lines = [f"{name},{day},{low if day < 8 else 3000}"
             for name, low in (("A", 400), ("B", 3000)) for day in range(31)]  # fmt: skip
    chart.write_text("\n".join(["patient,day,anc", *lines, ""]), encoding="utf-8")
    code, out, err = run(str(chart), "--rule", "icaht-early")
    assert (code, out) == (2, "")
    assert "--unit 'anc=10*9/L'" in err
    code, out, _ = run(
        str(chart), "--rule", "icaht-early", "--unit", "anc=/uL", "--rows", str(rows)
    )
    assert code == 0
    assert "grade 0 1, grade 2 1" in out
    with rows.open(encoding="utf-8", newline="") as stream:
        assert [(row["patient"], row["grade"]) for row in csv.DictReader(stream)] == [
            ("A", "2"),
            ("B", "0"),
        ]


def test_simulated_charts_keep_the_word(tmp_path: Path) -> None:
    path = tmp_path / "simulated_days.csv"
    path.write_text("patient,day,crs_grade\na,0,0\na,1,2\nb,0,0\nb,1,1\n", encoding="utf-8")
    outputs = [tmp_path / name for name in ("a.json", "a.csv", "rows.csv")]
    code, said, _ = run(
        str(path), "--rule", "astct-crs", "--json", str(outputs[0]), "--output", str(outputs[1]),
        "--rows", str(outputs[2]),
    )  # fmt: skip
    assert code == 0
    assert said.startswith("SIMULATED DATA")
    assert json.loads(outputs[0].read_text(encoding="utf-8"))["result"]["simulated"] is True
    for table in outputs[1:]:
        header, *rows = table.read_text(encoding="utf-8").splitlines()
        assert header.endswith(",simulated")
        assert rows
        assert all(row.endswith(",yes") for row in rows)
