"""Weighted log-rank tests: the G-rho-gamma family and its relatives, pairwise and for trend."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike

from cartwheel.errors import NotEstimable, refuse
from cartwheel.estimate import Estimate
from cartwheel.stats.columns import float_array
from cartwheel.stats.descriptive import normal_quantile
from cartwheel.stats.labels import coded_labels
from cartwheel.stats.log_rank import LogRank, LogRankTest, compared, trend
from cartwheel.stats.multiplicity_adjustment import benjamini_hochberg, bonferroni, holm
from cartwheel.stats.observed_expected import FLAT, TimeWeights, observed_expected
from cartwheel.stats.times import Floats, SurvivalTimes, survival_times

__all__ = [
    "ADJUSTMENTS",
    "PairwiseLogRank",
    "TimeWeights",
    "log_rank_hazard_ratio",
    "pairwise_log_rank",
    "weighted_log_rank",
    "weighted_log_rank_trend",
]

ADJUSTMENTS = {
    "holm": holm,
    "benjamini-hochberg": benjamini_hochberg,
    "bonferroni": bonferroni,
}


def weighted_log_rank(
    times: SurvivalTimes,
    group: ArrayLike,
    *,
    weights: TimeWeights = FLAT,
    strata: ArrayLike | None = None,
) -> LogRank:
    """Test whether survival differs between groups, some times counting more than others.

    For curves expected to differ early (rho = 1) or late (gamma = 1). Choose the weights before
    looking: the smallest p-value of several tests is no p-value.

    Parameters
    ----------
    times : SurvivalTimes
        The sample.
    group : array (n,), patient order
        Labels of one kind, none missing.
    weights : TimeWeights
        How much the events of each time count.
    strata : array (n,), optional
        Groups are compared within strata and the comparisons added.

    Returns
    -------
    LogRank
        ``observed`` and ``expected`` are weighted.

    Raises
    ------
    NotEstimable
        As ``log_rank``.

    Notes
    -----
    The curve is the left-continuous Kaplan-Meier of all groups of the stratum. Agrees with R
    survival 3.5-3 ``survdiff`` (rho 0, 0.5, 1; strata) and lifelines 0.30 (gehan, tarone-ware,
    peto, rho and gamma) to 1e-10 relative.

    References
    ----------
    Harrington and Fleming 1982, doi 10.1093/biomet/69.3.553.
    Tarone and Ware 1977, doi 10.1093/biomet/64.1.156.
    """
    labels, member = coded_labels(group, times.n, "group")
    if len(labels) < 2:
        raise refuse(
            NotEstimable,
            "one_group",
            "all patients are in one group",
            where="group",
            mend="a comparison needs at least two groups with patients",
        )
    stratum = None if strata is None else coded_labels(strata, times.n, "strata")[1]
    return compared(labels, member, *observed_expected(times, member, stratum, weights))


def weighted_log_rank_trend(
    times: SurvivalTimes,
    group_scores: ArrayLike,
    *,
    weights: TimeWeights = FLAT,
    strata: ArrayLike | None = None,
) -> LogRankTest:
    """Test whether the hazard rises or falls with ordered groups, some times counting more.

    Parameters
    ----------
    times : SurvivalTimes
        The sample.
    group_scores : array (n,), numbers, patient order
        Score of each patient's group; equal steps are equal differences.
    weights : TimeWeights
        How much the events of each time count.
    strata : array (n,), optional
        Groups are compared within strata.

    Returns
    -------
    LogRankTest
        One degree of freedom.

    Raises
    ------
    NotEstimable
        As ``weighted_log_rank``.

    Notes
    -----
    (s'(O - E))^2 / s'Vs. Agrees with arithmetic on R ``survdiff`` to 1e-10 relative.

    References
    ----------
    Tarone 1975, doi 10.1093/biomet/62.3.679.
    """
    scores = float_array(group_scores, "group_scores")
    labels, member = coded_labels(scores, times.n, "group_scores")
    stratum = None if strata is None else coded_labels(strata, times.n, "strata")[1]
    observed, expected, variance = observed_expected(times, member, stratum, weights)
    return trend(np.array(labels, dtype=np.float64), observed - expected, variance)


@dataclass(frozen=True, slots=True, eq=False)
class PairwiseLogRank:
    """A log-rank test for each pair of groups.

    Parameters
    ----------
    pairs : tuple of (label, label)
        The groups compared.
    statistic, p_value : float arrays (k,)
        Chi-square with one degree of freedom, and its upper tail.
    adjusted : float array (k,)
        P-values adjusted for the number of pairs.
    adjustment : str
        How.
    """

    pairs: tuple[tuple[object, object], ...]
    statistic: Floats
    p_value: Floats
    adjusted: Floats
    adjustment: str


def pairwise_log_rank(
    times: SurvivalTimes,
    group: ArrayLike,
    *,
    weights: TimeWeights = FLAT,
    adjustment: str = "holm",
) -> PairwiseLogRank:
    """Compare each pair of groups, the p-values adjusted for the number of pairs.

    Parameters
    ----------
    times : SurvivalTimes
        The sample.
    group : array (n,), patient order
        Labels of one kind, none missing.
    weights : TimeWeights
        How much the events of each time count.
    adjustment : {"holm", "benjamini-hochberg", "bonferroni"}
        How p-values are adjusted.

    Returns
    -------
    PairwiseLogRank

    Raises
    ------
    NotEstimable
        As ``log_rank``, for any pair; an unknown adjustment.

    Notes
    -----
    Each pair is tested among its own patients. Agrees with R ``survdiff`` on subsets and
    ``p.adjust`` to 1e-10 relative.
    """
    if adjustment not in ADJUSTMENTS:
        raise refuse(
            NotEstimable,
            "adjustment_unknown",
            f"adjustment {adjustment!r} is unknown",
            mend="use one of " + ", ".join(ADJUSTMENTS),
        )
    labels, member = coded_labels(group, times.n, "group")
    positions = list(combinations(range(len(labels)), 2))
    tests = []
    for a, b in positions:
        inside = (member == a) | (member == b)
        part = survival_times(times.time[inside], times.event[inside])
        tests.append(weighted_log_rank(part, member[inside], weights=weights))
    statistic = np.array([test.statistic for test in tests])
    p_value = np.array([test.p_value for test in tests])
    adjusted = ADJUSTMENTS[adjustment](p_value)
    for array in (statistic, p_value, adjusted):
        array.setflags(write=False)
    pairs = tuple((labels[a], labels[b]) for a, b in positions)
    return PairwiseLogRank(pairs, statistic, p_value, adjusted, adjustment)


def log_rank_hazard_ratio(test: LogRank, *, method: str = "peto", level: float = 0.95) -> Estimate:
    """Hazard ratio of the second group beside the first, from the log-rank test alone.

    Parameters
    ----------
    test : LogRank
        Of two groups.
    method : {"peto", "pike"}
        exp((O - E) / V) of the second group, or the ratio of the O / E.
    level : float in (0, 1)
        Coverage.

    Returns
    -------
    Estimate
        The interval is Peto's: standard error of the log 1 / sqrt(V); none for pike.

    Raises
    ------
    NotEstimable
        More than two groups; an unknown method; for pike, a group without events.

    Notes
    -----
    Peto's estimate is biased towards 1 far from it: prefer ``cox_fit`` where rows are at hand.

    References
    ----------
    Berry, Kitchin and Mock 1991, doi 10.1002/sim.4780100510.
    """
    if len(test.labels) != 2 or test.df != 1:
        raise refuse(NotEstimable, "two_groups", "a hazard ratio needs exactly two groups")
    observed, expected = test.observed, test.expected
    n, events = int(test.n.sum()), round(float(observed.sum()))
    if method == "peto":
        log_ratio = float((observed[1] - expected[1]) / test.variance[1, 1])
        half = normal_quantile(level) / float(np.sqrt(test.variance[1, 1]))
        value, low, high = np.exp([log_ratio, log_ratio - half, log_ratio + half]).tolist()
        return Estimate(value, low, high, level, "log-rank, Peto's method", n, events)
    if method != "pike":
        raise refuse(
            NotEstimable, "method_unknown", f"method {method!r} is unknown", mend="peto or pike"
        )
    if not (observed > 0.0).all():
        raise refuse(NotEstimable, "no_events", "a group has no event", mend="use peto")
    ratio = float(observed[1] / expected[1] / (observed[0] / expected[0]))
    return Estimate(ratio, method="log-rank, Pike's method", n=n, events=events)
