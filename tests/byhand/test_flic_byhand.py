"""FLIC and FLAC on tables small enough to solve otherwise."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import expit, logit

from cartwheel.errors import NotEstimable
from cartwheel.stats.firth import firth_table
from cartwheel.stats.flic import corrected_intercept, flac, flic, flic_coefficients

# a 2 by 2 table: 1 event of 10 without the factor, 6 of 12 with it
X = np.repeat([0.0, 1.0], [10, 12])
Y = np.r_[1.0, np.zeros(9), np.ones(6), np.zeros(6)]


def test_flic_keeps_firths_odds_ratio() -> None:
    # Firth adds one half to each cell of a saturated table
    ratio = np.log(6.5 / 6.5) - np.log(1.5 / 9.5)
    found = flic(X, Y)
    assert found.coefficients[1] == pytest.approx(ratio, rel=1e-9)
    assert found.risk(X).sum() == pytest.approx(7.0, rel=1e-12)
    assert firth_table(X, Y).fit.risk(X).sum() > 7.0
    # the intercept solves 10 expit(a) + 12 expit(a + b) = 7
    a = found.coefficients[0]
    assert 10 * expit(a) + 12 * expit(a + ratio) == pytest.approx(7.0, rel=1e-12)


def test_flac_by_another_optimiser() -> None:
    # every cell of n patients has leverages 1/n, so its pseudo-patients weigh 1/2 with and
    # 1/2 without the event
    def loss(b: np.ndarray) -> float:
        total = 0.0
        for x, events, n in ((0.0, 1.0, 10.0), (1.0, 6.0, 12.0)):
            for g, cases, size in ((0.0, events, n), (1.0, 0.5, 1.0)):
                eta = b[0] + b[1] * x + b[2] * g
                total -= cases * eta - size * np.logaddexp(0.0, eta)
        return total

    best = minimize(loss, np.zeros(3), method="BFGS", options={"gtol": 1e-10}).x
    found = flac(X, Y)
    # BFGS with differenced gradients is good to about 1e-6
    np.testing.assert_allclose(found.coefficients, best[:2], atol=2e-6)
    assert found.risk(X).sum() == pytest.approx(7.0, rel=1e-10)


def test_repeated_rows_are_multiplicities() -> None:
    multiplicity = np.tile([1.0, 2.0, 0.0, 3.0], 6)[:22]
    rows = np.repeat(np.arange(22), multiplicity.astype(int))
    for method in (flic, flac):
        weighted = method(X, Y, multiplicity=multiplicity)
        repeated = method(X[rows], Y[rows])
        for name in ("coefficients", "std_error", "low", "high"):
            # sums are taken in another order
            np.testing.assert_allclose(
                getattr(weighted, name), getattr(repeated, name), rtol=1e-8, atol=1e-10
            )
        assert (weighted.n, weighted.events) == (repeated.n, repeated.events)


def test_separation_is_no_obstacle() -> None:
    x = np.arange(12.0)
    event = (x > 5).astype(float)
    for method in (flic, flac):
        found = method(x, event)
        assert np.isfinite(found.coefficients).all()
        assert found.risk(x).mean() == pytest.approx(0.5, rel=1e-9)
    coefficients, converged = flic_coefficients(x, event)
    assert converged
    np.testing.assert_allclose(coefficients, flic(x, event).coefficients, rtol=1e-6)


def test_intercept_far_away() -> None:
    lp = np.array([-800.0, 0.0, 900.0])
    shift = corrected_intercept(lp, np.array([0.0, 1.0, 1.0]), np.ones(3))
    assert expit(lp + shift).sum() == pytest.approx(2.0, rel=1e-12)
    assert corrected_intercept(np.zeros(4), np.array([1.0, 0, 0, 0]), np.ones(4)) == pytest.approx(
        float(logit(0.25))
    )


def test_refusals() -> None:
    for method in (flic, flac):
        for x, event in ((X, np.ones(22)), (np.ones(22), Y), (np.r_[np.nan, X[1:]], Y)):
            with pytest.raises(NotEstimable):
                method(x, event)
        with pytest.raises(NotEstimable):
            method(X, Y, level=0.0)
