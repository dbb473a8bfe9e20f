"""Concordance of a general sample: strata, late entry, weights, clusters, weighted times."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr

from cartwheel.errors import NotEstimable, refuse
from cartwheel.estimate import Estimate
from cartwheel.stats.columns import float_array
from cartwheel.stats.cox_robust import cluster_members
from cartwheel.stats.descriptive import normal_quantile
from cartwheel.stats.kernels import _risk_concordance
from cartwheel.stats.risk_sets import RiskSets
from cartwheel.stats.times import Floats
from cartwheel.stats.weighted_survival import WeightedKaplanMeier, weighted_kaplan_meier

TIME_WEIGHTS = ("pairs", "survival", "survival/censoring", "uno", "events")


@dataclass(frozen=True, slots=True, eq=False)
class GeneralConcordance:
    """Concordance with its pairs, in weights.

    Parameters
    ----------
    c : float
        (concordant + tied_score / 2) / comparable.
    std_error : float
        Infinitesimal jackknife over rows, or over clusters.
    concordant, discordant, tied_score : float
        Comparable pairs in which the higher score has the earlier event, the later one, and in
        which the scores are equal; products of the rows' weights and the time's.
    influence : float array (n,) or (clusters,)
        Change of C by each row or cluster; its squares add up to the squared standard error.
    n, events : int
        Rows and events.
    time_weights : str
        How much the events of each time count.
    """

    c: float
    std_error: float
    concordant: float
    discordant: float
    tied_score: float
    influence: Floats
    n: int
    events: int
    time_weights: str

    def estimate(self, *, level: float = 0.95) -> Estimate:
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
        method = f"concordance ({self.time_weights}), infinitesimal jackknife"
        low, high = max(self.c - half, 0.0), min(self.c + half, 1.0)
        return Estimate(self.c, low, high, level, method, self.n, self.events)


def general_concordance(
    sets: RiskSets,
    score: ArrayLike,
    *,
    time_weights: str = "pairs",
    cluster: ArrayLike | None = None,
) -> GeneralConcordance:
    """Estimate how well a score orders rows by time to the event, within strata.

    Parameters
    ----------
    sets : RiskSets
        The rows.
    score : array (n,), finite, row order
        Higher predicts the earlier event.
    time_weights : {"pairs", "survival", "survival/censoring", "uno", "events"}
        1 for each pair (Harrell); S(t-) for each event beside those at risk; S/G (Schemper); 1/G^2
        for each pair (Uno); 1 for each event. All but the first need one stratum.
    cluster : array (n,), optional
        Labels of what is independent.

    Returns
    -------
    GeneralConcordance

    Raises
    ------
    NotEstimable
        Another length, a score missing or infinite, no comparable pair, unknown time weights, time
        weights with strata, fewer than two clusters.

    Notes
    -----
    A row is compared with those whose event happens while it is at risk; censored at the time of an
    event counts as at risk; events of one time are not compared. O(n log n). Agrees with R survival
    3.5-3 ``concordance`` (timewt n, S, S/G, n/G2, I; strata, weights, cluster, start-stop) to 1e-9
    relative.

    References
    ----------
    Therneau and Watson 2015, Mayo Clinic Technical Report 85. Uno et al. 2011,
    doi 10.1002/sim.4154.
    """
    scores = np.asarray(float_array(score, "score"), order="C")
    if scores.shape != (sets.n,) or not np.isfinite(scores).all():
        raise refuse(
            NotEstimable,
            "score_invalid",
            "the score must be one finite number a row",
            where="score",
            mend="leave out rows without a score",
        )
    members = None if cluster is None else cluster_members(cluster, sets.n)
    weight = sets.weight[sets.order]
    earlier, later = np.zeros((sets.n, 3)), np.zeros((sets.n, 3))
    _risk_concordance.pairs_by_row(
        np.unique(scores, return_inverse=True)[1].astype(np.int64)[sets.order],
        weight,
        sets.event[sets.order],
        sets.block_start,
        sets.first,
        sets.entry,
        sets.entering,
        sets.entry_start,
        _block_weights(sets, time_weights),
        earlier,
        later,
    )
    # weights that enter and leave the sums again leave a rounding
    concordant, discordant, tied = np.maximum(weight @ earlier, 0.0).tolist()
    comparable = concordant + discordant + tied
    if not comparable > 1e-12 * float(weight.sum()) ** 2 / sets.n:
        raise refuse(
            NotEstimable,
            "no_comparable_pair",
            "no pair of rows can be ordered by time",
            mend="at least one event must precede the end of another row of its stratum",
        )
    c = (concordant + 0.5 * tied) / comparable
    # an earlier event with a lower score is discordant seen from the later row
    good = earlier[:, 0] + later[:, 1] + 0.5 * (earlier[:, 2] + later[:, 2])
    influence = np.empty(sets.n)
    influence[sets.order] = (
        weight * (good - c * (earlier.sum(axis=1) + later.sum(axis=1))) / comparable
    )
    if members is not None:
        influence = np.bincount(members, influence).astype(np.float64)
    influence.setflags(write=False)
    error = math.sqrt(float(influence @ influence))
    return GeneralConcordance(
        c, error, concordant, discordant, tied, influence, sets.n, sets.events, time_weights
    )


def _block_weights(sets: RiskSets, time_weights: str) -> Floats:
    """How much a pair counts whose earlier event is at each block."""
    if time_weights not in TIME_WEIGHTS:
        raise refuse(
            NotEstimable,
            "time_weights_unknown",
            f"time weights {time_weights!r} are unknown",
            mend="use one of " + ", ".join(TIME_WEIGHTS),
        )
    if time_weights == "pairs":
        return np.ones(sets.blocks)
    if len(sets.strata) > 1 or sets.entry is not None:
        raise refuse(
            NotEstimable,
            "time_weights_general",
            f"time weights {time_weights!r} need one stratum and no late entry",
            mend="use pairs",
        )
    (table,) = weighted_kaplan_meier(sets)
    at_risk = table.weight_at_risk
    share = at_risk / at_risk[0]
    if time_weights == "events":
        return np.asarray(1.0 / share)
    before = np.concatenate(([1.0], table.curve.survival[:-1]))
    if time_weights == "survival":
        return np.asarray(before / share)
    free = _censoring_before(table)
    if time_weights == "uno":
        return np.asarray(free**-2.0)
    return np.asarray(before / (free * share))


def _censoring_before(table: WeightedKaplanMeier) -> Floats:
    """Share not yet censored just before each time, events first at tied times."""
    beyond = np.append(table.weight_at_risk[1:], 0.0)
    exposed = table.weight_at_risk - table.weight_event
    left = np.where(table.curve.n_censor > 0, beyond / np.where(exposed > 0.0, exposed, 1.0), 1.0)
    return np.concatenate(([1.0], np.cumprod(left)[:-1]))


@dataclass(frozen=True, slots=True)
class ConcordanceDifference:
    """Two concordances of one sample compared.

    Parameters
    ----------
    difference : Estimate
        First minus second.
    std_error, z, p_value : float
        Of the difference; two-sided.
    covariance : float
        Of the two concordances.
    """

    difference: Estimate
    std_error: float
    z: float
    p_value: float
    covariance: float


def concordance_difference(
    first: GeneralConcordance, second: GeneralConcordance, *, level: float = 0.95
) -> ConcordanceDifference:
    """Compare the concordances of two scores in the same rows.

    Parameters
    ----------
    first, second : GeneralConcordance
        Of the same rows, in the same order, with the same clusters.
    level : float in (0, 1)
        Coverage.

    Returns
    -------
    ConcordanceDifference

    Raises
    ------
    NotEstimable
        Other rows; scores that order all rows alike; level outside (0, 1).

    Notes
    -----
    Infinitesimal jackknife. Agrees with R survival 3.5-3 ``concordance(fit1, fit2)`` to 1e-9.
    """
    if first.influence.shape != second.influence.shape or first.events != second.events:
        raise refuse(NotEstimable, "other_rows", "the two concordances rest on other rows")
    moved = first.influence - second.influence
    error = math.sqrt(float(moved @ moved))
    if not error > 1e-12:
        raise refuse(
            NotEstimable,
            "same_order",
            "both scores order the rows alike: there is nothing to compare",
        )
    value = first.c - second.c
    half = normal_quantile(level) * error
    difference = Estimate(
        value,
        value - half,
        value + half,
        level,
        "difference of concordances, infinitesimal jackknife",
        first.n,
        first.events,
    )
    z = value / error
    covariance = float(first.influence @ second.influence)
    return ConcordanceDifference(difference, error, z, 2.0 * float(ndtr(-abs(z))), covariance)
