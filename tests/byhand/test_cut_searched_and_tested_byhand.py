"""The p-value of a cut searched on the ROC curve and tested by ranks: every permutation by hand."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from cartwheel.stats.cutpoint import permutation_p, sorted_marker

MARKER = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0])
EVENT = np.array([0.0, 0.0, 1.0, 0.0, 1.0, 1.0, 1.0])


def statistic(event: np.ndarray) -> float:
    """Largest Youden J over the six cuts (lowest of equal ones), then z squared at that cut."""
    n, best, chosen = len(event), -2.0, 0
    for k in range(1, n):
        j = (1 - event[:k]).sum() / (1 - event).sum() - event[:k].sum() / event.sum()
        if j > best + 1e-12:
            best, chosen = j, k
    centred = event - event.mean()
    variance = chosen * (n - chosen) / (n * (n - 1)) * (centred**2).sum()
    return float(centred[:chosen].sum() ** 2 / variance)


def exact_p() -> float:
    observed = statistic(EVENT)
    reached = [
        statistic(EVENT[list(order)]) >= observed - 1e-12 for order in permutations(range(7))
    ]
    return float(np.mean(reached))


def test_the_search_is_repeated_for_the_test() -> None:
    found = permutation_p(
        sorted_marker(MARKER),
        criterion="youden",
        min_fraction=0.0,
        seed=1,
        permutations=20_000,
        scores=EVENT,
        case_weight=EVENT,
        control_weight=1 - EVENT,
    )
    # all 5,040 orders are counted by hand; ours draws 20,000 of them at random
    assert found.p_value == pytest.approx(exact_p(), abs=4 * found.std_error)


def test_with_one_cut_to_look_at_nothing_is_added() -> None:
    marker = np.array([0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0])
    found = permutation_p(
        sorted_marker(marker),
        criterion="youden",
        min_fraction=0.0,
        seed=2,
        permutations=20_000,
        scores=EVENT,
        case_weight=EVENT,
        control_weight=1 - EVENT,
    )
    # hypergeometric: 1 of 4 events among the 3 lowest; as far from its mean 12/7 or further are
    # 0 (1/35), 1 (12/35) and 3 (4/35) events: 17 of the 35 ways to choose them
    assert found.p_value == pytest.approx(17 / 35, abs=4 * found.std_error)
