"""What must hold for knots and spline terms."""

from __future__ import annotations

import numpy as np
from hypothesis import given, strategies as st

from cartwheel.errors import NotEstimable
from cartwheel.stats.spline import restricted_cubic_spline, sample_quantiles, spline_knots


@given(st.integers(0, 2**32 - 1), st.booleans(), st.sampled_from([3, 4, 5]))
def test_multiplicity_is_duplication(seed: int, tied: bool, count: int) -> None:
    rng = np.random.default_rng(seed)
    x = rng.lognormal(size=60)
    if tied:
        x = np.round(x, 1)
    times = np.bincount(rng.integers(0, 60, 60), minlength=60)
    probabilities = rng.random(9)
    long = np.repeat(x, times)
    np.testing.assert_array_equal(
        sample_quantiles(x, probabilities, times), sample_quantiles(long, probabilities)
    )
    try:
        expected = spline_knots(long, count)
    except NotEstimable:
        expected = np.empty(0)
    try:
        found = spline_knots(x, count, times.astype(float))
    except NotEstimable:
        found = np.empty(0)
    np.testing.assert_array_equal(found, expected)


@given(st.integers(0, 2**32 - 1))
def test_quantiles_are_numpys_linear_ones(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, probabilities = rng.normal(size=int(rng.integers(1, 50))), rng.random(7)
    # the same interpolation written in another way
    np.testing.assert_allclose(
        sample_quantiles(x, probabilities), np.quantile(x, probabilities), rtol=1e-12, atol=1e-14
    )


@given(st.integers(0, 2**32 - 1), st.sampled_from([3, 4, 5]), st.floats(0.01, 100.0))
def test_basis_scales_with_its_unit(seed: int, count: int, factor: float) -> None:
    x = np.random.default_rng(seed).normal(size=50)
    basis = restricted_cubic_spline(x, spline_knots(x, count))
    scaled = restricted_cubic_spline(factor * x, spline_knots(factor * x, count))
    # every term is in the unit of x; cubes cancel, so absolute in that unit
    np.testing.assert_allclose(scaled, factor * basis, rtol=1e-9, atol=1e-11 * factor)
    assert basis.shape == (50, count - 1)
    np.testing.assert_array_equal(basis[:, 0], x)
