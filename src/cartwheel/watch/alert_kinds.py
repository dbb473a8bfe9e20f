"""What an alert rule asks of a patient: its kinds of conditions, and each of them in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Literal, TypeAlias

from cartwheel.clinic.dictionary import variables


@dataclass(frozen=True, slots=True)
class Reached:
    """A grade, or the value of a score, is at or above a limit.

    Parameters
    ----------
    target : str
        Id of the rule or score.
    at_least : float
        It is reached where even the lowest answer still possible is at or above it.
    clear_below : float
        It is over where even the highest answer still possible is below this.
    steps : bool
        Answers are grades: a whole one more is worse. The value of a score swings.
    """

    target: str
    at_least: float
    clear_below: float
    steps: bool = True


@dataclass(frozen=True, slots=True)
class InBand:
    """A score is in one of some bands.

    Parameters
    ----------
    target : str
        Id of the score.
    bands : tuple of str
        Ascending: a later one is worse.
    """

    target: str
    bands: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AtRisk:
    """A risk is at or above a limit, 0 to 1.

    Parameters
    ----------
    target : str
        Id of the score or model.
    at_least, clear_below : float
        As of `Reached`.
    """

    target: str
    at_least: float
    clear_below: float


@dataclass(frozen=True, slots=True)
class Measured:
    """A value is at or beyond a limit, in the canonical unit.

    Parameters
    ----------
    name : str
        Of the observation.
    side : {"at_least", "at_most"}
        Which side of the limit.
    limit, clear : Decimal
        Where it begins, and beyond which on the other side it ends.
    """

    name: str
    side: Literal["at_least", "at_most"]
    limit: Decimal
    clear: Decimal


@dataclass(frozen=True, slots=True)
class Rising:
    """A value has risen against the lowest one taken in the hours before it.

    Parameters
    ----------
    name : str
        Of the observation.
    by : Decimal
        The ratio, or the difference in the canonical unit.
    is_ratio : bool
        Which of the two.
    within : timedelta
        How far back is looked.
    """

    name: str
    by: Decimal
    is_ratio: bool
    within: timedelta


@dataclass(frozen=True, slots=True)
class Expected:
    """A value that should have been taken was not.

    Parameters
    ----------
    name : str
        Of the observation.
    every : timedelta
        How long after the last one, or after the first day, it is missing.
    from_day, to_day : int
        Days since the infusion in which it is expected, both included.
    """

    name: str
    every: timedelta
    from_day: int
    to_day: int


Single: TypeAlias = Reached | InBand | AtRisk | Measured | Rising | Expected


@dataclass(frozen=True, slots=True)
class Several:
    """At least so many of some conditions hold at once.

    Parameters
    ----------
    at_least : int
        How many.
    conditions : tuple of conditions
        Which.
    """

    at_least: int
    conditions: tuple[Single, ...]


Condition: TypeAlias = Single | Several


def in_words(condition: Condition) -> str:
    """Say a condition for the reader.

    Parameters
    ----------
    condition : Condition

    Returns
    -------
    str
        Such as ``astct-crs at least 2``.
    """
    match condition:
        case Reached(target=target, at_least=limit):
            return f"{target} at least {limit:g}"
        case InBand(target, bands):
            return f"{target} in {' or '.join(bands)}"
        case AtRisk(target, limit, _):
            return f"risk by {target} at least {100 * limit:g} %"
        case Measured(name, side, limit, _):
            return f"{name} {side.replace('_', ' ')} {_with_unit(limit, name)}"
        case Rising(name, by, is_ratio, within):
            rise = f"{by} times" if is_ratio else f"by {_with_unit(by, name)}"
            return f"{name} risen {rise} within {_hours(within)} h"
        case Expected(name, every, first, last):
            return f"no {name} for {_hours(every)} h (day {first} to {last})"
        case Several(wanted, conditions):
            return f"{wanted} of: {'; '.join(map(in_words, conditions))}"


def _with_unit(value: Decimal, name: str) -> str:
    known = variables().get(name)
    return str(value) if known is None else f"{value.normalize():f} {known.unit}".rstrip()


def _hours(length: timedelta) -> str:
    return f"{length.total_seconds() / 3600:g}"


def singles(condition: Condition) -> tuple[Single, ...]:
    """List the single conditions of a condition.

    Parameters
    ----------
    condition : Condition

    Returns
    -------
    tuple of conditions
    """
    return condition.conditions if isinstance(condition, Several) else (condition,)


def has_steps(condition: Condition) -> bool:
    """Tell whether levels are grades, bands or counts, not values that swing.

    Parameters
    ----------
    condition : Condition

    Returns
    -------
    bool
        A whole level more is then worse.
    """
    return isinstance(condition, InBand | Several) or (
        isinstance(condition, Reached) and condition.steps
    )
