"""The censored Brier score against riskRegression::Score (golden time_dependent.json)."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cartwheel.stats.brier import brier_score
from cartwheel.stats.cox import baseline_hazard_at, cox_fit
from cartwheel.stats.survival import SurvivalTimes, survival_at, survival_times


def golden(shared: Path) -> dict[str, Any]:
    path = shared / "data" / "reference" / "golden" / "time_dependent.json"
    return json.loads(path.read_text())["cases"]


def design(frame: pd.DataFrame, formula: str) -> np.ndarray:
    columns = []
    for term in formula.removeprefix("~ ").split("+"):
        logged = re.fullmatch(r"log\((.+)\)", term)
        columns.append(np.log(frame[logged[1]]) if logged else frame[term])
    return np.column_stack(columns).astype(float)


def risk(times: SurvivalTimes, x: np.ndarray, horizon: float) -> np.ndarray:
    linear_predictor = x @ cox_fit(times, x).coefficients
    hazard = baseline_hazard_at(times, linear_predictor, horizon)
    return 1.0 - np.exp(-hazard * np.exp(linear_predictor))


def test_brier_scores(shared: Path) -> None:
    checked = 0
    for name, case in golden(shared).items():
        if "models" not in case:
            continue
        frame = pd.read_csv(shared / "data" / "reference" / f"{case['data']}.csv")
        needed = case["note"].split(" on ")[1].split(",")
        column, code = case["event"].split("==")
        frame = frame.dropna(subset=needed)
        assert len(frame) == case["n"]
        times = survival_times(frame[case["time"]], frame[column] == int(code))
        models = case["models"]
        designs = {
            "full": design(frame, models["formula"]),
            "single": design(frame, models["single"]),
        }
        stored = models["score_brier"]
        for model, horizon, score in zip(
            stored["model"], stored["times"], stored["Brier"], strict=True
        ):
            if model == "Null model":
                risks = np.full(times.n, 1.0 - survival_at(times, horizon))
                tolerance = 1e-12  # no fit: 15 digits less the rounding of a sum
            else:
                risks = risk(times, designs[model], horizon)
                # riskRegression refits with coxph's default eps 1e-9: about 1e-6 se off
                tolerance = 1e-8
            assert brier_score(times, risks, horizon) == pytest.approx(score, rel=tolerance), (
                name,
                model,
                horizon,
            )
            checked += 1
        first = np.column_stack(
            [risk(times, designs["full"], t) for t in case["models"]["score_brier"]["times"][:3]]
        )
        np.testing.assert_allclose(first[:5], models["predicted_risk_first_5_rows"], rtol=1e-7)
    assert checked == 27
