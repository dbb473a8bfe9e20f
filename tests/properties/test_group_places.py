"""Groups formed again in a resample are those of its patients, each as often as it counts."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings, strategies as st
from numpy.typing import NDArray

from cartwheel.development.account.groups import (
    band_groups,
    band_places,
    default_groups,
    index_groups,
    index_places,
)

NAMES = ("low", "middle", "upper", "high")


@st.composite
def samples(draw: st.DrawFn) -> tuple[NDArray[np.float64], NDArray[np.float64], int]:
    n = draw(st.integers(1, 40))
    copies = draw(st.integers(1, 3))
    totals = draw(
        st.lists(st.integers(-3, 9), min_size=n * copies, max_size=n * copies).map(np.array)
    )
    counts = draw(st.lists(st.integers(0, 4), min_size=n, max_size=n).filter(any))
    return totals.reshape(copies, n).astype(float), np.array(counts, float), len(counts)


@settings(deadline=None)
@given(samples(), st.integers(1, 4))
def test_bands_of_multiplicities_are_those_of_repeated_rows(
    sample: tuple[NDArray[np.float64], NDArray[np.float64], int], bands: int
) -> None:
    totals, counts, _ = sample
    names = NAMES[: bands - 1] + NAMES[-1:]
    repeated = np.repeat(totals, counts.astype(int), axis=1)
    places = band_places(totals, counts, repeated, names)
    for group in band_groups(repeated, names):
        np.testing.assert_array_equal(places == names.index(group.name), group.mask)


@settings(deadline=None)
@given(samples())
def test_totals_beyond_the_sample_are_in_the_band_at_that_end(
    sample: tuple[NDArray[np.float64], NDArray[np.float64], int],
) -> None:
    totals, counts, _ = sample
    held = totals[:, counts > 0]
    ends = np.array([held.min(), held.max()])
    beyond = band_places(totals, counts, ends + np.array([-5, 5]), NAMES)
    np.testing.assert_array_equal(beyond, band_places(totals, counts, ends, NAMES))


@settings(deadline=None)
@given(st.lists(st.integers(0, 4), min_size=1, max_size=30), st.booleans())
def test_places_of_an_index_are_its_groups(totals: list[int], planned: bool) -> None:
    named = [("some", (0, 2)), ("others", (1, 3, 4))] if planned else None
    places = index_places(np.array(totals, float), 4, named)
    names = [name for name, _ in named or default_groups(4)]
    for group in index_groups(np.array(totals, float), 4, named):
        np.testing.assert_array_equal(places == names.index(group.name), group.mask)
    partly = index_places(np.array([0.0, 3.0]), 3, [("none", (0,))])
    np.testing.assert_array_equal(partly, [0, -1])
