"""How each measure of a score is computed, with its interval in closed form."""

from __future__ import annotations

from collections.abc import Callable
from math import log, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from cartwheel.errors import NotEstimable, refuse
from cartwheel.estimate import Estimate
from cartwheel.stats.calibration_over_time import observed_by_horizon
from cartwheel.stats.concordance import harrell_concordance
from cartwheel.stats.cox import CoxFit, cox_fit
from cartwheel.stats.delong import delong
from cartwheel.stats.descriptive import normal_quantile
from cartwheel.stats.fine_gray import FineGrayFit, fine_gray
from cartwheel.stats.integrated_brier import brier_with_error
from cartwheel.stats.logistic import logistic_fit
from cartwheel.stats.time_dependent import time_dependent_auc
from cartwheel.stats.uno import uno_concordance
from cartwheel.validation.analysed import Predicted, Target
from cartwheel.validation.judging.observed import at_horizon, observed_risk, timed
from cartwheel.validation.judging.points import linear_predictor
from cartwheel.validation.judging.timed_points import EVENT, in_the_large, wolbers_times

Floats = NDArray[np.float64]

EQUAL = "all predictions are equal"
CERTAIN = "a predicted risk is exactly 0 or 1, which has no linear predictor"
TOO_SHORT = "nobody is followed beyond the horizon"

# an estimate, and its standard error on the scale of the measure
_Found = tuple[Estimate, float | None]


def _none(target: Target, why: str) -> _Found:
    events = int(np.count_nonzero(target.event))
    return Estimate(None, method=why, n=target.n, events=events), None


def _on_logit(
    value: float, error: float | None, level: float, method: str, n: int, events: int
) -> _Found:
    """Interval that is normal on the scale of log odds; none where the value is 0 or 1."""
    if error is None or not error > 0.0 or not 0.0 < value < 1.0:
        told = f"{method}; no interval: no spread to estimate it from"
        return Estimate(value, method=told, n=n, events=events), None
    spread = error / (value * (1.0 - value))
    middle, half = float(logit(value)), normal_quantile(level) * spread
    low, high = float(expit(middle - half)), float(expit(middle + half))
    told = f"{method}; interval on the scale of log odds"
    return Estimate(value, low, high, level, told, n, events), spread


def _ranked(found: _Found, marker: Floats) -> _Found:
    """Say of a score with one value that it ranks nobody."""
    if float(np.ptp(marker)) > 0.0:
        return found
    estimate = found[0]
    value = None if estimate.value is None else 0.5
    return Estimate(value, method=EQUAL, n=estimate.n, events=estimate.events), None


def _auc(target: Target, predicted: Predicted, level: float) -> _Found:
    area = delong(predicted.marker, target.event)
    error = None if area.variance is None else sqrt(area.variance)
    n = area.n_cases + area.n_controls
    method = "AUC, standard error by DeLong"
    found = _on_logit(area.auc, error, level, method, n, area.n_cases)
    return _ranked(found, predicted.marker)


def _harrell(target: Target, predicted: Predicted, level: float) -> _Found:
    method = "Harrell's C, ties in the score count one half; infinitesimal jackknife"
    if target.competing is not None:
        times = wolbers_times(target.competing)
        method = (
            "Wolbers' C, patients with another event stay at risk, ties in the score count one "
            "half; infinitesimal jackknife"
        )
    else:
        times, _ = timed(target)
    found = harrell_concordance(times, predicted.marker)
    row = _on_logit(found.c, found.std_error, level, method, found.n, found.events)
    return _ranked(row, predicted.marker)


def _uno(target: Target, predicted: Predicted, level: float) -> _Found:
    times, horizon = timed(target)
    found = uno_concordance(times, predicted.marker, horizon)
    method = f"Uno's C up to {horizon:g}, weighted for censoring; influence function"
    row = _on_logit(found.c, found.std_error, level, method, found.n, found.events)
    return _ranked(row, predicted.marker)


def _auc_at_horizon(target: Target, predicted: Predicted, level: float) -> _Found:
    if not at_horizon(target).complete:
        raise refuse(NotEstimable, "horizon_range", TOO_SHORT, where="horizon")
    times, horizon = timed(target)
    sample = times if target.competing is None else target.competing
    found = time_dependent_auc(
        sample, predicted.marker, [horizon], cause=EVENT, controls="not-case", level=level
    )
    who = "event-free beyond it"
    if target.competing is not None:
        who += " or with another event by it"
    method = (
        f"cumulative/dynamic AUC at {horizon:g}, weighted for censoring, controls {who}; "
        "influence function"
    )
    area, error, cases = float(found.auc[0]), float(found.std_error[0]), int(found.cases[0])
    return _ranked(_on_logit(area, error, level, method, target.n, cases), predicted.marker)


def _risk(predicted: Predicted) -> Floats:
    assert predicted.risk is not None
    return predicted.risk


def _observed_expected(target: Target, predicted: Predicted, level: float) -> _Found:
    expected = float(_risk(predicted).mean())
    observed = observed_risk(target, np.ones(target.n, dtype=bool), level)
    assert observed is not None
    if observed.value is None:
        return observed, None
    n, events = observed.n, observed.events
    if not expected > 0.0:
        return _none(target, "no event was predicted")
    if not 0.0 < observed.value < 1.0:
        assert observed.low is not None
        assert observed.high is not None
        ends = observed.low / expected, observed.high / expected
        method = f"observed divided by mean predicted risk; {observed.method}"
        return Estimate(observed.value / expected, *ends, level, method, n, events), None
    error = _error_of_risk(target, observed.value) / observed.value
    ratio, reach = observed.value / expected, float(np.exp(normal_quantile(level) * error))
    method = "observed divided by mean predicted risk, interval on the log scale"
    return Estimate(ratio, ratio / reach, ratio * reach, level, method, n, events), error


