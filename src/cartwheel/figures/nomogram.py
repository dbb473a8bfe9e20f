"""Nomogram: a regression as axes of points, their total, and what the total means."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cartwheel.figures.journal import AtWidth
from cartwheel.figures.nomogram_terms import (
    Drawn,
    hundred,
    mark_texts,
    nomogram_of_development,
    totals,
)
from cartwheel.figures.numbers import decimals
from cartwheel.figures.pooling.drawing import shortened, text_width
from cartwheel.figures.style import BLUE, GREY, INK, canvas, leading, look, paper, wrapped, write
from cartwheel.figures.wording import say

_SIZE, _SMALL = 7.0, 6.5


def draw_nomogram(found: Drawn) -> AtWidth:
    """Draw a nomogram at either width.

    Parameters
    ----------
    found : Drawn
        From a development or a score.

    Returns
    -------
    AtWidth
        Ready to be drawn for one column or two.
    """
    return AtWidth(lambda width: _drawn(found, width))


def development_nomogram(document: Mapping[str, Any]) -> AtWidth:
    """Draw the nomogram of a development at either width.

    Parameters
    ----------
    document : mapping
        The JSON of ``cartwheel develop`` that `has_nomogram`.

    Returns
    -------
    AtWidth
    """
    # read anew each time: its words are in the language of the drawing
    return AtWidth(lambda width: _drawn(nomogram_of_development(document), width))


def _drawn(found: Drawn, width: str) -> Figure:
    wide = width == "double"
    across, room = (17.0, 4.6) if wide else (8.5, 2.5)
    left, right = room + 0.45, across - 0.55
    with look():
        names = [
            [say("Points")], *(wrapped(line.name, room - 0.2, _SIZE) for line in found.lines),
            [say("Total points")], wrapped(found.scale_name, room - 0.2, _SIZE),
        ]  # fmt: skip
        heights = [max(1.05, leading(_SIZE) * len(lines) + 0.35) for lines in names]
        figure = canvas({"simulated": found.simulated}, across, sum(heights) + 0.3)
        sheet = paper(figure)
        top = sum(heights) + 0.15
        axes = _axes_of(found)
        bold = {0, len(names) - 2}
        for at, (lines, height) in enumerate(zip(names, heights, strict=True)):
            places, texts, longest = next(axes)
            level = top - height / 2
            strong = at in bold
            write(sheet, (0.15, level), lines, fontsize=_SIZE,
                  fontweight="bold" if strong else "normal")  # fmt: skip
            spots = [left + (right - left) * one / longest for one in places]
            _axis(sheet, level, spots, texts, plain=strong)
            top -= height
    figure.set_label("nomogram")
    return figure


def _axes_of(found: Drawn) -> Iterator[tuple[list[float], list[str], float]]:
    """Where the marks of each axis lie, their words, and the points at the right end."""
    most = found.points.maximum
    scale = hundred(found)
    yield scale, [decimals(one, 0) for one in scale], most
    for line, axis in zip(found.lines, found.points.axes, strict=True):
        yield [float(one) for one in axis.points], list(line.texts), most
    longest = found.points.largest_total
    whole = totals(found)
    yield whole, mark_texts(whole), longest
    kept = [
        (float(total), text)
        for total, text in zip(found.scale.total_points, found.scale_texts, strict=True)
        if -1e-9 <= total <= longest * (1 + 1e-9)
    ]
    yield [place for place, _ in kept], [text for _, text in kept], longest


def _axis(
    sheet: Axes, level: float, spots: Sequence[float], texts: Sequence[str], *, plain: bool
) -> None:
    """Draw one axis; words go below, then above, and are left out where both are taken."""
    if not spots:
        return
    colour = INK if plain else BLUE
    sheet.plot([min(spots), max(spots)], [level, level], color=colour, linewidth=0.9)
    taken = {-1: -1e9, 1: -1e9}
    sides = (-1,) if plain else (-1, 1)
    order = sorted(range(len(spots)), key=lambda at: spots[at])
    for at in order:
        half = text_width(texts[at], _SMALL) / 2
        side = next((one for one in sides if spots[at] - half > taken[one] + 0.08), 0)
        tall = 0.1 if side == 0 else 0.13
        sheet.plot([spots[at]] * 2, [level, level + (side or -1) * tall], color=colour,
                   linewidth=0.7)  # fmt: skip
        if side == 0:
            continue
        taken[side] = spots[at] + half
        word = shortened(texts[at], 4.0, _SMALL)
        # words keep inside the figure
        place = min(spots[at], sheet.get_xlim()[1] - 0.08 - half)
        write(sheet, (place, level + side * 0.28), word, ha="center", fontsize=_SMALL,
              color=INK if plain else GREY)  # fmt: skip
