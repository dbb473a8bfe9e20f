"""Landmark prediction: what it reads, what it refuses, what it saves and predicts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pandas as pd
import pytest
from landmark_sample import (
    binary_plan,
    binary_sample,
    competing_plan,
    competing_sample,
    survival_plan,
    survival_sample,
)

from cartwheel.canonical import plain
from cartwheel.errors import CohortRefused, PlanRefused, Refused
from cartwheel.figures.landmark import landmark_performance
from cartwheel.figures.saving import svg
from cartwheel.landmarking.plan import landmark_plan_from_dict, read_landmark_plan
from cartwheel.landmarking.predict import DatedValue, predict
from cartwheel.landmarking.result import LandmarkFile
from cartwheel.landmarking.tables import penalty_of
from cartwheel.workflows.landmark import (
    landmark,
    landmark_json,
    landmark_schema,
)


@pytest.fixture(scope="module")
def binary() -> LandmarkFile:
    return landmark(*binary_sample(), binary_plan())


@pytest.fixture(scope="module")
def survival() -> LandmarkFile:
    return landmark(*survival_sample(), survival_plan(super_model={"interactions": True}))


def refused(patients: pd.DataFrame, labs: pd.DataFrame, plan: dict[str, Any]) -> set[str]:
    with pytest.raises(Refused) as found:
        landmark(patients, labs, plan)
    assert all("P0" not in str(problem) for problem in found.value.problems)
    return {problem.code for problem in found.value.problems}


def changed(frame: pd.DataFrame, rows: Any, column: str, value: Any) -> pd.DataFrame:
    frame = frame.astype({column: object})
    frame.loc[rows, column] = value
    return frame


# ---- what is refused ----


def test_an_unknown_analyte_is_refused_with_the_nearest() -> None:
    plan = binary_plan(markers=[{"analyte": "il7"}])
    with pytest.raises(CohortRefused) as found:
        landmark(*binary_sample(), plan)
    (problem,) = found.value.problems
    assert problem.code == "analyte_unknown"
    assert "il6" in problem.mend


def test_a_missing_unit_is_refused() -> None:
    patients, labs = binary_sample()
    bare = changed(labs, labs["analyte"] == "crp", "unit", "")
    assert refused(patients, bare, binary_plan()) == {"unit_missing"}
    one = changed(labs, labs.index[labs["analyte"] == "crp"][:1], "unit", None)
    assert refused(patients, one, binary_plan()) == {"unit_missing"}


def test_units_are_converted() -> None:
    patients, labs = binary_sample()
    crp = (labs["analyte"] == "crp") & (labs["day"] > 2)
    other = labs.copy()
    other.loc[crp, "value"] = labs.loc[crp, "value"] / 10.0
    other.loc[crp, "unit"] = "mg/dL"
    ours, theirs = (landmark(patients, rows, binary_plan(0)).result for rows in (labs, other))
    for one, same in zip(ours.models, theirs.models, strict=True):
        for row, again in zip(one.coefficients, same.coefficients, strict=True):
            # tenths of hundredths are not exact in binary
            assert again.coefficient == pytest.approx(row.coefficient, rel=1e-9)
    assert "converted from mg/dL" in theirs.labs.markers[0].rule


def test_a_laboratory_file_of_other_patients_is_refused() -> None:
    patients, labs = binary_sample()
    other = labs.assign(patient=labs["patient"].str.lower())
    assert refused(patients, other, binary_plan()) == {"no_patient_in_common"}
    # most of them others: a caution, where it is a word when few are
    names = sorted(set(labs["patient"]))
    for known, severity in ((15, "caution"), (50, "information")):
        some = labs["patient"].where(labs["patient"].isin(names[:known]), "X" + labs["patient"])
        found = landmark(patients, labs.assign(patient=some), binary_plan(bootstrap=0))
        (note,) = [one for one in found.result.notes if one.code == "strangers"]
        assert note.severity == severity


def test_where_no_model_exists_none_is_called_estimated() -> None:
    patients, labs = binary_sample()
    found = landmark(patients, labs.assign(value="5"), binary_plan(bootstrap=0))
    assert "At no landmark could a model be estimated" in found.result.verdict
    assert "one was estimated" not in found.result.verdict


def test_an_event_without_onset_is_refused_or_counted() -> None:
    patients, labs = binary_sample()
    undated = patients.copy()
    undated.loc[undated.index[undated["severe"] == 1][:2], "onset"] = np.nan
    assert refused(undated, labs, binary_plan()) == {"onset_missing"}
    outcome = {"event": "severe", "onset": "onset", "unknown_onset": "exclude"}
    steps = landmark(undated, labs, binary_plan(0, outcome=outcome)).result.flow
    assert (steps[-1].excluded, steps[-1].excluded_events) == (2, 2)


def test_landmarks_after_every_event_are_said_not_dropped() -> None:
    patients, labs = binary_sample()
    result = landmark(patients, labs, binary_plan(5, landmarks_days=[4, 100])).result
    last = result.landmarks[-1]
    assert (last.state, last.events_left) == ("not_estimable", 0)
    assert last.reason
    cautions = [note.text for note in result.notes if note.code == "landmark_not_estimable"]
    assert len(cautions) == 1
    assert refused(patients, labs, binary_plan(landmarks_days=[100])) == {"no_landmark"}


def test_few_events_are_a_loud_caution() -> None:
    patients, labs = binary_sample()
    kept = patients[(patients["severe"] == 0) | (np.cumsum(patients["severe"]) <= 4)]
    result = landmark(kept, labs, binary_plan(5, landmarks_days=[0])).result
    assert result.landmarks[0].state == "few_events"
    assert "landmark_few_events" in [note.code for note in result.notes]
    assert result.labs.rows_of_strangers > 0


def test_one_patient_is_refused() -> None:
    patients, labs = binary_sample()
    assert refused(patients.head(1), labs, binary_plan()) & {"one_row", "too_few_rows"}


def test_two_values_at_one_moment() -> None:
    patients, labs = binary_sample()
    first = labs[(labs["analyte"] == "crp") & (labs["day"] == 0)].head(1)
    twice = pd.concat([labs, first.assign(value=first["value"] * 4)])
    assert refused(patients, twice, binary_plan()) == {"duplicate_time"}
    for rule in ("mean", "last_row"):
        marker = landmark(patients, twice, binary_plan(0, same_moment=rule)).result.labs.markers[0]
        assert marker.repeated == 1
    equal = landmark(patients, pd.concat([labs, first]), binary_plan(0)).result
    assert equal.labs.markers[0].repeated == 1


def test_what_else_a_laboratory_file_may_lack() -> None:
    patients, labs = binary_sample()
    undated = changed(labs, labs.index[:3], "day", None)
    assert refused(patients, undated, binary_plan()) == {"day_missing"}
    nameless = labs.rename(columns={"value": "what", "day": "when"})
    assert refused(patients, nameless, binary_plan()) == {"which_column"}
    plan = binary_plan(0, labs={"value": "what", "day": "when"})
    assert landmark(patients, nameless, plan).result.labs.columns["value"] == "what"
    none = changed(labs, labs.index[labs["analyte"] == "crp"][:1], "value", 0.0)
    assert refused(patients, none, binary_plan()) == {"not_positive"}
    word = changed(labs, labs.index[:1], "value", "haemolysed")
    assert refused(patients, word, binary_plan()) == {"not_a_number"}


def test_patients_are_one_row_each() -> None:
    patients, labs = binary_sample()
    twice = pd.concat([patients, patients.head(2)])
    assert refused(twice, labs, binary_plan()) == {"duplicate_id"}
    assert refused(patients.rename(columns={"patient": "who"}), labs, binary_plan()) == {
        "which_column"
    }
    negative = changed(survival_sample()[0], [0], "time", -1)
    assert refused(negative, labs, survival_plan()) == {"time_negative"}


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"outcome": {"event": "severe"}}, "onset_needed"),
        ({"outcome": {"event": "severe", "time": "time", "time_unit": "days"}}, "window_needed"),
        ({"outcome": {"event": "severe", "time": "time"}, "window_days": 5.0}, "time_unit"),
        ({"landmarks_days": [3, 3]}, "landmark_twice"),
        (
            {
                "outcome": {
                    "event": "severe",
                    "time": "time",
                    "time_unit": "days",
                    "event_value": 1,
                    "competing_values": [2],
                },
                "window_days": 5.0,
            },
            "competing_survival",
        ),
        (
            {"outcome": {"event": "severe", "onset": "onset", "competing_values": [2]}},
            "event_value_needed",
        ),
        (
            {
                "outcome": {
                    "event": "severe",
                    "onset": "onset",
                    "event_value": 1,
                    "competing_values": ["1.0"],
                }
            },
            "competing_value_is_event",
        ),
        ({"markers": [{"analyte": "crp"}, {"analyte": "crp"}]}, "marker_twice"),
    ],
)
def test_a_plan_that_leaves_something_open(wrong: dict[str, Any], code: str) -> None:
    with pytest.raises(PlanRefused) as found:
        landmark_plan_from_dict(binary_plan(**wrong))
    assert code in {problem.code for problem in found.value.problems}


def test_a_plan_file_is_strict(tmp_path: Path) -> None:
    text = (
        'schema = "cartwheel-landmark-plan/1"\nlandmarks_days = [5, 0]\n'
        '[outcome]\nevent = "severe"\nonset = "onset"\n[[markers]]\nanalyte = "crp"\n'
    )
    path = tmp_path / "plan.toml"
    path.write_text(text, encoding="utf-8")
    assert read_landmark_plan(path).landmarks_days == (0.0, 5.0)
    path.write_text("landmark_days = [3]\n" + text, encoding="utf-8")
    with pytest.raises(PlanRefused) as found:
        read_landmark_plan(path)
    assert "landmarks_days" in found.value.problems[0].mend


# ---- what is told ----


def test_apparent_never_without_corrected(binary: LandmarkFile, survival: LandmarkFile) -> None:
    for done, names in ((binary, 3), (survival, 4)):
        assert [len(row.measures) for row in done.result.performance] == [names] * 6
        for row in done.result.performance:
            for measure in row.measures:
                assert measure.apparent.value is not None
                assert measure.corrected.value is not None
                # what is told is the difference of what is told beside it
                gap = measure.apparent.value - (measure.optimism.value or 0.0)
                assert measure.corrected.value == pytest.approx(gap, abs=1e-12)


def test_without_resamples_nothing_is_called_corrected() -> None:
    result = landmark(*binary_sample(), binary_plan(0)).result
    assert all(m.corrected.value is None for row in result.performance for m in row.measures)
    assert "Nothing was repeated" in result.verdict


def test_the_penalty_is_firth_below_ten_events_a_parameter() -> None:
    assert penalty_of("auto", 19, 60, 2) == "firth"
    assert penalty_of("auto", 20, 60, 2) == "rescue"
    assert penalty_of("auto", 50, 60, 2) == "firth"  # ten without the event limit it
    assert penalty_of("none", 3, 60, 2) == "none"


def test_average_risk_is_the_observed_one(binary: LandmarkFile) -> None:
    # FLIC over the stacked rows: the saved model predicts as many events as there were
    patients, labs = binary_sample()
    model = binary.result.model
    assert model is not None
    total, rows, events = 0.0, 0, 0
    by_patient = {name: list(_values(part)) for name, part in labs.groupby("patient")}
    each: Any = patients.itertuples()
    for row in each:
        for day in (0.0, 4.0, 6.0):
            if row.onset <= day:
                continue
            found = predict(model, by_patient[row.patient], day)
            if found.risk.value is not None:
                total, rows = total + found.risk.value, rows + 1
                events += int(row.severe)
    assert rows == binary.result.super_model.rows
    assert total == pytest.approx(events, rel=1e-9)


def _values(rows: pd.DataFrame) -> Any:
    each: Any = rows.itertuples()
    for row in each:
        yield DatedValue(row.analyte, float(row.day), float(row.value), row.unit)


def test_the_json_follows_its_schema(binary: LandmarkFile, survival: LandmarkFile) -> None:
    schema = landmark_schema()
    jsonschema.validators.validator_for(schema).check_schema(schema)
    for done in (binary, survival):
        text = landmark_json(done)
        jsonschema.validate(json.loads(text), schema)
        assert "P0" not in text  # no patient's name


# ---- another event first ----


def test_a_competing_event_ends_the_prediction() -> None:
    told = landmark(*competing_sample(), competing_plan()).result
    one_event = {"event_value": 1, "competing_values": []}
    kept = landmark(*binary_sample(), competing_plan(**one_event)).result
    assert told.outcome.competing_events == 10
    assert [row.competing_left for row in told.landmarks] == [10, 10, 0]
    both = zip(told.landmarks, kept.landmarks, strict=True)
    assert [one.left - other.left for one, other in both] == [0, 0, 10]
    assert [row.competing_left for row in kept.landmarks] == [None] * 3
    assert "competing_events" in {note.code for note in told.notes}
    assert any("competing" in text for text in told.methods)


def test_a_competing_event_needs_its_day() -> None:
    patients, labs = competing_sample()
    patients.loc[patients["severe"] == "died", "onset"] = np.nan
    assert refused(patients, labs, competing_plan()) == {"onset_missing"}
    absent = competing_plan(competing_values=["moved"])
    assert refused(patients, labs, absent) == {"competing_value_absent"}


def test_other_ends_of_follow_up_are_a_caution(survival: LandmarkFile) -> None:
    cautions = {note.code for note in survival.result.notes if note.severity == "caution"}
    assert "competing_censored" in cautions
    assert any("competing events were not told apart" in text for text in survival.result.methods)
    undeclared = competing_plan(competing_values=[])
    found = landmark(*competing_sample(), undeclared).result
    assert "competing_undeclared" in {note.code for note in found.notes}


# ---- the figure ----


def test_the_figure_shows_every_landmark(binary: LandmarkFile) -> None:
    text = svg(landmark_performance(plain(binary.result)))
    for day in (0, 4, 6):
        assert text.count(f">day {day}<") == 2
    many = landmark(*binary_sample(), binary_plan(0, landmarks_days=list(range(12))))
    wide = svg(landmark_performance(plain(many.result)))
    assert all(wide.count(f">day {day}<") == 1 for day in range(12))
    assert text == svg(landmark_performance(plain(binary.result)))
    patients, labs = binary_sample()
    late = landmark(patients, labs, binary_plan(5, landmarks_days=[4, 100]))
    assert "estimable" in svg(landmark_performance(plain(late.result)))
