"""What a reader finds in each format, read with tools that know nothing of the writers."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import tempfile
from html.parser import HTMLParser
from pathlib import Path

import docx
import pytest
from docx.table import Table

_SPACE = re.compile(r"\s+")
_UNITS = {"p", "h1", "h2", "h3", "h4", "li", "caption", "th", "td", "figcaption"}
_UNREAD = {"head", "nav", "svg"}
_VOID = {"meta", "br", "wbr", "link", "img", "hr"}


def units(text: str) -> list[str]:
    """Lines and cells of plain text that say anything."""
    return [unit for line in text.split("\n") for unit in line.split("\t") if unit.strip()]


def squeezed(text: str) -> str:
    """Text without any white space, and without the breaks that long words are given."""
    return _SPACE.sub("", text).replace("\u200b", "").replace("\u2060", "")


class Page(HTMLParser):
    """The units of a page in order; every tag and attribute; and that all that opens is closed."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.units: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.unread = 0
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.append((tag, found))
        if tag in _VOID:
            return
        self.open.append(tag)
        hidden = found.get("class") in {"skip", "over"}
        if self.unread or tag in _UNREAD or hidden:
            if not self.unread and tag == "svg":
                self.units.append(found["aria-label"] or "")
            self.unread += 1
        elif tag in _UNITS:
            self.units.append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, (tag, self.getpos())
        self.unread = max(0, self.unread - 1)

    def handle_data(self, data: str) -> None:
        if self.unread == 0 and any(tag in _UNITS for tag in self.open):
            self.units[-1] += data

    @property
    def said(self) -> list[str]:
        """Units that say anything."""
        return [unit.strip(" \n") for unit in self.units if unit.strip()]


def word_units(package: bytes) -> list[str]:
    """Header, paragraphs and cells of a Word file; of a picture what is told of it."""
    word = docx.Document(io.BytesIO(package))
    found = [word.sections[0].header.paragraphs[0].text]
    for block in word.iter_inner_content():
        if isinstance(block, Table):
            for row in block._tbl.tr_lst:
                for cell in row.tc_lst:
                    found.append("".join(text.text or "" for text in cell.xpath(".//w:t")))
        else:
            found += block._p.xpath(".//wp:docPr/@descr")
            found.append(block.text)
    return [unit for unit in found if unit.strip()]


def tool(name: str) -> str:
    """A program of poppler, or a skip."""
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} (poppler) is not on this machine")
    return path


def asked(program: str, *arguments: str, pdf: bytes) -> str:
    """What a program of poppler says of a PDF."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "paper.pdf"
        file.write_bytes(pdf)
        done = subprocess.run(
            [tool(program), *(file if one == "FILE" else one for one in arguments)],
            capture_output=True,
            check=True,
            timeout=600,
        )
    return done.stdout.decode("utf-8")


def pdf_structure(pdf: bytes) -> list[tuple[int, str]]:
    """Lines of the tree of tags, each with its depth."""
    text = asked("pdfinfo", "-struct-text", "FILE", pdf=pdf)
    return [(len(line) - len(line.lstrip()), line.strip()) for line in text.splitlines()]


def pdf_text(pdf: bytes) -> str:
    """Text in the order of the tags, without figures, marks of lists and what is no content."""
    said: list[str] = []
    skip: int | None = None
    for depth, line in pdf_structure(pdf):
        if skip is not None and depth > skip:
            continue
        skip = depth if re.match(r"(Figure|Lbl)\b", line) else None
        if len(line) > 1 and line.startswith('"') and line.endswith('"'):
            said.append(line[1:-1])
    return squeezed("".join(said))
