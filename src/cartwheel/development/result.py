"""What a development found: numbers and words only, frozen, and all of them in the JSON.

Every field is plain data (text, numbers, tuples, ``Estimate``), so the JSON Schema is derived from
these types and the report is drawn from the JSON alone.
"""

from __future__ import annotations

from dataclasses import dataclass

from cartwheel.development.result_curves import (
    Calibration as Calibration,
    CalibrationPoint as CalibrationPoint,
    RocPoints as RocPoints,
    SplineCurve as SplineCurve,
    SurvivalCurve as SurvivalCurve,
)
from cartwheel.development.result_imputation import (
    CompleteCases as CompleteCases,
    Imputation as Imputation,
    ImputedVariable as ImputedVariable,
    MonteCarloError as MonteCarloError,
)
from cartwheel.development.result_score import (
    Cutoff as Cutoff,
    GroupRow as GroupRow,
    GroupTest as GroupTest,
    InstabilityBand as InstabilityBand,
    Measure as Measure,
    Performance as Performance,
    PointsRow as PointsRow,
    PredictionInstability as PredictionInstability,
    RiskRow as RiskRow,
    RoundingLoss as RoundingLoss,
    SelectionRow as SelectionRow,
)
from cartwheel.development.result_tables import (
    Association as Association,
    ProportionalHazards as ProportionalHazards,
    ProportionalTerm as ProportionalTerm,
    RegressionTable as RegressionTable,
    Summary as Summary,
    TableOneRow as TableOneRow,
    TermRow as TermRow,
)
from cartwheel.finding import RefereeReport
from cartwheel.note import Note as Note
from cartwheel.patients import (
    FlowStep as FlowStep,
    GuardReport as GuardReport,
    OutcomeSummary as OutcomeSummary,
)
from cartwheel.provenance import Provenance


@dataclass(frozen=True, slots=True)
class SampleSize:
    """What this many events can carry.

    Parameters
    ----------
    n, events : int
        Patients and events analysed.
    candidate_parameters : int
        Every coefficient that was tried, and one more for each searched cut-off.
    events_per_parameter : float
        Events (binary: events or non-events, whichever are fewer) for each of them.
    expected_shrinkage : float or None
        Of the uncut model, by van Houwelingen and le Cessie: at most 1, below 0 where there is less
        signal than chance gives. None where it cannot be computed.
    verdict : str
        The same in sentences.
    """

    n: int
    events: int
    candidate_parameters: int
    events_per_parameter: float
    expected_shrinkage: float | None
    verdict: str


@dataclass(frozen=True, slots=True)
class ColumnNote:
    """What reading made of one column: variable, unit, day, and what was done to its values.

    Parameters
    ----------
    column, label : str
        Column of the cohort (or derived ratio), and reader's name.
    variable : str or None
        Name in the variable dictionary, or of the ratio.
    unit : str
        In which its values are analysed; empty where there is none.
    day : float or None
        Day of measurement; infusion is day 0.
    kind : str
        ``number``, ``ratio`` or ``category``.
    n, missing : int
        Eligible patients with a value, and without.
    below_limit, above_limit : int
        Values written ``<x`` or ``>x`` in all rows of the file; they stand at x.
    rule : str
        What was done to the values, as sentences; empty where nothing was.
    """

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
    """Everything ``cartwheel develop`` found. Parts that do not apply are empty or None.

    Parameters
    ----------
    title : str
        Of the plan, or made from the outcome.
    question : str
        What was asked.
    method : str
        ``index`` or ``points``.
    simulated : bool
        Whether the patients are simulated.
    outcome : OutcomeSummary
        The outcome as analysed.
    columns : tuple of ColumnNote
        Every column used.
    flow : tuple of FlowStep
        From the rows of the file to the patients analysed.
    guard : GuardReport
        Whether predictors came before the event.
    sample_size : SampleSize
        What the events can carry.
    notes : tuple of Note
        Cautions first.
    table_one : tuple of TableOneRow
        All eligible patients, before those with a missing predictor are left out.
    univariable : RegressionTable
        Each predictor alone: uncut for an index, as planned for points.
    multivariable : RegressionTable or None
        The regression behind the points; None for an index, or where nothing was kept.
    index_model : RegressionTable or None
        The index alone, per point; None for points.
    adjusted_model : RegressionTable or None
        The score with the adjustment columns; None where the plan has none, or it cannot be fitted.
    cutoffs : tuple of Cutoff
        Every cut-off.
    selection : tuple of SelectionRow
        Every candidate of a points score.
    score_card : tuple of PointsRow
        Every range with its points.
    risk_table : tuple of RiskRow
        Every possible total.
    rounding : tuple of RoundingLoss
        What whole points cost; empty for an index.
    groups : tuple of GroupRow
        Risk groups that have patients.
    group_tests : tuple of GroupTest
        Empty where fewer than two groups have patients.
    survival : tuple of SurvivalCurve
        One for each group; empty for a binary outcome.
    roc : tuple of RocPoints
        The score, then each continuous marker whose direction was stated.
    calibration : Calibration or None
        Of the score.
    performance, uncut : Performance
        Of the score, and of the same predictors neither cut nor rounded.
    splines : tuple of SplineCurve
        Every predictor that is more than a yes or no.
    associations : tuple of Association
        Further columns held against the total.
    methods : tuple of str
        Paragraphs for a methods section.
    score_id, score_sha256 : str
        Which score file was handed over.
    imputation : Imputation or None
        What was missing and how it was imputed; None where the plan leaves patients with missing
        predictors out.
    proportional_hazards : ProportionalHazards or None
        Whether hazard ratios hold over all of follow-up; None for a binary outcome, and where the
        total has no Cox model.
    instability : PredictionInstability or None
        How far the predicted risks move from resample to resample; None where fewer than two
        resamples could be developed, which ``methods`` says, and in a file of an older version.
    """

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
    imputation: Imputation | None = None
    proportional_hazards: ProportionalHazards | None = None
    instability: PredictionInstability | None = None


@dataclass(frozen=True, slots=True)
class DevelopmentFile:
    """The JSON file: what it is, where it comes from, the plan it followed, and the result.

    Parameters
    ----------
    kind : str
        ``develop``.
    schema : str
        Name and version of this form: ``cartwheel/develop/1``.
    provenance : Provenance
        Software, data, plan and seed.
    plan : dict
        The whole plan, defaults included.
    result : Development
        What was found.
    referee : RefereeReport or None
        What a reviewer will ask; None in a file of an older version.
    """

    kind: str
    schema: str
    provenance: Provenance
    plan: dict[str, object]
    result: Development
    referee: RefereeReport | None = None
