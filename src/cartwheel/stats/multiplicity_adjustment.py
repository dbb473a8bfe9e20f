"""Adjust p-values for the number of tests, as R's ``p.adjust``."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cartwheel.errors import NotEstimable, refuse
from cartwheel.stats.columns import raw_array
from cartwheel.stats.descriptive import finite_column

Floats = NDArray[np.float64]


def _p_values(p_values: ArrayLike) -> Floats:
    """Check that these are p-values; none at all is no fault."""
    if not raw_array(p_values, "p_values").size:
        return np.empty(0)
    p = finite_column(p_values, "p_values")
    if p.min() < 0.0 or p.max() > 1.0:
        raise refuse(NotEstimable, "p_value", "a p-value outside 0 to 1", where="p_values")
    return p


def bonferroni(p_values: ArrayLike) -> Floats:
    """Adjust p-values by Bonferroni's method: any error among all tests, the simplest control.

    Parameters
    ----------
    p_values : array_like (k,)
        In [0, 1].

    Returns
    -------
    float array (k,)
        min(1, k p), in the order given.

    Raises
    ------
    NotEstimable
        A p-value missing or outside [0, 1].

    Notes
    -----
    Agrees with R ``p.adjust(method = "bonferroni")`` to rounding.

    References
    ----------
    Dunn OJ 1961, doi 10.1080/01621459.1961.10482090.
    """
    p = _p_values(p_values)
    adjusted: Floats = np.minimum(1.0, p.size * p)
    return adjusted


def holm(p_values: ArrayLike) -> Floats:
    """Adjust p-values by Holm's method: any error among all tests, never weaker than Bonferroni.

    Parameters
    ----------
    p_values : array_like (k,)
        In [0, 1].

    Returns
    -------
    float array (k,)
        Adjusted p-values in the order given.

    Raises
    ------
    NotEstimable
        A p-value missing or outside [0, 1].

    Notes
    -----
    The i-th smallest is max over j <= i of (k - j + 1) p_(j), at most 1. Agrees with R
    ``p.adjust(method = "holm")`` to rounding.

    References
    ----------
    Holm S 1979, Scandinavian Journal of Statistics 6:65-70.
    """
    p = _p_values(p_values)
    order = np.argsort(p, kind="stable")
    steps = np.maximum.accumulate(np.arange(p.size, 0, -1) * p[order])
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(1.0, steps)
    return adjusted


def benjamini_hochberg(p_values: ArrayLike) -> Floats:
    """Adjust p-values by Benjamini and Hochberg's method: the share of false discoveries.

    Parameters
    ----------
    p_values : array_like (k,)
        In [0, 1].

    Returns
    -------
    float array (k,)
        Adjusted p-values in the order given.

    Raises
    ------
    NotEstimable
        A p-value missing or outside [0, 1].

    Notes
    -----
    The i-th smallest is min over j >= i of k p_(j) / j, at most 1. Valid for independent or
    positively dependent tests. Agrees with R ``p.adjust(method = "BH")`` to rounding.

    References
    ----------
    Benjamini Y, Hochberg Y 1995, doi 10.1111/j.2517-6161.1995.tb02031.x.
    """
    p = _p_values(p_values)
    order = np.argsort(p, kind="stable")[::-1]
    steps = np.minimum.accumulate(p.size / np.arange(p.size, 0, -1) * p[order])
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(1.0, steps)
    return adjusted
