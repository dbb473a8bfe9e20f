"""Figures at the column widths of journals: 85 mm or 170 mm, and no text below 6 points.

A figure is laid out in centimetres for one of the two widths. For the other it is set again in the
new size, and kept only where nothing runs into anything else; else it stays as it was drawn, and
whoever asked is told.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from inspect import signature
from itertools import combinations
from typing import Any, Literal

from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from cartwheel.errors import PlanRefused, refuse
from cartwheel.figures.saving import FORMATS, any_script, svg
from cartwheel.figures.style import CM, look

WIDTHS_MM = {"single": 85.0, "double": 170.0}
SMALLEST_PT = 6.0
# a drawing made for one column keeps its shape in two: it grows, and stands in the middle
_GROWN, _GROWN_TEXT = 1.4, 1.15
# dots a point when boxes are measured: at one dot a point fonts are rounded to dots
_FINE = 4
# one column is half as wide; the height shrinks less, so that lines of text keep apart
_HEIGHTS = (0.7, 0.85, 1.0)
# in inches: between the two widths
_ONE_COLUMN = 4.5
_UNDATED: dict[str, dict[str, Any]] = {
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
    "png": {"Software": None},
}


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """A figure at the width of a journal's column.

    Parameters
    ----------
    figure : Figure
        Ready to be saved.
    width : str
        ``single`` or ``double``: what it is now.
    smallest_pt : float
        Size of its smallest text, in points.
    """

    figure: Figure
    width: str
    smallest_pt: float


@dataclass(frozen=True, slots=True, eq=False)
class AtWidth:
    """A figure that can be laid out for one column or for two.

    Parameters
    ----------
    draw : function of a str
        Takes ``single`` or ``double``, gives the figure at 85 or 170 mm.
    """

    draw: Callable[[str], Figure]

    def __call__(self) -> Figure:
        """Draw it for two columns."""
        return self.draw("double")


def at_widths(draw: Callable[..., Figure], result: Mapping[str, Any]) -> Callable[[], Figure]:
    """Make a figure function ready to draw a result, at both widths where it knows them.

    Parameters
    ----------
    draw : function
        Takes the result and, where it has a layout for one column and one for two, ``width``.
    result : mapping
        What it draws.

    Returns
    -------
    function or AtWidth
    """
    ready = partial(draw, result)
    return AtWidth(ready) if "width" in signature(draw).parameters else ready


def fitted(build: Callable[[], Figure], width: str | None = None) -> Fitted:
    """Draw a figure at 85 or 170 mm.

    Parameters
    ----------
    build : function or AtWidth
        Draws the figure anew each time.
    width : str, optional
        ``single`` or ``double``; by default the one it was laid out for.

    Returns
    -------
    Fitted
        In the other width where words would run into each other or fall below 6 points.

    Raises
    ------
    PlanRefused
        ``figure_width`` where the width is another.
    """
    if width is not None and width not in WIDTHS_MM:
        raise refuse(
            PlanRefused,
            "figure_width",
            f"there is no column width '{width[:20]}'",
            where="--width",
            mend="say single (85 mm) or double (170 mm)",
        )
    if isinstance(build, AtWidth):
        chosen = width or "double"
        return _own_width(build.draw(chosen), chosen)
    figure = build()
    own = "single" if figure.get_figwidth() < _ONE_COLUMN else "double"
    if width in (None, own):
        return _own_width(figure, own)
    if width == "double":
        _centre(figure)
        return Fitted(figure, "double", min(_sizes(figure)))
    crowded = _crowding(figure)
    for height in _HEIGHTS:
        smaller = build()
        across = WIDTHS_MM["single"] / 10 * CM / smaller.get_figwidth()
        _resize(smaller, across, height, SMALLEST_PT / min(_sizes(smaller)))
        if _crowding(smaller) <= crowded:
            return Fitted(smaller, "single", min(_sizes(smaller)))
    return _own_width(figure, own)


def file_bytes(figure: Figure, ending: str) -> bytes:
    """Write a figure in one format.

    Parameters
    ----------
    figure : Figure
        From `fitted`.
    ending : str
        ``svg``, ``pdf`` (fonts embedded as outlines that stay text, Type 42) or ``png`` (300 dots
        an inch).

    Returns
    -------
    bytes
        The same figure gives the same bytes.

    Raises
    ------
    PlanRefused
        ``figure_format`` where the format is another.
    """
    if ending not in FORMATS:
        raise refuse(
            PlanRefused,
            "figure_format",
            f"figures are not written as '{ending[:20]}'",
            where="--format",
            mend="choose from svg, pdf, png",
        )
    if ending == "svg":
        return ('<?xml version="1.0" encoding="utf-8"?>\n' + svg(figure)).encode()
    stream = io.BytesIO()
    # `lacking` says which signs the layout font does not have
    with look(), any_script():
        figure.savefig(stream, format=ending, dpi=300, metadata=_UNDATED[ending])
    return stream.getvalue()


def lacking(figure: Figure) -> str:
    """Find the signs of a figure that the font of PDF and PNG does not have.

    Parameters
    ----------
    figure : Figure
        From `fitted`.

    Returns
    -------
    str
        Each once; empty where all are there. In SVG the reader's own fonts show them.
    """
    with look():
        known = get_font(findfont(FontProperties(family="DejaVu Sans"))).get_charmap()
        words = "".join(one.get_text() for one in _texts(figure))
    return "".join(
        sorted({sign for sign in words if ord(sign) not in known and sign.isprintable()})
    )


def _own_width(figure: Figure, own: str) -> Fitted:
    share = WIDTHS_MM[own] / 10 * CM / figure.get_figwidth()
    _resize(figure, share, share, share)
    return Fitted(figure, own, min(_sizes(figure)))


def _centre(figure: Figure) -> None:
    """Let a drawing of one column grow, and put it in the middle of two."""
    share = figure.get_figwidth() * _GROWN / (WIDTHS_MM["double"] / 10 * CM)
    _resize(figure, _GROWN / share, _GROWN, _GROWN_TEXT)
    for axes in figure.axes:
        box = axes.get_position(original=True)
        axes.set_position((0.5 + (box.x0 - 0.5) * share, box.y0, box.width * share, box.height))


def _resize(figure: Figure, across: float, up: float, text: float) -> None:
    """Set a figure in another size; everything in it is placed in shares of the whole."""
    if across == up == text == 1.0:
        return
    with look():
        sizes = [(one, _size(one)) for one in _texts(figure)]
        figure.set_size_inches(figure.get_figwidth() * across, figure.get_figheight() * up)
        for axes in figure.axes:
            for name, axis in _axes(axes):
                labels = axis.get_ticklabels(which="both") if axes.axison else []
                if labels:
                    size = _size(labels[0]) * text
                    axes.tick_params(axis=name, which="both", labelsize=size)
        for one, size in sizes:
            one.set_fontsize(size * text)


def _texts(figure: Figure) -> list[Text]:
    labels = {
        id(label)
        for axes in figure.axes
        for axis in (axes.xaxis, axes.yaxis)
        for label in axis.get_ticklabels(which="both")
    }
    found: Any = figure.findobj(Text)
    return [one for one in found if id(one) not in labels]


def _axes(axes: Axes) -> tuple[tuple[Literal["x"], Axis], tuple[Literal["y"], Axis]]:
    return ("x", axes.xaxis), ("y", axes.yaxis)


def _size(text: Any) -> float:
    return float(text.get_fontsize())


def _sizes(figure: Figure) -> list[float]:
    """Sizes of the texts that are seen, in points."""
    sizes = [_size(one) for one in _texts(figure) if one.get_text().strip()]
    for axes in figure.axes:
        if axes.axison:
            sizes += [
                _size(label) for axis in (axes.xaxis, axes.yaxis) for label in axis.get_ticklabels()
            ]
    return sizes or [SMALLEST_PT]


def _crowding(figure: Figure) -> int:
    """Count words that touch each other, leave figure or frame, or stand over a panel."""
    with look(), any_script():
        figure.set_dpi(72 * _FINE)
        figure.draw_without_rendering()
        boxes = list(_boxes(figure))
        panels = [axes.get_window_extent() for axes in figure.axes if axes.axison]
        sheets = [axes for axes in figure.axes if not axes.axison]
        frames = [patch.get_window_extent() for axes in sheets for patch in axes.patches]
    whole = figure.bbox
    outside = sum(
        min(box.x0, box.y0) < -_FINE
        or box.x1 > whole.width + _FINE
        or box.y1 > whole.height + _FINE
        for _, box in boxes
    )
    touching = sum(_touch(one, other) for (_, one), (_, other) in combinations(boxes, 2))
    over = sum(_touch(box, area) for beside, box in boxes if beside for area in panels)
    cut = sum(_leaves(box, frame) for beside, box in boxes if beside for frame in frames)
    return int(outside + touching + over + cut)


def _touch(one: Bbox, other: Bbox) -> bool:
    # boxes hold the room for accents that few words use
    across = min(one.x1, other.x1) - max(one.x0, other.x0)
    up = min(one.y1, other.y1) - max(one.y0, other.y0)
    return bool(across > _FINE and up > 2 * _FINE)


def _leaves(box: Bbox, frame: Bbox) -> bool:
    """Say whether words that stand in a frame do not fit into it."""
    across, up = (box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2
    if not (frame.x0 < across < frame.x1 and frame.y0 < up < frame.y1):
        return False
    return bool(box.x0 < frame.x0 + 2 * _FINE or box.x1 > frame.x1 - 2 * _FINE)


def _boxes(figure: Figure) -> Iterator[tuple[bool, Bbox]]:
    """Box of every text that is drawn, and whether it stands on a sheet beside the panels."""
    undrawn, beside = set[int](), set[int]()
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            ticks: Any = axis
            shown = {id(tick) for tick in ticks._update_ticks()}
            for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks()):
                if id(tick) not in shown or not axes.axison:
                    undrawn |= {id(tick.label1), id(tick.label2)}
        if not axes.axison:
            # words with a ground of their own may stand over the lines of a panel
            beside |= {id(text) for text in axes.texts if text.get_bbox_patch() is None}
    for text in figure.findobj(Text):
        if not isinstance(text, Text) or id(text) in undrawn:
            continue
        if text.get_visible() and text.get_text().strip():
            yield id(text) in beside, text.get_window_extent()
