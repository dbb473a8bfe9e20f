"""Run the uncut model beside the score: same predictors, same resamples.

Its own corrected numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from cartwheel.development.account.dose_response import spline_curves
from cartwheel.development.account.honesty import LABELS, performance
from cartwheel.development.cohort.assembly import Assembled
from cartwheel.development.made import Resampling
from cartwheel.development.model.target import BinaryTarget, SurvivalTarget, Target
from cartwheel.development.model.uncut import UncutFit, UncutPipeline, carries_splines, scaled
from cartwheel.development.result import Measure, Performance, SplineCurve
from cartwheel.errors import NotEstimable
from cartwheel.estimate import Estimate
from cartwheel.stats.cox import cox_fit
from cartwheel.stats.estimability import separating_columns
from cartwheel.stats.logistic import logistic_fast
from cartwheel.stats.resample import bootstrap_optimism
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
    assembled: Assembled, target: Target, cuts: Mapping[str, float], resampling: Resampling
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

    Returns
    -------
    UncutRun
    """
    predictors = assembled.predictors
    splines = carries_splines(predictors, int(target.event.sum()))
    pipeline = UncutPipeline(
        target,
        tuple(
            scaled(item, skewed=assembled.columns[item.column].skewed, splines=splines)
            for item in predictors
        ),
    )
    name = "Uncut (splines)" if splines else "Uncut (straight lines)"
    try:
        resampled = bootstrap_optimism(
            pipeline,
            n=target.n,
            resamples=resampling.resamples,
            seed=resampling.seed,
            threads=resampling.threads,
            progress=resampling.progress,
        )
    except NotEstimable as reason:
        return UncutRun(_without(name, target, reason), (), splines, None, ())
    model = pipeline.fit(np.ones(target.n))
    return UncutRun(
        performance(name, resampled, target, model.fit, assembled.plan.level),
        spline_curves(pipeline, model, predictors, cuts, assembled.plan.level),
        splines,
        _shrinkage(pipeline, model),
        _separating(pipeline, assembled),
    )


def _without(name: str, target: Target, reason: NotEstimable) -> Performance:
    """Say for every measure that there is no uncut model, and why."""
    none = Estimate(None, method=f"not estimable: {reason.problems[0].what}")
    measures = tuple(
        Measure(measure, *LABELS[measure], none, none, none) for measure in target.measures
    )
    return Performance(name, measures, 0, 0, ((reason.problems[0].code, 1),))


def _separating(pipeline: UncutPipeline, assembled: Assembled) -> tuple[str, ...]:
    """Labels of predictors that tell events from the others without a mistake."""
    target = pipeline.target
    if not isinstance(target, BinaryTarget):
        return ()
    plain = np.column_stack([item.values for item in pipeline.predictors])
    places = separating_columns(plain, target.event) or ()
    return tuple(assembled.predictors[place].label for place in places)


def _shrinkage(pipeline: UncutPipeline, model: UncutFit) -> float | None:
    """Expected shrinkage from the plain likelihood ratio of the uncut model.

    None where maximum likelihood does not exist (separation): then there is no such number.
    """
    target = pipeline.target
    x, _ = pipeline.design(np.ones(target.n))
    if isinstance(target, BinaryTarget):
        _, full, converged = logistic_fast(x, target.event)
        _, null, _ = logistic_fast(x, target.event, fixed=range(x.shape[1]))
        if not converged:
            return None
        ratio = 2.0 * (full - null)
    else:
        assert isinstance(target, SurvivalTarget)
        ratio = cox_fit(target.times, x).likelihood_ratio
    parameters = len(model.fit.coefficients)
    return float(expected_shrinkage(ratio, parameters)) if ratio > 0 else None
