"""Intervals, residuals, indices and elimination of logistic regression against glm and lrm."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from frozen_numbers import frozen
from logistic_cases import design
from reference_data import golden
from scipy.special import chdtrc

from cartwheel.stats.backward_elimination import backward_logistic
from cartwheel.stats.flic import flac
from cartwheel.stats.logistic import logistic_fit
from cartwheel.stats.logistic_intervals import logistic_table
from cartwheel.stats.logistic_residuals import logistic_residuals
from cartwheel.stats.model_indices import logistic_indices
from cartwheel.stats.roc import auc

CASES = golden("logit")
GLM = [name for name, case in CASES.items() if "glm" in case]
EXACT = frozen("logistic_models")
R = 1e-8
# glm's standard errors are those of the step before its last: see test_logistic_reference.py
R_ERROR = 1e-6
# confint.glm draws a spline through the profile at steps of a fifth of a standard error
SPLINE = 5e-4
# residuals of a glm whose risks round to 0 or 1 have lost as many digits as 1 - risk has
ROUNDED = 1e-11


def terms_of(case: dict[str, Any]) -> dict[str, list[int]]:
    """Columns of each term of the formula: a factor's indicators together."""
    terms: dict[str, list[int]] = {}
    for column, label in enumerate(design(case)[2]):
        term = label[: label.index(")") + 1] if ")" in label else label
        terms.setdefault(term, []).append(column)
    return terms


def test_there_are_cases() -> None:
    assert GLM == ["birthwt", "birthwt_small", "aSAH", "df_binary"]
    assert set(EXACT) == set(GLM) - {"df_binary"}


@pytest.mark.parametrize("name", GLM)
def test_wald_intervals(name: str) -> None:
    x, event, _ = design(CASES[name])
    found, theirs = logistic_table(x, event), np.array(CASES[name]["glm"]["wald_ci"])
    error = found.fit.std_error
    np.testing.assert_allclose((found.wald_low - theirs[:, 0]) / error, 0.0, atol=R_ERROR)
    np.testing.assert_allclose((found.wald_high - theirs[:, 1]) / error, 0.0, atol=R_ERROR)


@pytest.mark.parametrize("name", GLM)
def test_profile_intervals_of_confint(name: str) -> None:
    x, event, _ = design(CASES[name])
    found, theirs = logistic_table(x, event), np.array(CASES[name]["glm"]["profile_ci"])
    error = found.fit.std_error
    np.testing.assert_allclose((found.low - theirs[:, 0]) / error, 0.0, atol=SPLINE)
    np.testing.assert_allclose((found.high - theirs[:, 1]) / error, 0.0, atol=SPLINE)


@pytest.mark.parametrize("name", EXACT)
def test_profile_intervals_of_uniroot(name: str) -> None:
    x, event, _ = design(CASES[name])
    found = logistic_table(x, event)
    np.testing.assert_allclose(found.low, EXACT[name]["profile_low"], rtol=R)
    np.testing.assert_allclose(found.high, EXACT[name]["profile_high"], rtol=R)


@pytest.mark.parametrize("name", [n for n in GLM if "drop1" in CASES[n]["glm"]])
def test_likelihood_ratio_of_each_coefficient(name: str) -> None:
    x, event, terms = design(CASES[name])
    found, drop = logistic_table(x, event), CASES[name]["glm"]["drop1"]
    single = [t for t, df in zip(drop["term"], drop["df"], strict=True) if df == 1]
    assert single
    for term in single:
        stored = drop["lrt"][drop["term"].index(term)]
        place = terms.index(term) + 1
        # a small difference of two log-likelihoods near 100 keeps about 1e-12 of them
        assert found.statistic[place] == pytest.approx(stored, rel=1e-7)
        assert found.p_values[place] == pytest.approx(chdtrc(1, stored), rel=1e-6)


@pytest.mark.parametrize("name", GLM)
@pytest.mark.parametrize(
    ("key", "part", "rtol"),
    # Cook's distance holds the leverage, so glm's last weights
    [("pearson", "pearson", R), ("deviance", "deviance_resid", R), ("cook", "cook", R_ERROR)],
)
def test_residuals(name: str, key: str, part: str, rtol: float) -> None:
    x, event, _ = design(CASES[name])
    theirs = CASES[name]["glm"][part]
    ours = getattr(logistic_residuals(logistic_fit(x, event), x, event), key)
    assert ours.size == theirs["n"]
    first = theirs["first"]
    np.testing.assert_allclose(ours[: len(first)], first, rtol=rtol, atol=ROUNDED)
    # the sum is near 0: against the root of the sum of squares
    size = np.sqrt(theirs["sumsq"])
    assert ours.sum() / size == pytest.approx(theirs["sum"] / size, abs=rtol)
    assert (ours**2).sum() == pytest.approx(theirs["sumsq"], rel=rtol)


