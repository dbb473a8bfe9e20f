"""Table 1: who the patients were, with and without the event, missing values counted."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cartwheel.development.cohort.columns import Column
from cartwheel.development.result import Summary, TableOneRow
from cartwheel.errors import NotEstimable
from cartwheel.stats.descriptive import (
    quantiles,
    standardised_difference,
    standardised_difference_of_categories,
)

Floats = NDArray[np.float64]

QUARTILES = np.array([0.25, 0.5, 0.75])


def table_one(
    columns: Sequence[Column], event: Floats, predictors: frozenset[str]
) -> tuple[TableOneRow, ...]:
    """Describe each column in all patients and by event.

    Parameters
    ----------
    columns : sequence of Column
        Values of the same patients as ``event``.
    event : float array (n,)
        1 event, 0 none.
    predictors : frozenset of str
        Names of the predictors among the columns.

    Returns
    -------
    tuple of TableOneRow
        One row for a number; for a yes/no column the row of "yes"; one for each category.
    """
    rows: list[TableOneRow] = []
    for column in columns:
        rows.extend(_rows(column, event, column.name in predictors))
    return tuple(rows)


def number_summary(values: Floats) -> Summary:
    """Median and quartiles (type 7) of the values that are there.

    Parameters
    ----------
    values : float array (n,)
        nan missing.

    Returns
    -------
    Summary
        Median and quartiles are None where no value is there.
    """
    known = values[np.isfinite(values)]
    missing = len(values) - len(known)
    if not len(known):
        return Summary(0, missing, None, None, None, None, None)
    low, middle, high = (float(value) for value in quantiles(known, QUARTILES))
    return Summary(len(known), missing, middle, low, high, None, None)


def count_summary(hit: Floats) -> Summary:
    """Count and percent of those with a one, among the values that are there.

    Parameters
    ----------
    hit : float array (n,)
        1, 0 or nan.

    Returns
    -------
    Summary
        Percent is None where no value is there.
    """
    known = hit[np.isfinite(hit)]
    missing = len(hit) - len(known)
    if not len(known):
        return Summary(0, missing, None, None, None, 0, None)
    count = int(known.sum())
    return Summary(len(known), missing, None, None, None, count, 100.0 * count / len(known))


def is_yes_no(values: Floats) -> bool:
    """Whether a column holds only zeros and ones.

    Parameters
    ----------
    values : float array (n,)
        nan missing.

    Returns
    -------
    bool
        False where no value is there.
    """
    known = values[np.isfinite(values)]
    return bool(len(known)) and bool(np.isin(known, (0.0, 1.0)).all())


def _rows(column: Column, event: Floats, predictor: bool) -> list[TableOneRow]:
    if column.kind == "category":
        return [
            _row(column, level, _indicator(column.values, code), event, predictor)
            for code, level in enumerate(column.levels)
        ]
    if is_yes_no(column.values):
        return [_row(column, "yes", column.values, event, predictor)]
    return [_row(column, None, column.values, event, predictor)]


def _indicator(codes: Floats, code: int) -> Floats:
    hit: Floats = (codes == code).astype(np.float64)
    hit[~np.isfinite(codes)] = np.nan
    return hit


def _row(
    column: Column, level: str | None, values: Floats, event: Floats, predictor: bool
) -> TableOneRow:
    summarise = number_summary if level is None else count_summary
    yes, no = values[event == 1], values[event == 0]
    return TableOneRow(
        column=column.name,
        label=column.label,
        unit=column.unit,
        kind="number" if level is None else "level",
        level=level,
        predictor=predictor,
        overall=summarise(values),
        with_event=summarise(yes),
        without_event=summarise(no),
        smd=_difference(yes, no, categorical=level is not None),
    )


def _difference(yes: Floats, no: Floats, *, categorical: bool) -> float | None:
    yes, no = yes[np.isfinite(yes)], no[np.isfinite(no)]
    if len(yes) < 2 or len(no) < 2:
        return None
    try:
        if categorical:
            value = standardised_difference_of_categories(_counts(yes), _counts(no))
        else:
            value = standardised_difference(yes, no)
    except NotEstimable:
        return None
    return float(value) if np.isfinite(value) else None


def _counts(hit: Floats) -> Floats:
    """Count those without and with."""
    with_it = float(hit.sum())
    return np.array([len(hit) - with_it, with_it])
