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
from cartwheel.figures.pooling.drawing import WIDE, Page, area, drawn_of, shortened, titled
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
    whiskers,
    wrapped,
    write,
)
from cartwheel.figures.wording import say

_PERCENT = PercentFormatter(1, decimals=0)
# words as large as in two columns
_COLUMN = Page(SINGLE, WIDE.size, WIDE.small, WIDE.title, True)


@drawn_of
def calibration(result: Mapping[str, Any], place: int, page: Page) -> Figure:  # noqa: ARG001
    """Draw predicted against observed risk, above who was given which risk.

    Parameters
    ----------
    result : mapping
        The ``result`` of a validation.
    place : int
        Which score; its ``plot`` is read.
    page : Page
        Not used: it is laid out for one column, and grows for two.

    Returns
    -------
    Figure
        Points with intervals, the flexible curve with its band, and bars of the patients with (up)
        and without the event (down) at each predicted risk. A file that is shared tells no patients
        at single risks: there is no such panel then.
    """
    score = result["scores"][place]
    plot = score["plot"]
    bottom, height = (4.95, 11.6) if plot["histogram"] else (2.55, 9.2)
    figure, _ = titled(result, str(score["name"]), height, _COLUMN)
    axes = area(figure, _COLUMN, (1.65, bottom, 6.4, 6.4))
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
    axes.set_ylabel(say("Observed risk"))
    lowest = axes
    if plot["histogram"]:
        axes.tick_params(labelbottom=False)
        lowest = area(figure, _COLUMN, (1.65, 2.55, 6.4, 2.05))
        _spread(lowest, plot["histogram"])
        lowest.set_xlim(0, top)
    lowest.set_xlabel(say("Predicted risk"))
    for scale in (axes.xaxis, axes.yaxis, lowest.xaxis):
        scale.set_major_formatter(_PERCENT)
        scale.set_major_locator(MaxNLocator(5))
    _calibration_key(figure, plot)
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
    risks, without, events = zip(*histogram, strict=True)
    gap = min((after - before for before, after in pairwise(risks)), default=0.05)
    bars.bar(risks, events, width=0.8 * gap, color=ORANGE)
    bars.bar(risks, [-each for each in without], width=0.8 * gap, facecolor="white",
             edgecolor=GREY, linewidth=0.8)  # fmt: skip
    bars.set_ylim(-1.1 * max([1, *without]), 1.1 * max([1, *events]))
    bars.axhline(0, color=GREY, linewidth=0.7)
    bars.set_ylabel(say("Patients"))
    bars.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    bars.yaxis.set_major_formatter(FuncFormatter(lambda value, _: count(abs(value))))


def _calibration_key(figure: Figure, plot: Mapping[str, Any]) -> None:
    keys: list[Any] = [
        Line2D([], [], marker="o", color=INK, markersize=4.5, label=say("like predictions")),
        Line2D([], [], color=GREY, linestyle=(0, (4, 2)), linewidth=0.9,
               label=say("perfect agreement")),
    ]  # fmt: skip
    if plot["histogram"]:
        keys.append(Patch(color=ORANGE, label=say("with the event")))
        keys.append(Patch(facecolor="white", edgecolor=GREY, label=say("without it, downwards")))
    if plot["curve"]:
        keys.insert(1, Line2D([], [], color=BLUE, linewidth=1.6, label=say("flexible curve")))
    figure.legend(handles=keys, loc="lower center", ncols=2, borderaxespad=0.3,
                  fontsize=_COLUMN.size, columnspacing=1.2, handlelength=1.6)  # fmt: skip


# key in a row of bands, its place above or below the middle, colour, marker, filled
_RISKS: tuple[tuple[str, float, str, str, bool], ...] = (
    ("observed", 0.24, BLUE, "o", True),
    ("published", 0.0, ORANGE, "D", False),
    ("predicted", -0.24, GREEN, "^", False),
)


def _keys_said() -> dict[str, str]:
    return {
        "observed": say("observed here"),
        "published": say("published of the band"),
        "predicted": say("predicted by the score (mean)"),
    }


