"""The price of cut-offs: computed by the kernels from prepared arrays, in milliseconds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import exp, log
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cartwheel.development.account.curves import observed_risk, survival_curves
from cartwheel.development.account.design import Block, measure_name
from cartwheel.development.account.groups import Group, index_groups
from cartwheel.development.account.regression_tables import regression_table
from cartwheel.development.model.target import BinaryTarget, SurvivalTarget, Target
from cartwheel.errors import NotEstimable, PlanRefused, Problem
from cartwheel.estimate import Estimate
from cartwheel.serve.honest.chance import judge, rank_statistic
from cartwheel.serve.honest.prepared import Prepared
from cartwheel.serve.honest.told import (
    SCHEMA,
    Chance,
    GroupPrice,
    IndexPrice,
    MarkerPrice,
    Price,
    Side,
    Wandering,
)
from cartwheel.stats.association import trend_test
from cartwheel.stats.concordance import harrell_c
from cartwheel.stats.delong import auc_delong
from cartwheel.stats.log_rank import log_rank, log_rank_trend

Floats = NDArray[np.float64]
_SEARCHED = "apparent less the mean optimism of a search of this marker, over {} resamples"
_MOVED = "; Wald limits moved with it, and still too narrow"
_FIXED = "fixed beforehand: as apparent"


def price(prepared: Prepared, cuts: Sequence[float], result: Mapping[str, Any]) -> Price:
    """Say what these cut-offs are worth, and what a search for them costs.

    Parameters
    ----------
    prepared : Prepared
        Of the same run.
    cuts : sequence of float
        One for each marker, in its unit.
    result : mapping
        ``result`` of the full run's JSON: its optimism and its uncut model.

    Returns
    -------
    Price

    Raises
    ------
    PlanRefused
        ``cut_count``, ``cut_not_finite``, ``one_side``: a cut-off leaves nobody on a side.
    """
    points = _points(prepared, cuts)
    target = prepared.target
    outcome = result["outcome"]
    return Price(
        schema=SCHEMA,
        simulated=bool(result["simulated"]),
        outcome=outcome["label"],
        horizon=outcome["horizon"],
        time_unit=outcome["time_unit"],
        n=target.n,
        events=int(target.event.sum()),
        measure=result["performance"]["measures"][0]["label"],
        effect=measure_name(target),
        markers=tuple(
            _marker_price(prepared, target, place, float(cut), points[place])
            for place, cut in enumerate(cuts)
        ),
        index=_index_price(prepared, target, points, result),
    )


def _points(prepared: Prepared, cuts: Sequence[float]) -> list[Floats]:
    problems, points = [], []
    if len(cuts) != len(prepared.markers):
        raise PlanRefused(
            [
                Problem(
                    "cut_count",
                    f"{len(prepared.markers)} cut-offs are needed",
                    "cut",
                    "give one for each marker",
                )
            ]
        )
    for place, (marker, cut) in enumerate(zip(prepared.markers, cuts, strict=True)):
        name = f"cut-{place + 1}"
        if not np.isfinite(cut):
            problems.append(Problem("cut_not_finite", "a cut-off is a number", name, "type one"))
            continue
        point = marker.point(prepared.values[place], cut)
        if not 0.0 < point.sum() < len(point):
            values = prepared.values[place]
            between = f"{values.min():.6g} and {values.max():.6g}"
            what = f"nobody is on one side of {cut:g}"
            problems.append(Problem("one_side", what, name, f"choose a cut-off between {between}"))
        points.append(point)
    if problems:
        raise PlanRefused(problems)
    return points


def _marker_price(
    prepared: Prepared, target: Target, place: int, cut: float, point: Floats
) -> MarkerPrice:
    marker = prepared.markers[place]
    as_planned = marker.fixed is not None and cut == marker.fixed
    effect = _effect(target, point, prepared.level)
    seen = _discrimination(target, point, prepared.level)
    corrected = _less(seen, prepared.drift[place], as_planned)
    sign = 1.0 if marker.direction == "high" else -1.0
    whole = _discrimination(target, sign * prepared.values[place], prepared.level)
    statistic = abs(rank_statistic(point, target.rank_scores(np.ones(target.n))))
    smallest = prepared.min_fraction * target.n
    return MarkerPrice(
        column=marker.column,
        label=marker.label,
        unit=marker.unit,
        rule=marker.rule,
        cut=cut,
        as_planned=as_planned,
        within_search=bool(smallest <= point.sum() <= target.n - smallest),
        without=_side(target, point == 0.0, prepared.level),
        beyond=_side(target, point == 1.0, prepared.level),
        effect=effect,
        effect_corrected=_less_effect(effect, prepared.drift[place], as_planned),
        discrimination=seen,
        discrimination_corrected=corrected,
        uncut=whole,
        cost=_difference(whole.value, corrected.value),
        p_fixed=_two_groups(target, point),
        p_searched=None if as_planned else _exceeded(prepared.null[place], statistic),
        wander=_wandering(prepared, place, cut),
        chance=_chance(prepared, place, statistic),
    )


def _index_price(
    prepared: Prepared, target: Target, points: Sequence[Floats], result: Mapping[str, Any]
) -> IndexPrice:
    totals: Floats = np.sum(points, axis=0)
    named = list(prepared.groups) if prepared.groups is not None else None
    present = [group for group in index_groups(totals, len(points), named) if group.mask.any()]
    seen = _discrimination(target, totals, prepared.level)
    optimism = Estimate(**result["performance"]["measures"][0]["optimism"])
    uncut = Estimate(**result["uncut"]["measures"][0]["corrected"])
    corrected = Estimate(
        _difference(seen.value, optimism.value),
        method="apparent at these cut-offs less the optimism of the full run",
        n=target.n,
        events=int(target.event.sum()),
    )
    statistic = abs(rank_statistic(totals, target.rank_scores(np.ones(target.n))))
    return IndexPrice(
        groups=tuple(_group(target, group, prepared.level) for group in present),
        survival=(
            survival_curves(target, [(group.name, group.mask) for group in present], prepared.level)
            if isinstance(target, SurvivalTarget)
            else ()
        ),
        discrimination=seen,
        optimism=optimism,
        discrimination_corrected=corrected,
        uncut_corrected=uncut,
        cost=_difference(uncut.value, corrected.value),
        p_fixed=_trend(target, totals),
        p_searched=_exceeded(prepared.null_index, statistic),
        permutations=len(prepared.null_index),
    )


def _side(target: Target, mask: NDArray[np.bool_], level: float) -> Side:
    counts = int(mask.sum()), int(target.event_by_horizon[mask].sum())
    return Side(*counts, observed_risk(target, mask, level, counts))


def _group(target: Target, group: Group, level: float) -> GroupPrice:
    side = _side(target, group.mask, level)
    return GroupPrice(group.name, group.rule, side.n, side.events, side.observed)


def _effect(target: Target, point: Floats, level: float) -> Estimate:
    block = Block("point", "point", point[:, None], None)
    try:
        return regression_table("point", [block], judge(target), level).rows[0].effect
    except NotEstimable as reason:
        return Estimate(None, method=f"not estimable: {reason.problems[0].what}")


def _less_effect(effect: Estimate, drift: Floats, as_planned: bool) -> Estimate:
    if as_planned or effect.value is None:
        return effect if effect.value is None else _said(effect, _FIXED)
    if drift[2] == 0.0:
        return Estimate(None, method="not estimable: no search was repeated")
    value, low, high = (
        None if number is None or number <= 0.0 else exp(log(number) - float(drift[0]))
        for number in (effect.value, effect.low, effect.high)
    )
    method = _SEARCHED.format(int(drift[2])) + ", on the log scale" + _MOVED
    return Estimate(value, low, high, effect.level, method, effect.n, effect.events)


def _less(seen: Estimate, drift: Floats, as_planned: bool) -> Estimate:
    if as_planned or seen.value is None:
        return seen if seen.value is None else _said(seen, _FIXED)
    if drift[2] == 0.0:
        return Estimate(None, method="not estimable: no search was repeated")
    method = _SEARCHED.format(int(drift[2]))
    return Estimate(seen.value - float(drift[1]), method=method, n=seen.n, events=seen.events)


def _said(estimate: Estimate, method: str) -> Estimate:
    return Estimate(
        estimate.value,
        estimate.low,
        estimate.high,
        estimate.level,
        method,
        estimate.n,
        estimate.events,
    )


def _discrimination(target: Target, score: Floats, level: float) -> Estimate:
    try:
        if isinstance(target, SurvivalTarget):
            return harrell_c(target.times, score, level=level)
        return auc_delong(score, target.event, level=level)
    except NotEstimable as reason:
        return Estimate(None, method=f"not estimable: {reason.problems[0].what}")


def _two_groups(target: Target, point: Floats) -> float | None:
    """As `cartwheel develop` tests a cut-off that was fixed: log-rank, or chi-square."""
    try:
        if isinstance(target, SurvivalTarget):
            return float(log_rank(target.times, point).p_value)
        return float(trend_test(target.event, point).p_value)
    except NotEstimable:
        return None


def _trend(target: Target, totals: Floats) -> float | None:
    if len(np.unique(totals)) < 2:
        return None
    try:
        if isinstance(target, SurvivalTarget):
            return float(log_rank_trend(target.times, totals).p_value)
        assert isinstance(target, BinaryTarget)
        return float(trend_test(target.event, totals).p_value)
    except NotEstimable:
        return None


def _exceeded(null: Floats, statistic: float) -> float | None:
    """Share of permutations that are as good; the observed one counts as one of them."""
    if not len(null):
        return None
    # sums in another order differ in the last digits
    as_good = len(null) - int(np.searchsorted(null, statistic - 1e-9 * max(1.0, statistic)))
    return (1 + as_good) / (1 + len(null))


def _difference(whole: float | None, part: float | None) -> float | None:
    return None if whole is None or part is None else whole - part


def _wandering(prepared: Prepared, place: int, cut: float) -> Wandering | None:
    cuts = prepared.cuts[:, place]
    if prepared.markers[place].fixed is not None or len(cuts) < 2:
        return None
    tail = (1.0 - prepared.level) / 2.0
    low, median, high = (float(one) for one in np.quantile(cuts, [tail, 0.5, 1.0 - tail]))
    lower = float((cuts < cut).mean())
    return Wandering(low, median, high, lower, len(cuts), prepared.cut_bars[place])


def _chance(prepared: Prepared, place: int, statistic: float) -> Chance:
    null = prepared.null[place]
    median, high = (float(one) for one in np.quantile(null, [0.5, 0.95]))
    return Chance(statistic, median, high, len(null), prepared.null_bars[place])
