"""The points score as one model: selection, regression, rounding to whole points, risk by total.

All of it is repeated in every resample: which candidates are kept, the ranges of the score card,
the coefficients, the rounding, and the risk that belongs to a total.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cartwheel.development.model.index import CutRule, cut_rule
from cartwheel.development.model.predictor import Predictor, design_columns
from cartwheel.development.model.selection import Selector
from cartwheel.development.model.target import Fit, Target
from cartwheel.development.planning.plan import PointsPlan
from cartwheel.errors import NotEstimable, refuse
from cartwheel.stats.cutpoint import best_cut_fast, best_log_rank_cut_fast
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
    place : int array (n,)
        Range of each patient, from 0.
    """

    edges: Floats
    points: Integers
    exact: Floats
    place: Integers


@dataclass(frozen=True, slots=True)
class PointsFit:
    """A points score that was made.

    Parameters
    ----------
    selected : bool array (c,)
        The kept candidates.
    cuts : float array (c,)
        Cut-off of each candidate, in its unit; nan where it is not cut.
    knots : tuple of (float array or None)
        Of each candidate, where a spline was used.
    exact, fit : Fit
        The unrounded regression of the kept candidates, and the model of the total.
    cards : tuple of (Card or None)
        Of each candidate; None where it was not kept.
    totals : float array (n,)
        Points of every patient.
    unit : float
        What one point is worth on the linear predictor; nan where nothing was kept.
    """

    selected: NDArray[np.bool_]
    cuts: Floats
    knots: tuple[Floats | None, ...]
    exact: Fit
    cards: tuple[Card | None, ...]
    totals: Floats
    unit: float
    fit: Fit


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
    distinct = np.unique(predictor.values)
    edges: Floats | None = None
    if predictor.steps is not None:
        edges = np.array(sorted(predictor.steps), dtype=float)
    elif len(distinct) <= FEW_VALUES:
        edges = (distinct[1:] + distinct[:-1]) / 2 if len(distinct) > 2 else distinct[1:]
    return Candidate(predictor, rule, edges, plan.categories)


