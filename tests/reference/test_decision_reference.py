"""Decision curves against R dcurves (golden dca_nri_mi.json)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from prediction_cases import RTOL, competing, competing_frame
from reference_data import golden, reference_table

from cartwheel.stats.decision import (
    DecisionCurve,
    decision_curve,
    decision_curve_over_time,
    net_benefit,
)
from cartwheel.stats.times import survival_times

CASES = golden("dca_nri_mi")
TABLES = [
    ("dca_binary", "table"),
    ("dca_binary", "prevalence_adjusted_0.15"),
    ("dca_survival", "table"),
    ("dca_competing", "table"),
]


def test_the_grid_is_complete() -> None:
    curves = [name for name in CASES if name.startswith("dca")]
    assert curves == ["dca_binary", "dca_survival", "dca_competing"]
    found = [(name, key) for name in curves for key in CASES[name]]
    tables = [(name, key) for name, key in found if isinstance(CASES[name][key], dict)]
    assert tables == TABLES


def curve(name: str, key: str, model: str, thresholds: list[float]) -> DecisionCurve:
    case = CASES[name]
    if name == "dca_binary":
        frame = reference_table(case["data"])
        prevalence = 0.15 if key.endswith("0.15") else None
        return decision_curve(
            frame[model], frame[case["outcome"]], thresholds, prevalence=prevalence
        )
    frame = competing_frame(case["data"])
    if name == "dca_survival":
        times: Any = survival_times(frame["ttcancer"], frame["cancer"])
    else:
        times = competing(frame)
    return decision_curve_over_time(times, frame[model], case["time"], thresholds)


@pytest.mark.parametrize(("name", "key"), TABLES)
def test_net_benefit(name: str, key: str) -> None:
    table = pd.DataFrame(CASES[name][key]).replace("NA", np.nan)
    models = [model for model in table["variable"].unique() if model not in ("all", "none")]
    assert models
    thresholds = table.loc[table["variable"] == "all", "threshold"].tolist()
    everybody = table.loc[table["variable"] == "all", "net_benefit"].astype(float)
    assert (table.loc[table["variable"] == "none", "net_benefit"].astype(float) == 0.0).all()
    for model in models:
        found = curve(name, key, model, thresholds)
        rows = table[table["variable"] == model].astype({"net_benefit": float})
        assert found.n == rows["n"].iloc[0]
        assert found.prevalence == pytest.approx(rows["pos_rate"].iloc[0], rel=RTOL)
        known = np.isfinite(rows["net_benefit"].to_numpy())
        # dcurves has NA where nobody above the threshold is followed to the horizon
        assert found.estimable.tolist() == known.tolist()
        for ours, theirs in (
            (found.net_benefit, "net_benefit"),
            (found.true_positive_rate, "tp_rate"),
            (found.false_positive_rate, "fp_rate"),
        ):
            stored = rows[theirs].astype(float).to_numpy()
            np.testing.assert_allclose(ours[known], stored[known], rtol=RTOL, atol=1e-15)
            assert np.isnan(ours[~known]).all()
        np.testing.assert_allclose(found.treat_all, everybody, rtol=RTOL, atol=1e-15)
        odds = found.threshold / (1.0 - found.threshold)
        spared = (found.net_benefit - found.treat_all) / odds
        np.testing.assert_allclose(found.interventions_avoided, spared, rtol=1e-12)


def test_the_fast_form_is_the_same() -> None:
    case = CASES["dca_binary"]
    frame = reference_table(case["data"])
    thresholds = np.array(sorted(set(case["table"]["threshold"])))
    risk, event = frame["cancerpredmarker"].to_numpy(float), frame["cancer"].to_numpy(float)
    full = decision_curve(risk, event, thresholds)
    np.testing.assert_array_equal(net_benefit(risk, event, thresholds), full.net_benefit)
