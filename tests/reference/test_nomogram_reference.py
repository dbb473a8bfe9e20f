"""Points of a nomogram against rms 6.5."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from reference_data import golden, reference_table
from scipy.special import expit

from cartwheel.stats.cox import baseline_hazard, cox_fit
from cartwheel.stats.logistic import logistic_fit
from cartwheel.stats.nomogram import Nomogram, axis_marks, nomogram
from cartwheel.stats.times import survival_times

CASES = {name: case for name, case in golden("logit").items() if name.startswith("nomogram")}
# rms's own fits stop within 1e-7 of the maximum
FIT, R = 1e-6, 1e-8
FIVE_YEARS = 5.0 * 365.25


def predictors(case: dict[str, Any]) -> tuple[list[str], NDArray[np.float64], Any]:
    table = reference_table(case["data"])
    names = [name.strip() for name in case["formula"].split("~")[1].split("+")]
    return names, table[names].to_numpy(float), table


def drawn(case: dict[str, Any], slopes: NDArray[np.float64], intercept: float) -> Nomogram:
    """With the marks of R, which are checked against ours below."""
    terms = [
        (name, axis["value"], slope * np.array(axis["value"], dtype=float))
        for (name, axis), slope in zip(case["axes"].items(), slopes, strict=True)
    ]
    return nomogram(terms, intercept=intercept)


def logistic_case() -> tuple[dict[str, Any], Nomogram, NDArray[np.float64]]:
    case = CASES["nomogram_lrm"]
    names, x, table = predictors(case)
    fit = logistic_fit(x, table["low"])
    stored = [case["coef"][name] for name in ("Intercept", *names)]
    np.testing.assert_allclose(fit.coefficients, stored, rtol=FIT)
    made = drawn(case, fit.coefficients[1:], float(fit.coefficients[0]))
    return case, made, fit.linear_predictor(x)


def cox_case() -> tuple[dict[str, Any], Nomogram, NDArray[np.float64], float]:
    case = CASES["nomogram_cph"]
    names, x, table = predictors(case)
    times = survival_times(table["rfstime"], table["status"])
    fit = cox_fit(times, x)
    np.testing.assert_allclose(fit.coefficients, [case["coef"][n] for n in names], rtol=FIT)
    # cph centres its linear predictor at the means, and so does its baseline
    linear = x @ fit.coefficients
    linear = linear - linear.mean()
    time, hazard = baseline_hazard(times, linear)
    at = float(hazard[np.searchsorted(time, FIVE_YEARS, side="right") - 1])
    return case, drawn(case, fit.coefficients, -float((x @ fit.coefficients).mean())), linear, at


def check_axes(case: dict[str, Any], found: Nomogram) -> None:
    names, x, _ = predictors(case)
    assert [axis.name for axis in found.axes] == names == list(case["axes"])
    for axis, column in zip(found.axes, x.T, strict=True):
        stored = case["axes"][axis.name]
        np.testing.assert_allclose(axis.points, stored["points"], rtol=R, atol=1e-10)
        # two values are two marks; else round numbers over the range of the data
        marks = np.unique(column) if np.unique(column).size == 2 else axis_marks(*_range(column))
        np.testing.assert_allclose(marks, stored["value"], rtol=1e-12)


def _range(column: NDArray[np.float64]) -> tuple[float, float]:
    return float(column.min()), float(column.max())


def check_scales(case: dict[str, Any], found: Nomogram, linear: NDArray[np.float64]) -> None:
    marks = axis_marks(*_range(linear))
    np.testing.assert_allclose(marks, case["lp"]["lp"], atol=1e-12)
    scale = found.scale(marks)
    np.testing.assert_allclose(scale.total_points, case["lp"]["points"], rtol=R)
    np.testing.assert_allclose(found.linear_predictor(scale.total_points), marks, atol=1e-12)
    total = axis_marks(0.0, max(100.0, float(scale.total_points.max())))
    np.testing.assert_allclose(total, case["total_points"], rtol=1e-12)


def interpolated(case: dict[str, Any], found: Nomogram, value: Any, at: list[float]) -> Any:
    """As rms: the scale's place on a straight line between 1000 linear predictors."""
    line = np.linspace(min(case["lp"]["lp"]), max(case["lp"]["lp"]), 1000)
    values = value(line)
    order = np.argsort(values)
    return found.total_points(np.interp(at, values[order], line[order]))


def test_there_are_cases() -> None:
    assert set(CASES) == {"nomogram_lrm", "nomogram_cph"}


def test_logistic() -> None:
    case, found, linear = logistic_case()
    check_axes(case, found)
    check_scales(case, found, linear)
    stored = case["fun"]
    ours = found.risk_scale(stored["p"])
    np.testing.assert_allclose(
        interpolated(case, found, expit, stored["p"]), stored["points"], rtol=R
    )
    # rms reads its function off 1000 points; this is exact
    np.testing.assert_allclose(ours.total_points, stored["points"], atol=2e-4)
    risks = expit(found.linear_predictor(ours.total_points))
    np.testing.assert_allclose(risks, stored["p"], rtol=1e-12)


def test_cox() -> None:
    case, found, linear, hazard = cox_case()
    check_axes(case, found)
    check_scales(case, found, linear)
    stored = case["S5y"]
    ours = found.survival_scale(stored["S"], hazard)

    def survival(at: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.exp(-hazard * np.exp(at))

    np.testing.assert_allclose(
        interpolated(case, found, survival, stored["S"]), stored["points"], rtol=1e-7
    )
    np.testing.assert_allclose(ours.total_points, stored["points"], atol=2e-4)
    back = survival(found.linear_predictor(ours.total_points))
    assert back == pytest.approx(stored["S"], rel=1e-12)
