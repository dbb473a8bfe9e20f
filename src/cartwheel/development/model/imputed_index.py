"""The index where predictors are imputed: impute, search in every copy, one set of cut-offs.

All of it is one recipe, used on all patients and again in every resample, from that resample alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cartwheel.development.model.given import Given
from cartwheel.development.model.imputer import Completed
from cartwheel.development.model.index import CutRule, IndexFit, cut_off, cut_sample
from cartwheel.development.model.pooled import (
    average_measure,
    evaluated_total,
    middle,
    pooled_total_fit,
)
from cartwheel.development.model.target import Target

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ImputedIndexFit:
    """An index that was made from completed copies.

    Parameters
    ----------
    multiplicity : float array (n,)
        The sample it was made from.
    searched : float array (m, k)
        Cut-offs of each copy.
    index : IndexFit
        The one index: median cut-offs, totals (m, n), averaged model of the total.
    """

    multiplicity: Floats
    searched: Floats
    index: IndexFit


@dataclass(frozen=True, slots=True, eq=False)
class ImputedIndexPipeline:
    """Impute, search every cut-off in every copy, take medians, fit the sum, average.

    Parameters
    ----------
    target : Target
        The outcome.
    source : Completed of CutRule
        Makes the copies.
    min_fraction : float
        Smallest group that a search allows, as a fraction of the sample, in [0, 0.5).
    """

    target: Target
    source: Completed[CutRule]
    min_fraction: float

    @property
    def measures(self) -> tuple[str, ...]:
        """Performance measures of the outcome."""
        return self.target.measures

    @property
    def traced(self) -> tuple[str, ...]:
        """The markers, whose cut-offs are recorded."""
        return tuple(rule.name for rule in self.source.whole[0])

    def fit(self, multiplicity: Floats) -> ImputedIndexFit:
        """Make the index on the sample.

        Parameters
        ----------
        multiplicity : float array (n,)
            How often each patient counts.

        Returns
        -------
        ImputedIndexFit

        Raises
        ------
        NotEstimable
            When the sample cannot be imputed, a cut-off does not exist in a copy, or a copy's model
            does not converge.
        """
        copies = self.source.copies(multiplicity)
        sample = cut_sample(self.target, copies[0], multiplicity, self.min_fraction)
        searched = np.empty((len(copies), len(copies[0])))
        for place, ready in enumerate(self.source.ready):
            if ready is not None:
                searched[:, place] = cut_off(ready, sample)
                continue
            for row, rules in enumerate(copies):
                searched[row, place] = cut_off(rules[place], sample)
        cuts = middle(searched)
        totals = index_totals(copies, cuts)
        fit = pooled_total_fit(self.target, totals, multiplicity)
        return ImputedIndexFit(multiplicity, searched, IndexFit(cuts, totals, fit))

    def measure(self, model: ImputedIndexFit, multiplicity: Floats) -> Floats:
        """Average performance over the copies of the sample.

        Parameters
        ----------
        model : ImputedIndexFit
            As made on any sample.
        multiplicity : float array (n,)
            How often each patient counts. A model is measured on the copies it was made from in its
            own sample, and on copies learned from all patients elsewhere.

        Returns
        -------
        float array (m,)
            In the order of ``measures``; nan where one does not exist.
        """
        fit = model.index.fit
        if multiplicity is not model.multiplicity:
            totals = index_totals(self.source.copies(multiplicity), model.index.cuts)
            fit = evaluated_total(self.target, fit.coefficients, fit.intercept, totals)
        return average_measure(self.target, fit, multiplicity)

    def trace(self, model: ImputedIndexFit) -> Floats:
        """Give the cut-offs.

        Parameters
        ----------
        model : ImputedIndexFit
            As made on any sample.

        Returns
        -------
        float array (k,)
            In the order of ``traced``, in the markers' units.
        """
        return model.index.cuts

    def given(self, model: ImputedIndexFit) -> Given:
        """Points and risk of every patient.

        Parameters
        ----------
        model : ImputedIndexFit
            As made on any sample.

        Returns
        -------
        Given
        """
        fit = model.index.fit
        totals = index_totals(self.source.whole, model.index.cuts)
        whole = evaluated_total(self.target, fit.coefficients, fit.intercept, totals)
        return Given(model.index.totals, totals, whole.risk.mean(axis=0))


def index_totals(copies: tuple[tuple[CutRule, ...], ...], cuts: Floats) -> Floats:
    """Points of every patient in every copy.

    Parameters
    ----------
    copies : tuple of tuple of CutRule
        The markers of each copy.
    cuts : float array (k,)
        In the markers' units.

    Returns
    -------
    float array (m, n)
        Whole numbers, 0 to k.
    """
    return np.stack(
        [
            np.sum([rule.point(cut) for rule, cut in zip(rules, cuts, strict=True)], axis=0)
            for rules in copies
        ]
    )
