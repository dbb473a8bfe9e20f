"""The models: ratios as a forest, and how often each candidate was selected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
    SINGLE,
    canvas,
    drawn,
    effect_name,
    leading,
    line_width,
    panel,
    paper,
    wrapped,
    write,
)
from cartwheel.figures.terms import term
from cartwheel.figures.wording import say

_TABLES = ("univariable", "multivariable", "index_model", "adjusted_model")


@dataclass(frozen=True, slots=True)
class _Columns:
    """Where labels, axis and numbers of a forest stand, in cm, and the size of the words."""

    across: float
    names: float
    axis: float
    reach: float
    size: float


_WIDE = _Columns(DOUBLE, 5.6, 6.2, 7.4, 7.5)


def _columns(tables: Sequence[Mapping[str, Any]], width: str) -> _Columns:
    """Give numbers the room they need in one column, and the rest to labels and axis."""
    if width == "double":
        return _WIDE
    texts = [interval(row["effect"], "ratio") for table in tables for row in table["rows"]]
    numbers = min(2.9, max(line_width(text, 6.5) for text in texts)) + 0.15
    reach = max(1.9, min(2.5, SINGLE - numbers - 3.0))
    axis = SINGLE - 0.25 - numbers - reach
    return _Columns(SINGLE, axis - 0.65, axis, reach, 6.5)


@drawn
def regression_forest(result: Mapping[str, Any], width: str = "double") -> Figure:
    """Draw every odds or hazard ratio of the regression tables on one log axis.

    Parameters
    ----------
    result : mapping
        The ``result`` of a development; the four regression tables are read where present.
    width : str
        ``single`` or ``double`` column.

    Returns
    -------
    Figure
        One block a model, the numbers at the right.
    """
    tables = [result[name] for name in _TABLES if result[name] and result[name]["rows"]]
    at = _columns(tables, width)
    blocks = [
        [wrapped(row["label"], at.names, at.size) for row in table["rows"]] for table in tables
    ]
    heights = [[_row_height(lines, at.size) for lines in block] for block in blocks]
    body = sum(map(sum, heights)) + 0.75 * len(tables)
    figure = canvas(result, at.across, body + 1.5)
    axes = panel(figure, at.axis, 1.2, at.reach, body)
    low, high = _ratio_range(tables)
    axes.set_xscale("log")
    axes.set(xlim=(low, high), ylim=(0, body))
    axes.axvline(1, color=GREY, linewidth=0.8, zorder=1)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.set_xlabel(say("{ratio} (log scale)", ratio=effect_name(result)))
    ratio_ticks(axes, upright=False, most=7 if width == "double" else 4)
    sheet = paper(figure)
    top = body
    for index, table in enumerate(tables):
        middle = 1.2 + top - 0.42
        name = wrapped(sentence(term(table["name"])), 6.0)[:1]
        write(sheet, (0.2, middle), name, fontweight="bold")
        top -= 0.75
        for row, lines, height in zip(table["rows"], blocks[index], heights[index], strict=True):
            level = top - height / 2
            _ratio(axes, row["effect"], level, index, (low, high))
            write(sheet, (0.45, 1.2 + level), lines, fontsize=at.size)
            text = [interval(row["effect"], "ratio")]
            if width == "single" and line_width(text[0], at.size) > 2.9:
                text = text[0].replace(" (", "\n(").replace("（", "\n（").split("\n")
            write(sheet, (at.across - 0.2, 1.2 + level), text, ha="right", fontsize=at.size)
            top -= height
    return figure


def _row_height(lines: list[str], size: float) -> float:
    # two lines at least where the size is that of one column: numbers may need them
    least = 2 if size < _WIDE.size else 1
    return leading(size) * max(least, len(lines)) + 0.2


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
def selection(result: Mapping[str, Any], width: str = "double") -> Figure:
    """Draw how often each candidate predictor was selected over the resamples.

    Parameters
    ----------
    result : mapping
        The ``result`` of a development; ``selection`` is read.
    width : str
        ``single`` or ``double`` column.

    Returns
    -------
    Figure
        Filled bars for those selected here.
    """
    rows = result["selection"]
    wide = width == "double"
    across, left, reach, size = (DOUBLE, 6.5, 9.2, 7.5) if wide else (SINGLE, 3.5, 3.65, 6.5)
    said = say("Resamples in which the predictor was selected")
    under = [said] if wide else wrapped(said, 7.0)
    foot = 1.7 + leading() * (len(under) - 1)
    labels = [wrapped(row["label"], left - (0.6 if wide else 0.4), size) for row in rows]
    heights = [leading(size) * len(lines) + 0.25 for lines in labels]
    body = sum(heights)
    figure = canvas(result, across, body + round(foot + 0.4, 6))
    axes = panel(figure, left, foot, reach, body)
    sheet = paper(figure)
    top = body
    for row, lines, height in zip(rows, labels, heights, strict=True):
        level = top - height / 2
        axes.barh(level, row["frequency"], height=0.34, edgecolor=BLUE, linewidth=1.0,
                  facecolor=BLUE if row["selected"] else "white")  # fmt: skip
        write(sheet, (left - 0.2, foot + level), lines, ha="right", fontsize=size)
        text = [percent(row["frequency"])]
        write(sheet, (across - (0.3 if wide else 0.15), foot + level), text, ha="right",
              fontsize=size)  # fmt: skip
        top -= height
    axes.set(xlim=(0, 1), ylim=(0, body))
    axes.set_yticks([])
    axes.axvline(0.5, color=RULE, linewidth=0.8, zorder=0)
    axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.set_xlabel("\n".join(under))
    if not wide:
        axes.xaxis.set_label_coords((across / 2 - left) / reach, -0.6 / body)
        axes.xaxis.label.set_verticalalignment("top")
    keys = [
        Line2D([], [], marker="s", linestyle="", color=BLUE, markersize=6,
               label=say("in the score")),
        Line2D([], [], marker="s", linestyle="", color=BLUE, markerfacecolor="white",
               markersize=6, label=say("not in the score")),
    ]  # fmt: skip
    figure.legend(handles=keys, loc="lower center", ncols=2, borderaxespad=0.3)
    return figure
