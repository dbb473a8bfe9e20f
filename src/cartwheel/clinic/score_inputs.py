"""Read what a caller gives for a score's inputs: a value, a gap, or reasons why neither."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from operator import index
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from cartwheel.clinic.dictionary import variable
from cartwheel.clinic.measurement import likely_units
from cartwheel.clinic.score_terms import Input
from cartwheel.clinic.score_units import in_unit_of, missing_limits, plausible_limits
from cartwheel.errors import Problem, Refused, ScoreRefused, refuse
from cartwheel.units import Quantity, decimal_mark, known_unit, parse_quantity, split_quantity

if TYPE_CHECKING:
    from cartwheel.clinic.score_spec import ScoreSpec

Given: TypeAlias = Quantity | Decimal | float | int | str | None

_AGE = Input(name="age", label="Age", variable="age", unit="years")


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
    """An input as reported, and the same as exact numbers to compute with.

    ``reach`` is what a value beyond a limit of detection could be; None for any other.
    """

    used: InputUsed
    interval: tuple[Decimal, Decimal]
    reach: tuple[Decimal, Decimal] | None = None


def read_inputs(
    spec: ScoreSpec,
    inputs: Mapping[str, Given],
    *,
    assume_units: bool,
    measured: Mapping[str, float] | None = None,
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
    measured : mapping of str to float, optional
        Day of measurement by input name, infusion being day 0.

    Returns
    -------
    pair of tuples
        The inputs, and the problems. Only where there are no problems are all inputs there.
    """
    problems = [_unknown(name, spec) for name in inputs if name not in spec.input_names]
    readings: list[Reading] = []
    for item in spec.inputs:
        try:
            reading = _read(spec, item, inputs.get(item.name), assume_units)
            readings.append(_dated(item, reading, (measured or {}).get(item.name)))
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


def read_age(given: Given) -> tuple[Decimal, Decimal]:
    """Read a patient's age.

    Parameters
    ----------
    given : Quantity or str
        With its unit, such as ``"63 years"``; ``">=90 years"`` is a limit.

    Returns
    -------
    pair of Decimal
        The lowest and the highest age it can be, in years: equal but for a limit.

    Raises
    ------
    Refused
        If it is no number, has no unit of time, or is not possible.
    """
    try:
        limit, value = _value(_AGE, given, assume_units=False)
        _check_hard_limits(_AGE, value, given)
    except Refused as refused:
        raise ScoreRefused(
            [Problem(one.code, one.what, one.where or _place(_AGE), one.mend)
             for one in refused.problems]
        ) from None  # fmt: skip
    return _beyond(_AGE, limit, value)[1] if limit else (value, value)


def plausible_age(age: Decimal) -> bool:
    """Say whether a person can have this age.

    Parameters
    ----------
    age : Decimal
        In years.

    Returns
    -------
    bool
        By the dictionary's limits.
    """
    return not _outside(age, *plausible_limits(_AGE))


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
    _check_hard_limits(item, value, given)
    notes = []
    reach = None
    if limit:
        side = "below" if limit[0] == "<" else "above"
        notes.append(f"{item.label} lies {side} the limit of detection and stands as the limit")
        value, reach = _beyond(item, limit, value)
    if _outside(value, item.low, item.high):
        notes.append(
            f"{item.label} of {_shown(value)} is outside the range the score was developed on "
            f"({_stretch(item.low, item.high)})"
        )
    reading = _used(item, str(given).strip(), (value, value), tuple(notes))
    return reading._replace(reach=reach)


def _beyond(item: Input, limit: str, value: Decimal) -> tuple[Decimal, tuple[Decimal, Decimal]]:
    """Give the number next to the limit, and all that the true value could be.

    ``>2000`` is not 2000: where a cut-off is printed as "over 2000" that decides, so the value
    stands one unit in the 34th digit beyond the limit.
    """
    low, high = plausible_limits(item)
    if limit[0] == "<":
        at = value if limit == "<=" else value.next_minus()
        end = low if low is not None else Decimal(0) if value > 0 else Decimal("-1E+30")
        return at, (min(end, at), at)
    at = value if limit == ">=" else value.next_plus()
    return at, (at, max(at, Decimal("1E+30") if high is None else high))


