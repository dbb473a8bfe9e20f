"""Profile penalised likelihood where it can be written down."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import chdtri, expit

from cartwheel.errors import NotEstimable
from cartwheel.stats.firth import (
    firth_profile_interval,
    firth_table,
    penalised_likelihood_ratio_test,
)


def one_proportion(events: int, others: int, b: float) -> float:
    """Penalised log-likelihood of an intercept: half an event more on each side."""
    p = expit(b)
    return (events + 0.5) * math.log(p) + (others + 0.5) * math.log(1.0 - p)


@pytest.mark.parametrize(("events", "others"), [(7, 33), (1, 60), (20, 20)])
@pytest.mark.parametrize("level", [0.8, 0.95, 0.99])
def test_interval_of_one_proportion(events: int, others: int, level: float) -> None:
    event = np.repeat([1.0, 0.0], [events, others])
    top = math.log((events + 0.5) / (others + 0.5))
    drop = float(chdtri(1, 1.0 - level)) / 2.0

    def above(b: float) -> float:
        return one_proportion(events, others, b) - one_proportion(events, others, top) + drop

    low, high, _ = firth_profile_interval(np.empty((len(event), 0)), event, None, level)
    # the limit is found to 1e-8 of a standard error, brentq to 1e-12
    assert low == pytest.approx(brentq(above, top - 15, top), rel=1e-8, abs=1e-8)
    assert high == pytest.approx(brentq(above, top, top + 15), rel=1e-8, abs=1e-8)


def fourfold(cells: tuple[int, int, int, int], b0: float, b1: float) -> float:
    """Penalised log-likelihood of a fourfold table: cells with and without marker."""
    a, b, c, d = cells
    with_marker, without = expit(b0 + b1), expit(b0)
    w1, w0 = (a + b) * with_marker * (1 - with_marker), (c + d) * without * (1 - without)
    likelihood = (
        a * math.log(with_marker)
        + b * math.log(1 - with_marker)
        + c * math.log(without)
        + d * math.log(1 - without)
    )
    # the information's determinant is the product of the two binomial weights
    return likelihood + 0.5 * math.log(w1 * w0)


@pytest.mark.parametrize("cells", [(9, 4, 6, 21), (5, 0, 3, 8)])
def test_held_at_zero_the_column_stays_in_the_penalty(cells: tuple[int, int, int, int]) -> None:
    x, y = [1, 1, 0, 0], [1, 0, 1, 0]
    a, b, c, d = (k + 0.5 for k in cells)
    full = fourfold(cells, math.log(c / d), math.log(a * d / (b * c)))
    # with slope 0 both weights are multiples of p (1 - p): one event more on each side
    events, others = cells[0] + cells[2], cells[1] + cells[3]
    null = fourfold(cells, math.log((events + 1) / (others + 1)), 0.0)
    test = penalised_likelihood_ratio_test(x, y, [0], multiplicity=cells)
    assert test.statistic == pytest.approx(2.0 * (full - null), rel=1e-9)
    assert test.df == 1
    statistic, df, p_value = test
    table = firth_table(x, y, multiplicity=cells)
    assert (table.statistic[1], table.p_values[1]) == pytest.approx((statistic, p_value), rel=1e-8)
    assert df == 1


def test_limits_of_a_separated_table_are_finite() -> None:
    table = firth_table([1, 1, 0, 0], [1, 0, 1, 0], multiplicity=[5, 0, 3, 8])
    assert np.isfinite([table.low, table.high]).all()
    assert (table.low < table.coefficients).all()
    assert (table.coefficients < table.high).all()
    np.testing.assert_array_equal(table.std_error, table.fit.std_error)
    assert (table.std_error_augmented < table.std_error).all()


def test_refusals() -> None:
    x, y = np.linspace(0, 1, 20), np.tile([0.0, 1.0], 10)
    for call in (
        lambda: firth_table(x, y, 1.0),
        lambda: firth_table(x, np.zeros(20)),
        lambda: firth_profile_interval(x, y, 1),
        lambda: penalised_likelihood_ratio_test(x, y, []),
        lambda: penalised_likelihood_ratio_test(x, y, [1]),
    ):
        with pytest.raises(NotEstimable):
            call()
