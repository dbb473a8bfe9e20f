"""Run the uncut model beside the score: same predictors, same resamples.

Its own corrected numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from cartwheel.development.assembly import Assembled
from cartwheel.development.dose_response import spline_curves
from cartwheel.development.honesty import performance
from cartwheel.development.made import Resampling
from cartwheel.development.result import Performance, SplineCurve
from cartwheel.development.target import BinaryTarget, SurvivalTarget, Target
from cartwheel.development.uncut import UncutFit, UncutPipeline, carries_splines, scaled
from cartwheel.stats.cox import cox_fit
from cartwheel.stats.logistic import logistic_fast
from cartwheel.stats.resample import bootstrap_optimism
from cartwheel.stats.samplesize import expected_shrinkage


@dataclass(frozen=True, slots=True)
class UncutRun:
    """The uncut model's performance and curves; ``shrinkage`` is its expected shrinkage."""

    performance: Performance
    curves: tuple[SplineCurve, ...]
    splines: bool
    shrinkage: float | None


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
    resampled = bootstrap_optimism(
        pipeline,
        n=target.n,
        resamples=resampling.resamples,
        seed=resampling.seed,
        threads=resampling.threads,
        progress=resampling.progress,
    )
    model = pipeline.fit(np.ones(target.n))
    name = "Uncut (splines)" if splines else "Uncut (straight lines)"
    return UncutRun(
        performance(name, resampled, target, model.fit, assembled.plan.level),
        spline_curves(pipeline, model, predictors, cuts, assembled.plan.level),
        splines,
        _shrinkage(pipeline, model),
    )


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
