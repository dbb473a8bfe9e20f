"""The score card: each kept predictor's ranges, what they contribute, and their whole points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cartwheel.development.model.index import CutRule, cut_rule
from cartwheel.development.model.predictor import Predictor
from cartwheel.development.planning.plan import PointsPlan
from cartwheel.stats.descriptive import quantiles

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

FEW_VALUES = 5


@dataclass(frozen=True, slots=True)
class Candidate:
    """A candidate predictor of a points score, ready for the loop.

    Parameters
    ----------
    predictor : Predictor
        As analysed.
    rule : CutRule or None
        Of a candidate that is cut; then ``edges`` are not used.
    edges : float array (k - 1,) or None
        Fixed edges of its k ranges; None where they come from the quantiles of each sample.
    levels : int
        Number of those quantile ranges.
    """

    predictor: Predictor
    rule: CutRule | None
    edges: Floats | None
    levels: int


@dataclass(frozen=True, slots=True)
class Card:
    """One predictor's part of the score card: edges between ranges, and points of each range.

    Parameters
    ----------
    edges : float array (k - 1,)
        In the predictor's unit, rising; an edge is of the range above, except for a cut-off, whose
        rule says where it belongs.
    points : int array (k,)
        Of each range, lowest 0; for a cut-off without and with.
    exact : float array (k,)
        The contribution to the linear predictor that a range stands for, before rounding.
    place : int array (n,) or (m, n)
        Range of each patient, from 0; a row for each completed copy where predictors were imputed.
    """

    edges: Floats
    points: Integers
    exact: Floats
    place: Integers


def candidate(predictor: Predictor, plan: PointsPlan) -> Candidate:
    """Prepare one candidate: its cut-off rule, fixed edges, or edges to come from quantiles.

    Parameters
    ----------
    predictor : Predictor
        As analysed.
    plan : PointsPlan
        Gives the number of quantile ranges.

    Returns
    -------
    Candidate
        Edges are the declared steps; else, with up to five different values, one between each two
        neighbours (the upper value of a yes/no); else to come.
    """
    rule = None if predictor.cutoff is None else cut_rule(predictor)
    distinct = predictor.distinct_values
    edges: Floats | None = None
    if predictor.steps is not None:
        edges = np.array(sorted(predictor.steps), dtype=float)
    elif len(distinct) <= FEW_VALUES:
        edges = (distinct[1:] + distinct[:-1]) / 2 if len(distinct) > 2 else distinct[1:]
    return Candidate(predictor, rule, edges, plan.categories)


def quantile_edges(item: Candidate, multiplicity: Floats) -> Floats:
    """Inner quantiles of a candidate on a sample, where its edges are to come from.

    Parameters
    ----------
    item : Candidate
        Without rule or fixed edges.
    multiplicity : float array (n,)
        How often each patient counts.

    Returns
    -------
    float array (levels - 1,)
        Not rounded; quantiles may coincide.
    """
    inner = np.arange(1, item.levels) / item.levels
    return quantiles(item.predictor.values, inner, multiplicity)


def rounded_edges(edges: Floats) -> Floats:
    """Round quantiles to edges that a reader can remember, each once.

    Parameters
    ----------
    edges : float array (k,)
        From ``quantile_edges``.

    Returns
    -------
    float array (at most k,)
        Rising, two significant digits.
    """
    return np.unique(round_significant(edges))


def card_edges(item: Candidate, cut: float, multiplicity: Floats) -> Floats:
    """Edges of a score card's ranges; an edge is of the range above.

    Parameters
    ----------
    item : Candidate
        Without rule or edges, edges are the sample's quantiles, rounded to two significant digits.
    cut : float
        Its cut-off in the predictor's unit; not used where it has no rule.
    multiplicity : float array (n,)
        How often each patient counts.

    Returns
    -------
    float array (k - 1,)
        Rising, quantiles that coincide once.
    """
    if item.rule is not None:
        return np.array([cut])
    if item.edges is not None:
        return item.edges
    return rounded_edges(quantile_edges(item, multiplicity))


def card_places(item: Candidate, edges: Floats) -> Integers:
    """Range of each patient; a cut-off makes two, 0 without and 1 with the point.

    Parameters
    ----------
    item : Candidate
        Its values.
    edges : float array (k - 1,)
        From ``card_edges``.

    Returns
    -------
    int array (n,)
        From 0 to k - 1; for a cut-off whatever its direction.
    """
    if item.rule is not None:
        return item.rule.point(float(edges[0])).astype(np.int64)
    return np.searchsorted(edges, item.predictor.values, side="right")


def round_significant(values: Floats, digits: int = 2) -> Floats:
    """Round to so many significant digits: an edge of 512.37 ug/L becomes 510.

    Parameters
    ----------
    values : float array (k,)
        Finite.
    digits : int
        >= 1.

    Returns
    -------
    float array (k,)
        0 stays 0.
    """
    with np.errstate(divide="ignore"):
        size = np.where(values == 0, 0.0, np.floor(np.log10(np.abs(values))))
    scale = 10.0 ** (digits - 1 - size)
    rounded: Floats = np.rint(values * scale) / scale
    return rounded


def contributions(
    blocks: list[Floats], selected: NDArray[np.bool_], coefficients: Floats
) -> list[Floats | None]:
    """What each kept candidate adds to the linear predictor of every patient.

    Parameters
    ----------
    blocks : list of float array (..., k)
        Design columns of each candidate.
    selected : bool array (c,)
        The kept candidates.
    coefficients : float array (p,)
        Of the kept candidates' columns, in their order.

    Returns
    -------
    list of (float array (...) or None)
        None for a candidate that was not kept.
    """
    parts: list[Floats | None] = []
    start = 0
    for block, keep in zip(blocks, selected, strict=True):
        if not keep:
            parts.append(None)
            continue
        width = block.shape[-1]
        parts.append(block @ coefficients[start : start + width])
        start += width
    return parts


def range_means(part: Floats, where: Integers, count: int, multiplicity: Floats) -> Floats:
    """Mean contribution in each range of the sample; of all patients there when it is empty.

    Parameters
    ----------
    part : float array (n,)
        Contribution of each patient.
    where : int array (n,)
        Range of each patient.
    count : int
        Ranges.
    multiplicity : float array (n,)
        How often each patient counts.

    Returns
    -------
    float array (count,)
        Between its neighbours for a range in which there is nobody at all.
    """
    weight = np.bincount(where, multiplicity, count)
    total = np.bincount(where, multiplicity * part, count)
    if weight.all():
        means: Floats = total / weight
        return means
    everyone = np.bincount(where, minlength=count)
    plain = np.bincount(where, part, count)
    filled = np.where(weight > 0, total / np.maximum(weight, 1), plain / np.maximum(everyone, 1))
    empty = (weight == 0) & (everyone == 0)
    if empty.any():
        known = np.flatnonzero(~empty)
        filled[empty] = np.interp(np.flatnonzero(empty), known, filled[known])
    return filled


def point_unit(spreads: list[float], largest: int) -> float:
    """What one point is worth on the linear predictor.

    The predictor with the smallest effect gets one point from its lowest to its highest range,
    unless the largest would then exceed its limit.

    Parameters
    ----------
    spreads : list of float
        Highest minus lowest contribution of each kept predictor's ranges, >= 0.
    largest : int
        Largest number of points that one predictor may give.

    Returns
    -------
    float
        > 0; 1 where no predictor has an effect.
    """
    positive = [spread for spread in spreads if spread > 1e-12]
    if not positive:
        return 1.0
    return max(min(positive), max(positive) / largest)


def rounded_cards(
    drafts: Sequence[tuple[Floats, Integers, Floats] | None], largest: int
) -> tuple[tuple[Card | None, ...], float]:
    """Round the contributions of all ranges to whole points of one common unit.

    Parameters
    ----------
    drafts : sequence of (tuple of (edges, places, exact contributions) or None)
        Of each candidate; None where it was not kept.
    largest : int
        Largest number of points that one predictor may give.

    Returns
    -------
    tuple of (cards, float)
        A card or None for each candidate, and what one point is worth.
    """
    unit = point_unit([float(np.ptp(draft[2])) for draft in drafts if draft is not None], largest)
    cards = tuple(
        None
        if draft is None
        else Card(
            draft[0],
            np.rint((draft[2] - draft[2].min()) / unit).astype(np.int64),
            draft[2],
            draft[1],
        )
        for draft in drafts
    )
    return cards, unit
