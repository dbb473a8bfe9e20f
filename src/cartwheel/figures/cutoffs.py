"""The cut-offs: how far they wander over resamples, and what the uncut relation looks like."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator
from matplotlib.transforms import blended_transform_factory

from cartwheel.figures.numbers import cut as written_cut
from cartwheel.figures.scales import ratio_ticks, value_axis
from cartwheel.figures.style import (
    BLUE,
    DOUBLE,
    GREY,
    INK,
    ORANGE,
    RULE,
    SINGLE,
    canvas,
    drawn,
    effect_name,
    leading,
    panel,
    paper,
    wrapped,
    write,
)
from cartwheel.figures.wording import say

_ACROSS = 2


@drawn
def cutoff_wander(result: Mapping[str, Any], width: str = "double") -> Figure:
    """Draw where the search put each cut-off over the resamples, against the marker's range.

    Parameters
    ----------
    result : mapping
        The ``result`` of a development; the searched ``cutoffs`` are read.
    width : str
        ``single`` or ``double`` column.

    Returns
    -------
    Figure
        One panel a marker; a log axis where values span over two decades.
    """
    markers = [cutoff for cutoff in result["cutoffs"] if cutoff["wander_grid"]]
    figure, places, sheet = _panels(result, len(markers), (0.8, 1.35), width)
    for cutoff, (left, bottom, wide, height) in zip(markers, places, strict=True):
        axes = panel(figure, left, bottom, wide, height)
        _wander(axes, cutoff)
        _titles(sheet, cutoff, left + wide / 2, bottom, height)
        cut = written_cut(cutoff["cut"], cutoff["gap_low"], cutoff["gap_high"])
        axes.annotate(cut, (cutoff["cut"], 1), (0, 2), ha="center", fontsize=7.5, color=ORANGE,
                      xycoords=blended_transform_factory(axes.transData, axes.transAxes),
                      textcoords="offset points", fontweight="bold")  # fmt: skip
        axes.set_ylabel(say("Resamples"))
    keys = [
        Patch(color=BLUE, label=say("cut-off in a resample")),
        Line2D([], [], color=ORANGE, linewidth=1.6, label=say("cut-off chosen")),
        Line2D([], [], color=INK, linewidth=1.2, linestyle=(0, (3, 1.5)), label=say("median")),
        Patch(facecolor="#DCE8F2", label=say("range of the middle resamples")),
        Line2D([], [], marker="|", color=GREY, linestyle="", label=say("deciles of the marker")),
    ]
    figure.legend(
        handles=keys,
        loc="lower center",
        ncols=5 if width == "double" else 2,
        fontsize=7,
        borderaxespad=0.3,
        columnspacing=1.2,
        handletextpad=0.5,
    )
    return figure


@drawn
def dose_response(result: Mapping[str, Any], width: str = "double") -> Figure:
    """Draw the uncut relation of each predictor with the outcome, and the cut-off on it.

    Parameters
    ----------
    result : mapping
        The ``result`` of a development; ``splines`` are read.
    width : str
        ``single`` or ``double`` column.

    Returns
    -------
    Figure
        One panel a predictor; the ratio against the median on a log axis.
    """
    splines = result["splines"]
    cuts = {row["column"]: (row["gap_low"], row["gap_high"]) for row in result["cutoffs"]}
    figure, places, sheet = _panels(result, len(splines), (0.6, 1.0), width)
    for spline, (left, bottom, wide, height) in zip(splines, places, strict=True):
        axes = panel(figure, left, bottom, wide, height)
        _spline(axes, spline)
        _titles(sheet, spline, left + wide / 2, bottom, height)
        axes.set_ylabel(effect_name(result))
        if spline["cut"] is not None:
            gap = cuts.get(spline["column"], (None, None))
            axes.axvline(spline["cut"], color=ORANGE, linewidth=1.3, linestyle=(0, (4, 2)))
            axes.annotate(written_cut(spline["cut"], *gap), (spline["cut"], 1), (0, 2),
                          xycoords=blended_transform_factory(axes.transData, axes.transAxes),
                          textcoords="offset points", ha="center", fontsize=7.5, color=ORANGE,
                          fontweight="bold")  # fmt: skip
    keys = [
        Line2D([], [], color=BLUE, linewidth=1.6, label=say("ratio against the median value")),
        Patch(color=BLUE, alpha=0.16, linewidth=0, label=say("confidence band")),
        Line2D([], [], marker="^", color=GREY, linestyle="", markersize=4, label=say("knots")),
    ]
    if any(spline["cut"] is not None for spline in splines):
        keys.insert(2, Line2D([], [], color=ORANGE, linewidth=1.3, linestyle=(0, (4, 2)),
                              label=say("cut-off")))  # fmt: skip
    figure.legend(
        handles=keys,
        loc="lower center",
        ncols=4 if width == "double" else 2,
        fontsize=7.5,
        borderaxespad=0.3,
    )
    return figure


def _panels(
    result: Mapping[str, Any], number: int, feet: tuple[float, float], column: str
) -> tuple[Figure, list[tuple[float, float, float, float]], Axes]:
    """Divide a figure into rows of equal panels, with room for a title and an axis label each."""
    across = _ACROSS if column == "double" else 1
    foot = feet[0] if column == "double" else feet[1]
    whole = DOUBLE if column == "double" else SINGLE
    rows = -(-number // across)
    width, height, head, tail = whole / across, 3.6 if across > 1 else 3.2, 1.25, 1.1
    block = head + height + tail
    figure = canvas(result, whole, rows * block + foot)
    places = [
        (
            (index % across) * width + 1.5,
            foot + (rows - 1 - index // across) * block + tail,
            width - 2.05,
            height,
        )
        for index in range(number)
    ]
    return figure, places, paper(figure)


def _titles(
    sheet: Axes, marker: Mapping[str, Any], middle: float, bottom: float, height: float
) -> None:
    lines = wrapped(marker["label"], 7.6)
    shown = [*lines[:2]]
    if len(lines) > len(shown):
        shown[-1] += " …"
    top = bottom + height + 0.42 + leading() * len(shown) / 2
    write(sheet, (middle, top), shown, ha="center", fontweight="bold")
    write(
        sheet, (middle, bottom - 0.8), [str(marker["unit"] or say("value, no unit"))], ha="center"
    )


def _wander(axes: Axes, cutoff: Mapping[str, Any]) -> None:
    cuts = [cut for cut, _ in cutoff["wander_grid"]]
    counts = [count for _, count in cutoff["wander_grid"]]
    reach = [*cutoff["values"], *cuts]
    value_axis(axes, reach)
    wander = cutoff["wander"]
    if wander is not None and wander["low"] is not None and wander["high"] is not None:
        axes.axvspan(wander["low"], wander["high"], color="#DCE8F2", linewidth=0, zorder=0)
    if wander is not None and wander["value"] is not None:
        axes.axvline(wander["value"], color=INK, linewidth=1.2, linestyle=(0, (3, 1.5)), zorder=3)
    axes.vlines(cuts, 0, counts, color=BLUE, linewidth=2.2, zorder=2)
    axes.axvline(cutoff["cut"], color=ORANGE, linewidth=1.6, zorder=4)
    foot = blended_transform_factory(axes.transData, axes.transAxes)
    axes.plot(cutoff["values"], [0.03] * len(cutoff["values"]), "|", color=GREY, markersize=6,
              transform=foot, zorder=5)  # fmt: skip
    axes.set_ylim(0, 1.08 * max(counts))
    axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))


def _spline(axes: Axes, spline: Mapping[str, Any]) -> None:
    # A log axis of the ratio is a linear axis of the log ratio with other words at its ticks.
    values = spline["x"]
    value_axis(axes, values)
    ratio, low, high = (np.exp(spline[key]) for key in ("log_effect", "low", "high"))
    axes.set_yscale("log")
    axes.axhline(1, color=RULE, linewidth=0.9, zorder=1)
    axes.fill_between(values, low, high, color=BLUE, alpha=0.16, linewidth=0, zorder=1)
    axes.plot(values, ratio, color=BLUE, linewidth=1.6, zorder=3)
    foot = blended_transform_factory(axes.transData, axes.transAxes)
    axes.plot(spline["knots"], [0.03] * len(spline["knots"]), "^", color=GREY, markersize=4,
              transform=foot, zorder=4)  # fmt: skip
    # A band that runs off to infinity at the ends must not flatten the curve.
    middle = [float(ratio.min()), float(ratio.max())]
    axes.set_ylim(max(low.min(), middle[0] / 6) / 1.05, min(high.max(), middle[1] * 6) * 1.05)
    ratio_ticks(axes)
