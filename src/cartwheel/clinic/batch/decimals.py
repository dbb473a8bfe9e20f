"""From doubles to the decimal numbers they are written as.

``1.1`` read from a sheet is a double next to 1.1; the decimal engine takes the 1.1 that was
written. What lies between the two is found here for whole arrays.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cartwheel.clinic.batch.twofold import Floats, Twofold, exact_product

_POWERS = np.array([float(10**power) for power in range(23)])  # exact as doubles up to here
_LEAST, _MOST = 1e-6, 1e15


def as_written(numbers: Floats) -> Twofold:
    """Find the shortest decimal that reads back as each double.

    Parameters
    ----------
    numbers : float array (n,)
        Finite; others are of no use.

    Returns
    -------
    Twofold
        ``Decimal(repr(x))`` for each. The bound is infinite outside 1e-6 to 1e15 in size.

    Notes
    -----
    A decimal of 15 digits or fewer that reads back is the only one of its length. Otherwise the
    nearest decimal of 16 digits that reads back is the shortest, else the nearest of 17.
    """
    size = np.abs(numbers)
    known = (size >= _LEAST) & (size < _MOST)
    safe = np.where(known, numbers, 1.0)
    places = 14 - _exponent(np.abs(safe))
    scale = _POWERS[places]
    whole = np.rint(safe * scale)
    product, lost = exact_product(safe, scale)
    rest = ((whole - product) - lost) / scale
    longer = np.flatnonzero(whole / scale != safe)
    if len(longer):
        rest[longer] = _longer(safe[longer], places[longer])
    usable = known | (numbers == 0)
    error = np.where(usable, 0.0, np.inf)
    return Twofold(numbers, np.where(known, rest, 0.0), error)


def _exponent(size: Floats) -> NDArray[np.intp]:
    """Power of ten of the first digit."""
    found = np.floor(np.log10(size)).astype(np.intp)
    # the logarithm may round up to the next power
    found -= size < _power(found)
    return found + (size >= _power(found + 1))


def _power(exponents: NDArray[np.intp]) -> Floats:
    steps = _POWERS[np.abs(exponents)]
    return np.where(exponents < 0, 1.0 / steps, steps)


def _longer(numbers: Floats, places: NDArray[np.intp]) -> Floats:
    found = _nearest(numbers, _POWERS[places + 1])
    seventeen = np.flatnonzero(numbers + found != numbers)
    found[seventeen] = _nearest(numbers[seventeen], _POWERS[places[seventeen] + 2])
    return found


def _nearest(numbers: Floats, scale: Floats) -> Floats:
    """Distance to the nearest multiple of ``1 / scale``."""
    product, lost = exact_product(numbers, scale)
    over = (product - np.rint(product)) + lost
    return (np.rint(over) - over) / scale
