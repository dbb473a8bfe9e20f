"""What a simulated ward comes to: numbers of many, no row of anybody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cartwheel.estimate import Estimate
from cartwheel.finding import Finding
from cartwheel.watch.alert_rules import Severity
from cartwheel.watch.burden import Burden
from cartwheel.watch.drift_rows import CalibrationDrift, Drift

KIND, SCHEMA = "monitor-simulation", "cartwheel/monitor-simulation/1"


@dataclass(frozen=True, slots=True)
class FollowedFile:
    """A file that was followed.

    Parameters
    ----------
    name, sha256 : str
        Of it.
    simulated : bool
        Its patients are simulated: its name says so.
    rows, patients : int
        In it.
    graded : tuple of str
        Rules by which it gives grades; they are not sent, they are what followed.
    unused : mapping of str to int
        Analyte or column that the ward does not know, and its values.
    """

    name: str
    sha256: str
    simulated: bool
    rows: int
    patients: int
    graded: tuple[str, ...]
    unused: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class SimulationSource:
    """What a simulation was made from.

    Parameters
    ----------
    cartwheel : str
        Version.
    ward_name, ward_sha256 : str
        Of the ward file; the hash is of what it says and of all that it names.
    files : tuple of FollowedFile
        What was followed.
    outcomes_name, outcomes_sha256 : str
        Of the file that says what followed; empty without one.
    libraries : mapping of str to str
        Versions.
    """

    cartwheel: str
    ward_name: str
    ward_sha256: str
    files: tuple[FollowedFile, ...]
    outcomes_name: str
    outcomes_sha256: str
    libraries: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class SimulationSettings:
    """What was taken for granted; all of it is simulated.

    Parameters
    ----------
    delay_minutes : float
        From taking a value to knowing it.
    every_days : float
        From one infusion to the next.
    responder_minutes, responder_share : float
        Median time to acknowledgement of the simulated responder, and the share he answers.
    seed : int
        Of the order of patients, of the responder, of permutations.
    outcome : str
        What alerts are to foretell; empty for nothing.
    outcome_from : str
        Who says that it came: the files, or the ward itself.
    within_hours : float
        How long after an alert it counts as foretold.
    """

    delay_minutes: float
    every_days: float
    responder_minutes: float
    responder_share: float
    seed: int
    outcome: str
    outcome_from: str
    within_hours: float


@dataclass(frozen=True, slots=True)
class SimulationCounts:
    """How much was followed.

    Parameters
    ----------
    patients, messages, values, entries, events : int
        Patients; moments at which something became known; values sent; lines of the log; events.
    parked : mapping of str to int
        ``reason: name`` of what could not be used, and how often.
    """

    patients: int
    messages: int
    values: int
    entries: int
    events: int
    parked: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class TargetCount:
    """What one target told.

    Parameters
    ----------
    id, kind, title : str
        Of it.
    simulated : bool
        It was made from simulated patients.
    patients : int
        Who ever had an answer of it, a range too.
    settled, open, refused : int
        Answers told anew: one answer; a range because inputs were missing; none.
    late : int
        Of them, those about the past.
    reasons : mapping of str to int
        Why there was none; reasons of fewer than five patients are counted together.
    """

    id: str
    kind: str
    title: str
    simulated: bool
    patients: int
    settled: int
    open: int
    refused: int
    late: int
    reasons: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class RuleSaid:
    """An alert rule of the ward file.

    Parameters
    ----------
    id, text : str
        What it is called, and what it says.
    severity : {"info", "warning", "critical"}
        With which it begins.
    """

    id: str
    text: str
    severity: Severity


@dataclass(frozen=True, slots=True)
class AlertDay:
    """Alerts of one day since the infusion of their patients.

    Parameters
    ----------
    day : int
        Whole days since the infusion; 0 is the first 24 hours.
    withheld : bool
        Fewer than five patients were followed on it: every number is None.
    patients, raised : int or None
        Followed on it; alerts raised on it.
    patient_days : float or None
        Days followed.
    per_patient_day : Estimate or None
        Alerts raised for each of them.
    """

    day: int
    withheld: bool
    patients: int | None
    patient_days: float | None
    raised: int | None
    per_patient_day: Estimate | None


@dataclass(frozen=True, slots=True)
class AlertHour:
    """Alerts of one hour of the ward's day.

    Parameters
    ----------
    hour : int
        0 to 23, in the ward's time zone.
    raised : int
        Alerts raised in it.
    """

    hour: int
    raised: int


@dataclass(frozen=True, slots=True)
class RiskCount:
    """Of how many patients a risk can be compared with what followed, and why not of others.

    Parameters
    ----------
    name, target : str
        What rows of it are called; id of the score or model.
    event : str
        With which it is compared.
    at_day, horizon_days : float
        Day after the infusion on which it was told, and how far it looks.
    told : int
        Patients of whom one risk was told by then.
    spread, unanswered : int
        Of whom there was only a range, or no answer.
    before, early : int
        In whom the event had come; of whom nothing is known from then on.
    """

    name: str
    target: str
    event: str
    at_day: float
    horizon_days: float
    told: int
    spread: int
    unanswered: int
    before: int
    early: int


@dataclass(frozen=True, slots=True)
class ComparedSide:
    """Alerts of one rule by one of two ward files.

    Parameters
    ----------
    raised, patients : int
        Alerts, and patients who had one.
    per_patient_day, minutes_to_acknowledgement, escalated : Estimate
        As of `cartwheel.watch.burden.BurdenRow`.
    predictive_value : Estimate or None
        As there.
    """

    raised: int
    patients: int
    per_patient_day: Estimate
    minutes_to_acknowledgement: Estimate
    escalated: Estimate
    predictive_value: Estimate | None


@dataclass(frozen=True, slots=True)
class ComparedRow:
    """The alerts of all rules, of one rule, or of one severity, by two ward files.

    Parameters
    ----------
    by, of : str
        As of `cartwheel.watch.burden.BurdenRow`.
    before, now : ComparedSide or None
        By the other ward file, and by this one; None where it has no such rule, or no alert of it.
    difference : Estimate or None
        Alerts a patient-day, now less before, of the same patients; None where they are not.
    """

    by: str
    of: str
    before: ComparedSide | None
    now: ComparedSide | None
    difference: Estimate | None


@dataclass(frozen=True, slots=True)
class Compared:
    """Two ward files beside each other.

    Parameters
    ----------
    name : str
        Of the file that was named: a result, or another ward file.
    ward, ward_sha256 : str
        What the other ward is called, and what its file says.
    same_patients : bool
        Both followed the same files.
    by_patient : bool
        The other ward file was followed anew: differences have intervals, by patient.
    differs : tuple of str
        What else was not the same: a difference need not be the rules'.
    foretold : str
        What alerts of the other were to foretell.
    patients : int
        Followed by it.
    patient_days : float
        Of them.
    sensitivity, lead_hours : Estimate or None
        Of the other.
    rows : tuple of ComparedRow
        All; rules; severities.
    """

    name: str
    ward: str
    ward_sha256: str
    same_patients: bool
    by_patient: bool
    differs: tuple[str, ...]
    foretold: str
    patients: int
    patient_days: float
    sensitivity: Estimate | None
    lead_hours: Estimate | None
    rows: tuple[ComparedRow, ...]


@dataclass(frozen=True, slots=True)
class WholePath:
    """Whether the whole path said the same as the pure step.

    Parameters
    ----------
    interface : str
        Through which the messages went: ``hl7`` or ``fhir``.
    store : str
        Where they were kept: ``SQLite``.
    messages, entries, events : int
        Taken, with their acknowledgements; lines and events kept.
    same : bool
        The events of every patient are the same, in the same order.
    replay_same : bool
        Replay of the log gives what was told live, byte for byte.
    """

    interface: str
    store: str
    messages: int
    entries: int
    events: int
    same: bool
    replay_same: bool


@dataclass(frozen=True, slots=True)
class MonitorSimulation:
    """What a ward would have been told, and what that would have cost and been worth.

    Parameters
    ----------
    kind, schema : str
        ``monitor-simulation`` and ``cartwheel/monitor-simulation/1``.
    source : SimulationSource
        Files and versions.
    simulated : bool
        Patients, a score or a model are simulated. Clock and responder always are.
    settings : SimulationSettings
        What was taken for granted.
    ward, time_zone : str
        What it is called, and where its hours are counted.
    rules : tuple of RuleSaid
        In the order of the ward file.
    counts : SimulationCounts
        How much was followed.
    targets : tuple of TargetCount
        In the order of the ward file.
    burden : Burden
        Alerts: how many, how soon seen, what followed.
    days, hours : tuple
        Alerts by days since the infusion, and by the hour of the day.
    risks : tuple of RiskCount
        Risks that were compared with what followed.
    calibration : tuple of CalibrationDrift
        Risks and what followed, of all patients of each file; empty where nothing says what
        followed, or no target tells a risk.
    drift : Drift or None
        By file, and by quarter of its patients in their order; None with too few patients.
    findings : tuple of Finding
        What a referee says of calibration and drift.
    against : Compared or None
        Another ward file beside this one.
    whole_path : WholePath or None
        None where only the pure step was taken.
    notes : tuple of str
        What the reader must know.
    """

    kind: str
    schema: str
    source: SimulationSource
    simulated: bool
    settings: SimulationSettings
    ward: str
    time_zone: str
    rules: tuple[RuleSaid, ...]
    counts: SimulationCounts
    targets: tuple[TargetCount, ...]
    burden: Burden
    days: tuple[AlertDay, ...]
    hours: tuple[AlertHour, ...]
    risks: tuple[RiskCount, ...]
    calibration: tuple[CalibrationDrift, ...]
    drift: Drift | None
    findings: tuple[Finding, ...]
    against: Compared | None
    whole_path: WholePath | None
    notes: tuple[str, ...]
