"""Kaplan-Meier curves with bands, censoring and the numbers at risk aligned underneath."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from cartwheel.figures.numbers import NOT_REACHED, count, exact, interval
from cartwheel.figures.style import (
    BASE,
    DOUBLE,
    GREY,
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

_LEFT, _WIDTH, _TALL = 3.6, 13.4, 7.0


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
def kaplan_meier(result: Mapping[str, Any]) -> Figure:
    """Draw the survival of each group with its confidence band and the numbers at risk.

    Parameters
    ----------
    result : mapping
        The ``result`` of a development; ``survival`` and ``outcome`` are read.

    Returns
    -------
    Figure
        Double column; a band stops where its limits do not exist.
    """
    return steps_by_group(result, result["survival"], Steps("Free of the event", _curve, _medians))


def steps_by_group(
    result: Mapping[str, Any], curves: Sequence[Mapping[str, Any]], steps: Steps
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

    Returns
    -------
    Figure
        Double column.
    """
    outcome = result["outcome"]
    names = [wrapped(curve["group"], 2.6) for curve in curves]
    heights = [max(leading() * len(lines), leading()) + 0.12 for lines in names]
    table = sum(heights) + leading() + 0.5
    key_height = leading() * len(curves) + 0.25
    figure = canvas(result, DOUBLE, table + 1.2 + _TALL + key_height + 0.3)
    axes = panel(figure, _LEFT, table + 1.2, _WIDTH, _TALL)
    for index, curve in enumerate(curves):
        steps.draw(axes, curve, index)
    last = max(max([*curve["times"], *curve.get("censor_times", ()), 0]) for curve in curves)
    axes.set(xlim=(0, last * 1.02), ylim=(0, 1.02))
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.set_xticks(curves[0]["risk_times"])
    axes.xaxis.set_major_formatter(lambda value, _: exact(float(value)))
    axes.set_xlabel(_time_label(outcome))
    axes.set_ylabel(steps.label)
    if outcome["horizon"] is not None:
        axes.axvline(outcome["horizon"], color=GREY, linewidth=0.7, linestyle=(0, (1, 2)), zorder=1)
    _risk_table(figure, axes, curves, names, heights)
    said = steps.words(curves, str(outcome["time_unit"]))
    _key(figure, curves, said, table + 1.2 + _TALL + 0.25)
    return figure


def _time_label(outcome: Mapping[str, Any]) -> str:
    start = outcome["landmark_day"]
    since = "the start of follow-up" if start is None else f"the landmark, day {exact(start)}"
    return f"Time from {since} ({outcome['time_unit']})"


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
    return [
        [
            f"{count(curve['events'])}/{count(curve['n'])} events",
            f"median in {unit}: {interval(curve['median'], 'time', NOT_REACHED)}",
        ]
        for curve in curves
    ]


def _key(
    figure: Figure,
    curves: Sequence[Mapping[str, Any]],
    said: Sequence[Sequence[str]],
    bottom: float,
) -> None:
    sheet = paper(figure)
    places = [5.7]
    for column in zip(*said, strict=True):
        places.append(places[-1] + max(2.6, 0.4 + max(map(line_width, column))))
    for index, (curve, words) in enumerate(zip(curves, said, strict=True)):
        level = bottom + leading() * (len(curves) - index - 0.5)
        sheet.plot([0.4, 1.4], [level, level], **stroke(index), linewidth=1.6)
        name = wrapped(curve["group"], 3.8)
        shown = name[0] + ("…" if len(name) > 1 else "")
        write(sheet, (1.6, level), [shown], fontweight="bold")
        for place, text in zip(places, words, strict=False):
            write(sheet, (place, level), [text])


def _risk_table(
    figure: Figure,
    axes: Axes,
    curves: Sequence[Mapping[str, Any]],
    names: Sequence[list[str]],
    heights: Sequence[float],
) -> None:
    sheet = paper(figure)
    last = axes.get_xlim()[1]
    top = sum(heights) + leading() + 0.3
    write(sheet, (0.25, top - leading() / 2), ["Number at risk"], fontsize=BASE, color=GREY)
    top -= leading() + 0.08
    for index, curve in enumerate(curves):
        middle = top - heights[index] / 2
        colour = stroke(index)["color"]
        write(sheet, (0.25, middle), names[index], color=colour, fontweight="bold")
        for time, number in zip(curve["risk_times"], curve["at_risk"], strict=True):
            if time <= last:
                place = _LEFT + _WIDTH * time / last
                write(sheet, (place, middle), [count(number)], ha="center")
        top -= heights[index]
