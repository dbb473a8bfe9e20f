"""A forest of several measures: the same lines in one panel a measure, side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cartwheel.figures.numbers import level as coverage
from cartwheel.figures.pooling.drawing import shortened, text_width, titled
from cartwheel.figures.pooling.measure import (
    Measure,
    effect_axis,
    reach,
    written,
    written_value,
)
from cartwheel.figures.pooling.rows import SIZE, Row, draw_row
from cartwheel.figures.style import BLUE, DOUBLE, GREY, INK, RULE, leading, panel, write

_MARGIN = 0.2
_LABELS = 3.4
_COUNTS = 1.6
_START = _MARGIN + _LABELS + _COUNTS + 0.2
# from this width of a panel on there is room for the numbers beside the intervals
_WIDE = 5.0
_DENSE = 30


@dataclass(frozen=True, slots=True)
class Line:
    """One line over all panels.

    Parameters
    ----------
    kind : str
        ``group`` (a square), ``pooled`` (a diamond), ``prediction`` (a bar), ``heading`` or
        ``withheld`` (words instead of marks).
    label : str
        At the left.
    counts : str
        Events of patients; empty where there are none to tell.
    estimates : mapping of str to mapping
        Name of the measure to an ``Estimate`` as JSON.
    share : float
        Size of the square: patients over the largest number.
    words : str
        Why nothing is told.
    """

    kind: str
    label: str
    counts: str = ""
    estimates: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    share: float = 0.3
    words: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """One panel.

    Parameters
    ----------
    name, label : str
        Of the measure.
    measure : Measure
        Its axis and its rule of writing.
    null : float
        Ideal value, or that of no discrimination: a line.
    foot : str
        Under the axis.
    """

    name: str
    label: str
    measure: Measure
    null: float
    foot: str = ""


@dataclass(frozen=True, slots=True)
class _Laid:
    """A line with its words broken, its middle above the axis, and its height, in cm."""

    line: Line
    words: list[str]
    middle: float
    height: float


def draw_panels(
    result: Mapping[str, Any],
    title: str,
    heads: tuple[str, Sequence[Column]],
    lines: Sequence[Line],
) -> Figure:
    """Draw lines from top to bottom, panels from left to right.

    Parameters
    ----------
    result : mapping
        A result; only ``simulated`` is read.
    title : str
        Of the figure.
    heads : (str, sequence of Column)
        Head of the labels, and the panels.
    lines : sequence of Line
        At least one.

    Returns
    -------
    Figure
        Double column, as high as the lines need; an interval that leaves its panel ends in an
        arrow.
    """
    first, columns = heads
    laid = _laid(lines)
    body, above = sum(each.height for each in laid), leading(SIZE) * 2 + 0.25
    below = 1.3 if any(column.foot for column in columns) else 0.85
    figure, sheet = titled(result, title, below + body + above)
    bold = {"fontsize": SIZE, "fontweight": "bold"}
    top = below + body + above / 2
    write(sheet, (_MARGIN, top), [first], **bold)
    write(sheet, (_START - 0.2, top), ["Events /", "patients"], ha="right", **bold)
    for rule in (below + body, below + body + above):
        sheet.plot([_MARGIN, DOUBLE - _MARGIN], [rule, rule], color=RULE, linewidth=0.8)
    width = (DOUBLE - _MARGIN - _START) / max(len(columns), 1)
    for index, column in enumerate(columns):
        left = _START + index * width
        _panel(figure, sheet, column, laid, (left, below, width, body))
        write(sheet, (left + width / 2, top), _heading(column, laid, width), ha="center", **bold)
        write(sheet, (left + width / 2, 0.3), [column.foot], ha="center", fontsize=7.0, color=GREY)
    for each in laid:
        _label(sheet, each, below)
    return figure


def _laid(lines: Sequence[Line]) -> list[_Laid]:
    room = 0.06 if len(lines) > _DENSE else 0.16
    broken = []
    for line in lines:
        strong = line.kind in ("heading", "pooled")
        wide = DOUBLE - 1.0 if line.kind == "heading" else _LABELS - 0.2
        words = shortened(line.label, wide, SIZE, 2, bold=strong)
        height = leading(SIZE) * len(words) + room + (0.14 if strong else 0.0)
        if line.kind == "withheld":
            height = max(height, leading(7.0) * len(_reason(line)) + room)
        broken.append((line, words, height))
    laid, top = [], sum(height for *_, height in broken)
    for line, words, height in broken:
        laid.append(_Laid(line, words, top - height / 2, height))
        top -= height
    return laid


def _reason(line: Line) -> list[str]:
    return shortened(line.words, DOUBLE - _MARGIN - _START - 0.4, 7.0, 2)


def _heading(column: Column, laid: Sequence[_Laid], width: float) -> list[str]:
    for each in laid:
        level = each.line.estimates.get(column.name, {}).get("level")
        if level is not None:
            lines = shortened(column.label, width - 0.3, SIZE, 1, bold=True)
            return [*lines, f"({coverage(level)}% CI)"]
    return shortened(column.label, width - 0.3, SIZE, 2, bold=True)


def _panel(
    figure: Figure,
    sheet: Axes,
    column: Column,
    laid: Sequence[_Laid],
    box: tuple[float, float, float, float],
) -> None:
    left, below, width, body = box
    told = [
        (each, each.line.estimates[column.name])
        for each in laid
        if column.name in each.line.estimates
    ]
    texts = [_text(each.line, estimate, column.measure) for each, estimate in told]
    room = max((text_width(text, 7.0, bold=True) for text in texts), default=0.0)
    wide = width >= _WIDE
    plot = width - 0.5 - (room + 0.2 if wide else 0.0)
    axes = panel(figure, left + 0.25, below, plot, body)
    axes.patch.set_visible(False)
    effect_axis(axes, column.measure, _ends(column, [estimate for _, estimate in told]))
    axes.set_ylim(0, body)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    stripes = [each for each in laid if each.line.kind in ("heading", "withheld")]
    _upright(axes, column.null, stripes, body, color=GREY, linewidth=0.9)
    for (each, estimate), text in zip(told, texts, strict=True):
        if each.line.kind == "pooled":
            dashed = {"color": BLUE, "linewidth": 0.8, "linestyle": (0, (3, 2))}
            _upright(axes, estimate["value"], stripes, body, **dashed)
        kind = "study" if each.line.kind == "group" else each.line.kind
        draw_row(axes, Row(kind, "", estimate, share=each.line.share), each.middle, each.height)
        if wide:
            weight = "bold" if each.line.kind == "pooled" else "normal"
            write(sheet, (left + width - 0.05, below + each.middle), [text], ha="right",
                  fontsize=7.0, fontweight=weight)  # fmt: skip


def _ends(column: Column, told: Sequence[Mapping[str, Any]]) -> tuple[float, float]:
    """Ends of an axis; a measure between 0 and 1 has room for all its intervals."""
    values = [estimate["value"] for estimate in told]
    limits = [estimate[side] for estimate in told for side in ("low", "high")]
    if column.measure.floor is not None and column.measure.ceiling is not None:
        values += limits
    return reach(column.measure, column.null, values, limits)


def _upright(axes: Axes, at: float, stripes: Sequence[_Laid], body: float, **line: Any) -> None:
    """Draw a line from bottom to top, but not through words."""
    low = 0.0
    for each in sorted(stripes, key=lambda one: one.middle):
        _stroke(axes, at, (low, each.middle - each.height / 2), line)
        low = each.middle + each.height / 2
    _stroke(axes, at, (low, body), line)


def _stroke(axes: Axes, at: float, ends: tuple[float, float], line: Mapping[str, Any]) -> None:
    if ends[1] > ends[0]:
        axes.plot([at, at], ends, zorder=1, solid_capstyle="butt", **line)


def _text(line: Line, estimate: Mapping[str, Any], measure: Measure) -> str:
    if line.kind == "prediction":
        return " to ".join(written_value(estimate[end], measure) for end in ("low", "high"))
    return written(estimate, measure)


def _label(sheet: Axes, each: _Laid, below: float) -> None:
    line, level = each.line, below + each.middle
    strong = line.kind in ("heading", "pooled")
    style: dict[str, Any] = {"fontsize": SIZE, "fontweight": "bold" if strong else "normal"}
    style["color"] = GREY if line.kind == "withheld" else INK
    indent = 0.0 if strong else 0.15
    write(sheet, (_MARGIN + indent, level), each.words, **style)
    if line.counts:
        write(sheet, (_START - 0.2, level), [line.counts], ha="right", **style)
    if line.words:
        write(sheet, (_START + 0.1, level), _reason(line), fontsize=7.0, color=GREY)
