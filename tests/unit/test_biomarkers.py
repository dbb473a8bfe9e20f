"""Ratios: zero denominators, units, missing values."""

from __future__ import annotations

import numpy as np
import pytest

from cartwheel.clinic.biomarkers import RATIOS, ratio
from cartwheel.clinic.dictionary import variables

ABOVE = np.array([6.0, 4.0, np.nan, 2.0, 0.0])
BELOW = np.array([2.0, 0.0, 1.0, 0.5, np.nan])


def test_ratio() -> None:
    made = ratio(ABOVE[[0, 3]], BELOW[[0, 3]])
    assert made.values.tolist() == [3, 4]
    assert (made.zero_denominators, made.floored, made.problems, made.rule) == (0, 0, (), "")
    assert not made.values.flags.writeable


def test_zero_is_refused_with_its_row() -> None:
    made = ratio(ABOVE, BELOW, first_row=2)
    (problem,) = made.problems
    assert (problem.code, problem.where, made.zero_denominators) == ("zero_denominator", "row 3", 1)


def test_zero_as_missing() -> None:
    made = ratio(ABOVE, BELOW, zero="missing")
    assert made.problems == ()
    assert np.isnan(made.values).tolist() == [False, True, True, False, True]
    assert made.rule == "1 ratio with a denominator of zero set to missing"


def test_a_floor_keeps_the_order() -> None:
    made = ratio(ABOVE, BELOW, zero=1.0)
    assert made.values[[0, 1, 3]].tolist() == [3, 4, 2]
    assert (made.zero_denominators, made.floored) == (1, 2)
    assert made.rule == "2 denominators below 1 raised to 1"


@pytest.mark.parametrize("zero", ["guess", 0.0, -1.0, float("nan"), float("inf"), True])
def test_other_policies_are_problems(zero: str | float) -> None:
    made = ratio(ABOVE, BELOW, zero=zero)
    assert [problem.code for problem in made.problems] == ["ratio_policy"]
    assert np.isnan(made.values).all()


@pytest.mark.parametrize("units", [("10*9/L", "/uL"), ("", ""), ("10*9/L", "")])
def test_units_must_be_stated_and_equal(units: tuple[str, str]) -> None:
    assert [p.code for p in ratio(ABOVE, BELOW, zero="missing", units=units).problems] == [
        "ratio_units"
    ]
    assert ratio(ABOVE, BELOW, zero="missing", units=("10*9/L", "10*9/L")).problems == ()


def test_negative_and_uneven_are_problems() -> None:
    negative = ratio(np.array([1.0, -1.0]), np.array([1.0, 1.0]), first_row=2)
    assert [(p.code, p.where) for p in negative.problems] == [("negative_count", "row 3")]
    uneven = ratio(np.array([1.0]), np.array([1.0, 2.0]))
    assert [p.code for p in uneven.problems] == ["ratio_lengths"]


def test_declared_ratios_use_variables_of_the_dictionary() -> None:
    for marker in RATIOS.values():
        assert {*marker.numerator, *marker.denominator} <= set(variables())
    assert {name for name, marker in RATIOS.items() if marker.verified} == {"nlr", "mlr", "plr"}