@drawn_of
def bands(result: Mapping[str, Any], place: int, page: Page) -> Figure:
    """Draw the observed risk of each band with its interval, against published and predicted.

    Parameters
    ----------
    result : mapping
        The ``result`` of a validation.
    place : int
        Which score; its ``bands`` are read.
    page : Page
        In one column all words stand at the left.

    Returns
    -------
    Figure
        A row for every band; a band without patients says so.
    """
    score = result["scores"][place]
    rows = score["bands"]
    room, size = (3.6 if page.wide else 3.7), page.size
    labels = [
        (shortened(str(row["band"]), room, size, 3, bold=True), wrapped(_who(row), room, size))
        for row in rows
    ]
    drawn = [risk for risk, *_ in _RISKS if any(_risk(row, risk) for row in rows)]
    told = [_said(row, drawn) for row in rows]
    if not page.wide:
        told = [[line for text in said for line in wrapped(text, 4.2, page.small)] for said in told]
    heights = [
        max(1.35, leading(size) * (sum(map(len, lines)) + (0 if page.wide else len(said))) + 0.35)
        for lines, said in zip(labels, told, strict=True)
    ]
    body = sum(heights)
    keys = _band_keys(drawn)
    below = 1.7 if page.wide else 1.25 + 0.4 * len(keys)
    figure, sheet = titled(result, str(score["name"]), below + body + 0.3, page)
    left, width = (4.0, 7.9) if page.wide else (4.5, 3.6)
    axes = area(figure, page, (left, below, width, body))
    level = body
    for row, (name, who), said, height in zip(rows, labels, told, heights, strict=True):
        middle = level - height / 2
        _risks(axes, row, middle, height, drawn)
        step = leading(size) / 2
        under = [] if page.wide else said
        base = below + middle
        write(sheet, (0.2, base + step * len([*who, *under])), name, fontsize=size,
              fontweight="bold")  # fmt: skip
        write(sheet, (0.2, base + step * (len(under) - len(name))), who, fontsize=size, color=GREY)
        if page.wide:
            write(sheet, (left + width + 0.3, base), said, fontsize=7.0)
        else:
            write(sheet, (0.2, base - step * len([*name, *who])), said, fontsize=page.small)
        level -= height
        if level > 0.01:
            axes.axhline(level, color=RULE, linewidth=0.6, linestyle=(0, (2, 2)))
    axes.set(xlim=(0, _furthest(rows)), ylim=(0, body))
    axes.set_yticks([])
    axes.spines["left"].set_color(RULE)
    axes.xaxis.set_major_formatter(_PERCENT)
    axes.xaxis.set_major_locator(MaxNLocator(6 if page.wide else 4))
    axes.set_xlabel(say("Risk of the event"))
    if keys:
        figure.legend(handles=keys, loc="lower center", ncols=3 if page.wide else 1,
                      borderaxespad=0.3, fontsize=size)  # fmt: skip
    return figure


def _band_keys(drawn: Sequence[str]) -> list[Any]:
    said = _keys_said()
    return [
        Line2D([], [], marker=marker, color=colour, markerfacecolor=colour if filled else "white",
               markersize=5.5, markeredgewidth=1.3, linewidth=0 if risk == "predicted" else 1.1,
               label=said[risk])
        for risk, _, colour, marker, filled in _RISKS if risk in drawn
    ]  # fmt: skip


def _who(row: Mapping[str, Any]) -> str:
    if not row["patients"]:
        return say("no patients")
    counts = f"{count(row['events'])}/{count(row['patients'])}"
    return say("{counts} with the event", counts=counts)


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
) -> None:
    for name, shift, colour, marker, filled in _RISKS:
        risk = _risk(row, name)
        if name not in drawn or risk is None:
            continue
        at = middle + shift * min(height, 1.6)
        whiskers(axes, risk, at, upright=False, colour=colour)
        face = colour if filled else "white"
        axes.plot(risk["value"], at, marker, color=colour, markerfacecolor=face, markersize=5.5,
                  markeredgewidth=1.3, zorder=3, clip_on=False)  # fmt: skip


def _said(row: Mapping[str, Any], drawn: Sequence[str]) -> list[str]:
    said = []
    for name in (name for name, *_ in _RISKS if name in drawn):
        risk = _risk(row, name)
        if risk is not None:
            predicted = name == "predicted"
            value = percent(risk["value"]) if predicted else interval(risk, "percent")
            said.append(_told(name, value))
        elif row["patients"] or name == "published":
            said.append(_told(name, "–"))
    return said


def _told(name: str, value: str) -> str:
    if name == "observed":
        return say("observed {value}", value=value)
    if name == "published":
        return say("published {value}", value=value)
    return say("predicted {value}", value=value)


def _furthest(rows: Sequence[Mapping[str, Any]]) -> float:
    ends = [0.1]
    for row in rows:
        for risk in (_risk(row, name) for name, *_ in _RISKS):
            ends += [risk[key] for key in ("value", "high") if risk and risk[key] is not None]
    return min(1.0, 1.06 * max(ends))
