"""What lies between the values of a course: the area under it, and the time above a threshold.

Both need a rule for what happened between two values, and for a stretch without any. Neither rule
is a default: the caller names them, and the answer names the gaps.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from itertools import pairwise
from typing import Literal

from cartwheel.clinic.series import EXACT, Point, Series, plain, points_of, window_text
from cartwheel.clinic.series_values import Bounds, Gap, Summary, weighted
from cartwheel.errors import CohortRefused, PlanRefused, refuse

Gaps = Literal["refuse", "bridge", "leave_out"]
Comparison = Literal[">", ">=", "<", "<="]
Between = Literal["interpolated", "stepwise"]

_GAP_WORDS = {"bridge": "bridged", "leave_out": "left out"}


def area_under_curve(given: Series, *, longest_gap: Decimal, gaps: Gaps = "refuse") -> Summary:
    """Measure the area under a course by trapezoids, from its first value to its last.

    Parameters
    ----------
    given : Series
        The course, cut to its window.
    longest_gap : Decimal
        Days that two neighbouring values may lie apart.
    gaps : {"refuse", "bridge", "leave_out"}
        A longer stretch is refused, bridged by a straight line, or not counted.

    Returns
    -------
    Summary
        In unit times days. Gaps are named in `gaps`; the ends of the window before the first and
        after the last value stand in `uncovered` and are not counted.

    Raises
    ------
    CohortRefused
        ``too_few_values``: fewer than two; ``gap``.
    PlanRefused
        ``longest_gap`` or ``gap_rule_unknown``.

    Notes
    -----
    ``sum((t_j - t_i) (y_i + y_j) / 2)`` over neighbours, in decimal arithmetic.
    """
    course = _course(given, longest_gap, gaps)
    weights = dict.fromkeys(course.points, Decimal(0))
    with localcontext(EXACT):
        for start, stop in course.counted:
            weights[start] += stop.day - start.day
            weights[stop] += stop.day - start.day
    bounds = weighted(tuple(weights), tuple(weights.values()), Decimal(2), given.floor)
    unit = f"{given.unit}*days" if given.unit else "days"
    return _summary(given, course, "trapezoid area" + course.rule, bounds, unit)


def time_beyond(
    given: Series,
    threshold: Decimal,
    *,
    comparison: Comparison,
    between: Between,
    longest_gap: Decimal,
    gaps: Gaps = "refuse",
) -> Summary:
    """Measure for how many days a course lay above a threshold, or below it.

    Parameters
    ----------
    given : Series
        The course, cut to its window.
    threshold : Decimal
        In the unit of the series.
    comparison : {">", ">=", "<", "<="}
        What counts.
    between : {"interpolated", "stepwise"}
        A straight line from one value to the next, or each value holding until the next one.
    longest_gap : Decimal
        Days that two neighbouring values may lie apart.
    gaps : {"refuse", "bridge", "leave_out"}
        What to do about a longer stretch.

    Returns
    -------
    Summary
        In days, from the first value to the last: the last value lasts no time.

    Raises
    ------
    CohortRefused
        ``too_few_values``: fewer than two; ``gap``.
    PlanRefused
        ``longest_gap``, ``gap_rule_unknown``, ``comparison_unknown`` or ``between_unknown``.

    Notes
    -----
    Interpolated, ``>`` and ``>=`` differ only where the course runs along the threshold.
    """
    _check_words(comparison, between)
    course = _course(given, longest_gap, gaps)
    share = _line(comparison) if between == "interpolated" else _step(comparison)
    above = comparison.startswith(">")

    def days(reading: Callable[[Point], Decimal]) -> Decimal:
        return sum(
            (
                (stop.day - start.day) * share(reading(start), reading(stop), threshold)
                for start, stop in course.counted
            ),
            Decimal(0),
        )

    def least(point: Point) -> Decimal:
        lowest = point.lowest(given.floor)
        return Decimal("-Infinity") if lowest is None else lowest

    def greatest(point: Point) -> Decimal:
        return Decimal("Infinity") if point.highest is None else point.highest

    with localcontext(EXACT):
        ends = days(least), days(greatest)
        bounds: Bounds = (days(lambda point: point.value), *(ends if above else ends[::-1]))
    rule = f"time {comparison} {plain(threshold)} {given.unit}".rstrip() + f", {between}"
    return _summary(given, course, rule + course.rule, bounds, "days")


def _check_words(comparison: str, between: str) -> None:
    if comparison not in (">", ">=", "<", "<="):
        mend = "one of: >, >=, <, <="
        raise refuse(PlanRefused, "comparison_unknown", "no such comparison", mend=mend)
    if between not in ("interpolated", "stepwise"):
        mend = "interpolated or stepwise"
        what = "it is not said what happened between two values"
        raise refuse(PlanRefused, "between_unknown", what, mend=mend)


def _line(comparison: Comparison) -> Callable[[Decimal, Decimal, Decimal], Decimal]:
    sign = 1 if comparison.startswith(">") else -1
    inclusive = comparison.endswith("=")

    def share(start: Decimal, stop: Decimal, threshold: Decimal) -> Decimal:
        low, high = sorted((sign * start, sign * stop))
        bar = sign * threshold
        if high <= bar:
            return Decimal(int(inclusive and low == bar))
        if low >= bar:
            return Decimal(1)
        # towards a value without limit the line crosses at once
        if high.is_infinite():
            return Decimal(1)
        return Decimal(0) if low.is_infinite() else (high - bar) / (high - low)

    return share


def _step(comparison: Comparison) -> Callable[[Decimal, Decimal, Decimal], Decimal]:
    def share(start: Decimal, _stop: Decimal, threshold: Decimal) -> Decimal:
        if start == threshold:
            return Decimal(int(comparison.endswith("=")))
        return Decimal(int((start > threshold) == comparison.startswith(">")))

    return share


@dataclass(frozen=True, slots=True)
class _Course:
    """The stretches of a course that count, and those that are too long."""

    points: tuple[Point, ...]
    counted: tuple[tuple[Point, Point], ...]
    gaps: tuple[Gap, ...]
    rule: str


def _course(given: Series, longest_gap: Decimal, gaps: str) -> _Course:
    if gaps not in ("refuse", *_GAP_WORDS):
        mend = "refuse, bridge or leave_out"
        raise refuse(PlanRefused, "gap_rule_unknown", "no such rule for gaps", mend=mend)
    if not (longest_gap.is_finite() and longest_gap > 0):
        mend = "such as 3"
        raise refuse(PlanRefused, "longest_gap", "the longest gap is days above 0", mend=mend)
    points = points_of(given, 2)
    stretches = tuple(pairwise(points))
    long = [pair for pair in stretches if pair[1].day - pair[0].day > longest_gap]
    named = tuple(Gap(start.day, stop.day) for start, stop in long)
    if named and gaps == "refuse":
        raise refuse(
            CohortRefused,
            "gap",
            f"no value for more than {plain(longest_gap)} days: {_listed(named)}",
            where=given.name,
            mend='say what to do: gaps = "bridge" or "leave_out"',
        )
    counted = tuple(pair for pair in stretches if pair not in long or gaps == "bridge")
    if not counted:
        what = f"every two values lie more than {plain(longest_gap)} days apart"
        raise refuse(CohortRefused, "gap", what, where=given.name, mend="allow longer gaps")
    length = f"over {plain(longest_gap)} days"
    rule = f", gaps {length} {_GAP_WORDS[gaps]}" if named else f", no gap {length}"
    return _Course(points, counted, named, rule)


def _listed(gaps: Sequence[Gap]) -> str:
    more = f" and {len(gaps) - 3} more" if len(gaps) > 3 else ""
    return "; ".join(map(str, gaps[:3])) + more


def _summary(given: Series, course: _Course, rule: str, bounds: Bounds, unit: str) -> Summary:
    start, stop = given.window
    first, last = course.points[0].day, course.points[-1].day
    ends = []
    if start is not None and start < first:
        ends.append(Gap(start, first))
    if stop is not None and stop > last:
        ends.append(Gap(last, stop))
    used = {point: None for pair in course.counted for point in pair}
    return Summary(
        name=given.name,
        rule=rule,
        value=bounds[0],
        unit=unit,
        low=bounds[1],
        high=bounds[2],
        used=tuple(used),
        candidates=len(course.points),
        window=window_text(given),
        gaps=course.gaps,
        uncovered=tuple(ends),
    )
