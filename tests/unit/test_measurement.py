"""One written value: read, converted, or refused with the likely reason."""

from __future__ import annotations

import subprocess
import sys
from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from cartwheel.clinic.dictionary import variable, variables
from cartwheel.clinic.measurement import (
    Measurement,
    fold_over_limit,
    likely_units,
    measurement,
    unit_problem_of,
    value_problem,
)
from cartwheel.errors import CohortRefused, Problem, Refused
from cartwheel.units import Quantity, convert, convertible

READ = [
    ("creatinine", "1.1 mg/dL", "97.24", "umol/L", ""),
    ("creatinine", "88 µmol/l", "88", "umol/L", ""),
    ("crp", "3,5 mg/dl", "35", "mg/L", ""),
    ("crp", "<0.4 mg/dL", "4", "mg/L", "<"),
    ("ferritin", "> 40000 ng/mL", "40000", "ug/L", ">"),
    ("temperature", "101.3 °F", "38.5", "Cel", ""),
    ("temperature", "38.0 C", "38", "Cel", ""),
    ("spo2", "0.97 fraction", "97", "%", ""),
    ("fio2", "40%", "40", "%", ""),
    ("platelets", "90 K/uL", "90", "10*9/L", ""),
    ("neutrophils", "0 /uL", "0", "10*9/L", ""),
    ("pt_inr", "1.4", "1.4", "1", ""),
    ("ice", "8", "8", "1", ""),
    ("ldh", "4 µkat/L", "240", "U/L", ""),
    ("il2r", "3.2 kU/L", "3.2", "U/mL", ""),
    ("urine_m_protein", "1.2 g/24 h", "1200", "mg/(24.h)", ""),
    ("plasmacytoma_size", "250 mm²", "2.5", "cm2", ""),
]


@pytest.mark.parametrize(("name", "text", "value", "unit", "limit"), READ)
def test_read(name: str, text: str, value: str, unit: str, limit: str) -> None:
    made = measurement(name, text)
    assert (made.variable, made.value, made.unit, made.limit) == (name, Decimal(value), unit, limit)


def test_the_unit_says_which_d_dimer() -> None:
    assert measurement("d_dimer", "2 mg/L FEU").variable == "d_dimer"
    assert measurement("d_dimer", "2 mg/L DDU").variable == "d_dimer_ddu"
    assert measurement("d_dimer", "400 ng/mL D-DU").value == Decimal("0.4")


REFUSED = [
    ("crp", "pos", "not_a_number", "word"),
    ("crp", "", "not_a_number", "no value"),
    ("crp", "1-2 mg/L", "unit_unknown", "write one of"),
    ("crp", "1,234 mg/L", "decimal_mark", "1.234 or 1234"),
    ("crp", "1e999999999 mg/dL", "not_a_number", "of this size"),
    ("crp", "12", "unit_missing", "mg/L, mg/dL"),
    ("crp", "12 furlong", "unit_unknown", "furlong"),
    ("crp", "12 U/L", "unit_not_accepted", "mg/L"),
    ("crp", "-3 mg/L", "negative_value", "below zero"),
    ("crp", "<0 mg/L", "implausible", "not possible"),
    ("neutrophils", "-1 10*9/L", "negative_value", "below zero"),
    ("neutrophils", "54 %", "unit_not_accepted", "share of the leukocytes"),
    ("d_dimer", "2 mg/L", "unit_ambiguous", "FEU"),
    ("haemoglobin", "7.4 mmol/L", "unit_not_accepted", "tetramer"),
    ("urine_m_protein", "300 mg/L", "unit_not_accepted", "24-hour"),
    ("temperature", "38.5", "unit_missing", "Cel, [degF]"),
    ("nothing_such", "1", "variable_unknown", "dictionary"),
    # the likely reason: the same number in another unit would be plausible
    ("creatinine", "88 mg/dL", "implausible", "is it 88 umol/L?"),
    ("creatinine", "1.1 umol/L", "implausible", "is it 1.1 mg/dL"),
    ("platelets", "150000 10*9/L", "implausible", "is it 150000 /uL"),
    ("haemoglobin", "12 g/L", "implausible", "is it 12 g/dL?"),
    ("albumin", "3.8 g/L", "implausible", "is it 3.8 g/dL?"),
    ("fibrinogen", "250 g/L", "implausible", "is it 250 mg/dL?"),
    ("temperature", "101 Cel", "implausible", "is it 101 [degF]?"),
    ("temperature", "37 F", "implausible", "is it 37 Cel?"),
    ("temperature", "-5 F", "implausible", "check the number"),
    ("spo2", "0.97 %", "implausible", "is it a fraction? then write 97 %"),
    ("spo2", "97 fraction", "implausible", "is it 97 %?"),
    ("fio2", "0.4 %", "implausible", "then write 40 %"),
    ("ice", "11", "implausible", "0 to 10"),
]


