"""What a reader of a paper points at: ``table 2 row 3 column 2``."""

from __future__ import annotations

import re
from dataclasses import dataclass

_KINDS = {
    "table": ("table", "tabelle", "tab.", "表", "t"),
    "figure": ("figure", "abbildung", "fig.", "abb.", "图", "f"),
}
_NAMES = {name: kind for kind, names in _KINDS.items() for name in names}
_STEP = r"(?:\s*[.,]?\s*(?:{words})?\s*(?P<{name}>\d+))?"
_CELL = _STEP.format(words="row|zeile|行", name="row") + _STEP.format(
    words="column|spalte|列", name="column"
)
_BY_NUMBER = re.compile(
    rf"(?P<kind>{'|'.join(map(re.escape, _NAMES))})\s*(?P<number>\d+){_CELL}", re.IGNORECASE
)
_BY_ID = re.compile(rf"(?P<id>[a-z][a-z0-9]*(?:-[a-z0-9]+)+){_CELL}")


@dataclass(frozen=True, slots=True)
class Address:
    """A table or figure of a paper, or a cell of a table.

    Parameters
    ----------
    kind : str
        ``table`` or ``figure``; empty where it is called by its id.
    number : int
        In the paper, from 1; 0 where it is called by its id.
    id : str
        Such as ``table-performance``; empty where it is called by its number.
    row, column : int or None
        From 1, below the header; the name of the row is column 1.
    """

    kind: str
    number: int
    id: str
    row: int | None = None
    column: int | None = None


@dataclass(frozen=True, slots=True)
class Addressed:
    """Something that a paper shows, and where in the result it stands.

    Parameters
    ----------
    address : str
        In short: ``T2.3.2`` for table 2, row 3, column 2; ``F1`` for figure 1.
    id : str
        Of the table or figure.
    place : str
        In the result's JSON; empty for words of the paper.
    text : str
        As the paper shows it; of a figure its caption.
    """

    address: str
    id: str
    place: str
    text: str


def read_address(asked: str) -> Address | None:
    """Read what a reader points at.

    Parameters
    ----------
    asked : str
        ``table 2``, ``table 2 row 3 column 2``, ``T2.3.2``, ``figure 1``, ``F1``, ``Tabelle 2``,
        ``table-performance``, ``table-performance.3.2``.

    Returns
    -------
    Address or None
        None where it reads like none of these.
    """
    wanted = asked.strip()
    found = _BY_NUMBER.fullmatch(wanted) or _BY_ID.fullmatch(wanted)
    if found is None:
        return None
    said = found.groupdict()
    row, column = (int(said[name]) if said[name] else None for name in ("row", "column"))
    if "id" in said:
        return Address("", 0, said["id"], row, column)
    return Address(_NAMES[said["kind"].lower()], int(said["number"]), "", row, column)
