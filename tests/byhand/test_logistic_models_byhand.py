"""Intervals, residuals, indices and elimination where the answer has a closed form."""

from __future__ import annotations

from math import exp, log, sqrt

import numpy as np
import pytest
from scipy.special import chdtri, ndtri

from cartwheel.errors import NotEstimable, OutcomeRefused
from cartwheel.stats.backward_elimination import (
    backward_cox,
    backward_elimination,
    backward_logistic,
)
from cartwheel.stats.cox import cox_fit
from cartwheel.stats.logistic import logistic_fit
from cartwheel.stats.logistic_intervals import logistic_table
from cartwheel.stats.logistic_residuals import logistic_residuals
from cartwheel.stats.model_indices import (
    cox_indices,
    gini_mean_difference,
    likelihood_r2,
    logistic_indices,
)
from cartwheel.stats.times import survival_times
from cartwheel.stats.wald_table import Variable, wald_table

# exposed: 6 of 10 with the event; others: 3 of 12
EXPOSED = np.repeat([1.0, 0.0], [10, 12])
EVENT = np.repeat([1.0, 0.0, 1.0, 0.0], [6, 4, 3, 9])
TIGHT = 1e-9


def refused(code: str, call: object, *arguments: object, **options: object) -> None:
    with pytest.raises(NotEstimable) as refusal:
        call(*arguments, **options)  # type: ignore[operator]
    assert refusal.value.problems[0].code == code


def test_wald_interval_of_a_two_by_two_table() -> None:
    found = logistic_table(EXPOSED, EVENT)
    odds, error = log(6 / 4 * 9 / 3), sqrt(1 / 6 + 1 / 4 + 1 / 3 + 1 / 9)
    half = float(ndtri(0.975)) * error
    assert found.fit.coefficients[1] == pytest.approx(odds, rel=TIGHT)
    ours = found.wald_low[1], found.wald_high[1]
    assert ours == pytest.approx((odds - half, odds + half), rel=TIGHT)
    # the intercept alone: 3 of 12
    low = log(1 / 3) - float(ndtri(0.975)) * sqrt(1 / 3 + 1 / 9)
    assert found.wald_low[0] == pytest.approx(low, rel=TIGHT)


def test_profile_limits_of_one_proportion() -> None:
    """Without slopes to maximise over: those where twice the drop is the chi-square quantile."""
    # the intercept is profiled over the slope; with x = exposure it rests on the 12 others alone
    found = logistic_table(EXPOSED, EVENT, 0.9)
    top = 3 * log(1 / 4) + 9 * log(3 / 4)
    for limit in (found.low[0], found.high[0]):
        p = 1.0 / (1.0 + exp(-limit))
        drop = 2.0 * (top - 3 * log(p) - 9 * log(1.0 - p))
        assert drop == pytest.approx(float(chdtri(1, 0.1)), rel=1e-7)
    # the test of the slope is that of the table against one proportion, 9 of 22
    one = 9 * log(9 / 22) + 13 * log(13 / 22)
    two = 6 * log(0.6) + 4 * log(0.4) + top
    assert found.statistic[1] == pytest.approx(2.0 * (two - one), rel=TIGHT)


def test_levels_and_separation_are_refused() -> None:
    refused("level", logistic_table, EXPOSED, EVENT, 1.0)
    refused("separation", logistic_table, EVENT, EVENT)
    refused("one_class", logistic_table, EXPOSED, np.ones(22))
    refused("missing_value", logistic_table, np.where(EXPOSED > 0, np.nan, 0.0), EVENT)


def test_residuals_of_a_two_by_two_table() -> None:
    fit = logistic_fit(EXPOSED, EVENT)
    found = logistic_residuals(fit, EXPOSED, EVENT)
    # first of the exposed with the event: p = 0.6, one tenth of its group
    assert found.pearson[0] == pytest.approx(0.4 / sqrt(0.24), rel=TIGHT)
    assert found.deviance[0] == pytest.approx(sqrt(-2.0 * log(0.6)), rel=TIGHT)
    assert found.leverage[0] == pytest.approx(0.1, rel=TIGHT)
    assert found.leverage.sum() == pytest.approx(2.0, rel=TIGHT)
    pearson = 0.4 / sqrt(0.24)
    assert found.cook[0] == pytest.approx((pearson / 0.9) ** 2 * 0.1 / 2.0, rel=TIGHT)
    assert found.standardised_pearson[0] == pytest.approx(pearson / sqrt(0.9), rel=TIGHT)
    assert found.standardised_deviance[0] == pytest.approx(found.deviance[0] / sqrt(0.9), rel=TIGHT)
    # last: no event, p = 1/4
    assert found.deviance[-1] == pytest.approx(-sqrt(-2.0 * log(0.75)), rel=TIGHT)
    total = float((found.deviance**2).sum())
    assert total == pytest.approx(-2.0 * fit.log_likelihood, rel=TIGHT)


