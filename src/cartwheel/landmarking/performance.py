"""Apparent and corrected performance side by side, at every landmark."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from cartwheel.errors import NotEstimable
from cartwheel.estimate import Estimate
from cartwheel.landmarking.pipeline import (
    CHANGE,
    OWN,
    SAME,
    SAME_CHANGE,
    SUPER,
    LandmarkModels,
    LandmarkPipeline,
)
from cartwheel.landmarking.result import LandmarkChange, LandmarkMeasure, LandmarkPerformance
from cartwheel.landmarking.rows import LandmarkRows
from cartwheel.stats.brier import brier_score
from cartwheel.stats.concordance import harrell_c
from cartwheel.stats.delong import auc_delong
from cartwheel.stats.descriptive import normal_quantile
from cartwheel.stats.integrated_brier import brier_with_error
from cartwheel.stats.optimism_interval import location_shifted_interval
from cartwheel.stats.resample import Optimism
from cartwheel.stats.survival import survival_at
from cartwheel.stats.time_dependent import time_dependent_auc

Floats = NDArray[np.float64]
LABELS = {
    "auc": ("AUC", "higher"),
    "c_index": ("Harrell's C", "higher"),
    "brier": ("Brier score", "lower"),
    "scaled_brier": ("Scaled Brier score", "higher"),
    SAME: ("AUC, same patients", "higher"),
    CHANGE: ("Change of AUC", "higher"),
    SAME_CHANGE: ("Change of AUC, same patients", "higher"),
}
INSIDE = {"auc": 0.0, "c_index": 0.0, "brier": 0.0, SAME: 0.0, CHANGE: -1.0, SAME_CHANGE: -1.0}
CENTRED = "bootstrap over patients, centred on the apparent value"
NO_MODEL = "the model does not exist"


def performances(
    pipeline: LandmarkPipeline, models: LandmarkModels, found: Optimism, level: float
) -> tuple[LandmarkPerformance, ...]:
    """Performance of both kinds of model at every landmark that can be estimated.

    Parameters
    ----------
    pipeline : LandmarkPipeline
        What was repeated.
    models : LandmarkModels
        Made on all patients.
    found : Optimism
        What repeating it found.
    level : float
        Coverage of the intervals.

    Returns
    -------
    tuple of LandmarkPerformance
        The own models first, each kind by landmark.
    """
    return tuple(
        _performance(pipeline, models, found, level, at, model)
        for model in (OWN, SUPER)
        for at in pipeline.measured
    )


def _performance(
    pipeline: LandmarkPipeline,
    models: LandmarkModels,
    found: Optimism,
    level: float,
    at: int,
    model: str,
) -> LandmarkPerformance:
    row = pipeline.rows[at]
    both = pipeline.predicted(models, at, model)
    null = null_brier(row, pipeline.window_days)
    if both is None:
        return LandmarkPerformance(model, row.day, row.n, row.events, null, (), NO_MODEL)
    measures = tuple(
        _measure(
            found,
            f"{model}:{at}:{name}",
            name,
            closed_form(row, name, both, pipeline.window_days, level),
            (row.n, row.events),
            level,
        )
        for name in pipeline.statistics
    )
    return LandmarkPerformance(model, row.day, row.n, row.events, null, measures, "")


def null_brier(row: LandmarkRows, window_days: float | None) -> float | None:
    """Brier score of giving everybody at a landmark the observed risk.

    Parameters
    ----------
    row : LandmarkRows
        The landmark.
    window_days : float or None
        Survival: where risk is read.

    Returns
    -------
    float or None
        None where nobody is analysed.
    """
    if not row.n:
        return None
    if row.followed is None:
        share = row.events / row.n
        return share * (1.0 - share)
    assert window_days is not None
    constant = np.full(row.n, 1.0 - survival_at(row.followed, window_days))
    return brier_score(row.followed, constant, window_days)


def closed_form(
    row: LandmarkRows,
    name: str,
    predicted: tuple[Floats, Floats],
    window_days: float | None,
    level: float,
) -> Estimate | None:
    """Apparent value with the interval of its own formula.

    Parameters
    ----------
    row : LandmarkRows
        The landmark.
    name : str
        Which measure.
    predicted : tuple of (float array (m,), float array (m,))
        Linear predictor and risk.
    window_days : float or None
        Survival: where risk is read.
    level : float
        Coverage.

    Returns
    -------
    Estimate or None
        None where there is no formula, or it does not hold here.
    """
    lp, risk = predicted
    try:
        if row.followed is None:
            if name == "auc":
                return auc_delong(lp, row.event, level=level)
            return _brier(risk, row.event, level) if name == "brier" else None
        assert row.within is not None
        assert window_days is not None
        if name == "auc":
            return time_dependent_auc(row.followed, lp, window_days, level=level).estimate()
        if name == "c_index":
            return harrell_c(row.within, lp, level=level)
        if name == "brier":
            return brier_with_error(row.followed, risk, window_days).estimate(level)
    except NotEstimable:
        return None
    return None


def _brier(risk: Floats, event: Floats, level: float) -> Estimate:
    squared = (event - risk) ** 2
    value, n = float(squared.mean()), len(squared)
    half = normal_quantile(level) * float(squared.std(ddof=1)) / float(np.sqrt(n))
    method = "Brier score, Wald interval"
    return Estimate(
        value, max(value - half, 0.0), min(value + half, 1.0), level, method, n, int(event.sum())
    )


def _measure(
    found: Optimism,
    key: str,
    name: str,
    closed: Estimate | None,
    counts: tuple[int | None, int | None],
    level: float,
) -> LandmarkMeasure:
    label, better = LABELS[name]
    value = float(found.apparent[found.measures.index(key)])
    optimism = found.optimism(key)
    n, events = counts
    if not np.isfinite(value):
        none = Estimate(None, method="not estimable on these patients", n=n, events=events)
        return LandmarkMeasure(name, label, better, none, none, none, 0)
    apparent = closed or _centred(found, key, name, value, counts, level)
    if len(optimism) < 2:
        none = Estimate(None, method="not computed: no resamples", n=n, events=events)
        return LandmarkMeasure(name, label, better, apparent, none, none, len(optimism))
    mean = float(optimism.mean())
    margin = normal_quantile(0.95) * float(optimism.std(ddof=1)) / float(np.sqrt(len(optimism)))
    method = f"mean over {len(optimism)} resamples, Monte-Carlo interval"
    shifted = location_shifted_interval(found, key, level=level, around="corrected")
    return LandmarkMeasure(
        name,
        label,
        better,
        apparent,
        Estimate(mean, mean - margin, mean + margin, 0.95, method, n, events),
        _bounded(shifted, name, counts),
        len(optimism),
    )


def _centred(
    found: Optimism,
    key: str,
    name: str,
    value: float,
    counts: tuple[int | None, int | None],
    level: float,
) -> Estimate:
    spread = found.spread(key)
    n, events = counts
    if len(spread) < 2:
        return Estimate(value, method="no interval: no resamples", n=n, events=events)
    tail = 50.0 * (1.0 - level)
    low, high = np.percentile(value + spread, [tail, 100.0 - tail])
    return _bounded(Estimate(value, float(low), float(high), level, CENTRED), name, counts)


def _bounded(given: Estimate, name: str, counts: tuple[int | None, int | None]) -> Estimate:
    """Cut limits to what the measure can be, and say on how many they rest."""
    low, high = given.low, given.high
    if name in INSIDE and low is not None and high is not None:
        low, high = (min(max(limit, INSIDE[name]), 1.0) for limit in (low, high))
    n, events = counts
    return Estimate(given.value, low, high, given.level, given.method, n, events)


def changes(
    pipeline: LandmarkPipeline, found: Optimism, level: float
) -> tuple[LandmarkChange, ...]:
    """How the AUC changes from the first landmark that can be estimated to the last.

    Parameters
    ----------
    pipeline : LandmarkPipeline
        What was repeated.
    found : Optimism
        What repeating it found.
    level : float
        Coverage of the intervals.

    Returns
    -------
    tuple of LandmarkChange
        Each model with the patients of each landmark, and with the same patients at all; empty
        where one landmark can be estimated, the latter left out where too few are shared.
    """
    if len(pipeline.measured) < 2:
        return ()
    return tuple(
        change
        for model in (OWN, SUPER)
        for change in _changes(pipeline, found, level, model)
        if change.change.apparent.value is not None
    )


def _changes(
    pipeline: LandmarkPipeline, found: Optimism, level: float, model: str
) -> Iterator[LandmarkChange]:
    first, last = (pipeline.rows[at].day for at in (pipeline.measured[0], pipeline.measured[-1]))
    none = (None, None)
    change = _measure(found, f"{model}:{CHANGE}", CHANGE, None, none, level)
    yield LandmarkChange(model, first, last, False, None, None, (), change)
    shared = pipeline.shared[pipeline.measured[-1]]
    if shared is None:
        return
    counts = (int(shared.sum()), int(pipeline.rows[pipeline.measured[-1]].event[shared].sum()))
    by_landmark = tuple(
        _measure(found, f"{model}:{at}:{SAME}", SAME, None, counts, level)
        for at in pipeline.measured
    )
    change = _measure(found, f"{model}:{SAME_CHANGE}", SAME_CHANGE, None, counts, level)
    yield LandmarkChange(model, first, last, True, *counts, by_landmark, change)
