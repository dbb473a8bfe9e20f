"""Quantiles, intervals and standardised differences worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from cartwheel.errors import NotEstimable
from cartwheel.stats.descriptive import (
    exact_interval,
    normal_quantile,
    quantiles,
    standardised_difference,
    standardised_difference_of_categories,
    wilson_interval,
)


def test_quantiles():
    assert quantiles([4, 1, 3, 2], [0.0, 0.25, 0.5, 1.0]).tolist() == [1.0, 1.75, 2.5, 4.0]
    # 1 thrice, 3 once: 1 1 1 3
    assert quantiles([3, 9, 1], [0.5, 1.0, 5 / 6], [1, 0, 3]).tolist() == [1.0, 3.0, 2.0]
    assert quantiles([5.0], [0.1, 0.9]).tolist() == [5.0, 5.0]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (([], [0.5]), "nobody"),
        (([1.0], [0.5], [0]), "nobody"),
        (([1.0, np.nan], [0.5]), "not_finite"),
        (([1.0, -np.inf], [0.5]), "not_finite"),
        (([1.0, 2.0], [1.5]), "probability"),
        (([1.0, 2.0], [np.nan]), "probability"),
    ],
)
def test_what_quantiles_refuse(arguments, code):
    with pytest.raises(NotEstimable) as refused:
        quantiles(*arguments)
    assert refused.value.problems[0].code == code


def test_wilson():
    square = normal_quantile(0.95) ** 2
    # at 0 of n the interval is 0 to z^2 / (n + z^2)
    assert wilson_interval(0, 10) == (0.0, pytest.approx(square / (10 + square), rel=1e-14))
    assert wilson_interval(10, 10) == (pytest.approx(10 / (10 + square), rel=1e-14), 1.0)
    low, high = wilson_interval(5, 10)
    assert low + high == pytest.approx(1.0, rel=1e-14)


def test_exact():
    # at 0 of n the upper limit solves (1 - p)^n = 0.025
    assert exact_interval(0, 10) == (0.0, pytest.approx(1 - 0.025**0.1, rel=1e-12))
    assert exact_interval(10, 10) == (pytest.approx(0.025**0.1, rel=1e-12), 1.0)


@pytest.mark.parametrize("interval", [wilson_interval, exact_interval])
@pytest.mark.parametrize(("count", "n", "level"), [(0, 0, 0.95), (3, 2, 0.95), (1, 2, 1.0)])
def test_what_intervals_refuse(interval, count, n, level):
    with pytest.raises(NotEstimable):
        interval(count, n, level)


def test_difference_of_a_number():
    # means 2 and 5, variances 1 and 1
    assert standardised_difference([1, 2, 3], [4, 5, 6]) == 3.0
    assert standardised_difference([4, 5, 6], [1, 2, 3]) == 3.0
    assert standardised_difference([1, 1], [1, 1]) == 0.0
    with pytest.raises(NotEstimable, match="do not vary"):
        standardised_difference([1, 1], [2, 2])
    with pytest.raises(NotEstimable, match="fewer than two"):
        standardised_difference([1], [2, 2])


def test_difference_of_a_category():
    # 1/4 against 3/4: 0.5 / sqrt(3/16)
    found = standardised_difference_of_categories([3, 1], [1, 3])
    assert found == pytest.approx(0.5 / math.sqrt(3 / 16), rel=1e-14)
    assert standardised_difference_of_categories([3, 1], [6, 2]) == 0.0
    # a level that occurs in neither group changes nothing
    assert standardised_difference_of_categories([3, 0, 1], [1, 0, 3]) == found
    for counts in (([1, 0], [0, 1]), ([0, 0], [1, 1]), ([1, 2], [1, 2, 3]), ([-1, 3], [1, 1])):
        with pytest.raises(NotEstimable):
            standardised_difference_of_categories(*counts)
