"""Figures to files and to text: the same figure gives the same bytes."""

from __future__ import annotations

import io
import os
import re
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from cartwheel.canonical import write_whole
from cartwheel.errors import FileRefused, refuse
from cartwheel.figures.style import look

FONTS = "Arial, Helvetica, 'Liberation Sans', 'DejaVu Sans', sans-serif"
FORMATS = ("svg", "pdf", "png")
_XML = '<?xml version="1.0" encoding="utf-8"?>'
_TAG = re.compile(r"<[^>]*>")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_FONT_FAMILY = re.compile(r" ?font-family: [^;\"]*;?")
_LEVEL_TURN = re.compile(r' transform="rotate\(-0 [^)]*\)"')


def svg(figure: Figure) -> str:
    """Write a figure as SVG that can stand alone or share a page with others.

    Text stays text, in the reader's own sans serif; every id starts with the figure's name; there
    is no date, no metadata and no style that would reach outside the drawing.

    Parameters
    ----------
    figure : Figure
        From one of the figure functions.

    Returns
    -------
    str
        One ``<svg>`` element; the same figure gives the same text.
    """
    stream = io.StringIO()
    nothing = {"Date": None, "Creator": None, "Format": None, "Type": None}
    with look(), any_script():
        figure.savefig(stream, format="svg", metadata=nothing)
    text = _COMMENT.sub("", stream.getvalue())
    text = text[text.index("<svg") :]
    text = re.sub(r"\s*<defs>\s*<style.*?</style>\s*</defs>", "", text, count=1, flags=re.DOTALL)
    name = figure.get_label() or "figure"
    text = _TAG.sub(lambda tag: _own_names(tag[0], str(name)), text)
    root = f'<svg style="font-family: {FONTS}; stroke-linejoin: round; stroke-linecap: butt"'
    return text.replace("<svg", root, 1).rstrip() + "\n"


def save(figure: Figure, path: str | os.PathLike[str]) -> Path:
    """Save a figure as SVG, PDF or PNG (300 dots an inch), by the ending of the file's name.

    Parameters
    ----------
    figure : Figure
        From one of the figure functions.
    path : path
        Ends in ``.svg``, ``.pdf`` or ``.png``.

    Returns
    -------
    Path
        The file, written whole.

    Raises
    ------
    FileRefused
        Where the ending is another.
    """
    ending = Path(path).suffix.lower().lstrip(".")
    if ending not in FORMATS:
        raise refuse(
            FileRefused,
            "figure_format",
            f"a figure cannot be saved as '.{ending}'",
            where=Path(path).name,
            mend="end the name in .svg, .pdf or .png",
        )
    if ending == "svg":
        return write_whole(path, f"{_XML}\n{svg(figure)}")
    stream = io.BytesIO()
    undated: dict[str, dict[str, Any]] = {
        "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
        "png": {"Software": None},
    }
    with look(), any_script():
        figure.savefig(stream, format=ending, metadata=undated[ending])
    return write_whole(path, stream.getvalue())


def save_each(
    builders: Mapping[str, Callable[[], Figure]],
    folder: str | os.PathLike[str],
    formats: Iterable[str],
    worded: Callable[[str, str], str] = lambda _, drawing: drawing,
) -> tuple[Path, ...]:
    """Draw figures, and save each in every format.

    Parameters
    ----------
    builders : mapping of str to function
        Name to what draws the figure.
    folder : path
        It exists; files are called ``NAME.FORMAT``.
    formats : iterable of str
        Of ``svg``, ``pdf`` and ``png``.
    worded : function of (name, SVG)
        Puts title and numbers into an SVG.

    Returns
    -------
    tuple of Path
        The files.

    Raises
    ------
    FileRefused
        Where a format is another.
    """
    endings, paths = tuple(formats), []
    for name, build in builders.items():
        figure = build()
        for ending in endings:
            path = Path(folder) / f"{name}.{ending}"
            if ending == "svg":
                paths.append(write_whole(path, f"{_XML}\n{worded(name, svg(figure))}"))
            else:
                paths.append(save(figure, path))
    return tuple(paths)


@contextmanager
def any_script() -> Iterator[None]:
    """Draw or measure any script without a word: the layout font lacks some, the reader's do not.

    Yields
    ------
    None
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"Glyph .* missing from font")
        warnings.filterwarnings("ignore", message=r"Matplotlib currently does not support")
        yield


def _own_names(tag: str, name: str) -> str:
    tag = re.sub(r'\bid="', f'id="{name}-', tag)
    tag = re.sub(r'href="#', f'href="#{name}-', tag).replace("url(#", f"url(#{name}-")
    return _LEVEL_TURN.sub("", _FONT_FAMILY.sub("", tag))
