"""The binomial-normal model against lme4, metafor and R's adaptive integration."""

from __future__ import annotations

import pytest
from pooling_r import POOLING_R

from cartwheel.stats.pooling import binomial_normal as glmm

CASES = POOLING_R["glmm"]


@pytest.mark.parametrize("case", CASES)
def test_fit(case):
    parts = CASES[case]
    ours = glmm.pool_proportions_glmm(parts["events"], parts["n"])
    fine = next(fit for fit in parts["lme4"] if fit["nodes"] == 25)
    # glmer stops with parameters about 1e-7 away, and differences its Hessian
    assert ours.estimate == pytest.approx(fine["estimate"], rel=1e-6)
    assert ours.std_error == pytest.approx(fine["std_error"], rel=1e-6)
    assert ours.tau2 == pytest.approx(fine["tau2"], rel=1e-6)
    expected = parts["metafor"]
    # rma.glmm uses seven nodes and glmer's own tolerance
    assert ours.estimate == pytest.approx(expected["estimate"], rel=1e-4)
    assert ours.std_error == pytest.approx(expected["std_error"], rel=2e-3)
    assert [ours.low, ours.high] == pytest.approx([expected["low"], expected["high"]], rel=2e-4)
    ahead = [ours.prediction_low, ours.prediction_high]
    assert ahead == pytest.approx(expected["prediction"], rel=2e-3)
    # of closed form
    assert ours.q == pytest.approx(expected["q_lrt"], rel=1e-6)
    assert ours.q_p_value == pytest.approx(expected["q_lrt_p"], rel=1e-5)
    assert ours.q_df == expected["df"]


@pytest.mark.parametrize("case", CASES)
def test_common_proportion(case):
    parts = CASES[case]
    ours, expected = glmm.pool_proportions_glmm(parts["events"], parts["n"]), parts["common"]
    # glm stops at 1e-8 of the deviance
    assert ours.common_estimate == pytest.approx(expected["estimate"], rel=1e-6)
    assert ours.common_std_error == pytest.approx(expected["std_error"], rel=1e-5)
    assert [ours.common_low, ours.common_high] == pytest.approx(
        [expected["low"], expected["high"]], rel=1e-6
    )


@pytest.mark.parametrize("case", CASES)
def test_integral(case):
    parts = CASES[case]
    for expected in parts["integral"]:
        mean, tau = expected["at"]
        events, n = glmm.whole_counts(events=parts["events"], n=parts["n"])
        found = glmm._marginal(events, n, mean, tau, 101)
        constant = glmm.gammaln(n + 1) - glmm.gammaln(events + 1) - glmm.gammaln(n - events + 1)
        # R integrates each study to 1e-12
        assert found.value + constant.sum() == pytest.approx(expected["log_likelihood"], rel=1e-10)
