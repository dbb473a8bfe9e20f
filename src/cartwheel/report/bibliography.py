"""Works that papers cite, and their export for BibTeX and for citation managers."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from cartwheel.errors import CartwheelError
from cartwheel.report.document.blocks import (
    Block,
    Bullets,
    Caution,
    Checklist,
    Paragraph,
    Reference,
    Run,
)

_BIBTEX = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}


@dataclass(frozen=True, slots=True)
class Bibliography:
    """All works that a paper of cartwheel can cite.

    Parameters
    ----------
    works : mapping of str to Reference
        By key.
    """

    works: Mapping[str, Reference]

    def work(self, key: str) -> Reference:
        """Give the work of a key; a key that is not there is our fault."""
        if key not in self.works:
            raise CartwheelError(f"no work is known as {key!r}")
        return self.works[key]

    def cited(self, blocks: Iterable[Block]) -> tuple[Reference, ...]:
        """List the works that blocks cite, in the order of their first citation."""
        keys = dict.fromkeys(key for block in blocks for key in _keys(block))
        return tuple(self.work(key) for key in keys)


@cache
def bibliography() -> Bibliography:
    """Read ``references.toml``.

    Returns
    -------
    Bibliography
    """
    text = (files("cartwheel.report") / "references.toml").read_text(encoding="utf-8")
    return Bibliography({key: _read(key, entry) for key, entry in tomllib.loads(text).items()})


def bibtex(references: Iterable[Reference]) -> str:
    """Write works as BibTeX.

    Parameters
    ----------
    references : iterable of Reference
        In the order wanted.

    Returns
    -------
    str
        UTF-8 text, an entry a work; ends in a line feed unless it is empty.
    """
    return "\n".join(_bibtex_entry(work) for work in references)


def csl_json(references: Iterable[Reference]) -> str:
    """Write works as CSL-JSON, which citation managers read.

    Parameters
    ----------
    references : iterable of Reference
        In the order wanted.

    Returns
    -------
    str
        A JSON list; ends in a line feed.
    """
    items = [_csl_item(work) for work in references]
    return json.dumps(items, ensure_ascii=False, indent=2) + "\n"


def reference_text(work: Reference) -> str:
    """Write a work as a reader finds it in the list of references (Vancouver style).

    Parameters
    ----------
    work : Reference
        Any work.

    Returns
    -------
    str
        At most six authors are named; then ``et al``.
    """
    names = [_initials(author) for author in work.authors]
    people = ", ".join(names[:6]) + (", et al" if len(names) > 6 else "")
    place = f";{work.volume}" if work.volume else ""
    pages = f":{work.pages}" if work.pages else ""
    doi = f" doi:{work.doi}" if work.doi else ""
    stop = "" if work.title.endswith(("?", "!", ".")) else "."
    return f"{people}. {work.title}{stop} {work.journal}. {work.year}{place}{pages}.{doi}"


def _read(key: str, entry: Mapping[str, Any]) -> Reference:
    return Reference(
        key,
        tuple(entry["authors"]),
        entry["title"],
        entry["journal"],
        entry["year"],
        entry.get("volume", ""),
        entry.get("pages", ""),
        entry.get("doi", ""),
    )


def _keys(block: Block) -> Iterator[str]:
    if isinstance(block, Checklist):
        yield from block.cites
    for run in _runs(block):
        yield from run.cites


def _runs(block: Block) -> Iterator[Run]:
    if isinstance(block, Paragraph | Caution):
        yield from block.runs
    elif isinstance(block, Bullets):
        for item in block.items:
            yield from item


def _initials(author: str) -> str:
    family, comma, given = author.partition(", ")
    if not comma:
        return author
    letters = "".join(part[0] for part in re.split(r"[\s\-.]+", given) if part)
    return f"{family} {letters}"


def _escaped(text: str) -> str:
    return "".join(_BIBTEX.get(sign, sign) for sign in text)


def _volume_and_issue(work: Reference) -> tuple[str, str]:
    """Part ``34(2)``; other programs keep the two apart."""
    volume, _, issue = work.volume.partition("(")
    return volume, issue.removesuffix(")")


def _bibtex_entry(work: Reference) -> str:
    # a group is one name, which braces keep from being taken apart
    people = " and ".join(
        _escaped(name) if ", " in name else f"{{{_escaped(name)}}}" for name in work.authors
    )
    volume, issue = _volume_and_issue(work)
    fields = {
        "author": people,
        "title": f"{{{_escaped(work.title)}}}",
        "journal": _escaped(work.journal),
        "year": str(work.year),
        "volume": _escaped(volume),
        "number": _escaped(issue),
        "pages": _escaped(work.pages).replace("-", "--"),
        # a doi is a name to look up, not text: only signs that would end the field are escaped
        "doi": work.doi,
    }
    lines = ",\n".join(f"  {name} = {{{value}}}" for name, value in fields.items() if value)
    return f"@article{{{work.key},\n{lines}\n}}\n"


def _csl_item(work: Reference) -> dict[str, Any]:
    item: dict[str, Any] = {
        "id": work.key,
        "type": "article-journal",
        "title": work.title,
        "container-title": work.journal,
        "author": [_csl_name(author) for author in work.authors],
        "issued": {"date-parts": [[work.year]]},
    }
    volume, issue = _volume_and_issue(work)
    optional = {"volume": volume, "issue": issue, "page": work.pages, "DOI": work.doi}
    return item | {name: value for name, value in optional.items() if value}


def _csl_name(author: str) -> dict[str, str]:
    family, comma, given = author.partition(", ")
    return {"family": family, "given": given} if comma else {"literal": author}
