"""The Cox fit maximises its likelihood, and does not mind units."""

from __future__ import annotations

import numpy as np
from hypothesis import given, strategies as st

from cartwheel.stats.cox import cox_coefficients, cox_fit, cox_log_likelihood
from cartwheel.stats.survival import SurvivalTimes, survival_times


def sample(seed: int, rounding: float) -> tuple[SurvivalTimes, np.ndarray]:
    """Eighty patients with tied times; small effects, so that a maximum exists."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(80, 3))
    time = np.ceil(rng.exponential(np.exp(-0.4 * x[:, 0])) / rounding)
    return survival_times(time, rng.random(80) < 0.7), x


seeds = st.integers(0, 10_000)
roundings = st.sampled_from((0.01, 0.2, 1.0))


@given(seeds, roundings, st.sampled_from(("efron", "breslow")))
def test_the_estimate_is_the_maximum(seed: int, rounding: float, ties: str) -> None:
    times, x = sample(seed, rounding)
    fit = cox_fit(times, x, ties=ties)
    best = cox_log_likelihood(times, x @ fit.coefficients, ties=ties)
    np.testing.assert_allclose(best, fit.log_likelihood, rtol=1e-12)
    for column in range(3):
        for step in (-1e-3, 1e-3):
            moved = fit.coefficients.copy()
            moved[column] += step * fit.std_error[column]
            assert cox_log_likelihood(times, x @ moved, ties=ties) < best


@given(seeds, roundings)
def test_the_covariance_is_the_inverse_curvature(seed: int, rounding: float) -> None:
    times, x = sample(seed, rounding)
    fit = cox_fit(times, x)
    h = 1e-4

    def likelihood(shift: np.ndarray) -> float:
        return cox_log_likelihood(times, x @ (fit.coefficients + shift))

    unit = np.eye(3) * h
    curvature = np.array(
        [
            [
                likelihood(a + b) - likelihood(a - b) - likelihood(b - a) + likelihood(-a - b)
                for b in unit
            ]
            for a in unit
        ]
    ) / (4 * h * h)
    # second differences: truncation h^2, rounding of a likelihood of 200 over h^2
    np.testing.assert_allclose(-curvature @ fit.covariance, np.eye(3), atol=1e-3)


@given(seeds, st.floats(0.001, 1000.0), st.floats(-100.0, 100.0))
def test_units_and_origin_of_a_column(seed: int, unit: float, origin: float) -> None:
    times, x = sample(seed, 0.2)
    plain, converged = cox_coefficients(times, x)
    scaled, also = cox_coefficients(times, x * unit + origin)
    assert converged
    assert also
    # an origin 100 away from a spread of 0.001 costs five of fifteen digits
    np.testing.assert_allclose(scaled * unit, plain, rtol=1e-7, atol=1e-8)


@given(seeds, roundings)
def test_the_fast_path_is_the_fit(seed: int, rounding: float) -> None:
    times, x = sample(seed, rounding)
    counts = np.random.default_rng(seed).multinomial(80, np.full(80, 1 / 80))
    fit = cox_fit(times, x, multiplicity=counts)
    coefficients, converged = cox_coefficients(times, x, counts)
    assert converged
    np.testing.assert_allclose(coefficients, fit.coefficients, rtol=0, atol=1e-9)
    one, _ = cox_coefficients(times, x[:, 0], counts)
    np.testing.assert_allclose(one, cox_coefficients(times, x[:, :1], counts)[0], rtol=0)
