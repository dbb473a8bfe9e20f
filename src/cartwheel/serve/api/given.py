"""Values of one patient, from JSON to what a score or a rule reads."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from cartwheel.clinic.score_inputs import Given
from cartwheel.errors import PlanRefused, Problem
from cartwheel.units import Quantity

_KEYS = {"value", "unit", "day"}
LONGEST = 200


def given_values(inputs: Mapping[str, Any]) -> tuple[dict[str, Given], dict[str, float]]:
    """Read the inputs of a score.

    Parameters
    ----------
    inputs : mapping
        By name: ``"280 U/L"``, ``{"value": 280, "unit": "U/L", "day": -6}``, a number, or None.
        Numbers with a point are Decimal.

    Returns
    -------
    (dict, dict)
        Values and days, by name.

    Raises
    ------
    PlanRefused
        ``bad_value``, ``unknown_key``, ``missing_key``: all at once.
    """
    values: dict[str, Given] = {}
    days: dict[str, float] = {}
    problems: list[Problem] = []
    for name, said in inputs.items():
        where = f"inputs.{name[:60]}"
        if isinstance(said, dict):
            found = _measured(said, where)
            if isinstance(found, Problem):
                problems.append(found)
                continue
            values[name], day = found
            if day is not None:
                days[name] = float(day)
        elif problem := _unfit(said, where):
            problems.append(problem)
        else:
            values[name] = said
    if problems:
        raise PlanRefused(problems)
    return values, days


def given_value(said: Any, where: str) -> Given:
    """Read one value.

    Parameters
    ----------
    said : object
        As of `given_values`, without a day.
    where : str
        Of the refusal.

    Returns
    -------
    Quantity, Decimal, int, str or None

    Raises
    ------
    PlanRefused
        As of `given_values`.
    """
    problem = _unfit(said, where)
    if isinstance(said, dict):
        found = _measured(said, where)
        if not isinstance(found, Problem):
            return found[0]
        problem = found
    if problem:
        raise PlanRefused(problem)
    return said  # type: ignore[no-any-return]


def charted(said: Any) -> object:
    """Read a value of a chart: ``{value, unit}`` is a quantity, a list a tuple.

    Parameters
    ----------
    said : object
        From JSON.

    Returns
    -------
    object
        For the rule to judge.
    """
    if isinstance(said, dict) and said.keys() == {"value", "unit"} and _is_number(said["value"]):
        return Quantity(Decimal(said["value"]), str(said["unit"]))
    if isinstance(said, list):
        return tuple(charted(each) for each in said)
    return said


def _measured(said: dict[str, Any], where: str) -> tuple[Given, Decimal | int | None] | Problem:
    if unknown := said.keys() - _KEYS:
        named = min(unknown)[:60]
        return Problem("unknown_key", "this key is not known", f"{where}.{named}",
                       "known keys here: value, unit, day")  # fmt: skip
    if "value" not in said:
        return Problem("missing_key", "this key is needed and is not there", f"{where}.value",
                       "add it")  # fmt: skip
    value, unit, day = said["value"], said.get("unit", ""), said.get("day")
    if not isinstance(unit, str) or len(unit) > 60:
        return Problem("bad_value", "a unit is a short text", f"{where}.unit", 'such as "U/L"')
    if day is not None and not _is_number(day):
        return Problem("not_a_day", "the day of measurement is not a number", f"{where}.day",
                       "give days from the infusion")  # fmt: skip
    if problem := _unfit(value, f"{where}.value"):
        return problem
    if value is None or not unit:
        return value, day
    if isinstance(value, str):
        # a unit that stands behind the number too is kept: two units are then refused
        return (f"{value} {unit}" if value.strip() else value), day
    return Quantity(Decimal(value), unit), day


def _unfit(said: Any, where: str) -> Problem | None:
    if isinstance(said, bool):
        return Problem("bad_value", "true and false are no values here", where,
                       "give a number with its unit, or a word of the score")  # fmt: skip
    if isinstance(said, list) or (isinstance(said, str) and len(said) > LONGEST):
        return Problem("bad_value", "this is no value", where,
                       "give a number with its unit, or a word of the score")  # fmt: skip
    return None


def _is_number(said: object) -> bool:
    return isinstance(said, int | Decimal) and not isinstance(said, bool)
