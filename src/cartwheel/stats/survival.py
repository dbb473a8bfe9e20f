"""Survival without a model: Kaplan-Meier, its reverse, and weights for censoring.

Everything takes a ``SurvivalTimes``; a resample of it is a vector of multiplicities in patient
order.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cartwheel.errors import NotEstimable, refuse
from cartwheel.estimate import Estimate
from cartwheel.stats.kernels import _survival
from cartwheel.stats.life_table import LifeTable, life_table
from cartwheel.stats.survival_interval import INTERVALS, survival_limits
from cartwheel.stats.times import (
    SAME_TIME,
    Floats,
    Integers,
    SurvivalTimes,
    check_moment,
    checked_multiplicity,
    kernel_counts,
    landmark,
    numbers_at_risk,
    survival_times,
)

__all__ = [
    "INTERVALS",
    "KaplanMeier",
    "SurvivalTimes",
    "checked_multiplicity",
    "horizon_weights",
    "kaplan_meier",
    "landmark",
    "numbers_at_risk",
    "reverse_kaplan_meier",
    "survival_at",
    "survival_times",
]


@dataclass(frozen=True, slots=True, eq=False)
class KaplanMeier:
    """A survival curve: one entry for each distinct time, of an event or of a censoring.

    Parameters
    ----------
    time : float array (k,)
        Distinct times, ascending.
    n_risk, n_event, n_censor : int64 array (k,)
        At risk just before, with the event at, and censored at each time.
    survival : float array (k,)
        S(t), 0-1, just after each time.
    std_error : float array (k,)
        Greenwood standard error of S; nan where S is 0.
    low, high : float array (k,)
        Pointwise limits; nan where undefined.
    n, events : int
        Patients and events.
    level : float
        Coverage of the limits.
    interval : str
        ``log``, ``log-log``, ``plain``, ``logit`` or ``arcsin``: the scale on which the interval is
        symmetric.
    """

    time: Floats
    n_risk: Integers
    n_event: Integers
    n_censor: Integers
    survival: Floats
    std_error: Floats
    low: Floats
    high: Floats
    n: int
    events: int
    level: float
    interval: str

    def at(self, t: float) -> Estimate:
        """Survival at time t, with its interval.

        Parameters
        ----------
        t : float, unit of the times
            Where the curve is read; before the first time S is 1.

        Returns
        -------
        Estimate
            ``value`` is None beyond the last time, unless the curve has reached 0 by then.

        Raises
        ------
        NotEstimable
            A time missing or infinite.
        """
        check_moment(t, "t")
        method = f"Kaplan-Meier, {self.interval} interval (Greenwood)"
        slack = SAME_TIME * max(1.0, abs(t))
        index = int(np.searchsorted(self.time, t + slack, side="right")) - 1
        last = self.time.size - 1
        if index < 0:
            limit = 1.0 if self.interval in ("plain", "log") else None
            return Estimate(1.0, limit, limit, self.level, method, self.n, self.events)
        if t > self.time[last] + slack and self.survival[last] > 0.0:
            method += f"; follow-up ends at {self.time[last]:g}"
            return Estimate(None, None, None, self.level, method, self.n, self.events)
        return Estimate(
            float(self.survival[index]),
            _or_none(float(self.low[index])),
            _or_none(float(self.high[index])),
            self.level,
            method,
            self.n,
            self.events,
        )

    def quantile(self, p: float) -> Estimate:
        """Time by which a share p has had the event; None where the curve does not fall so far.

        Parameters
        ----------
        p : float in (0, 1)
            0.5 is the median.

        Returns
        -------
        Estimate
            Limits are the same quantile of the curves of the limits (Brookmeyer-Crowley).

        Raises
        ------
        NotEstimable
            p outside (0, 1).

        Notes
        -----
        Where the curve is flat at exactly 1 - p, the middle of that stretch, up to the last time
        of follow-up: the rule of ``survival::quantile.survfit``.
        """
        if not 0.0 < p < 1.0:
            raise refuse(NotEstimable, "quantile_range", f"quantile {p} is not between 0 and 1")
        return Estimate(
            _crossing(self.time, self.survival, p),
            _crossing(self.time, self.low, p),
            _crossing(self.time, self.high, p),
            self.level,
            f"Kaplan-Meier quantile, {self.interval} interval (Brookmeyer-Crowley)",
            self.n,
            self.events,
        )

    @property
    def median(self) -> Estimate:
        """Median time to the event; None where not reached."""
        return self.quantile(0.5)


def _or_none(value: float) -> float | None:
    return None if math.isnan(value) else value


def _crossing(time: Floats, curve: Floats, p: float) -> float | None:
    """First time at which the curve is at 1 - p or below; the middle of a flat stretch there."""
    defined = ~np.isnan(curve)
    times, fallen = time[defined], 1.0 - curve[defined]
    reached = np.flatnonzero(fallen >= p - SAME_TIME)
    if reached.size == 0:
        return None
    passed = np.flatnonzero(fallen > p + SAME_TIME)
    end = times[passed[0]] if passed.size else times[-1]
    if fallen[reached[0]] > p + SAME_TIME:
        return float(times[reached[0]])
    return float((times[reached[0]] + end) / 2.0)


def kaplan_meier(
    times: SurvivalTimes,
    *,
    multiplicity: ArrayLike | None = None,
    level: float = 0.95,
    interval: str = "log",
) -> KaplanMeier:
    """Estimate survival from right-censored times by the product-limit method.

    Parameters
    ----------
    times : SurvivalTimes
        The sample.
    multiplicity : array (n,) of whole numbers, optional
        How often each patient counts.
    level : float in (0, 1)
        Coverage of the pointwise limits.
    interval : {"log", "log-log", "plain", "logit", "arcsin"}
        Scale of the limits.

    Returns
    -------
    KaplanMeier

    Raises
    ------
    NotEstimable
        Level outside (0, 1), unknown interval, or multiplicities that are no counts.

    Notes
    -----
    S(t) is the product over event times of 1 - d/Y; Greenwood's variance is S squared times the
    sum of d / (Y (Y - d)). Censored at an event time counts as at risk there. Limits are capped to
    [0, 1]; they are undefined (nan) where S is 0, and except for log and plain also where S is 1.
    Agrees with R survival 3.5-3 ``survfit`` to 1e-11 relative.

    References
    ----------
    Kaplan and Meier 1958, doi 10.1080/01621459.1958.10501452.
    """
    return _curve(life_table(times, checked_multiplicity(times, multiplicity)), level, interval)


def reverse_kaplan_meier(
    times: SurvivalTimes,
    *,
    level: float = 0.95,
    interval: str = "log",
    ties: str = "events-first",
) -> KaplanMeier:
    """Estimate potential follow-up: the curve with censoring as the event.

    Parameters
    ----------
    times : SurvivalTimes
        The sample, event coded as ever.
    level : float in (0, 1)
        Coverage of the pointwise limits.
    interval : {"log", "log-log", "plain", "logit", "arcsin"}
        Scale of the limits.
    ties : {"events-first", "together"}
        Whether patients with the event at the time of a censoring are still at risk of being
        censored there: no, or yes.

    Returns
    -------
    KaplanMeier
        Its ``n_event`` counts censorings; its median is the median follow-up.

    Raises
    ------
    NotEstimable
        As ``kaplan_meier``; unknown ``ties``.

    Notes
    -----
    ``events-first`` is the curve behind ``horizon_weights``. ``together`` is R survival
    ``survfit(Surv(time, event == 0) ~ 1)``; its quantiles and their limits agree to 1e-14. They
    differ only where events and censorings share a time.

    References
    ----------
    Schemper and Smith 1996, doi 10.1016/0197-2456(96)00075-x.
    """
    if ties not in ("events-first", "together"):
        raise refuse(
            NotEstimable,
            "ties_unknown",
            f"ties {ties!r} is unknown",
            mend="use events-first or together",
        )
    table = life_table(times, None)
    n_risk = table.n_risk - table.n_event if ties == "events-first" else table.n_risk
    swapped = LifeTable(table.time, n_risk, table.n_censor, table.n_event)
    return _curve(swapped, level, interval)


def _curve(table: LifeTable, level: float, interval: str) -> KaplanMeier:
    time, n_risk, n_event, n_censor = table
    staying = n_risk - n_event
    # nobody at risk of censoring once the last have had the event: that step changes nothing
    kept = np.where(n_risk > 0, staying / np.maximum(n_risk, 1), 1.0)
    survival = np.asarray(np.cumprod(kept), dtype=np.float64)
    ended = survival == 0.0
    growth = n_event / np.where(staying > 0, n_risk.astype(np.float64) * staying, 1.0)
    std_log = np.sqrt(np.cumsum(growth))
    std_log[ended] = np.nan
    low, high = survival_limits(survival, std_log, level, interval)
    std_error = survival * std_log
    for array in (time, n_risk, n_event, n_censor, survival, std_error, low, high):
        array.setflags(write=False)
    return KaplanMeier(
        *table,
        survival,
        std_error,
        low,
        high,
        n=int((n_event + n_censor).sum()),
        events=int(n_event.sum()),
        level=level,
        interval=interval,
    )


def survival_at(
    times: SurvivalTimes, horizon: float, multiplicity: NDArray[np.generic] | None = None
) -> float:
    """Kaplan-Meier survival at one time, without checks, for use in every resample.

    Parameters
    ----------
    times : SurvivalTimes
        The sample.
    horizon : float, unit of the times
        Where S is read. Beyond the last time the last value is carried on: check the horizon
        against the whole sample first.
    multiplicity : array (n,), optional
        How often each patient counts; not checked.

    Returns
    -------
    float
        S(horizon), 0-1.
    """
    return _survival.survival_at(
        times.order,
        times.block_start,
        times.block_time,
        times.event,
        kernel_counts(multiplicity),
        horizon + times.tolerance,
    )


def horizon_weights(
    times: SurvivalTimes, horizon: float, multiplicity: NDArray[np.generic] | None = None
) -> tuple[Floats, Floats]:
    """Weights that let those whose status at a horizon is known stand for the censored as well.

    Parameters
    ----------
    times : SurvivalTimes
        The sample.
    horizon : float, unit of the times
        The time at which the status (event yet, or not) is wanted.
    multiplicity : array (n,), optional
        How often each patient counts; not checked.

    Returns
    -------
    case_weight, control_weight : float arrays (n,), patient order
        m / G(T-) for an event at T <= horizon, m / G(horizon) for T > horizon; else 0. Censored by
        the horizon: both 0.

    Notes
    -----
    G is the Kaplan-Meier curve of censoring in the same (multiplied) sample, events first at tied
    times: the convention of riskRegression's Brier score. Censoring must not depend on prognosis.

    References
    ----------
    Graf et al. 1999, doi 10.1002/(sici)1097-0258(19990915/30)18:17/18<2529::aid-sim274>3.0.co;2-5.
    """
    case_weight, control_weight = np.empty(times.time.size), np.empty(times.time.size)
    _survival.horizon_weights(
        times.order,
        times.block_start,
        times.block_time,
        times.event,
        kernel_counts(multiplicity),
        horizon + times.tolerance,
        case_weight,
        control_weight,
    )
    return case_weight, control_weight
