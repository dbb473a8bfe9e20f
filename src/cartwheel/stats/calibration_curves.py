"""Flexible calibration curves: observed risk as a smooth function of predicted risk."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, logit

from cartwheel.errors import NotEstimable, refuse
from cartwheel.estimate import Estimate
from cartwheel.stats.calibration_over_time import observed_by_horizon
from cartwheel.stats.columns import float_array
from cartwheel.stats.competing_times import CompetingTimes, checked_cause
from cartwheel.stats.cox import baseline_hazard_at, cox_fit
from cartwheel.stats.descriptive import coded_column, normal_quantile
from cartwheel.stats.fine_gray import fine_gray
from cartwheel.stats.integrated_brier import checked_horizon, checked_risk
from cartwheel.stats.logistic import logistic_fit
from cartwheel.stats.lowess import lowess
from cartwheel.stats.spline import restricted_cubic_spline, sample_quantiles, spline_knots
from cartwheel.stats.times import Floats, SurvivalTimes

SMOOTHERS = ("spline", "lowess")
_MOST_COPIES = 1000.0


@dataclass(frozen=True, slots=True, eq=False)
class CalibrationCurve:
    """Predicted against smoothly observed risk, and how far they lie apart.

    Parameters
    ----------
    risk, observed : float array (k,)
        The curve: predicted risks, ascending and distinct, and the risk observed at each; 0-1.
    ici, e50, e90, e_max : float
        Mean, median, 90th percentile and largest distance between the two over the patients.
    method : str
        The smoother.
    n, events : int
        Patients, and events (by the horizon).
    """

    risk: Floats
    observed: Floats
    ici: float
    e50: float
    e90: float
    e_max: float
    method: str
    n: int
    events: int


def calibration_curve(
    risk: ArrayLike,
    event: ArrayLike,
    *,
    smoother: str = "spline",
    n_knots: int = 4,
    multiplicity: ArrayLike | None = None,
) -> CalibrationCurve:
    """Estimate a calibration curve of predicted risks of a binary event.

    Parameters
    ----------
    risk : array (n,), 0-1
        Predicted probability of the event.
    event : array (n,), 0 or 1
        1 if it happened.
    smoother : {"spline", "lowess"}
        Logistic regression on a restricted cubic spline of the log odds of the risk; or a locally
        weighted line through the 0/1 outcomes (span 2/3, no robustness steps).
    n_knots : int
        3 to 5, of the spline.
    multiplicity : array (n,) of whole numbers, optional
        How often each patient counts.

    Returns
    -------
    CalibrationCurve

    Raises
    ------
    NotEstimable
        Risks that are no probabilities, for the spline also risks of exactly 0 or 1; another coding
        of the event; only one class; too few distinct risks for the knots; an unknown smoother.

    Notes
    -----
    The distances are between each patient's risk and the curve there. With the lowess they are the
    Eavg, E90 and Emax of R rms 6.5 ``val.prob``, to 1e-8 relative.

    References
    ----------
    Austin and Steyerberg 2019, doi 10.1002/sim.8281. Harrell 2015,
    doi 10.1007/978-3-319-19425-7.
    """
    happened = coded_column(event, "event")
    predicted = checked_risk(happened.size, risk)
    if smoother not in SMOOTHERS:
        raise refuse(
            NotEstimable,
            "smoother_unknown",
            f"smoother {smoother!r} is unknown",
            mend="use spline or lowess",
        )
    if multiplicity is not None:
        copies = _copies(multiplicity, happened.size)
        predicted, happened = np.repeat(predicted, copies), np.repeat(happened, copies)
    if not 0.0 < happened.sum() < happened.size:
        raise refuse(
            NotEstimable, "one_class", "all patients have the event, or none", where="event"
        )
    if smoother == "lowess":
        observed = lowess(predicted, happened)
        method = "lowess, span 2/3, no robustness steps"
    else:
        log_odds = logit(_inside(predicted))
        basis = restricted_cubic_spline(log_odds, spline_knots(log_odds, n_knots))
        fit = logistic_fit(basis, happened)
        observed = expit(fit.coefficients[0] + basis @ fit.coefficients[1:])
        method = f"logistic regression on a restricted cubic spline, {n_knots} knots"
    return _curve(predicted, observed, method, int(happened.sum()))


def calibration_curve_over_time(
    times: SurvivalTimes | CompetingTimes,
    risk: ArrayLike,
    horizon: float,
    *,
    cause: int = 1,
    n_knots: int = 4,
) -> CalibrationCurve:
    """Estimate a calibration curve of predicted risks of an event by a horizon.

    Parameters
    ----------
    times : SurvivalTimes or CompetingTimes
        The sample. For a resample, make the times of the resampled rows.
    risk : array (n,), patient order, inside (0, 1)
        Predicted probability of the event by the horizon; with competing risks, of the cause.
    horizon : float, unit of the times
        Within follow-up.
    cause : int
        With competing risks, the cause of interest.
    n_knots : int
        3 to 5.

    Returns
    -------
    CalibrationCurve

    Raises
    ------
    NotEstimable
        Risks of 0 or 1 or outside, a horizon outside follow-up, no event, too few distinct risks.

    Notes
    -----
    A Cox model - with competing risks a Fine-Gray model - on a restricted cubic spline of
    log(-log(1 - risk)), and the risk it gives at the horizon. Proportional hazards enter only
    through this smoother.

    References
    ----------
    Austin, Harrell and van Klaveren 2020, doi 10.1002/sim.8570. Austin, Putter, Giardiello and van
    Klaveren 2022, doi 10.1186/s41512-021-00114-6.
    """
    followed = times.times if isinstance(times, CompetingTimes) else times
    predicted = _inside(checked_risk(followed.n, risk))
    checked_horizon(followed, horizon)
    scale = np.log(-np.log1p(-predicted))
    basis = restricted_cubic_spline(scale, spline_knots(scale, n_knots))
    by_then = followed.time <= horizon + followed.tolerance
    if isinstance(times, CompetingTimes):
        of_interest = times.cause == checked_cause(times, cause)
        observed = fine_gray(times, basis, cause=cause).incidence(basis, horizon)[:, 0]
        model = "Fine-Gray"
    else:
        of_interest = times.event == 1
        fit = cox_fit(times, basis)
        # beside their mean: a risk near 0 has a very negative predictor
        linear = basis @ fit.coefficients
        linear -= linear.mean()
        hazard = baseline_hazard_at(times, linear, horizon)
        observed = -np.expm1(-hazard * np.exp(linear))
        model = "Cox"
    method = f"{model} regression on a restricted cubic spline, {n_knots} knots"
    return _curve(predicted, observed, method, int((of_interest & by_then).sum()))


def observed_expected(
    risk: ArrayLike,
    outcome: SurvivalTimes | CompetingTimes | ArrayLike,
    horizon: float | None = None,
    *,
    cause: int = 1,
    level: float = 0.95,
) -> Estimate:
    """Estimate the ratio of observed to predicted risk; ideally 1.

    Parameters
    ----------
    risk : array (n,), 0-1
        Predicted probability of the event.
    outcome : array (n,) of 0 and 1, SurvivalTimes or CompetingTimes
        What happened.
    horizon : float, unit of the times
        Needed for times: the risk is that of the event by it.
    cause : int
        With competing risks, the cause of interest.
    level : float in (0, 1)
        Coverage.

    Returns
    -------
    Estimate
        Above 1 the risk was underestimated. The interval is on the log scale and takes the
        predictions as given.

    Raises
    ------
    NotEstimable
        Risks that are no probabilities, or all 0; no event; a horizon outside follow-up or missing.

    Notes
    -----
    Observed: share with the event, one minus Kaplan-Meier, or Aalen-Johansen. Standard error of the
    log: that of the observed risk divided by it (binomial, Greenwood, infinitesimal jackknife).

    References
    ----------
    Debray et al. 2017, doi 10.1136/bmj.i6460.
    """
    z = normal_quantile(level)
    if isinstance(outcome, SurvivalTimes | CompetingTimes):
        if horizon is None:
            raise refuse(NotEstimable, "horizon_range", "times need a horizon", where="horizon")
        observed, error, events = observed_by_horizon(outcome, horizon, cause)
        n = outcome.n
    else:
        happened = coded_column(outcome, "event")
        n, events = happened.size, int(happened.sum())
        observed = events / n
        error = float(np.sqrt(observed * (1.0 - observed) / n))
    expected = float(checked_risk(n, risk).mean())
    if not events or not expected > 0.0:
        raise refuse(NotEstimable, "no_events", "no event was observed, or none predicted")
    ratio, reach = observed / expected, float(np.exp(z * error / observed))
    method = "observed divided by mean predicted risk, interval on the log scale"
    return Estimate(ratio, ratio / reach, ratio * reach, level, method, n, events)


def _copies(multiplicity: ArrayLike, n: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    counts = float_array(multiplicity, "multiplicity")
    if (
        counts.shape != (n,)
        or not np.isfinite(counts).all()
        or (counts < 0.0).any()
        or (counts != np.floor(counts)).any()
        # they are written out: a thousand copies of each patient are more than any resample has
        or counts.sum() > _MOST_COPIES * max(n, 1000)
    ):
        raise refuse(
            NotEstimable,
            "multiplicity_invalid",
            "multiplicities must be whole numbers >= 0, one a patient",
            where="multiplicity",
        )
    return counts.astype(np.int64)


def _inside(risk: Floats) -> Floats:
    if risk.min() <= 0.0 or risk.max() >= 1.0:
        raise refuse(
            NotEstimable,
            "risk_boundary",
            "a predicted risk is exactly 0 or 1: it has no log odds",
            where="risk",
            mend="look why the model is certain; the lowess and groups can still be used",
        )
    return risk


def _curve(predicted: Floats, observed: Floats, method: str, events: int) -> CalibrationCurve:
    distance = np.abs(predicted - observed)
    risk, first = np.unique(predicted, return_index=True)
    curve = np.asarray(observed, dtype=np.float64)[first]
    e50, e90 = sample_quantiles(distance, [0.5, 0.9]).tolist()
    for array in (risk, curve):
        array.setflags(write=False)
    return CalibrationCurve(
        risk,
        curve,
        float(distance.mean()),
        e50,
        e90,
        float(distance.max()),
        method,
        predicted.size,
        events,
    )
