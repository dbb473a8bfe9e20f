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
        ``auc``, ``c_index``, ``auc_at_horizon``, ``calibration_slope``, ``calibration_intercept``,
        ``brier``.
    label : str
        For the reader.
    better : str
        ``higher``, ``lower``, ``one`` or ``zero``: where the best value lies.
    apparent : Estimate
        On the data the score was made from.
    optimism : Estimate
        Mean over resamples of (apparent in the resample minus that model on all patients), with its
        Monte-Carlo interval. The median, and its method says so, for a calibration measure whose
        mean lies outside the middle half of the resamples.
    corrected : Estimate
        Apparent minus optimism; interval by the bootstrap, centred on it, for calibration
        measures by percentiles of apparent minus each resample's optimism.
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

    Parameters
    ----------
    model : str
        Name for the reader.
    measures : tuple of Measure
        The measure of discrimination first.
    resamples : int
        Drawn.
    failed : int
        Those in which the model could not be developed; they are left out of the means.
    failures : tuple of (str, int)
        Reason and count of the failed; then measures that do not exist in some of the other
        resamples, and in how many. Where there is no model at all, the reason.
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
        ``>=`` or ``<=``, for a fixed cut-off also ``>`` or ``<``: who gets the point.
    cut : float
        The cut-off. For a searched cut the number with the fewest digits between the two
        neighbouring values.
    gap_low, gap_high : float or None
        Any cut between these two observed values makes the same groups; None for a fixed cut.
    method : str
        ``fixed``, ``youden``, ``closest_corner`` or ``max_log_rank``.
    statistic : float or None
        The criterion at the cut (Youden's J, squared distance, standardised log-rank); None for a
        fixed cut.
    p_naive : float or None
        As if the cut had been fixed beforehand: log-rank, or chi-square without continuity. For a
        searched cut only beside ``p_adjusted``.
    p_adjusted : float or None
        By permutation: search and test are repeated in each. None for a fixed cut.
    permutations : int
        Used for ``p_adjusted``; 0 where there is none.
    points_given : int
        Patients who get the point.
    wander : Estimate or None
        Median and percentile interval of the cut over the resamples that could be developed; None
        for a fixed cut, or with fewer than two resamples.
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
    """How often a candidate was selected over the resamples (0-1), and whether it was here.

    Parameters
    ----------
    column, label : str
        The candidate.
    selected : bool
        Whether it was kept on all patients.
    frequency : float
        Share of the resamples that kept it, 0-1; without resamples 1 or 0, as on all patients.
    """

    column: str
    label: str
    selected: bool
    frequency: float


@dataclass(frozen=True, slots=True)
class GroupRow:
    """One risk group or band: who is in it and what happened to them.

    Parameters
    ----------
    name, rule : str
        Such as ``high`` and ``2 to 3 points``.
    n, events : int
        Its patients and events.
    observed : Estimate
        Event fraction (binary, Wilson interval) or Kaplan-Meier risk at the horizon; 0-1.
    predicted : float
        The model's mean risk, 0-1.
    effect : Estimate or None
        Odds or hazard ratio against the first group; None for the first, and where it cannot be
        estimated.
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
    """A test over the groups: log-rank, log-rank trend, or chi-square trend.

    Parameters
    ----------
    name : str
        The test.
    statistic : float
        Chi-square, >= 0.
    df : int
        Its degrees of freedom.
    p_value : float
        0-1. Groups that were searched for are tested as if they had been fixed.
    """

    name: str
    statistic: float
    df: int
    p_value: float


@dataclass(frozen=True, slots=True)
class PointsRow:
    """One line of the score card: a range of a predictor, its points and what they stand for.

    Parameters
    ----------
    column, label : str
        The predictor.
    range : str
        In words, such as ``>= 510``.
    points : int
        Given in this range.
    exact : float
        The points before rounding; for an index 0 or 1.
    n : int
        Patients in the range.
    """

    column: str
    label: str
    range: str
    points: int
    exact: float
    n: int


@dataclass(frozen=True, slots=True)
class RiskRow:
    """Predicted risk at one total, with who had it.

    Parameters
    ----------
    total : int
        A total that the score card can give.
    n, events : int
        Patients with this total, and their events; may be 0.
    predicted : float
        Risk by the model of the total, 0-1.
    band : str
        Name of the group or band.
    """

    total: int
    n: int
    events: int
    predicted: float
    band: str


@dataclass(frozen=True, slots=True)
class RoundingLoss:
    """What rounding to whole points costs: the same measure before and after, apparent.

    Parameters
    ----------
    name, label : str
        ``auc``, ``c_index`` or ``brier``; reader's name.
    exact, points : float
        Of the unrounded regression, and of the total.
    """

    name: str
    label: str
    exact: float
    points: float


@dataclass(frozen=True, slots=True)
class InstabilityBand:
    """Patients of like predicted risk, and the risks that repeated developments give them.

    Parameters
    ----------
    predicted : float
        Mean of their predicted risks by the score, 0-1.
    n : int
        Patients, at least five.
    low, median, high : float
        Median of all their resampled predictions together, and percentiles on either side that
        hold ``level`` of them, 0-1.
    """

    predicted: float
    n: int
    low: float
    median: float
    high: float


@dataclass(frozen=True, slots=True)
class PredictionInstability:
    """How much the risk told to a patient owes to who else was in the cohort.

    Parameters
    ----------
    resamples : int
        Whose score predicted every patient; a resample that could not be developed has none.
    mean_absolute_difference : Estimate
        Mean over patients and resamples of the distance between the risk by the resample's score
        and that by the score, 0-1, with its Monte-Carlo interval.
    regrouped : Estimate or None
        Share of patients whom a resample's score puts into another risk group, its groups formed
        again as those of the score were, with its Monte-Carlo interval; None where the score has
        one group.
    level : float
        Share of the resampled predictions between ``low`` and ``high`` of a band: 0.95.
    bands : tuple of InstabilityBand
        By rising predicted risk; no patient stands alone.
    method : str
        What was repeated, and how the bands were made.
    """

    resamples: int
    mean_absolute_difference: Estimate
    regrouped: Estimate | None
    level: float
    bands: tuple[InstabilityBand, ...]
    method: str