def _dated(item: Input, reading: Reading, day: float | None) -> Reading:
    """Add a note where the day of measurement is not the one that the score asks for."""
    note = ""
    if day is None or reading.used.value is None:
        return reading
    if item.day is not None and float(item.day) != day:
        note = f"{item.label} was measured on day {day:g}; the score asks for day {item.day}"
    window = item.window
    if window is not None and window.anchor != "infusion":
        note = (
            f"{item.label} was measured on day {day:g} from the infusion; the score asks for it "
            f"{window.text}, which that day does not settle"
        )
    elif window is not None and not window.holds(Decimal(repr(day))):
        note = f"{item.label} was measured on day {day:g}; the score asks for it {window.text}"
    if not note:
        return reading
    return reading._replace(used=replace(reading.used, notes=(*reading.used.notes, note)))


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
    low, high = missing_limits(item)
    if spec.missing == "refuse" or low is None or high is None:
        unit = f" in {item.unit}" if item.unit not in ("", "1") else ""
        day = "" if item.day is None else f", day {item.day}"
        day = day if item.window is None else f", {item.window.text}"
        raise refuse(
            ScoreRefused,
            "missing",
            f"{item.label} is missing, and missing is never taken as normal or as no",
            where=_place(item),
            mend=f"give its value{unit}{day}",
        )
    limits = f"from {_shown(low)} to {_shown(high)} {item.unit}".strip()
    if item.coding is not None:
        limits = "among " + ", ".join(item.coding)
    note = f"{item.label} is missing: the answer holds for any value of it {limits}"
    return _used(item, "", (low, high), (note,))


def _value(item: Input, given: Given, assume_units: bool) -> tuple[str, Decimal]:
    """Give the limit sign (or nothing) and the value in the input's unit.

    The sign is ``<``, ``<=``, ``>`` or ``>=``.
    """
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
    if limit and set(text[:2]) & set("=≤≥"):
        limit += "="
    value = _finite(item, parse_quantity(number, where=_place(item)).value)
    if item.coding is not None:
        return "", _coded_number(item, value)
    if not unit and assume_units:
        return limit, value
    return limit, in_unit_of(item, Quantity(value, unit))


def _finite(item: Input, given: object) -> Decimal:
    if not isinstance(given, bool | str) and hasattr(given, "__index__"):
        given = index(given)  # the whole numbers of numpy are no int
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


def _check_hard_limits(item: Input, value: Decimal, given: Given) -> None:
    if item.coding is not None:
        return
    low, high = plausible_limits(item)
    if _outside(value, low, high):
        raise refuse(
            ScoreRefused,
            "implausible",
            f"{_shown(value)} {item.unit}".strip() + f" is not possible ({_stretch(low, high)})",
            where=_place(item),
            mend=_likely(item, value, given),
        )


def _likely(item: Input, value: Decimal, given: Given) -> str:
    """Name the units in which an impossible value would be possible, as far as they are known."""
    written = given if isinstance(given, Quantity) else None
    parts = split_quantity(given.strip()) if isinstance(given, str) else None
    if parts is not None:
        written = Quantity(parse_quantity(parts[1]).value, parts[2])
    if item.variable is None or value < 0 or written is None or not written.unit:
        return "check the value and its unit"
    unit = known_unit(written.unit) or written.unit
    fits = likely_units(variable(item.variable), Quantity(written.value, unit))
    if not fits:
        return "check the value and its unit"
    guesses = " or ".join(f"{written.value} {other}" for other in fits)
    return f"is it {guesses}? then write that unit; else check the value"


def _outside(value: Decimal, low: Decimal | None, high: Decimal | None) -> bool:
    return (low is not None and value < low) or (high is not None and value > high)


def _stretch(low: Decimal | None, high: Decimal | None) -> str:
    if low is None:
        return f"up to {_shown(high)}"
    return f"from {_shown(low)}" if high is None else f"{_shown(low)} to {_shown(high)}"


def _shown(value: Decimal | None) -> str:
    return "" if value is None else f"{float(value):.6g}"
