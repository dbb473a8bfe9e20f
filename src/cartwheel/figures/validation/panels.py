"""A forest of several measures: the same lines in one panel a measure, side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cartwheel.figures.numbers import level as coverage
from cartwheel.figures.pooling.drawing import Page, area, shortened, text_width, titled
from cartwheel.figures.pooling.measure import (
    Measure,
    effect_axis,
    reach,
    written,
    written_limits,
)
from cartwheel.figures.pooling.rows import Row, draw_row
from cartwheel.figures.style import BLUE, GREY, INK, RULE, leading, write
from cartwheel.figures.wording import say

_MARGIN = 0.2
_DENSE = 30
# in one column more panels than this leave no room for events and patients
_COUNTED = 2


@dataclass(frozen=True, slots=True)
class _Places:
    """Widths in cm; from ``told`` on a panel has room for the numbers beside its intervals."""

    page: Page
    labels: float
    counts: float
    start: float
    told: float

    @classmethod
    def of(cls, page: Page, panels: int) -> _Places:
        if page.wide:
            return cls(page, 3.4, 1.6, _MARGIN + 3.4 + 1.6 + 0.2, 5.0)
        labels, counts = 1.9, 1.0 if panels <= _COUNTED else 0.0
        return cls(page, labels, counts, _MARGIN + labels + counts + 0.1, 4.2)


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
    page: Page,
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
    page : Page
        In one column events and patients are told where there are two panels at most.

    Returns
    -------
    Figure
        As high as the lines need; an interval that leaves its panel ends in an
        arrow.
    """
    first, columns = heads
    places = _Places.of(page, len(columns))
    laid, size = _laid(lines, places), page.size
    body, above = sum(each.height for each in laid), leading(size) * 2 + 0.25
    if not page.wide:
        above += leading(size)
    below = 1.3 if any(column.foot for column in columns) else 0.85
    figure, sheet = titled(result, title, below + body + above, page)
    bold = {"fontsize": size, "fontweight": "bold"}
    top = below + body + above / 2
    write(sheet, (_MARGIN, top), [first], **bold)
    if places.counts:
        heading = [say("Events /"), say("patients")]
        write(sheet, (places.start - 0.2, top), heading, ha="right", **bold)
    for rule in (below + body, below + body + above):
        sheet.plot([_MARGIN, page.across - _MARGIN], [rule, rule], color=RULE, linewidth=0.8)
    width = (page.across - _MARGIN - places.start) / max(len(columns), 1)
    for index, column in enumerate(columns):
        left = places.start + index * width
        _panel(figure, sheet, column, laid, places, (left, below, width, body))
        words = _heading(column, laid, width, page)
        write(sheet, (left + width / 2, top), words, ha="center", **bold)
        write(sheet, (left + width / 2, 0.3), [column.foot], ha="center", fontsize=page.small,
              color=GREY)  # fmt: skip
    for each in laid:
        _label(sheet, each, below, places)
    return figure


def _laid(lines: Sequence[Line], places: _Places) -> list[_Laid]:
    page = places.page
    room = 0.06 if len(lines) > _DENSE else 0.16
    broken = []
    for line in lines:
        strong = line.kind in ("heading", "pooled")
        wide = page.across - 1.0 if line.kind == "heading" else places.labels - 0.2
        words = shortened(line.label, wide, page.size, 2 if page.wide else 3, bold=strong)
        height = leading(page.size) * len(words) + room + (0.14 if strong else 0.0)
        if line.kind == "withheld":
            height = max(height, leading(page.small) * len(_reason(line, places)) + room)
        broken.append((line, words, height))
    laid, top = [], sum(height for *_, height in broken)
    for line, words, height in broken:
        laid.append(_Laid(line, words, top - height / 2, height))
        top -= height
    return laid


def _reason(line: Line, places: _Places) -> list[str]:
    page = places.page
    room = page.across - _MARGIN - places.start - 0.4
    return shortened(line.words, room, page.small, 2 if page.wide else 3)


def _heading(column: Column, laid: Sequence[_Laid], width: float, page: Page) -> list[str]:
    lines, room, size = (1 if page.wide else 2), width - (0.3 if page.wide else 0.1), page.size
    for each in laid:
        level = each.line.estimates.get(column.name, {}).get("level")
        if level is not None:
            words = shortened(column.label, room, size, lines, bold=True)
            return [*words, say("({level}% CI)", level=coverage(level))]
    return shortened(column.label, room, size, lines + 1, bold=True)


def _panel(
    figure: Figure,
    sheet: Axes,
    column: Column,
    laid: Sequence[_Laid],
    places: _Places,
    box: tuple[float, float, float, float],
) -> None:
    (left, below, width, body), page = box, places.page
    told = [
        (each, each.line.estimates[column.name])
        for each in laid
        if column.name in each.line.estimates
    ]
    texts = [_text(each.line, estimate, column.measure) for each, estimate in told]
    room = max((text_width(text, page.small, bold=True) for text in texts), default=0.0)
    wide = width >= places.told
    plot = width - 0.5 - (room + 0.2 if wide else 0.0)
    axes = area(figure, page, (left + 0.25, below, plot, body))
    axes.patch.set_visible(False)
    ends = _ends(column, [estimate for _, estimate in told])
    effect_axis(axes, column.measure, ends, narrow=not page.wide)
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
                  fontsize=page.small, fontweight=weight)  # fmt: skip


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
        return written_limits(estimate, measure)
    return written(estimate, measure)


def _label(sheet: Axes, each: _Laid, below: float, places: _Places) -> None:
    line, level = each.line, below + each.middle
    strong = line.kind in ("heading", "pooled")
    size, small = places.page.size, places.page.small
    style: dict[str, Any] = {"fontsize": size, "fontweight": "bold" if strong else "normal"}
    style["color"] = GREY if line.kind == "withheld" else INK
    indent = 0.0 if strong else 0.15
    write(sheet, (_MARGIN + indent, level), each.words, **style)
    if line.counts and places.counts:
        write(sheet, (places.start - 0.2, level), [line.counts], ha="right", **style)
    if line.words:
        write(sheet, (places.start + 0.1, level), _reason(line, places), fontsize=small, color=GREY)
