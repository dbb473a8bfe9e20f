"""One patient whose log grows line by line: what is told, and what is due next."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from ward_patients import INFUSION, at, obs, tick, ward

from cartwheel.watch.advance import advance
from cartwheel.watch.alert_state import from_json, to_json
from cartwheel.watch.episode import new_episode
from cartwheel.watch.observation import Acknowledgement, Entry, Observation, Stay
from cartwheel.watch.standing import AlertEvent


class Bed:
    """One patient; hours from the infusion."""

    def __init__(self, *rules: dict[str, Any], **more: Any) -> None:
        self.ward = ward(alert=list(rules), **more)
        self.episode = new_episode("p")
        self.number = 0

    def _take(self, what: Any, hours: float) -> list[str]:
        self.number += 1
        line = Entry(self.number, at(hours), what)
        self.episode, events = advance(self.ward, self.episode, line)
        written = json.loads(json.dumps(to_json(self.episode.alerts)))
        assert from_json(written) == self.episode.alerts
        self.events = [one for one in events if isinstance(one, AlertEvent)]
        return [one.step + (" late" if one.late else "") for one in self.events]

    def temperature(self, hours: float, value: Any, known: float | None = None, **more: Any) -> Any:
        taken = obs("temperature", hours, value, **more)
        return self._take(taken, hours if known is None else known)

    def take(self, one: Observation, known: float) -> list[str]:
        return self._take(one, known)

    def here(self, hours: float, here: bool = True) -> list[str]:
        """The ward begins or ends to look after him."""
        return self._take(Stay("p", here, at(hours)), hours)

    def wait(self, hours: float) -> list[str]:
        return self._take(tick(hours), hours)

    def seen(self, hours: float, reason: str = "") -> list[str]:
        alert = next((one.id for one in self.episode.alerts.open_alerts()), "none")
        return self._take(Acknowledgement("p", alert, "who", reason, at(hours)), hours)

    @property
    def due(self) -> float | None:
        due_at = self.episode.due_at
        return None if due_at is None else _hours(due_at)


def _hours(moment: datetime) -> float:
    return (moment - INFUSION).total_seconds() / 3600
