"""What a person says about columns: variable, unit, day, coding, decimal mark."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from cartwheel.errors import PlanRefused, Problem
from cartwheel.serve.cohort.fields import Fields
from cartwheel.serve.cohort.sheet import SheetColumn

Declared = dict[str, Any]
KEYS = ("variable", "unit", "day", "coding", "decimal")


def declarations(
    fields: Fields, columns: Iterable[SheetColumn], before: Iterable[Mapping[str, Any]]
) -> list[Declared]:
    """Read what a form says of the columns that it showed; others stay as they were declared.

    Parameters
    ----------
    fields : Fields
        ``unit-3``, ``day-3`` and so on, by the place of the column.
    columns : iterable of SheetColumn
        Of the sheet.
    before : iterable of mapping
        Declared up to now.

    Returns
    -------
    list of dict
        For the request of a check.

    Raises
    ------
    PlanRefused
        ``not_a_number``, ``bad_coding``; ``where`` is the id of the field.
    """
    known = {each["column"]: dict(each) for each in before}
    problems: list[Problem] = []
    for column in columns:
        if not fields.has(f"unit-{column.place}"):
            continue
        said = {"column": column.name}
        for key in KEYS:
            place = f"{key}-{column.place}"
            text = fields.one(place)
            if text:
                said[key] = _value(key, text, place, problems)
        known[column.name] = said
    if problems:
        raise PlanRefused(problems)
    return [said for said in known.values() if len(said) > 1]


def as_plan(declared: Iterable[Mapping[str, Any]]) -> dict[str, Declared]:
    """Write declarations as the ``columns`` of a plan.

    Parameters
    ----------
    declared : iterable of mapping
        As of `declarations`.

    Returns
    -------
    dict
        By column.
    """
    return {
        each["column"]: {key: each[key] for key in KEYS if each.get(key) is not None}
        for each in declared
    }


def coding_text(coding: Mapping[str, float] | None) -> str:
    """Write a coding as a person does.

    Parameters
    ----------
    coding : mapping or None
        Word to number.

    Returns
    -------
    str
        ``f = 1, m = 0``.
    """
    return ", ".join(f"{word} = {code:g}" for word, code in (coding or {}).items())


def _value(key: str, text: str, place: str, problems: list[Problem]) -> Any:
    if key == "day":
        number = number_of(text)
        if number is None:
            what = f"'{text[:20]}' is not a number"
            problems.append(Problem("not_a_number", what, place, "such as 0, 3 or -5"))
        return number
    if key == "coding":
        return _coding(text, place, problems)
    return text


def number_of(text: str) -> float | None:
    """Read a plain finite number; None where it is none.

    Parameters
    ----------
    text : str
        As typed.

    Returns
    -------
    float or None
    """
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) and "_" not in text else None


def _coding(text: str, place: str, problems: list[Problem]) -> dict[str, float]:
    coding: dict[str, float] = {}
    for pair in text.split(","):
        word, _, code = pair.rpartition("=")
        number = number_of(code.strip())
        if not word.strip() or number is None:
            what = f"'{pair.strip()[:30]}' is not a word with its number"
            problems.append(Problem("bad_coding", what, place, "such as f = 1, m = 0"))
            continue
        coding[word.strip()] = number
    return coding
