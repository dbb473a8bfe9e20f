"""A model by what its paper prints: closed forms, Riley's worked numbers, refusals."""

from __future__ import annotations

import math
from typing import Any

import pytest

from cartwheel.errors import PlanRefused
from cartwheel.pooling.appraisal.model import ModelClaim, appraise_model
from cartwheel.stats.samplesize import r2_cox_snell_from_auc

# closed forms on both sides
EXACT = 1e-12
SEVERE_CRS = ModelClaim(125, 17, 7, auc=0.875)


def test_the_toxicity_score_by_hand() -> None:
    found = appraise_model(SEVERE_CRS)
    r2 = r2_cox_snell_from_auc(0.875, 17 / 125)
    ratio = -125 * math.log(1 - r2)
    assert found.likelihood_ratio == pytest.approx(ratio, rel=EXACT)
    assert found.shrinkage == pytest.approx(1 - 7 / ratio, rel=EXACT)
    assert found.r2_corrected == pytest.approx((1 - 7 / ratio) * r2, rel=EXACT)
    assert found.events_per_parameter == pytest.approx(17 / 7, rel=EXACT)
    assert found.auc_apparent is not None
    assert found.auc_corrected is not None
    assert 0.5 < found.auc_corrected < 0.875
    assert found.auc_apparent.low is not None
    assert found.auc_apparent.low < 0.875
    assert {note.code for note in found.notes} == {"overfitted", "few_events"}


def test_patients_needed_by_the_published_formula() -> None:
    found = appraise_model(SEVERE_CRS)
    for one in found.needed:
        by_hand = math.ceil(7 / (-0.1 * math.log(1 - one.r2 / 0.9)))
        assert dict(one.criteria)["shrinkage"] == by_hand
        assert one.n == max(size for _, size in one.criteria)
        assert one.events == pytest.approx(one.n * 17 / 125, rel=EXACT)
    sizes = {one.assumption: one.n for one in found.needed}
    assert sizes["corrected"] > sizes["apparent"] > 125
    assert f"{sizes['corrected']} are needed" in found.verdict


def test_rileys_worked_example_comes_out() -> None:
    """Riley 2020, doi:10.1136/bmj.m441: R2 0.288, 24 parameters, 17.4 % events: 623 and 662."""
    found = appraise_model(ModelClaim(100_000, 17_400, 24, r2=0.288))
    criteria = dict(found.needed[0].criteria)
    assert (criteria["shrinkage"], criteria["optimism"]) == (623, 662)
    assert "are enough" in found.verdict
    assert found.notes == ()


def test_a_weak_model_with_many_parameters_is_chance() -> None:
    found = appraise_model(ModelClaim(60, 12, 15, auc=0.70))
    assert found.shrinkage < 0
    assert (found.r2_corrected, found.auc_corrected) == (0.0, 0.5)
    assert "chance alone" in found.verdict
    assert [one.assumption for one in found.needed] == ["apparent", "fifteen_percent"]
    assert found.notes[0].code == "no_signal"


def test_survival_from_r2_and_from_d() -> None:
    found = appraise_model(ModelClaim(197, 120, 3, r2=0.15, survival=True))
    ratio = -197 * math.log(0.85)
    assert (found.outcome, found.auc_apparent) == ("survival", None)
    assert found.shrinkage == pytest.approx(1 - 3 / ratio, rel=EXACT)
    assert [name for name, _ in found.needed[0].criteria] == ["shrinkage", "optimism"]
    timed = ModelClaim(197, 120, 3, d=1.0, follow_up=12.0, horizon=6.0)
    found = appraise_model(timed)
    assert found.given == "d"
    assert [name for name, _ in found.needed[0].criteria] == [
        "shrinkage",
        "optimism",
        "overall_risk",
    ]
    assert found.events_per_parameter == 40


@pytest.mark.parametrize(
    ("said", "codes"),
    [
        ({"events": 0}, ["counts"]),
        ({"events": 125}, ["counts"]),
        ({"parameters": 0}, ["parameters"]),
        ({"auc": None}, ["performance"]),
        ({"r2": 0.1}, ["performance"]),
        ({"auc": 0.5}, ["out_of_range"]),
        ({"auc": 1.0}, ["out_of_range"]),
        ({"auc": math.nan}, ["out_of_range"]),
        ({"auc": None, "r2": 0.6}, ["out_of_range"]),
        ({"auc": None, "d": -1.0}, ["out_of_range"]),
        ({"survival": True}, ["performance"]),
        ({"follow_up": 12.0, "horizon": 6.0}, ["follow_up"]),
        ({"auc": None, "d": 1.0, "horizon": 6.0}, ["follow_up"]),
        ({"auc": None, "d": 1.0, "follow_up": 0.0, "horizon": 6.0}, ["follow_up"]),
        ({"events": 200, "parameters": 0, "auc": 2.0}, ["counts", "parameters", "out_of_range"]),
    ],
)
def test_what_cannot_be_is_refused_all_at_once(said: dict[str, Any], codes: list[str]) -> None:
    fields: dict[str, Any] = {"n": 125, "events": 17, "parameters": 7, "auc": 0.875, **said}
    with pytest.raises(PlanRefused) as refused:
        appraise_model(ModelClaim(**fields))
    assert [problem.code for problem in refused.value.problems] == codes
    assert all(problem.mend for problem in refused.value.problems)
