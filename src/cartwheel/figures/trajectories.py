"""Course of a marker by group: median and quartiles on each day, with the patients underneath."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, LogLocator, NullFormatter, NullLocator

from cartwheel.figures.journal import AtWidth
from cartwheel.figures.numbers import count, decimals, exact, sentence, significant
from cartwheel.figures.style import (
    GREY,
    INK,
    MARKERS,
    canvas,
    leading,
    look,
    panel,
    paper,
    stroke,
    wrapped,
    write,
)
from cartwheel.figures.wording import say
from cartwheel.workflows.trajectory import SMALLEST_GROUP, GroupCourse, Trajectory

_SIZE, _TALL = 7.0, 5.6
_WITHHELD = "–"
# medians and quartiles that differ by less stand on a linear axis
_LOG_FROM = 10.0
# cm between numbers of patients
_CLOSEST = 0.5


def draw_trajectory(found: Trajectory) -> AtWidth:
    """Draw the course of a marker at either width.

    Parameters
    ----------
    found : Trajectory
        With at least one group.

    Returns
    -------
    AtWidth
        A log axis where no value is negative and the quartiles span a power of ten; medians of
        0 then stand on the lowest line, which says 0.
    """
    return AtWidth(lambda width: _drawn(found, width))


def trajectory_rows(found: Trajectory) -> Iterator[dict[str, Any]]:
    """Give the numbers of the drawing as records.

    Parameters
    ----------
    found : Trajectory
        As drawn.

    Yields
    ------
    dict
        One a group and day.
    """
    for course in found.groups:
        if course.withheld:
            yield {"marker": found.name, "unit": found.unit, "group": course.group, "day": None,
                   "n": None, "withheld": True}  # fmt: skip
        for day in course.days:
            yield {
                "marker": found.name, "unit": found.unit, "group": course.group, "day": day.day,
                "n": None if day.withheld else day.n, "lower_quartile": day.lower,
                "median": day.median, "upper_quartile": day.upper,
                "below_limit": day.below_limit, "above_limit": day.above_limit,
                "withheld": day.withheld,
            }  # fmt: skip
    if found.floor is not None and _tellable(found, found.at_floor):
        yield {"marker": found.name, "unit": found.unit, "group": "smallest value, shared",
               "median": found.floor, "n": found.at_floor}  # fmt: skip


def trajectory_words(found: Trajectory) -> str:
    """Say medians and quartiles by group and day.

    Parameters
    ----------
    found : Trajectory
        As drawn.

    Returns
    -------
    str
    """
    said = []
    for course in found.groups:
        days = [
            say("day {day}: {median} ({lower} to {upper}), n {n}", day=exact(day.day),
                median=significant(day.median, 3), lower=significant(day.lower or 0.0, 3),
                upper=significant(day.upper or 0.0, 3), n=day.n)
            for day in course.days
            if day.median is not None
        ]  # fmt: skip
        text = say("withheld, too few patients") if course.withheld else "; ".join(days)
        said.append(f"{_named(found, course)}: {text}")
    head = say("Median (quartiles) of {marker} in {unit}.", marker=found.label, unit=found.unit)
    return f"{head} " + ". ".join(said)


def _named(found: Trajectory, course: GroupCourse) -> str:
    return f"{found.by}: {course.group}" if found.by else say("All patients")


def _drawn(found: Trajectory, width: str) -> Figure:
    across, left = (17.0, 3.4) if width == "double" else (8.5, 2.1)
    shown = [course for course in found.groups if not course.withheld]
    with look():
        names = [
            wrapped(course.group or say("All patients"), left - 0.75, _SIZE) for course in shown
        ]
        heights = [leading(_SIZE) * len(lines) + 0.12 for lines in names]
        notes = [line for note in _notes(found) for line in wrapped(note, across - 0.4, 6.5)]
        head = wrapped(found.by, across - 0.4, _SIZE) if found.by else []
        above = leading(_SIZE) * len(head)
        foot = above + sum(heights) + 0.2 + leading(6.5) * len(notes) + 0.2
        figure = canvas({"simulated": found.simulated}, across, foot + 1.15 + _TALL + 0.35)
        axes = panel(figure, left, foot + 1.15, across - left - 0.35, _TALL)
        floor = _scale(axes, found, shown)
        for place, course in enumerate(shown):
            _course(axes, course, place, _shift(shown, place), floor)
        _limit(axes, found)
        kept = _apart(shown, axes, across - left - 0.35)
        axes.set_xticks(kept, [exact(day) for day in kept])
        axes.tick_params(labelsize=_SIZE)
        axes.set_xlabel(say("Day after infusion"), fontsize=_SIZE + 0.5)
        unit = f" ({found.unit})" if found.unit else ""
        label = wrapped(f"{sentence(found.label)}{unit}", _TALL, _SIZE + 0.5)
        axes.set_ylabel("\n".join(label), fontsize=_SIZE + 0.5)
        sheet = paper(figure)
        write(sheet, (0.12, foot - above / 2), head, fontsize=_SIZE, color=GREY)
        _numbers(sheet, axes, (shown, names, heights), foot - above, frozenset(kept))
        for at, line in enumerate(notes):
            write(sheet, (0.2, leading(6.5) * (len(notes) - at - 0.5) + 0.15), [line], fontsize=6.5,
                  color=GREY)  # fmt: skip
    figure.set_label("trajectory-" + found.name.replace("_", "-"))
    return figure


def _notes(found: Trajectory) -> Iterator[str]:
    yield say("Median, bars are quartiles; below: patients with a value.")
    below = sum(day.below_limit for course in found.groups for day in course.days)
    above = sum(day.above_limit for course in found.groups for day in course.days)
    if found.earlier and _tellable(found, found.earlier):
        yield say("Of several values on one day the last counts; earlier ones, not drawn: {n}.",
                  n=found.earlier)  # fmt: skip
    if found.limits is not None:
        low, high = found.limits
        if (low or high) and _tellable(found, low + high):
            yield say("Values in the file written below a limit: {below}, above: {above}; they "
                      "stand at the limit.", below=low, above=high)  # fmt: skip
    if (below or above) and _tellable(found, below + above):
        yield say("Values written below a limit: {below}, above: {above}; they stand at the limit.",
                  below=below, above=above)  # fmt: skip
    if found.floor is not None and _tellable(found, found.at_floor):
        if found.floor == 0:
            yield say("{n} of {all} values are 0.", n=found.at_floor, all=found.values)
        else:
            yield say("Dotted: {n} of {all} values stand at the smallest value, {floor}: likely a "
                      "limit of detection.", n=found.at_floor, all=found.values,
                      floor=significant(found.floor, 3))  # fmt: skip
    if found.shared:
        hidden = sum(course.withheld for course in found.groups)
        yield say("Groups withheld because they have fewer than 5 patients: {n}. {sign}: fewer "
                  "than 5 that day.", n=hidden, sign=_WITHHELD)  # fmt: skip
    if found.ungrouped and _tellable(found, found.ungrouped):
        yield say("Patients without a group, not drawn: {n}.", n=found.ungrouped)


def _apart(shown: Sequence[GroupCourse], axes: Axes, room: float) -> list[float]:
    """Leave out days whose numbers would run into others; days with more patients come first."""
    low, high = axes.get_xlim()
    patients = Counter[float]()
    for course in shown:
        for spread in course.days:
            patients[spread.day] += spread.n
    kept: list[float] = []
    for day in sorted(patients, key=lambda one: (-patients[one], one)):
        if all(abs(day - other) / (high - low) * room >= _CLOSEST for other in kept):
            kept.append(day)
    return sorted(kept)


def _tellable(found: Trajectory, patients: int) -> bool:
    return not found.shared or patients >= SMALLEST_GROUP


def _scale(axes: Axes, found: Trajectory, shown: Sequence[GroupCourse]) -> float | None:
    """Set the y axis; the place of 0 on a log axis where it is needed."""
    told = [
        value
        for course in shown
        for day in course.days
        for value in (day.lower, day.median, day.upper)
        if value is not None
    ]
    above = [value for value in told if value > 0]
    if not found.positive or not above or max(above) < _LOG_FROM * min(above):
        if told:
            room = 0.06 * (max(told) - min(told)) or 0.5
            axes.set_ylim(min(0.0, *told) - (0.0 if found.positive else room), max(told) + room)
        return None
    axes.set_yscale("log")
    low, floor = min(above) / 1.6, None
    if min(told) <= 0:
        floor = min(above) / 4.0
        low = floor / 1.5
    axes.set_ylim(low, max(above) * 1.6)
    axes.yaxis.set_minor_formatter(NullFormatter())
    fine = (1.0, 2.0, 5.0) if max(above) < 100 * min(above) else (1.0,)
    locator = LogLocator(10, subs=fine, numticks=12)
    ticks = [float(one) for one in locator.tick_values(low, max(above) * 1.6)]
    ticks = [one for one in ticks if low * (6 if floor else 1) <= one <= max(above) * 1.6]
    words = [decimals(one, 0) if one >= 1 else f"{one:g}" for one in ticks]
    if floor is not None:
        ticks, words = [floor, *ticks], ["0", *words]
    axes.yaxis.set_major_locator(FixedLocator(ticks))
    axes.set_yticks(ticks, words)
    axes.yaxis.set_minor_locator(NullLocator())
    return floor


def _shift(shown: Sequence[GroupCourse], place: int) -> float:
    """Set groups a little apart, so that their bars do not hide each other."""
    days = sorted({day.day for course in shown for day in course.days})
    gap = min((b - a for a, b in pairwise(days)), default=1.0)
    reach = 0.02 * (days[-1] - days[0]) if days else 0.0
    return min(0.12 * gap, reach) * (place - (len(shown) - 1) / 2)


def _course(axes: Axes, course: GroupCourse, place: int, shift: float, floor: float | None) -> None:
    def at(value: float) -> float:
        return floor if floor is not None and value <= 0 else value

    told = [day for day in course.days if day.median is not None]
    look_ = stroke(place)
    for day in told:
        if day.lower is not None and day.upper is not None:
            axes.plot([day.day + shift] * 2, [at(day.lower), at(day.upper)],
                      color=look_["color"], linewidth=1.0,
                      solid_capstyle="butt", zorder=2)  # fmt: skip
    axes.plot([day.day + shift for day in told], [at(day.median or 0.0) for day in told],
              **look_, linewidth=1.4, marker=MARKERS[place % len(MARKERS)], markersize=4.2,
              markeredgecolor="white", markeredgewidth=0.4, zorder=3)  # fmt: skip


def _limit(axes: Axes, found: Trajectory) -> None:
    drawn = found.floor is not None and _tellable(found, found.at_floor)
    if drawn and found.floor and axes.get_ylim()[0] <= found.floor:
        axes.axhline(found.floor, color=GREY, linewidth=0.8, linestyle=(0, (1, 2)), zorder=1)


def _numbers(
    sheet: Axes,
    axes: Axes,
    rows: tuple[Sequence[GroupCourse], Sequence[list[str]], Sequence[float]],
    foot: float,
    kept: frozenset[float],
) -> None:
    """Write the patients of each group and day under the day, and the line of the group before."""
    box, (low, high) = axes.get_position(), axes.get_xlim()
    wide = sheet.get_xlim()[1]
    top = foot
    for place, (course, lines, height) in enumerate(zip(*rows, strict=True)):
        middle = top - height / 2
        look_ = stroke(place)
        sheet.plot([0.12, 0.48], [middle, middle], **look_, linewidth=1.4)
        sheet.plot([0.3], [middle], marker=MARKERS[place % len(MARKERS)], color=look_["color"],
                   markersize=4.2, markeredgecolor="white", markeredgewidth=0.4)  # fmt: skip
        write(sheet, (0.6, middle), lines, fontsize=_SIZE, color=INK)
        for day in (one for one in course.days if one.day in kept):
            across = (box.x0 + box.width * (day.day - low) / (high - low)) * wide
            text = _WITHHELD if day.withheld else count(day.n)
            write(sheet, (across, middle), [text], ha="center", fontsize=_SIZE)
        top -= height
