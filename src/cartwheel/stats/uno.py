"""Uno's concordance: how well a score orders patients by time, free of the censoring pattern."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtrc

from cartwheel.errors import NotEstimable, refuse
from cartwheel.estimate import Estimate
from cartwheel.stats.censoring import censoring_influence
from cartwheel.stats.columns import float_array
from cartwheel.stats.descriptive import normal_quantile
from cartwheel.stats.kernels import _weighted_concordance
from cartwheel.stats.times import Floats, SurvivalTimes, kernel_counts

WEIGHTINGS = ("uno", "gerds")


@dataclass(frozen=True, slots=True, eq=False)
class UnoConcordance:
    """Concordance up to tau with its error.

    Parameters
    ----------
    c : float
        Weighted share of comparable pairs in which the higher score has the earlier event; ties
        in the score count one half.
    std_error : float
        From the influences, allowing for the estimated censoring curve.
    tau : float, unit of the times
        Only events before it open a pair.
    influence : float array (n,)
        Patient order; of mean 0.
    n, events : int
        Patients, and events before tau.
    weighting : str
        ``uno`` or ``gerds``.
    """

    c: float
    std_error: float
    tau: float
    influence: Floats
    n: int
    events: int
    weighting: str

    def estimate(self, level: float = 0.95) -> Estimate:
        """C with its Wald interval, cut to [0, 1].

        Parameters
        ----------
        level : float in (0, 1)
            Coverage.

        Returns
        -------
        Estimate
        """
        half = normal_quantile(level) * self.std_error
        method = f"concordance up to {self.tau:g}, {self.weighting} weights, influence function"
        low, high = max(self.c - half, 0.0), min(self.c + half, 1.0)
        return Estimate(self.c, low, high, level, method, self.n, self.events)


@dataclass(frozen=True, slots=True)
class UnoComparison:
    """Difference between the concordances of two scores in the same patients."""

    difference: Estimate
    p_value: float


def uno_c(
    times: SurvivalTimes,
    score: Floats,
    tau: float,
    multiplicity: NDArray[np.generic] | None = None,
) -> float:
    """Uno's concordance, without checks, for use in every resample.

    Parameters
    ----------
    times : SurvivalTimes
        The sample.
    score : float array (n,), finite, patient order
        Higher predicts the earlier event.
    tau : float, unit of the times
        Only events before it open a pair.
    multiplicity : array (n,), optional
        How often each patient counts; not checked.

    Returns
    -------
    float
        nan where no pair is comparable.
    """
    values = np.ascontiguousarray(score, dtype=np.float64)
    concordant, comparable = _weighted_concordance.weighted_pairs(
        times.order,
        times.block_start,
        times.block_time,
        times.event,
        values,
        values.argsort(),
        kernel_counts(multiplicity),
        tau - times.tolerance,
        False,
        np.empty(values.size),
        None,
        None,
    )
    return concordant / comparable if comparable > 0.0 else math.nan


def uno_concordance(
    times: SurvivalTimes, score: ArrayLike, tau: float, *, weighting: str = "uno"
) -> UnoConcordance:
    """Estimate Uno's concordance with its standard error.

    Harrell's C depends on how long patients happened to be followed; this one, up to tau, does not
    where censoring is independent of time and score.

    Parameters
    ----------
    times : SurvivalTimes
        The sample.
    score : array (n,), finite, patient order
        Higher predicts the earlier event.
    tau : float, unit of the times
        Only events before it open a pair; choose it where enough patients are still followed.
    weighting : {"uno", "gerds"}
        1 / G(T-)^2, or 1 / (G(T-) G(T)) with events at tau counted and patients censored at the
        time of an event lasting longer.

    Returns
    -------
    UnoConcordance

    Raises
    ------
    NotEstimable
        A score of another length or not finite, tau not above 0, no comparable pair, an unknown
        weighting.

    Notes
    -----
    Sum over pairs T_i < T_j of the weight of i, divided into those concordant. ``uno`` agrees with
    R survC1 1.0-3 ``Est.Cval`` to its single precision (1e-7). ``gerds`` agrees with R pec
    ``cindex`` but for pairs of events at one time, which pec counts in the order of the rows and
    this leaves out. Time grows as n log n.

    References
    ----------
    Uno et al. 2011, doi 10.1002/sim.4154. Gerds et al. 2013, doi 10.1002/sim.5681.
    """
    scores = np.asarray(float_array(score, "score"), order="C")
    if scores.shape != times.time.shape or not np.isfinite(scores).all():
        raise refuse(
            NotEstimable,
            "score_invalid",
            "the score must be one finite number a patient",
            where="score",
            mend="leave out patients without a score",
        )
    if weighting not in WEIGHTINGS:
        raise refuse(
            NotEstimable,
            "weighting_unknown",
            f"weighting {weighting!r} is unknown",
            mend="use uno or gerds",
        )
    if not tau > 0.0:
        raise refuse(NotEstimable, "horizon_range", "tau must be above 0", where="tau")
    gerds = weighting == "gerds"
    n = times.n
    weight, earlier, later = np.zeros(n), np.zeros((n, 2)), np.zeros((n, 2))
    concordant, comparable = _weighted_concordance.weighted_pairs(
        times.order,
        times.block_start,
        times.block_time,
        times.event,
        scores,
        scores.argsort(),
        None,
        tau + times.tolerance if gerds else tau - times.tolerance,
        gerds,
        weight,
        earlier,
        later,
    )
    if not comparable > 0.0:
        raise refuse(
            NotEstimable,
            "no_comparable_pair",
            "no pair of patients can be ordered by time before tau",
            where="tau",
            mend="choose a later tau; an event must precede another patient's time",
        )
    c = concordant / comparable
    opened = weight * (earlier[:, 0] - c * earlier[:, 1])
    joined = later[:, 0] - c * later[:, 1]
    # both factors of a weight move with the censoring curve
    through = censoring_influence(times, 2.0 * opened, 0.0, tau)
    influence = (n * (opened + joined) + through) / comparable
    influence.setflags(write=False)
    std_error = float(np.sqrt(influence @ influence)) / n
    events = int(np.count_nonzero(weight))
    return UnoConcordance(c, std_error, float(tau), influence, n, events, weighting)


def compare_uno(
    first: UnoConcordance, second: UnoConcordance, *, level: float = 0.95
) -> UnoComparison:
    """Compare the concordances of two scores in the same patients.

    Parameters
    ----------
    first, second : UnoConcordance
        Of the same patients in the same order, up to the same tau.
    level : float in (0, 1)
        Coverage.

    Returns
    -------
    UnoComparison
        First minus second.

    Raises
    ------
    NotEstimable
        ``not_paired`` for other patients, tau or weights; ``identical`` for scores that order all
        patients alike.

    References
    ----------
    Uno et al. 2011, doi 10.1002/sim.4154.
    """
    if (first.n, first.tau, first.weighting) != (second.n, second.tau, second.weighting):
        raise refuse(
            NotEstimable, "not_paired", "the two were not computed from the same patients and tau"
        )
    influence = first.influence - second.influence
    std_error = float(np.sqrt(influence @ influence)) / first.n
    if not std_error > 1e-14:
        raise refuse(NotEstimable, "identical", "the two scores order the patients alike")
    difference = first.c - second.c
    half = normal_quantile(level) * std_error
    method = "difference of two concordances, paired influence functions"
    estimate = Estimate(
        difference, difference - half, difference + half, level, method, first.n, first.events
    )
    return UnoComparison(estimate, float(chdtrc(1.0, (difference / std_error) ** 2)))
