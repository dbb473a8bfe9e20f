"""Sensitivity and specificity of a pool whose rows are tests of accuracy."""

from __future__ import annotations

import numpy as np

from cartwheel.errors import NotEstimable
from cartwheel.estimate import Estimate
from cartwheel.note import Note
from cartwheel.pooling.analysis.count_models import Columns, two_groups
from cartwheel.pooling.analysis.members import Floats, Members
from cartwheel.pooling.analysis.models import available
from cartwheel.pooling.result_accuracy import Accuracy, AccuracyRow
from cartwheel.stats.descriptive import wilson_interval
from cartwheel.stats.pooling.bivariate import (
    BivariateAccuracy,
    RatioInterval,
    bivariate_accuracy,
    hsroc_sensitivity,
)

_MODEL = "bivariate model (Reitsma), REML"
_POINTS = 61
_Outline = tuple[tuple[float, float], ...]


def accuracy_of(members: Members) -> tuple[Accuracy | None, tuple[Note, ...]]:
    """Pool sensitivity and specificity together.

    Parameters
    ----------
    members : Members
        The pool.

    Returns
    -------
    tuple of (Accuracy or None, tuple of Note)
        None where the rows are no tests of accuracy, or the model cannot be fitted, which is noted.
    """
    if members.k < 2 or not available(members, "bivariate"):
        return None, ()
    columns = two_groups(members)
    if columns is None:
        return None, ()
    a, sick, c, well = columns
    try:
        found = bivariate_accuracy(
            a, np.subtract(sick, a), c, np.subtract(well, c), level=members.level
        )
    except NotEstimable as refusal:
        text = f"Sensitivity and specificity were not pooled: {refusal.problems[0].what}."
        return None, (Note("no_accuracy", "caution", text),)
    return _written(members, columns, found), ()


def _written(members: Members, columns: Columns, found: BivariateAccuracy) -> Accuracy:
    effects = found.effects
    return Accuracy(
        studies=_rows(members, columns),
        sensitivity=_estimate(members, found.sensitivity),
        specificity=_estimate(members, found.specificity),
        positive_likelihood_ratio=_estimate(members, found.positive_likelihood_ratio),
        negative_likelihood_ratio=_estimate(members, found.negative_likelihood_ratio),
        diagnostic_odds_ratio=_estimate(members, found.diagnostic_odds_ratio),
        correlation=effects.correlation,
        tau2_sensitivity=float(effects.between[0, 0]),
        tau2_specificity=float(effects.between[1, 1]),
        corrected=tuple(
            study.row
            for study, changed in zip(members.studies, found.corrected, strict=True)
            if changed
        ),
        confidence_region=_outline(found.confidence_region),
        prediction_region=_outline(found.prediction_region),
        curve=_curve(columns, found),
    )


def _estimate(members: Members, ratio: RatioInterval) -> Estimate:
    return Estimate(ratio.value, ratio.low, ratio.high, members.level, _MODEL, n=members.k)


def _rows(members: Members, columns: Columns) -> tuple[AccuracyRow, ...]:
    a, sick, c, well = columns
    return tuple(
        AccuracyRow(
            study.study,
            study.row,
            _share(a[i], sick[i], members.level),
            _share(well[i] - c[i], well[i], members.level),
        )
        for i, study in enumerate(members.studies)
    )


def _share(events: float, n: float, level: float) -> Estimate:
    low, high = wilson_interval(events, n, level)
    return Estimate(events / n, low, high, level, "Wilson", n=int(n), events=int(events))


def _outline(points: Floats) -> _Outline:
    return tuple((float(x), float(y)) for x, y in points)


def _curve(columns: Columns, found: BivariateAccuracy) -> _Outline:
    """Summary curve, drawn only where studies are."""
    if found.curve is None:
        return ()
    _, _, c, well = columns
    rates = (np.array(c) + 0.5 * found.corrected) / (np.array(well) + found.corrected)
    low, high = float(rates.min()), float(rates.max())
    if not 0.0 < low < high < 1.0:
        return ()
    grid = np.linspace(low, high, _POINTS)
    return _outline(np.column_stack([grid, hsroc_sensitivity(found.curve, grid)]))
