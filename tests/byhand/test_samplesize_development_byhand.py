"""Riley's criteria for survival and continuous outcomes, and the optimism to expect."""

from __future__ import annotations

import math

import pytest
from scipy.special import chdtri

from cartwheel.errors import NotEstimable
from cartwheel.stats.expected_optimism import (
    auc_from_r2_cox_snell,
    expected_optimism,
    r2_cox_snell_from_d,
)
from cartwheel.stats.samplesize import (
    max_r2_cox_snell,
    r2_cox_snell_from_auc,
    riley_minimum_n_optimism,
    riley_minimum_n_shrinkage,
)
from cartwheel.stats.samplesize_development import (
    expected_shrinkage_continuous,
    max_r2_cox_snell_survival,
    minimum_n_binary,
    minimum_n_continuous,
    minimum_n_survival,
    riley_minimum_n_survival_risk,
)


def test_binary_together() -> None:
    # Riley 2020, doi:10.1136/bmj.m441: 623, 662 and 221, so 662 patients; 4.8 events a parameter
    # is in the abstract of Riley 2019, doi:10.1002/sim.7992
    found = minimum_n_binary(0.288, 24, 0.174)
    assert dict(found.criteria) == {"shrinkage": 623, "optimism": 662, "overall_risk": 221}
    assert found.n == 662
    assert round(found.per_parameter, 1) == 4.8


# test_surv.R of pmsampsize: R2, parameters, rate, mean follow-up, then n of criteria i and ii
PMSAMPSIZE_SURVIVAL = [
    (0.051, 25, 0.065, 2.07, 4286, 875),
    (0.065, 25, 0.065, 2.07, 3335, 868),
    (0.051, 50, 0.065, 2.07, 8572, 1749),
    (0.051, 25, 0.1, 2.07, 4286, 725),
    (0.051, 25, 0.065, 4.0, 4286, 684),
    (0.06, 40, 0.08, 5.0, 5798, 974),
    (0.03, 10, 0.09, 3.0, 2950, 273),
    (0.3, 80, 0.03, 5.0, 1974, 2279),
]


@pytest.mark.parametrize("case", PMSAMPSIZE_SURVIVAL)
def test_survival_as_pmsampsize(case: tuple[float, int, float, float, int, int]) -> None:
    r2, parameters, rate, follow_up, first, second = case
    found = minimum_n_survival(r2, parameters, rate=rate, mean_follow_up=follow_up, horizon=1.0)
    assert dict(found.criteria)["shrinkage"] == first
    # pmsampsize rounds the largest R2 to two digits and the shrinkage to three
    most = round(max_r2_cox_snell_survival(rate * follow_up), 2)
    shrinkage = round(r2 / (r2 + 0.05 * most), 3)
    assert riley_minimum_n_shrinkage(r2, parameters, shrinkage) == second
    exact = dict(found.criteria)["optimism"]
    assert exact == riley_minimum_n_optimism(
        r2, parameters, max_r2_cox_snell_survival(rate * follow_up)
    )
    # the rounding moves n by a percent or two
    assert exact == pytest.approx(second, rel=0.03)


def test_survival_example_of_riley_2019() -> None:
    # doi:10.1002/sim.7992, abstract: recurrent venous thromboembolism, 23 events a parameter
    found = minimum_n_survival(0.051, 30, rate=0.065, mean_follow_up=2.07, horizon=2.0)
    assert found.n == 5143  # example of the pmsampsize manual
    assert math.floor(found.per_parameter) == 23


def test_overall_risk_at_its_own_n() -> None:
    rate, follow_up, horizon = 0.2, 1.5, 2.0
    n = riley_minimum_n_survival_risk(rate, follow_up, horizon)
    for size, enough in ((n, True), (n - 1, False)):
        error = math.sqrt(rate / (size * follow_up))
        lower = 1.0 - math.exp(-(rate - 1.96 * error) * horizon)
        assert (1.0 - math.exp(-rate * horizon) - lower <= 0.05) is enough


# test_cont.R of pmsampsize: R2, parameters, mean, sd, shrinkage, then n of criteria i to iii
PMSAMPSIZE_CONTINUOUS = [
    (0.2, 25, 1.9, 0.6, 0.9, 918, 401, 259),
    (0.3, 25, 1.9, 0.6, 0.9, 574, 351, 259),
    (0.2, 50, 1.9, 0.6, 0.9, 1924, 801, 284),
    (0.2, 25, 10.0, 0.6, 0.9, 918, 401, 259),
    (0.2, 25, 1.9, 2.0, 0.9, 918, 401, 259),
    (0.5, 100, 1.9, 2.0, 0.9, 1264, 1001, 334),
    (0.89, 30, 3.3, 1.1, 0.84, 32, 67, 264),
]


@pytest.mark.parametrize("case", PMSAMPSIZE_CONTINUOUS)
def test_continuous_as_pmsampsize(
    case: tuple[float, int, float, float, float, int, int, int],
) -> None:
    r2, parameters, mean, sd, shrinkage, *wanted = case
    found = minimum_n_continuous(r2, parameters, mean=mean, sd=sd, shrinkage=shrinkage)
    assert [size for _, size in found.criteria[:3]] == wanted
    assert found.n == max(size for _, size in found.criteria)
    assert found.events is None
    assert found.per_parameter == found.n / parameters


