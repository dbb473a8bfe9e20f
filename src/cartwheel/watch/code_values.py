"""Reading what a message says under a code whose meaning is known; a value is never guessed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, TypeAlias

from cartwheel.clinic.charted import Charted
from cartwheel.clinic.dictionary import Variable, accepted_units, variable, variables
from cartwheel.clinic.loinc import loinc_measurement
from cartwheel.clinic.measurement import likely_units, measurement
from cartwheel.clinic.toxicity.answers import read_chart
from cartwheel.clinic.toxicity.vasopressors import read_vasopressors
from cartwheel.clinic.toxicity.vocabulary import INPUTS
from cartwheel.errors import CohortRefused, Problem, Refused, refuse
from cartwheel.units import Quantity, convertible
from cartwheel.watch.codes import ANY, Meaning
from cartwheel.watch.observation import Value, names_known, rule_inputs

Limit: TypeAlias = Literal["", "<", ">"]

_NUMBER = re.compile(
    r"(?P<sign><=?|>=?|=)?\s*(?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)",
    re.ASCII,
)
_LONGEST_NUMBER = 40
_LONGEST_DRUG = 60
_COMMA = re.compile(r"[+-]?\d+,\d+")


@dataclass(frozen=True, slots=True)
class Said:
    """What a message says under one code.

    Parameters
    ----------
    number : str
        As written, with ``<``, ``>``, ``<=``, ``>=`` or ``=`` before it where there is one; empty
        where no number was sent.
    answers : tuple of str
        Codes or words of the answer, each in every form in which it was sent.
    """

    number: str = ""
    answers: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """A value as it is kept.

    Parameters
    ----------
    name : str
        Of `names_known`; the sibling of the variable where the unit says so.
    value : Decimal, str, bool, tuple of str or None
        In `unit`.
    unit : str
        Canonical unit of the variable; empty without one.
    limit : {"", "<", ">"}
        Beyond a limit of detection: the value stands at it.
    """

    name: str
    value: Value
    unit: str = ""
    limit: Limit = ""


def read_said(meaning: Meaning, said: Said) -> Reading:
    """Read what was said under a code.

    Parameters
    ----------
    meaning : Meaning
        What the code stands for.
    said : Said
        Number or answers.

    Returns
    -------
    Reading

    Raises
    ------
    CohortRefused
        ``not_a_number``, ``decimal_mark``, ``unit_missing``, ``unit_not_accepted``,
        ``unit_ambiguous``, ``loinc_unit``, ``implausible``, ``negative_value``,
        ``answer_missing``, ``answer_unmapped``, ``answers_many``. No problem says the value.
    """
    kind = names_known()[meaning.name]
    if kind == "milestone":
        return Reading(meaning.name, None)
    if kind == "treatment":
        return Reading(meaning.name, _drug(meaning, _only(meaning, said)))
    if kind == "quantity":
        return _quantity(meaning, _as_number(meaning, said))
    if kind == "number":
        return _by_rule(meaning, _plain(meaning, _as_number(meaning, said)))
    if kind == "names":
        return _names(meaning, said)
    return _by_rule(meaning, _only(meaning, said))


def _as_number(meaning: Meaning, said: Said) -> str:
    """Give the number sent, or the number that the table gives for an answer."""
    if said.number:
        return meaning.values.get(said.number.casefold(), said.number)
    answer = _mapped(meaning, _one(said))
    if answer is None:
        raise refuse(
            CohortRefused, "not_a_number", "a word stands where a number is needed",
            mend="give the number that the word stands for in the table of codes",
        )  # fmt: skip
    return answer


def looks_like_number(text: str) -> bool:
    """Tell whether a text is a number, with a comparator or without.

    Parameters
    ----------
    text : str
        As written.

    Returns
    -------
    bool
    """
    return len(text) <= _LONGEST_NUMBER and _NUMBER.fullmatch(text.strip()) is not None


def _number(text: str) -> tuple[Limit, Decimal]:
    match = _NUMBER.fullmatch(text.strip()[: _LONGEST_NUMBER + 1])
    if match is None or len(text) > _LONGEST_NUMBER:
        if _COMMA.search(text):
            what, code = "the number has a comma", "decimal_mark"
        else:
            what, code = "this is not a number", "not_a_number"
        raise refuse(CohortRefused, code, what, mend="write it with a decimal point, as in 1.5")
    sign = match["sign"] or ""
    limit: Limit = "<" if sign.startswith("<") else ">" if sign.startswith(">") else ""
    return limit, Decimal(match["number"])


def _quantity(meaning: Meaning, text: str) -> Reading:
    limit, number = _number(text)
    if meaning.name not in variables():
        return _by_rule(meaning, Quantity(number, meaning.unit), limit)
    given = Quantity(number, meaning.unit)
    try:
        if meaning.loinc:
            read = loinc_measurement(meaning.loinc, given)
        else:
            read = measurement(meaning.name, given)
    except Refused as refused:
        raise CohortRefused(_without_value(meaning, refused.problems[0], given)) from None
    if limit == "<" and read.value <= 0:
        raise refuse(CohortRefused, "implausible", "nothing lies below zero", mend="check it")
    return Reading(read.variable, read.value, _kept(read.unit), limit)


def _kept(unit: str) -> str:
    return "" if unit == "1" else unit


def _without_value(meaning: Meaning, problem: Problem, given: Quantity) -> Problem:
    """Say the same without the number: what is parked is counted where many see it."""
    found = variable(meaning.name)
    where = found.label
    if problem.code == "unit_missing":
        mend = "declare the unit in the table of codes: " + ", ".join(accepted_units(found))
        return Problem(problem.code, "the message states no unit", where, mend)
    if problem.code in ("implausible", "negative_value"):
        return Problem(problem.code, f"outside {_span(found)}", where, _likelier(found, given))
    if problem.code == "not_a_number":
        return Problem(problem.code, "no laboratory reports a number of this size", where, "")
    return Problem(problem.code, problem.what, where, problem.mend)


def _span(found: Variable) -> str:
    return f"{found.low} to {found.high} {_kept(found.unit)}".strip()


def _likelier(found: Variable, given: Quantity) -> str:
    if not given.unit or not convertible(given.unit, found.units):
        return "check the number at its source"
    fits = likely_units(found, given)
    return f"would fit {' or '.join(fits)}: is the unit right?" if fits else "check the number"


def _plain(meaning: Meaning, text: str) -> Decimal:
    limit, number = _number(text)
    if limit:
        raise refuse(CohortRefused, "not_a_number", "a limit stands where a count is needed")
    if meaning.unit not in ("", "1"):
        raise refuse(
            CohortRefused, "unit_not_accepted", f"it is not taken in {meaning.unit}",
            where=meaning.name,
        )  # fmt: skip
    return number


def _one(said: Said) -> tuple[str, ...]:
    if not said.answers:
        raise refuse(CohortRefused, "answer_missing", "there is no answer")
    if len(said.answers) > 1:
        raise refuse(CohortRefused, "answers_many", "there is more than one answer")
    return said.answers[0]


def _mapped(meaning: Meaning, forms: Sequence[str]) -> str | None:
    """Find what the table says that an answer stands for; None where it says nothing."""
    values: Mapping[str, str] = meaning.values
    for form in forms:
        if form.casefold() in values:
            return values[form.casefold()]
    return values.get(ANY)


def _only(meaning: Meaning, said: Said) -> str:
    """Give the one answer: as the table reads it; as it stands where the table has no answers."""
    forms = (said.number,) if said.number else _one(said)
    found = _mapped(meaning, forms)
    if found is not None:
        return found
    if meaning.values:
        raise _unmapped(meaning)
    return forms[-1]


def _unmapped(meaning: Meaning, among: str = "") -> Refused:
    mend = "add the answer to the table of codes"
    return refuse(
        CohortRefused, "answer_unmapped", "the answer is in no table", where=meaning.name,
        mend=f"{mend}; {among}" if among else mend,
    )  # fmt: skip


def _drug(meaning: Meaning, text: str) -> str:
    drug = " ".join(text.split())
    if not drug or len(drug) > _LONGEST_DRUG:
        raise refuse(CohortRefused, "answer_missing", "no drug is named", where=meaning.name)
    if meaning.name != "vasopressors":
        return drug
    agents, problems = read_vasopressors((drug,))
    if problems or len(agents) != 1:
        code = problems[0].code if problems else "vasopressor_unknown"
        raise refuse(
            CohortRefused, code, "the drug is not one vasopressor", where=meaning.name,
            mend="name the agent in the table of codes",
        )  # fmt: skip
    return agents[0]


def _names(meaning: Meaning, said: Said) -> Reading:
    texts = [_only(meaning, Said("", (forms,))) for forms in said.answers]
    if not texts:
        raise refuse(CohortRefused, "answer_missing", "there is no answer")
    return _by_rule(meaning, tuple(texts))


def _by_rule(meaning: Meaning, given: object, limit: Limit = "") -> Reading:
    """Read an input of a grading rule as the rule itself reads it."""
    asked = rule_inputs()[meaning.name]
    try:
        if asked.name in INPUTS:
            value: object = read_chart({asked.name: given}, (asked,)).values.get(asked.name)
        else:
            charted = Charted({asked.name: given}, (asked,))
            value = getattr(charted, asked.kind)(asked.name)
            charted.finish()
    except Refused as refused:
        raise _said_by_rule(meaning, refused.problems[0]) from None
    if value is None:
        raise refuse(CohortRefused, "answer_missing", "there is no answer", where=meaning.name)
    if isinstance(value, int) and not isinstance(value, bool):
        value = Decimal(value)
    assert isinstance(value, Decimal | str | bool | tuple)
    return Reading(meaning.name, value, _kept(asked.unit), limit)


def _said_by_rule(meaning: Meaning, problem: Problem) -> Refused:
    """Say why a rule does not take an answer, without the answer."""
    asked = rule_inputs()[meaning.name]
    if problem.code in ("choice_unknown", "not_yes_or_no", "not_names", "none_and_some"):
        words = ", ".join(asked.choices) or "yes, no"
        return _unmapped(meaning, f"it reads {words}")
    reasons = {
        "no_unit": "the message states no unit",
        "unit_not_accepted": f"it is not taken in {meaning.unit}",
        "negative": "below zero",
        "implausible": "the number is not possible",
    }
    code = {"no_unit": "unit_missing", "negative": "negative_value"}.get(problem.code, problem.code)
    mend = f"in {asked.unit}" if asked.unit else ""
    return refuse(
        CohortRefused, code, reasons.get(problem.code, "it cannot be read"), where=asked.label,
        mend=mend,
    )  # fmt: skip
