"""What a later version computes differently: read from the package, told when an old result is."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Moved:
    """Numbers that moved with a version.

    Parameters
    ----------
    since : str
        Last version that gave the old numbers.
    kinds : tuple of str
        Kinds of result that may hold them.
    what, how_much, why : str
        Which numbers, by how much, and for which reason.
    """

    since: str
    kinds: tuple[str, ...]
    what: str
    how_much: str
    why: str


@cache
def numbers_moved() -> tuple[Moved, ...]:
    """Read every entry that the package carries.

    Returns
    -------
    tuple of Moved
        In the order of the file, which is that of CHANGELOG.md.
    """
    text = (files("cartwheel") / "numbers_moved.toml").read_text(encoding="utf-8")
    return tuple(
        Moved(entry["since"], tuple(entry["kinds"]), entry["what"], entry["how_much"], entry["why"])
        for entry in tomllib.loads(text)["moved"]
    )


def moved_for(kind: str, written_by: str) -> tuple[Moved, ...]:
    """Choose what may have moved in a result.

    Parameters
    ----------
    kind : str
        Of the result.
    written_by : str
        Version that wrote it.

    Returns
    -------
    tuple of Moved
        Entries of that version or a later one.
    """
    return tuple(
        entry
        for entry in numbers_moved()
        if kind in entry.kinds and _parts(written_by) <= _parts(entry.since)
    )


def _parts(version: str) -> tuple[int, ...]:
    numbers = []
    for part in version.split("."):
        digits = "".join(character for character in part if character.isdigit())
        numbers.append(int(digits) if digits else 0)
    return tuple(numbers)
