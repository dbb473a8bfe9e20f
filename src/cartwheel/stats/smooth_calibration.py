"""Flexible calibration in every resample: the curve at fixed risks, and its distances.

Everything that does not change with the resample is prepared once; patients with the same
prediction are one row of the spline.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, logit

from cartwheel.errors import NotEstimable, refuse
from cartwheel.stats.columns import float_array
from cartwheel.stats.competing import cumulative_incidence_at
from cartwheel.stats.competing_times import CompetingTimes, checked_cause
from cartwheel.stats.cox import baseline_hazard_at, cox_coefficients
from cartwheel.stats.descriptive import coded_column, finite_column
from cartwheel.stats.fine_gray import fine_gray_coefficients
from cartwheel.stats.integrated_brier import checked_horizon, checked_risk
from cartwheel.stats.kernels import _smooth_calibration
from cartwheel.stats.logistic import logistic_coefficients
from cartwheel.stats.spline import sample_quantiles
from cartwheel.stats.survival import survival_at
from cartwheel.stats.times import Floats, Integers, SurvivalTimes

# quantiles at which the knots are put: Harrell 2015, table 2.3
_KNOTS = np.array([0.05, 0.35, 0.65, 0.95])
_KNOTS.setflags(write=False)
N_KNOTS = len(_KNOTS)
# with fewer distinct predictions there is no curve: each has an observed risk of its own
LEAST_DISTINCT = 5
# predictions closer than this are one: they differ by the rounding of a sum
_DIGITS = 12
DISTANCES = ("ici", "e50", "e90")


@dataclass(frozen=True, slots=True, eq=False)
class SmoothCalibration:
    """Predicted risks and their outcome, prepared for any number of resamples.

    Parameters
    ----------
    outcome : float array (n,), SurvivalTimes or CompetingTimes
        Event as 0 or 1; or times.
    horizon : float or None
        Of the risk, with times.
    cause : int
        The cause of interest, with competing risks.
    risk : float array (d,)
        Distinct predicted risks, ascending.
    place : int array (n,)
        Each patient's in ``risk``.
    scale : float array (d,) or None
        Log odds, or log(-log(1 - risk)), of the distinct risks; None without a curve.
    grid : float array (g,)
        Risks at which the curve is read; empty without a curve.
    grid_scale : float array (g,)
        The same on the scale.
    knots : int
        Of the spline made on all patients; 2 for a straight line, 0 without a curve.
    pair, pair_place : int array (n,), (r,)
        Patients with the same prediction and outcome, and the prediction of each such pair.
    pair_event : float array (r,)
        Its outcome. These three are for a binary event.
    """

    outcome: Floats | SurvivalTimes | CompetingTimes
    horizon: float | None
    cause: int
    risk: Floats
    place: Integers
    scale: Floats | None
    grid: Floats
    grid_scale: Floats
    knots: int
    pair: Integers
    pair_place: Integers
    pair_event: Floats

    @property
    def method(self) -> str:
        """The smoother, in words."""
        if self.scale is None:
            return f"observed risk at each of {self.risk.size} distinct predictions"
        model = {np.ndarray: "logistic", SurvivalTimes: "Cox"}.get(type(self.outcome), "Fine-Gray")
        if self.knots < 3:
            of = "straight line, too many predictions are equal for a spline"
            return f"{model} regression on a {of}"
        return f"{model} regression on a restricted cubic spline, {self.knots} knots"

    def measure(self, multiplicity: NDArray[np.generic] | None = None) -> Floats:
        """Measure the distances and read the curve in one resample, without checks.

        Parameters
        ----------
        multiplicity : array (n,) of whole numbers >= 0, optional
            How often each patient counts; k is the same as k equal rows.

        Returns
        -------
        float array (3 + g,)
            Mean, median and 90th percentile of the distance between predicted and observed risk
            over the patients; then the observed risk at each risk of ``grid``. All nan where the
            resample has no such curve.
        """
        if multiplicity is None:
            counts = np.ones(self.place.size)
        else:
            counts = np.ascontiguousarray(multiplicity, dtype=np.float64)
        weight = self._weight(counts)
        found = self._observed(counts, weight)
        d = self.risk.size
        result = np.full(3 + self.grid.size, np.nan)
        if found is None or not np.isfinite(found).all():
            return result
        result[3:] = found[d:]
        distance = np.abs(self.risk - found[:d])
        order = distance.argsort(kind="stable")
        result[0] = float(distance @ weight) / float(weight.sum())
        result[1:3] = _middle_and_ninetieth(distance[order], weight[order])
        return result

    def _weight(self, counts: Floats) -> Floats:
        """How many of those present have each distinct prediction."""
        weight: Floats = np.bincount(self.place, counts, self.risk.size).astype(np.float64)
        return weight

    def _observed(self, counts: Floats, weight: Floats) -> Floats | None:
        """Observed risk at the distinct predictions and on the grid; None where there is none."""
        outcome = self.outcome
        if isinstance(outcome, np.ndarray):
            return self._by_level(counts, weight) if self.scale is None else self._logistic(counts)
        followed = outcome.times if isinstance(outcome, CompetingTimes) else outcome
        assert self.horizon is not None
        if not _known(followed, self.horizon, counts):
            return None
        if self.scale is None:
            return self._by_level(counts, weight)
        return self._hazards(outcome, followed, counts, weight)

    def _design(self, weight: Floats) -> Floats:
        """Spline basis of the distinct predictions, then of the grid, knots by the resample."""
        assert self.scale is not None
        rows = self.scale.size + self.grid_scale.size
        basis = np.empty(rows * (N_KNOTS - 1))
        columns = _smooth_calibration.spline_basis(
            self.scale, weight, _KNOTS, self.grid_scale, np.empty(N_KNOTS), basis
        )
        return basis[: rows * columns].reshape(rows, columns)

    def _logistic(self, counts: Floats) -> Floats | None:
        of_pair = np.bincount(self.pair, counts, self.pair_place.size)
        design = self._design(self._weight(counts))
        coefficients, converged = logistic_coefficients(
            design[self.pair_place], self.pair_event, of_pair
        )
        if not converged:
            return None
        return np.asarray(expit(coefficients[0] + design @ coefficients[1:]), dtype=np.float64)

    def _hazards(
        self,
        outcome: Floats | SurvivalTimes | CompetingTimes,
        followed: SurvivalTimes,
        counts: Floats,
        weight: Floats,
    ) -> Floats | None:
        assert self.horizon is not None
        design = self._design(weight)
        columns = design[self.place]
        if isinstance(outcome, CompetingTimes):
            coefficients, converged = fine_gray_coefficients(outcome, columns, self.cause, counts)
        else:
            coefficients, converged = cox_coefficients(followed, columns, counts)
        if not converged:
            return None
        linear = design @ coefficients
        # beside the mean of those present: a risk near 0 has a very negative predictor
        linear -= float(linear[: weight.size] @ weight) / float(weight.sum())
        # of those absent the predictor may lie anywhere; beyond this the risk is 0 or 1
        np.clip(linear, -600.0, 600.0, out=linear)
        if isinstance(outcome, CompetingTimes):
            hazard = _smooth_calibration.subdistribution_hazard_at(
                followed.order,
                followed.block_start,
                followed.block_time,
                outcome.cause,
                self.cause,
                linear[self.place],
                counts,
                self.horizon + followed.tolerance,
            )
        else:
            hazard = baseline_hazard_at(followed, linear[self.place], self.horizon, counts)
        return np.asarray(-np.expm1(-hazard * np.exp(linear)), dtype=np.float64)

    def _by_level(self, counts: Floats, weight: Floats) -> Floats:
        """Observed risk of each distinct prediction; 0 where nobody present has it."""
        outcome = self.outcome
        if isinstance(outcome, np.ndarray):
            events = np.bincount(self.place, counts * outcome, self.risk.size)
            return np.asarray(events / np.maximum(weight, 1.0), dtype=np.float64)
        assert self.horizon is not None
        followed = outcome.times if isinstance(outcome, CompetingTimes) else outcome
        observed = np.zeros(self.risk.size)
        for level in range(self.risk.size):
            if not weight[level] > 0.0:
                continue
            of_level = np.where(self.place == level, counts, 0.0)
            if not _known(followed, self.horizon, of_level):
                observed[level] = np.nan
            elif isinstance(outcome, CompetingTimes):
                observed[level] = cumulative_incidence_at(
                    outcome, self.cause, self.horizon, of_level
                )
            else:
                observed[level] = 1.0 - survival_at(followed, self.horizon, of_level)
        return observed


def _known(times: SurvivalTimes, horizon: float, counts: Floats) -> bool:
    """Whether somebody present is followed to the horizon, or all of them had an event."""
    present = counts > 0.0
    if (times.time[present] >= horizon - times.tolerance).any():
        return True
    return bool(times.event[present].all())


def _middle_and_ninetieth(ascending: Floats, weight: Floats) -> Floats:
    """Median and 90th percentile (type 7) of values that occur ``weight`` times."""
    reached = np.cumsum(weight)
    place = (reached[-1] - 1.0) * np.array([0.5, 0.9])
    lower = np.floor(place)
    below = np.searchsorted(reached, lower, side="right")
    above = np.searchsorted(reached, np.ceil(place), side="right")
    share = place - lower
    low, high = ascending[below], ascending[above]
    return np.asarray(np.where(high == low, low, (1.0 - share) * low + share * high))


def smooth_calibration(
    risk: ArrayLike,
    outcome: SurvivalTimes | CompetingTimes | ArrayLike,
    horizon: float | None = None,
    *,
    grid: ArrayLike = (),
    cause: int = 1,
) -> SmoothCalibration:
    """Prepare predicted risks for flexible calibration in many resamples.

    Parameters
    ----------
    risk : array (n,), 0-1, patient order
        Predicted probability of the event (by the horizon).
    outcome : array (n,) of 0 and 1, SurvivalTimes or CompetingTimes
        What happened.
    horizon : float, unit of the times
        Needed for times, within follow-up.
    grid : array (g,), inside (0, 1)
        Risks at which the curve is read.
    cause : int
        With competing risks, the cause of interest.

    Returns
    -------
    SmoothCalibration

    Raises
    ------
    NotEstimable
        Risks that are no probabilities; ``risk_boundary`` for a risk of exactly 0 or 1 where there
        are enough distinct risks for a curve; a horizon missing or outside follow-up; another
        coding of the event; no event.

    Notes
    -----
    The regression is that of ``calibration_curve`` and ``calibration_curve_over_time`` with four
    knots, put anew in every resample, and agrees with them to 1e-8 where they exist. Knots that
    coincide are merged; where fewer than three are left the regression is on a straight line. With
    fewer than five distinct risks the observed risk is that of the patients with each.

    References
    ----------
    Austin and Steyerberg 2019, doi 10.1002/sim.8281. Austin, Harrell and van Klaveren 2020,
    doi 10.1002/sim.8570. Austin et al. 2022, doi 10.1186/s41512-021-00114-6.
    """
    settled = _settled(outcome, horizon, cause)
    binary = isinstance(settled, np.ndarray)
    n = settled.size if isinstance(settled, np.ndarray) else settled.n
    predicted = checked_risk(n, risk)
    first, place = np.unique(np.round(predicted, _DIGITS), return_index=True, return_inverse=True)[
        1:
    ]
    place = place.astype(np.int64).ravel()
    distinct = predicted[first]
    shown = float_array(grid, "grid")
    shown = finite_column(shown, "grid").copy() if shown.size else np.empty(0)
    scale = None
    if distinct.size >= LEAST_DISTINCT:
        scale = _scaled(distinct, binary, "risk")
    else:
        shown = np.empty(0)
    grid_scale = _scaled(shown, binary, "grid") if shown.size else np.empty(0)
    happened = settled if isinstance(settled, np.ndarray) else np.zeros(n)
    pairs, pair = np.unique(2 * place + happened.astype(np.int64), return_inverse=True)
    pair = pair.astype(np.int64).ravel()
    for array in (distinct, place, shown, grid_scale, pair):
        array.setflags(write=False)
    return SmoothCalibration(
        outcome=settled,
        horizon=horizon,
        cause=cause,
        risk=distinct,
        place=place,
        scale=scale,
        grid=shown,
        grid_scale=grid_scale,
        knots=0 if scale is None else _knots_left(scale[place]),
        pair=pair,
        pair_place=(pairs // 2).astype(np.int64),
        pair_event=(pairs % 2).astype(np.float64),
    )


def _settled(
    outcome: SurvivalTimes | CompetingTimes | ArrayLike, horizon: float | None, cause: int
) -> Floats | SurvivalTimes | CompetingTimes:
    """Check the outcome, its horizon and cause."""
    if not isinstance(outcome, SurvivalTimes | CompetingTimes):
        event = coded_column(outcome, "event").copy()
        event.setflags(write=False)
        return event
    if horizon is None:
        raise refuse(NotEstimable, "horizon_range", "times need a horizon", where="horizon")
    checked_horizon(outcome.times if isinstance(outcome, CompetingTimes) else outcome, horizon)
    if isinstance(outcome, CompetingTimes):
        checked_cause(outcome, cause)
    return outcome


def _knots_left(scale: Floats) -> int:
    distinct = np.unique(sample_quantiles(scale, _KNOTS)).size
    return distinct if distinct >= 3 else 2


def _scaled(risk: Floats, binary: bool, where: str) -> Floats:
    if risk.min() <= 0.0 or risk.max() >= 1.0:
        raise refuse(
            NotEstimable,
            "risk_boundary",
            "a predicted risk is exactly 0 or 1: it has no linear predictor",
            where=where,
            mend="look why the score is certain",
        )
    scale = np.asarray(logit(risk) if binary else np.log(-np.log1p(-risk)), dtype=np.float64)
    scale.setflags(write=False)
    return scale
