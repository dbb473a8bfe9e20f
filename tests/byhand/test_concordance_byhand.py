"""Harrell's C counted on paper."""

from __future__ import annotations

import math

import numpy as np
import pytest

from cartwheel.errors import NotEstimable
from cartwheel.stats.concordance import concordance, harrell_c, harrell_concordance
from cartwheel.stats.survival import survival_times


def test_every_kind_of_pair() -> None:
    # deaths at 1, 2, 2; censored at 2 and 3
    times = survival_times([1, 2, 2, 2, 3], [1, 1, 1, 0, 0])
    score = np.array([5.0, 3.0, 3.0, 3.0, 4.0])
    # the death at 1 beats all four; each death at 2 ties with the one censored at 2 and loses to 3
    found = harrell_concordance(times, score)
    assert (found.concordant, found.discordant, found.tied_score) == (4, 2, 2)
    assert (found.tied_time, found.tied_both) == (0, 1)
    assert found.c == pytest.approx(5 / 8, rel=1e-15)
    assert concordance(times, score) == pytest.approx(5 / 8, rel=1e-15)
    assert (found.n, found.events) == (5, 3)


def test_jackknife_error() -> None:
    # pairs: 1 before 2 (right), 1 before 3 (right), 2 before 3 (wrong): C = 2/3
    found = harrell_concordance(survival_times([1, 2, 3], [1, 1, 0]), [3.0, 1.0, 2.0])
    influence = np.array([2 - 2 * 2 / 3, 1 - 2 * 2 / 3, 1 - 2 * 2 / 3]) / 3
    assert found.c == pytest.approx(2 / 3, rel=1e-15)
    assert found.std_error == pytest.approx(np.sqrt((influence**2).sum()), rel=1e-14)


def test_interval_stays_in_range() -> None:
    estimate = harrell_c(survival_times([1, 2, 3, 4], [1, 1, 1, 1]), [4.0, 2.0, 3.0, 1.0])
    assert estimate.value == pytest.approx(5 / 6, rel=1e-15)
    assert estimate.high == 1.0
    assert 0.0 <= estimate.low < 5 / 6


def test_nothing_to_compare() -> None:
    times = survival_times([1, 2], [0, 1])
    assert math.isnan(concordance(times, np.array([1.0, 2.0])))
    with pytest.raises(NotEstimable, match="no pair"):
        harrell_concordance(times, [1.0, 2.0])


@pytest.mark.parametrize("score", [[1.0], [1.0, np.nan], [1.0, np.inf]])
def test_scores_that_are_none(score: list[float]) -> None:
    with pytest.raises(NotEstimable, match="finite"):
        harrell_concordance(survival_times([1, 2], [1, 1]), score)


def test_level() -> None:
    with pytest.raises(NotEstimable, match="level"):
        harrell_c(survival_times([1, 2], [1, 1]), [2.0, 1.0], level=1.0)


@pytest.mark.slow
def test_a_million_patients_do_not_overflow() -> None:
    n = 1_000_000
    times = survival_times(np.arange(n) + 1.0, np.ones(n, dtype=int))
    found = harrell_concordance(times, -np.arange(n, dtype=float))
    assert found.concordant == n * (n - 1) // 2
    assert found.c == 1.0
