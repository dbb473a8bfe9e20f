"""Decision curves against R dcurves, flexible calibration and paired differences against R.

The decision curves are the published examples of dcurves (golden dca_nri_mi.json); the rest is
validate/scores.json, made by validate/scores.R from simulated patients.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from decision_samples import (
    KINDS,
    binary_target,
    competing_target,
    scored,
    survival_target,
)
from prediction_cases import RTOL, competing_frame
from reference_data import golden, reference_table
from scipy.special import ndtri

from cartwheel.estimate import Estimate
from cartwheel.stats.smooth_calibration import smooth_calibration
from cartwheel.validation.analysed import Predicted, Target
from cartwheel.validation.judging.comparisons import compare
from cartwheel.validation.judging.decision import decide
from cartwheel.validation.judging.flexible import calibration_indices
from cartwheel.validation.judging.resampled import outcome_of
from cartwheel.validation.plan import DecisionPlan

CURVES = golden("dca_nri_mi")
MADE: dict[str, Any] = json.loads(
    (Path(__file__).parent / "validate" / "scores.json").read_text(encoding="utf-8")
)
ROWS = MADE["rows"]
# every threshold of the golden tables is among these
STEP = DecisionPlan(low=0.01, high=0.99, step=0.01)


def published(name: str) -> tuple[Target, pd.DataFrame]:
    case = CURVES[name]
    if name == "dca_binary":
        frame = reference_table(case["data"])
        return binary_target(frame[case["outcome"]]), frame
    frame = competing_frame(case["data"])
    horizon = float(case["time"])
    if name == "dca_survival":
        return survival_target(frame["ttcancer"], frame["cancer"], horizon), frame
    return competing_target(frame["time"], frame["cause"], horizon), frame


@pytest.mark.parametrize("name", ["dca_binary", "dca_survival", "dca_competing"])
def test_published_decision_curves(name: str) -> None:
    table = pd.DataFrame(CURVES[name]["table"]).replace("NA", np.nan)
    table["net_benefit"] = table["net_benefit"].astype(float)
    target, frame = published(name)
    models = [one for one in table["variable"].unique() if one not in ("all", "none")]
    assert models
    scores = [scored(model, frame[model]) for model in models]
    decision = decide(target, scores, STEP, None, 0.95)
    assert decision is not None
    assert [curve.name for curve in decision.curves] == [*models, "treat all", "treat none"]
    names = {"treat all": "all", "treat none": "none"}
    compared = 0
    for curve in decision.curves:
        rows = table[table["variable"] == names.get(curve.name, curve.name)]
        theirs = dict(zip(rows["threshold"].round(9), rows["net_benefit"], strict=True))
        for at, value in zip(decision.thresholds, curve.net_benefit, strict=True):
            if at not in theirs:
                continue
            compared += 1
            # NA in dcurves: nobody above the threshold is followed to the horizon
            if np.isnan(theirs[at]):
                assert value is None
            else:
                assert value == pytest.approx(theirs[at], rel=RTOL, abs=1e-15)
    assert compared == len(table)


def made(kind: str) -> tuple[Target, list[Predicted]]:
    risks = ROWS["risk" if kind == "binary" else "later"]
    scores = [scored(name, risk) for name, risk in risks.items()]
    if kind == "binary":
        return binary_target(ROWS["event"]), scores
    if kind == "survival":
        return survival_target(ROWS["time"], ROWS["died"], ROWS["horizon"]), scores
    return competing_target(ROWS["first"], ROWS["cause"], ROWS["horizon"]), scores


@pytest.mark.parametrize("name", ["first", "second"])
@pytest.mark.parametrize("kind", KINDS)
def test_flexible_calibration(kind: str, name: str) -> None:
    target, scores = made(kind)
    score = next(one for one in scores if one.name == name)
    theirs = MADE["flexible"][kind][name]
    measures = calibration_indices(target, score, None, 0.95)
    found = {measure.name: measure.estimate.value for measure in measures}
    # crr stops at a gradient of 1e-12 with a step rule of its own
    tolerance = 1e-6 if kind == "competing" else RTOL
    for key in ("ici", "e50", "e90"):
        assert found[key] == pytest.approx(theirs[key], rel=tolerance)
    assert score.risk is not None
    smooth = smooth_calibration(score.risk, outcome_of(target), target.horizon, grid=ROWS["at"])
    np.testing.assert_allclose(smooth.measure()[3:], theirs["observed"], rtol=tolerance)


def error(estimate: Estimate) -> float:
    assert estimate.low is not None
    assert estimate.high is not None
    return (estimate.high - estimate.low) / (2.0 * float(ndtri(0.975)))


@pytest.mark.parametrize("kind", KINDS)
def test_paired_differences(kind: str) -> None:
    target, scores = made(kind)
    rows = {row.measure: row for row in compare(target, scores, None, 0.95)}
    theirs = MADE["differences"][kind]
    assert set(theirs) <= set(rows)
    for measure, expected in theirs.items():
        row = rows[measure]
        assert (row.first, row.second) == ("first", "second")
        assert row.difference.value == pytest.approx(expected["difference"], rel=RTOL, abs=1e-12)
        if "std_error" in expected:
            assert error(row.difference) == pytest.approx(expected["std_error"], rel=RTOL)
        if "p_value" in expected:
            assert row.p_value == pytest.approx(expected["p_value"], rel=RTOL)


def test_uno_is_turned_with_the_scores() -> None:
    target, scores = made("survival")
    there = {row.measure: row for row in compare(target, scores, None, 0.95)}["uno_c"]
    back = {row.measure: row for row in compare(target, scores[::-1], None, 0.95)}["uno_c"]
    assert there.difference.value is not None
    assert back.difference.value == pytest.approx(-there.difference.value, abs=1e-15)
    assert back.p_value == pytest.approx(there.p_value, rel=1e-12)
