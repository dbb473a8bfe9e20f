"""A document as plain text: what every format must say, in its order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cartwheel.report.document.blocks import Document
from cartwheel.report.document.cited import Piece
from cartwheel.report.document.typeset import CountedFigure, Line, Part, typeset
from cartwheel.report.words import words


def document_text(document: Document) -> str:
    """Write a document as plain text.

    Parameters
    ----------
    document : Document
        The paper.

    Returns
    -------
    str
        A line for each paragraph, item, caption, note and reference, and for what is told of a
        figure to those who do not see it; a line for each row of a table, its cells parted by
        tabs.

    Raises
    ------
    FileRefused
        Where a work is cited that is not among the references.
    """
    ready = typeset(document, words(document.language))
    lines = [ready.banner, ready.title, ready.subtitle]
    for part in ready.parts:
        lines += _part(part)
    if ready.references:
        lines.append(ready.references_title)
        lines += [joined(pieces) for _, pieces in ready.references]
    return "\n".join(line for line in lines if line) + "\n"


def joined(pieces: Iterable[Piece]) -> str:
    """Join the texts of pieces.

    Parameters
    ----------
    pieces : iterable of Piece
        Of one line.

    Returns
    -------
    str
        The line.
    """
    return "".join(piece.text for piece in pieces)


def _part(part: Part) -> Iterator[str]:
    if isinstance(part, Line):
        yield joined(part.pieces)
    elif isinstance(part, CountedFigure):
        yield part.alt
        yield part.label.text + joined(part.caption)
    else:
        yield part.label.text + joined(part.caption)
        yield "\t".join(column.label for column in part.columns)
        for row in part.rows:
            yield "\t".join(cell.text for cell in row.cells)
        yield from part.notes
