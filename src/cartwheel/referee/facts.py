"""Reading a result that may lack anything: every look gives a value of its kind, or none.

The referee also reads files of older versions and of other hands, so nothing here trusts a key to
be there, or to hold what it should.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

Document = Mapping[str, Any]
MOST = 1e12


def at(thing: Any, *path: str) -> Any:
    """Follow keys into nested mappings.

    Parameters
    ----------
    thing : object
        Where to begin.
    *path : str
        Keys, outermost first.

    Returns
    -------
    object
        None where a key is missing or something on the way is no mapping.
    """
    for key in path:
        if not isinstance(thing, Mapping):
            return None
        thing = thing.get(key)
    return thing


def number(thing: Any, *path: str) -> float | None:
    """Read a finite number.

    Parameters
    ----------
    thing : object
        Where to begin.
    *path : str
        Keys.

    Returns
    -------
    float or None
    """
    value = at(thing, *path)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) else None


def count(thing: Any, *path: str) -> int | None:
    """Read a whole number that can be a count.

    Parameters
    ----------
    thing : object
        Where to begin.
    *path : str
        Keys.

    Returns
    -------
    int or None
        From 0 to a million million.
    """
    value = number(thing, *path)
    if value is None or not 0.0 <= value <= MOST or value != int(value):
        return None
    return int(value)


def text(thing: Any, *path: str) -> str:
    """Read a text.

    Parameters
    ----------
    thing : object
        Where to begin.
    *path : str
        Keys.

    Returns
    -------
    str
        Empty where there is none.
    """
    value = at(thing, *path)
    return value if isinstance(value, str) else ""


def rows(thing: Any, *path: str) -> tuple[Mapping[str, Any], ...]:
    """Read a list of mappings.

    Parameters
    ----------
    thing : object
        Where to begin.
    *path : str
        Keys.

    Returns
    -------
    tuple of mapping
        Entries that are none are left out.
    """
    return tuple(item for item in _items(at(thing, *path)) if isinstance(item, Mapping))


def texts(thing: Any, *path: str) -> tuple[str, ...]:
    """Read a list of texts.

    Parameters
    ----------
    thing : object
        Where to begin.
    *path : str
        Keys.

    Returns
    -------
    tuple of str
        Entries that are none are left out.
    """
    return tuple(item for item in _items(at(thing, *path)) if isinstance(item, str))


def numbers(thing: Any, *path: str) -> tuple[float, ...]:
    """Read a list of numbers.

    Parameters
    ----------
    thing : object
        Where to begin.
    *path : str
        Keys.

    Returns
    -------
    tuple of float
        Empty where one of them is none, since places would shift.
    """
    found = [number(item) for item in _items(at(thing, *path))]
    return tuple(item for item in found if item is not None) if None not in found else ()


def present(thing: Any, *path: str) -> bool:
    """Tell whether the last key is there, whatever it holds.

    Parameters
    ----------
    thing : object
        Where to begin.
    *path : str
        Keys, at least one.

    Returns
    -------
    bool
    """
    inside = at(thing, *path[:-1])
    return isinstance(inside, Mapping) and path[-1] in inside


def notes_named(document: Document, *codes: str) -> tuple[str, ...]:
    """Read the texts of a result's notes of these codes.

    Parameters
    ----------
    document : mapping
        The result file.
    *codes : str
        Of notes.

    Returns
    -------
    tuple of str
    """
    found = rows(document, "result", "notes")
    return tuple(text(note, "text") for note in found if text(note, "code") in codes)


def interval(estimate: Any, digits: int = 3) -> str:
    """Write an estimate with its limits.

    Parameters
    ----------
    estimate : object
        Mapping of an ``Estimate``.
    digits : int
        Behind the point.

    Returns
    -------
    str
        ``0.631 (0.585 to 0.677)``; the value alone, or ``not estimated``.
    """
    value, low, high = (number(estimate, key) for key in ("value", "low", "high"))
    if value is None:
        return "not estimated"
    if low is None or high is None:
        return f"{value:.{digits}f}"
    return f"{value:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def p_text(value: float | None) -> str:
    """Write a p-value.

    Parameters
    ----------
    value : float or None
        0-1.

    Returns
    -------
    str
        ``p < 0.001``, ``p = 0.013``, or ``p not given``.
    """
    if value is None:
        return "p not given"
    return "p < 0.001" if value < 0.001 else f"p = {value:.3f}"


def listed(names: tuple[str, ...], most: int = 4) -> str:
    """Write names with commas, and how many more there are.

    Parameters
    ----------
    names : tuple of str
        To be named.
    most : int
        Named in full.

    Returns
    -------
    str
    """
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")


def share_text(part: float, whole: float) -> str:
    """Write a part of a whole in per cent.

    Parameters
    ----------
    part, whole : float
        Counts.

    Returns
    -------
    str
        ``75 %``; one digit behind the point under 10 %.
    """
    share = 100.0 * part / whole if whole else 0.0
    return f"{share:.1f} %" if 0.0 < share < 10.0 else f"{share:.0f} %"


def side(low: float | None, high: float | None, null: float | None) -> str | None:
    """Tell on which side of no effect an interval lies.

    Parameters
    ----------
    low, high, null : float or None
        Limits and value of no effect.

    Returns
    -------
    str or None
        ``above``, ``below``, ``across``; None where it cannot be told.
    """
    if low is None or high is None or null is None:
        return None
    return "above" if low > null else "below" if high < null else "across"


def _items(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, list | tuple) else ()
