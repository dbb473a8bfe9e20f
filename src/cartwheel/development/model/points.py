"""The points score as one model: selection, regression, rounding to whole points, risk by total.

All of it is repeated in every resample: which candidates are kept, the ranges of the score card,
the coefficients, the rounding, and the risk that belongs to a total.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cartwheel.development.model.card import (
    Candidate,
    Card,
    card_edges,
    card_places,
    contributions,
    range_means,
    rounded_cards,
)
from cartwheel.development.model.given import Given
from cartwheel.development.model.index import cut_off, cut_sample
from cartwheel.development.model.predictor import design_columns
from cartwheel.development.model.selection import Selector
from cartwheel.development.model.target import Fit, Target

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


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
    totals : float array (n,) or (m, n)
        Points of every patient; a row for each completed copy where predictors were imputed.
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
        rules = [item.rule for item in self.candidates]
        sample = cut_sample(self.target, rules, multiplicity, self.min_fraction)
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
            cuts[place] = cut_off(item.rule, sample)
            blocks.append(item.rule.point(cuts[place])[:, None])
            knots.append(None)
        return blocks, cuts, tuple(knots)

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
        parts = contributions(blocks, selected, exact.coefficients)
        cards, unit = self._cards(parts, cuts, multiplicity)
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
        self, parts: list[Floats | None], cuts: Floats, multiplicity: Floats
    ) -> tuple[tuple[Card | None, ...], float]:
        """Ranges and exact contributions of the kept candidates, rounded to a common unit."""
        drafts: list[tuple[Floats, Integers, Floats] | None] = []
        for place, (item, part) in enumerate(zip(self.candidates, parts, strict=True)):
            if part is None:
                drafts.append(None)
                continue
            edges = card_edges(item, float(cuts[place]), multiplicity)
            where = card_places(item, edges)
            drafts.append((edges, where, range_means(part, where, len(edges) + 1, multiplicity)))
        return rounded_cards(drafts, self.largest)

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

    def given(self, model: PointsFit) -> Given:
        """Points and risk of every patient.

        Parameters
        ----------
        model : PointsFit
            As made on any sample.

        Returns
        -------
        Given
        """
        return Given(model.totals, model.totals, model.fit.risk)
