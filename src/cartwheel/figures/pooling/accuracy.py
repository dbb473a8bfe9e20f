"""Accuracy of a test over studies: sensitivity and specificity, apart and together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import PercentFormatter

from cartwheel.figures.numbers import interval, level
from cartwheel.figures.pooling.drawing import drawn_of, named, shortened, text_width, titled
from cartwheel.figures.pooling.measure import Measure, head, written
from cartwheel.figures.pooling.rows import BAND, SIZE, Row, draw_row
from cartwheel.figures.style import (
    BLUE,
    DOUBLE,
    GREY,
    INK,
    ORANGE,
    RULE,
    leading,
    panel,
    write,
)

_SHARES = {
    "sensitivity": Measure("Sensitivity", "Sensitivity, %", "percent", False, "", "", 0.0, 1.0),
    "specificity": Measure("Specificity", "Specificity, %", "percent", False, "", "", 0.0, 1.0),
}


@drawn_of
def accuracy_forest(pool: Mapping[str, Any], place: int) -> Figure:
    """Draw sensitivity and specificity of every study beside each other, with the summary point.

    Parameters
    ----------
    pool : mapping
        The ``result`` of ``cartwheel pool``.
    place : int
        Which analysis; ``accuracy`` is read.

    Returns
    -------
    Figure
        Double column, a row a study.
    """
    analysis = pool["analyses"][place]
    accuracy = analysis["accuracy"]
    names = [str(study["study"]) for study in accuracy["studies"]]
    room = min(max(text_width(name, SIZE) for name in [*names, "Summary point"]) + 0.4, 4.2)
    labels = [shortened(name, room - 0.1, SIZE, 2) for name in names]
    heights = [*(leading(SIZE) * len(lines) + 0.16 for lines in labels), leading(SIZE) + 0.28]
    body, below, above = sum(heights), 1.25, leading(SIZE) + 0.3
    title = f"{named(analysis)}: accuracy"
    figure, sheet = titled(pool, title, below + body + above)
    top = below + body
    write(sheet, (0.2, top + above / 2), ["Study"], fontsize=SIZE, fontweight="bold")
    for at in (top, top + above):
        sheet.plot([0.2, DOUBLE - 0.2], [at, at], color=RULE, linewidth=0.8)
    levels = [body - sum(heights[:index]) - heights[index] / 2 for index in range(len(heights))]
    for lines, at in zip(labels, levels, strict=False):
        write(sheet, (0.2, below + at), lines, fontsize=SIZE)
    write(sheet, (0.2, below + levels[-1]), ["Summary point"], fontsize=SIZE, fontweight="bold")
    width = (DOUBLE - 0.4 - room) / 2
    for index, (key, measure) in enumerate(_SHARES.items()):
        edge = 0.2 + room + (index + 1) * width
        share = [study[key] for study in accuracy["studies"]]
        write(sheet, (edge, top + above / 2), [head(measure, share)], ha="right", fontsize=SIZE,
              fontweight="bold")  # fmt: skip
        texts = [*(written(one, measure) for one in share), written(accuracy[key], measure)]
        wide = max(text_width(text, 7.0, bold=True) for text in texts) + 0.2
        for text, at in zip(texts, levels, strict=True):
            weight = "bold" if at == levels[-1] else "normal"
            write(sheet, (edge, below + at), [text], ha="right", fontsize=7.0, fontweight=weight)
        axes = panel(figure, edge - width + 0.3, below, width - wide - 0.5, body)
        axes.set_ylim(0, body)
        _shares(axes, share, accuracy[key], levels)
        axes.set_xlabel(measure.name)
    return figure


def _shares(
    axes: Axes,
    studies: Sequence[Mapping[str, Any]],
    pooled: Mapping[str, Any],
    levels: Sequence[float],
) -> None:
    axes.patch.set_visible(False)
    axes.set_xlim(0, 1)
    axes.set_yticks([])
    axes.set_xticks([0, 0.5, 1])
    axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.spines["left"].set_visible(False)
    if pooled["value"] is not None:
        axes.axvline(pooled["value"], color=BLUE, linewidth=0.8, linestyle=(0, (3, 2)), zorder=1)
    for one, at in zip(studies, levels, strict=False):
        draw_row(axes, Row("study", "", one), at, 0.5)
    draw_row(axes, Row("pooled", "", pooled), levels[-1], 0.5)


@drawn_of
def summary_roc(pool: Mapping[str, Any], place: int) -> Figure:
    """Draw the studies in ROC space, with the summary point, its regions and the summary curve.

    Parameters
    ----------
    pool : mapping
        The ``result`` of ``cartwheel pool``.
    place : int
        Which analysis; ``accuracy`` is read.

    Returns
    -------
    Figure
        Double column: a square plot with its key at the right. The curve spans the
        false-positive rates of the studies only.
    """
    analysis = pool["analyses"][place]
    accuracy = analysis["accuracy"]
    title = f"{named(analysis)}: summary ROC"
    figure, sheet = titled(pool, title, 9.6)
    axes = panel(figure, 1.5, 1.25, 8.0, 8.0)
    axes.plot([0, 1], [0, 1], color=RULE, linewidth=0.8)
    for key, style in (("prediction_region", (0, (1.5, 1.5))), ("confidence_region", "-")):
        if accuracy[key]:
            across, up = zip(*accuracy[key], strict=True)
            if key == "confidence_region":
                axes.fill(across, up, color=BAND, linewidth=0, zorder=1)
            axes.plot(across, up, color=BLUE, linewidth=1.0, linestyle=style, zorder=2)
    if accuracy["curve"]:
        across, up = zip(*accuracy["curve"], strict=True)
        axes.plot(across, up, color=INK, linewidth=1.4, zorder=3)
    _studies_in_roc(axes, accuracy["studies"])
    axes.plot(1 - accuracy["specificity"]["value"], accuracy["sensitivity"]["value"], "D",
              color=ORANGE, markersize=7, markeredgecolor="white", zorder=5)  # fmt: skip
    axes.set(xlim=(0, 1), ylim=(0, 1), aspect="equal")
    axes.set_xlabel("1 − specificity")
    axes.set_ylabel("Sensitivity")
    figure.legend(handles=_roc_keys(accuracy), loc="center left", fontsize=7.5, labelspacing=0.9,
                  bbox_to_anchor=(10.0 / DOUBLE, 0.62))  # fmt: skip
    said = [
        "Summary point",
        f"sensitivity {interval(accuracy['sensitivity'], 'percent')}",
        f"specificity {interval(accuracy['specificity'], 'percent')}",
    ]
    write(sheet, (10.2, 2.2), said, fontsize=7.5)
    return figure


def _studies_in_roc(axes: Axes, studies: Sequence[Mapping[str, Any]]) -> None:
    largest = max((_patients(one) for one in studies), default=1) or 1
    for one in studies:
        size = max(3.0, 12.0 * (_patients(one) / largest) ** 0.5)
        axes.plot(1 - one["specificity"]["value"], one["sensitivity"]["value"], "o", color=GREY,
                  markersize=size, markerfacecolor="none", markeredgewidth=1.0, clip_on=False,
                  zorder=4)  # fmt: skip


def _patients(one: Mapping[str, Any]) -> int:
    return (one["sensitivity"]["n"] or 0) + (one["specificity"]["n"] or 0)


def _roc_keys(accuracy: Mapping[str, Any]) -> list[Any]:
    coverage = accuracy["sensitivity"]["level"]
    share = "" if coverage is None else f"{level(coverage)}% "
    keys: list[Any] = [
        Line2D([], [], marker="o", color=GREY, linestyle="", markersize=7, markerfacecolor="none",
               label="a study, its area by patients"),
        Line2D([], [], marker="D", color=ORANGE, linestyle="", markersize=6, label="summary point"),
    ]  # fmt: skip
    if accuracy["confidence_region"]:
        keys.append(Patch(facecolor=BAND, edgecolor=BLUE, label=f"{share}confidence region"))
    if accuracy["prediction_region"]:
        keys.append(Line2D([], [], color=BLUE, linewidth=1.0, linestyle=(0, (1.5, 1.5)),
                           label=f"{share}prediction region"))  # fmt: skip
    if accuracy["curve"]:
        keys.append(Line2D([], [], color=INK, linewidth=1.4, label="summary curve"))
    return keys
