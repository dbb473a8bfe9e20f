"""A forest: rows with a label, an effect on one axis, and words in columns beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Polygon, Rectangle

from cartwheel.figures.pooling.drawing import (
    WIDE,
    Page,
    area,
    footer_height,
    shortened,
    text_width,
    titled,
)
from cartwheel.figures.pooling.lights import LIGHT, Light, draw_lights
from cartwheel.figures.pooling.measure import Measure, effect_axis, on_scale, reach
from cartwheel.figures.style import BLUE, GREY, INK, ORANGE, RULE, leading, wrapped, write

SIZE = WIDE.size
_MARGIN = 0.2
_DENSE = 30
# in one column: the least width of an axis and of its labels
_LEAST_AXIS, _LEAST_LABELS = 2.3, 1.9
BAND = "#DCE8F2"


@dataclass(frozen=True, slots=True)
class Column:
    """Words beside the rows.

    Parameters
    ----------
    head : tuple of str
        Its lines.
    least : float
        Width in cm that it has at least; text hangs from its right edge.
    left : bool
        Stands between labels and axis; else to the right of the axis.
    kept : bool
        Stands in a figure of one column too.
    """

    head: tuple[str, ...]
    least: float = 1.0
    left: bool = False
    kept: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a forest.

    Parameters
    ----------
    kind : str
        ``study`` (a square), ``pooled`` (a diamond), ``prediction`` (a bar), ``refit`` (a point),
        ``heading`` or ``words`` (no effect).
    label : str
        At the left.
    estimate : mapping or None
        An ``Estimate`` as JSON; what is drawn.
    cells : tuple of str
        One text a column; may be shorter.
    share : float
        Size of the square: weight over the largest weight.
    lights : tuple of Light
        Risk of bias, one a domain.
    flagged : bool
        Drawn in another colour and shape.
    """

    kind: str
    label: str
    estimate: Mapping[str, Any] | None = None
    cells: tuple[str, ...] = ()
    share: float = 0.3
    lights: tuple[Light, ...] = ()
    flagged: bool = False


@dataclass(frozen=True, slots=True)
class Forest:
    """Everything that a forest shows.

    Parameters
    ----------
    title, head : str
        Of the figure; of the labels.
    measure : Measure
        Of its axis.
    null : float or None
        No effect.
    rows : tuple of Row
        From top to bottom.
    columns : tuple of Column
        In order of the cells.
    label_room : float
        The most that labels may have, in cm; longer ones take two lines.
    centre : float or None
        A dashed line, the pooled effect.
    band : (float, float) or None
        Its interval, shaded, where rows are to be held against it.
    foot : tuple of str
        Sentences under the axis, each wrapped.
    light_heads : tuple of str
        Over the columns of lights; none for no lights.
    light_key : tuple of str
        What the lights mean, under the sentences.
    """

    title: str
    head: str
    measure: Measure
    null: float | None
    rows: tuple[Row, ...]
    columns: tuple[Column, ...]
    label_room: float = 4.6
    centre: float | None = None
    band: tuple[float, float] | None = None
    foot: tuple[str, ...] = ()
    light_heads: tuple[str, ...] = field(default=())
    light_key: tuple[str, ...] = ()


