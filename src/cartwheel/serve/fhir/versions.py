"""Which version of a resource counts, where no version says when it was given out."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from cartwheel.serve.fhir.context import issued_at
from cartwheel.serve.fhir.json_text import Resource

# not when it was said: only which of two was said later
PLACED_YEAR = 1970
_FIRST = datetime(PLACED_YEAR, 1, 1, tzinfo=UTC)
_MOST_DIGITS = 15


class Order:
    """Counts versions whose order nothing but their arrival tells; safe from several threads."""

    def __init__(self) -> None:
        self._counted: Counter[str] = Counter({"unordered": 0, "out_of_order": 0})
        self._lock = threading.Lock()

    def count(self, what: str) -> None:
        """Count one.

        Parameters
        ----------
        what : {"unordered", "out_of_order"}
            Ordered by arrival alone; an older version that came after a newer one.
        """
        with self._lock:
            self._counted[what] += 1

    def counts(self) -> Mapping[str, int]:
        """Give what was counted since the start."""
        with self._lock:
            return dict(self._counted)


def version_id(resource: Resource) -> int | None:
    """Read how the sender numbers a version.

    Parameters
    ----------
    resource : mapping
        Any.

    Returns
    -------
    int or None
        ``meta.versionId`` where it is a number: R4 lets it be any word.
    """
    meta = resource.get("meta")
    text = meta.get("versionId") if isinstance(meta, Mapping) else None
    if isinstance(text, str) and text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS:
        return int(text)
    return None


def is_numbered(new: Resource, last: Resource) -> bool:
    """Tell whether two versions are ordered by the sender's own numbers.

    Parameters
    ----------
    new, last : mapping
        Versions of one resource.

    Returns
    -------
    bool
        False where a moment orders them, or one has no number.
    """
    both = version_id(new) is not None and version_id(last) is not None
    return both and version_id(new) != version_id(last) and not _are_dated(new, last)


def is_older(new: Resource, last: Resource) -> bool:
    """Tell whether a version that comes now was given out before the last one.

    Parameters
    ----------
    new, last : mapping
        As they came.

    Returns
    -------
    bool
        By the sender's numbers alone: moments order values by themselves.
    """
    mine, before = version_id(new), version_id(last)
    return is_numbered(new, last) and mine is not None and before is not None and mine < before


def in_order(new: Resource, number: int, last: Resource | None) -> Resource:
    """Give a version without a moment its place among the others.

    Parameters
    ----------
    new : mapping
        As it came.
    number : int
        How many versions there are with it, from 1, in the order that counts.
    last : mapping or None
        The version before it.

    Returns
    -------
    mapping
        As it is where it, or the last one, says when it was given out. A preliminary value that
        comes after a final one by arrival alone gets no place: its status decides.
    """
    if issued_at(new) is not None or (last is not None and issued_at(last) is not None):
        return new
    early = ("registered", "preliminary")
    if last is not None and not is_numbered(new, last) and new.get("status") in early:
        return new
    place = (_FIRST + timedelta(seconds=number)).isoformat()
    meta = new.get("meta")
    return {**new, "meta": {**(meta if isinstance(meta, Mapping) else {}), "lastUpdated": place}}


def is_unordered(new: Resource, last: Resource) -> bool:
    """Tell whether nothing but arrival says which of two versions is the later one.

    Parameters
    ----------
    new, last : mapping
        As they came.

    Returns
    -------
    bool
    """
    return not _are_dated(new, last) and not is_numbered(new, last)


def _are_dated(new: Resource, last: Resource) -> bool:
    return issued_at(new) is not None and issued_at(last) is not None
