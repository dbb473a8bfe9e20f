"""Arrays of numbers to about 31 digits, each with a bound on its error.

The decimal engine works with 34 digits. Two doubles hold 31, fast; the bound tells where that may
not be enough to give the same double or the same side of a cut-off, and those rows are left to the
engine itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]

_SPLITTER = 134217729.0  # 2**27 + 1 divides a double into halves of 26 bits
_ROUNDED = 2.0**-50  # what is lost below the second double, with a margin of 8
_FAINT = 1e-250  # below it the second double of a product underflows


@dataclass(frozen=True, slots=True)
class Twofold:
    """Numbers as the unevaluated sum of two doubles.

    Parameters
    ----------
    high : float array (n,)
        The number rounded to a double.
    low : float array (n,)
        What is left.
    error : float array (n,)
        The true number lies no further than this from ``high + low``.
    """

    high: Floats
    low: Floats
    error: Floats

    @property
    def certain(self) -> NDArray[np.bool_]:
        """Where the true number rounds to ``high``."""
        return np.asarray(
            (self.high + (self.low + self.error) == self.high)
            & (self.high + (self.low - self.error) == self.high)
        )

    def take(self, rows: NDArray[np.intp]) -> Twofold:
        """Give some of the rows; constants stay constants."""
        return self if self.high.ndim == 0 else Twofold(*(part[rows] for part in self._parts()))

    def _parts(self) -> tuple[Floats, Floats, Floats]:
        return self.high, self.low, self.error


def constant(number: Decimal | int) -> Twofold:
    """Give a decimal number as an array without axes.

    Parameters
    ----------
    number : Decimal or int
        Finite, or infinite.

    Returns
    -------
    Twofold
        What the second double does not hold is covered by the bounds of later steps.
    """
    exact = Decimal(number)
    high = float(exact)
    low = float(exact - Decimal(high)) if exact.is_finite() else 0.0
    return Twofold(np.asarray(high), np.asarray(low), np.asarray(0.0))


def table(numbers: Iterable[Decimal]) -> Twofold:
    """Give decimal numbers as one array.

    Parameters
    ----------
    numbers : iterable of Decimal
        Finite.

    Returns
    -------
    Twofold
        One entry a number.
    """
    parts = [constant(number) for number in numbers]
    high = np.array([float(part.high) for part in parts])
    low = np.array([float(part.low) for part in parts])
    return Twofold(high, low, np.zeros(len(parts)))


def exact_product(first: Floats, second: Floats) -> tuple[Floats, Floats]:
    """Multiply doubles without error: product and what its rounding lost.

    Parameters
    ----------
    first, second : float array (n,)
        Below 1e300 in size.

    Returns
    -------
    pair of float array
        ``first * second`` is exactly their sum.
    """
    product = first * second
    first_top = _SPLITTER * first
    first_top = first_top - (first_top - first)
    second_top = _SPLITTER * second
    second_top = second_top - (second_top - second)
    first_rest, second_rest = first - first_top, second - second_top
    lost = (
        (first_top * second_top - product) + first_top * second_rest + first_rest * second_top
    ) + first_rest * second_rest
    return product, lost


def _settled(
    high: Floats, low: Floats, error: Floats, *, faint: NDArray[np.bool_] | None = None
) -> Twofold:
    """Bring the two doubles into form: the first is the rounded sum."""
    top = high + low
    rest = low - (top - high)
    if faint is not None:
        error = np.where(faint, np.inf, error)
    return Twofold(top, rest, np.asarray(error))


def add(first: Twofold, second: Twofold) -> Twofold:
    """Add.

    Parameters
    ----------
    first, second : Twofold
        Of one length, or constants.

    Returns
    -------
    Twofold
        Without error where both are whole numbers.
    """
    total = first.high + second.high
    back = total - first.high
    lost = (first.high - (total - back)) + (second.high - back)
    rest = lost + (first.low + second.low)
    size = np.abs(first.low) + np.abs(second.low) + np.abs(rest)
    return _settled(total, rest, first.error + second.error + _ROUNDED * size)


def subtract(first: Twofold, second: Twofold) -> Twofold:
    """Subtract.

    Parameters
    ----------
    first, second : Twofold
        Of one length, or constants.

    Returns
    -------
    Twofold
        ``first - second``.
    """
    return add(first, Twofold(-second.high, -second.low, second.error))


def multiply(first: Twofold, second: Twofold) -> Twofold:
    """Multiply.

    Parameters
    ----------
    first, second : Twofold
        Of one length, or constants.

    Returns
    -------
    Twofold
        ``first * second``; the bound is infinite where the second double underflows.
    """
    product, lost = exact_product(first.high, second.high)
    across, down = first.high * second.low, first.low * second.high
    rest = lost + (across + down)
    error = (
        _ROUNDED * (np.abs(across) + np.abs(down) + np.abs(rest))
        + np.abs(first.low * second.low)
        + np.abs(first.high) * second.error
        + np.abs(second.high) * first.error
    )
    faint = (np.abs(product) < _FAINT) & (first.high != 0) & (second.high != 0)
    return _settled(product, rest, error, faint=np.asarray(faint))


def divide(first: Twofold, second: Twofold) -> Twofold:
    """Divide.

    Parameters
    ----------
    first, second : Twofold
        Of one length, or constants; where the divisor is 0 the quotient is of no use.

    Returns
    -------
    Twofold
        ``first / second``.
    """
    quotient = first.high / second.high
    product, lost = exact_product(quotient, second.high)
    down = quotient * second.low
    rest = ((first.high - product) - lost + first.low - down) / second.high
    by = np.abs(second.high)
    error = (
        _ROUNDED * (np.abs(rest) + (np.abs(first.low) + np.abs(down)) / by)
        + (first.error + np.abs(quotient) * second.error) / by
    )
    faint = (np.abs(quotient) < _FAINT) & (first.high != 0)
    return _settled(quotient, rest, error, faint=np.asarray(faint))


def root(number: Twofold) -> Twofold:
    """Take square roots.

    Parameters
    ----------
    number : Twofold
        Not below 0.

    Returns
    -------
    Twofold
        The roots.
    """
    first = np.sqrt(number.high)
    product, lost = exact_product(first, first)
    double = np.where(first == 0, 1.0, 2 * first)
    rest = ((number.high - product) - lost + number.low) / double
    error = (
        _ROUNDED * (np.abs(rest) + np.abs(number.low) / double)
        + 2 * rest * rest / double
        + number.error / double
    )
    return _settled(first, rest, error)


def whole_power(number: Twofold, exponent: int) -> Twofold:
    """Raise to a whole power.

    Parameters
    ----------
    number : Twofold
        Any numbers.
    exponent : int
        1 to 20.

    Returns
    -------
    Twofold
        By repeated multiplication.
    """
    found = number
    for _ in range(exponent - 1):
        found = multiply(found, number)
    return found


def choose(first_rows: NDArray[np.bool_], first: Twofold, second: Twofold) -> Twofold:
    """Take each row from one of two.

    Parameters
    ----------
    first_rows : bool array (n,)
        Which rows come from the first.
    first, second : Twofold
        Of one length, or constants.

    Returns
    -------
    Twofold
        Row by row.
    """
    return Twofold(
        np.where(first_rows, first.high, second.high),
        np.where(first_rows, first.low, second.low),
        np.where(first_rows, first.error, second.error),
    )
