"""The parts of a document: plain data, the same for every format.

Every number that is shown carries the place in the result's JSON that it came from (``source`` or
``id``), such as ``result.performance.measures[0].corrected``: ``cartwheel trace`` follows it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of text.

    Parameters
    ----------
    text : str
        As a person reads it; nothing in it is markup, whatever characters it holds.
    style : str
        ``plain``, ``strong``, ``emphasis`` or ``code``.
    cites : tuple of str
        Keys of the references that stand after it.
    source : str
        Place in the result, where the text is a number of it; else empty.
    """

    text: str
    style: str = "plain"
    cites: tuple[str, ...] = ()
    source: str = ""


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading.

    Parameters
    ----------
    text : str
        Its words.
    level : int
        1 for a chapter, 2 for a section, 3 for a part of it; the title of the document is not one.
    id : str
        Unique in the document, for links.
    """

    text: str
    level: int
    id: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph.

    Parameters
    ----------
    runs : tuple of Run
        Its text.
    """

    runs: tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list.

    Parameters
    ----------
    items : tuple of tuple of Run
        Each a paragraph.
    """

    items: tuple[tuple[Run, ...], ...]


@dataclass(frozen=True, slots=True)
class Caution:
    """A sentence that must be seen: printed as large as a result.

    Parameters
    ----------
    severity : str
        ``critical``, ``major``, ``caution`` or ``assumption``.
    runs : tuple of Run
        Its text.
    """

    severity: str
    runs: tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    Parameters
    ----------
    label : str
        In the header.
    align : str
        ``left``, ``right`` or ``center``.
    width : float
        Relative to the other columns, > 0.
    """

    label: str
    align: str = "left"
    width: float = 1.0


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a table.

    Parameters
    ----------
    text : str
        Rounded by rule; empty for an empty cell.
    id : str
        Place in the result that it shows; empty for words.
    strong : bool
        Printed bold.
    """

    text: str
    id: str = ""
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table.

    Parameters
    ----------
    cells : tuple of Cell
        One for each column; a single one spans all of them.
    indent : int
        Levels by which the first cell is moved in.
    heading : bool
        Whether the row is a heading inside the table.
    """

    cells: tuple[Cell, ...]
    indent: int = 0
    heading: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table; the first cell of each row is its header.

    Parameters
    ----------
    id : str
        Unique in the document, such as ``table-performance``.
    caption : str
        Without number: the writers count.
    columns : tuple of Column
        At least one.
    rows : tuple of Row
        Top to bottom; a long table breaks between pages, and its header is repeated.
    notes : tuple of str
        Under it: abbreviations, methods of the intervals.
    """

    id: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure, drawn.

    Parameters
    ----------
    id : str
        Unique in the document, such as ``figure-calibration``.
    caption : str
        Without number.
    alt : str
        What it shows, in words and numbers.
    svg : str
        The drawing; a writer that needs a picture has one made of it.
    csv : str
        The data it was drawn from, with a header.
    width : str
        ``single`` (one column of a journal, about 85 mm) or ``double`` (about 170 mm).
    """

    id: str
    caption: str
    alt: str
    svg: str
    csv: str
    width: str = "double"


@dataclass(frozen=True, slots=True)
class ChecklistItem:
    """One item of a reporting checklist.

    Parameters
    ----------
    number : str
        As the checklist counts: ``12a``.
    topic, text : str
        Its section, and the item in our words.
    status : str
        ``filled``, ``author`` (for the author) or ``not applicable``.
    answer : str
        What the run says; for ``not applicable`` why; empty for the author.
    source : str
        Where in the result it was filled from; empty otherwise.
    """

    number: str
    topic: str
    text: str
    status: str
    answer: str
    source: str


@dataclass(frozen=True, slots=True)
class Checklist:
    """A reporting checklist, filled as far as the run goes.

    Parameters
    ----------
    id : str
        Such as ``tripod-ai``.
    title : str
        Its name.
    cites : tuple of str
        Key of the reference it comes from.
    items : tuple of ChecklistItem
        All of them, in order; blanks stay blank.
    """

    id: str
    title: str
    cites: tuple[str, ...]
    items: tuple[ChecklistItem, ...]


@dataclass(frozen=True, slots=True)
class Reference:
    """A work that is cited.

    Parameters
    ----------
    key : str
        As the runs name it, such as ``riley2020``.
    authors : tuple of str
        ``Family, Given`` each; a group as one name.
    title, journal : str
        Of the work.
    year : int
        Of publication.
    volume, pages, doi : str
        May be empty.
    """

    key: str
    authors: tuple[str, ...]
    title: str
    journal: str
    year: int
    volume: str = ""
    pages: str = ""
    doi: str = ""


Block: TypeAlias = Heading | Paragraph | Bullets | Caution | Table | Figure | Checklist


@dataclass(frozen=True, slots=True)
class Document:
    """The whole paper.

    Parameters
    ----------
    title, subtitle : str
        Its words.
    language : str
        ``en``, ``de`` or ``zh``.
    simulated : bool
        Whether the patients are simulated: said at the top of every page.
    blocks : tuple of Block
        In order.
    references : tuple of Reference
        Those that are cited, in the order of their first citation.
    """

    title: str
    subtitle: str
    language: str
    simulated: bool
    blocks: tuple[Block, ...]
    references: tuple[Reference, ...]
