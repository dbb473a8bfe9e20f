"""What a validation found: numbers and words only, frozen, and all of them in the JSON."""

from __future__ import annotations

from dataclasses import dataclass

from cartwheel.estimate import Estimate
from cartwheel.finding import RefereeReport
from cartwheel.note import Note
from cartwheel.patients import FlowStep, GuardReport, OutcomeSummary
from cartwheel.provenance import Provenance
from cartwheel.validation.result_groups import Centres, Subgroup
from cartwheel.validation.result_score import NetBenefitCurve, ScoreResult
from cartwheel.validation.result_update import Update


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two scores on the same patients.

    Parameters
    ----------
    measure, label : str
        What is compared.
    first, second : str
        Names of the scores.
    difference : Estimate
        First minus second.
    p_value : float or None
        Two-sided, 0-1; None where only a bootstrap interval exists.
    """

    measure: str
    label: str
    first: str
    second: str
    difference: Estimate
    p_value: float | None


@dataclass(frozen=True, slots=True)
class Decision:
    """Clinical utility of all scores in one figure.

    Parameters
    ----------
    low, high : float
        Range of the thresholds, as asked.
    thresholds : tuple of float
        Risks, rising.
    curves : tuple of NetBenefitCurve
        The scores that give a risk, then treat all, then treat none.
    differences : tuple of Comparison
        Net benefit of pairs at the lowest, the middle and the highest threshold.
    left_out : tuple of str
        Scores without a risk.
    text : str
        How the range was chosen, and what the curves rest on.
    """

    low: float
    high: float
    thresholds: tuple[float, ...]
    curves: tuple[NetBenefitCurve, ...]
    differences: tuple[Comparison, ...]
    left_out: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class ImputedInput:
    """One input that was imputed.

    Parameters
    ----------
    column, label : str
        Which.
    missing : int
        Patients without it, of those that are imputed.
    percent : float
        Of them, 0-100.
    scale_reduction : float or None
        Gelman and Rubin's factor of the chains' means; near 1 when they have mixed.
    """

    column: str
    label: str
    missing: int
    percent: float
    scale_reduction: float | None


@dataclass(frozen=True, slots=True)
class ImputedMeasure:
    """One measure of one score, complete cases beside imputed.

    Parameters
    ----------
    score, name, label : str
        Which.
    complete : Estimate
        In patients in whom nothing is missing.
    imputed : Estimate
        In all patients, missing inputs imputed.
    monte_carlo_error : float
        Standard error of the imputed value that comes from the number of copies alone.
    missing_information : float or None
        Share, 0-1, by Rubin's rules; None where the measure has no standard error.
    """

    score: str
    name: str
    label: str
    complete: Estimate
    imputed: Estimate
    monte_carlo_error: float
    missing_information: float | None


@dataclass(frozen=True, slots=True)
class ImputedValidation:
    """Missing inputs imputed, beside complete cases.

    Parameters
    ----------
    imputations, iterations, resamples : int
        As planned.
    patients, events : int
        Eligible, without those whom a score refuses for another reason than a gap.
    complete_patients, complete_events : int
        Of them without any gap.
    inputs : tuple of ImputedInput
        Those with gaps.
    outcome_in_model : str
        How the outcome entered the imputation model.
    measures : tuple of ImputedMeasure
        Of every score.
    failed : int
        Resamples left out.
    text : str
        The same in sentences.
    """

    imputations: int
    iterations: int
    resamples: int
    patients: int
    events: int
    complete_patients: int
    complete_events: int
    inputs: tuple[ImputedInput, ...]
    outcome_in_model: str
    measures: tuple[ImputedMeasure, ...]
    failed: int
    text: str


@dataclass(frozen=True, slots=True)
class SizeRow:
    """What a sample can show of one measure.

    Parameters
    ----------
    criterion, label : str
        ``observed_expected``, ``calibration_slope``, ``c_statistic`` or ``net_benefit``.
    width_here : float or None
        Expected width of the interval with these patients, at the level of the plan (of O:E on its
        own scale); None where it cannot be computed.
    width_wanted : float
        Usual target.
    patients_needed, events_needed : int or None
        For that target; None where it cannot be computed.
    """

    criterion: str
    label: str
    width_here: float | None
    width_wanted: float
    patients_needed: int | None
    events_needed: int | None


@dataclass(frozen=True, slots=True)
class ValidationSize:
    """What this many events can and cannot show.

    Parameters
    ----------
    score : str
        Whose distribution of risks it was computed with.
    patients, events : int
        Analysed.
    rows : tuple of SizeRow
        By criterion.
    verdict : str
        The same in sentences.
    """

    score: str
    patients: int
    events: int
    rows: tuple[SizeRow, ...]
    verdict: str


@dataclass(frozen=True, slots=True)
class Validation:
    """Everything ``cartwheel validate`` found. Parts that were not asked for are empty or None.

    Parameters
    ----------
    title, question : str
        Of the plan; what was asked.
    simulated : bool
        Whether the patients, or those of a score's development, are simulated.
    outcome : OutcomeSummary
        As analysed; ``kind`` may be ``competing``.
    competing_events : int or None
        Events of other kinds; None unless the outcome is ``competing``.
    flow : tuple of FlowStep
        From the rows of the file to the patients analysed.
    guard : GuardReport
        Whether inputs came before the event.
    scores : tuple of ScoreResult
        In the order of the plan, all on the same patients.
    comparisons : tuple of Comparison
        Each pair of scores.
    decision : Decision or None
        None where no score gives a risk.
    subgroups : tuple of Subgroup
        As planned.
    centres : Centres or None
        None without a column of centres.
    imputation : ImputedValidation or None
        None where patients with missing inputs are left out.
    updates : tuple of Update
        One for each score, where asked.
    sizes : tuple of ValidationSize
        One for each score with a risk.
    notes : tuple of Note
        Cautions first; those of one score are with the score.
    methods : tuple of str
        Paragraphs for a methods section.
    """

    title: str
    question: str
    simulated: bool
    outcome: OutcomeSummary
    competing_events: int | None
    flow: tuple[FlowStep, ...]
    guard: GuardReport
    scores: tuple[ScoreResult, ...]
    comparisons: tuple[Comparison, ...]
    decision: Decision | None
    subgroups: tuple[Subgroup, ...]
    centres: Centres | None
    imputation: ImputedValidation | None
    updates: tuple[Update, ...]
    sizes: tuple[ValidationSize, ...]
    notes: tuple[Note, ...]
    methods: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ValidationFile:
    """The JSON file of a validation.

    Parameters
    ----------
    kind : str
        ``validate``.
    schema : str
        ``cartwheel/validate/1``.
    provenance : Provenance
        Software, data, plan and seed.
    plan : dict
        The whole plan, defaults included.
    result : Validation
        What was found.
    referee : RefereeReport or None
        What a reviewer will ask.
    """

    kind: str
    schema: str
    provenance: Provenance
    plan: dict[str, object]
    result: Validation
    referee: RefereeReport | None = None
