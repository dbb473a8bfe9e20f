"""Accuracy over time against timeROC, survC1, riskRegression and pec (time_dependent.json)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from prediction_cases import RTOL, model_matrix, ranked, survival, survival_frame
from reference_data import golden, reference_table
from scipy.special import ndtri

from cartwheel.stats.calibration_over_time import survival_calibration_groups
from cartwheel.stats.competing import competing_times
from cartwheel.stats.cox import baseline_hazard, cox_fit
from cartwheel.stats.integrated_brier import (
    BrierScore,
    brier_with_error,
    compare_brier,
    integrated_brier,
)
from cartwheel.stats.survival import SurvivalTimes, survival_at
from cartwheel.stats.time_dependent import (
    auc_at,
    compare_time_dependent_auc,
    time_dependent_auc,
)
from cartwheel.stats.uno import uno_c, uno_concordance

CASES = golden("time_dependent")
NAMES = [name for name, case in CASES.items() if "timeROC" in case]
# riskRegression and pec refit with coxph's default eps 1e-9, which leaves 1e-8 of a risk on gbsg;
# a difference of two nearly equal scores, and its p-value, lose two more digits
MODEL, CONTRAST, TAIL = 1e-7, 1e-7, 1e-5


class Models:
    """The Cox models of a case, refitted, as functions of time."""

    def __init__(self, name: str) -> None:
        self.stored: dict[str, Any] = CASES[name]["models"]
        frame = survival_frame(CASES[name])
        self.times: SurvivalTimes = survival(frame)
        self.parts = {}
        for model, key in (("full", "formula"), ("single", "single")):
            x = model_matrix(frame, self.stored[key])
            linear = x @ cox_fit(self.times, x).coefficients
            self.parts[model] = (linear, *baseline_hazard(self.times, linear))

    def risk(self, model: str, t: float) -> NDArray[np.float64]:
        if model in ("Null model", "Reference"):
            return np.full(self.times.n, 1.0 - survival_at(self.times, t))
        linear, time, hazard = self.parts[model]
        row = int(np.searchsorted(time, t + 1e-9, side="right")) - 1
        return -np.expm1(-(hazard[row] if row >= 0 else 0.0) * np.exp(linear))


def test_the_grid_is_complete() -> None:
    assert NAMES == ["pbc", "gbsg", "lung"]
    assert set(CASES) == {*NAMES, "paquid_competing"}


@pytest.mark.parametrize("name", NAMES)
def test_time_roc(name: str) -> None:
    case = CASES[name]
    frame = survival_frame(case)
    times = survival(frame)
    results = {}
    for stored in case["timeROC"]:
        score = stored["sign"] * frame[stored["marker"]].to_numpy(float)
        found = time_dependent_auc(times, score, stored["times"], at_horizon="neither")
        results[stored["marker"]] = found
        np.testing.assert_allclose(found.auc, stored["auc"], rtol=RTOL)
        counts = np.column_stack((found.cases, found.controls, found.censored))
        assert counts.tolist() == stored["cases_surv_controls"]
        # timeROC lets tied times follow one another in the order of the rows, this takes them as
        # one, as riskRegression does (below, to 1e-8)
        np.testing.assert_allclose(found.std_error, stored["vect_sd_1"], rtol=1e-5)
        percent = 100.0 * np.column_stack((found.low, found.high))
        # printed with two digits
        np.testing.assert_allclose(percent, stored["ci95_percent"], atol=0.0051)
    compare = case["timeROC_compare"]
    first, second = (results[marker] for marker in compare["markers"])
    p_value = compare_time_dependent_auc(first, second).p_value
    # the same difference in tied times, larger in a tail
    np.testing.assert_allclose(p_value, compare["p"], rtol=1e-4)


def test_time_roc_with_competing_risks() -> None:
    case = CASES["paquid_competing"]
    frame = reference_table(case["data"])
    rank, at = ranked(frame["time"], case["dsst"]["times"])
    # no rank lies at a half: nobody has an event exactly at a horizon
    times = competing_times(rank, frame["status"])
    for controls, area, error, p_key in (
        ("event-free", "auc", "vect_sd_1", "p_values_AUC_1"),
        ("not-case", "auc2", "vect_sd_2", "p_values_AUC_2"),
    ):
        results = []
        for key, marker in (("dsst", case["marker1"]), ("mmse", case["marker2"])):
            assert marker.startswith("-")
            score = -frame[marker[1:]].to_numpy(float)
            stored = case[key]
            found = time_dependent_auc(times, score, at + 0.5, controls=controls)
            results.append(found)
            np.testing.assert_allclose(found.auc, stored[area], rtol=RTOL)
            # a few times are truly tied: timeROC takes them in the order of the rows; and for
            # definition ii one minus the cases' total weight for that of the controls
            rtol = 2e-7 if controls == "event-free" else 1e-6
            np.testing.assert_allclose(found.std_error, stored[error], rtol=rtol)
            table = np.array(stored["cases_surv_controls"])
            assert found.cases.tolist() == table[:, 0].tolist()
            events = table[:, 2] if controls == "not-case" else 0
            assert found.controls.tolist() == (table[:, 1] + events).tolist()
        p_value = compare_time_dependent_auc(*results).p_value
        # of a tail: the error's difference times the squared z of 4.3
        np.testing.assert_allclose(p_value, case["p_all"][p_key], rtol=2e-4)
        if controls == "event-free":
            np.testing.assert_allclose(p_value, case["p_def1"], rtol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_uno(name: str) -> None:
    frame = survival_frame(CASES[name])
    times = survival(frame)
    for stored in CASES[name]["uno_c_survC1"]:
        score = stored["sign"] * frame[stored["marker"]].to_numpy(float)
        for tau, c in zip(stored["tau"], stored["c"], strict=True):
            # survC1 sums in single precision
            assert uno_c(times, score, tau) == pytest.approx(c, rel=1e-7)
            assert uno_concordance(times, score, tau).c == pytest.approx(c, rel=1e-7)


@pytest.mark.parametrize("name", NAMES)
def test_score_auc(name: str) -> None:
    models = Models(name)
    stored = models.stored["score_auc"]
    horizons = sorted(set(stored["times"]))
    found = {}
    for model in ("full", "single"):
        rows = [i for i, one in enumerate(stored["model"]) if one == model]
        assert [stored["times"][i] for i in rows] == horizons
        score = np.ascontiguousarray(models.parts[model][0])
        found[model] = time_dependent_auc(models.times, score, horizons)
        for key, ours in (("AUC", "auc"), ("se", "std_error"), ("lower", "low"), ("upper", "high")):
            theirs = [stored[key][i] for i in rows]
            np.testing.assert_allclose(getattr(found[model], ours), theirs, rtol=RTOL)
        fast = [auc_at(models.times, score, t) for t in horizons]
        np.testing.assert_allclose(fast, found[model].auc, rtol=1e-12)
    contrast = models.stored["auc_contrasts"]
    assert (set(contrast["model"]), set(contrast["reference"])) == ({"single"}, {"full"})
    difference = compare_time_dependent_auc(found["single"], found["full"])
    for key, ours in (
        ("delta.AUC", "difference"),
        ("se", "std_error"),
        ("lower", "low"),
        ("upper", "high"),
        ("p", "p_value"),
    ):
        np.testing.assert_allclose(getattr(difference, ours), contrast[key], rtol=RTOL)


@pytest.mark.parametrize("name", NAMES)
def test_score_brier(name: str) -> None:
    models = Models(name)
    stored = models.stored["score_brier"]
    horizons = sorted(set(stored["times"]))
    found: dict[tuple[str, float], BrierScore] = {}
    for row, (model, t) in enumerate(zip(stored["model"], stored["times"], strict=True)):
        score = brier_with_error(models.times, models.risk(model, t), t)
        found[model, t] = score
        estimate = score.estimate()
        for key, value in (
            ("Brier", score.value),
            ("se", score.std_error),
            ("lower", estimate.low),
            ("upper", estimate.high),
        ):
            assert value == pytest.approx(stored[key][row], rel=MODEL), (model, t, key)
        null = found["Null model", t].value
        assert score.null == pytest.approx(null, rel=1e-12)
        assert score.scaled == pytest.approx(1.0 - score.value / null, rel=1e-12)
        # riskRegression's IBS: steps over the requested times only
        grid = [one for one in horizons if one <= t]
        ibs = integrated_brier(models.times, lambda u, m=model: models.risk(m, u), t, grid=grid)
        assert ibs == pytest.approx(stored["IBS"][row], rel=MODEL)
    contrast = models.stored["brier_contrasts"]
    for row, t in enumerate(contrast["times"]):
        pair = (contrast["model"][row], t), (contrast["reference"][row], t)
        difference = compare_brier(found[pair[0]], found[pair[1]])
        for key, value in (
            ("delta.Brier", difference.difference.value),
            ("se", difference.std_error),
            ("lower", difference.difference.low),
            ("upper", difference.difference.high),
        ):
            assert value == pytest.approx(contrast[key][row], rel=CONTRAST), (pair, key)
        assert difference.p_value == pytest.approx(contrast["p"][row], rel=TAIL)


@pytest.mark.parametrize("name", NAMES)
def test_integrated_brier_of_pec(name: str) -> None:
    models = Models(name)
    stored = models.stored["pec_crps_ibs"]
    last = max(stored["times"])
    for model, values in zip(stored["rows"], stored["value"], strict=True):
        for t, value in zip(stored["times"], values, strict=True):
            # pec's curve ends at the last time somebody leaves by the latest horizon asked for
            until = models.times.block_time[models.times.block_time <= t].max() if t == last else t
            found = integrated_brier(
                models.times, lambda u, m=model: models.risk(m, u), float(until)
            )
            assert found == pytest.approx(value, rel=MODEL), (model, t)


@pytest.mark.parametrize("name", NAMES)
def test_concordance_of_pec(name: str) -> None:
    models = Models(name)
    stored = models.stored["pec_cindex"]
    score = models.parts["full"][0]
    for t, value in zip(stored["times"], stored["c"], strict=True):
        found = uno_concordance(models.times, score, t, weighting="gerds")
        # pec also counts pairs of events at one time, in the order of the rows
        assert found.c == pytest.approx(value, rel=1e-3)


@pytest.mark.parametrize("name", NAMES)
def test_calibration_quintiles(name: str) -> None:
    models = Models(name)
    stored = models.stored["calibration_quintiles"]
    found = survival_calibration_groups(
        models.times, models.risk("full", stored["time"]), stored["time"]
    )
    assert found.n.tolist() == stored["n"]
    np.testing.assert_allclose(found.mean_risk, stored["mean_predicted_risk"], rtol=MODEL)
    np.testing.assert_allclose(found.observed, stored["observed_1_minus_KM"], rtol=RTOL)
    np.testing.assert_allclose(found.std_error, stored["se_km"], rtol=RTOL)
    edges = [
        (float(low[1:]), float(high[:-1])) for low, high in (b.split(",") for b in stored["bins"])
    ]
    # printed with three digits
    np.testing.assert_allclose(found.low, [low for low, _ in edges], rtol=6e-3)
    np.testing.assert_allclose(found.high, [high for _, high in edges], rtol=6e-3)


def test_the_interval_is_wald() -> None:
    models = Models("pbc")
    found = time_dependent_auc(models.times, models.parts["full"][0], 1825.0, level=0.9)
    half = ndtri(0.95) * found.std_error
    np.testing.assert_allclose(found.high - found.auc, half, rtol=1e-12)
