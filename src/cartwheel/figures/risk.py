"""Predicted against observed risk: calibration, groups, and the risk at each total of points."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator, PercentFormatter

from cartwheel.figures.numbers import count, percent
from cartwheel.figures.style import (
    BLUE,
    DOUBLE,
    GREEN,
    GREY,
    INK,
    ORANGE,
    PALE,
    RULE,
    SINGLE,
    canvas,
    drawn,
    leading,
    panel,
    paper,
    whiskers,
    wrapped,
    write,
)

_PERCENT = PercentFormatter(1, decimals=0)


@drawn
def calibration(result: Mapping[str, Any]) -> Figure:
    """Draw predicted against observed risk, apparent and corrected, above who had which risk.

    Parameters
    ----------
    result : mapping
        The ``result`` of a development; ``calibration`` is read.

    Returns
    -------
    Figure
        Single column.
    """
    found = result["calibration"]
    figure = canvas(result, SINGLE, 10.9)
    axes = panel(figure, 1.65, 4.15, 6.4, 6.4)
    top = _top(found)
    axes.plot([0, top], [0, top], color=RULE, linewidth=1.0, zorder=1)
    for key, colour, line in (("curve", ORANGE, (0, (5, 1.8))), ("corrected", BLUE, "-")):
        if found[key]:
            across, up = zip(*found[key], strict=True)
            axes.plot(across, up, color=colour, linestyle=line, linewidth=1.6, zorder=3)
    for point in found["points"]:
        if point["observed"]["value"] is not None:
            whiskers(axes, point["observed"], point["predicted"], upright=True, colour=INK)
            axes.plot(point["predicted"], point["observed"]["value"], "o", color=INK,
                      markersize=4.5, zorder=4)  # fmt: skip
    axes.set(xlim=(0, top), ylim=(0, top), aspect="equal")
    axes.set_ylabel("Observed risk")
    axes.tick_params(labelbottom=False)
    bars = panel(figure, 1.65, 2.4, 6.4, 1.4)
    if found["histogram"]:
        risks, counts = zip(*found["histogram"], strict=True)
        bars.vlines(risks, 0, counts, color=GREY, linewidth=2.4)
        bars.set_ylim(0, 1.1 * max(counts))
    bars.set_xlim(0, top)
    bars.set_ylabel("Patients")
    bars.set_xlabel("Predicted risk")
    bars.yaxis.set_major_locator(MaxNLocator(2, integer=True))
    for scale in (axes.xaxis, axes.yaxis, bars.xaxis):
        scale.set_major_formatter(_PERCENT)
        scale.set_major_locator(MaxNLocator(5))
    _calibration_key(figure)
    return figure


def _top(found: Mapping[str, Any]) -> float:
    reach = [0.1, *(risk for risk, number in found["histogram"] if number)]
    for point in found["points"]:
        values = (point["predicted"], point["observed"]["value"], point["observed"]["high"])
        reach += [value for value in values if value is not None]
    return float(min(1.0, max(reach) * 1.05))


def _calibration_key(figure: Figure) -> None:
    keys = [
        Line2D([], [], marker="o", color=INK, markersize=4.5, label="groups of patients"),
        Line2D([], [], color=ORANGE, linestyle=(0, (5, 1.8)), linewidth=1.6, label="apparent"),
        Line2D([], [], color=RULE, linewidth=1.0, label="perfect agreement"),
        Line2D([], [], color=BLUE, linewidth=1.6, label="corrected for optimism"),
    ]
    figure.legend(handles=keys, loc="lower center", ncols=2, borderaxespad=0.4)


@drawn
def groups(result: Mapping[str, Any]) -> Figure:
    """Draw observed and predicted risk of each group.

    Parameters
    ----------
    result : mapping
        The ``result`` of a development; ``groups`` and ``outcome`` are read.

    Returns
    -------
    Figure
        Single column; observed filled with interval, predicted a hollow diamond.
    """
    rows = result["groups"]
    width = 6.4 / len(rows)
    names = [[*wrapped(row["name"], width, 7.5), f"n = {count(row['n'])}"] for row in rows]
    foot = leading(7.5) * max(len(lines) for lines in names) + 0.35
    figure = canvas(result, SINGLE, foot + 6.65)
    axes = panel(figure, 1.65, foot + 0.95, 6.4, 5.4)
    for place, row in enumerate(rows):
        observed = row["observed"]
        if observed["value"] is not None:
            whiskers(axes, observed, place - 0.08, upright=True, colour=BLUE)
            axes.plot(place - 0.08, observed["value"], "o", color=BLUE, markersize=6, zorder=3)
        axes.plot(place + 0.12, row["predicted"], "D", color=ORANGE, markerfacecolor="white",
                  markersize=5, markeredgewidth=1.3, zorder=3)  # fmt: skip
    axes.set_xlim(-0.5, len(rows) - 0.5)
    axes.set_ylim(0, None)
    axes.set_ylim(0, min(1.0, axes.get_ylim()[1]) * 1.01)
    axes.set_xticks(range(len(rows)), [""] * len(rows))
    axes.yaxis.set_major_formatter(_PERCENT)
    axes.set_ylabel("Risk of the event")
    sheet = paper(figure)
    for place, lines in enumerate(names):
        middle = foot + 0.65 - leading(7.5) * len(lines) / 2
        write(sheet, (1.65 + width * (place + 0.5), middle), lines, ha="center", fontsize=7.5)
    keys = [
        Line2D([], [], marker="o", color=BLUE, markersize=6, linewidth=1.1, label="observed"),
        Line2D([], [], marker="D", color=ORANGE, markerfacecolor="white", markersize=5,
               markeredgewidth=1.3, linestyle="", label="predicted"),
    ]  # fmt: skip
    figure.legend(handles=keys, loc="lower center", ncols=2, borderaxespad=0.3)
    return figure


@drawn
def risk_by_points(result: Mapping[str, Any]) -> Figure:
    """Draw the predicted risk at each total of points, above how many patients had it.

    Parameters
    ----------
    result : mapping
        The ``result`` of a development; ``risk_table`` is read.

    Returns
    -------
    Figure
        Double column; bands shaded and named, events dark in the bars.
    """
    rows = result["risk_table"]
    figure = canvas(result, DOUBLE, 9.6)
    axes = panel(figure, 1.6, 3.9, 15.5, 4.9)
    totals = [row["total"] for row in rows]
    axes.patch.set_visible(False)
    reach = (min(totals) - 0.6, max(totals) + 0.6)
    _bands(figure, rows, reach)
    axes.plot(totals, [row["predicted"] for row in rows], "-o", color=BLUE, linewidth=1.4,
              markersize=4.5, zorder=3)  # fmt: skip
    every = max(1, -(-len(rows) // 16))
    for row in rows[::every]:
        axes.annotate(percent(row["predicted"]), (row["total"], row["predicted"]),
                      (0, 5), textcoords="offset points", ha="right", fontsize=7)  # fmt: skip
    axes.set(xlim=reach, ylim=(0, min(1.12, 1.18 * max(row["predicted"] for row in rows) + 0.02)))
    axes.yaxis.set_major_formatter(_PERCENT)
    axes.yaxis.set_major_locator(MaxNLocator(5))
    axes.tick_params(labelbottom=False)
    axes.set_ylabel("Predicted risk")
    bars = panel(figure, 1.6, 1.75, 15.5, 1.8)
    bars.patch.set_visible(False)
    bars.bar(totals, [row["n"] for row in rows], width=0.62, facecolor="white", edgecolor=GREY,
             linewidth=0.8, label="all patients")  # fmt: skip
    bars.bar(totals, [row["events"] for row in rows], width=0.62, color=GREEN,
             label="with the event")  # fmt: skip
    bars.set_xlim(reach)
    bars.set_ylabel("Patients")
    bars.set_xlabel("Total points")
    for scale in (axes.xaxis, bars.xaxis):
        scale.set_major_locator(MaxNLocator(16, integer=True))
    bars.yaxis.set_major_locator(MaxNLocator(3, integer=True))
    figure.legend(loc="lower center", ncols=2, borderaxespad=0.3)
    return figure


def _bands(figure: Figure, rows: list[Mapping[str, Any]], reach: tuple[float, float]) -> None:
    sheet = paper(figure)
    sheet.set_zorder(-1)
    scale = 15.5 / (reach[1] - reach[0])
    runs: list[list[Any]] = []
    for row in rows:
        if runs and runs[-1][0] == row["band"]:
            runs[-1][2] = row["total"]
        else:
            runs.append([row["band"], row["total"], row["total"]])
    for index, (band, first, last) in enumerate(runs):
        left = 1.6 + scale * (first - 0.5 - reach[0])
        width = scale * (last - first + 1)
        sheet.fill([left, left + width, left + width, left], [1.75, 1.75, 8.8, 8.8],
                   color=PALE if index % 2 == 0 else "white", linewidth=0)  # fmt: skip
        lines = wrapped(band, max(width, 1.0), 7.5)[:2]
        write(sheet, (left + width / 2, 9.15), lines, ha="center", fontsize=7.5, fontweight="bold")
