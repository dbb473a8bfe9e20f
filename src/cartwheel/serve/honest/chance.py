"""What a search over cut-offs finds by chance, and how much it flatters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cartwheel.development.model.index import CutRule, CutSample, IndexPipeline, cut_off
from cartwheel.development.model.target import BinaryTarget, SurvivalTarget, Target
from cartwheel.errors import NotEstimable
from cartwheel.stats.concordance import concordance
from cartwheel.stats.cutpoint import best_log_rank_cut
from cartwheel.stats.resample import resample_multiplicities
from cartwheel.stats.roc import auc

Floats = NDArray[np.float64]
Heard = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Repetition:
    """How often a search is repeated.

    Parameters
    ----------
    resamples, permutations : int
        Bootstrap resamples, and permutations of the outcome.
    seed : int
        The one of the plan: the resamples are those of the development.
    """

    resamples: int
    permutations: int
    seed: int


def discrimination(target: Target, score: Floats, multiplicity: Floats) -> float:
    """Harrell's C, or the AUC of a binary outcome.

    Parameters
    ----------
    target : Target
        The outcome.
    score : float array (n,)
        High is adverse.
    multiplicity : float array (n,)
        How often each patient counts.

    Returns
    -------
    float
        nan where no pair can be compared.
    """
    if isinstance(target, SurvivalTarget):
        return float(concordance(target.times, score, multiplicity))
    return float(auc(score, target.event, multiplicity))


def judge(target: Target) -> Target:
    """Take the model that tells the effect of two groups: Firth's where the outcome is binary.

    Parameters
    ----------
    target : Target
        The outcome.

    Returns
    -------
    Target
    """
    return BinaryTarget(target.event, firth=True) if isinstance(target, BinaryTarget) else target


def rank_statistic(point: Floats, scores: Floats) -> float:
    """Standardise the sum of the rank scores of those with a point.

    Parameters
    ----------
    point : float array (n,)
        1 or 0; for an index any points.
    scores : float array (n,)
        Rank scores.

    Returns
    -------
    float
        Positive where those with points have the higher scores; 0 where all points are equal.
    """
    n = len(point)
    away, beyond = scores - scores.mean(), point - point.mean()
    spread = float(away @ away) * float(beyond @ beyond) / (n - 1.0)
    return float(beyond @ away) / spread**0.5 if spread > 0.0 else 0.0


def repeated_search(
    pipeline: IndexPipeline, repetition: Repetition, say: Heard
) -> tuple[Floats, Floats]:
    """Repeat the search in the resamples of the development.

    Parameters
    ----------
    pipeline : IndexPipeline
        Searches and fits the index.
    repetition : Repetition
        How often, from which seed.
    say : function of (int, int)
        Hears how many are done.

    Returns
    -------
    (float array (B, k), float array (k, 3))
        Cut-offs; optimism of the log effect and of the discrimination of each cut-off, and the
        resamples behind them.
    """
    target, n = pipeline.target, pipeline.target.n
    draw = resample_multiplicities(n, repetition.seed, repetition.resamples)
    everyone = np.ones(n)
    cuts, gains = [], []
    for place in range(repetition.resamples):
        multiplicity = draw(place)
        if place % 50 == 0:
            say(place, repetition.resamples)
        try:
            found = pipeline.fit(multiplicity).cuts
        except NotEstimable:
            continue  # left out of the development's resamples as well
        cuts.append(found)
        gains.append(
            [
                _gain(target, rule.point(float(cut)), multiplicity, everyone)
                for rule, cut in zip(pipeline.rules, found, strict=True)
            ]
        )
    return np.array(cuts).reshape(-1, len(pipeline.rules)), _drift(gains, pipeline.rules)


def _gain(
    target: Target, point: Floats, multiplicity: Floats, everyone: Floats
) -> tuple[float, float]:
    """What a cut-off seems to be worth in the resample that found it, less what it is in all."""
    model = judge(target)
    try:
        effect = float(model.fit(point, multiplicity).coefficients[0]) - float(
            model.fit(point, everyone).coefficients[0]
        )
    except NotEstimable:
        effect = np.nan
    seen = discrimination(target, point, multiplicity)
    return effect, seen - discrimination(target, point, everyone)


def _drift(gains: Sequence[Sequence[tuple[float, float]]], rules: Sequence[CutRule]) -> Floats:
    drift = np.zeros((len(rules), 3))
    if not gains:
        return drift
    every = np.array(gains)
    for place, rule in enumerate(rules):
        if rule.fixed is not None:
            continue  # it was not searched
        kept = every[np.isfinite(every[:, place]).all(axis=1), place]
        if len(kept):
            drift[place] = *kept.mean(axis=0), len(kept)
    return drift


def chance_alone(
    pipeline: IndexPipeline, repetition: Repetition, say: Heard
) -> tuple[Floats, Floats]:
    """Permute the outcome, and search again: what is found has nothing behind it.

    Parameters
    ----------
    pipeline : IndexPipeline
        Searches the index.
    repetition : Repetition
        How often, from which seed.
    say : function of (int, int)
        Hears how many are done.

    Returns
    -------
    (float array (k, P), float array (P,))
        Rising. The largest absolute rank statistic over all cuts of each marker that leave
        ``min_fraction`` on either side; and that of the index whose cuts were searched by
        its own rules in the same permutation.

    Notes
    -----
    Outcomes move as a whole: time and event, and with them rank scores and weights as case and as
    control, which depend on the outcome alone.
    """
    target, rules = pipeline.target, pipeline.rules
    everyone = np.ones(target.n)
    scores = target.rank_scores(everyone)
    weights = target.cut_weights(everyone)
    random = np.random.default_rng(np.random.SeedSequence(repetition.seed))
    null = np.zeros((len(rules), repetition.permutations))
    whole = np.zeros(repetition.permutations)
    for turn in range(repetition.permutations):
        if turn % 100 == 0:
            say(turn, repetition.permutations)
        order = random.permutation(target.n)
        moved = np.ascontiguousarray(scores[order])
        sample = CutSample(
            everyone, (weights[0][order], weights[1][order]), moved, pipeline.min_fraction
        )
        for place, rule in enumerate(rules):
            null[place, turn] = _largest(rule, moved, pipeline.min_fraction)
        whole[turn] = _index_statistic(pipeline, sample, moved)
    null.sort(axis=1)
    whole.sort()
    return null, whole


def _largest(rule: CutRule, scores: Floats, min_fraction: float) -> float:
    try:
        return abs(best_log_rank_cut(rule.marker, scores, min_fraction=min_fraction).statistic)
    except NotEstimable:
        return 0.0


def _index_statistic(pipeline: IndexPipeline, sample: CutSample, scores: Floats) -> float:
    try:
        cuts = np.array([cut_off(rule, sample) for rule in pipeline.rules])
    except NotEstimable:
        return 0.0
    return abs(rank_statistic(pipeline.totals(cuts), scores))
