"""Parts of a ROC curve: the area over a range, and one coordinate where the other is fixed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cartwheel.errors import NotEstimable, refuse
from cartwheel.stats.roc import RocCurve

Floats = NDArray[np.float64]

AXES = ("specificity", "sensitivity")

# shares of patients that differ by less are the same share, rounded in another order
SAME = 1e-12


@dataclass(frozen=True, slots=True)
class PartialAuc:
    """The area under part of a ROC curve.

    Parameters
    ----------
    area : float
        Between 0 and ``high - low``.
    corrected : float
        The same area between 0 and 1, McClish's correction: 0.5 for a score that tells nothing, 1
        for a perfect one; below 0.5 where the curve runs below the diagonal.
    axis : str
        ``specificity`` or ``sensitivity``: what the range is of.
    low, high : float
        The range.
    """

    area: float
    corrected: float
    axis: str
    low: float
    high: float


def partial_auc(
    curve: RocCurve, *, low: float, high: float = 1.0, axis: str = "specificity"
) -> PartialAuc:
    """Estimate the area under the part of a ROC curve that matters clinically.

    Use it where a test is only of use at high specificity (or sensitivity), and fix the range
    before looking. Its interval comes from resampling the patients.

    Parameters
    ----------
    curve : RocCurve
        From ``roc_curve``, with or without weights.
    low, high : float
        Range, 0 <= low < high <= 1.
    axis : {"specificity", "sensitivity"}
        Whether the range is of specificity (mean sensitivity over it) or of sensitivity.

    Returns
    -------
    PartialAuc
        Plain and corrected.

    Raises
    ------
    NotEstimable
        A range that is not 0 <= low < high <= 1, or an unknown axis.

    Notes
    -----
    Trapezoids under the empirical curve, cut at the limits by straight lines between its points.
    corrected = (1 + (area - least) / (most - least)) / 2 with most = high - low and
    least = ((1 - low)^2 - (1 - high)^2) / 2, the area under the diagonal. Agrees with R
    ``pROC::auc(partial.auc = , partial.auc.correct = )`` to 1e-8 relative.

    References
    ----------
    McClish DK 1989, doi 10.1177/0272989X8900900307.
    """
    if axis not in AXES:
        raise refuse(
            NotEstimable, "axis", f"unknown axis {axis!r}", mend="one of: specificity, sensitivity"
        )
    if not 0.0 <= low < high <= 1.0:
        raise refuse(
            NotEstimable,
            "range",
            f"the range {low:g} to {high:g} is not within 0 to 1",
            mend="low below high, both from 0 to 1",
        )
    along, across = _rising(curve, axis)
    inside = (along > low + SAME) & (along < high - SAME)
    # where the curve climbs upright at a limit, the side of the range is the one that counts
    first, last = _edge(along, across, low, "right"), _edge(along, across, high, "left")
    x = np.concatenate(([low], along[inside], [high]))
    y = np.concatenate(([first], across[inside], [last]))
    area = float(np.sum(np.diff(x) * (y[1:] + y[:-1])) / 2.0)
    least = ((1.0 - low) ** 2 - (1.0 - high) ** 2) / 2.0
    corrected = (1.0 + (area - least) / (high - low - least)) / 2.0
    return PartialAuc(area, corrected, axis, float(low), float(high))


def sensitivity_at_specificity(curve: RocCurve, specificity: float) -> float:
    """Read the sensitivity off a ROC curve where the specificity is fixed.

    Parameters
    ----------
    curve : RocCurve
        From ``roc_curve``.
    specificity : float
        In [0, 1]; fixed before looking.

    Returns
    -------
    float
        In [0, 1]: the largest at that specificity, on the straight line between two points of the
        curve where none has it. No single cut-off may reach a value between two points:
        ``cut_at_specificity`` gives one that does.

    Raises
    ------
    NotEstimable
        A specificity outside [0, 1].

    Notes
    -----
    Agrees with R ``pROC::coords(x, input = "specificity", ret = "sensitivity")`` to 1e-8 relative.

    References
    ----------
    Robin X et al. 2011, doi 10.1186/1471-2105-12-77.
    """
    return _read(curve, "specificity", specificity)


def specificity_at_sensitivity(curve: RocCurve, sensitivity: float) -> float:
    """Read the specificity off a ROC curve where the sensitivity is fixed.

    Parameters
    ----------
    curve : RocCurve
        From ``roc_curve``.
    sensitivity : float
        In [0, 1]; fixed before looking.

    Returns
    -------
    float
        In [0, 1], as ``sensitivity_at_specificity`` with the two exchanged.

    Raises
    ------
    NotEstimable
        A sensitivity outside [0, 1].
    """
    return _read(curve, "sensitivity", sensitivity)


def _read(curve: RocCurve, axis: str, at: float) -> float:
    if not 0.0 <= at <= 1.0:
        raise refuse(NotEstimable, "range", f"{axis} {at:g} is not in 0 to 1", where=axis)
    along, across = _rising(curve, axis)
    return _edge(along, across, at, "left")


def _rising(curve: RocCurve, axis: str) -> tuple[Floats, Floats]:
    """Give the axis of the range rising, and the other, which falls."""
    if axis == "specificity":
        return curve.specificity[::-1], curve.sensitivity[::-1]
    return curve.sensitivity, curve.specificity


def _edge(along: Floats, across: Floats, at: float, side: str) -> float:
    """Height of the curve at a limit: the upper end of an upright piece from the left side.

    Whichever side is asked for, a point of the curve that lies there is taken as it is.
    """
    left = int(np.searchsorted(along, at - SAME, "left"))
    right = int(np.searchsorted(along, at + SAME, "right"))
    if right > left:
        return float(across[left] if side == "left" else across[right - 1])
    share = (at - along[left - 1]) / (along[left] - along[left - 1])
    return float(across[left - 1] + share * (across[left] - across[left - 1]))
