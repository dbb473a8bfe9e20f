"""Does a coefficient of a Cox model change with time? The score test of R's cox.zph."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtrc

from cartwheel.errors import NotEstimable, refuse
from cartwheel.stats.cox_design import SortedDesign
from cartwheel.stats.cox_general import CoxRegression
from cartwheel.stats.cox_residuals import model_sums
from cartwheel.stats.risk_set_sums import RiskSetSums, borne
from cartwheel.stats.risk_sets import RiskSets
from cartwheel.stats.times import Floats
from cartwheel.stats.weighted_survival import left_continuous_survival

TRANSFORMS = ("km", "rank", "identity", "log")


@dataclass(frozen=True, slots=True, eq=False)
class ProportionalHazardsTest:
    """Tests that coefficients do not change with time.

    Parameters
    ----------
    terms : tuple of tuples of int
        The columns of each term.
    statistic, p_value : float arrays (k,)
        Score test of each term, and its upper tail.
    df : int64 array (k,)
        Columns of each term.
    global_statistic, global_p_value : float
        All terms together.
    global_df : int
        All columns.
    transform : str
        Scale of time on which the change was sought.
    """

    terms: tuple[tuple[int, ...], ...]
    statistic: Floats
    df: np.ndarray[tuple[int], np.dtype[np.int64]]
    p_value: Floats
    global_statistic: float
    global_df: int
    global_p_value: float
    transform: str


def proportional_hazards_test(
    sets: RiskSets,
    x: ArrayLike,
    fit: CoxRegression,
    *,
    transform: str = "km",
    terms: Sequence[Sequence[int]] | None = None,
) -> ProportionalHazardsTest:
    """Test each term of a Cox model for a coefficient that changes with time.

    A small p-value says that one hazard ratio does not tell the whole story; a large one is no
    proof of proportional hazards, least of all with few events.

    Parameters
    ----------
    sets : RiskSets
        The rows that were fitted.
    x : array (n, p) or (n,)
        Their predictors.
    fit : CoxRegression
        The fit, without penalty.
    transform : {"km", "rank", "identity", "log"}
        The coefficient may change linearly in 1 - S(t-), in the rank of t, in t or in its log.
    terms : sequence of sequences of int, optional
        Columns that are tested together, such as the indicators of one category; else each alone.

    Returns
    -------
    ProportionalHazardsTest

    Raises
    ------
    NotEstimable
        A penalised fit; an unknown transform; columns that do not exist; all events at one time;
        for log, an event at time 0.

    Notes
    -----
    Exact score test of adding x g(t) to the model, with its information at the estimate, as R
    survival >= 3 (not the older approximation that lifelines has). Agrees with R survival 3.5-3
    ``cox.zph`` to 1e-7 relative.

    References
    ----------
    Grambsch and Therneau 1994, doi 10.1093/biomet/81.3.515.
    """
    if fit.penalty > 0.0:
        raise refuse(NotEstimable, "penalised", "the test needs a fit without penalty")
    p = fit.coefficients.size
    groups = tuple(tuple(int(j) for j in term) for term in terms or [(j,) for j in range(p)])
    if any(not group or min(group) < 0 or max(group) >= p for group in groups):
        raise refuse(NotEstimable, "terms_unknown", "a term names columns that do not exist")
    rows, sums = model_sums(sets, x, fit)
    g = _scale(sets, sums, transform)
    score, information = _augmented(sets, rows, sums, g)
    statistic = np.array([_tested(score, information, p, group) for group in groups])
    df = np.array([len(group) for group in groups], dtype=np.int64)
    p_value = np.asarray(chdtrc(df.astype(np.float64), statistic), dtype=np.float64)
    whole = _tested(score, information, p, tuple(range(p)))
    for array in (statistic, df, p_value):
        array.setflags(write=False)
    return ProportionalHazardsTest(
        groups, statistic, df, p_value, whole, p, float(chdtrc(p, whole)), transform
    )


def _scale(sets: RiskSets, sums: RiskSetSums, transform: str) -> Floats:
    """Time of each block, transformed, and centred over the events."""
    if transform == "km":
        g = 1.0 - left_continuous_survival(sets, sets.block_time)
    elif transform == "rank":
        ascending = np.sort(sets.stop)
        below = np.searchsorted(ascending, sets.block_time, side="left")
        upto = np.searchsorted(ascending, sets.block_time, side="right")
        g = np.asarray((below + upto + 1.0) / 2.0, dtype=np.float64)
    elif transform in ("identity", "log"):
        g = sets.block_time.astype(np.float64)
        if transform == "log":
            if (g[sums.deaths > 0.0] <= 0.0).any():
                raise refuse(
                    NotEstimable, "log_of_nought", "an event at time 0", mend="another transform"
                )
            g = np.log(np.where(g > 0.0, g, 1.0))
    else:
        raise refuse(
            NotEstimable,
            "transform_unknown",
            f"transform {transform!r} is unknown",
            mend="use one of " + ", ".join(TRANSFORMS),
        )
    g = g - float(sums.deaths @ g / sums.deaths.sum())
    if not np.ptp(g[sums.deaths > 0.0]) > 0.0:
        raise refuse(NotEstimable, "one_event_time", "all events happen at one time")
    # the test does not depend on the unit of g; its information is better conditioned so
    return np.asarray(g / np.abs(g).max())


def _augmented(
    sets: RiskSets, rows: SortedDesign, sums: RiskSetSums, g: Floats
) -> tuple[Floats, Floats]:
    """Score of the p coefficients of x g(t), and the information of all 2 p."""
    p = rows.x.shape[1]
    died = np.flatnonzero(sets.event[sets.order])
    block = sets.block_of[died]
    weighted = rows.weight[died] * g[block]
    score = weighted @ (rows.x[died] - sums.mean[block])
    information = np.empty((2 * p, 2 * p))
    parts = [_information(sets, rows, sums, g**power) for power in range(3)]
    information[:p, :p], information[p:, p:] = parts[0], parts[2]
    information[:p, p:] = information[p:, :p] = parts[1]
    return score, information


def _information(sets: RiskSets, rows: SortedDesign, sums: RiskSetSums, g: Floats) -> Floats:
    """Sum over events of g times the covariance of x at risk."""
    hazard = borne(sets, sums.hazard * g, sums.spared * g)
    carried = rows.weight * sums.relative_risk * hazard
    c0, c1, c2, s1, e1 = sums.outer
    crossed = (s1 * (c1 * g)[:, None]).T @ e1
    outer = (s1 * (c0 * g)[:, None]).T @ s1 - crossed - crossed.T + (e1 * (c2 * g)[:, None]).T @ e1
    return np.asarray((rows.x * carried[:, None]).T @ rows.x - outer)


def _tested(score: Floats, information: Floats, p: int, columns: tuple[int, ...]) -> float:
    """Score statistic of some of the columns' changes, given all coefficients."""
    changes = [p + j for j in columns]
    kept = [*range(p), *changes]
    part = score[list(columns)]
    inner = information[np.ix_(kept, kept)]
    scale = np.sqrt(np.maximum(np.diag(inner), 0.0))
    outer = np.outer(scale, scale)
    # below about 1e-9 the information of a change is rounding
    if not (scale > 0.0).all() or np.linalg.eigvalsh(inner / outer)[0] < 1e-9:
        raise refuse(
            NotEstimable,
            "change_not_estimable",
            "too few events to see a change of the coefficients with time",
            where=f"columns {', '.join(str(j + 1) for j in columns)}",
            mend="test fewer terms together, or a simpler model",
        )
    part = part / scale[p:]
    solved = np.linalg.solve(inner / outer, np.concatenate((np.zeros(p), part)))
    return float(part @ solved[p:])
