"""The patient flow: who was read, who was left out for which reason, who was analysed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, Rectangle

from cartwheel.figures.numbers import count, sentence
from cartwheel.figures.style import (
    BASE,
    DOUBLE,
    GREY,
    INK,
    PALE,
    SINGLE,
    canvas,
    drawn,
    leading,
    paper,
    wrapped,
    write,
)
from cartwheel.figures.terms import term
from cartwheel.figures.wording import say


@dataclass(frozen=True, slots=True)
class _Room:
    """Where the boxes stand, in cm, and the size of their words."""

    across: float
    left: float
    left_width: float
    right: float
    right_width: float
    margin: float
    size: float


_ROOMS = {
    "single": _Room(SINGLE, 0.15, 4.75, 5.4, 2.95, 0.3, 7.0),
    "double": _Room(DOUBLE, 0.3, 8.4, 10.4, 6.8, 0.6, BASE),
}
_PAD, _GAP, _SIDE_GAP = 0.28, 0.55, 0.3


@drawn
def patient_flow(result: Mapping[str, Any], width: str = "double") -> Figure:
    """Draw the flow as boxes, exclusions to the right, from top to bottom.

    Parameters
    ----------
    result : mapping
        The ``result`` of a development; ``flow`` and ``outcome`` are read.
    width : str
        ``single`` or ``double`` column.

    Returns
    -------
    Figure
        As high as the flow is long.
    """
    room = _ROOMS[width]
    steps = [_Step(step, room) for step in result["flow"]]
    height = sum(step.height for step in steps) + sum(_gap_above(step) for step in steps[1:]) + 0.6
    figure = canvas(result, room.across, height)
    sheet = paper(figure)
    top = height - 0.3
    middle = room.left + room.left_width / 2
    for index, step in enumerate(steps):
        if index:
            gap = _gap_above(step)
            _arrow(sheet, (middle, top), (middle, top - gap))
            if step.side:
                _arrow(sheet, (middle, top - gap / 2), (room.right, top - gap / 2))
                beside = (room.right, room.right_width)
                _box(sheet, beside, top - gap / 2, step.side, size=room.size)
            top -= gap
        last = index == len(steps) - 1
        column = (room.left, room.left_width)
        _box(sheet, column, top - step.height / 2, step.lines, size=room.size, filled=last)
        top -= step.height
    return figure


class _Step:
    """A step of the flow, its words already broken into lines."""

    def __init__(self, step: Mapping[str, Any], room: _Room) -> None:
        inside = room.left_width - room.margin
        kept = _counted(step["patients"], step["events"], apart=False)
        self.lines = [
            *wrapped(sentence(term(step["label"])), inside, room.size),
            *(line for each in kept for line in wrapped(each, inside, room.size)),
        ]
        self.side: list[str] = []
        self.size = room.size
        if step["excluded"]:
            apart = room.across < DOUBLE
            gone = _counted(step["excluded"], step["excluded_events"], apart=apart)
            beside = room.right_width - room.margin
            self.side = [
                *wrapped(say("Left out here:"), beside, room.size),
                *(line for each in gone for line in wrapped(each, beside, room.size)),
            ]
        self.height = _height(self.lines, room.size)


def _counted(patients: int, events: int, *, apart: bool) -> list[str]:
    """Say patients and events in one line, or in two where there is less room."""
    parts = (_patients(patients), _events(events))
    joined = say("{patients}, {events}", patients=parts[0], events=parts[1])
    return [f"{parts[0]},", parts[1]] if apart else [joined]


def _patients(number: int) -> str:
    return say("1 patient") if number == 1 else say("{n} patients", n=count(number))


def _events(number: int) -> str:
    return say("1 event") if number == 1 else say("{n} events", n=count(number))


def _height(lines: list[str], size: float) -> float:
    return len(lines) * leading(size) + 2 * _PAD


def _gap_above(step: _Step) -> float:
    return _height(step.side, step.size) + 2 * _SIDE_GAP if step.side else _GAP


def _box(
    sheet: Axes,
    column: tuple[float, float],
    middle: float,
    lines: list[str],
    *,
    size: float,
    filled: bool = False,
) -> None:
    left, width = column
    height = _height(lines, size)
    sheet.add_patch(
        Rectangle(
            (left, middle - height / 2), width, height, edgecolor=INK, linewidth=0.8,
            facecolor=PALE if filled else "white",
        )
    )  # fmt: skip
    write(sheet, (left + width / 2, middle), lines, ha="center", fontsize=size)


def _arrow(sheet: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    sheet.add_patch(
        FancyArrowPatch(
            start, end, arrowstyle="-|>", mutation_scale=7, linewidth=0.8, color=GREY,
            shrinkA=0, shrinkB=0,
        )
    )  # fmt: skip
