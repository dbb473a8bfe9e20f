"""Resamples are those of numpy's own streams, whatever their seed."""

from __future__ import annotations

import numpy as np
import pytest

from cartwheel.errors import NotEstimable
from cartwheel.stats.resample import resample_multiplicities

# one word, two, more than the pool of four, and the edges between
SEEDS = (0, 1, 20261121, 2**32 - 1, 2**32, 2**64 + 3, 2**127 + 7, 2**128, 2**200 + 11)
# two; no power of two; above 2**16; so many that numbers are drawn anew now and then
SIZES = (2, 3, 200, 65_537, 3_000_000)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_streams_are_those_of_numpy(seed: int) -> None:
    streams = np.random.SeedSequence(seed).spawn(300)
    for n in SIZES[:-1]:
        draw = resample_multiplicities(n, seed, 300)
        for index in (0, 1, 255, 299):
            rows = np.random.Generator(np.random.PCG64(streams[index])).integers(0, n, n)
            assert (draw(index) == np.bincount(rows, minlength=n)).all()


def test_numbers_drawn_anew_are_those_of_numpy() -> None:
    n = SIZES[-1]
    stream = np.random.SeedSequence(5).spawn(2)[1]
    rows = np.random.Generator(np.random.PCG64(stream)).integers(0, n, n)
    assert (resample_multiplicities(n, 5, 2)(1) == np.bincount(rows, minlength=n)).all()


def test_a_resample_has_as_many_as_there_are() -> None:
    assert resample_multiplicities(1, 3, 1)(0).tolist() == [1.0]
    assert resample_multiplicities(50, np.int64(3), 10)(9).sum() == 50.0


@pytest.mark.parametrize(("n", "seed", "resamples"), [(0, 1, 1), (5, -1, 1), (5, 1, 2**32)])
def test_what_cannot_be_drawn_is_refused(n: int, seed: int, resamples: int) -> None:
    with pytest.raises(NotEstimable) as refusal:
        resample_multiplicities(n, seed, resamples)
    assert refusal.value.problems[0].code == "resample_range"
