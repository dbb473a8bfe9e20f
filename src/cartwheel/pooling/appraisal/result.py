"""What published numbers imply: numbers and words only, frozen, and all of them in the JSON."""

from __future__ import annotations

from dataclasses import dataclass

from cartwheel.estimate import Estimate
from cartwheel.note import Note
from cartwheel.pooling.appraisal.result_external import ExternalValidation
from cartwheel.pooling.appraisal.words import PaperWords
from cartwheel.pooling.result_analysis import EValue
from cartwheel.provenance import Provenance


@dataclass(frozen=True, slots=True)
class Check:
    """One question put to printed numbers.

    Parameters
    ----------
    code : str
        Stable name.
    agrees : bool or None
        None where it could not be asked.
    text : str
        Both numbers, in words.
    """

    code: str
    agrees: bool | None
    text: str


@dataclass(frozen=True, slots=True)
class ImpliedHeterogeneity:
    """What a printed I2 implies for k studies of equal precision.

    Parameters
    ----------
    i2 : Estimate
        As printed, in per cent, with the interval that Q implies.
    q : float or None
        Cochran's Q; None for an I2 of 0, which says only that Q is at most its degrees of freedom.
    q_low, q_high : float
        Range that rounding of I2 allows.
    q_df : int
        k - 1.
    q_p_value_low, q_p_value_high : float
        Range of its p.
    study_variance : float
        Sampling variance of one study.
    tau2, tau2_high : float
        Between-study variance at the printed I2, and at the upper limit of its interval.
    """

    i2: Estimate
    q: float | None
    q_low: float
    q_high: float
    q_df: int
    q_p_value_low: float
    q_p_value_high: float
    study_variance: float
    tau2: float
    tau2_high: float


@dataclass(frozen=True, slots=True)
class PooledAppraisal:
    """What follows from a published pooled effect without its study rows.

    Parameters
    ----------
    label : str
        Of the publication.
    outcome, measure, scale : str
        What was pooled; scale of the analysis.
    reported : str
        Digits as printed.
    row : int or None
        In the file; None where typed.
    source : str
        Where it was read.
    k : int or None
        Studies, where said.
    n : float or None
        Patients, where said.
    estimate : Estimate
        As printed.
    effect, std_error : float
        On the analysis scale.
    std_error_low, std_error_high : float
        Range that rounding of the printed limits allows.
    z, p_value : float or None
        Of no effect, normal; None for a proportion, which has no such value.
    total_weight : float
        Sum of the inverse variances: 1 / std_error squared.
    equivalent_events : float or None
        Events with which one comparison of two equal groups would be as precise; hazard ratios.
    checks : tuple of Check
        Whether the printed numbers agree with each other.
    heterogeneity : ImpliedHeterogeneity or None
        None without k and I2.
    knapp_hartung : Estimate or None
        The interval that Knapp and Hartung's method would have given.
    prediction, prediction_wide : Estimate or None
        Prediction interval at the printed I2, and at the upper limit of its interval; None for
        fewer than three studies.
    e_values : tuple of EValue
        For ratios; two where it was not said whether the outcome is rare.
    assumptions : tuple of str
        What the implied numbers rest on.
    unknown : tuple of str
        What cannot be known without the study rows.
    notes : tuple of Note
        Cautions first.
    """

    label: str
    outcome: str
    measure: str
    scale: str
    reported: str
    row: int | None
    source: str
    k: int | None
    n: float | None
    estimate: Estimate
    effect: float
    std_error: float
    std_error_low: float
    std_error_high: float
    z: float | None
    p_value: float | None
    total_weight: float
    equivalent_events: float | None
    checks: tuple[Check, ...]
    heterogeneity: ImpliedHeterogeneity | None
    knapp_hartung: Estimate | None
    prediction: Estimate | None
    prediction_wide: Estimate | None
    e_values: tuple[EValue, ...]
    assumptions: tuple[str, ...]
    unknown: tuple[str, ...]
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True)
class PatientsNeeded:
    """Patients that developing such a model needs, under one assumption of its strength.

    Parameters
    ----------
    assumption : str
        ``corrected`` for the expected optimism, ``apparent`` as printed, or ``fifteen_percent`` of
        the largest R2 possible.
    r2 : float
        Cox-Snell R2 then.
    criteria : tuple of (str, int)
        Name of each criterion and its number of patients.
    n : int
        The largest of them.
    events : float
        Expected among n.
    """

    assumption: str
    r2: float
    criteria: tuple[tuple[str, int], ...]
    n: int
    events: float


@dataclass(frozen=True, slots=True)
class ModelAppraisal:
    """What follows from what a paper says about its prediction model.

    Parameters
    ----------
    outcome : str
        ``binary`` or ``survival``.
    n, events, parameters : int
        As printed; parameters are candidates, those dropped included.
    events_per_parameter : float
        For a binary outcome, of the rarer class.
    given : str
        What was printed: ``auc``, ``r2`` or ``d``.
    auc_apparent : Estimate or None
        Binary outcome; interval from n and events alone.
    auc_corrected : float or None
        Expected in new patients.
    r2_apparent, r2_corrected, r2_largest : float
        Cox-Snell.
    likelihood_ratio : float
        Model chi-square implied.
    shrinkage : float
        Expected calibration slope; 0 or less where there is no more signal than chance gives.
    needed : tuple of PatientsNeeded
        By Riley's criteria.
    verdict : str
        In one sentence.
    assumptions : tuple of str
        What this rests on.
    unknown : tuple of str
        What cannot be known from these numbers.
    notes : tuple of Note
        Cautions first.
    """

    outcome: str
    n: int
    events: int
    parameters: int
    events_per_parameter: float
    given: str
    auc_apparent: Estimate | None
    auc_corrected: float | None
    r2_apparent: float
    r2_corrected: float
    r2_largest: float
    likelihood_ratio: float
    shrinkage: float
    needed: tuple[PatientsNeeded, ...]
    verdict: str
    assumptions: tuple[str, ...]
    unknown: tuple[str, ...]
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True)
class Appraisal:
    """Everything ``cartwheel appraise`` found.

    Parameters
    ----------
    title : str
        Given, or made.
    pooled : tuple of PooledAppraisal
        Empty where a model was appraised.
    model : ModelAppraisal or None
        None where pooled results were appraised.
    references : tuple of str
        Of the methods used.
    words : PaperWords or None
        How the paper made its model, as its reader said; None where nothing was said.
    external : ExternalValidation or None
        What an external validation of the model would show; None without a corrected AUC.
    """

    title: str
    pooled: tuple[PooledAppraisal, ...]
    model: ModelAppraisal | None
    references: tuple[str, ...]
    words: PaperWords | None = None
    external: ExternalValidation | None = None


@dataclass(frozen=True, slots=True)
class AppraiseFile:
    """The JSON file: what it is, where it comes from, what was said, and the result.

    Parameters
    ----------
    kind : str
        ``appraise``.
    schema : str
        ``cartwheel/appraise/1``.
    provenance : Provenance
        Software and data; without a file, its name and hash are empty.
    plan : dict
        Every option.
    result : Appraisal
        What was found.
    """

    kind: str
    schema: str
    provenance: Provenance
    plan: dict[str, object]
    result: Appraisal
