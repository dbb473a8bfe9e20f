"""Cox regression with exact ties: time is discrete, and tied events truly happen together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from cartwheel.errors import NotEstimable, refuse
from cartwheel.stats.cox_design import SortedDesign, column_labels, design_matrix, sorted_design
from cartwheel.stats.cox_general import CoxRegression, check_estimable
from cartwheel.stats.kernels import _cox_exact
from cartwheel.stats.partial_likelihood import not_converged
from cartwheel.stats.risk_sets import RiskSets
from cartwheel.stats.times import Floats

# the sums over all sets of d rows keep their digits up to about here
MOST_TIED = 200
_ITERATIONS = 30
_TOLERANCE = 1e-14
# the last step may move no row's linear predictor by more than this
_STILL = 1e-4


def cox_exact(
    sets: RiskSets,
    x: ArrayLike,
    *,
    offset: ArrayLike | None = None,
    names: Sequence[str] | None = None,
) -> CoxRegression:
    """Fit a Cox model by the exact partial likelihood of tied events.

    For time in coarse steps (cycles, visits), where Efron's approximation is strained; the hazard
    ratio is then an odds ratio within each step. Also matched sets, one stratum each.

    Parameters
    ----------
    sets : RiskSets
        The rows, without case weights.
    x : array (n, p) or (n,), finite, row order
        Predictors.
    offset : array (n,), optional
        Added to each linear predictor.
    names : sequence of p str, optional
        Columns, for refusals.

    Returns
    -------
    CoxRegression
        ``ties`` is ``exact``; without robust errors. Residuals and curves need another fit.

    Raises
    ------
    NotEstimable
        What ``cox_regression`` refuses; case weights; more than 200 events at one time.

    Notes
    -----
    At each time the events are compared with all sets of as many rows at risk, by the recursion of
    Gail, Lubin and Rubinstein: n times d steps for each time with d events. Agrees with R survival
    3.5-3 ``coxph(ties = "exact")`` to 1e-8 relative.

    References
    ----------
    Gail, Lubin and Rubinstein 1981, doi 10.1093/biomet/68.3.703.
    """
    if sets.weighted:
        raise refuse(
            NotEstimable,
            "weights_exact",
            "exact ties know no case weights",
            where="case_weights",
            mend="fit with Efron's ties",
        )
    tied = int(
        np.add.reduceat(sets.event[sets.order].astype(np.int64), sets.block_start[:-1]).max()
    )
    if tied > MOST_TIED:
        raise refuse(
            NotEstimable,
            "too_many_ties",
            f"{tied} events share one time; exact ties reach to {MOST_TIED}",
            mend="fit with Efron's ties",
        )
    design = design_matrix(x, sets.n)
    labels = column_labels(design.shape[1], names)
    rows = sorted_design(sets, design, offset)
    check_estimable(sets, rows, labels, None)
    beta, null, reached, score, information, steps = _newton(sets, rows, labels)
    covariance = np.linalg.inv(information)
    coefficients = beta / rows.scale
    outer = np.outer(rows.scale, rows.scale)
    linear_predictor = design @ coefficients + (0.0 if offset is None else np.asarray(offset))
    covariance, information = covariance / outer, information * outer
    for array in (coefficients, covariance, information, linear_predictor, rows.centre):
        array.setflags(write=False)
    return CoxRegression(
        coefficients=coefficients,
        model_covariance=covariance,
        robust_covariance=None,
        information=information,
        log_likelihood_null=null,
        log_likelihood=reached,
        score_statistic=score,
        robust_score_statistic=None,
        linear_predictor=linear_predictor,
        means=rows.centre,
        iterations=steps,
        n=sets.n,
        events=sets.events,
        clusters=0,
        penalty=0.0,
        ties="exact",
    )


def _newton(
    sets: RiskSets, rows: SortedDesign, labels: tuple[str, ...]
) -> tuple[Floats, float, float, float, Floats, int]:
    event, p = sets.event[sets.order], rows.x.shape[1]

    def evaluate(beta: Floats) -> tuple[float, Floats, Floats]:
        slope, curvature = np.empty(p), np.empty((p, p))
        found = _cox_exact.evaluate(
            rows.x,
            rows.offset,
            event,
            sets.block_start,
            sets.first,
            sets.entry,
            beta,
            slope,
            curvature,
        )
        sound = np.isfinite(found) and np.isfinite(slope).all() and np.isfinite(curvature).all()
        return (found if sound else -np.inf), slope, curvature

    beta: Floats = np.zeros(p)
    step: Floats = np.zeros(p)
    reached, score, information = evaluate(beta)
    if not np.isfinite(reached):
        raise not_converged(-1, beta, step, labels, iterations=_ITERATIONS)
    null, statistic = reached, 0.0
    for iteration in range(1, _ITERATIONS + 1):
        culprit = _without_information(information)
        if culprit >= 0 and iteration == 1:
            raise refuse(
                NotEstimable,
                "collinear",
                "the column is a combination of the columns before it, or constant, among the "
                "patients at risk when events happen",
                where=labels[culprit],
                mend="leave it out, or one of those it follows from",
            )
        if culprit >= 0:
            raise not_converged(culprit, beta, step, labels, iterations=_ITERATIONS)
        step = np.asarray(np.linalg.solve(information, score), dtype=np.float64)
        decrement = float(score @ step)
        statistic = decrement if iteration == 1 else statistic
        still = float(np.abs(rows.x @ step).max()) <= _STILL
        for _ in range(20):
            new = evaluate(beta + step)
            if new[0] >= reached - 1e-11 * abs(reached):
                break
            step = step / 2.0
        else:
            break
        beta = beta + step
        reached, score, information = new
        if decrement < _TOLERANCE and still:
            return beta, null, reached, statistic, information, iteration
    raise not_converged(-1, beta, step, labels, iterations=_ITERATIONS)


def _without_information(information: Floats) -> int:
    """First column that those before it leave without information, or -1."""
    diagonal = np.sqrt(np.maximum(np.diag(information), 0.0))
    if not (diagonal > 1e-100).all():
        return int(np.argmin(diagonal))
    scaled = information / np.outer(diagonal, diagonal)
    for j in range(len(diagonal)):
        before = scaled[:j, :j]
        left = 1.0 - float(scaled[j, :j] @ np.linalg.solve(before, scaled[:j, j])) if j else 1.0
        # the kernel of cox_regression draws the line at the same place
        if not left > 1e-11:
            return j
    return -1
