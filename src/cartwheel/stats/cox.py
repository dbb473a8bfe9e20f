"""Cox proportional hazards regression: a full fit, a fast one for resamples, baseline hazards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtrc

from cartwheel.errors import Refused
from cartwheel.stats.cox_baseline import (
    TIES,
    baseline_hazard,
    baseline_hazard_at,
    check_ties,
    cox_log_likelihood,
)
from cartwheel.stats.cox_design import check_finite, column_labels, shaped
from cartwheel.stats.kernels import _cox
from cartwheel.stats.partial_likelihood import (
    CONVERGED,
    NO_EVENTS,
    SINGULAR,
    ModelTests,
    collinear,
    no_events,
    not_converged,
    varying,
)
from cartwheel.stats.times import Floats, SurvivalTimes, checked_multiplicity, kernel_counts

__all__ = [
    "TIES",
    "CoxFit",
    "baseline_hazard",
    "baseline_hazard_at",
    "cox_coefficients",
    "cox_fit",
    "cox_log_likelihood",
]

_ITERATIONS = 25
# Newton decrement (squared distance left, in standard errors) before the last step, which squares
# it once more: 1e-10 leaves about 1e-10 standard errors, 1e-14 the rounding
_FAST_TOLERANCE = 1e-10
_FULL_TOLERANCE = 1e-14


@dataclass(frozen=True, slots=True, eq=False)
class CoxFit(ModelTests):
    """A fitted Cox model.

    Parameters
    ----------
    coefficients : float array (p,)
        Log hazard ratios per unit of each column.
    covariance : float array (p, p)
        Inverse of the observed information.
    std_error : float array (p,)
        Root of its diagonal.
    log_likelihood_null, log_likelihood : float
        Log partial likelihood at zero and at the estimate.
    score_statistic : float
        Score test that all coefficients are zero (the log-rank test, for one binary column).
    iterations : int
        Newton-Raphson steps.
    converged : bool
        Always true: a fit that does not converge is refused.
    n, events : int
        Patients and events, multiplicities counted.
    ties : str
        ``efron`` or ``breslow``.
    """

    coefficients: Floats
    covariance: Floats
    std_error: Floats
    log_likelihood_null: float
    log_likelihood: float
    score_statistic: float
    iterations: int
    converged: bool
    n: int
    events: int
    ties: str

    @property
    def df(self) -> int:
        """Degrees of freedom of the three tests: number of columns."""
        return int(self.coefficients.size)

    @property
    def score_p_value(self) -> float:
        """P-value of ``score_statistic``."""
        return float(chdtrc(self.df, self.score_statistic))

    @property
    def interval_method(self) -> str:
        """How ``hazard_ratio`` comes about, in words."""
        return f"Cox regression ({self.ties.capitalize()} ties), Wald interval"


def cox_fit(
    times: SurvivalTimes,
    x: ArrayLike,
    *,
    multiplicity: ArrayLike | None = None,
    ties: str = "efron",
    names: Sequence[str] | None = None,
) -> CoxFit:
    """Fit a Cox model by maximum partial likelihood.

    Parameters
    ----------
    times : SurvivalTimes
        The sample.
    x : array (n, p) or (n,), finite, patient order
        Predictors; categories as indicator columns without the reference.
    multiplicity : array (n,) of whole numbers, optional
        How often each patient counts; m is the same as m copies of the row.
    ties : {"efron", "breslow"}
        Approximation where several events share a time.
    names : sequence of p str, optional
        Columns, for refusals; else ``column 1``, ``column 2``, ...

    Returns
    -------
    CoxFit

    Raises
    ------
    NotEstimable
        Shapes that do not fit or values not finite; no event; a constant column; a column that is
        a combination of others among those at risk; a coefficient that runs to infinity (the
        column separates early events from the rest); no convergence.

    Notes
    -----
    Newton-Raphson with step halving from zero, at most 25 steps. Agrees with R survival 3.5-3
    ``coxph`` (run to eps 1e-12): coefficients, standard errors, log likelihoods and the three tests
    to 1e-8 relative.

    References
    ----------
    Cox 1972, doi 10.1111/j.2517-6161.1972.tb00899.x.
    Efron 1977, doi 10.1080/01621459.1977.10480613.
    """
    design = np.ascontiguousarray(shaped(x, times.n))
    counts = checked_multiplicity(times, multiplicity)
    p = design.shape[1]
    if names is not None:
        names = column_labels(p, names)
    check_ties(ties)
    coefficients, last_step, std_error = np.empty(p), np.empty(p), np.empty(p)
    covariance = np.empty((p, p))
    status, culprit, null, reached, score, iterations, events = _cox.newton(
        times.order,
        times.block_start,
        times.event,
        design,
        counts,
        None,
        ties == "efron",
        _FULL_TOLERANCE,
        _ITERATIONS,
        coefficients,
        last_step,
        std_error,
        covariance,
    )
    if status != CONVERGED or counts is not None:
        # no fit converges on a missing value, but absent patients are never looked at
        check_finite(design)
    if status != CONVERGED:
        labels = column_labels(p, names)
        varying(design, counts, labels)
        raise _failure(status, culprit, coefficients, last_step, labels)
    for array in (coefficients, covariance, std_error):
        array.setflags(write=False)
    n = times.n if counts is None else round(float(counts.sum()))
    return CoxFit(
        coefficients,
        covariance,
        std_error,
        null,
        reached,
        score,
        iterations,
        True,
        n,
        round(events),
        ties,
    )


def cox_coefficients(
    times: SurvivalTimes,
    x: Floats,
    multiplicity: NDArray[np.generic] | None = None,
    start: Floats | None = None,
) -> tuple[Floats, bool]:
    """Coefficients of a Cox model with Efron's ties, without checks, for use in every resample.

    Parameters
    ----------
    times : SurvivalTimes
        The sample.
    x : float array (n, p) or (n,), finite, patient order
        Predictors; fastest if C-contiguous.
    multiplicity : array (n,), optional
        How often each patient counts; not checked.
    start : float array (p,), contiguous, optional
        A guess near the estimate, to save steps: 1 for a calibration slope. From zero where it
        leads nowhere, and by default.

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
    status = _cox.newton(
        times.order,
        times.block_start,
        times.event,
        design,
        kernel_counts(multiplicity),
        start,
        True,
        _FAST_TOLERANCE,
        _ITERATIONS,
        coefficients,
        None,
        None,
        None,
    )[0]
    return coefficients, status == CONVERGED


def _failure(
    status: int, culprit: int, coefficients: Floats, last_step: Floats, labels: tuple[str, ...]
) -> Refused:
    if status == NO_EVENTS:
        return no_events()
    if status == SINGULAR:
        return collinear(labels[culprit])
    return not_converged(culprit, coefficients, last_step, labels, iterations=_ITERATIONS)
