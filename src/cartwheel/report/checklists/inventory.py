"""The checklists as their authors published them: numbers, order, and what a run can answer."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

NAMES = ("tripod-ai", "tripod-cluster", "remark", "strobe", "prisma-2020")
_MAIN_ITEM = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of a checklist.

    Parameters
    ----------
    number : str
        As the checklist counts: ``12a``.
    topic : str
        Key of its section in the words.
    fill : str
        Name of the answer that a run gives; empty where only the author can.
    only : str
        Kind of result that it asks of; empty for every kind of the checklist.
    """

    number: str
    topic: str
    fill: str
    only: str


@dataclass(frozen=True, slots=True)
class Inventory:
    """All rows of a checklist, and how many its authors published.

    Parameters
    ----------
    id : str
        Such as ``tripod-ai``.
    cites : tuple of str
        Keys of the works it comes from.
    source : str
        The same in words: where the rows were taken from.
    counted : str
        Where the source says how many items there are, and where the rows were counted.
    published_items, published_rows : int
        Numbered items, and rows when their parts are counted.
    kinds : tuple of str
        Kinds of result that it is for.
    entries : tuple of Entry
        In order.
    """

    id: str
    cites: tuple[str, ...]
    source: str
    counted: str
    published_items: int
    published_rows: int
    kinds: tuple[str, ...]
    entries: tuple[Entry, ...]

    def item_numbers(self) -> tuple[str, ...]:
        """Name the numbered items, their parts taken together."""
        found = (_MAIN_ITEM.match(entry.number) for entry in self.entries)
        return tuple(dict.fromkeys(match[0] for match in found if match))


@cache
def inventory(name: str) -> Inventory:
    """Read one checklist.

    Parameters
    ----------
    name : str
        One of ``NAMES``.

    Returns
    -------
    Inventory
    """
    text = files(__package__).joinpath(f"{name}.toml").read_text(encoding="utf-8")
    table = tomllib.loads(text)
    return Inventory(
        id=table["id"],
        cites=tuple(table["cites"]),
        source=table["source"],
        counted=table["counted"],
        published_items=table["published_items"],
        published_rows=table["published_rows"],
        kinds=tuple(table["kinds"]),
        entries=tuple(_entry(item) for item in table["items"]),
    )


def _entry(item: Mapping[str, Any]) -> Entry:
    return Entry(item["number"], item["topic"], item.get("fill", ""), item.get("only", ""))
