"""How a patient stands by one rule, score or model at one moment, and what changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

TargetKind: TypeAlias = Literal["grade", "score", "landmark"]


@dataclass(frozen=True, slots=True)
class InputAt:
    """One value that a standing rests on.

    Parameters
    ----------
    name : str
        Of the input.
    value : str
        As kept, with ``<`` or ``>`` where it is beyond a limit of detection.
    unit : str
        Canonical spelling; empty without one.
    taken_at : datetime or None
        UTC; None where the ward file states it.
    age_hours : float or None
        At the moment of the standing.
    """

    name: str
    value: str
    unit: str
    taken_at: datetime | None
    age_hours: float | None


@dataclass(frozen=True, slots=True)
class Standing:
    """The answer of one target for one patient at one moment.

    Parameters
    ----------
    target : str
        Id of the rule, score or model.
    version : str
        Of it.
    kind : {"grade", "score", "landmark"}
        What it is.
    at : datetime
        UTC. Only values taken at or before it are in it.
    value : float or None
        Grade, value of the score, or None where missing inputs leave it open.
    low, high : float or None
        Limits of what is still possible; both None where there is no answer at all.
    band : str or None
        Of a score; None where it is open or has none.
    bands : tuple of str
        Still possible.
    risk, risk_low, risk_high : float or None
        0 to 1, where the target gives one.
    text : str
        One sentence for the reader.
    deciding : tuple of str
        The data that decide, in words.
    missing : tuple of str
        Inputs without a value young enough that could still change the answer.
    inputs : tuple of InputAt
        What was used.
    warnings : tuple of str
        What the reader must know, also what the ward file assumes.
    reasons : tuple of str
        Why there is no answer; empty where there is one.
    simulated : bool
        The target was made from simulated patients.
    """

    target: str
    version: str
    kind: TargetKind
    at: datetime
    value: float | None
    low: float | None
    high: float | None
    band: str | None
    bands: tuple[str, ...]
    risk: float | None
    risk_low: float | None
    risk_high: float | None
    text: str
    deciding: tuple[str, ...]
    missing: tuple[str, ...]
    inputs: tuple[InputAt, ...]
    warnings: tuple[str, ...]
    reasons: tuple[str, ...]
    simulated: bool = False

    def same_answer(self, other: Standing | None) -> bool:
        """Tell whether two standings say the same, whatever the moment and the ages.

        Parameters
        ----------
        other : Standing or None

        Returns
        -------
        bool
        """
        return (
            other is not None
            and self.value == other.value
            and self.low == other.low
            and self.high == other.high
            and self.missing == other.missing
            and self.reasons == other.reasons
            and self.bands == other.bands
            and self.band == other.band
            and self.risk == other.risk
            and self.risk_low == other.risk_low
            and self.risk_high == other.risk_high
            and self.version == other.version
            and self.target == other.target
        )


@dataclass(frozen=True, slots=True)
class Changed:
    """A target says something else than was known for that moment.

    Parameters
    ----------
    at : datetime
        UTC. The clinical moment.
    before : Standing or None
        What was known for that moment until now: at the same moment, or the last one before it.
    after : Standing
        What is known now.
    late : bool
        A later moment was known already: the news is about the past.
    """

    at: datetime
    before: Standing | None
    after: Standing
    late: bool


AlertStep: TypeAlias = Literal["raised", "escalated", "acknowledged", "cleared", "withdrawn"]


@dataclass(frozen=True, slots=True)
class AlertEvent:
    """A step in the life of an alert.

    Parameters
    ----------
    alert : str
        Id, the same through its life: made from patient, rule and the entry that raised it.
    rule : str
        Id of the rule in the ward file.
    step : {"raised", "escalated", "acknowledged", "cleared", "withdrawn"}
        Withdrawn: a correction took away what it rested on.
    at : datetime
        UTC.
    severity : str
        ``info``, ``warning`` or ``critical``.
    text : str
        For the reader: which rule, on what.
    late : bool
        Raised by news about the past.
    who, reason : str
        Of an acknowledgement; a reason also where it was cleared because the patient left or died.
    """

    alert: str
    rule: str
    step: AlertStep
    at: datetime
    severity: Literal["info", "warning", "critical"]
    text: str
    late: bool = False
    who: str = ""
    reason: str = ""


Event: TypeAlias = Changed | AlertEvent
