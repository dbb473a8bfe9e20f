"""Read a chart for a rule: every value in the rule's own unit or word, or every reason why not."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import TypeAlias

from cartwheel.clinic.dictionary import nearest_names, variables
from cartwheel.clinic.toxicity.assessment import Asked, Chart
from cartwheel.clinic.toxicity.vasopressors import read_vasopressors
from cartwheel.clinic.toxicity.vocabulary import INPUTS, SPELLINGS, fold
from cartwheel.errors import CohortRefused, Problem, Refused, refuse
from cartwheel.units import Quantity, decimal_mark, known_unit, plain_number, split_quantity

Value: TypeAlias = Decimal | int | bool | str | tuple[str, ...]

_BLANK = {"na", "n a", "nan", "null", "unknown", "not known", "not charted", "missing"}
_YES_OR_NO = {
    **dict.fromkeys(("yes", "y", "true", "1"), True),
    **dict.fromkeys(("no", "n", "false", "0"), False),
}
# letters that mean a unit only because this unit is asked for
_SHORT: Mapping[str, Mapping[str, str]] = {
    "Cel": {"c": "Cel", "f": "[degF]"},
    "L/min": dict.fromkeys(("l/min", "lpm", "l/minute", "liters/min", "litres/min"), "L/min"),
    "hours": {},
    "years": {},
    "%": {},
}

# unit asked for -> accepted units as (offset, times, by): (value + offset) * times / by
_CONVERSIONS: Mapping[str, Mapping[str, tuple[Decimal, Decimal, Decimal]]] = {
    "Cel": {
        "Cel": (Decimal(0), Decimal(1), Decimal(1)),
        "[degF]": (Decimal(-32), Decimal(5), Decimal(9)),
    },
    "L/min": {"L/min": (Decimal(0), Decimal(1), Decimal(1))},
    "%": {
        "%": (Decimal(0), Decimal(1), Decimal(1)),
        "1": (Decimal(0), Decimal(100), Decimal(1)),
    },
    "hours": {
        "hours": (Decimal(0), Decimal(1), Decimal(1)),
        "days": (Decimal(0), Decimal(24), Decimal(1)),
    },
    "years": {
        "years": (Decimal(0), Decimal(1), Decimal(1)),
        "months": (Decimal(0), Decimal(1), Decimal(12)),
    },
}


@dataclass(frozen=True, slots=True)
class Answers:
    """What the chart says to a rule's questions.

    Parameters
    ----------
    values : mapping of str to Decimal, int, bool, str or tuple of str
        By input, in its unit or words; an input that is missing is not there.
    assumed : tuple of str
        Inputs that the chart does not have and whose stated meaning was taken.
    """

    values: Mapping[str, Value]
    assumed: tuple[str, ...]

    def number(self, name: str) -> Decimal | None:
        """Number of a quantity or count, None where missing."""
        value = self.values.get(name)
        return Decimal(value) if isinstance(value, Decimal | int) else None

    def flag(self, name: str) -> bool | None:
        """Yes or no, None where missing."""
        value = self.values.get(name)
        return value if isinstance(value, bool) else None

    def word(self, name: str) -> str | None:
        """Word chosen, None where missing."""
        value = self.values.get(name)
        return value if isinstance(value, str) else None

    def names(self, name: str) -> tuple[str, ...] | None:
        """Names listed, empty for none of them; None where missing."""
        value = self.values.get(name)
        return value if isinstance(value, tuple) else None

    @property
    def warnings(self) -> tuple[str, ...]:
        """Say what was taken for inputs that the chart does not have."""
        if not self.assumed:
            return ()
        taken = ", ".join(f"{name} {INPUTS[name].unless_stated}" for name in self.assumed)
        return (f"not charted and taken as stated in the rule: {taken}",)


def read_chart(chart: Chart, inputs: Iterable[Asked]) -> Answers:
    """Read what a rule asks for; what it does not ask for stays unread.

    Parameters
    ----------
    chart : mapping of str to object
        By name of input. A quantity carries its unit (`Quantity`, or text such as ``39.2 Cel``);
        counts are whole numbers; yes or no is a bool, or one of the texts yes, no, true, false,
        1, 0; names are a tuple (empty for none), or a text separated by ``;``, ``,``, ``+`` or
        ``and``. None, NaN and blank text are missing.
    inputs : iterable of Asked
        What the rule asks.

    Returns
    -------
    Answers

    Raises
    ------
    CohortRefused
        Everything found wrong at once: ``input_unknown``, ``no_unit``, ``unit_not_accepted``,
        ``implausible``, ``not_a_number``, ``decimal_mark``, ``detection_limit``,
        ``choice_unknown``, ``not_yes_or_no``, ``vasopressor_unknown``, ``not_a_vasopressor``.
    """
    problems = list(_unknown_inputs(chart))
    values: dict[str, Value] = {}
    assumed: list[str] = []
    for asked in inputs:
        if asked.name not in chart and asked.unless_stated:
            values[asked.name] = () if asked.kind == "names" else False
            assumed.append(asked.name)
            continue
        given = chart.get(asked.name)
        if _is_missing(given):
            continue
        try:
            values[asked.name] = _read(asked, given)
        except Refused as refused:
            problems.extend(refused.problems)
    if problems:
        raise CohortRefused(problems)
    return Answers(MappingProxyType(values), tuple(assumed))


def _is_missing(given: object) -> bool:
    if isinstance(given, str):
        return not given.strip() or fold(given) in _BLANK
    return given is None or (isinstance(given, float) and math.isnan(given))


def _unknown_inputs(chart: Chart) -> Iterator[Problem]:
    strange = [name for name in chart if name not in INPUTS]
    if not strange:
        return
    known = variables()
    for name in strange:
        if name not in known:
            mend = nearest_names(name, INPUTS)
            yield Problem("input_unknown", f"'{name[:40]}' is no input of a grading rule", "", mend)


def _read(asked: Asked, given: object) -> Value:
    if asked.kind == "quantity":
        return _quantity(asked, given)
    if asked.kind == "number":
        return _count(asked, given)
    if asked.kind == "yes_no":
        return _yes_or_no(asked, given)
    if asked.kind == "names":
        return _names(asked, given)
    return _word(asked.name, given)


def _quantity(asked: Asked, given: object) -> Decimal:
    if isinstance(given, Quantity):
        number, unit = given.value, given.unit
    elif isinstance(given, str):
        number, unit = _number_and_unit(asked.name, given, _SHORT[asked.unit])
    elif isinstance(given, Decimal | int | float) and not isinstance(given, bool):
        number, unit = Decimal(str(given)), ""
    else:
        raise _not_a_number(asked.name)
    accepted = _CONVERSIONS[asked.unit]
    if not unit or unit not in accepted:
        raise refuse(
            CohortRefused, "unit_not_accepted" if unit else "no_unit",
            f"'{unit}' is not a unit of this value" if unit else "a number without its unit",
            where=asked.name, mend=f"state the unit: {' or '.join(accepted)}",
        )  # fmt: skip
    if not number.is_finite():
        raise _not_a_number(asked.name)
    offset, times, by = accepted[unit]
    value = (number + offset) * times / by
    if not _within(asked, value):
        raise refuse(
            CohortRefused, "implausible", f"{number} {unit} is not plausible", where=asked.name,
            mend=_other_unit(asked, number, unit),
        )  # fmt: skip
    return value


def _within(asked: Asked, value: Decimal) -> bool:
    low, high = asked.low, asked.high
    return (low is None or value >= low) and (high is None or value <= high)


def _other_unit(asked: Asked, number: Decimal, unit: str) -> str:
    for other, (offset, times, by) in _CONVERSIONS[asked.unit].items():
        if other != unit and _within(asked, (number + offset) * times / by):
            return f"is it in {other}? then write {number} {other}"
    return f"between {asked.low} and {asked.high} {asked.unit}"


def _number_and_unit(
    where: str, text: str, short: Mapping[str, str] = MappingProxyType({})
) -> tuple[Decimal, str]:
    limit, written, unit = split_quantity(text) or ("", "", "")
    mark = decimal_mark(written)
    if mark == "?":
        raise refuse(
            CohortRefused, "decimal_mark", f"'{written}' can be read in two ways", where=where,
            mend="write it with a decimal point, without thousands separators",
        )  # fmt: skip
    plain = None if mark is None else plain_number(written, mark or ".")
    if plain is None:
        raise _not_a_number(where)
    if limit:
        raise refuse(
            CohortRefused, "detection_limit", f"'{text[:24]}' is a limit, not a value",
            where=where, mend="chart the value itself",
        )  # fmt: skip
    folded = unit.lower().replace(" ", "")
    return Decimal(plain), (short.get(folded) or known_unit(unit) or unit) if unit else ""


def _not_a_number(where: str) -> Refused:
    return refuse(CohortRefused, "not_a_number", "not a number", where=where,
                  mend="chart a number with its unit, or leave it blank")  # fmt: skip


def _count(asked: Asked, given: object) -> int:
    number: Decimal | None = None
    if isinstance(given, Quantity) and given.unit in ("", "1"):
        number = given.value
    elif isinstance(given, bool):
        number = None
    elif isinstance(given, Decimal | int | float):
        number = Decimal(str(given))
    elif isinstance(given, str):
        number, unit = _number_and_unit(asked.name, given)
        number = None if unit else number
    if number is None or not number.is_finite():
        raise _not_a_number(asked.name)
    if number != number.to_integral_value() or not _within(asked, number):
        raise refuse(
            CohortRefused, "implausible", f"{number} is not possible", where=asked.name,
            mend=f"a whole number from {asked.low} to {asked.high}",
        )  # fmt: skip
    return int(number)


def _yes_or_no(asked: Asked, given: object) -> bool:
    if isinstance(given, bool):
        return given
    if isinstance(given, str):
        said = _YES_OR_NO.get(given.strip().casefold())
        if said is not None:
            return said
    elif isinstance(given, int | float | Decimal) and given in (0, 1):
        return given == 1
    raise refuse(
        CohortRefused, "not_yes_or_no", f"'{str(given)[:24]}' is neither yes nor no",
        where=asked.name, mend="write yes or no",
    )  # fmt: skip


def _word(name: str, given: object) -> str:
    spellings = SPELLINGS[name]
    found = spellings.get(fold(given)) if isinstance(given, str) else None
    if found is None:
        raise refuse(
            CohortRefused, "choice_unknown", f"'{str(given)[:40]}' is not one of the choices",
            where=name, mend="one of: " + ", ".join(dict.fromkeys(spellings.values())),
        )  # fmt: skip
    return found


def _names(asked: Asked, given: object) -> tuple[str, ...]:
    texts = _listed(asked, given)
    if asked.name == "vasopressors":
        agents, problems = read_vasopressors(texts)
        if problems:
            raise CohortRefused(problems)
        return agents
    found = {_word(asked.name, text) for text in texts}
    return tuple(choice for choice in asked.choices if choice in found)


def _listed(asked: Asked, given: object) -> tuple[str, ...]:
    if isinstance(given, str):
        for mark in (";", "+", " and ", " & "):
            given = given.replace(mark, ",")
        texts = [text.strip() for text in given.split(",") if text.strip()]
    elif isinstance(given, list | tuple | set | frozenset):
        texts = [str(text).strip() for text in given]
    else:
        texts = [""]
    if not texts and isinstance(given, str):
        texts = [""]
    if "" in texts:
        raise refuse(
            CohortRefused, "not_names", "this asks for names", where=asked.name,
            mend="list the names, or write none",
        )  # fmt: skip
    empty = {"none", "no", "nil"}
    if any(fold(text) in empty for text in texts):
        if len(texts) == 1:
            return ()
        raise refuse(
            CohortRefused, "none_and_some", "'none' stands beside a name", where=asked.name,
            mend="chart either none or the names",
        )  # fmt: skip
    return tuple(texts)
