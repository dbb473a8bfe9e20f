"""A document made ready for any writer: counted, cited, cleaned, with one size for each table."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TypeAlias

from cartwheel.errors import FileRefused, refuse
from cartwheel.report.document import blocks
from cartwheel.report.document.cited import Piece, cited, reference_pieces
from cartwheel.report.document.drawings import figure_size
from cartwheel.report.document.fit import Fit, fit
from cartwheel.report.words import Say

# What no XML may hold: control signs, half characters, and the two that are no characters.
_FORBIDDEN = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
_SPACES = re.compile("[ \t\n\r\x0b\x0c\x1c-\x1f\x85\u2028\u2029]+")


@dataclass(frozen=True, slots=True)
class Line:
    """A heading, a paragraph, one item of a list or a caution.

    Parameters
    ----------
    kind : str
        ``heading``, ``paragraph``, ``bullet`` or ``caution``.
    pieces : tuple of Piece
        Its text.
    level : int
        Of a heading: 1 to 3, and none is left out on the way down.
    id : str
        Of a heading.
    severity : str
        Of a caution.
    """

    kind: str
    pieces: tuple[Piece, ...]
    level: int = 0
    id: str = ""
    severity: str = ""


@dataclass(frozen=True, slots=True)
class Label:
    """What a table or figure is called: its word and its number, in the order of the language.

    Parameters
    ----------
    before, number, after : str
        Such as ``Table``, ``3`` and a full stop.
    """

    before: str
    number: str
    after: str

    @property
    def text(self) -> str:
        """All three."""
        return self.before + self.number + self.after


@dataclass(frozen=True, slots=True)
class CountedTable:
    """A table, or a checklist as one, with its number.

    Parameters
    ----------
    id : str
        For links.
    label : Label
        Its number.
    caption : tuple of Piece
        After the number.
    columns, rows : tuple
        As in the block.
    notes : tuple of str
        As in the block, then the table's `mark`.
    fit : Fit
        Page and widths, for formats with pages.
    """

    id: str
    label: Label
    caption: tuple[Piece, ...]
    columns: tuple[blocks.Column, ...]
    rows: tuple[blocks.Row, ...]
    notes: tuple[str, ...]
    fit: Fit


@dataclass(frozen=True, slots=True)
class CountedFigure:
    """A figure with its number.

    Parameters
    ----------
    id, alt, svg, width : str
        As in the block.
    label : Label
        Its number.
    caption : tuple of Piece
        After the number; the figure's `mark` ends it.
    size : (float, float)
        Width and height on paper in mm.
    """

    id: str
    label: Label
    caption: tuple[Piece, ...]
    alt: str
    svg: str
    width: str
    size: tuple[float, float]


Part: TypeAlias = Line | CountedTable | CountedFigure


@dataclass(frozen=True, slots=True)
class Typeset:
    """A document as every writer takes it.

    Parameters
    ----------
    title, subtitle, language : str
        As in the document, cleaned.
    banner : str
        That the patients are simulated; empty where they are real.
    parts : tuple of Line, CountedTable or CountedFigure
        In order; the heading of the references is not among them.
    references_title : str
        Heading of the references.
    references : tuple of (str, tuple of Piece)
        Id and text of each, in order.
    say : function
        The words of the document's language.
    """

    title: str
    subtitle: str
    language: str
    banner: str
    parts: tuple[Part, ...]
    references_title: str
    references: tuple[tuple[str, tuple[Piece, ...]], ...]
    say: Say


def mark(kind: str, number: str, id: str) -> str:
    """Write what a table or figure is called where its numbers are traced.

    Parameters
    ----------
    kind : str
        ``table`` or ``figure``.
    number : str
        Its number in the paper.
    id : str
        Its id.

    Returns
    -------
    str
        Such as ``T2 · table-performance``, in every language the same.
    """
    return f"{kind[0].upper()}{number} \u00b7 {id}"


def clean(text: str) -> str:
    """Make text fit for any format: one space between words, no sign that XML forbids.

    Parameters
    ----------
    text : str
        Of a user, or ours.

    Returns
    -------
    str
        The same to a reader; what cannot be shown is U+FFFD. Narrow and fixed spaces stay.
    """
    return _SPACES.sub(" ", _FORBIDDEN.sub("\ufffd", text))


def typeset(document: blocks.Document, say: Say) -> Typeset:
    """Number tables, figures and citations, clean every text and fit every table to its page.

    Parameters
    ----------
    document : Document
        The paper.
    say : function of str
        Words of its language.

    Returns
    -------
    Typeset
        The same content, ready to be written.

    Raises
    ------
    FileRefused
        Where a work is cited that is not among the references.
    """
    numbers = {work.key: str(index) for index, work in enumerate(document.references, 1)}
    parts = list(_Counter(say, numbers).parts(document.blocks))
    title = say("shared.heading.references")
    # a heading with nothing under it heads the references
    if (
        document.references
        and parts
        and isinstance(parts[-1], Line)
        and parts[-1].kind == "heading"
    ):
        title = "".join(piece.text for piece in parts[-1].pieces)
        del parts[-1]
    return Typeset(
        title=clean(document.title).strip(),
        subtitle=clean(document.subtitle).strip(),
        language=document.language,
        banner=say("shared.simulated") if document.simulated else "",
        parts=tuple(parts),
        references_title=title,
        references=tuple(
            (f"ref-{index}", _cleaned(reference_pieces(work, index)))
            for index, work in enumerate(document.references, 1)
        ),
        say=say,
    )


class _Counter:
    """What has been counted so far on the way through a document."""

    def __init__(self, say: Say, numbers: dict[str, str]) -> None:
        self.say = say
        self.numbers = numbers
        self.counts = {"table": 0, "figure": 0}
        self.level = 0

    def parts(self, found: tuple[blocks.Block, ...]) -> Iterator[Part]:
        for block in found:
            if isinstance(block, blocks.Table):
                yield self.table(block, (Piece(block.caption),))
            elif isinstance(block, blocks.Checklist):
                title = self.pieces((blocks.Run(block.title, cites=block.cites),))
                yield self.table(_checklist_table(block, self.say), title)
            elif isinstance(block, blocks.Figure):
                yield self.figure(block)
            else:
                yield from self.lines(block)

    def lines(
        self, block: blocks.Heading | blocks.Paragraph | blocks.Bullets | blocks.Caution
    ) -> Iterator[Line]:
        if isinstance(block, blocks.Heading):
            # a level that is left out would break the outline of a tagged PDF
            self.level = min(max(block.level, 1), self.level + 1, 3)
            words = _cleaned((Piece(block.text),))
            yield Line("heading", words, level=self.level, id=block.id)
        elif isinstance(block, blocks.Bullets):
            yield from (Line("bullet", self.pieces(item)) for item in block.items)
        elif isinstance(block, blocks.Caution):
            weight = Piece(self.say(f"document.severity.{block.severity}") + " ", "strong")
            words = _cleaned((weight, *self.pieces(block.runs)))
            yield Line("caution", words, severity=block.severity)
        else:
            yield Line("paragraph", self.pieces(block.runs))

    def pieces(self, runs: tuple[blocks.Run, ...]) -> tuple[Piece, ...]:
        for run in runs:
            for key in run.cites:
                if key not in self.numbers:
                    raise refuse(
                        FileRefused,
                        "unknown_reference",
                        f"'{key}' is cited, and is not among the references",
                    )
        return _cleaned(cited(runs, self.numbers))

    def label(self, kind: str) -> Label:
        self.counts[kind] += 1
        before, _, after = self.say(f"document.{kind}", number="\0").partition("\0")
        return Label(before, str(self.counts[kind]), after)

    def table(self, table: blocks.Table, caption: tuple[Piece, ...]) -> CountedTable:
        columns = tuple(replace(one, label=clean(one.label).strip()) for one in table.columns)
        rows = tuple(_clean_row(row) for row in table.rows)
        label = self.label("table")
        notes = (*table.notes, mark("table", label.number, table.id))
        return CountedTable(
            id=table.id,
            label=label,
            caption=_cleaned(caption),
            columns=columns,
            rows=rows,
            notes=tuple(clean(note).strip() for note in notes),
            fit=fit(columns, rows),
        )

    def figure(self, figure: blocks.Figure) -> CountedFigure:
        label = self.label("figure")
        marked = Piece(mark("figure", label.number, figure.id), "code")
        caption = _cleaned((Piece(f"{figure.caption} "), marked))
        return CountedFigure(
            id=figure.id,
            label=label,
            caption=caption,
            alt=clean(figure.alt).strip(),
            svg=_FORBIDDEN.sub("\ufffd", figure.svg[max(figure.svg.find("<svg"), 0) :]).rstrip(),
            width=figure.width,
            size=figure_size(figure.svg, figure.width, sum(len(one.text) for one in caption)),
        )


def _cleaned(pieces: tuple[Piece, ...]) -> tuple[Piece, ...]:
    """Clean a line as a whole: one space between pieces too, none at either end."""
    made: list[Piece] = []
    for piece in pieces:
        text = clean(piece.text)
        if not made or made[-1].text.endswith(" "):
            text = text.removeprefix(" ")
        if text:
            made.append(replace(piece, text=text))
    if made and made[-1].text.endswith(" "):
        made[-1] = replace(made[-1], text=made[-1].text[:-1])
    return tuple(piece for piece in made if piece.text)


def _clean_row(row: blocks.Row) -> blocks.Row:
    return replace(
        row, cells=tuple(replace(one, text=clean(one.text).strip()) for one in row.cells)
    )


def _checklist_table(checklist: blocks.Checklist, say: Say) -> blocks.Table:
    return blocks.Table(
        id=checklist.id,
        caption=checklist.title,
        columns=tuple(
            blocks.Column(say(f"document.checklist.{name}"))
            for name in ("number", "topic", "text", "status", "answer")
        ),
        rows=tuple(
            blocks.Row(
                (
                    blocks.Cell(item.number),
                    blocks.Cell(item.topic),
                    blocks.Cell(item.text),
                    blocks.Cell(_status(item, say), strong=item.status != "filled"),
                    blocks.Cell(item.answer, id=item.source),
                )
            )
            for item in checklist.items
        ),
    )


def _status(item: blocks.ChecklistItem, say: Say) -> str:
    key = item.status.replace(" ", "_")
    if key == "filled" and item.source:
        return say("document.checklist.filled_from", source=item.source)
    return say(f"document.checklist.{key}")


def pages(parts: tuple[Part, ...]) -> Iterator[tuple[bool, tuple[Part, ...]]]:
    """Group what stands on upright and on turned pages; a heading goes with what it heads.

    Parameters
    ----------
    parts : tuple of Part
        Of a document.

    Yields
    ------
    (bool, tuple of Part)
        Whether the pages are turned, and what stands on them; no group is empty.
    """
    group: list[Part] = []
    turned = False
    waiting: list[Part] = []
    for part in parts:
        if isinstance(part, Line) and part.kind == "heading":
            waiting.append(part)
            continue
        sideways = isinstance(part, CountedTable) and part.fit.landscape
        if sideways != turned and group:
            yield turned, tuple(group)
            group = []
        turned = sideways
        group += [*waiting, part]
        waiting = []
    if group or waiting:
        yield turned, (*group, *waiting)
