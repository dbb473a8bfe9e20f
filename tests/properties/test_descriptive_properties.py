"""What must hold of quantiles and intervals for any numbers."""

from __future__ import annotations

import numpy as np
from hypothesis import assume, given, settings, strategies as st

from cartwheel.stats.descriptive import exact_interval, quantiles, wilson_interval

ROWS = st.lists(
    st.tuples(st.floats(-1e6, 1e6, allow_subnormal=False), st.integers(0, 4)),
    min_size=1,
    max_size=30,
)
PROBABILITIES = st.lists(st.floats(0.0, 1.0, allow_subnormal=False), min_size=1, max_size=5)


@settings(deadline=None)
@given(ROWS, PROBABILITIES)
def test_multiplicity_is_repetition(rows, probabilities):
    x, times = (np.array(column) for column in zip(*rows, strict=True))
    assume(times.any())
    repeated = np.repeat(x, times)
    ours = quantiles(x, probabilities, times)
    assert np.array_equal(ours, quantiles(repeated, probabilities))
    # numpy interpolates from the other end where that is nearer
    np.testing.assert_allclose(ours, np.quantile(repeated, probabilities), rtol=1e-12, atol=1e-9)


@settings(deadline=None)
@given(st.integers(1, 200), st.floats(0.0, 1.0), st.floats(0.5, 0.999))
def test_intervals_hold_the_proportion(n, share, level):
    count = round(share * n)
    for interval in (wilson_interval, exact_interval):
        low, high = interval(count, n, level)
        assert 0.0 <= low <= count / n <= high <= 1.0
        other_low, other_high = interval(n - count, n, level)
        np.testing.assert_allclose([1 - other_high, 1 - other_low], [low, high], atol=1e-12)
