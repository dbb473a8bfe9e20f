"""One visual language for every figure: sizes, colours, lines, and the strip that says simulated.

Figures are laid out in centimetres with fixed margins, so that the same result gives the same
drawing everywhere. Colours are those of Okabe and Ito, which stay apart for colour-blind readers;
line styles and markers differ as well, so that a figure can be read in grey.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import wraps
from typing import Any, ParamSpec

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from cartwheel.figures.wording import say

P = ParamSpec("P")

SINGLE = 8.5
DOUBLE = 17.5
CM = 1 / 2.54
STRIP = 0.65
BASE = 8.0
SMALL = 7.0

INK = "#1a1f26"
GREY = "#5b6470"
RULE = "#c3c9d1"
PALE = "#eef1f4"
BLUE = "#0072B2"
ORANGE = "#D55E00"
GREEN = "#00795A"
COLOURS = (BLUE, ORANGE, GREEN, "#A2467F", "#111111", "#B57B00", "#3B93C4")
LINES: tuple[Any, ...] = (
    "-",
    (0, (5, 1.8)),
    (0, (1.2, 1.2)),
    (0, (6, 1.5, 1.2, 1.5)),
    (0, (3, 1, 1, 1, 1, 1)),
    (0, (8, 2)),
    (0, (2, 2)),
)
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
SIMULATED = "SIMULATED DATA: not real patients"

_DRAWING = (
    "axes.", "errorbar.", "figure.", "font.", "hatch.", "legend.", "lines.", "markers.", "patch.",
    "path.", "savefig.", "svg.", "pdf.", "text.", "xaxis.", "yaxis.", "xtick.", "ytick.", "agg.",
)  # fmt: skip
_LOOK: dict[str, Any] = {
    "font.size": BASE,
    "font.family": ["DejaVu Sans"],
    "axes.labelsize": BASE,
    "axes.titlesize": BASE,
    "axes.linewidth": 0.7,
    "axes.edgecolor": GREY,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.unicode_minus": True,
    "axes.formatter.use_mathtext": False,
    "axes.formatter.useoffset": False,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7.5,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.major.width": 0.7,
    "ytick.major.width": 0.7,
    "legend.frameon": False,
    "legend.fontsize": 7.5,
    "hatch.linewidth": 0.6,
    "text.color": INK,
    "text.parse_math": False,
    "savefig.dpi": 300,
    "svg.fonttype": "none",
    "svg.hashsalt": "cartwheel",
    "pdf.fonttype": 42,
}


@contextmanager
def look() -> Iterator[None]:
    """Draw in this style whatever a user's own matplotlib settings are, and leave those alone."""
    plain: Any = {
        key: value for key, value in mpl.rcParamsDefault.items() if key.startswith(_DRAWING)
    }
    plain.pop("savefig.directory", None)
    with mpl.rc_context(plain | _LOOK):
        yield


def drawn(draw: Callable[P, Figure]) -> Callable[P, Figure]:
    """Wrap a figure function: draw it in this style and name the figure after the function.

    Parameters
    ----------
    draw : function
        Takes the result as JSON, and a ``width`` where it has a layout for one column and one for
        two; gives a figure.

    Returns
    -------
    function
        Does the same; the label of its figure is the function's name with hyphens.
    """

    @wraps(draw)
    def styled(*args: P.args, **kwargs: P.kwargs) -> Figure:
        with look():
            figure = draw(*args, **kwargs)
        figure.set_label(draw.__name__.replace("_", "-"))
        return figure

    return styled


def canvas(result: Mapping[str, Any], width: float, height: float) -> Figure:
    """Make an empty figure, with the strip on top when the data are simulated.

    Parameters
    ----------
    result : mapping
        The result that is drawn; only ``simulated`` is read.
    width, height : float
        Size in cm; the strip comes on top of the height.

    Returns
    -------
    Figure
        White, without axes.
    """
    simulated = bool(result["simulated"])
    total = height + (STRIP if simulated else 0)
    figure = Figure(figsize=(width * CM, total * CM), facecolor="white")
    if simulated:
        bottom = height / total
        figure.add_artist(
            Rectangle(
                (0, bottom), 1, 1 - bottom, transform=figure.transFigure, facecolor="#FFE9A8",
                edgecolor="none",
            )
        )  # fmt: skip
        figure.text(
            0.5, 1 - 0.42 * STRIP / total - 0.06 / total,
            say("SIMULATED DATA: not real patients"), ha="center",
            va="center_baseline", fontsize=BASE, fontweight="bold", color="#5C2E00",
        )  # fmt: skip
    return figure


def panel(figure: Figure, left: float, bottom: float, width: float, height: float) -> Axes:
    """Place axes at a position in cm, counted from the lower left corner.

    Parameters
    ----------
    figure : Figure
        From `canvas`, in its final size.
    left, bottom : float
        Lower left corner of the axes in cm.
    width, height : float
        Size of the axes in cm, without ticks and labels.

    Returns
    -------
    Axes
        New axes of the figure.
    """
    across, up = (float(side) / CM for side in figure.get_size_inches())
    return figure.add_axes((left / across, bottom / up, width / across, height / up))


