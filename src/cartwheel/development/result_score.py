"""The score of a development: its performance, cut-offs, groups, card and risks."""

from __future__ import annotations

from dataclasses import dataclass

from cartwheel.estimate import Estimate


@dataclass(frozen=True, slots=True)
class Measure:
    """One performance measure, apparent and corrected side by side.

    Parameters
    ----------
    name : str
        ``auc``, ``c_index``, ``calibration_slope``, ``calibration_in_the_large``, ``brier``.
    label : str
        For the reader.
    better : str
        ``higher``, ``lower``, ``one`` or ``zero``: where the best value lies.
    apparent : Estimate
        On the data the score was made from.
    optimism : Estimate
        Mean over resamples of (apparent in the resample minus that model on all patients), with
        its Monte-Carlo interval.
    corrected : Estimate
        Apparent minus optimism; interval by the location-shifted bootstrap.
    """

    name: str
    label: str
    better: str
    apparent: Estimate
    optimism: Estimate
    corrected: Estimate


@dataclass(frozen=True, slots=True)
class Performance:
    """Apparent and corrected performance of one model.

    ``resamples`` were drawn, ``failed`` of them could not be developed (reasons in ``failures``:
    pairs of reason and count) and are left out of the means.
    """

    model: str
    measures: tuple[Measure, ...]
    resamples: int
    failed: int
    failures: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Cutoff:
    """One marker's cut-off and how far it wanders.

    Parameters
    ----------
    column, label, unit : str
        The marker.
    rule : str
        ``>=`` or ``<=``: who gets the point.
    cut : float
        The cut-off. For a searched cut the midpoint between the two neighbouring values.
    gap_low, gap_high : float or None
        Any cut between these two observed values makes the same groups.
    method : str
        ``fixed``, ``youden``, ``closest_corner`` or ``max_log_rank``.
    statistic : float or None
        The criterion at the cut (Youden's J, squared distance, standardised log-rank).
    p_naive : float or None
        As if the cut had been fixed beforehand. Printed only beside ``p_adjusted``.
    p_adjusted : float or None
        Of the best cut among all candidates, by permutation: the search is repeated in each.
    permutations : int
        Used for ``p_adjusted``.
    points_given : int
        Patients who get the point.
    wander : Estimate or None
        Median and 2.5-97.5 % of the cut over the resamples; None for a fixed cut.
    wander_grid : tuple of (float, int)
        Histogram of the cut over the resamples: cut value and count, at most 60 bars.
    values : tuple of float
        Deciles (0, 10, ..., 100 %) of the marker, for drawing the wander against the data.
    """

    column: str
    label: str
    unit: str
    rule: str
    cut: float
    gap_low: float | None
    gap_high: float | None
    method: str
    statistic: float | None
    p_naive: float | None
    p_adjusted: float | None
    permutations: int
    points_given: int
    wander: Estimate | None
    wander_grid: tuple[tuple[float, int], ...]
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class SelectionRow:
    """How often a candidate was selected over the resamples (0-1), and whether it was here."""

    column: str
    label: str
    selected: bool
    frequency: float


@dataclass(frozen=True, slots=True)
class GroupRow:
    """One risk group or band: who is in it and what happened to them.

    ``observed`` is the event fraction (binary, Wilson interval) or the Kaplan-Meier risk at the
    horizon; ``predicted`` the model's mean risk; ``effect`` the odds or hazard ratio against the
    first group (None for the first).
    """

    name: str
    rule: str
    n: int
    events: int
    observed: Estimate
    predicted: float
    effect: Estimate | None


@dataclass(frozen=True, slots=True)
class GroupTest:
    """A test over the groups: log-rank, log-rank trend, or chi-square trend."""

    name: str
    statistic: float
    df: int
    p_value: float


@dataclass(frozen=True, slots=True)
class PointsRow:
    """One line of the score card: a range of a predictor, its points and what they stand for."""

    column: str
    label: str
    range: str
    points: int
    exact: float
    n: int


@dataclass(frozen=True, slots=True)
class RiskRow:
    """Predicted risk at one total, with who had it."""

    total: int
    n: int
    events: int
    predicted: float
    band: str


@dataclass(frozen=True, slots=True)
class RoundingLoss:
    """What rounding to whole points costs: the same measure before and after, apparent."""

    name: str
    label: str
    exact: float
    points: float
