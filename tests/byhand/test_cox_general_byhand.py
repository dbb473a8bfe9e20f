"""General Cox models: small samples worked out by hand, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest

from cartwheel.errors import NotEstimable
from cartwheel.stats.concordance_general import concordance_difference, general_concordance
from cartwheel.stats.cox_exact import cox_exact
from cartwheel.stats.cox_firth import cox_firth
from cartwheel.stats.cox_general import Ridge, cox_regression
from cartwheel.stats.cox_prediction import cox_baseline, cox_curves
from cartwheel.stats.cox_residuals import cox_residuals
from cartwheel.stats.elastic_net import cox_elastic_net
from cartwheel.stats.explained_variation import explained_variation
from cartwheel.stats.proportional_hazards import proportional_hazards_test
from cartwheel.stats.risk_sets import risk_sets
from cartwheel.stats.times import survival_times

FOUR = risk_sets([1, 2, 3, 4], [1, 1, 1, 1])
# likelihood of x = 0, 1, 0, 1 with r = exp(b): r / ((2 + 2r)(1 + 2r)(1 + r)): r^2 = 1/2 + ... by
# its score 1 - 2r/(2+2r) - 2r/(1+2r) - r/(1+r) = 0, that is 1 - 2r/(1+r) - 2r/(1+2r) = 0
X = [0, 1, 0, 1]


def test_four_patients() -> None:
    fit = cox_regression(FOUR, X)
    r = math.exp(float(fit.coefficients[0]))
    # (1 + r)(1 + 2r) - 2r(1 + 2r) - 2r(1 + r) = 1 - r - 4 r^2
    assert r == pytest.approx((math.sqrt(17.0) - 1.0) / 8.0, rel=1e-12)
    logs = math.log(2 + 2 * r) + math.log(1 + 2 * r) + math.log(1 + r) + math.log(r)
    assert fit.log_likelihood == pytest.approx(2 * math.log(r) - logs)
    assert fit.log_likelihood_null == pytest.approx(-math.log(24.0))
    shares = [r / (1 + r), 2 * r / (1 + 2 * r), r / (1 + r)]
    information = sum(p * (1 - p) for p in shares)
    assert fit.information[0, 0] == pytest.approx(information)
    time, hazard = cox_baseline(FOUR, X, fit)
    steps = [1 / (2 + 2 * r), 1 / (1 + 2 * r), 1 / (1 + r), 1 / r]
    np.testing.assert_array_equal(time, [1, 2, 3, 4])
    np.testing.assert_allclose(hazard, np.cumsum(steps))
    found = cox_residuals(FOUR, X, fit)
    np.testing.assert_allclose(
        found.martingale,
        [1 - steps[0], 1 - r * sum(steps[:2]), 1 - sum(steps[:3]), 1 - r * sum(steps)],
    )
    np.testing.assert_allclose(
        found.schoenfeld[:, 0], [-shares[0], 1 - shares[1], -shares[2], 0.0], atol=1e-12
    )
    curves = cox_curves(FOUR, X, fit, [0.0])
    # by 1: the step's square, and (0 - share)^2 step^2 / information
    expected = steps[0] * math.sqrt(1.0 + shares[0] ** 2 / information)
    assert curves.std_log[0, 0] == pytest.approx(expected)


def test_tied_deaths_of_unequal_weight() -> None:
    # two tied deaths, weights 1 and 3: mean weight 2, denominators S0 and S0 - E0 / 2
    sets = risk_sets([1, 1, 2], [1, 1, 0], case_weights=[1.0, 3.0, 2.0])
    x = np.array([0.0, 1.0, 0.5])
    fit = cox_regression(sets, x)
    b = float(fit.coefficients[0])
    risk = np.array([1.0, 3.0 * math.exp(b), 2.0 * math.exp(b / 2)])
    s0, e0 = risk.sum(), risk[:2].sum()
    expected = 3.0 * b - 2.0 * (math.log(s0) + math.log(s0 - e0 / 2.0))
    assert fit.log_likelihood == pytest.approx(expected, rel=1e-12)
    assert fit.log_likelihood_null == pytest.approx(-2.0 * (math.log(6.0) + math.log(4.0)))


def test_an_offset_takes_its_part() -> None:
    random = np.random.default_rng(1)
    x = random.normal(size=(50, 2))
    sets = risk_sets(random.exponential(size=50), np.ones(50, dtype=int))
    whole = cox_regression(sets, x)
    part = cox_regression(sets, x, offset=0.3 * x[:, 0])
    np.testing.assert_allclose(
        part.coefficients, whole.coefficients - [0.3, 0.0], rtol=1e-9, atol=1e-12
    )
    np.testing.assert_allclose(part.linear_predictor, whole.linear_predictor, rtol=1e-8)


def test_firth_gives_an_answer_where_the_likelihood_has_none() -> None:
    sets = risk_sets([1, 2, 3, 4, 5, 6], [1, 1, 1, 0, 0, 0])
    x = [1, 1, 1, 0, 0, 0]
    with pytest.raises(NotEstimable) as caught:
        cox_regression(sets, x)
    assert caught.value.problems[0].code == "monotone_likelihood"
    found = cox_firth(sets, x)
    b = float(found.coefficients[0])
    assert 0.0 < b < 10.0

    # one binary column: information is the sum of p (1 - p)
    def penalised(beta: float) -> float:
        shares = [k * math.exp(beta) / (k * math.exp(beta) + 3.0) for k in (3, 2, 1)]
        logs = sum(beta - math.log(k * math.exp(beta) + 3.0) for k in (3, 2, 1))
        return logs + 0.5 * math.log(sum(p * (1 - p) for p in shares))

    assert found.log_likelihood == pytest.approx(penalised(b))
    assert penalised(b) > max(penalised(b - 1e-4), penalised(b + 1e-4))
    assert found.log_likelihood_null == pytest.approx(penalised(0.0))
    # 3.84 / 2 down on either side
    for limit in (found.low[0], found.high[0]):
        if np.isfinite(limit):
            drop = found.log_likelihood - penalised(float(limit))
            assert drop == pytest.approx(1.959963984540054**2 / 2.0, rel=1e-8)


def test_a_ridge_makes_collinear_columns_share() -> None:
    random = np.random.default_rng(2)
    x = random.normal(size=40)
    sets = risk_sets(random.exponential(np.exp(-x)), np.ones(40, dtype=int))
    both = np.column_stack([x, x])
    with pytest.raises(NotEstimable) as caught:
        cox_regression(sets, both, names=("ferritin", "twice"))
    assert caught.value.problems[0].where == "twice"
    found = cox_regression(sets, both, ridge=Ridge(1.0))
    assert found.coefficients[0] == pytest.approx(found.coefficients[1], rel=1e-9)
    with_nought = cox_regression(sets, np.column_stack([x, np.ones(40)]), ridge=Ridge(1.0))
    assert with_nought.coefficients[1] == 0.0


def wide(n: int = 12) -> np.ndarray:
    return np.random.default_rng(3).normal(size=(n, 20))


TWELVE = risk_sets(np.arange(1.0, 13.0), [1, 0] * 6)
ONE = np.arange(12.0) % 5


@pytest.mark.parametrize(
    ("code", "act"),
    [
        ("no_events", lambda: cox_regression(risk_sets([1, 2], [0, 0]), [0, 1])),
        ("no_events", lambda: cox_exact(risk_sets([1, 2], [0, 0]), [0, 1])),
        ("collinear", lambda: cox_exact(TWELVE, np.column_stack([ONE, 2 * ONE]))),
        ("too_many_ties", lambda: cox_exact(risk_sets(np.ones(300), [1] * 300), np.arange(300.0))),
        (
            "weights_exact",
            lambda: cox_exact(risk_sets([1, 2], [1, 1], case_weights=[1, 2]), [0, 1]),
        ),
        ("exact_ties", lambda: cox_residuals(TWELVE, ONE, cox_exact(TWELVE, ONE))),
        (
            "monotone_likelihood",
            lambda: cox_exact(risk_sets([1, 2, 3, 4], [1, 1, 0, 0]), [1, 1, 0, 0]),
        ),
        ("no_events", lambda: cox_firth(risk_sets([1, 2], [0, 0]), [0, 1])),
        ("no_events", lambda: cox_elastic_net(risk_sets([1, 2], [0, 0]), [0, 1])),
        ("constant", lambda: cox_regression(TWELVE, np.ones(12))),
        ("constant", lambda: cox_firth(TWELVE, np.ones(12))),
        ("constant", lambda: cox_elastic_net(TWELVE, np.ones(12))),
        ("collinear", lambda: cox_regression(TWELVE, wide())),
        ("collinear", lambda: cox_firth(TWELVE, np.column_stack([ONE, 2 * ONE]))),
        ("design_missing", lambda: cox_regression(TWELVE, np.full(12, np.nan))),
        ("design_missing", lambda: cox_firth(TWELVE, np.full(12, np.inf))),
        ("design_shape", lambda: cox_regression(TWELVE, [1.0, 2.0])),
        ("design_shape", lambda: cox_regression(TWELVE, np.empty((12, 0)))),
        ("names_shape", lambda: cox_regression(TWELVE, ONE, names=("a", "b"))),
        ("offset_invalid", lambda: cox_regression(TWELVE, ONE, offset=[np.nan] * 12)),
        ("one_cluster", lambda: cox_regression(TWELVE, ONE, cluster=[1] * 12)),
        ("group_missing", lambda: cox_regression(TWELVE, ONE, cluster=[np.nan] * 12)),
        ("ties_unknown", lambda: cox_regression(TWELVE, ONE, ties="exactly")),
        ("ridge_invalid", lambda: cox_regression(TWELVE, ONE, ridge=Ridge(-1.0))),
        ("ridge_invalid", lambda: cox_regression(TWELVE, ONE, ridge=Ridge(0.0))),
        ("ridge_invalid", lambda: cox_regression(TWELVE, ONE, ridge=Ridge((1.0, 1.0)))),
        ("level", lambda: cox_firth(TWELVE, ONE, level=0.0)),
        ("alpha_range", lambda: cox_elastic_net(TWELVE, ONE, alpha=2.0)),
        ("penalty_invalid", lambda: cox_elastic_net(TWELVE, ONE, penalties=[0.0])),
        ("penalty_invalid", lambda: cox_elastic_net(TWELVE, ONE, penalties=[])),
        ("score_invalid", lambda: general_concordance(TWELVE, [np.nan] * 12)),
        ("no_comparable_pair", lambda: general_concordance(risk_sets([1, 2], [0, 1]), [0, 1])),
        ("time_weights_unknown", lambda: general_concordance(TWELVE, ONE, time_weights="x")),
        (
            "time_weights_general",
            lambda: general_concordance(
                risk_sets([2, 3], [1, 1], start=[0, 1]), [0, 1], time_weights="uno"
            ),
        ),
        (
            "same_order",
            lambda: concordance_difference(
                general_concordance(TWELVE, ONE), general_concordance(TWELVE, 2 * ONE)
            ),
        ),
        ("score_invalid", lambda: explained_variation(survival_times([1, 2], [1, 1]), [1, 1])),
        (
            "other_rows",
            lambda: cox_residuals(FOUR, X, cox_regression(TWELVE, ONE)),
        ),
        (
            "transform_unknown",
            lambda: proportional_hazards_test(
                TWELVE, ONE, cox_regression(TWELVE, ONE), transform="square"
            ),
        ),
        (
            "terms_unknown",
            lambda: proportional_hazards_test(
                TWELVE, ONE, cox_regression(TWELVE, ONE), terms=[[1]]
            ),
        ),
        (
            "penalised",
            lambda: proportional_hazards_test(
                TWELVE, ONE, cox_regression(TWELVE, ONE, ridge=Ridge(1.0))
            ),
        ),
        (
            "stratum_unknown",
            lambda: cox_baseline(TWELVE, ONE, cox_regression(TWELVE, ONE), stratum="men"),
        ),
        (
            "design_shape",
            lambda: cox_curves(TWELVE, ONE, cox_regression(TWELVE, ONE), [1.0, 2.0]),
        ),
    ],
)
def test_refusals(code: str, act: object) -> None:
    with pytest.raises(NotEstimable) as caught:
        act()  # type: ignore[operator]
    assert caught.value.problems[0].code == code


def test_times_a_rounding_apart_are_one_time() -> None:
    a = risk_sets([1.0, 2.0, 2.0, 3.0], [1, 1, 1, 0], start=[0.0, 0.0, 1.0, 1.0])
    b = risk_sets([1.0, 2.0, 2.0 + 1e-12, 3.0], [1, 1, 1, 0], start=[0.0, 0.0, 1.0 - 1e-12, 1.0])
    np.testing.assert_allclose(a.block_time, b.block_time, rtol=1e-9)
    np.testing.assert_array_equal(a.entry, b.entry)
    assert cox_regression(a, [0, 1, 0, 1]).log_likelihood == pytest.approx(
        cox_regression(b, [0, 1, 0, 1]).log_likelihood, rel=1e-12
    )
