"""Ridge logistic regression against first principles."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

from cartwheel.errors import NotEstimable
from cartwheel.stats.logistic import logistic_fit
from cartwheel.stats.ridge_logistic import choose_ridge, default_penalties, ridge_logistic


def cohort(n: int = 80, p: int = 4, seed: int = 5) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, p)) * 10.0 ** np.arange(p) + 3.0
    return x, (rng.random(n) < 1.0 / (1.0 + np.exp(-(x[:, 0] - 3.0)))).astype(float)


def test_by_another_optimiser() -> None:
    x, y = cohort()
    z = (x - x.mean(axis=0)) / x.std(axis=0)

    def loss(b: np.ndarray) -> float:
        eta = b[0] + z @ b[1:]
        return float(-(y @ eta - np.logaddexp(0.0, eta).sum()) + 0.5 * 7.0 * (b[1:] ** 2).sum())

    best = minimize(loss, np.zeros(5), method="BFGS", options={"gtol": 1e-9}).x
    found = ridge_logistic(x, y, 7.0)
    # BFGS with differenced gradients is good to about 1e-6
    np.testing.assert_allclose(found.coefficients[1:] * x.std(axis=0), best[1:], atol=2e-6)
    np.testing.assert_allclose(found.linear_predictor(x), best[0] + z @ best[1:], atol=2e-5)


def test_limits_of_the_penalty() -> None:
    x, y = cohort()
    plain = logistic_fit(x, y)
    weak = ridge_logistic(x, y, 1e-9)
    np.testing.assert_allclose(weak.coefficients, plain.coefficients, rtol=1e-7)
    assert weak.effective_df == pytest.approx(4.0, rel=1e-8)
    assert weak.aic == pytest.approx(-2.0 * plain.log_likelihood + 10.0, rel=1e-9)
    strong = ridge_logistic(x, y, 1e9)
    assert strong.effective_df == pytest.approx(0.0, abs=1e-6)
    np.testing.assert_allclose(strong.risk(x), y.mean(), atol=1e-6)


def test_units_do_not_matter() -> None:
    x, y = cohort()
    one = ridge_logistic(x, y, 3.0)
    other = ridge_logistic(x * np.array([88.4, 1.0, 1e-3, 1e6]) - 5.0, y, 3.0)
    np.testing.assert_allclose(
        other.linear_predictor(x * np.array([88.4, 1.0, 1e-3, 1e6]) - 5.0),
        one.linear_predictor(x),
        rtol=1e-8,
        atol=1e-9,
    )


def test_repeated_rows_are_multiplicities() -> None:
    x, y = cohort()
    multiplicity = np.random.default_rng(1).integers(0, 4, len(y))
    rows = np.repeat(np.arange(len(y)), multiplicity)
    for penalty in (0.5, 20.0):
        a = ridge_logistic(x, y, penalty, multiplicity=multiplicity)
        b = ridge_logistic(x[rows], y[rows], penalty)
        np.testing.assert_allclose(a.coefficients, b.coefficients, rtol=1e-8)
        assert a.effective_df == pytest.approx(b.effective_df, rel=1e-9)
        assert (a.n, a.events) == (b.n, b.events)


def test_separation_and_more_predictors_than_patients() -> None:
    x = np.arange(10.0)
    found = ridge_logistic(x, x > 4, 1.0)
    assert found.coefficients[1] > 0.0
    wide, y = cohort(n=12, p=30)
    y[:2] = 0.0, 1.0
    assert np.isfinite(ridge_logistic(wide, y, 1.0).coefficients).all()


def test_choice_is_the_best_of_those_tried() -> None:
    x, y = cohort()
    by_aic = choose_ridge(x, y)
    assert by_aic.criterion.min() == by_aic.fit.aic
    assert by_aic.penalties[0] == default_penalties(80)[0]
    for penalty, aic in zip(by_aic.penalties[::7], by_aic.criterion[::7], strict=True):
        assert ridge_logistic(x, y, float(penalty)).aic == pytest.approx(aic, rel=1e-9)
    folds = choose_ridge(x, y, method="cross-validation", folds=5, seed=2)
    again = choose_ridge(x, y, method="cross-validation", folds=5, seed=2)
    assert folds.criterion.tobytes() == again.criterion.tobytes()
    assert (folds.std_error > 0.0).all()
    assert folds.fit.penalty == folds.penalties[int(np.argmin(folds.criterion))]
    # noise alone: the largest penalty is best, and said to be at the edge
    noise = np.random.default_rng(0).normal(size=(80, 4))
    assert choose_ridge(noise, y, penalties=[1e-3, 1.0, 1e4]).at_edge


def test_cross_validated_deviance_by_hand() -> None:
    """Two folds of a huge penalty: each half is predicted by the other's proportion."""
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=40), np.r_[np.ones(10), np.zeros(30)]
    found = choose_ridge(x, y, penalties=[1e12], method="cross-validation", folds=2)
    # stratified folds have 5 events of 20 each
    wanted = -2.0 * (0.25 * np.log(0.25) + 0.75 * np.log(0.75))
    assert found.criterion[0] == pytest.approx(wanted, rel=1e-8)


def test_refusals() -> None:
    x, y = cohort()
    for call, code in (
        (lambda: ridge_logistic(x, y, 0.0), "penalty"),
        (lambda: ridge_logistic(x, y, np.nan), "penalty"),
        (lambda: ridge_logistic(np.ones(80), y, 1.0), "constant_column"),
        (lambda: ridge_logistic(x, np.ones(80), 1.0), "one_class"),
        (lambda: ridge_logistic(x * np.nan, y, 1.0), "missing_value"),
        (lambda: choose_ridge(x, y, method="guess"), "unknown_method"),
        (lambda: choose_ridge(x, y, penalties=[]), "penalty"),
        (lambda: choose_ridge(x, y, penalties=[-1.0]), "penalty"),
        (lambda: choose_ridge(x, y, method="cross-validation", folds=1), "folds"),
        (lambda: choose_ridge(x, y, method="cross-validation", folds=79), "folds"),
    ):
        with pytest.raises(NotEstimable) as refusal:
            call()
        assert refusal.value.problems[0].code == code
