"""The resampling engine: the same for any threads, failures counted, nothing learned outside."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from cartwheel.errors import NotEstimable, refuse
from cartwheel.stats.resample import bootstrap_optimism, resample_multiplicities

Floats = NDArray[np.float64]
VALUES = np.arange(30.0)


@dataclass(frozen=True)
class Mean:
    """Fit the mean of the sample; lose the distance from a sample's own mean."""

    fail_below: float = -1.0

    @property
    def measures(self) -> tuple[str, ...]:
        return ("loss", "sometimes")

    @property
    def traced(self) -> tuple[str, ...]:
        return ("mean",)

    def fit(self, multiplicity: Floats) -> float:
        mean = float(multiplicity @ VALUES / multiplicity.sum())
        if mean < self.fail_below:
            raise refuse(NotEstimable, "too_low", "the mean is too low")
        return mean

    def measure(self, model: float, multiplicity: Floats) -> Floats:
        own = float(multiplicity @ VALUES / multiplicity.sum())
        return np.array([abs(model - own), np.nan if model < 14 else 1.0])

    def trace(self, model: float) -> Floats:
        return np.array([model])


def run(resamples: int, threads: int = 1, fail_below: float = -1.0):  # type: ignore[no-untyped-def]
    return bootstrap_optimism(Mean(fail_below), n=30, resamples=resamples, seed=5, threads=threads)


@pytest.mark.parametrize("threads", [1, 2, 3, 8])
def test_the_same_for_any_number_of_threads(threads: int) -> None:
    one, many = run(101), run(101, threads)
    np.testing.assert_array_equal(one.training, many.training)
    np.testing.assert_array_equal(one.test, many.test)
    np.testing.assert_array_equal(one.trace, many.trace)


def test_training_loss_of_a_mean_is_nought_and_test_loss_is_its_distance() -> None:
    found = run(50)
    np.testing.assert_array_equal(found.training[:, 0], 0.0)
    np.testing.assert_allclose(found.test[:, 0], abs(found.trace[:, 0] - 14.5), rtol=1e-12)
    assert found.apparent[0] == 0.0
    np.testing.assert_allclose(found.optimism("loss"), -found.test[:, 0], rtol=1e-12)


def test_resamples_sum_to_the_cohort_and_a_longer_run_begins_with_the_shorter() -> None:
    draw, longer = resample_multiplicities(30, 5, 10), resample_multiplicities(30, 5, 40)
    for place in range(10):
        assert draw(place).sum() == 30
        np.testing.assert_array_equal(draw(place), longer(place))


def test_failures_are_counted_under_their_reason() -> None:
    found = run(60, fail_below=14.0)
    assert found.failed == dict(found.failures)["too_low"] > 0
    assert len(found.training) == 60 - found.failed
    assert found.trace.min() >= 14.0


def test_a_measure_that_does_not_exist_is_left_out_of_its_mean_only() -> None:
    found = run(60)
    assert len(found.optimism("loss")) == 60
    assert 0 < len(found.optimism("sometimes")) < 60


def test_no_resamples_and_none_that_can_be_used() -> None:
    found = run(0)
    assert found.training.shape == (0, 2)
    assert found.optimism("loss").shape == (0,)
    with pytest.raises(NotEstimable, match="too low"):
        run(3, fail_below=20.0)


def test_results_are_read_only() -> None:
    found = run(5)
    for array in (found.training, found.test, found.trace, found.apparent, found.choices):
        assert not array.flags.writeable
