"""Each cut-off with what it is worth: where it lies, how far it wanders.

Its p-value after the search.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cartwheel.development.account.honesty import wander
from cartwheel.development.account.over_copies import (
    distinct_copies,
    median_of,
    median_or_none,
)
from cartwheel.development.model.index import CutRule
from cartwheel.development.model.predictor import Predictor
from cartwheel.development.model.target import SurvivalTarget, Target
from cartwheel.development.result import Cutoff
from cartwheel.stats.association import trend_test
from cartwheel.stats.cutpoint import best_cut, best_log_rank_cut, permutation_p
from cartwheel.stats.descriptive import quantiles
from cartwheel.stats.log_rank import log_rank

Floats = NDArray[np.float64]

DECILES = np.arange(11) / 10
MOST_DIGITS = 15


@dataclass(frozen=True, slots=True)
class Search:
    """How cut-offs are searched and judged.

    Parameters
    ----------
    min_fraction : float
        Smallest group that the search allows, as a fraction.
    permutations : int
        For the adjusted p-value; 0 for none.
    seed : int
        Seed of the permutations.
    level : float
        Coverage of the wander interval.
    """

    min_fraction: float
    permutations: int
    seed: int
    level: float


@dataclass(frozen=True, slots=True)
class Settled:
    """A cut-off as it will be printed and written into the score file.

    Parameters
    ----------
    cut : float
        In the marker's unit: as fixed, or the shortest number that makes the same groups.
    statistic : float or None
        The criterion at the cut; None for a fixed one.
    gap_low, gap_high : float or None
        Any cut between these two observed values makes the same groups; None for a fixed one.
    """

    cut: float
    statistic: float | None
    gap_low: float | None
    gap_high: float | None


def settle(rule: CutRule, cut: float, target: Target, search: Search) -> Settled:
    """Settle on the number that stands for a cut-off: what is printed is what is used.

    Parameters
    ----------
    rule : CutRule
        How the cut-off was had.
    cut : float
        As fixed, or the midpoint that the search on all patients found.
    target : Target
        The outcome.
    search : Search
        Limits of the search.

    Returns
    -------
    Settled
        For a searched cut the number with the fewest digits strictly between the two neighbouring
        values, so that a printed score card, the score file and the groups agree.
    """
    if rule.fixed is not None:
        return Settled(cut, None, None, None)
    everyone = np.ones(target.n)
    if rule.method == "max_log_rank":
        best = best_log_rank_cut(
            rule.marker, target.rank_scores(everyone), min_fraction=search.min_fraction
        )
    else:
        best = best_cut(
            rule.marker,
            *target.cut_weights(everyone),
            criterion=rule.method,
            min_fraction=search.min_fraction,
        )
    low, high = sorted((float(rule.sign * best.below), float(rule.sign * best.above)))
    assert low <= cut <= high
    return Settled(shortest_between(low, high, cut), float(best.statistic), low, high)


def shortest_between(low: float, high: float, near: float) -> float:
    """Round to the fewest significant digits that stay strictly between two numbers.

    Parameters
    ----------
    low, high : float
        The two numbers, low < high.
    near : float
        Between them; rounded to 1, 2, 3, ... digits until the result is.

    Returns
    -------
    float
        ``near`` itself where no rounding of it is strictly between.
    """
    for digits in range(1, MOST_DIGITS):
        rounded = float(f"{near:.{digits}g}")
        if low < rounded < high:
            return rounded
    return near


def settle_median(rules: Sequence[CutRule], cut: float, target: Target) -> Settled:
    """Settle on the number that stands for a median of the copies' cut-offs.

    Parameters
    ----------
    rules : sequence of CutRule
        The marker in each copy.
    cut : float
        As fixed, or the median.
    target : Target
        The outcome.

    Returns
    -------
    Settled
        For a searched cut the number with the fewest digits that makes the same groups in every
        copy. The values on either side of it are observed ones: imputed values are donors' values.
        The statistic is the criterion at this cut, averaged over copies.
    """
    rule = rules[0]
    if rule.fixed is not None:
        return Settled(cut, None, None, None)
    observed = np.unique(np.concatenate([one.adverse for one in rules]))
    above = int(np.searchsorted(observed, rule.sign * cut, side="left"))
    edges = rule.sign * observed[above - 1], rule.sign * observed[above]
    low, high = sorted(float(edge) for edge in edges)
    # a median that falls on a value counts it among those with the point
    near = cut if low < cut < high else low / 2.0 + high / 2.0
    printed = shortest_between(low, high, near)
    statistics = [_criterion(one, printed, target) for one in rules]
    return Settled(printed, float(np.mean(statistics)), low, high)


def _criterion(rule: CutRule, cut: float, target: Target) -> float:
    """The criterion of a search at a given cut-off."""
    everyone = np.ones(target.n)
    point = rule.point(cut)
    if rule.method == "max_log_rank":
        scores = target.rank_scores(everyone)
        n, above = target.n, float(point.sum())
        away = scores - scores.mean()
        variance = above * (n - above) / (n * (n - 1.0)) * float(away @ away)
        return float(point @ away) / float(np.sqrt(variance))
    case, control = target.cut_weights(everyone)
    sensitivity = float(point @ case) / float(case.sum())
    specificity = 1.0 - float(point @ control) / float(control.sum())
    if rule.method == "youden":
        return sensitivity + specificity - 1.0
    return (1.0 - sensitivity) ** 2 + (1.0 - specificity) ** 2


def cutoff_row(
    rules: Sequence[CutRule],
    predictor: Predictor,
    target: Target,
    settled: Settled,
    resampled: Floats,
    *,
    search: Search,
) -> Cutoff:
    """Describe one cut-off.

    Parameters
    ----------
    rules : sequence of CutRule
        How it was had, with the marker in each completed copy; one where nothing was imputed.
    predictor : Predictor
        The marker.
    target : Target
        The outcome.
    settled : Settled
        The cut-off, in the marker's unit.
    resampled : float array (B,)
        The cut-off in each resample.
    search : Search
        Limits of the search, permutations, seed and level.

    Returns
    -------
    Cutoff
        For a searched cut the naive p-value stands only beside the adjusted one. Both are medians
        over copies.

    References
    ----------
    Van de Wiel MA, Berkhof J, van Wieringen WN 2009, doi:10.1093/biostatistics/kxp011.
    """
    rule = rules[0]
    points = [one.point(settled.cut) for one in rules]
    searched = rule.fixed is None
    adjusted = None
    if searched and search.permutations:
        adjusted = median_of([_adjusted_p(one, target, search) for one in rules])
    moved, bars = wander(resampled, search.level) if searched else (None, ())
    return Cutoff(
        column=predictor.column,
        label=predictor.label,
        unit=predictor.unit,
        rule=rule.symbol,
        cut=settled.cut,
        gap_low=settled.gap_low,
        gap_high=settled.gap_high,
        method=rule.method,
        statistic=settled.statistic,
        # after a search the naive p-value never stands alone
        p_naive=None
        if searched and adjusted is None
        else median_or_none([_naive_p(point, target) for point in points]),
        p_adjusted=adjusted,
        permutations=search.permutations if adjusted is not None else 0,
        points_given=round(float(np.mean([point.sum() for point in points]))),
        wander=moved,
        wander_grid=bars,
        values=tuple(
            float(value) for value in quantiles(predictor.values[predictor.known], DECILES)
        ),
    )


def _adjusted_p(rule: CutRule, target: Target, search: Search) -> float:
    everyone = np.ones(target.n)
    if rule.method == "max_log_rank":
        found = permutation_p(
            rule.marker,
            scores=target.rank_scores(everyone),
            criterion="max_log_rank",
            min_fraction=search.min_fraction,
            permutations=search.permutations,
            seed=search.seed,
        )
    else:
        case, control = target.cut_weights(everyone)
        found = permutation_p(
            rule.marker,
            case_weight=case,
            control_weight=control,
            scores=target.rank_scores(everyone),
            criterion=rule.method,
            min_fraction=search.min_fraction,
            permutations=search.permutations,
            seed=search.seed,
        )
    return float(found.p_value)


def _naive_p(point: Floats, target: Target) -> float | None:
    """As if the cut-off had been fixed beforehand: log-rank, or chi-square without continuity.

    The same statistic, up to its variance, as the one that the search is repeated for.
    """
    if len(np.unique(point)) < 2:
        return None
    if isinstance(target, SurvivalTarget):
        return float(log_rank(target.times, point).p_value)
    return float(trend_test(target.event, point).p_value)


def cutoff_rows(
    copies: Sequence[Sequence[CutRule]],
    predictors: Sequence[Predictor],
    target: Target,
    settled: Sequence[Settled],
    trace: Floats,
    *,
    search: Search,
) -> tuple[Cutoff, ...]:
    """Describe every cut-off.

    Parameters
    ----------
    copies : sequence of sequences of CutRule
        The markers of each completed copy; one copy where nothing was imputed.
    predictors : sequence of Predictor
        The markers.
    target : Target
        The outcome.
    settled : sequence of Settled
        Their cut-offs.
    trace : float array (B, k)
        The cut-offs over the resamples.
    search : Search
        Limits of the search, permutations, seed and level; each marker has its own stream.

    Returns
    -------
    tuple of Cutoff
    """
    return tuple(
        cutoff_row(
            distinct_copies([rules[place] for rules in copies]),
            predictor,
            target,
            cut,
            trace[:, place],
            search=replace(search, seed=search.seed + place),
        )
        for place, (predictor, cut) in enumerate(zip(predictors, settled, strict=True))
    )
