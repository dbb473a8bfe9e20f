"""Tests of association between two columns, and the choice between them.

scipy.stats is imported inside the functions that use it: it takes longer to load than the rest of
cartwheel, and a command that tests nothing should not wait for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan, sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtrc, ndtr

from cartwheel.errors import NotEstimable, refuse
from cartwheel.stats.columns import float_array, raw_array, refuse_vast
from cartwheel.stats.descriptive import coded_column, finite_column, same_length

Floats = NDArray[np.float64]

KINDS = ("binary", "ordinal", "number", "numeric", "category")
# R's wilcox.test: exact without ties below this size
EXACT_BELOW = 50
# no study counts more; scipy works with whole numbers of 64 bits
_MOST_COUNTED = 1e9


@dataclass(frozen=True, slots=True)
class Test:
    """Result of a test of association.

    Parameters
    ----------
    name : str
        The test, as a methods section would name it.
    statistic : float or None
        Its statistic; None where the test has none (Fisher).
    df : float or None
        Degrees of freedom of chi-square or t; None where there are none.
    p_value : float
        Two-sided.
    n : int
        Patients tested.
    """

    # pytest would otherwise collect a class of this name
    __test__ = False

    name: str
    statistic: float | None
    df: float | None
    p_value: float
    n: int


def trend_test(binary: ArrayLike, scores: ArrayLike) -> Test:
    """Test for a trend of a proportion over ordered groups (Cochran-Armitage).

    Parameters
    ----------
    binary : array_like (n,), bool or 0/1
        1 has the property.
    scores : array_like (n,)
        Score of each patient's group: 0, 1, 2 for low, intermediate, high.

    Returns
    -------
    Test
        Chi-square with 1 degree of freedom.

    Raises
    ------
    NotEstimable
        ``constant`` where one of the columns does not vary; coding, length, missing values.

    Notes
    -----
    n r^2 with Pearson's r of the two columns. Agrees with R ``prop.trend.test`` in every digit
    that its help page prints.

    References
    ----------
    Armitage P 1955, doi 10.2307/3001775.
    """
    happened, place = coded_column(binary, "binary"), finite_column(scores, "scores")
    n = same_length(binary=happened, scores=place)
    refuse_vast(place, "scores")
    a, b = _centred(happened, "binary"), _centred(place, "scores")
    spread = float(a @ a) * float(b @ b)
    if not spread > 0.0:
        raise refuse(
            NotEstimable, "constant", "the scores differ by next to nothing", where="scores"
        )
    statistic = n * float(a @ b) ** 2 / spread
    return Test("Cochran-Armitage trend", statistic, 1.0, float(chdtrc(1.0, statistic)), n)


def spearman_test(x: ArrayLike, y: ArrayLike) -> Test:
    """Test for a monotone relation of two numbers (Spearman's rank correlation).

    Parameters
    ----------
    x, y : array_like (n,)
        The two columns, n >= 3.

    Returns
    -------
    Test
        Statistic is rho, in [-1, 1]; p from t with n - 2 degrees of freedom.

    Raises
    ------
    NotEstimable
        ``constant``, ``too_few``; length, missing values.

    Notes
    -----
    Pearson's correlation of midranks, by ``scipy.stats.spearmanr``; the definition of R
    ``cor.test(method = "spearman", exact = FALSE)``.

    References
    ----------
    Spearman C 1904, doi 10.2307/1412159.
    """
    from scipy.stats import spearmanr  # noqa: PLC0415 - slow to load, see above

    first, second = finite_column(x, "x"), finite_column(y, "y")
    n = same_length(x=first, y=second)
    if n < 3:
        raise refuse(NotEstimable, "too_few", "a rank correlation needs three patients")
    _centred(first, "x")
    _centred(second, "y")
    rho, p = spearmanr(first, second)
    return Test("Spearman rank correlation", float(rho), n - 2.0, float(p), n)


def kruskal_wallis_test(values: ArrayLike, groups: ArrayLike) -> Test:
    """Test whether a number differs between groups (Kruskal-Wallis).

    Parameters
    ----------
    values : array_like (n,)
        The number.
    groups : array_like (n,)
        Label of each patient's group; any kind, at least two different, none missing.

    Returns
    -------
    Test
        Chi-square with one degree of freedom less than there are groups.

    Raises
    ------
    NotEstimable
        ``one_group``, ``constant``; length, missing values.

    Notes
    -----
    With the correction for ties. Agrees with R ``kruskal.test`` to 1e-8 relative.

    References
    ----------
    Kruskal WH, Wallis WA 1952, doi 10.1080/01621459.1952.10483441.
    """
    from scipy.stats import kruskal  # noqa: PLC0415 - slow to load, see above

    column = finite_column(values, "values")
    _centred(column, "values")
    parts = _split(column, groups)
    statistic, p = kruskal(*parts)
    return Test("Kruskal-Wallis", float(statistic), len(parts) - 1.0, float(p), column.size)


def rank_sum_test(values: ArrayLike, groups: ArrayLike) -> Test:
    """Test whether a number differs between two groups (Wilcoxon-Mann-Whitney).

    Parameters
    ----------
    values : array_like (n,)
        The number.
    groups : array_like (n,)
        Label of each patient's group; exactly two different, none missing.

    Returns
    -------
    Test
        Statistic is U of the group whose label sorts last: pairs in which its value is the larger,
        ties half.

    Raises
    ------
    NotEstimable
        ``two_groups``, ``constant``; length, missing values.

    Notes
    -----
    Exact without ties and below 50 patients a group, otherwise normal with corrections for ties
    and continuity: the rule of R ``wilcox.test``, whose normal p-values it agrees with to 1e-8
    relative.

    References
    ----------
    Mann HB, Whitney DR 1947, doi 10.1214/aoms/1177730491.
    """
    from scipy.stats import mannwhitneyu  # noqa: PLC0415 - slow to load, see above

    column = finite_column(values, "values")
    _centred(column, "values")
    parts = _split(column, groups)
    if len(parts) != 2:
        raise refuse(NotEstimable, "two_groups", f"two groups are needed, not {len(parts)}")
    tied = np.unique(column).size < column.size
    exact = not tied and max(parts[0].size, parts[1].size) < EXACT_BELOW
    found = mannwhitneyu(parts[1], parts[0], method="exact" if exact else "asymptotic")
    return Test("Wilcoxon rank-sum", float(found.statistic), None, float(found.pvalue), column.size)


def jonckheere_terpstra_test(values: ArrayLike, groups: ArrayLike) -> Test:
    """Test whether a number rises or falls over ordered groups (Jonckheere-Terpstra).

    Parameters
    ----------
    values : array_like (n,)
        The number, or the levels of an ordered category.
    groups : array_like (n,)
        Score of each patient's group; its order counts, its distances do not.

    Returns
    -------
    Test
        Statistic is z; positive where values rise over the groups.

    Raises
    ------
    NotEstimable
        ``constant``, ``too_few``; length, missing values.

    Notes
    -----
    J counts pairs from different groups that are in order, ties half; z by its normal
    approximation with the variance for ties in both columns, no continuity correction. z is the
    same when the columns change places, and that of Kendall's tau.

    References
    ----------
    Jonckheere AR 1954, doi 10.1093/biomet/41.1-2.133. Hollander M, Wolfe DA, Chicken E 2014,
    doi 10.1002/9781119196037 (section 6.2).
    """
    column, place = finite_column(values, "values"), finite_column(groups, "groups")
    n = same_length(values=column, groups=place)
    if n < 3:
        raise refuse(NotEstimable, "too_few", "an ordered comparison needs three patients")
    _centred(column, "values")
    _centred(place, "groups")
    in_order, earlier = 0.0, np.empty(0)
    for label in np.unique(place):
        here = column[place == label]
        ranked = np.searchsorted(earlier, here, "left") + np.searchsorted(earlier, here, "right")
        in_order += float(ranked.sum()) / 2.0
        earlier = np.sort(np.concatenate((earlier, here)))
    sizes, ties = _counts(place), _counts(column)
    expected = (n * n - float((sizes**2).sum())) / 4.0
    spread = _jonckheere_variance(float(n), sizes, ties)
    z = (in_order - expected) / sqrt(spread)
    return Test("Jonckheere-Terpstra", z, None, 2.0 * float(ndtr(-abs(z))), n)


def fisher_test(table: ArrayLike) -> Test:
    """Test for association in a 2 x 2 table (Fisher's exact test).

    Parameters
    ----------
    table : array_like (2, 2) of int
        Counts.

    Returns
    -------
    Test
        Without a statistic.

    Raises
    ------
    NotEstimable
        ``table`` for another shape, counts not whole or negative; ``empty_margin``.

    Notes
    -----
    Two-sided: the sum of all tables not likelier than the one seen, by
    ``scipy.stats.fisher_exact``; the definition of R ``fisher.test``.

    References
    ----------
    Fisher RA 1935, doi 10.2307/2342435.
    """
    from scipy.stats import fisher_exact  # noqa: PLC0415 - slow to load, see above

    counts = _table(table)
    if counts.shape != (2, 2):
        raise refuse(NotEstimable, "table", "a 2 x 2 table is needed")
    found = fisher_exact(counts.astype(np.int64))
    return Test("Fisher exact", None, None, float(found.pvalue), int(counts.sum()))


def chi_square_test(table: ArrayLike) -> Test:
    """Test for association in a table of counts (Pearson's chi-square).

    Parameters
    ----------
    table : array_like (r, c) of int
        Counts; no empty row or column.

    Returns
    -------
    Test
        Chi-square with (r - 1)(c - 1) degrees of freedom.

    Raises
    ------
    NotEstimable
        ``table`` for counts not whole or negative or a single row or column; ``empty_margin``.

    Notes
    -----
    With Yates's correction in a 2 x 2 table, none otherwise, as R ``chisq.test``, agreed with to
    1e-8 relative in larger tables.

    References
    ----------
    Pearson K 1900, doi 10.1080/14786440009463897.
    """
    from scipy.stats import chi2_contingency  # noqa: PLC0415 - slow to load, see above

    counts = _table(table)
    found = chi2_contingency(counts)
    return Test(
        "chi-square",
        float(found.statistic),
        float(found.dof),
        float(found.pvalue),
        int(counts.sum()),
    )


def association(index_scores: ArrayLike, column_values: ArrayLike, kind: str) -> Test:
    """Test an index against a further column, by the test that fits the column.

    Parameters
    ----------
    index_scores : array_like (n,)
        Points of each patient; their order has a meaning.
    column_values : array_like (n,)
        The other column, nothing missing: leave incomplete patients out before.
    kind : {"binary", "ordinal", "number", "category"}
        What the column is; ``numeric`` is understood as ``number``.

    Returns
    -------
    Test
        Named by the test chosen.

    Raises
    ------
    NotEstimable
        ``kind`` for another kind; whatever the test refuses.

    Notes
    -----
    The rule: 0/1, Cochran-Armitage trend of the proportion over the points; ordered levels (a
    grade), Jonckheere-Terpstra; a number, Spearman; a category without order, Kruskal-Wallis of
    the points between the categories. The kind alone decides, never the result.
    """
    if kind not in KINDS:
        raise refuse(
            NotEstimable, "kind", f"unknown kind {kind!r}", mend="one of: " + ", ".join(KINDS)
        )
    if kind == "binary":
        return trend_test(column_values, index_scores)
    if kind == "ordinal":
        return jonckheere_terpstra_test(column_values, index_scores)
    if kind == "category":
        return kruskal_wallis_test(index_scores, column_values)
    return spearman_test(index_scores, column_values)


def _jonckheere_variance(n: float, sizes: Floats, ties: Floats) -> float:
    """Permutation variance of J; ``sizes`` of the groups, ``ties`` of the equal values."""

    def cubic(count: Floats | float) -> float:
        return float(np.sum(count * (count - 1.0) * (2.0 * count + 5.0)))

    def triples(count: Floats) -> float:
        return float(np.sum(count * (count - 1.0) * (count - 2.0)))

    def pairs(count: Floats) -> float:
        return float(np.sum(count * (count - 1.0)))

    return (
        (cubic(n) - cubic(sizes) - cubic(ties)) / 72.0
        + triples(sizes) * triples(ties) / (36.0 * n * (n - 1.0) * (n - 2.0))
        + pairs(sizes) * pairs(ties) / (8.0 * n * (n - 1.0))
    )


def _counts(column: Floats) -> Floats:
    """How often each value occurs."""
    return np.unique(column, return_counts=True)[1].astype(np.float64)


def _centred(column: Floats, name: str) -> Floats:
    """Subtract the mean, or refuse a column that does not vary."""
    if column.min() == column.max():
        raise refuse(NotEstimable, "constant", "all values are equal", where=name)
    centred: Floats = column - column.mean()
    return centred


def _split(column: Floats, groups: ArrayLike) -> list[Floats]:
    """Values of each group, in the order of the sorted labels."""
    labels = raw_array(groups, "groups")
    if labels.ndim != 1:
        raise refuse(NotEstimable, "not_a_column", "one label a patient is needed", where="groups")
    same_length(values=column, groups=labels)
    if labels.dtype.kind == "f":
        finite_column(labels, "groups")
    elif labels.dtype.kind == "O":
        if any(label is None or (isinstance(label, float) and isnan(label)) for label in labels):
            raise refuse(NotEstimable, "not_finite", "a label is missing", where="groups")
        labels = labels.astype(str)
    found, place = np.unique(labels, return_inverse=True)
    if found.size < 2:
        raise refuse(NotEstimable, "one_group", "all patients are in one group", where="groups")
    return [column[place == group] for group in range(found.size)]


def _table(table: ArrayLike) -> Floats:
    """Check a table of counts."""
    counts = float_array(table, "table")
    whole = np.isfinite(counts).all() and (counts >= 0).all() and (counts == np.floor(counts)).all()
    if counts.ndim != 2 or min(counts.shape) < 2 or not whole:
        raise refuse(NotEstimable, "table", "a table of counts in rows and columns is needed")
    if counts.max() > _MOST_COUNTED:
        raise refuse(NotEstimable, "table", "counts above 10^9 are no counts of patients")
    if not (counts.sum(axis=0).all() and counts.sum(axis=1).all()):
        raise refuse(NotEstimable, "empty_margin", "a row or column of the table is empty")
    return counts
