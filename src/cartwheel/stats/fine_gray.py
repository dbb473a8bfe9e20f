"""Fine and Gray's regression: how predictors move the cumulative incidence of one cause."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cartwheel.errors import NotEstimable, Refused, refuse
from cartwheel.stats.columns import float_array, refuse_vast
from cartwheel.stats.competing_times import CompetingTimes, checked_cause
from cartwheel.stats.cox_design import column_labels, design_matrix
from cartwheel.stats.kernels import _fine_gray
from cartwheel.stats.labels import coded_labels
from cartwheel.stats.partial_likelihood import (
    CONVERGED,
    NO_EVENTS,
    SINGULAR,
    CoefficientTests,
    collinear,
    varying,
)
from cartwheel.stats.times import SAME_TIME, Floats, Integers, checked_multiplicity, kernel_counts

_ITERATIONS = 25
# as in stats/cox.py
_FAST_TOLERANCE = 1e-10
_FULL_TOLERANCE = 1e-14

CONVENTIONS = ("crr", "finegray")


@dataclass(frozen=True, slots=True, eq=False)
class FineGrayFit(CoefficientTests):
    """A fitted model of the subdistribution hazard of one cause.

    Parameters
    ----------
    cause : int
        Code of the cause.
    coefficients : float array (p,)
        Log subdistribution hazard ratios per unit of each column.
    covariance, std_error : float array (p, p), (p,)
        Robust sandwich, allowing for the estimated weights; and the root of its diagonal.
    inverse_information : float array (p, p)
        What would be the covariance without censoring; too small or too large with it.
    log_likelihood_null, log_likelihood : float
        Log pseudo-likelihood at zero and at the estimate.
    time, centred_jump : float array (k,)
        Times of events of the cause, and the steps of the cumulative subdistribution hazard at
        ``centre``.
    centre : float array (p,)
        Means of the columns.
    iterations, n, events : int
        Newton-Raphson steps; patients; events of the cause.
    convention : str
        ``crr`` or ``finegray``.
    """

    cause: int
    coefficients: Floats
    covariance: Floats
    std_error: Floats
    inverse_information: Floats
    log_likelihood_null: float
    log_likelihood: float
    time: Floats
    centred_jump: Floats
    centre: Floats
    iterations: int
    n: int
    events: int
    convention: str

    @property
    def baseline_jump(self) -> Floats:
        """Steps of the cumulative subdistribution hazard where every column is 0; may be tiny."""
        return self.centred_jump * float(np.exp(-(self.centre @ self.coefficients)))

    @property
    def interval_method(self) -> str:
        """How ``hazard_ratio`` comes about, in words."""
        return "Fine-Gray regression, robust Wald interval"

    def incidence(self, x: ArrayLike, at: ArrayLike) -> Floats:
        """Predict the cumulative incidence of the cause.

        Parameters
        ----------
        x : array (m, p) or (p,)
            Patients, in the columns of the fit.
        at : array (t,), unit of the times
            When; beyond the last event of the cause the last value is carried on.

        Returns
        -------
        float array (m, t), 0-1
            1 - exp(-baseline(t) exp(x b)).

        Raises
        ------
        NotEstimable
            Another number of columns, values not finite or beyond 1e60, or times not in one row.
        """
        rows = np.atleast_2d(float_array(x, "x"))
        if rows.shape[1:] != self.coefficients.shape or not np.isfinite(rows).all():
            raise refuse(
                NotEstimable,
                "design_shape",
                f"rows of {self.coefficients.size} finite values are needed",
                where="x",
            )
        refuse_vast(rows, "x")
        wanted = np.atleast_1d(float_array(at, "at"))
        if wanted.ndim > 1 or not np.isfinite(wanted).all():
            raise refuse(
                NotEstimable, "horizon_range", "times must be finite, in one row", where="at"
            )
        place = np.searchsorted(
            self.time, wanted + SAME_TIME * np.maximum(1.0, np.abs(wanted)), side="right"
        )
        jumps = np.concatenate(([0.0], np.cumsum(self.centred_jump)))
        # from the means, so that columns far from 0 (a year) do not underflow
        predictor = (rows - self.centre) @ self.coefficients
        # beyond 700 the incidence is 1 to all digits, and exp() none
        hazard = np.exp(np.minimum(predictor, 700.0))[:, None] * jumps[place]
        return np.asarray(-np.expm1(-hazard), dtype=np.float64)


def fine_gray(
    competing: CompetingTimes,
    x: ArrayLike,
    *,
    cause: int = 1,
    multiplicity: ArrayLike | None = None,
    censoring_group: ArrayLike | None = None,
    names: Sequence[str] | None = None,
    convention: str = "crr",
) -> FineGrayFit:
    """Fit Fine and Gray's proportional subdistribution hazards.

    Its ratios say how the cumulative incidence moves, not the rate among those still at risk: a
    predictor may raise the incidence of a cause only because it protects from the others. For
    causes use cause-specific Cox models (``cause_specific_times``, ``cox_fit``).

    Parameters
    ----------
    competing : CompetingTimes
        The sample.
    x : array (n, p) or (n,), finite, patient order
        Predictors; categories as indicator columns without the reference.
    cause : int
        Code of the cause of interest.
    multiplicity : array (n,) of whole numbers, optional
        How often each patient counts; m is the same as m copies of the row.
    censoring_group : array (n,), optional
        Labels of groups that have censoring curves of their own.
    names : sequence of p str, optional
        Columns, for refusals; else ``column 1``, ``column 2``, ...
    convention : {"crr", "finegray"}
        At a time shared by events and censorings, ``crr`` keeps the patients with the event among
        those at risk of being censored and lets the covariance allow for the estimated weights;
        ``finegray`` lets events come first and takes the weights as known.

    Returns
    -------
    FineGrayFit

    Raises
    ------
    NotEstimable
        Shapes that do not fit or values not finite; no event of the cause; constant or collinear
        columns; a coefficient that runs to infinity; no convergence; an unknown convention.

    Notes
    -----
    Competing events stay at risk with weight G(t-) / G(T-), G the Kaplan-Meier curve of
    censoring; Breslow's ties. ``crr`` agrees with R cmprsk 2.2-11 ``crr``: coefficients, log
    likelihoods, covariances and baseline to the digits its own stopping rule (1e-6) leaves;
    ``finegray`` with R survival 3.5-3 ``finegray`` and ``coxph(ties = "breslow")``. With censoring
    groups crr's covariance leaves a group's censorings without the events of other groups; so
    does this.

    References
    ----------
    Fine and Gray 1999, doi 10.1080/01621459.1999.10474144.
    Geskus 2011, doi 10.1111/j.1541-0420.2010.01420.x.
    """
    if convention not in CONVENTIONS:
        raise refuse(
            NotEstimable,
            "convention_unknown",
            f"convention {convention!r} is unknown",
            mend="use crr or finegray",
        )
    checked_cause(competing, cause)
    design = np.ascontiguousarray(design_matrix(x, competing.n))
    labels = column_labels(design.shape[1], names)
    counts = checked_multiplicity(competing.times, multiplicity)
    varying(design, counts, labels)
    group, groups = _groups(competing, censoring_group)
    p = design.shape[1]
    coefficients, inverse = np.zeros(p), np.zeros((p, p))
    hazard = np.zeros(competing.times.block_time.size)
    influence = np.zeros(design.shape)
    status, culprit, null, reached, iterations, events = _fine_gray.newton(
        competing.times.order,
        competing.times.block_start,
        competing.cause,
        cause,
        design,
        counts,
        group,
        groups,
        convention == "finegray",
        True,
        _FULL_TOLERANCE,
        _ITERATIONS,
        coefficients,
        hazard,
        inverse,
        influence,
    )
    if status != CONVERGED:
        raise _failure(status, culprit, labels)
    weighted = influence if counts is None else influence * counts[:, None]
    covariance = inverse @ (influence.T @ weighted) @ inverse
    std_error = np.sqrt(np.diag(covariance))
    happened = hazard > 0.0
    time, jumps = competing.times.block_time[happened], hazard[happened]
    centre = np.asarray(np.average(design, axis=0, weights=counts), dtype=np.float64)
    for array in (coefficients, covariance, std_error, inverse, time, jumps, centre):
        array.setflags(write=False)
    n = competing.n if counts is None else round(float(counts.sum()))
    return FineGrayFit(
        cause,
        coefficients,
        covariance,
        std_error,
        inverse,
        null,
        reached,
        time,
        jumps,
        centre,
        iterations,
        n,
        round(events),
        convention,
    )


def fine_gray_coefficients(
    competing: CompetingTimes,
    x: Floats,
    cause: int,
    multiplicity: NDArray[np.generic] | None = None,
) -> tuple[Floats, bool]:
    """Coefficients of a Fine-Gray model, without checks, for use in every resample.

    Parameters
    ----------
    competing : CompetingTimes
        The sample.
    x : float array (n, p) or (n,), finite, patient order
        Predictors; fastest if C-contiguous.
    cause : int
        Code of the cause of interest.
    multiplicity : array (n,), optional
        How often each patient counts; not checked.

    Returns
    -------
    coefficients : float array (p,)
        Where the last step led; no estimate unless converged.
    converged : bool
        False also for no events, constant or collinear columns and coefficients that run to
        infinity. Never raises for numerical reasons.
    """
    design = np.ascontiguousarray(x, dtype=np.float64)
    if design.ndim == 1:
        design = design[:, None]
    coefficients = np.empty(design.shape[1])
    status = _fine_gray.newton(
        competing.times.order,
        competing.times.block_start,
        competing.cause,
        cause,
        design,
        kernel_counts(multiplicity),
        None,
        1,
        False,
        True,
        _FAST_TOLERANCE,
        _ITERATIONS,
        coefficients,
        None,
        None,
        None,
    )[0]
    return coefficients, status == CONVERGED


def _groups(
    competing: CompetingTimes, censoring_group: ArrayLike | None
) -> tuple[Integers | None, int]:
    """Each patient's censoring group as 0, 1, ..., and how many there are."""
    if censoring_group is None:
        return None, 1
    labels, member = coded_labels(censoring_group, competing.n, "censoring_group")
    return member, len(labels)


def _failure(status: int, culprit: int, labels: tuple[str, ...]) -> Refused:
    where = labels[culprit] if culprit >= 0 else ""
    if status == NO_EVENTS:
        return refuse(
            NotEstimable, "no_events", "no patient present has the event", where="multiplicity"
        )
    if status == SINGULAR:
        return collinear(where)
    return refuse(
        NotEstimable,
        "no_convergence",
        f"no convergence within {_ITERATIONS} steps: a coefficient may run to infinity",
        where=where,
        mend="look for a column that separates early events from all others; merge its "
        "categories or leave it out",
    )
