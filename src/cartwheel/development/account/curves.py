"""What is drawn: Kaplan-Meier by group, ROC curves, calibration; as numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from cartwheel.clinic.curve_points import drawn_roc, drawn_survival, time_ticks
from cartwheel.development.account.honesty import measure_named, pooled_auc
from cartwheel.development.account.over_copies import (
    RUBIN,
    average_curve,
    copies_of,
    over_copies,
    patients_and_events,
    pooled_proportion,
    whole_counts,
)
from cartwheel.development.model.imputer import Table
from cartwheel.development.model.target import BinaryTarget, Fit, SurvivalTarget, Target
from cartwheel.development.result import (
    Calibration,
    CalibrationPoint,
    Performance,
    RocPoints,
    SurvivalCurve,
)
from cartwheel.estimate import Estimate
from cartwheel.stats.descriptive import quantiles, wilson_interval
from cartwheel.stats.roc import auc_delong, roc_curve, weighted_auc
from cartwheel.stats.survival import (
    KaplanMeier,
    kaplan_meier,
    numbers_at_risk,
    survival_times,
)

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


def survival_curves(
    target: SurvivalTarget, groups: Sequence[tuple[str, Mask]], level: float
) -> tuple[SurvivalCurve, ...]:
    """Kaplan-Meier curve, median and survival at the horizon of each group.

    Parameters
    ----------
    target : SurvivalTarget
        Times and horizon.
    groups : sequence of (name, mask)
        Patients of each group, (n,) or (m, n); empty groups are left out.
    level : float
        Coverage of the intervals (log scale, as R's survfit).

    Returns
    -------
    tuple of SurvivalCurve
    """
    ticks = time_ticks(float(target.times.time.max()))
    curves = []
    shown = [(name, mask) for name, mask in groups if mask.any()]
    counted = patients_and_events([mask for _, mask in shown], target.event)
    at_risk = _at_risk(target, [mask for _, mask in shown], ticks)
    for (name, mask), counts, risk in zip(shown, counted, at_risk, strict=True):
        curve = group_curve(target, mask, level, counts)
        curves.append(drawn_survival(name, curve, counts, target.horizon, ticks, risk))
    return tuple(curves)


def group_curve(
    target: SurvivalTarget, mask: Mask, level: float, counts: tuple[int, int]
) -> KaplanMeier:
    """Kaplan-Meier curve of a group; the average of its copies where predictors were imputed.

    Parameters
    ----------
    target : SurvivalTarget
        Times.
    mask : bool array (n,) or (m, n)
        Its patients, in each copy.
    level : float
        Coverage.
    counts : tuple of (int, int)
        Patients and events as shown, of an average.

    Returns
    -------
    KaplanMeier
    """
    if mask.ndim > 1:
        return average_curve(target, mask, level, counts)
    times = survival_times(target.times.time[mask], target.times.event[mask])
    return kaplan_meier(times, level=level)


def _at_risk(target: SurvivalTarget, masks: Sequence[Mask], ticks: Floats) -> list[tuple[int, ...]]:
    """Patients at risk of each group at each time; averages sum to the cohort at risk."""
    numbers = np.zeros((len(masks), len(ticks)))
    for place, mask in enumerate(masks):
        for row in np.atleast_2d(mask):
            if row.any():
                times = survival_times(target.times.time[row], target.times.event[row])
                numbers[place] += numbers_at_risk(times, ticks)
        numbers[place] /= copies_of(mask)
    whole = np.array([whole_counts(column.tolist(), round(column.sum())) for column in numbers.T])
    rows = np.minimum.accumulate(whole.T, axis=1)
    return [tuple(int(count) for count in row) for row in rows]


def roc_curves(
    target: Target, fit: Fit, tables: Sequence[Table], found: Performance, level: float
) -> tuple[RocPoints, ...]:
    """ROC curve of the score, with its corrected AUC, and of each continuous marker alone.

    For survival outcomes the curves are cumulative / dynamic at the horizon, with inverse
    probability of censoring weights, and have no closed-form interval here.

    Parameters
    ----------
    target : Target
        The outcome.
    fit : Fit
        The score, as made on all patients.
    tables : sequence of tuple of Predictor
        The markers of each copy; one is drawn alone when its direction was stated and it is more
        than a yes or no.
    found : Performance
        Of the score, for the corrected AUC.
    level : float
        Coverage of DeLong's intervals.

    Returns
    -------
    tuple of RocPoints
        The score's first. Where predictors were imputed a curve is the average of the copies'
        sensitivities and specificities at each threshold, and the area the average of their areas.
    """
    name = "auc" if isinstance(target, BinaryTarget) else "auc_at_horizon"
    measured = measure_named(found, name)
    score = _roc(target, fit.score, "score", found.model, level, measured.corrected)
    curves = [replace(score, auc=measured.apparent)]
    for copies in zip(*tables, strict=True):
        item = copies[0]
        if item.direction is None or item.distinct <= 2:
            continue
        sign = 1.0 if item.direction == "high" else -1.0
        alike = all(copy is item for copy in copies)
        values = item.values if alike else np.stack([copy.values for copy in copies])
        curves.append(_roc(target, sign * values, item.column, item.label, level, None))
    return tuple(curves)


def _roc(
    target: Target,
    score: Floats,
    name: str,
    label: str,
    level: float,
    corrected: Estimate | None,
) -> RocPoints:
    # outcomes are the same in every copy, so the curve of all copies together is their average
    m = copies_of(score)
    if isinstance(target, BinaryTarget):
        curve = roc_curve(score.ravel(), np.tile(target.event, m))
        area = (
            auc_delong(score, target.event, level=level)
            if m == 1
            else pooled_auc(target, score, level)
        )
    else:
        case, control = target.cut_weights(np.ones(target.n))
        curve = roc_curve(
            score.ravel(), None, case_weight=np.tile(case, m), control_weight=np.tile(control, m)
        )
        areas = over_copies(score, lambda row: weighted_auc(row, case, control))
        area = Estimate(
            float(np.mean(areas)),
            method="cumulative/dynamic AUC at the horizon, IPCW; no interval computed"
            + (f"; mean of {m} completed copies" if m > 1 else ""),
            n=target.n,
            events=int(target.event.sum()),
        )
    return drawn_roc(name, label, area, corrected, curve)


def calibration(target: Target, fit: Fit, found: Performance, level: float) -> Calibration:
    """Predicted against observed risk, in groups of patients with like predictions.

    The corrected line applies the optimism-corrected slope (and, for binary outcomes, intercept) to
    the model's linear predictor: what a reader should expect in new patients.

    Parameters
    ----------
    target : Target
        The outcome.
    fit : Fit
        The score, as made on all patients.
    found : Performance
        Of the score, for its apparent and corrected slope and intercept.
    level : float
        Coverage of the intervals of the observed risk.

    Returns
    -------
    Calibration
        A line is empty where its slope is not estimable. For survival it turns about the mean log
        cumulative hazard, and there is no intercept.
    """
    points = tuple(_calibration_points(target, fit, level))
    grid = np.linspace(float(fit.risk.min()), float(fit.risk.max()), 50)
    lines = [_line(target, fit, grid, *_slope(found, corrected)) for corrected in (False, True)]
    lowest, highest = float(fit.risk.min()), float(fit.risk.max())
    bins = 20 if highest - lowest > 1e-9 else 1  # risks that differ only by rounding are one bar
    counts, edges = np.histogram(fit.risk, bins, (lowest, highest + 1e-9 * (bins == 1)))
    middle = (edges[1:] + edges[:-1]) / 2
    patients = whole_counts((counts / copies_of(fit.risk)).tolist(), target.n)
    histogram = tuple((float(at), count) for at, count in zip(middle, patients, strict=True))
    return Calibration(points, lines[0], lines[1], histogram)


def _slope(found: Performance, corrected: bool) -> tuple[float | None, float]:
    slope = measure_named(found, "calibration_slope")
    value = slope.corrected.value if corrected else slope.apparent.value
    names = [row.name for row in found.measures]
    shift: float | None = 0.0
    if "calibration_intercept" in names:
        row = measure_named(found, "calibration_intercept")
        shift = row.corrected.value if corrected else row.apparent.value
    return value, 0.0 if shift is None else shift


def _line(
    target: Target, fit: Fit, grid: Floats, slope: float | None, intercept: float
) -> tuple[tuple[float, float], ...]:
    if slope is None:
        return ()
    inside = (grid > 0) & (grid < 1)
    risk = grid[inside]
    if isinstance(target, BinaryTarget):
        logit = np.log(risk / (1 - risk))
        moved = expit(intercept + slope * logit)
    else:
        hazard = np.log(-np.log1p(-risk))
        known = fit.risk[(fit.risk > 0) & (fit.risk < 1)]
        centre = float(np.log(-np.log1p(-known)).mean()) if len(known) else 0.0
        moved = -np.expm1(-np.exp(centre + slope * (hazard - centre)))
    return tuple((float(at), float(to)) for at, to in zip(risk, moved, strict=True))


def _calibration_points(target: Target, fit: Fit, level: float) -> list[CalibrationPoint]:
    groups = [mask.reshape(fit.risk.shape) for mask in risk_groups(fit.risk.ravel(), target.n)]
    counted = patients_and_events(groups, target.event_by_horizon)
    return [
        CalibrationPoint(
            float(fit.risk[mask].mean()), observed_risk(target, mask, level, counts), counts[0]
        )
        for mask, counts in zip(groups, counted, strict=True)
    ]


def risk_groups(risk: Floats, n: int) -> list[Mask]:
    """Groups of patients with like risk: each level where there are few, else quantile groups.

    Parameters
    ----------
    risk : float array (n,), 0-1
        Predicted risk.
    n : int
        Patients: four quantile groups, five from 100 on, ten from 500 on.

    Returns
    -------
    list of bool array (n,)
        Lowest risk first. Up to six levels of risk are a group each; tied quantiles are merged and
        empty groups left out.
    """
    levels = np.unique(risk)
    if len(levels) <= 6:
        return [risk == level for level in levels]
    count = 10 if n >= 500 else 5 if n >= 100 else 4
    edges = np.unique(quantiles(risk, np.arange(1, count) / count))
    place = np.searchsorted(edges, risk, side="left")
    return [place == group for group in range(len(edges) + 1) if (place == group).any()]


def observed_risk(target: Target, mask: Mask, level: float, counts: tuple[int, int]) -> Estimate:
    """Observed risk of a group: proportion (Wilson), or Kaplan-Meier risk at the horizon.

    Parameters
    ----------
    target : Target
        The outcome.
    mask : bool array (n,) or (m, n)
        Patients of the group, at least one; in each copy where predictors were imputed.
    level : float
        Coverage of the interval.
    counts : tuple of (int, int)
        Its patients and events by the horizon, as shown.

    Returns
    -------
    Estimate
        0-1. For survival the value is None where follow-up of the group ends before the horizon.
    """
    n, events = counts
    if isinstance(target, BinaryTarget):
        if mask.ndim > 1:
            hits = (mask * target.event).sum(axis=1)
            return pooled_proportion(hits, mask.sum(axis=1).astype(np.float64), level, counts)
        low, high = wilson_interval(events, n, level)
        return Estimate(events / n, low, high, level, "proportion, Wilson interval", n, events)
    assert isinstance(target, SurvivalTarget)
    alive = group_curve(target, mask, level, counts).at(target.horizon)
    return Estimate(
        None if alive.value is None else 1.0 - alive.value,
        None if alive.high is None else 1.0 - alive.high,
        None if alive.low is None else 1.0 - alive.low,
        level,
        "1 - Kaplan-Meier at the horizon, log interval"
        + (f"; {RUBIN.format(len(mask))}" if mask.ndim > 1 else ""),
        n,
        events,
    )
