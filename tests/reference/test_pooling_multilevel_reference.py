"""Several effects a study against metafor 3.8 rma.mv and clubSandwich 0.5.8."""

from __future__ import annotations

import numpy as np
import pytest
from pooling_r import POOLING_R, numbers, vector

from cartwheel.stats.pooling.cluster_robust import bias_reduced
from cartwheel.stats.pooling.clustered import blocks_of, summed
from cartwheel.stats.pooling.multilevel import multilevel
from cartwheel.stats.pooling.study_design import study_design

CASES = POOLING_R["multilevel"]


def arrays(case):
    return tuple(numbers(CASES[case][key]) for key in ("effects", "variances", "cluster", "design"))


@pytest.mark.parametrize("case", CASES)
def test_at_the_same_variances(case):
    parts = CASES[case]
    y, v, cluster, x = arrays(case)
    design = study_design(x, y.size)
    members = np.unique(cluster, return_inverse=True)[1]
    blocks = blocks_of(y, v, members, design.basis, parts["sampling_correlation"])
    fit = summed(blocks, *parts["sigma2"])
    robust = bias_reduced(blocks, fit, tuple(parts["sigma2"]), design.back)
    # closed form: only rounding differs
    close = {"rel": 1e-10}
    assert fit.log_likelihood == pytest.approx(parts["log_likelihood"], **close)
    assert design.back @ fit.coefficients == pytest.approx(vector(parts["coefficients"]), **close)
    model = np.sqrt(np.diag(design.back @ fit.covariance @ design.back.T))
    assert model == pytest.approx(vector(parts["std_error"]), **close)
    error = np.sqrt(np.diag(robust.covariance))
    assert error == pytest.approx(vector(parts["robust_std_error"]), **close)
    assert robust.df == pytest.approx(vector(parts["robust_df"]), **close)


@pytest.mark.parametrize("case", CASES)
def test_fit(case):
    parts = CASES[case]
    y, v, cluster, x = arrays(case)
    options = {"design": x, "sampling_correlation": parts["sampling_correlation"]}
    ours = multilevel(y, v, cluster, **options)
    assert ours.log_likelihood == pytest.approx(parts["log_likelihood"], rel=1e-10)
    # ours is the higher top
    assert ours.log_likelihood >= parts["log_likelihood"] - 1e-10
    # nlminb stops with the variances 1e-6 away, and the rest follows
    loose = {"rel": 1e-6}
    assert (ours.sigma2_between, ours.sigma2_within) == pytest.approx(parts["sigma2"], rel=3e-6)
    assert ours.coefficients == pytest.approx(vector(parts["coefficients"]), **loose)
    assert ours.std_error == pytest.approx(vector(parts["std_error"]), **loose)
    assert ours.robust_std_error == pytest.approx(vector(parts["robust_std_error"]), **loose)
    assert ours.robust_df == pytest.approx(vector(parts["robust_df"]), **loose)
    assert ours.statistic == pytest.approx(vector(parts["statistic"]), **loose)
    assert ours.p_values == pytest.approx(vector(parts["p_values"]), rel=1e-5)
    plain = multilevel(y, v, cluster, robust="none", **options)
    assert plain.low == pytest.approx(vector(parts["z_low"]), rel=1e-6, abs=1e-8)
    assert plain.high == pytest.approx(vector(parts["z_high"]), rel=1e-6, abs=1e-8)
