"""What is said of which rows: reasons for having no number, and warnings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from cartwheel.errors import Problem

Said = TypeVar("Said", str, Problem)
Indices = NDArray[np.intp]
_BITS = 62


@dataclass(frozen=True, slots=True, eq=False)
class Flag(Generic[Said]):
    """One thing said of some rows.

    Parameters
    ----------
    says : Problem or str
        A reason why there is no number, or a warning.
    rows : int array
        Places of the rows, rising.
    """

    says: Said
    rows: Indices


def gathered(pairs: Iterable[tuple[Said, Indices]]) -> tuple[Flag[Said], ...]:
    """Put together what is said alike.

    Parameters
    ----------
    pairs : iterable of (Problem or str, int array)
        In any order.

    Returns
    -------
    tuple of Flag
        One for each thing that is said of any row, in the order of first mention.
    """
    found: dict[Said, list[Indices]] = {}
    for says, rows in pairs:
        if len(rows):
            found.setdefault(says, []).append(rows)
    return tuple(
        Flag(says, np.sort(np.concatenate(rows)) if len(rows) > 1 else rows[0])
        for says, rows in found.items()
    )


def said_by_row(flags: Iterable[Flag[Said]], n: int) -> tuple[Indices, tuple[str, ...]]:
    """Write for every row all that is said of it.

    Parameters
    ----------
    flags : iterable of Flag
        In the order in which they are to be said.
    n : int
        Number of rows.

    Returns
    -------
    pair of int array (n,) and tuple of str
        For each row the place of its text; the distinct texts, joined by semicolons.
    """
    listed = list(flags)
    codes: Indices = np.zeros(n, dtype=np.intp)
    texts: tuple[str, ...] = ("",)
    for start in range(0, len(listed), _BITS):
        block = listed[start : start + _BITS]
        bits = np.zeros(n, dtype=np.int64)
        for place, flag in enumerate(block):
            bits[flag.rows] |= 1 << place
        new, which = _distinct(bits, len(block))
        if len(texts) == 1:
            codes, texts = which, tuple(_joined("", block, each) for each in new)
            continue
        pairs, codes = np.unique(codes * len(new) + which, return_inverse=True)
        both = [divmod(pair, len(new)) for pair in pairs.tolist()]
        texts = tuple(_joined(texts[old], block, new[added]) for old, added in both)
    return codes, texts


def _distinct(bits: NDArray[np.int64], count: int) -> tuple[list[int], Indices]:
    """List the distinct entries, and for each row the place of its own."""
    if count > 16:
        found, places = np.unique(bits, return_inverse=True)
        return found.tolist(), places
    seen = np.bincount(bits, minlength=1 << count) > 0
    return np.flatnonzero(seen).tolist(), (np.cumsum(seen) - 1)[bits]


def _joined(before: str, block: Sequence[Flag[Any]], bits: int) -> str:
    said = [str(flag.says) for place, flag in enumerate(block) if bits >> place & 1]
    return "; ".join([before, *said] if before else said)
