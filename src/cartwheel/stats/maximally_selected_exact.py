"""P-value of a maximally selected rank statistic from its exact permutation distribution."""

from __future__ import annotations

from math import lgamma

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cartwheel.errors import NotEstimable, refuse
from cartwheel.stats.descriptive import finite_column

Floats = NDArray[np.float64]
_LARGEST_SCORE = 1e15
Integers = NDArray[np.int64]

# numbers in the table of group size by sum of scores, 400 MB
MOST_CELLS = 5e7
SAME = 1e-9


def integer_scores(scores: ArrayLike) -> Integers:
    """Map scores to whole numbers from 0, for the exact distribution of their sums.

    Parameters
    ----------
    scores : array_like (n,)
        Any scores, nothing missing.

    Returns
    -------
    int64 array (n,)
        Whole scores moved to begin at 0; scores in halves (midranks) doubled first; others
        stretched to 0..n and rounded, halves to even.

    Raises
    ------
    NotEstimable
        All scores equal, or one not finite.

    References
    ----------
    Hothorn T, Lausen B 2003, doi 10.1016/S0167-9473(02)00225-6.
    """
    column = finite_column(scores, "scores")
    if not column.max() > column.min():
        raise refuse(NotEstimable, "no_cut", "all scores are equal")
    if max(abs(float(column.min())), abs(float(column.max()))) > _LARGEST_SCORE:
        raise refuse(NotEstimable, "vast", "scores beyond 10^15 are no longer exact whole numbers")
    for factor in (1.0, 2.0):
        if (factor * column == np.floor(factor * column)).all():
            whole = factor * column
            lowest: Integers = (whole - whole.min()).astype(np.int64)
            return lowest
    lifted = column - column.min()
    stretched: Integers = np.rint(lifted * column.size / lifted.max()).astype(np.int64)
    return stretched


def hothorn_lausen_p(
    statistic: float, scores: ArrayLike, group_sizes: ArrayLike, *, convention: str = "bound"
) -> float:
    """Bound the p-value of a maximally selected rank statistic by exact permutation probabilities.

    For small samples: no normal approximation. The bound counts a permutation again at a later cut
    only where it need not have exceeded at the cut before.

    Parameters
    ----------
    statistic : float
        Largest standardised statistic of these whole scores (``best_log_rank_cut`` on
        ``integer_scores``); its sign is ignored.
    scores : array_like (n,)
        Whole numbers: ``integer_scores``.
    group_sizes : array_like of int (k,)
        Patients at or below each candidate cut, rising, between 1 and n - 1.
    convention : {"bound", "maxstat"}
        ``bound`` is an upper bound of the chance to reach the statistic. ``maxstat`` leaves out
        three parts, as R does, and may fall below the true p-value: permutations that give the very
        same statistic; those in which a group has only the smallest score; and, where tied marker
        values leave group sizes out, what was exceeded at a size that is no candidate.

    Returns
    -------
    float
        In [0, 1].

    Raises
    ------
    NotEstimable
        Scores not whole or all equal, sizes that do not rise or lie outside 1..n-1, a statistic not
        finite; ``too_many_sums`` where the table of sums would not fit (n above some 350).

    Notes
    -----
    With T_m the standardised sum of m scores, p <= sum over sizes m of P(|T_m| > b) less the share
    in which T_(m-1) exceeds on the same side whatever score is added. The number of subsets with
    each sum comes from the shift algorithm of Streitberg and Roehmel. With ``convention="maxstat"``
    agrees with R ``maxstat`` (pmethod "HL") to 1e-8 relative.

    References
    ----------
    Hothorn T, Lausen B 2003, doi 10.1016/S0167-9473(02)00225-6. Streitberg B, Roehmel J 1986,
    Statistical Software Newsletter 12, 10-17.
    """
    values = finite_column(scores, "scores")
    if (values != np.floor(values)).any():
        raise refuse(
            NotEstimable, "scores", "the scores are not whole numbers", mend="use integer_scores"
        )
    whole = integer_scores(values)
    n = whole.size
    sizes = finite_column(group_sizes, "group_sizes")
    if sizes[0] < 1 or sizes[-1] > n - 1 or (np.diff(sizes) <= 0).any():
        raise refuse(NotEstimable, "group_sizes", "the group sizes must rise between 1 and n - 1")
    if convention not in ("bound", "maxstat"):
        raise refuse(
            NotEstimable,
            "convention",
            f"unknown convention {convention!r}",
            mend="bound or maxstat",
        )
    b = float(abs(finite_column([statistic], "statistic")[0]))
    # the statistic is itself one of the sums, known to rounding: it counts as reached, or not
    exceeding = _exceedances(whole, b * (1.0 - SAME if convention == "bound" else 1.0 + SAME))
    if convention == "maxstat":
        exceeding.probability[:, 0] = 0.0
    candidates = sizes.astype(np.int64)
    total = 0.0
    for position, m in enumerate(candidates.tolist()):
        share = float(exceeding.probability[m].sum())
        follows = position > 0 and int(candidates[position - 1]) == m - 1
        if follows or (convention == "maxstat" and position > 0):
            share -= exceeding.surely_again(m - 1)
        total += share
    return min(1.0, max(0.0, total))


class _Exceeding:
    """Probability of each sum beyond b, for every group size."""

    def __init__(self, probability: Floats, standardised: Floats, b: float, largest: int) -> None:
        self.probability = probability
        self.standardised = standardised
        self.b = b
        self.largest = largest

    def surely_again(self, m: int) -> float:
        """Probability of exceeding with m scores and with m + 1, whichever score is added."""
        here, ahead = self.standardised[m], self.standardised[m + 1]
        low = np.flatnonzero((self.probability[m] > 0.0) & (here < 0.0))
        low = low[low + self.largest < ahead.size]
        low = low[ahead[low + self.largest] < -self.b]
        high = np.flatnonzero((self.probability[m] > 0.0) & (here > 0.0))
        # the smallest score is 0
        high = high[ahead[high] > self.b]
        row = self.probability[m]
        return float(row[low].sum() + row[high].sum())


def _exceedances(scores: Integers, b: float) -> _Exceeding:
    n, total = scores.size, int(scores.sum())
    if (n + 1.0) * (total + 1.0) > MOST_CELLS:
        raise refuse(
            NotEstimable,
            "too_many_sums",
            f"the exact distribution of {n} scores does not fit",
            mend="use permutation_p or gaussian_p",
        )
    subsets = np.zeros((n + 1, total + 1))
    subsets[0, 0] = 1.0
    done = 0
    for count, score in enumerate(np.sort(scores).tolist()):
        done += score
        # each score joins the subsets that the smaller ones made; a copy, since the rows overlap
        joined = subsets[: count + 1, : done - score + 1].copy()
        subsets[1 : count + 2, score : done + 1] += joined
    m = np.arange(n + 1.0)
    log_choose = np.array([lgamma(n + 1.0) - lgamma(k + 1.0) - lgamma(n - k + 1.0) for k in m])
    probability = subsets * np.exp(-log_choose)[:, None]
    square = n * float(np.sum(scores.astype(np.float64) ** 2)) - float(total) ** 2
    spread = np.sqrt(m * (n - m) / (n**2 * (n - 1.0)) * square)
    spread[[0, -1]] = 1.0
    standardised = (np.arange(total + 1.0)[None, :] - (m / n * total)[:, None]) / spread[:, None]
    probability[np.abs(standardised) <= b] = 0.0
    return _Exceeding(probability, standardised, b, int(scores.max()))
