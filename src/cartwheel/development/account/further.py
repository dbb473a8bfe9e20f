"""The score against further columns: response, expansion, peak IL-6, CRS grade."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from cartwheel.development.account.groups import Group
from cartwheel.development.account.over_copies import median_of, median_or_none
from cartwheel.development.account.table_one import count_summary, is_yes_no, number_summary
from cartwheel.development.cohort.columns import Column
from cartwheel.development.result import Association, Summary
from cartwheel.errors import NotEstimable
from cartwheel.stats.association import Test, association
from cartwheel.stats.multiplicity_adjustment import benjamini_hochberg, bonferroni, holm

Floats = NDArray[np.float64]

ADJUST = {"holm": holm, "benjamini_hochberg": benjamini_hochberg, "bonferroni": bonferroni}
FEW_LEVELS = 6


def associations(
    totals: Floats, columns: Sequence[Column], groups: Sequence[Group], multiplicity: str
) -> tuple[tuple[Association, ...], tuple[str, ...]]:
    """Test the totals against each column, and adjust for having looked at several.

    Parameters
    ----------
    totals : float array (n,) or (m, n)
        Points of each patient, in each completed copy where predictors were imputed: statistics
        and p-values are then medians over copies.
    columns : sequence of Column
        Values of the same patients; missing ones are left out of that test.
    groups : sequence of Group
        For the summaries by group.
    multiplicity : str
        ``holm``, ``benjamini_hochberg`` or ``bonferroni``.

    Returns
    -------
    tuple of (associations, names)
        The names are of columns that could not be tested.
    """
    drafts = []
    failed = []
    for column in columns:
        known = np.isfinite(column.values)
        kind = column_kind(column)
        try:
            test = _tested(np.atleast_2d(totals)[:, known], column.values[known], kind)
        except NotEstimable:
            failed.append(column.name)
            continue
        drafts.append((column, kind, test))
    adjusted = ADJUST[multiplicity](np.array([float(test.p_value) for _, _, test in drafts]))
    rows = tuple(
        Association(
            column=column.name,
            label=column.label,
            kind=kind,
            test=test.name,
            statistic=test.statistic,
            df=None if test.df is None else float(test.df),
            p_value=float(test.p_value),
            p_adjusted=float(p_adjusted),
            n=int(test.n),
            by_group=tuple(
                (group.name, _summary(column, group)) for group in groups if group.mask.any()
            ),
        )
        for (column, kind, test), p_adjusted in zip(drafts, adjusted, strict=True)
    )
    return rows, tuple(failed)


def column_kind(column: Column) -> str:
    """``binary``, ``ordinal`` (few whole numbers), ``number`` or ``category``.

    Parameters
    ----------
    column : Column
        As read; missing values do not count.

    Returns
    -------
    str
        Binary holds only 0 and 1; ordinal has at most six different values, all whole.
    """
    if column.kind == "category":
        return "category"
    if is_yes_no(column.values):
        return "binary"
    known = np.unique(column.values[np.isfinite(column.values)])
    if len(known) <= FEW_LEVELS and np.all(known == np.rint(known)):
        return "ordinal"
    return "number"


def _tested(totals: Floats, values: Floats, kind: str) -> Test:
    """Test each copy; of several the median statistic and the median p-value."""
    found = [association(row, values, kind) for row in totals]
    if len(found) == 1:
        return found[0]
    return replace(
        found[0],
        name=f"{found[0].name}, median over {len(found)} imputations",
        statistic=median_or_none([test.statistic for test in found]),
        df=median_or_none([test.df for test in found]),
        p_value=median_of([float(test.p_value) for test in found]),
    )


def _summary(column: Column, group: Group) -> Summary:
    """Summary of a group; of several copies the average, with whole patients."""
    if group.mask.ndim == 1:
        return _of_one(column, group.mask)
    found = [_of_one(column, mask) for mask in group.mask if mask.any()]
    m = len(group.mask)

    def mean(values: list[float | None]) -> float | None:
        known = [value for value in values if value is not None]
        return sum(known) / len(known) if known else None

    return Summary(
        n=round(sum(one.n for one in found) / m),
        missing=round(sum(one.missing for one in found) / m),
        median=mean([one.median for one in found]),
        lower_quartile=mean([one.lower_quartile for one in found]),
        upper_quartile=mean([one.upper_quartile for one in found]),
        count=None if found[0].count is None else round(sum(one.count or 0 for one in found) / m),
        percent=mean([one.percent for one in found]),
    )


def _of_one(column: Column, mask: NDArray[np.bool_]) -> Summary:
    values = column.values[mask]
    if column_kind(column) == "binary":
        return count_summary(values)
    if column.kind == "category":
        first = (values == 0).astype(float)
        first[~np.isfinite(values)] = np.nan
        return count_summary(first)
    return number_summary(values)
