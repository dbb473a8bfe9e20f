"""The uncut relation of each predictor with the outcome, for drawing with the cut on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from cartwheel.development.model.imputed_uncut import ImputedUncutPipeline
from cartwheel.development.model.predictor import Predictor
from cartwheel.development.model.selection import coefficients_with_covariance
from cartwheel.development.model.uncut import Scaled, UncutFit, UncutPipeline
from cartwheel.development.result import SplineCurve
from cartwheel.stats.rubin import pool_covariance
from cartwheel.stats.spline import restricted_cubic_spline

Floats = NDArray[np.float64]

POINTS = 60
SHOWN = (2.5, 97.5)


def spline_curves(
    pipeline: UncutPipeline | ImputedUncutPipeline,
    model: UncutFit,
    predictors: Sequence[Predictor],
    cuts: Mapping[str, float],
    level: float,
) -> tuple[SplineCurve, ...]:
    """Draw each predictor's curve in the uncut model, the others held still.

    Parameters
    ----------
    pipeline, model
        The uncut model made on all patients, pooled over copies where predictors were imputed.
    predictors : sequence of Predictor
        In the order of the pipeline.
    cuts : mapping of column to cut-off
        Drawn on the curve.
    level : float
        Coverage of the pointwise (Wald) limits.

    Returns
    -------
    tuple of SplineCurve
        Log odds or log hazard ratio against the median, over the central 95 % of the values; a
        yes/no has no curve.

    Raises
    ------
    NotEstimable
        When the model with full inference does not converge.
    """
    coefficients, covariance, scaled = _drawn(pipeline, model)
    margin = float(ndtri(0.5 + level / 2))
    curves = []
    start = 0
    for item, scale, knots in zip(predictors, scaled, model.knots, strict=True):
        width = max(len(knots) - 1, 1)
        part = slice(start, start + width)
        start += width
        if item.distinct <= 2:
            continue
        curves.append(
            _curve(
                item,
                scale,
                knots,
                (coefficients[part], covariance[part, part]),
                margin,
                cuts.get(item.column),
            )
        )
    return tuple(curves)


def _drawn(
    pipeline: UncutPipeline | ImputedUncutPipeline, model: UncutFit
) -> tuple[Floats, Floats, Sequence[Scaled]]:
    """Coefficients, their covariance, and the predictors whose range is drawn."""
    target = pipeline.target
    if isinstance(pipeline, UncutPipeline):
        x, _ = pipeline.design(np.ones(target.n))
        return *coefficients_with_covariance(target, x), pipeline.predictors
    copies = pipeline.source.whole
    parts = [coefficients_with_covariance(target, x) for x in pipeline.designs(copies, model.knots)]
    covariance = pool_covariance([part[0] for part in parts], [part[1] for part in parts])
    together = [
        replace(items[0], values=np.concatenate([item.values for item in items]))
        for items in zip(*copies, strict=True)
    ]
    return model.fit.coefficients, covariance, together


def _curve(
    item: Predictor,
    scale: Scaled,
    knots: Floats,
    fitted: tuple[Floats, Floats],
    margin: float,
    cut: float | None,
) -> SplineCurve:
    low, high = np.percentile(scale.values, SHOWN)
    middle = float(np.median(scale.values))
    grid = np.unique(np.append(np.linspace(low, high, POINTS), middle))
    basis = _at(grid, knots) - _at(np.array([middle]), knots)
    coefficients, covariance = fitted
    effect = basis @ coefficients
    spread = np.einsum("ij,jk,ik->i", basis, covariance, basis)
    error = np.sqrt(np.maximum(spread, 0.0))
    return SplineCurve(
        column=item.column,
        label=item.label,
        unit=item.unit,
        x=_tuple(_unscaled(grid, scale.scale)),
        log_effect=_tuple(effect),
        low=_tuple(effect - margin * error),
        high=_tuple(effect + margin * error),
        knots=_tuple(_unscaled(knots, scale.scale)),
        cut=cut,
    )


def _at(values: Floats, knots: Floats) -> Floats:
    return values[:, None] if not len(knots) else restricted_cubic_spline(values, knots)


def _unscaled(values: Floats, scale: str) -> Floats:
    if scale == "log2":
        return np.exp2(values)
    if scale == "sqrt":
        return np.square(values)
    return values


def _tuple(values: Floats) -> tuple[float, ...]:
    return tuple(float(value) for value in values)
