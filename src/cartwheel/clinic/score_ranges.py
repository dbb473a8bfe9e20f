"""Ranges that cover the number line: no gap, no overlap, every inequality said."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from cartwheel.clinic.score_terms import Range
from cartwheel.errors import Problem


def covering(bands: Sequence[Range], where: str) -> Iterator[Problem]:
    """Find where ranges do not stand in rising order and cover the number line exactly once.

    Parameters
    ----------
    bands : sequence of Range
        At least one, in the order of the file.
    where : str
        Their place in the file.

    Yields
    ------
    Problem
        For every gap, overlap, and end without its inequality.
    """
    for number, band in enumerate(bands, 1):
        yield from range_ends(band, f"{where}[{number}]")
    if bands[0].from_ is not None:
        yield _gap(f"values below {bands[0].from_}", f"{where}[1]", "leave out its 'from'")
    if bands[-1].to is not None:
        yield _gap(f"values above {bands[-1].to}", f"{where}[{len(bands)}]", "leave out its 'to'")
    for number, (before, after) in enumerate(pairwise(bands), 1):
        yield from _seam(before, after, f"{where}[{number}] and [{number + 1}]")


def range_ends(band: Range, where: str) -> Iterator[Problem]:
    """Find ends that do not say whether they belong to the range, and ranges without values.

    Parameters
    ----------
    band : Range
        One range.
    where : str
        Its place in the file.

    Yields
    ------
    Problem
        For each.
    """
    for end, inclusive, name in (
        (band.from_, band.from_inclusive, "from"),
        (band.to, band.to_inclusive, "to"),
    ):
        if (end is None) != (inclusive is None):
            yield Problem(
                "inequality",
                f"'{name}' and '{name}_inclusive' stand together or not at all",
                where,
                f"say whether the end belongs to the range: {name}_inclusive = true or false",
            )
    if band.from_ is not None and band.to is not None and band.from_ > band.to:
        yield Problem("range_order", "'from' is larger than 'to'", where, "exchange them")
    if band.from_ is not None and band.from_ == band.to:
        both = band.from_inclusive and band.to_inclusive
        if not both:
            yield Problem("range_empty", "no value lies in this range", where, "mend its ends")


def _seam(before: Range, after: Range, where: str) -> Iterator[Problem]:
    if before.to is None or after.from_ is None:
        yield Problem(
            "overlap",
            "the ranges overlap: only the first lacks 'from', only the last lacks 'to'",
            where,
            "list them in rising order and give every inner end",
        )
    elif before.to < after.from_:
        yield _gap(f"values between {before.to} and {after.from_}", where, "move an end")
    elif before.to > after.from_:
        yield Problem(
            "overlap",
            f"values from {after.from_} to {before.to} lie in both ranges",
            where,
            "move an end",
        )
    elif before.to_inclusive == after.from_inclusive:
        kind = "overlap" if after.from_inclusive else "gap"
        lies = "both ranges" if after.from_inclusive else "neither range"
        yield Problem(
            kind, f"{before.to} lies in {lies}", where, "make exactly one of the ends inclusive"
        )


def _gap(what: str, where: str, mend: str) -> Problem:
    return Problem("gap", f"{what} lie in no range", where, mend)
