"""Each cut-off with what it is worth: where it lies, how far it wanders.

Its p-value after the search.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cartwheel.development.honesty import wander
from cartwheel.development.index import CutRule
from cartwheel.development.predictor import Predictor
from cartwheel.development.result import Cutoff
from cartwheel.development.target import SurvivalTarget, Target
from cartwheel.stats.association import fisher_test
from cartwheel.stats.cutpoint import best_cut, best_log_rank_cut, permutation_p
from cartwheel.stats.descriptive import quantiles
from cartwheel.stats.log_rank import log_rank

Floats = NDArray[np.float64]

DECILES = np.arange(11) / 10


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


def cutoff_row(
    rule: CutRule,
    predictor: Predictor,
    target: Target,
    cut: float,
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
    cut : float
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
    point = rule.point(cut)
    searched = rule.fixed is None
    statistic = adjusted = None
    gap: tuple[float | None, float | None] = (None, None)
    if searched:
        statistic, gap = _found(rule, target, cut, search)
        adjusted = _adjusted_p(rule, target, search) if search.permutations else None
    moved, bars = wander(resampled, search.level) if searched else (None, ())
    return Cutoff(
        column=predictor.column,
        label=predictor.label,
        unit=predictor.unit,
        rule=rule.symbol,
        cut=float(cut),
        gap_low=gap[0],
        gap_high=gap[1],
        method=rule.method,
        statistic=statistic,
        # after a search the naive p-value never stands alone
        p_naive=None if searched and adjusted is None else _naive_p(point, target),
        p_adjusted=adjusted,
        permutations=search.permutations if adjusted is not None else 0,
        points_given=int(point.sum()),
        wander=moved,
        wander_grid=bars,
        values=tuple(float(value) for value in quantiles(predictor.values, DECILES)),
    )


def _found(
    rule: CutRule, target: Target, cut: float, search: Search
) -> tuple[float, tuple[float, float]]:
    """Criterion at the chosen cut, and the two observed values it lies between."""
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
    ends = sorted((rule.sign * best.below, rule.sign * best.above))
    assert ends[0] <= cut <= ends[1]
    return float(best.statistic), (float(ends[0]), float(ends[1]))


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
            criterion=rule.method,
            min_fraction=search.min_fraction,
            permutations=search.permutations,
            seed=search.seed,
        )
    return float(found.p_value)


def _naive_p(point: Floats, target: Target) -> float | None:
    """As if the cut-off had been fixed beforehand: log-rank, or Fisher's exact test."""
    if len(np.unique(point)) < 2:
        return None
    if isinstance(target, SurvivalTarget):
        return float(log_rank(target.times, point).p_value)
    table = [
        [int(((point == row) & (target.event == column)).sum()) for column in (1, 0)]
        for row in (1, 0)
    ]
    return float(fisher_test(table).p_value)


def cutoff_rows(
    rules: Sequence[CutRule],
    predictors: Sequence[Predictor],
    target: Target,
    cuts: Floats,
    trace: Floats,
    *,
    search: Search,
) -> tuple[Cutoff, ...]:
    """Describe every cut-off; ``trace`` (B, k) holds them over the resamples."""
    return tuple(
        cutoff_row(
            rule,
            predictor,
            target,
            float(cut),
            trace[:, place],
            # each marker has its own stream of permutations
            search=replace(search, seed=search.seed + place),
        )
        for place, (rule, predictor, cut) in enumerate(zip(rules, predictors, cuts, strict=True))
    )
