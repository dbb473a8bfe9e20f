"""The life of alerts: raised once, escalated, acknowledged, cleared or withdrawn. Pure.

People live by the clock of the ward: quiet periods and escalation count from when something became
known. Conditions are about the patient: they are looked at for the moment at which values were
taken.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Any

from cartwheel.watch.alert_conditions import Held, expected_window, holds, missing_from
from cartwheel.watch.alert_rules import (
    SEVERITIES,
    AlertRule,
    Expected,
    Severity,
    has_steps,
    singles,
)
from cartwheel.watch.observation import Acknowledgement
from cartwheel.watch.standing import AlertEvent, AlertStep, Standing
from cartwheel.watch.view import View


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
        UTC. The clinical moment up to which that one spoke; None while it is open.
    """

    open: OpenAlert | None = None
    raised_at: datetime | None = None
    level: float = 0.0
    held_back: bool = False
    ended_at: datetime | None = None


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
_FRESH = RuleState()


@dataclass(frozen=True, slots=True)
class Now:
    """What the rules look at in one step.

    Parameters
    ----------
    patient : str
        The ward's own id.
    entry_number : int
        Line of the log that this follows from.
    at : datetime
        UTC. The moment looked at.
    known_at : datetime
        UTC. When the line was kept.
    latest : bool
        Nothing later is known of the patient; else it is news about the past.
    standings : mapping of str to Standing
        Answers at that moment, by target.
    view : View
        Values at that moment.
    acknowledgement : Acknowledgement or None
        Where the line is one.
    """

    patient: str
    entry_number: int
    at: datetime
    known_at: datetime
    latest: bool
    standings: Mapping[str, Standing]
    view: View
    acknowledgement: Acknowledgement | None = None


def step(
    rules: tuple[AlertRule, ...], state: AlertState, now: Now
) -> tuple[AlertState, tuple[AlertEvent, ...]]:
    """Look at every rule once.

    Parameters
    ----------
    rules : tuple of AlertRule
        Of the ward.
    state : AlertState
        What they remember of the patient.
    now : Now
        What there is to look at.

    Returns
    -------
    pair of AlertState and tuple of AlertEvent
        In the order of the rules.

    Notes
    -----
    A rule has at most one open alert of a patient. It is raised where the condition certainly
    holds, and ends where it certainly has not held for ``clear_after``: missing data do neither.
    It is withdrawn where its condition no longer holds at the very moment on which it rests: that
    is a correction. After a withdrawal there is no quiet period, for nothing true was told. News
    about a moment that the last alert of the rule spoke for raises another only where it is worse.
    """
    changed: dict[str, RuleState] = {}
    events: list[AlertEvent] = []
    for rule in rules:
        before = state.rules.get(rule.id, _FRESH)
        after = _stepped(rule, before, now, events)
        if after != before:
            changed[rule.id] = after
    return (AlertState({**state.rules, **changed}) if changed else state), tuple(events)


def _stepped(rule: AlertRule, state: RuleState, now: Now, events: list[AlertEvent]) -> RuleState:
    held = holds(rule.condition, now.standings, now.view)
    if state.open is None:
        return _maybe_raised(rule, state, held, now, events)
    if not now.latest:
        return replace(state, open=_looked_back(state.open, held, now))
    alert = _acknowledged(rule, state.open, now, events)
    alert = _worse(rule, alert, held, now, events)
    ended = _ended(rule, alert, held, now)
    if isinstance(ended, OpenAlert):
        ended = _escalated(rule, ended, now, events)
        # no quicker way in a step that is taken with every value
        return RuleState(
            ended, state.raised_at, max(state.level, ended.level), state.held_back, state.ended_at
        )
    events.append(_event(rule, alert, ended, now))
    if ended == "withdrawn":
        return _FRESH
    return replace(state, open=None, level=alert.level, ended_at=now.at)


def _looked_back(alert: OpenAlert, held: Held, now: Now) -> OpenAlert:
    """A correction may have taken away what an alert rests on."""
    if now.at == alert.at:
        return replace(alert, doubted=held.truth != "yes")
    if now.at == alert.held_at and held.truth != "yes":
        return replace(alert, held_at=None)
    return alert


def _maybe_raised(
    rule: AlertRule, state: RuleState, held: Held, now: Now, events: list[AlertEvent]
) -> RuleState:
    is_old = now.known_at - now.at > rule.late
    if held.truth != "yes" or is_old:
        return _held_back(state, now, False)
    if held.level <= state.level and state.raised_at is not None:
        if now.known_at < state.raised_at + rule.quiet:
            return _held_back(state, now, True)
        spoken_for = state.ended_at is not None and now.at <= state.ended_at
        if spoken_for and not now.latest:
            return state
    named = sha256(f"{now.patient} {rule.id} {now.entry_number}".encode()).hexdigest()[:24]
    alert = OpenAlert(
        id=named,
        at=now.at,
        severity=rule.severity,
        level=held.level,
        late=not now.latest,
        waiting_since=now.known_at,
    )
    events.append(_event(rule, alert, "raised", now))
    return RuleState(alert, now.known_at, held.level)


def _held_back(state: RuleState, now: Now, held_back: bool) -> RuleState:
    if not now.latest or state.held_back == held_back:
        return state
    return replace(state, held_back=held_back)