def _error_of_risk(target: Target, observed: float) -> float:
    if target.kind == "binary":
        return sqrt(observed * (1.0 - observed) / target.n)
    times, horizon = timed(target)
    moment = min(horizon, float(times.block_time[-1]))
    sample = times if target.competing is None else target.competing
    return observed_by_horizon(sample, moment, EVENT)[1]


def _large(target: Target, predicted: Predicted, level: float) -> _Found:
    if target.kind != "binary":
        return _large_over_time(target, predicted, level)
    predictor = linear_predictor(target.kind, _risk(predicted))
    if predictor is None:
        return _none(target, CERTAIN)
    fit = logistic_fit(np.empty((target.n, 0)), target.event, offset=predictor)
    method = "logistic intercept with the linear predictor as offset, Wald interval"
    return _wald(
        float(fit.coefficients[0]), float(fit.std_error[0]), level, method, fit.n, fit.events
    )


def _large_over_time(target: Target, predicted: Predicted, level: float) -> _Found:
    expected = float(_risk(predicted).mean())
    observed = observed_risk(target, np.ones(target.n, dtype=bool), level)
    assert observed is not None
    if observed.value is None:
        return observed, None
    value = in_the_large(observed.value, expected)
    if not np.isfinite(value):
        return _none(target, "the observed or the mean predicted risk is 0 or 1")
    free = 1.0 - observed.value
    error = _error_of_risk(target, observed.value) / (free * -log(free))
    method = (
        "log cumulative hazard by the horizon: that of the Kaplan-Meier risk minus that of the "
        "mean predicted risk; Greenwood, predictions taken as given"
    )
    return _wald(value, error, level, method, target.n, observed.events)


def _wald(
    value: float, error: float, level: float, method: str, n: int | None, events: int | None
) -> _Found:
    half = normal_quantile(level) * error
    return Estimate(value, value - half, value + half, level, method, n, events), error


def _slope(target: Target, predicted: Predicted, level: float) -> _Found:
    risk = _risk(predicted)
    predictor = linear_predictor(target.kind, risk)
    if predictor is None:
        return _none(target, CERTAIN)
    if not float(np.ptp(predictor)) > 0.0:
        return _none(target, EQUAL)
    if target.kind == "binary":
        line = logistic_fit(predictor, target.event)
        method = "logistic regression on the linear predictor, Wald interval"
        return _wald(
            float(line.coefficients[1]),
            float(line.std_error[1]),
            level,
            method,
            line.n,
            line.events,
        )
    if target.competing is not None:
        subdistribution = fine_gray(target.competing, predictor, cause=EVENT)
        method = "Fine-Gray regression on log(-log(1 - risk)), robust Wald interval"
        return _coefficient(subdistribution, level, method)
    hazards = cox_fit(timed(target)[0], predictor)
    return _coefficient(
        hazards, level, "Cox regression (Efron) on log(-log(1 - risk)), Wald interval"
    )


def _coefficient(model: CoxFit | FineGrayFit, level: float, method: str) -> _Found:
    coefficient, error = float(model.coefficients[0]), float(model.std_error[0])
    return _wald(coefficient, error, level, method, model.n, model.events)


def _brier(target: Target, predicted: Predicted, level: float) -> _Found:
    value, error, _, events = _squares(target, predicted)
    half = normal_quantile(level) * error
    method = "mean squared distance of risk and outcome, Wald interval cut off at 0 and 1"
    if target.kind != "binary":
        method = f"at {target.horizon:g}, weighted for censoring: {method}, influence function"
    low, high = max(value - half, 0.0), min(value + half, 1.0)
    return Estimate(value, low, high, level, method, target.n, events), error


def _scaled_brier(target: Target, predicted: Predicted, level: float) -> _Found:  # noqa: ARG001
    value, _, null, events = _squares(target, predicted)
    if not null > 0.0:
        return _none(target, "nobody or everybody has the event")
    method = "1 - Brier score / that of the observed risk for everybody; no interval in closed form"
    return Estimate(1.0 - value / null, method=method, n=target.n, events=events), None


def _squares(target: Target, predicted: Predicted) -> tuple[float, float, float, int]:
    """Brier score, its error, that of the observed risk for everybody; events."""
    risk = _risk(predicted)
    if target.kind == "binary":
        squared = (target.event - risk) ** 2
        rate, events = float(target.event.mean()), int(target.event.sum())
        error = float(squared.std(ddof=1)) / sqrt(target.n) if target.n > 1 else 0.0
        return float(squared.mean()), error, rate * (1.0 - rate), events
    if not at_horizon(target).complete:
        raise refuse(NotEstimable, "horizon_range", TOO_SHORT, where="horizon")
    times, horizon = timed(target)
    sample = times if target.competing is None else target.competing
    found = brier_with_error(sample, risk, min(horizon, float(times.block_time[-1])), cause=EVENT)
    return found.value, found.std_error, found.null, found.events


COMPUTED: dict[str, Callable[[Target, Predicted, float], _Found]] = {
    "auc": _auc,
    "harrell_c": _harrell,
    "uno_c": _uno,
    "auc_at_horizon": _auc_at_horizon,
    "calibration_in_the_large": _large,
    "calibration_slope": _slope,
    "observed_expected": _observed_expected,
    "brier": _brier,
    "scaled_brier": _scaled_brier,
}
