"""Figures of a paper: the drawings there are, as blocks with words and data beside them."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from matplotlib.figure import Figure as Drawing

from cartwheel.figures.atlas import result_figures
from cartwheel.figures.data import guarded
from cartwheel.figures.saving import svg
from cartwheel.report.document.blocks import Figure
from cartwheel.report.paper.drawn_words import noted, worded

Builder = Callable[[], Drawing]
# in inches: below this a figure is drawn for one column of a journal
_ONE_COLUMN = 4.5
_DRAWN = ContextVar("drawn", default=True)
_HELD: ContextVar[frozenset[str]] = ContextVar("held", default=frozenset())


def builders(document: Mapping[str, Any]) -> dict[str, Builder]:
    """Name every figure that a result calls for, each ready to be drawn.

    Parameters
    ----------
    document : mapping
        The JSON of develop, validate or pool; another kind has no figures.

    Returns
    -------
    dict of str to function
        Nothing is drawn until a function is called. Those that are `held` are not among them.
    """
    kept = result_figures(document).items()
    found = {name: worded(build) for name, build in kept if name not in _HELD.get()}
    return found if _DRAWN.get() else dict.fromkeys(found, Drawing)


def figure_block(
    name: str,
    document: Mapping[str, Any],
    caption: str,
    alt: str,
    csv: str,
    *,
    id: str = "",
) -> Figure | None:
    """Draw a figure and put it in a block.

    Parameters
    ----------
    name : str
        One of `builders`.
    document : mapping
        The JSON of a result.
    caption : str
        Under it, without number.
    alt : str
        What it shows, in words and numbers.
    csv : str
        Its data, from `table_csv`.
    id : str
        In the document; by default ``figure-NAME``.

    Returns
    -------
    Figure or None
        None where the result does not call for it.
    """
    build = builders(document).get(name)
    if build is None:
        return None
    return drawn_block(build(), caption, alt, csv, id=id or "figure-" + name.replace("_", "-"))


@contextmanager
def undrawn() -> Iterator[None]:
    """Make the blocks of figures without their drawings, where only their place matters.

    Yields
    ------
    None
    """
    before = _DRAWN.set(False)
    try:
        yield
    finally:
        _DRAWN.reset(before)


@contextmanager
def held(names: Iterable[str]) -> Iterator[None]:
    """Leave figures out that may not leave the centre.

    Parameters
    ----------
    names : iterable of str
        As `builders` has them.

    Yields
    ------
    None
    """
    before = _HELD.set(frozenset(names))
    try:
        yield
    finally:
        _HELD.reset(before)


def drawn_block(drawing: Drawing, caption: str, alt: str, csv: str, *, id: str) -> Figure:
    """Put a drawing in a block, as SVG.

    Parameters
    ----------
    drawing : matplotlib Figure
        From one of the figure functions.
    caption, alt, csv, id : str
        As `figure_block` has them.

    Returns
    -------
    Figure
    """
    if not _DRAWN.get():
        return Figure(id, caption, alt, "", csv)
    width = "single" if drawing.get_figwidth() < _ONE_COLUMN else "double"
    return Figure(id, noted(caption), alt, svg(drawing), csv, width)


def table_csv(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Write the data of a figure as CSV.

    Parameters
    ----------
    header : sequence of str
        Names of the columns, with units.
    rows : iterable of sequence
        Numbers and texts as they stand in the JSON; None is empty.

    Returns
    -------
    str
        Lines end in a line feed. A text that a spreadsheet would take for a formula begins with
        an apostrophe; numbers stay numbers.
    """
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([guarded(name) for name in header])
    writer.writerows([guarded(value) for value in row] for row in rows)
    return stream.getvalue()


def stretched(text: str) -> str:
    """Write words of several lines in one, for an alternative text.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    str
    """
    return re.sub(r"\s+", " ", text).strip()
