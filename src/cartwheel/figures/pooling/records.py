"""The PRISMA 2020 flow: from records to the studies that were pooled."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, Rectangle

from cartwheel.figures.numbers import count, sentence
from cartwheel.figures.pooling.drawing import NARROW, Page, drawn_of, text_width
from cartwheel.figures.style import (
    GREY,
    INK,
    PALE,
    canvas,
    leading,
    line_width,
    paper,
    wrapped,
    write,
)
from cartwheel.figures.wording import say

_BAND = 0.75
_GAP = 0.55
_ACROSS = 0.6
_PAD = 0.16

# Columns of boxes from the left; each row of a column is a box with these counts.
_Column = dict[str, tuple[str, ...]]
_PREVIOUS: _Column = {"identified": ("previous_studies", "previous_reports")}
_MAIN: _Column = {
    "identified": ("databases", "registers"),
    "screened": ("screened",),
    "sought": ("sought",),
    "assessed": ("assessed",),
    "included": ("studies", "reports"),
    "total": ("total_studies", "total_reports"),
}
_OUT: _Column = {
    "identified": ("duplicates", "automation", "removed_other"),
    "screened": ("excluded",),
    "sought": ("not_retrieved",),
    "assessed": ("reports_excluded",),
}
_OTHER: _Column = {
    "identified": ("other_identified",),
    "sought": ("other_sought",),
    "assessed": ("other_assessed",),
}
_OTHER_OUT: _Column = {
    "sought": ("other_not_retrieved",),
    "assessed": ("other_reports_excluded",),
}
_ROWS = ("identified", "screened", "sought", "assessed", "included", "total")
# more columns of boxes than this have no room in one column of a journal
_MOST_NARROW = 2


def _stage_names() -> tuple[tuple[str, tuple[str, ...]], ...]:
    return (
        (say("Identification"), ("identified",)),
        (say("Screening"), ("screened", "sought", "assessed")),
        (say("Included"), ("included", "total")),
    )


def _titles() -> dict[str, str]:
    """Titles of boxes with several counts, by the first of these that there can be."""
    titles = dict.fromkeys(_PREVIOUS["identified"], say("Previous studies:"))
    titles |= dict.fromkeys(_MAIN["identified"], say("Records identified from:"))
    return titles | dict.fromkeys(_OUT["identified"], say("Removed before screening:"))


def _labels() -> dict[str, str]:
    """What a box says of a count; a title, or the column it stands in, may have said the rest."""
    return {
        "previous_studies": say("Studies"),
        "previous_reports": say("Reports"),
        "databases": say("Databases"),
        "registers": say("Registers"),
        "duplicates": say("Duplicates"),
        "automation": say("Ineligible by automation tools"),
        "removed_other": say("Other reasons"),
        "screened": say("Records screened"),
        "excluded": say("Records excluded"),
        "sought": say("Reports sought for retrieval"),
        "not_retrieved": say("Reports not retrieved"),
        "assessed": say("Reports assessed for eligibility"),
        "reports_excluded": say("Reports excluded"),
        "other_identified": say("Records identified by other methods"),
        "other_sought": say("Reports sought for retrieval"),
        "other_not_retrieved": say("Reports not retrieved"),
        "other_assessed": say("Reports assessed for eligibility"),
        "other_reports_excluded": say("Reports excluded"),
        "studies": say("Studies included in review"),
        "reports": say("Reports of included studies"),
        "total_studies": say("Total studies included in review"),
        "total_reports": say("Reports of total included studies"),
    }


_Box = tuple[float, float, float, float]  # left, right, bottom, top


@drawn_of
def prisma_flow(pool: Mapping[str, Any], place: int, page: Page) -> Figure:  # noqa: ARG001
    """Draw the flow of records as the PRISMA 2020 statement does.

    Parameters
    ----------
    pool : mapping
        The ``result`` of ``cartwheel pool``; ``flow`` is read.
    place : int
        There is one flow: not used.
    page : Page
        In one column the boxes are narrower.

    Returns
    -------
    Figure
        Other methods stand in columns of their own where there are any; a review
        under way ends with the records to screen.

    References
    ----------
    Page MJ et al 2021, doi:10.1136/bmj.n71.
    """
    boxes = {box["code"]: box for box in pool["flow"]["boxes"]}
    columns = _columns(boxes)
    across = 0.4 if page is NARROW else _ACROSS
    width = (page.across - _BAND - 0.7 - across * (len(columns) - 1)) / len(columns)
    width, size = min(width, 7.4), page.size
    texts = [
        {row: _lines(codes, boxes, width, size) for row, codes in column.items()}
        for column in columns
    ]
    heights = {
        row: max((_height(text.get(row), size) for text in texts), default=0.0) for row in _ROWS
    }
    shown = [row for row in _ROWS if heights[row]]
    for name, rows in _stage_names():
        alone = [row for row in rows if row in shown]
        if len(alone) == 1:
            heights[alone[0]] = max(heights[alone[0]], text_width(name, size, bold=True) + 0.1)
    height = sum(heights[row] for row in shown) + _GAP * (len(shown) - 1) + 0.4
    figure = canvas(pool, page.across, height)
    sheet = paper(figure)
    tops, top = {}, height - 0.2
    for row in shown:
        tops[row] = top
        top -= heights[row] + _GAP
    placed: list[dict[str, _Box]] = []
    for index, text in enumerate(texts):
        left = 0.2 + _BAND + 0.3 + index * (width + across)
        placed.append(
            {
                row: _box(sheet, (left, tops[row], width, heights[row]), lines, size)
                for row, lines in text.items()
                if lines
            }
        )
    _stages(sheet, tops, heights, size)
    _arrows(sheet, columns, placed)
    return figure


def fits_one_column(pool: Mapping[str, Any]) -> bool:
    """Say whether a flow has a layout for one column: without other methods and earlier versions.

    Parameters
    ----------
    pool : mapping
        The ``result`` of ``cartwheel pool``; ``flow`` is read.

    Returns
    -------
    bool
    """
    return len(_columns({box["code"]: box for box in pool["flow"]["boxes"]})) <= _MOST_NARROW


def _columns(boxes: Mapping[str, Any]) -> list[_Column]:
    return [
        column
        for column in (_PREVIOUS, _MAIN, _OUT, _OTHER, _OTHER_OUT)
        if any(code in boxes for codes in column.values() for code in codes)
    ]


def _lines(codes: Sequence[str], boxes: Mapping[str, Any], width: float, size: float) -> list[str]:
    """Words of a box: a title, its counts, and the parts or reasons of each."""
    known = [boxes[code] for code in codes if code in boxes]
    if not known:
        return []
    title, labels = _titles().get(codes[0]), _labels()
    lines = wrapped(title, width - 0.3, size) if title else []
    for box in known:
        label = labels.get(box["code"], str(box["label"]))
        lines += _counted(label, box["count"], width - 0.3, size)
        for reason, number in box["reasons"]:
            pieces = _counted(sentence(reason), number, width - 0.7, size)
            # a no-break space keeps the parts indented in every viewer
            lines += [f"\u00a0\u00a0\u00a0{piece}" for piece in pieces]
    return lines


def _counted(label: str, number: int, width: float, size: float) -> list[str]:
    lines, told = wrapped(label, width, size), f"n = {count(number)}"
    # the count stays on one line
    whole = say("{label} ({count})", label=lines[-1], count=told)
    if line_width(whole, size) <= width:
        return [*lines[:-1], whole]
    return [*lines, say("({count})", count=told)]


def _height(lines: Sequence[str] | None, size: float) -> float:
    return len(lines) * leading(size) + 2 * _PAD if lines else 0.0


def _box(
    sheet: Axes, place: tuple[float, float, float, float], lines: Sequence[str], size: float
) -> _Box:
    left, top, width, room = place
    height = _height(lines, size)
    # boxes of one row share a middle, so that arrows between them are level
    middle = top - room / 2
    sheet.add_patch(
        Rectangle((left, middle - height / 2), width, height, facecolor="white", edgecolor=INK,
                  linewidth=0.8)
    )  # fmt: skip
    write(sheet, (left + 0.15, middle), lines, fontsize=size)
    return left, left + width, middle - height / 2, middle + height / 2


def _stages(
    sheet: Axes, tops: Mapping[str, float], heights: Mapping[str, float], size: float
) -> None:
    for name, rows in _stage_names():
        shown = [row for row in rows if row in tops]
        if not shown:
            continue
        top, bottom = tops[shown[0]], tops[shown[-1]] - heights[shown[-1]]
        sheet.add_patch(
            Rectangle((0.2, bottom), _BAND - 0.15, top - bottom, facecolor=PALE, edgecolor=GREY,
                      linewidth=0.6)
        )  # fmt: skip
        sheet.text(0.2 + (_BAND - 0.15) / 2, (top + bottom) / 2, name, rotation=90, ha="center",
                   va="center", fontsize=size, fontweight="bold")  # fmt: skip


def _arrows(sheet: Axes, columns: Sequence[_Column], placed: Sequence[Mapping[str, _Box]]) -> None:
    column_of: Callable[[_Column], Mapping[str, _Box]] = lambda column: (  # noqa: E731
        placed[columns.index(column)] if column in columns else {}
    )
    main, other = column_of(_MAIN), column_of(_OTHER)
    for column in (main, other):
        for above, under in pairwise(column.values()):
            middle = (above[0] + above[1]) / 2
            _arrow(sheet, (middle, above[2]), (middle, under[3]))
    for source, target in ((main, column_of(_OUT)), (other, column_of(_OTHER_OUT))):
        # in the order of the rows: a set of words has another order in every process
        for row in (row for row in source if row in target):
            _level(sheet, source[row], target[row])
    if other and "included" in main and "assessed" in other:
        _bend(sheet, other["assessed"], main["included"], from_right=True)
    previous = column_of(_PREVIOUS)
    if previous and "total" in main:
        _bend(sheet, previous["identified"], main["total"], from_right=False)


def _level(sheet: Axes, source: _Box, target: _Box) -> None:
    middle = (source[2] + source[3]) / 2
    _arrow(sheet, (source[1], middle), (target[0], middle))


def _bend(sheet: Axes, source: _Box, target: _Box, *, from_right: bool) -> None:
    """Lead down out of a box and then sideways into another."""
    across, level = (source[0] + source[1]) / 2, (target[2] + target[3]) / 2
    sheet.plot([across, across], [source[2], level], color=GREY, linewidth=0.8)
    _arrow(sheet, (across, level), (target[1] if from_right else target[0], level))


def _arrow(sheet: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    sheet.add_patch(
        FancyArrowPatch(start, end, arrowstyle="-|>", mutation_scale=7, linewidth=0.8, color=GREY,
                        shrinkA=0, shrinkB=0)
    )  # fmt: skip
