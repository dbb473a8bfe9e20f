from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
from typer.testing import CliRunner

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "unit"))

from score_examples import manual_toml

from cartwheel.cli import app
from cartwheel.workflows.score_schema import assessment_schema

GIVEN = ("--ferritin", "1200 ug/L", "--crp=3.2 mg/dL", "--set", "bulky=no")


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "example.toml"
    path.write_text(manual_toml(), encoding="utf-8")
    return str(path)


def run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, list(arguments))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


def test_one_patient(file: str) -> None:
    code, out, _ = run("score", file, *GIVEN)
    assert code == 0
    for words in (
        "SIMULATED", "value   2", "band    high", "18.0 %", ">= 500 and < 2000 ug/L",
        "apparent 0.8, corrected 0.74", "125 patients, 17 events", "Research and education",
        "1.0.0",
    ):  # fmt: skip
        assert words in out


def test_a_refusal_has_exit_code_2_and_its_reasons(file: str) -> None:
    code, out, err = run("score", file, "--ferritin", "1200", "--bulky", "maybe")
    assert (code, out) == (2, "")
    assert "without a unit" in err
    assert "C-reactive protein is missing" in err
    assert "write one of: no, yes" in err


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--ferritin",),
        ("stray",),
        ("--set", "bulky"),
        ("--bulky", "no", "--set", "bulky=no"),
        ("--ferritin", "3 ug/L", "--set", "ferritin_ug_l_day0=3 ug/L"),
        ("--patient", "absent.json"),
        ("--cohort", "absent.csv"),
        ("--cohort", "absent.csv", "--bulky", "no"),
        ("--json", "no/such/folder/x.json", "--bulky", "no"),
        ("--leukaemia", "3"),
    ],
)
def test_wrong_calls_are_refused(file: str, arguments: tuple[str, ...]) -> None:
    code, out, err = run("score", file, *arguments)
    assert (code, out) == (2, "")
    assert "refuses" in err


def test_json_and_a_patient_file(file: str, tmp_path: Path) -> None:
    patient = tmp_path / "patient.json"
    patient.write_text(
        json.dumps(
            {
                "ferritin_ug_l_day0": {"value": 1200, "unit": "ng/mL"},
                "crp": "3.2 mg/dL",
                "bulky": "no",
                "sodium": "140 mmol/L",
            }
        )
    )
    code, out, _ = run("score", file, "--patient", str(patient), "--json", "-")
    document = json.loads(out)
    assert code == 0
    assert document["kind"] == "assessment"
    assert document["result"]["value"] == 2.0
    assert document["provenance"]["score_sha256"].startswith("sha256:")
    assert "not used: sodium" in document["result"]["warnings"]
    patient.write_text('{"bulky": true}')
    code, out, _ = run("score", file, "--patient", str(patient), "--json", "-")
    refused = json.loads(out)
    assert code == 2
    assert refused["kind"] == "unscorable"
    assert {reason["code"] for reason in refused["result"]["reasons"]} == {
        "missing", "not_a_number",
    }  # fmt: skip


def test_a_cohort(file: str, tmp_path: Path) -> None:
    sheet = tmp_path / "sheet.csv"
    sheet.write_text(
        "patient;Ferritin day 0;CRP (mg/dL) d0;bulky\n"
        "A;1200;3,2;no\nB;1200;NA;yes\n;;;\nC;<20;0.1;yes\nD;1.2 mg/L;3.2;0\n",
        encoding="utf-8",
    )
    code, _, err = run("score", file, "--cohort", str(sheet))
    assert code == 2
    assert "does not say its unit" in err
    flags = ("--cohort", str(sheet), "--unit", "Ferritin day 0=ug/L")
    code, out, err = run("score", file, *flags)
    assert code == 0
    rows = list(csv.DictReader(io.StringIO(out), delimiter=";"))
    assert [row["patient"] for row in rows] == ["A", "B", "C", "D"]  # an empty row is nobody
    assert [row["CRP (mg/dL) d0"] for row in rows] == ["3,2", "NA", "0.1", "3.2"]  # as written
    stem = "example_severe_crs"
    assert [row[f"{stem}_value"] for row in rows] == ["2.0", "", "1.0", "2.0"]
    assert [row[f"{stem}_band"] for row in rows] == ["high", "", "low", "high"]
    assert "missing" in rows[1][f"{stem}_reasons"]
    assert "limit of detection" in rows[2][f"{stem}_warnings"]
    assert all("SIMULATED" in rows[place][f"{stem}_warnings"] for place in (0, 2, 3))
    assert "4 rows: 3 scored, 0 as a range, 1 without a number" in err
    assert "(row 3)" in err
    target = tmp_path / "scored.csv"
    code, out, _ = run("score", file, *flags, "-o", str(target), "--json", "-")
    assert code == 0
    assert target.read_text(encoding="utf-8").startswith("patient;Ferritin day 0;")
    document = json.loads(out)
    assert [row["kind"] for row in document["result"]].count("unscorable") == 1
    assert [row["row"] for row in document["result"]] == [2, 3, 5, 6]
    assert document["counts"]["refused"] == 1


