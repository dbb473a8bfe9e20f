"""Rubin's rules and pooled tests against R mice 3.15.0, on the same completed data sets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import reference_data
from numpy.typing import NDArray

from cartwheel.stats.cox import cox_fit
from cartwheel.stats.flic import corrected_intercept
from cartwheel.stats.logistic import logistic_fit
from cartwheel.stats.pooled_tests import (
    PooledTest,
    pooled_chi_square_test,
    pooled_likelihood_ratio_test,
    pooled_wald_test,
)
from cartwheel.stats.rubin import pool_covariance, pool_estimates
from cartwheel.stats.times import survival_times

Floats = NDArray[np.float64]
R = 1e-8
# R's name of each field
FIELDS = {
    "estimate": "estimate",
    "within": "ubar",
    "between": "b",
    "total": "t",
    "df": "df",
    "relative_increase": "riv",
    "missing_share": "lambda",
    "missing_information": "fmi",
    "std_error": "se",
    "statistic": "stat",
    "p_values": "p",
    "low": "ci_lo",
    "high": "ci_hi",
}
POOLED = ("mi_nhanes_lm", "mi_nhanes_lm_dfInf", "mi_pbc_cox", "mi_pbc_logit")
OTHERS = ("mi_nhanes_D", "pool_scalar")
D3 = json.loads((Path(__file__).parent / "mice" / "mice.json").read_text(encoding="utf-8"))["D3"]


@pytest.fixture(scope="module")
def golden() -> dict[str, Any]:
    return reference_data.golden("dca_nri_mi")


def completed(name: str) -> list[pd.DataFrame]:
    return [part for _, part in reference_data.reference_table(name).groupby("imp")]


def least_squares(design: Floats, y: Floats) -> tuple[Floats, Floats, float]:
    """Coefficients, their covariance and the residual sum of squares."""
    inverse = np.linalg.inv(design.T @ design)
    beta = np.linalg.solve(design.T @ design, design.T @ y)
    squares = float(((y - design @ beta) ** 2).sum())
    return beta, squares / (len(y) - design.shape[1]) * inverse, squares


def design(table: pd.DataFrame, columns: list[str]) -> Floats:
    return np.column_stack([np.ones(len(table)), *(table[c].to_numpy(float) for c in columns)])


def fits(name: str) -> tuple[Floats, Floats]:
    """Estimates and covariances in each completed copy, by our own models."""
    estimates, covariances = [], []
    for table in completed("mi_nhanes_completed" if "nhanes" in name else "mi_pbc_completed"):
        if "nhanes" in name:
            x = design(table, ["age", "bmi"])
            beta, covariance, _ = least_squares(x, table["chl"].to_numpy(float))
        elif name == "mi_pbc_cox":
            x = np.column_stack(
                [
                    np.log(table[c]) if c == "bili" else table[c]
                    for c in ("age", "bili", "albumin", "chol", "copper", "stage")
                ]
            )
            cox = cox_fit(survival_times(table["time"], table["status"]), x)
            beta, covariance = cox.coefficients, cox.covariance
        else:
            x = table[["age", "bili", "chol", "platelet"]].to_numpy(float)
            logistic = logistic_fit(x, table["status"])
            beta, covariance = logistic.coefficients, logistic.covariance
        estimates.append(beta)
        covariances.append(covariance)
    return np.array(estimates), np.array(covariances)


def test_no_case_is_left_out(golden: dict[str, Any]) -> None:
    cases = {name for name in golden if name.startswith(("mi_", "pool"))}
    assert cases == {*POOLED, *OTHERS}


@pytest.mark.parametrize("name", POOLED)
def test_pool(name: str, golden: dict[str, Any]) -> None:
    case = golden[name]
    per = case["per_imputation"]
    found = pool_estimates(per["coef"], per["var"], complete_df=case["dfcom"][0])
    assert found.m == case["m"]
    for ours, theirs in FIELDS.items():
        if theirs in case:
            np.testing.assert_allclose(getattr(found, ours), case[theirs], rtol=R, err_msg=ours)


@pytest.mark.parametrize("name", POOLED)
def test_pool_of_our_own_fits(name: str, golden: dict[str, Any]) -> None:
    case = golden[name]
    estimates, covariances = fits(name)
    variances = np.array([np.diag(c) for c in covariances])
    # the stored fits stop by coxph's and glm's default rules, a change of the deviance below 1e-9
    # and 1e-8: glm's covariance is that of the step before the last
    tolerance = {"mi_pbc_cox": 1e-5, "mi_pbc_logit": 2e-4}.get(name, R)
    error = np.sqrt(case["per_imputation"]["var"])
    off = np.abs(estimates - case["per_imputation"]["coef"]) / error
    assert off.max() < tolerance
    np.testing.assert_allclose(variances, case["per_imputation"]["var"], rtol=tolerance)
    found = pool_estimates(estimates, variances, complete_df=case["dfcom"][0])
    assert np.abs((found.estimate - case["estimate"]) / found.std_error).max() < tolerance
    for ours in ("within", "total", "df", "missing_information", "std_error"):
        if FIELDS[ours] in case:
            np.testing.assert_allclose(
                getattr(found, ours), case[FIELDS[ours]], rtol=2 * tolerance, err_msg=ours
            )
    np.testing.assert_allclose(
        np.diag(pool_covariance(estimates, covariances)), case["t"], rtol=tolerance
    )


def test_pool_scalar(golden: dict[str, Any]) -> None:
    case = golden["pool_scalar"]
    found = pool_estimates(case["Q"], case["U"], complete_df=case["n"] - case["k"])
    ours = {
        "qbar": found.estimate,
        "ubar": found.within,
        "b": found.between,
        "t": found.total,
        "df": found.df,
        "r": found.relative_increase,
        "fmi": found.missing_information,
    }
    for name, value in ours.items():
        np.testing.assert_allclose(value[0], case[name], rtol=R, err_msg=name)


def as_printed(test: PooledTest) -> list[float]:
    return [test.statistic, test.df1, test.df2, test.p_value, test.relative_increase]


def test_d1_and_d2(golden: dict[str, Any]) -> None:
    case = golden["mi_nhanes_D"]
    estimates, covariances, chi_squares = [], [], []
    for table in completed(case["data"]):
        x = design(table, ["age", "bmi", "hyp"])
        beta, covariance, _ = least_squares(x, table["chl"].to_numpy(float))
        estimates.append(beta)
        covariances.append(covariance)
        chi_squares.append(beta[2:] @ np.linalg.solve(covariance[2:, 2:], beta[2:]))
    # residual degrees of freedom of the full model: 25 patients, 4 coefficients
    d1 = pooled_wald_test(estimates, covariances, [2, 3], complete_df=21)
    np.testing.assert_allclose(as_printed(d1), list(case["D1"].values()), rtol=R)
    d2 = pooled_chi_square_test(chi_squares, 2)
    np.testing.assert_allclose(as_printed(d2), list(case["D2"].values()), rtol=R)


def log_likelihood(x: Floats, y: Floats, beta: Floats, *, refit: bool = False) -> float:
    """At given coefficients; with ``refit`` the intercept is estimated anew, as mice's D3 does."""
    eta = x @ beta
    if refit:
        eta = eta + corrected_intercept(eta, y, np.ones(len(y)))
    return float(y @ eta - np.logaddexp(0.0, eta).sum())


