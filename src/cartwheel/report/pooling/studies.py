"""The study table of the page: what was printed, what it became, and how, each way told once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Row = Mapping[str, Any]
_ALPHABET = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Lettered:
    """Ways and assumptions that several rows share, each with its letter.

    Parameters
    ----------
    ways : dict of str to str
        Conversion to capital letter, in order of first use.
    assumptions : dict of str to str
        Assumption to small letter.
    """

    ways: dict[str, str]
    assumptions: dict[str, str]


def lettered(rows: Sequence[Row]) -> Lettered:
    """Give every conversion and every assumption a letter.

    Parameters
    ----------
    rows : sequence of mapping
        Studies as JSON.

    Returns
    -------
    Lettered
    """
    ways = dict.fromkeys(row["conversion"] for row in rows)
    assumptions = dict.fromkeys(text for row in rows for text in row["assumptions"])
    return Lettered(
        {text: letters(place).upper() for place, text in enumerate(ways)},
        {text: letters(place) for place, text in enumerate(assumptions)},
    )


def letters(place: int) -> str:
    """Name a place by letters: a to z, then aa, ab and so on.

    Parameters
    ----------
    place : int
        From 0.

    Returns
    -------
    str

    Examples
    --------
    >>> letters(0), letters(25), letters(26), letters(53)
    ('a', 'z', 'aa', 'bb')
    """
    before, last = divmod(place, len(_ALPHABET))
    return (letters(before - 1) if before else "") + _ALPHABET[last]
