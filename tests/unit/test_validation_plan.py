"""The plan of a validation: from flags, beside a file, written and read back."""

from __future__ import annotations

import tempfile
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st

from cartwheel.errors import PlanRefused
from cartwheel.validation.flags import Flags, override, plan_data
from cartwheel.validation.plan import plan_from_dict, read_plan
from cartwheel.validation.plan_text import plan_to_toml

TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
NUMBER = st.floats(allow_nan=False, allow_infinity=False)


@given(
    title=TEXT,
    column=TEXT,
    number=NUMBER,
    words=st.dictionaries(TEXT, NUMBER, max_size=3),
    values=st.lists(TEXT | NUMBER, max_size=3),
)
def test_written_and_read_back_it_is_the_same_plan(
    title: str, column: str, number: float, words: dict[str, float], values: list[Any]
) -> None:
    plan = plan_from_dict(
        {
            "title": title,
            "simulated": True,
            "landmark_day": number,
            "missing": "impute",
            "level": 0.9,
            "cohort": {
                "id": column,
                "exclude": [
                    {"column": column, "below": number, "reason": title},
                    {"column": column, "equals": title, "reason": "b"},
                ],
            },
            "outcome": {
                "event": column,
                "kind": "competing",
                "event_value": number,
                "competing_values": values,
                "time": title,
                "time_unit": "weeks",
                "horizon": 12.5,
                "label": title,
            },
            "scores": [
                {"score": "easix"},
                {
                    "score": title,
                    "name": column,
                    "choices": {column: title},
                    "columns": {title: column},
                    "days": {column: number},
                    "direction": "low",
                },
            ],
            "columns": {
                column: {"label": title, "coding": words or None, "day": number},
                column + "2": {},
            },
            "subgroups": [{"column": column, "cuts": [number], "label": title}, {"column": "b"}],
            "centre": title,
            "imputation": {"imputations": 3, "auxiliary": [title]},
            "update": {"ladder": True, "extend": [column]},
            "sharing": {"minimum_cell": 10},
            "resampling": {"bootstrap": 7, "seed": 5},
        }
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "plan.toml"
        path.write_text(plan_to_toml(plan), encoding="utf-8")
        again = read_plan(path)
    assert again == plan
    assert again.identity == plan.identity


def test_the_shortest_plan_has_no_line_that_was_not_said() -> None:
    text = plan_to_toml(plan_from_dict({"outcome": {"event": "crs"}, "scores": [{"score": "a"}]}))
    assert "=  \n" not in text
    assert tomllib.loads(text)["scores"] == [{"score": "a"}]


def test_every_flag_reaches_the_plan() -> None:
    data = plan_data(
        Flags(
            scores=("easix", "mine=folder/my.score.toml"),
            choices=("mine.variant=b", "unit=c"),
            event="ev",
            event_value="pcm",
            competing_values=("death",),
            time="t",
            time_unit="days",
            horizon=365.0,
            landmark=7.0,
            units={"ldh": "U/L"},
            days={"ldh": 0.0},
            columns=("ldh=LDH a=b", "my.score.ldh=other"),
            directions=("high", "mine=low"),
            subgroups=("sex", "age:40,65", "a:b"),
            centre="site",
            thresholds="0.1-0.4:0.05",
            missing="impute",
            imputations=7,
            auxiliary=("bmi",),
            bootstrap=11,
            seed=3,
            level=0.9,
            ladder=True,
            extend=("crp",),
            min_cell=6,
            min_patients=30,
            id_column="id",
            sheet="S",
            title="T",
            simulated=True,
        )
    )
    assert data == {
        "title": "T",
        "simulated": True,
        "landmark_day": 7.0,
        "missing": "impute",
        "level": 0.9,
        "cohort": {"id": "id", "sheet": "S"},
        "outcome": {
            "event": "ev",
            "kind": "competing",
            "event_value": "pcm",
            "competing_values": ["death"],
            "time": "t",
            "time_unit": "days",
            "horizon": 365.0,
        },
        "scores": [
            {
                "score": "easix",
                "choices": {"unit": "c"},
                "columns": {"ldh": "LDH a=b"},
                "direction": "high",
            },
            {
                "score": "folder/my.score.toml",
                "name": "mine",
                "choices": {"variant": "b", "unit": "c"},
                "columns": {"ldh": "other"},
                "direction": "low",
            },
        ],
        "columns": {"ldh": {"unit": "U/L", "day": 0.0}},
        "subgroups": [
            {"column": "sex"},
            {"column": "age", "cuts": [40.0, 65.0]},
            {"column": "a:b"},
        ],
        "centre": "site",
        "decision": {"low": 0.1, "high": 0.4, "step": 0.05},
        "imputation": {"imputations": 7, "auxiliary": ["bmi"]},
        "resampling": {"bootstrap": 11, "seed": 3},
        "update": {"ladder": True, "extend": ["crp"]},
        "sharing": {"minimum_cell": 6},
        "withhold": {"patients": 30},
    }
    assert plan_from_dict(data).scores[1].name == "mine"


@pytest.mark.parametrize(
    ("flags", "kind"),
    [
        ({}, "binary"),
        ({"time": "t"}, "survival"),
        ({"time": "t", "competing_values": ("2",)}, "competing"),
    ],
)
def test_the_kind_follows_from_what_is_named(flags: dict[str, Any], kind: str) -> None:
    assert plan_data(Flags(scores=("a",), event="e", **flags))["outcome"]["kind"] == kind


@pytest.mark.parametrize(
    ("flags", "code"),
    [
        ({"event": None}, "event_missing"),
        ({"scores": ()}, "scores_missing"),
        ({"scores": ("=a",)}, "flag_form"),
        ({"choices": ("a",)}, "flag_form"),
        ({"columns": ("a=",)}, "flag_form"),
        ({"directions": ("b=high",)}, "flag_for_nothing"),
        ({"thresholds": "5 to 50 %"}, "flag_form"),
    ],
)
def test_a_flag_that_cannot_be_read(flags: dict[str, Any], code: str) -> None:
    with pytest.raises(PlanRefused) as caught:
        plan_data(Flags(**{"scores": ("a",), "event": "e", **flags}))
    (problem,) = caught.value.problems
    assert problem.code == code
    assert problem.mend


def test_a_bare_word_for_the_direction_is_checked_by_the_plan() -> None:
    with pytest.raises(PlanRefused, match="direction"):
        plan_from_dict(plan_data(Flags(scores=("a",), event="e", directions=("up",))))


def test_a_word_about_one_score_wins_over_one_for_all() -> None:
    flags = Flags(scores=("a", "b"), event="e", columns=("ldh=x", "b.ldh=y"))
    first, second = plan_data(flags)["scores"]
    assert (first["columns"], second["columns"]) == ({"ldh": "x"}, {"ldh": "y"})
    turned = Flags(scores=("a", "b"), event="e", columns=("b.ldh=y", "ldh=x"))
    assert [one["columns"]["ldh"] for one in plan_data(turned)["scores"]] == ["x", "y"]
    ends = Flags(scores=("a", "b"), event="e", directions=("b=low", "high"))
    assert [one["direction"] for one in plan_data(ends)["scores"]] == ["high", "low"]


def test_beside_a_plan() -> None:
    plan = {
        "outcome": {"event": "e"},
        "missing": "impute",
        "imputation": {"iterations": 3, "auxiliary": ["a"]},
        "resampling": {"seed": 8},
    }
    flags = Flags(imputations=4, bootstrap=0, level=0.8, ladder=True, min_cell=9, landmark=2.0)
    changed = override(plan, flags)
    assert changed["imputation"] == {"iterations": 3, "auxiliary": ["a"], "imputations": 4}
    assert changed["resampling"] == {"seed": 8, "bootstrap": 0}
    assert (changed["level"], changed["landmark_day"]) == (0.8, 2.0)
    assert changed["update"] == {"ladder": True}
    assert changed["sharing"] == {"minimum_cell": 9}
    assert plan["resampling"] == {"seed": 8}
    assert "imputation" not in override(plan, Flags(missing="complete"))
    with pytest.raises(PlanRefused) as caught:
        override(plan, Flags(scores=("a",), units={"ldh": "U/L"}, id_column="id"))
    (problem,) = caught.value.problems
    assert problem.code == "flag_beside_plan"
    assert "--score, --unit, --id" in problem.what