def test_residuals_of_repeated_rows() -> None:
    x = np.array([0.0, 1.0, 2.0, 0.5, 1.5, 2.5])
    y, m = np.array([0.0, 1.0, 1.0, 1.0, 0.0, 0.0]), np.array([2.0, 1.0, 3.0, 1.0, 1.0, 0.0])
    rows = np.repeat(np.arange(6), m.astype(int))
    once = logistic_residuals(logistic_fit(x[rows], y[rows]), x[rows], y[rows])
    found = logistic_residuals(logistic_fit(x, y, multiplicity=m), x, y, multiplicity=m)
    np.testing.assert_allclose(found.leverage[rows], once.leverage, rtol=TIGHT)
    np.testing.assert_allclose(found.cook[rows], once.cook, rtol=1e-7)


def test_residuals_refuse_what_has_none() -> None:
    fit = logistic_fit(EXPOSED, EVENT, penalty="firth")
    refused("fit_unsuited", logistic_residuals, fit, EXPOSED, EVENT)
    plain = logistic_fit(EXPOSED, EVENT)
    refused("fit_unsuited", logistic_residuals, plain, np.column_stack([EXPOSED, EVENT]), EVENT)


def test_indices_of_a_two_by_two_table() -> None:
    found = logistic_indices(logistic_fit(EXPOSED, EVENT), EXPOSED, EVENT)
    null = 9 * log(9 / 22) + 13 * log(13 / 22)
    full = 6 * log(0.6) + 4 * log(0.4) + 3 * log(1 / 4) + 9 * log(3 / 4)
    gain = 2.0 * (full - null)
    assert found.mcfadden == pytest.approx(1.0 - full / null, rel=TIGHT)
    assert found.cox_snell == pytest.approx(1.0 - exp(-gain / 22), rel=TIGHT)
    assert found.nagelkerke == pytest.approx(
        (1.0 - exp(-gain / 22)) / (1.0 - exp(2.0 * null / 22)), rel=TIGHT
    )
    assert found.aic == pytest.approx(4.0 - 2.0 * full, rel=TIGHT)
    assert found.bic == pytest.approx(2.0 * log(22) - 2.0 * full, rel=TIGHT)
    # risks 0.6 and 0.25: among the events 6 and 3, among the others 4 and 9
    tjur = (6 * 0.6 + 3 * 0.25) / 9 - (4 * 0.6 + 9 * 0.25) / 13
    assert found.tjur == pytest.approx(tjur, rel=TIGHT)
    concordant, discordant, pairs = 6 * 9, 3 * 4, 9 * 13
    assert found.dxy == pytest.approx((concordant - discordant) / pairs, rel=TIGHT)
    assert found.gamma == pytest.approx(
        (concordant - discordant) / (concordant + discordant), rel=TIGHT
    )
    assert found.tau_a == pytest.approx((concordant - discordant) / (22 * 21 / 2), rel=TIGHT)
    assert found.g_risk == pytest.approx(0.35 * 10 * 12 / (22 * 21 / 2), rel=TIGHT)
    assert found.likelihood_r2.effective_n == pytest.approx(3 * 22 * (9 / 22) * (13 / 22))
    refused(
        "fit_unsuited", logistic_indices, logistic_fit(EXPOSED, EVENT), EXPOSED[:-1], EVENT[:-1]
    )


def test_gini_mean_difference() -> None:
    # pairs of 1, 2, 4: distances 1, 3, 2
    assert gini_mean_difference([4.0, 1.0, 2.0]) == pytest.approx(2.0, rel=TIGHT)
    refused("too_few", gini_mean_difference, [1.0])


def test_likelihood_r2_is_not_below_zero() -> None:
    found = likelihood_r2(2.0, 5, 100, 40)
    assert (found.r2_adjusted, found.effective_r2_adjusted) == (0.0, 0.0)
    assert found.r2 == pytest.approx(1.0 - exp(-0.02), rel=TIGHT)
    refused("likelihood_ratio", likelihood_r2, -1.0, 1, 100, 40)


