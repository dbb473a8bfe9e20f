"""The ward file: what it says is read, and all that is wrong with it is said at once."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from ward_patients import EXAMPLE, course, document, infusion, now, obs, ward

from cartwheel.clinic.score import read_score
from cartwheel.clinic.scoring import Assessment, assess
from cartwheel.errors import FileRefused, PlanRefused
from cartwheel.units import Quantity
from cartwheel.watch.ward import read_ward, ward_of


def _problems(**changes: Any) -> dict[str, tuple[str, str]]:
    with pytest.raises(PlanRefused) as caught:
        ward(**changes)
    return {one.code: (one.where, one.mend) for one in caught.value.problems}


def test_shipped_example_is_a_ward() -> None:
    found = read_ward(EXAMPLE)
    ids = [target.id for target in found.targets]
    assert ids[:2] == ["astct-crs", "astct-icans"]
    assert found.policy.age_of("temperature") == timedelta(hours=8)
    assert found.policy.age_of("aptt") == timedelta(hours=24)
    assert found.policy.age_of("age") is None
    assert found.policy.constants["ferritin_uln"] == Quantity(Decimal(300), "ug/L")
    assert found.policy.assumed["antipyretic"] is False
    assert found.policy.assumed["vasopressors"] == ()
    assert found.policy.systolic_below == 90
    assert [rule.id for rule in found.alerts][:2] == ["crs-2", "icans-3"]
    assert found.identity == read_ward(EXAMPLE).identity


def test_identity_changes_with_the_file() -> None:
    assert ward().identity == ward().identity
    assert ward().identity != ward(max_age_hours={"default": 23}).identity
    assert ward().identity != ward(scores=["easix"]).identity


def test_everything_is_said_at_once() -> None:
    found = _problems(
        time_zone="Berlin",
        grades=["astct-crz"],
        scores=["easiks"],
        max_age_hours={"temprature": 3},
        assumed={"died_of_crs": "perhaps", "temperature": 37},
        constants={"ferritin_uln": "300"},
        ward="",
        alarm=[],
    )
    assert set(found) == {
        "time_zone_unknown", "rule_unknown", "unknown_score", "missing_key", "name_unknown",
        "not_yes_or_no", "assumed_quantity", "no_unit", "unknown_key",
    }  # fmt: skip
    assert "astct-crs" in found["rule_unknown"][1]
    assert "easix" in found["unknown_score"][1]
    assert "temperature" in found["name_unknown"][1]
    assert found["not_yes_or_no"][0] == "assumed.died_of_crs"
    assert found["no_unit"][0] == "constants.ferritin_uln"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"schema": "cartwheel/ward/2"}, "bad_schema"),
        ({"schema": None}, "bad_schema"),
        ({"time_zone": None}, "missing_key"),
        ({"time_zone": "../etc/passwd"}, "time_zone_unknown"),
        ({"grades": "astct-crs"}, "bad_value"),
        ({"grades": [1]}, "bad_value"),
        ({"grades": []}, "missing_key"),
        ({"grades": ["astct-crs", "astct-crs"]}, "target_twice"),
        ({"scores": ["a\nb"]}, "bad_value"),
        ({"scores": ["endothelial-sofa"]}, "unknown_score"),
        ({"landmark_models": ["model.json"]}, "landmark_models_not_built"),
        ({"max_age_hours": None}, "missing_key"),
        ({"max_age_hours": {"default": "never"}}, "bad_value"),
        ({"max_age_hours": {"default": 0}}, "bad_value"),
        ({"max_age_hours": {"default": True}}, "bad_value"),
        ({"max_age_hours": {"default": 24, "crp": "soon"}}, "bad_value"),
        ({"assumed": ["fever"]}, "bad_value"),
        ({"assumed": {"fevr": "no"}}, "name_unknown"),
        ({"assumed": {"crs_before": "no"}}, "assumed_course"),
        ({"assumed": {"antipyretic": "yes"}}, "assumed_treatment"),
        ({"assumed": {"vasopressors": ["norepinephrine"]}}, "assumed_treatment"),
        ({"assumed": {"oxygen_device": "snorkel"}}, "choice_unknown"),
        ({"assumed": {"iec_hs_severity": "bad"}}, "choice_unknown"),
        ({"assumed": {"fever": ""}}, "bad_value"),
        ({"constants": "300"}, "bad_value"),
        ({"constants": {"ferritn_uln": "300 ug/L"}}, "name_unknown"),
        ({"constants": {"ferritin": "300 ug/L"}}, "not_a_limit"),
        ({"constants": {"ferritin_uln": "300 U/L"}}, "unit_not_accepted"),
        ({"constants": {"ferritin_uln": "-3 ug/L"}}, "negative"),
        ({"score": {"id": "cipi"}}, "bad_value"),
        ({"score": [{}]}, "missing_key"),
        ({"score": [{"id": "a\nb"}]}, "bad_value"),
        ({"score": [{"id": "cipj"}]}, "unknown_score"),
        ({"score": [{"id": "cipi", "choice": {}}]}, "unknown_key"),
        ({"score": [{"id": "cipi", "choices": ["ge"]}]}, "bad_value"),
        ({"score": [{"id": "cipi", "choices": {"comparison": 1}}]}, "bad_value"),
        ({"score": [{"id": "cipi", "choices": {"comparison": "gte"}}]}, "unknown_option"),
        ({"score": [{"id": "cipi", "choices": {"compare": "ge"}}]}, "unknown_parameter"),
        ({"score": [{"id": "easix", "choices": {"comparison": "ge"}}]}, "unknown_parameter"),
        ({"scores": ["cipi"], "score": [{"id": "cipi"}]}, "target_twice"),
        ({"hypotension": {"systolic_below": 90}}, "unknown_key"),
        ({"hypotension": {"systolic_below_mmhg": 9}}, "bad_value"),
        ({"hypotension": 90}, "unknown_key"),
        ({"alert": [{"id": "a", "target": "astct-crz"}]}, "target_unknown"),
    ],
)
def test_refusals(changes: dict[str, Any], code: str) -> None:
    assert code in _problems(**changes)


def test_words_of_a_score_can_be_assumed() -> None:
    found = ward(scores=["mycare"], assumed={"high_risk_cytogenetics": False})
    assert found.policy.assumed["high_risk_cytogenetics"] == "no"
    problems = _problems(scores=["mycare"], assumed={"high_risk_cytogenetics": "maybe"})
    assert "choice_unknown" in problems


def test_names_hold_what_scores_ask_for() -> None:
    found = ward(scores=["hay", "hscore"])
    assert found.names["mcp1"] == "quantity"
    assert found.names["immunosuppression"] == "choice"


def test_constants_are_kept_in_the_canonical_unit() -> None:
    found = ward(constants={"ferritin_uln": "0.3 mg/L", "ldh_uln": "250 U/L"}, scores=["ipi"])
    assert found.policy.constants["ferritin_uln"] == Quantity(Decimal(300), "ug/L")
    assert found.policy.constants["ldh_uln"] == Quantity(Decimal(250), "U/L")


def test_score_files_lie_beside_the_ward_file(tmp_path: Path) -> None:
    source = EXAMPLE.parents[1] / "clinic" / "scores" / "easix.toml"
    (tmp_path / "ours.toml").write_text(source.read_text("utf-8"), "utf-8")
    found = ward_of(document(scores=["ours.toml"]), tmp_path)
    assert [one.id for one in found.targets] == ["astct-crs", "easix"]


def test_what_follows_from_another_mistake_is_not_said() -> None:
    rule = {"id": "a", "severity": "info", "target": "astct-crz", "at_least": 2}
    assert set(_problems(grades=["astct-crz"], assumed={}, alert=[rule])) == {"rule_unknown"}
    rule["target"] = "ours"
    assert set(_problems(scores=["./ours.toml"], alert=[rule])) == {"no_file"}
    assert set(_problems(grades=[], assumed={})) == {"missing_key"}


def test_what_a_publication_leaves_open_can_be_chosen() -> None:
    chosen = {"comparison": "ge", "groups": "0/1/2-3"}
    values = {"neutrophils": "7.65", "monocytes": "0.9", "platelets": 300, "lymphocytes": 3}
    labs = [obs(name, 1, value) for name, value in values.items()]
    # the worked examples of the file: a ratio at its cut-off is high by one reading alone
    plain = now(course(ward(scores=["cipi"]), infusion(), *labs)[0], "cipi")
    given = ward(score=[{"id": "cipi", "choices": chosen}])
    found = now(course(given, infusion(), *labs)[0], "cipi")
    assert (plain.value, plain.band, found.value, found.band) == (0, "low", 1, "intermediate")
    assert sum(one.startswith("ASSUMPTION") for one in plain.warnings) == 2
    assert not any(one.startswith("ASSUMPTION") for one in found.warnings)
    assert sum(one.startswith("chosen by the ward file: ") for one in found.warnings) == 2
    stated = [(one.name, one.value) for one in found.inputs if one.taken_at is None]
    assert stated == list(chosen.items())
    # what was answered can be had again from its inputs, as cards do
    again = {one.name: f"{one.value} {one.unit}".strip() for one in found.inputs}
    got = assess(read_score("cipi"), again)
    assert isinstance(got, Assessment)
    assert (got.value, [one.by_user for one in got.choices]) == (1, [True, True])
    assert given.identity != ward(score=[{"id": "cipi"}]).identity


def test_files_that_are_none(tmp_path: Path) -> None:
    for name, text in (("absent.toml", None), ("no.toml", b"schema ="), ("bytes.toml", b"\xff")):
        file = tmp_path / name
        if text is not None:
            file.write_bytes(text)
        with pytest.raises(FileRefused) as caught:
            read_ward(file)
        assert caught.value.problems[0].code in ("file_missing", "not_toml")
    large = tmp_path / "large.toml"
    large.write_bytes(b"#" * 1_000_001)
    with pytest.raises(FileRefused):
        read_ward(large)
