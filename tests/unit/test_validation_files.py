"""A cohort from SPSS, Stata or Parquet gives the validation that its CSV gives."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from shared_example import EVENT, centre, score_of

from cartwheel.workflows.validate import validate

pyreadstat = pytest.importorskip("pyreadstat")
LABELS = {"severe": {0: "no", 1: "yes"}, "ward": {1: "Nord", 2: "Süd"}}
PLAN = {
    "simulated": True,
    "outcome": EVENT,
    "cohort": {"id": "patient"},
    "scores": [{"score": "it"}],
    "missing": "impute",
    "imputation": {"imputations": 2},
    "subgroups": [{"column": "ward"}],
    "resampling": {"bootstrap": 10},
}


def sheet() -> pd.DataFrame:
    frame = centre(51, 150)
    rng = np.random.default_rng(3)
    crp = frame["crp_mg_l_day0"].where(rng.random(150) > 0.1)
    return frame.assign(crp_mg_l_day0=crp, ward=rng.integers(1, 3, 150))


def result(path: Path) -> Any:
    done = validate(path, PLAN, scores={"it": score_of()}, share_too=True)
    found = json.loads(done.to_json())["result"]
    # what a kind of file remarks of itself
    found["notes"] = [note for note in found["notes"] if note["code"] != "reading"]
    return found


def test_sheets_of_every_kind_give_one_result(tmp_path: Path) -> None:
    frame = sheet()
    frame.to_csv(tmp_path / "a.csv", index=False)
    expected = result(tmp_path / "a.csv")
    assert expected["imputation"]["patients"] == 150
    pyreadstat.write_sav(frame, str(tmp_path / "plain.sav"))
    pyreadstat.write_sav(frame, str(tmp_path / "a.sav"), variable_value_labels=LABELS)
    pyreadstat.write_dta(frame, str(tmp_path / "a.dta"), variable_value_labels=LABELS)
    frame.to_stata(tmp_path / "pandas.dta", write_index=False, version=118)
    pytest.importorskip("pyarrow")
    frame.to_parquet(tmp_path / "a.parquet")
    for name in ("plain.sav", "a.sav", "a.dta", "pandas.dta", "a.parquet"):
        assert result(tmp_path / name) == expected, name


def test_a_value_that_spss_holds_as_missing_is_missing(tmp_path: Path) -> None:
    frame = sheet()
    frame.to_csv(tmp_path / "a.csv", index=False)
    held = frame.assign(crp_mg_l_day0=frame["crp_mg_l_day0"].fillna(-99.0))
    pyreadstat.write_sav(
        held, str(tmp_path / "a.sav"), missing_ranges={"crp_mg_l_day0": [-99.0]},
        variable_value_labels={"crp_mg_l_day0": {-99.0: "not done"}},
    )  # fmt: skip
    assert result(tmp_path / "a.sav") == result(tmp_path / "a.csv")


def test_labels_that_stay_out_are_said(tmp_path: Path) -> None:
    pyreadstat.write_sav(sheet(), str(tmp_path / "a.sav"), variable_value_labels=LABELS)
    plan = {key: value for key, value in PLAN.items() if key not in ("missing", "imputation")}
    done = validate(tmp_path / "a.sav", plan, scores={"it": score_of()})
    (note,) = (note for note in done.result.notes if note.code == "reading")
    assert note.text == "As a.sav was read: value labels are not put in place of the codes."
    assert [row.group for row in done.result.subgroups[0].rows] == ["1", "2"]
