"""The points score where predictors are imputed: one set of cut-offs, knots, ranges and points.

All of it is one recipe, used on all patients and again in every resample, from that resample alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cartwheel.development.model.card import (
    Candidate,
    Card,
    card_places,
    contributions,
    quantile_edges,
    range_means,
    rounded_cards,
    rounded_edges,
)
from cartwheel.development.model.given import Given
from cartwheel.development.model.imputer import Completed
from cartwheel.development.model.index import CutSample, cut_off, cut_sample
from cartwheel.development.model.points import PointsFit
from cartwheel.development.model.pooled import (
    average_measure,
    evaluated_total,
    middle,
    pooled_fit,
    pooled_knots,
    pooled_total_fit,
)
from cartwheel.development.model.pooled_selection import select_pooled
from cartwheel.development.model.predictor import columns_at
from cartwheel.development.model.selection import Selector
from cartwheel.development.model.target import Fit, Target

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Copies = Sequence[Sequence[Candidate]]


@dataclass(frozen=True, slots=True)
class ImputedPointsFit:
    """A points score that was made from completed copies.

    Parameters
    ----------
    multiplicity : float array (n,)
        The sample it was made from.
    searched : float array (m, c)
        Cut-off of each candidate in each copy; nan where it is not cut.
    points : PointsFit
        The one score; its patients' arrays have a row for each copy.
    """

    multiplicity: Floats
    searched: Floats
    points: PointsFit


@dataclass(frozen=True, slots=True, eq=False)
class ImputedPointsPipeline:
    """Impute, cut, select on pooled tests, pool the coefficients, round, refit.

    Parameters
    ----------
    target : Target
        The outcome.
    source : Completed of Candidate
        Makes the copies.
    selector : Selector
        Says which candidates are kept.
    largest : int
        Largest number of points that one predictor may give.
    min_fraction : float
        Smallest group that a search for a cut-off allows, as a fraction, in [0, 0.5).
    """

    target: Target
    source: Completed[Candidate]
    selector: Selector
    largest: int
    min_fraction: float

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        """The candidates of the first copy of all patients, for their names and ranges."""
        return self.source.whole[0]

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

    def fit(self, multiplicity: Floats) -> ImputedPointsFit:
        """Make the points score on the sample.

        Parameters
        ----------
        multiplicity : float array (n,)
            How often each patient counts.

        Returns
        -------
        ImputedPointsFit
            Where nothing is kept, or all totals are equal, everyone gets 0 and the overall risk.

        Raises
        ------
        NotEstimable
            When the sample cannot be imputed, a cut-off does not exist in a copy, or a copy's model
            does not converge.
        """
        copies = self.source.copies(multiplicity)
        rules = [item.rule for item in copies[0]]
        sample = cut_sample(self.target, rules, multiplicity, self.min_fraction)
        searched = np.full((len(copies), len(copies[0])), np.nan)
        columns: list[list[Floats]] = []
        knots: list[Floats | None] = []
        for place in range(len(copies[0])):
            items = self._items(copies, place)
            searched[:, place] = _searched(items, sample)
            cut = float(middle(searched[:, [place]])[0])
            at = _knots(items, multiplicity)
            knots.append(at)
            made = [_block(item, cut, at) for item in items]
            columns.append(made if len(made) > 1 else made * len(copies))
        blocks = [list(row) for row in zip(*columns, strict=True)]
        selected = select_pooled(self.selector, blocks, multiplicity)
        cuts = middle(searched)
        if not selected.any():
            made_of = self._empty(len(copies), cuts, tuple(knots), multiplicity)
            return ImputedPointsFit(multiplicity, searched, made_of)
        designs = [
            np.ascontiguousarray(
                np.hstack([b for b, keep in zip(row, selected, strict=True) if keep])
            )
            for row in blocks
        ]
        exact = pooled_fit(self.target, designs, multiplicity)
        cards, unit = self._cards(copies, blocks, (selected, cuts, exact), multiplicity)
        totals = self.totals(copies, cards)
        fit = pooled_total_fit(self.target, totals, multiplicity)
        made_of = PointsFit(selected, cuts, tuple(knots), exact, cards, totals, unit, fit)
        return ImputedPointsFit(multiplicity, searched, made_of)

    def _items(self, copies: Copies, place: int) -> list[Candidate]:
        """One candidate in each copy; once where nothing of it was imputed."""
        if self.source.ready[place] is not None:
            return [copies[0][place]]
        return [candidates[place] for candidates in copies]

    def _empty(
        self, m: int, cuts: Floats, knots: tuple[Floats | None, ...], multiplicity: Floats
    ) -> PointsFit:
        """Nothing was kept: everyone gets the same total, and an AUC of one half."""
        none = np.zeros(len(knots), dtype=bool)
        totals = np.zeros((m, self.target.n))
        fit = pooled_total_fit(self.target, totals, multiplicity)
        cards: tuple[Card | None, ...] = (None,) * len(knots)
        return PointsFit(none, cuts, knots, fit, cards, totals, np.nan, fit)

    def _cards(
        self,
        copies: Copies,
        blocks: Sequence[list[Floats]],
        model: tuple[NDArray[np.bool_], Floats, Fit],
        multiplicity: Floats,
    ) -> tuple[tuple[Card | None, ...], float]:
        """Common ranges, and their mean contribution over all copies, rounded to a common unit."""
        selected, cuts, exact = model
        parts = [contributions(row, selected, exact.coefficients) for row in blocks]
        drafts: list[tuple[Floats, Integers, Floats] | None] = []
        for place, keep in enumerate(selected):
            if not keep:
                drafts.append(None)
                continue
            items = self._items(copies, place)
            edges = pooled_edges(items, float(cuts[place]), multiplicity)
            where = np.stack([card_places(item, edges) for item in items])
            part = np.concatenate([row[place] for row in parts[: len(items)]])
            weight = np.tile(multiplicity, len(items))
            means = range_means(part, where.ravel(), len(edges) + 1, weight)
            drafts.append((edges, np.broadcast_to(where, (len(copies), self.target.n)), means))
        return rounded_cards(drafts, self.largest)

    def totals(self, copies: Copies, cards: Sequence[Card | None]) -> Floats:
        """Points of every patient in every copy.

        Parameters
        ----------
        copies : sequence of sequences of Candidate
            Of any sample.
        cards : sequence of (Card or None)
            The score card.

        Returns
        -------
        float array (m, n)
            Whole numbers.
        """
        totals = np.zeros((len(copies), self.target.n))
        for place, card in enumerate(cards):
            if card is not None:
                items = self._items(copies, place)
                where = np.stack([card_places(item, card.edges) for item in items])
                totals += card.points[where]
        return totals

    def measure(self, model: ImputedPointsFit, multiplicity: Floats) -> Floats:
        """Average performance of the total over the copies of the sample.

        Parameters
        ----------
        model : ImputedPointsFit
            As made on any sample.
        multiplicity : float array (n,)
            How often each patient counts. A model is measured on the copies it was made from in its
            own sample, and on copies learned from all patients elsewhere.

        Returns
        -------
        float array (m,)
            In the order of ``measures``; nan where one does not exist.
        """
        fit = model.points.fit
        if multiplicity is not model.multiplicity:
            totals = self.totals(self.source.copies(multiplicity), model.points.cards)
            fit = evaluated_total(self.target, fit.coefficients, fit.intercept, totals)
        return average_measure(self.target, fit, multiplicity)

    def trace(self, model: ImputedPointsFit) -> Floats:
        """Which candidates were kept, and the cut-offs.

        Parameters
        ----------
        model : ImputedPointsFit
            As made on any sample.

        Returns
        -------
        float array (t,)
            In the order of ``traced``: 1 or 0, then cut-offs in the predictors' units.
        """
        points = model.points
        has_rule = np.array([item.rule is not None for item in self.candidates])
        return np.concatenate([points.selected.astype(float), points.cuts[has_rule]])

    def given(self, model: ImputedPointsFit) -> Given:
        """Points and risk of every patient.

        Parameters
        ----------
        model : ImputedPointsFit
            As made on any sample.

        Returns
        -------
        Given
        """
        fit = model.points.fit
        totals = self.totals(self.source.whole, model.points.cards)
        whole = evaluated_total(self.target, fit.coefficients, fit.intercept, totals)
        return Given(model.points.totals, totals, whole.risk.mean(axis=0))


def _searched(items: Sequence[Candidate], sample: CutSample) -> Floats:
    """Cut-off of one candidate in each copy; nan where it is not cut."""
    return np.array([np.nan if item.rule is None else cut_off(item.rule, sample) for item in items])


def _block(item: Candidate, cut: float, knots: Floats | None) -> Floats:
    if item.rule is not None:
        return item.rule.point(cut)[:, None]
    return columns_at(item.predictor.values, item.predictor.transform, knots)


def _knots(items: Sequence[Candidate], multiplicity: Floats) -> Floats | None:
    if items[0].rule is not None:
        return None
    predictors = [item.predictor for item in items]
    return pooled_knots(predictors, predictors[0].transform, multiplicity)


def pooled_edges(items: Sequence[Candidate], cut: float, multiplicity: Floats) -> Floats:
    """Edges of a score card's ranges: as declared, or the median over copies of each quantile.

    Parameters
    ----------
    items : sequence of Candidate
        One candidate in each copy.
    cut : float
        Its cut-off; not used where it has no rule.
    multiplicity : float array (n,)
        The sample.

    Returns
    -------
    float array (k - 1,)
        Rising; medians of quantiles are rounded to two significant digits.
    """
    first = items[0]
    if first.rule is not None:
        return np.array([cut])
    if first.edges is not None:
        return first.edges
    return rounded_edges(middle(np.stack([quantile_edges(item, multiplicity) for item in items])))
