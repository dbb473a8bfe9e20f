"""What a development found: numbers and words only, frozen, and all of them in the JSON.

Every field is plain data (text, numbers, tuples, ``Estimate``), so the JSON Schema is derived from
these types and the report is drawn from the JSON alone.
"""

from __future__ import annotations

from dataclasses import dataclass

from cartwheel.estimate import Estimate
from cartwheel.provenance import Provenance


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence the reader must see: a limit, an assumption, a cost.

    Parameters
    ----------
    code : str
        Stable short name.
    severity : str
        ``caution`` (printed as large as a result), ``assumption`` or ``information``.
    text : str
        The sentence.
    """

    code: str
    severity: str
    text: str


@dataclass(frozen=True, slots=True)
class FlowStep:
    """One line of the patient flow: who is left, and who went for which reason."""

    label: str
    patients: int
    events: int
    excluded: int
    excluded_events: int


@dataclass(frozen=True, slots=True)
class OutcomeSummary:
    """The outcome as analysed.

    Parameters
    ----------
    kind : str
        ``binary`` or ``survival``.
    label : str
        Column or name given by the plan.
    time_unit : str or None
        Unit of every time in the result (survival only).
    horizon : float or None
        Time at which risk, calibration and Brier score are read (survival only).
    landmark_day : float or None
        Day from which time runs and at which patients had to be event-free; None without landmark.
    patients, events : int
        Analysed.
    follow_up : Estimate or None
        Median follow-up by reverse Kaplan-Meier (survival only).
    """

    kind: str
    label: str
    time_unit: str | None
    horizon: float | None
    landmark_day: float | None
    patients: int
    events: int
    follow_up: Estimate | None


@dataclass(frozen=True, slots=True)
class Summary:
    """One cell of Table 1: median (quartiles) for numbers, count for categories."""

    n: int
    missing: int
    median: float | None
    lower_quartile: float | None
    upper_quartile: float | None
    count: int | None
    percent: float | None


@dataclass(frozen=True, slots=True)
class TableOneRow:
    """One row of Table 1: a variable (kind ``number``) or one level of it (kind ``level``).

    ``smd`` is the standardised difference between patients with and without the event;
    ``predictor`` says whether the row's column is a predictor of the plan.
    """

    column: str
    label: str
    unit: str
    kind: str
    level: str | None
    predictor: bool
    overall: Summary
    with_event: Summary
    without_event: Summary
    smd: float | None


@dataclass(frozen=True, slots=True)
class TermRow:
    """One row of a regression table.

    Parameters
    ----------
    term, label : str
        Machine and reader's name ("log2 ferritin (ug/L), day 0").
    effect : Estimate
        Odds or hazard ratio with interval.
    coefficient, std_error : float
        On the log scale.
    p_value : float
        Of the test named in ``test``.
    test : str
        Such as ``penalised likelihood ratio`` or ``Wald``.
    """

    term: str
    label: str
    effect: Estimate
    coefficient: float
    std_error: float
    p_value: float
    test: str


@dataclass(frozen=True, slots=True)
class RegressionTable:
    """A fitted model as a table; ``measure`` is ``odds ratio`` or ``hazard ratio``."""

    name: str
    measure: str
    method: str
    n: int
    events: int
    rows: tuple[TermRow, ...]


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
class SurvivalCurve:
    """Kaplan-Meier curve of one group, as steps; times in the outcome's unit.

    ``risk_times`` and ``at_risk`` make the table under the plot.
    """

    group: str
    n: int
    events: int
    median: Estimate
    at_horizon: Estimate
    times: tuple[float, ...]
    survival: tuple[float, ...]
    low: tuple[float | None, ...]
    high: tuple[float | None, ...]
    censor_times: tuple[float, ...]
    risk_times: tuple[float, ...]
    at_risk: tuple[int, ...]


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
class RocPoints:
    """ROC curve of one marker or score; thresholds fall, so the curve starts at (0, 0)."""

    name: str
    label: str
    auc: Estimate
    thresholds: tuple[float | None, ...]
    sensitivity: tuple[float, ...]
    specificity: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class CalibrationPoint:
    """A group of patients with like predictions: mean predicted and observed risk."""

    predicted: float
    observed: Estimate
    n: int


@dataclass(frozen=True, slots=True)
class Calibration:
    """Predicted against observed risk.

    ``curve`` holds (predicted, observed) of the fitted logistic or Cox recalibration line, apparent;
    ``corrected`` the same line with the optimism-corrected slope and intercept; ``histogram`` the
    distribution of predicted risk (risk, count).
    """

    points: tuple[CalibrationPoint, ...]
    curve: tuple[tuple[float, float], ...]
    corrected: tuple[tuple[float, float], ...]
    histogram: tuple[tuple[float, int], ...]


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


@dataclass(frozen=True, slots=True)
class SplineCurve:
    """The uncut relation of one predictor with the outcome (restricted cubic spline).

    ``x`` in the predictor's unit, ``log_effect`` relative to the median, with limits; ``knots`` in
    the predictor's unit; ``cut`` is drawn on it where there is one.
    """

    column: str
    label: str
    unit: str
    x: tuple[float, ...]
    log_effect: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    knots: tuple[float, ...]
    cut: float | None


@dataclass(frozen=True, slots=True)
class Association:
    """The index against a further column, by the test that fits the column."""

    column: str
    label: str
    kind: str
    test: str
    statistic: float
    df: float | None
    p_value: float
    p_adjusted: float
    n: int
    by_group: tuple[tuple[str, Summary], ...]


@dataclass(frozen=True, slots=True)
class GuardReport:
    """What the guard against time travel looked at and found.

    ``checked`` columns have a day and met an outcome with times; ``unchecked`` have none.
    ``cost_patients`` and ``cost_events`` were lost to the landmark.
    """

    landmark_day: float | None
    checked: tuple[str, ...]
    unchecked: tuple[str, ...]
    cost_patients: int
    cost_events: int
    text: str


@dataclass(frozen=True, slots=True)
class SampleSize:
    """What this many events can carry."""

    n: int
    events: int
    candidate_parameters: int
    events_per_parameter: float
    expected_shrinkage: float | None
    verdict: str


@dataclass(frozen=True, slots=True)
class ColumnNote:
    """What reading made of one column: variable, unit, day, and what was done to its values."""

    column: str
    variable: str | None
    label: str
    unit: str
    day: float | None
    kind: str
    n: int
    missing: int
    below_limit: int
    above_limit: int
    rule: str


@dataclass(frozen=True, slots=True)
class Development:
    """Everything ``cartwheel develop`` found. Parts that do not apply are empty or None."""

    title: str
    question: str
    method: str
    simulated: bool
    outcome: OutcomeSummary
    columns: tuple[ColumnNote, ...]
    flow: tuple[FlowStep, ...]
    guard: GuardReport
    sample_size: SampleSize
    notes: tuple[Note, ...]
    table_one: tuple[TableOneRow, ...]
    univariable: RegressionTable
    multivariable: RegressionTable | None
    index_model: RegressionTable | None
    adjusted_model: RegressionTable | None
    cutoffs: tuple[Cutoff, ...]
    selection: tuple[SelectionRow, ...]
    score_card: tuple[PointsRow, ...]
    risk_table: tuple[RiskRow, ...]
    rounding: tuple[RoundingLoss, ...]
    groups: tuple[GroupRow, ...]
    group_tests: tuple[GroupTest, ...]
    survival: tuple[SurvivalCurve, ...]
    roc: tuple[RocPoints, ...]
    calibration: Calibration | None
    performance: Performance
    uncut: Performance
    splines: tuple[SplineCurve, ...]
    associations: tuple[Association, ...]
    methods: tuple[str, ...]
    score_id: str
    score_sha256: str


@dataclass(frozen=True, slots=True)
class DevelopmentFile:
    """The JSON file: what it is, where it comes from, the plan it followed, and the result."""

    kind: str
    schema: str
    provenance: Provenance
    plan: dict[str, object]
    result: Development