@pytest.mark.parametrize(("name", "kept"), [("pbc_2", ["age", "bili"]), ("pbc_3", ["age"])])
def test_d3_of_logistic_models(name: str, kept: list[str]) -> None:
    full = ["age", "bili", "chol", "platelet"]
    tables = completed("mi_pbc_completed")
    designs = [(design(t, full), design(t, kept), t["status"].to_numpy(float)) for t in tables]
    ones = [logistic_fit(x[:, 1:], y).coefficients for x, _, y in designs]
    noughts = [logistic_fit(x[:, 1:], y).coefficients for _, x, y in designs]
    mean1, mean0 = np.mean(ones, axis=0), np.mean(noughts, axis=0)
    own, pooled = [], []
    for (x1, x0, y), b1, b0 in zip(designs, ones, noughts, strict=True):
        own.append(2.0 * (log_likelihood(x1, y, b1) - log_likelihood(x0, y, b0)))
        at_mean = log_likelihood(x1, y, mean1, refit=True)
        pooled.append(2.0 * (at_mean - log_likelihood(x0, y, mean0, refit=True)))
    found = pooled_likelihood_ratio_test(own, pooled, 4 - len(kept))
    # the increase is a small difference of likelihoods near 440: 1e-8 of those
    np.testing.assert_allclose(as_printed(found), D3[name], rtol=1e-7, atol=1e-14)


def test_d3_of_a_linear_model() -> None:
    """As in mice: residual variance and intercept are estimated anew at the pooled coefficients."""
    tables = completed("mi_nhanes_completed")
    full = [design(t, ["age", "bmi", "hyp"]) for t in tables]
    part = [design(t, ["age"]) for t in tables]
    y = [t["chl"].to_numpy(float) for t in tables]

    def deviance(x: Floats, outcome: Floats, beta: Floats) -> float:
        return len(outcome) * float(np.log((outcome - x @ beta).var()))

    ones = [least_squares(x, v)[0] for x, v in zip(full, y, strict=True)]
    noughts = [least_squares(x, v)[0] for x, v in zip(part, y, strict=True)]
    mean1, mean0 = np.mean(ones, axis=0), np.mean(noughts, axis=0)
    own = [
        deviance(p, v, b0) - deviance(f, v, b1)
        for f, p, v, b1, b0 in zip(full, part, y, ones, noughts, strict=True)
    ]
    pooled = [
        deviance(p, v, mean0) - deviance(f, v, mean1) for f, p, v in zip(full, part, y, strict=True)
    ]
    found = pooled_likelihood_ratio_test(own, pooled, 2)
    np.testing.assert_allclose(as_printed(found), D3["nhanes_lm"], rtol=R)
