"""Places in a result: ``result.performance.measures[0].corrected`` and what stands there."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from typing import Any

_STEP = re.compile(r"\.?([A-Za-z0-9_]+)|\[(\d+)\]")
_REGULAR = re.compile(r"[A-Za-z0-9_]+")


def value_at(document: Any, place: str) -> Any:
    """Look up a place; a part that an old or foreign file lacks is None.

    Parameters
    ----------
    document : mapping
        The JSON of a result.
    place : str
        Keys joined by points, positions in brackets.

    Returns
    -------
    any
        What stands there, or None.
    """
    here, at = document, 0
    while at < len(place):
        step = _STEP.match(place, at)
        if step is None:
            return None
        here = _member(here, step)
        if here is None:
            return None
        at = step.end()
    return here


def places_under(document: Any, place: str) -> tuple[str, ...]:
    """Name the places of the members of a list; none where it is absent.

    Parameters
    ----------
    document : mapping
        The JSON of a result.
    place : str
        Of a list, such as ``result.groups``.

    Returns
    -------
    tuple of str
        ``result.groups[0]`` and so on.
    """
    found = value_at(document, place)
    return tuple(f"{place}[{at}]" for at in range(len(found))) if isinstance(found, list) else ()


def place_of(path: tuple[str | int, ...]) -> str:
    """Write a path of keys and positions as a place.

    A key with other signs than letters, digits and ``_`` cannot be written; then the place of the
    nearest part above it stands for it.

    Parameters
    ----------
    path : tuple of str or int
        Outermost first.

    Returns
    -------
    str
    """
    place = ""
    for step in path:
        if isinstance(step, int):
            place += f"[{step}]"
        elif _REGULAR.fullmatch(step):
            place += f".{step}" if place else step
        else:
            break
    return place


def is_below(place: str, places: Container[str]) -> bool:
    """Say whether a place, or a part that it lies in, is one of several.

    Parameters
    ----------
    place : str
        Such as ``result.groups[0].n``.
    places : container of str
        Such as a set with ``result.groups[0]`` in it.

    Returns
    -------
    bool
    """
    while place:
        if place in places:
            return True
        place = place[: max(place.rfind("."), place.rfind("["), 0)]
    return False


def _member(here: Any, step: re.Match[str]) -> Any:
    name, position = step[1], step[2]
    if position is not None:
        at = int(position)
        return here[at] if isinstance(here, list | tuple) and at < len(here) else None
    return here.get(name) if isinstance(here, Mapping) else None
