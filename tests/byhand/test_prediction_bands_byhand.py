"""Patients of like prediction, and what resamples predict for them, worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from cartwheel.errors import NotEstimable
from cartwheel.stats.instability import Instability, PredictionBand, prediction_bands


def predicted(values: list[float], resampled: list[list[float]] | None = None) -> Instability:
    rows = [values] if resampled is None else resampled
    return Instability(np.array(values), np.array(rows), len(rows), ())


def sizes(found: Instability, **said: int) -> list[int]:
    return [band.n for band in prediction_bands(found, **said)]


def test_one_band_a_prediction_and_its_percentiles() -> None:
    found = predicted([0.2, 0.2, 0.6, 0.6], [[0.1, 0.2, 0.5, 0.9], [0.3, 0.4, 0.7, 0.9]])
    low, high = prediction_bands(found, smallest=2, level=0.5)
    # type 7 of 0.1, 0.2, 0.3, 0.4: a quarter of the three steps from the lowest is 0.175
    assert low == PredictionBand(0.2, 2, *map(pytest.approx, (0.175, 0.25, 0.325)))
    assert high == PredictionBand(0.6, 2, *map(pytest.approx, (0.65, 0.8, 0.9)))


def test_the_distance_is_the_mean_of_what_patients_move() -> None:
    found = predicted([0.2, 0.6], [[0.1, 0.6], [0.4, 0.2]])
    # (0.1 + 0) / 2 and (0.2 + 0.4) / 2
    np.testing.assert_allclose(found.differences(), [0.05, 0.3])
    assert found.differences().mean() == pytest.approx(found.mean_absolute_error().mean())
    assert not found.differences().flags.writeable


def test_few_patients_join_their_neighbours() -> None:
    values = [0.1] * 3 + [0.2] * 2 + [0.3] * 7 + [0.4] * 4 + [0.5]
    assert sizes(predicted(values)) == [5, 7, 5]
    # a short end joins the band before it
    assert sizes(predicted(values), smallest=6) == [17]
    assert sizes(predicted(values), smallest=1) == [3, 2, 7, 4, 1]
    assert sizes(predicted(values), smallest=18) == []


def test_many_different_predictions_make_tenths() -> None:
    values = [float(value) for value in np.linspace(0.01, 0.9, 100)]
    assert sizes(predicted(values)) == [10] * 10
    assert sizes(predicted(values), most=100) == [5] * 20


def test_order_of_patients_and_last_bits_do_not_part_them() -> None:
    values = [0.3, 0.1, 0.3 + 1e-16, 0.1, 0.3, 0.1 - 1e-17]
    bands = prediction_bands(predicted(values), smallest=3)
    assert [(round(band.predicted, 9), band.n) for band in bands] == [(0.1, 3), (0.3, 3)]


@pytest.mark.parametrize("said", [{"smallest": 0}, {"level": 1.0}])
def test_what_makes_no_band_is_refused(said: dict[str, float]) -> None:
    with pytest.raises(NotEstimable):
        prediction_bands(predicted([0.1, 0.2]), **said)  # type: ignore[arg-type]
    with pytest.raises(NotEstimable):
        prediction_bands(Instability(np.array([0.1]), np.empty((0, 1)), 3, ()))
