"""What a validation says of one score against R (validate/measures.R) and the golden files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from logistic_cases import design
from prediction_cases import model_matrix, survival as times_of, survival_frame
from reference_data import golden, reference_table
from scipy.special import expit, logit
from validated_groups import binary, competing, survival
from validated_scores import banded

from cartwheel.stats.cox import baseline_hazard_at, cox_fit
from cartwheel.stats.logistic import logistic_fit
from cartwheel.validation.analysed import Predicted, Target
from cartwheel.validation.judging.bands import band_edges, band_rows, band_tests
from cartwheel.validation.judging.curves import incidence_by_band, roc_points, survival_by_band
from cartwheel.validation.judging.measures import (
    calibration,
    core_measures,
    discrimination,
    overall,
)
from cartwheel.validation.judging.points import point_measures, point_names
from cartwheel.validation.result_score import Measure

R = json.loads((Path(__file__).parent / "validate" / "measures.json").read_text(encoding="utf-8"))
TIGHT = 1e-8
# crr's stopping rule leaves this
CRR = 1e-6


def _values(measures: tuple[Measure, ...]) -> dict[str, Measure]:
    return {measure.name: measure for measure in measures}


def _all(target: Target, predicted: Predicted) -> dict[str, Measure]:
    return _values(
        discrimination(target, predicted, 0.95)
        + calibration(target, predicted, 0.95)
        + overall(target, predicted, 0.95)
    )


def _is(measure: Measure, theirs: list[float], tolerance: float = TIGHT) -> None:
    """Value, and standard error on the scale of the measure."""
    value, error = theirs
    assert measure.estimate.value == pytest.approx(value, rel=tolerance)
    if measure.scale == "logit":
        error /= value * (1 - value)
    assert measure.std_error == pytest.approx(error, rel=tolerance)
    z = 1.959963984540054
    there, back = {
        "logit": (logit, expit),
        "log": (np.log, np.exp),
        "identity": (float, float),
    }[measure.scale]
    middle = there(value)
    assert measure.estimate.low == pytest.approx(back(middle - z * error), rel=tolerance)
    assert measure.estimate.high == pytest.approx(back(middle + z * error), rel=tolerance)


def _asah() -> tuple[Target, Predicted]:
    table = reference_table("aSAH")
    wfns = table["wfns"].astype(float).to_numpy()
    risk = expit(np.round(-3.2 + 0.02 * table["age"].to_numpy(dtype=float) + 0.5 * wfns, 6))
    target = binary((table["outcome"] == "Poor").astype(float).tolist())
    return target, banded(wfns, risk, [3, 5])


def _survival(name: str) -> tuple[Target, Predicted]:
    table = reference_table(name)
    column = {key: table[key].to_numpy(dtype=float) for key in table.columns if key != "sex"}
    if name == "lung":
        sex = table["sex"].to_numpy(dtype=float)
        predictor = -0.6 + 0.02 * (column["age"] - 60) - 0.5 * (sex - 1)
        parts = column["time"], column["status"] == 2, column["age"] - 10 * sex, [45, 60], 365.0
    elif name == "gbsg":
        predictor = -0.7 + 0.06 * column["nodes"] - 0.001 * column["pgr"]
        parts = column["rfstime"], column["status"] == 1, column["nodes"], [3, 10, 25], 1095.0
    else:
        albumin = column["albumin"] - 3.5
        predictor = -1.5 + 0.8 * np.log(column["bili"]) - 0.5 * albumin
        parts = column["time"], column["status"] == 2, column["bili"], [1.2, 3.5], 1825.0
    time, event, value, cuts, horizon = parts
    risk = -np.expm1(-np.exp(np.round(predictor, 6)))
    return survival(time, event.astype(float), horizon), banded(value, risk, cuts)


def _mgus2() -> tuple[Target, Predicted]:
    table = reference_table("mgus2").dropna(subset=["mspike", "hgb"])
    plasma = table["pstat"] == 1
    time = np.where(plasma, table["ptime"], table["futime"]).astype(float)
    cause = np.where(plasma, 1, 2 * table["death"]).astype(int)
    spike = table["mspike"].to_numpy(dtype=float)
    predictor = -3 + 0.7 * spike - 0.1 * (table["hgb"].to_numpy(dtype=float) - 13)
    risk = -np.expm1(-np.exp(np.round(predictor, 6)))
    return competing(time, cause, 120.0), banded(spike, risk, [0.8, 1.5, 2.5])


def test_binary_measures_agree_with_glm_proc_and_riskregression() -> None:
    target, predicted = _asah()
    theirs, ours = R["aSAH"], _all(target, predicted)
    _is(ours["auc"], theirs["auc"])
    _is(ours["calibration_in_the_large"], theirs["large"])
    _is(ours["calibration_slope"], theirs["slope"])
    _is(ours["observed_expected"], theirs["ratio"])
    _is(ours["brier"], theirs["brier"])
    scaled = 1 - theirs["brier"][0] / theirs["null"]
    assert ours["scaled_brier"].estimate.value == pytest.approx(scaled, rel=TIGHT)


def test_the_area_of_a_score_without_risk_is_that_of_its_value() -> None:
    target, predicted = _asah()
    bare = banded(predicted.value, None, [3, 5])
    (area,) = discrimination(target, bare, 0.95)
    _is(area, R["aSAH"]["auc_value"])
    assert calibration(target, bare, 0.95) == overall(target, bare, 0.95) == ()


@pytest.mark.parametrize("name", ["lung", "gbsg", "pbc"])
def test_survival_measures_agree_with_survival_and_riskregression(name: str) -> None:
    target, predicted = _survival(name)
    theirs, ours = R[name], _all(target, predicted)
    _is(ours["harrell_c"], theirs["c"])
    _is(ours["auc_at_horizon"], theirs["auc"])
    _is(ours["calibration_in_the_large"], theirs["large"])
    _is(ours["calibration_slope"], theirs["slope"])
    _is(ours["observed_expected"], theirs["ratio"])
    _is(ours["brier"], theirs["brier"])
    scaled = 1 - theirs["brier"][0] / theirs["null"]
    assert ours["scaled_brier"].estimate.value == pytest.approx(scaled, rel=TIGHT)
    bare = banded(predicted.value, None, [1])
    _is(_values(discrimination(target, bare, 0.95))["harrell_c"], theirs["c_value"])


def test_competing_measures_agree_with_riskregression_cmprsk_and_survival() -> None:
    target, predicted = _mgus2()
    theirs, ours = R["mgus2"], _all(target, predicted)
    _is(ours["auc_at_horizon"], theirs["auc"], TIGHT)
    assert ours["auc_at_horizon"].estimate.value == pytest.approx(theirs["auc"][0], rel=TIGHT)
    _is(ours["harrell_c"], theirs["wolbers"])
    _is(ours["calibration_slope"], theirs["slope"], CRR)
    _is(ours["observed_expected"], theirs["ratio"])
    _is(ours["brier"], theirs["brier"])
    scaled = 1 - theirs["brier"][0] / theirs["null"]
    assert ours["scaled_brier"].estimate.value == pytest.approx(scaled, rel=TIGHT)


MADE = {
    "aSAH": _asah,
    "lung": lambda: _survival("lung"),
    "gbsg": lambda: _survival("gbsg"),
    "pbc": lambda: _survival("pbc"),
    "mgus2": _mgus2,
}


@pytest.mark.parametrize("name", MADE)
def test_bands_agree(name: str) -> None:
    target, predicted = MADE[name]()
    theirs = R[name]
    rows = band_rows(target, predicted, 0.95)
    for row, band, mean in zip(rows, theirs["bands"], theirs["predicted"], strict=True):
        assert row.observed is not None
        told = [row.observed.value, row.observed.low, row.observed.high]
        assert told == pytest.approx(band[:3], rel=TIGHT, abs=1e-12)
        assert row.predicted == pytest.approx(mean, rel=TIGHT)
        if len(band) > 3:
            assert (row.patients, row.events) == tuple(band[3:])


@pytest.mark.parametrize("name", MADE)
def test_tests_between_bands_agree(name: str) -> None:
    target, predicted = MADE[name]()
    theirs = R[name]
    differ, rise = band_tests(target, predicted)
    first = {"aSAH": "chi", "mgus2": "gray"}.get(name, "log_rank")
    assert differ.statistic == pytest.approx(theirs[first][0], rel=TIGHT)
    if first != "chi":
        assert differ.df == theirs[first][1]
    trend = theirs["fine_gray_trend" if name == "mgus2" else "trend"]
    assert rise.statistic == pytest.approx(trend, rel=CRR if name == "mgus2" else TIGHT)


def test_edges_agree_with_binomial_tests() -> None:
    target, predicted = _asah()
    for ours, theirs in zip(band_edges(target, predicted, 0.95), R["aSAH"]["edges"], strict=True):
        for name, limits in theirs.items():
            found = getattr(ours, name)
            assert [found.value, found.low, found.high] == pytest.approx(limits, rel=TIGHT)


@pytest.mark.parametrize("name", MADE)
def test_the_fast_measures_are_the_told_ones(name: str) -> None:
    target, predicted = MADE[name]()
    told = _all(target, predicted)
    assert tuple(told) == point_names(target, predicted)
    # two routes to one number: the fast fits stop at 1e-8 standard errors
    assert point_measures(target, predicted) == pytest.approx(
        [measure.estimate.value for measure in told.values()], rel=1e-8
    )
    for measure in core_measures(target, predicted, 0.95):
        assert measure == told[measure.name]


@pytest.mark.parametrize("name", ["lung", "gbsg", "pbc", "mgus2"])
def test_the_curve_of_each_band_meets_its_observed_risk(name: str) -> None:
    target, predicted = MADE[name]()
    rows = band_rows(target, predicted, 0.95)
    if name == "mgus2":
        ends = [curve.at_horizon.value for curve in incidence_by_band(target, predicted, 0.95)]
    else:
        curves = survival_by_band(target, predicted, 0.95)
        ends = [1 - (curve.at_horizon.value or 0.0) for curve in curves]
    assert ends == pytest.approx([row.observed.value for row in rows if row.observed], rel=1e-12)


@pytest.mark.parametrize("name", MADE)
def test_the_area_under_the_drawn_curve_is_the_area(name: str) -> None:
    target, predicted = MADE[name]()
    told = _all(target, predicted)
    area = told["auc" if name == "aSAH" else "auc_at_horizon"].estimate
    curve = roc_points(target, predicted, area)
    assert curve is not None
    sensitivity, specificity = np.array(curve.sensitivity), np.array(curve.specificity)
    under = np.trapezoid(sensitivity, 1 - specificity)
    # gbsg has more than 500 distinct risks: some points are left out of the drawing
    assert under == pytest.approx(area.value, rel=1e-3 if name == "gbsg" else 1e-9)


def _apparent(case: dict[str, Any]) -> tuple[Target, Predicted]:
    table = reference_table("aSAH")
    columns = {
        "wfns": table["wfns"].astype(float).to_numpy(),
        "age": table["age"].to_numpy(dtype=float),
        "s100b": table["s100b"].to_numpy(dtype=float),
        "ndka": table["ndka"].to_numpy(dtype=float),
    }
    return binary((table["outcome"] == "Poor").astype(float).tolist()), banded(
        columns[case["marker"]], None, []
    )


@pytest.mark.parametrize("marker", ["wfns", "s100b", "ndka", "age"])
def test_areas_agree_with_the_golden_proc(marker: str) -> None:
    case = golden("roc")[f"aSAH.{marker}"]
    target, predicted = _apparent(case)
    (area,) = discrimination(target, predicted, 0.95)
    theirs = case["higher_is_positive"]
    assert area.estimate.value == pytest.approx(theirs["auc"], rel=TIGHT)
    assert area.std_error is not None
    value = theirs["auc"]
    variance = (area.std_error * value * (1 - value)) ** 2
    assert variance == pytest.approx(theirs["delong_var"], rel=TIGHT)


@pytest.mark.parametrize("name", ["pbc", "gbsg", "lung"])
def test_uno_agrees_with_the_golden_survc1(name: str) -> None:
    case = golden("time_dependent")[name]
    frame = survival_frame(case)
    times = times_of(frame)
    for row in case["uno_c_survC1"]:
        marker = row["sign"] * frame[row["marker"]].to_numpy(dtype=float)
        for tau, theirs in zip(row["tau"], row["c"], strict=True):
            target = survival(times.time, times.event, float(tau))
            ours = _values(discrimination(target, banded(marker, None, []), 0.95))
            # survC1 computes in single precision
            assert ours["uno_c"].estimate.value == pytest.approx(theirs, rel=1e-6)


@pytest.mark.parametrize("name", ["birthwt", "birthwt_small", "aSAH", "df_binary"])
def test_binary_measures_agree_with_the_golden_val_prob(name: str) -> None:
    case = golden("logit")[name]
    theirs = case["glm"]["calibration_of_distorted"]
    x, event, _ = design(case)
    risk = expit(0.3 + 0.7 * logistic_fit(x, event).linear_predictor(x))
    ours = _all(binary(event), banded(risk, risk, []))
    prob = theirs["val_prob"]
    # val.prob counts pairs after rounding the risks; its own fit leaves 1e-8 to 1e-7
    assert ours["auc"].estimate.value == pytest.approx(prob["C (ROC)"], abs=2e-4)
    assert ours["calibration_slope"].estimate.value == pytest.approx(prob["Slope"], abs=1e-7)
    assert ours["brier"].estimate.value == pytest.approx(prob["Brier"], rel=TIGHT)
    assert ours["observed_expected"].estimate.value == pytest.approx(theirs["oe"], rel=TIGHT)


@pytest.mark.parametrize("model", ["full", "single"])
@pytest.mark.parametrize("name", ["pbc", "gbsg", "lung"])
def test_survival_measures_agree_with_the_golden_riskregression(name: str, model: str) -> None:
    case = golden("time_dependent")[name]
    frame = survival_frame(case)
    times = times_of(frame)
    stored = case["models"]
    x = model_matrix(frame, stored["formula" if model == "full" else "single"])
    predictor = x @ cox_fit(times, x).coefficients
    # riskRegression refits with coxph's default eps, which leaves 1e-8 of a risk
    tolerance = 1e-7
    for key, value, measure in (
        ("score_auc", "AUC", "auc_at_horizon"),
        ("score_brier", "Brier", "brier"),
    ):
        table = stored[key]
        for row, (who, at) in enumerate(zip(table["model"], table["times"], strict=True)):
            if who != model:
                continue
            hazard = baseline_hazard_at(times, predictor, float(at))
            risk = -np.expm1(-hazard * np.exp(predictor))
            target = survival(times.time, times.event, float(at))
            ours = _all(target, banded(predictor, risk, [], source="band risk"))
            _is(ours[measure], [table[value][row], table["se"][row]], tolerance)
