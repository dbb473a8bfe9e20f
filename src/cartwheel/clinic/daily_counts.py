"""One count a day from counts on some days, and the spells during which it was low."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from itertools import pairwise

from cartwheel.errors import PlanRefused, refuse


@dataclass(frozen=True, slots=True)
class Filling:
    """How days without a count are filled.

    Parameters
    ----------
    limit : int, days, >= 0
        Runs of at most so many days without a count are filled; longer runs stay unknown.
    carry_ends : bool
        Such runs before the first count and after the last take that count; else they stay
        unknown.
    round_to : Decimal or None
        Interpolated counts are rounded to multiples of this, halves to even; counts that were
        measured are never rounded.
    """

    limit: int
    carry_ends: bool
    round_to: Decimal | None


@dataclass(frozen=True, slots=True)
class DailyCounts:
    """One count a day over a window.

    Parameters
    ----------
    first, last : int
        First and last day.
    values : tuple of Decimal or None
        By day from `first`; None where it is not known.
    measured : int
        Days with a count of their own.
    """

    first: int
    last: int
    values: tuple[Decimal | None, ...]
    measured: int

    @property
    def unknown_days(self) -> tuple[int, ...]:
        """Days on which the count is not known."""
        return tuple(self.first + at for at, value in enumerate(self.values) if value is None)


@dataclass(frozen=True, slots=True)
class Spell:
    """Consecutive days of a low count, short recoveries included.

    Parameters
    ----------
    start, end : int
        First and last day; both are low.
    """

    start: int
    end: int

    @property
    def days(self) -> int:
        """Length, both ends counted."""
        return self.end - self.start + 1


def lowest_of_each_day(
    counts: Iterable[tuple[Decimal, Decimal]], first: int, last: int
) -> dict[int, Decimal]:
    """Take the lowest count of each day in a window.

    Parameters
    ----------
    counts : iterable of (day, value)
        Days after infusion, fractions allowed: day 2.7 belongs to day 2.
    first, last : int
        The window, both days included.

    Returns
    -------
    dict of int to Decimal
        In the order of the days.
    """
    lowest: dict[int, Decimal] = {}
    for moment, value in sorted(counts):
        day = int(moment.to_integral_value(rounding="ROUND_FLOOR"))
        if first <= day <= last:
            lowest[day] = min(value, lowest.get(day, value))
    return lowest


def daily_counts(
    counts: Iterable[tuple[Decimal, Decimal]], first: int, last: int, filling: Filling
) -> DailyCounts:
    """Give every day of a window its count: the lowest measured, or interpolated, or unknown.

    Parameters
    ----------
    counts : iterable of (day, value)
        As measured; counts outside the window are not used, not even to interpolate.
    first, last : int
        The window, both days included.
    filling : Filling
        How days without a count are filled.

    Returns
    -------
    DailyCounts

    Raises
    ------
    PlanRefused
        ``window_empty``: the last day lies before the first.

    Notes
    -----
    Interpolation is linear in the day between the neighbouring days' lowest counts, in decimal
    arithmetic.
    """
    if last < first:
        raise refuse(
            PlanRefused, "window_empty", f"the window ends on day {last}, before day {first}"
        )
    known = lowest_of_each_day(counts, first, last)
    values: list[Decimal | None] = [known.get(day) for day in range(first, last + 1)]
    days = list(known)
    for before, after in pairwise(days):
        if 0 < after - before - 1 <= filling.limit:
            step = known[after] - known[before]
            for day in range(before + 1, after):
                value = known[before] + step * (day - before) / (after - before)
                values[day - first] = _rounded(value, filling.round_to)
    if days and filling.carry_ends:
        _carry(values, days[0] - first, days[-1] - first, filling.limit)
    return DailyCounts(first, last, tuple(values), len(days))


def _carry(values: list[Decimal | None], head: int, tail: int, limit: int) -> None:
    """Carry the first count back and the last on, over no more days than the limit."""
    if head <= limit:
        values[:head] = [values[head]] * head
    after = len(values) - tail - 1
    if after <= limit:
        values[tail + 1 :] = [values[tail]] * after


def _rounded(value: Decimal, step: Decimal | None) -> Decimal:
    if step is None:
        return value
    return (value / step).quantize(Decimal(1), rounding=ROUND_HALF_EVEN) * step


def is_low(value: Decimal, limit: Decimal, *, below: bool) -> bool:
    """Compare a count with a limit.

    Parameters
    ----------
    value, limit : Decimal
        In one unit.
    below : bool
        Low is below the limit; else at or below it.

    Returns
    -------
    bool
    """
    return value < limit or (value == limit and not below)


def low_days(
    daily: DailyCounts, limit: Decimal, *, below: bool, unknown_low: frozenset[int]
) -> tuple[bool, ...]:
    """Tell for every day whether the count is low.

    Parameters
    ----------
    daily : DailyCounts
        One count a day.
    limit : Decimal
        Same unit.
    below : bool
        Low is below the limit; else at or below it.
    unknown_low : frozenset of int
        Days without a count that are taken to be low; the others are taken not to be.

    Returns
    -------
    tuple of bool
        By day from the first of the window.
    """
    return tuple(
        daily.first + at in unknown_low if value is None else is_low(value, limit, below=below)
        for at, value in enumerate(daily.values)
    )


def bracketed_days(
    daily: DailyCounts,
    counts: Iterable[tuple[Decimal, Decimal]],
    limit: Decimal,
    *,
    below: bool,
) -> frozenset[int]:
    """List the unknown days that lie between two counts neither of which is low.

    Parameters
    ----------
    daily : DailyCounts
        One count a day.
    counts : iterable of (day, value)
        As measured, those outside the window too.
    limit : Decimal
        Same unit.
    below : bool
        As in `is_low`.

    Returns
    -------
    frozenset of int
        Days of the window.
    """
    measured = sorted(counts)
    found: set[int] = set()
    for day in daily.unknown_days:
        before = [value for moment, value in measured if moment < day]
        after = [value for moment, value in measured if moment >= day + 1]
        sides = (*before[-1:], *after[:1])
        if before and after and not any(is_low(each, limit, below=below) for each in sides):
            found.add(day)
    return frozenset(found)


def spells(low: Sequence[bool], first: int, recovery_days: int) -> tuple[Spell, ...]:
    """Join low days to spells: a recovery ends a spell only if it lasts long enough.

    Parameters
    ----------
    low : sequence of bool
        By day.
    first : int
        Day of the first.
    recovery_days : int, >= 1
        So many consecutive days that are not low end a spell; shorter recoveries between low days
        belong to it.

    Returns
    -------
    tuple of Spell
        In the order of the days.
    """
    found: list[Spell] = []
    for day in (first + at for at, lies_low in enumerate(low) if lies_low):
        if found and day - found[-1].end <= recovery_days:
            found[-1] = Spell(found[-1].start, day)
        else:
            found.append(Spell(day, day))
    return tuple(found)
