"""From the unit a value came in to the unit a score's constants are written in."""

from __future__ import annotations

from decimal import Decimal, getcontext
from functools import lru_cache

from cartwheel.clinic.dictionary import variable
from cartwheel.clinic.score_terms import Input
from cartwheel.errors import CohortRefused, Problem, Refused, refuse
from cartwheel.units import Quantity, convert, convertible, known_unit, nearest_units

NO_UNIT = ("", "1")


def unit_problem(item: Input) -> Problem | None:
    """Say what is wrong with the variable or unit that a score file gives an input.

    Parameters
    ----------
    item : Input
        As the file has it.

    Returns
    -------
    Problem or None
        For a variable that is not in the dictionary, or a unit it cannot have.
    """
    if item.variable is None:
        return None
    where = f"input '{item.name}'"
    try:
        known = variable(item.variable)
    except Refused as refused:
        first = refused.problems[0]
        return Problem("unknown_variable", first.what, where, first.mend)
    if (known_unit(item.unit) if item.unit else "1") in known.units:
        return None
    said = f"'{item.unit}' is not a unit of {item.variable}" if item.unit else "the unit is missing"
    return Problem("unit_not_accepted", said, where, nearest_units(item.unit, known.units))


def in_unit_of(item: Input, given: Quantity) -> Decimal:
    """Express a quantity in the unit of a score's input.

    Parameters
    ----------
    item : Input
        Asks for ``item.unit``.
    given : Quantity
        With any spelling of its unit; empty where none was stated.

    Returns
    -------
    Decimal
        The value in ``item.unit``.

    Raises
    ------
    CohortRefused
        ``unit_missing``, ``unit_unexpected``, ``unit_unknown`` or ``unit_not_accepted``.
    """
    where = f"input '{item.name}'"
    if _same(given.unit, item.unit):
        return given.value
    if not given.unit:
        raise refuse(
            CohortRefused,
            "unit_missing",
            "a number without a unit is not taken",
            where=where,
            mend=f"write its unit behind the number; {_accepted(item)}",
        )
    if item.unit in NO_UNIT and item.variable is None:
        raise refuse(
            CohortRefused,
            "unit_unexpected",
            f"this input has no unit, but '{given.unit[:24]}' was given",
            where=where,
            mend="check that this is the right input",
        )
    if known_unit(given.unit) is None:
        raise refuse(
            CohortRefused,
            "unit_unknown",
            f"'{given.unit[:24]}' is not a known unit",
            where=where,
            mend=nearest_units(given.unit) + f" ({_accepted(item)})",
        )
    return _converted(item, given, where)


def plausible_limits(item: Input) -> tuple[Decimal | None, Decimal | None]:
    """Limits outside which a value is not scored: the score's own, else the dictionary's.

    Parameters
    ----------
    item : Input
        Asks for ``item.unit``.

    Returns
    -------
    pair of Decimal or None
        Lowest and highest, in ``item.unit``.
    """
    low, high = item.minimum, item.maximum
    if item.variable is None:
        return low, high
    known = variable(item.variable)
    if low is None and known.low is not None:
        low = _from_canonical(known.name, known.low, item.unit or "1", getcontext().prec)
    if high is None and known.high is not None:
        high = _from_canonical(known.name, known.high, item.unit or "1", getcontext().prec)
    return low, high


def missing_limits(item: Input) -> tuple[Decimal | None, Decimal | None]:
    """Lowest and highest value that a missing input could have had.

    Parameters
    ----------
    item : Input
        Its codes, ``minimum`` and ``maximum``, ``low`` and ``high``, or the plausible range of
        its variable, whichever there is first.

    Returns
    -------
    pair of Decimal or None
        In ``item.unit``; None where nothing limits it.
    """
    low, high = item.limits
    if item.coding is None and (low is None or high is None):
        plausible = plausible_limits(item)
        low = plausible[0] if low is None else low
        high = plausible[1] if high is None else high
    return low, high


# a limit is asked for with every value; the digits of a division are those of the caller
@lru_cache(maxsize=1024)
def _from_canonical(name: str, value: Decimal, unit: str, digits: int) -> Decimal:
    del digits
    known = variable(name)
    return convert(Quantity(value, known.unit), unit, known.units).value


def _converted(item: Input, given: Quantity, where: str) -> Decimal:
    factors = {} if item.variable is None else variable(item.variable).units
    unit = known_unit(given.unit) or given.unit
    if not convertible(unit, factors):
        raise refuse(
            CohortRefused,
            "unit_not_accepted",
            f"'{given.unit[:24]}' cannot be turned into {item.unit or 'a number without unit'}",
            where=where,
            mend=_accepted(item),
        )
    return convert(Quantity(given.value, unit), item.unit or "1", factors).value


def _accepted(item: Input) -> str:
    units = [item.unit] if item.variable is None else list(variable(item.variable).units)
    # not a factor but a shift, so it stands in no table of factors
    units += ["[degF]"] if "Cel" in units else []
    return "accepted: " + ", ".join(units)


def _same(given: str, wanted: str) -> bool:
    if wanted in NO_UNIT and given in NO_UNIT:
        return True
    if not given:
        return False
    return given == wanted or (known_unit(given) or given) == (known_unit(wanted) or wanted)