@dataclass(frozen=True, slots=True)
class PointsPipeline:
    """Select, fit, round, refit; what resampling repeats.

    Parameters
    ----------
    target : Target
        The outcome.
    candidates : sequence of Candidate
        All of them, before any selection.
    selector : Selector
        Says which are kept.
    largest : int
        Largest number of points that one predictor may give.
    min_fraction : float
        Smallest group that a search for a cut-off allows, as a fraction, in [0, 0.5).
    """

    target: Target
    candidates: Sequence[Candidate]
    selector: Selector
    largest: int
    min_fraction: float

    @property
    def measures(self) -> tuple[str, ...]:
        """Performance measures of the outcome."""
        return self.target.measures

    @property
    def traced(self) -> tuple[str, ...]:
        """Selection (1 or 0) of each candidate, then the cut-off of those that have one."""
        names = [f"selected:{item.predictor.column}" for item in self.candidates]
        names += [f"cut:{item.predictor.column}" for item in self.candidates if item.rule]
        return tuple(names)

    def blocks(
        self, multiplicity: Floats
    ) -> tuple[list[Floats], Floats, tuple[Floats | None, ...]]:
        """Build each candidate's design columns on the sample, with its cut-off (nan) and knots.

        Parameters
        ----------
        multiplicity : float array (n,)
            How often each patient counts.

        Returns
        -------
        tuple of (list of float array (n, k), float array (c,), tuple of (float array or None))

        Raises
        ------
        NotEstimable
            When no cut-off of a candidate divides the sample as asked.
        """
        weights = scores = None
        if any(item.rule and item.rule.method != "fixed" for item in self.candidates):
            weights = self.target.cut_weights(multiplicity)
            scores = self.target.rank_scores(multiplicity)
        blocks: list[Floats] = []
        cuts = np.full(len(self.candidates), np.nan)
        knots: list[Floats | None] = []
        for place, item in enumerate(self.candidates):
            if item.rule is None:
                columns, at = design_columns(
                    item.predictor.values, item.predictor.transform, multiplicity
                )
                blocks.append(columns)
                knots.append(at)
                continue
            cuts[place] = self._cut(item.rule, weights, scores, multiplicity)
            blocks.append(item.rule.point(cuts[place])[:, None])
            knots.append(None)
        return blocks, cuts, tuple(knots)

    def _cut(
        self,
        rule: CutRule,
        weights: tuple[Floats, Floats] | None,
        scores: Floats | None,
        multiplicity: Floats,
    ) -> float:
        if rule.fixed is not None:
            return rule.fixed
        assert weights is not None
        assert scores is not None
        if rule.method == "max_log_rank":
            edge = best_log_rank_cut_fast(rule.marker, scores, multiplicity, self.min_fraction)
        else:
            edge = best_cut_fast(
                rule.marker, *weights, rule.method, multiplicity, self.min_fraction
            )
        if not np.isfinite(edge):
            raise refuse(NotEstimable, "no_cut", "no cut-off divides the patients")
        return rule.sign * edge

    def fit(self, multiplicity: Floats) -> PointsFit:
        """Make the points score on the sample.

        Parameters
        ----------
        multiplicity : float array (n,)
            How often each patient counts.

        Returns
        -------
        PointsFit
            Where nothing is kept, or all totals are equal, everyone gets 0 and the overall risk.

        Raises
        ------
        NotEstimable
            When a cut-off does not exist or a model does not converge.
        """
        blocks, cuts, knots = self.blocks(multiplicity)
        selected = self.selector.select(blocks, multiplicity)
        if not selected.any():
            return self._empty(blocks, cuts, knots, multiplicity)
        x = np.ascontiguousarray(
            np.hstack([b for b, keep in zip(blocks, selected, strict=True) if keep])
        )
        exact = self.target.fit(x, multiplicity)
        contributions = _contributions(blocks, selected, exact.coefficients)
        cards, unit = self._cards(contributions, cuts, multiplicity)
        totals = np.zeros(self.target.n)
        for card in cards:
            if card is not None:
                totals += card.points[card.place]
        if np.ptp(totals[multiplicity > 0]) == 0:
            # after rounding the sample has one total: it says nothing, and orders nobody
            fit = self.target.fit_constant(multiplicity)
        else:
            fit = self.target.fit(totals, multiplicity, score=totals)
        return PointsFit(selected, cuts, knots, exact, cards, totals, unit, fit)

    def _empty(
        self,
        blocks: list[Floats],
        cuts: Floats,
        knots: tuple[Floats | None, ...],
        multiplicity: Floats,
    ) -> PointsFit:
        """Nothing was kept: everyone gets the same total, and an AUC of one half."""
        none = np.zeros(len(blocks), dtype=bool)
        nothing = np.zeros(self.target.n)
        fit = self.target.fit_constant(multiplicity)
        cards: tuple[Card | None, ...] = (None,) * len(blocks)
        return PointsFit(none, cuts, knots, fit, cards, nothing, np.nan, fit)

    def _cards(
        self, contributions: list[Floats | None], cuts: Floats, multiplicity: Floats
    ) -> tuple[tuple[Card | None, ...], float]:
        """Ranges and exact contributions of the kept candidates, rounded to a common unit."""
        drafts: list[tuple[Floats, Integers, Floats] | None] = []
        spreads: list[float] = []
        for place, (item, part) in enumerate(zip(self.candidates, contributions, strict=True)):
            if part is None:
                drafts.append(None)
                continue
            edges, where = ranges(item, float(cuts[place]), multiplicity)
            exact = _range_means(part, where, len(edges) + 1, multiplicity)
            drafts.append((edges, where, exact))
            spreads.append(float(np.ptp(exact)))
        unit = point_unit(spreads, self.largest)
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

    def measure(self, model: PointsFit, multiplicity: Floats) -> Floats:
        """Performance of the total on the sample.

        Parameters
        ----------
        model, multiplicity
            As made on any sample; how often each patient counts.

        Returns
        -------
        float array (m,), in the order of ``measures``; nan where one does not exist
        """
        return self.target.measure(model.fit, multiplicity)

    def trace(self, model: PointsFit) -> Floats:
        """Which candidates were kept, and the cut-offs.

        Parameters
        ----------
        model : PointsFit
            As made on any sample.

        Returns
        -------
        float array (t,), in the order of ``traced``: 1 or 0, then cut-offs in the predictors' units
        """
        cut = [
            value
            for value, item in zip(model.cuts, self.candidates, strict=True)
            if item.rule is not None
        ]
        return np.concatenate([model.selected.astype(float), cut])


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


def ranges(item: Candidate, cut: float, multiplicity: Floats) -> tuple[Floats, Integers]:
    """Edges of a score card's ranges and each patient's range; an edge is of the range above.

    A cut-off makes two ranges, 0 without and 1 with the point, whatever its direction.

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
    tuple of (float array (k - 1,), int array (n,))
        Edges rising, quantiles that coincide once; ranges from 0 to k - 1.
    """
    if item.rule is not None:
        return np.array([cut]), item.rule.point(cut).astype(np.int64)
    edges = item.edges
    if edges is None:
        inner = np.arange(1, item.levels) / item.levels
        edges = np.unique(round_significant(quantiles(item.predictor.values, inner, multiplicity)))
    return edges, np.searchsorted(edges, item.predictor.values, side="right")


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


def _contributions(
    blocks: list[Floats], selected: NDArray[np.bool_], coefficients: Floats
) -> list[Floats | None]:
    parts: list[Floats | None] = []
    start = 0
    for block, keep in zip(blocks, selected, strict=True):
        if not keep:
            parts.append(None)
            continue
        width = block.shape[1]
        parts.append(block @ coefficients[start : start + width])
        start += width
    return parts


def _range_means(part: Floats, where: Integers, count: int, multiplicity: Floats) -> Floats:
    """Mean contribution in each range of the sample; of all patients there when it is empty."""
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
