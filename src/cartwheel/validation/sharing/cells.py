"""Small cells: which counts may be told, and how finely a measure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

_FINEST = 1e-4
_PARTS_OF_ERROR = 5.0


def withheld_rows(
    counts: Sequence[Sequence[int]], cell: int, besides: Iterable[int] = ()
) -> set[int]:
    """Choose the rows of a table that are not told.

    Parameters
    ----------
    counts : sequence of sequences of int
        One row a group: such as patients with and without the event. Sums over the rows are known.
    cell : int
        Smallest count that may be told.
    besides : iterable of int
        Rows withheld for another reason.

    Returns
    -------
    set of int
        Rows with a smaller count (0 is smaller too). Where a row is withheld at least two are, and
        they hold at least ``cell`` patients of each kind together, so that no row follows from the
        sums; the rows with the fewest patients go first. All rows, if need be.
    """
    rows = [tuple(row) for row in counts]
    found = {place for place, row in enumerate(rows) if min(row, default=0) < cell}
    found |= set(besides)
    left = sorted(set(range(len(rows))) - found, key=lambda place: (sum(rows[place]), place))
    while found and left and not _covered(rows, found, cell):
        found.add(left.pop(0))
    return found


def _covered(rows: Sequence[Sequence[int]], found: set[int], cell: int) -> bool:
    sums = [sum(rows[place][kind] for place in found) for kind in range(len(rows[0]))]
    return len(found) > 1 and min(sums) >= cell


def rounded(value: float | None, digits: int) -> float | None:
    """Round a number that may be missing; minus zero is zero.

    Parameters
    ----------
    value : float or None
        Finite.
    digits : int
        After the point.

    Returns
    -------
    float or None
    """
    return None if value is None else round(value, digits) + 0.0


def step_of(error: float | None, *, coarse: bool = False) -> float:
    """Choose how finely a measure is told: to about a fifth of its standard error.

    Parameters
    ----------
    error : float or None
        Standard error on the scale on which the measure is rounded; None where there is none.
    coarse : bool
        To about the whole of it.

    Returns
    -------
    float
        1, 2 or 5 times a power of ten, at most a fifth of the error (coarse: the error) and at
        least 0.0001; 0.01 (coarse: 0.05) where the error is not known or 0.

    Notes
    -----
    Rounding adds at most 0.4 % to the variance, coarse 8 %. Finer digits say little of the score,
    but with four of them the number of patients at each value of a points score can be solved for.
    """
    if error is None or not error > 0.0:
        return 0.05 if coarse else 0.01
    wanted = error / (1.0 if coarse else _PARTS_OF_ERROR)
    power = 10.0 ** math.floor(math.log10(wanted))
    # a quotient that is a rounding below 2 or 5 is that number
    factor = max(each for each in (1, 2, 5) if each * power <= wanted * (1.0 + 1e-9) or each == 1)
    return max(_FINEST, factor * power)


def in_steps(value: float | None, step: float) -> float | None:
    """Round to whole steps.

    Parameters
    ----------
    value : float or None
        Finite.
    step : float
        As ``step_of`` gives it.

    Returns
    -------
    float or None
    """
    return None if value is None else round(round(value / step) * step, 10) + 0.0


def in_figures(value: float | None, figures: int) -> float | None:
    """Round to significant figures.

    Parameters
    ----------
    value : float or None
        Finite, >= 0.
    figures : int
        How many, at least 1.

    Returns
    -------
    float or None
    """
    return None if value is None else float(f"{value:.{figures - 1}e}")


def not_below(error: float | None) -> float | None:
    """Round a standard error up to one of five numbers a power of ten.

    Parameters
    ----------
    error : float or None
        Finite, >= 0.

    Returns
    -------
    float or None
        At most 1.6 times what it was: a pool gives the centre less weight, never more.
    """
    if error is None or error <= 0.0:
        return None
    power = 10.0 ** math.floor(math.log10(error))
    steps = (1.0, 1.6, 2.5, 4.0, 6.3, 10.0)
    return next(round(each * power, 10) for each in steps if each * power >= error * (1.0 - 1e-9))
