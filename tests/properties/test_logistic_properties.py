"""What must hold for any logistic regression."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import assume, given, strategies as st
from numpy.typing import NDArray
from scipy.special import expit

from cartwheel.stats.logistic import (
    likelihood_ratio_tests,
    logistic_coefficients,
    logistic_fast,
    logistic_fit,
)

Array = NDArray[np.float64]
# The two ways round give the same sums in another order: rounding, magnified by the condition
SAME = 1e-9
# Firth's fast fit stops at a last step of 1e-8 standard deviations of a column
SAME_FAST = 2e-7


@st.composite
def cohorts(draw: st.DrawFn) -> tuple[Array, Array, NDArray[np.int64]]:
    """x with ties, event, and a resample's multiplicities with both classes and every column."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n, p = draw(st.integers(25, 70)), draw(st.integers(1, 4))
    x = rng.normal(size=(n, p))
    x[:, 0] = np.round(x[:, 0])
    if p > 1:
        x[:, 1] = 5000.0 * np.exp(0.5 * x[:, 1])
    event = (rng.random(n) < expit(x[:, 0] - 0.3)).astype(float)
    times = np.bincount(rng.integers(0, n, n), minlength=n)
    present = times > 0
    assume(8 < event[present].sum() < present.sum() - 8)
    assume((np.ptp(x[present], axis=0) > 0).all())
    return np.ascontiguousarray(x), event, times


@given(cohorts())
def test_multiplicity_is_duplication(cohort: tuple[Array, Array, NDArray[np.int64]]) -> None:
    x, event, times = cohort
    long_x, long_event = np.repeat(x, times, axis=0), np.repeat(event, times)
    for firth in (False, True):
        short = logistic_fast(x, event, times, firth)
        long = logistic_fast(long_x, long_event, None, firth)
        assert short[2] == long[2]
        if short[2]:
            np.testing.assert_allclose(short[0], long[0], rtol=SAME_FAST, atol=SAME_FAST)
            assert short[1] == pytest.approx(long[1], rel=SAME)
        np.testing.assert_allclose(
            likelihood_ratio_tests(x, event, times, firth=firth),
            likelihood_ratio_tests(long_x, long_event, firth=firth),
            rtol=1e-8,
            atol=1e-8,
        )
    short_fit = logistic_fit(x, event, penalty="firth", multiplicity=times)
    long_fit = logistic_fit(long_x, long_event, penalty="firth")
    assert (short_fit.n, short_fit.events) == (long_fit.n, long_fit.events)
    np.testing.assert_allclose(short_fit.coefficients, long_fit.coefficients, rtol=SAME, atol=SAME)
    np.testing.assert_allclose(short_fit.std_error, long_fit.std_error, rtol=SAME)
    np.testing.assert_allclose(
        short_fit.std_error_augmented, long_fit.std_error_augmented, rtol=SAME
    )


def modified_score(x: Array, event: Array, coefficients: Array) -> tuple[Array, Array]:
    """Firth's score and the information, written out with dense algebra."""
    design = np.column_stack([np.ones(len(x)), x])
    p = expit(design @ coefficients)
    w = p * (1.0 - p)
    information = (design * w[:, None]).T @ design
    leverage = w * np.einsum("ij,jk,ik->i", design, np.linalg.inv(information), design)
    return design.T @ (event - p + leverage * (0.5 - p)), information


@given(cohorts())
def test_firth_is_where_its_score_is_zero(
    cohort: tuple[Array, Array, NDArray[np.int64]],
) -> None:
    x, event, _ = cohort
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    fit = logistic_fit(x, event, penalty="firth")
    score, information = modified_score(x, event, fit.coefficients)
    # a step of 1e-11 times information below 1e2, with room for the dense inverse
    np.testing.assert_allclose(score, 0.0, atol=1e-8)
    assert fit.max_score < 1e-8
    np.testing.assert_allclose(fit.covariance, np.linalg.inv(information), rtol=1e-8, atol=1e-9)


