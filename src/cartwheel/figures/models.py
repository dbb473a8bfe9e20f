"""The models: ratios as a forest, and how often each candidate was selected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator, PercentFormatter

from cartwheel.figures.numbers import interval, percent, sentence
from cartwheel.figures.scales import ratio_ticks
from cartwheel.figures.style import (
    BLUE,
    COLOURS,
    DOUBLE,
    GREY,
    MARKERS,
    RULE,
    canvas,
    drawn,
    effect_name,
    leading,
    panel,
    paper,
    wrapped,
    write,
)

_TABLES = ("univariable", "multivariable", "index_model", "adjusted_model")


@drawn
def regression_forest(result: Mapping[str, Any]) -> Figure:
    """Draw every odds or hazard ratio of the regression tables on one log axis.

    Parameters
    ----------
    result : mapping
        The ``result`` of a development; the four regression tables are read where present.

    Returns
    -------
    Figure
        Double column; one block a model, the numbers at the right.
    """
    tables = [result[name] for name in _TABLES if result[name] and result[name]["rows"]]
    blocks = [[wrapped(row["label"], 5.6, 7.5) for row in table["rows"]] for table in tables]
    heights = [[_row_height(lines) for lines in block] for block in blocks]
    body = sum(map(sum, heights)) + 0.75 * len(tables)
    figure = canvas(result, DOUBLE, body + 1.5)
    axes = panel(figure, 6.2, 1.2, 7.4, body)
    low, high = _ratio_range(tables)
    axes.set_xscale("log")
    axes.set(xlim=(low, high), ylim=(0, body))
    axes.axvline(1, color=GREY, linewidth=0.8, zorder=1)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.set_xlabel(f"{effect_name(result)} (log scale)")
    ratio_ticks(axes, upright=False)
    sheet = paper(figure)
    top = body
    for index, table in enumerate(tables):
        middle = 1.2 + top - 0.42
        write(sheet, (0.2, middle), wrapped(sentence(table["name"]), 6.0)[:1], fontweight="bold")
        top -= 0.75
        for row, lines, height in zip(table["rows"], blocks[index], heights[index], strict=True):
            level = top - height / 2
            _ratio(axes, row["effect"], level, index, (low, high))
            write(sheet, (0.45, 1.2 + level), lines, fontsize=7.5)
            text = interval(row["effect"], "ratio")
            write(sheet, (17.3, 1.2 + level), [text], ha="right", fontsize=7.5)
            top -= height
    return figure


def _row_height(lines: list[str]) -> float:
    return leading(7.5) * len(lines) + 0.2


def _ratio_range(tables: Sequence[Mapping[str, Any]]) -> tuple[float, float]:
    effects = [row["effect"] for table in tables for row in table["rows"]]
    points = [e["value"] for e in effects if e["value"]] or [1.0]
    limits = [e[side] for e in effects for side in ("low", "high") if e[side]]
    # An interval that runs off the page is drawn as an arrow rather than flattening the rest.
    low = max(min([0.8, *limits]), min([0.8, *points]) / 8)
    high = min(max([1.25, *limits]), max([1.25, *points]) * 8)
    return low / 1.1, high * 1.1


def _ratio(
    axes: Axes,
    effect: Mapping[str, Any],
    level: float,
    index: int,
    reach: tuple[float, float],
) -> None:
    colour = COLOURS[index % len(COLOURS)]
    if effect["low"] is not None and effect["high"] is not None:
        low, high = max(effect["low"], reach[0]), min(effect["high"], reach[1])
        axes.plot([low, high], [level, level], color=colour, linewidth=1.1, zorder=2)
        for limit, shown, arrow in ((effect["low"], low, "<"), (effect["high"], high, ">")):
            if limit != shown:
                axes.plot(shown, level, arrow, color=colour, markersize=5, clip_on=False)
    if effect["value"] is not None:
        axes.plot(effect["value"], level, MARKERS[index % len(MARKERS)], color=colour,
                  markersize=5, zorder=3)  # fmt: skip


@drawn
def selection(result: Mapping[str, Any]) -> Figure:
    """Draw how often each candidate predictor was selected over the resamples.

    Parameters
    ----------
    result : mapping
        The ``result`` of a development; ``selection`` is read.

    Returns
    -------
    Figure
        Double column; filled bars for those selected here.
    """
    rows = result["selection"]
    labels = [wrapped(row["label"], 5.9, 7.5) for row in rows]
    heights = [leading(7.5) * len(lines) + 0.25 for lines in labels]
    body = sum(heights)
    figure = canvas(result, DOUBLE, body + 2.1)
    axes = panel(figure, 6.5, 1.7, 9.2, body)
    sheet = paper(figure)
    top = body
    for row, lines, height in zip(rows, labels, heights, strict=True):
        level = top - height / 2
        axes.barh(level, row["frequency"], height=0.34, edgecolor=BLUE, linewidth=1.0,
                  facecolor=BLUE if row["selected"] else "white")  # fmt: skip
        write(sheet, (6.3, 1.7 + level), lines, ha="right", fontsize=7.5)
        write(sheet, (17.2, 1.7 + level), [percent(row["frequency"])], ha="right", fontsize=7.5)
        top -= height
    axes.set(xlim=(0, 1), ylim=(0, body))
    axes.set_yticks([])
    axes.axvline(0.5, color=RULE, linewidth=0.8, zorder=0)
    axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.set_xlabel("Resamples in which the predictor was selected")
    keys = [
        Line2D([], [], marker="s", linestyle="", color=BLUE, markersize=6, label="in the score"),
        Line2D([], [], marker="s", linestyle="", color=BLUE, markerfacecolor="white",
               markersize=6, label="not in the score"),
    ]  # fmt: skip
    figure.legend(handles=keys, loc="lower center", ncols=2, borderaxespad=0.3)
    return figure
