"""Predicted against observed risk: calibration, groups, and the risk at each total of points."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator, PercentFormatter

from cartwheel.figures.numbers import count, percent
from cartwheel.figures.pooling.drawing import text_width
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
from cartwheel.figures.wording import say

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
    axes.set_ylabel(say("Observed risk"))
    axes.tick_params(labelbottom=False)
    bars = panel(figure, 1.65, 2.4, 6.4, 1.4)
    if found["histogram"]:
        risks, counts = zip(*found["histogram"], strict=True)
        bars.vlines(risks, 0, counts, color=GREY, linewidth=2.4)
        bars.set_ylim(0, 1.1 * max(counts))
    bars.set_xlim(0, top)
    bars.set_ylabel(say("Patients"))
    bars.set_xlabel(say("Predicted risk"))
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
        Line2D([], [], marker="o", color=INK, markersize=4.5, label=say("groups of patients")),
        Line2D([], [], color=ORANGE, linestyle=(0, (5, 1.8)), linewidth=1.6, label=say("apparent")),
        Line2D([], [], color=RULE, linewidth=1.0, label=say("perfect agreement")),
        Line2D([], [], color=BLUE, linewidth=1.6, label=say("corrected for optimism")),
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
    axes.set_ylabel(say("Risk of the event"))
    sheet = paper(figure)
    for place, lines in enumerate(names):
        middle = foot + 0.65 - leading(7.5) * len(lines) / 2
        write(sheet, (1.65 + width * (place + 0.5), middle), lines, ha="center", fontsize=7.5)
    keys = [
        Line2D([], [], marker="o", color=BLUE, markersize=6, linewidth=1.1, label=say("observed")),
        Line2D([], [], marker="D", color=ORANGE, markerfacecolor="white", markersize=5,
               markeredgewidth=1.3, linestyle="", label=say("predicted")),
    ]  # fmt: skip
    figure.legend(handles=keys, loc="lower center", ncols=2, borderaxespad=0.3)
    return figure


@drawn
def risk_by_points(result: Mapping[str, Any], width: str = "double") -> Figure:
    """Draw the predicted risk at each total of points, above how many patients had it.

    Parameters
    ----------
    result : mapping
        The ``result`` of a development; ``risk_table`` is read.
    width : str
        ``single`` or ``double`` column.

    Returns
    -------
    Figure
        Bands shaded and named, events dark in the bars. In one column bands too narrow for their
        names are named in a line below.
    """
    rows = result["risk_table"]
    wide = width == "double"
    across, reach_cm = (DOUBLE, 15.5) if wide else (SINGLE, 6.55)
    names = _Bands.of(rows, reach_cm, below=not wide)
    foot, head = 1.75 + names.foot, names.head
    figure = canvas(result, across, round(foot + 7.05 + head, 6))
    axes = panel(figure, 1.6, round(foot + 2.15, 6), reach_cm, 4.9)
    totals = [row["total"] for row in rows]
    axes.patch.set_visible(False)
    reach = (min(totals) - 0.6, max(totals) + 0.6)
    names.draw(figure, reach, foot)
    axes.plot(totals, [row["predicted"] for row in rows], "-o", color=BLUE, linewidth=1.4,
              markersize=4.5, zorder=3)  # fmt: skip
    every = max(1, -(-len(rows) // (16 if wide else 7)))
    top = min(1.12, 1.18 * max(row["predicted"] for row in rows) + 0.02)
    # a label stands left of its point: the first that does not reach over the axis begins
    free = [row for row in rows if row["total"] - reach[0] >= (reach[1] - reach[0]) / reach_cm]
    for row in free[::every]:
        axes.annotate(percent(row["predicted"]), (row["total"], row["predicted"]),
                      (0, 5), textcoords="offset points", ha="right", fontsize=7)  # fmt: skip
    axes.set(xlim=reach, ylim=(0, top))
    axes.yaxis.set_major_formatter(_PERCENT)
    axes.yaxis.set_major_locator(MaxNLocator(5))
    axes.tick_params(labelbottom=False)
    axes.set_ylabel(say("Predicted risk"))
    bars = panel(figure, 1.6, foot, reach_cm, 1.8)
    bars.patch.set_visible(False)
    bars.bar(totals, [row["n"] for row in rows], width=0.62, facecolor="white", edgecolor=GREY,
             linewidth=0.8, label=say("all patients"))  # fmt: skip
    bars.bar(totals, [row["events"] for row in rows], width=0.62, color=GREEN,
             label=say("with the event"))  # fmt: skip
    bars.set_xlim(reach)
    bars.set_ylabel(say("Patients"))
    bars.set_xlabel(say("Total points"))
    for scale in (axes.xaxis, bars.xaxis):
        scale.set_major_locator(MaxNLocator(16 if wide else 8, integer=True))
    bars.yaxis.set_major_locator(MaxNLocator(3, integer=True))
    figure.legend(loc="lower center", ncols=2, borderaxespad=0.3)
    return figure


@dataclass(frozen=True, slots=True)
class _Bands:
    """Bands of neighbouring totals, and where their names stand.

    Parameters
    ----------
    runs : list of (str, float, float)
        Name, first and last total.
    scale : float
        Cm a point.
    below : list of str
        Lines of names under the figure; empty where each name stands over its band.
    """

    runs: list[tuple[str, float, float]]
    scale: float
    below: list[str]

    @classmethod
    def of(cls, rows: list[Mapping[str, Any]], reach: float, *, below: bool) -> _Bands:
        runs: list[tuple[str, float, float]] = []
        for row in rows:
            if runs and runs[-1][0] == row["band"]:
                runs[-1] = (runs[-1][0], runs[-1][1], row["total"])
            else:
                runs.append((row["band"], row["total"], row["total"]))
        totals = [row["total"] for row in rows]
        scale = reach / (max(totals) - min(totals) + 1.2)
        tight = any(
            len(wrapped(name, max(scale * (last - first + 1), 1.0), 7.5)) > 2
            or any(
                text_width(word, 7.5, bold=True) > scale * (last - first + 1)
                for word in name.split()
            )
            for name, first, last in runs
        )
        if not (below and tight):
            return cls(runs, scale, [])
        names = ", ".join(name for name, _, _ in runs)
        said = say("Bands from left to right: {names}", names=names)
        return cls(runs, scale, wrapped(said, 8.1, 7.0))

    @property
    def foot(self) -> float:
        return leading(7.0) * len(self.below) + 0.15 if self.below else 0.0

    @property
    def head(self) -> float:
        return 0.3 if self.below else 0.8

    def draw(self, figure: Figure, reach: tuple[float, float], foot: float) -> None:
        """Shade the bands behind both panels, and name them."""
        sheet = paper(figure)
        sheet.set_zorder(-1)
        top = foot + 7.05
        for index, (band, first, last) in enumerate(self.runs):
            left = 1.6 + self.scale * (first - 0.5 - reach[0])
            width = self.scale * (last - first + 1)
            sheet.fill([left, left + width, left + width, left], [foot, foot, top, top],
                       color=PALE if index % 2 == 0 else "white", linewidth=0)  # fmt: skip
            if self.below:
                continue
            lines = wrapped(band, max(width, 1.0), 7.5)[:2]
            write(sheet, (left + width / 2, top + 0.35), lines, ha="center", fontsize=7.5,
                  fontweight="bold")  # fmt: skip
        middle = 0.75 + leading(7.0) * len(self.below) / 2
        write(sheet, (0.2, middle), self.below, fontsize=7.0)
