"""How drawings stand on paper."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

SINGLE, DOUBLE = 85.0, 170.0
SANS = "DejaVu Sans"
# height of a page less its caption
_HIGHEST = 232.0
_LINE_OF_CAPTION = (4.2, 95)
_CARRIED = ("DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique", "DejaVuSans-BoldOblique")
_FONT_FAMILY = re.compile(r"font-family: [^;\"]*")


def figure_size(svg: str, width: str, caption: int) -> tuple[float, float]:
    """Size of a figure on paper: one or two columns wide, and never higher than its page.

    Parameters
    ----------
    svg : str
        The drawing; its view box tells how high it is.
    width : str
        ``single`` or ``double``.
    caption : int
        Characters of the caption, which stands on the same page.

    Returns
    -------
    (float, float)
        Width and height in mm.
    """
    across = SINGLE if width == "single" else DOUBLE
    box = re.search(r'viewBox="([^"]*)"', svg[:2000])
    sides = [float(side) for side in re.findall(r"[-+.\deE]+", box[1])] if box else []
    if len(sides) != 4 or min(sides[2:]) <= 0:
        return across, across * 0.75
    shape = sides[3] / sides[2]
    step, line = _LINE_OF_CAPTION
    highest = max(80.0, _HIGHEST - step * (1 + caption // line))
    return min(across, highest / shape), min(across * shape, highest)


def one_typeface(svg: str) -> str:
    """Name the typeface that drawings are laid out in, whatever a machine has.

    Parameters
    ----------
    svg : str
        A drawing.

    Returns
    -------
    str
        The same drawing.
    """
    return _FONT_FAMILY.sub(f"font-family: '{SANS}'", svg)


def font_files() -> tuple[Path, ...]:
    """Find the files of the sans serif that drawings are laid out in.

    Returns
    -------
    tuple of Path
        Regular, bold and both slanted; matplotlib carries them.
    """
    # a page without drawings needs no matplotlib
    from matplotlib import get_data_path  # noqa: PLC0415

    folder = Path(get_data_path()) / "fonts" / "ttf"
    return tuple(folder / f"{name}.ttf" for name in _CARRIED)


def foreign(text: str) -> frozenset[str]:
    """Find the signs of a text that the carried fonts lack.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    frozenset of str
        Empty for Latin, Greek, Cyrillic, Hebrew and Arabic script.
    """
    return frozenset(text) - _carried()


@cache
def _carried() -> frozenset[str]:
    from matplotlib.ft2font import FT2Font  # noqa: PLC0415

    font = FT2Font(str(font_files()[0]))
    # breaks, and room for a break, need no font
    return frozenset(map(chr, font.get_charmap())) | frozenset("\n\t\u200b")
