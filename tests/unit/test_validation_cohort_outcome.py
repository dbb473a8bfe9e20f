"""Horizon, landmark, direction and groups of a validation: settled, said, or asked for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from validation_cohorts import (
    BINARY,
    SURVIVAL,
    assembled,
    codes,
    cohort,
    frame,
    notes,
    outcome_of,
    refused,
    spec,
)

from cartwheel.clinic.reading import table_from_frame
from cartwheel.errors import OutcomeRefused, PlanRefused, ScoreRefused

NO_HORIZON = {key: value for key, value in SURVIVAL.items() if key != "horizon"}
COX = {"kind": "cox", "baseline_survival": 0.9, "slope": 0.3}


def predicting(**outcome: Any) -> Any:
    return spec(outcome=outcome_of(kind="survival", **outcome))


def test_the_horizon_of_the_score_is_converted() -> None:
    found = assembled(specs=predicting(horizon=1, time_unit="years"), outcome=NO_HORIZON)
    assert found.target.horizon == pytest.approx(12.0, rel=1e-12)  # 365.25 / 30.4375
    assert found.horizon_source == "score"
    assert found.target.time_unit == "months"
    assert "by 1 years" in found.outcome_said[0]


def test_the_horizon_of_the_plan_wins_and_a_difference_is_said() -> None:
    outcome = outcome_of(kind="survival", horizon=6, time_unit="months")
    found = assembled(
        specs=spec(
            outcome=outcome,
            risk=COX,
            examples=[{"inputs": {"x": 0}, "value": 0, "risk": 0.1}],
        ),
        outcome=SURVIVAL,
    )
    assert found.target.horizon == 12.0
    assert found.horizon_source == "plan"
    (note,) = [item for item in found.score_notes[0] if item.code == "horizon_differs"]
    assert note.severity == "caution"
    without = assembled(specs=spec(outcome=outcome), outcome=SURVIVAL)
    assert [n.severity for n in without.score_notes[0] if n.code == "horizon_differs"] == [
        "information"
    ]
    near = predicting(horizon=365, time_unit="days")  # within 1 % of 12 months
    assert "horizon_differs" not in notes(assembled(specs=near, outcome=SURVIVAL))


def test_a_horizon_that_nobody_says_is_asked_for() -> None:
    found = refused(outcome=NO_HORIZON)
    assert isinstance(found, PlanRefused)
    assert codes(found) == ["horizon_missing"]
    assert "--horizon" in found.problems[0].mend
    two = [predicting(horizon=6, time_unit="months"), predicting(horizon=1, time_unit="years")]
    differ = refused(specs=two, outcome=NO_HORIZON)
    assert codes(differ) == ["horizons_differ"]
    assert "6, 12 months" in differ.problems[0].what


def test_an_index_without_outcome_is_judged_at_the_median_event_time() -> None:
    found = assembled(specs=spec(outcome=outcome_of(kind="none")), outcome=NO_HORIZON)
    assert found.horizon_source == "assumed"
    assert found.target.horizon == 7.5  # of 3, 6, 9, 16
    assert "horizon_assumed" in notes(found, None)
    assert "no_outcome" in notes(found)


def test_follow_up_shorter_than_the_horizon() -> None:
    found = refused(outcome={**SURVIVAL, "horizon": 31.0})
    assert isinstance(found, OutcomeRefused)
    assert codes(found) == ["follow_up_short"]
    assert codes(refused(outcome={**SURVIVAL, "horizon": 4.0})) == ["few_events_by_horizon"]
    # six of eight were followed for nine months or longer
    few = assembled(outcome={**SURVIVAL, "horizon": 9.0})
    (note,) = [item for item in few.notes if item.code == "few_at_horizon"]
    assert note.text.startswith("6 of 8 patients")


def test_the_horizon_offered_is_nobodys_time() -> None:
    many = table_from_frame(
        frame().loc[np.repeat(np.arange(8), 5)].assign(os_months=np.linspace(3.03, 47.19, 40))
    )
    (problem,) = refused(many, outcome={**SURVIVAL, "horizon": 60.0}).problems
    # the tenth longest is 36.99...: rounded down to two digits
    assert "--horizon 36 (in months)" in problem.mend


def test_censoring_is_not_forgotten_silently() -> None:
    found = assembled(specs=predicting(horizon=1, time_unit="years"))
    assert found.target.kind == "binary"
    assert found.target.horizon is None
    assert "censoring_ignored" in notes(found)


def test_a_binary_score_on_times_is_said() -> None:
    assert "binary_score" in notes(assembled(outcome=SURVIVAL))


def test_the_landmark_of_a_score_is_asked_for_where_it_can_be_held() -> None:
    landmark = predicting(landmark_day=30, horizon=1, time_unit="years")
    found = refused(specs=landmark, outcome=NO_HORIZON)
    assert codes(found) == ["landmark_of_score"]
    assert found.problems[0].mend == "say it: --landmark 30"
    said = assembled(specs=landmark, outcome=NO_HORIZON, landmark_day=30.0)
    assert "landmark_differs" not in notes(said)
    # time runs from the landmark: 30 days of 30.4375
    first = said.target.times
    assert first is not None
    assert first.time[0] == pytest.approx(20 - 30 / 30.4375, rel=1e-12)
    assert said.flow[-2].label == "event-free and observed after day 30"
    cannot = assembled(specs=spec(outcome=outcome_of(landmark_day=30)))
    assert "landmark_differs" in notes(cannot)


def test_who_stayed_with_a_milder_onset_before_the_landmark_is_said() -> None:
    # CRS in rows 4, 6, 7, 8; of the others two began by day 3
    onset = [1.0, 2, np.nan, 2, 9, 5, 6, 7]
    told = assembled(
        cohort(onset_day=onset), outcome={**BINARY, "onset": "onset_day"}, landmark_day=3.0,
        columns={"x": {"day": 0}},
    )  # fmt: skip
    (note,) = [one for one in told.notes if one.code == "onset_without_event"]
    assert (note.severity, note.text[:31]) == ("caution", "2 patients without the event ha")
    assert told.guard.cost_events == 1


def test_a_direction_is_never_guessed() -> None:
    silent = spec(outcome=outcome_of(adverse=None))
    found = refused(specs=silent)
    assert codes(found) == ["direction"]
    assert found.problems[0].mend.startswith("say it: --direction 'a=high'")
    low = assembled(specs=silent, scores=[{"score": "x", "direction": "low"}])
    assert (low.scoreables[0].adverse, low.scoreables[0].adverse_source) == ("low", "plan")
    assert low.predicted[0].marker.tolist() == (-np.arange(8.0)).tolist()
    against = refused(scores=[{"score": "x", "direction": "low"}])
    assert codes(against) == ["direction_contradicted"]
    assert assembled().scoreables[0].adverse_source == "score file"


@pytest.mark.parametrize(("slope", "end"), [(0.3, "high"), (-0.3, "low")])
def test_a_risk_says_the_direction(slope: float, end: str) -> None:
    logistic = {"kind": "logistic", "intercept": 0, "slope": slope}
    examples = [{"inputs": {"x": 0}, "value": 0, "risk": 0.5}]
    made = spec(outcome=outcome_of(adverse=None), risk=logistic, examples=examples)
    found = assembled(specs=made)
    assert (found.scoreables[0].adverse, found.scoreables[0].adverse_source) == (end, "risk")
    risk = found.predicted[0].risk
    assert risk is not None
    assert risk == pytest.approx(1 / (1 + np.exp(-slope * np.arange(8))), rel=1e-12)
    other = "low" if end == "high" else "high"
    wrong = spec(outcome=outcome_of(adverse=other), risk=logistic, examples=examples)
    assert codes(refused(specs=wrong)) == ["adverse_against_risk"]
    assert isinstance(refused(specs=wrong), ScoreRefused)


def test_what_is_said_to_all_scores_reaches_those_that_know_it() -> None:
    other = spec(
        inputs=[{"name": "y", "label": "Y"}],
        terms=[{"kind": "linear", "input": "y", "coefficient": 1}],
        examples=[{"inputs": {"y": 1}, "value": 1}],
    )
    columns = {"x": "dead", "y": "x"}
    scores = [{"score": name, "name": name, "columns": columns} for name in "ab"]
    found = assembled(specs=[spec(), other], scores=scores)
    assert [one.column_names for one in found.scoreables] == [{"x": "dead"}, {"y": "x"}]
    wrong = [{**scores[0], "columns": {"x": "dead", "z": "x"}}, scores[1]]
    assert codes(refused(specs=[spec(), other], scores=wrong)) == ["unknown_input"]


def test_the_outcome_is_no_input() -> None:
    found = refused(specs=spec(inputs=[{"name": "crs", "label": "X"}],
        terms=[{"kind": "linear", "input": "crs", "coefficient": 1}],
        examples=[{"inputs": {"crs": 1}, "value": 1}]))  # fmt: skip
    assert codes(found) == ["role_twice"]


def test_names_of_scores_differ() -> None:
    same = [{"score": "x"}, {"score": "x"}]
    assert codes(refused(specs=[spec(), spec()], scores=same)) == ["score_name"]
    taken = [{"score": "x", "name": "treat all"}]
    assert codes(refused(scores=taken)) == ["score_name"]


def test_subgroups_by_words_and_at_edges() -> None:
    found = assembled(
        subgroups=[{"column": "sex"}, {"column": "age", "cuts": [40, 65], "label": "Age"}],
        columns={"age": {"unit": "years"}},
    )
    sex, age = found.groupings
    assert sex.levels == ("f", "m")
    assert sex.code.tolist() == [0, 1] * 4
    assert age.label == "Age"
    assert age.levels == ("below 40 years", "40 to below 65 years", "65 years or more")
    assert age.code.tolist() == [0, 1, 1, 1, 2, 2, 2, -1]  # a value at an edge is above it
    outside = assembled(subgroups=[{"column": "age", "cuts": [200]}])
    assert "one_group" in notes(outside, None)


def test_a_column_of_names_is_no_subgroup() -> None:
    found = refused(cohort(who=[f"p{i}" for i in range(8)]), subgroups=[{"column": "who"}])
    assert codes(found) == ["too_many_categories"]
    assert codes(refused(subgroups=[{"column": "os_months"}])) == ["too_many_categories"]
    assert codes(refused(cohort(who=[f"p{i}" for i in range(8)]), centre="who")) == [
        "too_many_centres"
    ]


def test_centres() -> None:
    table = cohort(site=["a", "a", "b", "b", "b", None, "a", "a"])
    found = assembled(table, centre="site")
    assert found.centre is not None
    assert found.centre.levels == ("a", "b")
    assert found.centre.code.tolist() == [0, 0, 1, 1, 1, -1, 0, 0]
    assert "centre_unknown" in notes(found, None)
    alone = assembled(cohort(site=["a"] * 8), centre="site")
    assert "one_centre" in notes(alone, None)


def test_added_and_auxiliary_columns() -> None:
    found = assembled(
        cohort(ferritin_ng_ml_day0=np.arange(8.0) + 100),
        update={"ladder": True, "extend": ["ferritin_ng_ml_day0"]},
        missing="impute",
        imputation={"auxiliary": ["age"]},
        columns={"age": {"unit": "years"}},
    )
    (added,) = found.extension
    assert (added.variable, added.unit) == ("ferritin", "ug/L")
    assert added.values.tolist() == (np.arange(8.0) + 100).tolist()
    assert np.isnan(found.auxiliary["age"][-1])
    flat = refused(cohort(flat=np.ones(8)), update={"ladder": True, "extend": ["flat"]})
    assert codes(flat) == ["constant_extension"]
