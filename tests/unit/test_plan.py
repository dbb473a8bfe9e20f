"""The plan: strict, read and written back, never filled in behind the user's back."""

from __future__ import annotations

import math
import tempfile
from pathlib import Path
from typing import Any

import pytest
from develop_examples import CRP, FERRITIN, NLR, SURVIVAL, fixed, plan, predictor
from hypothesis import given, strategies as st

from cartwheel.development.planning.checks import plan_problems
from cartwheel.development.planning.flags import Flags, names, override, plan_data
from cartwheel.development.planning.plan import plan_from_dict, read_plan
from cartwheel.development.planning.text import plan_to_toml
from cartwheel.errors import PlanRefused


def problems(data: dict[str, Any]) -> list[str]:
    return [problem.code for problem in plan_problems(plan_from_dict(data))]


TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
NUMBER = st.floats(allow_nan=False, allow_infinity=False)


@given(
    title=TEXT,
    column=TEXT,
    cut=NUMBER,
    words=st.dictionaries(TEXT, NUMBER, max_size=3),
    below=NUMBER,
    groups=st.booleans(),
)
def test_written_and_read_back_it_is_the_same_plan(
    title: str, column: str, cut: float, words: dict[str, float], below: float, groups: bool
) -> None:
    data = plan(
        "index",
        title=title,
        predictors=[fixed(column, cut, ">"), predictor("nlr", transform="log2")],
        derived=[{**NLR, "zero": 0.1}],
        columns={column: {"label": title, "coding": words or None, "day": cut}},
        cohort={
            "id": column,
            "exclude": [
                {"column": column, "below": below, "reason": title},
                {"column": column, "equals": title, "reason": "b"},
            ],
        },
        outcome={**SURVIVAL, "horizon": 12.5, "label": title},
        adjust=["a", title],
        associations={"columns": [title]},
        points={"bands": [title, title + "2"]},
    )
    if groups:
        data["index"] = {
            "groups": [{"name": title, "totals": [0, 1]}, {"name": "b", "totals": [2]}]
        }
    one = plan_from_dict(data)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "plan.toml"
        path.write_text(plan_to_toml(one), encoding="utf-8", newline="")
        two = read_plan(path)
    assert two == one
    assert two.identity == one.identity


def test_the_identity_changes_with_every_word() -> None:
    one = plan_from_dict(plan())
    assert one.identity == plan_from_dict(one.as_dict()).identity
    assert one.identity != plan_from_dict(plan(title="other")).identity


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize(
    "said",
    [
        lambda value: {"landmark_day": value},
        lambda value: {"outcome": {**SURVIVAL, "horizon": value}},
        lambda value: {"columns": {CRP: {"day": value}}},
        lambda value: {"columns": {"sex": {"coding": {"f": value}}}},
        lambda value: {"cohort": {"exclude": [{"column": "a", "below": value, "reason": "b"}]}},
        lambda value: {"predictors": [fixed(CRP, value)]},
        lambda value: {"predictors": [predictor(CRP, steps=[value])]},
    ],
)
def test_a_number_that_is_not_finite_is_refused_not_dropped(said: Any, value: float) -> None:
    with pytest.raises(PlanRefused):
        plan_from_dict(plan(**said(value)))


@pytest.mark.parametrize(
    ("data", "nearest"),
    [
        ({"landmark": 3}, "landmark_day"),
        ({"outcom": {}}, "outcome"),
        ({"resampling": {"bootstraps": 3}}, "bootstrap"),
        ({"predictors": [{"column": "a", "directon": "high"}]}, "direction"),
        ({"columns": {"a": {"units": "mg/L"}}}, "unit"),
    ],
)
def test_an_unknown_key_is_refused_with_the_nearest(data: dict[str, Any], nearest: str) -> None:
    with pytest.raises(PlanRefused) as refused:
        plan_from_dict(plan(**data))
    assert [p for p in refused.value.problems if nearest in p.mend]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (plan(outcome={"event": "a", "kind": "survival"}), "time_missing"),
        (plan(outcome={**SURVIVAL, "time": "t"}), "time_unit_missing"),
        (plan(outcome={**SURVIVAL, "onset": "day"}), "onset_with_time"),
        (plan(outcome={"event": "a", "time": "t"}), "time_with_binary"),
        (plan(outcome={"event": "a", "horizon": 3.0}), "time_with_binary"),
        (plan(landmark_day=3.0), "landmark_without_onset"),
        (plan(predictors=[predictor(CRP), predictor(CRP)]), "predictor_twice"),
        (plan(predictors=[predictor("severe")]), "role_twice"),
        (plan(adjust=[CRP]), "adjust_is_predictor"),
        (plan(derived=[NLR, NLR]), "derived_twice"),
        (plan(cohort={"exclude": [{"column": "a", "reason": "b"}]}), "exclusion_form"),
        (plan("index", predictors=[{"column": CRP}]), "direction_missing"),
        (plan("index", index={"cutoff": "max_log_rank"}), "cut_needs_survival"),
        (plan("index", predictors=[predictor(CRP, steps=[1.0])]), "steps_with_cut"),
        (plan("index", index={"cutoff": "fixed"}), "cut_value_missing"),
        (plan("index", predictors=[fixed(CRP, 1.0, "<")]), "rule_against_direction"),
        (
            plan("index", predictors=[predictor(CRP, cutoff={"method": "youden", "value": 1.0})]),
            "value_with_search",
        ),
        (plan("index", index={"groups": [{"name": "a", "totals": [0, 1]}]}), "groups_cover"),
        (
            plan(
                "index",
                index={"groups": [{"name": "a", "totals": [0, 2]}, {"name": "b", "totals": [1]}]},
            ),
            "group_gap",
        ),
        (plan(imputation={"imputations": 50}), "imputation_not_asked"),
    ],
)
def test_what_a_plan_leaves_open_or_contradicts(data: dict[str, Any], code: str) -> None:
    assert code in problems(data)


