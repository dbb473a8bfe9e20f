"""Read what a caller gives for a score's inputs: a value, a gap, or reasons why neither."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from cartwheel.clinic.score_terms import Input, PointsTerm
from cartwheel.clinic.score_units import in_unit_of, plausible_limits
from cartwheel.errors import Problem, Refused, ScoreRefused, refuse
from cartwheel.units import Quantity, decimal_mark, parse_quantity, split_quantity

if TYPE_CHECKING:
    from cartwheel.clinic.score_spec import ScoreSpec

Given: TypeAlias = Quantity | Decimal | float | int | str | None


@dataclass(frozen=True, slots=True)
class InputUsed:
    """One input as it entered the score.

    Parameters
    ----------
    name, label, unit : str
        From the score; ``value``, ``low`` and ``high`` are in this unit.
    day : float or None
        Day of measurement the score asks for.
    given : str
        As the caller wrote it; empty where missing.
    value : float or None
        None where missing.
    low, high : float
        What it could be: equal to the value, or the limits of a missing one.
    notes : tuple of str
        Conversions and warnings.
    """

    name: str
    label: str
    unit: str
    day: float | None
    given: str
    value: float | None
    low: float
    high: float
    notes: tuple[str, ...]


class Reading(NamedTuple):
    """An input as reported, and the same as exact numbers to compute with."""

    used: InputUsed
    interval: tuple[Decimal, Decimal]


def read_inputs(
    spec: ScoreSpec, inputs: Mapping[str, Given], *, assume_units: bool
) -> tuple[tuple[Reading, ...], tuple[Problem, ...]]:
    """Read every input of a score.

    Parameters
    ----------
    spec : ScoreSpec
        Says which inputs, in which units and limits, and what to do where one is missing.
    inputs : mapping
        By input name.
    assume_units : bool
        Take a bare number as standing in the score's unit.

    Returns
    -------
    pair of tuples
        The inputs, and the problems. Only where there are no problems are all inputs there.
    """
    problems = [_unknown(name, spec) for name in inputs if name not in spec.input_names]
    readings: list[Reading] = []
    for item in spec.inputs:
        try:
            readings.append(_read(spec, item, inputs.get(item.name), assume_units))
        except Refused as refused:
            problems.extend(
                Problem(each.code, each.what, each.where or _place(item), each.mend)
                for each in refused.problems
            )
    if not problems and all(one.used.value is None for one in readings):
        problems.append(
            Problem("nothing_given", "no input was given", "", "give at least one value")
        )
    return tuple(readings), tuple(problems)


def _unknown(name: str, spec: ScoreSpec) -> Problem:
    close = get_close_matches(name, spec.input_names, n=1, cutoff=0.5)
    mend = f"did you mean '{close[0]}'?" if close else "inputs: " + ", ".join(spec.input_names)
    return Problem("unknown_input", f"'{name[:60]}' is no input of this score", "", mend)


def _place(item: Input) -> str:
    return f"input '{item.name}'"


def _read(spec: ScoreSpec, item: Input, given: Given, assume_units: bool) -> Reading:
    if given is None or (isinstance(given, str) and not given.strip()):
        return _missing(spec, item)
    limit, value = _value(item, given, assume_units)
    _check_hard_limits(item, value)
    notes = []
    if limit:
        _check_limit_settles(spec, item, limit, value)
        side = "below" if limit == "<" else "above"
        notes.append(f"{item.label} lies {side} the limit of detection and stands as the limit")
    if _outside(value, item.low, item.high):
        notes.append(
            f"{item.label} of {_shown(value)} is outside the range the score was developed on "
            f"({_stretch(item.low, item.high)})"
        )
    return _used(item, str(given).strip(), (value, value), tuple(notes))


def _used(
    item: Input, given: str, interval: tuple[Decimal, Decimal], notes: tuple[str, ...]
) -> Reading:
    low, high = (float(end) for end in interval)
    used = InputUsed(
        name=item.name,
        label=item.label,
        unit=item.unit,
        day=None if item.day is None else float(item.day),
        given=given,
        value=low if given else None,
        low=low,
        high=high,
        notes=notes,
    )
    return Reading(used, interval)


def _missing(spec: ScoreSpec, item: Input) -> Reading:
    low, high = item.limits
    if spec.missing == "refuse" or low is None or high is None:
        unit = f" in {item.unit}" if item.unit not in ("", "1") else ""
        day = "" if item.day is None else f", day {item.day}"
        raise refuse(
            ScoreRefused,
            "missing",
            f"{item.label} is missing, and missing is never taken as normal or as no",
            where=_place(item),
            mend=f"give its value{unit}{day}",
        )
    limits = f"{_shown(low)} to {_shown(high)} {item.unit}".strip()
    note = f"{item.label} is missing: the answer holds for any value of it from {limits}"
    return _used(item, "", (low, high), (note,))


def _value(item: Input, given: Given, assume_units: bool) -> tuple[str, Decimal]:
    """Give the limit sign (or nothing) and the value in the input's unit."""
    if isinstance(given, str):
        return _from_text(item, given.strip(), assume_units)
    if isinstance(given, Quantity):
        number, unit = _finite(item, given.value), given.unit
    else:
        number, unit = _finite(item, given), ""
    if item.coding is not None:
        return "", _coded_number(item, number)
    if not unit and assume_units:
        return "", number
    return "", in_unit_of(item, Quantity(number, unit))


