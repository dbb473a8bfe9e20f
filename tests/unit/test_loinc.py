"""LOINC: check digits, the table of codes, and codes against units."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import assume, given, strategies as st

from cartwheel.clinic.dictionary import variables
from cartwheel.clinic.loinc import (
    check_digit,
    is_loinc,
    loinc_code,
    loinc_codes,
    loinc_measurement,
)
from cartwheel.clinic.ucum import unit_kind
from cartwheel.errors import CohortRefused
from cartwheel.units import Quantity

# transcribed a second time, from the table that lists analytes with their codes
TABLE = {
    "neutrophils": ("751-8", "26499-4", "753-4"),
    "lymphocytes": ("731-0", "26474-7", "732-8"),
    "monocytes": ("742-7", "26484-6", "743-5"),
    "leukocytes": ("6690-2", "26464-8"),
    "platelets": ("777-3", "26515-7"),
    "haemoglobin": ("718-7", "59260-0"),
    "crp": ("1988-5", "30522-7"),
    "ferritin": ("2276-4", "20567-4"),
    "il6": ("26881-3",),
    "ldh": ("2532-0", "14804-9", "14805-6"),
    "creatinine": ("2160-0", "14682-9"),
    "aptt": ("14979-9", "3173-2"),
    "fibrinogen": ("3255-7", "48664-7"),
    "d_dimer": ("48065-7", "48067-3"),
    "d_dimer_ddu": ("48066-5",),
    "albumin": ("1751-7", "54347-0"),
    "temperature": ("8310-5",),
    "spo2": ("59408-5", "2708-6"),
    "systolic_pressure": ("8480-6",),
    "diastolic_pressure": ("8462-4",),
    "heart_rate": ("8867-4",),
    "respiratory_rate": ("9279-1",),
}
MOLAR = {"59260-0", "14682-9", "54347-0", "14631-6", "14629-0", "14927-8", "14647-2"}


@pytest.mark.parametrize(
    ("code", "name"), [(code, name) for name, codes in TABLE.items() for code in codes]
)
def test_codes_of_the_table(code: str, name: str) -> None:
    assert loinc_code(code).variable == name


def test_every_code_has_its_check_digit_and_kind() -> None:
    for code, known in loinc_codes().items():
        assert is_loinc(code), code
        entry = variables()[known.variable]
        kinds = {unit_kind(unit) for unit in entry.units}
        # a molar code of an analyte that does not convert is known, and its unit is refused
        assert known.kind in kinds or (code in MOLAR and entry.unconverted), code
        assert (known.kind == "amount") == (code in MOLAR), code


def test_a_variable_measured_in_two_kinds_says_which_code_is_which() -> None:
    for entry in variables().values():
        if len({unit_kind(unit) for unit in entry.units}) > 1:
            assert set(entry.loinc_kind) == {*entry.loinc, *entry.loinc_unverified}, entry.name


@pytest.mark.parametrize("number", ["2160", "14682", "85354", "8480", "3150"])
def test_check_digit_by_hand(number: str) -> None:
    by_hand = {"2160": 0, "14682": 9, "85354": 9, "8480": 6, "3150": 0}
    assert check_digit(number) == by_hand[number]


@given(st.sampled_from(list(loinc_codes())), st.integers(0, 9), st.integers(0, 6))
def test_one_wrong_digit_is_always_caught(code: str, digit: int, place: int) -> None:
    digits = code.replace("-", "")
    place %= len(digits)
    changed = digits[:place] + str(digit) + digits[place + 1 :]
    assume(changed != digits)
    assert not is_loinc(f"{changed[:-1]}-{changed[-1]}")


@given(st.sampled_from(list(loinc_codes())), st.integers(0, 6))
def test_swapped_neighbours_are_caught_but_for_nought_and_nine(code: str, place: int) -> None:
    digits = code.replace("-", "")
    place %= len(digits) - 1
    pair = digits[place : place + 2]
    assume(pair[0] != pair[1] and set(pair) != {"0", "9"})
    changed = digits[:place] + pair[::-1] + digits[place + 2 :]
    assert not is_loinc(f"{changed[:-1]}-{changed[-1]}")


@pytest.mark.parametrize(
    ("code", "problem", "words"),
    [
        ("2160", "loinc_form", "2160-0"),
        ("creatinine", "loinc_form", "not a LOINC code"),
        ("2160-1", "loinc_check_digit", "that is Creatinine"),
        ("99999-1", "loinc_check_digit", "copy the code again"),
        ("770-8", "loinc_unknown", "sound code"),
        ("²160-0", "loinc_form", "not a LOINC code"),
    ],
)
def test_codes_refused(code: str, problem: str, words: str) -> None:
    with pytest.raises(CohortRefused) as refused:
        loinc_code(code, where="OBX-3")
    assert refused.value.problems[0].code == problem
    assert words in str(refused.value)
    assert "OBX-3" in str(refused.value)


@pytest.mark.parametrize(
    ("code", "given", "value"),
    [
        ("2160-0", "1.1 mg/dL", "97.24"),
        ("14682-9", "88 umol/L", "88"),
        ("48065-7", "1 mg/L FEU", "1"),
        # the code says FEU, so the plain unit leaves nothing open
        ("48065-7", "<1,5 mg/L", "1.5"),
        ("48065-7", Quantity(Decimal(500), "ng/mL"), "0.5"),
        ("48066-5", "250 ng/mL", "0.25"),
        ("59408-5", "0.97 fraction", "97"),
        ("8310-5", "98.6 [degF]", "37"),
    ],
)
def test_values_under_a_code(code: str, given: str | Quantity, value: str) -> None:
    made = loinc_measurement(code, given)
    assert made.value == Decimal(value)
    assert made.variable == loinc_code(code).variable
    assert made.limit == ("<" if isinstance(given, str) and given[0] == "<" else "")


@pytest.mark.parametrize(
    ("code", "given", "problem", "words"),
    [
        ("2160-0", "88 umol/L", "loinc_unit", "14682-9 is Creatinine in umol/L"),
        ("26474-7", "40 %", "loinc_unit", "as a count"),
        ("48065-7", "1 mg/L DDU", "loinc_unit", "mass per volume (FEU)"),
        ("59260-0", "7 mmol/L", "unit_not_accepted", "tetramer"),
        ("2160-0", "1.1", "unit_missing", "write the unit"),
        ("2160-0", "pos", "not_a_number", "word"),
        ("2160-0", "1 furlong", "unit_unknown", "furlong"),
    ],
)
def test_values_refused_under_a_code(code: str, given: str, problem: str, words: str) -> None:
    with pytest.raises(CohortRefused) as refused:
        loinc_measurement(code, given)
    assert refused.value.problems[0].code == problem
    assert words in str(refused.value)


def test_read_only() -> None:
    with pytest.raises(TypeError):
        loinc_codes()["1-8"] = loinc_code("2160-0")  # type: ignore[index]
