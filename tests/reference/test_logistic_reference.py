"""Maximum likelihood logistic regression against R glm and rms lrm."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from logistic_cases import design
from reference_data import golden

from cartwheel.errors import NotEstimable
from cartwheel.stats.logistic import (
    likelihood_ratio_tests,
    logistic_coefficients,
    logistic_fast,
    logistic_fit,
)

CASES = golden("logit")
GLM = [name for name, case in CASES.items() if "glm" in case]
# R's glm was run to its own deviance tolerance; what it prints agrees with the maximum to 1e-8
R = 1e-8
# summary.glm keeps the weights of the iteration before its last, so that its standard errors are
# off by the square of that step's error: to 1e-7 where it stopped at its default epsilon of 1e-8.
# That ours are those at the maximum is in test_logistic_properties.py.
R_ERROR = 1e-6


def close(ours: Any, theirs: Any, relative: float = R) -> None:
    np.testing.assert_allclose(ours, theirs, rtol=relative)


@pytest.mark.parametrize("name", GLM)
def test_glm(name: str) -> None:
    case, glm = CASES[name], CASES[name]["glm"]
    x, event, terms = design(case)
    fit = logistic_fit(x, event)
    assert ["(Intercept)", *terms] == glm["terms"]
    assert fit.n == case["n"]
    close(fit.coefficients, glm["coef"])
    close(fit.std_error, glm["se"], R_ERROR)
    close(fit.std_error_augmented, fit.std_error, 1e-12)
    # covariances near 0 lose digits: relative to the product of the standard errors
    scale = np.outer(glm["se"], glm["se"])
    np.testing.assert_allclose(fit.covariance / scale, np.array(glm["vcov"]) / scale, atol=R_ERROR)
    close(fit.log_likelihood, glm["loglik"])
    close(-2.0 * fit.log_likelihood_null, glm["null_deviance"])
    close(2.0 * (fit.log_likelihood - fit.log_likelihood_null), glm["lr_chisq"])


@pytest.mark.parametrize("name", GLM)
def test_fitted_risks(name: str) -> None:
    x, event, _ = design(CASES[name])
    theirs = CASES[name]["glm"]["fitted"]
    ours = logistic_fit(x, event).risk(x)
    close(ours[: len(theirs["first"])], theirs["first"])
    close(ours.sum(), theirs["sum"])
    close((ours**2).sum(), theirs["sumsq"])


@pytest.mark.parametrize("name", GLM)
def test_fast_is_the_same(name: str) -> None:
    x, event, _ = design(CASES[name])
    glm = CASES[name]["glm"]
    coefficients, converged = logistic_coefficients(x, event)
    assert converged
    close(coefficients, glm["coef"])
    close(logistic_fast(x, event)[1], glm["loglik"])


@pytest.mark.parametrize("name", [n for n in GLM if "drop1" in CASES[n]["glm"]])
def test_dropping_a_term(name: str) -> None:
    case, drop = CASES[name], CASES[name]["glm"]["drop1"]
    x, event, terms = design(case)
    full = logistic_fast(x, event)[1]
    assert drop["term"][0] == "<none>"
    assert len(drop["term"]) > 1
    for term, df, lrt in zip(drop["term"][1:], drop["df"][1:], drop["lrt"][1:], strict=True):
        gone = [j for j, label in enumerate(terms) if label.startswith(term)]
        assert len(gone) == df
        reduced = logistic_fast(x, event, fixed=gone)[1]
        # a small difference of two log-likelihoods near 100 keeps about 1e-12 of them
        close(2.0 * (full - reduced), lrt, 1e-7)


def test_lrm_model_chi_square() -> None:
    case = CASES["lrm_stats"]
    x, event, terms = design(case)
    everything = [tuple(range(len(terms)))]
    # lrm stops at a gradient of 1e-12 or so here ("Max Deriv")
    close(likelihood_ratio_tests(x, event, groups=everything)[0], case["stats"]["Model L.R."])


def test_lrm_coefficients() -> None:
    case = CASES["nomogram_lrm"]
    x, event, terms = design(case)
    theirs = [case["coef"][name] for name in ("Intercept", *terms)]
    # lrm's default stopping rule leaves the last digits open; see Max Deriv in CONVENTIONS.md
    close(logistic_fit(x, event).coefficients, theirs, 1e-7)


def test_separation_is_named() -> None:
    x, event, terms = design(CASES["sex2"])
    with pytest.raises(NotEstimable) as refusal:
        logistic_fit(x, event)
    (problem,) = refusal.value.problems
    assert problem.code == "separation"
    # dia is never seen without the event: the only column that separates
    assert problem.where == f"column {terms.index('dia')}"
    assert not logistic_coefficients(x, event)[1]
    # the likelihood has a supremum, and glm's deviance is at it to its own 1e-8
    close(-2.0 * logistic_fast(x, event)[1], CASES["sex2"]["glm_separation"]["deviance"])
