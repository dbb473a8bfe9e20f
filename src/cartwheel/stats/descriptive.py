"""Describe a column: quantiles, intervals of a proportion, difference between two groups."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaincinv, ndtri

from cartwheel.errors import NotEstimable, refuse
from cartwheel.stats.columns import float_array, refuse_vast

Floats = NDArray[np.float64]
Scalar = TypeVar("Scalar", bound=np.generic)


def finite_column(values: ArrayLike, name: str) -> Floats:
    """Give a column as floats, or refuse what is empty, not one-dimensional or not finite.

    Parameters
    ----------
    values : array_like (n,)
        The column.
    name : str
        What to call it in the refusal.

    Returns
    -------
    float array (n,)
        The same numbers.

    Raises
    ------
    NotEstimable
        ``not_a_column``, ``empty_column``, ``not_a_number`` or ``not_finite``.
    """
    column = np.asarray(float_array(values, name), order="C")
    if column.ndim != 1:
        raise refuse(
            NotEstimable,
            "not_a_column",
            f"one column is needed, not {column.ndim} axes",
            where=name,
        )
    if not column.size:
        raise refuse(NotEstimable, "empty_column", "there are no values", where=name)
    if not np.isfinite(column).all():
        missing = int(np.count_nonzero(~np.isfinite(column)))
        raise refuse(
            NotEstimable,
            "not_finite",
            f"{missing} of {column.size} values are missing or infinite",
            where=name,
            mend="leave these patients out, or impute, before",
        )
    return column


def coded_column(values: ArrayLike, name: str) -> Floats:
    """Give a 0/1 column as floats, or refuse any other coding.

    Parameters
    ----------
    values : array_like (n,), bool or 0/1
        1 has the property (event, test positive).
    name : str
        What to call it in the refusal.

    Returns
    -------
    float array (n,)
        0.0 and 1.0 only; both need not occur.

    Raises
    ------
    NotEstimable
        ``coding`` for other values, or what ``finite_column`` refuses.
    """
    column = finite_column(values, name)
    if not np.isin(column, (0.0, 1.0)).all():
        raise refuse(
            NotEstimable,
            "coding",
            "values other than 0 and 1",
            where=name,
            mend="say which value means yes, and code it 1, the other 0",
        )
    return column


def same_length(**columns: NDArray[Scalar]) -> int:
    """Give the common length of columns, or refuse.

    Parameters
    ----------
    **columns : array (n,)
        The columns by name.

    Returns
    -------
    int
        n.

    Raises
    ------
    NotEstimable
        ``length_mismatch``.
    """
    lengths = {name: len(column) for name, column in columns.items()}
    if len(set(lengths.values())) != 1:
        said = ", ".join(f"{name} {length}" for name, length in lengths.items())
        raise refuse(NotEstimable, "length_mismatch", f"columns of different length: {said}")
    return next(iter(lengths.values()))


def normal_quantile(level: float) -> float:
    """Half-width, in standard errors, of a two-sided normal interval.

    Parameters
    ----------
    level : float
        Coverage, in (0, 1).

    Returns
    -------
    float
        The (1 + level) / 2 quantile of the standard normal: 1.96 for 0.95.

    Raises
    ------
    NotEstimable
        ``level`` outside (0, 1).
    """
    if not 0.0 < level < 1.0:
        raise refuse(NotEstimable, "level", f"coverage {level} is not between 0 and 1")
    return float(ndtri((1.0 + level) / 2.0))


def quantiles(
    x: ArrayLike, probabilities: ArrayLike, multiplicity: ArrayLike | None = None
) -> Floats:
    """Estimate quantiles of a column by linear interpolation between order statistics.

    Parameters
    ----------
    x : array_like (n,)
        Values.
    probabilities : array_like (k,)
        In [0, 1].
    multiplicity : array_like (n,), optional
        How often each patient is present, whole numbers >= 0; once by default.

    Returns
    -------
    float array (k,)
        Quantiles of the sample in which each row stands ``multiplicity`` times.

    Raises
    ------
    NotEstimable
        No patient present, a value not a number, or a probability outside [0, 1].

    Notes
    -----
    h = (N - 1) p, x[floor h] + (h - floor h) (x[floor h + 1] - x[floor h]), N patients present.
    The definition of R ``quantile(type = 7)``; agrees with ``numpy.quantile`` to rounding, and a
    multiplicity gives exactly what repeated rows give.

    References
    ----------
    Hyndman RJ, Fan Y 1996, doi 10.2307/2684934 (definition 7).
    """
    column, p = float_array(x, "x"), float_array(probabilities, "probabilities")
    if column.ndim != 1:
        finite_column(column, "x")  # refuses more than one axis
    order = np.argsort(column, kind="stable")
    ordered = column[order]
    if column.size and not np.isfinite(ordered[[0, -1]]).all():
        finite_column(column, "x")  # refuses, with the count
    if multiplicity is None:
        total = float(column.size)
        present = None
    else:
        times = float_array(multiplicity, "multiplicity")
        if times.shape != column.shape or not (times >= 0.0).all() or np.isinf(times).any():
            raise refuse(
                NotEstimable, "multiplicity", "multiplicities are numbers from 0, one a patient"
            )
        present = np.cumsum(times[order])
        total = float(present[-1]) if present.size else 0.0
    if total < 1.0:
        raise refuse(NotEstimable, "nobody", "no patient is present")
    if not ((p >= 0.0) & (p <= 1.0)).all():
        raise refuse(NotEstimable, "probability", "a probability outside 0 to 1")
    position = (total - 1.0) * p
    lower = np.floor(position)
    upper = np.ceil(position)
    if present is None:
        low, high = ordered[lower.astype(np.intp)], ordered[upper.astype(np.intp)]
    else:
        low = ordered[np.searchsorted(present, lower, side="right")]
        high = ordered[np.searchsorted(present, upper, side="right")]
    between: Floats = low + (position - lower) * (high - low)
    return between


def _counted(count: float, n: float) -> None:
    """Refuse what is no count out of n."""
    if not n > 0:
        raise refuse(NotEstimable, "empty_denominator", "a proportion of no patients")
    if not 0 <= count <= n:
        raise refuse(NotEstimable, "count", f"{count:g} of {n:g} is no proportion")


def wilson_interval(count: float, n: float, level: float = 0.95) -> tuple[float, float]:
    """Interval of a proportion by Wilson's score method.

    Good from small n on; the standard choice here. For guaranteed coverage see
    ``exact_interval``.

    Parameters
    ----------
    count, n : float
        Patients with the property, and patients; 0 <= count <= n, n > 0.
    level : float
        Coverage, in (0, 1).

    Returns
    -------
    tuple of float
        Lower and upper limit, in [0, 1]; exactly 0 at count 0 and 1 at count n.

    Raises
    ------
    NotEstimable
        No patients, a count outside 0..n, or a level outside (0, 1).

    Notes
    -----
    (p + z^2/2n +- z sqrt(p (1 - p)/n + z^2/4n^2)) / (1 + z^2/n), without continuity correction.
    Agrees with R ``Hmisc::binconf`` to 1e-8 relative, except at count 1 and n - 1, where Hmisc
    puts another limit in its place.

    References
    ----------
    Wilson EB 1927, doi 10.1080/01621459.1927.10502953. Brown LD, Cai TT, DasGupta A 2001,
    doi 10.1214/ss/1009213286.
    """
    _counted(count, n)
    square = normal_quantile(level) ** 2
    # the form with counts, so that small and large proportions lose no digits
    middle = 2.0 * count + square
    root = float(np.sqrt(square * (square + 4.0 * count * (n - count) / n)))
    scale = 2.0 * (n + square)
    low = 0.0 if count == 0 else (middle - root) / scale
    high = 1.0 if count == n else (middle + root) / scale
    return low, high


def exact_interval(count: float, n: float, level: float = 0.95) -> tuple[float, float]:
    """Interval of a proportion by Clopper and Pearson's exact method.

    Coverage is never below the level, so the interval is wide in small samples.

    Parameters
    ----------
    count, n : float
        Patients with the property, and patients; 0 <= count <= n, n > 0.
    level : float
        Coverage, in (0, 1).

    Returns
    -------
    tuple of float
        Lower and upper limit, in [0, 1].

    Raises
    ------
    NotEstimable
        No patients, a count outside 0..n, or a level outside (0, 1).

    Notes
    -----
    Quantiles of Beta(count, n - count + 1) and Beta(count + 1, n - count). Agrees with R
    ``Hmisc::binconf(method = "exact")`` to 1e-8 relative.

    References
    ----------
    Clopper CJ, Pearson ES 1934, doi 10.1093/biomet/26.4.404.
    """
    _counted(count, n)
    normal_quantile(level)  # refuses a level outside (0, 1)
    tail = (1.0 - level) / 2.0
    low = 0.0 if count == 0 else float(betaincinv(count, n - count + 1.0, tail))
    high = 1.0 if count == n else float(betaincinv(count + 1.0, n - count, 1.0 - tail))
    return low, high


def standardised_difference(a: ArrayLike, b: ArrayLike) -> float:
    """Size of the difference between two groups in a number, in standard deviations.

    Independent of sample size, unlike a p-value; above 0.1 is often called an imbalance.

    Parameters
    ----------
    a, b : array_like (n_a,), (n_b,)
        The values in each group.

    Returns
    -------
    float
        >= 0, without direction; 0 where both groups hold one and the same value.

    Raises
    ------
    NotEstimable
        A group of fewer than two, a value not finite, or no variance in groups that differ.

    Notes
    -----
    abs(mean a - mean b) / sqrt((var a + var b) / 2), variances with denominator n - 1. Agrees
    with R ``tableone::ExtractSmd`` to 1e-8 relative.

    References
    ----------
    Austin PC 2009, doi 10.1080/03610910902859574.
    """
    first, second = finite_column(a, "a"), finite_column(b, "b")
    if min(first.size, second.size) < 2:
        raise refuse(NotEstimable, "too_few", "a group has fewer than two values")
    refuse_vast(first, "a")
    refuse_vast(second, "b")
    difference = abs(float(first.mean() - second.mean()))
    spread = float(np.sqrt((first.var(ddof=1) + second.var(ddof=1)) / 2.0))
    if difference == 0.0:
        return 0.0
    if spread == 0.0:
        raise refuse(NotEstimable, "no_variance", "the groups differ but do not vary")
    return difference / spread


def standardised_difference_of_categories(counts_a: ArrayLike, counts_b: ArrayLike) -> float:
    """Size of the difference between two groups in a category, in standard deviations.

    Parameters
    ----------
    counts_a, counts_b : array_like (k,)
        Patients of each group in each of the k levels, in one order. For a yes/no column
        (no, yes), which gives abs(p_a - p_b) / sqrt((p_a q_a + p_b q_b) / 2).

    Returns
    -------
    float
        >= 0; 0 where both groups have the same proportions.

    Raises
    ------
    NotEstimable
        An empty group, different numbers of levels, or groups with no level in common.

    Notes
    -----
    sqrt(d' S^-1 d), d the differences of proportions without the first level and S the mean of the
    two multinomial covariance matrices. Levels that occur in neither group are left out. Agrees
    with R ``tableone::ExtractSmd`` to 1e-8 relative.

    References
    ----------
    Yang D, Dalton JE 2012, SAS Global Forum, paper 335.
    """
    first, second = finite_column(counts_a, "counts_a"), finite_column(counts_b, "counts_b")
    same_length(counts_a=first, counts_b=second)
    if min(first.min(), second.min()) < 0 or min(first.sum(), second.sum()) <= 0:
        raise refuse(NotEstimable, "empty_group", "a group without patients, or a negative count")
    if not (first * second).any():
        raise refuse(NotEstimable, "no_overlap", "the groups have no level in common")
    seen = first + second > 0
    p, q = first[seen] / first.sum(), second[seen] / second.sum()
    # the level left out does not matter in theory; the largest keeps the matrix best conditioned
    kept = np.arange(p.size) != np.argmax(p + q)
    difference = (p - q)[kept]
    if not difference.any():
        return 0.0
    spread = (np.diag(p) - np.outer(p, p) + np.diag(q) - np.outer(q, q)) / 2.0
    distance = difference @ np.linalg.solve(spread[np.ix_(kept, kept)], difference)
    return float(np.sqrt(max(float(distance), 0.0)))
