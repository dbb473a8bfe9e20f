"""The tables of a development: Table 1, columns as read, regressions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cartwheel.development.account.blocks import plain_block, predictor_block, transformed_block
from cartwheel.development.account.design import Block
from cartwheel.development.account.over_copies import distinct_copies
from cartwheel.development.account.proportional import proportional_hazards
from cartwheel.development.account.regression_tables import (
    regression_table,
    univariable_table,
)
from cartwheel.development.account.table_one import table_one
from cartwheel.development.cohort.assembly import Assembled
from cartwheel.development.cohort.columns import Column
from cartwheel.development.made import Made
from cartwheel.development.model.card import candidate
from cartwheel.development.model.imputer import Table
from cartwheel.development.model.target import BinaryTarget, SurvivalTarget, Target
from cartwheel.development.result import (
    ColumnNote,
    ProportionalHazards,
    RegressionTable,
    TableOneRow,
)
from cartwheel.errors import NotEstimable
from cartwheel.stats.survival import survival_times


@dataclass(frozen=True, slots=True)
class Tables:
    """Regression tables, and the further columns of the analysed patients.

    Parameters
    ----------
    univariable : RegressionTable
        Each predictor alone.
    index_model : RegressionTable or None
        The index alone; None for points.
    adjusted_model : RegressionTable or None
        The score with the adjustment columns; None where there are none, or it cannot be fitted.
    further_columns : tuple of Column
        Values of the analysed patients only.
    not_fitted : tuple of str
        Predictors that could not be fitted alone, and the adjusted model where it could not.
    proportional : ProportionalHazards or None
        Whether hazard ratios hold over all of follow-up.
    """

    univariable: RegressionTable
    index_model: RegressionTable | None
    adjusted_model: RegressionTable | None
    further_columns: tuple[Column, ...]
    not_fitted: tuple[str, ...]
    proportional: ProportionalHazards | None


def _used(assembled: Assembled) -> list[Column]:
    """Every column used, counts of ratios included, once, in the order of the plan."""
    names: list[str] = []
    for item in assembled.predictors:
        names.extend([item.column, *(item.ratio or ())])
    names += [column.name for column in (*assembled.adjust, *assembled.further)]
    return [assembled.columns[name] for name in dict.fromkeys(names)]


def table_one_rows(assembled: Assembled) -> tuple[TableOneRow, ...]:
    """Table 1 of all eligible patients, before those with missing predictors are left out.

    Parameters
    ----------
    assembled : Assembled
        Everyone who is eligible, and every column used.

    Returns
    -------
    tuple of TableOneRow
        Predictors (a ratio followed by its two counts), adjustment columns, columns for
        associations; each once.
    """
    rows = assembled.eligible
    columns = [replace(column, values=column.values[rows]) for column in _used(assembled)]
    names = frozenset(item.column for item in assembled.predictors)
    return table_one(columns, assembled.event[rows], names)


def column_notes(assembled: Assembled) -> tuple[ColumnNote, ...]:
    """Say what reading made of each column.

    Parameters
    ----------
    assembled : Assembled
        As read.

    Returns
    -------
    tuple of ColumnNote
        In the order of Table 1; values and missing ones are counted in the eligible patients.
    """
    rows = assembled.eligible
    return tuple(
        ColumnNote(
            column=column.name,
            variable=column.variable,
            label=column.label,
            unit=column.unit,
            day=column.day,
            kind="ratio" if column.ratio else column.kind,
            n=int(np.isfinite(column.values[rows]).sum()),
            missing=int(np.isnan(column.values[rows]).sum()),
            below_limit=column.below_limit,
            above_limit=column.above_limit,
            rule=column.rule,
        )
        for column in _used(assembled)
    )


def regression_tables(
    assembled: Assembled, target: Target, made: Made, tables: Sequence[Table] | None = None
) -> Tables:
    """Univariable table; the index alone, and the score adjusted where the plan adjusts.

    Parameters
    ----------
    assembled : Assembled
        Predictors and adjustment columns.
    target : Target
        The outcome of the analysed patients.
    made : Made
        The score.
    tables : sequence of tuple of Predictor, optional
        The completed copies, where predictors were imputed: then effects are pooled.

    Returns
    -------
    Tables
        An adjusted model is of the patients with all adjustment columns.

    Raises
    ------
    NotEstimable
        When the model of the index alone does not converge.
    """
    blocks = _alone(assembled, made, tables or [assembled.predictors])
    univariable, not_fitted = univariable_table(blocks, target, assembled.plan.level)
    index_model = adjusted = None
    if assembled.plan.method == "index":
        total = Block("index", "Index, per point", made.totals[..., None], None)
        index_model = regression_table("index alone", [total], target, assembled.plan.level)
    if assembled.adjust:
        adjusted, failed = _adjusted(assembled, target, made)
        not_fitted += failed
    analysed = assembled.analysed
    further = tuple(replace(column, values=column.values[analysed]) for column in assembled.further)
    which = "The index" if assembled.plan.method == "index" else "The score"
    proportional = proportional_hazards(target, made.totals, blocks, f"{which} alone")
    return Tables(univariable, index_model, adjusted, further, not_fitted, proportional)


def _alone(assembled: Assembled, made: Made, tables: Sequence[Table]) -> list[Block]:
    """Make the univariable blocks: markers uncut for an index, as planned for points."""
    plan = assembled.plan
    cuts = {row.column: row.cut for row in made.cutoffs}
    blocks = []
    for items in (distinct_copies(copies) for copies in zip(*tables, strict=True)):
        item = items[0]
        if plan.method == "points":
            made_of = [candidate(one, plan.points) for one in items]
            blocks.append(predictor_block(made_of, cuts.get(item.column)))
            continue
        skewed = assembled.columns[item.column].skewed and bool(np.all(item.values > 0))
        transform = "log2" if skewed and item.transform == "none" else item.transform
        blocks.append(transformed_block(items, transform))
    return blocks


def _adjusted(
    assembled: Assembled, target: Target, made: Made
) -> tuple[RegressionTable | None, tuple[str, ...]]:
    """Fit the score with the adjustment columns, in patients who have all of them."""
    analysed = assembled.analysed
    values = [column.values[analysed] for column in assembled.adjust]
    known = np.all([np.isfinite(part) for part in values], axis=0)
    if not known.any():
        return None, ("the adjusted model",)
    label = "Index, per point" if assembled.plan.method == "index" else "Score, per point"
    blocks = [Block("index", label, made.totals[..., known][..., None], None)]
    blocks += [
        plain_block(column, part[known])
        for column, part in zip(assembled.adjust, values, strict=True)
    ]
    try:
        table = regression_table("adjusted", blocks, _subset(target, known), assembled.plan.level)
    except NotEstimable:
        return None, ("the adjusted model",)
    return table, ()


def _subset(target: Target, rows: NDArray[np.bool_]) -> Target:
    if isinstance(target, SurvivalTarget):
        return SurvivalTarget(
            survival_times(target.times.time[rows], target.times.event[rows]), target.horizon
        )
    assert isinstance(target, BinaryTarget)
    return BinaryTarget(target.event[rows], firth=target.firth)
