"""Alluvial: how many patients move from grade to grade between days."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path as Outline

from cartwheel.errors import PlanRefused, refuse
from cartwheel.figures.journal import AtWidth
from cartwheel.figures.numbers import count
from cartwheel.figures.pooling.drawing import text_width
from cartwheel.figures.style import GREY, RULE, canvas, look, paper, write
from cartwheel.figures.swimmer import BLUES
from cartwheel.figures.wording import say
from cartwheel.workflows.daily_grades import UNSETTLED, DailyGrades

# neither a grade: more than one is possible, or the day was not observed
_ABSENT = -2
_FACES = {UNSETTLED: "#FFFFFF", _ABSENT: "#F4F4F4"}
_HATCH = {UNSETTLED: "////", _ABSENT: "...."}
_SIZE, _TALL, _GAP = 7.0, 7.2, 0.12
_MOST_DAYS = 8


def days_of(found: DailyGrades, days: Sequence[int] = ()) -> tuple[int, ...]:
    """Choose the days to stand beside each other.

    Parameters
    ----------
    found : DailyGrades
        Tells which days were observed.
    days : sequence of int
        Those asked for; by default at most 8, equally far apart, the first and the last included.

    Returns
    -------
    tuple of int
        Rising.

    Raises
    ------
    PlanRefused
        ``figure_days`` for fewer than two days, or one that was not observed.
    """
    chosen = tuple(sorted(set(days)))
    if not chosen:
        step = max(1, -(-(found.last - found.first) // (_MOST_DAYS - 1)))
        chosen = tuple(sorted({*range(found.first, found.last + 1, step), found.last}))
    if len(chosen) < 2 or chosen[0] < found.first or chosen[-1] > found.last:
        raise refuse(
            PlanRefused,
            "figure_days",
            f"an alluvial needs two days or more from {found.first} to {found.last}",
            where="--days",
            mend=f"such as --days {found.first},{found.last}",
        )
    return chosen


def flows(
    found: DailyGrades, days: Sequence[int]
) -> Iterator[tuple[int, int, Counter[tuple[int, int]]]]:
    """Count the patients between grades from each day to the next.

    Parameters
    ----------
    found : DailyGrades
        Its first rule is counted.
    days : sequence of int
        Rising.

    Yields
    ------
    (int, int, Counter)
        The two days, and patients by grade before and after.
    """
    columns = [_states(found, day) for day in days]
    for at, (before, after) in enumerate(pairwise(columns)):
        yield days[at], days[at + 1], Counter(zip(before, after, strict=True))


def alluvial_rows(found: DailyGrades, days: Sequence[int]) -> Iterator[dict[str, Any]]:
    """Give the numbers of the drawing as records.

    Parameters
    ----------
    found : DailyGrades
        As drawn.
    days : sequence of int
        As drawn.

    Yields
    ------
    dict
        Patients with each grade on each day, then patients between grades.
    """
    for day in days:
        for state, number in sorted(Counter(_states(found, day)).items(), reverse=True):
            yield {"what": "day", "day": day, "to_day": None, "grade": _name(state),
                   "to_grade": None, "patients": number}  # fmt: skip
    for day, later, moved in flows(found, days):
        for (before, after), number in sorted(moved.items(), reverse=True):
            yield {"what": "flow", "day": day, "to_day": later, "grade": _name(before),
                   "to_grade": _name(after), "patients": number}  # fmt: skip


def alluvial_words(found: DailyGrades, days: Sequence[int]) -> str:
    """Say the patients of each grade on each day.

    Parameters
    ----------
    found : DailyGrades
        As drawn.
    days : sequence of int
        As drawn.

    Returns
    -------
    str
    """
    said = []
    for day in days:
        tally = sorted(Counter(_states(found, day)).items(), reverse=True)
        numbers = ", ".join(f"{_name(state)} {number}" for state, number in tally)
        said.append(say("day {day}", day=day) + f": {numbers}")
    return "; ".join(said)


def draw_alluvial(found: DailyGrades, days: Sequence[int]) -> AtWidth:
    """Draw the grades of the first rule over days, at either width.

    Parameters
    ----------
    found : DailyGrades
        With at least one rule.
    days : sequence of int
        From `days_of`.

    Returns
    -------
    AtWidth
    """
    return AtWidth(lambda width: _drawn(found, days, width))


def _states(found: DailyGrades, day: int) -> list[int]:
    rule = found.rules[0][0]
    return [one.grades.get(rule, {}).get(day, _ABSENT) for one in found.patients]


def _name(state: int) -> str:
    known = {UNSETTLED: say("not settled"), _ABSENT: say("not observed")}
    return known.get(state) or say("grade {grade}", grade=state)


def _drawn(found: DailyGrades, days: Sequence[int], width: str) -> Figure:
    across = 17.0 if width == "double" else 8.5
    bar = 0.75 if width == "double" else 0.5
    with look():
        states = sorted({state for day in days for state in _states(found, day)}, reverse=True)
        key = _key_lines(states, found.rules[0][1].split(";")[0], across)
        foot = 0.85 + 0.42 * len(key)
        figure = canvas({"simulated": found.simulated}, across, foot + _TALL + 0.3)
        sheet = paper(figure)
        lefts = [0.3 + (across - 0.6 - bar) * at / (len(days) - 1) for at in range(len(days))]
        stacks = [_stack(found, day, states, foot) for day in days]
        ends = zip(lefts, stacks, flows(found, days), strict=False)
        for at, (left, stack, (_, _, moved)) in enumerate(ends):
            _ribbons(sheet, (left + bar, lefts[at + 1]), (stack, stacks[at + 1]), moved)
        for left, stack, day in zip(lefts, stacks, days, strict=True):
            _bars(sheet, left, bar, stack)
            named = width == "double" or day == days[0]
            word = say("day {day}", day=day) if named else f"{day}"
            write(sheet, (left + bar / 2, foot - 0.3), [word], ha="center", fontsize=_SIZE)
        _write_key(sheet, key)
    figure.set_label("alluvial")
    return figure


Stack = dict[int, tuple[float, float, int]]


def _unit(patients: int, states: int) -> float:
    return (_TALL - _GAP * (states - 1)) / patients


def _stack(found: DailyGrades, day: int, states: Sequence[int], foot: float) -> Stack:
    """Lower and upper end and patients of each grade, the worst on top."""
    tally = Counter(_states(found, day))
    unit = _unit(len(found.patients), len(states))
    stack: Stack = {}
    level = foot
    for state in reversed(states):
        number = tally.get(state, 0)
        if number:
            stack[state] = (level, level + number * unit, number)
            level += number * unit + _GAP
    return stack


def _bars(sheet: Axes, left: float, bar: float, stack: Stack) -> None:
    for state, (low, high, number) in stack.items():
        sheet.add_patch(_box((left, low), bar, high - low, state))
        text = count(number)
        if high - low > 0.26 and text_width(text, 6.5) < bar:
            dark = state >= 3
            backing = {"facecolor": "white", "edgecolor": "none", "pad": 0.6} if state < 0 else None
            sheet.text(left + bar / 2, (low + high) / 2, text, ha="center", va="center_baseline",
                       fontsize=6.5, color="white" if dark else "black", bbox=backing,
                       zorder=5)  # fmt: skip


def _box(corner: tuple[float, float], wide: float, high: float, state: int) -> Rectangle:
    face = _FACES.get(state) or BLUES[min(state, 5)]
    return Rectangle(corner, wide, high, facecolor=face, edgecolor=GREY, linewidth=0.5,
                     hatch=_HATCH.get(state), zorder=3)  # fmt: skip


def _ribbons(
    sheet: Axes,
    sides: tuple[float, float],
    stacks: tuple[Stack, Stack],
    moved: Counter[tuple[int, int]],
) -> None:
    left, right = sides
    before = {state: low for state, (low, _, _) in stacks[0].items()}
    after = {state: low for state, (low, _, _) in stacks[1].items()}
    first = next(iter(stacks[0].values()))
    unit = (first[1] - first[0]) / first[2]
    for (start, end), number in sorted(moved.items()):
        high = number * unit
        low, other = before[start], after[end]
        before[start] += high
        after[end] += high
        middle = (left + right) / 2
        points = [
            (left, low), (middle, low), (middle, other), (right, other),
            (right, other + high), (middle, other + high), (middle, low + high), (left, low + high),
            (left, low),
        ]  # fmt: skip
        codes = [Outline.MOVETO, *[Outline.CURVE4] * 3, Outline.LINETO, *[Outline.CURVE4] * 3,
                 Outline.CLOSEPOLY]  # fmt: skip
        face = _FACES.get(start) or BLUES[min(start, 5)]
        sheet.add_patch(
            PathPatch(Outline(points, codes), facecolor=face, alpha=0.55, edgecolor=RULE,
                      linewidth=0.4, zorder=2)
        )  # fmt: skip


def _key_lines(
    states: Sequence[int], name: str, across: float
) -> list[list[tuple[int | None, str]]]:
    entries: list[tuple[int | None, str]] = [(None, name)]
    entries += [(state, _name(state)) for state in sorted(states) if state >= 0]
    entries += [(state, _name(state)) for state in sorted(states) if state < 0]
    lines: list[list[tuple[int | None, str]]] = [[]]
    for entry in entries:
        if lines[-1] and sum(map(_room, lines[-1])) + _room(entry) > across - 0.5:
            lines.append([])
        lines[-1].append(entry)
    return lines


def _room(entry: tuple[int | None, str]) -> float:
    return text_width(entry[1], _SIZE) + (0.3 if entry[0] is None else 0.6)


def _write_key(sheet: Axes, lines: Sequence[Sequence[tuple[int | None, str]]]) -> None:
    for at, entries in enumerate(lines):
        level, place = 0.42 * (len(lines) - at) - 0.15, 0.3
        for state, text in entries:
            start = place
            if state is not None:
                sheet.add_patch(_box((place, level - 0.12), 0.28, 0.24, state))
                start = place + 0.38
            write(sheet, (start, level), [text], fontsize=_SIZE)
            place += _room((state, text))