def test_continuous_criteria_at_their_own_n() -> None:
    found = dict(minimum_n_continuous(0.4, 12, mean=5.0, sd=3.0).criteria)
    n = found["shrinkage"]
    assert expected_shrinkage_continuous(0.4, 12, n) >= 0.9
    assert expected_shrinkage_continuous(0.4, 12, n - 1) < 0.9
    df = found["residual_sd"] - 13
    assert math.sqrt(df / float(chdtri(df, 0.975))) <= 1.1
    assert math.sqrt((df - 1) / float(chdtri(df - 1, 0.975))) > 1.1
    n = found["mean"]
    assert 3.0 * math.sqrt(0.6 / n) * 1.96 < 0.5  # t is wider than 1.96


def test_auc_and_r2_are_inverse() -> None:
    for prevalence in (0.02, 0.136, 0.5, 0.9):
        for auc in (0.501, 0.6, 0.75, 0.875, 0.99):
            r2 = r2_cox_snell_from_auc(auc, prevalence)
            # near 0.5 R2 is flat in the AUC: 1e-12 of R2 is 1e-8 of the AUC
            assert auc_from_r2_cox_snell(r2, prevalence) == pytest.approx(auc, abs=2e-8)
    assert auc_from_r2_cox_snell(0.0, 0.3) == 0.5
    assert auc_from_r2_cox_snell(max_r2_cox_snell(0.3) * (1 - 1e-14), 0.3) > 0.99999


def test_expected_optimism() -> None:
    # the severe-CRS score of the design: 125 patients, 17 events, 7 parameters, AUC 0.875
    found = expected_optimism(125, 17, 7, auc=0.875)
    r2 = r2_cox_snell_from_auc(0.875, 17 / 125)
    ratio = -125 * math.log(1.0 - r2)
    assert found.likelihood_ratio == pytest.approx(ratio)
    assert found.shrinkage == pytest.approx(1.0 - 7.0 / ratio)
    assert found.r2_adjusted == pytest.approx(r2 * found.shrinkage)
    assert found.nagelkerke_apparent == pytest.approx(r2 / max_r2_cox_snell(17 / 125))
    assert 0.5 < found.auc_adjusted < found.auc_apparent == 0.875
    assert found.auc_optimism == found.auc_apparent - found.auc_adjusted
    same = expected_optimism(125, 17, 7, r2_cs=r2)
    assert same.auc_apparent == pytest.approx(0.875, abs=1e-9)
    # more parameters than signal: what is left is a coin
    hopeless = expected_optimism(60, 10, 20, auc=0.7)
    assert hopeless.shrinkage < 0.0
    assert hopeless.auc_adjusted == 0.5


def test_r2_from_d() -> None:
    # backwards: Royston's measure of O'Quigley's, and D of the explained variation
    for d, share in ((0.8, 0.3), (1.5, 0.9)):
        r2 = r2_cox_snell_from_d(d, share)
        per_event = 1.0 - (1.0 - r2) ** (1.0 / share)
        a = math.pi**2 / 6.0
        explained = per_event / (per_event + a * (1.0 - per_event))
        assert math.sqrt(8.0 / math.pi * a * explained / (1.0 - explained)) == pytest.approx(d)


def test_refusals() -> None:
    for call in (
        lambda: minimum_n_binary(0.95, 24, 0.174),
        lambda: max_r2_cox_snell_survival(0.0),
        lambda: max_r2_cox_snell_survival(3.0),
        lambda: riley_minimum_n_survival_risk(0.1, 1.0, math.inf),
        lambda: riley_minimum_n_survival_risk(0.1, 1.0, 1.0, 0.0),
        lambda: minimum_n_survival(0.1, 0, rate=0.1, mean_follow_up=1.0, horizon=1.0),
        lambda: minimum_n_continuous(1.0, 5, mean=1.0, sd=1.0),
        lambda: minimum_n_continuous(0.2, 0, mean=1.0, sd=1.0),
        lambda: minimum_n_continuous(0.2, 5, mean=0.0, sd=1.0),
        lambda: minimum_n_continuous(0.2, 5, mean=1.0, sd=1.0, multiplicative_margin=1.0),
        lambda: minimum_n_continuous(0.2, 5, mean=1e-9, sd=1.0),
        lambda: expected_shrinkage_continuous(0.2, 5, 6),
        lambda: auc_from_r2_cox_snell(0.9, 0.5),
        lambda: expected_optimism(10, 10, 2, auc=0.8),
        lambda: expected_optimism(100, 10, 2),
        lambda: expected_optimism(100, 10, 2, auc=0.8, r2_cs=0.1),
        lambda: expected_optimism(100, 10, 2, auc=0.5),
        lambda: expected_optimism(100, 10, 0, auc=0.8),
        lambda: expected_optimism(100, 10, 2, r2_cs=0.9),
        lambda: r2_cox_snell_from_d(0.0, 0.5),
        lambda: r2_cox_snell_from_d(1.0, 1.5),
    ):
        with pytest.raises(NotEstimable):
            call()