def test_elimination_follows_the_criterion() -> None:
    # gains of 0.5, 3 and 0.9 in log likelihood: 2 times each against 2 for each term
    gains = {0: 0.5, 1: 3.0, 2: 0.9}

    def log_likelihood(kept: list[int]) -> float:
        return -100.0 + sum(gains[column] for column in kept)

    found = backward_elimination(log_likelihood, [[0], [1], [2]])
    assert found.dropped == (0, 2)
    assert found.kept == found.columns == (1,)
    assert found.aic == pytest.approx((197.2, 196.2, 196.0), rel=TIGHT)
    # a heavier penalty leaves nothing
    assert backward_elimination(log_likelihood, [[0], [1], [2]], penalty=7.0).kept == ()
    refused("terms", backward_elimination, log_likelihood, [])
    refused("terms", backward_elimination, log_likelihood, [[0], [0]])
    refused("terms", backward_elimination, log_likelihood, [[0]], penalty=0.0)


def test_elimination_of_models() -> None:
    stream = np.random.default_rng(3)
    x = stream.normal(size=(80, 3))
    event = stream.random(80) < 1.0 / (1.0 + np.exp(-2.0 * x[:, 1]))
    found = backward_logistic(x, event, [[0, 2], [1]])
    assert found.columns == (1,)
    full = logistic_fit(x, event)
    assert found.aic[0] == pytest.approx(8.0 - 2.0 * full.log_likelihood, rel=TIGHT)
    none = backward_logistic(x, event, penalty=1000.0)
    assert none.kept == ()
    assert none.aic[-1] == pytest.approx(1000.0 - 2.0 * full.log_likelihood_null, rel=TIGHT)
    times = survival_times(stream.exponential(np.exp(-x[:, 1])), event)
    cox = backward_cox(times, x)
    assert 1 in cox.kept
    assert cox.aic[0] == pytest.approx(6.0 - 2.0 * cox_fit(times, x).log_likelihood, rel=TIGHT)
    assert backward_cox(times, x, penalty=1000.0).kept == ()
    refused("unknown_column", backward_logistic, x, event, [[3]])


def test_wald_table_of_independent_coefficients() -> None:
    covariance = np.diag([1.0, 0.25, 4.0, 1.0])
    variables = [Variable("a", (0, 1), (1,)), Variable("b", (2, 3), (3,))]
    rows = wald_table([1.0, 1.0, 2.0, 3.0], covariance, variables)
    assert [(row.variable, row.part) for row in rows] == [
        *(("a", "all"), ("a", "nonlinear"), ("b", "all"), ("b", "nonlinear")),
        *(("", "total nonlinear"), ("", "total")),
    ]
    assert [row.test.statistic for row in rows] == pytest.approx([5, 4, 10, 9, 13, 15], rel=TIGHT)
    assert [row.test.df for row in rows] == [2, 1, 2, 1, 2, 4]
    refused("columns_unknown", wald_table, [1.0], [[1.0]], [])
    refused("columns_unknown", wald_table, [1.0, 2.0], np.eye(2), [Variable("a", (0,), (1,))])
    twice = [Variable("a", (0,)), Variable("b", (0,))]
    refused("columns_unknown", wald_table, [1.0, 2.0], np.eye(2), twice)


def test_cox_indices() -> None:
    times = survival_times([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [1, 1, 0, 1, 1, 0])
    x = np.array([3.0, 1.0, 2.0, 2.0, 0.0, 1.0])
    fit = cox_fit(times, x)
    found = cox_indices(fit, times, x)
    # comparable pairs: 5 + 4 + 2 + 1; lower x later except x = 1 at 2 below 2, 2, and ties 1, 1
    b = abs(float(fit.coefficients[0]))
    assert found.g == pytest.approx(b * gini_mean_difference(x), rel=TIGHT)
    assert found.bic == pytest.approx(log(4) - 2.0 * fit.log_likelihood, rel=TIGHT)
    assert found.nagelkerke == pytest.approx(
        (1.0 - exp(-fit.likelihood_ratio / 6)) / (1.0 - exp(fit.log_likelihood_null / 3)), rel=TIGHT
    )
    # 9 of 12 pairs count: 5 + (1 lower, 2 higher, 1 tie) + 2 + (0 against 1: wrong)
    assert found.c == pytest.approx((5 + 1 + 0.5 + 2 + 0) / 12, rel=TIGHT)
    refused("fit_unsuited", cox_indices, fit, times, np.column_stack([x, x]))
    with pytest.raises(OutcomeRefused):
        survival_times([-1.0, 2.0], [1, 0])