@pytest.mark.parametrize(("name", "text", "code", "words"), REFUSED)
def test_refused_with_the_reason(name: str, text: str, code: str, words: str) -> None:
    with pytest.raises(CohortRefused) as refused:
        measurement(name, text)
    (problem,) = refused.value.problems
    assert problem.code == code
    assert words in str(problem)


def test_where_is_kept() -> None:
    with pytest.raises(CohortRefused) as refused:
        measurement("creatinine", "88 mg/dL", where="row 7")
    assert refused.value.problems[0].where == "row 7"
    problem = unit_problem_of(variable("haemoglobin"), "mmol/L")
    assert (problem.code, problem.where) == ("unit_not_accepted", "Haemoglobin")


def test_quantities_are_read_as_texts_are() -> None:
    assert measurement("crp", Quantity(Decimal("3.5"), "mg/dl")).value == 35
    with pytest.raises(CohortRefused, match="not a number"):
        measurement("crp", Quantity(Decimal("NaN"), "mg/L"))


def test_every_reason_on_record_is_for_a_unit_that_is_not_accepted() -> None:
    reasons = [(v, unit) for v in variables().values() for unit in v.unconverted]
    assert len(reasons) > 15
    for entry, unit in reasons:
        assert not convertible(unit, entry.units), (entry.name, unit)
        problem = unit_problem_of(entry, unit)
        assert problem.code in ("unit_not_accepted", "unit_ambiguous")
        assert entry.unconverted[unit] in problem.what


@given(
    name=st.sampled_from(list(variables())),
    number=st.decimals(min_value=-10, max_value=10**6, places=3),
    data=st.data(),
)
def test_a_value_is_plausible_or_named(name: str, number: Decimal, data: st.DataObject) -> None:
    entry = variables()[name]
    given_ = Quantity(number, data.draw(st.sampled_from(list(entry.units))))
    value = convert(given_, entry.unit, entry.units).value
    inside = (entry.low or 0) <= value <= (entry.high or 0)
    problem = value_problem(entry, given_)
    assert (problem is None) == inside
    if problem is None:
        made = measurement(name, given_)
        assert (made.value, made.unit) == (value, entry.unit)
    else:
        assert isinstance(problem, Problem)
        for unit in likely_units(entry, given_):
            assert value_problem(entry, Quantity(number, unit)) is None


@given(name=st.sampled_from(list(variables())), text=st.text(max_size=20))
def test_any_text_is_read_or_refused(name: str, text: str) -> None:
    codes = {"not_a_number", "decimal_mark", "unit_missing", "unit_unknown", "implausible"}
    codes |= {"unit_not_accepted", "unit_ambiguous", "negative_value"}
    try:
        found = {str(measurement(name, text).value.is_finite())}
    except Refused as refused:
        found = {problem.code for problem in refused.problems}
    assert found <= codes | {"True"}


def test_fold_over_the_limit_of_normal() -> None:
    limit = measurement("creatinine", "1 mg/dL")
    assert fold_over_limit(measurement("creatinine", "132.6 umol/L"), limit) == Decimal("1.5")


@pytest.mark.parametrize(
    ("name", "limit", "code"),
    [
        ("crp", "5 mg/L", "limit_other_variable"),
        ("d_dimer_ddu", "0.5 mg/L DDU", "limit_other_variable"),
        ("d_dimer", "0 mg/L FEU", "limit_not_positive"),
        ("d_dimer", "<0.5 mg/L FEU", "limit_not_positive"),
    ],
)
def test_no_fold_over_another_limit(name: str, limit: str, code: str) -> None:
    with pytest.raises(CohortRefused) as refused:
        fold_over_limit(measurement("d_dimer", "1 mg/L FEU"), measurement(name, limit))
    assert refused.value.problems[0].code == code


def test_a_measurement_is_frozen() -> None:
    made = measurement("crp", "5 mg/L")
    assert isinstance(made, Measurement)
    with pytest.raises(AttributeError):
        made.value = Decimal(1)  # type: ignore[misc]


def test_starts_without_numbers_or_tables() -> None:
    code = (
        "import sys, cartwheel.clinic.loinc, cartwheel.clinic.series_areas as s; "
        "sys.exit(any(m in sys.modules for m in ('numpy', 'pandas', 'scipy', 'pydantic')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
