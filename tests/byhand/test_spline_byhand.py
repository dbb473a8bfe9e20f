"""Knots and spline terms that can be done on paper."""

from __future__ import annotations

import numpy as np
import pytest

from cartwheel.errors import NotEstimable
from cartwheel.stats.spline import restricted_cubic_spline, sample_quantiles, spline_knots


def test_knots_of_eleven_numbers() -> None:
    # type 7 of 1..11: quantile p is 1 + 10 p
    np.testing.assert_allclose(spline_knots(np.arange(1.0, 12.0), 3), [2, 6, 10], rtol=1e-14)
    np.testing.assert_allclose(
        spline_knots(np.arange(11.0, 0.0, -1.0), 5), [1.5, 3.75, 6, 8.25, 10.5], rtol=1e-14
    )


def test_knots_of_repeated_numbers() -> None:
    values, times = np.array([3.0, 1.0, 9.0, 2.0, 5.0]), np.array([2, 0, 1, 4, 3])
    long = np.repeat(values, times)
    p = np.linspace(0, 1, 23)
    np.testing.assert_array_equal(sample_quantiles(values, p, times), sample_quantiles(long, p))
    np.testing.assert_array_equal(spline_knots(values, 3, times), spline_knots(long, 3))


def test_term_on_paper() -> None:
    # knots 0, 1, 2 at x = 3: (27 - 2 * 8 + 1 * 1) / 4; at x = 0.5: 0.125 / 4
    basis = restricted_cubic_spline([3.0, 0.5, -1.0], [0.0, 1.0, 2.0])
    np.testing.assert_allclose(basis, [[3.0, 3.0], [0.5, 0.03125], [-1.0, 0.0]], rtol=1e-14)


def test_linear_beyond_the_last_knot() -> None:
    basis = restricted_cubic_spline(np.arange(10.0, 20.0), [1.0, 2.0, 4.0, 7.0, 9.0])
    # second differences of a line are 0; the cubes reach 1e3, so 1e-12 is rounding
    np.testing.assert_allclose(np.diff(basis, 2, axis=0), 0.0, atol=1e-12)


def test_knots_that_coincide_are_merged() -> None:
    values = np.repeat([0.0, 1.0, 2.0, 3.0], [30, 30, 30, 10])
    # quantiles .05 .35 .65 .95 fall on 0, 1, 2, 3; those of 5 knots on 0, 0, 1, 2, 3
    np.testing.assert_array_equal(spline_knots(values, 4), [0, 1, 2, 3])
    np.testing.assert_array_equal(spline_knots(values, 5), [0, 1, 2, 3])


def test_missing_stays_missing() -> None:
    basis = restricted_cubic_spline([np.nan, 1.0], [0.0, 1.0, 2.0])
    assert np.isnan(basis[0]).all()
    assert np.isfinite(basis[1]).all()


def test_refusals() -> None:
    values = np.arange(20.0)
    for call in (
        lambda: spline_knots(values, 2),
        lambda: spline_knots(np.repeat([0.0, 1.0], [5, 15]), 3),
        lambda: spline_knots(np.append(values, [np.inf, -np.inf]), 3),
        lambda: spline_knots(np.append(values, np.nan), 3),
        lambda: spline_knots(values, 3, np.zeros(20)),
        lambda: spline_knots([], 3),
        lambda: restricted_cubic_spline(values, [1.0, 2.0]),
        lambda: restricted_cubic_spline(values, [1.0, 2.0, 2.0]),
    ):
        with pytest.raises(NotEstimable):
            call()