def paper(figure: Figure) -> Axes:
    """Lay an invisible sheet over the whole figure whose coordinates are centimetres.

    Parameters
    ----------
    figure : Figure
        From `canvas`, in its final size.

    Returns
    -------
    Axes
        Without frame or ticks; (0, 0) is the lower left corner of the figure.
    """
    across, up = (float(side) / CM for side in figure.get_size_inches())
    sheet = figure.add_axes((0, 0, 1, 1))
    sheet.set_xlim(0, across)
    sheet.set_ylim(0, up)
    sheet.set_axis_off()
    sheet.patch.set_visible(False)
    return sheet


def wrapped(text: str, width: float, size: float = BASE) -> list[str]:
    """Break text into lines no wider than so many centimetres.

    Parameters
    ----------
    text : str
        Any text; words longer than a line are broken.
    width : float
        Width in cm.
    size : float
        Font size in points.

    Returns
    -------
    list of str
        At least one line.
    """
    room = width / (size * 2.54 / 72)
    lines: list[str] = []
    line = ""
    for word in text.split():
        for piece in _pieces(word, room):
            longer = f"{line} {piece}" if line else piece
            if line and _ems(longer) > room:
                lines.append(line)
                line = piece
            else:
                line = longer
    return [*lines, line] if line or not lines else lines


def line_width(text: str, size: float = BASE) -> float:
    """Room that one line takes, a little generous.

    Parameters
    ----------
    text : str
        One line.
    size : float
        Font size in points.

    Returns
    -------
    float
        In cm.
    """
    return _ems(text) * size * 2.54 / 72


def _ems(text: str) -> float:
    return sum(1.05 if unicodedata.east_asian_width(sign) in "WF" else 0.57 for sign in text)


def _pieces(word: str, room: float) -> list[str]:
    pieces = [""]
    for sign in word:
        if pieces[-1] and _ems(pieces[-1] + sign) > room:
            pieces.append("")
        pieces[-1] += sign
    return pieces


def leading(size: float = BASE) -> float:
    """Distance of two lines of text in cm.

    Parameters
    ----------
    size : float
        Font size in points.

    Returns
    -------
    float
        1.28 times the font size, in cm.
    """
    return size * 2.54 / 72 * 1.28


def write(axes: Axes, place: tuple[float, float], lines: Sequence[str], **text: Any) -> None:
    """Write lines centred up and down about a place, each line anchored by itself.

    A viewer may use a narrower font than the one the figure was laid out with; single lines
    then still hang from their anchor.

    Parameters
    ----------
    axes : Axes
        A sheet from `paper`, in cm.
    place : (float, float)
        Anchor across, and the middle of the block.
    lines : sequence of str
        From `wrapped`.
    **text
        Passed on to ``Axes.text``.
    """
    size = float(text.get("fontsize", BASE))
    step = leading(size)
    top = place[1] + step * (len(lines) - 1) / 2 - 0.36 * size * 2.54 / 72
    for index, line in enumerate(lines):
        axes.text(place[0], top - index * step, line, va="baseline", **text)


def stroke(place: int) -> dict[str, Any]:
    """Colour and line of one of several curves, the same in every figure of a page.

    Parameters
    ----------
    place : int
        Of the curve, from 0.

    Returns
    -------
    dict
        ``color`` and ``linestyle``; after seven the colours come again with other lines.
    """
    turn = place // len(COLOURS)
    return {
        "color": COLOURS[place % len(COLOURS)],
        "linestyle": LINES[(place + turn) % len(LINES)],
    }


def floats(values: Sequence[float | None]) -> NDArray[np.float64]:
    """Make an array in which None is a gap in the line.

    Parameters
    ----------
    values : sequence of (float or None)
        Numbers as JSON, n of them.

    Returns
    -------
    float array (n,)
        NaN in place of None.
    """
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)


def whiskers(
    axes: Axes, estimate: Mapping[str, Any], at: float, *, upright: bool, colour: str
) -> None:
    """Draw the interval of an estimate as a line; nothing where a limit does not exist.

    Parameters
    ----------
    axes : Axes
        The line is added to them.
    estimate : mapping
        An ``Estimate`` as JSON; only ``low`` and ``high`` are read.
    at : float
        Place on the other axis, in its data coordinates.
    upright : bool
        The interval runs along the y axis if true, else along the x axis.
    colour : str
        Any colour that matplotlib knows.
    """
    low, high = estimate["low"], estimate["high"]
    if low is None or high is None:
        return
    across, up = ([at, at], [low, high]) if upright else ([low, high], [at, at])
    axes.plot(across, up, color=colour, linewidth=1.1, solid_capstyle="butt", zorder=2)


def effect_name(result: Mapping[str, Any]) -> str:
    """Name the ratio of this outcome with a capital letter.

    Parameters
    ----------
    result : mapping
        The result as JSON; only ``univariable`` is read.

    Returns
    -------
    str
        Such as ``Odds ratio`` or ``Hazard ratio``.
    """
    return ratio_name(str(result["univariable"]["measure"]))


def ratio_name(measure: str) -> str:
    """Name a ratio with a capital letter, in the language that is set.

    Parameters
    ----------
    measure : str
        As the result has it.

    Returns
    -------
    str
    """
    known = {"odds ratio": say("Odds ratio"), "hazard ratio": say("Hazard ratio")}
    return known.get(measure.lower(), measure.capitalize())
