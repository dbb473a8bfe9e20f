"""Cumulative hazard without a model: Nelson-Aalen, and the survival that follows from it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from cartwheel.errors import NotEstimable, refuse
from cartwheel.estimate import Estimate
from cartwheel.stats.descriptive import normal_quantile
from cartwheel.stats.life_table import life_table
from cartwheel.stats.times import (
    Floats,
    Integers,
    SurvivalTimes,
    check_moment,
    checked_multiplicity,
)

TIES = ("together", "one-by-one")
INTERVALS = ("log", "plain")


@dataclass(frozen=True, slots=True, eq=False)
class NelsonAalen:
    """A cumulative hazard: one entry for each distinct time, of an event or of a censoring.

    Parameters
    ----------
    time : float array (k,)
        Distinct times, ascending.
    n_risk, n_event : int64 array (k,)
        At risk just before, and with the event at, each time.
    hazard : float array (k,)
        Cumulative hazard H(t) just after each time.
    std_error : float array (k,)
        Its standard error.
    low, high : float array (k,)
        Pointwise limits; 0 and nan before the first event on the log scale.
    n, events : int
        Patients and events.
    level : float
        Coverage of the limits.
    interval : str
        ``log`` or ``plain``.
    ties : str
        ``together`` or ``one-by-one``.
    """

    time: Floats
    n_risk: Integers
    n_event: Integers
    hazard: Floats
    std_error: Floats
    low: Floats
    high: Floats
    n: int
    events: int
    level: float
    interval: str
    ties: str

    @property
    def survival(self) -> Floats:
        """Fleming and Harrington's survival exp(-H), float array (k,)."""
        return np.exp(-self.hazard)

    def at(self, t: float) -> Estimate:
        """Cumulative hazard at time t, with its interval.

        Parameters
        ----------
        t : float, unit of the times
            Beyond the last time there is no estimate.

        Returns
        -------
        Estimate
            ``value`` is None beyond the last time.

        Raises
        ------
        NotEstimable
            A time missing or infinite.
        """
        check_moment(t, "t")
        method = f"Nelson-Aalen, {self.interval} interval"
        slack = 1e-8 * max(1.0, abs(t))
        if t > self.time[-1] + slack:
            method += f"; follow-up ends at {self.time[-1]:g}"
            return Estimate(None, None, None, self.level, method, self.n, self.events)
        index = int(np.searchsorted(self.time, t + slack, side="right")) - 1
        if index < 0 or self.hazard[index] == 0.0:
            return Estimate(0.0, None, None, self.level, method, self.n, self.events)
        value, low, high = (float(a[index]) for a in (self.hazard, self.low, self.high))
        return Estimate(value, low, high, self.level, method, self.n, self.events)


def nelson_aalen(
    times: SurvivalTimes,
    *,
    multiplicity: ArrayLike | None = None,
    ties: str = "together",
    level: float = 0.95,
    interval: str = "log",
) -> NelsonAalen:
    """Estimate the cumulative hazard from right-censored times.

    Also what imputation of covariates of a survival model should be given, beside the event.

    Parameters
    ----------
    times : SurvivalTimes
        The sample.
    multiplicity : array (n,) of whole numbers, optional
        How often each patient counts.
    ties : {"together", "one-by-one"}
        Whether d tied events step by d / Y, or by 1/Y + 1/(Y - 1) + ..., as if they had happened
        one after the other (Fleming and Harrington's correction).
    level : float in (0, 1)
        Coverage of the pointwise limits.
    interval : {"log", "plain"}
        Scale of the limits.

    Returns
    -------
    NelsonAalen

    Raises
    ------
    NotEstimable
        Level outside (0, 1); unknown ties or interval; multiplicities that are no counts.

    Notes
    -----
    Variance: sum of d / Y squared (one-by-one: of 1 / (Y - j) squared). ``exp(-H)`` is never below
    Kaplan-Meier. Agrees with R survival 3.5-3 ``survfit`` (cumhaz, std.chaz; stype 2 with ctype 1
    and 2) to 1e-11 relative.

    References
    ----------
    Aalen 1978, doi 10.1214/aos/1176344247. Fleming and Harrington 1984,
    doi 10.1080/03610928408828837.
    """
    if ties not in TIES or interval not in INTERVALS:
        raise refuse(
            NotEstimable,
            "choice_unknown",
            f"ties {ties!r} or interval {interval!r} is unknown",
            mend=f"ties: {', '.join(TIES)}; interval: {', '.join(INTERVALS)}",
        )
    z = normal_quantile(level)
    table = life_table(times, checked_multiplicity(times, multiplicity))
    n_risk, n_event = table.n_risk.astype(np.float64), table.n_event.astype(np.float64)
    step, growth = n_event / n_risk, n_event / n_risk**2
    if ties == "one-by-one":
        for index in np.flatnonzero(table.n_event > 1):
            left = n_risk[index] - np.arange(table.n_event[index])
            step[index], growth[index] = (1.0 / left).sum(), (1.0 / left**2).sum()
    hazard, std_error = np.cumsum(step), np.sqrt(np.cumsum(growth))
    if interval == "plain":
        low, high = np.maximum(hazard - z * std_error, 0.0), hazard + z * std_error
    else:
        begun = hazard > 0.0
        factor = np.exp(z * std_error / np.where(begun, hazard, 1.0))
        low, high = hazard / factor, np.where(begun, hazard * factor, np.nan)
    for array in (table.time, table.n_risk, table.n_event, hazard, std_error, low, high):
        array.setflags(write=False)
    n = int(table.n_event.sum() + table.n_censor.sum())
    return NelsonAalen(
        table.time,
        table.n_risk,
        table.n_event,
        hazard,
        std_error,
        low,
        high,
        n,
        int(table.n_event.sum()),
        level,
        interval,
        ties,
    )
