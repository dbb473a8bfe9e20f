"""What a number in print must be before it is converted; refusals name the number."""

from __future__ import annotations

import math

from cartwheel.errors import NotEstimable, refuse


def finite_numbers(**numbers: float) -> None:
    """Refuse what is missing or infinite, by name.

    Parameters
    ----------
    **numbers : float
        By name.

    Raises
    ------
    NotEstimable
        ``not_finite``.
    """
    wrong = [name for name, value in numbers.items() if not math.isfinite(value)]
    if wrong:
        raise refuse(
            NotEstimable, "not_finite", "a number is missing or infinite", where=", ".join(wrong)
        )


def positive_numbers(**numbers: float) -> None:
    """Refuse what is not above 0, by name.

    Parameters
    ----------
    **numbers : float
        By name.

    Raises
    ------
    NotEstimable
        ``not_finite`` or ``not_positive``.
    """
    finite_numbers(**numbers)
    wrong = [name for name, value in numbers.items() if value <= 0.0]
    if wrong:
        raise refuse(
            NotEstimable,
            "not_positive",
            "a number that must be above 0 is not",
            where=", ".join(wrong),
            mend="check for a sign, or a difference typed as a ratio",
        )


def ordered_interval(value: float, low: float, high: float) -> None:
    """Refuse an interval without width, or one that does not hold its estimate.

    Parameters
    ----------
    value, low, high : float
        Estimate and limits.

    Raises
    ------
    NotEstimable
        ``interval_order`` or ``estimate_outside_interval``.
    """
    if not low < high:
        raise refuse(NotEstimable, "interval_order", f"the interval runs from {low:g} to {high:g}")
    if not low <= value <= high:
        raise refuse(
            NotEstimable,
            "estimate_outside_interval",
            f"{value:g} does not lie in its interval {low:g} to {high:g}",
            mend="one of the three is a misprint: look it up",
        )
