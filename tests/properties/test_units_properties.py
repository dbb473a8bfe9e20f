"""Conversion commutes and returns; text and number agree."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st

from cartwheel.clinic.cells import take_apart
from cartwheel.clinic.dictionary import variables
from cartwheel.clinic.plausibility import converted
from cartwheel.clinic.values import parse_cells
from cartwheel.units import Quantity, convert, known_unit, parse_quantity

PAIRS = [
    (entry.name, one, other)
    for entry in variables().values()
    for one in entry.units
    for other in entry.units
]
values = st.decimals(min_value=0, max_value=10**7, places=4)


@given(pair=st.sampled_from(PAIRS), value=values)
def test_there_and_back(pair: tuple[str, str, str], value: Decimal) -> None:
    name, one, other = pair
    factors = variables()[name].units
    back = convert(convert(Quantity(value, one), other, factors), one, factors)
    # decimal division keeps 28 digits
    assert abs(back.value - value) <= abs(value) * Decimal("1e-26")


@given(pair=st.sampled_from(PAIRS), value=values, third=st.data())
def test_the_way_does_not_matter(
    pair: tuple[str, str, str], value: Decimal, third: st.DataObject
) -> None:
    name, one, other = pair
    factors = variables()[name].units
    through = third.draw(st.sampled_from(list(factors)))
    direct = convert(Quantity(value, one), other, factors).value
    detour = convert(convert(Quantity(value, one), through, factors), other, factors).value
    assert abs(direct - detour) <= abs(direct) * Decimal("1e-26")


@given(value=values, unit=st.sampled_from(sorted({pair[1] for pair in PAIRS})))
def test_a_printed_quantity_reads_back(value: Decimal, unit: str) -> None:
    assert parse_quantity(str(Quantity(value, unit))) == Quantity(value, unit)


@given(
    st.lists(st.decimals(min_value=0, max_value=10**6, places=3), min_size=1, max_size=20),
    st.sampled_from(["0.001", "88.4", "17.1", "10", "1000", "60"]),
)
def test_arrays_convert_as_single_quantities_do(numbers: list[Decimal], factor: str) -> None:
    array = np.array([float(number) for number in numbers])
    expected = [float(number * Decimal(factor)) for number in numbers]
    assert converted(array, Decimal(factor)).tolist() == expected


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_float_reads_back_from_its_text(number: float) -> None:
    read = parse_cells(take_apart(pd.Series([repr(number), "x"], dtype=object)))
    assert read.values[0] == number


@given(st.text(max_size=40))
def test_any_text_is_a_number_or_missing_or_a_fault(text: str) -> None:
    read = parse_cells(take_apart(pd.Series([text], dtype=object)))
    states = [np.isfinite(read.values[0]), bool(read.missing[0]), read.fault[0] != 0]
    assert sum(states) == 1


@given(st.text(max_size=30))
def test_known_units_are_fixed_points(text: str) -> None:
    unit = known_unit(text)
    assert unit is None or known_unit(unit) == unit


@pytest.mark.parametrize("name", list(variables()))
def test_every_unit_of_the_dictionary_is_in_canonical_spelling(name: str) -> None:
    assert [known_unit(unit) for unit in variables()[name].units] == list(variables()[name].units)
