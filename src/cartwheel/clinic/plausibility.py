"""Conversion to the canonical unit, and whether the values could be what they are said to be."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from cartwheel.clinic.dictionary import Variable
from cartwheel.clinic.faults import ColumnPlace
from cartwheel.errors import Problem


def converted(values: NDArray[np.float64], factor: Decimal) -> NDArray[np.float64]:
    """Multiply by an exact factor in decimal arithmetic on the shortest digits of each value.

    Parameters
    ----------
    values : float array (n,)
        NaN allowed.
    factor : Decimal
        Greater than 0.

    Returns
    -------
    float array (n,)
        The floats nearest to the decimal products: what a calculator gets from the digits written.
    """
    if factor == 1:
        return values
    finite = np.isfinite(values)
    distinct, back = np.unique(values[finite], return_inverse=True)
    products = np.array([float(Decimal(repr(value)) * factor) for value in distinct.tolist()])
    result = values.copy()
    result[finite] = products[back] if len(products) else products
    return result


def implausible(
    place: ColumnPlace, found: Variable, unit: str, values: NDArray[np.float64]
) -> list[Problem]:
    """List values outside the plausible range, and the units that they would fit.

    Parameters
    ----------
    place : ColumnPlace
        Column and first row.
    found : Variable
        With its plausible range.
    unit : str
        The unit the values were stated in.
    values : float array (n,)
        In the canonical unit; NaN where missing.

    Returns
    -------
    list of Problem
        One ``implausible`` at most.
    """
    low = -np.inf if found.low is None else float(found.low)
    high = np.inf if found.high is None else float(found.high)
    rows = (values < low) | (values > high)
    if not rows.any():
        return []
    count = int(rows.sum())
    shown = "" if found.dimensionless else f" {found.unit}"
    what = (
        f"{count} value{'s lie' if count > 1 else ' lies'} outside {found.low} to {found.high}"
        f"{shown}, the plausible range of {found.label}"
    )
    fits = _fitting_units(found, unit, values, rows, (low, high))
    mend = "correct or blank these cells"
    if fits:
        what += f"; would fit {' or '.join(fits)}"
        mend = f"if they are in {fits[0]}, say it: --unit {place.flag(fits[0])}; else " + mend
    return [Problem("implausible", what, place.where(rows), mend)]


def _fitting_units(
    found: Variable,
    unit: str,
    values: NDArray[np.float64],
    rows: NDArray[np.bool_],
    limits: tuple[float, float],
) -> list[str]:
    """Other accepted units under which the median, where it is implausible now, would not be."""
    low, high = limits
    middle = float(np.nanmedian(values))
    if low <= middle <= high:
        middle = float(np.median(values[rows]))
    here = found.units[unit]
    ratios = {other: float(factor / here) for other, factor in found.units.items()}
    return [
        other for other, ratio in ratios.items() if ratio != 1.0 and low <= middle * ratio <= high
    ]
