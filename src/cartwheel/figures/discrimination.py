"""How well the score separates: ROC curves, and performance before and after correction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from cartwheel.figures.numbers import FORMATS, interval, measure_format
from cartwheel.figures.style import (
    BLUE,
    DOUBLE,
    GREY,
    ORANGE,
    RULE,
    SINGLE,
    canvas,
    drawn,
    leading,
    panel,
    paper,
    stroke,
    whiskers,
    wrapped,
    write,
)
from cartwheel.figures.terms import term
from cartwheel.figures.wording import say


@drawn
def roc(result: Mapping[str, Any]) -> Figure:
    """Draw the ROC curves with their areas underneath.

    Parameters
    ----------
    result : mapping
        The ``result`` of a development; ``roc`` is read.

    Returns
    -------
    Figure
        Single column, a square plot with its legend below.
    """
    curves = result["roc"]
    labels = [[*wrapped(term(curve["label"]), 6.8, 7.5), *_areas(curve)] for curve in curves]
    step = leading(7.5)
    foot = sum(len(lines) * step + 0.12 for lines in labels) + 0.2
    figure = canvas(result, SINGLE, 8.2 + foot)
    axes = panel(figure, 1.35, foot + 1.1, 6.8, 6.8)
    axes.plot([0, 1], [0, 1], color=RULE, linewidth=0.8)
    for index, curve in enumerate(curves):
        across = [1 - value for value in curve["specificity"]]
        axes.plot(across, curve["sensitivity"], **_line(index), clip_on=False)
    axes.set(xlim=(0, 1), ylim=(0, 1), aspect="equal")
    axes.set_xlabel(say("1 − specificity"))
    axes.set_ylabel(say("Sensitivity"))
    sheet = paper(figure)
    top = foot
    for index, lines in enumerate(labels):
        middle = top - len(lines) * step / 2
        first = top - step / 2
        sheet.plot([0.4, 1.15], [first, first], **_line(index))
        write(sheet, (1.35, middle), lines, fontsize=7.5)
        top -= len(lines) * step + 0.12
    return figure


def _areas(curve: Mapping[str, Any]) -> list[str]:
    """Write the apparent area; under it the corrected one where the curve was fitted."""
    if curve["corrected"] is None:
        return [say("AUC {area}", area=interval(curve["auc"], "score"))]
    return [
        say("AUC apparent {area}", area=interval(curve["auc"], "score")),
        say("AUC corrected {area}", area=interval(curve["corrected"], "score")),
    ]


def _line(index: int) -> dict[str, Any]:
    return {**stroke(index), "linewidth": 1.5}


@drawn
def performance(result: Mapping[str, Any], width: str = "double") -> Figure:
    """Draw each measure apparent (hollow) and corrected (filled), for the score and uncut.

    Parameters
    ----------
    result : mapping
        The ``result`` of a development; ``performance`` and ``uncut`` are read.
    width : str
        ``single`` or ``double`` column.

    Returns
    -------
    Figure
        One panel a measure.
    """
    return measures_by_model(result, [result["performance"], result["uncut"]], width)


def measures_by_model(
    result: Mapping[str, Any], models: Sequence[Mapping[str, Any]], width: str = "double"
) -> Figure:
    """Draw each measure apparent (hollow) and corrected (filled), a row for every model.

    Parameters
    ----------
    result : mapping
        A result; only ``simulated`` is read.
    models : sequence of mapping
        Each with its name ``model`` and its ``measures``: ``name``, ``label``, ``better`` (``one``
        and ``zero`` are ideal values), ``apparent`` and ``corrected``, which may be None.
    width : str
        ``single`` or ``double`` column.

    Returns
    -------
    Figure
        One panel a measure; in one column they stand one below the other.
    """
    wide = width == "double"
    across, left, head = (DOUBLE, 3.9, 1.9) if wide else (SINGLE, 2.6, 1.6)
    names = list(dict.fromkeys(row["name"] for model in models for row in model["measures"]))
    labels = [
        wrapped(term(model["model"]), left - 0.3 if not wide else 3.3, 7.5) for model in models
    ]
    row = max(1.5 if wide else 1.4, leading(7.5) * max(len(lines) for lines in labels) + 0.3)
    columns = 2 if len(names) in (2, 4) else min(len(names), 3)
    columns, foot = (columns, 0.8) if wide else (1, 1.5)
    rows = -(-len(names) // columns)
    block = row * len(models) + head
    figure = canvas(result, across, rows * block + foot)
    sheet = paper(figure)
    room = round(across - left - 0.3, 6) / columns
    for index, name in enumerate(names):
        bottom = foot + (rows - 1 - index // columns) * block + 0.75
        column = index % columns
        axes = panel(figure, left + column * room + 0.25, bottom, room - 0.5, row * len(models))
        _measure_panel(axes, models, name)
        title = next(m["label"] for model in models for m in model["measures"] if m["name"] == name)
        middle = left + (column + 0.5) * room
        lines = wrapped(term(title), room - 0.2, 7.5)
        write(sheet, (middle, bottom + row * len(models) + 0.5), lines, ha="center", fontsize=7.5,
              fontweight="bold")  # fmt: skip
        if column == 0:
            for place, text in enumerate(labels):
                level = bottom + row * (len(models) - place - 0.5)
                write(sheet, (left - 0.1, level), text, ha="right", fontsize=7.5)
    _apparent_corrected_key(figure, 3 if wide else 1)
    return figure


def _measure_panel(axes: Axes, models: Sequence[Mapping[str, Any]], name: str) -> None:
    rule = FORMATS[measure_format(name)]
    for place, model in enumerate(models):
        found = [measure for measure in model["measures"] if measure["name"] == name]
        if not found:
            continue
        base = len(models) - place - 0.5
        ideal = {"one": 1, "zero": 0}.get(found[0]["better"])
        if ideal is not None:
            axes.axvline(ideal, color=RULE, linewidth=0.9, zorder=1)
        for key, shift, colour in (("apparent", 0.2, ORANGE), ("corrected", -0.2, BLUE)):
            estimate = found[0][key]
            if estimate is None or estimate["value"] is None:
                continue
            whiskers(axes, estimate, base + shift, upright=False, colour=colour)
            face = "white" if key == "apparent" else colour
            axes.plot(estimate["value"], base + shift, "o", color=colour, markerfacecolor=face,
                      markersize=6, markeredgewidth=1.3, zorder=3)  # fmt: skip
            axes.annotate(rule(estimate["value"]), (estimate["value"], base + shift), (0, 5),
                          textcoords="offset points", ha="center", fontsize=7,
 bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.4}, zorder=1.5)  # fmt: skip
    axes.set_ylim(0, len(models))
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.margins(x=0.12)
    axes.xaxis.set_major_locator(MaxNLocator(4))
    for place in range(1, len(models)):
        axes.axhline(place, color=RULE, linewidth=0.6, linestyle=(0, (2, 2)))


def _apparent_corrected_key(figure: Figure, columns: int) -> None:
    keys = [
        Line2D([], [], marker="o", color=ORANGE, markerfacecolor="white", markersize=6,
               markeredgewidth=1.3, linewidth=1.1, label=say("apparent (same patients)")),
        Line2D([], [], marker="o", color=BLUE, markersize=6, linewidth=1.1,
               label=say("corrected for optimism")),
        Line2D([], [], color=GREY, linewidth=0.9, label=say("ideal value")),
    ]  # fmt: skip
    figure.legend(handles=keys, loc="lower center", ncols=columns, borderaxespad=0.3, fontsize=7.5)
