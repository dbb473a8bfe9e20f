"""Baseline hazard and partial likelihood of a Cox model whose linear predictor is given."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cartwheel.errors import NotEstimable, Refused, refuse
from cartwheel.stats.columns import float_array
from cartwheel.stats.kernels import _cox_baseline
from cartwheel.stats.times import Floats, SurvivalTimes, checked_multiplicity, kernel_counts

TIES = ("efron", "breslow")


# exp of this is still far from the largest double, and of its negative from nought
FARTHEST = 300.0


def check_ties(ties: str) -> None:
    """Refuse an unknown approximation for tied events.

    Parameters
    ----------
    ties : str
        One of ``TIES``.

    Raises
    ------
    NotEstimable
        Any other.
    """
    if ties not in TIES:
        raise refuse(
            NotEstimable, "ties_unknown", f"ties {ties!r} is unknown", mend="use efron or breslow"
        )


def cox_log_likelihood(
    times: SurvivalTimes,
    linear_predictor: ArrayLike,
    *,
    multiplicity: ArrayLike | None = None,
    ties: str = "efron",
) -> float:
    """Log partial likelihood of a given linear predictor, for tests against a fixed score.

    Parameters
    ----------
    times : SurvivalTimes
        The sample.
    linear_predictor : array (n,), finite, patient order
        Log relative hazards.
    multiplicity : array (n,) of whole numbers, optional
        How often each patient counts.
    ties : {"efron", "breslow"}
        Approximation where several events share a time.

    Returns
    -------
    float

    Raises
    ------
    NotEstimable
        Another length, or values not finite.

    Notes
    -----
    A constant added to the linear predictor changes nothing.
    """
    check_ties(ties)
    return _cox_baseline.log_likelihood(
        times.order,
        times.block_start,
        times.event,
        _linear_predictor(times, linear_predictor),
        checked_multiplicity(times, multiplicity),
        ties == "efron",
        None,
    )


def baseline_hazard(
    times: SurvivalTimes, linear_predictor: ArrayLike, *, ties: str = "efron"
) -> tuple[Floats, Floats]:
    """Estimate the cumulative baseline hazard at every distinct time.

    Parameters
    ----------
    times : SurvivalTimes
        The sample.
    linear_predictor : array (n,), finite, patient order
        Log relative hazards; the baseline is the hazard where it is 0.
    ties : {"efron", "breslow"}
        As the model was fitted.

    Returns
    -------
    time, cumulative_hazard : float arrays (k,)
        Risk by t is 1 - exp(-cumulative_hazard(t) exp(linear_predictor)).

    Raises
    ------
    NotEstimable
        Another length, or values not finite.

    Notes
    -----
    Sum over event times of 1 / (sum of exp(lp) at risk), with Efron's denominators under tied
    events. Agrees with R survival 3.5-3 ``basehaz(centered = FALSE)`` to 1e-8 relative.

    References
    ----------
    Breslow 1972, doi 10.1111/j.2517-6161.1972.tb00900.x.
    """
    check_ties(ties)
    lp = _linear_predictor(times, linear_predictor)
    if lp.size and float(np.abs(lp).max()) > FARTHEST:
        raise _too_far()
    hazard = np.zeros(times.block_time.size)
    _cox_baseline.log_likelihood(
        times.order,
        times.block_start,
        times.event,
        lp,
        None,
        ties == "efron",
        hazard,
    )
    cumulative = np.cumsum(hazard)
    cumulative.setflags(write=False)
    return times.block_time, cumulative


def baseline_hazard_at(
    times: SurvivalTimes,
    linear_predictor: Floats,
    horizon: float,
    multiplicity: NDArray[np.generic] | None = None,
) -> float:
    """Cumulative baseline hazard (Efron) at one time, without checks, for use in every resample.

    Parameters
    ----------
    times : SurvivalTimes
        The sample.
    linear_predictor : float array (n,), patient order
        Log relative hazards; the baseline is the hazard where it is 0.
    horizon : float, unit of the times
        Where it is read; beyond the last time the last value is carried on.
    multiplicity : array (n,), optional
        How often each patient counts; not checked.

    Returns
    -------
    float
        As ``baseline_hazard``.
    """
    return _cox_baseline.baseline_hazard_at(
        times.order,
        times.block_start,
        times.block_time,
        times.event,
        np.ascontiguousarray(linear_predictor, dtype=np.float64),
        kernel_counts(multiplicity),
        horizon + times.tolerance,
    )


def _linear_predictor(times: SurvivalTimes, values: ArrayLike) -> Floats:
    lp = np.ascontiguousarray(float_array(values, "linear_predictor"))
    if lp.shape != times.time.shape or not np.isfinite(lp).all():
        raise refuse(
            NotEstimable,
            "linear_predictor_invalid",
            "the linear predictor must be one finite number a patient",
            where="linear_predictor",
        )
    if lp.size and float(np.ptp(lp)) > 2.0 * FARTHEST:
        raise _too_far()
    return lp


def _too_far() -> Refused:
    return refuse(
        NotEstimable,
        "too_far",
        f"log relative hazards lie further apart, or from 0, than {FARTHEST:g}: no exponential",
        where="linear_predictor",
        mend="look for a predictor in another unit",
    )
