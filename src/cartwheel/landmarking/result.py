"""What a landmark prediction found: numbers and words only, no rows, no estimators."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cartwheel.estimate import Estimate
from cartwheel.landmarking.result_model import LandmarkModel
from cartwheel.note import Note
from cartwheel.patients import FlowStep
from cartwheel.provenance import Provenance

KIND, SCHEMA = "landmark", "cartwheel/landmark/1"


@dataclass(frozen=True, slots=True)
class OutcomeAccount:
    """What is predicted.

    Parameters
    ----------
    label : str
        For the reader.
    kind : "binary" or "survival"
    patients, events : int
        With a known outcome.
    competing_events : int or None
        Patients with another event, after which this one cannot come; None where none was declared.
    window_days : float or None
        How far each prediction looks; None for all that follows.
    leaves : str
        Who is no longer predicted from when on, as a sentence.
    """

    label: str
    kind: str
    patients: int
    events: int
    competing_events: int | None
    window_days: float | None
    leaves: str


@dataclass(frozen=True, slots=True)
class MarkerAccount:
    """What was read of one marker.

    Parameters
    ----------
    analyte, label, unit : str
        As the plan names it; for the reader; of the values.
    transform : str
        ``none``, ``log2`` or ``sqrt``.
    max_age_days : float or None
        Oldest value that may be carried forward; None for no limit.
    patients, values : int
        Patients of the cohort with any value, and their values.
    repeated, empty, below_limit, above_limit : int
        At one moment with another; rows without a value; written ``<x``, ``>x``.
    rule : str
        What was done in reading.
    """

    analyte: str
    label: str
    unit: str
    transform: str
    max_age_days: float | None
    patients: int
    values: int
    repeated: int
    empty: int
    below_limit: int
    above_limit: int
    rule: str


@dataclass(frozen=True, slots=True)
class LabsAccount:
    """What was read of the laboratory file.

    Parameters
    ----------
    name, sha256 : str
        Of the file.
    rows, rows_of_markers, rows_of_strangers : int
        Results; those of the markers; of them those of patients not in the cohort.
    columns : dict of str to str
        Which column was read as what.
    markers : tuple of MarkerAccount
        In the order of the plan.
    """

    name: str
    sha256: str
    rows: int
    rows_of_markers: int
    rows_of_strangers: int
    columns: dict[str, str]
    markers: tuple[MarkerAccount, ...]


@dataclass(frozen=True, slots=True)
class MarkerAtLandmark:
    """One marker among those still free of the event at one landmark.

    Parameters
    ----------
    analyte : str
        As the plan names it.
    missing : int
        Without a usable value; of them:
    too_old : int
        The last value is older than may be carried forward.
    within_a_day : int
        A value comes within 24 hours after the landmark, too late for it.
    median_age_days, oldest_age_days : float or None
        Of the values that were used.
    """

    analyte: str
    missing: int
    too_old: int
    within_a_day: int
    median_age_days: float | None
    oldest_age_days: float | None


@dataclass(frozen=True, slots=True)
class LandmarkAccount:
    """Who is predicted at one landmark.

    Parameters
    ----------
    day : float
        The landmark.
    eligible, events_left : int
        Free of the event and observed; of them with the event within the window.
    competing_left : int or None
        Of the eligible, with a competing event within the window, which counts as no event; None
        where none was declared.
    left : int
        Patients who had the event, an onset, or their last contact by then.
    missing, events_missing : int
        Eligible without a recent value of every marker; of them with the event.
    analysed, events : int
        In the models; of them with the event within the window.
    markers : tuple of MarkerAtLandmark
        In the order of the plan.
    state : "estimated", "few_events" or "not_estimable"
    reason : str
        Why nothing is estimated; empty where something is.
    """

    day: float
    eligible: int
    events_left: int
    competing_left: int | None
    left: int
    missing: int
    events_missing: int
    analysed: int
    events: int
    markers: tuple[MarkerAtLandmark, ...]
    state: str
    reason: str


@dataclass(frozen=True, slots=True)
class CoefficientRow:
    """One coefficient of a model.

    Parameters
    ----------
    term, unit : str
        For the reader: the marker, the landmark day, or their product; what one unit of it is.
    coefficient : float
        Log odds ratio or log hazard ratio.
    ratio : Estimate
        Odds or hazard ratio.
    """

    term: str
    unit: str
    coefficient: float
    ratio: Estimate


@dataclass(frozen=True, slots=True)
class ModelTable:
    """A fitted model as a table.

    Parameters
    ----------
    label : str
        For the reader.
    day : float or None
        The landmark; None for a model over all of them.
    measure : "odds ratio" or "hazard ratio"
    method : str
        How it was fitted.
    patients, rows, events : int
        Patients, their rows, and patients with the event.
    events_per_parameter : float
    coefficients : tuple of CoefficientRow
        Empty where nothing is estimated.
    reason : str
        Why not; empty where it is.
    """

    label: str
    day: float | None
    measure: str
    method: str
    patients: int
    rows: int
    events: int
    events_per_parameter: float
    coefficients: tuple[CoefficientRow, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class LandmarkMeasure:
    """One measure of performance: apparent and corrected side by side.

    Parameters
    ----------
    name, label : str
        Key, and words for the reader.
    better : "higher" or "lower"
    apparent, optimism, corrected : Estimate
        On the same patients; by how much that flatters; and without it.
    resamples : int
        In which the measure exists.
    """

    name: str
    label: str
    better: str
    apparent: Estimate
    optimism: Estimate
    corrected: Estimate
    resamples: int


@dataclass(frozen=True, slots=True)
class LandmarkPerformance:
    """Performance of one model at one landmark.

    Parameters
    ----------
    model : "own" or "super"
    day : float
        The landmark.
    patients, events : int
        On whom it is measured.
    null_brier : float or None
        Brier score of giving everybody the observed risk.
    measures : tuple of LandmarkMeasure
        Empty where the model does not exist.
    reason : str
        Why not; empty where it does.
    """

    model: str
    day: float
    patients: int
    events: int
    null_brier: float | None
    measures: tuple[LandmarkMeasure, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class LandmarkChange:
    """How discrimination changes from the first landmark to the last.

    Parameters
    ----------
    model : "own" or "super"
    from_day, to_day : float
    same_patients : bool
        Whether both are measured on the patients analysed at every landmark.
    patients, events : int or None
        Of those; None where the landmarks have patients of their own.
    by_landmark : tuple of LandmarkMeasure
        AUC at each landmark in the same patients; empty where each has its own.
    change : LandmarkMeasure
        AUC at the last minus AUC at the first.
    """

    model: str
    from_day: float
    to_day: float
    same_patients: bool
    patients: int | None
    events: int | None
    by_landmark: tuple[LandmarkMeasure, ...]
    change: LandmarkMeasure


@dataclass(frozen=True, slots=True)
class LandmarkResult:
    """Everything that a landmark prediction found.

    Parameters
    ----------
    title : str
    simulated : bool
    outcome : OutcomeAccount
    flow : tuple of FlowStep
        From the file to the patients with a known outcome.
    labs : LabsAccount
    landmarks : tuple of LandmarkAccount
        Every one that was asked for.
    models : tuple of ModelTable
        One a landmark.
    super_model : ModelTable
    between : ModelTable or None
        Survival: the Cox model with one baseline hazard, in which the landmark day is a term. It
        answers on days between landmarks, and its performance is not measured.
    performance : tuple of LandmarkPerformance
        Of each model at each landmark that can be estimated.
    changes : tuple of LandmarkChange
        From the first of them to the last; empty where there is one only.
    resamples, resamples_failed : int
        Drawn, and of them those in which nothing could be fitted.
    verdict : str
        What this shows and what it does not.
    notes : tuple of Note
    methods, references : tuple of str
    model : LandmarkModel or None
        To predict with; None where the super-model does not exist.
    """

    title: str
    simulated: bool
    outcome: OutcomeAccount
    flow: tuple[FlowStep, ...]
    labs: LabsAccount
    landmarks: tuple[LandmarkAccount, ...]
    models: tuple[ModelTable, ...]
    super_model: ModelTable
    between: ModelTable | None
    performance: tuple[LandmarkPerformance, ...]
    changes: tuple[LandmarkChange, ...]
    resamples: int
    resamples_failed: int
    verdict: str
    notes: tuple[Note, ...]
    methods: tuple[str, ...]
    references: tuple[str, ...]
    model: LandmarkModel | None


@dataclass(frozen=True, slots=True)
class LandmarkFile:
    """The JSON that ``cartwheel landmark`` writes.

    Parameters
    ----------
    kind, schema : str
        ``landmark`` and ``cartwheel/landmark/1``.
    provenance : Provenance
        Of the file of patients; that of the laboratory values is in ``result.labs``.
    plan : dict
        The whole plan, defaults included.
    result : LandmarkResult
    """

    kind: str
    schema: str
    provenance: Provenance
    plan: dict[str, Any]
    result: LandmarkResult
