"""The measures of an outcome with times, as bare numbers, fast: see ``points``."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cartwheel.errors import NotEstimable, refuse
from cartwheel.stats.competing_times import CompetingTimes
from cartwheel.stats.kernels import (
    _competing,
    _concordance,
    _cox,
    _fine_gray,
    _roc,
    _survival,
    _weighted_concordance,
)
from cartwheel.stats.times import SurvivalTimes, survival_times
from cartwheel.validation.analysed import Target

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

EVENT = 1
# as in stats/cox.py and stats/fine_gray.py
_NEWTON_TOLERANCE, _ITERATIONS, _CONVERGED = 1e-10, 25, 0
# the weights of those whose status is known add up to all patients, but for rounding
WHOLE = 1.0 - 1e-9
_AT_ONE = np.ones(1)
_AT_ONE.setflags(write=False)


def wolbers_times(competing: CompetingTimes) -> SurvivalTimes:
    """Times in which patients with another event stay at risk for ever, for Wolbers' concordance.

    Parameters
    ----------
    competing : CompetingTimes
        Cause 1 is the event.

    Returns
    -------
    SurvivalTimes
        Events of cause 1; patients with another event are censored after the last time of all.

    Notes
    -----
    Harrell's C of these times is Wolbers' C index for competing risks.

    References
    ----------
    Wolbers et al. 2009, doi 10.1097/EDE.0b013e3181a39056.
    """
    time = competing.times.time
    after_all = 1.5 * float(time.max()) + 1.0
    return survival_times(
        np.where(competing.cause > EVENT, after_all, time), competing.cause == EVENT
    )


@dataclass(frozen=True, slots=True, eq=False)
class TimedPoints:
    """A score and an outcome with times, sorted once.

    Parameters
    ----------
    once : float array (n,)
        Ones.
    times : SurvivalTimes
        To the event, or to the first event of any kind.
    horizon : float, unit of the times
        Where risk is read.
    wanted, cause, wolbers : float array (n,), int array (n,), SurvivalTimes; or None
        Competing risks only: 1 for the event asked for, codes, times for Wolbers' C.
    followed : float array (n,)
        1 for patients followed to the horizon.
    marker, by_marker : float array (n,), int array (n,)
        What is ranked, and the patients in its order.
    squares : tuple of two float arrays (2, n), or None
        Ones, and squared distance of the risk from 1 and from 0.
    risk, predictor : float array (n,) or None
        Predicted risk, and log(-log(1 - risk)).
    """

    once: Floats
    times: SurvivalTimes
    horizon: float
    wanted: Floats | None
    cause: Integers | None
    wolbers: SurvivalTimes | None
    followed: Floats
    marker: Floats
    by_marker: Integers
    squares: tuple[Floats, Floats] | None
    risk: Floats | None
    predictor: Floats | None

    def measure(self, multiplicity: Floats) -> list[float]:
        """Measure the score in one resample.

        Parameters
        ----------
        multiplicity : float array (n,)
            How often each patient counts.

        Returns
        -------
        list of float
            As ``points.point_measures``, without calibration and overall where there is no risk.
        """
        case, control = self._weights(multiplicity)
        n = float(multiplicity.sum())
        # the weights of those whose status is known stand for everybody, or follow-up was too short
        known = float(case.sum() + control.sum()) > WHOLE * n
        area = _roc.weighted_area(self.marker, self.by_marker, case, control) if known else np.nan
        c = self._concordance(multiplicity)
        found = [area, c] if self.cause is not None else [c, self._uno(multiplicity), area]
        if self.risk is None:
            return found
        observed, expected = self._observed(multiplicity), float(self.risk @ multiplicity) / n
        slope = self._slope(multiplicity)
        large = [] if self.cause is not None else [in_the_large(observed, expected)]
        ratio = observed / expected if expected > 0.0 else np.nan
        brier = self._brier(case, control, observed, n) if known else (np.nan, np.nan)
        return [*found, *large, slope, ratio, *brier]

    def _weights(self, multiplicity: Floats) -> tuple[Floats, Floats]:
        """Weights as case and as control."""
        times, n = self.times, self.times.time.size
        case, control = np.empty(n), np.empty(n)
        _survival.horizon_weights(
            times.order,
            times.block_start,
            times.block_time,
            times.event,
            multiplicity,
            self.horizon + times.tolerance,
            case,
            control,
        )
        if self.wanted is not None:
            of_interest = case * self.wanted
            # another event by the horizon: the one asked for has not happened
            return of_interest, control + (case - of_interest)
        return case, control

    def _concordance(self, multiplicity: Floats) -> float:
        times = self.times if self.wolbers is None else self.wolbers
        concordant, discordant, tied = _concordance.count_pairs(
            times.order, times.block_start, times.event, self.marker, self.by_marker, multiplicity
        )
        pairs = concordant + discordant + tied
        return (concordant + 0.5 * tied) / pairs if pairs > 0.0 else np.nan

    def _uno(self, multiplicity: Floats) -> float:
        times = self.times
        concordant, comparable = _weighted_concordance.weighted_pairs(
            times.order,
            times.block_start,
            times.block_time,
            times.event,
            self.marker,
            self.by_marker,
            multiplicity,
            self.horizon - times.tolerance,
            False,
            np.empty(self.marker.size),
            None,
            None,
        )
        return concordant / comparable if comparable > 0.0 else np.nan

    def _observed(self, multiplicity: Floats) -> float:
        """Observed risk by the horizon; nan where follow-up of the resample ends before it."""
        times = self.times
        moment = self.horizon + times.tolerance
        sorted_times = (times.order, times.block_start, times.block_time)
        free = _survival.survival_at(*sorted_times, times.event, multiplicity, moment)
        if free > 0.0 and not float(self.followed @ multiplicity) > 0.0:
            return np.nan
        if self.cause is None:
            return 1.0 - free
        return _competing.incidence_at(*sorted_times, self.cause, EVENT, multiplicity, moment)

    def _slope(self, multiplicity: Floats) -> float:
        if self.predictor is None:
            return np.nan
        times, coefficient = self.times, np.empty(1)
        column = self.predictor[:, None]
        if self.cause is None:
            status = _cox.newton(
                times.order,
                times.block_start,
                times.event,
                column,
                multiplicity,
                _AT_ONE,
                True,
                _NEWTON_TOLERANCE,
                _ITERATIONS,
                coefficient,
                None,
                None,
                None,
            )[0]
        else:
            status = _fine_gray.newton(
                times.order,
                times.block_start,
                self.cause,
                EVENT,
                column,
                multiplicity,
                None,
                1,
                False,
                True,
                _NEWTON_TOLERANCE,
                _ITERATIONS,
                coefficient,
                None,
                None,
                None,
            )[0]
        return float(coefficient[0]) if status == _CONVERGED else np.nan

    def _brier(
        self, case: Floats, control: Floats, observed: float, n: float
    ) -> tuple[float, float]:
        assert self.squares is not None
        cases, missed = (self.squares[0] @ case).tolist()
        controls, alarmed = (self.squares[1] @ control).tolist()
        if not cases > 0.0:
            return np.nan, np.nan
        brier = (missed + alarmed) / n
        null = (cases * (1.0 - observed) ** 2 + controls * observed**2) / n
        return brier, 1.0 - brier / null if null > 0.0 else np.nan


def in_the_large(observed: float, expected: float) -> float:
    """Log cumulative hazard of the observed risk less that of the mean predicted risk.

    Parameters
    ----------
    observed, expected : float, 0-1
        Risk by the horizon.

    Returns
    -------
    float
        0 is ideal, above 0 risk was underestimated; nan where either risk is 0 or 1.
    """
    if not (0.0 < observed < 1.0 and 0.0 < expected < 1.0):
        return np.nan
    return float(np.log(np.log1p(-observed) / np.log1p(-expected)))


def timed_points(
    target: Target, marker: Floats, risk: Floats | None, predictor: Floats | None
) -> TimedPoints:
    """Sort an outcome with times and a score once.

    Parameters
    ----------
    target : Target
        Survival or competing.
    marker : float array (n,)
        What is ranked.
    risk, predictor : float array (n,) or None
        Predicted risk at the horizon, and log(-log(1 - risk)).

    Returns
    -------
    TimedPoints

    Raises
    ------
    NotEstimable
        ``horizon_range`` without times or horizon.
    """
    competing, times, horizon = target.competing, target.times, target.horizon
    if times is None or horizon is None:
        raise refuse(NotEstimable, "horizon_range", "times need a horizon", where="horizon")
    ones = np.ones(times.n)
    squares = None
    if risk is not None:
        squares = np.stack((ones, (1.0 - risk) ** 2)), np.stack((ones, risk * risk))
    return TimedPoints(
        ones,
        times,
        horizon,
        None if competing is None else (competing.cause == EVENT).astype(np.float64),
        None if competing is None else competing.cause,
        None if competing is None else wolbers_times(competing),
        (times.time >= horizon - times.tolerance).astype(np.float64),
        marker,
        ascending(marker),
        squares,
        risk,
        predictor,
    )


def ascending(marker: Floats) -> Integers:
    """Order patients by what is ranked.

    Parameters
    ----------
    marker : float array (n,)
        Finite.

    Returns
    -------
    int array (n,)
        Places, lowest first; stable.
    """
    # stable, so that weights are summed in the same order on every processor
    return marker.argsort(kind="stable").astype(np.int64, copy=False)
