"""Variables as they stand in a regression table: design columns, and the words for their effect."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cartwheel.development.account.design import Block
from cartwheel.development.cohort.columns import Column
from cartwheel.development.model.card import Candidate
from cartwheel.development.model.pooled import pooled_knots
from cartwheel.development.model.predictor import Predictor, columns_at
from cartwheel.stats.spline import restricted_cubic_spline

Floats = NDArray[np.float64]

PER = {"log2": "per doubling", "sqrt": "per unit of the square root"}


def predictor_block(items: Sequence[Candidate], cut: float | None) -> Block:
    """Make the block of a points candidate: its cut-off, its transform or its spline.

    Parameters
    ----------
    items : sequence of Candidate
        The candidate in each completed copy; one where nothing was imputed.
    cut : float or None
        Its cut-off in the predictor's unit; None where it is not cut.

    Returns
    -------
    Block
        One column of 0 and 1 for a cut-off, else as :func:`transformed_block`.
    """
    first = items[0]
    predictor = first.predictor
    if first.rule is not None and cut is not None:
        label = f"{predictor.label} {first.rule.symbol} {cut:.4g}"
        given = [item.rule.point(cut)[:, None] for item in items if item.rule is not None]
        return Block(predictor.column, label, _stacked(given), None)
    return transformed_block([item.predictor for item in items], predictor.transform)


def transformed_block(items: Sequence[Predictor], transform: str) -> Block:
    """Make the block of an uncut predictor: per unit, per doubling, or between quartiles.

    Parameters
    ----------
    items : sequence of Predictor
        The predictor in each completed copy; one where nothing was imputed. Values > 0 for log2,
        >= 0 for sqrt.
    transform : str
        none, log2, sqrt, rcs3, rcs4, rcs5; it need not be the plan's.

    Returns
    -------
    Block
        For a spline the contrast is upper against lower quartile, or last against first knot where
        the quartiles are equal.
    """
    predictor = items[0]
    knots = pooled_knots(items, transform)
    columns = _stacked([columns_at(item.values, transform, knots) for item in items])
    if knots is None:
        per = PER.get(transform, "") if predictor.distinct > 2 else ""
        unit = "per unit" if predictor.distinct > 2 and not per else per
        label = f"{predictor.label}, {unit}" if unit else predictor.label
        return Block(predictor.column, label, columns, None)
    low, high = np.quantile(np.concatenate([item.values for item in items]), [0.25, 0.75])
    if low == high:
        low, high = float(knots[0]), float(knots[-1])
    ends = restricted_cubic_spline(np.array([low, high]), knots)
    label = f"{predictor.label}, {high:.4g} against {low:.4g} (quartiles)"
    return Block(predictor.column, label, columns, ends[1] - ends[0])


def _stacked(copies: Sequence[Floats]) -> Floats:
    return copies[0] if len(copies) == 1 else np.stack(copies)


def plain_block(column: Column, values: Floats) -> Block:
    """Make the block of an adjustment column: per unit, or yes against no.

    Parameters
    ----------
    column : Column
        Gives name and label.
    values : float array (n,)
        Its values in the patients of the model; none missing.

    Returns
    -------
    Block
        One column, untransformed.
    """
    yes_no = len(np.unique(values)) <= 2
    return Block(
        column.name, column.label if yes_no else f"{column.label}, per unit", values[:, None], None
    )
