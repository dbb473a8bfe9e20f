"""``cartwheel check`` as a person uses it: a listing, problems in words, exit codes, JSON."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

import cartwheel
from cartwheel.clinic.columns import ColumnDeclaration
from cartwheel.errors import FileRefused

Run = Callable[..., subprocess.CompletedProcess[str]]

GOOD = "patient,crp_mg_l_day0,sex\nP1,12,f\nP2,<0.6,m\nP3,,f\n"
BAD = 'patient,CRP,ldh_u_l,"a, ""b"""\nAnna,12,300,1\nAnna,high,#N/A,2\nBert,3,280 ukat/L,3\n'


@pytest.fixture
def sheets(tmp_path: Path) -> Path:
    (tmp_path / "good.csv").write_text(GOOD, encoding="utf-8")
    (tmp_path / "bad.csv").write_text(BAD, encoding="utf-8")
    return tmp_path


def test_a_good_sheet(sheets: Path, run_cartwheel: Run) -> None:
    done = run_cartwheel("check", "good.csv")
    assert (done.returncode, done.stderr) == (0, "")
    assert "3 patients, 3 columns" in done.stdout
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("crp_mg_l_day0  ")]
    for part in ("C-reactive protein", "mg/L", "day 0", "0.6 to 12", "1 <limit"):
        assert part in line
    assert "No problems." in done.stdout


def test_a_bad_sheet(sheets: Path, run_cartwheel: Run) -> None:
    done = run_cartwheel("check", "bad.csv")
    assert done.returncode == 2
    for words in (
        "column 'patient', rows 2, 3",
        "column 'CRP', row 3",
        "say it: --unit CRP=UNIT",
        "column 'ldh_u_l', row 3",
        "column 'ldh_u_l', row 4",
    ):
        assert words in done.stderr
    assert "5 reasons" in done.stderr
    assert "Anna" not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_what_the_mend_says_mends_it(sheets: Path, run_cartwheel: Run) -> None:
    (sheets / "a.csv").write_text('id,CRP day 0,x\n1,12,"1,5"\n2,3,"2,345"\n', encoding="utf-8")
    done = run_cartwheel("check", "a.csv")
    assert "--unit 'CRP day 0=UNIT'" in done.stderr
    done = run_cartwheel("check", "a.csv", "--unit", "CRP day 0=mg/dL")
    assert (done.returncode, done.stderr) == (0, "")
    assert "converted from mg/dL to mg/L (x 10)" in done.stdout


def test_json_is_the_same_every_time(sheets: Path, run_cartwheel: Run) -> None:
    one = run_cartwheel("check", "bad.csv", "--json", "-")
    two = run_cartwheel("check", "bad.csv", "--json", "-")
    assert one.returncode == 2
    assert one.stdout == two.stdout
    found = json.loads(one.stdout)
    assert (found["kind"], found["schema"]) == ("check", "cartwheel-check/1")
    assert found["result"]["rows"] == 3
    assert found["result"]["sha256"].startswith("sha256:")
    assert {problem["code"] for problem in found["result"]["problems"]} == {
        "duplicate_id",
        "not_a_number",
        "unit_missing",
        "error_cell",
        "mixed_units",
    }
    assert "Anna" not in one.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("absent.csv",), "no such file"),
        (("good.csv", "--unit", "crp"), "COLUMN=VALUE"),
        (("good.csv", "--unit", "crp_mg_l=mg/L"), "did you mean crp_mg_l_day0?"),
        (("good.csv", "--id", "nobody"), "there is no such column"),
        (("good.csv", "--json", "nowhere/a.json"), "folder"),
    ],
)
def test_refusals(sheets: Path, run_cartwheel: Run, arguments: tuple[str, ...], words: str) -> None:
    done = run_cartwheel("check", *arguments)
    assert done.returncode == 2
    assert words in done.stderr


def test_in_python(sheets: Path) -> None:
    report = cartwheel.check(
        sheets / "bad.csv", declarations=[ColumnDeclaration("CRP", unit="mg/L")]
    )
    assert "unit_missing" not in {problem.code for problem in report.problems}
    with pytest.raises(FileRefused):
        cartwheel.check(sheets / "absent.csv")