@pytest.mark.parametrize("name", EXACT)
def test_residuals_of_a_converged_fit(name: str) -> None:
    x, event, _ = design(CASES[name])
    found = logistic_residuals(logistic_fit(x, event), x, event)
    for key in ("leverage", "pearson", "deviance", "cook"):
        theirs = np.array(EXACT[name][key])
        np.testing.assert_allclose(getattr(found, key), theirs, rtol=R, atol=ROUNDED)


@pytest.mark.parametrize("name", GLM)
def test_indices(name: str) -> None:
    x, event, _ = design(CASES[name])
    glm = CASES[name]["glm"]
    found = logistic_indices(logistic_fit(x, event), x, event)
    assert found.aic == pytest.approx(glm["aic"], rel=R)
    assert found.bic == pytest.approx(glm["bic"], rel=R)
    assert found.tjur == pytest.approx(glm["tjur"], rel=R)
    assert set(glm["r2"]) == {"mcfadden", "cox_snell", "nagelkerke"}
    for kind, value in glm["r2"].items():
        assert getattr(found, kind) == pytest.approx(value, rel=R), kind
    assert found.likelihood_ratio == pytest.approx(glm["lr_chisq"], rel=R)


@pytest.mark.parametrize("name", GLM)
def test_backward_elimination(name: str) -> None:
    x, event, _ = design(CASES[name])
    terms, theirs = terms_of(CASES[name]), CASES[name]["glm"]["backward_aic"]
    found = backward_logistic(x, event, list(terms.values()))
    kept = [list(terms)[place] for place in found.kept]
    stored = theirs["terms"]
    assert kept == ([stored] if isinstance(stored, str) else stored)
    assert found.aic[-1] == pytest.approx(theirs["aic"], rel=R)


def test_lrm_stats() -> None:
    case = CASES["lrm_stats"]
    stored = dict(case["stats"])
    x, event, _ = design(case)
    fit = logistic_fit(x, event)
    found = logistic_indices(fit, x, event)
    share = found.likelihood_r2
    ours = {
        "Obs": fit.n,
        "Model L.R.": found.likelihood_ratio,
        "d.f.": found.df,
        "P": found.p_value,
        "R2": found.nagelkerke,
        "R2(189)": share.r2,
        "R2(5,189)": share.r2_adjusted,
        "R2(121.7)": share.effective_r2,
        "R2(5,121.7)": share.effective_r2_adjusted,
        "Brier": found.brier,
        "g": found.g,
        "gr": found.g_ratio,
        "gp": found.g_risk,
    }
    ranks = {"C": found.c, "Dxy": found.dxy, "Gamma": found.gamma, "Tau-a": found.tau_a}
    assert set(ours) | set(ranks) | {"Max Deriv"} == set(stored)
    for name, value in ours.items():
        assert value == pytest.approx(stored[name], rel=R), name
    for name, value in ranks.items():
        # lrm counts pairs after rounding risks to 1/5000, which ties some
        assert value == pytest.approx(stored[name], abs=3e-4), name
    rounded = auc(np.floor(fit.risk(x) * 5000.0), event)
    assert rounded == pytest.approx(stored["C"], abs=3e-5)


@pytest.mark.parametrize("name", EXACT)
def test_flac(name: str) -> None:
    """No golden case holds FLAC: glm of base R on the augmented data does."""
    case, theirs = CASES[name], EXACT[name]
    assert case["firth"]["flac"] is None
    x, event, _ = design(case)
    firth = logistic_fit(x, event, penalty="firth")
    np.testing.assert_allclose(firth.coefficients, theirs["firth_coef"], rtol=R)
    found = flac(x, event)
    np.testing.assert_allclose(found.coefficients, theirs["flac_coef"], rtol=R)
    np.testing.assert_allclose(found.std_error, theirs["flac_se"], rtol=R)
    np.testing.assert_allclose(found.low, theirs["flac_low"], rtol=R)
    np.testing.assert_allclose(found.high, theirs["flac_high"], rtol=R)
