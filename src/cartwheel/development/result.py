"""What a development found: numbers and words only, frozen, and all of them in the JSON.

Every field is plain data (text, numbers, tuples, ``Estimate``), so the JSON Schema is derived from
these types and the report is drawn from the JSON alone.
"""

from __future__ import annotations

from dataclasses import dataclass

from cartwheel.development.result_curves import (
    Calibration as Calibration,
)
from cartwheel.development.result_curves import (
    CalibrationPoint as CalibrationPoint,
)
from cartwheel.development.result_curves import (
    RocPoints as RocPoints,
)
from cartwheel.development.result_curves import (
    SplineCurve as SplineCurve,
)
from cartwheel.development.result_curves import (
    SurvivalCurve as SurvivalCurve,
)
from cartwheel.development.result_score import (
    Cutoff as Cutoff,
)
from cartwheel.development.result_score import (
    GroupRow as GroupRow,
)
from cartwheel.development.result_score import (
    GroupTest as GroupTest,
)
from cartwheel.development.result_score import (
    Measure as Measure,
)
from cartwheel.development.result_score import (
    Performance as Performance,
)
from cartwheel.development.result_score import (
    PointsRow as PointsRow,
)
from cartwheel.development.result_score import (
    RiskRow as RiskRow,
)
from cartwheel.development.result_score import (
    RoundingLoss as RoundingLoss,
)
from cartwheel.development.result_score import (
    SelectionRow as SelectionRow,
)
from cartwheel.development.result_tables import (
    Association as Association,
)
from cartwheel.development.result_tables import (
    RegressionTable as RegressionTable,
)
from cartwheel.development.result_tables import (
    Summary as Summary,
)
from cartwheel.development.result_tables import (
    TableOneRow as TableOneRow,
)
from cartwheel.development.result_tables import (
    TermRow as TermRow,
)
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
