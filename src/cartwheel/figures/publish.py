"""Figures as files: SVG, PDF and PNG at a journal's width, the data of each, and its words."""

from __future__ import annotations

import html
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from cartwheel.canonical import write_together
from cartwheel.errors import FileRefused, PlanRefused, Refused, refuse
from cartwheel.figures.atlas import figure_said, figure_table, result_figures
from cartwheel.figures.data import csv_text
from cartwheel.figures.journal import WIDTHS_MM, AtWidth, Fitted, file_bytes, fitted, lacking
from cartwheel.figures.saving import FORMATS
from cartwheel.figures.wording import drawn_in

INDEX = "figures.csv"
_WHY_NOT = {
    "instability": "nothing was resampled, or an older version made the result",
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


def _no_font(_drawing: str, _ending: str) -> bytes | None:
    return None


@dataclass(frozen=True, slots=True)
class Spoken:
    """In which language figures are drawn.

    Parameters
    ----------
    phrases : mapping of str to str
        English phrase to the same in the language; empty for English.
    typeset : function of (SVG, "pdf" or "png")
        Sets a drawing with the fonts of the machine, where the carried one lacks signs; gives None
        where no font has them.
    """

    phrases: Mapping[str, str] = field(default_factory=dict)
    typeset: Callable[[str, str], bytes | None] = _no_font


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
    spoken: Spoken | None = None,
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
    spoken : Spoken, optional
        Language of the words; by default English, and no fonts but the carried one.

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
    spoken = spoken or Spoken()
    listed, wide, odd, english = [], list[str](), list[str](), list[str]()
    for one in drawings:
        try:
            with drawn_in(spoken.phrases):
                found = fitted(one.build, width)
                title, words = one.said()
            files[f"{one.name}.csv"] = one.table()
            made = _formats(one, found, formats, spoken)
        except (KeyError, IndexError, TypeError, AttributeError) as error:
            raise _lacks_part(one.name) from error
        for ending, content in made.contents.items():
            files[f"{one.name}.{ending}"] = (
                _told(content.decode(), title, words) if ending == "svg" else content
            )
        for told, names in (
            (width == "single" and found.width == "double", wide),
            (made.odd, odd),
            (made.english, english),
        ):
            if told:
                names.append(one.name)
        listed.append({
            "figure": one.name, "title": title, "width_mm": WIDTHS_MM[found.width],
            "smallest_text_pt": round(found.smallest_pt, 1), "alternative_text": words,
        })  # fmt: skip
    files[INDEX] = csv_text(listed)
    said = (
        ("needs two columns (170 mm), drawn so", wide),
        ("PDF and PNG lack a font for some signs, use the SVG", odd),
        ("PDF and PNG are in English, because this machine has no font for the language", english),
    )
    notes = tuple(f"{note}: {', '.join(names)}" for note, names in said if names)
    return Published(files, notes)


@dataclass(frozen=True, slots=True)
class _Made:
    """A figure in its formats; whether signs are missing, and whether it had to be English."""

    contents: Mapping[str, bytes]
    odd: bool = False
    english: bool = False


def _formats(one: Drawing, found: Fitted, formats: Sequence[str], spoken: Spoken) -> _Made:
    if not lacking(found.figure):
        return _Made({ending: file_bytes(found.figure, ending) for ending in formats})
    drawing = file_bytes(found.figure, "svg")
    wanted = [ending for ending in formats if ending != "svg"]
    kept = {"svg": drawing} if "svg" in formats else {}
    if not wanted:
        return _Made(kept)
    others = {ending: spoken.typeset(drawing.decode(), ending) for ending in wanted}
    shown = {ending: content for ending, content in others.items() if content is not None}
    if len(shown) == len(wanted):
        return _Made({ending: (kept | shown)[ending] for ending in formats})
    # no font of this machine has the signs: English needs none
    plain = fitted(one.build, found.width)
    contents = {ending: file_bytes(plain.figure, ending) for ending in wanted}
    return _Made(kept | contents, bool(lacking(plain.figure)), bool(spoken.phrases))


def save_all(
    document: Mapping[str, Any],
    folder: str | os.PathLike[str],
    width: str | None = None,
    formats: Sequence[str] = FORMATS,
    only: Sequence[str] = (),
    spoken: Spoken | None = None,
) -> tuple[Path, ...]:
    """Save every figure of a result in a folder that exists; every file or none.

    Parameters
    ----------
    document : mapping
        The JSON of develop, validate, landmark or pool.
    folder : path
        Where to put them.
    width, formats, only, spoken
        As `published` and `result_drawings` have them.

    Returns
    -------
    tuple of Path
        The files.
    """
    found = published(result_drawings(document, only), width, formats, spoken)
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
