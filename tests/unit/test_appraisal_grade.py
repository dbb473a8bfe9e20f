"""GRADE: each rule by itself, the arithmetic, and the user's choice that wins."""

from __future__ import annotations

from typing import Any

import pytest

from cartwheel.estimate import Estimate
from cartwheel.pooling.appraisal.grade import certainty, suggest_grade
from cartwheel.pooling.plan import pool_plan_from_dict
from cartwheel.pooling.result_analysis import Analysis, Heterogeneity, ModelRow, Pooled
from cartwheel.pooling.result_appraisal import Grade, GradeDomain, Judgement, Quality, StudyQuality
from cartwheel.pooling.result_questions import SmallStudies, SmallStudyTest

DOMAINS = tuple((code, code) for code in "abcdef")


def analysis(**said: Any) -> Analysis:
    """Make an analysis with nothing to complain of; what differs is said."""
    low, high = said.get("interval", (1.5, 1.9))
    around = said.get("prediction", (1.3, 2.2))
    k = said.get("k", 12)
    p = said.get("asymmetry")
    tests = () if p is None else (SmallStudyTest("egger", 1.0, 10.0, p, None, None),)
    one = Estimate(1.0)
    return Analysis(
        name="PFS, HR",
        group="",
        outcome="PFS",
        measure=said.get("measure", "HR"),
        scale="log",
        null_value=None if said.get("measure") == "proportion" else 1.0,
        k=k,
        patients=said.get("patients", 1200.0),
        studies=tuple(
            Pooled(place + 2, "a.csv", f"study {place}", one, 0.0, 1.0, 100.0 / k, 100.0 / k, None)
            for place in range(k)
        ),
        main=ModelRow(
            name="random effects",
            code="REML",
            interval="knapp_hartung",
            pooled=Estimate(1.7, low, high, 0.95),
            effect=0.5,
            std_error=0.1,
            p_value=0.001,
            prediction_low=around[0],
            prediction_high=around[1],
            tau2=0.01,
            i2=10.0,
            main=True,
        ),
        models=(),
        heterogeneity=Heterogeneity(
            q=11.0,
            q_df=11,
            q_p_value=said.get("q_p", 0.4),
            tau2=one,
            tau=one,
            tau2_std_error=None,
            i2=Estimate(said.get("i2", 10.0)),
            h2=one,
        ),
        leave_one_out=(),
        cumulative=(),
        influence=(),
        subsets=None,
        subgroups=(),
        regressions=(),
        small_studies=SmallStudies(bool(tests), False, "", tests, (), None, None, None, ()),
        e_value=None,
        notes=(),
    )


def quality(*rows: str, tool: str = "QUIPS") -> tuple[Quality, ...]:
    """Write one study a row, its six domains as letters: l, m, h, or a space for none."""
    words = {"l": "low", "m": "moderate", "h": "high"}
    studies = tuple(
        StudyQuality(
            study=f"study {place}",
            row=place + 2,
            judgements=tuple(
                Judgement(code, words[sign])
                for (code, _), sign in zip(DOMAINS, row, strict=True)
                if sign in words
            ),
            overall="",
            overall_by_rule=False,
            stars=None,
        )
        for place, row in enumerate(rows)
    )
    return (Quality(tool, DOMAINS, studies, ()),)


def graded(one: Analysis, judged: tuple[Quality, ...] = (), **said: Any) -> Grade:
    plan = pool_plan_from_dict({"grade": {"start": "high", **said}})
    found = suggest_grade(one, judged, plan)
    assert found is not None
    return found


def domain(grade: Grade, name: str) -> GradeDomain:
    (found,) = [one for one in grade.domains if one.domain == name]
    return found


def change(name: str, one: Analysis, judged: tuple[Quality, ...] = (), **said: Any) -> int:
    return domain(graded(one, judged, **said), name).change


def test_without_a_starting_point_there_is_no_grade() -> None:
    assert suggest_grade(analysis(), (), pool_plan_from_dict({})) is None


@pytest.mark.parametrize(
    ("start", "changes", "left"),
    [
        ("high", [], "high"),
        ("high", [-1], "moderate"),
        ("high", [-1, -1, -1], "very low"),
        ("high", [-2, -2, -1], "very low"),
        ("high", [1], "high"),
        ("moderate", [1], "high"),
        ("moderate", [-1, 0, 0], "low"),
        ("low", [-1, 1], "low"),
    ],
)
def test_certainty_adds_up_and_stays_in_range(start: str, changes: list[int], left: str) -> None:
    assert certainty(start, changes) == left


def test_both_published_starting_points_are_named() -> None:
    assert "10.1016/j.jclinepi.2019.12.023" in graded(analysis()).start_source
    assert "10.1136/bmj.h870" in graded(analysis(measure="proportion")).start_source
    moderate = graded(analysis(), start="moderate")
    assert (moderate.start, moderate.certainty) == ("moderate", "moderate")
    assert "10.1186/2046-4053-2-71" in moderate.start_source


