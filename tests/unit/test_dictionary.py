"""The table of variables: factors against their definitions, codes against their check digit."""

from __future__ import annotations

import re
import subprocess
import sys
from decimal import Decimal

import pytest

from cartwheel.clinic.dictionary import variable, variable_in_unit, variables
from cartwheel.clinic.naming import read_column_name
from cartwheel.errors import CohortRefused

PREFIX = {"": 0, "m": -3, "u": -6, "n": -9, "p": -12, "d": -1, "k": 3}


def _power_of_ten(unit: str) -> tuple[str, int] | None:
    """What a unit is made of and its power of ten, from the prefixes alone."""
    mass = re.fullmatch(r"([munpk]?)(g|mol|U)(\{\w+\})?/([mud]?)L", unit)
    if mass:
        prefix, thing, assay, volume = mass.groups()
        return thing + (assay or ""), PREFIX[prefix] - PREFIX[volume]
    count = re.fullmatch(r"(?:10\*(\d+))?/([mu]?)L", unit)
    if count:
        return "count", int(count[1] or 0) - PREFIX[count[2]]
    return None


@pytest.mark.parametrize("name", list(variables()))
def test_factors_between_units_of_one_kind_are_powers_of_ten(name: str) -> None:
    entry = variables()[name]
    assert entry.units[entry.unit] == 1
    home = _power_of_ten(entry.unit)
    compared = 0
    for unit, factor in entry.units.items():
        power = _power_of_ten(unit)
        if home and power and home[0] == power[0]:
            assert factor == Decimal(10) ** (power[1] - home[1]), unit
            compared += 1
    assert compared > 0 or home is None


def test_factors_between_kinds() -> None:
    # mg/dL per mmol/L, umol/L per mg/dL, U/L per ukat/L (1 kat = 60 000 000 U)
    assert variable("creatinine").units["mg/dL"] == Decimal("88.4")
    assert variable("total_bilirubin").units["mg/dL"] == Decimal("17.1")
    assert variable("cholesterol").units["mmol/L"] == Decimal("38.67")
    assert variable("triglycerides").units["mmol/L"] == Decimal("88.57")
    for enzyme in ("ldh", "ast", "alt", "alkaline_phosphatase"):
        assert variable(enzyme).units["ukat/L"] == 60


# standard atomic weights, abridged to three decimals
ATOMS = {"C": 12.011, "H": 1.008, "N": 14.007, "O": 15.999}
FORMULAS = {
    "creatinine": {"C": 4, "H": 7, "N": 3, "O": 1},
    "total_bilirubin": {"C": 33, "H": 36, "N": 4, "O": 6},
    "direct_bilirubin": {"C": 33, "H": 36, "N": 4, "O": 6},
    "cholesterol": {"C": 27, "H": 46, "O": 1},
}


@pytest.mark.parametrize("name", list(FORMULAS))
def test_molar_masses_from_the_formulas(name: str) -> None:
    entry = variable(name)
    mass = sum(ATOMS[atom] * count for atom, count in FORMULAS[name].items())
    assert entry.molar_mass is not None
    # printed to two decimals
    assert float(entry.molar_mass) == pytest.approx(mass, abs=0.006)


def test_factors_between_mass_and_amount_follow_from_the_molar_mass() -> None:
    joined = [entry for entry in variables().values() if entry.molar_mass is not None]
    assert {entry.name for entry in joined} == {*FORMULAS, "triglycerides"}
    for entry in joined:
        assert entry.molar_mass is not None
        if entry.unit == "umol/L":
            factor, exact = entry.units["mg/dL"], Decimal(10000) / entry.molar_mass
        else:
            factor, exact = entry.units["mmol/L"], entry.molar_mass / 10
        # the factor in general use is the exact one, rounded to the digits it is printed with
        assert factor == exact.quantize(factor), entry.name


def _mod10(code: str) -> bool:
    """LOINC's check digit: Luhn's rule over the number before the hyphen."""
    number, digit = code.split("-")
    total = 0
    for place, character in enumerate(reversed(number)):
        value = int(character) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return (10 - total % 10) % 10 == int(digit)


def test_loinc_check_digits() -> None:
    codes = [c for v in variables().values() for c in v.loinc + v.loinc_unverified]
    assert len(codes) > 30
    assert [code for code in codes if not _mod10(code)] == []
    assert len(set(codes)) == len(codes)


@pytest.mark.parametrize("name", list(variables()))
def test_names_and_synonyms_lead_to_one_variable(name: str) -> None:
    entry = variables()[name]
    for text in (entry.name, *entry.synonyms):
        assert read_column_name(text).variable == name, text


@pytest.mark.parametrize("name", list(variables()))
def test_range_is_in_order(name: str) -> None:
    entry = variables()[name]
    assert entry.low is not None
    assert entry.high is not None
    assert entry.low < entry.high


def test_unknown_variable_names_the_nearest() -> None:
    with pytest.raises(CohortRefused) as refused:
        variable("ferritine")
    assert refused.value.problems[0].code == "variable_unknown"
    assert "ferritin" in refused.value.problems[0].mend


def test_d_dimer_in_ddu_is_its_own_variable() -> None:
    found = variable_in_unit(variable("d_dimer"), "ng{DDU}/mL")
    assert found is not None
    assert found.name == "d_dimer_ddu"
    assert variable_in_unit(variable("d_dimer"), "mg/L") is None


def test_read_only() -> None:
    with pytest.raises(TypeError):
        variables()["crp"] = variable("crp")  # type: ignore[index]


def test_loads_without_numbers_or_tables() -> None:
    code = (
        "import sys, cartwheel.clinic.naming as n; n.read_column_name('crp_mg_l_day0'); "
        "sys.exit(any(m in sys.modules for m in ('numpy', 'pandas', 'scipy', 'pydantic')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_variable_read_alone_is_the_one_of_the_whole_table() -> None:
    for name, entry in variables().items():
        assert variable(name) == entry
    for odd in ("", "ldh]\n[crp", "variables", "LDH"):
        with pytest.raises(CohortRefused):
            variable(odd)
