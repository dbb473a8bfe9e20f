"""P-value of a maximally selected statistic from the joint normal distribution of all its cuts."""

from __future__ import annotations

from math import ceil

import numpy as np
from numpy.typing import ArrayLike

from cartwheel.errors import NotEstimable, refuse
from cartwheel.stats.descriptive import finite_column
from cartwheel.stats.kernels import _gauss_crossing

# nodes of a panel, and its width in standard deviations of the narrowest step: together they
# integrate a normal density to rounding
PANEL_NODES = 16
PANEL_WIDTH = 4.0
# evaluations of a density that take some twenty seconds
MOST_WORK = 3e9


def gaussian_p(statistic: float, group_sizes: ArrayLike, n: int) -> float:
    """Approximate the p-value of a maximally selected statistic by a Gaussian sequence.

    Uses the correlation between all cuts that were looked at, so it is closer than the bounds
    (``lausen_schumacher_improved_p``), and it needs no permutations. The normal approximation
    itself fails in small groups: there use ``permutation_p`` or ``hothorn_lausen_p``.

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
        No candidate, sizes that do not rise or lie outside 1..n-1, a statistic not finite;
        ``too_many_cuts`` where the integration would take minutes (all cuts of some 25,000
        patients).

    Notes
    -----
    P(max |X_i| >= b), X normal with corr(X_i, X_j) = sqrt(m_i (n - m_j) / ((n - m_i) m_j)) for
    sizes m_i < m_j. Such a sequence is a Markov chain, so the k-fold integral is k integrals over
    one variable; they are done by Gauss-Legendre panels, to 1e-10 relative for any p. R ``maxstat``
    (pmethod "exactGauss") has the same integral by quasi-Monte Carlo; agrees within its error.

    References
    ----------
    Hothorn T, Lausen B 2003, doi 10.1016/S0167-9473(02)00225-6. Genz A 1992,
    doi 10.1080/10618600.1992.10477010.
    """
    sizes = finite_column(group_sizes, "group_sizes")
    if sizes[0] < 1 or sizes[-1] > n - 1 or (np.diff(sizes) <= 0).any():
        raise refuse(NotEstimable, "group_sizes", "the group sizes must rise between 1 and n - 1")
    b = float(abs(finite_column([statistic], "statistic")[0]))
    if b == 0.0:
        return 1.0
    first, second = sizes[:-1], sizes[1:]
    correlation = np.sqrt(first * (n - second) / ((n - first) * second))
    # 1 - r^2 without the cancellation of two numbers near 1
    narrowest = np.sqrt(n * (second - first) / ((n - first) * second)).min(initial=1.0)
    panels = max(4, ceil(2.0 * b / (PANEL_WIDTH * float(narrowest))))
    # a step reaches 9 standard deviations to either side
    work = panels * PANEL_NODES * correlation.size * 18.0 / PANEL_WIDTH * PANEL_NODES
    if work > MOST_WORK:
        raise refuse(
            NotEstimable,
            "too_many_cuts",
            f"{sizes.size} cuts are too many to integrate over",
            mend="use permutation_p, or the bound lausen_schumacher_improved_p",
        )
    unit, unit_weights = np.polynomial.legendre.leggauss(PANEL_NODES)
    edges = np.linspace(-b, b, panels + 1)
    half = b / panels
    nodes = (edges[:-1, None] + half * (unit + 1.0)).ravel()
    weights = np.tile(half * unit_weights, panels)
    room = np.empty((2, nodes.size))
    p = _gauss_crossing.crossing(nodes, weights, correlation, room[0], room[1], b)
    return min(1.0, p)
