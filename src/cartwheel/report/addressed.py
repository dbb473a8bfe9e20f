"""What a reader of a paper points at, and the places of the result that it shows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from cartwheel.errors import FileRefused, Refused, refuse
from cartwheel.report.address import Address, Addressed
from cartwheel.report.document.blocks import (
    Block,
    Bullets,
    Caution,
    Figure,
    Heading,
    Paragraph,
    Run,
)
from cartwheel.report.document.typeset import CountedFigure, CountedTable, Typeset, typeset
from cartwheel.report.paper import paper
from cartwheel.report.paper.drawn_from import drawn_from
from cartwheel.report.words import words

_LETTERS = {"table": "T", "figure": "F"}
# spaces that a reader cannot tell from a space, and a minus from a hyphen
_ALIKE = str.maketrans({"\u00a0": " ", "\u202f": " ", "\u2212": "-"})


def addresses(document: Mapping[str, Any], *, share: bool = False) -> tuple[Addressed, ...]:
    """List every cell of every table of a result's paper, and every figure.

    Parameters
    ----------
    document : mapping
        The JSON of develop, validate, pool or appraise.
    share : bool
        Whether the paper was written to leave the centre: it has fewer tables and figures.

    Returns
    -------
    tuple of Addressed
        In the order of the paper, whatever its language; a figure once for each part of the result
        that it shows.

    Raises
    ------
    FileRefused
        As `paper` does.
    """
    made = paper(document, share=share, pictures=False, drawn=False)
    figures = {block.id: block for block in made.blocks if isinstance(block, Figure)}
    return tuple(_all(document, typeset(made, words(made.language)), figures))


def _all(
    document: Mapping[str, Any], ready: Typeset, figures: Mapping[str, Figure]
) -> Iterator[Addressed]:
    for part in ready.parts:
        if isinstance(part, CountedFigure):
            caption = "".join(piece.text for piece in part.caption[:-1]).strip()
            shown = drawn_from(document, figures[part.id]) if part.id in figures else ()
            for place in shown:
                yield Addressed(f"F{part.label.number}", part.id, place, caption)
        elif isinstance(part, CountedTable):
            for at, row in enumerate(part.rows, 1):
                for column, cell in enumerate(row.cells, 1):
                    address = f"T{part.label.number}.{at}.{column}"
                    yield Addressed(address, part.id, cell.id, cell.text)


def addressed(
    document: Mapping[str, Any], asked: Address, *, share: bool = False
) -> tuple[Addressed, ...]:
    """Find what a reader points at in the paper of a result.

    Parameters
    ----------
    document : mapping
        The JSON of develop, validate, pool or appraise.
    asked : Address
        From `read_address`.
    share : bool
        Whether the paper was written to leave the centre.

    Returns
    -------
    tuple of Addressed
        One for a cell; for a table or row each of its cells that shows something of the result; for
        a figure each part of the result that it shows.

    Raises
    ------
    FileRefused
        ``no_table`` or ``no_figure`` where there are not so many, ``no_cell`` where the table has
        no such row or column, ``only_words`` where what is pointed at shows nothing of the result,
        and what `paper` refuses.
    """
    there = addresses(document, share=share)
    prefix = f"{_LETTERS[asked.kind]}{asked.number}" if asked.kind else ""
    whole = [one for one in there if prefix == one.address.partition(".")[0] or one.id == asked.id]
    if not whole:
        raise _no_such(asked, there)
    found = whole
    if asked.row is not None and not whole[0].address.startswith("F"):
        wanted = [str(asked.row)] + ([] if asked.column is None else [str(asked.column)])
        found = [one for one in whole if one.address.split(".")[1:][: len(wanted)] == wanted]
        if not found:
            raise _no_cell(asked, whole)
    placed = tuple(one for one in found if one.place)
    if not placed:
        raise _only_words(found, whole)
    return placed


def said_at(
    document: Mapping[str, Any], text: str, *, share: bool = False
) -> tuple[Addressed, ...]:
    """Find where a paper says something, in tables and in sentences.

    Parameters
    ----------
    document : mapping
        The JSON of develop, validate, pool or appraise.
    text : str
        As the paper shows it, in English: ``0.81 (0.74 to 0.87)``, or ``0.81`` alone.
    share : bool
        Whether the paper was written to leave the centre.

    Returns
    -------
    tuple of Addressed
        Of a sentence the address is the id of the heading that it stands under.

    Raises
    ------
    FileRefused
        ``not_said`` where the paper shows nothing like it, and what `paper` refuses.
    """
    wanted = re.compile(rf"(?<![\d.]){re.escape(_alike(text))}(?!\.?\d)")
    made = paper(document, share=share, pictures=False, drawn=False)
    there = (*_sentences(made.blocks), *_all(document, typeset(made, words(made.language)), {}))
    found = tuple(one for one in there if one.place and wanted.search(_alike(one.text)))
    if not found:
        raise refuse(
            FileRefused,
            "not_said",
            "the paper of this result shows no number of it like this",
            where=text[:60],
            mend="write it as the English paper does, or less of it",
        )
    return found


def _alike(text: str) -> str:
    return text.translate(_ALIKE).strip()


def _sentences(blocks: Iterable[Block]) -> Iterator[Addressed]:
    heading = ""
    for block in blocks:
        runs: tuple[Run, ...] = ()
        if isinstance(block, Heading):
            heading = block.id
        elif isinstance(block, Paragraph | Caution):
            runs = block.runs
        elif isinstance(block, Bullets):
            runs = tuple(run for item in block.items for run in item)
        yield from (Addressed(heading, heading, one.source, one.text) for one in runs)


def _no_such(asked: Address, there: tuple[Addressed, ...]) -> Refused:
    kind = asked.kind or ("figure" if asked.id.startswith("figure") else "table")
    letter = _LETTERS[kind]
    found = {
        one.address.partition(".")[0]: one.id for one in there if one.address.startswith(letter)
    }
    names = ", ".join(f"{name} {id}" for name, id in found.items())
    return refuse(
        FileRefused,
        f"no_{kind}",
        f"the paper of this result has no such {kind}",
        where=asked.id or f"{letter}{asked.number}",
        mend=f"it has {names}" if found else f"it has no {kind}",
    )


def _no_cell(asked: Address, whole: list[Addressed]) -> Refused:
    cells = [tuple(map(int, one.address.split(".")[1:])) for one in whole]
    rows = max(row for row, _ in cells)
    across = max((column for row, column in cells if row == asked.row), default=0)
    return refuse(
        FileRefused,
        "no_cell",
        "the table has no such row" if not across else "this row has no such column",
        where=f"{whole[0].address.partition('.')[0]}.{asked.row}"
        + (f".{asked.column}" if asked.column is not None else ""),
        mend=f"rows are 1 to {rows} below the header"
        + (f", columns of this row 1 to {across}" if across else ""),
    )


def _only_words(found: list[Addressed], whole: list[Addressed]) -> Refused:
    table = whole[0].address.partition(".")[0]
    some = any(one.place for one in whole)
    return refuse(
        FileRefused,
        "only_words",
        "nothing of the result stands there, only words of the paper"
        + (f": {found[0].text[:60]}" if len(found) == 1 and found[0].text else ""),
        where=found[0].address if some else table,
        mend=f"list what the table shows: {table}" if some else "point at another table",
    )
