"""The life of alerts: raised once, escalated, acknowledged, cleared or withdrawn. Pure.

People live by the clock of the ward: quiet periods and escalation count from when something became
known. Conditions are about the patient: they are looked at for the moment at which values were
taken.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from hashlib import sha256

from cartwheel.watch.alert_conditions import Held, expected_window, holds, missing_from
from cartwheel.watch.alert_kinds import Expected, has_steps, singles
from cartwheel.watch.alert_rules import SEVERITIES, AlertRule
from cartwheel.watch.alert_state import FRESH, AlertState, OpenAlert, RuleState
from cartwheel.watch.observation import Acknowledgement
from cartwheel.watch.standing import AlertEvent, AlertStep, Standing
from cartwheel.watch.stay import DIED
from cartwheel.watch.view import View


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
    gone : str
        Why nobody is told anything of the patient any more; empty where he is here.
    """

    patient: str
    entry_number: int
    at: datetime
    known_at: datetime
    latest: bool
    standings: Mapping[str, Standing]
    view: View
    acknowledgement: Acknowledgement | None = None
    gone: str = ""


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
    is a correction. A withdrawn alert brings no quiet period, for nothing true was told; that of
    the one before it goes on. News about a moment that the last alert of the rule spoke for raises
    another only where it is worse.
    Where the patient died or left the ward, what is open is cleared with that as its reason and
    nothing is raised; only a rule that asks of what he died goes on after a death. If he comes back
    they begin anew.
    """
    changed: dict[str, RuleState] = {}
    events: list[AlertEvent] = []
    for rule in rules:
        before = state.rules.get(rule.id, FRESH)
        after = _stepped(rule, before, now, events)
        if after != before:
            changed[rule.id] = after
    return (AlertState({**state.rules, **changed}) if changed else state), tuple(events)


def _stepped(rule: AlertRule, state: RuleState, now: Now, events: list[AlertEvent]) -> RuleState:
    if now.gone and not (rule.of_death and now.gone == DIED):
        return _let_go(rule, state, now, events)
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
            ended, state.raised_at, max(state.level, ended.level), state.held_back,
            state.ended_at, state.before,
        )  # fmt: skip
    events.append(_event(rule, alert, ended, now))
    if ended == "withdrawn":
        raised_at, level, ended_at = state.before or (None, 0.0, None)
        return RuleState(None, raised_at, level, False, ended_at)
    return replace(state, open=None, level=alert.level, ended_at=now.at)


def _let_go(rule: AlertRule, state: RuleState, now: Now, events: list[AlertEvent]) -> RuleState:
    if not now.latest or state.raised_at is None:
        return state
    if state.open is not None:
        events.append(replace(_event(rule, state.open, "cleared", now), reason=now.gone))
    # it begins anew, but for what it has told of already
    return RuleState(ended_at=now.at)


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
    spoken_for = state.ended_at is not None and now.at <= state.ended_at and not now.latest
    if state.raised_at is None and spoken_for:
        return state
    if state.raised_at is not None and not _is_worse(rule, held.level, state.level):
        if now.known_at < state.raised_at + rule.quiet:
            return _held_back(state, now, True)
        if spoken_for:
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
    before = None if state == FRESH else (state.raised_at, state.level, state.ended_at)
    return RuleState(alert, now.known_at, held.level, before=before)


def _is_worse(rule: AlertRule, level: float, before: float) -> bool:
    # by their digits, so that 38.9 and 0.3 make 39.2
    return level > before and Decimal(repr(level)) - Decimal(repr(before)) >= rule.worse_by


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
    if due_at is None or now.known_at < due_at:
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
