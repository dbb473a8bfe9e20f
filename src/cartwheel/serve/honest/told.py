"""What a cut-off costs, as the page and the JSON tell it."""

from __future__ import annotations

from dataclasses import dataclass

from cartwheel.curves import SurvivalCurve
from cartwheel.estimate import Estimate

SCHEMA = "cartwheel/honest-price/1"


@dataclass(frozen=True, slots=True)
class Side:
    """The patients on one side of a cut-off.

    Parameters
    ----------
    n, events : int
        Patients, and events (by the horizon).
    observed : Estimate
        Their risk, 0-1.
    """

    n: int
    events: int
    observed: Estimate


@dataclass(frozen=True, slots=True)
class Wandering:
    """Where a cut-off lies among those that the repeated search found.

    Parameters
    ----------
    low, median, high : float
        Percentiles of the cut-offs of the resamples.
    lower : float
        Share of the resamples whose cut-off is lower, 0-1.
    resamples : int
        That gave a cut-off.
    bars : tuple of (float, float, int)
        Histogram: from, to, resamples.
    """

    low: float
    median: float
    high: float
    lower: float
    resamples: int
    bars: tuple[tuple[float, float, int], ...]


@dataclass(frozen=True, slots=True)
class Chance:
    """What the best of all cut-offs shows where there is nothing to find.

    Parameters
    ----------
    statistic : float
        Standardised rank statistic at this cut-off, without sign.
    median, high : float
        Of the largest one over all cut-offs under permutation: half of the permutations and 95 % of
        them stay below.
    permutations : int
        Of the outcome.
    bars : tuple of (float, float, int)
        Histogram of the largest ones: from, to, permutations.
    """

    statistic: float
    median: float
    high: float
    permutations: int
    bars: tuple[tuple[float, float, int], ...]


@dataclass(frozen=True, slots=True)
class MarkerPrice:
    """One marker cut at one place.

    Parameters
    ----------
    column, label, unit, rule : str
        The marker; who gets the point.
    cut : float
        As chosen.
    as_planned : bool
        Whether this is the cut-off that was fixed before looking; then nothing was searched.
    within_search : bool
        Whether both sides have as many patients as a search would ask for.
    without, beyond : Side
        Patients without and with the point.
    effect, effect_corrected : Estimate
        Hazard or odds ratio of the point; the corrected one less what a search adds to its
        logarithm.
    discrimination, discrimination_corrected : Estimate
        Of the point; the corrected one less what a search adds.
    uncut : Estimate
        Discrimination of the marker as measured: nothing was fitted or searched.
    cost : float or None
        Of cutting: uncut less corrected.
    p_fixed : float or None
        As if the cut-off had been fixed beforehand.
    p_searched : float or None
        How often the best of all cut-offs of a permuted outcome is as good; None for a cut-off that
        was fixed beforehand.
    wander : Wandering or None
        None for a cut-off that was not searched.
    chance : Chance
        Of a search over all cut-offs.
    """

    column: str
    label: str
    unit: str
    rule: str
    cut: float
    as_planned: bool
    within_search: bool
    without: Side
    beyond: Side
    effect: Estimate
    effect_corrected: Estimate
    discrimination: Estimate
    discrimination_corrected: Estimate
    uncut: Estimate
    cost: float | None
    p_fixed: float | None
    p_searched: float | None
    wander: Wandering | None
    chance: Chance


@dataclass(frozen=True, slots=True)
class GroupPrice:
    """A group of the index at these cut-offs.

    Parameters
    ----------
    name, rule : str
        Such as ``high`` and ``3 points``.
    n, events : int
        Patients, and events (by the horizon).
    observed : Estimate
        Their risk, 0-1.
    """

    name: str
    rule: str
    n: int
    events: int
    observed: Estimate


@dataclass(frozen=True, slots=True)
class IndexPrice:
    """The index at these cut-offs.

    Parameters
    ----------
    groups : tuple of GroupPrice
        Those that have patients.
    survival : tuple of SurvivalCurve
        One for each of them; empty for a binary outcome.
    discrimination : Estimate
        Of the points: apparent.
    optimism : Estimate
        Of the full run, whose whole search was repeated.
    discrimination_corrected : Estimate
        The apparent one less this optimism.
    uncut_corrected : Estimate
        Of the same markers not cut: from the full run.
    cost : float or None
        Of cutting: uncut less corrected.
    p_fixed : float or None
        Trend over the points, as if nothing had been searched.
    p_searched : float or None
        How often the index that is searched in a permuted outcome is as good.
    permutations : int
        Of the outcome.
    """

    groups: tuple[GroupPrice, ...]
    survival: tuple[SurvivalCurve, ...]
    discrimination: Estimate
    optimism: Estimate
    discrimination_corrected: Estimate
    uncut_corrected: Estimate
    cost: float | None
    p_fixed: float | None
    p_searched: float | None
    permutations: int


@dataclass(frozen=True, slots=True)
class Price:
    """What these cut-offs cost.

    Parameters
    ----------
    schema : str
        Of this form.
    simulated : bool
        Whether the patients are.
    outcome : str
        Its label.
    horizon : float or None
        Of a survival outcome, in ``time_unit``.
    time_unit : str or None
        Of a survival outcome.
    n, events : int
        Patients and events analysed.
    measure, effect : str
        What discrimination and effect are: ``Harrell's C`` or ``AUC``, ``hazard ratio`` or ``odds
        ratio``.
    markers : tuple of MarkerPrice
        In the order of the plan.
    index : IndexPrice
        All of them together.
    """

    schema: str
    simulated: bool
    outcome: str
    horizon: float | None
    time_unit: str | None
    n: int
    events: int
    measure: str
    effect: str
    markers: tuple[MarkerPrice, ...]
    index: IndexPrice
