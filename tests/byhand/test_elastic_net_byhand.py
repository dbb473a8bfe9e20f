"""Elastic nets whose answer is known, and the choice of a penalty by folds written out."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit, logit

from cartwheel.errors import NotEstimable
from cartwheel.stats.elastic_net import cox_elastic_net, saturated_log_likelihood
from cartwheel.stats.elastic_net_logistic import logistic_elastic_net
from cartwheel.stats.elastic_net_validation import (
    cross_validated_elastic_net,
    cross_validated_logistic_elastic_net,
)
from cartwheel.stats.logistic import logistic_fit
from cartwheel.stats.risk_sets import risk_sets


def refused(code: str, call: object, *arguments: object, **options: object) -> None:
    with pytest.raises(NotEstimable) as refusal:
        call(*arguments, **options)  # type: ignore[operator]
    assert refusal.value.problems[0].code == code


def logistic_sample(seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    stream = np.random.default_rng(seed)
    x = stream.normal(size=(120, 4)) * np.array([1.0, 10.0, 0.1, 1.0])
    return x, (stream.random(120) < expit(x[:, 0] + 0.1 * x[:, 1])).astype(float)


def cox_sample(seed: int = 2) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    stream = np.random.default_rng(seed)
    x = stream.normal(size=(150, 3))
    time = np.ceil(20.0 * stream.exponential(np.exp(-x[:, 0])))
    return time, (stream.random(150) < 0.7).astype(int), x


def test_logistic_lasso_of_one_binary_column() -> None:
    """The soft threshold: the groups' shares differ until the score equals the penalty."""
    x = np.repeat([0.0, 1.0], 50)
    event = np.concatenate([np.repeat([1.0, 0.0], [10, 40]), np.repeat([1.0, 0.0], [30, 20])])
    penalty = 0.05
    found = logistic_elastic_net(x, event, penalties=[penalty])
    low, high = expit(found.intercept[0]), expit(found.intercept[0] + found.coefficients[0, 0])
    # the standard deviation of x is 1/2; scores sum to 0, and that of x, standardised, is lambda
    assert low + high == pytest.approx(0.8, rel=1e-9)
    assert 0.5 * (0.6 - high) / 0.5 == pytest.approx(penalty, rel=1e-8)


def test_logistic_path_ends_at_maximum_likelihood() -> None:
    x, event = logistic_sample()
    found = logistic_elastic_net(x, event, penalties=[1e-9])
    fit = logistic_fit(x, event)
    np.testing.assert_allclose(found.coefficients[0], fit.coefficients[1:], rtol=1e-5)
    np.testing.assert_allclose(found.intercept[0], fit.coefficients[0], rtol=1e-5)
    shares = found.linear_predictor(x)
    np.testing.assert_allclose(shares[:, 0], fit.linear_predictor(x), rtol=1e-4, atol=1e-6)


def test_logistic_path_begins_with_nothing() -> None:
    x, event = logistic_sample()
    found = logistic_elastic_net(x, event)
    assert found.penalty.size == 100
    assert found.nonzero[0] == 0
    assert found.nonzero[1] >= 1
    assert found.intercept[0] == pytest.approx(logit(event.mean()), rel=1e-9)
    assert found.deviance_ratio[0] == pytest.approx(0.0, abs=1e-12)
    assert (np.diff(found.deviance_ratio) >= -1e-12).all()


@pytest.mark.parametrize("alpha", [1.0, 0.4, 0.0])
def test_conditions_of_the_optimum(alpha: float) -> None:
    x, event = logistic_sample(4)
    penalties = [0.1, 0.02, 0.004]
    found = logistic_elastic_net(x, event, alpha=alpha, penalties=penalties)
    deviation = x.std(axis=0)
    z = (x - x.mean(axis=0)) / deviation
    for row, penalty in enumerate(penalties):
        left = event - expit(found.linear_predictor(x)[:, row])
        assert left.mean() == pytest.approx(0.0, abs=1e-9)
        b = found.coefficients[row] * deviation
        pull = z.T @ left / len(event) - penalty * (1.0 - alpha) * b
        at_bound = alpha * penalty * np.sign(b)
        np.testing.assert_allclose(pull[b != 0.0], at_bound[b != 0.0], atol=1e-9)
        assert (np.abs(pull[b == 0.0]) <= alpha * penalty + 1e-9).all()


def test_a_constant_column_stays_out_and_more_columns_than_rows_are_taken() -> None:
    x, event = logistic_sample()
    with_constant = np.column_stack([x, np.full(len(x), 3.0)])
    found = logistic_elastic_net(with_constant, event, penalties=[0.01])
    same = logistic_elastic_net(x, event, penalties=[0.01])
    assert found.coefficients[0, 4] == 0.0
    np.testing.assert_allclose(found.coefficients[0, :4], same.coefficients[0], rtol=1e-9)
    wide = np.random.default_rng(5).normal(size=(30, 60))
    path = logistic_elastic_net(wide, np.arange(30) % 2, alpha=0.9)
    assert np.isfinite(path.coefficients).all()
    assert path.penalty[-1] == pytest.approx(path.penalty[0] / 100.0)


