"""Make the points score: table, selection, rounding, risk by total.

And what survives repetition.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cartwheel.development.account.blocks import predictor_block
from cartwheel.development.account.cutoff_rows import (
    Search,
    Settled,
    cutoff_row,
    settle,
    settle_median,
)
from cartwheel.development.account.groups import band_groups, band_places
from cartwheel.development.account.honesty import selection_rows
from cartwheel.development.account.instability import instability
from cartwheel.development.account.over_copies import distinct_copies
from cartwheel.development.account.regression_tables import regression_table
from cartwheel.development.account.score_card import (
    possible_totals,
    risk_table,
    rounding_loss,
    score_card,
)
from cartwheel.development.cohort.copies import Copies
from cartwheel.development.made import Made, Resampling
from cartwheel.development.make_index import search_of, two_bands
from cartwheel.development.model.card import Candidate, Card, candidate
from cartwheel.development.model.imputed_points import ImputedPointsPipeline
from cartwheel.development.model.imputer import completed
from cartwheel.development.model.points import PointsFit, PointsPipeline
from cartwheel.development.model.predictor import Predictor, design_width
from cartwheel.development.model.selection import Selector
from cartwheel.development.model.target import Target
from cartwheel.development.planning.plan import Plan
from cartwheel.development.result import Cutoff, RegressionTable
from cartwheel.errors import NotEstimable, refuse
from cartwheel.stats.resample import Optimism

Floats = NDArray[np.float64]
CandidateCopies = tuple[tuple[Candidate, ...], ...]


def points_parameters(predictors: tuple[Predictor, ...]) -> int:
    """Candidate parameters: design columns of every candidate, one more for a searched cut-off.

    Parameters
    ----------
    predictors : tuple of Predictor
        The candidates, before any selection.

    Returns
    -------
    int
        At least 1. A yes/no has one column; a spline of k knots has k - 1.
    """
    total = 0
    for item in predictors:
        if item.cutoff is None:
            total += design_width(item.transform, item.distinct)
        else:
            total += 1 if item.cutoff.method == "fixed" else 2
    return total


def make_points(
    plan: Plan,
    predictors: tuple[Predictor, ...],
    target: Target,
    resampling: Resampling,
    copies: Copies | None = None,
) -> Made:
    """Make the points score on all patients, and repeat all of it in every resample.

    Parameters
    ----------
    plan : Plan
        Selection, penalty, rounding, bands.
    predictors : tuple of Predictor
        The candidates.
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
        When the score cannot be made on all patients, or in none of the resamples.
    """
    pipeline, candidate_copies = _pipeline(plan, predictors, target, copies)
    candidates = candidate_copies[0]
    repeated = resampling.repeated(
        pipeline,
        target.n,
        lambda given, multiplicity: band_places(
            given.sample_totals, multiplicity, given.totals, plan.points.bands
        ),
    )
    resampled = repeated.optimism
    search = search_of(plan)
    found = pipeline.fit(np.ones(target.n))
    first = found if isinstance(found, PointsFit) else found.points
    _refuse_nothing(first, plan)
    model, settled = _settled(candidate_copies, first, target, search)
    groups = band_groups(model.totals, plan.points.bands)
    return Made(
        name="Points score",
        fit=model.fit,
        totals=model.totals,
        resampled=resampled,
        instability=instability(repeated, target, len(groups)),
        parameters=points_parameters(predictors),
        cutoffs=_cutoffs(candidate_copies, target, settled, resampled, search),
        selection=selection_rows(resampled, {item.column: item.label for item in predictors}),
        score_card=score_card(candidates, model),
        risk_table=risk_table(target, model.fit, model.totals, possible_totals(model), groups),
        rounding=rounding_loss(target, model),
        multivariable=_multivariable(candidate_copies, model, target, plan.level),
        groups=groups,
        groups_assumed=False,
        bands=_bands(candidates, model),
        points=_givers(candidates, model),
        wrong_way=_wrong_way(candidates, model),
    )


def _pipeline(
    plan: Plan, predictors: tuple[Predictor, ...], target: Target, copies: Copies | None
) -> tuple[PointsPipeline | ImputedPointsPipeline, CandidateCopies]:
    """What resampling repeats, and the candidates of each copy of all patients."""
    selector = Selector(target, plan.points.selection, plan.points.alpha)
    settings = (selector, plan.points.largest, plan.index.min_fraction)
    if copies is None or copies.imputer is None:
        candidates = tuple(candidate(predictor, plan.points) for predictor in predictors)
        return PointsPipeline(target, candidates, *settings), (candidates,)
    source = completed(
        copies.imputer, copies.tables, lambda predictor: candidate(predictor, plan.points)
    )
    return ImputedPointsPipeline(target, source, *settings), source.whole


def _refuse_nothing(model: PointsFit, plan: Plan) -> None:
    """Refuse where there is no score to make."""
    if not model.selected.any():
        raise refuse(
            NotEstimable,
            "nothing_kept",
            f"no candidate has p < {plan.points.alpha:g}, so there is nothing to make a score of",
            where=f"selection '{plan.points.selection}'",
            mend="that is a finding too; or decide beforehand to keep all (--select none)",
        )


def _wrong_way(candidates: Sequence[Candidate], model: PointsFit) -> tuple[str, ...]:
    """Labels of predictors whose points fall towards the end that the plan calls adverse."""
    found = []
    for item, card in zip(candidates, model.cards, strict=True):
        stated = item.predictor.direction
        if card is None or item.rule is not None or stated is None:
            continue
        rise = int(card.points[-1]) - int(card.points[0])
        if rise * (1 if stated == "high" else -1) < 0:
            found.append(item.predictor.label)
    return tuple(found)


def _multivariable(
    copies: CandidateCopies, model: PointsFit, target: Target, level: float
) -> RegressionTable | None:
    blocks = [
        predictor_block(distinct_copies(items), None if np.isnan(cut) else float(cut))
        for items, cut, keep in zip(
            zip(*copies, strict=True), model.cuts, model.selected, strict=True
        )
        if keep
    ]
    return regression_table("multivariable", blocks, target, level) if blocks else None


def _settled(
    copies: CandidateCopies, model: PointsFit, target: Target, search: Search
) -> tuple[PointsFit, list[Settled | None]]:
    """Put the printed number in the place of each searched cut-off; the groups stay the same."""
    settled: list[Settled | None] = []
    cards: list[Card | None] = []
    columns = zip(*copies, strict=True)
    for items, cut, card in zip(columns, model.cuts, model.cards, strict=True):
        rules = distinct_copies([item.rule for item in items if item.rule is not None])
        if not rules:
            settled.append(None)
            cards.append(card)
            continue
        found = (
            settle(rules[0], float(cut), target, search)
            if len(rules) == 1
            else settle_median(rules, float(cut), target)
        )
        assert all(np.array_equal(rule.point(found.cut), rule.point(float(cut))) for rule in rules)
        settled.append(found)
        cards.append(None if card is None else replace(card, edges=np.array([found.cut])))
    cuts = np.array([np.nan if found is None else found.cut for found in settled])
    return replace(model, cuts=cuts, cards=tuple(cards)), settled


def _cutoffs(
    copies: CandidateCopies,
    target: Target,
    settled: list[Settled | None],
    resampled: Optimism,
    search: Search,
) -> tuple[Cutoff, ...]:
    rows = []
    for place, (items, cut) in enumerate(zip(zip(*copies, strict=True), settled, strict=True)):
        if cut is None:
            continue
        predictor = items[0].predictor
        traced = resampled.traced.index(f"cut:{predictor.column}")
        rows.append(
            cutoff_row(
                distinct_copies([item.rule for item in items if item.rule is not None]),
                predictor,
                target,
                cut,
                resampled.trace[:, traced],
                search=replace(search, seed=search.seed + place),
            )
        )
    return tuple(rows)


def _bands(
    candidates: Sequence[Candidate], model: PointsFit
) -> dict[str, tuple[dict[str, Any], ...]]:
    bands = {}
    for item, card in zip(candidates, model.cards, strict=True):
        if card is None:
            continue
        if item.rule is not None:
            without, given = int(card.points[0]), int(card.points[1])
            bands[item.predictor.column] = two_bands(
                item.rule, float(card.edges[0]), (without, given)
            )
        else:
            bands[item.predictor.column] = _ranges(card)
    return bands


def _ranges(card: Card) -> tuple[dict[str, Any], ...]:
    """Write a card's ranges; an edge belongs to the range above it."""
    edges = [float(edge) for edge in card.edges]
    ranges = []
    for place, points in enumerate(card.points):
        entry: dict[str, Any] = {}
        if place > 0:
            entry |= {"from": edges[place - 1], "from_inclusive": True}
        if place < len(edges):
            entry |= {"to": edges[place], "to_inclusive": False}
        ranges.append({**entry, "points": int(points)})
    return tuple(ranges)


def _givers(candidates: Sequence[Candidate], model: PointsFit) -> dict[str, Callable[[float], int]]:
    return {
        item.predictor.column: _giver(item, card)
        for item, card in zip(candidates, model.cards, strict=True)
        if card is not None
    }


def _giver(item: Candidate, card: Card) -> Callable[[float], int]:
    def give(value: float) -> int:
        if item.rule is None:
            return int(card.points[np.searchsorted(card.edges, value, side="right")])
        edge = item.rule.sign * float(card.edges[0])
        signed = item.rule.sign * value
        return int(card.points[int(signed > edge if item.rule.strict else signed >= edge)])

    return give
