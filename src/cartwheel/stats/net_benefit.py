"""Net benefit of predicted risks in every resample, prepared once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cartwheel.errors import NotEstimable, refuse
from cartwheel.stats.competing_times import CompetingTimes, checked_cause
from cartwheel.stats.decision import checked_thresholds
from cartwheel.stats.descriptive import coded_column
from cartwheel.stats.integrated_brier import checked_horizon, checked_risk
from cartwheel.stats.kernels import _threshold_risk
from cartwheel.stats.times import Floats, Integers, SurvivalTimes


@dataclass(frozen=True, slots=True, eq=False)
class NetBenefit:
    """Predicted risks and their outcome, prepared for any number of resamples.

    Parameters
    ----------
    thresholds : float array (k,), rising
        Risks from which on patients are treated.
    level : int64 array (n,)
        How many thresholds each patient's risk reaches.
    event : float array (n,) or None
        Of a binary outcome.
    times : SurvivalTimes or None
        Of the others.
    codes : int64 array (n,) or None
        With times: 0 censored, else the cause.
    cause : int
        The cause of interest.
    competing : bool
        Whether there are others.
    horizon : float or None
        With times.
    """

    thresholds: Floats
    level: Integers
    event: Floats | None
    times: SurvivalTimes | None
    codes: Integers | None
    cause: int
    competing: bool
    horizon: float | None

    def measure(self, multiplicity: NDArray[np.generic] | None = None) -> Floats:
        """Measure net benefit in one resample, without checks.

        Parameters
        ----------
        multiplicity : array (n,) of whole numbers >= 0, optional
            How often each patient counts; k is the same as k equal rows.

        Returns
        -------
        float array (k + 1,)
            The risk of everybody; then the net benefit at each threshold, in true positives per
            patient. nan where nobody at or above the threshold is followed to the horizon.
        """
        if multiplicity is None:
            counts = np.ones(self.level.size)
        else:
            counts = np.ascontiguousarray(multiplicity, dtype=np.float64)
        treated, risk = self._above(counts)
        odds = self.thresholds / (1.0 - self.thresholds)
        share = treated[1:] / treated[0]
        result = np.empty(risk.size)
        result[0] = risk[0]
        result[1:] = share * risk[1:] - share * (1.0 - risk[1:]) * odds
        return result

    def _above(self, counts: Floats) -> tuple[Floats, Floats]:
        """Patients who reach at least each number of thresholds, and their risk."""
        size = self.thresholds.size + 1
        if self.event is not None:
            treated = np.bincount(self.level, counts, size)[::-1].cumsum()[::-1]
            cases = np.bincount(self.level, counts * self.event, size)[::-1].cumsum()[::-1]
            return treated, cases / np.maximum(treated, 1.0)
        assert self.times is not None
        assert self.codes is not None
        assert self.horizon is not None
        treated, risk = np.empty(size), np.empty(size)
        _threshold_risk.risks_above(
            self.times.order,
            self.times.time,
            self.codes,
            self.cause,
            self.competing,
            self.level,
            counts,
            self.horizon + self.times.tolerance,
            self.horizon - self.times.tolerance,
            treated,
            risk,
        )
        return treated, risk


def net_benefit_of(
    risk: ArrayLike,
    outcome: SurvivalTimes | CompetingTimes | ArrayLike,
    thresholds: ArrayLike,
    horizon: float | None = None,
    *,
    cause: int = 1,
) -> NetBenefit:
    """Prepare predicted risks for their net benefit in many resamples.

    Parameters
    ----------
    risk : array (n,), 0-1, patient order
        Predicted probability of the event (by the horizon).
    outcome : array (n,) of 0 and 1, SurvivalTimes or CompetingTimes
        What happened.
    thresholds : array (k,), inside (0, 1), rising
        Risks from which on patients are treated.
    horizon : float, unit of the times
        Needed for times, within follow-up.
    cause : int
        With competing risks, the cause of interest.

    Returns
    -------
    NetBenefit

    Raises
    ------
    NotEstimable
        Risks that are no probabilities; thresholds outside (0, 1) or not rising; a horizon missing
        or outside follow-up; another coding of the event; a cause that does not occur.

    Notes
    -----
    Agrees with ``decision_curve`` and ``decision_curve_over_time`` to 1e-12.

    References
    ----------
    Vickers and Elkin 2006, doi 10.1177/0272989x06295361. Vickers et al. 2008,
    doi 10.1186/1472-6947-8-53.
    """
    wanted = checked_thresholds(thresholds).copy()
    if not (np.diff(wanted) > 0.0).all():
        raise refuse(NotEstimable, "threshold_range", "thresholds must rise", where="thresholds")
    event = times = codes = None
    if isinstance(outcome, SurvivalTimes | CompetingTimes):
        competing = isinstance(outcome, CompetingTimes)
        times = outcome.times if isinstance(outcome, CompetingTimes) else outcome
        if horizon is None:
            raise refuse(NotEstimable, "horizon_range", "times need a horizon", where="horizon")
        checked_horizon(times, horizon)
        if isinstance(outcome, CompetingTimes):
            codes, cause = outcome.cause, checked_cause(outcome, cause)
        else:
            codes, cause = times.event.astype(np.int64), 1
        n = times.n
    else:
        event, competing = coded_column(outcome, "event").copy(), False
        n = event.size
    # at the threshold is treated
    level = np.searchsorted(wanted, checked_risk(n, risk), side="right").astype(np.int64)
    for array in (wanted, level, *(() if event is None else (event,))):
        array.setflags(write=False)
    return NetBenefit(wanted, level, event, times, codes, cause, competing, horizon)
