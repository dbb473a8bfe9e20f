"""Figures as files: SVG, PDF and PNG at a journal's width, the data of each, and its words."""

from __future__ import annotations

import html
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from cartwheel.canonical import write_together
from cartwheel.errors import FileRefused, PlanRefused, Refused, refuse
from cartwheel.figures.atlas import figure_said, figure_table, result_figures
from cartwheel.figures.data import csv_text
from cartwheel.figures.journal import WIDTHS_MM, AtWidth, file_bytes, fitted, lacking
from cartwheel.figures.saving import FORMATS

INDEX = "figures.csv"
_WHY_NOT = {
    "instability": "the result does not hold what its resamples predicted for the patients",
    "nomogram": "the score does not rest on a regression of two terms or more with known ranges",
}


@dataclass(frozen=True, slots=True, eq=False)
class Drawing:
    """A figure with what belongs to it.

    Parameters
    ----------
    name : str
        Of its files.
    build : function or AtWidth
        Draws it.
    said : function
        Gives its title and its numbers in words.
    table : function
        Gives its data as CSV.
    """

    name: str
    build: Callable[[], Figure] | AtWidth
    said: Callable[[], tuple[str, str]]
    table: Callable[[], str]


@dataclass(frozen=True, slots=True)
class Published:
    """Files that are ready to be written.

    Parameters
    ----------
    files : mapping of str to (str or bytes)
        Name in the folder to content.
    notes : tuple of str
        What the reader must know, such as figures that need two columns.
    """

    files: Mapping[str, str | bytes]
    notes: tuple[str, ...]


def result_drawings(document: Mapping[str, Any], only: Sequence[str] = ()) -> list[Drawing]:
    """Find the figures of a result.

    Parameters
    ----------
    document : mapping
        The JSON of develop, validate, landmark or pool.
    only : sequence of str
        Names, or names without number (``forest`` for every forest plot); by default all.

    Returns
    -------
    list of Drawing
        In the order of the report.

    Raises
    ------
    PlanRefused
        ``no_such_figure`` for a name that the result does not call for.
    """
    builders = result_figures(document)
    for name in only:
        if not any(_means(name, one) for one in builders):
            raise _no_figure(name, list(builders))
    return [
        Drawing(
            name,
            build,
            lambda name=name: figure_said(document, name),  # type: ignore[misc]
            lambda name=name: figure_table(document, name),  # type: ignore[misc]
        )
        for name, build in builders.items()
        if not only or any(_means(one, name) for one in only)
    ]


def published(
    drawings: Iterable[Drawing],
    width: str | None = None,
    formats: Sequence[str] = FORMATS,
) -> Published:
    """Draw figures and write them, their data and a list of them into memory.

    Parameters
    ----------
    drawings : iterable of Drawing
        Of different names.
    width : str, optional
        ``single`` (85 mm) or ``double`` (170 mm); by default the width each is laid out for.
    formats : sequence of str
        Of ``svg``, ``pdf`` and ``png``.

    Returns
    -------
    Published
        ``NAME.FORMAT`` and ``NAME.csv`` for each, and ``figures.csv``: name, title, width in mm,
        size of the smallest text, and the words for those who cannot see it.

    Raises
    ------
    PlanRefused
        ``figure_width``, ``figure_format``.
    FileRefused
        ``result_part`` where a result lacks what a figure is drawn from.
    """
    files: dict[str, str | bytes] = {}
    listed, wide, odd = [], list[str](), list[str]()
    for one in drawings:
        try:
            found = fitted(one.build, width)
            (title, words), table = one.said(), one.table()
        except (KeyError, IndexError, TypeError, AttributeError) as error:
            raise _lacks_part(one.name) from error
        for ending in formats:
            content = file_bytes(found.figure, ending)
            files[f"{one.name}.{ending}"] = (
                _told(content.decode(), title, words) if ending == "svg" else content
            )
        files[f"{one.name}.csv"] = table
        if width == "single" and found.width == "double":
            wide.append(one.name)
        if lacking(found.figure):
            odd.append(one.name)
        listed.append({
            "figure": one.name, "title": title, "width_mm": WIDTHS_MM[found.width],
            "smallest_text_pt": round(found.smallest_pt, 1), "alternative_text": words,
        })  # fmt: skip
    files[INDEX] = csv_text(listed)
    notes = []
    if wide:
        notes.append(f"needs two columns (170 mm), drawn so: {', '.join(wide)}")
    if odd and set(formats) & {"pdf", "png"}:
        notes.append(f"PDF and PNG lack a font for some signs, use the SVG: {', '.join(odd)}")
    return Published(files, tuple(notes))


def save_all(
    document: Mapping[str, Any],
    folder: str | os.PathLike[str],
    width: str | None = None,
    formats: Sequence[str] = FORMATS,
    only: Sequence[str] = (),
) -> tuple[Path, ...]:
    """Save every figure of a result in a folder that exists; every file or none.

    Parameters
    ----------
    document : mapping
        The JSON of develop, validate, landmark or pool.
    folder : path
        Where to put them.
    width, formats, only
        As `published` and `result_drawings` have them.

    Returns
    -------
    tuple of Path
        The files.
    """
    found = published(result_drawings(document, only), width, formats)
    contents = {str(Path(folder) / name): content for name, content in found.files.items()}
    write_together(contents)
    return tuple(map(Path, contents))


def _means(asked: str, name: str) -> bool:
    stem, _, number = name.rpartition("_")
    plain = asked.replace("-", "_")
    return plain == name or (number.isdigit() and plain == stem)


def _no_figure(name: str, known: Sequence[str]) -> Refused:
    why = _WHY_NOT.get(name)
    return refuse(
        PlanRefused,
        "no_such_figure",
        f"this result has no figure '{name[:40]}'" + (f": {why}" if why else ""),
        where="--only",
        mend=f"it has {', '.join(known[:40])}" if known else "it has no figures",
    )


def _lacks_part(name: str) -> Refused:
    return refuse(
        FileRefused,
        "result_part",
        f"the result lacks what the figure '{name}' is drawn from",
        where=name,
        mend="make the result again with this version, or leave the figure out with --only",
    )


def _told(drawing: str, title: str, words: str) -> str:
    start = drawing.index(">", drawing.index("<svg")) + 1
    said = f"\n <title>{html.escape(title, quote=False)}</title>"
    if words:
        said += f"\n <desc>{html.escape(words, quote=False)}</desc>"
    return drawing[:start] + said + drawing[start:]
