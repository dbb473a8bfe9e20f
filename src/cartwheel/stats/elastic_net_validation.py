"""Cross-validation of an elastic net: how strong the penalty should be.

It chooses the penalty; it does not judge the model. The least cross-validated deviance is itself a
best of many: performance must come from repeating the choice in every resample.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, xlog1py, xlogy

from cartwheel.errors import NotEstimable, refuse
from cartwheel.stats.columns import raw_array
from cartwheel.stats.cox_design import design_matrix, sorted_design
from cartwheel.stats.cox_likelihood import likelihood_of
from cartwheel.stats.cross_validation import fold_assignments
from cartwheel.stats.elastic_net import CoxPath, cox_elastic_net, saturated_log_likelihood
from cartwheel.stats.elastic_net_logistic import LogisticPath, logistic_elastic_net
from cartwheel.stats.estimability import checked_arrays
from cartwheel.stats.risk_sets import RiskSets, risk_sets
from cartwheel.stats.times import Floats, Integers

# glmnet keeps risks this far from 0 and 1, so that one patient's deviance stays finite
_NEAREST = 1e-5


@dataclass(frozen=True, slots=True, eq=False)
class ChosenPenalty:
    """Cross-validated deviance along an elastic-net path.

    Parameters
    ----------
    path : CoxPath or LogisticPath
        Made from all rows, at the penalties tried.
    deviance : float array (k,)
        Mean over folds, weighted by their events (Cox) or patients (logistic).
    std_error : float array (k,)
        Of that mean, from the spread between folds.
    fold_deviance : float array (F, k)
        Of each fold: for an event, or for a patient.
    fold_weight : float array (F,)
        Events or patients of each fold.
    minimum, one_se : int
        Positions of the penalty of the least deviance, of equals the largest, and of the largest
        penalty whose deviance is within one standard error of it.
    assigned : int64 array (n,)
        Fold of each row, from 0.
    """

    path: CoxPath | LogisticPath
    deviance: Floats
    std_error: Floats
    fold_deviance: Floats
    fold_weight: Floats
    minimum: int
    one_se: int
    assigned: Integers

    @property
    def penalty_minimum(self) -> float:
        """Lambda of the least deviance."""
        return float(self.path.penalty[self.minimum])

    @property
    def penalty_one_se(self) -> float:
        """Largest lambda within one standard error of the least deviance."""
        return float(self.path.penalty[self.one_se])

    @property
    def at_edge(self) -> bool:
        """Whether the least deviance is at an end of the penalties tried: widen them.

        At the largest of an automatic path no predictor helps.
        """
        tried = self.path.penalty
        return self.penalty_minimum in (float(tried.min()), float(tried.max()))


def cross_validated_elastic_net(
    sets: RiskSets,
    x: ArrayLike,
    *,
    alpha: float = 1.0,
    penalties: ArrayLike | None = None,
    folds: int | ArrayLike = 10,
    seed: int | None = None,
    grouped: bool = True,
) -> ChosenPenalty:
    """Choose the penalty of a Cox elastic net by cross-validated partial likelihood.

    Parameters
    ----------
    sets : RiskSets
        The rows: times, strata, case weights.
    x : array (n, p), finite, row order
        Predictors.
    alpha : float in [0, 1]
        Share of the lasso; fixed beforehand, or it is chosen too.
    penalties : array (k,), > 0, optional
        Lambda; else as ``cox_elastic_net`` on all rows. The same in every fold.
    folds : int, or integer array (n,)
        How many, drawn evenly over events and others, or the fold of each row. Rows of one patient
        belong in one fold.
    seed : int, optional
        Needed where folds are drawn.
    grouped : bool
        Take a fold's deviance as that of all rows less that of the rows without the fold, which
        compares its patients with everybody (Verweij and van Houwelingen). False compares them with
        each other only, for folds of many events.

    Returns
    -------
    ChosenPenalty

    Raises
    ------
    NotEstimable
        What ``cox_elastic_net`` refuses on all rows or without a fold; fewer than three folds; a
        fold without an event; folds to be drawn without a seed.

    Notes
    -----
    Deviance is 2 (log L saturated - log L), Breslow's ties, of each fold divided by its events; the
    standard error is sqrt(weighted mean of (fold - mean)^2 / (F - 1)). Case weights are used as
    given. Agrees with R ``glmnet::cv.glmnet`` 4.1-6 (family cox, foldid) to 1e-8, where times are
    small numbers: see ``cox_elastic_net``.

    References
    ----------
    Verweij PJM, van Houwelingen HC 1993, doi:10.1002/sim.4780122407. Simon N et al. 2011,
    doi:10.18637/jss.v039.i05.
    """
    design = design_matrix(x, sets.n)
    assigned, parts = _checked_folds(folds, sets.n, seed, sets.event)
    weight = np.array([float((sets.weight * sets.event)[inside].sum()) for inside in parts])
    if not (weight > 0.0).all():
        raise refuse(
            NotEstimable,
            "fold_without_event",
            "a fold holds no event",
            where="folds",
            mend="fewer folds, or folds that spread the events evenly",
        )
    path = cox_elastic_net(sets, design, alpha=alpha, penalties=penalties)
    on_all = _deviance_of(sets, design)
    found = np.empty((len(parts), path.penalty.size))
    for row, inside in zip(found, parts, strict=True):
        others = _rows_of(sets, ~inside)
        made = cox_elastic_net(others, design[~inside], alpha=alpha, penalties=path.penalty)
        if grouped:
            on_others = _deviance_of(others, design[~inside])
            row[:] = [on_all(beta) - on_others(beta) for beta in made.coefficients]
        else:
            alone = _deviance_of(_rows_of(sets, inside), design[inside])
            row[:] = [alone(beta) for beta in made.coefficients]
    return _chosen(path, found / weight[:, None], weight, assigned)


def cross_validated_logistic_elastic_net(
    x: ArrayLike,
    event: ArrayLike,
    *,
    alpha: float = 1.0,
    penalties: ArrayLike | None = None,
    folds: int | ArrayLike = 10,
    seed: int | None = None,
) -> ChosenPenalty:
    """Choose the penalty of a logistic elastic net by cross-validated deviance.

    Parameters
    ----------
    x : float array (n, p) or (n,)
        Predictors without intercept, finite.
    event : array (n,)
        1 event, 0 none.
    alpha : float in [0, 1]
        Share of the lasso; fixed beforehand, or it is chosen too.
    penalties : array (k,), > 0, optional
        Lambda; else as ``logistic_elastic_net`` on all patients. The same in every fold.
    folds : int, or integer array (n,)
        How many, drawn evenly over both classes, or the fold of each patient.
    seed : int, optional
        Needed where folds are drawn.

    Returns
    -------
    ChosenPenalty

    Raises
    ------
    NotEstimable
        What ``logistic_elastic_net`` refuses on all patients or without a fold; fewer than three
        folds; folds to be drawn without a seed.

    Notes
    -----
    Mean of -2 log(probability of what happened) over a fold's patients, risks held between 1e-5 and
    1 - 1e-5. Agrees with R ``glmnet::cv.glmnet`` 4.1-6 (family binomial, foldid, folds of three
    patients or more) to 1e-8.

    References
    ----------
    Friedman J, Hastie T, Tibshirani R 2010, doi:10.18637/jss.v033.i01.
    """
    columns, y, _, _ = checked_arrays(x, event)
    assigned, parts = _checked_folds(folds, len(y), seed, y)
    path = logistic_elastic_net(columns, y, alpha=alpha, penalties=penalties)
    found = np.empty((len(parts), path.penalty.size))
    for row, inside in zip(found, parts, strict=True):
        made = logistic_elastic_net(
            columns[~inside], y[~inside], alpha=alpha, penalties=path.penalty
        )
        risk = np.clip(expit(made.linear_predictor(columns[inside])), _NEAREST, 1.0 - _NEAREST)
        happened = y[inside][:, None]
        row[:] = -2.0 * (xlogy(happened, risk) + xlog1py(1.0 - happened, -risk)).mean(axis=0)
    weight = np.array([float(np.count_nonzero(inside)) for inside in parts])
    return _chosen(path, found, weight, assigned)


def _checked_folds(
    folds: int | ArrayLike, n: int, seed: int | None, strata: ArrayLike
) -> tuple[Integers, Sequence[NDArray[np.bool_]]]:
    """Fold of each row, from 0, and the members of each fold."""
    given = raw_array(folds, "folds")
    if given.ndim == 0 and given.dtype.kind in "iu":
        if seed is None:
            raise refuse(
                NotEstimable, "seed", "folds are to be drawn without a seed", mend="give a seed"
            )
        given = fold_assignments(n, folds=int(given), repeats=1, seed=seed, strata=strata)[0]
    usable = given.dtype.kind in "iu" and given.shape == (n,)
    labels, place = np.unique(given if usable else np.zeros(1), return_inverse=True)
    if not usable or labels.size < 3:
        raise refuse(
            NotEstimable,
            "folds",
            "folds need a whole number a row, and three folds or more",
            where="folds",
        )
    assigned = place.reshape(-1).astype(np.int64)
    assigned.setflags(write=False)
    return assigned, [assigned == fold for fold in range(labels.size)]


def _rows_of(sets: RiskSets, keep: NDArray[np.bool_]) -> RiskSets:
    return risk_sets(
        sets.stop[keep],
        sets.event[keep],
        start=sets.start[keep] if sets.start.any() else None,
        strata=sets.stratum[keep] if len(sets.strata) > 1 else None,
        case_weights=sets.weight[keep] if sets.weighted else None,
    )


def _deviance_of(sets: RiskSets, design: Floats) -> Callable[[Floats], float]:
    """Make the function from coefficients to the deviance of these rows."""
    rows = sorted_design(sets, design, None)
    likelihood, saturated = likelihood_of(sets, rows, "breslow"), saturated_log_likelihood(sets)
    return lambda beta: 2.0 * (saturated - likelihood(beta * rows.scale)[0])


def _chosen(
    path: CoxPath | LogisticPath, found: Floats, weight: Floats, assigned: Integers
) -> ChosenPenalty:
    """Mean over folds, its standard error, and the two choices."""
    if not np.isfinite(found).all():
        raise refuse(
            NotEstimable,
            "deviance_infinite",
            "the patients of a fold lie so far from the others that their deviance is infinite",
            mend="stronger penalties, or look for extreme values",
        )
    share = weight / weight.sum()
    mean = share @ found
    error = np.sqrt(share @ (found - mean) ** 2 / (len(weight) - 1.0))
    tried = path.penalty
    minimum = _largest(tried, mean <= mean.min())
    one_se = _largest(tried, mean <= mean[minimum] + error[minimum])
    for array in (mean, error, found, weight):
        array.setflags(write=False)
    return ChosenPenalty(path, mean, error, found, weight, minimum, one_se, assigned)


def _largest(penalty: Floats, among: NDArray[np.bool_]) -> int:
    return int(np.argmax(np.where(among, penalty, -np.inf)))
