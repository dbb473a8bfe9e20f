"""What the alert rules remember of one patient; as plain data and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cartwheel.watch.alert_rules import Severity


@dataclass(frozen=True, slots=True)
class OpenAlert:
    """An alert that has not ended.

    Parameters
    ----------
    id : str
        Of the alert.
    at : datetime
        UTC. The clinical moment on which it rests.
    severity : {"info", "warning", "critical"}
        Now.
    level : float
        The worst yet.
    late : bool
        Raised by news about the past: it stays until somebody has seen it.
    waiting_since : datetime
        UTC. Raised or last escalated; from here the next escalation counts.
    escalations : int
        How often it went up because nobody answered.
    acknowledged : bool
        Somebody has seen it at its present level.
    no_since : datetime or None
        UTC. Since when its condition has certainly not held.
    doubted : bool
        A correction took away what it was raised on.
    held_at : datetime or None
        UTC. The last clinical moment at which its condition was seen to hold; None: only at `at`.
    """

    id: str
    at: datetime
    severity: Severity
    level: float
    late: bool
    waiting_since: datetime
    escalations: int = 0
    acknowledged: bool = False
    no_since: datetime | None = None
    doubted: bool = False
    held_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RuleState:
    """What one rule remembers of one patient.

    Parameters
    ----------
    open : OpenAlert or None
        Its alert, where one has not ended.
    raised_at : datetime or None
        UTC. When it last raised one.
    level : float
        The worst of that one.
    held_back : bool
        The condition holds, and the quiet period is not over.
    ended_at : datetime or None
        UTC. The clinical moment up to which that one spoke; None while it is open. It stays where
        the patient left, when all else is forgotten.
    before : tuple of (datetime or None, float, datetime or None), or None
        When the one before was raised, its worst, up to when it spoke: counts again where the last
        is withdrawn.
    """

    open: OpenAlert | None = None
    raised_at: datetime | None = None
    level: float = 0.0
    held_back: bool = False
    ended_at: datetime | None = None
    before: tuple[datetime | None, float, datetime | None] | None = None


@dataclass(frozen=True, slots=True)
class AlertState:
    """What every rule remembers of one patient.

    Parameters
    ----------
    rules : mapping of str to RuleState
        By id of the rule; those that never raised anything are not in it.
    """

    rules: Mapping[str, RuleState]

    def open_alerts(self) -> tuple[OpenAlert, ...]:
        """List the alerts that have not ended."""
        return tuple(one.open for one in self.rules.values() if one.open is not None)


NO_ALERTS = AlertState({})
FRESH = RuleState()
"""Of a rule that has told nothing, or begins anew."""


def to_json(state: AlertState) -> Any:
    """Write the state as plain data.

    Parameters
    ----------
    state : AlertState

    Returns
    -------
    dict
        By rule; moments as ISO 8601.
    """
    return {rule: _plain(one) for rule, one in state.rules.items()}


def _plain(one: RuleState) -> dict[str, Any]:
    alert = one.open
    return {
        "open": None if alert is None else [
            alert.id, alert.at.isoformat(), alert.severity, alert.level, alert.late,
            alert.waiting_since.isoformat(), alert.escalations, alert.acknowledged,
            _iso(alert.no_since), alert.doubted, _iso(alert.held_at),
        ],
        "raised_at": _iso(one.raised_at),
        "level": one.level,
        "held_back": one.held_back,
        "ended_at": _iso(one.ended_at),
        "before": None if one.before is None else [
            _iso(one.before[0]), one.before[1], _iso(one.before[2])
        ],
    }  # fmt: skip


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def from_json(data: Any) -> AlertState:
    """Read the state back.

    Parameters
    ----------
    data : dict
        From `to_json`.

    Returns
    -------
    AlertState
        Equal to the one that was written.
    """
    return AlertState({rule: _rule_state(one) for rule, one in data.items()})


def _rule_state(plain: Mapping[str, Any]) -> RuleState:
    alert = plain["open"]
    if alert is not None:
        named, at, severity, level, late, since, times, seen, no_since, doubted, held_at = alert
        alert = OpenAlert(
            named, datetime.fromisoformat(at), severity, level, late,
            datetime.fromisoformat(since), times, seen, _moment(no_since), doubted,
            _moment(held_at),
        )  # fmt: skip
    before = plain["before"]
    if before is not None:
        before = (_moment(before[0]), before[1], _moment(before[2]))
    return RuleState(
        alert, _moment(plain["raised_at"]), plain["level"], plain["held_back"],
        _moment(plain["ended_at"]), before,
    )  # fmt: skip
