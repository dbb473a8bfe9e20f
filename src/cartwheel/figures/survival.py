"""Kaplan-Meier curves with bands, censoring and the numbers at risk aligned underneath."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from cartwheel.figures.numbers import NOT_REACHED, count, exact, interval
from cartwheel.figures.style import (
    BASE,
    COLOURS,
    DOUBLE,
    GREY,
    LINES,
    canvas,
    drawn,
    floats,
    leading,
    panel,
    paper,
    wrapped,
    write,
)

_LEFT, _WIDTH, _TALL = 3.6, 13.4, 7.0


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
    curves = result["survival"]
    outcome = result["outcome"]
    names = [wrapped(curve["group"], 2.6) for curve in curves]
    heights = [max(leading() * len(lines), leading()) + 0.12 for lines in names]
    table = sum(heights) + leading() + 0.5
    key_height = leading() * len(curves) + 0.25
    figure = canvas(result, DOUBLE, table + 1.2 + _TALL + key_height + 0.3)
    axes = panel(figure, _LEFT, table + 1.2, _WIDTH, _TALL)
    for index, curve in enumerate(curves):
        _curve(axes, curve, index)
    last = max(max([*curve["times"], *curve["censor_times"], 0]) for curve in curves)
    axes.set(xlim=(0, last * 1.02), ylim=(0, 1.02))
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.set_xticks(curves[0]["risk_times"])
    axes.xaxis.set_major_formatter(lambda value, _: exact(float(value)))
    axes.set_xlabel(_time_label(outcome))
    axes.set_ylabel("Free of the event")
    if outcome["horizon"] is not None:
        axes.axvline(outcome["horizon"], color=GREY, linewidth=0.7, linestyle=(0, (1, 2)), zorder=1)
    _risk_table(figure, axes, curves, names, heights)
    _key(figure, curves, table + 1.2 + _TALL + 0.25, str(outcome["time_unit"]))
    return figure


def _time_label(outcome: Mapping[str, Any]) -> str:
    start = outcome["landmark_day"]
    since = "the start of follow-up" if start is None else f"the landmark, day {exact(start)}"
    return f"Time from {since} ({outcome['time_unit']})"


def _curve(axes: Axes, curve: Mapping[str, Any], index: int) -> None:
    colour = COLOURS[index % len(COLOURS)]
    end = max([*curve["times"], *curve["censor_times"], 0])
    times = np.array([0.0, *curve["times"], end])
    survival = np.array([1.0, *curve["survival"], [1.0, *curve["survival"]][-1]])
    low, high = (floats([1.0, *curve[side], [1.0, *curve[side]][-1]]) for side in ("low", "high"))
    axes.fill_between(
        times, low, high, step="post", color=colour, alpha=0.14, linewidth=0, zorder=1
    )
    axes.plot(times, survival, drawstyle="steps-post", color=colour, linewidth=1.6,
              linestyle=LINES[index % len(LINES)], zorder=3)  # fmt: skip
    censored = np.asarray(curve["censor_times"], dtype=np.float64)
    height = survival[np.searchsorted(times[:-1], censored, side="right") - 1]
    axes.plot(censored, height, "|", color=colour, markersize=5, markeredgewidth=0.9, zorder=4)


def _key(figure: Figure, curves: Sequence[Mapping[str, Any]], bottom: float, unit: str) -> None:
    sheet = paper(figure)
    for index, curve in enumerate(curves):
        level = bottom + leading() * (len(curves) - index - 0.5)
        sheet.plot([0.4, 1.4], [level, level], color=COLOURS[index % len(COLOURS)],
                   linestyle=LINES[index % len(LINES)], linewidth=1.6)  # fmt: skip
        median = interval(curve["median"], "time", NOT_REACHED)
        events = f"{count(curve['events'])}/{count(curve['n'])} events"
        name = wrapped(curve["group"], 3.8)
        shown = name[0] + ("…" if len(name) > 1 else "")
        write(sheet, (1.6, level), [shown], fontweight="bold")
        write(sheet, (5.7, level), [events])
        write(sheet, (8.3, level), [f"median in {unit}: {median}"])


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
        colour = COLOURS[index % len(COLOURS)]
        write(sheet, (0.25, middle), names[index], color=colour, fontweight="bold")
        for time, number in zip(curve["risk_times"], curve["at_risk"], strict=True):
            if time <= last:
                place = _LEFT + _WIDTH * time / last
                write(sheet, (place, middle), [count(number)], ha="center")
        top -= heights[index]
