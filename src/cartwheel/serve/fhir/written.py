"""What the ward says, as FHIR R4: RiskAssessment, Observation of a grade, DetectedIssue."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cartwheel.clinic.score_spec import INTENDED_USE
from cartwheel.serve.fhir.rules import UCUM
from cartwheel.store.ward_json import after_of, alert_of, moment_text
from cartwheel.store.ward_log import KeptEvent
from cartwheel.watch.standing import AlertEvent, InputAt, Standing

STANDING = "urn:cartwheel:standing"
ALERT = "urn:cartwheel:alert"
TARGET = "urn:cartwheel:target"
RULE = "urn:cartwheel:alert-rule"
STEP = "urn:cartwheel:alert-step"
KINDS = ("RiskAssessment", "Observation", "DetectedIssue")

_SEVERITY = {"critical": "high", "warning": "moderate", "info": "low"}
_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Written:
    """One resource, as it stands after its last event.

    Parameters
    ----------
    resource : mapping
        R4.
    event : int
        Number of the last event that changed it.
    version : int
        How many events have.
    entry : int
        Line of the log that the last event (of an alert the first one) followed from.
    used : tuple of InputAt
        What an answer rests on.
    alert : AlertEvent or None
        How an alert began.
    """

    resource: Mapping[str, Any]
    event: int
    version: int
    entry: int = 0
    used: tuple[InputAt, ...] = ()
    alert: AlertEvent | None = None


def standing_id(patient: str, target: str, at: str) -> str:
    """Name what a target says of a patient at a moment: said again, it is another version.

    Parameters
    ----------
    patient, target, at : str
        The ward's own id, the rule or score, the moment as it is kept.

    Returns
    -------
    str
        40 hexadecimal digits; it tells nothing of the patient.
    """
    return hashlib.sha256(f"{patient}|{target}|{at}".encode()).hexdigest()[:40]


def alert_id(patient: str, alert: str) -> str:
    """Name an alert as FHIR allows.

    Parameters
    ----------
    patient, alert : str
        The ward's own ids.

    Returns
    -------
    str
        40 hexadecimal digits.
    """
    return hashlib.sha256(f"{patient}|alert|{alert}".encode()).hexdigest()[:40]


def written_of(events: Iterable[KeptEvent], subject: Mapping[str, Any]) -> list[Written]:
    """Write what events of a patient say.

    Parameters
    ----------
    events : iterable of KeptEvent
        Of one patient, in order of number.
    subject : mapping
        Reference to him.

    Returns
    -------
    list of Written
        Each thing once, as it was said last; in the order of the last events.
    """
    found: dict[str, list[KeptEvent]] = {}
    for one in events:
        name = name_of(one)
        found.setdefault(name, []).append(one)
    written = [_written(name, several, subject) for name, several in found.items()]
    return sorted(written, key=lambda one: one.event)


def _written(name: str, events: Sequence[KeptEvent], subject: Mapping[str, Any]) -> Written:
    resource, number, many = _resource(name, events, subject), events[-1].number, len(events)
    if events[-1].kind == "alert":
        begun = alert_of(events[0].body)
        return Written(resource, number, many, events[0].entry, alert=begun)
    used = after_of(events[-1].body).inputs
    return Written(resource, number, many, events[-1].entry, used)


def name_of(event: KeptEvent) -> str:
    """Name the thing that an event is about.

    Parameters
    ----------
    event : KeptEvent
        Of the log.

    Returns
    -------
    str
        From `standing_id` or `alert_id`.
    """
    if event.kind == "alert":
        return alert_id(event.patient, alert_of(event.body).alert)
    return standing_id(event.patient, after_of(event.body).target, event.at)


def _resource(
    name: str, events: Sequence[KeptEvent], subject: Mapping[str, Any]
) -> Mapping[str, Any]:
    last = events[-1]
    if last.kind == "alert":
        resource = _issue(name, [alert_of(one.body) for one in events], subject)
    else:
        standing = after_of(last.body)
        write = _grade if standing.kind == "grade" else _risk
        resource = write(name, standing, subject, len(events), last.known_at)
    meta = {"versionId": str(len(events)), "lastUpdated": last.known_at}
    return {"resourceType": resource.pop("resourceType"), "id": name, "meta": meta, **resource}


def _risk(
    name: str, one: Standing, subject: Mapping[str, Any], versions: int, _known_at: str
) -> dict[str, Any]:
    answered = not one.reasons and (one.value, one.risk, one.band, one.low, one.risk_low) != (
        (None,) * 5
    )
    written: dict[str, Any] = {
        "resourceType": "RiskAssessment",
        "identifier": [{"system": STANDING, "value": name}],
        "status": _status(versions) if answered else "cancelled",
        "method": _target(one),
        "subject": dict(subject),
        "occurrenceDateTime": moment_text(one.at),
    }
    if one.inputs:
        written["basis"] = [{"display": used_text(used)} for used in one.inputs]
    if answered:
        written["prediction"] = [_prediction(one)]
    written["note"] = _notes(one)
    return written


def _prediction(one: Standing) -> dict[str, Any]:
    written: dict[str, Any] = {}
    if one.risk is not None:
        written["probabilityDecimal"] = round(one.risk, _DIGITS)
    elif one.risk_low is not None and one.risk_high is not None:
        # R4 wants the limits of a range in percent (ras-1)
        written["probabilityRange"] = {"low": _percent(one.risk_low),
                                       "high": _percent(one.risk_high)}  # fmt: skip
    bands = (one.band,) if one.band else one.bands
    if bands:
        written["qualitativeRisk"] = {"text": " or ".join(bands)}
    written["rationale"] = one.text or one.target
    return written


def _percent(share: float) -> dict[str, Any]:
    return {"value": round(100 * share, _DIGITS - 2), "unit": "%", "system": UCUM, "code": "%"}


def _grade(
    name: str, one: Standing, subject: Mapping[str, Any], versions: int, known_at: str
) -> dict[str, Any]:
    written: dict[str, Any] = {
        "resourceType": "Observation",
        "identifier": [{"system": STANDING, "value": name}],
        "status": _status(versions),
        "code": _target(one),
        "subject": dict(subject),
        "effectiveDateTime": moment_text(one.at),
        "issued": known_at,
    }
    if one.value is not None and one.value == int(one.value):
        written["valueInteger"] = int(one.value)
    elif one.low is not None and one.high is not None:
        written["valueRange"] = {"low": {"value": one.low}, "high": {"value": one.high}}
    else:
        written["dataAbsentReason"] = {
            "coding": [{
                "system": "http://terminology.hl7.org/CodeSystem/data-absent-reason",
                "code": "unknown",
            }]
        }  # fmt: skip
    written["note"] = _notes(one)
    if one.inputs:
        written["derivedFrom"] = [{"display": used_text(used)} for used in one.inputs]
    return written


def _status(versions: int) -> str:
    return "final" if versions == 1 else "corrected"


def _target(one: Standing) -> dict[str, Any]:
    coding = {"system": TARGET, "version": one.version, "code": one.target}
    return {"coding": [{key: value for key, value in coding.items() if value}], "text": one.target}


def used_text(one: InputAt) -> str:
    """Write a value that an answer rests on.

    Parameters
    ----------
    one : InputAt
        The value.

    Returns
    -------
    str
        Name, value, unit and moment.
    """
    value = " ".join(part for part in (one.name, one.value, one.unit) if part)
    return f"{value}, {moment_text(one.taken_at)}" if one.taken_at else f"{value}, by the ward file"


def _notes(one: Standing) -> list[dict[str, str]]:
    said = [one.text, *one.reasons, *one.deciding, *one.warnings]
    if one.missing:
        said.append(f"Missing: {', '.join(one.missing)}.")
    if one.simulated:
        said.append("Made from simulated patients.")
    return [{"text": text} for text in (*dict.fromkeys(filter(None, said)), INTENDED_USE)]


def _issue(name: str, steps: Sequence[AlertEvent], subject: Mapping[str, Any]) -> dict[str, Any]:
    first, last = steps[0], steps[-1]
    written: dict[str, Any] = {
        "resourceType": "DetectedIssue",
        "identifier": [{"system": ALERT, "value": name}],
        "status": "entered-in-error" if last.step == "withdrawn" else "final",
        "code": {"coding": [{"system": RULE, "code": last.rule}], "text": last.rule},
        "severity": _SEVERITY[last.severity],
        "patient": dict(subject),
        "identifiedDateTime": moment_text(first.at),
        "detail": f"{last.text or last.rule} {INTENDED_USE}",
    }
    done = [_mitigation(one) for one in steps if one.step != "raised"]
    if done:
        written["mitigation"] = done
    return written


def _mitigation(one: AlertEvent) -> dict[str, Any]:
    said = f"{one.step}: {one.reason}" if one.reason else one.step
    written: dict[str, Any] = {
        "action": {"coding": [{"system": STEP, "code": one.step}], "text": said},
        "date": moment_text(one.at),
    }
    if one.who:
        written["author"] = {"display": one.who}
    return written
