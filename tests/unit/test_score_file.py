from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from score_examples import bare_document, easix_document, manual_toml, points_document

from cartwheel.clinic.score import (
    read_score,
    score_from_document,
    score_json_schema,
    score_to_toml,
)
from cartwheel.errors import FileRefused, Refused, ScoreRefused


def test_the_manuals_example_loads_and_survives_writing() -> None:
    spec = read_score(manual_toml())
    again = read_score(score_to_toml(spec))
    assert again == spec
    assert again.identity == spec.identity
    assert again == spec  # also once the identity was computed
    assert score_to_toml(again) == score_to_toml(spec)


def test_identity_ignores_comments_and_layout_but_not_content() -> None:
    spec = read_score(manual_toml())
    assert read_score("# a comment\n\n" + manual_toml()).identity == spec.identity
    other = read_score(manual_toml().replace('version = "1.0.0"', 'version = "1.0.1"'))
    assert other.identity != spec.identity
    assert spec.identity.startswith("sha256:")


def test_digits_stay_as_printed() -> None:
    text = score_to_toml(
        score_from_document(bare_document(intercept=Decimal("2.550"), examples=[
            {"inputs": {"x": 0}, "value": Decimal("2.55")}
        ]))
    )  # fmt: skip
    assert "intercept = 2.550\n" in text
    assert read_score(text).intercept.as_tuple() == Decimal("2.550").as_tuple()


def test_top_comments_say_what_it_is() -> None:
    text = score_to_toml(read_score(manual_toml()))
    top = text[: text.index("schema =")]
    assert "SIMULATED" in top
    assert "Research and education" in top
    real = score_to_toml(score_from_document(easix_document()))
    assert "SIMULATED" not in real


def test_hostile_text_survives_and_cannot_leave_its_comment() -> None:
    title = 'a "quoted" \\ title # with 😀 and é'
    definition = 'line one\nid = "other"\t\x7f\u2028 end'
    document = bare_document(title=title)
    document["outcome"]["definition"] = definition
    spec = score_from_document(document)
    again = read_score(score_to_toml(spec))
    assert again == spec
    assert again.outcome.definition == definition


def test_columns_of_any_name_can_be_inputs() -> None:
    for name in ("N", "time", "a=b", "Ferritin (µg/L) 😀", 'with "quotes"', "class"):
        document = bare_document(
            inputs=[{"name": name, "label": name}],
            terms=[{"kind": "linear", "input": name, "coefficient": 1}],
            examples=[{"inputs": {name: 2}, "value": 2}],
        )
        spec = score_from_document(document)
        assert read_score(score_to_toml(spec)) == spec


def test_unknown_keys_are_refused_with_the_nearest() -> None:
    with pytest.raises(ScoreRefused) as caught:
        read_score(manual_toml().replace("simulated = true", "simulatd = true\nsimulated = true"))
    (problem,) = caught.value.problems
    assert problem.code == "unknown_key"
    assert "simulated" in problem.mend
    assert "simulatd" in problem.where


def test_all_wrong_keys_are_listed_at_once() -> None:
    document = points_document()
    del document["id"]
    document["status"] = "excellent"
    document["terms"][1]["bands"][0]["points"] = "none"
    document["inputs"][0]["unti"] = "ug/L"
    with pytest.raises(ScoreRefused) as caught:
        score_from_document(document)
    assert sorted(each.code for each in caught.value.problems) == [
        "bad_value", "bad_value", "missing_key", "unknown_key",
    ]  # fmt: skip


@pytest.mark.parametrize("number", [True, "3", float("nan"), float("inf"), "1e400"])
def test_numbers_are_finite_and_unquoted(number: Any) -> None:
    with pytest.raises(ScoreRefused):
        score_from_document(bare_document(intercept=number))
    if number == "1e400":
        with pytest.raises(ScoreRefused):
            score_from_document(bare_document(intercept=Decimal("1e400")))


