"""What an R program says and how it is written; no R is needed to read it."""

from __future__ import annotations

import re
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from develop_examples import cohort, plan
from r_programs import as_json, linear_score

import cartwheel as cw
from cartwheel.report.r_script import r_script


@pytest.fixture(scope="module")
def developed() -> dict[str, Any]:
    return as_json(cw.develop(cohort(), plan(bootstrap=0)).document)


def test_same_bytes_twice_and_plain_ascii(developed: dict[str, Any]) -> None:
    text = r_script(developed)
    assert text == r_script(deepcopy(developed))
    # R on Windows reads a program in its own encoding
    assert text.isascii()


def test_no_patient_is_in_the_program(developed: dict[str, Any]) -> None:
    assert "SENTINEL" not in r_script(developed)


def test_packages_are_asked_for_by_name(developed: dict[str, Any]) -> None:
    asked = re.search(r"for \(package in c\((.*)\)\)", r_script(developed))
    assert asked is not None
    assert asked[1] == '"survival", "pROC", "Hmisc"'


def test_other_files_have_to_be_saved_as_csv(developed: dict[str, Any]) -> None:
    said = "The data are no CSV: save the sheet as CSV (UTF-8) first."
    assert said in r_script(developed, data_name="cohort.xlsx")
    assert said not in r_script(developed, data_name="cohort.csv")


def test_what_is_not_repeated_is_named_at_the_top(developed: dict[str, Any]) -> None:
    head = r_script(developed).split("arguments <-")[0].splitlines()
    named = [line for line in head if line.startswith("# Not repeated")]
    assert any("curves of ROC" in line for line in named)
    assert not any("permutation" in line or "imputed" in line for line in named)
    gaps = cohort()
    gaps.loc[::7, next(item["column"] for item in plan()["predictors"])] = None
    wanted = plan(bootstrap=0, missing="impute", imputation={"imputations": 2, "iterations": 1})
    imputed = r_script(as_json(cw.develop(gaps, wanted).document))
    head = imputed.split("arguments <-")[0]
    assert "# Not repeated: imputed values by cartwheel's random numbers: mice draws others" in head
    assert "mice::mice(" in imputed
    assert "mice::mice(" not in r_script(developed)


def test_numbers_of_chance_stand_in_the_program(developed: dict[str, Any]) -> None:
    again = deepcopy(developed)
    again["result"]["performance"]["measures"][0]["corrected"]["value"] = 0.654321
    place = "result.performance.measures[0].corrected.value"
    assert f'"{place}" = 0.654321' in r_script(again)
    assert f'"{place}"' not in r_script(developed)


def test_names_cannot_become_commands(developed: dict[str, Any]) -> None:
    hostile = deepcopy(developed)
    hostile["result"]["title"] = "a\nquit()\r\u2028stop()"
    hostile["provenance"]["data_name"] = 'x"); quit(); ("'
    text = r_script(hostile)
    assert not re.search(r"^\s*(quit|stop)\(\)", text, flags=re.MULTILINE)
    assert '"x\\"); quit(); (\\""' in text


def test_numbers_cannot_become_commands(developed: dict[str, Any]) -> None:
    hostile = deepcopy(developed)
    hostile["plan"]["points"]["largest"] = "system('true')"
    with pytest.raises(cw.Refused, match="of another kind"):
        r_script(hostile)


def test_missing_parts_are_refused(developed: dict[str, Any]) -> None:
    for part in ("table_one", "outcome", "sample_size"):
        broken = deepcopy(developed)
        del broken["result"][part]
        with pytest.raises(cw.Refused, match="missing or of another kind"):
            r_script(broken)


def test_an_older_file_without_optional_parts_has_a_program(developed: dict[str, Any]) -> None:
    older = deepcopy(developed)
    for part in ("imputation", "proportional_hazards"):
        older["result"].pop(part, None)
    older.pop("referee")
    assert "finish()" in r_script(older)


def test_other_kinds_are_refused() -> None:
    with pytest.raises(cw.Refused, match="no R program for a result of 'appraise'"):
        r_script({"kind": "appraise", "result": {}})


def test_a_pool_has_its_own() -> None:
    assert r_script({"kind": "pool", "result": {"r_script": "library(metafor)"}}) == (
        "library(metafor)"
    )


def test_a_validation_needs_the_files_that_were_validated(tmp_path: Path) -> None:
    score = linear_score("sum", {"bulky": "1"}, {"kind": "logistic", "intercept": -3})
    data = tmp_path / "cohort.csv"
    cohort().to_csv(data, index=False)
    wanted = {
        "outcome": {"event": "severe"},
        "scores": [{"score": "sum"}],
        "resampling": {"bootstrap": 0},
    }
    document = as_json(cw.validate(data, wanted, scores={"sum": score}).document)
    assert "function_1 <- local" in r_script(document, [score])
    for others in ([], [score.but(version="2")], [score, score]):
        with pytest.raises(cw.Refused, match="1 score files that were validated, unchanged"):
            r_script(document, others)