def test_scores_show_check_and_schema(file: str, tmp_path: Path) -> None:
    code, out, _ = run("scores", "show", file)
    assert code == 0
    assert "C-reactive protein (mg/L, day 0)" in out
    code, out, _ = run("scores", "show", file, "--json", "-")
    assert json.loads(out)["id"] == "example-severe-crs"
    code, out, _ = run("scores", "check", file)
    assert code == 0
    assert "1 worked example came out" in out
    code, out, _ = run("scores", "schema")
    assert "terms" in json.loads(out)["properties"]
    wrong = tmp_path / "wrong.toml"
    wrong.write_text(manual_toml().replace("value = 2\nband", "value = 3\nband"))
    code, _, err = run("scores", "check", str(wrong))
    assert code == 2
    assert "printed as 3 but computes to 2.0" in err


def test_scoring_loads_no_numerical_library() -> None:
    heavy = "{'numpy', 'scipy', 'pandas', 'matplotlib', 'jinja2', 'narwhals'}"
    program = (
        "import sys, cartwheel.cli.score, cartwheel.cli.scores, cartwheel.cli.score_answer; "
        f"print(sorted({heavy} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_a_sheet_goes_with_options_of_parameters_only(tmp_path: Path) -> None:
    sheet = tmp_path / "counts.csv"
    units = "neutrophils (G/L),monocytes (G/L),platelets (G/L),L (G/L)\n"
    sheet.write_text(units + "7.65,0.9,300,3\n7.65,0.9,300,\n")
    call = ("score", "cipi", "--cohort", str(sheet), "--column", "lymphocytes=L (G/L)")
    code, out, _ = run(*call, "--set", "comparison=ge")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert (code, [row["cipi_value"] for row in rows]) == (0, ["1.0", ""])
    assert [row["cipi_bands"] for row in rows] == ["intermediate", "low or intermediate or high"]
    assert "comparison" not in rows[0]["cipi_warnings"]
    assert "ASSUMPTION" in rows[0]["cipi_warnings"]
    for wrong in (("--set", "comparison=eq"), ("--set", "monocytes=1 G/L")):
        code, out, err = run(*call, *wrong)
        assert (code, out) == (2, "")
        assert "refuses" in err


def test_day_and_disease_are_compared(file: str) -> None:
    code, out, _ = run(
        "score", file, *GIVEN, "--day", "crp=-6", "--disease", "myeloma", "--product", "any"
    )
    assert code == 0
    assert "C-reactive protein was measured on day -6; the score asks for day 0" in out
    assert "outside the population: the score was made in B-ALL" in out
    for wrong in (("--day", "crp=x"), ("--day", "sodium=1"), ("--unit", "a=mg/L")):
        code, out, _ = run("score", file, *GIVEN, *wrong)
        assert (code, out) == (2, "")


def test_every_file_follows_the_schema(file: str, tmp_path: Path) -> None:
    check = jsonschema.Draft202012Validator(assessment_schema())
    sheet = tmp_path / "sheet.csv"
    sheet.write_text("ferritin_ug_l_day0,crp (mg/L) day 0,bulky\n1200,32,no\n1200,,yes\n")
    calls = [GIVEN, ("--bulky", "maybe"), ("--cohort", str(sheet))]
    for call, kind in zip(calls, ("assessment", "unscorable", "assessments"), strict=True):
        _, out, _ = run("score", file, *call, "--json", "-")
        document = json.loads(out)
        assert document["kind"] == kind
        check.validate(document)
