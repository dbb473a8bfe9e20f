"""Run the uncut model beside the score: same predictors, same resamples.

Its own corrected numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cartwheel.development.account.dose_response import spline_curves
from cartwheel.development.account.honesty import LABELS, performance
from cartwheel.development.cohort.assembly import Assembled
from cartwheel.development.cohort.copies import Copies
from cartwheel.development.made import Resampling
from cartwheel.development.model.imputed_uncut import ImputedUncutPipeline
from cartwheel.development.model.imputer import completed
from cartwheel.development.model.predictor import Predictor
from cartwheel.development.model.target import BinaryTarget, SurvivalTarget, Target
from cartwheel.development.model.uncut import (
    Scaled,
    UncutFit,
    UncutPipeline,
    carries_splines,
    scaled,
)
from cartwheel.development.result import Measure, Performance, SplineCurve
from cartwheel.errors import NotEstimable
from cartwheel.estimate import Estimate
from cartwheel.stats.cox import cox_fit
from cartwheel.stats.estimability import separating_columns
from cartwheel.stats.logistic import logistic_fast
from cartwheel.stats.samplesize import expected_shrinkage


@dataclass(frozen=True, slots=True)
class UncutRun:
    """The uncut model beside the score.

    Parameters
    ----------
    performance : Performance
        Apparent and corrected; without any value where the model cannot be fitted on all patients.
    curves : tuple of SplineCurve
        Of each predictor that is more than a yes or no; empty where the model cannot be fitted.
    splines : bool
        Whether the events carry splines; else all curves are straight lines.
    shrinkage : float or None
        Expected shrinkage, by van Houwelingen and le Cessie; None where maximum likelihood does not
        exist.
    separating : tuple of str
        Labels of predictors that tell events from the others without a mistake (binary only).
    """

    performance: Performance
    curves: tuple[SplineCurve, ...]
    splines: bool
    shrinkage: float | None
    separating: tuple[str, ...]


def run_uncut(
    assembled: Assembled,
    target: Target,
    cuts: Mapping[str, float],
    resampling: Resampling,
    copies: Copies | None = None,
) -> UncutRun:
    """Fit, repeat and draw the uncut model.

    Parameters
    ----------
    assembled : Assembled
        The predictors.
    target : Target
        The outcome.
    cuts : mapping of column to cut-off
        Drawn on the curves.
    resampling : Resampling
        The same as the score's, so that the two are compared on the same resamples.
    copies : Copies, optional
        The completed predictors, where some were imputed; in every resample they are imputed anew,
        as for the score.

    Returns
    -------
    UncutRun
    """
    predictors = assembled.predictors
    splines = carries_splines(predictors, int(target.event.sum()))
    pipeline = _pipeline(assembled, target, copies, splines=splines)
    name = "Uncut (splines)" if splines else "Uncut (straight lines)"
    try:
        resampled = resampling.optimism(pipeline, target.n)
    except NotEstimable as reason:
        return UncutRun(_without(name, target, reason), (), splines, None, ())
    found = pipeline.fit(np.ones(target.n))
    model = found if isinstance(found, UncutFit) else found.uncut
    return UncutRun(
        performance(name, resampled, target, model.fit, assembled.plan.level),
        spline_curves(pipeline, model, predictors, cuts, assembled.plan.level),
        splines,
        _shrinkage(pipeline, model),
        _separating(pipeline, assembled),
    )


def _pipeline(
    assembled: Assembled, target: Target, copies: Copies | None, *, splines: bool
) -> UncutPipeline | ImputedUncutPipeline:
    def prepare(item: Predictor) -> Scaled:
        return scaled(item, skewed=assembled.columns[item.column].skewed, splines=splines)

    if copies is None or copies.imputer is None:
        return UncutPipeline(target, tuple(prepare(item) for item in assembled.predictors))
    return ImputedUncutPipeline(target, completed(copies.imputer, copies.tables, prepare))


def _scaled_copies(
    pipeline: UncutPipeline | ImputedUncutPipeline,
) -> Sequence[Sequence[Scaled]]:
    if isinstance(pipeline, UncutPipeline):
        return (pipeline.predictors,)
    return pipeline.source.whole


def _designs(
    pipeline: UncutPipeline | ImputedUncutPipeline, model: UncutFit
) -> list[NDArray[np.float64]]:
    if isinstance(pipeline, UncutPipeline):
        return [pipeline.design(np.ones(pipeline.target.n))[0]]
    return pipeline.designs(pipeline.source.whole, model.knots)


def _without(name: str, target: Target, reason: NotEstimable) -> Performance:
    """Say for every measure that there is no uncut model, and why."""
    none = Estimate(None, method=f"not estimable: {reason.problems[0].what}")
    measures = tuple(
        Measure(measure, *LABELS[measure], none, none, none) for measure in target.measures
    )
    return Performance(name, measures, 0, 0, ((reason.problems[0].code, 1),))


def _separating(
    pipeline: UncutPipeline | ImputedUncutPipeline, assembled: Assembled
) -> tuple[str, ...]:
    """Labels of predictors that tell events from the others without a mistake, in any copy."""
    target = pipeline.target
    if not isinstance(target, BinaryTarget):
        return ()
    places: set[int] = set()
    for copy in _scaled_copies(pipeline):
        plain = np.column_stack([item.values for item in copy])
        places.update(separating_columns(plain, target.event) or ())
    return tuple(assembled.predictors[place].label for place in sorted(places))


def _shrinkage(pipeline: UncutPipeline | ImputedUncutPipeline, model: UncutFit) -> float | None:
    """Expected shrinkage from the plain likelihood ratio of the uncut model, its mean over copies.

    None where maximum likelihood does not exist (separation): then there is no such number.
    """
    ratios = [_likelihood_ratio(pipeline.target, x) for x in _designs(pipeline, model)]
    known = [ratio for ratio in ratios if ratio is not None]
    if len(known) < len(ratios):
        return None
    ratio = sum(known) / len(known)
    parameters = len(model.fit.coefficients)
    return float(expected_shrinkage(ratio, parameters)) if ratio > 0 else None


def _likelihood_ratio(target: Target, x: NDArray[np.float64]) -> float | None:
    if isinstance(target, BinaryTarget):
        _, full, converged = logistic_fast(x, target.event)
        _, null, _ = logistic_fast(x, target.event, fixed=range(x.shape[1]))
        return 2.0 * (full - null) if converged else None
    assert isinstance(target, SurvivalTarget)
    return cox_fit(target.times, x).likelihood_ratio