def draw_forest(pool: Mapping[str, Any], forest: Forest, page: Page) -> Figure:
    """Lay out a forest.

    Parameters
    ----------
    pool : mapping
        The result; only ``simulated`` is read.
    forest : Forest
        What is drawn.
    page : Page
        In one column labels, axis and the columns that are kept.

    Returns
    -------
    Figure
        As high as its rows need.
    """
    forest = forest if page.wide else _narrowed(forest)
    dense = sum(row.kind in ("study", "refit") for row in forest.rows) > _DENSE
    places = _places(forest, page)
    labels = [_label(row, places) for row in forest.rows]
    heights = [
        _height(row, lines, page, dense=dense)
        for row, lines in zip(forest.rows, labels, strict=True)
    ]
    body = sum(heights)
    foot = [
        line
        for text in (*forest.foot, *forest.light_key)
        for line in wrapped(text, page.across - 0.6, page.size)
    ]
    below = footer_height(len(foot), page.size) + (1.6 if _sides(forest) else 1.2)
    above = leading(page.size) * max(len(column.head) for column in forest.columns) + 0.25
    figure, sheet = titled(pool, forest.title, below + body + above, page)
    left, right = places.axis
    axes = area(figure, page, (left, below, right - left, body))
    axes.patch.set_visible(False)
    sheet.set_zorder(axes.get_zorder() + 1)
    _axis(axes, forest, body, narrow=not page.wide)
    _heads(sheet, forest, places, below + body, above)
    top = body
    for row, lines, height in zip(forest.rows, labels, heights, strict=True):
        level = top - height / 2
        draw_row(axes, row, level, min(height, 0.5))
        _write_row(sheet, row, lines, places, below + level)
        top -= height
    _axis_words(sheet, axes, forest, places, below)
    if foot:
        middle = footer_height(len(foot), page.size) / 2
        write(sheet, (_MARGIN, middle), foot, fontsize=page.size)
    return figure


def _narrowed(forest: Forest) -> Forest:
    """Leave what one column of a journal has no room for to the table beside the figure."""
    kept = [index for index, column in enumerate(forest.columns) if column.kept]

    def cells(row: Row) -> tuple[str, ...]:
        return tuple(row.cells[index] for index in kept if index < len(row.cells))

    return replace(
        forest,
        rows=tuple(replace(row, cells=cells(row), lights=()) for row in forest.rows),
        columns=tuple(replace(forest.columns[index], left=False) for index in kept),
        light_heads=(),
        light_key=(),
    )


@dataclass(frozen=True, slots=True)
class _Places:
    page: Page
    labels: float  # width
    axis: tuple[float, float]
    columns: tuple[float, ...]  # right edges
    left: tuple[float, ...]  # right edges of the columns left of the axis
    lights: tuple[float, ...]  # middles


def _places(forest: Forest, page: Page) -> _Places:
    """Share out the width: labels, left columns, axis, right columns, lights."""
    size = page.size
    labels = [text_width(row.label, size) for row in forest.rows if row.kind in ("study", "refit")]
    labels += [
        text_width(row.label, size, bold=True) for row in forest.rows if row.kind == "pooled"
    ]
    widths = [_column_width(forest, index, page) for index in range(len(forest.columns))]
    most = forest.label_room
    if not page.wide:
        rest = page.across - 2 * _MARGIN - sum(widths) - 0.5
        most = max(_LEAST_LABELS, rest - _LEAST_AXIS)
    room = min(max([*labels, text_width(forest.head, size, bold=True), 2.0]) + 0.3, most)
    x = _MARGIN + room
    edges: dict[int, float] = {}
    for index, column in enumerate(forest.columns):
        if column.left:
            x += widths[index]
            edges[index] = x
    left = tuple(edges.values())
    end = page.across - _MARGIN - LIGHT * len(forest.light_heads)
    lights = tuple(end + LIGHT * (i + 0.5) for i in range(len(forest.light_heads)))
    end -= 0.15 if lights else 0.0
    for index in range(len(forest.columns) - 1, -1, -1):
        if not forest.columns[index].left:
            edges[index] = end
            end -= widths[index]
    columns = tuple(edges[index] for index in range(len(forest.columns)))
    return _Places(page, room, (x + 0.4, end - 0.1), columns, left, lights)


def _column_width(forest: Forest, index: int, page: Page) -> float:
    column = forest.columns[index]
    widths = [text_width(word, page.size, bold=True) for word in column.head]
    for row in forest.rows:
        if index < len(row.cells):
            widths.append(text_width(row.cells[index], page.size, bold=row.kind == "pooled"))
    return max(column.least, *widths) + 0.25


