"""The writer of Word files: blocks to paragraphs, tables and pictures of WordprocessingML."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import docx
from docx.document import Document as Word
from docx.oxml.shape import CT_Inline
from docx.shared import Mm

from cartwheel.report.document.cited import Piece
from cartwheel.report.document.docx_styles import dress, page_of
from cartwheel.report.document.docx_words import add, bookmarked, captioned, element, write_pieces
from cartwheel.report.document.extra import require
from cartwheel.report.document.fit import LANDSCAPE, PORTRAIT
from cartwheel.report.document.typeset import (
    CountedFigure,
    CountedTable,
    Line,
    Part,
    Typeset,
    pages,
)

_TWIPS = 1440 / 25.4
_TEXT_STYLES = {8.5: "Table Text", 7.5: "Table Text Small", 6.5: "Table Text Tiny"}
_SIDES = {"left": "start", "right": "end", "center": "center"}
# a row with a longer cell may go on over the page
_LONG_CELL = 600


def word_file(ready: Typeset) -> bytes:
    """Write a document as a Word file, with the dates of its parts as they come.

    Parameters
    ----------
    ready : Typeset
        What stands in it.

    Returns
    -------
    bytes
        DOCX.
    """
    figures = [part for part in ready.parts if isinstance(part, CountedFigure)]
    pictures = dict(zip((one.id for one in figures), _pictures(figures), strict=True))
    word = docx.Document()
    dress(word, ready)
    _Writer(word, pictures).write(ready)
    stream = io.BytesIO()
    word.save(stream)
    return stream.getvalue()


class _Writer:
    """A Word file while it is filled; its parts are counted for their ids."""

    def __init__(self, word: Word, pictures: Mapping[str, bytes]) -> None:
        self.word = word
        self.pictures = pictures
        self.body = word.element.body
        self.ids = 0

    def write(self, ready: Typeset) -> None:
        self.paragraph("Title", ready.title)
        if ready.subtitle:
            self.paragraph("Subtitle", ready.subtitle)
        groups = list(pages(ready.parts)) or [(False, ())]
        for place, (turned, parts) in enumerate(groups):
            for part in parts:
                self.part(part)
            # the page of a group is told at its end; the last group's after the references
            if place + 1 < len(groups):
                self.end_of_pages(turned, first=place == 0)
        turned = groups[-1][0]
        if ready.references:
            if turned:
                self.end_of_pages(turned, first=len(groups) == 1)
                turned = False
            self.paragraph("Heading 1", ready.references_title)
            for id, pieces in ready.references:
                write_pieces(self.new("References", bookmark=id), pieces, self.word)
        page_of(self.body.sectPr, turned=turned, first=len(groups) == 1 and not ready.references)

    def new(self, style: str, bookmark: str = "") -> Any:
        paragraph = self.body.add_p()
        paragraph.style = self.word.styles[style].style_id
        if bookmark:
            self.ids += 1
            bookmarked(paragraph, bookmark, self.ids)
        return paragraph

    def paragraph(self, style: str, text: str) -> None:
        write_pieces(self.new(style), (Piece(text),), self.word)

    def end_of_pages(self, turned: bool, *, first: bool) -> None:
        paragraph = self.new("Section End")
        section = element("w:sectPr")
        for reference in self.body.sectPr.xpath("w:headerReference|w:footerReference"):
            section.append(element(reference.tag, dict(reference.attrib)))
        page_of(section, turned=turned, first=first)
        paragraph.get_or_add_pPr().append(section)

    def part(self, part: Part) -> None:
        if isinstance(part, CountedTable):
            self.table(part)
        elif isinstance(part, CountedFigure):
            self.figure(part)
        else:
            self.line(part)

    def line(self, line: Line) -> None:
        style = {
            "heading": f"Heading {line.level}",
            "bullet": "List Bullet",
            "caution": "Assumption" if line.severity == "assumption" else "Caution",
        }.get(line.kind, "Body Text")
        write_pieces(self.new(style, bookmark=line.id), line.pieces, self.word)

    def figure(self, figure: CountedFigure) -> None:
        paragraph = self.new("Figure", bookmark=figure.id)
        relation, image = self.word.part.get_or_add_image(io.BytesIO(self.pictures[figure.id]))
        # the picture's own proportions, in the room that the drawing has on paper
        shape = image.px_height / image.px_width
        across = min(figure.size[0], figure.size[1] / shape)
        self.ids += 1
        inline = CT_Inline.new_pic_inline(
            self.ids,
            relation,
            f"{figure.id}.png",
            Mm(across),
            Mm(across * shape),
        )
        inline.docPr.set("descr", figure.alt)
        add(add(paragraph, "w:r"), "w:drawing").append(inline)
        captioned(self.new("Figure Caption"), figure.label, "Figure", figure.caption, self.word)

    def table(self, table: CountedTable) -> None:
        caption = self.new("Caption", bookmark=table.id)
        captioned(caption, table.label, "Table", table.caption, self.word)
        grid = element("w:tbl")
        self.body.insert_element_before(grid, "w:sectPr")
        style = self.word.styles["Journal Table"].style_id
        settings = add(grid, "w:tblPr")
        add(settings, "w:tblStyle", {"w:val": style})
        widths = [round(width * _TWIPS) for width in table.fit.widths]
        full = sum(table.fit.widths) > 0.97 * (LANDSCAPE if table.fit.landscape else PORTRAIT)
        total = (
            {"w:w": "5000", "w:type": "pct"} if full else {"w:w": str(sum(widths)), "w:type": "dxa"}
        )
        add(settings, "w:tblW", total)
        add(settings, "w:tblLayout", {"w:type": "fixed"})
        add(settings, "w:tblLook", {"w:firstRow": "1", "w:firstColumn": "1", "w:noHBand": "0"})
        words_of_caption = "".join(piece.text for piece in table.caption)
        add(settings, "w:tblCaption", {"w:val": table.label.text + words_of_caption})
        columns = add(grid, "w:tblGrid")
        for width in widths:
            add(columns, "w:gridCol", {"w:w": str(width)})
        _fill(grid, table, widths, self.word)
        *notes, end = table.notes or ("",)
        for note in notes:
            self.paragraph("Table Note", note)
        self.paragraph("Table End", end)


def _pictures(figures: Sequence[CountedFigure]) -> tuple[bytes, ...]:
    if not figures:
        return ()
    for library in ("typst", "matplotlib"):
        require(library, "the pictures of the Word file")
    # it loads typst, which not everybody has
    from cartwheel.report.document.engine import pictures  # noqa: PLC0415

    return pictures([figure.svg for figure in figures])


def _fill(grid: Any, table: CountedTable, widths: list[int], word: Word) -> None:
    style = word.styles[_TEXT_STYLES[table.fit.points]].style_id
    header = add(grid, "w:tr")
    about = add(header, "w:trPr")
    add(about, "w:cantSplit")
    add(about, "w:tblHeader")
    for column, width in zip(table.columns, widths, strict=True):
        paragraph = _cell(header, width, style, _SIDES.get(column.align, "start"))
        write_pieces(paragraph, (Piece(column.label, "strong"),), word)
    for number, row in enumerate(table.rows, 1):
        line = add(grid, "w:tr")
        # a heading stays with its first row, the last row with the notes
        last = number == len(table.rows)
        keep = row.heading or (bool(table.notes) if last else table.fit.whole)
        if all(len(cell.text) < _LONG_CELL for cell in row.cells):
            add(add(line, "w:trPr"), "w:cantSplit")
        alone = len(row.cells) == 1
        for place, cell in enumerate(row.cells):
            side = "start" if alone else _SIDES.get(table.columns[place].align, "start")
            paragraph = _cell(
                line,
                sum(widths) if alone else widths[place],
                style,
                side,
                across=len(widths) if alone else 1,
                indent=row.indent if place == 0 else 0,
                keep=keep,
            )
            strong = "strong" if cell.strong or row.heading else "plain"
            write_pieces(paragraph, (Piece(cell.text, strong),), word)


def _cell(
    row: Any,
    width: int,
    style: str,
    side: str,
    *,
    across: int = 1,
    indent: int = 0,
    keep: bool = False,
) -> Any:
    cell = add(row, "w:tc")
    about = add(cell, "w:tcPr")
    add(about, "w:tcW", {"w:w": str(width), "w:type": "dxa"})
    if across > 1:
        add(about, "w:gridSpan", {"w:val": str(across)})
    paragraph = add(cell, "w:p")
    settings = add(paragraph, "w:pPr")
    add(settings, "w:pStyle", {"w:val": style})
    if keep:
        add(settings, "w:keepNext")
    if indent:
        add(settings, "w:ind", {"w:left": str(160 * indent)})
    if side != "start":
        add(settings, "w:jc", {"w:val": {"end": "right"}.get(side, side)})
    return paragraph
