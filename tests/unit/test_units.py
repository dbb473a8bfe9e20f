"""Spellings of units, quantities as text, and conversion."""

from __future__ import annotations

from decimal import Decimal

import pytest

from cartwheel.clinic.dictionary import variable
from cartwheel.errors import CohortRefused
from cartwheel.units import (
    Quantity,
    canonical_unit,
    convert,
    convertible,
    decimal_mark,
    known_unit,
    parse_quantity,
    plain_number,
)

SPELLINGS = {
    "10*9/L": ["x10^9/L", "G/L", "10*9/L", "10^9/l", "/nL", "×10⁹/L", "10E9/L", "1e9/L", "109/L"],
    "10*3/uL": ["K/uL", "k/µL", "K/μl", "10^3/uL", "10e3/ul", "Tsd/ul", "10³/mm³", "K/mcL"],
    "/uL": ["cells/uL", "cells per µL", "per ul", "/mm3", "/cmm"],
    "ug/L": ["µg/L", "μg/l", "mcg/L", "MCG/L", "UG/L"],
    "U/L": ["IU/L", "u/l", "UI/L"],
    "umol/L": ["µmol/L", "mcmol/L"],
    "mg{FEU}/L": ["mg/L FEU", "mg FEU/L", "mg{FEU}/L", "mg/L (FEU)"],
    "ng{DDU}/mL": ["ng/mL DDU", "ng{DDU}/mL"],
    "mm[Hg]": ["mmHg", "mm Hg"],
    "Cel": ["°C", "degC"],
    "[degF]": ["°F", "degF", "Fahrenheit"],
    "L/min": ["l/min", "lpm", "L per min"],
    "mg/(24.h)": ["mg/24h", "mg/24 h", "mg/day", "mg/(24.h)"],
    "cm2": ["cm²", "cm^2"],
    "ug/kg/min": ["mcg/kg/min", "µg/kg/min"],
    "g/L": ["g/L", "g/l"],
    "months": ["month", "mo"],
}


@pytest.mark.parametrize(("unit", "text"), [(u, t) for u, ts in SPELLINGS.items() for t in ts])
def test_spellings_of_one_unit(unit: str, text: str) -> None:
    assert known_unit(text) == unit


def test_giga_per_litre_is_not_grams_per_litre() -> None:
    assert (known_unit("G/L"), known_unit("g/L")) == ("10*9/L", "g/L")


def test_unknown_unit_is_refused_with_the_nearest() -> None:
    with pytest.raises(CohortRefused) as refused:
        canonical_unit("mgg/L", where="crp")
    (problem,) = refused.value.problems
    assert problem.code == "unit_unknown"
    assert "mg/L" in problem.mend
    assert problem.where == "crp"


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("280 U/L", "280", "U/L"),
        ("3.50mg/dl", "3.50", "mg/dL"),
        ("3,5 mg/L", "3.5", "mg/L"),
        ("1,234.5", "1234.5", ""),
        ("1.234,5 ug/L", "1234.5", "ug/L"),
        (" -2 ", "-2", ""),
        ("1e3 /uL", "1E+3", "/uL"),
    ],
)
def test_parse_quantity_keeps_the_digits(text: str, value: str, unit: str) -> None:
    quantity = parse_quantity(text)
    assert str(quantity.value) == value
    assert quantity.unit == unit


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("1,234 U/L", "decimal_mark"),
        ("<0.5 mg/L", "detection_limit"),
        ("5 furlong", "unit_unknown"),
        ("high", "not_a_number"),
        ("", "not_a_number"),
        ("1.2.3", "not_a_number"),
        ("nan", "not_a_number"),
    ],
)
def test_parse_quantity_refuses(text: str, code: str) -> None:
    with pytest.raises(CohortRefused) as refused:
        parse_quantity(text)
    assert refused.value.problems[0].code == code


@pytest.mark.parametrize(
    ("number", "mark"),
    [
        ("12", ""),
        ("1.5", "."),
        ("1.234", "."),
        ("1,5", ","),
        ("0,123", ","),
        ("1234,567", ","),
        ("1,234", "?"),
        ("1,234,567", "."),
        ("1.234.567", ","),
        ("1,23,4", None),
        ("a", None),
    ],
)
def test_decimal_mark(number: str, mark: str | None) -> None:
    assert decimal_mark(number) == mark


def test_plain_number_under_a_declared_mark() -> None:
    assert plain_number("1.234", ",") == "1234"
    assert plain_number("1,234", ".") == "1234"
    assert plain_number("3.5", ",") is None
    assert plain_number("3,5", ".") is None


def test_creatinine_converts_by_88_4_exactly() -> None:
    factors = variable("creatinine").units
    assert convert(parse_quantity("1.1 mg/dL"), "µmol/L", factors).value == Decimal("97.24")
    assert convert(Quantity(Decimal("88.4"), "umol/L"), "mg/dL", factors).value == 1


@pytest.mark.parametrize(
    ("fahrenheit", "celsius"), [("32", "0"), ("212", "100"), ("100.4", "38"), ("-40", "-40")]
)
def test_fahrenheit_converts_exactly_where_it_is_stated(fahrenheit: str, celsius: str) -> None:
    factors = variable("temperature").units
    assert convert(Quantity(Decimal(fahrenheit), "[degF]"), "Cel", factors).value == Decimal(
        celsius
    )
    back = convert(Quantity(Decimal(celsius), "Cel"), "°F", factors)
    assert back == Quantity(back.value, "[degF]")
    assert back.value == Decimal(fahrenheit)


def test_fahrenheit_is_a_unit_of_nothing_but_a_temperature() -> None:
    assert not convertible("[degF]", variable("crp").units)
    with pytest.raises(CohortRefused, match="not a unit"):
        convert(Quantity(Decimal(100), "[degF]"), "mg/L", variable("crp").units)


@pytest.mark.parametrize("letter", ["C", "F", "K"])
def test_a_single_letter_is_no_unit(letter: str) -> None:
    assert known_unit(letter) is None


def test_feu_and_ddu_do_not_convert() -> None:
    with pytest.raises(CohortRefused) as refused:
        convert(parse_quantity("1 mg/L FEU"), "mg/L DDU", variable("d_dimer").units)
    assert refused.value.problems[0].code == "unit_not_accepted"


def test_a_missing_unit_is_not_assumed() -> None:
    with pytest.raises(CohortRefused, match="unit is missing"):
        convert(Quantity(Decimal(1), ""), "mg/L", variable("crp").units)
