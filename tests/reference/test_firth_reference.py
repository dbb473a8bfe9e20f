"""Firth's penalised likelihood against R logistf 1.26, converged tightly there (tight_*)."""

from __future__ import annotations

import numpy as np
import pytest
from logistic_cases import design
from reference_data import golden
from scipy.special import ndtri

from cartwheel.stats.firth import (
    firth_profile_interval,
    firth_table,
    penalised_likelihood_ratio_test,
)
from cartwheel.stats.logistic import (
    likelihood_ratio_tests,
    logistic_coefficients,
    logistic_fast,
    logistic_fit,
)

CASES = golden("logit")
FIRTH = [name for name, case in CASES.items() if "firth" in case]
# logistf's fits have a modified score below 1e-9, which is 1e-9 standard errors or less
R = 1e-8


@pytest.mark.parametrize("name", FIRTH)
def test_estimates(name: str) -> None:
    x, event, terms = design(CASES[name])
    theirs = CASES[name]["firth"]["tight_profile"]
    fit = logistic_fit(x, event, penalty="firth")
    assert ["(Intercept)", *terms] == theirs["terms"]
    np.testing.assert_allclose(fit.coefficients, theirs["coef"], rtol=R)
    np.testing.assert_allclose(fit.std_error, theirs["se_inverse_fisher"], rtol=R)
    np.testing.assert_allclose(fit.std_error_augmented, theirs["se"], rtol=R)
    # covariances near 0 lose digits: relative to the product of the standard errors
    scale = np.outer(theirs["se"], theirs["se"])
    np.testing.assert_allclose(
        fit.covariance_augmented / scale, np.array(theirs["vcov"]) / scale, atol=R
    )
    both = [fit.log_likelihood, fit.log_likelihood_null]
    np.testing.assert_allclose(both, theirs["loglik_penalised"], rtol=R)
    # ours is at the maximum to rounding: columns reach 1e3, so 1e-8 is 1e-11 of a term
    assert fit.max_score < 1e-8


@pytest.mark.parametrize("name", FIRTH)
def test_default_rule_of_logistf(name: str) -> None:
    x, event, _ = design(CASES[name])
    for kind in ("default_profile", "tight_wald"):
        theirs = CASES[name]["firth"][kind]
        # logistf's default stops at a score of 1e-6 to 1e-7 (CONVENTIONS.md): 1e-6 of an error
        off = np.abs(logistic_fit(x, event, penalty="firth").coefficients - theirs["coef"])
        assert (off < 1e-6 * np.array(theirs["se"])).all()


@pytest.mark.parametrize("name", FIRTH)
def test_profile_intervals(name: str) -> None:
    x, event, _ = design(CASES[name])
    theirs = CASES[name]["firth"]["tight_profile"]
    table = firth_table(x, event)
    np.testing.assert_allclose(table.low, theirs["ci_lower"], rtol=R)
    np.testing.assert_allclose(table.high, theirs["ci_upper"], rtol=R)
    # 1 - pchisq() in R leaves an absolute error of 1e-16 at p near 0
    np.testing.assert_allclose(table.p_values, theirs["p"], rtol=R, atol=1e-15)


@pytest.mark.parametrize("name", FIRTH)
def test_one_column_at_a_time(name: str) -> None:
    x, event, _ = design(CASES[name])
    theirs = CASES[name]["firth"]["tight_profile"]
    for place, column in enumerate((None, *range(x.shape[1]))):
        low, high, used = firth_profile_interval(x, event, column)
        np.testing.assert_allclose(low, theirs["ci_lower"][place], rtol=R)
        np.testing.assert_allclose(high, theirs["ci_upper"][place], rtol=R)
        assert used > 0
        if column is not None:
            test = penalised_likelihood_ratio_test(x, event, [column])
            assert test.df == 1
            np.testing.assert_allclose(test.p_value, theirs["p"][place], rtol=R, atol=1e-15)


@pytest.mark.parametrize("name", FIRTH)
def test_wald_intervals(name: str) -> None:
    x, event, _ = design(CASES[name])
    theirs = CASES[name]["firth"]["tight_wald"]
    fit = logistic_fit(x, event, penalty="firth")
    reach = ndtri(0.975) * fit.std_error_augmented
    scale = np.array(theirs["se"])
    low = (fit.coefficients - reach - np.array(theirs["ci_lower"])) / scale
    high = (fit.coefficients + reach - np.array(theirs["ci_upper"])) / scale
    np.testing.assert_allclose([low, high], 0.0, atol=R)


@pytest.mark.parametrize("name", FIRTH)
def test_predictions(name: str) -> None:
    x, event, _ = design(CASES[name])
    theirs = CASES[name]["firth"]["predict"]
    ours = logistic_fit(x, event, penalty="firth").risk(x)
    np.testing.assert_allclose(ours[: len(theirs["first"])], theirs["first"], rtol=R)
    np.testing.assert_allclose(
        [ours.sum(), (ours**2).sum()], [theirs["sum"], theirs["sumsq"]], rtol=R
    )


@pytest.mark.parametrize("name", FIRTH)
def test_fast_is_the_same(name: str) -> None:
    x, event, _ = design(CASES[name])
    theirs = CASES[name]["firth"]["tight_profile"]
    coefficients, converged = logistic_coefficients(x, event, firth=True)
    assert converged
    # the fast fit stops at a last step of 1e-8 standard deviations of a column
    np.testing.assert_allclose(coefficients, theirs["coef"], rtol=1e-7)
    everything = tuple(range(x.shape[1]))
    full, null = (logistic_fast(x, event, None, True, held)[1] for held in ((), everything))
    np.testing.assert_allclose([full, null], theirs["loglik_penalised"], rtol=R)
    ratio = 2.0 * (theirs["loglik_penalised"][0] - theirs["loglik_penalised"][1])
    tested = likelihood_ratio_tests(x, event, firth=True, groups=[everything])
    np.testing.assert_allclose(tested, [ratio], rtol=R)
