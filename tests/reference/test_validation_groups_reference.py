"""Groups of a validation against R: interaction tests, recalibration elsewhere, random effects."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from validated_groups import KINDS, binary, competing, scored, survival

from cartwheel.estimate import Estimate
from cartwheel.validation.analysed import Predicted, Target
from cartwheel.validation.groups.heterogeneity import heterogeneity
from cartwheel.validation.groups.recalibration import recalibration
from cartwheel.validation.groups.subgroups import interaction
from cartwheel.validation.result_groups import GroupRow, GroupScore
from cartwheel.validation.result_score import Measure

STORED = json.loads((Path(__file__).parent / "validate" / "groups.json").read_text("utf-8"))
ROWS: dict[str, Any] = STORED["rows"]
centre = np.array(ROWS["centre"])


def case(kind: str) -> tuple[Target, Predicted]:
    """The patients of R's file under one kind of outcome."""
    horizon = float(ROWS["horizon"])
    if kind == "binary":
        return binary(ROWS["event"]), scored(ROWS["risk"], ROWS["risk"])
    over_time = scored(ROWS["risk_over_time"], ROWS["risk_over_time"])
    if kind == "survival":
        return survival(ROWS["time"], ROWS["died"], horizon), over_time
    return competing(ROWS["first"], ROWS["cause"], horizon), over_time


@pytest.mark.parametrize("kind", KINDS)
def test_interaction_is_the_likelihood_ratio_of_r(kind: str) -> None:
    target, predicted = case(kind)
    found = interaction(target, predicted, [np.flatnonzero(centre == k) for k in range(4)])
    assert found is not None
    assert found.df == 3.0
    # 1e-7: a difference of log likelihoods of about 100, each good to 1e-10 or so
    assert found.statistic == pytest.approx(STORED["interactions"][kind], rel=1e-7)


def test_interaction_of_a_score_without_risk_takes_its_value() -> None:
    risk = np.array(ROWS["risk"])
    # R rounded three digits to whole points; the halves among them must be halves again
    points = scored(np.log(risk / (1.0 - risk)).round(3).round(), None)
    groups = [np.flatnonzero(centre == 0), np.flatnonzero(centre > 0)]
    found = interaction(binary(ROWS["event"]), points, groups)
    assert found is not None
    assert found.statistic == pytest.approx(STORED["interactions"]["points"], rel=1e-7)
    assert "on value and group" in found.test


# competing: crr's own iterations leave about 1e-7; the others 1e-8 as everywhere
@pytest.mark.parametrize(("kind", "tolerance"), [*zip(KINDS, (1e-8, 1e-8, 1e-6), strict=True)])
def test_risks_recalibrated_in_the_other_centres(kind: str, tolerance: float) -> None:
    target, predicted = case(kind)
    for left_out in range(4):
        rest, own = np.flatnonzero(centre != left_out), np.flatnonzero(centre == left_out)
        line = recalibration(target.subset(rest), predicted.subset(rest))
        risk = line.applied(predicted.subset(own)).risk
        assert risk == pytest.approx(STORED["updated"][left_out][kind], rel=tolerance)


def rows(effects: list[float], errors: list[float], scale: str) -> list[GroupRow]:
    """Centres with these effects on the scale."""
    back = {"identity": lambda x: x, "log": np.exp, "logit": lambda x: 1.0 / (1.0 + np.exp(-x))}
    measures = [
        Measure("m", "M", Estimate(float(back[scale](y)), n=10, events=4), None, error, scale)
        for y, error in zip(effects, errors, strict=True)
    ]
    return [
        GroupRow(str(place), 10, 4, "", (GroupScore("score", (each,)),))
        for place, each in enumerate(measures)
    ]


@pytest.mark.parametrize("scale", ["identity", "log", "logit"])
@pytest.mark.parametrize("stored", STORED["random"], ids=lambda stored: str(len(stored["y"])))
def test_centres_pooled_as_metafor_does(stored: dict[str, Any], scale: str) -> None:
    (found,) = heterogeneity(rows(stored["y"], stored["se"], scale), 0.95)
    k = len(stored["y"])
    back = {"identity": lambda x: x, "log": np.exp, "logit": lambda x: 1.0 / (1.0 + np.exp(-x))}
    told = [found.pooled.value, found.pooled.low, found.pooled.high]
    wanted = [stored["estimate"], stored["low"], stored["high"]]
    if k > 2:
        told += [found.prediction_low, found.prediction_high]
        wanted += [stored["prediction_low"], stored["prediction_high"]]
    else:
        assert (found.prediction_low, found.prediction_high) == (None, None)
    # 1e-6: metafor's iterations for tau2 end at 1e-12 of the likelihood's step, root of that here
    assert told == pytest.approx([float(back[scale](each)) for each in wanted], rel=1e-6, abs=1e-9)
    assert found.tau2 == pytest.approx(stored["tau2"], rel=1e-6, abs=1e-9)
    assert found.i2 == pytest.approx(stored["i2"], rel=1e-6, abs=1e-6)
    assert found.q == pytest.approx(stored["q"], rel=1e-8)
    assert found.q_p_value == pytest.approx(stored["q_p_value"], rel=1e-8)
    assert (found.k, found.pooled.n, found.pooled.events) == (k, 10 * k, 4 * k)
