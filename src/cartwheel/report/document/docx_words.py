"""Text of a Word file: runs, links, captions that Word counts, and scripts from right to left."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from docx.document import Document as Word
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml.ns import qn
from docx.oxml.parser import OxmlElement, parse_xml

from cartwheel.report.document.cited import Piece
from cartwheel.report.document.typeset import Label

_RTL = "\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc"
_RIGHT_TO_LEFT = re.compile(f"([{_RTL}]+(?:[ \u00a0]+[{_RTL}]+)*)")
_SPACE = "{http://www.w3.org/XML/1998/namespace}space"


def element(tag: str, attributes: Mapping[str, str] | None = None) -> Any:
    """Make an element of WordprocessingML.

    Parameters
    ----------
    tag : str
        With prefix, such as ``w:r``, or with its namespace in braces.
    attributes : mapping of str to str, optional
        With prefix or namespace too.

    Returns
    -------
    element
        Not yet placed.
    """
    if tag.startswith("{"):
        made = parse_xml(f'<x:{tag.partition("}")[2]} xmlns:x="{tag[1:].partition("}")[0]}"/>')
    else:
        made = OxmlElement(tag)
    for name, value in (attributes or {}).items():
        made.set(name if name.startswith("{") else qn(name), value)
    return made


def add(parent: Any, tag: str, attributes: Mapping[str, str] | None = None) -> Any:
    """Make an element and put it at the end of another.

    Parameters
    ----------
    parent : element
        That holds it.
    tag : str
        With prefix.
    attributes : mapping of str to str, optional
        With prefix.

    Returns
    -------
    element
        The new one.
    """
    made = element(tag, attributes)
    parent.append(made)
    return made


def write_pieces(
    paragraph: Any, pieces: Iterable[Piece], word: Word, code: str = "CodeText"
) -> None:
    """Write pieces into a paragraph, each as runs of its style, links as links.

    Parameters
    ----------
    paragraph : element
        ``w:p``.
    pieces : iterable of Piece
        Its text.
    word : docx Document
        That keeps addresses outside.
    code : str
        Id of the style of code.
    """
    for piece in pieces:
        if not piece.target:
            _runs(paragraph, piece.text, piece.style, code=code)
            continue
        if piece.target.startswith("#"):
            link = add(paragraph, "w:hyperlink", {"w:anchor": bookmark_name(piece.target[1:])})
        else:
            kind = RELATIONSHIP_TYPE.HYPERLINK
            link = add(
                paragraph,
                "w:hyperlink",
                {"r:id": word.part.relate_to(piece.target, kind, is_external=True)},
            )
        _runs(link, piece.text, piece.style, link=True)


def _runs(
    parent: Any, text: str, style: str, *, link: bool = False, code: str = "CodeText"
) -> None:
    for part, right_to_left in _directions(text):
        run = add(parent, "w:r")
        about = element("w:rPr")
        if style == "code":
            add(about, "w:rStyle", {"w:val": code})
        elif style == "strong":
            add(about, "w:b")
            add(about, "w:bCs")
        elif style == "emphasis":
            add(about, "w:i")
            add(about, "w:iCs")
        if link:
            add(about, "w:color", {"w:val": "0B4F79"})
        if right_to_left:
            add(about, "w:rtl")
        if len(about):
            run.append(about)
        add(run, "w:t", {_SPACE: "preserve"}).text = part


def _directions(text: str) -> Iterator[tuple[str, bool]]:
    for place, part in enumerate(_RIGHT_TO_LEFT.split(text)):
        if part:
            yield part, place % 2 == 1


def captioned(
    paragraph: Any, label: Label, sequence: str, caption: tuple[Piece, ...], word: Word
) -> None:
    """Write a caption whose number is a field, so that Word can count again and list them.

    Parameters
    ----------
    paragraph : element
        ``w:p``.
    label : Label
        Word and number.
    sequence : str
        ``Table`` or ``Figure``, whatever the language.
    caption : tuple of Piece
        After the number.
    word : docx Document
        The file.
    """
    if label.before:
        _runs(paragraph, label.before, "strong")
    field(paragraph, f" SEQ {sequence} \\* ARABIC ", label.number, strong=True)
    if label.after:
        _runs(paragraph, label.after, "strong")
    write_pieces(paragraph, caption, word, "CodeTextSmall")


def field(paragraph: Any, instruction: str, shown: str, *, strong: bool = False) -> None:
    """Write a field with what it shows until Word counts again.

    Parameters
    ----------
    paragraph : element
        ``w:p``.
    instruction : str
        Such as `` PAGE ``.
    shown : str
        Its value now.
    strong : bool
        Whether it is bold.
    """
    for kind in ("begin", "instruction", "separate", "shown", "end"):
        run = add(paragraph, "w:r")
        if strong:
            add(add(run, "w:rPr"), "w:b")
        if kind == "instruction":
            add(run, "w:instrText", {_SPACE: "preserve"}).text = instruction
        elif kind == "shown":
            add(run, "w:t").text = shown
        else:
            add(run, "w:fldChar", {"w:fldCharType": kind})


def bookmarked(paragraph: Any, id: str, number: int) -> None:
    """Mark a paragraph as the target of links.

    Parameters
    ----------
    paragraph : element
        ``w:p``, still empty.
    id : str
        Id in the document.
    number : int
        Unique in the file.
    """
    name = {"w:id": str(number), "w:name": bookmark_name(id)}
    add(paragraph, "w:bookmarkStart", name)
    add(paragraph, "w:bookmarkEnd", {"w:id": str(number)})


def bookmark_name(id: str) -> str:
    """Turn an id into a name that Word takes: letters, digits and underscores, at most 40.

    Parameters
    ----------
    id : str
        Id in the document.

    Returns
    -------
    str
        Begins with a letter.
    """
    return ("b_" + re.sub(r"\W", "_", id, flags=re.ASCII))[:40]
