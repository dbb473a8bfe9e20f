"""The bootstrap of a validation: patients drawn again, every score measured on the same draws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, log10
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cartwheel.errors import NotEstimable
from cartwheel.estimate import Estimate
from cartwheel.stats.competing_times import CompetingTimes
from cartwheel.stats.distributed import Progress, in_order
from cartwheel.stats.net_benefit import NetBenefit, net_benefit_of
from cartwheel.stats.resample import default_threads, resample_multiplicities, sealed
from cartwheel.stats.smooth_calibration import DISTANCES, SmoothCalibration, smooth_calibration
from cartwheel.stats.times import SurvivalTimes
from cartwheel.validation.analysed import Predicted, Target
from cartwheel.validation.judging.points import Prepared, prepared

Floats = NDArray[np.float64]

# risks at which a curve is read: round numbers, so that no patient's own risk is among them
_FEWEST_GRID = 20


class _Part(Protocol):
    """Something that is measured in every resample."""

    def measure(self, multiplicity: NDArray[np.generic] | None = None) -> Floats:
        """Measure it in one resample."""


@dataclass(frozen=True, slots=True, eq=False)
class ScoreResamples:
    """One score in B resamples; nan where a resample does not have the number.

    Parameters
    ----------
    name : str
        Of the score.
    names : tuple of str
        Of the columns of ``points``.
    points : float array (B, m)
        The measures of ``points.prepared``.
    distances : float array (B, 3)
        ICI, E50 and E90.
    grid : float array (g,)
        Predicted risks at which the flexible curve is read; may be empty.
    curve : float array (B, g)
        Observed risk at each.
    net_benefit : float array (B, k)
        At each threshold, in true positives per patient.
    """

    name: str
    names: tuple[str, ...]
    points: Floats
    distances: Floats
    grid: Floats
    curve: Floats
    net_benefit: Floats

    def draws(self, measure: str) -> Floats:
        """Values of one measure, resample by resample.

        Parameters
        ----------
        measure : str
            One of ``names``, or ``ici``, ``e50``, ``e90``.

        Returns
        -------
        float array (B,)
            All nan for a measure that this score does not have.
        """
        if measure in DISTANCES:
            return self.distances[:, DISTANCES.index(measure)]
        if measure in self.names:
            return self.points[:, self.names.index(measure)]
        return np.full(len(self.points), np.nan)


@dataclass(frozen=True, slots=True, eq=False)
class Resampled:
    """All scores that give a risk, in the same B resamples.

    Parameters
    ----------
    resamples, seed : int
        As planned.
    thresholds : float array (k,)
        Of the net benefit.
    prevalence : float array (B,)
        Risk of everybody in each resample; nan where follow-up of a resample ends too early.
    scores : tuple of ScoreResamples
        Those that give a risk, in the order of the plan.
    """

    resamples: int
    seed: int
    thresholds: Floats
    prevalence: Floats
    scores: tuple[ScoreResamples, ...]

    @property
    def treat_all(self) -> Floats:
        """Net benefit (B, k) of treating everybody."""
        odds = self.thresholds / (1.0 - self.thresholds)
        rate = self.prevalence[:, None]
        everybody: Floats = rate - (1.0 - rate) * odds
        return everybody

    def of(self, predicted: Predicted) -> ScoreResamples | None:
        """Find the resamples of one score.

        Parameters
        ----------
        predicted : Predicted
            The score.

        Returns
        -------
        ScoreResamples or None
            None for a score without a risk, and without resamples.
        """
        if not self.resamples:
            return None
        return next((one for one in self.scores if one.name == predicted.name), None)

    @property
    def failures(self) -> tuple[tuple[str, int], ...]:
        """Score and calibration curve with the number of resamples that have none; only those."""
        found = ((one.name, int(np.isnan(one.distances).any(axis=1).sum())) for one in self.scores)
        return tuple((name, count) for name, count in found if count)


def resample(
    target: Target,
    predicted: Sequence[Predicted],
    thresholds: ArrayLike,
    *,
    resamples: int,
    seed: int,
    threads: int | None = None,
    say: Progress | None = None,
) -> Resampled:
    """Draw patients with replacement, and measure in every draw what has no closed-form interval.

    The scores are as they were published: nothing is fitted to the patients but the smooth curve
    of calibration, which is made anew in each resample, knots included.

    Parameters
    ----------
    target : Target
        The outcome of n patients.
    predicted : sequence of Predicted
        The scores on the same patients; those without a risk are left out.
    thresholds : array (k,), inside (0, 1), rising
        Of the net benefit.
    resamples : int
        B >= 0.
    seed : int
        The same seed gives the same numbers for any number of threads; all scores meet the same
        draws, so their differences are paired.
    threads : int, optional
        By default as many as help.
    say : function of (int, int), optional
        Called with resamples done and asked for.

    Returns
    -------
    Resampled

    Raises
    ------
    NotEstimable
        ``resample_range``: nobody, or a negative seed.
    """
    draw = resample_multiplicities(target.n, seed, resamples)
    wanted = np.asarray(thresholds, dtype=np.float64)
    made = [_parts(target, one, wanted) for one in predicted if one.risk is not None]
    flat: list[_Part] = [part for parts in made for part in parts if part is not None]

    def one(index: int) -> Floats:
        counts = draw(index)
        return np.concatenate([part.measure(counts) for part in flat])

    many = in_order(
        one, resamples if flat else 0, threads=threads or default_threads(target.n), progress=say
    )
    widths = _widths(flat)
    table = np.vstack(many) if many else np.empty((resamples, sum(widths)))
    rows = iter(np.split(table, np.cumsum(widths)[:-1], axis=1))
    scores, prevalence = [], np.full(resamples, np.nan)
    shown = [one.name for one in predicted if one.risk is not None]
    for name, (measures, smooth, benefit) in zip(shown, made, strict=True):
        points = next(rows)
        curve = np.full((resamples, 3), np.nan) if smooth is None else next(rows)
        utility = np.full((resamples, wanted.size + 1), np.nan) if benefit is None else next(rows)
        grid = np.empty(0) if smooth is None else smooth.grid
        prevalence = utility[:, 0]
        scores.append(
            ScoreResamples(
                name=name,
                names=measures.names,
                points=sealed(points),
                distances=sealed(curve[:, :3]),
                grid=sealed(grid),
                curve=sealed(curve[:, 3:]),
                net_benefit=sealed(utility[:, 1:]),
            )
        )
    return Resampled(resamples, seed, sealed(wanted), sealed(prevalence), tuple(scores))


def _widths(flat: Sequence[_Part]) -> list[int]:
    widths = []
    for part in flat:
        if isinstance(part, Prepared):
            widths.append(len(part.names))
        elif isinstance(part, SmoothCalibration):
            widths.append(3 + part.grid.size)
        elif isinstance(part, NetBenefit):
            widths.append(1 + part.thresholds.size)
    return widths


def _parts(
    target: Target, predicted: Predicted, thresholds: Floats
) -> tuple[Prepared, SmoothCalibration | None, NetBenefit | None]:
    assert predicted.risk is not None
    smooth: SmoothCalibration | None
    benefit: NetBenefit | None
    try:
        smooth = smoother(target, predicted)
    except NotEstimable:
        # its measures say why (flexible.py)
        smooth = None
    try:
        benefit = net_benefit_of(predicted.risk, outcome_of(target), thresholds, target.horizon)
    except NotEstimable:
        benefit = None
    return prepared(target, predicted), smooth, benefit


def smoother(target: Target, predicted: Predicted) -> SmoothCalibration:
    """Prepare the flexible calibration of a score, read at round predicted risks.

    Parameters
    ----------
    target : Target
        The outcome.
    predicted : Predicted
        A score with a risk.

    Returns
    -------
    SmoothCalibration

    Raises
    ------
    NotEstimable
        A risk of exactly 0 or 1; a horizon outside follow-up; no event of the cause.
    """
    assert predicted.risk is not None
    return smooth_calibration(
        predicted.risk, outcome_of(target), target.horizon, grid=round_grid(predicted.risk)
    )


def outcome_of(target: Target) -> Floats | SurvivalTimes | CompetingTimes:
    """Give the outcome as the statistics take it.

    Parameters
    ----------
    target : Target
        The outcome.

    Returns
    -------
    float array (n,), SurvivalTimes or CompetingTimes
    """
    if target.competing is not None:
        return target.competing
    return target.event if target.times is None else target.times


def round_grid(risk: Floats) -> Floats:
    """Round risks between the smallest and the largest prediction, for a curve.

    Parameters
    ----------
    risk : float array (n,), 0-1
        Predictions.

    Returns
    -------
    float array (g,)
        Multiples of 1, 2 or 5 times a power of ten, 20 to about 50; empty where all are equal.
    """
    low, high = float(risk.min()), float(risk.max())
    if not high - low > 1e-9:
        return np.empty(0)
    rough = (high - low) / _FEWEST_GRID
    power = floor(log10(rough))
    step = next(m for m in (5, 2, 1) if m * 10.0**power <= rough) * 10.0**power
    first, last = int(np.ceil(low / step - 1e-9)), int(np.floor(high / step + 1e-9))
    grid = np.round(np.arange(first, last + 1) * step, max(0, 1 - power))
    inside: Floats = grid[(grid > 0.0) & (grid < 1.0)]
    return inside


def percentile_limits(draws: Floats, level: float) -> tuple[float | None, float | None]:
    """Percentile limits of the usable resamples.

    Parameters
    ----------
    draws : float array (B,)
        nan where a resample has no value.
    level : float in (0, 1)
        Coverage.

    Returns
    -------
    tuple of (float or None, float or None)
        None with fewer than two usable resamples.
    """
    usable = draws[np.isfinite(draws)]
    if usable.size < 2:
        return None, None
    low, high = np.quantile(usable, [(1.0 - level) / 2.0, (1.0 + level) / 2.0])
    return float(low), float(high)


def bootstrap_estimate(
    value: float | None, draws: Floats | None, level: float, method: str, sample: tuple[int, int]
) -> Estimate:
    """Put the percentile interval of its resamples around a value.

    Parameters
    ----------
    value : float or None
        In all patients.
    draws : float array (B,) or None
        In the resamples; None without any.
    level : float in (0, 1)
        Coverage.
    method : str
        How the value was computed.
    sample : tuple of (int, int)
        Patients and events.

    Returns
    -------
    Estimate
        The method says how many resamples were usable.
    """
    if value is None or not np.isfinite(value):
        return Estimate(None, method=method, n=sample[0], events=sample[1])
    if draws is None or not draws.size:
        said = f"{method}; no interval without resamples"
        return Estimate(value, method=said, n=sample[0], events=sample[1])
    low, high = percentile_limits(draws, level)
    usable = int(np.isfinite(draws).sum())
    of = f"{usable} resamples" if usable == draws.size else f"{usable} of {draws.size} resamples"
    if low is None:
        said = f"{method}; no interval from {of}"
        return Estimate(value, method=said, n=sample[0], events=sample[1])
    return Estimate(value, low, high, level, f"{method}; percentiles of {of}", *sample)
