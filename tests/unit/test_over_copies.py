"""Several completed copies shown as one: counts that sum, intervals that agree where copies do."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy.stats import norm, t

from cartwheel.development.account.over_copies import (
    average_curve,
    median_of,
    median_or_none,
    patients_and_events,
    pooled_estimate,
    pooled_proportion,
    whole_counts,
)
from cartwheel.development.model.pooled import middle
from cartwheel.development.model.target import SurvivalTarget
from cartwheel.stats.descriptive import wilson_interval
from cartwheel.stats.survival import kaplan_meier, survival_times

cells = st.lists(st.lists(st.integers(0, 3), min_size=30, max_size=30), min_size=1, max_size=6)


@given(places=cells, seed=st.integers(0, 9))
def test_average_counts_sum_to_the_cohort(places: list[list[int]], seed: int) -> None:
    place = np.array(places)
    event = np.random.default_rng(seed).integers(0, 2, 30).astype(float)
    counted = patients_and_events([place == group for group in range(4)], event)
    assert sum(n for n, _ in counted) == 30
    assert sum(events for _, events in counted) == event.sum()
    for group, (n, events) in enumerate(counted):
        assert 0 <= events <= n
        assert abs(n - (place == group).sum() / len(place)) < 1
    if len(place) == 1:
        exact = [(int((place == g).sum()), int(((place == g) * event).sum())) for g in range(4)]
        assert counted == exact


def test_the_largest_remainders_are_rounded_up() -> None:
    assert whole_counts([2.5, 3.2, 4.3], 10) == (3, 3, 4)
    assert whole_counts([0.6, 0.4], 1) == (1, 0)
    # the first may not grow: nobody is in it
    assert whole_counts([0.6, 0.4], 1, limits=[0, 1]) == (0, 1)
    assert whole_counts([1.0 / 3.0 * 3.0, 2.0], 3) == (1, 2)


def test_medians() -> None:
    assert median_of([0.3, 0.1, 0.2]) == 0.2
    assert median_of([0.1, 0.1, 0.3, 0.3]) == pytest.approx(0.2, rel=1e-15)  # halves of a sum
    assert median_or_none([0.1, None]) is None
    places = np.array([[1.0, np.nan], [3.0, np.nan], [2.0, np.nan]])
    np.testing.assert_array_equal(middle(places), [2.0, np.nan])
    # exactly the number where all agree, though its half times two might not be
    assert middle(np.full((4, 1), 5e-324))[0] == 5e-324


def test_a_proportion_whose_copies_agree_is_wilsons() -> None:
    found = pooled_proportion(np.full(3, 7.0), np.full(3, 20.0), 0.95, (20, 7))
    low, high = wilson_interval(7, 20, 0.95)
    assert (found.value, found.low, found.high) == (0.35, low, high)
    none = pooled_proportion(np.zeros(3), np.array([4.0, 5.0, 6.0]), 0.95, (5, 0))
    assert none.value == none.low == 0.0
    assert none.high is not None


def test_a_proportion_over_copies_by_hand() -> None:
    # Lott and Reiter: the score equation |p - q| <= t sqrt(p (1 - p) (1 + r) / n), solved for p
    hits, n = np.array([6.0, 8.0, 9.0]), 20.0
    shares = hits / n
    within = float((shares * (1 - shares) / n).mean())
    rise = float((1 + 1 / 3) * shares.var(ddof=1)) / within
    found = pooled_proportion(hits, np.full(3, n), 0.9, (20, 8))
    quantile = t.ppf(0.95, 2 * (1 + 1 / rise) ** 2)
    for limit in (found.low, found.high):
        assert limit is not None
        spread = quantile * np.sqrt(limit * (1 - limit) * (1 + rise) / n)
        # the limits solve a quadratic in another form: a few digits are lost
        assert abs(limit - shares.mean()) == pytest.approx(spread, rel=1e-9)


def test_an_estimate_over_copies_by_hand() -> None:
    found = pooled_estimate([(0.6, 0.05), (0.7, 0.05)], 0.95, "AUC", (50, 20), inside=(0.0, 1.0))
    total = 0.05**2 + 1.5 * 0.005
    df = (0.0075 / total) ** -2
    half = t.ppf(0.975, df) * np.sqrt(total)
    assert found.value == pytest.approx(0.65, rel=1e-12)
    assert found.high is not None
    assert found.low == pytest.approx(0.65 - half, rel=1e-9)  # scipy's quantile, iterated
    assert found.high == min(found.high, 1.0)
    bare = pooled_estimate([(0.6, None), (0.7, 0.1)], 0.95, "AUC", (50, 20))
    assert (bare.value, bare.low) == (pytest.approx(0.65), None)


def test_curves_of_equal_copies_are_kaplan_meiers() -> None:
    draw = np.random.default_rng(1)
    time = np.round(draw.exponential(10, 60), 1) + 0.1
    target = SurvivalTarget(survival_times(time, draw.integers(0, 2, 60)), 5.0)
    mask = draw.random(60) < 0.5
    plain = kaplan_meier(survival_times(time[mask], target.times.event[mask]), level=0.95)
    curve = average_curve(target, np.stack([mask] * 4), 0.95, (int(mask.sum()), plain.events))
    np.testing.assert_allclose(curve.survival, plain.survival, rtol=1e-14)
    np.testing.assert_array_equal(curve.n_risk, plain.n_risk)
    # with no variance between copies only the t quantile of very many degrees is left
    np.testing.assert_allclose(curve.low, plain.low, rtol=1e-6)
    np.testing.assert_allclose(curve.high, plain.high, rtol=1e-6)
    assert curve.at(5.0).value == pytest.approx(plain.at(5.0).value, rel=1e-14)


def test_the_average_of_two_curves_by_hand() -> None:
    target = SurvivalTarget(survival_times([1.0, 2.0, 3.0, 4.0], [1, 1, 1, 0]), 2.0)
    masks = np.array([[True, True, False, True], [True, False, True, True]])
    curve = average_curve(target, masks, 0.95, (3, 2))
    # first copy: 2/3 at 1, 1/3 at 2; second: 2/3 at 1, 1/3 at 3
    np.testing.assert_array_equal(curve.time, [1.0, 2.0, 3.0, 4.0])
    np.testing.assert_allclose(curve.survival, [2 / 3, 1 / 2, 1 / 3, 1 / 3], rtol=1e-14)
    # at 2: Greenwood 1/6 + 1/2 and 1/6; between, 3/2 of the variance of S over S squared
    within = (1 / 6 + 1 / 2 + 1 / 6) / 2
    between = 1.5 * np.var([1 / 3, 2 / 3], ddof=1) / 0.25
    df = ((within + between) / between) ** 2
    low = 0.5 * np.exp(-t.ppf(0.975, df) * np.sqrt(within + between))
    assert curve.low[1] == pytest.approx(low, rel=1e-9)  # scipy's quantile, iterated
    assert norm.ppf(0.975) < t.ppf(0.975, df)