def _from_text(item: Input, text: str, assume_units: bool) -> tuple[str, Decimal]:
    if item.coding is not None:
        words = {word.strip().casefold(): number for word, number in item.coding.items()}
        if text.casefold() in words:
            return "", words[text.casefold()]
    parts = split_quantity(text)
    if parts is None or decimal_mark(parts[1]) is None:
        raise _not_a_number(item)
    limit, number, unit = parts
    value = _finite(item, parse_quantity(number, where=_place(item)).value)
    if item.coding is not None:
        return "", _coded_number(item, value)
    if not unit and assume_units:
        return limit, value
    return limit, in_unit_of(item, Quantity(value, unit))


def _finite(item: Input, given: object) -> Decimal:
    if isinstance(given, bool) or not isinstance(given, int | float | Decimal):
        raise _not_a_number(item)
    try:
        value = Decimal(float.__repr__(given)) if isinstance(given, float) else Decimal(given)
        plain = float(value)
    except (InvalidOperation, OverflowError, ValueError):
        raise _not_a_number(item) from None
    if not math.isfinite(plain) or (value and not plain):
        raise _not_a_number(item)
    return value


def _not_a_number(item: Input) -> Refused:
    mend = "write it as in '280 U/L'" if item.unit else "give a plain number"
    if item.coding is not None:
        mend = "write one of: " + ", ".join(item.coding)
    return refuse(
        ScoreRefused, "not_a_number", "this is not a number", where=_place(item), mend=mend
    )


def _coded_number(item: Input, number: Decimal) -> Decimal:
    coding = item.coding or {}
    if number not in coding.values():
        codes = ", ".join(f"{word} = {code}" for word, code in coding.items())
        raise refuse(
            ScoreRefused,
            "not_coded",
            f"{_shown(number)} is not one of this input's codes",
            where=_place(item),
            mend=f"the codes are {codes}",
        )
    return number


def _check_hard_limits(item: Input, value: Decimal) -> None:
    if item.coding is not None:
        return
    low, high = plausible_limits(item)
    if _outside(value, low, high):
        raise refuse(
            ScoreRefused,
            "implausible",
            f"{_shown(value)} {item.unit}".strip() + f" is not possible ({_stretch(low, high)})",
            where=_place(item),
            mend="check the value and its unit",
        )


def _check_limit_settles(spec: ScoreSpec, item: Input, limit: str, value: Decimal) -> None:
    """Refuse ``<5`` where a range of points begins or ends at 2: the points are not known."""
    for term in spec.terms:
        if not isinstance(term, PointsTerm) or term.input != item.name:
            continue
        cuts = [band.to for band in term.bands if band.to is not None]
        if any(cut < value if limit == "<" else cut > value for cut in cuts):
            raise refuse(
                ScoreRefused,
                "limit_unsettled",
                "the limit of detection lies on the wrong side of a cut-off of the score",
                where=_place(item),
                mend="give a measured number",
            )


def _outside(value: Decimal, low: Decimal | None, high: Decimal | None) -> bool:
    return (low is not None and value < low) or (high is not None and value > high)


def _stretch(low: Decimal | None, high: Decimal | None) -> str:
    if low is None:
        return f"up to {_shown(high)}"
    return f"from {_shown(low)}" if high is None else f"{_shown(low)} to {_shown(high)}"


def _shown(value: Decimal | None) -> str:
    return "" if value is None else f"{float(value):.6g}"
