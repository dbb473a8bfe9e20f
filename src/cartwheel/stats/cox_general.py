"""Cox regression of a general sample: strata, late entry, changing covariates, weights, ridge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from cartwheel.stats.cox_baseline import check_ties
from cartwheel.stats.cox_design import SortedDesign, column_labels, design_matrix, sorted_design
from cartwheel.stats.cox_robust import cluster_members, robust_score_statistic, sandwich
from cartwheel.stats.kernels import _cox_general
from cartwheel.stats.partial_likelihood import (
    CONVERGED,
    SINGULAR,
    ModelTests,
    collinear,
    constant_columns,
    no_events,
    not_converged,
)
from cartwheel.stats.ridge import Ridge, column_penalties
from cartwheel.stats.risk_sets import RiskSets
from cartwheel.stats.times import Floats

__all__ = ["CoxRegression", "Ridge", "check_estimable", "cox_regression", "not_converged"]

_ITERATIONS = 30
# Newton decrement before the last step, which squares it once more: 1e-14 leaves the rounding
_TOLERANCE = 1e-14


@dataclass(frozen=True, slots=True, eq=False)
class CoxRegression(ModelTests):
    """A fitted Cox model of a general sample.

    Parameters
    ----------
    coefficients : float array (p,)
        Log hazard ratios per unit of each column.
    model_covariance : float array (p, p)
        Inverse of the observed information, penalty included.
    robust_covariance : float array (p, p) or None
        Sandwich covariance over clusters; None without clusters.
    information : float array (p, p)
        Observed information without penalty.
    log_likelihood_null, log_likelihood : float
        Log partial likelihood at zero and at the estimate, without penalty.
    score_statistic : float or None
        Score test that all coefficients are zero; None with a penalty.
    robust_score_statistic : float or None
        The same from the clusters' own scores; None without clusters or with a penalty.
    linear_predictor : float array (n,)
        x times the coefficients plus offset, row order, not centred.
    means : float array (p,)
        Weighted means of the columns.
    iterations : int
        Newton-Raphson steps.
    n, events, clusters : int
        Rows, rows with the event, and clusters (0 without).
    penalty : float
        Penalty at the estimate.
    ties : str
        ``efron``, ``breslow`` or ``exact``.
    """

    coefficients: Floats
    model_covariance: Floats
    robust_covariance: Floats | None
    information: Floats
    log_likelihood_null: float
    log_likelihood: float
    score_statistic: float | None
    robust_score_statistic: float | None
    linear_predictor: Floats
    means: Floats
    iterations: int
    n: int
    events: int
    clusters: int
    penalty: float
    ties: str

    @property
    def covariance(self) -> Floats:
        """Robust covariance where there are clusters, else that of the model."""
        return self.model_covariance if self.robust_covariance is None else self.robust_covariance

    @property
    def std_error(self) -> Floats:
        """Root of the diagonal of ``covariance``, float array (p,)."""
        return np.sqrt(np.diag(self.covariance))

    @property
    def df(self) -> float:
        """Degrees of freedom: trace of information times model covariance; p without penalty."""
        if self.penalty == 0.0:
            return float(self.coefficients.size)
        return float((self.information * self.model_covariance).sum())

    @property
    def interval_method(self) -> str:
        """How ``hazard_ratio`` comes about, in words."""
        errors = "" if self.robust_covariance is None else ", robust"
        return f"Cox regression ({self.ties.capitalize()} ties), Wald interval{errors}"


def cox_regression(
    sets: RiskSets,
    x: ArrayLike,
    *,
    cluster: ArrayLike | None = None,
    offset: ArrayLike | None = None,
    ties: str = "efron",
    ridge: Ridge | None = None,
    names: Sequence[str] | None = None,
) -> CoxRegression:
    """Fit a Cox model with strata, late entry, changing covariates, weights, clusters or a ridge.

    For plain right-censored samples and resamples ``cox_fit`` is simpler; both give the same.

    Parameters
    ----------
    sets : RiskSets
        The rows: times, strata, case weights.
    x : array (n, p) or (n,), finite, row order
        Predictors; categories as indicator columns without the reference.
    cluster : array (n,), optional
        Labels of what is independent (patient, centre), for robust errors. With case weights that
        are no counts give one, such as the row number.
    offset : array (n,), optional
        Added to each linear predictor with coefficient 1.
    ties : {"efron", "breslow"}
        Approximation where several events share a time.
    ridge : Ridge, optional
        Quadratic penalty; columns may then be collinear.
    names : sequence of p str, optional
        Columns, for refusals.

    Returns
    -------
    CoxRegression

    Raises
    ------
    NotEstimable
        Shapes that do not fit or values not finite; no event; a constant column; a column that is
        a combination of others among those at risk; a coefficient that runs to infinity; no
        convergence; fewer than two clusters; a penalty that is negative or missing.

    Notes
    -----
    Newton-Raphson with step halving from zero. Weighted ties: Efron's denominators step by the
    number of tied deaths, each with their mean weight. Robust covariance: D'D with D the sum of
    dfbeta within clusters, no small-sample correction. Agrees with R survival 3.5-3 ``coxph``
    (strata, weights, cluster, start-stop, ridge) to 1e-8 relative.

    References
    ----------
    Andersen and Gill 1982, doi 10.1214/aos/1176345976.
    Lin and Wei 1989, doi 10.1080/01621459.1989.10478874.
    """
    check_ties(ties)
    design = design_matrix(x, sets.n)
    labels = column_labels(design.shape[1], names)
    rows = sorted_design(sets, design, offset)
    members = None if cluster is None else cluster_members(cluster, sets.n)
    check_estimable(sets, rows, labels, ridge)
    fitted = _newton(sets, rows, ties, column_penalties(ridge, design), labels)
    coefficients = fitted.coefficients / rows.scale
    model = fitted.covariance / np.outer(rows.scale, rows.scale)
    linear_predictor = design @ coefficients + (0.0 if offset is None else np.asarray(offset))
    score, robust, robust_score = fitted.score, None, None
    if members is not None:
        robust = sandwich(sets, rows, fitted.coefficients, ties, members, fitted.covariance)
        robust = robust / np.outer(rows.scale, rows.scale)
        robust_score = robust_score_statistic(sets, rows, ties, members)
    if ridge is not None:
        score, robust_score = None, None
    information = fitted.information * np.outer(rows.scale, rows.scale)
    for array in (coefficients, model, robust, information, linear_predictor, rows.centre):
        if array is not None:
            array.setflags(write=False)
    return CoxRegression(
        coefficients,
        model,
        robust,
        information,
        fitted.null,
        fitted.reached,
        score,
        robust_score,
        linear_predictor,
        rows.centre,
        fitted.iterations,
        sets.n,
        sets.events,
        0 if members is None else int(members.max()) + 1,
        fitted.penalty,
        ties,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Fitted:
    """What the kernel found, on the scale of the sorted design."""

    coefficients: Floats
    covariance: Floats
    information: Floats
    null: float
    reached: float
    score: float | None
    iterations: int
    penalty: float


def _newton(
    sets: RiskSets, rows: SortedDesign, ties: str, penalties: Floats, labels: tuple[str, ...]
) -> _Fitted:
    p = rows.x.shape[1]
    ridge = penalties / rows.scale**2
    coefficients, step = np.zeros(p), np.zeros(p)
    covariance, information = np.zeros((p, p)), np.zeros((p, p))
    status, culprit, null, reached, score, iterations = _cox_general.newton(
        rows.x,
        rows.weight,
        rows.offset,
        sets.event[sets.order],
        sets.block_start,
        sets.first,
        sets.entry,
        sets.entering,
        sets.entry_start,
        ridge,
        ties == "efron",
        _TOLERANCE,
        _ITERATIONS,
        coefficients,
        step,
        covariance,
        information,
    )
    if status == SINGULAR:
        raise collinear(labels[culprit])
    if status != CONVERGED:
        raise not_converged(culprit, coefficients, step, labels, iterations=_ITERATIONS)
    penalty = float(0.5 * ridge @ coefficients**2)
    return _Fitted(
        coefficients, covariance, information, null, reached + penalty, score, iterations, penalty
    )


def check_estimable(
    sets: RiskSets, rows: SortedDesign, labels: tuple[str, ...], ridge: Ridge | None
) -> None:
    """Refuse a sample without events, and columns that do not vary.

    Parameters
    ----------
    sets : RiskSets
        The rows.
    rows : SortedDesign
        Their predictors.
    labels : tuple of p str
        The columns.
    ridge : Ridge or None
        With a penalty columns need not vary.

    Raises
    ------
    NotEstimable
        No event; a constant column without a penalty.
    """
    if not sets.events:
        raise no_events()
    if rows.constant and ridge is None:
        raise constant_columns(rows.constant, labels)
