"""Scores side by side on the same patients: every pair, with paired intervals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from cartwheel.errors import NotEstimable, refuse
from cartwheel.estimate import Estimate
from cartwheel.stats.concordance_general import (
    GeneralConcordance,
    concordance_difference,
    general_concordance,
)
from cartwheel.stats.delong import delong_compare
from cartwheel.stats.descriptive import normal_quantile
from cartwheel.stats.integrated_brier import BrierScore, brier_with_error, compare_brier
from cartwheel.stats.risk_sets import risk_sets
from cartwheel.stats.smooth_calibration import DISTANCES
from cartwheel.stats.time_dependent import (
    TimeDependentAuc,
    compare_time_dependent_auc,
    time_dependent_auc,
)
from cartwheel.stats.uno import UnoConcordance, compare_uno, uno_concordance
from cartwheel.validation.analysed import Predicted, Target
from cartwheel.validation.judging.observed import event_by_horizon
from cartwheel.validation.judging.points import point_names, prepared
from cartwheel.validation.judging.resampled import (
    Resampled,
    bootstrap_estimate,
    outcome_of,
    smoother,
)
from cartwheel.validation.judging.timed_points import wolbers_times
from cartwheel.validation.result import Comparison

Floats = NDArray[np.float64]
Difference = tuple[Estimate, float | None]
Found = TypeVar("Found")

LABELS = {
    "auc": "Area under the ROC curve",
    "harrell_c": "Harrell's C",
    "uno_c": "Uno's C",
    "auc_at_horizon": "Area under the ROC curve at the horizon",
    "brier": "Brier score",
    "calibration_slope": "Calibration slope",
    "ici": "Integrated calibration index",
}
BY_BOOTSTRAP = ("calibration_slope", "ici")


@dataclass(frozen=True, slots=True, eq=False)
class _Score:
    """One score with what its comparisons need, computed once and not for every pair."""

    predicted: Predicted
    points: dict[str, float]
    harrell: GeneralConcordance | None = None
    uno: UnoConcordance | None = None
    area: TimeDependentAuc | None = None
    brier: BrierScore | None = None


def compare(
    target: Target, predicted: Sequence[Predicted], resampled: Resampled | None, level: float
) -> tuple[Comparison, ...]:
    """Compare every pair of scores on the same patients.

    Parameters
    ----------
    target : Target
        The outcome.
    predicted : sequence of Predicted
        The scores. Each is ranked in its own direction.
    resampled : Resampled or None
        For the differences that have no closed form.
    level : float in (0, 1)
        Coverage.

    Returns
    -------
    tuple of Comparison
        By measure, then by pair, first minus second. Calibration and Brier score only where both
        scores give a risk. Where the data cannot tell (scores that rank all patients alike) there
        is no interval, and ``method`` says why.

    Notes
    -----
    AUC: DeLong, as R pROC ``roc.test``. C: infinitesimal jackknife, as R survival
    ``concordance``; with competing risks in Wolbers' form. Uno's C, the AUC at the horizon and the
    Brier score at it: influence functions, as riskRegression ``Score``; with competing risks
    patients who had another event are controls. Brier score of a binary outcome: paired squared
    errors. Calibration slope and ICI: percentiles of the difference in the same resamples.
    P-values are two-sided, and not adjusted for the number of comparisons.

    References
    ----------
    DeLong, DeLong and Clarke-Pearson 1988, doi 10.2307/2531595. Uno et al. 2011,
    doi 10.1002/sim.4154. Blanche et al. 2013, doi 10.1002/sim.5958. Wolbers et al. 2009,
    doi 10.1097/EDE.0b013e3181a39056.
    """
    if len(predicted) < 2:
        return ()
    scores = [_computed(target, one) for one in predicted]
    pairs = list(combinations(scores, 2))
    rows = []
    for measure in _measures(target):
        for first, second in pairs:
            if measure not in first.points or measure not in second.points:
                continue
            estimate, p_value = _difference(target, measure, (first, second), resampled, level)
            rows.append(
                Comparison(
                    measure,
                    _label(measure, target),
                    first.predicted.name,
                    second.predicted.name,
                    estimate,
                    p_value,
                )
            )
    return tuple(rows)


def _label(measure: str, target: Target) -> str:
    wolbers = measure == "harrell_c" and target.competing is not None
    return "Wolbers' C" if wolbers else LABELS[measure]


def _measures(target: Target) -> tuple[str, ...]:
    ranked = {
        "binary": ("auc",),
        "survival": ("harrell_c", "uno_c", "auc_at_horizon"),
        "competing": ("auc_at_horizon", "harrell_c"),
    }
    return (*ranked[target.kind], "brier", *BY_BOOTSTRAP)


def _computed(target: Target, predicted: Predicted) -> _Score:
    names, values = point_names(target, predicted), prepared(target, predicted).measure()
    points = dict(zip(names, values.tolist(), strict=True))
    if predicted.risk is not None:
        points["ici"] = _ici(target, predicted)
    outcome, horizon = outcome_of(target), target.horizon
    if isinstance(outcome, np.ndarray) or target.times is None or horizon is None:
        return _Score(predicted, points)
    marker, risk = predicted.marker, predicted.risk
    ranked = target.times if target.competing is None else wolbers_times(target.competing)
    sets = risk_sets(ranked.time, ranked.event)
    times = target.times
    return _Score(
        predicted,
        points,
        _unless_refused(lambda: general_concordance(sets, marker)),
        _unless_refused(lambda: uno_concordance(times, marker, horizon))
        if target.kind == "survival"
        else None,
        _unless_refused(lambda: time_dependent_auc(outcome, marker, horizon, controls="not-case")),
        None if risk is None else _unless_refused(lambda: brier_with_error(outcome, risk, horizon)),
    )


def _ici(target: Target, predicted: Predicted) -> float:
    smooth = _unless_refused(lambda: smoother(target, predicted))
    return float("nan") if smooth is None else float(smooth.measure()[DISTANCES.index("ici")])


def _unless_refused(make: Callable[[], Found]) -> Found | None:
    try:
        return make()
    except NotEstimable:
        return None


def _difference(
    target: Target,
    measure: str,
    pair: tuple[_Score, _Score],
    resampled: Resampled | None,
    level: float,
) -> Difference:
    """Difference and p-value; without interval, and with the reason, where it is refused."""
    first, second = pair
    value = first.points[measure] - second.points[measure]
    sample = (target.n, int(event_by_horizon(target).sum()))
    if measure in BY_BOOTSTRAP:
        return _by_bootstrap(measure, pair, value, resampled, level, sample), None
    if not np.isfinite(value):
        method = "not estimable for both scores"
        return Estimate(None, method=method, n=sample[0], events=sample[1]), None
    try:
        return _closed_form(target, measure, first, second, level)
    except NotEstimable as reason:
        method = f"no interval: {reason.problems[0].what}"
        return Estimate(value, method=method, n=sample[0], events=sample[1]), None


def _by_bootstrap(
    measure: str,
    pair: tuple[_Score, _Score],
    value: float,
    resampled: Resampled | None,
    level: float,
    sample: tuple[int, int],
) -> Estimate:
    draws = None
    if resampled is not None:
        found = [resampled.of(one.predicted) for one in pair]
        if found[0] is not None and found[1] is not None:
            draws = found[0].draws(measure) - found[1].draws(measure)
    method = "difference in the same patients"
    if not np.isfinite(value):
        method += ": not estimable for both scores"
    return bootstrap_estimate(value, draws, level, method, sample)


def _closed_form(
    target: Target, measure: str, first: _Score, second: _Score, level: float
) -> Difference:
    if measure == "auc":
        areas = delong_compare(
            first.predicted.marker, second.predicted.marker, target.event, level=level
        )
        return areas.difference, areas.p_value
    if measure == "harrell_c":
        ranks = concordance_difference(_there(first.harrell), _there(second.harrell), level=level)
        return ranks.difference, ranks.p_value
    if measure == "uno_c":
        weighted = compare_uno(_there(first.uno), _there(second.uno), level=level)
        return weighted.difference, weighted.p_value
    if measure == "auc_at_horizon":
        return _areas_at_horizon(_there(first.area), _there(second.area), level)
    if target.kind == "binary":
        return _binary_brier(target.event, first.predicted.risk, second.predicted.risk, level)
    scores = compare_brier(_there(first.brier), _there(second.brier), level=level)
    return scores.difference, scores.p_value


def _there(found: Found | None) -> Found:
    if found is None:
        raise refuse(NotEstimable, "not_paired", "one of the two scores has no such measure")
    return found


def _areas_at_horizon(
    first: TimeDependentAuc, second: TimeDependentAuc, level: float
) -> Difference:
    # not the limits of the comparison: its level is that of the areas
    found = compare_time_dependent_auc(first, second)
    value, half = float(found.difference[0]), normal_quantile(level) * float(found.std_error[0])
    method = (
        f"difference of AUCs at {found.horizon[0]:g}, inverse-probability-of-censoring weights, "
        "paired influence functions"
    )
    n, cases = int(first.influence.shape[1]), int(first.cases[0])
    estimate = Estimate(value, value - half, value + half, level, method, n, cases)
    return estimate, float(found.p_value[0])


def _binary_brier(
    event: Floats, first: Floats | None, second: Floats | None, level: float
) -> Difference:
    assert first is not None
    assert second is not None
    gain = (event - first) ** 2 - (event - second) ** 2
    n, events = event.size, int(event.sum())
    if n < 2 or not float(gain.std(ddof=1)) > 1e-14:
        raise refuse(NotEstimable, "identical", "the two predictions are equally far off")
    value, std_error = float(gain.mean()), float(gain.std(ddof=1)) / float(np.sqrt(n))
    half = normal_quantile(level) * std_error
    method = "difference of Brier scores in the same patients, paired squared errors, Wald"
    estimate = Estimate(value, value - half, value + half, level, method, n, events)
    return estimate, 2.0 * float(ndtr(-abs(value / std_error)))
