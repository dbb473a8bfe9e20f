"""A profile limit is where the profile has dropped by the quantile, whatever the data."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings, strategies as st
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import chdtri, expit

from cartwheel.stats.firth import (
    firth_profile_interval,
    firth_table,
    penalised_likelihood_ratio_test,
)

Array = NDArray[np.float64]


def cohort(seed: int, separated: bool) -> tuple[Array, Array]:
    rng = np.random.default_rng(seed)
    n, p = int(rng.integers(20, 60)), int(rng.integers(1, 4))
    x = rng.normal(size=(n, p)) + rng.normal(size=p) * 3.0
    event = (rng.random(n) < expit(x[:, 0] - x[:, 0].mean())).astype(float)
    if separated:
        x[:, 0] = np.where(event == 1.0, rng.integers(0, 2, n), 0.0)
    assume(2 < event.sum() < n - 2)
    assume((np.ptp(x, axis=0) > 0).all())
    return x, event


def penalised(design: Array, event: Array, coefficients: Array) -> float:
    eta = design @ coefficients
    p = expit(eta)
    information = (design * (p * (1.0 - p))[:, None]).T @ design
    likelihood = float((event * eta - np.logaddexp(0.0, eta)).sum())
    return likelihood + 0.5 * float(np.linalg.slogdet(information)[1])


def profile(design: Array, event: Array, held: int, value: float, top: Array) -> float:
    """Largest penalised log-likelihood with one coefficient held, by a general optimiser.

    It walks from the maximum to the held value: near separation the likelihood is a curved ridge,
    on which BFGS gets lost from far away.
    """
    others = [j for j in range(design.shape[1]) if j != held]
    here, least = top[others], 0.0
    for share in np.linspace(0.0, 1.0, 25)[1:]:
        at = top[held] + share * (value - top[held])

        def loss(rest: Array, at: float = at) -> float:
            coefficients = np.empty(design.shape[1])
            coefficients[held], coefficients[others] = at, rest
            return -penalised(design, event, coefficients)

        if not others:
            least = loss(np.empty(0))
            continue
        found = minimize(loss, here, method="BFGS", options={"gtol": 1e-7})
        here, least = found.x, float(found.fun)
    return -least


@pytest.mark.slow
@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1), st.booleans(), st.sampled_from([0.9, 0.95]))
def test_limits_by_a_general_optimiser(seed: int, separated: bool, level: float) -> None:
    x, event = cohort(seed, separated)
    table = firth_table(x, event, level)
    design = np.column_stack([np.ones(len(x)), x])
    peak = penalised(design, event, table.coefficients)
    assert peak == pytest.approx(table.fit.log_likelihood, rel=1e-10)
    for j in range(design.shape[1]):
        for limit in (table.low[j], table.high[j]):
            drop = 2.0 * (peak - profile(design, event, j, limit, table.coefficients))
            # BFGS stops at a gradient of 1e-7 or, by its differences, at about 1e-5 of one
            assert drop == pytest.approx(float(chdtri(1, 1.0 - level)), rel=1e-5)
        statistic = 2.0 * (peak - profile(design, event, j, 0.0, table.coefficients))
        assert table.statistic[j] == pytest.approx(statistic, rel=1e-5, abs=1e-5)


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1), st.booleans())
def test_multiplicity_is_duplication(seed: int, separated: bool) -> None:
    x, event = cohort(seed, separated)
    times = np.random.default_rng(seed).integers(1, 4, len(event))
    short = firth_table(x, event, multiplicity=times)
    long = firth_table(np.repeat(x, times, axis=0), np.repeat(event, times))
    for ours, theirs in (
        (short.low, long.low),
        (short.high, long.high),
        (short.coefficients, long.coefficients),
    ):
        # limits are found to 1e-8 of a standard error
        np.testing.assert_allclose((ours - theirs) / long.std_error, 0.0, atol=1e-7)
    np.testing.assert_allclose(short.p_values, long.p_values, rtol=1e-7)
    columns = tuple(range(x.shape[1]))
    ours = penalised_likelihood_ratio_test(x, event, columns, multiplicity=times)
    theirs = penalised_likelihood_ratio_test(
        np.repeat(x, times, axis=0), np.repeat(event, times), columns
    )
    assert ours == pytest.approx(theirs, rel=1e-8)


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1))
def test_wider_level_wider_interval_and_units(seed: int) -> None:
    x, event = cohort(seed, False)
    inner = firth_profile_interval(x, event, 0, 0.8)
    outer = firth_profile_interval(x, event, 0, 0.95)
    assert outer[0] < inner[0] < inner[1] < outer[1]
    scaled = firth_profile_interval(x * 88.4, event, 0)
    # limits are found to 1e-8 of a standard error
    width = outer[1] - outer[0]
    assert scaled[0] * 88.4 == pytest.approx(outer[0], abs=1e-7 * width)
    assert scaled[1] * 88.4 == pytest.approx(outer[1], abs=1e-7 * width)


def test_origin_far_away() -> None:
    # a year or a time stamp: the intercept is extrapolated by many standard deviations
    rng = np.random.default_rng(2)
    x = rng.normal(size=(60, 2))
    event = (rng.random(60) < expit(x[:, 0])).astype(float)
    near, far = firth_table(x, event), firth_table(x + 1e5, event)
    # 1e5 standard deviations away, 11 of 16 digits are left
    np.testing.assert_allclose(near.low[1:], far.low[1:], rtol=1e-6)
    assert far.low[0] < far.coefficients[0] < far.high[0]
