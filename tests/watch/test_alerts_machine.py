"""Alerts under any course: values late, corrected, withdrawn; time; acknowledgements."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from ward_patients import at, infusion, obs, tick, ward

from cartwheel.watch.advance import advance
from cartwheel.watch.alert_conditions import holds
from cartwheel.watch.alert_state import from_json, to_json
from cartwheel.watch.episode import new_episode
from cartwheel.watch.observation import Acknowledgement, Entry, Known, Observation, Stay
from cartwheel.watch.snapshot import episode_from_json, episode_to_json
from cartwheel.watch.standing import AlertEvent
from cartwheel.watch.stay import DIED, gone
from cartwheel.watch.view import View
from cartwheel.watch.ward import Ward

RULES = [
    {"id": "fever", "name": "temperature", "at_least": "38.5 Cel", "clear_below": "38 Cel",
     "severity": "info", "quiet_hours": 5, "escalate_minutes": 45, "late_hours": 6},
    {"id": "crs", "target": "astct-crs", "at_least": 2, "severity": "warning",
     "clear_after_hours": 2, "reason_required": True},
    {"id": "rise", "name": "crp", "times": 2, "within_hours": 12, "severity": "info",
     "quiet_hours": 4},
    {"id": "missing", "name": "crp", "every_hours": 8, "to_day": 1, "severity": "info"},
    {"id": "fatal", "target": "astct-crs", "at_least": 5, "severity": "critical",
     "escalate_minutes": 90},
    {"id": "two", "at_least": 2, "severity": "critical", "late_hours": 3, "escalate_minutes": 60,
     "any_of": [{"name": "crp", "at_least": "80 mg/L"}, {"target": "astct-crs", "at_least": 1},
                {"name": "temperature", "at_least": "39 Cel"}]},
]  # fmt: skip
WARD = ward(alert=RULES, max_age_hours={"default": 6})

VALUES = {
    "temperature": st.sampled_from(["37", "38.2", "38.5", "39", "39.5"]),
    "crp": st.sampled_from(["10", "25", "90", "0"]),
    "oxygen_device": st.sampled_from(["room air", "face mask"]),
    "hypotension": st.booleans(),
}


SILENT = replace(WARD, alerts=())


def _ward_of(what: Known | Stay, listed: bool) -> Ward:
    """As charts do: who is on no list is followed without alerts, but for what ends by it."""
    return WARD if listed or isinstance(what, Stay) else SILENT


class Patient(RuleBasedStateMachine):
    """A log that grows; what must be true of it after every line."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = 0.0
        self.listed = True
        self.lines: list[Entry] = []
        self.episode = new_episode("p")
        self.told: list[AlertEvent] = []
        self.known: dict[str, Observation] = {}
        # rule to the moment of its last alert that was not withdrawn, and what ended it
        self.raised_at: dict[str, datetime] = {}
        # rule and clinical moment of every alert that still stands, or ended by itself
        self.grounds: set[tuple[str, datetime]] = set()
        # of earlier stays: who comes back is looked at anew, but not told of the past again
        self.earlier: set[tuple[str, datetime]] = set()
        self.ground_of: dict[str, tuple[str, datetime]] = {}
        self.raised_before: dict[str, datetime | None] = {}

    @initialize(device=st.booleans())
    def begin(self, device: bool) -> None:
        self.line(infusion())
        if device:
            self.line(obs("oxygen_device", 0, "room air"))
            self.line(obs("hypotension", 0, False))

    def line(self, what: Known | Stay) -> None:
        entry = Entry(len(self.lines) + 1, at(self.clock), what)
        before, followed = self.episode, _ward_of(what, self.listed)
        self.listed = what.here if isinstance(what, Stay) else self.listed
        self.episode, events = advance(followed, before, entry)
        # the same from the state as it is kept in the store
        again, events_again = advance(
            followed, episode_from_json(WARD, episode_to_json(WARD, before)), entry
        )
        assert (again.alerts, events_again) == (self.episode.alerts, events)
        self.lines.append(entry)
        self.told += (new := [one for one in events if isinstance(one, AlertEvent)])
        for event in new:
            self.check(event)
        if not self.listed or any(one.step == "cleared" and one.reason for one in new):
            self.earlier |= self.grounds
            self.grounds = set()

    def check(self, event: AlertEvent) -> None:
        away = event.step == "cleared" and bool(event.reason)
        if event.step == "raised":
            self.raised_before[event.rule] = self.raised_at.get(event.rule)
            self.raised_at[event.rule] = at(self.clock)
            self.ground_of[event.alert] = (event.rule, event.at)
            assert not self.gone or (event.rule, self.gone) == ("fatal", DIED)
            ground = (event.rule, event.at)
            assert ground not in self.grounds
            assert not event.late or ground not in self.earlier
            self.grounds.add(ground)
        elif away:
            self.raised_at.pop(event.rule, None)
        elif event.step == "withdrawn":
            self.raised_at.pop(event.rule, None)
            if (before := self.raised_before.pop(event.rule, None)) is not None:
                self.raised_at[event.rule] = before
            ground = self.ground_of.pop(event.alert)
            self.grounds.discard(ground)
        condition = next(one.condition for one in WARD.alerts if one.id == event.rule)
        if away:
            assert event.reason == self.gone or self.closing
            return
        if event.step == "escalated":
            assert not self.gone or (event.rule, self.gone) == ("fatal", DIED)
        if event.step == "raised" and not event.late:
            held = holds(condition, self.episode.standings, self.view)
            assert held.truth == "yes"
        if event.step == "cleared":
            held = holds(condition, self.episode.standings, self.view)
            assert held.truth == "no"

    @property
    def view(self) -> View:
        assert self.episode.horizon is not None
        return View(WARD.policy, self.episode.tracks, self.episode.horizon)

    @property
    def gone(self) -> str:
        return "" if self.episode.horizon is None else gone(self.view)

    @property
    def closing(self) -> bool:
        last = self.lines[-1].what
        return isinstance(last, Stay) and not last.here

    @rule(name=st.sampled_from(["discharge", "discharge", "admission", "infusion", "death"]),
          late=st.sampled_from([0, 0, 2]))  # fmt: skip
    def milestone(self, name: str, late: int) -> None:
        one = obs(name, self.clock - late, source=f"{name} {len(self.lines)}")
        self.known[one.source] = one
        self.line(one)

    @rule(died=st.booleans())
    def of_what(self, died: bool) -> None:
        self.line(obs("died_of_crs", self.clock, died, source=f"died {len(self.lines)}"))

    @rule(here=st.booleans())
    def on_the_list(self, here: bool) -> None:
        self.line(Stay("p", here, at(self.clock)))
        if not here:
            self.raised_at = {}

    @rule(data=st.data(), name=st.sampled_from(sorted(VALUES)), late=st.sampled_from([0, 0, 1, 4]))
    def value(self, data: st.DataObject, name: str, late: int) -> None:
        if name == "hypotension":
            late = 0
        taken = self.clock - late
        source = f"{name} {len(self.lines)}"
        one = obs(name, taken, data.draw(VALUES[name]), source=source)
        self.known[source] = one
        self.line(one)

    @precondition(lambda self: self.known)
    @rule(data=st.data(), gone=st.booleans())
    def correction(self, data: st.DataObject, gone: bool) -> None:
        old = self.known[data.draw(st.sampled_from(sorted(self.known)))]
        hours = (old.taken_at - at(0)) / timedelta(hours=1)
        gone = gone or old.name not in VALUES
        value = None if gone else data.draw(VALUES[old.name])
        status = "withdrawn" if gone else "corrected"
        self.line(obs(old.name, hours, value, source=old.source, status=status))
        if gone:
            del self.known[old.source]

    @rule(hours=st.sampled_from([0.25, 1, 3, 7]))
    def time(self, hours: float) -> None:
        end = self.clock + hours
        while self.episode.due_at is not None and self.episode.due_at <= at(end):
            self.clock = max(self.clock, (self.episode.due_at - at(0)) / timedelta(hours=1))
            before = self.episode.due_at
            self.line(tick(self.clock))
            assert self.episode.due_at is None or self.episode.due_at > before
        self.clock = end

    @precondition(lambda self: self.episode.alerts.open_alerts())
    @rule(data=st.data(), reason=st.sampled_from(["", "seen"]))
    def acknowledgement(self, data: st.DataObject, reason: str) -> None:
        alert = data.draw(st.sampled_from(self.episode.alerts.open_alerts()))
        self.line(Acknowledgement("p", alert.id, "who", reason, at(self.clock)))
        state, told = self.episode.alerts, len(self.told)
        self.line(Acknowledgement("p", alert.id, "who", reason, at(self.clock)))
        assert (self.episode.alerts, len(self.told)) == (state, told)

    @rule()
    def repeat(self) -> None:
        if isinstance(self.lines[-1].what, Observation):
            before, told = self.episode, len(self.told)
            self.line(self.lines[-1].what)
            assert self.episode is before
            assert len(self.told) == told

    @invariant()
    def lives_are_whole(self) -> None:
        steps = Counter((one.alert, one.step) for one in self.told)
        ended = Counter(one.alert for one in self.told if one.step in ("cleared", "withdrawn"))
        assert all(count == 1 for (_, step), count in steps.items() if step == "raised")
        assert all(count == 1 for count in ended.values())
        begun: dict[str, str] = {}
        for one in self.told:
            if one.step == "raised":
                # never two open alerts of a rule
                assert one.rule not in begun
                begun[one.rule] = one.alert
            assert begun[one.rule] == one.alert
            if one.step in ("cleared", "withdrawn"):
                del begun[one.rule]
        assert {one.id for one in self.episode.alerts.open_alerts()} == set(begun.values())

    @invariant()
    def no_alert_is_lost(self) -> None:
        if self.episode.horizon is None:
            return
        if not self.listed:
            assert not self.episode.alerts.open_alerts()
            return
        for one in WARD.alerts:
            state = self.episode.alerts.rules.get(one.id)
            if self.gone and (one.id, self.gone) != ("fatal", DIED):
                assert state is None or state.open is None
                continue
            held = holds(one.condition, self.episode.standings, self.view)
            young = self.lines[-1].known_at - self.episode.horizon <= one.late
            last = self.raised_at.get(one.id)
            quiet = last is not None and self.lines[-1].known_at < last + one.quiet
            if held.truth == "yes" and young and not quiet:
                assert state is not None
                assert state.open is not None
            if held.truth == "yes" and young and quiet and (state is None or state.open is None):
                # held back: the clock will ask again
                assert state is not None
                assert state.held_back
                assert self.episode.due_at is not None
                assert last is not None
                assert self.episode.due_at <= last + one.quiet

    @invariant()
    def the_state_can_be_kept(self) -> None:
        plain = json.loads(json.dumps(to_json(self.episode.alerts)))
        assert from_json(plain) == self.episode.alerts

    def teardown(self) -> None:
        episode, told, listed = new_episode("p"), list[AlertEvent](), True
        for line in self.lines:
            followed = _ward_of(line.what, listed)
            listed = line.what.here if isinstance(line.what, Stay) else listed
            episode, events = advance(followed, episode, line)
            told += [one for one in events if isinstance(one, AlertEvent)]
        assert episode == self.episode
        assert told == self.told


TestPatient = Patient.TestCase
TestPatient.settings = settings(
    max_examples=60, stateful_step_count=30, deadline=None
)  # so that the file stays under 20 s
