"""The patient flow: who was read, who was left out for which reason, who was analysed."""

from __future__ import annotations

from collections.abc import Mapping
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
    canvas,
    drawn,
    leading,
    paper,
    wrapped,
    write,
)

_LEFT, _LEFT_WIDTH = 0.3, 8.4
_RIGHT, _RIGHT_WIDTH = 10.4, 6.8
_PAD, _GAP, _SIDE_GAP = 0.28, 0.55, 0.3


@drawn
def patient_flow(result: Mapping[str, Any]) -> Figure:
    """Draw the flow as boxes, exclusions to the right, from top to bottom.

    Parameters
    ----------
    result : mapping
        The ``result`` of a development; ``flow`` and ``outcome`` are read.

    Returns
    -------
    Figure
        Double column; as high as the flow is long.
    """
    steps = [_Step(step) for step in result["flow"]]
    height = sum(step.height for step in steps) + sum(_gap_above(step) for step in steps[1:]) + 0.6
    figure = canvas(result, DOUBLE, height)
    sheet = paper(figure)
    top = height - 0.3
    middle = _LEFT + _LEFT_WIDTH / 2
    for index, step in enumerate(steps):
        if index:
            gap = _gap_above(step)
            _arrow(sheet, (middle, top), (middle, top - gap))
            if step.side:
                _arrow(sheet, (middle, top - gap / 2), (_RIGHT, top - gap / 2))
                _box(sheet, _RIGHT, top - gap / 2, _RIGHT_WIDTH, step.side)
            top -= gap
        last = index == len(steps) - 1
        _box(sheet, _LEFT, top - step.height / 2, _LEFT_WIDTH, step.lines, filled=last)
        top -= step.height
    return figure


class _Step:
    """A step of the flow, its words already broken into lines."""

    def __init__(self, step: Mapping[str, Any]) -> None:
        self.lines = [
            *wrapped(sentence(step["label"]), _LEFT_WIDTH - 0.6),
            f"{_patients(step['patients'])}, {_events(step['events'])}",
        ]
        self.side: list[str] = []
        if step["excluded"]:
            gone = f"{_patients(step['excluded'])}, {_events(step['excluded_events'])}"
            self.side = ["Left out here:", *wrapped(gone, _RIGHT_WIDTH - 0.6)]
        self.height = _height(self.lines)


def _patients(number: int) -> str:
    return f"{count(number)} {'patient' if number == 1 else 'patients'}"


def _events(number: int) -> str:
    return f"{count(number)} {'event' if number == 1 else 'events'}"


def _height(lines: list[str]) -> float:
    return len(lines) * leading() + 2 * _PAD


def _gap_above(step: _Step) -> float:
    return _height(step.side) + 2 * _SIDE_GAP if step.side else _GAP


def _box(
    sheet: Axes, left: float, middle: float, width: float, lines: list[str], filled: bool = False
) -> None:
    height = _height(lines)
    sheet.add_patch(
        Rectangle(
            (left, middle - height / 2), width, height, edgecolor=INK, linewidth=0.8,
            facecolor=PALE if filled else "white",
        )
    )  # fmt: skip
    write(sheet, (left + width / 2, middle), lines, ha="center", fontsize=BASE)


def _arrow(sheet: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    sheet.add_patch(
        FancyArrowPatch(
            start, end, arrowstyle="-|>", mutation_scale=7, linewidth=0.8, color=GREY,
            shrinkA=0, shrinkB=0,
        )
    )  # fmt: skip
