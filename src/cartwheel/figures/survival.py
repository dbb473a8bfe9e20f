"""Kaplan-Meier curves with bands, censoring and the numbers at risk aligned underneath."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from cartwheel.figures.numbers import count, exact, interval
from cartwheel.figures.style import (
    BASE,
    DOUBLE,
    GREY,
    SINGLE,
    canvas,
    drawn,
    floats,
    leading,
    line_width,
    panel,
    paper,
    stroke,
    wrapped,
    write,
)
from cartwheel.figures.terms import term
from cartwheel.figures.wording import say

_SMALLER = 7.0


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the curves stand, in cm; how far apart numbers at risk must be, 0 for any distance."""

    across: float
    left: float
    width: float
    tall: float
    apart: float


_PLACES = {
    "single": _Place(SINGLE, 1.7, 6.5, 5.2, 0.8),
    "double": _Place(DOUBLE, 3.6, 13.4, 7.0, 0.0),
}


@dataclass(frozen=True, slots=True)
class Steps:
    """What sets curves of survival apart from other curves that run in steps.

    Parameters
    ----------
    label : str
        Of the y axis.
    draw : function of (Axes, mapping, int)
        Draws one curve in the colour and line of its place.
    words : function of (sequence of mapping, str)
        What the key says of each curve, with the unit of time; texts in columns.
    """

    label: str
    draw: Callable[[Axes, Mapping[str, Any], int], None]
    words: Callable[[Sequence[Mapping[str, Any]], str], Sequence[Sequence[str]]]


@drawn
def kaplan_meier(result: Mapping[str, Any], width: str = "double") -> Figure:
    """Draw the survival of each group with its confidence band and the numbers at risk.

    Parameters
    ----------
    result : mapping
        The ``result`` of a development; ``survival`` and ``outcome`` are read.
    width : str
        ``single`` or ``double`` column.

    Returns
    -------
    Figure
        A band stops where its limits do not exist.
    """
    steps = Steps(say("Free of the event"), _curve, _medians)
    return steps_by_group(result, result["survival"], steps, width)


def steps_by_group(
    result: Mapping[str, Any],
    curves: Sequence[Mapping[str, Any]],
    steps: Steps,
    width: str = "double",
) -> Figure:
    """Draw curves in steps from time 0, their key above, the numbers at risk aligned underneath.

    Parameters
    ----------
    result : mapping
        A result; ``outcome`` and ``simulated`` are read.
    curves : sequence of mapping
        One a group, each with ``group``, ``n``, ``times``, ``risk_times`` and ``at_risk``.
    steps : Steps
        What they are curves of.
    width : str
        ``single`` or ``double`` column. In one column each group has a line for its name, and the
        numbers at risk below it.

    Returns
    -------
    Figure
    """
    outcome = result["outcome"]
    place = _PLACES[width]
    said = steps.words(curves, term(str(outcome["time_unit"])))
    key = _Key.of(curves, said, narrow=width == "single")
    label = wrapped(_time_label(outcome), place.across - 0.6)
    under = 1.2 + leading() * (len(label) - 1)
    heights = [_risk_height(curve, place) for curve in curves]
    table = sum(heights) + leading() + 0.5
    figure = canvas(result, place.across, table + under + place.tall + key.height + 0.3)
    axes = panel(figure, place.left, table + under, place.width, place.tall)
    for index, curve in enumerate(curves):
        steps.draw(axes, curve, index)
    last = max(max([*curve["times"], *curve.get("censor_times", ()), 0]) for curve in curves)
    axes.set(xlim=(0, last * 1.02), ylim=(0, 1.02))
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.set_xticks(_seen_times(curves[0]["risk_times"], last * 1.02, place))
    axes.xaxis.set_major_formatter(lambda value, _: exact(float(value)))
    axes.set_xlabel("\n".join(label))
    if width == "single":
        # the label stands in the middle of the figure, where there is more room
        axes.xaxis.set_label_coords(
            (place.across / 2 - place.left) / place.width, -0.75 / place.tall
        )
        axes.xaxis.label.set_verticalalignment("top")
    axes.set_ylabel(steps.label)
    if outcome["horizon"] is not None:
        axes.axvline(outcome["horizon"], color=GREY, linewidth=0.7, linestyle=(0, (1, 2)), zorder=1)
    _risk_table(figure, axes, curves, heights, place)
    key.draw(figure, table + under + place.tall + 0.25)
    return figure


def _seen_times(times: Sequence[float], last: float, place: _Place) -> list[float]:
    """Leave out times whose numbers would run into each other."""
    step, closest = 1, min((b - a for a, b in pairwise(times)), default=last)
    while step < len(times) and closest * step / last * place.width < place.apart:
        step += 1
    return list(times[::step])


def _time_label(outcome: Mapping[str, Any]) -> str:
    start, unit = outcome["landmark_day"], term(str(outcome["time_unit"]))
    if start is None:
        return say("Time from the start of follow-up ({unit})", unit=unit)
    return say("Time from the landmark, day {day} ({unit})", day=exact(start), unit=unit)


