"""Is a score of use: net benefit over the thresholds at which somebody would act."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from cartwheel.figures.pooling.drawing import drawn_of, shortened
from cartwheel.figures.style import (
    DOUBLE,
    GREY,
    INK,
    canvas,
    floats,
    leading,
    panel,
    paper,
    stroke,
    write,
)

_REFERENCES = {
    "treat all": {"color": GREY, "linestyle": (0, (1, 1.4)), "linewidth": 1.7},
    "treat none": {"color": INK, "linestyle": "-", "linewidth": 0.9},
}


@drawn_of
def decision(result: Mapping[str, Any], _: int) -> Figure:
    """Draw the net benefit of all scores, of treating everybody and of treating nobody.

    Parameters
    ----------
    result : mapping
        The ``result`` of a validation; ``decision`` and the names of ``scores`` are read.

    Returns
    -------
    Figure
        Double column; shaded bands are pointwise intervals. What lies far below zero is cut off.
    """
    found = result["decision"]
    order = [score["name"] for score in result["scores"]]
    curves = found["curves"]
    rows = -(-len(curves) // 2)
    foot = rows * leading() + 0.35
    figure = canvas(result, DOUBLE, foot + 8.8)
    axes = panel(figure, 1.8, foot + 1.15, 15.3, 7.3)
    for curve in curves:
        _curve(axes, found["thresholds"], curve, order)
    axes.set_xlim(found["thresholds"][0], found["thresholds"][-1])
    axes.set_ylim(*_ends(curves))
    axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.xaxis.set_major_locator(MaxNLocator(10))
    axes.yaxis.set_major_locator(MaxNLocator(6))
    axes.set_xlabel("Threshold: risk at which somebody would act")
    axes.set_ylabel("Net benefit (true positives per patient)")
    sheet = paper(figure)
    for index, curve in enumerate(curves):
        left = 0.5 + 8.5 * (index % 2)
        level = foot - 0.15 - leading() * (index // 2 + 0.5)
        sheet.plot([left, left + 1.0], [level, level], **_line(str(curve["name"]), order))
        write(sheet, (left + 1.2, level), shortened(str(curve["name"]), 7.0))
    return figure


def _line(name: str, order: Sequence[str]) -> dict[str, Any]:
    """Same colour and line as in the other figures of the page."""
    if name not in order:
        return dict(_REFERENCES.get(name, _REFERENCES["treat all"]))
    return {**stroke(order.index(name)), "linewidth": 1.6}


def _curve(
    axes: Axes, thresholds: Sequence[float], curve: Mapping[str, Any], order: Sequence[str]
) -> None:
    line = _line(str(curve["name"]), order)
    low, high = floats(curve["low"]), floats(curve["high"])
    if curve["name"] in order:
        # many bands on each other would be mud
        faint = min(0.13, 0.3 / len(order))
        axes.fill_between(
            thresholds, low, high, color=line["color"], alpha=faint, linewidth=0, zorder=1
        )
    axes.plot(thresholds, floats(curve["net_benefit"]), **line, zorder=3)


def _ends(curves: Sequence[Mapping[str, Any]]) -> tuple[float, float]:
    """All that is of use, and as much below zero: a curve that falls further is cut off."""
    best = max(
        (value for curve in curves for key in ("net_benefit", "high")
         for value in curve[key] if value is not None),
        default=0.0,
    )  # fmt: skip
    least = min(
        (value for curve in curves for value in curve["net_benefit"] if value is not None),
        default=0.0,
    )
    top = max(best * 1.06, 0.02)
    return max(least * 1.06, -0.5 * top) - 0.02 * top, top
