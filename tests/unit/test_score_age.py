"""The age of a patient beside the ages that a score was made at."""

from __future__ import annotations

import json
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from score_examples import bare_document
from typer.testing import CliRunner

import cartwheel as cw
from cartwheel.cli import app
from cartwheel.clinic.score import ScoreSpec, read_score, score_from_document, score_to_toml
from cartwheel.clinic.scoring import Assessment
from cartwheel.errors import Refused
from cartwheel.units import Quantity

EASIX = {"ldh": "280 U/L", "creatinine": "1.1 mg/dL", "platelets": "90 10*9/L"}


def made_at(**ages: Any) -> ScoreSpec:
    return score_from_document(bare_document(population={"text": "somebody", **ages}))


def warned(spec: ScoreSpec, age: Any) -> list[str]:
    found = cw.score(spec, {"x": "1"}, about={"age": age})
    assert isinstance(found, Assessment)
    return [warning for warning in found.warnings if "population" in warning]


def codes(refused: pytest.ExceptionInfo[Any]) -> set[str]:
    return {problem.code for problem in refused.value.problems}


@pytest.mark.parametrize(
    ("age", "start"),
    [
        ("17.9 years", "outside"), ("18 years", None),
        ("75 years", None), ("75.1 years", "outside"),
        (Quantity(Decimal(63), "years"), None), (Quantity(Decimal(80), "years"), "outside"),
        (">=90 years", "outside"), (">60 years", "perhaps"), ("<18 years", "outside"),
        ("<20 years", "perhaps"), (None, None), (" ", None),
    ],
)  # fmt: skip
def test_another_age_is_said(age: Any, start: str | None) -> None:
    found = warned(made_at(age_low=18, age_high=75), age)
    assert [warning.split()[0] for warning in found] == ([] if start is None else [start])
    assert all("at ages of 18 to 75 years" in warning for warning in found)


def test_one_limit_or_none() -> None:
    assert warned(made_at(age_low=18), "99 years") == []
    assert "18 years or older" in warned(made_at(age_low=18), "9 years")[0]
    assert "up to 25 years" in warned(made_at(age_high=25), "26 years")[0]
    assert warned(made_at(), "9 years") == []


@pytest.mark.parametrize(
    "age", ["63", 63, "old", "63 kg", "200 years", "-3 years", True, "NaN years"]
)
def test_what_is_no_age_is_refused(age: Any) -> None:
    for spec in (made_at(), made_at(age_low=18)):
        with pytest.raises(Refused) as refused:
            warned(spec, age)
        assert all("'age'" in problem.where for problem in refused.value.problems)


@pytest.mark.parametrize(
    "ages", [{"age_low": 75, "age_high": 18}, {"age_low": -1}, {"age_high": 300}]
)
def test_impossible_ages_of_a_file_are_refused(ages: dict[str, int]) -> None:
    with pytest.raises(Refused) as refused:
        made_at(**ages)
    assert codes(refused) == {"ages"}


def test_ages_belong_to_the_identity_only_where_they_stand() -> None:
    plain, aged = made_at(), made_at(age_low=18, age_high=Decimal("75.0"))
    assert "age" not in score_to_toml(plain)
    assert plain.identity != aged.identity
    again = read_score(score_to_toml(aged))
    assert again == aged
    assert again.identity == aged.identity
    assert "age_high = 75.0\n" in score_to_toml(aged)


def test_a_patient_file_and_the_options_may_say_it(tmp_path: Path) -> None:
    spec = made_at(age_low=18)
    patient = tmp_path / "patient.json"
    file = tmp_path / "made.toml"
    file.write_text(score_to_toml(spec), encoding="utf-8")
    for age in ("9 years", {"value": 9, "unit": "years"}):
        patient.write_text(json.dumps({"x": "1", "age": age}))
        found = cw.score(spec, patient=patient)
        assert isinstance(found, Assessment)
        assert any(warning.startswith("outside the population") for warning in found.warnings)
        with pytest.raises(Refused) as refused:
            cw.score(spec, {"age": "9 years"}, patient=patient)
        assert codes(refused) == {"given_twice"}
    one = ("--x", "1")
    for given in ((*one, "--age", "9 years"), (*one, "--set", "age=9 years"),
                  ("--patient", str(patient))):  # fmt: skip
        done = CliRunner().invoke(app, ["score", str(file), *given])
        assert (done.exit_code, "outside the population" in done.stdout) == (0, True), done.stderr
        assert "age 18 years or older" in done.stdout
    patient.write_text(json.dumps({**EASIX, "age": 63}))
    found = cw.score("easix", patient=patient)  # its population has no age: left aside, and named
    assert isinstance(found, Assessment)
    assert "not used: age" in found.warnings


def test_an_input_of_that_name_stays_an_input() -> None:
    done = CliRunner().invoke(app, ["score", "ipi", "--age", "63 years", "--json", "-"])
    assert done.exit_code == 0
    read = {item["name"]: item["value"] for item in json.loads(done.stdout)["result"]["inputs"]}
    assert read["age"] == 63
    alone = CliRunner().invoke(app, ["score", "easix", "--age", "63 years"])
    assert (alone.exit_code, "is missing" in alone.stderr) == (2, True)


def test_a_frame_of_one_age() -> None:
    spec = made_at(age_low=18)
    found = cw.score(spec, pd.DataFrame({"x": [1, 2]}), about={"age": "9 years"})
    assert found["bare_warnings"].str.contains("outside the population").all()


@pytest.mark.parametrize("name", ["disease", "product"])
def test_a_disease_is_a_text(name: str) -> None:
    spec = made_at(disease="B-ALL", product="any")
    about: dict[str, Any] = {name: None}
    assert isinstance(cw.score(spec, {"x": "1"}, about=about), Assessment)
    with pytest.raises(Refused) as refused:
        cw.score(spec, {"x": "1"}, about={name: 3})
    assert codes(refused) == {"not_text"}
