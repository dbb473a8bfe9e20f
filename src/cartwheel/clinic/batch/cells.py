"""Which side of which cut-off: exact for whole columns.

The cut-offs of a score divide the line into cells: below the first (0), the first itself (1),
between the first and the second (2), and so on. Within a cell nothing changes.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from cartwheel.clinic.batch.twofold import Floats, Twofold, constant
from cartwheel.clinic.score_terms import Range

_LARGEST = 1.7976931348623157e308


def cuts_of(ranges: Iterable[Range]) -> tuple[Decimal, ...]:
    """List the cut-offs of some ranges.

    Parameters
    ----------
    ranges : iterable of Range
        Bands or conditions.

    Returns
    -------
    tuple of Decimal
        Rising, each once.
    """
    ends = (end for each in ranges for end in (each.from_, each.to))
    return tuple(sorted({end for end in ends if end is not None}))


def representatives(cuts: tuple[Decimal, ...]) -> tuple[Decimal, ...]:
    """Give one value of every cell.

    Parameters
    ----------
    cuts : tuple of Decimal
        Rising.

    Returns
    -------
    tuple of Decimal
        ``2 * len(cuts) + 1`` values.
    """
    if not cuts:
        return (Decimal(0),)
    found = [cuts[0] - 1]
    for place, cut in enumerate(cuts):
        following = cuts[place + 1] if place + 1 < len(cuts) else cut + 2
        found += [cut, (cut + following) / 2]
    return tuple(found)


def cell_of(value: Decimal, cuts: tuple[Decimal, ...]) -> int:
    """Find the cell of one exact value.

    Parameters
    ----------
    value : Decimal
        Also an infinite one.
    cuts : tuple of Decimal
        Rising.

    Returns
    -------
    int
        Its cell.
    """
    return sum((value >= cut) + (value > cut) for cut in cuts)


def thresholds(cuts: Iterable[Decimal], expressed: Callable[[Decimal], Decimal]) -> Floats:
    """Turn cut-offs into doubles that a column can be compared with as it is.

    Parameters
    ----------
    cuts : iterable of Decimal
        In the score's unit, rising.
    expressed : callable
        From the column's unit to the score's, rising.

    Returns
    -------
    float array (2 * cuts,)
        For each cut-off the least double that reaches it, and the least beyond it. Cells are then
        ``searchsorted(thresholds, column, side="right")``.
    """
    found = []
    for cut in cuts:
        found.append(_least(lambda x, cut=cut: expressed(x) >= cut))  # type: ignore[misc]
        found.append(_least(lambda x, cut=cut: expressed(x) > cut))  # type: ignore[misc]
    return np.array(found, dtype=np.float64)


def _least(reached: Callable[[Decimal], bool]) -> float:
    """Find the least double whose written decimal meets a condition that then stays met."""
    low, high = _place(-_LARGEST), _place(_LARGEST)
    if not reached(Decimal(repr(_LARGEST))):
        return float("inf")
    while low < high:
        middle = (low + high) // 2
        if reached(Decimal(repr(_number(middle)))):
            high = middle
        else:
            low = middle + 1
    return _number(low)


def _place(number: float) -> int:
    """Number the doubles in their order."""
    (bits,) = struct.unpack("<q", struct.pack("<d", number))
    return int(bits) if bits >= 0 else -(bits & 0x7FFFFFFFFFFFFFFF)


def _number(place: int) -> float:
    (number,) = struct.unpack("<d", struct.pack("<q", abs(place)))
    return float(number) if place >= 0 else -float(number)


def cells_of(
    values: Twofold, cuts: tuple[Decimal, ...]
) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Find the cells of computed values.

    Parameters
    ----------
    values : Twofold
        Also infinite ones.
    cuts : tuple of Decimal
        Rising.

    Returns
    -------
    pair of arrays (n,)
        Cells, and where a value lies so near to a cut-off that its cell has to be found exactly.
    """
    shape = np.shape(values.high)
    cells = np.zeros(shape, dtype=np.intp)
    near = np.zeros(shape, dtype=np.bool_)
    for cut in cuts:
        exact = constant(cut)
        beyond = (values.high - exact.high) + (values.low - exact.low)
        # the second doubles themselves are held to 2**-53 of their size
        slack = values.error + (np.abs(values.low) + np.abs(exact.low)) * 2.0**-50
        cells += 2 * (beyond > 0)
        same = (beyond == 0) & (slack == 0)
        cells += same
        near |= ~(np.abs(beyond) > slack) & ~same
    return cells, near
