"""Meta-regression as bubbles: effects over a number that the studies differ by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import NullLocator

from cartwheel.figures.numbers import p_value, percentage, sentence
from cartwheel.figures.pooling.drawing import Page, area, drawn_of, named, shortened, titled
from cartwheel.figures.pooling.forest import study_entries
from cartwheel.figures.pooling.measure import Measure, measure_of, on_scale
from cartwheel.figures.scales import ratio_ticks, value_axis
from cartwheel.figures.style import BLUE, GREY, wrapped, write
from cartwheel.figures.wording import say

_ACROSS = 2


def drawable(analysis: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Regressions over one number: those that have a line.

    Parameters
    ----------
    analysis : mapping
        An ``Analysis`` as JSON.

    Returns
    -------
    list of mapping
        In order.
    """
    return [one for one in analysis["regressions"] if one["grid"]]


@drawn_of
def bubble(pool: Mapping[str, Any], place: int, page: Page) -> Figure:
    """Draw each meta-regression over a number: line, interval, and the studies by their weight.

    Parameters
    ----------
    pool : mapping
        The ``result`` of ``cartwheel pool``.
    place : int
        Which analysis; ``regressions`` with a line are read.
    page : Page
        In one column the panels stand below each other.

    Returns
    -------
    Figure
        One panel a regression.
    """
    analysis = pool["analyses"][place]
    measure = measure_of(analysis)
    found = drawable(analysis)
    columns = min(_ACROSS, len(found)) if page.wide else 1
    rows = -(-len(found) // columns)
    width = page.across / columns
    block, foot = (7.3, 0.6) if page.wide else (6.4, 1.3)
    title = say("{name}: meta-regression", name=named(analysis))
    figure, sheet = titled(pool, title, rows * block + foot, page)
    size = page.size
    for index, one in enumerate(found):
        left = (index % columns) * width + 1.6
        bottom = foot + (rows - 1 - index // columns) * block + 1.35
        axes = area(figure, page, (left, bottom, width - 2.2, block - 2.35))
        _bubbles(axes, pool, analysis, one)
        axes.set_ylabel(on_scale(measure, "log" if measure.ratio else "identity"))
        label = float(axes.yaxis.label.get_fontsize())
        name = shortened(_column_name(one["columns"]), width - 1.0, label)
        middle = left + (width - 2.2) / 2
        write(sheet, (middle, bottom - 0.88), name, ha="center", fontsize=label)
        words = wrapped(_words(one), width - 1.2, size)[:2]
        middle = middle if page.wide else width / 2
        write(sheet, (middle, bottom + block - 2.0), words, ha="center", fontsize=size)
    keys = [
        Line2D([], [], marker="o", color=BLUE, linestyle="", markersize=6, alpha=0.55,
               label=say("a study, its area by weight")),
        Line2D([], [], color=BLUE, linewidth=1.5, label=say("fitted line")),
        Patch(color=BLUE, alpha=0.14, linewidth=0, label=say("its confidence band")),
    ]  # fmt: skip
    figure.legend(handles=keys, loc="lower center", ncols=3 if page.wide else 1, fontsize=size,
                  borderaxespad=0.3)  # fmt: skip
    return figure


def _column_name(columns: Sequence[str]) -> str:
    if list(columns) == ["cutoff"]:
        return say("The studies' own cut-offs")
    return sentence(", ".join(columns))


def _words(one: Mapping[str, Any]) -> str:
    parts = []
    if one["omnibus_p_value"] is not None:
        parts.append(say("trend p {p}", p=_p(one["omnibus_p_value"])))
    if one["omnibus_permutation_p_value"] is not None:
        permuted = _p(one["omnibus_permutation_p_value"])
        parts.append(say("by permutation p {p}", p=permuted))
    if one["r2"] is not None:
        parts.append(f"R² {percentage(one['r2'])}%")
    return ", ".join(parts)


def _p(value: float) -> str:
    text = p_value(value)
    return text if text[0] in "<>" else f"= {text}"


def _bubbles(
    axes: Axes, pool: Mapping[str, Any], analysis: Mapping[str, Any], one: Mapping[str, Any]
) -> None:
    measure = measure_of(analysis)
    fitted, low, high = (
        np.asarray(one[key], dtype=np.float64) for key in ("fitted", "low", "high")
    )
    value_axis(axes, [*one["grid"], *one["x"]])
    if _geometric(one["grid"]):
        _log_axis(axes, [*one["grid"], *one["x"]])
    axes.plot(one["grid"], fitted, color=BLUE, linewidth=1.5, zorder=3)
    axes.fill_between(one["grid"], low, high, color=BLUE, alpha=0.14, linewidth=0, zorder=1)
    places = _studies_of(pool, analysis, one)
    values = [analysis["studies"][index]["estimate"]["value"] for index in places]
    heaviest = max(one["weight_percent"], default=1.0) or 1.0
    for x, y, weight in zip(one["x"], values, one["weight_percent"], strict=False):
        size = max(3.0, 15.0 * (weight / heaviest) ** 0.5)
        axes.plot(x, y, "o", color=BLUE, markersize=size, alpha=0.55, markeredgecolor="white",
                  markeredgewidth=0.6, zorder=2, clip_on=False)  # fmt: skip
    _effect_limits(axes, measure, [*values, *fitted], [*low, *high], analysis["null_value"])


def _geometric(grid: Sequence[float]) -> bool:
    """Whether the line was fitted over logarithms: its grid then has equal ratios."""
    middle = grid[len(grid) // 2]
    low, high = grid[0], grid[-1]
    if low <= 0 or len(grid) < 3:
        return False
    return bool(abs(middle - (low * high) ** 0.5) < abs(middle - (low + high) / 2))


def _log_axis(axes: Axes, values: Sequence[float]) -> None:
    axes.set_xscale("log")
    axes.set_xlim(min(values) / 1.15, max(values) * 1.15)
    low, high = axes.get_xlim()
    steps = [m * 10.0**e for e in range(-6, 8) for m in (1, 2, 5)]
    round_ones = [step for step in steps if low <= step <= high]
    shown = round_ones if len(round_ones) > 1 else [float(x) for x in sorted({*values})][::3]
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xticks(shown, [f"{x:g}" for x in shown])


def _effect_limits(
    axes: Axes, measure: Measure, points: Sequence[float], band: Sequence[float],
    null: float | None,
) -> None:  # fmt: skip
    """Hold all points; a band that runs far beyond them must not flatten the line."""
    if null is not None:
        axes.axhline(null, color=GREY, linewidth=0.9, zorder=1)
        points = [*points, null]
    if measure.ratio:
        axes.set_yscale("log")
        low = max(min([*band, *points]), min(points) / 2) / 1.15
        high = min(max([*band, *points]), max(points) * 2) * 1.15
        axes.set_ylim(low, high)
        ratio_ticks(axes)
        return
    span = (max(points) - min(points)) or 0.1
    low = max(min([*band, *points]), min(points) - 0.6 * span) - 0.05 * span
    high = min(max([*band, *points]), max(points) + 0.6 * span) + 0.05 * span
    axes.set_ylim(low if measure.floor is None else max(low, measure.floor), high)
    if measure.kind == "percent":
        axes.yaxis.set_major_formatter(lambda value, _: f"{round(100 * value, 6):g}%")


def _studies_of(
    pool: Mapping[str, Any], analysis: Mapping[str, Any], one: Mapping[str, Any]
) -> list[int]:
    """Places of the studies that the regression's values belong to; none where that is unsure."""
    if len(one["x"]) == len(analysis["studies"]):
        return list(range(len(one["x"])))
    column = one["columns"][0]
    known = []
    for index, entry in enumerate(study_entries(pool, analysis)):
        if entry is None:
            continue
        numbers = {one["name"]: one["number"] for one in entry["moderators"]}
        if (numbers.get(column) is not None) or (column not in numbers and entry["cutoff"]):
            known.append(index)
    return known if len(known) == len(one["x"]) else []
