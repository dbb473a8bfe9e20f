"""Scores on the ward: the variables that they ask for, on the days that they ask for."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from ward_patients import at, course, infusion, now, obs, tick, ward

from cartwheel.clinic.score import read_score
from cartwheel.clinic.scoring import Assessment, assess
from cartwheel.watch.scores import score_target
from cartwheel.watch.view import View

LABS = (obs("ldh", 30, 280), obs("platelets", 30, 90))


def test_easix_in_its_own_units() -> None:
    given = ward(grades=[], scores=["easix"])
    # 1.1 mg/dL are 97.24 umol/L: 280 * 1.1 / 90, the worked example of the file
    episode, _ = course(given, infusion(), *LABS, obs("creatinine", 30, "97.24"))
    found = now(episode, "easix")
    assert found.value == pytest.approx(308 / 90, rel=1e-12)  # double division of exact decimals
    assert (found.band, found.text) == (
        "low",
        "EASIX (Endothelial Activation and Stress Index) 3.42222: low",
    )
    assert [(one.name, one.value, one.unit) for one in found.inputs] == [
        ("ldh", "280", "U/L"), ("creatinine", "97.24", "umol/L"), ("platelets", "90", "10*9/L"),
    ]  # fmt: skip
    # the score asks for it before lymphodepletion, and says that this is another day
    assert sum("was measured on day 1 from the infusion" in note for note in found.warnings) == 3
    direct = assess(
        read_score("easix"),
        {"ldh": "280 U/L", "creatinine": "97.24 umol/L", "platelets": "90 10*9/L"},
        measured=dict.fromkeys(("ldh", "creatinine", "platelets"), 1.0),
    )
    assert isinstance(direct, Assessment)
    assert (found.value, found.warnings) == (direct.value, direct.warnings)


def test_a_missing_or_old_value_is_a_reason_or_a_range() -> None:
    given = ward(grades=[], scores=["easix", "car-hematotox"])
    episode, _ = course(given, infusion(), *LABS)
    found = now(episode, "easix")
    assert found.missing == ("creatinine",)
    assert found.low is None
    assert "Creatinine is missing" in found.reasons[0]
    ranged = now(episode, "car-hematotox")
    assert ranged.value is None
    assert ranged.low is not None
    assert ranged.high is not None
    assert ranged.low < ranged.high
    assert set(ranged.missing) == {"anc", "haemoglobin", "crp", "ferritin"}
    episode, _ = course(given, infusion(), *LABS, obs("creatinine", 30, 90), tick(54))
    assert now(episode, "easix").missing == ("ldh", "creatinine", "platelets")
    assert episode.standings["easix"].at == at(54)


def test_values_beyond_a_limit_of_detection() -> None:
    given = ward(grades=[], scores=["m-easix"])
    episode, _ = course(given, infusion(), *LABS, obs("crp", 30, 5, limit="<"))
    found = now(episode, "m-easix")
    # it stands at the limit: 280 * 0.5 / 90
    assert found.value == pytest.approx(140 / 90, rel=1e-9)  # one unit in the 34th digit below
    assert any("limit of detection" in note for note in found.warnings)
    assert [one.value for one in found.inputs if one.name == "crp"] == ["<5"]


def test_the_digits_told_are_those_of_the_value(monkeypatch: pytest.MonkeyPatch) -> None:
    # one answer is kept for a value: not for another one that is equal and reads otherwise
    asked = []

    def spied(spec: Any, inputs: Any, **more: Any) -> Any:
        asked.extend(str(value) for name, value in inputs.items() if name == "crp")
        return assess(spec, inputs, **more)

    monkeypatch.setattr("cartwheel.watch.scores.assess", spied)
    given = ward(grades=[], scores=["m-easix"])
    for digits in ("38.5", "38.50", "38.5"):
        episode, _ = course(given, infusion(), *LABS, obs("crp", 30, digits))
        found = now(episode, "m-easix")
        assert [one.value for one in found.inputs if one.name == "crp"] == [digits]
        assert f"crp {digits} mg/L" in found.deciding
    assert asked == ["38.5 mg/L", "38.50 mg/L"]


def test_a_window_of_days_is_kept() -> None:
    given = ward(grades=[], scores=["hay"], max_age_hours={"default": 24})
    warm = obs("temperature", 30, "38.9")
    later = obs("temperature", 40, "36.9")
    marker = obs("mcp1", 30, Decimal(1500), unit="pg/mL")
    episode, _ = course(given, infusion(), obs("temperature", -2, 40), warm, marker)
    assert [one.value for one in now(episode, "hay").inputs] == ["38.9", "1500"]
    # 40 hours are beyond 1.5 days, and after 60 the first one is old but is what was asked for
    episode, _ = course(given, infusion(), warm, later, marker, tick(60))
    inputs = {one.name: one.value for one in now(episode, "hay").inputs}
    assert inputs == {"temperature": "38.9"}
    assert now(episode, "hay").missing == ("mcp1",)


def test_a_score_of_a_stated_day() -> None:
    spec = read_score("m-easix")
    dated = spec.but(inputs=tuple(one.but(day=Decimal(7)) for one in spec.inputs), examples=())
    target = score_target(dated)
    given = ward()
    several = [infusion()]
    for hours, crp in ((6 * 24, 10), (7 * 24 + 3, 50), (7 * 24 + 20, 60), (8 * 24, 90)):
        several += [obs("crp", hours, crp), obs("ldh", hours, 300), obs("platelets", hours, 100)]
    episode, _ = course(given, *several)
    assert target.assess(View(given.policy, episode.tracks, at(6 * 24 + 5))).low is None
    assert target.assess(View(given.policy, episode.tracks, at(7 * 24 + 4))).value == 15
    assert target.assess(View(given.policy, episode.tracks, at(30 * 24))).value == 18
    assert target.ageless == {"crp", "ldh", "platelets", "infusion"}


def test_limits_of_the_laboratory_and_assumed_words() -> None:
    given = ward(
        grades=[],
        scores=["mycare"],
        constants={"ferritin_uln": "300 ug/L"},
        assumed={"extramedullary_or_pcl": "no", "lenalidomide_refractory": "no"},
    )
    several = (infusion(), obs("ferritin", 2, 200))
    found = now(course(given, *several, obs("high_risk_cytogenetics", 1, "no"))[0], "mycare")
    assert found.value == 0
    assert (
        "taken as 'no' by the ward file: extramedullary_or_pcl, lenalidomide_refractory"
        in found.warnings
    )
    assert ("ferritin_uln", "300") in [(one.name, one.value) for one in found.inputs]
    charted = obs("extramedullary_or_pcl", 1, "yes")
    raised = now(
        course(given, *several, obs("high_risk_cytogenetics", 1, "no"), charted)[0], "mycare"
    )
    assert raised.value is not None
    assert raised.value > 0


def test_preliminary_values_say_so() -> None:
    given = ward(grades=[], scores=["m-easix"])
    crp = replace(obs("crp", 30, 50), status="preliminary")
    found = now(course(given, infusion(), *LABS, crp)[0], "m-easix")
    assert found.value == pytest.approx(280 * 5 / 90, rel=1e-12)  # double division
    assert "preliminary: crp" in found.warnings


def test_dimensionless_numbers() -> None:
    given = ward(grades=[], scores=["ipi"], constants={"ldh_uln": "250 U/L"})
    several = (
        infusion(), obs("age", 0, 63), obs("stage", 0, "IV"), obs("ldh", 0, 300),
        obs("ecog", 0, "2"), obs("extranodal_sites", 0, Decimal(2)),
    )  # fmt: skip
    found = now(course(given, *several)[0], "ipi")
    direct = assess(
        read_score("ipi"),
        {
            "age": "63 years", "stage": "IV", "ldh": "300 U/L", "ecog": "2",
            "ldh_uln": "250 U/L", "extranodal_sites": 2,
        },
    )  # fmt: skip
    assert isinstance(direct, Assessment)
    assert found.value == direct.value
