"""Do the risks hold: predicted against observed risk, of like predictions and of bands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MaxNLocator, PercentFormatter

from cartwheel.figures.numbers import count, interval, percent
from cartwheel.figures.pooling.drawing import drawn_of, shortened, titled
from cartwheel.figures.style import (
    BLUE,
    GREEN,
    GREY,
    INK,
    ORANGE,
    RULE,
    SINGLE,
    floats,
    leading,
    panel,
    whiskers,
    wrapped,
    write,
)

_PERCENT = PercentFormatter(1, decimals=0)
_SIZE = 7.5


@drawn_of
def calibration(result: Mapping[str, Any], place: int) -> Figure:
    """Draw predicted against observed risk, above who was given which risk.

    Parameters
    ----------
    result : mapping
        The ``result`` of a validation.
    place : int
        Which score; its ``plot`` is read.

    Returns
    -------
    Figure
        Single column: points with intervals, the flexible curve with its band, and bars of the
        patients with (up) and without the event (down) at each predicted risk.
    """
    score = result["scores"][place]
    plot = score["plot"]
    figure, _ = titled(result, str(score["name"]), 11.6, SINGLE)
    axes = panel(figure, 1.65, 4.95, 6.4, 6.4)
    top = _top(plot)
    axes.plot([0, top], [0, top], color=GREY, linewidth=0.9, linestyle=(0, (4, 2)), zorder=1)
    if plot["curve"]:
        across, up, low, high = (floats(column) for column in zip(*plot["curve"], strict=True))
        axes.fill_between(across, low, high, color=BLUE, alpha=0.16, linewidth=0, zorder=1)
        axes.plot(across, up, color=BLUE, linewidth=1.6, zorder=3)
    for point in plot["points"]:
        if point["observed"]["value"] is not None:
            whiskers(axes, point["observed"], point["predicted"], upright=True, colour=INK)
            axes.plot(point["predicted"], point["observed"]["value"], "o", color=INK,
                      markersize=4.5, zorder=4)  # fmt: skip
    axes.set(xlim=(0, top), ylim=(0, top), aspect="equal")
    axes.set_ylabel("Observed risk")
    axes.tick_params(labelbottom=False)
    bars = panel(figure, 1.65, 2.55, 6.4, 2.05)
    _spread(bars, plot["histogram"])
    bars.set_xlim(0, top)
    bars.set_xlabel("Predicted risk")
    for scale in (axes.xaxis, axes.yaxis, bars.xaxis):
        scale.set_major_formatter(_PERCENT)
        scale.set_major_locator(MaxNLocator(5))
    _calibration_key(figure, bool(plot["curve"]))
    return figure


def _top(plot: Mapping[str, Any]) -> float:
    """Where both axes end: all predictions and points are on them, long intervals may run out."""
    reach = [0.1, *(risk for risk, without, events in plot["histogram"] if without + events)]
    for point in plot["points"]:
        values = (point["predicted"], point["observed"]["value"], point["observed"]["high"])
        reach += [value for value in values if value is not None]
    reach += [row[1] for row in plot["curve"]]
    return float(min(1.0, max(reach) * 1.05))


def _spread(bars: Axes, histogram: Sequence[Sequence[float]]) -> None:
    if histogram:
        risks, without, events = zip(*histogram, strict=True)
        gap = min((after - before for before, after in pairwise(risks)), default=0.05)
        bars.bar(risks, events, width=0.8 * gap, color=ORANGE)
        bars.bar(risks, [-each for each in without], width=0.8 * gap, facecolor="white",
                 edgecolor=GREY, linewidth=0.8)  # fmt: skip
        bars.set_ylim(-1.1 * max([1, *without]), 1.1 * max([1, *events]))
    bars.axhline(0, color=GREY, linewidth=0.7)
    bars.set_ylabel("Patients")
    bars.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    bars.yaxis.set_major_formatter(FuncFormatter(lambda value, _: count(abs(value))))


def _calibration_key(figure: Figure, curve: bool) -> None:
    keys: list[Any] = [
        Line2D([], [], marker="o", color=INK, markersize=4.5, label="like predictions"),
        Line2D([], [], color=GREY, linestyle=(0, (4, 2)), linewidth=0.9, label="perfect agreement"),
        Patch(color=ORANGE, label="with the event"),
        Patch(facecolor="white", edgecolor=GREY, label="without it, downwards"),
    ]
    if curve:
        keys.insert(1, Line2D([], [], color=BLUE, linewidth=1.6, label="flexible curve"))
    figure.legend(handles=keys, loc="lower center", ncols=2, borderaxespad=0.3, fontsize=_SIZE,
                  columnspacing=1.2, handlelength=1.6)  # fmt: skip


# key in a row of bands, its place above or below the middle, colour, marker, filled
_RISKS: tuple[tuple[str, float, str, str, bool], ...] = (
    ("observed", 0.24, BLUE, "o", True),
    ("published", 0.0, ORANGE, "D", False),
    ("predicted", -0.24, GREEN, "^", False),
)
_SAID = {
    "observed": "observed here",
    "published": "published of the band",
    "predicted": "predicted by the score (mean)",
}


@drawn_of
def bands(result: Mapping[str, Any], place: int) -> Figure:
    """Draw the observed risk of each band with its interval, against published and predicted.

    Parameters
    ----------
    result : mapping
        The ``result`` of a validation.
    place : int
        Which score; its ``bands`` are read.

    Returns
    -------
    Figure
        Double column, a row for every band; a band without patients says so.
    """
    score = result["scores"][place]
    rows = score["bands"]
    labels = [
        (shortened(str(row["band"]), 3.6, _SIZE, 3, bold=True), wrapped(_who(row), 3.6, _SIZE))
        for row in rows
    ]
    heights = [max(1.35, leading(_SIZE) * sum(map(len, lines)) + 0.35) for lines in labels]
    body = sum(heights)
    figure, sheet = titled(result, str(score["name"]), body + 2.0)
    left, width = 4.0, 7.9
    axes = panel(figure, left, 1.7, width, body)
    drawn = [risk for risk, *_ in _RISKS if any(_risk(row, risk) for row in rows)]
    level = body
    for row, (name, who), height in zip(rows, labels, heights, strict=True):
        middle = level - height / 2
        said = _risks(axes, row, middle, height, drawn)
        step = leading(_SIZE) / 2
        write(sheet, (0.2, 1.7 + middle + step * len(who)), name, fontsize=_SIZE, fontweight="bold")
        write(sheet, (0.2, 1.7 + middle - step * len(name)), who, fontsize=_SIZE, color=GREY)
        write(sheet, (left + width + 0.3, 1.7 + middle), said, fontsize=7.0)
        level -= height
        if level > 0.01:
            axes.axhline(level, color=RULE, linewidth=0.6, linestyle=(0, (2, 2)))
    axes.set(xlim=(0, _furthest(rows)), ylim=(0, body))
    axes.set_yticks([])
    axes.spines["left"].set_color(RULE)
    axes.xaxis.set_major_formatter(_PERCENT)
    axes.xaxis.set_major_locator(MaxNLocator(6))
    axes.set_xlabel("Risk of the event")
    keys = [
        Line2D([], [], marker=marker, color=colour, markerfacecolor=colour if filled else "white",
               markersize=5.5, markeredgewidth=1.3, linewidth=0 if risk == "predicted" else 1.1,
               label=_SAID[risk])
        for risk, _, colour, marker, filled in _RISKS if risk in drawn
    ]  # fmt: skip
    if keys:
        figure.legend(handles=keys, loc="lower center", ncols=3, borderaxespad=0.3, fontsize=_SIZE)
    return figure


def _who(row: Mapping[str, Any]) -> str:
    if not row["patients"]:
        return "no patients"
    return f"{count(row['events'])}/{count(row['patients'])} with the event"


def _risk(row: Mapping[str, Any], name: str) -> dict[str, Any] | None:
    """Risk of a band as an estimate; None where there is none."""
    found = row[name]
    if found is None:
        return None
    if not isinstance(found, Mapping):
        return {"value": found, "low": None, "high": None}
    return dict(found) if found["value"] is not None else None


def _risks(
    axes: Axes, row: Mapping[str, Any], middle: float, height: float, drawn: Sequence[str]
) -> list[str]:
    said = []
    for name, shift, colour, marker, filled in _RISKS:
        risk = _risk(row, name)
        if name not in drawn:
            continue
        if risk is None:
            if row["patients"] or name == "published":
                said.append(f"{name} –")
            continue
        at = middle + shift * min(height, 1.6)
        whiskers(axes, risk, at, upright=False, colour=colour)
        face = colour if filled else "white"
        axes.plot(risk["value"], at, marker, color=colour, markerfacecolor=face, markersize=5.5,
                  markeredgewidth=1.3, zorder=3, clip_on=False)  # fmt: skip
        text = percent(risk["value"]) if name == "predicted" else interval(risk, "percent")
        said.append(f"{name} {text}")
    return said


def _furthest(rows: Sequence[Mapping[str, Any]]) -> float:
    ends = [0.1]
    for row in rows:
        for risk in (_risk(row, name) for name, *_ in _RISKS):
            ends += [risk[key] for key in ("value", "high") if risk and risk[key] is not None]
    return min(1.0, 1.06 * max(ends))
