"""A candidate predictor as analysed: its values in one unit, its day.

And what the plan says of it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cartwheel.development.planning.plan import CutoffPlan
from cartwheel.errors import NotEstimable
from cartwheel.stats.spline import restricted_cubic_spline, spline_knots

Floats = NDArray[np.float64]

SPLINE_KNOTS = {"rcs3": 3, "rcs4": 4, "rcs5": 5}


@dataclass(frozen=True, slots=True)
class Predictor:
    """One candidate in the patients analysed.

    Parameters
    ----------
    column, label, unit : str
        Column of the cohort (or derived ratio), reader's name, unit of ``values``.
    variable : str or None
        Name in the variable dictionary.
    day : float or None
        Day of measurement.
    values : float array (n,)
        In ``unit``; nan where missing, which is only where predictors are to be imputed.
    direction : str or None
        ``high`` or ``low`` is adverse.
    transform : str
        none, log2, sqrt, rcs3, rcs4, rcs5.
    cutoff : CutoffPlan or None
        As planned.
    steps : tuple of float or None
        Edges of the score card's ranges.
    ratio : tuple of (str, str) or None
        Numerator and denominator columns of a derived ratio.
    """

    column: str
    label: str
    unit: str
    variable: str | None
    day: float | None
    values: Floats
    direction: str | None
    transform: str
    cutoff: CutoffPlan | None
    steps: tuple[float, ...] | None
    ratio: tuple[str, str] | None = None

    @property
    def known(self) -> NDArray[np.bool_]:
        """Where the value is there; (n,)."""
        return np.isfinite(self.values)

    @property
    def distinct_values(self) -> Floats:
        """The different values, rising."""
        return np.unique(self.values[self.known])

    @property
    def distinct(self) -> int:
        """Number of different values."""
        return len(self.distinct_values)


def design_width(transform: str, distinct: int) -> int:
    """Columns that a predictor takes in a regression: its parameters.

    Parameters
    ----------
    transform : str
        none, log2, sqrt, rcs3, rcs4, rcs5.
    distinct : int
        Number of its different values.

    Returns
    -------
    int
        Knots less one for a spline, else 1; always 1 for a yes/no.
    """
    if distinct <= 2:
        return 1
    return SPLINE_KNOTS.get(transform, 2) - 1


def design_knots(values: Floats, transform: str, multiplicity: Floats | None) -> Floats | None:
    """Place the knots of a spline in a sample.

    Parameters
    ----------
    values : float array (n,)
        In the predictor's unit.
    transform : str
        As in ``design_columns``.
    multiplicity : float array (n,), optional
        The sample.

    Returns
    -------
    float array (k,) or None
        None for what is no spline, and where the sample has too few distinct values for three.
    """
    if transform not in SPLINE_KNOTS:
        return None
    try:
        return spline_knots(values, SPLINE_KNOTS[transform], multiplicity)
    except NotEstimable:
        return None


def columns_at(values: Floats, transform: str, knots: Floats | None) -> Floats:
    """Transform a predictor for regression, with the knots of a spline given.

    Parameters
    ----------
    values : float array (n,)
        As in ``design_columns``.
    transform : str
        As in ``design_columns``.
    knots : float array (k,) or None
        Of a spline; None makes it a straight line.

    Returns
    -------
    float array (n, k)
    """
    if transform == "log2":
        return np.log2(values)[:, None]
    if transform == "sqrt":
        return np.sqrt(values)[:, None]
    return values[:, None] if knots is None else restricted_cubic_spline(values, knots)


def design_columns(
    values: Floats, transform: str, multiplicity: Floats | None = None
) -> tuple[Floats, Floats | None]:
    """Transform a predictor for regression.

    Parameters
    ----------
    values : float array (n,)
        In the predictor's unit; > 0 for log2, >= 0 for sqrt (checked when the cohort is read).
    transform : str
        none, log2, sqrt, rcs3, rcs4, rcs5.
    multiplicity : float array (n,), optional
        The sample in which spline knots are placed.

    Returns
    -------
    tuple of (float array (n, k), knots or None)
        A spline whose sample has too few distinct values for three knots becomes a straight line.
    """
    knots = design_knots(values, transform, multiplicity)
    return columns_at(values, transform, knots), knots
