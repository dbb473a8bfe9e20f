"""What a simulated ward comes to: numbers of many, no row of anybody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cartwheel.finding import Finding
from cartwheel.watch.burden import Burden
from cartwheel.watch.drift_rows import Drift

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
class WholePath:
    """Whether the whole path said the same as the pure step.

    Parameters
    ----------
    interface : str
        Through which the messages went: ``hl7``.
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
    ward : str
        What it is called.
    counts : SimulationCounts
        How much was followed.
    targets : tuple of TargetCount
        In the order of the ward file.
    burden : Burden
        Alerts: how many, how soon seen, what followed.
    drift : Drift or None
        By file, and by quarter of its patients in their order; None with too few patients.
    findings : tuple of Finding
        What a referee says of the drift.
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
    counts: SimulationCounts
    targets: tuple[TargetCount, ...]
    burden: Burden
    drift: Drift | None
    findings: tuple[Finding, ...]
    whole_path: WholePath | None
    notes: tuple[str, ...]
