"""A document as PDF by typst: tagged (PDF/UA-1), and the same bytes for the same document."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from cartwheel.report.document.blocks import Document, Row
from cartwheel.report.document.cited import Piece
from cartwheel.report.document.drawings import one_typeface
from cartwheel.report.document.extra import require
from cartwheel.report.document.fit import breakable
from cartwheel.report.document.plain_text import document_text, joined
from cartwheel.report.document.typeset import (
    CountedFigure,
    CountedTable,
    Line,
    Part,
    Typeset,
    pages,
    typeset,
)
from cartwheel.report.words import words

_REGIONS = {"zh": "cn", "en": "us", "de": "de"}
_LINE, _HEADING, _CAPTION = 80, 44, 90
_RUNNING = 90


def document_pdf(document: Document) -> bytes:
    """Write a document as a tagged PDF.

    Parameters
    ----------
    document : Document
        The paper.

    Returns
    -------
    bytes
        PDF/UA-1 with bookmarks, alternative texts and table headers. The same document gives the
        same bytes; where it holds scripts that the carried fonts lack, on the same machine.

    Raises
    ------
    FileRefused
        Where typst is not installed, where no font has a sign of the text, or where a work is
        cited that is not among the references.
    """
    for library in ("typst", "matplotlib"):
        require(library, "the PDF")
    # it loads typst, which not everybody has
    from cartwheel.report.document.engine import compiled  # noqa: PLC0415

    ready = typeset(document, words(document.language))
    said = document_text(document) + "".join(
        part.svg for part in ready.parts if isinstance(part, CountedFigure)
    )
    return compiled("paper.typ", _content(ready), said)


def _content(ready: Typeset) -> dict[str, Any]:
    """All that the template reads, as plain values."""
    running = ready.title if len(ready.title) <= _RUNNING else ready.title[: _RUNNING - 1] + "…"
    return {
        "title": ready.title or "cartwheel",
        "shown_title": breakable(ready.title or "cartwheel", 30),
        "running": running,
        "subtitle": breakable(ready.subtitle, _LINE),
        "lang": ready.language,
        "region": _REGIONS.get(ready.language),
        "banner": ready.banner,
        "page": ready.say("document.page", number="{number}", total="{total}"),
        "groups": [
            {"turned": turned, "parts": list(_parts(group))} for turned, group in pages(ready.parts)
        ],
        "references_title": ready.references_title,
        "references": [
            {"id": id, "pieces": _pieces(found, _LINE)} for id, found in ready.references
        ],
    }


def _parts(group: Iterable[Part]) -> Iterator[dict[str, Any]]:
    items: list[Any] = []
    for part in group:
        if isinstance(part, Line) and part.kind == "bullet":
            items.append(_pieces(part.pieces, _LINE))
            continue
        if items:
            yield {"kind": "bullets", "items": items}
            items = []
        if isinstance(part, CountedTable):
            yield _table(part)
        elif isinstance(part, CountedFigure):
            yield _figure(part)
        else:
            room = _HEADING if part.kind == "heading" else _LINE
            yield {
                "kind": part.kind,
                "level": part.level,
                "severity": part.severity,
                "pieces": _pieces(part.pieces, room),
            }
    if items:
        yield {"kind": "bullets", "items": items}


def _pieces(pieces: Iterable[Piece], room: int) -> list[dict[str, str]]:
    return [
        {"text": breakable(piece.text, room), "style": piece.style, "target": piece.target}
        for piece in pieces
    ]


def _table(table: CountedTable) -> dict[str, Any]:
    return {
        "kind": "table",
        "id": table.id,
        "label": table.label.text,
        "caption": _pieces(table.caption, _CAPTION),
        "header": [
            breakable(column.label, table.fit.room(place))
            for place, column in enumerate(table.columns)
        ],
        "align": [{"left": "start", "right": "end"}.get(c.align, "center") for c in table.columns],
        "widths": table.fit.widths,
        "points": table.fit.points,
        "whole": table.fit.whole,
        "rows": [
            {
                "indent": row.indent,
                "heading": row.heading,
                "cells": [
                    {"text": breakable(cell.text, _room(table, place, row)), "strong": cell.strong}
                    for place, cell in enumerate(row.cells)
                ],
            }
            for row in table.rows
        ],
        "notes": [breakable(note, 80) for note in table.notes],
    }


def _room(table: CountedTable, place: int, row: Row) -> int:
    if len(row.cells) == 1:
        return _LINE
    room = table.fit.room(place)
    return max(1, room - 2 * row.indent) if place == 0 else room


def _figure(figure: CountedFigure) -> dict[str, Any]:
    return {
        "kind": "figure",
        "id": figure.id,
        "label": figure.label.text,
        "caption": _pieces(figure.caption, _CAPTION),
        "alt": figure.alt or joined(figure.caption) or figure.label.text,
        "svg": one_typeface(figure.svg),
        "size": figure.size,
    }
