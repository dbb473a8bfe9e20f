"""What drift of a ward comes to: numbers of many, no row of anybody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cartwheel.finding import Finding
from cartwheel.watch.drift_rows import Drift

KIND, SCHEMA = "monitor-drift", "cartwheel/monitor-drift/1"


@dataclass(frozen=True, slots=True)
class DriftSource:
    """What drift was counted from.

    Parameters
    ----------
    cartwheel : str
        Version.
    ward_sha256 : str
        Identity of the ward file.
    last_entry : int
        Greatest number of a line of the log that is in it.
    counted_at : str
        UTC.
    outcomes : str
        Name of the file that says what followed; empty where the ward itself does.
    libraries : mapping of str to str
        Versions.
    """

    cartwheel: str
    ward_sha256: str
    last_entry: int
    counted_at: str
    outcomes: str
    libraries: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class DriftSettings:
    """How drift was looked for.

    Parameters
    ----------
    by : str
        ``month`` or ``quarter``, in the ward's own time zone.
    time_zone : str
        IANA name.
    reference_chosen : bool
        Somebody said the reference time; else it is the first half of the periods.
    told_within_hours : float
        A risk counts as told where it was within so long after the moment it is about.
    """

    by: str
    time_zone: str
    reference_chosen: bool
    told_within_hours: float


@dataclass(frozen=True, slots=True)
class DriftCounts:
    """How much was counted.

    Parameters
    ----------
    patients, values : int
        Whom somebody admitted and of whom something was measured; their values.
    periods : tuple of str
        Of infusions.
    places : tuple of str
        Where patients were last; empty where all were at one place.
    places_unknown : int
        Patients of whom no place is known.
    """

    patients: int
    values: int
    periods: tuple[str, ...]
    places: tuple[str, ...]
    places_unknown: int


@dataclass(frozen=True, slots=True)
class RiskCount:
    """Whose risks are compared with what followed.

    Parameters
    ----------
    name, target, event : str
        Of the row of calibration; of the score or model; what it is compared with.
    at_day, horizon_days : float
        When it was told, after the infusion; until how long after that.
    simulated : bool
        It was made from simulated patients.
    withheld : bool
        Fewer patients than are told, but more than none.
    told, open, without, before, early : int or None
        Patients: with one risk; with a range, since inputs were missing; with no answer; who had
        had the event; whose moment is still to come, or who were gone by then.
    """

    name: str
    target: str
    event: str
    at_day: float
    horizon_days: float
    simulated: bool
    withheld: bool
    told: int | None
    open: int | None
    without: int | None
    before: int | None
    early: int | None


@dataclass(frozen=True, slots=True)
class ParkedCount:
    """Items that could not be used when they came.

    Parameters
    ----------
    period, name, reason : str
        When, of what (empty where it is not known), and why.
    items : int
        How many.
    """

    period: str
    name: str
    reason: str
    items: int


@dataclass(frozen=True, slots=True)
class MonitorDrift:
    """What changed on a ward.

    Parameters
    ----------
    kind, schema : str
        ``monitor-drift`` and its form.
    source : DriftSource
        From what.
    ward : str
        What it is called.
    simulated : bool
        A score or model of the ward was made from simulated patients, or its name says that it is
        simulated.
    settings : DriftSettings
        How.
    counts : DriftCounts
        How much.
    risks : tuple of RiskCount
        What is compared with what followed.
    drift : Drift
        The rows; a centre is a place of the ward, and empty for all of it.
    parked : tuple of ParkedCount
        By period, name and reason.
    findings : tuple of Finding
        A referee's, gravest first.
    notes : tuple of str
        What a reader has to know.
    """

    kind: str
    schema: str
    source: DriftSource
    ward: str
    simulated: bool
    settings: DriftSettings
    counts: DriftCounts
    risks: tuple[RiskCount, ...]
    drift: Drift
    parked: tuple[ParkedCount, ...]
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]
