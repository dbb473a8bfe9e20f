"""Real CAR-T and textbook data, kept outside the repository: what they can and cannot show."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from develop_examples import cartwheel, parts, plan, predictor

import cartwheel as cw
from cartwheel.development.model.uncut import UncutPipeline, scaled
from cartwheel.development.result import Development
from cartwheel.stats.resample import bootstrap_optimism

IL6 = "il6_pg_ml_day7"
LATE = {"predictors": [predictor(IL6)], "outcome": {"event": "severe_crs_astct"}}
TIMED = {**LATE, "outcome": {"event": "severe_crs_astct", "onset": "crs_onset_day"}}


@pytest.fixture
def reference(shared: Path) -> Path:
    return shared / "data" / "reference"


def auc_alone(result: Development, column: str) -> float | None:
    return next(curve.auc.value for curve in result.roc if curve.name == column)


def test_day_7_il6_looks_good_in_everyone(car22: Path) -> None:
    frame = pd.read_csv(car22)
    sick = frame.loc[frame["severe_crs_astct"] == 1, IL6]
    well = frame.loc[frame["severe_crs_astct"] == 0, IL6]
    pairs = sum((high > low) + (high == low) / 2 for high in sick for low in well)
    assert (len(sick), len(well)) == (12, 47)
    result = cw.develop(car22, plan(bootstrap=0, **LATE)).result
    assert result.outcome.patients == 59
    assert auc_alone(result, IL6) == pytest.approx(pairs / (12 * 47), abs=1e-12)
    assert auc_alone(result, IL6) == pytest.approx(0.7446808510638298, abs=1e-12)
    assert "not_guarded" in [note.code for note in result.notes]


def test_day_7_il6_is_refused_and_the_landmark_offered(car22: Path) -> None:
    with pytest.raises(cw.Refused, match="keeps 53 of 59 patients and 6 of 12 events"):
        cw.develop(car22, plan(bootstrap=0, **TIMED))


def test_day_7_il6_at_the_landmark(car22: Path) -> None:
    result = cw.develop(car22, plan(bootstrap=0, landmark_day=7.0, **TIMED)).result
    assert (result.outcome.patients, result.outcome.events) == (53, 6)
    assert auc_alone(result, IL6) == pytest.approx(0.631, abs=5e-4)  # as printed, three digits
    codes = [note.code for note in result.notes]
    assert "few_events" in codes
    assert "landmark" in codes


@pytest.mark.parametrize("method", ["index", "points"])
def test_from_the_command_line(method: str, car22: Path) -> None:
    arguments = (
        *("develop", car22, "--method", method, "--event", "severe_crs_astct"),
        *("--onset", "crs_onset_day", "--predictors", f"{IL6},crp_mg_l_day7", "--direction"),
        *("high", "--bootstrap", "20", "--id", "patient"),
    )
    done = cartwheel(*arguments)
    assert done.code == 2
    assert "--landmark 7 keeps 53 of 59 patients and 6 of 12 events" in " ".join(done.err.split())
    done = cartwheel(*arguments, "--landmark", "7")
    assert done.code == 0, done.err
    assert "6 with the event" in done.out
    assert "fewer than 10 events" in " ".join(done.out.split())
    assert "C22-" not in done.out + done.err


def test_three_early_values_say_next_to_nothing(car22: Path) -> None:
    columns = ["crp_mg_l_day0", "il6_pg_ml_day1", "marrow_blasts_percent"]
    wanted = plan(
        bootstrap=100,
        outcome=TIMED["outcome"],
        predictors=[predictor(column) for column in columns],
        points={"penalty": "firth"},
        columns={"marrow_blasts_percent": {"day": 0.0}},
    )
    result = cw.develop(car22, wanted).result
    assert (result.outcome.patients, result.outcome.events) == (55, 11)
    exact = next(row.exact for row in result.rounding if row.name == "auc")
    assert exact == pytest.approx(0.614, abs=5e-4)  # as printed, three digits
    assert "chance" in [note.code for note in result.notes]


def test_the_plain_model_of_them_falls_to_a_coin(car22: Path) -> None:
    columns = ["crp_mg_l_day0", "il6_pg_ml_day1", "marrow_blasts_percent"]
    found = parts(
        car22,
        plan(
            bootstrap=0,
            outcome={"event": "severe_crs_astct"},
            predictors=[predictor(column) for column in columns],
            points={"penalty": "firth"},
        ),
    )
    pipeline = UncutPipeline(
        found.target,
        tuple(scaled(item, skewed=False, splines=False) for item in found.assembled.predictors),
    )
    resampled = bootstrap_optimism(pipeline, n=55, resamples=500, seed=1)
    apparent = float(resampled.apparent[0])
    assert apparent == pytest.approx(0.614, abs=5e-4)  # as printed, three digits
    corrected = apparent - float(resampled.optimism("auc").mean())
    assert corrected == pytest.approx(0.52, abs=0.03)  # Monte-Carlo error of 500 resamples


@pytest.mark.parametrize("event", ["objective_response", "carhlh", "severe_crs_lee"])
@pytest.mark.parametrize("method", ["index", "points"])
def test_other_outcomes(method: str, event: str, car22: Path) -> None:
    onset = {"onset": "carhlh_day"} if event == "carhlh" else {}
    wanted = plan(
        method,
        bootstrap=20,
        outcome={"event": event, **onset},
        predictors=[predictor("crp_mg_l_day0"), predictor("ferritin_ug_l_day0")],
        associations={
            "columns": ["crs_grade_astct", "il6_pg_ml_peak", "response_code", "steroids"]
        },
    )
    result = cw.develop(car22, wanted).result
    frame = pd.read_csv(car22).dropna(subset=["crp_mg_l_day0", "ferritin_ug_l_day0", event])
    assert result.outcome.patients == len(frame)
    assert result.outcome.events == int(frame[event].sum())
    assert "complete_case" in [note.code for note in result.notes]


def test_a_peak_is_refused_as_predictor(car22: Path) -> None:
    with pytest.raises(cw.Refused, match="peak"):
        cw.develop(car22, plan(predictors=[predictor("il6_pg_ml_peak")], outcome=TIMED["outcome"]))


PBC: dict[str, Any] = {
    "outcome": {
        "event": "status",
        "kind": "survival",
        "event_value": 2.0,
        "time": "time",
        "time_unit": "days",
        "horizon": 1826.25,
    },
    "predictors": [
        predictor("bili"),
        {"column": "albumin", "direction": "low"},
        predictor("protime"),
    ],
    "columns": {
        "bili": {"variable": "total_bilirubin", "unit": "mg/dL", "day": 0.0},
        "albumin": {"unit": "g/dL", "day": 0.0},
        "protime": {"day": 0.0},
        "age": {"unit": "years"},
    },
    "adjust": ["age"],
}


@pytest.mark.parametrize("method", ["index", "points"])
def test_primary_biliary_cholangitis(method: str, reference: Path) -> None:
    result = cw.develop(reference / "pbc.csv", plan(method, bootstrap=20, **PBC)).result
    frame = pd.read_csv(reference / "pbc.csv").dropna(subset=["bili", "albumin", "protime"])
    assert result.outcome.patients == len(frame)
    assert result.outcome.events == int((frame["status"] == 2).sum())
    note = next(note for note in result.notes if note.code == "read_as_no")
    assert note.text.endswith("0, 1.")
    harrell = result.performance.measures[0]
    assert harrell.name == "c_index"
    assert harrell.corrected.value is not None
    assert 0.7 < harrell.corrected.value < 0.9  # bilirubin, albumin and time carry the Mayo model
    assert [column.unit for column in result.columns[:2]] == ["umol/L", "g/L"]


def test_pbc_in_other_units_changes_only_digits(reference: Path, tmp_path: Path) -> None:
    frame = pd.read_csv(reference / "pbc.csv")
    frame["albumin"] = (frame["albumin"] * 10).round(2)
    frame.to_csv(tmp_path / "pbc.csv", index=False)
    units = {**PBC["columns"], "albumin": {"unit": "g/L", "day": 0.0}}
    one = cw.develop(reference / "pbc.csv", plan("index", **PBC)).result
    two = cw.develop(tmp_path / "pbc.csv", plan("index", **{**PBC, "columns": units})).result
    assert one.performance == two.performance
    assert [row.cut for row in one.cutoffs] == [row.cut for row in two.cutoffs]


def test_lung_cancer(reference: Path) -> None:
    wanted = plan(
        bootstrap=20,
        outcome={
            "event": "status",
            "kind": "survival",
            "event_value": 2.0,
            "time": "time",
            "time_unit": "days",
        },
        predictors=[predictor("ph.ecog"), predictor("age"), predictor("wt.loss")],
        points={"selection": "backward", "alpha": 0.1},
        columns={"age": {"unit": "years"}},
    )
    developed = cw.develop(reference / "lung.csv", wanted)
    frame = pd.read_csv(reference / "lung.csv").dropna(subset=["ph.ecog", "age", "wt.loss"])
    result = developed.result
    assert result.outcome.patients == len(frame)
    assert result.outcome.events == int((frame["status"] == 2).sum())
    assert next(row for row in result.selection if row.column == "ph.ecog").selected
    assert result.outcome.horizon == frame.loc[frame["status"] == 2, "time"].median()
