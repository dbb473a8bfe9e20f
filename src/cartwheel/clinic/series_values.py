"""One number read off a course of values, with the values it rests on.

Where some values lie beyond a limit of detection, they stand at the limit, and ``low`` and ``high``
say what the number could be.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import Literal

from cartwheel.clinic.series import EXACT, Point, Series, days_listed, plain, points_of, window_text
from cartwheel.errors import CohortRefused, PlanRefused, refuse

Bounds = tuple[Decimal, Decimal | None, Decimal | None]


@dataclass(frozen=True, slots=True)
class Gap:
    """Days without a value, from one day to another."""

    start: Decimal
    stop: Decimal

    def __str__(self) -> str:
        return f"day {plain(self.start)} to {plain(self.stop)}"


@dataclass(frozen=True, slots=True)
class Summary:
    """A number read off a series.

    Parameters
    ----------
    name, rule : str
        What was measured; how the number was had, with every option.
    value : Decimal
        In `unit`; values beyond a limit of detection stand at the limit.
    unit : str
        That of the series, ``U/L/day``, ``U/L*days`` or ``days``.
    low, high : Decimal or None
        What it could be, given the limits of detection; equal to the value without any. None
        where nothing limits it.
    used : tuple of Point
        The values that it rests on.
    candidates : int
        Values in the window.
    window : str
        The days asked for.
    gaps : tuple of Gap
        Stretches longer than the longest gap allowed, for an area or a duration.
    uncovered : tuple of Gap
        Ends of the window before the first and after the last value; nothing is counted there.
    """

    name: str
    rule: str
    value: Decimal
    unit: str
    low: Decimal | None
    high: Decimal | None
    used: tuple[Point, ...]
    candidates: int
    window: str
    gaps: tuple[Gap, ...] = ()
    uncovered: tuple[Gap, ...] = ()

    @property
    def limit(self) -> str:
        """Sign of the limit of detection: ``<``, ``>``, ``<>`` for either way, or empty."""
        below = self.low is None or self.low < self.value
        above = self.high is None or self.high > self.value
        return "<" * below + ">" * above

    @property
    def settled(self) -> bool:
        """Whether no limit of detection leaves the number open."""
        return not self.limit


@dataclass(frozen=True, slots=True)
class Peak:
    """The highest value, and when.

    Parameters
    ----------
    summary : Summary
        Of the highest value.
    day : Decimal
        Of the first value as high as that.
    days : tuple of Decimal
        Every day with that value.
    possible_days : tuple of Decimal
        Days on which the peak could have been, given the limits of detection.
    """

    summary: Summary
    day: Decimal
    days: tuple[Decimal, ...]
    possible_days: tuple[Decimal, ...]


def nearest(
    given: Series, day: Decimal, *, tie: Literal["refuse", "earlier", "later"] = "refuse"
) -> Summary:
    """Take the value nearest to a day.

    Parameters
    ----------
    given : Series
        The course, cut to its window.
    day : Decimal
        Days from the infusion.
    tie : {"refuse", "earlier", "later"}
        Which of two values equally near.

    Returns
    -------
    Summary

    Raises
    ------
    CohortRefused
        ``too_few_values``; ``tie``, where two are equally near and no rule says which.
    PlanRefused
        ``tie_rule_unknown``.
    """
    if tie not in ("refuse", "earlier", "later"):
        raise refuse(PlanRefused, "tie_rule_unknown", f"'{tie[:16]}' is no rule for ties")
    points = points_of(given)
    least = min(abs(point.day - day) for point in points)
    found = [point for point in points if abs(point.day - day) == least]
    if len(found) > 1 and tie == "refuse":
        raise refuse(
            CohortRefused,
            "tie",
            f"day {days_listed(point.day for point in found)} are equally near to day {plain(day)}",
            where=given.name,
            mend='say which: tie = "earlier" or "later"',
        )
    rule = f"nearest to day {plain(day)}"
    rule += f", the {tie} of two equally near" if len(found) > 1 else ""
    return _single(given, found[-1] if tie == "later" else found[0], rule)


def first(given: Series) -> Summary:
    """Take the earliest value.

    Parameters
    ----------
    given : Series
        The course, cut to its window.

    Returns
    -------
    Summary

    Raises
    ------
    CohortRefused
        ``too_few_values``.
    """
    return _single(given, points_of(given)[0], "first")


def last(given: Series) -> Summary:
    """Take the latest value.

    Parameters
    ----------
    given : Series
        The course, cut to its window.

    Returns
    -------
    Summary

    Raises
    ------
    CohortRefused
        ``too_few_values``.
    """
    return _single(given, points_of(given)[-1], "last")


def worst(given: Series, direction: Literal["high", "low"]) -> Summary:
    """Take the highest value, or the lowest.

    Parameters
    ----------
    given : Series
        The course, cut to its window.
    direction : {"high", "low"}
        Which is worse; it is never guessed from the variable.

    Returns
    -------
    Summary
        `used` is the first value as high (low) as that, `low` and `high` what the worst could be:
        of 3 and ``<5`` the highest lies between 3 and 5.

    Raises
    ------
    CohortRefused
        ``too_few_values``.
    PlanRefused
        ``direction_unknown``.
    """
    if direction not in ("high", "low"):
        raise refuse(
            PlanRefused,
            "direction_unknown",
            f"'{str(direction)[:16]}' is no direction",
            where=given.name,
            mend='say which is worse: "high" or "low"',
        )
    points = points_of(given)
    take = max if direction == "high" else min
    value = take(point.value for point in points)
    lows = [point.lowest(given.floor) for point in points]
    highs = [point.highest for point in points]
    known_lows = [low for low in lows if low is not None]
    known_highs = [high for high in highs if high is not None]
    if direction == "high":
        low = max(known_lows, default=None)
        high = None if None in highs else max(known_highs)
    else:
        low = None if None in lows else min(known_lows)
        high = min(known_highs, default=None)
    used = _attaining(points, value, direction)
    rule = "highest" if direction == "high" else "lowest"
    return _summary(given, rule, (value, low, high), used[:1])


def _attaining(points: Sequence[Point], value: Decimal, direction: str) -> tuple[Point, ...]:
    """Points at the extreme; at equal figures ``>x`` is higher than x, and ``<x`` lower."""
    found = [point for point in points if point.value == value]
    sign = ">" if direction == "high" else "<"
    beyond = [point for point in found if point.limit == sign]
    plainly = [point for point in found if not point.limit]
    return tuple(beyond or plainly or found)


def peak(given: Series) -> Peak:
    """Find the highest value and its day.

    Parameters
    ----------
    given : Series
        The course, cut to its window.

    Returns
    -------
    Peak

    Raises
    ------
    CohortRefused
        ``too_few_values``.
    """
    found = worst(given, "high")
    points = given.points
    days = tuple(point.day for point in _attaining(points, found.value, "high"))
    possible = tuple(
        point.day
        for point in points
        if point.highest is None or found.low is None or point.highest >= found.low
    )
    return Peak(found, days[0], days, possible)


def mean(given: Series) -> Summary:
    """Average the values, each counting once whatever the time between them.

    Parameters
    ----------
    given : Series
        The course, cut to its window.

    Returns
    -------
    Summary
        For a mean over time, divide `area_under_curve` by its days.

    Raises
    ------
    CohortRefused
        ``too_few_values``.
    """
    points = points_of(given)
    bounds = weighted(points, [Decimal(1)] * len(points), Decimal(len(points)), given.floor)
    return _summary(given, f"mean of {len(points)}", bounds, points)


def slope(given: Series) -> Summary:
    """Fit a straight line by least squares; its rise in a day.

    Parameters
    ----------
    given : Series
        The course, cut to its window.

    Returns
    -------
    Summary
        In the unit of the series per day.

    Raises
    ------
    CohortRefused
        ``too_few_values``: fewer than two.

    Notes
    -----
    ``sum((n t_i - T) y_i) / (n sum(t_i ** 2) - T ** 2)`` with ``T = sum(t_i)``, in decimal
    arithmetic. Agrees with ``numpy.polyfit`` to double precision.
    """
    points = points_of(given, 2)
    count = len(points)
    with localcontext(EXACT):
        total = sum((point.day for point in points), Decimal(0))
        weights = [count * point.day - total for point in points]
        squares = sum((point.day**2 for point in points), Decimal(0))
        bounds = weighted(points, weights, count * squares - total**2, given.floor)
    rule = f"least-squares slope of {count}"
    return _summary(given, rule, bounds, points, unit=f"{given.unit}/day")


def weighted(
    points: Sequence[Point], weights: Sequence[Decimal], divisor: Decimal, floor: Decimal | None
) -> Bounds:
    """Sum values by weight, with the least and greatest that their limits allow.

    Parameters
    ----------
    points : sequence of Point
        The values.
    weights : sequence of Decimal
        One for each.
    divisor : Decimal
        Of the sum; above 0.
    floor : Decimal or None
        Under which no value below a limit of detection can fall.

    Returns
    -------
    tuple of Decimal or None
        Value, low and high.
    """
    with localcontext(EXACT):
        pairs = list(zip(points, weights, strict=True))
        value = sum((point.value * weight for point, weight in pairs), Decimal(0)) / divisor
        down = [(point.lowest(floor) if weight > 0 else point.highest, weight)
                for point, weight in pairs if weight]  # fmt: skip
        up = [(point.highest if weight > 0 else point.lowest(floor), weight)
              for point, weight in pairs if weight]  # fmt: skip
        return value, _sum(down, divisor), _sum(up, divisor)


def _sum(parts: Iterable[tuple[Decimal | None, Decimal]], divisor: Decimal) -> Decimal | None:
    total = Decimal(0)
    for value, weight in parts:
        if value is None:
            return None
        total += value * weight
    return total / divisor


def _single(given: Series, point: Point, rule: str) -> Summary:
    return _summary(given, rule, (point.value, point.lowest(given.floor), point.highest), (point,))


def _summary(
    given: Series, rule: str, bounds: Bounds, used: Sequence[Point], *, unit: str | None = None
) -> Summary:
    return Summary(
        name=given.name,
        rule=rule,
        value=bounds[0],
        unit=given.unit if unit is None else unit,
        low=bounds[1],
        high=bounds[2],
        used=tuple(used),
        candidates=len(given.points),
        window=window_text(given),
    )
