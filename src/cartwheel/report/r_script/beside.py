"""The numbers of a result that rest on random numbers, to be printed beside those of R."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cartwheel.report.r_script.writing import r_number

__all__ = ["ours_lines"]


def ours_lines(result: Mapping[str, Any], wanted: Sequence[str]) -> Iterator[str]:
    """Write the numbers of a result whose places match, by place.

    Parameters
    ----------
    result : mapping
        Of the document.
    wanted : sequence of str
        Regular expressions of places.

    Yields
    ------
    str
        They make ``OURS``.
    """
    pattern = re.compile("|".join(wanted))
    rows = [
        f'  "{place}" = {r_number(number)}'
        for place, number in _numbers(result, "result")
        if pattern.search(place)
    ]
    yield "# ---- what cartwheel found by its own random numbers " + "-" * 42
    yield "OURS <- c("
    yield ",\n".join(rows or ['  "none" = NA'])
    yield ")"
    yield ""


def _numbers(part: Any, place: str) -> Iterator[tuple[str, float]]:
    if isinstance(part, Mapping):
        for key, item in part.items():
            yield from _numbers(item, f"{place}.{key}")
    elif isinstance(part, list | tuple):
        for number, item in enumerate(part):
            yield from _numbers(item, f"{place}[{number}]")
    elif isinstance(part, int | float) and not isinstance(part, bool):
        yield place, float(part)
