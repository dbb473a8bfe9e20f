"""Models stacked over landmarks: robust errors of a logistic model, baseline hazard of a window."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from cartwheel.errors import NotEstimable, refuse
from cartwheel.stats.estimability import checked_arrays
from cartwheel.stats.labels import coded_labels
from cartwheel.stats.times import Floats, Integers, survival_times


def cluster_robust_covariance(
    x: ArrayLike,
    event: ArrayLike,
    coefficients: ArrayLike,
    cluster: ArrayLike,
    *,
    firth: bool = False,
) -> Floats:
    """Estimate the covariance of logistic coefficients where rows of a cluster belong together.

    For a model fitted to rows of several landmarks, in which a patient counts once a landmark.

    Parameters
    ----------
    x : float array (n, p) or (n,)
        Predictors without intercept, finite.
    event : array (n,)
        1 event, 0 none.
    coefficients : float array (p + 1,)
        The fit, the intercept first.
    cluster : array (n,)
        Labels of what is independent: the patient.
    firth : bool
        Whether the fit is Firth's: then his modified scores are added, whose sum is zero at it.

    Returns
    -------
    float array (p + 1, p + 1), read-only

    Raises
    ------
    NotEstimable
        ``design_shape`` for another number of coefficients, ``one_cluster``, ``collinear`` where
        the information has no inverse, and what ``checked_arrays`` refuses.

    Notes
    -----
    B (sum over clusters of u u') B, u the sum of the scores (y - p) x of a cluster, B the inverse
    information; no small-sample factor. Agrees with R rms 6.5 ``robcov`` and sandwich
    ``vcovCL(type = "HC0", cadjust = FALSE)`` to 1e-8 relative. Under Firth the score is
    (y - p + h (1/2 - p)) x, h the leverage; no R package gives that.

    References
    ----------
    Huber 1967, Proc Fifth Berkeley Symp 1:221. Liang and Zeger 1986, doi 10.1093/biomet/73.1.13.
    """
    columns, y, _, _ = checked_arrays(x, event, None)
    beta = np.asarray(coefficients, dtype=np.float64)
    if beta.shape != (columns.shape[1] + 1,):
        raise refuse(
            NotEstimable,
            "design_shape",
            f"{beta.size} coefficients for {columns.shape[1]} predictors and an intercept",
            where="coefficients",
        )
    found, members = coded_labels(cluster, len(y), "cluster", unit="rows")
    if len(found) < 2:
        raise refuse(
            NotEstimable, "one_cluster", "robust errors need at least two clusters", where="cluster"
        )
    # centred and scaled inside, so that units do not decide what can be inverted
    centre, scale = columns.mean(axis=0), columns.std(axis=0)
    scale = np.where(scale > 0.0, scale, 1.0)
    design = np.column_stack([np.ones(len(y)), (columns - centre) / scale])
    p = expit(beta[0] + columns @ beta[1:])
    weight = p * (1.0 - p)
    bread = _inverse((design * weight[:, None]).T @ design)
    rest = y - p
    if firth:
        rest = rest + weight * ((design @ bread) * design).sum(axis=1) * (0.5 - p)
    scores = design * rest[:, None]
    clusters = len(found)
    added = np.column_stack([np.bincount(members, column, clusters) for column in scores.T])
    moved = added @ bread
    back = np.diag(np.concatenate(([1.0], 1.0 / scale)))
    back[0, 1:] = -centre / scale
    covariance: Floats = back @ (moved.T @ moved) @ back.T
    covariance.setflags(write=False)
    return covariance


def _inverse(information: Floats) -> Floats:
    if np.linalg.cond(information) > 1e13:
        raise refuse(
            NotEstimable,
            "collinear",
            "the information matrix has no inverse",
            where="x",
            mend="leave out a predictor that follows from the others",
        )
    return np.asarray(np.linalg.inv(information), dtype=np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class WindowTimes:
    """Times within one window, sorted once for the baseline hazard of every resample.

    Parameters
    ----------
    order : int64 array (n,)
        Patients by time, the latest first.
    event : float array (n,)
        1 event, 0 none, in that order.
    last_at_risk : int64 array (n,)
        Last place, in that order, of those still at risk at each patient's time.
    """

    order: Integers
    event: Floats
    last_at_risk: Integers


def window_times(time: ArrayLike, event: ArrayLike) -> WindowTimes:
    """Sort the times of one landmark's window.

    Parameters
    ----------
    time : array (n,), >= 0
        From the landmark to event or end of the window.
    event : array (n,), 0 or 1
        1 event at that time.

    Returns
    -------
    WindowTimes

    Raises
    ------
    OutcomeRefused
        What ``survival_times`` refuses.
    """
    times = survival_times(time, event)
    order = np.argsort(-times.time, kind="stable").astype(np.int64)
    latest_first = -times.time[order]
    last = np.searchsorted(latest_first, latest_first, side="right") - 1
    happened = times.event[order].astype(np.float64)
    last = last.astype(np.int64)
    for array in (order, happened, last):
        array.setflags(write=False)
    return WindowTimes(order, happened, last)


def hazard_of_window(
    times: WindowTimes,
    linear_predictor: Floats,
    multiplicity: NDArray[np.float64] | None = None,
) -> float:
    """Cumulative baseline hazard (Breslow) over the whole window, without checks.

    Parameters
    ----------
    times : WindowTimes
        The sample.
    linear_predictor : float array (n,), patient order
        Log relative hazards; the baseline is the hazard where it is 0.
    multiplicity : float array (n,), optional
        How often each patient counts.

    Returns
    -------
    float
        0 where nobody has the event.

    Notes
    -----
    Sum over events of m / (sum of m exp(lp) at risk). Agrees with R survival ``basehaz(centered =
    FALSE)`` of ``coxph(ties = "breslow")`` at the end of the window to 1e-8 relative.

    References
    ----------
    Breslow 1972, doi 10.1111/j.2517-6161.1972.tb00900.x.
    """
    if not linear_predictor.size:
        return 0.0
    top = float(linear_predictor.max())
    weight = np.exp(linear_predictor[times.order] - top)
    deaths = times.event
    if multiplicity is not None:
        counts = multiplicity[times.order]
        weight, deaths = weight * counts, deaths * counts
    at_risk = np.cumsum(weight)[times.last_at_risk]
    happened = deaths > 0.0
    total = float((deaths[happened] / at_risk[happened]).sum())
    return total * float(np.exp(-top))