def _label(row: Row, places: _Places) -> list[str]:
    strong = row.kind in ("heading", "pooled")
    page = places.page
    return shortened(row.label, _room(row, places), page.size, 2 if page.wide else 3, bold=strong)


def _room(row: Row, places: _Places) -> float:
    """Room for a label: a row without words in the columns beside it may run on into them."""
    if row.kind in ("heading", "words"):
        return places.page.across - 1.0
    room = places.labels - (0.25 if row.kind in ("study", "refit") else 0.05)
    for edge, text in zip(places.left, row.cells, strict=False):
        if text:
            break
        room = edge - _MARGIN
    return room


def _height(row: Row, lines: Sequence[str], page: Page, *, dense: bool) -> float:
    room = 0.06 if dense else 0.16
    if row.kind in ("heading", "pooled"):
        room += 0.12
    return leading(page.size) * len(lines) + room


def _axis(axes: Axes, forest: Forest, body: float, *, narrow: bool) -> None:
    drawn = [row.estimate for row in forest.rows if row.estimate is not None]
    ends = reach(
        forest.measure,
        forest.null,
        [one["value"] for one in drawn],
        [one[side] for one in drawn for side in ("low", "high")],
    )
    effect_axis(axes, forest.measure, ends, narrow=narrow)
    axes.set_ylim(0, body)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    if forest.band is not None:
        low, high = max(forest.band[0], ends[0]), min(forest.band[1], ends[1])
        axes.axvspan(low, high, color=BAND, linewidth=0, zorder=0)
    if forest.null is not None:
        axes.axvline(forest.null, color=GREY, linewidth=0.9, zorder=1)
    if forest.centre is not None:
        axes.axvline(forest.centre, color=BLUE, linewidth=0.8, linestyle=(0, (3, 2)), zorder=1)


def _heads(sheet: Axes, forest: Forest, places: _Places, bottom: float, height: float) -> None:
    middle = bottom + height / 2
    bold = {"fontsize": places.page.size, "fontweight": "bold"}
    write(sheet, (_MARGIN, middle), [forest.head], **bold)
    for column, edge in zip(forest.columns, places.columns, strict=True):
        write(sheet, (edge, middle), column.head, ha="right", **bold)
    for word, place in zip(forest.light_heads, places.lights, strict=True):
        write(sheet, (place, middle), [word], ha="center", **bold)
    for level in (bottom, bottom + height):
        ends = [_MARGIN, places.page.across - _MARGIN]
        sheet.plot(ends, [level, level], color=RULE, linewidth=0.8)


def draw_row(axes: Axes, row: Row, level: float, height: float) -> None:
    """Draw the effect of one row.

    Parameters
    ----------
    axes : Axes
        Its x axis holds the effect, its y axis is in cm.
    row : Row
        Nothing is drawn without an estimate.
    level, height : float
        Middle and height of the row in cm.
    """
    if row.estimate is None:
        return
    ends = axes.get_xlim()
    low, high = row.estimate["low"], row.estimate["high"]
    value = row.estimate["value"]
    if row.kind == "pooled":
        _diamond(axes, (low, value, high), level, 0.34 * height)
        return
    colour = ORANGE if row.flagged else INK
    if low is not None and high is not None and low <= ends[1] and high >= ends[0]:
        shown = (max(low, ends[0]), min(high, ends[1]))
        if row.kind == "prediction":
            axes.add_patch(
                Rectangle((shown[0], level - 0.05), shown[1] - shown[0], 0.1, facecolor=GREY,
                          edgecolor="none", zorder=2)
            )  # fmt: skip
        else:
            axes.plot(shown, [level, level], color=colour, linewidth=1.0, zorder=2,
                      solid_capstyle="butt")  # fmt: skip
        _arrows(axes, (low, high), level, colour if row.kind != "prediction" else GREY)
    if value is None or row.kind == "prediction":
        return
    if not ends[0] <= value <= ends[1]:
        _arrows(axes, (value, value), level, colour)
    elif row.kind == "refit":
        axes.plot(value, level, "D" if row.flagged else "o", color=colour if row.flagged else BLUE,
                  markersize=4.6, zorder=4)  # fmt: skip
    else:
        # the area of the square tells the weight
        size = max(2.6, 8.6 * row.share**0.5) * min(1.0, height / 0.42)
        axes.plot(value, level, "s", color=BLUE, markersize=size, markeredgewidth=0, zorder=3)
        if size > 5.0:
            axes.plot([value, value], [level - 0.05, level + 0.05], color="white", linewidth=0.7,
                      zorder=4)  # fmt: skip


