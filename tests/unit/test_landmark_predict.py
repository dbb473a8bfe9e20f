"""Predicting with a saved landmark model: one patient, and the patients of a laboratory file."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from landmark_sample import binary_plan, binary_sample, survival_plan, survival_sample

from cartwheel.canonical import canonical_json, plain
from cartwheel.errors import CohortRefused, FileRefused, NotEstimable
from cartwheel.landmarking.predict import DatedValue, predict
from cartwheel.landmarking.result import LandmarkFile
from cartwheel.landmarking.result_model import LandmarkModel
from cartwheel.workflows.landmark import landmark, landmark_model_file, read_landmark_model
from cartwheel.workflows.landmark_predict import landmark_predict


@pytest.fixture(scope="module")
def binary() -> LandmarkFile:
    return landmark(*binary_sample(), binary_plan())


@pytest.fixture(scope="module")
def survival() -> LandmarkFile:
    return landmark(*survival_sample(), survival_plan(super_model={"interactions": True}))


def changed(frame: pd.DataFrame, rows: Any, column: str, value: Any) -> pd.DataFrame:
    frame = frame.astype({column: object})
    frame.loc[rows, column] = value
    return frame


def _values(rows: pd.DataFrame) -> Any:
    each: Any = rows.itertuples()
    for row in each:
        yield DatedValue(row.analyte, float(row.day), float(row.value), row.unit)


# ---- a saved model ----


@pytest.mark.parametrize("kind", ["binary", "survival"])
def test_a_model_comes_back_as_it_was(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    done = request.getfixturevalue(kind)
    alone, whole = tmp_path / "model.json", tmp_path / "result.json"
    alone.write_text(canonical_json(landmark_model_file(done)), encoding="utf-8")
    whole.write_text(canonical_json(done), encoding="utf-8")
    assert read_landmark_model(alone) == done.result.model == read_landmark_model(whole)


def test_a_file_that_is_no_model(tmp_path: Path, binary: LandmarkFile) -> None:
    path = tmp_path / "model.json"
    good = plain(landmark_model_file(binary))
    for data, code in (
        ("{", "not_json"),
        ("{}", "file_kind"),
        (json.dumps({**good, "schema": "cartwheel/landmark-model/9"}), "newer"),
        (json.dumps({**good, "model": {"kind": "logistic"}}), "broken"),
    ):
        path.write_text(data, encoding="utf-8")
        with pytest.raises(FileRefused) as found:
            read_landmark_model(path)
        assert found.value.problems[0].code == code
    with pytest.raises(FileRefused):
        read_landmark_model(tmp_path / "absent.json")
    bare = replace(binary, result=replace(binary.result, model=None))
    with pytest.raises(NotEstimable):
        landmark_model_file(bare)


def model_of(done: LandmarkFile) -> LandmarkModel:
    assert done.result.model is not None
    return done.result.model


def test_a_prediction_says_which_values_it_rests_on(binary: LandmarkFile) -> None:
    model = model_of(binary)
    values = [
        DatedValue("crp", 1.0, 3.2, "mg/dL"),
        DatedValue("IL-6", 2.5, 20.0, "pg/mL"),
        DatedValue("il6", 3.5, 900.0, "pg/mL"),  # taken after the day
    ]
    found = predict(model, values, 3.0)
    assert [(one.analyte, one.value, one.age_days) for one in found.used] == [
        ("crp", 32.0, 2.0),
        ("il6", 20.0, 0.5),
    ]
    assert found.risk.value is not None
    assert found.risk.low is not None
    assert found.risk.high is not None
    assert found.risk.low < found.risk.value < found.risk.high
    assert found.lowest == found.highest == found.risk.value


def test_a_missing_value_gives_a_range(binary: LandmarkFile) -> None:
    model = model_of(binary)
    values = [DatedValue("crp", -2.0, 32.0, "mg/L"), DatedValue("il6", 3.0, 20.0, "pg/mL")]
    found = predict(model, values, 3.0)
    assert [one.analyte for one in found.missing] == ["crp"]
    assert "5.0 days old" in found.missing[0].reason
    assert found.risk.value is None
    whole = predict(model, [DatedValue("crp", 3.0, 32.0, "mg/L"), values[1]], 3.0)
    assert whole.risk.value is not None
    assert found.lowest < whole.risk.value < found.highest


def test_a_prediction_that_is_refused(binary: LandmarkFile, survival: LandmarkFile) -> None:
    good = [DatedValue("crp", 4.0, 32.0, "mg/L"), DatedValue("il6", 4.0, 20.0, "pg/mL")]
    cases = [
        (binary, good, 7.0, "day_outside"),
        (survival, good, 6.5, "day_outside"),
        (binary, [replace(good[0], unit=""), good[1]], 4.0, "unit_missing"),
        (binary, [*good, replace(good[0], value=40.0)], 4.0, "duplicate_time"),
        (binary, [replace(good[0], value=0.0), good[1]], 4.0, "not_positive"),
        (binary, [replace(good[0], unit="U/L"), good[1]], 4.0, "unit_not_accepted"),
    ]
    for done, values, day, code in cases:
        with pytest.raises(CohortRefused) as found:
            predict(model_of(done), values, day)
        assert found.value.problems[0].code == code
    risk = predict(model_of(survival), good, 4.0)
    assert risk.risk.value is not None
    assert 0.0 < risk.risk.value < 1.0
    assert risk.until_day == 16.0


def test_between_landmarks_a_cox_model_has_one_baseline(survival: LandmarkFile) -> None:
    model = model_of(survival)
    assert model.between is not None
    values = [DatedValue("crp", 3.0, 32.0, "mg/L"), DatedValue("il6", 3.0, 20.0, "pg/mL")]
    for day in (0.5, 3.25, 5.0):
        recent = [replace(value, day=day) for value in values]
        found = predict(model, recent, day)
        assert found.model == "cox, landmark day as a term"
        # by hand: steps after the day and up to the end of its window
        steps = [0.0, *(one.hazard for one in model.between.baseline)]
        days = [one.day for one in model.between.baseline]
        hazard = sum(
            after - before
            for when, before, after in zip(days, steps, steps[1:], strict=False)
            if day < when <= day + 12.0
        )
        known = {"crp": 5.0, "il6": np.log2(20.0), None: 1.0}
        lp = sum(
            one.coefficient * known[one.analyte] * day**one.day_power for one in model.between.terms
        )
        assert found.risk.value == pytest.approx(-np.expm1(-hazard * np.exp(lp)), rel=1e-12)
        assert found.until_day == day + 12.0
    on_it = predict(model, [replace(value, day=4.0) for value in values], 4.0)
    assert on_it.model == "cox, stratified by landmark"
    with pytest.raises(CohortRefused) as refusal:
        predict(replace(model, between=None), values, 3.25)
    assert refusal.value.problems[0].code == "day_not_landmark"


def test_the_model_between_landmarks_is_told(binary: LandmarkFile, survival: LandmarkFile) -> None:
    assert binary.result.between is None
    table = survival.result.between
    assert table is not None
    assert [row.term for row in table.coefficients][-1] == "landmark day"
    codes = {note.code for note in survival.result.notes}
    assert "between_landmarks" in codes
    assert any("days between landmarks" in text for text in survival.result.methods)


# ---- predicting a laboratory file ----


def test_a_file_is_predicted_as_its_patients_are(binary: LandmarkFile) -> None:
    model, (_, labs) = model_of(binary), binary_sample()
    done = landmark_predict(model, labs, 5.0)
    assert [one.patient for one in done.predictions] == sorted(set(labs["patient"]))
    by_patient = {name: list(_values(part)) for name, part in labs.groupby("patient")}
    for one in done.predictions:
        assert one.prediction == predict(model, by_patient[one.patient], 5.0)
    assert any(one.prediction.missing for one in landmark_predict(model, labs, 0.0).predictions)
    later = labs.assign(value=labs["value"].where(labs["day"] <= 5.0, 17.0))
    assert landmark_predict(model, later, 5.0).predictions == done.predictions
    (alone,) = landmark_predict(model, labs, 5.0, patient="P004").predictions
    assert alone == next(one for one in done.predictions if one.patient == "P004")


def test_predictions_of_a_file_that_are_refused(binary: LandmarkFile) -> None:
    model, (_, labs) = model_of(binary), binary_sample()
    cases = [
        (labs, {"day": 7.0}, "day_outside"),
        (labs, {"day": 5.0, "patient": "P999"}, "patient_unknown"),
        (labs[labs["analyte"] == "crp"], {"day": 5.0}, "analyte_unknown"),
        (changed(labs, labs.index, "unit", ""), {"day": 5.0}, "unit_missing"),
        (changed(labs, labs.index, "patient", None), {"day": 5.0}, "no_patients"),
    ]
    for frame, asked, code in cases:
        with pytest.raises(CohortRefused) as refusal:
            landmark_predict(model, frame, **asked)
        assert {problem.code for problem in refusal.value.problems} == {code}
        assert all("P0" not in str(one) and "P9" not in str(one) for one in refusal.value.problems)
