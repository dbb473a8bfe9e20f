"""Each cut-off with what it is worth: where it lies, how far it wanders, its p-value after the search."""

from __future__ import annotations

from collections.abc import Sequence

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


def cutoff_row(
    rule: CutRule,
    predictor: Predictor,
    target: Target,
    cut: float,
    resampled: Floats,
    *,
    min_fraction: float,
    permutations: int,
    seed: int,
    level: float,
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
    min_fraction : float
        Smallest group that the search allows, as a fraction.
    permutations : int
        For the adjusted p-value; 0 for none.
    seed : int
        Seed of the permutations.
    level : float
        Coverage of the wander interval.

    Returns
    -------
    Cutoff
        For a searched cut the naive p-value stands only beside the adjusted one.
    """
    point = rule.point(cut)
    searched = rule.fixed is None
    statistic, gap = _found(rule, target, cut, min_fraction) if searched else (None, (None, None))
    adjusted = None
    if searched and permutations:
        adjusted = _adjusted_p(rule, target, min_fraction, permutations, seed)
    moved, bars = wander(resampled, level) if searched else (None, ())
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
        p_naive=_naive_p(point, target),
        p_adjusted=adjusted,
        permutations=permutations if adjusted is not None else 0,
        points_given=int(point.sum()),
        wander=moved,
        wander_grid=bars,
        values=tuple(float(value) for value in quantiles(predictor.values, DECILES)),
    )


def _found(
    rule: CutRule, target: Target, cut: float, min_fraction: float
) -> tuple[float, tuple[float, float]]:
    """Criterion at the chosen cut, and the two observed values it lies between."""
    everyone = np.ones(target.n)
    if rule.method == "max_log_rank":
        best = best_log_rank_cut(
            rule.marker, target.rank_scores(everyone), min_fraction=min_fraction
        )
    else:
        best = best_cut(
            rule.marker,
            *target.cut_weights(everyone),
            criterion=rule.method,
            min_fraction=min_fraction,
        )
    ends = sorted((rule.sign * best.below, rule.sign * best.above))
    assert ends[0] <= cut <= ends[1]
    return float(best.statistic), (float(ends[0]), float(ends[1]))


def _adjusted_p(
    rule: CutRule, target: Target, min_fraction: float, permutations: int, seed: int
) -> float:
    everyone = np.ones(target.n)
    if rule.method == "max_log_rank":
        found = permutation_p(
            rule.marker,
            scores=target.rank_scores(everyone),
            criterion="max_log_rank",
            min_fraction=min_fraction,
            permutations=permutations,
            seed=seed,
        )
    else:
        case, control = target.cut_weights(everyone)
        found = permutation_p(
            rule.marker,
            case_weight=case,
            control_weight=control,
            criterion=rule.method,
            min_fraction=min_fraction,
            permutations=permutations,
            seed=seed,
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


def naive_test_name(target: Target) -> str:
    """Name of the test behind the naive p-value."""
    return "log-rank" if isinstance(target, SurvivalTarget) else "Fisher's exact"


def cutoff_rows(
    rules: Sequence[CutRule],
    predictors: Sequence[Predictor],
    target: Target,
    cuts: Floats,
    trace: Floats,
    *,
    min_fraction: float,
    permutations: int,
    seed: int,
    level: float,
) -> tuple[Cutoff, ...]:
    """Describe every cut-off; ``trace`` (B, k) holds them over the resamples."""
    return tuple(
        cutoff_row(
            rule,
            predictor,
            target,
            float(cut),
            trace[:, place],
            min_fraction=min_fraction,
            permutations=permutations,
            seed=seed + place,
            level=level,
        )
        for place, (rule, predictor, cut) in enumerate(zip(rules, predictors, cuts, strict=True))
    )
