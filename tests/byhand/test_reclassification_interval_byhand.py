"""Intervals of reclassification with censoring: what resamples must and must not do."""

from __future__ import annotations

import numpy as np
import pytest

from cartwheel.errors import NotEstimable, refuse
from cartwheel.stats.reclassification_interval import (
    PercentileBootstrap,
    reclassification_intervals,
)
from cartwheel.stats.reclassification_survival import (
    discrimination_improvement_survival,
    net_reclassification_survival,
)
from cartwheel.stats.resample import resample_multiplicities
from cartwheel.stats.times import survival_times

HORIZON = 6.0


def sample(seed: int = 1, n: int = 60):
    stream = np.random.default_rng(seed)
    times = survival_times(np.ceil(stream.exponential(8.0, n)), stream.random(n) < 0.6)
    return times, stream.random(n), stream.random(n)


def numbers(times, old, new, multiplicity=None) -> list[float]:
    found = []
    for cuts in (None, (0.3, 0.6)):
        for estimator in ("km", "ipw"):
            moved = net_reclassification_survival(
                times, old, new, HORIZON, cuts=cuts, estimator=estimator, multiplicity=multiplicity
            )
            found += [moved.nri_events, moved.nri_nonevents, moved.up_events, moved.down_nonevents]
    rise = discrimination_improvement_survival(times, old, new, HORIZON, multiplicity=multiplicity)
    return [*found, rise.idi, rise.higher, rise.median]


@pytest.mark.parametrize("seed", range(8))
def test_a_multiplicity_is_that_many_patients(seed: int) -> None:
    times, old, new = sample(seed)
    counts = resample_multiplicities(60, seed, 1)(0)
    rows = np.repeat(np.arange(60), counts.astype(int))
    copied = survival_times(times.time[rows], times.event[rows])
    ours = numbers(times, old, new, counts)
    # the same sums in another order
    np.testing.assert_allclose(ours, numbers(copied, old[rows], new[rows]), rtol=1e-10, atol=1e-14)
    once = numbers(times, old, new, np.ones(60))
    np.testing.assert_allclose(once, numbers(times, old, new), rtol=1e-12, atol=1e-15)


def test_limits_are_the_quantiles_of_the_resamples() -> None:
    times, old, new = sample()
    plan = PercentileBootstrap(seed=4, resamples=120, level=0.9)
    found = reclassification_intervals(times, (old, new), HORIZON, plan, estimator="ipw")
    draw = resample_multiplicities(60, 4, 120)
    idi, nri = [], []
    for index in range(120):
        m = draw(index)
        rise = discrimination_improvement_survival(times, old, new, HORIZON, multiplicity=m)
        moved = net_reclassification_survival(
            times, old, new, HORIZON, estimator="ipw", multiplicity=m
        )
        idi.append(rise.idi)
        nri.append(moved.nri)
    for estimate, values in ((found.idi, idi), (found.nri, nri)):
        low, high = np.quantile(values, [0.05, 0.95])
        assert (estimate.low, estimate.high) == pytest.approx((low, high), rel=1e-12)
        assert estimate.low < estimate.value < estimate.high
    assert "risks held fixed" in found.idi.method
    threaded = PercentileBootstrap(seed=4, resamples=120, level=0.9, threads=2)
    again = reclassification_intervals(times, (old, new), HORIZON, threaded, estimator="ipw")
    assert again == found


def test_failures_are_counted_and_too_many_refused() -> None:
    times, old, new = sample()
    seen = []

    def sometimes(multiplicity: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        seen.append(1)
        if len(seen) % 3 == 0:
            raise refuse(NotEstimable, "not_converged", "a model did not converge")
        return old, new

    plan = PercentileBootstrap(seed=1, resamples=150, threads=1)
    found = reclassification_intervals(times, sometimes, HORIZON, plan)
    assert found.failures == (("not_converged", 50),)
    assert "100 resamples, models refitted" in found.nri.method

    def mostly(multiplicity: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        if multiplicity.max() > 1.0 and multiplicity[0] != 2.0:
            raise refuse(NotEstimable, "not_converged", "a model did not converge")
        return old, new

    with pytest.raises(NotEstimable) as refusal:
        reclassification_intervals(times, mostly, HORIZON, plan)
    assert refusal.value.problems[0].code == "resamples_failed"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"bootstrap": PercentileBootstrap(seed=1, resamples=50)}, "resamples"),
        ({"bootstrap": PercentileBootstrap(seed=1, level=1.0)}, "level"),
        ({"horizon": 1e9}, "horizon_range"),
        ({"estimator": "other"}, "estimator_unknown"),
        ({"cuts": (0.5, 0.2)}, "cuts"),
        ({"risks": (np.full(60, 1.5), np.full(60, 0.5))}, "risk_range"),
        ({"risks": (np.full(60, np.nan), np.full(60, 0.5))}, "not_finite"),
    ],
)
def test_refusals(change: dict, code: str) -> None:
    times, old, new = sample()
    given = {
        "risks": (old, new),
        "horizon": HORIZON,
        "bootstrap": PercentileBootstrap(seed=1, resamples=100),
        **change,
    }
    with pytest.raises(NotEstimable) as refusal:
        reclassification_intervals(times, **given)
    assert refusal.value.problems[0].code == code
