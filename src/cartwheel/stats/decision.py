"""Decision curves: what acting on a predicted risk gains over treating all, or nobody."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cartwheel.errors import NotEstimable, refuse
from cartwheel.stats.columns import float_array
from cartwheel.stats.competing import cumulative_incidence_at
from cartwheel.stats.competing_times import CompetingTimes, checked_cause
from cartwheel.stats.descriptive import coded_column, finite_column
from cartwheel.stats.integrated_brier import checked_horizon, checked_risk
from cartwheel.stats.survival import survival_at
from cartwheel.stats.times import Floats, SurvivalTimes, checked_multiplicity, kernel_counts


@dataclass(frozen=True, slots=True, eq=False)
class DecisionCurve:
    """Net benefit of treating patients whose predicted risk is at or above a threshold.

    Parameters
    ----------
    threshold : float array (k,)
        Risk at which a patient is treated; its odds are the harm of treating one patient without
        the event, in units of the benefit of treating one with it.
    prevalence : float
        Risk of the event in all patients.
    true_positive_rate, false_positive_rate : float array (k,)
        Patients treated with, and without, the event per patient (not per event).
    net_benefit, treat_all : float array (k,)
        In true positives per patient, of the prediction and of treating everybody. Treating nobody
        has 0.
    interventions_avoided : float array (k,)
        Patients without the event spared treatment per patient, against treating everybody, at no
        loss of patients treated with it.
    estimable : bool array (k,)
        False where too few patients at or above the threshold are followed to the horizon; the
        numbers of that threshold are nan then.
    n : int
        Patients.
    """

    threshold: Floats
    prevalence: float
    true_positive_rate: Floats
    false_positive_rate: Floats
    net_benefit: Floats
    treat_all: Floats
    interventions_avoided: Floats
    estimable: NDArray[np.bool_]
    n: int


def net_benefit(
    risk: Floats,
    event: NDArray[np.generic],
    thresholds: Floats,
    multiplicity: NDArray[np.generic] | None = None,
) -> Floats:
    """Net benefit of predicted risks of a binary event, without checks, for resamples.

    Parameters
    ----------
    risk : float array (n,), 0-1
        Predicted probability of the event.
    event : array (n,), 0 or 1
        1 if it happened.
    thresholds : float array (k,), inside (0, 1)
        Risks from which on patients are treated.
    multiplicity : array (n,), optional
        How often each patient counts; not checked.

    Returns
    -------
    float array (k,)
        In true positives per patient.
    """
    true_positive, false_positive = _rates(risk, event, thresholds, multiplicity)
    return true_positive - false_positive * (thresholds / (1.0 - thresholds))


def _rates(
    risk: Floats,
    event: NDArray[np.generic],
    thresholds: Floats,
    multiplicity: NDArray[np.generic] | None,
) -> tuple[Floats, Floats]:
    """True and false positives per patient at each threshold, risk >= threshold positive."""
    counts = kernel_counts(multiplicity)
    weight = np.ones(risk.size) if counts is None else counts
    order = risk.argsort(kind="stable")
    cases = (weight * event.astype(np.float64))[order]
    below = np.searchsorted(risk[order], thresholds, side="left")
    total = float(weight.sum())
    case_sum = np.concatenate(([0.0], np.cumsum(cases)))
    all_sum = np.concatenate(([0.0], np.cumsum(weight[order])))
    case_above = case_sum[-1] - case_sum[below]
    above = all_sum[-1] - all_sum[below]
    return case_above / total, (above - case_above) / total


def checked_thresholds(thresholds: ArrayLike) -> Floats:
    """Give thresholds as floats, or refuse those that are no risks to act on.

    Parameters
    ----------
    thresholds : array (k,)
        Inside (0, 1).

    Returns
    -------
    float array (k,)

    Raises
    ------
    NotEstimable
        ``threshold_range``.
    """
    wanted = finite_column(np.atleast_1d(float_array(thresholds, "thresholds")), "thresholds")
    if wanted.min() <= 0.0 or wanted.max() >= 1.0:
        raise refuse(
            NotEstimable,
            "threshold_range",
            "a threshold is not between 0 and 1",
            where="thresholds",
            mend="name the risks from which on a physician would act, such as 0.05 to 0.4",
        )
    return wanted


def decision_curve(
    risk: ArrayLike,
    event: ArrayLike,
    thresholds: ArrayLike,
    *,
    prevalence: float | None = None,
    harm: float = 0.0,
    multiplicity: ArrayLike | None = None,
) -> DecisionCurve:
    """Estimate the net benefit of predicted risks of a binary event.

    Parameters
    ----------
    risk : array (n,), 0-1
        Predicted probability of the event.
    event : array (n,), 0 or 1
        1 if it happened.
    thresholds : array (k,), inside (0, 1)
        Risks from which on patients are treated.
    prevalence : float in (0, 1), optional
        Risk in the population, where the sample was drawn by outcome (case-control).
    harm : float
        Harm of making the prediction (blood, biopsy), in true positives per patient.
    multiplicity : array (n,) of whole numbers, optional
        How often each patient counts.

    Returns
    -------
    DecisionCurve

    Raises
    ------
    NotEstimable
        Risks that are no probabilities, another coding of the event, only one class, thresholds or
        a prevalence outside (0, 1).

    Notes
    -----
    TP/n - FP/n * pt / (1 - pt), positive if risk >= pt. Agrees with R dcurves 0.5.1 ``dca`` to
    1e-8 relative. An interval needs resamples: use ``net_benefit`` in them.

    References
    ----------
    Vickers and Elkin 2006, doi 10.1177/0272989x06295361.
    """
    happened = coded_column(event, "event")
    predicted = checked_risk(happened.size, risk)
    wanted = checked_thresholds(thresholds)
    counts = None if multiplicity is None else finite_column(multiplicity, "multiplicity")
    weight = np.ones(happened.size) if counts is None else counts
    if weight.size != happened.size or weight.min() < 0.0 or not weight.any():
        raise refuse(
            NotEstimable, "multiplicity_invalid", "multiplicities must be counts, not all 0"
        )
    share = float(weight @ happened) / float(weight.sum())
    if not 0.0 < share < 1.0:
        raise refuse(
            NotEstimable, "one_class", "all patients have the event, or none", where="event"
        )
    rate = share if prevalence is None else float(prevalence)
    if not 0.0 < rate < 1.0:
        raise refuse(NotEstimable, "prevalence_range", "a prevalence lies between 0 and 1")
    true_positive, false_positive = _rates(predicted, happened, wanted, counts)
    if prevalence is not None:
        true_positive = true_positive / share * rate
        false_positive = false_positive / (1.0 - share) * (1.0 - rate)
    return _curve(wanted, rate, true_positive, false_positive, harm, round(float(weight.sum())))


def decision_curve_over_time(
    times: SurvivalTimes | CompetingTimes,
    risk: ArrayLike,
    horizon: float,
    thresholds: ArrayLike,
    *,
    cause: int = 1,
    harm: float = 0.0,
    multiplicity: ArrayLike | None = None,
) -> DecisionCurve:
    """Estimate the net benefit of predicted risks of an event by a horizon.

    Parameters
    ----------
    times : SurvivalTimes or CompetingTimes
        The sample.
    risk : array (n,), 0-1, patient order
        Predicted probability of the event by the horizon.
    horizon : float, unit of the times
        Within follow-up.
    thresholds : array (k,), inside (0, 1)
        Risks from which on patients are treated.
    cause : int
        With competing risks, the cause of interest.
    harm : float
        Harm of making the prediction, in true positives per patient.
    multiplicity : array (n,) of whole numbers, optional
        How often each patient counts.

    Returns
    -------
    DecisionCurve

    Raises
    ------
    NotEstimable
        Risks that are no probabilities, thresholds outside (0, 1), a horizon outside follow-up,
        multiplicities that are no counts.

    Notes
    -----
    Among the patients at or above a threshold, the share with the event is one minus Kaplan-Meier,
    or the cumulative incidence of the cause, at the horizon. Where nobody there is followed to the
    horizon and some were censored before, the threshold is marked as not estimable. Agrees with R
    dcurves 0.5.1 ``dca`` to 1e-8 relative.

    References
    ----------
    Vickers et al. 2008, doi 10.1186/1472-6947-8-53.
    """
    followed = times.times if isinstance(times, CompetingTimes) else times
    if isinstance(times, CompetingTimes):
        checked_cause(times, cause)
    predicted = checked_risk(followed.n, risk)
    wanted = checked_thresholds(thresholds)
    checked_horizon(followed, horizon)
    counts = checked_multiplicity(followed, multiplicity)
    weight = np.ones(followed.n) if counts is None else counts
    rate = _risk_among(times, cause, horizon, weight)
    if np.isnan(rate):
        raise refuse(NotEstimable, "horizon_range", f"nobody present is followed to {horizon:g}")
    true_positive, false_positive = np.empty(wanted.size), np.empty(wanted.size)
    for index, threshold in enumerate(wanted.tolist()):
        chosen = np.where(predicted >= threshold, weight, 0.0)
        positive = float(chosen.sum()) / float(weight.sum())
        among = _risk_among(times, cause, horizon, chosen) if positive > 0.0 else 0.0
        true_positive[index] = among * positive
        false_positive[index] = (1.0 - among) * positive
    return _curve(wanted, rate, true_positive, false_positive, harm, round(float(weight.sum())))


def _risk_among(
    times: SurvivalTimes | CompetingTimes, cause: int, horizon: float, weight: Floats
) -> float:
    """Risk by the horizon among the patients with weight; nan where it cannot be known."""
    followed = times.times if isinstance(times, CompetingTimes) else times
    present = weight > 0.0
    ended = followed.time[present].max() < horizon - followed.tolerance
    if ended and not followed.event[present].all():
        return float("nan")
    if isinstance(times, CompetingTimes):
        return cumulative_incidence_at(times, cause, horizon, weight)
    return 1.0 - survival_at(followed, horizon, weight)


def _curve(
    thresholds: Floats,
    prevalence: float,
    true_positive: Floats,
    false_positive: Floats,
    harm: float,
    n: int,
) -> DecisionCurve:
    odds = thresholds / (1.0 - thresholds)
    benefit = true_positive - false_positive * odds - harm
    everybody = prevalence - (1.0 - prevalence) * odds
    arrays = (
        thresholds,
        true_positive,
        false_positive,
        benefit,
        everybody,
        (benefit - everybody) / odds,
        np.isfinite(benefit),
    )
    for array in arrays:
        array.setflags(write=False)
    return DecisionCurve(
        thresholds,
        prevalence,
        true_positive,
        false_positive,
        benefit,
        everybody,
        arrays[5],
        np.asarray(arrays[6], dtype=np.bool_),
        n,
    )
