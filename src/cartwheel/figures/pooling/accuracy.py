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
from cartwheel.figures.pooling.drawing import (
    Page,
    area,
    drawn_of,
    named,
    shortened,
    text_width,
    titled,
)
from cartwheel.figures.pooling.measure import Measure, head, written
from cartwheel.figures.pooling.rows import (
    BAND,
    SIZE,
    Column,
    Forest,
    Row,
    draw_forest,
    draw_row,
)
from cartwheel.figures.style import BLUE, DOUBLE, GREY, INK, ORANGE, RULE, leading, write
from cartwheel.figures.wording import say


def _measures() -> dict[str, Measure]:
    return {
        "sensitivity": Measure(say("Sensitivity"), say("Sensitivity, %"), "percent", False, "", "",
                               0.0, 1.0),
        "specificity": Measure(say("Specificity"), say("Specificity, %"), "percent", False, "", "",
                               0.0, 1.0),
    }  # fmt: skip


@drawn_of
def accuracy_forest(pool: Mapping[str, Any], place: int, page: Page) -> Figure:
    """Draw sensitivity and specificity of every study beside each other, with the summary point.

    Parameters
    ----------
    pool : mapping
        The ``result`` of ``cartwheel pool``.
    place : int
        Which analysis; ``accuracy`` is read.
    page : Page
        In one column specificity stands below sensitivity.

    Returns
    -------
    Figure
        A row a study.
    """
    analysis = pool["analyses"][place]
    if not page.wide:
        return _stacked(pool, analysis, page)
    accuracy = analysis["accuracy"]
    names = [str(study["study"]) for study in accuracy["studies"]]
    summary = say("Summary point")
    room = min(max(text_width(name, SIZE) for name in [*names, summary]) + 0.4, 4.2)
    labels = [shortened(name, room - 0.1, SIZE, 2) for name in names]
    heights = [*(leading(SIZE) * len(lines) + 0.16 for lines in labels), leading(SIZE) + 0.28]
    body, below, above = sum(heights), 1.25, leading(SIZE) + 0.3
    title = say("{name}: accuracy", name=named(analysis))
    figure, sheet = titled(pool, title, below + body + above, page)
    top = below + body
    write(sheet, (0.2, top + above / 2), [say("Study")], fontsize=SIZE, fontweight="bold")
    for at in (top, top + above):
        sheet.plot([0.2, DOUBLE - 0.2], [at, at], color=RULE, linewidth=0.8)
    levels = [body - sum(heights[:index]) - heights[index] / 2 for index in range(len(heights))]
    for lines, at in zip(labels, levels, strict=False):
        write(sheet, (0.2, below + at), lines, fontsize=SIZE)
    write(sheet, (0.2, below + levels[-1]), [summary], fontsize=SIZE, fontweight="bold")
    width = (DOUBLE - 0.4 - room) / 2
    for index, (key, measure) in enumerate(_measures().items()):
        edge = 0.2 + room + (index + 1) * width
        share = [study[key] for study in accuracy["studies"]]
        write(sheet, (edge, top + above / 2), [head(measure, share)], ha="right", fontsize=SIZE,
              fontweight="bold")  # fmt: skip
        texts = [*(written(one, measure) for one in share), written(accuracy[key], measure)]
        wide = max(text_width(text, 7.0, bold=True) for text in texts) + 0.2
        for text, at in zip(texts, levels, strict=True):
            weight = "bold" if at == levels[-1] else "normal"
            write(sheet, (edge, below + at), [text], ha="right", fontsize=7.0, fontweight=weight)
        axes = area(figure, page, (edge - width + 0.3, below, width - wide - 0.5, body))
        axes.set_ylim(0, body)
        _shares(axes, share, accuracy[key], levels)
        axes.set_xlabel(measure.name)
    return figure


