"""Brier scores with their errors, scaled and integrated over time, also with competing risks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtrc

from cartwheel.errors import NotEstimable, refuse
from cartwheel.estimate import Estimate
from cartwheel.stats.censoring import censoring_influence
from cartwheel.stats.competing import cumulative_incidence_at
from cartwheel.stats.competing_times import CompetingTimes, checked_cause
from cartwheel.stats.descriptive import finite_column, normal_quantile
from cartwheel.stats.survival import horizon_weights, survival_at
from cartwheel.stats.times import Floats, SurvivalTimes


@dataclass(frozen=True, slots=True, eq=False)
class BrierScore:
    """Brier score of predicted risks at a horizon, beside that of no prediction at all.

    Parameters
    ----------
    value, std_error : float
        Mean squared distance between risk and outcome, weighted for censoring; 0 is perfect.
    null : float
        The score when everybody is given the observed risk (Kaplan-Meier, Aalen-Johansen).
    horizon : float, unit of the times
        By when the event counts.
    influence : float array (n,)
        Patient order; of mean 0.
    n, events : int
        Patients, and events by the horizon.
    """

    value: float
    std_error: float
    null: float
    horizon: float
    influence: Floats
    n: int
    events: int

    @property
    def scaled(self) -> float:
        """1 - value / null: 1 is perfect, 0 no better than no prediction, below 0 worse."""
        if not self.null > 0.0:
            raise refuse(
                NotEstimable, "no_variance", f"everybody has the event by {self.horizon:g}"
            )
        return 1.0 - self.value / self.null

    def estimate(self, level: float = 0.95) -> Estimate:
        """The score with its Wald interval, cut to [0, 1].

        Parameters
        ----------
        level : float in (0, 1)
            Coverage.

        Returns
        -------
        Estimate
        """
        half = normal_quantile(level) * self.std_error
        method = f"Brier score at {self.horizon:g}, inverse-probability-of-censoring weights"
        low, high = max(self.value - half, 0.0), min(self.value + half, 1.0)
        return Estimate(self.value, low, high, level, method, self.n, self.events)


@dataclass(frozen=True, slots=True)
class BrierDifference:
    """Difference between the Brier scores of two predictions of the same patients."""

    difference: Estimate
    std_error: float
    p_value: float


def _followed(times: SurvivalTimes | CompetingTimes, cause: int) -> tuple[SurvivalTimes, Floats]:
    """The times, and who has the event of interest (at whatever time) as 1."""
    if isinstance(times, CompetingTimes):
        wanted = times.cause == checked_cause(times, cause)
        return times.times, wanted.astype(np.float64)
    return times, times.event.astype(np.float64)


def checked_risk(n: int, risk: ArrayLike) -> Floats:
    """Give predicted risks as floats, or refuse them.

    Parameters
    ----------
    n : int
        Patients.
    risk : array (n,), 0-1
        Predicted probabilities.

    Returns
    -------
    float array (n,)

    Raises
    ------
    NotEstimable
        Another length, missing values, a risk outside 0 to 1.
    """
    predicted = finite_column(risk, "risk")
    if predicted.size != n:
        raise refuse(NotEstimable, "length_mismatch", f"{predicted.size} risks for {n} patients")
    if predicted.min() < 0.0 or predicted.max() > 1.0:
        raise refuse(
            NotEstimable,
            "risk_range",
            "a predicted risk lies outside 0 to 1",
            where="risk",
            mend="give probabilities of the event, not linear predictors or percentages",
        )
    return predicted


def checked_horizon(times: SurvivalTimes, horizon: float) -> None:
    """Refuse a horizon that is not within follow-up.

    Parameters
    ----------
    times : SurvivalTimes
        The sample.
    horizon : float, unit of the times
        To be above 0, with somebody followed to it.

    Returns
    -------
    None

    Raises
    ------
    NotEstimable
        ``horizon_range``.
    """
    last = float(times.block_time[-1])
    if not 0.0 < horizon <= last + times.tolerance:
        raise refuse(
            NotEstimable,
            "horizon_range",
            f"nobody is followed to {horizon:g}",
            where="horizon",
            mend=f"choose a horizon above 0 and up to {last:g}",
        )


def brier_with_error(
    times: SurvivalTimes | CompetingTimes, risk: ArrayLike, horizon: float, *, cause: int = 1
) -> BrierScore:
    """Estimate the Brier score of predicted risks at a horizon with its standard error.

    Parameters
    ----------
    times : SurvivalTimes or CompetingTimes
        The sample.
    risk : array (n,), 0-1, patient order
        Predicted probability of the event by the horizon; with competing risks, of the cause.
    horizon : float, unit of the times
        Within follow-up.
    cause : int
        With competing risks, the cause of interest.

    Returns
    -------
    BrierScore

    Raises
    ------
    NotEstimable
        Risks that are no probabilities, a horizon outside follow-up or with no event by it.

    Notes
    -----
    Mean of w (outcome - risk)^2, weights of ``horizon_weights``; patients with another event by
    the horizon have outcome 0. The error allows for the estimated weights but takes the risks as
    given, so it is that of an external validation. Agrees with riskRegression 2022.11.28
    ``Score``: value and standard error to 1e-8 relative.

    References
    ----------
    Graf et al. 1999, doi 10.1002/(sici)1097-0258(19990915/30)18:17/18<2529::aid-sim274>3.0.co;2-5.
    Schoop et al. 2011, doi 10.1002/bimj.201000073. Kattan and Gerds 2018,
    doi 10.1186/s41512-018-0029-2.
    """
    followed, wanted = _followed(times, cause)
    predicted = checked_risk(followed.n, risk)
    checked_horizon(followed, horizon)
    event_weight, free_weight = horizon_weights(followed, horizon)
    events = int(np.count_nonzero(event_weight * wanted))
    if not events:
        raise refuse(NotEstimable, "no_events", f"no event by {horizon:g}", where="horizon")
    rest = wanted - predicted
    at_event = event_weight * rest * rest
    beyond = free_weight * predicted * predicted
    total = float(at_event.sum() + beyond.sum())
    value = total / followed.n
    influence = at_event + beyond - value
    influence += censoring_influence(followed, at_event, float(beyond.sum()), horizon) / followed.n
    influence.setflags(write=False)
    std_error = float(influence.std(ddof=1)) / np.sqrt(followed.n)
    if isinstance(times, CompetingTimes):
        observed = cumulative_incidence_at(times, cause, horizon)
    else:
        observed = 1.0 - survival_at(followed, horizon)
    distance = wanted - observed
    null = event_weight @ (distance * distance) + float(free_weight.sum()) * observed**2
    return BrierScore(
        value, std_error, float(null) / followed.n, horizon, influence, followed.n, events
    )


def compare_brier(first: BrierScore, second: BrierScore, *, level: float = 0.95) -> BrierDifference:
    """Compare the Brier scores of two predictions of the same patients.

    Parameters
    ----------
    first, second : BrierScore
        Of the same patients in the same order, at the same horizon.
    level : float in (0, 1)
        Coverage.

    Returns
    -------
    BrierDifference
        First minus second; below 0 the first predicts better.

    Raises
    ------
    NotEstimable
        ``not_paired`` for other patients or another horizon; ``identical`` for equal predictions.

    Notes
    -----
    Agrees with riskRegression 2022.11.28 ``Score`` to 1e-8 relative.
    """
    if first.n != second.n or first.horizon != second.horizon:
        raise refuse(NotEstimable, "not_paired", "the two were not computed from the same patients")
    spread = float((first.influence - second.influence).std(ddof=1))
    if not spread > 1e-14:
        raise refuse(NotEstimable, "identical", "the two predictions are equal")
    std_error = spread / float(np.sqrt(first.n))
    difference = first.value - second.value
    half = normal_quantile(level) * std_error
    method = "difference of two Brier scores, paired influence functions"
    low, high = difference - half, difference + half
    estimate = Estimate(difference, low, high, level, method, first.n, first.events)
    return BrierDifference(estimate, std_error, float(chdtrc(1.0, (difference / std_error) ** 2)))


def integrated_brier(
    times: SurvivalTimes | CompetingTimes,
    risk_at: Callable[[float], ArrayLike],
    until: float,
    *,
    grid: ArrayLike | None = None,
    cause: int = 1,
) -> float:
    """Estimate the Brier score averaged over time from 0 to a horizon.

    Parameters
    ----------
    times : SurvivalTimes or CompetingTimes
        The sample.
    risk_at : function of a time
        Gives every patient's predicted risk by that time, (n,), patient order.
    until : float, unit of the times
        Where the average ends; within follow-up.
    grid : array, optional
        Times at which the curve is computed, held until the next; by default every distinct time
        of the sample. Before the first it is 0.
    cause : int
        With competing risks, the cause of interest.

    Returns
    -------
    float
        Sum of BS(t_j) (t_j+1 - t_j) up to the horizon, divided by it.

    Raises
    ------
    NotEstimable
        Risks that are no probabilities, a horizon outside follow-up.

    Notes
    -----
    With every distinct time agrees with pec 2022.5.4 ``crps(start = 0)``; with only the requested
    times with riskRegression's ``IBS``, which depends on which times are asked for. scikit-survival
    starts at the first grid time and uses trapezoids.

    References
    ----------
    Graf et al. 1999, doi 10.1002/(sici)1097-0258(19990915/30)18:17/18<2529::aid-sim274>3.0.co;2-5.
    """
    followed, wanted = _followed(times, cause)
    checked_horizon(followed, until)
    places = followed.block_time if grid is None else np.unique(finite_column(grid, "grid"))
    places = places[places < until - followed.tolerance]
    widths = np.diff(np.append(places, until))
    total = 0.0
    for place, width in zip(places.tolist(), widths.tolist(), strict=True):
        predicted = checked_risk(followed.n, risk_at(place))
        event_weight, free_weight = horizon_weights(followed, place)
        rest = wanted - predicted
        total += width * float(event_weight @ (rest * rest) + free_weight @ (predicted * predicted))
    return total / (followed.n * until)
