"""Competing risks against R survival, cmprsk and coxph (golden competing_risks.json)."""

from __future__ import annotations

import numpy as np
import pytest
from prediction_cases import RTOL, competing, competing_frame, ranked
from reference_data import golden

from cartwheel.stats.competing import (
    aalen_johansen,
    cause_specific_times,
    competing_times,
    cumulative_incidence_at,
    mean_time_lost,
)
from cartwheel.stats.cox import cox_fit
from cartwheel.stats.gray import gray_test
from cartwheel.stats.survival import kaplan_meier

CASES = golden("competing_risks")
NAMES = list(CASES)


def rows(time: np.ndarray, at: list[float]) -> np.ndarray:
    return np.searchsorted(time, np.asarray(at) + 1e-9, side="right") - 1


def test_the_grid_is_complete() -> None:
    assert NAMES == ["mgus2", "paquid", "df_surv"]
    served = {
        *("data", "definition", "prep", "prep2", "group", "levels", "n", "counts"),
        *("aj_overall", "cuminc_overall", "cuminc_by_group", "gray_test", "gray_test_rho1"),
        *("one_minus_km_at", "fine_gray", "fine_gray_grouped_censoring", "cause_specific_cox"),
        "finegray_survival",
    }
    for case in CASES.values():
        assert set(case) == served


@pytest.mark.parametrize("name", NAMES)
def test_aalen_johansen(name: str) -> None:
    case = CASES[name]
    sample = competing(competing_frame(name))
    counted = {str(code): sample.events(code) for code in (0, 1, 2)}
    assert counted == case["counts"]
    assert sample.n == case["n"]
    golden_curve = case["aj_overall"]
    curve = aalen_johansen(sample)
    place = rows(curve.time, golden_curve["time"])
    np.testing.assert_allclose(curve.probability[place], golden_curve["pstate"], rtol=RTOL)
    np.testing.assert_allclose(curve.std_error[place], golden_curve["se"], rtol=RTOL)
    at = golden_curve["at"]
    place = rows(curve.time, at["time"])
    for found, key in (
        (curve.probability, "pstate"),
        (curve.std_error, "se_infinitesimal_jackknife"),
        (curve.low, "lower"),
        (curve.high, "upper"),
    ):
        np.testing.assert_allclose(found[place], at[key], rtol=RTOL)
    logged = aalen_johansen(sample, interval="log-log")
    np.testing.assert_allclose(logged.low[place], at["loglog_lower"], rtol=RTOL)
    np.testing.assert_allclose(logged.high[place], at["loglog_upper"], rtol=RTOL)
    for row, t in enumerate(at["time"]):
        for state in (0, 1, 2):
            estimate = curve.at(t, state)
            np.testing.assert_allclose(
                [estimate.value, estimate.low, estimate.high],
                [at[key][row][state] for key in ("pstate", "lower", "upper")],
                rtol=RTOL,
            )
        fast = cumulative_incidence_at(sample, 1, t)
        assert fast == pytest.approx(at["pstate"][row][1], rel=RTOL)


@pytest.mark.parametrize("name", NAMES)
def test_mean_time_in_each_state(name: str) -> None:
    case = CASES[name]["aj_overall"]["restricted_mean_time_in_state"]
    sample = competing(competing_frame(name))
    found = [mean_time_lost(sample, state, case["tau"]).value for state in (0, 1, 2)]
    np.testing.assert_allclose(found, case["rmean"], rtol=RTOL)


@pytest.mark.parametrize("name", NAMES)
def test_cuminc(name: str) -> None:
    case = CASES[name]
    frame = competing_frame(name)
    parts = [("cuminc_overall", frame, ["1 1", "1 2"])]
    for level in case["levels"]:
        members = frame[frame[case["group"]] == level]
        parts.append(("cuminc_by_group", members, [f"{level} 1", f"{level} 2"]))
    for key, members, labels in parts:
        stored = case[key]
        # cmprsk takes times that differ by rounding for two times
        time, at = ranked(members["time"], stored["at"])
        curve = aalen_johansen(competing_times(time, members["cause"]), variance="aalen")
        place = rows(curve.time, at.tolist())
        for column, label in enumerate(labels, start=1):
            row = stored["rows"].index(label)
            estimates = curve.probability[place, column]
            np.testing.assert_allclose(estimates, stored["est"][row], rtol=RTOL)
            squares = curve.std_error[place, column] ** 2
            np.testing.assert_allclose(squares, stored["var"][row], rtol=RTOL)


@pytest.mark.parametrize(("key", "rho"), [("gray_test", 0.0), ("gray_test_rho1", 1.0)])
@pytest.mark.parametrize("name", NAMES)
def test_gray(name: str, key: str, rho: float) -> None:
    case = CASES[name]
    frame = competing_frame(name)
    sample = competing_times(ranked(frame["time"])[0], frame["cause"])
    for index, cause in enumerate(case[key]["cause"]):
        found = gray_test(sample, frame[case["group"]], cause=int(cause), rho=rho)
        assert found.df == case[key]["df"][index]
        assert found.statistic == pytest.approx(case[key]["stat"][index], rel=RTOL)
        assert found.p_value == pytest.approx(case[key]["p"][index], rel=RTOL)


@pytest.mark.parametrize("name", NAMES)
def test_one_minus_kaplan_meier_is_too_high(name: str) -> None:
    case = CASES[name]["one_minus_km_at"]
    sample = competing(competing_frame(name))
    naive = kaplan_meier(cause_specific_times(sample, 1))
    for t, stored in zip(case["at"], case["v"], strict=True):
        value = naive.at(t).value
        assert value is not None
        assert 1.0 - value == pytest.approx(stored, rel=RTOL)
        assert cumulative_incidence_at(sample, 1, t) < stored


@pytest.mark.parametrize("cause", [1, 2])
@pytest.mark.parametrize("name", NAMES)
def test_cause_specific_cox(name: str, cause: int) -> None:
    stored = CASES[name]["cause_specific_cox"][f"cause{cause}"]
    covariates = CASES[name]["fine_gray"][f"cause{cause}"]["covariates"]
    frame = competing_frame(name).dropna(subset=covariates)
    fit = cox_fit(cause_specific_times(competing(frame), cause), frame[covariates].to_numpy(float))
    # coxph's default eps 1e-9 leaves up to some 1e-6 standard errors
    np.testing.assert_allclose(
        fit.coefficients, stored["coef"], rtol=0.0, atol=2e-6 * min(stored["se"])
    )
    np.testing.assert_allclose(fit.std_error, stored["se"], rtol=1e-6)
    both = [fit.log_likelihood_null, fit.log_likelihood]
    np.testing.assert_allclose(both, stored["loglik"], rtol=RTOL)