def test_a_good_plan_has_no_problem() -> None:
    assert problems(plan()) == []
    assert problems(plan("index", outcome=SURVIVAL)) == []


def test_roles_of_the_outcome_may_not_meet() -> None:
    assert problems(plan(outcome={**SURVIVAL, "time": "progressed", "time_unit": "days"}))
    assert problems(plan(outcome={"event": "severe", "onset": "severe"}))
    assert problems(plan(outcome={"event": "severe"}, cohort={"id": "severe"}))


def test_a_ratio_of_the_outcome_is_a_role_twice() -> None:
    ratio = {"name": "r", "numerator": "severe", "denominator": FERRITIN}
    assert problems(plan(predictors=[predictor("r")], derived=[ratio]))


def test_the_patient_id_is_not_held_against_the_score() -> None:
    assert problems(plan(cohort={"id": "who"}, associations={"columns": ["who"]}))


def test_names_are_split_at_commas_and_quotes_protect_them() -> None:
    assert names(["a,b", " c , d "]) == ("a", "b", "c", "d")
    assert names(['"a, b",c', '"say ""hi"""']) == ("a, b", "c", 'say "hi"')
    assert names(None) == ()


def test_flags_write_the_same_plan_as_a_file() -> None:
    flags = Flags(
        method="index",
        event="severe",
        event_value="yes",
        onset="onset_day",
        landmark=3.0,
        predictors=(CRP, "nlr"),
        ratios={"nlr": "anc/alc"},
        zero="0.1",
        directions=("high", f"{CRP}=low"),
        cutoffs=(f"{CRP}=7.5", "nlr=youden"),
        transforms={CRP: "log2"},
        units={CRP: "mg/dL"},
        days={CRP: 0.0},
        adjust=("age",),
        associations=("sex",),
        id="patient",
        bootstrap=7,
        seed=3,
    )
    made = plan_from_dict(plan_data(flags))
    first, second = made.predictors
    assert (first.direction, second.direction) == ("low", "high")
    assert first.cutoff is not None
    assert (first.cutoff.method, first.cutoff.value) == ("fixed", 7.5)
    assert second.cutoff is not None
    assert second.cutoff.method == "youden"
    assert made.derived[0].zero == 0.1
    assert made.columns[CRP].unit == "mg/dL"
    assert made.outcome.event_value == "yes"
    assert (made.resampling.bootstrap, made.resampling.seed) == (7, 3)
    assert made.landmark_day == 3.0


@pytest.mark.parametrize(
    "flags",
    [
        Flags(),
        Flags(event="a"),
        Flags(event="a", predictors=("b",)),
        Flags(event="a", predictors=("b",), method="index", directions=("c=high",)),
        Flags(event="a", predictors=("b",), method="index", cutoffs=("best",)),
        Flags(event="a", predictors=("b",), method="index", cutoffs=("b=",)),
        Flags(event="a", predictors=("b",), method="index", transforms={"c": "log2"}),
        Flags(event="a", predictors=("b",), method="index", ratios={"b": "a/"}),
        Flags(event="a", predictors=("b",), method="index", ratios={"b": "a/c"}, zero="often"),
    ],
)
def test_flags_that_do_not_make_a_plan(flags: Flags) -> None:
    with pytest.raises(PlanRefused) as refused:
        plan_data(flags)
    assert all(problem.mend for problem in refused.value.problems)


def test_flags_beside_a_plan_file() -> None:
    data = plan_from_dict(plan()).as_dict()
    flags = Flags(landmark=3.0, missing="complete", bootstrap=9, seed=8, simulated=True)
    changed = plan_from_dict(override(data, flags))
    assert changed.landmark_day == 3.0
    assert (changed.resampling.bootstrap, changed.resampling.seed) == (9, 8)
    assert changed.simulated
    with pytest.raises(PlanRefused, match="--direction"):
        override(data, Flags(directions=("high",)))
