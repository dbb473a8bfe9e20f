"""What a hurried or hostile caller gives ``cartwheel score``, and what it hears."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

import cartwheel as cw
from cartwheel.cli import app
from cartwheel.clinic.scoring import Assessment, Unscorable
from cartwheel.errors import ScoreRefused

EASIX = {"ldh": "280 U/L", "creatinine": "1.1 mg/dL", "platelets": "90 10*9/L"}


@pytest.mark.parametrize(
    ("score", "given", "guess"),
    [
        ("easix", EASIX | {"creatinine": "88 mg/dL"}, "is it 88 umol/L"),
        ("easix", EASIX | {"creatinine": "0,9 umol/L"}, "0.9 mg/dL"),
        ("easix", EASIX | {"platelets": "90000 10*9/L"}, "90000 /uL"),
        ("hay", {"temperature": "101 Cel", "mcp1": "10 pg/mL"}, "101 [degF]"),
        ("easix", EASIX | {"platelets": "-1 10*9/L"}, "check the value"),
    ],
)
def test_an_impossible_value_is_refused_with_the_likely_unit(
    score: str, given: dict[str, Any], guess: str
) -> None:
    found = cw.score(score, given)
    assert isinstance(found, Unscorable)
    assert [problem.code for problem in found.reasons] == ["implausible"]
    assert guess in found.reasons[0].mend


def test_the_unit_of_a_thermometer_is_named() -> None:
    found = cw.score("hay", {"temperature": "101.3", "mcp1": "10 pg/mL"})
    assert isinstance(found, Unscorable)
    assert "accepted: Cel, [degF]" in found.reasons[0].mend
    # (101.3 - 32) * 5 / 9 is 38.5
    read = cw.score("hay", {"temperature": "101.3 [degF]", "mcp1": "10 pg/mL"})
    assert isinstance(read, Assessment)
    assert read.inputs[0].value == 38.5


@pytest.mark.parametrize(
    "text", ['{"ldh": "280 U/L", "ldh": "300 U/L"}', '{"ldh": {"value": 1, "value": 2}}']
)
def test_a_key_that_stands_twice_in_a_patient_file_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "patient.json"
    path.write_text(text)
    with pytest.raises(ScoreRefused) as refused:
        cw.score("easix", patient=path)
    assert [problem.code for problem in refused.value.problems] == ["given_twice"]


def test_what_cannot_be_computed_says_so_before_it_asks_for_values() -> None:
    done = CliRunner().invoke(app, ["score", "inflamix"])
    assert (done.exit_code, "cannot be computed" in " ".join(done.stderr.split())) == (2, True)
    done = CliRunner().invoke(app, ["score", "easix"])
    assert (done.exit_code, "no value was given" in done.stderr) == (2, True)


@pytest.mark.parametrize("day", [-60.0, -6.0, 5.0])
def test_a_day_that_cannot_be_compared_is_said(day: float) -> None:
    found = cw.score("easix", EASIX, days={"ldh": day})
    assert isinstance(found, Assessment)
    assert any(
        f"LDH was measured on day {day:g} from the infusion; the score asks for it before "
        "lymphodepletion" in warning
        for warning in found.warnings
    )


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"days": {"ldh": "x"}}, "not_a_day"), ({"days": {"ldh": float("nan")}}, "not_a_day"),
        ({"days": {"ldh": float("inf")}}, "not_a_day"), ({"days": {"ldh": True}}, "not_a_day"),
        ({"days": {1: 2}}, "unknown_input"), ({"about": {1: "x"}}, "unknown_about"),
        ({"units": {"ldh": "U/L"}}, "no_frame"), ({"columns": {"ldh": "L"}}, "no_frame"),
    ],
)  # fmt: skip
def test_what_is_said_beside_the_values_is_judged(said: dict[str, Any], code: str) -> None:
    with pytest.raises(ScoreRefused) as refused:
        cw.score("easix", EASIX, **said)
    assert [problem.code for problem in refused.value.problems] == [code]


def test_names_that_are_no_text_are_refused() -> None:
    odd: dict[Any, str] = {1: "2 U/L"}
    found = cw.score("easix", EASIX | odd)
    assert isinstance(found, Unscorable)
    assert [problem.code for problem in found.reasons] == ["unknown_input"]


def test_a_choice_is_heard_for_one_patient_too() -> None:
    # 7.65 / 3 is 2.55, the cut-off itself
    given = dict.fromkeys(("neutrophils", "monocytes", "platelets", "lymphocytes"), "")
    given |= {"neutrophils": "7.65 G/L", "monocytes": "0.9 G/L"}
    given |= {"platelets": "300 G/L", "lymphocytes": "3 G/L"}
    for option, value in (("gt", 0), ("ge", 1)):
        found = cw.score("cipi", given, choices={"comparison": option})
        assert isinstance(found, Assessment)
        assert found.value == value
    with pytest.raises(ScoreRefused):
        cw.score("cipi", given | {"comparison": "gt"}, choices={"comparison": "ge"})
    assert isinstance(cw.score("easix", EASIX, choices={"comparison": "ge"}), Unscorable)


def test_whole_numbers_of_numpy_are_numbers() -> None:
    given: dict[str, Any] = {"age": "63 years", "stage": "III", "ecog": np.int64(1)}
    plain = cw.score("ipi", given | {"ecog": 1})
    found = cw.score("ipi", given)
    assert type(found) is type(plain)
    refused = cw.score("easix", EASIX | {"ldh": np.int64(280)})
    assert isinstance(refused, Unscorable)
    assert [problem.code for problem in refused.reasons] == ["unit_missing"]
