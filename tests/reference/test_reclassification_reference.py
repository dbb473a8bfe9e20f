"""NRI and IDI against Hmisc, nricens and survIDINRI (golden dca_nri_mi.json)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from prediction_cases import RTOL, model_matrix
from reference_data import golden, reference_table
from scipy.special import ndtri

from cartwheel.estimate import Estimate
from cartwheel.stats.cox import baseline_hazard, cox_fit
from cartwheel.stats.logistic import logistic_fit
from cartwheel.stats.reclassification import discrimination_improvement, net_reclassification
from cartwheel.stats.reclassification_survival import (
    SurvivalReclassification,
    discrimination_improvement_survival,
    net_reclassification_survival,
)
from cartwheel.stats.times import SurvivalTimes, survival_times

CASES = golden("dca_nri_mi")


def logistic_risks(case: dict[str, Any]) -> tuple[list[NDArray[np.float64]], NDArray[np.float64]]:
    frame = reference_table(case["data"])
    event = frame["low"].to_numpy(float)
    risks = []
    for key in ("base", "new"):
        left, right = case[key].split("~")
        assert left.strip() == "low"
        x = model_matrix(frame, right)
        risks.append(logistic_fit(x, event).risk(x))
    return risks, event


def cox_risks(
    case: dict[str, Any], interpolated: bool
) -> tuple[SurvivalTimes, list[NDArray[np.float64]]]:
    frame = reference_table(case["data"])
    times = survival_times(frame["time"], frame["status"] == 2)
    risks = []
    for key in ("base", "new"):
        x = model_matrix(frame, case[key])
        linear = x @ cox_fit(times, x).coefficients
        time, hazard = baseline_hazard(times, linear)
        row = int(np.searchsorted(time, case["t0"], side="right")) - 1
        # survIDINRI draws a straight line between the steps of the baseline hazard
        at = float(np.interp(case["t0"], time, hazard)) if interpolated else float(hazard[row])
        risks.append(-np.expm1(-at * np.exp(linear)))
    return times, risks


def error(estimate: Estimate) -> float:
    assert estimate.low is not None
    assert estimate.high is not None
    return (estimate.high - estimate.low) / (2.0 * float(ndtri(0.975)))


def test_the_grid_is_complete() -> None:
    cases = [name for name in CASES if name.startswith(("improve", "nri", "idi"))]
    assert cases == ["improveProb", "nri_categorical", "nri_survival", "idi_survival"]


def test_improve_prob() -> None:
    case = CASES["improveProb"]
    (old, new), event = logistic_risks(case)
    stored = case["values"]
    nri = net_reclassification(old, new, event)
    idi = discrimination_improvement(old, new, event)
    ours = {
        "n": nri.nri.n,
        "na": nri.nri.events,
        "nb": event.size - event.sum(),
        "pup.ev": nri.up_events,
        "pdown.ev": nri.down_events,
        "pup.ne": nri.up_nonevents,
        "pdown.ne": nri.down_nonevents,
        "improveSens": idi.sensitivity,
        "improveSpec": idi.specificity,
    }
    for name, estimate in (
        ("nri", nri.nri),
        ("nri.ev", nri.nri_events),
        ("nri.ne", nri.nri_nonevents),
        ("idi", idi.idi),
    ):
        assert estimate.value is not None
        ours |= {name: estimate.value, f"se.{name}": error(estimate)}
        ours[f"z.{name}"] = estimate.value / error(estimate)
    assert set(ours) == set(stored)
    for name, value in ours.items():
        assert value == pytest.approx(stored[name], rel=RTOL), name
    for p_value, name in (
        (nri.p_value, "nri"),
        (nri.p_value_events, "nri.ev"),
        (nri.p_value_nonevents, "nri.ne"),
        (idi.p_value, "idi"),
    ):
        assert ndtri(1.0 - p_value / 2.0) == pytest.approx(stored[f"z.{name}"], rel=1e-7)


def test_categories() -> None:
    case = CASES["nri_categorical"]
    (old, new), event = logistic_risks(case)
    for cuts, key in ((case["cut"], "nri"), (None, "continuous")):
        found = net_reclassification(old, new, event, cuts=cuts)
        ours = [
            *(found.nri.value, found.nri_events.value, found.nri_nonevents.value),
            *(found.up_events, found.down_events, found.down_nonevents, found.up_nonevents),
        ]
        np.testing.assert_allclose(ours, case[key], rtol=RTOL)
    found = net_reclassification(old, new, event, cuts=case["cut"])
    assert found.table_events is not None
    assert found.table_nonevents is not None
    assert found.table_events.tolist() == case["table_case"]
    assert found.table_nonevents.tolist() == case["table_ctrl"]


def in_order(found: SurvivalReclassification) -> list[float]:
    return [
        *(found.nri, found.nri_events, found.nri_nonevents),
        *(found.up_events, found.down_events, found.down_nonevents, found.up_nonevents),
    ]


@pytest.mark.parametrize(
    # the case does not state its cuts; those of nri_categorical reproduce it
    ("key", "estimator", "cuts"),
    [("km", "km", (0.2, 0.4)), ("ipw", "ipw", (0.2, 0.4)), ("continuous_km", "km", None)],
)
def test_nricens(key: str, estimator: str, cuts: tuple[float, ...] | None) -> None:
    case = CASES["nri_survival"]
    times, (old, new) = cox_risks(case, interpolated=False)
    found = net_reclassification_survival(
        times, old, new, case["t0"], cuts=cuts, estimator=estimator
    )
    np.testing.assert_allclose(in_order(found), case[key], rtol=RTOL)


def test_surv_idinri() -> None:
    case = CASES["idi_survival"]
    times, (old, new) = cox_risks(case, interpolated=True)
    found = discrimination_improvement_survival(times, old, new, case["t0"])
    # its weights come from Nelson-Aalen (1e-5 here), its integral and median from a grid of step
    # 0.001: half a step for the median, far less for the integral, where steps cancel
    assert found.idi == pytest.approx(case["m1"][0], abs=1e-4)
    assert found.higher == pytest.approx(case["m2"][0], abs=5e-5)
    assert found.median == pytest.approx(case["m3"][0], abs=5e-4)
