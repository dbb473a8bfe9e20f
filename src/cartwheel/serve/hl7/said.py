"""What an OBX segment says: its type, number, unit, coded answers and status."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Literal, TypeAlias

from cartwheel.errors import CohortRefused, Refused, refuse
from cartwheel.serve.hl7.syntax import Segment, component_of
from cartwheel.watch.code_values import Said, looks_like_number
from cartwheel.watch.codes import Coding
from cartwheel.watch.observation import Status

NUMBER_TYPES = frozenset({"NM", "SN"})
CODED_TYPES = frozenset({"CE", "CWE", "CNE", "CF", "IS", "ID"})
TEXT_TYPES = frozenset({"ST", "TX", "FT"})
TIME_TYPES = frozenset({"DT", "TS", "DTM"})

_SIGNS = frozenset({"", "=", "<", ">", "<=", ">="})

Outcome: TypeAlias = Status | Literal["none"]

_STATUS: Mapping[str, Outcome] = MappingProxyType(
    {
        "F": "final", "U": "final", "V": "final",
        "C": "corrected", "A": "corrected", "B": "corrected",
        "P": "preliminary", "R": "preliminary", "S": "preliminary",
        "D": "withdrawn", "W": "withdrawn", "X": "withdrawn",
        "I": "none", "N": "none", "O": "none",
    }
)  # fmt: skip


def codings(segment: Segment, number: int) -> tuple[Coding, ...]:
    """Read every code that a field gives for the same thing.

    Parameters
    ----------
    segment : Segment
        With a coded field (CE, CWE).
    number : int
        Of the field.

    Returns
    -------
    tuple of Coding
        The first code and the alternate one, where they are there.
    """
    found = segment.repeats(number)
    return _codings(found[0], segment) if found else ()


def _codings(text: str, segment: Segment) -> tuple[Coding, ...]:
    marks = segment.marks
    first, shown, system = (component_of(text, place, marks) for place in (1, 2, 3))
    pairs = [Coding(system, first, shown)]
    if text.count(marks.component) >= 3:
        second, other, its = (component_of(text, place, marks) for place in (4, 5, 6))
        pairs.append(Coding(its, second, other))
    return tuple(one for one in pairs if one.code)


def unit_of(segment: Segment) -> str:
    """Read the unit of a value, OBX-6.

    Parameters
    ----------
    segment : Segment
        OBX.

    Returns
    -------
    str
        The identifier; its text where there is no identifier; empty without either.
    """
    return segment.part(6) or segment.part(6, 2)


def outcome_of(segment: Segment, of_group: str) -> Outcome:
    """Read what became of a result, OBX-11.

    Parameters
    ----------
    segment : Segment
        OBX.
    of_group : str
        OBR-25, for a result that does not say it itself.

    Returns
    -------
    {"preliminary", "final", "corrected", "withdrawn", "none"}
        ``none`` where there is no value yet, or none was asked for.

    Raises
    ------
    CohortRefused
        ``status_missing``, ``status_unknown``.
    """
    status = (segment.part(11) or of_group).upper()
    if not status:
        raise refuse(CohortRefused, "status_missing", "no result status", where="OBX-11")
    if status not in _STATUS:
        raise refuse(CohortRefused, "status_unknown", "unknown result status", where="OBX-11")
    return _STATUS[status]


def said_in(segment: Segment, *, tabled: bool) -> Said:
    """Read the value of a result, OBX-5, by its type, OBX-2.

    Parameters
    ----------
    segment : Segment
        OBX.
    tabled : bool
        The centre's table has a line for the code: then text is read as well.

    Returns
    -------
    Said

    Raises
    ------
    CohortRefused
        ``value_missing``, ``value_type``, ``values_many``, ``value_ratio``, ``value_range``,
        ``value_form``. No problem says the value.
    """
    kind = segment.part(2).upper()
    repeats = segment.repeats(5)
    if not repeats:
        raise refuse(CohortRefused, "value_missing", "a result without a value", where="OBX-5")
    if kind in NUMBER_TYPES:
        if len(repeats) > 1:
            raise refuse(CohortRefused, "values_many", "more than one number", where="OBX-5")
        return Said(_number(segment, repeats[0]) if kind == "NM" else _structured(segment))
    if kind in CODED_TYPES:
        return Said("", _answers(segment, repeats))
    if kind in TEXT_TYPES and tabled:
        return _text(segment, repeats)
    what = f"a value of type {kind[:4] or 'unknown'} is not read under this code"
    mend = "give its code a line in the table of codes" if kind in TEXT_TYPES else "send NM or SN"
    raise refuse(CohortRefused, "value_type", what, where="OBX-2", mend=mend)


def _number(segment: Segment, text: str) -> str:
    found = segment.marks.plain(text).strip()
    if not found:
        raise refuse(CohortRefused, "value_missing", "a result without a value", where="OBX-5")
    return found


def _structured(segment: Segment) -> str:
    """Read a structured number; one that stands for two numbers is refused."""
    sign, first, between, second = (segment.part(5, place) for place in (1, 2, 3, 4))
    if sign not in _SIGNS:
        raise refuse(CohortRefused, "value_form", "the comparator is not known", where="OBX-5.1")
    if between or second:
        code = "value_range" if between in ("-", "") else "value_ratio"
        what = "a range or a ratio stands where one number is needed"
        raise refuse(CohortRefused, code, what, where="OBX-5.3")
    if not first or first[0] in "<>=":
        raise refuse(CohortRefused, "value_missing", "a result without a value", where="OBX-5.2")
    return f"{sign}{first}"


def _answers(segment: Segment, repeats: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    found = []
    for text in repeats:
        codes = _codings(text, segment)
        forms = [one.code for one in codes] + [one.shown for one in codes if one.shown]
        if not codes and (words := component_of(text, 2, segment.marks)):
            forms = [words]
        if forms:
            found.append(tuple(forms))
    if not found:
        raise refuse(CohortRefused, "value_missing", "a result without a value", where="OBX-5")
    return tuple(found)


def _text(segment: Segment, repeats: Sequence[str]) -> Said:
    words = [" ".join(segment.marks.plain(text).split()) for text in repeats]
    words = [one for one in words if one]
    if not words:
        raise refuse(CohortRefused, "value_missing", "a result without a value", where="OBX-5")
    number = words[0] if len(words) == 1 and looks_like_number(words[0]) else ""
    return Said(number, tuple((one,) for one in words))


def first_problem(refused: Refused) -> tuple[str, str]:
    """Give the code of the first problem, and all that it says in one line.

    Parameters
    ----------
    refused : Refused
        A refusal.

    Returns
    -------
    tuple of (str, str)
    """
    return refused.problems[0].code, str(refused.problems[0])