def _curve(axes: Axes, curve: Mapping[str, Any], index: int) -> None:
    colour = stroke(index)["color"]
    end = max([*curve["times"], *curve["censor_times"], 0])
    times = np.array([0.0, *curve["times"], end])
    survival = np.array([1.0, *curve["survival"], [1.0, *curve["survival"]][-1]])
    low, high = (floats([1.0, *curve[side], [1.0, *curve[side]][-1]]) for side in ("low", "high"))
    axes.fill_between(
        times, low, high, step="post", color=colour, alpha=0.14, linewidth=0, zorder=1
    )
    axes.plot(times, survival, drawstyle="steps-post", **stroke(index), linewidth=1.6, zorder=3)
    censored = np.asarray(curve["censor_times"], dtype=np.float64)
    height = survival[np.searchsorted(times[:-1], censored, side="right") - 1]
    axes.plot(censored, height, "|", color=colour, markersize=5, markeredgewidth=0.9, zorder=4)


def _medians(curves: Sequence[Mapping[str, Any]], unit: str) -> list[list[str]]:
    reached = [interval(curve["median"], "time", say("not reached")) for curve in curves]
    return [
        [
            say("{events}/{n} events", events=count(curve["events"]), n=count(curve["n"])),
            say("median in {unit}: {median}", unit=unit, median=median),
        ]
        for curve, median in zip(curves, reached, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class _Key:
    """What stands above the curves: a line each, or in one column as many as are needed."""

    names: list[str]
    lines: list[list[str]]
    columns: list[float]
    narrow: bool

    @classmethod
    def of(
        cls, curves: Sequence[Mapping[str, Any]], said: Sequence[Sequence[str]], *, narrow: bool
    ) -> _Key:
        names, lines = [], []
        for curve, words in zip(curves, said, strict=True):
            name = wrapped(curve["group"], 6.0 if narrow else 3.8)
            names.append(name[0] + ("…" if len(name) > 1 else ""))
            told = [line for word in words for line in wrapped(word, 6.7, _SMALLER)]
            lines.append(told if narrow else list(words))
        places = [5.7]
        if not narrow:
            for column in zip(*said, strict=True):
                places.append(places[-1] + max(2.6, 0.4 + max(map(line_width, column))))
        return cls(names, lines, places, narrow)

    @property
    def height(self) -> float:
        if not self.narrow:
            return leading() * len(self.names) + 0.25
        return sum(map(self._block, self.lines)) + 0.25

    def _block(self, lines: list[str]) -> float:
        return leading() + leading(_SMALLER) * len(lines) + 0.05

    def draw(self, figure: Figure, bottom: float) -> None:
        """Write it from a height on, in cm."""
        sheet = paper(figure)
        top = bottom + self.height - 0.25
        for index, (name, words) in enumerate(zip(self.names, self.lines, strict=True)):
            level = bottom + leading() * (len(self.names) - index - 0.5)
            if self.narrow:
                level = top - leading() / 2
            sheet.plot([0.4, 1.4], [level, level], **stroke(index), linewidth=1.6)
            write(sheet, (1.6, level), [name], fontweight="bold")
            if self.narrow:
                middle = level - leading() / 2 - leading(_SMALLER) * len(words) / 2
                write(sheet, (1.6, middle), words, fontsize=_SMALLER)
                top -= self._block(words)
                continue
            for place, text in zip(self.columns, words, strict=False):
                write(sheet, (place, level), [text])


def _names(curve: Mapping[str, Any], place: _Place) -> list[str]:
    return wrapped(curve["group"], 7.8 if place.apart else 2.6)


def _risk_height(curve: Mapping[str, Any], place: _Place) -> float:
    lines = len(_names(curve, place)) + (1 if place.apart else 0)
    return leading() * lines + 0.12


def _risk_table(
    figure: Figure,
    axes: Axes,
    curves: Sequence[Mapping[str, Any]],
    heights: Sequence[float],
    place: _Place,
) -> None:
    sheet = paper(figure)
    last = axes.get_xlim()[1]
    top = sum(heights) + leading() + 0.3
    write(sheet, (0.25, top - leading() / 2), [say("Number at risk")], fontsize=BASE, color=GREY)
    top -= leading() + 0.08
    for index, curve in enumerate(curves):
        middle = top - heights[index] / 2
        colour, names = stroke(index)["color"], _names(curve, place)
        level = middle
        if place.apart:
            middle, level = middle + leading() / 2, top - heights[index] + 0.06 + leading() / 2
        write(sheet, (0.25, middle), names, color=colour, fontweight="bold")
        kept = _seen_times(curve["risk_times"], last, place)
        for time, number in zip(curve["risk_times"], curve["at_risk"], strict=True):
            if time <= last and time in kept:
                across = place.left + place.width * time / last
                write(sheet, (across, level), [count(number)], ha="center")
        top -= heights[index]