def test_nothing_to_complain_of_stays_high_and_says_what_nobody_judged() -> None:
    grade = graded(analysis(asymmetry=0.6), quality(*["llllll"] * 12))
    assert grade.certainty == "high"
    assert [one.domain for one in grade.domains] == [
        "risk_of_bias",
        "inconsistency",
        "imprecision",
        "indirectness",
        "publication_bias",
        "large_effect",
        "dose_response",
    ]
    for name in ("indirectness", "dose_response"):
        assert not domain(grade, name).suggested
        assert "not judged" in domain(grade, name).reason


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (["llllll"] * 12, 0),
        (["mmmmll"] * 7 + ["llllll"] * 5, -1),
        (["mmmlll"] * 12, 0),  # half of the domains are not most
        (["mmmmll"] * 6 + ["llllll"] * 6, 0),  # half of the weight is not most
        (["hhhhhl"] * 7 + ["llllll"] * 5, -2),
        (["hhhhll"] * 12, -1),
        (["hhhhhh"] * 5 + ["      "] * 7, 0),  # less than half was judged
    ],
)
def test_risk_of_bias_goes_by_the_weight(rows: list[str], expected: int) -> None:
    assert change("risk_of_bias", analysis(), quality(*rows)) == expected


def test_without_a_tool_risk_of_bias_is_not_judged() -> None:
    for judged in ((), quality("llllll", tool="Newcastle-Ottawa")):
        found = domain(graded(analysis(), judged), "risk_of_bias")
        assert (found.change, "not judged" in found.reason) == (0, True)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({}, 0),
        ({"i2": 50.0, "q_p": 0.09}, -1),
        ({"i2": 50.0, "q_p": 0.11}, 0),
        ({"i2": 49.0, "q_p": 0.01}, 0),
        ({"prediction": (0.9, 3.0)}, -1),
        ({"i2": 80.0, "q_p": 0.001}, -1),
        ({"i2": 80.0, "q_p": 0.001, "prediction": (0.9, 3.0)}, -2),
        # an interval that crosses no effect too is imprecise, not inconsistent
        ({"prediction": (0.5, 3.0), "interval": (0.9, 2.0)}, 0),
        ({"k": 1, "i2": 90.0}, 0),
    ],
)
def test_inconsistency(said: dict[str, Any], expected: int) -> None:
    assert change("inconsistency", analysis(**said)) == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({}, 0),
        ({"interval": (0.9, 2.0)}, -1),
        ({"interval": (0.7, 1.3)}, -2),
        ({"patients": 399.0}, -1),
        ({"patients": 400.0}, 0),
        ({"patients": None}, 0),
        ({"measure": "proportion", "interval": (0.05, 0.5)}, 0),
        ({"interval": (None, None)}, -1),
    ],
)
def test_imprecision(said: dict[str, Any], expected: int) -> None:
    assert change("imprecision", analysis(**said)) == expected


def test_the_information_size_may_be_said() -> None:
    assert change("imprecision", analysis(), information_size=2000.0) == -1


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({}, 0),
        ({"asymmetry": 0.05}, -1),
        ({"asymmetry": 0.2}, 0),
        ({"asymmetry": 0.01, "k": 8}, 0),
    ],
)
def test_publication_bias_only_from_ten_studies(said: dict[str, Any], expected: int) -> None:
    assert change("publication_bias", analysis(**said)) == expected


@pytest.mark.parametrize(
    ("said", "start", "expected"),
    [
        ({"interval": (2.1, 4.0)}, "moderate", 1),
        ({"interval": (5.1, 9.0)}, "moderate", 2),
        ({"interval": (0.1, 0.45)}, "moderate", 1),
        ({"interval": (1.9, 4.0)}, "moderate", 0),
        ({"interval": (2.1, 4.0)}, "high", 0),
        ({"interval": (2.1, 4.0), "patients": 100.0}, "moderate", 0),
        ({"interval": (2.1, 4.0), "measure": "MD"}, "moderate", 0),
    ],
)
def test_a_large_effect_counts_from_moderate_alone(
    said: dict[str, Any], start: str, expected: int
) -> None:
    assert change("large_effect", analysis(**said), start=start) == expected


def test_the_users_choice_wins_and_is_marked() -> None:
    choices = [
        {"domain": "imprecision", "change": 0, "reason": "events are many"},
        {"domain": "indirectness", "change": -1, "reason": "academic products only"},
        {"domain": "confounding", "change": -1, "reason": "tumour burden was not adjusted for"},
        {"domain": "inconsistency", "change": -2, "reason": "no", "analysis": "OS"},
    ]
    grade = graded(analysis(patients=50.0), choices=choices)
    found = {one.domain: (one.change, one.suggested) for one in grade.domains}
    assert found["imprecision"] == (0, False)
    assert found["indirectness"] == (-1, False)
    assert found["confounding"] == (-1, False)
    assert found["inconsistency"] == (0, True)
    assert grade.certainty == "low"
    assert domain(grade, "imprecision").reason == "events are many"


def test_a_choice_down_stops_rating_up() -> None:
    large = analysis(interval=(2.1, 4.0))
    choices = [{"domain": "indirectness", "change": -1, "reason": "other disease"}]
    assert change("large_effect", large, start="moderate", choices=choices) == 0
