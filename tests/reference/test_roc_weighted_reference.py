"""Time-dependent AUC and ROC curves by weights, against timeROC (golden/time_dependent.json)."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from reference_data import golden, reference_table

from cartwheel.stats.roc import roc_curve, weighted_auc

GOLDEN = golden("time_dependent")
CASES = [
    (name, place)
    for name, case in GOLDEN.items()
    if "timeROC" in case
    for place in range(len(case["timeROC"]))
]


def censoring_weights(time: np.ndarray, status: np.ndarray, horizon: float):
    """timeROC's: cases T < t weigh 1 / G(T-), controls T > t all the same.

    G is the Kaplan-Meier curve of being censored, in which an event comes before a censoring at the
    same time: who has an event then is no longer at risk of being censored.
    """
    moments = np.unique(time[status == 0])
    leaving = np.array([((time == moment) & (status == 0)).sum() for moment in moments])
    at_risk = np.array([(time > moment).sum() for moment in moments]) + leaving
    curve = np.concatenate(([1.0], np.cumprod(1.0 - leaving / at_risk)))
    before = curve[np.searchsorted(moments, time, "left")]
    case = (time < horizon) & (status == 1)
    return np.where(case, 1.0 / np.where(case, before, 1.0), 0.0), (time > horizon).astype(float)


def survival_columns(case: dict) -> pd.DataFrame:
    frame = reference_table(case["data"])
    needed = case["note"].removeprefix("complete cases on ").split(",")
    column, value = case["event"].split("==")
    frame = frame.dropna(subset=[case["time"], column, *needed])
    return frame.assign(event_=(frame[column] == float(value)).astype(int))


@pytest.mark.parametrize(("name", "place"), CASES)
def test_time_dependent_area(name, place):
    case = GOLDEN[name]
    golden = case["timeROC"][place]
    frame = survival_columns(case)
    assert len(frame) == case["n"]
    time, status = frame[case["time"]].to_numpy(float), frame["event_"].to_numpy()
    score = golden["sign"] * frame[golden["marker"]].to_numpy(float)
    for which, horizon in enumerate(golden["times"]):
        weights = censoring_weights(time, status, horizon)
        # the same weights multiplied up in another order
        area = weighted_auc(score, *weights)
        np.testing.assert_allclose(area, golden["auc"][which], rtol=1e-8)
        if which == 1:
            curve = roc_curve(score, case_weight=weights[0], control_weight=weights[1])
            found = np.column_stack((1.0 - curve.specificity, curve.sensitivity))
            points = golden["roc_at_t2"]
            for point in zip(points["fp"], points["tp"], strict=True):
                # thinned: each of their points is one of ours
                assert np.abs(found - np.array(point)).max(axis=1).min() < 1e-10


@pytest.mark.parametrize("marker", ["DSST", "MMSE"])
def test_time_dependent_area_with_a_competing_event(marker):
    case = GOLDEN["paquid_competing"]
    golden = case[marker.lower()]
    frame = reference_table(case["data"])
    time, status = frame["time"].to_numpy(float), frame["status"].to_numpy()
    score = -frame[marker].to_numpy(float)
    for horizon, expected in zip(golden["times"], golden["auc"], strict=True):
        np.testing.assert_allclose(
            weighted_auc(score, *censoring_weights(time, status, horizon)), expected, rtol=1e-8
        )
