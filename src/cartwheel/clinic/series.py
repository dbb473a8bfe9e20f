"""Values of one variable over time, counted in days from the infusion; nothing filled in.

A series is checked once: no value from the future, no two values for one hour, one unit. What is
read off it (`series_values`, `series_areas`) names the values it rests on, and keeps what a limit
of detection leaves open.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import ROUND_FLOOR, Context, Decimal, DivisionByZero, InvalidOperation, Overflow
from itertools import pairwise

from cartwheel.clinic.measurement import LARGEST_EXPONENT
from cartwheel.errors import CohortRefused, Problem, refuse

EXACT = Context(prec=34, traps=[InvalidOperation, DivisionByZero, Overflow])
_LISTED = 6


@dataclass(frozen=True, slots=True)
class Point:
    """One value at one time.

    Parameters
    ----------
    day : Decimal
        Days from the infusion, negative before it; 6 hours are 0.25.
    value : Decimal
        In the unit of the series; a value written ``<x`` stands at x.
    limit : {"", "<", ">"}
        Beyond a limit of detection, on which side.
    """

    day: Decimal
    value: Decimal
    limit: str = ""

    def lowest(self, floor: Decimal | None) -> Decimal | None:
        """Least value that the point could have; None where nothing limits it."""
        if self.limit != "<":
            return self.value
        return None if floor is None else min(floor, self.value)

    @property
    def highest(self) -> Decimal | None:
        """Greatest value that the point could have; None where nothing limits it."""
        return None if self.limit == ">" else self.value


@dataclass(frozen=True, slots=True)
class Series:
    """Values of one variable in one patient, ordered in time.

    Parameters
    ----------
    name : str
        What is measured, for the reader.
    unit : str
        Of every value; empty for a plain number.
    points : tuple of Point
        Earliest first, each at a time of its own.
    floor : Decimal or None
        What a value below a limit of detection cannot fall under: 0 for a concentration.
    window : pair of Decimal or None
        First and last day that was asked for, both included; None where open.
    """

    name: str
    unit: str
    points: tuple[Point, ...]
    floor: Decimal | None = Decimal(0)
    window: tuple[Decimal | None, Decimal | None] = (None, None)


def series(
    name: str,
    points: Iterable[Point],
    *,
    unit: str = "",
    as_of: Decimal | None = None,
    floor: Decimal | None = Decimal(0),
) -> Series:
    """Put values in order, and refuse what cannot be a course of one patient.

    Parameters
    ----------
    name : str
        What is measured, for the reader and for refusals.
    points : iterable of Point
        In any order.
    unit : str
        Of every value.
    as_of : Decimal, optional
        The day that it is now: a later value is refused.
    floor : Decimal or None
        What a value below a limit of detection cannot fall under.

    Returns
    -------
    Series

    Raises
    ------
    CohortRefused
        Everything found: ``not_a_number``, ``future_time``, ``duplicate_time`` (two values within
        one hour of the clock, counted from the infusion; equal ones too), ``limit_unknown``.
    """
    given = tuple(points)
    problems = list(_faults(name, given, as_of))
    if problems:
        raise CohortRefused(problems)
    ordered = tuple(sorted(given, key=lambda point: point.day))
    crowded = [late.day for early, late in pairwise(ordered) if _hour(early) == _hour(late)]
    if crowded:
        raise refuse(
            CohortRefused,
            "duplicate_time",
            f"two values for one hour at day {days_listed(crowded)}",
            where=name,
            mend="keep the one that counts; cartwheel does not choose between them",
        )
    return Series(name, unit, ordered, floor)


def _faults(name: str, points: tuple[Point, ...], as_of: Decimal | None) -> Iterator[Problem]:
    if not all(_sane(point.day) and _sane(point.value) for point in points):
        yield Problem("not_a_number", "a day or a value is not a number", name, "leave it out")
        return
    if any(point.limit not in ("", "<", ">") for point in points):
        yield Problem("limit_unknown", "a limit of detection is '<', '>' or nothing", name)
    late = [point.day for point in points if as_of is not None and point.day > as_of]
    if late:
        yield Problem(
            "future_time",
            f"day {days_listed(late)} lies after day {as_of}, the day of this assessment",
            name,
            "correct the time, or the time of the assessment",
        )


def _sane(number: Decimal) -> bool:
    return number.is_finite() and (not number or abs(number.adjusted()) <= LARGEST_EXPONENT)


def _hour(point: Point) -> Decimal:
    # days are written with four digits and more: 0.2083 is five o'clock, though 4.9992 hours
    return (point.day * 24 + Decimal("0.01")).to_integral_value(ROUND_FLOOR)


def days_listed(days: Iterable[Decimal]) -> str:
    """Name up to six days, and say how many more there are.

    Parameters
    ----------
    days : iterable of Decimal
        Days from the infusion.

    Returns
    -------
    str
        Such as ``3, 4.5 and 2 more``.
    """
    every = list(days)
    shown = ", ".join(plain(day) for day in every[:_LISTED])
    return shown + (f" and {len(every) - _LISTED} more" if len(every) > _LISTED else "")


def plain(number: Decimal) -> str:
    """Write a number for the reader: six digits, no exponent, no noughts at the end.

    Parameters
    ----------
    number : Decimal
        Finite.

    Returns
    -------
    str
    """
    if number == number.to_integral_value():
        return f"{number.to_integral_value():f}"
    return f"{Context(prec=6).plus(number).normalize():f}"


def in_window(given: Series, first: Decimal | None, last: Decimal | None) -> Series:
    """Keep the values of a window of days, both ends included.

    Parameters
    ----------
    given : Series
        The course.
    first, last : Decimal or None
        Days from the infusion; None leaves the end open.

    Returns
    -------
    Series
        May hold no value; what is read off it then refuses.

    Raises
    ------
    CohortRefused
        ``window_reversed``.
    """
    if first is not None and last is not None and first > last:
        raise refuse(
            CohortRefused,
            "window_reversed",
            f"the window begins on day {first} and ends on day {last}",
            where=given.name,
            mend="give the earlier day first",
        )
    kept = tuple(
        point
        for point in given.points
        if (first is None or point.day >= first) and (last is None or point.day <= last)
    )
    return replace(given, points=kept, window=(first, last))


def window_text(given: Series) -> str:
    """Say which days were asked for.

    Parameters
    ----------
    given : Series
        Its window.

    Returns
    -------
    str
        Such as ``days -5 to 0``; ``all days`` for an open window.
    """
    first, last = given.window
    if first is None and last is None:
        return "all days"
    if first is None or last is None:
        return f"days up to {last}" if first is None else f"days from {first}"
    return f"days {first} to {last}" if first != last else f"day {first}"


def points_of(given: Series, needed: int = 1) -> tuple[Point, ...]:
    """Hand out the values of a series, or refuse where there are too few.

    Parameters
    ----------
    given : Series
        The course.
    needed : int
        Least number of values.

    Returns
    -------
    tuple of Point

    Raises
    ------
    CohortRefused
        ``too_few_values``.
    """
    count = len(given.points)
    if count >= needed:
        return given.points
    raise refuse(
        CohortRefused,
        "too_few_values",
        f"{count or 'no'} value{'' if count == 1 else 's'} in {window_text(given)}, "
        f"and {needed} {'is' if needed == 1 else 'are'} needed",
        where=given.name,
        mend="widen the window, or leave this out; nothing is carried into it",
    )


def day_of(at: datetime, infusion: datetime) -> Decimal:
    """Count the days from the infusion to a moment.

    Parameters
    ----------
    at, infusion : datetime
        Both with a time zone, or both without one and then of one clock.

    Returns
    -------
    Decimal
        Days of 24 hours, negative before the infusion; whole hours are exact to 34 digits.

    Raises
    ------
    CohortRefused
        ``time_zone``: one has a time zone and the other has none.

    Examples
    --------
    >>> day_of(datetime(2026, 3, 2, 18), datetime(2026, 3, 1, 12))
    Decimal('1.25')
    """
    if (at.utcoffset() is None) != (infusion.utcoffset() is None):
        raise refuse(
            CohortRefused,
            "time_zone",
            "one time has a time zone and the other has none",
            mend="write both with their time zone, or both without",
        )
    microseconds = (at - infusion) // timedelta(microseconds=1)
    return EXACT.divide(Decimal(microseconds), Decimal(86_400_000_000))
