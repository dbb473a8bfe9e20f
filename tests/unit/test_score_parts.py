"""Decisions, parameters, published tables, differences and signatures of score files."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from decimal import Decimal
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st
from score_examples import bare_document, easix_document
from score_library import shipped

from cartwheel.clinic.score import read_score, score_from_document, score_to_toml
from cartwheel.clinic.score_effect import Interval, possible_rows
from cartwheel.clinic.score_signature import new_key_pair, sign_score, verify_score
from cartwheel.clinic.score_statements import differences
from cartwheel.clinic.score_terms import DecisionTerm
from cartwheel.clinic.scoring import Assessment, Unscorable, assess
from cartwheel.errors import ScoreRefused


def _codes(document: dict[str, Any]) -> set[str]:
    with pytest.raises(ScoreRefused) as caught:
        score_from_document(document)
    assert all(problem.mend for problem in caught.value.problems)
    return {problem.code for problem in caught.value.problems}


def _decision(**parts: Any) -> dict[str, Any]:
    rows = [
        {"name": "both", "points": 2, "when": [
            {"input": "x", "from": 1, "from_inclusive": True},
            {"input": "y", "to": 0, "to_inclusive": False},
        ]},
        {"name": "x alone", "points": 1, "when": [
            {"input": "x", "from": 1, "from_inclusive": True},
        ]},
        {"name": "neither", "points": 0},
    ]  # fmt: skip
    document = bare_document(
        method="points",
        inputs=[{"name": name, "label": name} for name in ("x", "y")],
        terms=[{"kind": "decision", "name": "d", "rows": rows}],
        examples=[{"inputs": {"x": 1, "y": 0}, "value": 1}],
    )
    return document | parts


def test_a_decision_takes_its_first_row_that_holds() -> None:
    spec = score_from_document(_decision())
    for x, y, points, name in ((1, -1, 2, "both"), (1, 0, 1, "x alone"), (0, -9, 0, "neither")):
        found = assess(spec, {"x": x, "y": y})
        assert isinstance(found, Assessment)
        assert found.value == points
        assert found.contributions[0].rule == name
    assert read_score(score_to_toml(spec)) == spec


ENDS = st.integers(-3, 3)


@settings(deadline=None)
@given(st.tuples(ENDS, ENDS).map(sorted), st.tuples(ENDS, ENDS).map(sorted))
def test_possible_rows_are_exactly_those_that_some_value_reaches(
    x: list[int], y: list[int]
) -> None:
    term = score_from_document(_decision()).terms[0]
    assert isinstance(term, DecisionTerm)
    at = {"x": x, "y": y}
    intervals = {name: Interval(Decimal(low), Decimal(high)) for name, (low, high) in at.items()}
    found = [row.name for row in possible_rows(term, intervals)]
    # a grid of halves passes every whole cut-off at it and on both sides of it
    grid = {name: [Decimal(n) / 2 for n in range(2 * a, 2 * b + 1)] for name, (a, b) in at.items()}
    reached = {
        possible_rows(term, {"x": Interval(one, one), "y": Interval(other, other)})[0].name
        for one, other in product(grid["x"], grid["y"])
    }
    assert set(found) == reached


def _rows(change: Callable[[list[dict[str, Any]]], None]) -> dict[str, Any]:
    document = deepcopy(_decision())
    change(document["terms"][0]["rows"])
    return document


BROKEN = {
    "no rest": (lambda rows: rows.pop(), "not_exhaustive"),
    "rest in the middle": (lambda rows: rows[1].pop("when"), "not_exhaustive"),
    "rest with a condition": (lambda rows: rows[2].update(when=rows[1]["when"]), "not_exhaustive"),
    "only a rest": (lambda rows: rows.__delitem__(slice(0, 2)), "empty"),
    "same name": (lambda rows: rows[1].update(name="both"), "name_twice"),
    "no such input": (lambda rows: rows[0]["when"][0].update(input="z"), "unknown_input"),
    "endless": (lambda rows: rows[0]["when"].append({"input": "y"}), "condition"),
    "no inequality": (lambda rows: rows[0]["when"][0].pop("from_inclusive"), "inequality"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_decision_that_leaves_a_gap_is_refused(name: str) -> None:
    change, code = BROKEN[name]
    assert code in _codes(_rows(change))


PARAMETER = {
    "name": "edge", "label": "an x of 1", "default": "low", "why": "not printed",
    "options": [{"name": "low", "label": "low"}, {"name": "high", "label": "high"}],
}  # fmt: skip


def _open_score(**parts: Any) -> dict[str, Any]:
    def bands(inclusive: bool) -> list[dict[str, Any]]:
        return [
            {"name": "low", "to": 1, "to_inclusive": inclusive},
            {"name": "high", "from": 1, "from_inclusive": not inclusive},
        ]

    return bare_document(
        parameters=[PARAMETER],
        bands=[
            *({**band, "only": {"edge": "low"}} for band in bands(True)),
            *({**band, "only": {"edge": "high"}} for band in bands(False)),
        ],
        examples=[
            {"inputs": {"x": 1}, "value": 1, "band": "low"},
            {"inputs": {"x": 1}, "choices": {"edge": "high"}, "value": 1, "band": "high"},
        ],
    ) | deepcopy(parts)


def test_a_parameter_is_chosen_like_an_input_and_its_default_warns() -> None:
    spec = score_from_document(_open_score())
    assert read_score(score_to_toml(spec)) == spec
    assert set(spec.variants) == {("low",), ("high",)}
    default, chosen = assess(spec, {"x": 1}), assess(spec, {"x": 1, "edge": "high"})
    assert isinstance(default, Assessment)
    assert isinstance(chosen, Assessment)
    assert (default.band, chosen.band) == ("low", "high")
    assert default.score_sha256 == chosen.score_sha256 == spec.identity
    assert any("ASSUMPTION" in warning for warning in default.warnings)
    assert not any("ASSUMPTION" in warning for warning in chosen.warnings)
    assert spec.chosen({"edge": "high"}).identity != spec.identity
    for wrong, code in (({"edge": "both"}, "unknown_option"), ({"seam": "low"}, "unknown_input")):
        found = assess(spec, {"x": 1} | wrong)
        assert isinstance(found, Unscorable)
        assert [each.code for each in found.reasons] == [code]
    with pytest.raises(ScoreRefused, match="seam"):
        spec.chosen({"seam": "low"})


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ({"parameters": [{**PARAMETER, "default": "middle"}]}, "parameters"),
        ({"parameters": [{**PARAMETER, "options": PARAMETER["options"][:1]}]}, "parameters"),
        ({"parameters": [PARAMETER, PARAMETER]}, "name_twice"),
        ({"parameters": [PARAMETER, {**PARAMETER, "name": "other"}]}, "unused_parameter"),
        ({"parameters": []}, "unknown_option"),
        ({"parameters": [{**PARAMETER, "name": "x"}]}, "unknown_option"),
        ({"examples": [{"inputs": {"x": 1}, "value": 1}]}, "no_example"),
        (
            {"terms": [{"kind": "linear", "input": "x", "coefficient": 1, "only": {"edge": "up"}}]},
            "unknown_option",
        ),
        (
            {
                "terms": [
                    {"kind": "linear", "input": "x", "coefficient": 1, "only": {"edge": "low"}}
                ]
            },
            "empty",
        ),
    ],
)
def test_parameters_that_settle_nothing_are_refused(parts: dict[str, Any], code: str) -> None:
    assert code in _codes(_open_score(**parts))


def test_windows_and_upper_limits_are_checked() -> None:
    def input_of(**parts: Any) -> dict[str, Any]:
        return bare_document(inputs=[{"name": "x", "label": "X"} | parts])

    window = {"text": "early", "anchor": "infusion", "from": 2, "to": 1}
    assert "window" in _codes(input_of(window=window))
    assert "window" in _codes(input_of(window=window | {"from": 0}, day=0))
    assert "upper_limit" in _codes(input_of(upper_limit_of="ldh"))
    assert "bad_value" in _codes(input_of(window=window | {"anchor": "lunch"}))


def test_an_index_of_no_outcome_has_no_risk() -> None:
    none = {"name": "none", "kind": "none", "definition": "none"}
    risk = {"kind": "logistic", "intercept": 0}
    assert score_from_document(bare_document(outcome=none)).risk is None
    assert "risk_kind" in _codes(bare_document(outcome=none, risk=risk))
    assert "horizon" in _codes(bare_document(outcome=none | {"horizon": 5, "time_unit": "days"}))


TABLE = {
    "kind": "two_by_two", "name": "all", "positive": ["high"], "events_positive": 8,
    "n_positive": 10, "events_negative": 2, "n_negative": 10, "sensitivity": Decimal("0.80"),
    "specificity": Decimal("0.80"),
}  # fmt: skip
BANDS = [
    {"name": "low", "to": 1, "to_inclusive": False},
    {"name": "high", "from": 1, "from_inclusive": True},
]


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ({"sensitivity": Decimal("0.81")}, "published_fails"),
        ({"specificity": Decimal("0.8001")}, "published_fails"),
        ({"events_positive": 11}, "counts"),
        ({"events_positive": 0, "events_negative": 0}, "counts"),
        ({"positive": ["none"]}, "unknown_band"),
        ({"positive": ["low", "high"]}, "unknown_band"),
        ({"positive": []}, "unknown_band"),
    ],
)
def test_published_tables_are_computed_again(parts: dict[str, Any], code: str) -> None:
    assert score_from_document(bare_document(bands=BANDS, published=[TABLE])).published
    assert code in _codes(bare_document(bands=BANDS, published=[TABLE | parts]))


def test_a_difference_is_what_is_said_not_how_it_is_laid_out() -> None:
    before = shipped("car-hematotox")
    assert differences(before, read_score("# a comment\n" + score_to_toml(before))) == ()
    text = score_to_toml(before)
    changed = text.replace("to = 650, to_inclusive = false", "to = 660, to_inclusive = false")
    changed = changed.replace("from = 650, from_inclusive", "from = 660, from_inclusive")
    found = differences(before, read_score(changed))
    assert {each.group for each in found} == {"constants"}
    said = {(each.about, each.before, each.after) for each in found}
    assert ("Ferritin, < 650", "0 points", "") in said
    assert ("Ferritin, < 660", "", "0 points") in said
    easix, other = easix_document(), easix_document()
    other["inputs"][1]["unit"] = "umol/L"
    other["examples"][0]["value"] = Decimal(221)  # 250 * 88.4 / 100
    other["examples"][0]["tolerance"] = Decimal("0.1")
    groups = {
        (each.group, each.about)
        for each in differences(score_from_document(easix), score_from_document(other))
    }
    assert ("inputs", "creatinine, unit") in groups


def test_a_signature_holds_for_what_the_score_says() -> None:
    pytest.importorskip("cryptography", reason="the extra 'sign' is not installed")
    private, public = new_key_pair()
    _, stranger = new_key_pair()
    spec = shipped("easix")
    signature = sign_score(spec, private)
    by = verify_score(spec, signature, public)
    assert by in signature
    again = read_score("# a comment\n" + score_to_toml(spec))
    assert verify_score(again, signature, public) == by
    changed = read_score(score_to_toml(spec).replace("value = 1.72\n", "value = 1.73\n"))
    forged = signature.replace(spec.identity, changed.identity)
    wrong = {
        "wrong_key": (spec, signature, stranger),
        "changed": (changed, signature, public),
        "bad_signature": (changed, forged, public),
        "not_a_signature": (spec, "nothing = 1", public),
        "bad_key": (spec, signature, b"no key"),
    }
    for code, (score, text, key) in wrong.items():
        with pytest.raises(ScoreRefused) as caught:
            verify_score(score, text, key)
        assert [each.code for each in caught.value.problems] == [code]
    cut = signature.replace(signature[-20:-4], "?" * 16)
    with pytest.raises(ScoreRefused) as caught:
        verify_score(spec, cut, public)
    assert [each.code for each in caught.value.problems] == ["bad_signature"]
    with pytest.raises(ScoreRefused, match="private"):
        sign_score(spec, public)
