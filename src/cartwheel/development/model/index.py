"""The composite index as one model: cut-offs, one point each, and a risk from the sum.

The cut-offs are learned where the plan says so, each time the index is made: once on all patients,
and again in every resample.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cartwheel.development.model.given import Given
from cartwheel.development.model.predictor import Predictor
from cartwheel.development.model.target import Fit, Target
from cartwheel.errors import NotEstimable, refuse
from cartwheel.stats.cutpoint import (
    SortedMarker,
    best_cut_fast,
    best_log_rank_cut_fast,
    sorted_marker,
)

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class CutRule:
    """How one marker's cut-off is had.

    Parameters
    ----------
    name : str
        Column of the marker.
    method : str
        ``fixed``, ``youden``, ``closest_corner`` or ``max_log_rank``.
    sign : float
        +1 where high is adverse and -1 where low is: the search works on sign * value, so that the
        point always goes to what lies above.
    marker : SortedMarker
        sign * value, sorted once.
    adverse : float array (n,)
        sign * value, in patient order.
    fixed : float or None
        The cut-off where it is fixed, in the marker's unit.
    strict : bool
        Whether a value at the cut-off gets no point.
    """

    name: str
    method: str
    sign: float
    marker: SortedMarker
    adverse: Floats
    fixed: float | None
    strict: bool

    def point(self, cut: float) -> Floats:
        """One for patients beyond the cut-off, zero for the others; cut in the marker's unit.

        Parameters
        ----------
        cut : float
            In the marker's unit.

        Returns
        -------
        float array (n,)
            1 or 0.
        """
        edge = self.sign * cut
        beyond = self.adverse > edge if self.strict else self.adverse >= edge
        return beyond.astype(np.float64)

    @property
    def symbol(self) -> str:
        """The inequality as printed."""
        return (">" if self.sign > 0 else "<") + ("" if self.strict else "=")


def cut_rule(predictor: Predictor) -> CutRule:
    """Make the rule of one predictor from its plan.

    Parameters
    ----------
    predictor : Predictor
        With a cut-off planned; low is adverse unless its direction is ``high``.

    Returns
    -------
    CutRule
        A searched cut-off, and a fixed one whose inequality is not said, gives its point to a value
        at the cut-off.
    """
    sign = 1.0 if predictor.direction == "high" else -1.0
    adverse: Floats = sign * predictor.values
    cutoff = predictor.cutoff
    assert cutoff is not None  # the assembly gives each marker of an index its way to a cut-off
    fixed = cutoff.value if cutoff.method == "fixed" else None
    strict = cutoff.rule in (">", "<")
    return CutRule(
        predictor.column, cutoff.method, sign, sorted_marker(adverse), adverse, fixed, strict
    )


@dataclass(frozen=True, slots=True)
class CutSample:
    """What a search for cut-offs needs to know of a sample, whatever the marker.

    Parameters
    ----------
    multiplicity : float array (n,)
        How often each patient counts.
    weights : tuple of two float arrays (n,), or None
        As case and as control; None where no cut-off is searched on the ROC curve.
    scores : float array (n,) or None
        Rank scores; None where no cut-off is searched by the log-rank statistic.
    min_fraction : float
        Smallest group that a search allows, as a fraction of the sample, in [0, 0.5).
    """

    multiplicity: Floats
    weights: tuple[Floats, Floats] | None
    scores: Floats | None
    min_fraction: float


def cut_sample(
    target: Target, rules: Iterable[CutRule | None], multiplicity: Floats, min_fraction: float
) -> CutSample:
    """Weigh and rank the patients of a sample as these rules need it.

    Parameters
    ----------
    target : Target
        The outcome.
    rules : iterable of (CutRule or None)
        None for what is not cut.
    multiplicity : float array (n,)
        How often each patient counts.
    min_fraction : float
        Smallest group that a search allows.

    Returns
    -------
    CutSample
    """
    methods = {rule.method for rule in rules if rule is not None}
    on_curve = methods & {"youden", "closest_corner"}
    weights = target.cut_weights(multiplicity) if on_curve else None
    scores = target.rank_scores(multiplicity) if "max_log_rank" in methods else None
    return CutSample(multiplicity, weights, scores, min_fraction)


def cut_off(rule: CutRule, sample: CutSample) -> float:
    """Cut-off of one marker on a sample: as fixed, or as searched.

    Parameters
    ----------
    rule : CutRule
        How it is had.
    sample : CutSample
        Made for rules of which this is one.

    Returns
    -------
    float
        In the marker's unit.

    Raises
    ------
    NotEstimable
        ``no_cut`` where none divides the sample as asked.
    """
    if rule.fixed is not None:
        return rule.fixed
    if rule.method == "max_log_rank":
        assert sample.scores is not None
        edge = best_log_rank_cut_fast(
            rule.marker, sample.scores, sample.multiplicity, sample.min_fraction
        )
    else:
        assert sample.weights is not None
        edge = best_cut_fast(
            rule.marker, *sample.weights, rule.method, sample.multiplicity, sample.min_fraction
        )
    if not np.isfinite(edge):
        raise refuse(NotEstimable, "no_cut", "no cut-off divides the patients")
    return rule.sign * edge


@dataclass(frozen=True, slots=True)
class IndexFit:
    """An index that was made.

    Parameters
    ----------
    cuts : float array (k,)
        Cut-off of each marker, in its unit.
    totals : float array (n,)
        Points of every patient, 0 to k.
    fit : Fit
        The model of the total.
    """

    cuts: Floats
    totals: Floats
    fit: Fit


@dataclass(frozen=True, slots=True)
class IndexPipeline:
    """Search every cut-off, give the points, fit the sum; what resampling repeats.

    Parameters
    ----------
    target : Target
        The outcome.
    rules : sequence of CutRule
        One for each marker.
    min_fraction : float
        Smallest group that a search allows, as a fraction of the sample, in [0, 0.5).
    """

    target: Target
    rules: Sequence[CutRule]
    min_fraction: float

    @property
    def measures(self) -> tuple[str, ...]:
        """Performance measures of the outcome."""
        return self.target.measures

    @property
    def traced(self) -> tuple[str, ...]:
        """The markers, whose cut-offs are recorded."""
        return tuple(rule.name for rule in self.rules)

    def cuts(self, multiplicity: Floats) -> Floats:
        """Cut-offs of all markers on the sample, in the markers' units.

        Parameters
        ----------
        multiplicity : float array (n,)
            How often each patient counts.

        Returns
        -------
        float array (k,)
            In the order of the rules.

        Raises
        ------
        NotEstimable
            When no cut-off of a marker divides the sample as asked.
        """
        sample = cut_sample(self.target, self.rules, multiplicity, self.min_fraction)
        return np.array([cut_off(rule, sample) for rule in self.rules])

    def totals(self, cuts: Floats) -> Floats:
        """Points of every patient under these cut-offs.

        Parameters
        ----------
        cuts : float array (k,)
            In the order of the rules, in the markers' units.

        Returns
        -------
        float array (n,)
            Whole numbers, 0 to k.
        """
        total = np.zeros(self.target.n)
        for rule, cut in zip(self.rules, cuts, strict=True):
            total += rule.point(cut)
        return total

    def fit(self, multiplicity: Floats) -> IndexFit:
        """Make the index on the sample.

        Parameters
        ----------
        multiplicity : float array (n,)
            How often each patient counts.

        Returns
        -------
        IndexFit
            Cut-offs and model of the sample, totals of everyone.

        Raises
        ------
        NotEstimable
            When a cut-off does not exist or the model does not converge.
        """
        cuts = self.cuts(multiplicity)
        totals = self.totals(cuts)
        return IndexFit(cuts, totals, self.target.fit(totals, multiplicity, score=totals))

    def measure(self, model: IndexFit, multiplicity: Floats) -> Floats:
        """Performance of the index on the sample.

        Parameters
        ----------
        model : IndexFit
            As made on any sample.
        multiplicity : float array (n,)
            How often each patient counts.

        Returns
        -------
        float array (m,)
            In the order of ``measures``; nan where one does not exist.
        """
        return self.target.measure(model.fit, multiplicity)

    def trace(self, model: IndexFit) -> Floats:
        """Give the cut-offs.

        Parameters
        ----------
        model : IndexFit
            As made on any sample.

        Returns
        -------
        float array (k,)
            In the order of ``traced``, in the markers' units.
        """
        return model.cuts

    def given(self, model: IndexFit) -> Given:
        """Points and risk of every patient.

        Parameters
        ----------
        model : IndexFit
            As made on any sample.

        Returns
        -------
        Given
        """
        return Given(model.totals, model.totals, model.fit.risk)