def _acknowledged(
    rule: AlertRule, alert: OpenAlert, now: Now, events: list[AlertEvent]
) -> OpenAlert:
    said = now.acknowledgement
    if said is None or said.alert != alert.id or alert.acknowledged:
        return alert
    if rule.reason_required and not said.reason.strip():
        return alert
    told = _event(rule, alert, "acknowledged", now)
    events.append(replace(told, at=said.at, who=said.who, reason=said.reason))
    return replace(alert, acknowledged=True)


def _worse(
    rule: AlertRule, alert: OpenAlert, held: Held, now: Now, events: list[AlertEvent]
) -> OpenAlert:
    """An alert that has been seen speaks again where the patient is a whole level worse."""
    if held.truth != "yes" or held.level <= alert.level:
        return alert
    if (
        not alert.acknowledged
        or int(held.level) <= int(alert.level)
        or not has_steps(rule.condition)
    ):
        return replace(alert, level=held.level)
    worse = replace(
        alert, level=held.level, acknowledged=False, waiting_since=now.known_at, escalations=0
    )
    events.append(_event(rule, worse, "escalated", now))
    return worse


def _ended(rule: AlertRule, alert: OpenAlert, held: Held, now: Now) -> OpenAlert | AlertStep:
    """Give how an alert ends, or the alert where it does not."""
    if held.truth == "yes":
        # where the condition holds now, it does not matter what the alert once rested on
        at = now.at if alert.doubted else alert.at
        held_at = None if now.at == at else now.at
        return OpenAlert(
            alert.id, at, alert.severity, alert.level, False, alert.waiting_since,
            alert.escalations, alert.acknowledged, held_at=held_at,
        )  # fmt: skip
    if alert.doubted and alert.held_at is not None:
        alert = replace(alert, at=alert.held_at, held_at=None, doubted=False)
    if alert.doubted or now.at == alert.at:
        return "withdrawn"
    if held.truth == "between":
        return alert if alert.no_since is None else replace(alert, no_since=None)
    since = alert.no_since or now.known_at
    if alert.late and not alert.acknowledged:
        return replace(alert, no_since=since)
    return "cleared" if now.known_at >= since + rule.clear_after else replace(alert, no_since=since)


def _escalated(rule: AlertRule, alert: OpenAlert, now: Now, events: list[AlertEvent]) -> OpenAlert:
    due_at = _escalation(rule, alert)
    # nobody is called again for a patient who died
    if due_at is None or now.known_at < due_at or now.view.last("death") is not None:
        return alert
    higher = SEVERITIES[min(SEVERITIES.index(alert.severity) + 1, len(SEVERITIES) - 1)]
    up = replace(
        alert, severity=higher, escalations=alert.escalations + 1, waiting_since=now.known_at
    )
    events.append(_event(rule, up, "escalated", now))
    return up


def _escalation(rule: AlertRule, alert: OpenAlert) -> datetime | None:
    """Give when an alert goes up; None where it has been seen, or can go no higher."""
    # a critical one is repeated once
    most = max(len(SEVERITIES) - 1 - SEVERITIES.index(rule.severity), 1)
    if rule.escalate is None or alert.acknowledged or alert.escalations >= most:
        return None
    return alert.waiting_since + rule.escalate


def _event(rule: AlertRule, alert: OpenAlert, how: AlertStep, now: Now) -> AlertEvent:
    return AlertEvent(alert.id, rule.id, how, now.at, alert.severity, rule.text, alert.late)


def due(rules: tuple[AlertRule, ...], state: AlertState, now: Now) -> datetime | None:
    """Tell when time alone brings the next step.

    Parameters
    ----------
    rules : tuple of AlertRule
        Of the ward.
    state : AlertState
        After the step.
    now : Now
        What it looked at.

    Returns
    -------
    datetime or None
        UTC, later than now; None where time alone brings nothing.
    """
    moments: list[datetime] = []
    for rule in rules:
        known = state.rules.get(rule.id)
        # the clock of the ward and the last moment known of the patient are two things
        if known is not None:
            moments += [one for one in _ward_dues(rule, known) if one > now.known_at]
        for single in singles(rule.condition):
            if isinstance(single, Expected):
                moments += [one for one in _missing_dues(single, now.view) if one > now.at]
    return min(moments, default=None)


def _ward_dues(rule: AlertRule, known: RuleState) -> Iterator[datetime]:
    if known.open is not None:
        escalation = _escalation(rule, known.open)
        if escalation is not None:
            yield escalation
        if known.open.no_since is not None and (known.open.acknowledged or not known.open.late):
            yield known.open.no_since + rule.clear_after
    if known.held_back and known.raised_at is not None:
        yield known.raised_at + rule.quiet


def _missing_dues(one: Expected, view: View) -> tuple[datetime, ...]:
    window = expected_window(one, view)
    if window is None:
        return ()
    called = (missing_from(one, view, window[0]), window[1])
    return tuple(moment for moment in called if moment <= window[1])


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
    return RuleState(
        alert, _moment(plain["raised_at"]), plain["level"], plain["held_back"],
        _moment(plain["ended_at"]),
    )  # fmt: skip
