"""Reading one patient's chart for a rule: quantities, yes or no, words and counts over days.

What is not charted is unknown (None), never no and never normal. Everything wrong with a chart is
said at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType
from typing import TypeAlias

from cartwheel.clinic.dictionary import nearest_names, variables
from cartwheel.clinic.toxicity.assessment import Asked, Chart
from cartwheel.errors import CohortRefused, Problem, Refused, refuse
from cartwheel.units import Quantity, convert, parse_quantity

Counts: TypeAlias = tuple[tuple[Decimal, Decimal], ...]
"""Days after infusion, each with a value in the canonical unit."""

_YES = ("yes", "y", "true", "1")
_NO = ("no", "n", "false", "0")
_BLANK = ("", "na", "n/a", "nan", "null", "missing", "unknown", "not known", "not charted")

# what is asked for and is no variable of the dictionary: accepted unit -> one of it in the first
_FURTHER_UNITS: Mapping[str, Mapping[str, Decimal]] = MappingProxyType(
    {
        "serum_m_protein": {"g/L": Decimal(1), "g/dL": Decimal(10), "mg/dL": Decimal("0.01")},
        "flc_difference": {"mg/L": Decimal(1), "mg/dL": Decimal(10)},
        "marrow_plasma_cells": {"%": Decimal(1)},
        "mrd": {"%": Decimal(1), "1": Decimal(100)},
        "urine_m_protein": {"mg/(24.h)": Decimal(1), "g/(24.h)": Decimal(1000)},
    }
)
_SUFFIXES = ("_uln", "_lln", "_baseline", "_nadir")


def analyte(name: str) -> str:
    """Name the variable behind an input: ``ferritin_uln`` and ``ferritin_baseline`` are ferritin.

    Parameters
    ----------
    name : str
        Name of an input.

    Returns
    -------
    str
        The same name where it is no limit, baseline or nadir.
    """
    for suffix in _SUFFIXES:
        if name.endswith(suffix):
            return name.removesuffix(suffix)
    return name


def accepted_units(asked: Asked) -> Mapping[str, Decimal]:
    """List the units an input may be charted in, and what one of each is in the unit asked for.

    Parameters
    ----------
    asked : Asked
        An input of kind ``quantity`` or ``series``.

    Returns
    -------
    mapping of str to Decimal
        From the dictionary where the input is one of its variables.
    """
    name = analyte(asked.name)
    known = variables()
    if name in _FURTHER_UNITS:
        return _FURTHER_UNITS[name]
    return known[name].units if name in known else {asked.unit: Decimal(1)}


class Charted:
    """A chart being read by a rule; problems are gathered until `finish`.

    Parameters
    ----------
    chart : mapping
        By name of input. Quantities as `Quantity` or as text with a unit.
    inputs : iterable of Asked
        What the rule asks.
    """

    def __init__(self, chart: Chart, inputs: Iterable[Asked]) -> None:
        self._chart = chart
        self._asked = {asked.name: asked for asked in inputs}
        self._problems: list[Problem] = []
        self._stated: list[str] = []

    @property
    def notes(self) -> tuple[str, ...]:
        """What was taken to be so because nothing else was charted."""
        return tuple(self._stated)

    def finish(self) -> None:
        """Raise every problem found; to be called before the values are used."""
        if self._problems:
            raise CohortRefused(self._problems)

    def quantity(self, name: str) -> Decimal | None:
        """Read a number in the unit asked for; None where it is not charted."""
        asked = self._asked[name]
        given = self._given(name)
        if given is None:
            return None
        try:
            return _in_unit(asked, given)
        except Refused as refused:
            self._add(name, refused)
            return None

    def number(self, name: str) -> Decimal | None:
        """Read a number without a unit; None where it is not charted."""
        given = self._given(name)
        if given is None:
            return None
        try:
            value = _plain(given)
            _check_range(self._asked[name], value)
        except Refused as refused:
            self._add(name, refused)
            return None
        return value

    def yes_no(self, name: str) -> bool | None:
        """Read yes or no; None where it is not charted."""
        given = self._given(name)
        if given is None:
            return None
        word = str(given).strip().casefold()
        if word in _YES or word in _NO:
            return word in _YES
        self._problems.append(
            Problem(
                "not_yes_or_no", f"'{word[:24]}' is neither yes nor no", name, "write yes or no"
            )
        )
        return None

    def choice(self, name: str) -> str | None:
        """Read one of the words of the rule; None where it is not charted."""
        given = self._given(name)
        if given is None:
            return None
        choices = self._asked[name].choices
        word = " ".join(str(given).split()).casefold()
        found = next((choice for choice in choices if choice.casefold() == word), None)
        if found is None:
            mend = nearest_names(word, choices)
            what = f"'{word[:24]}' is not one of the words of this rule"
            self._problems.append(Problem("choice_unknown", what, name, mend))
        return found

    def series(self, name: str) -> Counts:
        """Read values over days, in the order of the days; empty where nothing is charted."""
        asked = self._asked[name]
        given = self._given(name)
        if given is None:
            return ()
        if isinstance(given, str) or not isinstance(given, Sequence):
            what = "values over days are needed, not one value"
            mend = "give pairs of a day and a value, or chart rows with a day"
            self._problems.append(Problem("not_a_series", what, name, mend))
            return ()
        found: list[tuple[Decimal, Decimal]] = []
        for pair in given:
            try:
                day, value = _pair(pair)
                found.append((_plain(day), _in_unit(asked, value)))
            except Refused as refused:
                self._add(name, refused)
        return tuple(sorted(found))

    def _given(self, name: str) -> object:
        asked = self._asked[name]
        if name not in self._chart and asked.unless_stated:
            self._stated.append(f"{asked.label}: taken as {asked.unless_stated} (not charted)")
            return None
        given = self._chart.get(name)
        if isinstance(given, str) and given.strip().casefold() in _BLANK:
            return None
        return None if isinstance(given, float) and given != given else given  # noqa: PLR0124

    def _add(self, name: str, refused: Refused) -> None:
        for problem in refused.problems:
            found = Problem(problem.code, problem.what, name, problem.mend)
            if found not in self._problems:
                self._problems.append(found)


def _pair(pair: object) -> tuple[object, object]:
    if isinstance(pair, Sequence) and not isinstance(pair, str) and len(pair) == 2:
        return pair[0], pair[1]
    raise refuse(
        CohortRefused,
        "not_a_series",
        "a day and a value are needed",
        mend="write [3, '0.4 10*9/L']",
    )


def _plain(given: object) -> Decimal:
    """Read a number without a unit."""
    if isinstance(given, str):
        found = parse_quantity(given)
        if found.unit:
            raise refuse(
                CohortRefused, "unit_not_accepted", "a plain number is needed, without a unit"
            )
        return found.value
    if isinstance(given, Decimal | int | float) and not isinstance(given, bool):
        value = Decimal(str(given))
        if value.is_finite():
            return value
    raise refuse(CohortRefused, "not_a_number", "not a number", mend="give a number")


def _in_unit(asked: Asked, given: object) -> Decimal:
    """Read a quantity in the unit asked for; a bare number is refused."""
    if isinstance(given, str):
        given = parse_quantity(given)
    if not isinstance(given, Quantity):
        given = Quantity(_plain(given), "")
    factors = accepted_units(asked)
    if not given.unit:
        raise refuse(
            CohortRefused,
            "no_unit",
            "the unit is missing",
            mend=f"write it behind the number, such as {given.value} {asked.unit}; "
            f"accepted: {', '.join(factors)}",
        )
    value = convert(given, asked.unit, factors).value
    _check_range(asked, value, given)
    return value


def _check_range(asked: Asked, value: Decimal, given: Quantity | None = None) -> None:
    """Refuse what cannot be, and name the unit in which it could."""
    low, high = _limits(asked)
    if value < 0 and (low is None or low >= 0):
        raise refuse(CohortRefused, "negative", "a negative value cannot be", mend="correct it")
    if (low is None or value >= low) and (high is None or value <= high):
        return
    shown = str(given) if given is not None else str(value)
    fits = [] if given is None else _fitting_units(asked, given, (low, high))
    could = f"; would fit {' or '.join(fits)}" if fits else ""
    raise refuse(
        CohortRefused,
        "implausible",
        f"{shown} lies outside {low} to {high} {asked.unit}".rstrip() + could,
        mend=f"is the unit {fits[0]}? State the right one" if fits else "check value and unit",
    )


def _limits(asked: Asked) -> tuple[Decimal | None, Decimal | None]:
    if asked.low is not None or asked.high is not None:
        low = None if asked.low is None else Decimal(asked.low)
        return low, None if asked.high is None else Decimal(asked.high)
    known = variables()
    name = analyte(asked.name)
    return (known[name].low, known[name].high) if name in known else (None, None)


def _fitting_units(
    asked: Asked, given: Quantity, limits: tuple[Decimal | None, Decimal | None]
) -> list[str]:
    low, high = limits
    return [
        unit
        for unit, factor in accepted_units(asked).items()
        if unit != given.unit
        if (low is None or given.value * factor >= low)
        if (high is None or given.value * factor <= high)
    ]
