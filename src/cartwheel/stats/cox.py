"""Cox proportional hazards regression: a full fit, a fast one for resamples, baseline hazards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtrc, ndtri

from cartwheel.errors import NotEstimable, Refused, refuse
from cartwheel.estimate import Estimate
from cartwheel.stats.cox_baseline import (
    TIES,
    baseline_hazard,
    baseline_hazard_at,
    check_ties,
    cox_log_likelihood,
)
from cartwheel.stats.kernels import _cox
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

# status codes of the kernel
_CONVERGED, _NOT_CONVERGED, _SINGULAR, _NO_EVENTS = range(4)

_ITERATIONS = 25
# Newton decrement (squared distance left, in standard errors) before the last step, which squares
# it once more: 1e-10 leaves about 1e-10 standard errors, 1e-14 the rounding
_FAST_TOLERANCE = 1e-10
_FULL_TOLERANCE = 1e-14


@dataclass(frozen=True, slots=True, eq=False)
class CoxFit:
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
    def likelihood_ratio(self) -> float:
        """Likelihood-ratio statistic that all coefficients are zero."""
        return 2.0 * (self.log_likelihood - self.log_likelihood_null)

    @property
    def likelihood_ratio_p_value(self) -> float:
        """P-value of ``likelihood_ratio``."""
        return float(chdtrc(self.df, max(self.likelihood_ratio, 0.0)))

    @property
    def wald_statistic(self) -> float:
        """Wald statistic that all coefficients are zero."""
        return float(self.coefficients @ np.linalg.solve(self.covariance, self.coefficients))

    @property
    def wald_p_value(self) -> float:
        """P-value of ``wald_statistic``."""
        return float(chdtrc(self.df, self.wald_statistic))

    @property
    def score_p_value(self) -> float:
        """P-value of ``score_statistic``."""
        return float(chdtrc(self.df, self.score_statistic))

    @property
    def z(self) -> Floats:
        """Coefficients divided by their standard errors."""
        return self.coefficients / self.std_error

    @property
    def p_values(self) -> Floats:
        """Two-sided Wald p-value of each coefficient."""
        return np.asarray(chdtrc(1.0, self.z**2), dtype=np.float64)

    def hazard_ratio(self, column: int, *, level: float = 0.95) -> Estimate:
        """Hazard ratio per unit of one column, with its Wald interval.

        Parameters
        ----------
        column : int
            Position among the columns of ``x``.
        level : float in (0, 1)
            Coverage.

        Returns
        -------
        Estimate

        Raises
        ------
        NotEstimable
            Level outside (0, 1).
        """
        if not 0.0 < level < 1.0:
            raise refuse(NotEstimable, "level_range", f"level {level} is not between 0 and 1")
        coefficient = float(self.coefficients[column])
        half = float(ndtri(0.5 + level / 2.0)) * float(self.std_error[column])
        value, low, high = np.exp([coefficient, coefficient - half, coefficient + half]).tolist()
        method = f"Cox regression ({self.ties.capitalize()} ties), Wald interval"
        return Estimate(value, low, high, level, method, self.n, self.events)


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
    design = _design(times, x)
    counts = checked_multiplicity(times, multiplicity)
    labels = _labels(design, names)
    check_ties(ties)
    _check_varying(design, counts, labels)
    p = design.shape[1]
    coefficients, last_step, covariance = np.zeros(p), np.zeros(p), np.zeros((p, p))
    status, culprit, null, reached, score, iterations, events = _cox.newton(
        times.order,
        times.block_start,
        times.event,
        design,
        counts,
        ties == "efron",
        _FULL_TOLERANCE,
        _ITERATIONS,
        coefficients,
        last_step,
        covariance,
    )
    if status == _NO_EVENTS:
        raise refuse(
            NotEstimable,
            "no_events",
            "no patient has the event",
            where="event",
            mend="a Cox model needs events, about ten for each parameter",
        )
    if status == _SINGULAR:
        raise refuse(
            NotEstimable,
            "collinear",
            "the column is a combination of the columns before it, or constant, among the "
            "patients at risk when events happen",
            where=labels[culprit],
            mend="leave it out, or one of those it follows from",
        )
    if status == _NOT_CONVERGED:
        raise _not_converged(culprit, coefficients, last_step, labels)
    std_error = np.sqrt(np.diag(covariance))
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
    times: SurvivalTimes, x: Floats, multiplicity: NDArray[np.generic] | None = None
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
        True,
        _FAST_TOLERANCE,
        _ITERATIONS,
        coefficients,
        None,
        None,
    )[0]
    return coefficients, status == _CONVERGED


def _design(times: SurvivalTimes, x: ArrayLike) -> Floats:
    design = np.ascontiguousarray(x, dtype=np.float64)
    if design.ndim == 1:
        design = design[:, None]
    if design.ndim != 2 or design.shape[0] != times.n or design.shape[1] == 0:
        raise refuse(
            NotEstimable,
            "design_shape",
            f"the predictors have shape {design.shape}; {times.n} rows and at least one column "
            "are needed",
            where="x",
        )
    if not np.isfinite(design).all():
        raise refuse(
            NotEstimable,
            "design_missing",
            "predictors hold missing or infinite values",
            where="x",
            mend="leave these patients out, or impute",
        )
    return design


def _labels(design: Floats, names: Sequence[str] | None) -> tuple[str, ...]:
    if names is None:
        return tuple(f"column {index + 1}" for index in range(design.shape[1]))
    if len(names) != design.shape[1]:
        raise refuse(
            NotEstimable,
            "names_shape",
            f"{len(names)} names for {design.shape[1]} columns",
            where="names",
        )
    return tuple(names)


def _check_varying(design: Floats, counts: Floats | None, labels: tuple[str, ...]) -> None:
    present = design if counts is None else design[counts > 0.0]
    constant = np.flatnonzero(np.ptp(present, axis=0) == 0.0)
    if constant.size:
        raise refuse(
            NotEstimable,
            "constant",
            "the column has one value in all patients",
            where=", ".join(labels[index] for index in constant),
            mend="leave it out",
        )


def _not_converged(
    culprit: int, coefficients: Floats, last_step: Floats, labels: tuple[str, ...]
) -> Refused:
    """Name the column that lost its information, else those that moved in the last step."""
    moving = np.flatnonzero(np.abs(last_step) > 3e-5 * np.abs(coefficients))
    if culprit >= 0:
        moving = np.array([culprit])
    if moving.size:
        return refuse(
            NotEstimable,
            "monotone_likelihood",
            "the coefficient runs to infinity: the likelihood keeps rising as it grows",
            where=", ".join(labels[index] for index in moving),
            mend="the column separates early events from the other patients; merge its categories, "
            "leave it out, or use a penalised fit",
        )
    return refuse(
        NotEstimable,
        "no_convergence",
        f"no convergence within {_ITERATIONS} steps",
        mend="rescale the predictors, or leave out those nearly collinear",
    )