def test_logistic_refusals() -> None:
    x, event = logistic_sample()
    refused("alpha_range", logistic_elastic_net, x, event, alpha=1.5)
    refused("alpha_range", logistic_elastic_net, x, event, alpha=np.nan)
    refused("constant", logistic_elastic_net, np.ones((120, 2)), event)
    refused("penalty_invalid", logistic_elastic_net, x, event, penalties=[0.0])
    refused("penalty_invalid", logistic_elastic_net, x, event, penalties=[])
    refused("one_class", logistic_elastic_net, x, np.zeros(120))
    refused("missing_value", logistic_elastic_net, np.where(x > 2, np.nan, x), event)


def test_cox_deviance_of_folds_written_out() -> None:
    time, event, x = cox_sample()
    sets = risk_sets(time, event)
    folds = np.arange(150) % 5
    penalties = [0.2, 0.05, 0.01]
    found = cross_validated_elastic_net(sets, x, penalties=penalties, folds=folds)

    def log_likelihood(rows: np.ndarray, beta: np.ndarray) -> float:
        """Breslow's, pair by pair."""
        linear = x[rows] @ beta
        at_risk = time[rows] >= time[rows][:, None]
        each = linear - np.log(at_risk @ np.exp(linear))
        return float(each[event[rows] == 1].sum())

    def saturated(rows: np.ndarray) -> float:
        _, deaths = np.unique(time[rows][event[rows] == 1], return_counts=True)
        return -float(deaths @ np.log(deaths))

    everybody = np.arange(150)
    assert saturated_log_likelihood(sets) == pytest.approx(saturated(everybody), rel=1e-12)
    for fold in range(5):
        others = np.flatnonzero(folds != fold)
        part_sets = risk_sets(time[others], event[others])
        made = cox_elastic_net(part_sets, x[others], penalties=penalties)
        for place, beta in enumerate(made.coefficients):
            whole = saturated(everybody) - log_likelihood(everybody, beta)
            part = saturated(others) - log_likelihood(others, beta)
            events = event[folds == fold].sum()
            assert found.fold_weight[fold] == events
            wanted = 2.0 * (whole - part) / events
            assert found.fold_deviance[fold, place] == pytest.approx(wanted, rel=1e-9)
    weight = found.fold_weight / found.fold_weight.sum()
    np.testing.assert_allclose(found.deviance, weight @ found.fold_deviance, rtol=1e-12)
    spread = weight @ (found.fold_deviance - found.deviance) ** 2
    np.testing.assert_allclose(found.std_error, np.sqrt(spread / 4.0), rtol=1e-12)


def test_choices() -> None:
    time, event, x = cox_sample()
    sets = risk_sets(time, event)
    found = cross_validated_elastic_net(sets, x, seed=7)
    assert found.deviance[found.minimum] == found.deviance.min()
    assert found.penalty_one_se >= found.penalty_minimum
    bound = found.deviance[found.minimum] + found.std_error[found.minimum]
    assert (found.deviance[: found.one_se] > bound).all()
    again = cross_validated_elastic_net(sets, x, seed=7)
    np.testing.assert_array_equal(found.assigned, again.assigned)
    np.testing.assert_array_equal(found.deviance, again.deviance)
    # events are spread evenly over the folds
    assert np.ptp(found.fold_weight) <= 1.0
    edge = cross_validated_elastic_net(sets, x, penalties=[0.001], seed=7)
    assert edge.at_edge
    # the order in which penalties are given does not matter
    turned = cross_validated_elastic_net(sets, x, penalties=found.path.penalty[::-1], seed=7)
    assert turned.penalty_one_se == found.penalty_one_se
    assert turned.penalty_minimum == found.penalty_minimum


def test_strata_late_entry_and_weights_follow_the_rows() -> None:
    time, event, x = cox_sample()
    stream = np.random.default_rng(9)
    start = np.floor(time * stream.uniform(0.0, 0.5, 150)) * (np.arange(150) % 2)
    sets = risk_sets(
        time,
        event,
        start=start,
        strata=np.arange(150) % 2,
        case_weights=np.where(np.arange(150) % 3, 1.0, 2.0),
    )
    found = cross_validated_elastic_net(sets, x, penalties=[0.1, 0.01], folds=5, seed=3)
    assert np.isfinite(found.deviance).all()
    total = float((sets.weight * sets.event).sum())
    assert found.fold_weight.sum() == pytest.approx(total, rel=1e-12)
    alike = risk_sets(time, event, strata=np.zeros(150))
    plain = cross_validated_elastic_net(alike, x, penalties=[0.1], folds=5, seed=3)
    same = cross_validated_elastic_net(risk_sets(time, event), x, penalties=[0.1], folds=5, seed=3)
    np.testing.assert_allclose(plain.deviance, same.deviance, rtol=1e-12)


def test_refusals_of_folds() -> None:
    time, event, x = cox_sample()
    sets = risk_sets(time, event)
    for call, first, second in (
        (cross_validated_elastic_net, sets, x),
        (cross_validated_logistic_elastic_net, *logistic_sample()),
    ):
        refused("seed", call, first, second)
        n = 150 if first is sets else 120
        refused("folds", call, first, second, folds=np.arange(n) % 2)
        refused("folds", call, first, second, folds=np.arange(n - 1) % 5)
        refused("folds", call, first, second, folds=(np.arange(n) % 5) / 2.0)
        refused("folds", call, first, second, folds=1, seed=1)
        refused("folds", call, first, second, folds=1000, seed=1)
    lonely = np.where(np.arange(150) == np.flatnonzero(event == 0)[0], 3, np.arange(150) % 3)
    refused("fold_without_event", cross_validated_elastic_net, sets, x, folds=lonely)