def _stacked(pool: Mapping[str, Any], analysis: Mapping[str, Any], page: Page) -> Figure:
    """Draw both on one axis, one block below the other."""
    accuracy, rows = analysis["accuracy"], list[Row]()
    estimates = [study["sensitivity"] for study in accuracy["studies"]]
    for key, measure in _measures().items():
        rows.append(Row("heading", measure.name))
        for study in accuracy["studies"]:
            cells = (written(study[key], measure),)
            rows.append(Row("study", str(study["study"]), study[key], cells, 0.5))
        pooled = accuracy[key]
        rows.append(Row("pooled", say("Summary point"), pooled, (written(pooled, measure),)))
    share = Measure(say("Proportion"), "%", "percent", False, "", "", 0.0, 1.0)
    columns = (Column((head(share, estimates),), kept=True),)
    title = say("{name}: accuracy", name=named(analysis))
    return draw_forest(pool, Forest(title, say("Study"), share, None, tuple(rows), columns), page)


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
def summary_roc(pool: Mapping[str, Any], place: int, page: Page) -> Figure:
    """Draw the studies in ROC space, with the summary point, its regions and the summary curve.

    Parameters
    ----------
    pool : mapping
        The ``result`` of ``cartwheel pool``.
    place : int
        Which analysis; ``accuracy`` is read.
    page : Page
        In one column the key stands below.

    Returns
    -------
    Figure
        A square plot with its key at the right. The curve spans the
        false-positive rates of the studies only.
    """
    analysis = pool["analyses"][place]
    accuracy = analysis["accuracy"]
    title = say("{name}: summary ROC", name=named(analysis))
    keys, said = _roc_keys(accuracy), _summary_words(accuracy)
    side, foot = (8.0, 0.0) if page.wide else (6.6, 0.4 * len(keys) + 0.3 * len(said) + 0.15)
    figure, sheet = titled(pool, title, foot + side + 1.6, page)
    axes = area(figure, page, (1.5, foot + 1.25, side, side))
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
    axes.set_xlabel(say("1 − specificity"))
    axes.set_ylabel(say("Sensitivity"))
    if page.wide:
        figure.legend(handles=keys, loc="center left", fontsize=7.5, labelspacing=0.9,
                      bbox_to_anchor=(10.0 / DOUBLE, 0.62))  # fmt: skip
        write(sheet, (10.2, 2.2), said, fontsize=7.5)
        return figure
    words = 0.3 * len(said) + 0.15
    write(sheet, (1.0, words / 2), said, fontsize=page.size)
    figure.legend(handles=keys, loc="lower left", fontsize=page.size,
                  bbox_to_anchor=(0.06, words / float(sheet.get_ylim()[1])))  # fmt: skip
    return figure


def _summary_words(accuracy: Mapping[str, Any]) -> list[str]:
    return [
        say("Summary point"),
        say("sensitivity {value}", value=interval(accuracy["sensitivity"], "percent")),
        say("specificity {value}", value=interval(accuracy["specificity"], "percent")),
    ]


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
    sure, ahead = say("confidence region"), say("prediction region")
    if coverage is not None:
        sure = say("{level}% confidence region", level=level(coverage))
        ahead = say("{level}% prediction region", level=level(coverage))
    keys: list[Any] = [
        Line2D([], [], marker="o", color=GREY, linestyle="", markersize=7, markerfacecolor="none",
               label=say("a study, its area by patients")),
        Line2D([], [], marker="D", color=ORANGE, linestyle="", markersize=6,
               label=say("summary point")),
    ]  # fmt: skip
    if accuracy["confidence_region"]:
        keys.append(Patch(facecolor=BAND, edgecolor=BLUE, label=sure))
    if accuracy["prediction_region"]:
        keys.append(Line2D([], [], color=BLUE, linewidth=1.0, linestyle=(0, (1.5, 1.5)),
                           label=ahead))  # fmt: skip
    if accuracy["curve"]:
        keys.append(Line2D([], [], color=INK, linewidth=1.4, label=say("summary curve")))
    return keys
