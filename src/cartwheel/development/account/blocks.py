"""Variables as they stand in a regression table: design columns, and the words for their effect."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cartwheel.development.account.regression_tables import Block
from cartwheel.development.cohort.columns import Column
from cartwheel.development.model.points import Candidate
from cartwheel.development.model.predictor import Predictor, design_columns
from cartwheel.stats.spline import restricted_cubic_spline

Floats = NDArray[np.float64]

PER = {"log2": "per doubling", "sqrt": "per unit of the square root"}


def predictor_block(item: Candidate, cut: float | None) -> Block:
    """Make the block of a points candidate: its cut-off, its transform or its spline.

    Parameters
    ----------
    item : Candidate
        The candidate.
    cut : float or None
        Its cut-off in the predictor's unit; None where it is not cut.

    Returns
    -------
    Block
        One column of 0 and 1 for a cut-off, else as :func:`transformed_block`.
    """
    predictor = item.predictor
    if item.rule is not None and cut is not None:
        label = f"{predictor.label} {item.rule.symbol} {cut:.4g}"
        return Block(predictor.column, label, item.rule.point(cut)[:, None], None)
    return transformed_block(predictor, predictor.transform)


def transformed_block(predictor: Predictor, transform: str) -> Block:
    """Make the block of an uncut predictor: per unit, per doubling, or between quartiles.

    Parameters
    ----------
    predictor : Predictor
        Its values; > 0 for log2, >= 0 for sqrt.
    transform : str
        none, log2, sqrt, rcs3, rcs4, rcs5; it need not be the plan's.

    Returns
    -------
    Block
        For a spline the contrast is upper against lower quartile, or last against first knot where
        the quartiles are equal.
    """
    columns, knots = design_columns(predictor.values, transform)
    if knots is None:
        per = PER.get(transform, "") if predictor.distinct > 2 else ""
        unit = "per unit" if predictor.distinct > 2 and not per else per
        label = f"{predictor.label}, {unit}" if unit else predictor.label
        return Block(predictor.column, label, columns, None)
    low, high = np.quantile(predictor.values, [0.25, 0.75])
    if low == high:
        low, high = float(knots[0]), float(knots[-1])
    ends = restricted_cubic_spline(np.array([low, high]), knots)
    label = f"{predictor.label}, {high:.4g} against {low:.4g} (quartiles)"
    return Block(predictor.column, label, columns, ends[1] - ends[0])


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
