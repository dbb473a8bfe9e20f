"""One measured value as it was written: read, converted, and refused where it cannot be true."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from cartwheel.clinic.dictionary import Variable, accepted_units, variable, variable_in_unit
from cartwheel.errors import CohortRefused, Problem, refuse
from cartwheel.units import (
    Quantity,
    convert,
    convertible,
    decimal_mark,
    known_unit,
    nearest_units,
    parse_quantity,
    split_quantity,
)

LARGEST_EXPONENT = 60

# only of a temperature: beside any other number these letters are no unit
_DEGREES = {"C": "Cel", "c": "Cel", "F": "[degF]", "f": "[degF]"}


@dataclass(frozen=True, slots=True)
class Measurement:
    """A value of one variable.

    Parameters
    ----------
    variable : str
        Name in the dictionary; the sibling where the unit says so (D-dimer in DDU).
    value : Decimal
        In `unit`; a value written ``<x`` stands at x.
    unit : str
        The variable's canonical unit.
    limit : {"", "<", ">"}
        Beyond a limit of detection, on which side.
    given : Quantity
        Number and unit as written.
    """

    variable: str
    value: Decimal
    unit: str
    limit: str
    given: Quantity


def measurement(name: str, given: str | Quantity, *, where: str = "") -> Measurement:
    """Read one value with its unit, in the variable's canonical unit.

    Parameters
    ----------
    name : str
        Variable of the dictionary.
    given : str or Quantity
        Such as ``"88 umol/L"``, ``"<0,5 mg/dl"`` or a `Quantity`. A number without a unit is taken
        only for a variable that has none.
    where : str
        Input or row concerned, for the refusal; the variable's label where empty.

    Returns
    -------
    Measurement

    Raises
    ------
    CohortRefused
        ``variable_unknown``, ``not_a_number`` (also for words such as ``pos``), ``decimal_mark``,
        ``unit_missing``, ``unit_unknown``, ``unit_not_accepted``, ``unit_ambiguous`` (the unit
        fits two analytes), ``negative_value``, ``implausible`` (with the unit it would fit).

    Examples
    --------
    >>> measurement("creatinine", "1,1 mg/dl").value
    Decimal('97.24')
    >>> measurement("temperature", "101.3 F").value
    Decimal('38.5')
    """
    found = variable(name)
    place = where or found.label
    limit, quantity = _read(found, given, place)
    held = _held(found, quantity, place)
    if not quantity.unit:
        quantity = Quantity(quantity.value, held.unit)
    value = convert(quantity, held.unit, held.units).value
    problem = value_problem(held, quantity, limit=limit, where=place)
    if problem is not None:
        raise CohortRefused(problem)
    return Measurement(held.name, value, held.unit, limit, quantity)


def _read(found: Variable, given: str | Quantity, where: str) -> tuple[str, Quantity]:
    if isinstance(given, Quantity):
        return "", Quantity(_sane(given.value, where), _unit(found, given.unit))
    parts = split_quantity(given)
    if parts is None or decimal_mark(parts[1]) is None:
        raise _no_number(given, where)
    limit, number, unit = parts
    value = _sane(parse_quantity(number, where=where).value, where)
    return limit, Quantity(value, _unit(found, unit))


def _sane(value: Decimal, where: str) -> Decimal:
    """Refuse what no laboratory reports, before arithmetic leaves the range of decimals."""
    if not value.is_finite():
        raise refuse(CohortRefused, "not_a_number", "not a number", where=where)
    if value and abs(value.adjusted()) > LARGEST_EXPONENT:
        what = "no laboratory reports a number of this size"
        raise refuse(CohortRefused, "not_a_number", what, where=where, mend="check the number")
    return value


def _unit(found: Variable, text: str) -> str:
    """Give the canonical spelling, or the text itself: the variable tells what it accepts."""
    if "Cel" in found.units and text.strip() in _DEGREES:
        return _DEGREES[text.strip()]
    return (known_unit(text) or text) if text else ""


def _no_number(text: str, where: str) -> CohortRefused:
    said = text.strip()
    if not said:
        what = "there is no value"
    elif any(character.isdigit() for character in said):
        what = f"'{said[:16]}' cannot be read as a number with its unit"
    else:
        what = f"'{said[:16]}' is a word, not a measured number"
    mend = "give the number with its unit, as in 280 U/L; leave it out where nothing was measured"
    return CohortRefused(Problem("not_a_number", what, where, mend))


def _held(found: Variable, quantity: Quantity, where: str) -> Variable:
    """Find the variable, or its sibling, that is measured in this unit."""
    unit = quantity.unit
    if not unit and found.dimensionless:
        return found
    if not unit:
        raise refuse(
            CohortRefused,
            "unit_missing",
            f"{quantity.value} has no unit",
            where=where,
            mend="write the unit behind it: " + ", ".join(_accepted(found)),
        )
    if convertible(unit, found.units):
        return found
    held = variable_in_unit(found, unit)
    if held is None:
        raise CohortRefused(unit_problem_of(found, unit, where=where))
    return held


def _accepted(found: Variable) -> tuple[str, ...]:
    fahrenheit = ("[degF]",) if convertible("[degF]", found.units) else ()
    return accepted_units(found) + fahrenheit


def unit_problem_of(found: Variable, unit: str, *, where: str = "") -> Problem:
    """Say why a variable is not accepted in a unit.

    Parameters
    ----------
    found : Variable
        The variable.
    unit : str
        Canonical spelling, or the text where it is not known.
    where : str
        Input or column concerned; the variable's label where empty.

    Returns
    -------
    Problem
        ``unit_unknown``; ``unit_ambiguous`` where the variable has siblings and the unit could
        mean any of them; else ``unit_not_accepted``, with the reason where one is on record.
    """
    where = where or found.label
    accepted = nearest_units(unit, _accepted(found))
    if known_unit(unit) is None:
        what = f"'{unit[:24]}' is not a known unit"
        return Problem("unit_unknown", what, where, accepted)
    reason = found.unconverted.get(unit, "")
    what = f"it is not taken in {unit}" + (f": {reason}" if reason else "")
    code = "unit_ambiguous" if reason and found.siblings else "unit_not_accepted"
    return Problem(code, what, where, accepted)


def value_problem(
    found: Variable, given: Quantity, *, limit: str = "", where: str = ""
) -> Problem | None:
    """Say why a value cannot be true, and which unit it would fit.

    Parameters
    ----------
    found : Variable
        With its plausible range.
    given : Quantity
        As written, in one of the variable's units.
    limit : {"", "<", ">"}
        Beyond a limit of detection.
    where : str
        Input or row concerned; the variable's label where empty.

    Returns
    -------
    Problem or None
        ``negative_value`` or ``implausible``; None where nothing is wrong.

    Examples
    --------
    >>> print(value_problem(variable("creatinine"), Quantity(Decimal(88), "mg/dL")).mend)
    is it 88 umol/L? then write that unit; else check the number
    """
    where = where or found.label
    value = convert(given, found.unit, found.units).value
    shown = str(given) if not found.dimensionless else str(given.value)
    if value < 0 and found.low is not None and found.low >= 0 and given.unit != "[degF]":
        what = f"{shown} is below zero, and there is no such value"
        return Problem("negative_value", what, where, "check the number")
    if _plausible(found, value) and not (limit == "<" and value <= 0):
        return None
    span = f"{found.low} to {found.high} {'' if found.dimensionless else found.unit}".strip()
    what = f"{limit}{shown} is not possible ({span})"
    return Problem("implausible", what, where, _likely(found, given))


def likely_units(found: Variable, given: Quantity) -> tuple[str, ...]:
    """List the other units in which an implausible number would be plausible.

    Parameters
    ----------
    found : Variable
        With its plausible range.
    given : Quantity
        As written.

    Returns
    -------
    tuple of str
        In the order of the dictionary; empty where no unit explains the number. Units of the same
        size as the one given are left out.

    Examples
    --------
    >>> likely_units(variable("spo2"), Quantity(Decimal("0.97"), "%"))
    ('1',)
    """
    here = convert(given, found.unit, found.units).value
    fits = []
    for other in (*found.units, "[degF]"):
        if not convertible(other, found.units):
            continue
        value = convert(Quantity(given.value, other), found.unit, found.units).value
        if value != here and _plausible(found, value):
            fits.append(other)
    return tuple(fits)


def _plausible(found: Variable, value: Decimal) -> bool:
    return (found.low is None or value >= found.low) and (found.high is None or value <= found.high)


def _likely(found: Variable, given: Quantity) -> str:
    fits = likely_units(found, given)
    if "1" in fits and found.unit == "%":
        return f"is it a fraction? then write {(given.value * 100).normalize():f} %"
    if not fits:
        return "check the number and its unit"
    guesses = " or ".join(f"{given.value} {unit}" for unit in fits)
    return f"is it {guesses}? then write that unit; else check the number"


def fold_over_limit(measured: Measurement, limit: Measurement) -> Decimal:
    """Divide a value by the laboratory's own upper (or lower) limit of normal.

    Parameters
    ----------
    measured : Measurement
        The value.
    limit : Measurement
        The limit of the same laboratory, greater than zero; any unit of the same variable.

    Returns
    -------
    Decimal
        ``value / limit``; a value beyond a limit of detection stands at it.

    Raises
    ------
    CohortRefused
        ``limit_other_variable`` (also FEU against DDU), ``limit_not_positive``.

    Examples
    --------
    >>> fold_over_limit(measurement("ldh", "500 U/L"), measurement("ldh", "250 U/L"))
    Decimal('2')
    """
    if measured.variable != limit.variable:
        raise refuse(
            CohortRefused,
            "limit_other_variable",
            f"the limit is one of {variable(limit.variable).label}",
            where=variable(measured.variable).label,
            mend="give the limit of normal of the same analyte",
        )
    if limit.value <= 0 or limit.limit:
        raise refuse(
            CohortRefused,
            "limit_not_positive",
            "a limit of normal must be a number above zero",
            where=variable(limit.variable).label,
            mend="take it from the laboratory's report",
        )
    return measured.value / limit.value
