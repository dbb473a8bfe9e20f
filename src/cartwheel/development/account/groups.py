"""Risk groups: who is in them, what happened to them, and the tests over them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cartwheel.development.account.curves import observed_risk
from cartwheel.development.account.design import Block
from cartwheel.development.account.over_copies import median_of, patients_and_events
from cartwheel.development.account.regression_tables import regression_table
from cartwheel.development.model.target import BinaryTarget, Fit, SurvivalTarget, Target
from cartwheel.development.result import GroupRow, GroupTest
from cartwheel.errors import NotEstimable
from cartwheel.estimate import Estimate
from cartwheel.stats.association import trend_test
from cartwheel.stats.log_rank import log_rank, log_rank_trend

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Group:
    """A risk group: its name, its rule in words, its lowest and highest total, its patients.

    Parameters
    ----------
    name, rule : str
        Such as ``high`` and ``2 to 3 points``.
    lowest, highest : int
        Totals that belong to it, both ends included.
    mask : bool array (n,) or (m, n)
        Its patients, in each completed copy where predictors were imputed; may be none.
    """

    name: str
    rule: str
    lowest: int
    highest: int
    mask: Mask


def index_groups(
    totals: Floats, markers: int, named: Sequence[tuple[str, tuple[int, ...]]] | None
) -> tuple[Group, ...]:
    """Form the groups of an index from its totals.

    Parameters
    ----------
    totals : float array (n,) or (m, n)
        Points of each patient, 0 to ``markers``.
    markers : int
        Number of markers.
    named : sequence of (name, totals), optional
        As planned; by default 0 / 1 to k-1 / k.

    Returns
    -------
    tuple of Group
        In the order of the plan.
    """
    mapping = list(named) if named else default_groups(markers)
    return tuple(
        Group(name, _points(held), min(held), max(held), np.isin(totals, held))
        for name, held in mapping
    )


def default_groups(markers: int) -> list[tuple[str, tuple[int, ...]]]:
    """Low without any point, high with all of them, intermediate between.

    Parameters
    ----------
    markers : int
        Number of markers, >= 1.

    Returns
    -------
    list of (name, totals)
        Lowest first; there is no intermediate group of a single marker.
    """
    if markers == 1:
        return [("low", (0,)), ("high", (1,))]
    return [
        ("low", (0,)),
        ("intermediate", tuple(range(1, markers))),
        ("high", (markers,)),
    ]


def band_groups(totals: Floats, names: Sequence[str]) -> tuple[Group, ...]:
    """Cut the totals of a points score into bands with about as many patients each.

    Bands that would be empty because of ties are merged; the names are then taken from the ends.

    Parameters
    ----------
    totals : float array (n,) or (m, n)
        Points of each patient, whole numbers; quantiles are of all copies together.
    names : sequence of str
        Lowest first; as many bands as names.

    Returns
    -------
    tuple of Group
        Lowest first, none empty. The lowest and the highest total are those of the patients.

    Notes
    -----
    A band ends at the quantile j / k of the totals, an observed total (inverse of the empirical
    distribution). Where all totals are equal there is one band, with the first name.
    """
    whole = totals.astype(np.int64)
    edges = np.unique(
        np.quantile(whole, np.arange(1, len(names)) / len(names), method="inverted_cdf")
    ).astype(int)
    edges = edges[edges < whole.max()]
    starts = [int(whole.min()), *(int(edge) + 1 for edge in edges)]
    stops = [*(int(edge) for edge in edges), int(whole.max())]
    labels = _band_names(names, len(starts))
    return tuple(
        Group(name, _span(start, stop), start, stop, (whole >= start) & (whole <= stop))
        for name, start, stop in zip(labels, starts, stops, strict=True)
    )


def index_places(
    totals: Floats, markers: int, named: Sequence[tuple[str, tuple[int, ...]]] | None
) -> Integers:
    """Say to which group of an index each total belongs.

    Parameters
    ----------
    totals : float array (...)
        Points, 0 to ``markers``.
    markers : int
        Number of markers.
    named : sequence of (name, totals), optional
        As in :func:`index_groups`.

    Returns
    -------
    int array (...)
        Place of the group, from 0; -1 for a total that belongs to none.
    """
    place_of = np.full(markers + 1, -1)
    for place, (_, held) in enumerate(list(named) if named else default_groups(markers)):
        place_of[list(held)] = place
    return place_of[totals.astype(np.int64)]


def band_places(
    sample_totals: Floats, multiplicity: Floats, totals: Floats, names: Sequence[str]
) -> Integers:
    """Form the bands of a points score from a sample, and say to which each total belongs.

    Parameters
    ----------
    sample_totals : float array (n,) or (m, n)
        Points of the patients of the sample, whole numbers.
    multiplicity : float array (n,)
        How often each patient counts.
    totals : float array (...)
        Whose band is asked.
    names : sequence of str
        As in :func:`band_groups`.

    Returns
    -------
    int array (...)
        Place of the name, from 0. Bands are those of :func:`band_groups` on the sample's patients,
        each as often as it counts; a total beyond all of the sample's is in the band at that end.
    """
    whole = sample_totals.astype(np.int64).ravel()
    lowest = int(whole.min())
    copies = whole.size // multiplicity.size
    counts = np.bincount(whole - lowest, np.tile(multiplicity, copies)).cumsum()
    # the observed total at j / k, as numpy's inverted_cdf counts it
    ranks = np.ceil(counts[-1] * (np.arange(1, len(names)) / len(names)) - 1.0)
    edges = np.unique(np.searchsorted(counts, np.maximum(ranks, 0.0), side="right"))
    edges = edges[edges < np.searchsorted(counts, counts[-1])]
    places = np.searchsorted(edges + lowest, totals, side="left")
    if 0 < len(edges) < len(names) - 1:
        places = np.where(places == len(edges), len(names) - 1, places)
    return places


def _band_names(names: Sequence[str], count: int) -> list[str]:
    if count == len(names):
        return list(names)
    if count == 1:
        return [names[0]]
    return [*names[: count - 1], names[-1]]


def _points(held: Sequence[int]) -> str:
    return (
        _span(min(held), max(held))
        if _contiguous(held)
        else (", ".join(str(total) for total in held) + " points")
    )


def _contiguous(held: Sequence[int]) -> bool:
    return sorted(held) == list(range(min(held), max(held) + 1))


def _span(start: int, stop: int) -> str:
    text = str(start) if start == stop else f"{start} to {stop}"
    return f"{text} point" + ("" if text == "1" else "s")


def group_rows(
    groups: Sequence[Group], target: Target, fit: Fit, level: float
) -> tuple[GroupRow, ...]:
    """Observed and predicted risk of each group, and its effect against the first.

    Parameters
    ----------
    groups : sequence of Group
        Those without patients are left out.
    target : Target
        The outcome.
    fit : Fit
        The score, for the predicted risk.
    level : float
        Coverage of the intervals.

    Returns
    -------
    tuple of GroupRow
        In the order given. An effect is an odds ratio (always by Firth's penalty, since a group may
        have no event) or a hazard ratio; None for the first group, and for all where the model of
        the groups cannot be fitted, or a copy has nobody in one of them.
    """
    present = [group for group in groups if group.mask.any()]
    effects = _effects(present, target, level)
    counted = patients_and_events([group.mask for group in present], target.event_by_horizon)
    return tuple(
        GroupRow(
            name=group.name,
            rule=group.rule,
            n=counts[0],
            events=counts[1],
            observed=observed_risk(target, group.mask, level, counts),
            predicted=float(fit.risk[group.mask].mean()),
            effect=effect,
        )
        for group, effect, counts in zip(present, effects, counted, strict=True)
    )


def _effects(present: Sequence[Group], target: Target, level: float) -> list[Estimate | None]:
    none: list[Estimate | None] = [None] * len(present)
    if len(present) < 2 or not all(group.mask.any(axis=-1).all() for group in present):
        return none
    blocks = [
        Block(group.name, group.name, group.mask.astype(float)[..., None], None)
        for group in present[1:]
    ]
    judge = BinaryTarget(target.event, firth=True) if isinstance(target, BinaryTarget) else target
    try:
        table = regression_table("groups", blocks, judge, level)
    except NotEstimable:
        return none
    return [None, *(row.effect for row in table.rows)]


def group_tests(groups: Sequence[Group], target: Target) -> tuple[GroupTest, ...]:
    """Log-rank and its trend for survival; chi-square trend for binary outcomes.

    Parameters
    ----------
    groups : sequence of Group
        In their order, which the trend follows; those without patients are left out.
    target : Target
        The outcome.

    Returns
    -------
    tuple of GroupTest
        Empty where fewer than two groups have patients. Medians over the copies where predictors
        were imputed.

    Raises
    ------
    NotEstimable
        When no event happens while two groups are at risk.
    """
    present = [group for group in groups if group.mask.any()]
    if len(present) < 2:
        return ()
    place = np.zeros(present[0].mask.shape)
    for rank, group in enumerate(present):
        place[group.mask] = rank
    found = [_tests(target, row) for row in np.atleast_2d(place)]
    if len(found) == 1:
        return found[0]
    return tuple(
        GroupTest(
            f"{tests[0].name}, median over {len(found)} imputations",
            median_of([test.statistic for test in tests]),
            max(test.df for test in tests),
            median_of([test.p_value for test in tests]),
        )
        for tests in zip(*found, strict=True)
    )


def _tests(target: Target, place: Floats) -> tuple[GroupTest, ...]:
    """Tests over the groups of one copy."""
    if isinstance(target, SurvivalTarget):
        over = log_rank(target.times, place)
        trend = log_rank_trend(target.times, place)
        return (
            GroupTest("log-rank", over.statistic, int(over.df), over.p_value),
            GroupTest("log-rank trend", trend.statistic, 1, trend.p_value),
        )
    found = trend_test(target.event, place)
    statistic = np.nan if found.statistic is None else found.statistic
    return (GroupTest("Cochran-Armitage trend", statistic, 1, found.p_value),)
