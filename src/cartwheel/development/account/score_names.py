"""Names that a score file can hold, and numbers as it writes them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from cartwheel.development.cohort.columns import Column


def score_id(title: str) -> str:
    """Make an identifier of a title: lower case, digits and hyphens.

    Parameters
    ----------
    title : str
        Any text; accents are dropped.

    Returns
    -------
    str
        At most 80 characters; ``score`` where nothing is left.
    """
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:80].strip("-")
    return slug or "score"


def safe_names(columns: Mapping[str, Column]) -> dict[str, str]:
    """Give each column a name that a score file can hold: one printable line, each its own.

    Parameters
    ----------
    columns : mapping of column to Column
        As read; ratios included.

    Returns
    -------
    dict of str to str
        The column's own name where it is one printable line of at most 200 characters.
    """
    names: dict[str, str] = {}
    taken: set[str] = set()
    for column in columns:
        name, count = one_line(column), 1
        while name in taken:
            count += 1
            name = f"{one_line(column)[:190]} ({count})"
        names[column] = name
        taken.add(name)
    return names


def whole(number: float) -> float | int:
    """Write a whole number without a decimal point.

    Parameters
    ----------
    number : float
        Finite.

    Returns
    -------
    int or float
        2.0 as 2; 2.5 as it is.
    """
    return int(number) if float(number).is_integer() else number


def one_line(text: str) -> str:
    """Make one printable line of at most 200 characters, for names in the file.

    Parameters
    ----------
    text : str
        Any text; runs of white space become one space.

    Returns
    -------
    str
        ``unnamed`` where nothing is left.
    """
    line = "".join(sign for sign in " ".join(text.split()) if sign.isprintable())
    return line[:200].strip() or "unnamed"
