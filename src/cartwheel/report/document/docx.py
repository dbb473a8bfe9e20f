"""A document as a Word file by python-docx: real styles, tables, captions and headings."""

from __future__ import annotations

from cartwheel.report.document.blocks import Document
from cartwheel.report.document.extra import require
from cartwheel.report.document.package import undated
from cartwheel.report.document.typeset import typeset
from cartwheel.report.words import words


def document_docx(document: Document) -> bytes:
    """Write a document as a Word file.

    Parameters
    ----------
    document : Document
        The paper.

    Returns
    -------
    bytes
        DOCX with headings, captions with sequence fields, tables with repeated header rows,
        pictures at 300 dots an inch with alternative text, and the simulated banner in the header
        of every page. The same document gives the same bytes.

    Raises
    ------
    FileRefused
        Where python-docx is not installed, or where a work is cited that is not among the
        references.
    """
    require("docx", "the Word file")
    # it loads python-docx, which not everybody has
    from cartwheel.report.document.word_file import word_file  # noqa: PLC0415

    return undated(word_file(typeset(document, words(document.language))))
