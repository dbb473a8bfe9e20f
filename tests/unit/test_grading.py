"""The registry of grading rules, and the law that every one of them keeps."""

from __future__ import annotations

import pytest

from cartwheel.clinic import ctcae, haematotoxicity, hyperinflammation, response
from cartwheel.clinic.charted import accepted_units
from cartwheel.clinic.grading import (
    CHARTED_GRADES,
    DAILY_RULES,
    GRADING_RULES,
    asked_by,
    grade_chart,
    grading_rule,
    is_series_rule,
    unknown_inputs,
)
from cartwheel.clinic.toxicity.rules import CRS_RULES, RULES as TOXICITY_RULES
from cartwheel.errors import CohortRefused
from cartwheel.units import known_unit

OTHERS = (
    *haematotoxicity.RULES, *hyperinflammation.RULES, *ctcae.RULES, *response.RULES,
)  # fmt: skip
every_rule = pytest.mark.parametrize("name", GRADING_RULES)


def test_the_registry_holds_every_rule_once() -> None:
    assert (*TOXICITY_RULES, *(rule.id for rule in OTHERS)) == GRADING_RULES
    assert len(set(GRADING_RULES)) == len(GRADING_RULES)
    assert set(TOXICITY_RULES) == DAILY_RULES
    assert CHARTED_GRADES["crs_grade"] == set(CRS_RULES)
    assert CHARTED_GRADES["icans_grade"] == DAILY_RULES - set(CRS_RULES)


@every_rule
def test_a_rule_says_what_it_is(name: str) -> None:
    rule = grading_rule(name)
    assert rule.id == name
    assert rule.title
    assert rule.citation
    assert rule.source
    assert rule.status in ("verified", "unverified")
    names = [asked.name for asked in rule.inputs]
    assert len(set(names)) == len(names)


@every_rule
def test_an_empty_chart_settles_nothing(name: str) -> None:
    found = grade_chart(grading_rule(name), {}, at="day 3")
    assert found.grade is None
    assert found.lowest < found.highest
    assert found.missing
    assert (found.rule, found.at) == (name, "day 3")
    assert found.version == grading_rule(name).version


@every_rule
def test_an_unverified_rule_warns_on_every_grade(name: str) -> None:
    rule = grading_rule(name)
    warned = any("not verified" in warning for warning in grade_chart(rule, {}).warnings)
    assert warned == (rule.status == "unverified")


@every_rule
def test_what_a_rule_does_not_ask_is_left_alone(name: str) -> None:
    rule = grading_rule(name)
    assert grade_chart(rule, {"shoe size": "pos"}) == grade_chart(rule, {})


@pytest.mark.parametrize("rule", OTHERS, ids=lambda rule: rule.id)
def test_units_that_a_rule_asks_for_are_known(rule) -> None:  # type: ignore[no-untyped-def]
    for asked in rule.inputs:
        if asked.kind in ("quantity", "series"):
            assert known_unit(asked.unit) == asked.unit
            assert accepted_units(asked)[asked.unit] == 1


def test_series_rules_are_those_of_counts_over_days() -> None:
    over_days = {name for name in GRADING_RULES if is_series_rule(grading_rule(name))}
    assert over_days == {rule.id for rule in haematotoxicity.RULES}


def test_names_that_are_not_known() -> None:
    with pytest.raises(CohortRefused, match="did you mean"):
        grading_rule("astct-cr")
    rules = (grading_rule("hlh-2004"), grading_rule("iec-hs"))
    (problem,) = unknown_inputs(rules, ("feritin", "ferritin_uln"))
    assert "ferritin" in problem.mend
    assert set(asked_by(rules)) == {a.name for rule in rules for a in rule.inputs}
