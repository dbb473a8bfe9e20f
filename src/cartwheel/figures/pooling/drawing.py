"""What all figures of a meta-analysis share: widths, style, name, title, shortened labels."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cartwheel.figures.numbers import sentence
from cartwheel.figures.style import (
    BASE,
    DOUBLE,
    SINGLE,
    canvas,
    leading,
    look,
    panel,
    paper,
    write,
)

_TITLE = 0.75
# where a translation lets a long word be parted
SOFT_HYPHEN = "\u00ad"
CM_PER_POINT = 2.54 / 72
_EMS = dict.fromkeys(" .,;:'|!", 0.33) | dict.fromkeys("()[]fjt-/rIil", 0.41) | {
    "m": 0.98, "w": 0.82, "M": 0.87, "W": 0.99, "%": 0.95, "\u2212": 0.84, "\u202f": 0.2,
    "²": 0.42, "τ": 0.61, "\u00ad": 0.0,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Page:
    """Room that a figure has, and the sizes of its words.

    Parameters
    ----------
    across : float
        Width in cm.
    size, small, title : float
        In points: of rows and keys, of what stands beside them, of the title.
    wide : bool
        Two columns of a journal; else one.
    """

    across: float
    size: float
    small: float
    title: float
    wide: bool


WIDE = Page(DOUBLE, 7.5, 7.0, 9.0, True)
NARROW = Page(SINGLE, 6.5, 6.0, 8.0, False)
PAGES: Mapping[str, Page] = {"double": WIDE, "single": NARROW}
Draw = Callable[[Mapping[str, Any], int, Page], Figure]
_NARROW_LOOK: dict[Any, Any] = {
    "font.size": 7.0, "axes.labelsize": 7.0, "legend.fontsize": NARROW.size,
}  # fmt: skip


def drawn_of(draw: Draw) -> Callable[..., Figure]:
    """Wrap a figure of one part of a pool: house style, named after function and part.

    Parameters
    ----------
    draw : function of a mapping, an int and a Page
        Takes the ``result`` of ``cartwheel pool`` as JSON, the place of what is drawn, and the
        room there is.

    Returns
    -------
    function
        Takes ``double`` or ``single`` in place of the page; by default the first place, in two
        columns. The label of its figure is the function's name with hyphens and the place counted
        from 1, such as ``forest-1``.
    """

    @wraps(draw)
    def styled(pool: Mapping[str, Any], place: int = 0, width: str = "double") -> Figure:
        page = PAGES[width]
        with look(), mpl.rc_context({} if page.wide else _NARROW_LOOK):
            figure = draw(pool, place, page)
        figure.set_label(f"{draw.__name__.replace('_', '-')}-{place + 1}")
        return figure

    return styled


def titled(pool: Mapping[str, Any], title: str, height: float, page: Page) -> tuple[Figure, Axes]:
    """Make an empty figure with a title at its upper left.

    Parameters
    ----------
    pool : mapping
        The result; only ``simulated`` is read.
    title : str
        Shortened to one line, or to two where the page is narrow.
    height : float
        Room below the title, in cm.
    page : Page
        Its width, and the size of the title.

    Returns
    -------
    (Figure, Axes)
        The figure, and a sheet over it whose coordinates are centimetres.
    """
    lines = shortened(title, page.across - 0.4, page.title, 1 if page.wide else 2, bold=True)
    more = leading(page.title) * (len(lines) - 1)
    figure = canvas(pool, page.across, height + _TITLE + more)
    sheet = paper(figure)
    place = (0.2, height + 0.36 + more / 2)
    write(sheet, place, lines, fontsize=page.title, fontweight="bold")
    return figure, sheet


def area(figure: Figure, page: Page, box: tuple[float, float, float, float]) -> Axes:
    """Place axes; in one column the words at their ticks are smaller.

    Parameters
    ----------
    figure : Figure
        From `titled`.
    page : Page
        The same.
    box : (float, float, float, float)
        Left, bottom, width and height in cm, without ticks and labels.

    Returns
    -------
    Axes
    """
    axes = panel(figure, *box)
    if not page.wide:
        axes.tick_params(which="both", labelsize=page.size)
        axes.yaxis.labelpad = axes.xaxis.labelpad = 3.0
    return axes


def shortened(
    text: str, width: float, size: float = BASE, lines: int = 1, *, bold: bool = False
) -> list[str]:
    """Break text into at most so many lines; an ellipsis says where words are left out.

    Parameters
    ----------
    text : str
        Any text; it stands in full in the JSON.
    width : float
        In cm.
    size : float
        Font size in points.
    lines : int
        At most.
    bold : bool
        Whether it is set in bold.

    Returns
    -------
    list of str
        At least one line.
    """

    def fits(line: str) -> bool:
        return text_width(line, size, bold=bold) <= width

    found = [""]
    for word in _parted(text.split(), fits):
        longer = f"{found[-1]} {word}".strip()
        if fits(longer) or not found[-1]:
            found[-1] = longer
        else:
            found.append(word)
        while not fits(found[-1]) and len(found[-1]) > 1:
            end = next(end for end in range(len(found[-1]) - 1, 0, -1)
                       if end == 1 or fits(found[-1][:end]))  # fmt: skip
            found[-1:] = [found[-1][:end], found[-1][end:]]
    if len(found) <= lines:
        return found
    last = found[lines - 1]
    while last and not fits(f"{last} …"):
        last = last[:-1].rstrip()
    return [*found[: lines - 1], f"{last} …".strip()]


def _parted(words: Iterable[str], fits: Callable[[str], bool]) -> Iterator[str]:
    """Part words that are longer than a line at their soft hyphens, and leave these out."""
    for word in words:
        whole = word.replace(SOFT_HYPHEN, "")
        if fits(whole):
            yield whole
            continue
        first, *others = word.split(SOFT_HYPHEN)
        for other in others:
            if fits(f"{first}{other}-"):
                first += other
            else:
                yield f"{first}-"
                first = other
        yield first


def named(analysis: Mapping[str, Any]) -> str:
    """Name an analysis as a title begins, unless it is a code such as ``emd_pfs``.

    Parameters
    ----------
    analysis : mapping
        An ``Analysis`` as JSON.

    Returns
    -------
    str
    """
    name = str(analysis["name"])
    first = name.split(" ", 1)[0]
    return name if "_" in first else sentence(name)


def text_width(text: str, size: float = BASE, *, bold: bool = False) -> float:
    """Room that one line takes in the layout font, which is wider than those of browsers.

    Parameters
    ----------
    text : str
        One line.
    size : float
        Font size in points.
    bold : bool
        Whether it is set in bold.

    Returns
    -------
    float
        In cm, a little generous.
    """
    ems = sum(_EMS.get(sign, 0.64 if sign.isascii() else 1.02) for sign in text)
    return ems * (1.1 if bold else 1.0) * size * CM_PER_POINT


def footer_height(lines: int, size: float = 7.5) -> float:
    """Room that lines at the foot of a figure take, in cm.

    Parameters
    ----------
    lines : int
        How many.
    size : float
        Font size in points.

    Returns
    -------
    float
        0 for none.
    """
    return lines * leading(size) + 0.2 if lines else 0.0


def size_of(axes: Axes) -> tuple[float, float]:
    """Width and height of axes in cm.

    Parameters
    ----------
    axes : Axes
        Of a figure in its final size.

    Returns
    -------
    (float, float)
        Without ticks and labels.
    """
    figure = axes.get_figure(root=True)
    across, up = figure.get_size_inches() if figure is not None else (0.0, 0.0)
    box = axes.get_position()
    return float(box.width * across * 2.54), float(box.height * up * 2.54)
