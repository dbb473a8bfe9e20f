"""Do the intervals hold what they promise? Simulations, slow."""

from __future__ import annotations

import numpy as np
import pytest

from cartwheel.stats.competing import aalen_johansen, competing_times
from cartwheel.stats.fine_gray import fine_gray
from cartwheel.stats.gray import gray_test
from cartwheel.stats.integrated_brier import brier_with_error
from cartwheel.stats.time_dependent import time_dependent_auc
from cartwheel.stats.times import survival_times
from cartwheel.stats.uno import uno_concordance

RUNS, N = 1000, 200
# four binomial standard errors of 1000 runs around 95 %, and 1.5 % for n = 200
LEAST, MOST = 0.95 - 4 * 0.0069 - 0.015, 0.95 + 4 * 0.0069


def draw(rng: np.random.Generator, n: int, *, censored: bool):
    score = rng.normal(size=n)
    time = rng.exponential(size=n) * np.exp(-score)
    stop = rng.exponential(2.0, size=n) if censored else np.full(n, np.inf)
    return score, np.minimum(time, stop), time <= stop


@pytest.mark.slow
def test_coverage_of_concordance_auc_and_brier() -> None:
    horizon = 0.7
    rng = np.random.default_rng(11)
    score, time, event = draw(rng, 400_000, censored=False)
    large = survival_times(time, event)

    def risk(x: np.ndarray) -> np.ndarray:
        return -np.expm1(-horizon * np.exp(x))

    truth = (
        uno_concordance(large, score, horizon).c,
        time_dependent_auc(large, score, horizon).auc[0],
        brier_with_error(large, risk(score), horizon).value,
    )
    held = np.zeros(3)
    for _ in range(RUNS):
        score, time, event = draw(rng, N, censored=True)
        times = survival_times(time, event)
        estimates = (
            uno_concordance(times, score, horizon).estimate(),
            time_dependent_auc(times, score, horizon).estimate(),
            brier_with_error(times, risk(score), horizon).estimate(),
        )
        held += [e.low <= t <= e.high for e, t in zip(estimates, truth, strict=True)]
    assert (held / RUNS > LEAST).all(), held
    assert (held / RUNS < MOST).all(), held


@pytest.mark.slow
def test_competing_risks_hold_their_level() -> None:
    rng = np.random.default_rng(12)
    rejected, covered = np.zeros(2), np.zeros(2)
    for _ in range(RUNS):
        time = rng.exponential(size=N)
        cause = rng.integers(1, 3, size=N)
        stop = rng.exponential(1.5, size=N)
        sample = competing_times(np.minimum(time, stop), np.where(time <= stop, cause, 0))
        x = rng.normal(size=N)
        rejected += (
            fine_gray(sample, x).p_values[0] < 0.05,
            gray_test(sample, x > 0).p_value < 0.05,
        )
        for index, variance in enumerate(("jackknife", "aalen")):
            estimate = aalen_johansen(sample, variance=variance).at(0.7, 1)
            assert estimate.low is not None
            assert estimate.high is not None
            covered[index] += estimate.low <= (1 - np.exp(-0.7)) / 2 <= estimate.high
    assert (np.abs(rejected / RUNS - 0.05) < 4 * 0.0069 + 0.005).all(), rejected
    assert (covered / RUNS > LEAST).all(), covered
    assert (covered / RUNS < MOST).all(), covered
