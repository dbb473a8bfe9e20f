"""Predictors of a Cox model, checked, sorted, centred and scaled for the kernels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from cartwheel.errors import NotEstimable, refuse
from cartwheel.stats.columns import float_array, refuse_vast
from cartwheel.stats.risk_sets import RiskSets
from cartwheel.stats.times import Floats

# below this the square of a scale, and with it a variance, is lost
TINY = 1e-75


@dataclass(frozen=True, slots=True, eq=False)
class SortedDesign:
    """Rows in the order of the risk sets; columns centred, and divided by their mean deviation.

    Parameters
    ----------
    x : float array (n, p), C-contiguous
        (column - centre) / scale.
    centre, scale : float arrays (p,)
        Weighted mean, and weighted mean absolute deviation (1 where that is 0).
    weight, offset : float arrays (n,)
        In sorted order; the offset less its weighted mean.
    offset_centre : float
        That mean.
    """

    x: Floats
    centre: Floats
    scale: Floats
    weight: Floats
    offset: Floats
    offset_centre: float

    @property
    def constant(self) -> tuple[int, ...]:
        """Columns that have one value throughout."""
        return tuple(int(j) for j in np.flatnonzero(np.ptp(self.x, axis=0) == 0.0))


def design_matrix(x: ArrayLike, n: int) -> Floats:
    """View predictors as a finite float array of n rows.

    Parameters
    ----------
    x : array (n, p) or (n,)
        Predictors.
    n : int
        Rows that there must be.

    Returns
    -------
    float array (n, p)

    Raises
    ------
    NotEstimable
        Another shape, no column, or values missing or infinite.
    """
    design = shaped(x, n)
    check_finite(design)
    return design


def shaped(x: ArrayLike, n: int) -> Floats:
    """View predictors as a float array of n rows, finite or not.

    Parameters
    ----------
    x : array (n, p) or (n,)
        Predictors.
    n : int
        Rows that there must be.

    Returns
    -------
    float array (n, p)

    Raises
    ------
    NotEstimable
        Another shape, no column, or what is no number.
    """
    design = float_array(x, "x")
    if design.ndim == 1:
        design = design[:, None]
    if design.ndim != 2 or design.shape[0] != n or design.shape[1] == 0:
        raise refuse(
            NotEstimable,
            "design_shape",
            f"the predictors have shape {design.shape}; {n} rows and at least one column are "
            "needed",
            where="x",
        )
    return design


def check_finite(design: Floats) -> None:
    """Refuse predictors that are missing, infinite, or beyond 1e60.

    Parameters
    ----------
    design : float array (n, p)
        Predictors.

    Raises
    ------
    NotEstimable
        ``design_missing`` or ``vast``.
    """
    if not np.isfinite(design).all():
        raise refuse(
            NotEstimable,
            "design_missing",
            "predictors hold missing or infinite values",
            where="x",
            mend="leave these patients out, or impute",
        )
    refuse_vast(design, "x")


def refuse_tiny(spread: Floats) -> None:
    """Refuse columns that vary, but by so little that the square of it is no number.

    Parameters
    ----------
    spread : float array (p,), >= 0
        Range or mean deviation of each column.

    Raises
    ------
    NotEstimable
        ``tiny``.
    """
    if ((spread > 0.0) & (spread < TINY)).any():
        raise refuse(
            NotEstimable,
            "tiny",
            f"a column varies by less than {TINY:g}, where arithmetic ends",
            where="x",
            mend="choose a larger unit",
        )


def column_labels(p: int, names: Sequence[str] | None) -> tuple[str, ...]:
    """Names of the columns for refusals.

    Parameters
    ----------
    p : int
        Number of columns.
    names : sequence of p str, or None
        Given names.

    Returns
    -------
    tuple of str
        Those, or ``column 1``, ``column 2``, ...

    Raises
    ------
    NotEstimable
        Another number of names.
    """
    if names is None:
        return tuple(f"column {index + 1}" for index in range(p))
    if len(names) != p:
        raise refuse(
            NotEstimable, "names_shape", f"{len(names)} names for {p} columns", where="names"
        )
    return tuple(names)


def sorted_design(sets: RiskSets, design: Floats, offset: ArrayLike | None) -> SortedDesign:
    """Sort, centre and scale predictors.

    Parameters
    ----------
    sets : RiskSets
        The rows.
    design : float array (n, p)
        From ``design_matrix``.
    offset : array (n,), or None
        Added to each row's linear predictor.

    Returns
    -------
    SortedDesign

    Raises
    ------
    NotEstimable
        An offset of another length, missing or infinite; ``tiny`` columns.
    """
    weight = sets.weight[sets.order]
    shift, middle = np.zeros(sets.n), 0.0
    if offset is not None:
        given = float_array(offset, "offset")
        if given.shape != (sets.n,) or not np.isfinite(given).all():
            raise refuse(
                NotEstimable,
                "offset_invalid",
                "offsets must be finite, one a row",
                where="offset",
            )
        shift = given[sets.order]
        middle = float(weight @ shift / weight.sum())
        shift = shift - middle
    x = np.ascontiguousarray(design[sets.order])
    share = weight / weight.sum()
    centre = share @ x
    x -= centre
    scale = share @ np.abs(x)
    # a deviation of rounding only is none
    scale[~(scale > 1e-13 * np.abs(centre))] = 0.0
    refuse_tiny(scale)
    x[:, scale == 0.0] = 0.0
    scale[scale == 0.0] = 1.0
    x /= scale
    return SortedDesign(x, centre, scale, weight, shift, middle)
