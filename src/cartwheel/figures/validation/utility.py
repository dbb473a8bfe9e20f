"""Is a score of use: net benefit over the thresholds at which somebody would act."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from cartwheel.figures.pooling.drawing import Page, area, drawn_of, shortened
from cartwheel.figures.style import (
    GREY,
    INK,
    canvas,
    floats,
    leading,
    paper,
    stroke,
    write,
)
from cartwheel.figures.validation.labels import curve_name
from cartwheel.figures.wording import say

_REFERENCES = {
    "treat all": {"color": GREY, "linestyle": (0, (1, 1.4)), "linewidth": 1.7},
    "treat none": {"color": INK, "linestyle": "-", "linewidth": 0.9},
}


@drawn_of
def decision(result: Mapping[str, Any], _: int, page: Page) -> Figure:
    """Draw the net benefit of all scores, of treating everybody and of treating nobody.

    Parameters
    ----------
    result : mapping
        The ``result`` of a validation; ``decision`` and the names of ``scores`` are read.
    page : Page
        In one column the key is a list.

    Returns
    -------
    Figure
        Shaded bands are pointwise intervals. What lies far below zero is cut off.
    """
    found = result["decision"]
    order = [score["name"] for score in result["scores"]]
    curves = found["curves"]
    per_row, size = (2, 8.0) if page.wide else (1, page.size)
    foot = -(-len(curves) // per_row) * leading(size) + 0.35
    width, tall, height = (15.3, 7.3, 8.8) if page.wide else (6.3, 5.6, 7.1)
    labels = (
        say("Threshold: risk at which somebody would act"),
        say("Net benefit (true positives per patient)"),
    )
    figure = canvas(result, page.across, foot + height)
    axes = area(figure, page, (1.8, foot + 1.15, width, tall))
    for curve in curves:
        _curve(axes, found["thresholds"], curve, order)
    axes.set_xlim(found["thresholds"][0], found["thresholds"][-1])
    axes.set_ylim(*_ends(curves))
    axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.xaxis.set_major_locator(MaxNLocator(10 if page.wide else 6))
    axes.yaxis.set_major_locator(MaxNLocator(6))
    axes.set_xlabel(labels[0])
    axes.set_ylabel(labels[1])
    sheet = paper(figure)
    for index, curve in enumerate(curves):
        left = 0.5 + 8.5 * (index % per_row)
        level = foot - 0.15 - leading(size) * (index // per_row + 0.5)
        sheet.plot([left, left + 1.0], [level, level], **_line(str(curve["name"]), order))
        name = shortened(curve_name(curve), 7.0 if page.wide else 6.6, size)
        write(sheet, (left + 1.2, level), name, fontsize=size)
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