def _arrows(axes: Axes, limits: tuple[float, float], level: float, colour: str) -> None:
    """Say that an interval goes on beyond the axis."""
    low, high = axes.get_xlim()
    if limits[0] < low:
        axes.plot(low, level, "<", color=colour, markersize=4.5, clip_on=False, zorder=5)
    if limits[1] > high:
        axes.plot(high, level, ">", color=colour, markersize=4.5, clip_on=False, zorder=5)


def _diamond(
    axes: Axes, corners: tuple[float | None, float | None, float | None], level: float, half: float
) -> None:
    low, value, high = corners
    if value is None:
        return
    ends = axes.get_xlim()
    if low is None or high is None:
        axes.plot(value, level, "D", color=BLUE, markersize=6, zorder=4)
        return
    # a diamond that leaves the axis is cut off there, as the arrow says
    body = Polygon(
        [(low, level), (value, level + half), (high, level), (value, level - half)],
        closed=True, facecolor=BLUE, edgecolor=INK, linewidth=0.6, zorder=4,
    )  # fmt: skip
    axes.add_patch(body)
    _arrows(axes, (low, high), level, INK)
    if low < ends[0] or high > ends[1]:
        axes.plot([max(low, ends[0]), min(high, ends[1])], [level, level], color=INK,
                  linewidth=0.8, zorder=5)  # fmt: skip


def _write_row(sheet: Axes, row: Row, lines: Sequence[str], places: _Places, level: float) -> None:
    strong = row.kind in ("heading", "pooled")
    words: dict[str, Any] = {"fontsize": places.page.size,
                             "fontweight": "bold" if strong else "normal"}  # fmt: skip
    if row.kind in ("words", "heading"):
        # lines of the plot must not run through a sentence
        words["color"] = INK if strong else GREY
        words["bbox"] = {"facecolor": "white", "edgecolor": "none", "pad": 0.8}
    indent = 0.15 if row.kind in ("study", "refit", "words") else 0.0
    write(sheet, (_MARGIN + indent, level), lines, **words)
    for text, edge in zip(row.cells, places.columns, strict=False):
        if text:
            write(sheet, (edge, level), [text], ha="right", **words)
    draw_lights(
        sheet, [((x, level), light) for x, light in zip(places.lights, row.lights, strict=False)]
    )


def _sides(forest: Forest) -> bool:
    return bool(forest.null is not None and forest.measure.below)


def _axis_words(sheet: Axes, axes: Axes, forest: Forest, places: _Places, below: float) -> None:
    page = places.page
    name = on_scale(forest.measure, "log" if forest.measure.ratio else "identity")
    level = below - 0.82
    if forest.null is not None and forest.measure.below:
        # on either side of no effect, wherever that is on the axis
        at = axes.transData.transform((forest.null, 0))[0] / axes.figure.dpi * 2.54
        quiet = {"fontsize": page.small, "color": GREY}
        write(sheet, (at - 0.12, level), [f"← {forest.measure.below}"], ha="right", **quiet)
        write(sheet, (at + 0.12, level), [f"{forest.measure.above} →"], **quiet)
        level -= 0.38
    write(sheet, (sum(places.axis) / 2, level), [name], ha="center", fontsize=page.size)