@given(cohorts())
def test_plain_covariance_is_that_at_the_maximum(
    cohort: tuple[Array, Array, NDArray[np.int64]],
) -> None:
    x, event, _ = cohort
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    assume(logistic_coefficients(x, event)[1])
    fit = logistic_fit(x, event)
    _, information = modified_score(x, event, fit.coefficients)
    covariance = np.linalg.inv(information)
    # near separation the information is nearly singular: relative to the standard errors
    scale = np.outer(fit.std_error, fit.std_error)
    np.testing.assert_allclose(fit.covariance / scale, covariance / scale, atol=1e-7)
    np.testing.assert_array_equal(fit.covariance_augmented, fit.covariance)


@given(cohorts(), st.floats(0.001, 1000.0), st.floats(-50.0, 50.0))
def test_units_and_origin_do_not_matter(
    cohort: tuple[Array, Array, NDArray[np.int64]], factor: float, shift: float
) -> None:
    x, event, _ = cohort
    fit = logistic_fit(x, event, penalty="firth")
    moved = logistic_fit(factor * x + shift, event, penalty="firth")
    np.testing.assert_allclose(
        moved.coefficients[1:] * factor, fit.coefficients[1:], rtol=1e-8, atol=SAME
    )
    np.testing.assert_allclose(moved.risk(factor * x + shift), fit.risk(x), rtol=1e-7)


@given(cohorts())
def test_order_and_coding(cohort: tuple[Array, Array, NDArray[np.int64]]) -> None:
    x, event, _ = cohort
    order = np.random.default_rng(0).permutation(len(event))
    fit = logistic_fit(x, event, penalty="firth")
    shuffled = logistic_fit(x[order], event[order], penalty="firth")
    flipped = logistic_fit(x, 1.0 - event, penalty="firth")
    scale = fit.std_error
    np.testing.assert_allclose((shuffled.coefficients - fit.coefficients) / scale, 0.0, atol=SAME)
    np.testing.assert_allclose((flipped.coefficients + fit.coefficients) / scale, 0.0, atol=SAME)
    assert flipped.log_likelihood == pytest.approx(fit.log_likelihood, rel=SAME)


@given(cohorts(), st.booleans())
def test_ratio_tests_are_differences_of_fits(
    cohort: tuple[Array, Array, NDArray[np.int64]], firth: bool
) -> None:
    x, event, times = cohort
    groups = [(j,) for j in range(x.shape[1])] + [tuple(range(x.shape[1]))]
    tests = likelihood_ratio_tests(x, event, times, firth=firth, groups=groups)
    for group, statistic in zip(groups, tests, strict=True):
        part = np.ascontiguousarray(x[:, group])
        held = tuple(range(len(group)))
        full = logistic_fast(part, event, times, firth)[1]
        null = logistic_fast(part, event, times, firth, held)[1]
        # stopped at steps of 1e-6, which the likelihood feels by their square
        assert statistic == pytest.approx(2.0 * (full - null), rel=1e-8, abs=1e-8)
    np.testing.assert_array_equal(
        likelihood_ratio_tests(x, event, times, firth=firth), tests[: x.shape[1]]
    )


@given(cohorts())
def test_firth_is_finite_under_separation(
    cohort: tuple[Array, Array, NDArray[np.int64]],
) -> None:
    x, event, _ = cohort
    separated = np.column_stack([x, event])
    coefficients, converged = logistic_coefficients(separated, event, firth=True)
    assert converged
    assert np.isfinite(coefficients).all()
    assert not logistic_coefficients(separated, event)[1]


def test_many_threads_at_once() -> None:
    rng = np.random.default_rng(5)
    x = rng.normal(size=(120, 5))
    event = (rng.random(120) < expit(x[:, 0])).astype(float)
    resamples = [np.bincount(rng.integers(0, 120, 120), minlength=120) for _ in range(200)]

    def fit(times: NDArray[np.int64]) -> tuple[float, ...]:
        return tuple(logistic_coefficients(x, event, times, firth=True)[0])

    alone = [fit(times) for times in resamples]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(fit, resamples))
    assert together == alone
