"""A small following for tests of the ward's log: one answer per name, one alert above a limit."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from cartwheel.canonical import sha256
from cartwheel.store.ward_json import known_of, known_text
from cartwheel.watch.observation import Entry, Observation, Stay, Tick, supersedes
from cartwheel.watch.standing import AlertEvent, Changed, Event, Standing


def standing(name: str, at: datetime, value: float | None) -> Standing:
    return Standing(
        target=name, version="1", kind="score", at=at, value=value, low=value, high=value,
        band=None, bands=(), risk=None, risk_low=None, risk_high=None, text=f"{name} {value}",
        deciding=(), missing=(), inputs=(), warnings=(), reasons=(),
    )  # fmt: skip


@dataclass(frozen=True)
class FakeEpisode:
    versions: Mapping[str, Observation]
    said: Mapping[str, float | None]
    alert: str = ""
    due: datetime | None = None


class FakeFollowing:
    """Says of each name the value taken last; CRP above a limit raises an alert."""

    def __init__(self, limit: int = 100, fails_on: str = "") -> None:
        self.limit, self.fails_on = limit, fails_on
        self.content, self.parts = f"limit = {limit}".encode(), ()
        self.sha256 = sha256(self.content).removeprefix("sha256:")
        self.by = "fake/1"
        self.names = frozenset({"crp", "ferritin", "temperature", "infusion", "platelets"})

    def begin(self, _patient: str) -> FakeEpisode:
        return FakeEpisode({}, {})

    def advance(
        self, episode: FakeEpisode, entry: Entry, *, alerts: bool
    ) -> tuple[FakeEpisode, tuple[Event, ...]]:
        what = entry.what
        if isinstance(what, Stay):
            return episode, ()
        if isinstance(what, Tick):
            return replace(episode, due=None), ()
        if not isinstance(what, Observation):
            return self._acknowledge(episode, what)
        if self.fails_on and what.source.endswith(self.fails_on):
            raise ZeroDivisionError
        old = episode.versions.get(what.source)
        if old is not None and not supersedes(what, old):
            return episode, ()
        after = replace(
            episode,
            versions={**episode.versions, what.source: what},
            due=what.taken_at + timedelta(hours=8),
        )
        return self._say(after, what, entry, alerts)

    def _acknowledge(
        self, episode: FakeEpisode, what: Any
    ) -> tuple[FakeEpisode, tuple[Event, ...]]:
        if what.alert != episode.alert:
            return episode, ()
        seen = AlertEvent(what.alert, "crp-high", "acknowledged", what.at, "warning", "CRP",
                          who=what.who, reason=what.reason)  # fmt: skip
        return episode, (seen,)

    def _say(
        self, episode: FakeEpisode, what: Observation, entry: Entry, alerts: bool
    ) -> tuple[FakeEpisode, tuple[Event, ...]]:
        counted = [
            one for one in episode.versions.values()
            if one.name == what.name and one.status != "withdrawn"
        ]  # fmt: skip
        last = max(counted, key=lambda one: (one.taken_at, one.source), default=None)
        value = float(last.value) if last and isinstance(last.value, Decimal) else None
        events: list[Event] = []
        if what.name not in episode.said or episode.said[what.name] != value:
            events.append(Changed(what.taken_at, None, standing(what.name, what.taken_at, value),
                                  False))  # fmt: skip
        after = replace(episode, said={**episode.said, what.name: value})
        high = (after.said.get("crp") or 0) > self.limit
        if alerts and high and not episode.alert:
            after = replace(after, alert=f"crp-high-{entry.number}")
            events.append(AlertEvent(after.alert, "crp-high", "raised", what.taken_at, "warning",
                                     "CRP"))  # fmt: skip
        elif alerts and not high and episode.alert:
            events.append(AlertEvent(episode.alert, "crp-high", "cleared", what.taken_at,
                                     "warning", "CRP"))  # fmt: skip
            after = replace(after, alert="")
        return after, tuple(events)

    def due_at(self, episode: FakeEpisode) -> datetime | None:
        return episode.due

    def version(self, episode: FakeEpisode, source: str) -> Observation | None:
        return episode.versions.get(source)

    def versions(self, episode: FakeEpisode) -> Mapping[str, Observation]:
        return episode.versions

    def write(self, episode: FakeEpisode) -> str:
        kept = {source: known_text(one)[1] for source, one in episode.versions.items()}
        due = None if episode.due is None else episode.due.isoformat()
        return json.dumps([kept, dict(episode.said), episode.alert, due])

    def read(self, text: str) -> FakeEpisode | None:
        kept, said, alert, due = json.loads(text)
        versions = {source: known_of("observation", body, "") for source, body in kept.items()}
        return FakeEpisode(versions, said, alert, due and datetime.fromisoformat(due))  # type: ignore[arg-type]

    def summary(
        self, episode: FakeEpisode, _known_at: datetime, alerts: Sequence[AlertEvent]
    ) -> str:
        return json.dumps({"said": dict(episode.said), "alerts": [one.alert for one in alerts]})