def _change(path: str, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(document: dict[str, Any]) -> None:
        *steps, last = [int(step) if step.isdigit() else step for step in path.split(".")]
        place: Any = document
        for step in steps:
            place = place[step]
        if value is None:
            del place[last]
        else:
            place[last] = value

    return change


CHANGES = {
    "gap below": ("terms.0.bands.0.from", 10, "gap"),
    "gap between": ("terms.0.bands.0.to", 400, "gap"),
    "gap at the seam": ("terms.0.bands.1.from_inclusive", False, "gap"),
    "gap above": ("terms.0.bands.2.to", 9999, "gap"),
    "overlap": ("terms.0.bands.0.to", 600, "overlap"),
    "overlap at the seam": ("terms.0.bands.0.to_inclusive", True, "overlap"),
    "overlap without end": ("terms.0.bands.0.to", None, "overlap"),
    "inequality": ("terms.0.bands.0.to_inclusive", None, "inequality"),
    "range order": ("terms.0.bands.1.to", 300, "range_order"),
    "band gap": ("bands.1.from", 2, "gap"),
    "band name twice": ("bands.1.name", "low", "name_twice"),
    "no such input": ("terms.0.input", "ferritin", "unknown_input"),
    "unused input": ("terms.0.input", "bulky", "unused_input"),
    "limits order": ("inputs.0.low", 40000, "limits_order"),
    "unknown variable": ("inputs.0.variable", "feritin", "unknown_variable"),
    "unit of another": ("inputs.0.unit", "U/L", "unit_not_accepted"),
    "unit left out": ("inputs.0.unit", None, "unit_not_accepted"),
    "coding with unit": ("inputs.2.unit", "mg/L", "coding"),
    "coding twice": ("inputs.2.coding", {"yes": 1, "Yes ": 0}, "coding"),
    "intercept of points": ("intercept", 1, "not_points"),
    "survival without horizon": ("outcome.kind", "survival", "horizon"),
    "binary with horizon": ("outcome.horizon", 12, "horizon"),
    "total without risk": ("risk.rows.4.value", 5, "risk_rows"),
    "total twice": ("risk.rows.4.value", Decimal("3.0"), "risk_rows"),
    "cox of binary": ("risk", {"kind": "cox", "baseline_survival": Decimal("0.5")}, "risk_kind"),
    "range without limits": ("inputs.0.low", None, None),
    "no input": ("inputs", [], "empty"),
    "no term": ("terms", [], "empty"),
    "no points": ("terms.0.bands", [], "empty"),
    "no row": ("risk.rows", [], "empty"),
    "no factor": ("derived", [{"kind": "product", "name": "p", "factors": []}], "empty"),
    "no example": ("examples", [], "no_example"),
    "example of no band": ("examples.0.band", "medium", "unknown_band"),
    "example of no input": ("examples.0.inputs.ldh", "2 U/L", "unknown_input"),
    "example of no risk": ("risk", None, "no_risk"),
    "not corrected": ("performance.0.corrected", None, "not_corrected"),
    "value differs": ("examples.0.value", 3, "example_fails"),
    "band differs": ("examples.0.band", "low", "example_fails"),
    "risk differs": ("examples.0.risk", Decimal("0.19"), "example_fails"),
    "example missing": ("examples.0.inputs.bulky", "", "bad_value"),
    "example without unit": ("examples.0.inputs.ferritin_ug_l_day0", 1200, "example_fails"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_score_that_contradicts_itself_is_refused(name: str) -> None:
    path, value, code = CHANGES[name]
    document = points_document()
    _change(path, value)(document)
    if code is None:  # this change is fine until ranges are asked for
        assert score_from_document(document).missing == "refuse"
        document["missing"] = "range"
        assert score_from_document(document)  # the variable's plausible range is the limit
        del document["inputs"][0]["variable"]
        code = "range_limits"
    with pytest.raises(ScoreRefused) as caught:
        score_from_document(document)
    found = {problem.code for problem in caught.value.problems}
    assert code in found
    assert all(problem.mend for problem in caught.value.problems if problem.code == code)


def test_a_spline_needs_rising_knots_and_their_coefficients() -> None:
    for knots, coefficients, code in (
        ([0, 1], [1], "knots"),
        ([0, 2, 1], [1, 1], "knots"),
        ([0, 1, 2], [1, 1, 1], "coefficients"),
    ):
        term = {"kind": "spline", "input": "x", "knots": knots, "coefficients": coefficients}
        with pytest.raises(ScoreRefused) as caught:
            score_from_document(bare_document(terms=[term]))
        assert code in {problem.code for problem in caught.value.problems}


def test_a_score_built_in_python_is_checked_too() -> None:
    document = points_document()
    document["bands"][1]["from"] = 3
    with pytest.raises(ScoreRefused):
        score_from_document(document)


def test_files_that_are_no_score(tmp_path: Path) -> None:
    with pytest.raises(FileRefused):
        read_score(tmp_path / "absent.toml")
    with pytest.raises(FileRefused):
        read_score(tmp_path)
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(FileRefused):
        read_score(binary)
    for number, text in enumerate(
        ("", "a = ", "x = " + "[" * 5000, "n = " + "9" * 5000, "d = 1e99999999999999999999999")
    ):
        wrong = tmp_path / f"wrong{number}.toml"
        wrong.write_text(text)
        with pytest.raises(Refused) as caught:
            read_score(wrong)
        assert caught.value.problems
    fine = tmp_path / "fine.toml"
    fine.write_bytes(b"\xef\xbb\xbf" + manual_toml().replace("\n", "\r\n").encode())
    assert read_score(fine) == read_score(manual_toml())


def test_the_json_schema_accepts_the_example_and_knows_every_key() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    schema = score_json_schema()
    as_json = read_score(manual_toml()).json_document()
    jsonschema.Draft202012Validator(schema).validate(as_json)
    as_json["colour"] = "red"
    assert not jsonschema.Draft202012Validator(schema).is_valid(as_json)


def test_the_manual_names_every_key_of_the_file() -> None:
    schema = score_json_schema()
    manual = (Path(__file__).resolve().parents[2] / "docs" / "score-file.md").read_text("utf-8")
    parts = [schema, *schema["$defs"].values()]
    keys = {key for part in parts for key in part.get("properties", {})}
    lacking = {key for key in keys if not re.search(rf"\b{key}\b", manual)}
    assert lacking == set()
