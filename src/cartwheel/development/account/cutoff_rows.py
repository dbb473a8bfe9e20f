"""Each cut-off with what it is worth: where it lies, how far it wanders.

Its p-value after the search.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cartwheel.development.account.honesty import wander
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


def cutoff_row(
    rule: CutRule,
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
    rule : CutRule
        How it was had.
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
        For a searched cut the naive p-value stands only beside the adjusted one.
    """
    point = rule.point(settled.cut)
    searched = rule.fixed is None
    adjusted = _adjusted_p(rule, target, search) if searched and search.permutations else None
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
        p_naive=None if searched and adjusted is None else _naive_p(point, target),
        p_adjusted=adjusted,
        permutations=search.permutations if adjusted is not None else 0,
        points_given=int(point.sum()),
        wander=moved,
        wander_grid=bars,
        values=tuple(float(value) for value in quantiles(predictor.values, DECILES)),
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
    rules: Sequence[CutRule],
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
    rules, predictors : sequences of equal length
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
            rule,
            predictor,
            target,
            cut,
            trace[:, place],
            search=replace(search, seed=search.seed + place),
        )
        for place, (rule, predictor, cut) in enumerate(zip(rules, predictors, settled, strict=True))
    )
