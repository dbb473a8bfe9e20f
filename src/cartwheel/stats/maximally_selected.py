"""P-values of a cut-off found by search: bounds and approximations in closed form."""

from __future__ import annotations

from math import exp, log, pi, sqrt

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr

from cartwheel.errors import NotEstimable, refuse
from cartwheel.stats.descriptive import finite_column


def lausen_schumacher_p(
    statistic: float, min_fraction: float = 0.1, max_fraction: float = 0.9
) -> float:
    """Approximate the p-value of a maximally selected statistic (1992 formula).

    For a marker with many distinct values. A permutation test (``permutation_p``) needs no
    approximation.

    Parameters
    ----------
    statistic : float
        Largest standardised statistic; its sign is ignored.
    min_fraction, max_fraction : float
        Fractions of patients at or below the first and last cut searched, 0 < min < max < 1.

    Returns
    -------
    float
        In [0, 1]; 1 for a statistic below 1, where the approximation does not hold.

    Raises
    ------
    NotEstimable
        Fractions that are not 0 < min < max < 1, or a statistic not finite.

    Notes
    -----
    phi(b) (b - 1/b) log(max (1 - min) / ((1 - max) min)) + 4 phi(b) / b, from a Brownian bridge.
    Agrees with R ``maxstat`` (pmethod "Lau92") to 1e-8 relative.

    References
    ----------
    Lausen B, Schumacher M 1992, doi 10.2307/2532740. Miller R, Siegmund D 1982,
    doi 10.2307/2529881.
    """
    if not 0.0 < min_fraction < max_fraction < 1.0:
        raise refuse(NotEstimable, "fraction", "the fractions must be 0 < smallest < largest < 1")
    b = float(abs(finite_column([statistic], "statistic")[0]))
    if b < 1.0:
        return 1.0
    density = exp(-b * b / 2.0) / sqrt(2.0 * pi)
    span = log(max_fraction * (1.0 - min_fraction) / ((1.0 - max_fraction) * min_fraction))
    return min(1.0, 4.0 * density / b + density * (b - 1.0 / b) * span)


def lausen_schumacher_improved_p(statistic: float, group_sizes: ArrayLike, n: int) -> float:
    """Approximate the p-value of a maximally selected statistic by an improved Bonferroni bound.

    Uses the cuts that were really looked at, so it also serves markers with few distinct values.

    Parameters
    ----------
    statistic : float
        Largest standardised statistic; its sign is ignored.
    group_sizes : array_like of int (k,)
        Patients at or below each candidate cut, rising, between 1 and n - 1:
        ``candidate_cuts(marker, ...).group_sizes``.
    n : int
        Patients.

    Returns
    -------
    float
        In [0, 1].

    Raises
    ------
    NotEstimable
        No candidate, sizes that do not rise or lie outside 1..n-1, or a statistic not finite.

    Notes
    -----
    2 (1 - Phi(b)) + sum exp(-b^2/2) / pi (t - (b^2/4 - 1) t^3 / 6),
    t = sqrt(1 - m1 (n - m2) / ((n - m1) m2)) over neighbouring sizes m1 < m2. Agrees with R
    ``maxstat`` (pmethod "Lau94") to 1e-8 relative or 2.3e-16 absolute: R forms the tail as 1 minus
    a number near 1 and loses it where it is smaller than that.

    References
    ----------
    Lausen B, Sauerbrei W, Schumacher M 1994, in Computational Statistics (Physica), 483-496.
    Worsley KJ 1983, doi 10.1093/biomet/70.3.455.
    """
    sizes = finite_column(group_sizes, "group_sizes")
    if sizes[0] < 1 or sizes[-1] > n - 1 or (np.diff(sizes) <= 0).any():
        raise refuse(NotEstimable, "group_sizes", "the group sizes must rise between 1 and n - 1")
    b = float(abs(finite_column([statistic], "statistic")[0]))
    first, second = sizes[:-1], sizes[1:]
    t = np.sqrt(1.0 - first * (n - second) / ((n - first) * second))
    steps = float(np.sum(t - (b * b / 4.0 - 1.0) * t**3 / 6.0))
    bound = 2.0 * float(ndtr(-b)) + exp(-b * b / 2.0) / pi * steps
    return min(1.0, max(0.0, bound))
