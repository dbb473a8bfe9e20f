"""Cox fits with closed-form answers, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest

from cartwheel.errors import NotEstimable
from cartwheel.stats.cox import (
    baseline_hazard,
    baseline_hazard_at,
    cox_coefficients,
    cox_fit,
    cox_log_likelihood,
)
from cartwheel.stats.log_rank import log_rank
from cartwheel.stats.survival import survival_times

# Newton-Raphson leaves rounding only
SOLVED = 1e-12

# deaths at 1 (x = 0) and 2 (x = 1), censored at 3 (x = 0). With h = exp(b) the likelihood is
# 1/(2 + h) * h/(1 + h), largest where 2/h = h, so b = log(2)/2
TIMES = survival_times([1, 2, 3], [1, 1, 0])
X = np.array([0.0, 1.0, 0.0])


def information(h: float) -> float:
    """Sum of p(1 - p) with p the share of h in the risk set."""
    return h / (2 + h) * (2 / (2 + h)) + h / (1 + h) * (1 / (1 + h))


def test_three_patients() -> None:
    fit = cox_fit(TIMES, X)
    h = math.sqrt(2)
    assert fit.coefficients[0] == pytest.approx(math.log(2) / 2, rel=SOLVED)
    assert fit.log_likelihood == pytest.approx(math.log(h / ((2 + h) * (1 + h))), rel=SOLVED)
    assert fit.log_likelihood_null == pytest.approx(-math.log(6), rel=SOLVED)
    assert fit.std_error[0] == pytest.approx(information(h) ** -0.5, rel=SOLVED)
    # score at 0: 0 - 1/3 + 1 - 1/2
    assert fit.score_statistic == pytest.approx((1 / 6) ** 2 / information(1.0), rel=SOLVED)
    assert fit.likelihood_ratio == pytest.approx(
        2 * (fit.log_likelihood - fit.log_likelihood_null), rel=SOLVED
    )
    assert fit.wald_statistic == pytest.approx(fit.z[0] ** 2, rel=SOLVED)
    assert fit.p_values[0] == pytest.approx(fit.wald_p_value, rel=SOLVED)
    assert fit.score_p_value == pytest.approx(math.erfc(math.sqrt(fit.score_statistic / 2)))
    assert (fit.n, fit.events, fit.df, fit.ties, fit.converged) == (3, 2, 1, "efron", True)
    ratio = fit.hazard_ratio(0, level=0.9)
    assert ratio.value == pytest.approx(h, rel=SOLVED)
    assert ratio.low * ratio.high == pytest.approx(h**2, rel=SOLVED)
    # the fast path's last step is one earlier: 1e-10 standard errors
    assert cox_coefficients(TIMES, X)[0][0] == pytest.approx(math.log(2) / 2, rel=1e-8)


def test_efron_and_breslow_with_two_tied_deaths() -> None:
    times = survival_times([1, 1, 2], [1, 1, 0])
    lp = np.log([2.0, 3.0, 4.0])
    # both died: 2 * 3 over (9)(9 - 5/2), or 9 squared
    assert cox_log_likelihood(times, lp) == pytest.approx(math.log(6 / (9 * 6.5)), rel=SOLVED)
    assert cox_log_likelihood(times, lp, ties="breslow") == pytest.approx(
        math.log(6 / 81), rel=SOLVED
    )
    time, hazard = baseline_hazard(times, lp)
    assert time.tolist() == [1, 2]
    np.testing.assert_allclose(hazard, [1 / 9 + 1 / 6.5] * 2, rtol=SOLVED)
    np.testing.assert_allclose(
        baseline_hazard(times, lp, ties="breslow")[1], [2 / 9] * 2, rtol=SOLVED
    )
    assert baseline_hazard_at(times, lp, 0.5) == 0.0
    assert baseline_hazard_at(times, lp, 7.0) == pytest.approx(1 / 9 + 1 / 6.5, rel=SOLVED)


def test_score_test_of_a_group_without_ties_is_the_log_rank_test() -> None:
    times = survival_times([1, 2, 3, 4, 5, 6], [1, 1, 0, 1, 1, 1])
    group = np.array([0, 1, 1, 0, 1, 0])
    assert cox_fit(times, group).score_statistic == pytest.approx(
        log_rank(times, group).statistic, rel=SOLVED
    )


def test_large_linear_predictors_do_not_overflow() -> None:
    near = cox_log_likelihood(TIMES, X)
    assert cox_log_likelihood(TIMES, X + 5000.0) == pytest.approx(near, rel=1e-11)
    assert baseline_hazard_at(TIMES, X - 300.0, 2.0) == pytest.approx(
        math.exp(300.0) * baseline_hazard_at(TIMES, X, 2.0), rel=1e-11
    )


def refusal_of(x: object, **options: object) -> tuple[str, str]:
    times = survival_times([1, 2, 3, 4, 5, 6], [1, 1, 0, 1, 1, 0])
    with pytest.raises(NotEstimable) as refusal:
        cox_fit(times, x, **options)
    problem = refusal.value.problems[0]
    return problem.code, problem.where


GOOD = np.array([0.0, 2.0, 1.0, 1.0, 0.0, 3.0])


def test_refusals_name_the_column() -> None:
    names = ["ferritin", "crp"]
    assert refusal_of(np.column_stack((GOOD, np.full(6, 0.1))), names=names) == ("constant", "crp")
    assert refusal_of(np.column_stack((GOOD, 3 - GOOD)), names=names) == ("collinear", "crp")
    early = np.array([1.0, 1.0, 0.0, 0.0, 0.0, 0.0])
    assert refusal_of(np.column_stack((GOOD, early)), names=names) == ("monotone_likelihood", "crp")
    assert refusal_of(np.column_stack((GOOD, early))) == ("monotone_likelihood", "column 2")
    assert refusal_of(GOOD, multiplicity=[0, 0, 1, 0, 0, 1])[0] == "no_events"
    assert refusal_of(GOOD, multiplicity=[1, 0, 0, 0, 1, 0])[0] == "constant"


def test_refusals_of_shape() -> None:
    assert refusal_of(GOOD[:5])[0] == "design_shape"
    assert refusal_of(np.empty((6, 0)))[0] == "design_shape"
    assert refusal_of(np.where(GOOD > 2, np.nan, GOOD))[0] == "design_missing"
    assert refusal_of(GOOD, names=["a", "b"])[0] == "names_shape"
    assert refusal_of(GOOD, ties="exact")[0] == "ties_unknown"
    with pytest.raises(NotEstimable, match="finite"):
        baseline_hazard(TIMES, [0.0, np.nan, 1.0])
    with pytest.raises(NotEstimable, match="level"):
        cox_fit(TIMES, X).hazard_ratio(0, level=2.0)


def test_the_fast_path_says_no_instead_of_raising() -> None:
    times = survival_times([1, 2, 3, 4, 5, 6], [1, 1, 0, 1, 1, 0])
    early = np.array([1.0, 1.0, 0.0, 0.0, 0.0, 0.0])
    for x, counts in (
        (early, None),
        (np.full(6, 0.1), None),
        (np.column_stack((GOOD, 2 * GOOD)), None),
        (GOOD, np.array([0, 0, 1, 0, 0, 1])),
        (GOOD, np.zeros(6)),
    ):
        coefficients, converged = cox_coefficients(times, x, counts)
        assert not converged
        assert np.isfinite(coefficients).all()


def test_a_single_separated_patient_among_many_is_found() -> None:
    rng = np.random.default_rng(7)
    n = 20_000
    time = np.concatenate(([0.0], rng.exponential(size=n - 1) + 0.1))
    alone = np.zeros(n)
    alone[0] = 1.0
    with pytest.raises(NotEstimable) as refusal:
        cox_fit(survival_times(time, np.ones(n)), np.column_stack((rng.normal(size=n), alone)))
    assert refusal.value.problems[0].code == "monotone_likelihood"
    assert refusal.value.problems[0].where == "column 2"


def test_columns_of_very_different_scale() -> None:
    rng = np.random.default_rng(11)
    x = rng.normal(size=(80, 2))
    times = survival_times(rng.exponential(np.exp(-x[:, 0])), rng.random(80) < 0.7)
    fit = cox_fit(times, x)
    scaled = cox_fit(times, x * [1e-6, 1e6] + [1e3, 1e9])
    # a mean of 1e9 beside a spread of 1e6, and 1e3 beside 1e-6, cost up to nine digits of x
    np.testing.assert_allclose(scaled.coefficients * [1e-6, 1e6], fit.coefficients, rtol=1e-5)
