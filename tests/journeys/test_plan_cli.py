"""``cartwheel plan``: a first plan that reads back, asks what it cannot know, and then runs."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pandas as pd
import pytest
from develop_examples import CRP, cartwheel, cohort, saved

from cartwheel.demonstration import cohort_path


def answered(text: str) -> str:
    """Answer the questions of a first plan as a person would in an editor."""
    text = text.replace('# direction = "high"   # CHANGE', 'direction = "high"   # said')
    return text.replace("CHANGE to index or points", "index")


def test_a_first_plan_is_toml_and_asks(tmp_path: Path) -> None:
    done = cartwheel("plan", saved(cohort(), tmp_path))
    assert (done.code, done.err) == (0, "")
    read = tomllib.loads(done.out)
    assert read["cohort"]["id"] == "patient"
    assert CRP in [item["column"] for item in read["predictors"]]
    assert "CHANGE" in done.out
    for item in read["predictors"]:
        assert "direction" not in item, "direction is never guessed"
    assert "severe" not in [item["column"] for item in read["predictors"]]


def test_a_plan_that_was_not_answered_is_refused(tmp_path: Path) -> None:
    path = saved(cohort(), tmp_path)
    cartwheel("plan", path, "--output", tmp_path / "plan.toml")
    done = cartwheel("develop", path, "--plan", tmp_path / "plan.toml")
    assert done.code == 2
    assert "method" in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize("timed", [False, True])
def test_an_answered_plan_runs(timed: bool, tmp_path: Path) -> None:
    path = saved(cohort(), tmp_path)
    outcome = ("--event", "progressed", "--time", "pfs_months") if timed else ("--event", "severe")
    done = cartwheel("plan", path, "--method", "index", *outcome)
    (tmp_path / "plan.toml").write_text(answered(done.out), encoding="utf-8")
    plan_file = tmp_path / "plan.toml"
    done = cartwheel("develop", path, "--plan", plan_file, "--bootstrap", "3")
    assert done.code == 0, done.err


def test_the_first_plan_of_the_simulated_cohort_runs(tmp_path: Path) -> None:
    flags = ("--method", "points", "--event", "progression_or_death", "--time", "pfs_months")
    done = cartwheel("plan", cohort_path(), *flags)
    assert tomllib.loads(done.out)["simulated"] is True
    (tmp_path / "plan.toml").write_text(answered(done.out), encoding="utf-8")
    given = ("--plan", tmp_path / "plan.toml", "--bootstrap", "2")
    done = cartwheel("develop", cohort_path(), *given)
    assert done.code == 0, done.err
    assert "SIMULATED" in done.out


def test_hostile_names_stay_one_line_of_toml(tmp_path: Path) -> None:
    names = {CRP: 'CRP "high", day 0\n[predictors]', "bulky": "🩸 = 1 # no", "sex": "]]\nevent = 1"}
    path = saved(cohort().rename(columns=names), tmp_path)
    done = cartwheel("plan", path, "--event", "severe")
    assert done.code == 0, done.err
    assert tomllib.loads(done.out)["outcome"]["event"] == "severe"


def test_a_plan_of_a_workbook_keeps_its_sheet(tmp_path: Path) -> None:
    path = tmp_path / "two.xlsx"
    with pd.ExcelWriter(path) as book:
        cohort().to_excel(book, sheet_name="patients", index=False)
        cohort().to_excel(book, sheet_name="copy", index=False)
    flags = ("--method", "index", "--event", "severe", "--sheet", "patients")
    done = cartwheel("plan", path, *flags)
    (tmp_path / "plan.toml").write_text(answered(done.out), encoding="utf-8")
    done = cartwheel("develop", path, "--plan", tmp_path / "plan.toml", "--bootstrap", "2")
    assert done.code == 0, done.err


@pytest.mark.parametrize("name", ["absent.csv", "empty.csv", "."])
def test_a_cohort_that_cannot_be_read(name: str, tmp_path: Path) -> None:
    (tmp_path / "empty.csv").write_text("", encoding="utf-8")
    done = cartwheel("plan", tmp_path / name)
    assert (done.code, done.out) == (2, "")
    assert "Traceback" not in done.err


@pytest.mark.parametrize("flag", ["--event", "--time"])
def test_a_column_that_is_not_there_is_refused(flag: str, tmp_path: Path) -> None:
    done = cartwheel("plan", saved(cohort(), tmp_path), flag, "sever")
    assert done.code == 2
    assert "sever" in done.err


def test_no_patient_in_a_first_plan(tmp_path: Path) -> None:
    done = cartwheel("plan", saved(cohort(), tmp_path))
    assert "SENTINEL" not in done.out + done.err
