"""Make the composite index: cut-offs, groups, and how much of it survives its own repetition."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from cartwheel.development.account.cutoff_rows import (
    Search,
    Settled,
    cutoff_rows,
    settle,
    settle_median,
)
from cartwheel.development.account.groups import index_groups, index_places
from cartwheel.development.account.instability import instability
from cartwheel.development.account.over_copies import distinct_copies
from cartwheel.development.account.score_card import number_text, risk_table
from cartwheel.development.cohort.copies import Copies
from cartwheel.development.made import Made, Resampling
from cartwheel.development.model.imputed_index import ImputedIndexPipeline, index_totals
from cartwheel.development.model.imputer import Imputer, Table, completed
from cartwheel.development.model.index import CutRule, IndexFit, IndexPipeline, cut_rule
from cartwheel.development.model.predictor import Predictor
from cartwheel.development.model.target import Target
from cartwheel.development.planning.plan import Plan
from cartwheel.development.result import PointsRow


def index_parameters(plan: Plan) -> int:
    """Candidate parameters of an index: one a marker, and one more for each searched cut-off.

    Parameters
    ----------
    plan : Plan
        Of an index.

    Returns
    -------
    int
        At least 1.
    """
    ways = (
        item.cutoff.method if item.cutoff is not None else plan.index.cutoff
        for item in plan.predictors
    )
    return sum(1 if way == "fixed" else 2 for way in ways)


def search_of(plan: Plan) -> Search:
    """Say how the plan searches cut-offs and judges them.

    Parameters
    ----------
    plan : Plan
        Of either method: the settings stand under ``[index]`` for both.

    Returns
    -------
    Search
    """
    return Search(
        plan.index.min_fraction, plan.index.permutations, plan.resampling.seed, plan.level
    )


def make_index(
    plan: Plan,
    predictors: tuple[Predictor, ...],
    target: Target,
    resampling: Resampling,
    copies: Copies | None = None,
) -> Made:
    """Make the index on all patients, and repeat all of it in every resample.

    Parameters
    ----------
    plan : Plan
        Cut-offs, groups, permutations.
    predictors : tuple of Predictor
        The markers, with their directions.
    target : Target
        The outcome.
    resampling : Resampling
        How often to repeat, and the seed.
    copies : Copies, optional
        The completed predictors, where some were imputed.

    Returns
    -------
    Made

    Raises
    ------
    NotEstimable
        When the index cannot be made on all patients, or in none of the resamples.
    """
    search = search_of(plan)
    made = (
        _imputed(copies.imputer, copies.tables, target, search)
        if copies is not None and copies.imputer is not None
        else _measured(predictors, target, search)
    )
    rules, model, settled = made.copies[0], made.model, made.settled
    cuts = [cut.cut for cut in settled]
    named = None
    if plan.index.groups is not None:
        named = [(group.name, group.totals) for group in plan.index.groups]
    repeated = resampling.repeated(
        made.pipeline, target.n, lambda given, _: index_places(given.totals, len(rules), named)
    )
    resampled = repeated.optimism
    groups = index_groups(model.totals, len(rules), named)
    return Made(
        name="Composite index",
        fit=model.fit,
        totals=model.totals,
        resampled=resampled,
        instability=instability(repeated, target, sum(bool(group.mask.any()) for group in groups)),
        parameters=index_parameters(plan),
        cutoffs=cutoff_rows(
            made.copies, predictors, target, settled, resampled.trace, search=search
        ),
        selection=(),
        score_card=_card(made.copies, predictors, cuts),
        risk_table=risk_table(target, model.fit, model.totals, range(len(rules) + 1), groups),
        rounding=(),
        multivariable=None,
        groups=groups,
        groups_assumed=named is None and len(rules) > 1,
        bands={rule.name: two_bands(rule, cut) for rule, cut in zip(rules, cuts, strict=True)},
        points={rule.name: _giver(rule, cut) for rule, cut in zip(rules, cuts, strict=True)},
        wrong_way=(),
    )


@dataclass(frozen=True, slots=True)
class _Index:
    """An index made on all patients: its pipeline, the markers' rules in each copy, its numbers."""

    pipeline: IndexPipeline | ImputedIndexPipeline
    copies: tuple[tuple[CutRule, ...], ...]
    model: IndexFit
    settled: list[Settled]


def _measured(predictors: tuple[Predictor, ...], target: Target, search: Search) -> _Index:
    rules = tuple(cut_rule(predictor) for predictor in predictors)
    pipeline = IndexPipeline(target, rules, search.min_fraction)
    model = pipeline.fit(np.ones(target.n))
    settled = [
        settle(rule, float(cut), target, search)
        for rule, cut in zip(rules, model.cuts, strict=True)
    ]
    assert np.array_equal(pipeline.totals(np.array([cut.cut for cut in settled])), model.totals)
    return _Index(pipeline, (rules,), model, settled)


def _imputed(imputer: Imputer, tables: tuple[Table, ...], target: Target, search: Search) -> _Index:
    source = completed(imputer, tables, cut_rule)
    pipeline = ImputedIndexPipeline(target, source, search.min_fraction)
    model = pipeline.fit(np.ones(target.n)).index
    settled = [
        settle(rules[0], float(cut), target, search)
        if source.ready[place] is not None
        else settle_median(rules, float(cut), target)
        for place, (rules, cut) in enumerate(
            zip(zip(*source.whole, strict=True), model.cuts, strict=True)
        )
    ]
    cuts = np.array([cut.cut for cut in settled])
    assert np.array_equal(index_totals(source.whole, cuts), model.totals)
    return _Index(pipeline, source.whole, model, settled)


def _card(
    copies: tuple[tuple[CutRule, ...], ...],
    predictors: tuple[Predictor, ...],
    cuts: list[float],
) -> tuple[PointsRow, ...]:
    rows = []
    for rules, predictor, cut in zip(zip(*copies, strict=True), predictors, cuts, strict=True):
        rule = rules[0]
        given = round(float(np.mean([one.point(cut).sum() for one in distinct_copies(rules)])))
        text = number_text(cut)
        other = {">": "<=", ">=": "<", "<": ">=", "<=": ">"}[rule.symbol]
        without = len(predictor.values) - given
        rows.append(PointsRow(rule.name, predictor.label, f"{other} {text}", 0, 0.0, without))
        rows.append(PointsRow(rule.name, predictor.label, f"{rule.symbol} {text}", 1, 1.0, given))
    return tuple(rows)


def two_bands(
    rule: CutRule, cut: float, points: tuple[int, int] = (0, 1)
) -> tuple[dict[str, Any], ...]:
    """Write a cut-off as the two ranges of a score file.

    Parameters
    ----------
    rule : CutRule
        Says on which side the point is, and to which side a value at the cut-off belongs.
    cut : float
        In the marker's unit.
    points : tuple of (int, int)
        Without and with.

    Returns
    -------
    tuple of two dict
        The range below the cut-off, then the one above.
    """
    above_counts = rule.symbol in (">", ">=")
    edge_above = rule.symbol in (">=", "<")  # whether a value at the cut belongs to the upper range
    low = {"to": cut, "to_inclusive": not edge_above}
    high = {"from": cut, "from_inclusive": edge_above}
    without, given = points
    low_points, high_points = (without, given) if above_counts else (given, without)
    return ({**low, "points": low_points}, {**high, "points": high_points})


def _giver(rule: CutRule, cut: float) -> Callable[[float], int]:
    def give(value: float) -> int:
        edge = rule.sign * cut
        return int(rule.sign * value > edge if rule.strict else rule.sign * value >= edge)

    return give
