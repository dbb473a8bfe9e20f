"""Sample size against printed examples and first principles."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import expit, ndtri

from cartwheel.errors import NotEstimable
from cartwheel.stats.logistic import logistic_fit
from cartwheel.stats.samplesize import (
    events_per_parameter,
    expected_shrinkage,
    max_r2_cox_snell,
    r2_cox_snell_from_auc,
    riley_minimum_n_intercept,
    riley_minimum_n_optimism,
    riley_minimum_n_shrinkage,
)


def test_example_of_riley_2020() -> None:
    # doi:10.1136/bmj.m441, pre-eclampsia: prevalence 0.174, 24 parameters, R2 0.288
    assert riley_minimum_n_shrinkage(0.288, 24) == 623
    assert riley_minimum_n_optimism(0.288, 24, max_r2_cox_snell(0.174)) == 662
    assert riley_minimum_n_intercept(0.174) == 221


def test_criterion_at_its_own_n_gives_back_the_shrinkage() -> None:
    # LR = -n log(1 - R2_apparent); with R2_apparent = R2 / S the heuristic shrinkage is S
    for r2, parameters, wanted in ((0.1, 7, 0.9), (0.25, 20, 0.85)):
        n = riley_minimum_n_shrinkage(r2, parameters, wanted)
        ratio = -n * math.log(1.0 - r2 / wanted)
        # n is rounded up by less than 1
        assert wanted <= expected_shrinkage(ratio, parameters) < wanted + 1.0 / n


def test_shrinkage_and_events() -> None:
    assert expected_shrinkage(20.0, 7) == pytest.approx(0.65)
    assert expected_shrinkage(5.0, 10) == -1.0
    assert events_per_parameter(17, 7) == pytest.approx(17 / 7)
    assert events_per_parameter(90, 4, n=100) == 2.5


def test_largest_r2_by_its_limits() -> None:
    assert max_r2_cox_snell(0.5) == pytest.approx(0.75, rel=1e-14)
    assert max_r2_cox_snell(0.2) == pytest.approx(max_r2_cox_snell(0.8), rel=1e-14)
    assert max_r2_cox_snell(0.2) == pytest.approx(1 - (0.2**0.2 * 0.8**0.8) ** 2, rel=1e-12)


@pytest.mark.parametrize(("auc", "prevalence"), [(0.7, 0.1), (0.875, 0.136), (0.99, 0.5)])
def test_r2_from_auc_by_another_integral(auc: float, prevalence: float) -> None:
    apart = math.sqrt(2.0) * float(ndtri(auc))

    def normal(z: float) -> float:
        return math.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)

    def information(z: float) -> float:
        """Entropy of the outcome given a linear predictor z, times the density of z."""
        case, other = prevalence * normal(z - apart), (1 - prevalence) * normal(z)
        both = case + other
        return sum(k * math.log(k / both) for k in (case, other) if k > 0.0)

    null = prevalence * math.log(prevalence) + (1 - prevalence) * math.log(1 - prevalence)
    gain = quad(information, -15, 15 + apart, limit=200, epsabs=1e-12)[0] - null
    # quad is asked for 1e-12 absolute
    assert r2_cox_snell_from_auc(auc, prevalence) == pytest.approx(-math.expm1(-2 * gain), rel=1e-9)


def test_r2_from_auc_by_rileys_simulation() -> None:
    rng = np.random.default_rng(8806)
    n, prevalence, auc = 200_000, 0.15, 0.8
    event = (np.arange(n) < prevalence * n).astype(float)
    lp = rng.normal(size=n) + event * math.sqrt(2.0) * float(ndtri(auc))
    fit = logistic_fit(lp, event)
    simulated = 1.0 - math.exp(-2.0 * (fit.log_likelihood - fit.log_likelihood_null) / n)
    p = expit(fit.coefficients[0] + fit.coefficients[1] * lp)
    terms = event * np.log(p) + (1.0 - event) * np.log1p(-p)
    # 4 Monte-Carlo standard errors of R2 = 1 - exp(-2 mean), by the delta method
    tolerance = 4.0 * 2.0 * (1.0 - simulated) * float(terms.std()) / math.sqrt(n)
    assert r2_cox_snell_from_auc(auc, prevalence) == pytest.approx(simulated, abs=tolerance)


def test_r2_from_auc_at_its_limits() -> None:
    assert r2_cox_snell_from_auc(0.5, 0.3) == pytest.approx(0.0, abs=1e-12)
    assert r2_cox_snell_from_auc(0.8, 0.2) == pytest.approx(r2_cox_snell_from_auc(0.8, 0.8))
    assert 0.6 < r2_cox_snell_from_auc(0.9999, 0.3) < max_r2_cox_snell(0.3)


def test_refusals() -> None:
    for call in (
        lambda: expected_shrinkage(0.0, 3),
        lambda: expected_shrinkage(math.inf, 3),
        lambda: expected_shrinkage(10.0, 0),
        lambda: events_per_parameter(-1, 3),
        lambda: events_per_parameter(11, 3, n=10),
        lambda: max_r2_cox_snell(1.0),
        lambda: r2_cox_snell_from_auc(0.4, 0.2),
        lambda: r2_cox_snell_from_auc(1.0, 0.2),
        lambda: riley_minimum_n_shrinkage(0.95, 3),
        lambda: riley_minimum_n_shrinkage(0.2, 3, 1.0),
        lambda: riley_minimum_n_optimism(0.7, 3, 0.6),
        lambda: riley_minimum_n_optimism(0.2, 3, 0.6, 0.0),
        lambda: riley_minimum_n_intercept(0.2, 0.0),
    ):
        with pytest.raises(NotEstimable):
            call()
