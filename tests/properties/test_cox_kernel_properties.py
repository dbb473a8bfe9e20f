"""The kernel of plain samples finds what the general one finds, which takes none of its turns."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st

from cartwheel.errors import NotEstimable
from cartwheel.stats.cox import cox_coefficients, cox_fit
from cartwheel.stats.cox_general import cox_regression
from cartwheel.stats.risk_sets import risk_sets
from cartwheel.stats.survival import SurvivalTimes, survival_times

# both kernels climb to rounding; what is left is their order of summation
SAME = 1e-10

seeds = st.integers(0, 10_000)
columns = st.integers(1, 7)
roundings = st.sampled_from((0.01, 0.2, 1.0))
methods = st.sampled_from(("efron", "breslow"))


def sample(seed: int, p: int, rounding: float) -> tuple[SurvivalTimes, np.ndarray, np.ndarray]:
    """Ninety patients, tied times, the first ones censored, and how often each counts."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(90, p))
    time = np.ceil(rng.exponential(np.exp(-0.4 * x[:, 0])) / rounding)
    event = rng.random(90) < 0.7
    event[time == time.min()] = False
    counts = rng.multinomial(90, np.full(90, 1 / 90))
    return survival_times(time, event), x, counts


@given(seeds, columns, roundings, methods)
def test_it_is_the_general_fit(seed: int, p: int, rounding: float, ties: str) -> None:
    times, x, _ = sample(seed, p, rounding)
    ours = cox_fit(times, x, ties=ties)
    general = cox_regression(risk_sets(times.time, times.event), x, ties=ties)
    np.testing.assert_allclose(ours.coefficients, general.coefficients, rtol=SAME, atol=SAME)
    np.testing.assert_allclose(ours.covariance, general.covariance, rtol=SAME, atol=1e-12)
    np.testing.assert_allclose(ours.std_error, general.std_error, rtol=SAME)
    assert ours.log_likelihood == pytest.approx(general.log_likelihood, rel=SAME)
    assert ours.log_likelihood_null == pytest.approx(general.log_likelihood_null, rel=SAME)
    assert ours.score_statistic == pytest.approx(general.score_statistic, rel=1e-8)
    assert ours.wald_statistic == pytest.approx(general.wald_statistic, rel=1e-8)


@given(seeds, columns, roundings, methods)
def test_counts_are_copies(seed: int, p: int, rounding: float, ties: str) -> None:
    times, x, counts = sample(seed, p, rounding)
    rows = np.repeat(np.arange(90), counts)
    counted = cox_fit(times, x, multiplicity=counts, ties=ties)
    copied = cox_fit(survival_times(times.time[rows], times.event[rows]), x[rows], ties=ties)
    np.testing.assert_allclose(counted.coefficients, copied.coefficients, rtol=SAME, atol=SAME)
    np.testing.assert_allclose(counted.covariance, copied.covariance, rtol=SAME, atol=1e-12)
    assert counted.log_likelihood == pytest.approx(copied.log_likelihood, rel=SAME)
    assert (counted.n, counted.events) == (copied.n, copied.events)


@given(seeds, columns, roundings, st.floats(-3.0, 3.0))
def test_a_start_saves_steps_and_moves_nothing(
    seed: int, p: int, rounding: float, away: float
) -> None:
    times, x, counts = sample(seed, p, rounding)
    plain, converged = cox_coefficients(times, x, counts)
    started, also = cox_coefficients(times, x, counts, plain + away)
    assert converged
    assert also
    # both stop within 1e-10 standard errors, of which the smallest effects here are one
    np.testing.assert_allclose(started, plain, rtol=0, atol=1e-9)


def test_a_start_that_leads_nowhere_is_left_again() -> None:
    times, x, counts = sample(1, 3, 0.2)
    plain, _ = cox_coefficients(times, x, counts)
    for start in (1e6, -1e6, np.inf, np.nan):
        found, converged = cox_coefficients(times, x, counts, np.full(3, start))
        assert converged
        np.testing.assert_allclose(found, plain, rtol=0, atol=0)


def test_what_has_no_estimate_has_none_from_any_start() -> None:
    times = survival_times([1, 2, 3, 4, 5, 6], [1, 1, 0, 1, 1, 0])
    early = np.array([1.0, 1.0, 0.0, 0.0, 0.0, 0.0])
    for start in (0.0, 1.0, 50.0, 700.0):
        assert not cox_coefficients(times, early, None, np.full(1, start))[1]


def test_missing_values_of_absent_patients_are_refused_too() -> None:
    times, x, counts = sample(2, 3, 0.2)
    x[np.flatnonzero(counts == 0)[0], 1] = np.nan
    for options in ({}, {"multiplicity": counts}):
        with pytest.raises(NotEstimable) as refusal:
            cox_fit(times, x, **options)
        assert refusal.value.problems[0].code == "design_missing"


def test_a_constant_whose_mean_is_not_quite_itself_is_refused() -> None:
    # adding 0.1 up three hundred thousand times leaves a mean 1e-11 off
    rng = np.random.default_rng(3)
    n = 300_000
    times = survival_times(rng.exponential(size=n), rng.random(n) < 0.5)
    x = np.column_stack((rng.normal(size=n), np.full(n, 0.1)))
    with pytest.raises(NotEstimable) as refusal:
        cox_fit(times, x, names=["crp", "ferritin"])
    problem = refusal.value.problems[0]
    assert (problem.code, problem.where) == ("constant", "ferritin")
    assert not cox_coefficients(times, x)[1]


@pytest.mark.parametrize(("size", "code"), [(1e200, "vast"), (1e-160, "tiny"), (1e-305, "tiny")])
def test_columns_out_of_range_are_refused(size: float, code: str) -> None:
    times, x, _ = sample(4, 2, 0.2)
    with pytest.raises(NotEstimable) as refusal:
        cox_fit(times, x * size)
    assert refusal.value.problems[0].code == code


def test_columns_of_any_usual_size_are_fitted() -> None:
    times, x, _ = sample(4, 2, 0.2)
    plain = cox_fit(times, x)
    for size in (1e-70, 1e70):
        scaled = cox_fit(times, x * size)
        np.testing.assert_allclose(scaled.std_error * size, plain.std_error, rtol=SAME)
