"""Citations as numbers in brackets, and the list of references."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from cartwheel.report.bibliography import reference_text
from cartwheel.report.document.blocks import Reference, Run

_STOP = re.compile(r"[.,;:!?。，；：、]?\Z")


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text as it is written.

    Parameters
    ----------
    text : str
        Its signs.
    style : str
        ``plain``, ``strong``, ``emphasis`` or ``code``.
    target : str
        What it links to: ``#id`` in the document, or an address; else empty.
    source : str
        Place in the result; else empty.
    """

    text: str
    style: str = "plain"
    target: str = ""
    source: str = ""


def cited(runs: tuple[Run, ...], numbers: Mapping[str, str]) -> tuple[Piece, ...]:
    """Put the numbers of the references behind the runs that cite them.

    Parameters
    ----------
    runs : tuple of Run
        A paragraph.
    numbers : mapping of str to str
        Number of each reference by its key.

    Returns
    -------
    tuple of Piece
        Such as ``by Firth`` and ``[3, 4]``, each number linked; a full stop comes after them.
    """
    following = [*runs[1:], Run("")]
    return tuple(
        piece
        for run, after in zip(runs, following, strict=True)
        for piece in _run(run, after.text, numbers)
    )


def _run(run: Run, after: str, numbers: Mapping[str, str]) -> Iterator[Piece]:
    if not run.cites:
        yield Piece(run.text, run.style, source=run.source)
        return
    words = run.text.rstrip(" ")
    found = _STOP.search(words)
    stop = found[0] if found else ""
    # a space that stood before the brackets is wanted behind them only before a word
    space = " " if words != run.text and after and _STOP.match(after[:1]) is None else ""
    yield Piece(words.removesuffix(stop), run.style, source=run.source)
    yield Piece("\u00a0[" if words else "[")
    yield Piece(numbers[run.cites[0]], target=f"#ref-{numbers[run.cites[0]]}")
    for _, key in pairwise(run.cites):
        yield Piece(", ")
        yield Piece(numbers[key], target=f"#ref-{numbers[key]}")
    yield Piece("]" + stop + space)


def reference_pieces(work: Reference, number: int) -> tuple[Piece, ...]:
    """Write a work for the list of references, its DOI as a link.

    Parameters
    ----------
    work : Reference
        What is cited.
    number : int
        Its number.

    Returns
    -------
    tuple of Piece
        One line.
    """
    text = f"[{number}] {reference_text(work)}"
    if not work.doi:
        return (Piece(text),)
    name = f"doi:{work.doi}"
    return (Piece(text.removesuffix(name)), Piece(name, target=f"https://doi.org/{work.doi}"))
