"""The step that really follows patients: `cartwheel.watch` under one ward file."""

from __future__ import annotations

import json
from collections.abc import Container, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, cast

from cartwheel.serve.ward.following import EpisodeState
from cartwheel.store.ward_json import moment_text
from cartwheel.watch.advance import advance
from cartwheel.watch.episode import Episode, new_episode
from cartwheel.watch.observation import MILESTONES, Entry, Observation
from cartwheel.watch.policy import NEVER_OLD
from cartwheel.watch.snapshot import episode_from_json, episode_to_json
from cartwheel.watch.standing import AlertEvent, Event, Standing
from cartwheel.watch.ward import Ward

SUMMARY = "cartwheel/ward-summary/1"
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)


class WardFollowing:
    """Follows patients by a ward file: see `cartwheel.serve.ward.following.Following`.

    Parameters
    ----------
    ward : Ward
        As it was read.
    content : bytes
        The ward file as it stands on disk.
    """

    def __init__(self, ward: Ward, content: bytes) -> None:
        self.ward, self.content = ward, content
        self.sha256 = ward.identity.removeprefix("sha256:")
        self.names: Container[str] = ward.names
        self._silent = replace(ward, alerts=())

    def begin(self, patient: str) -> EpisodeState:
        """Give the episode of which nothing is known."""
        return new_episode(patient)

    def advance(
        self, episode: EpisodeState, entry: Entry, *, alerts: bool
    ) -> tuple[EpisodeState, tuple[Event, ...]]:
        """Take one step."""
        return advance(self.ward if alerts else self._silent, cast(Episode, episode), entry)

    def due_at(self, episode: EpisodeState) -> datetime | None:
        """When time alone brings the next change."""
        return cast(Episode, episode).due_at

    def version(self, episode: EpisodeState, source: str) -> Observation | None:
        """Give the last version of a source."""
        return cast(Episode, episode).versions.of(source)

    def versions(self, episode: EpisodeState) -> Mapping[str, Observation]:
        """Give the last version of every source."""
        return cast(Episode, episode).versions.all()

    def write(self, episode: EpisodeState) -> str:
        """Write an episode."""
        return episode_to_json(self.ward, cast(Episode, episode))

    def read(self, text: str) -> EpisodeState | None:
        """Read it again."""
        return episode_from_json(self.ward, text)

    def summary(
        self, episode: EpisodeState, known_at: datetime, alerts: Sequence[AlertEvent]
    ) -> str:
        """Write what the page of all patients shows.

        Parameters
        ----------
        episode : Episode
            Of the patient.
        known_at : datetime
            UTC. Of the last line.
        alerts : sequence of AlertEvent
            Open ones, each with its latest step.

        Returns
        -------
        str
            JSON with ``schema``, ``known_at``, ``latest`` (the last moment that is known of),
            ``taken`` (when the last value was), ``infusion``, ``standings`` by target (``value``,
            ``low``, ``high``, ``band``, ``bands``, ``risk``, ``risk_low``, ``risk_high``, ``text``,
            ``missing``, ``reasons``, ``at``, ``oldest``, ``simulated``, ``since``, ``before``) and
            ``alerts`` (``alert``, ``rule``, ``step``, ``severity``, ``text``, ``at``, ``late``).
        """
        known = cast(Episode, episode)
        document = {
            "schema": SUMMARY,
            "known_at": moment_text(known_at),
            "latest": None if known.horizon is None else moment_text(known.horizon),
            "taken": _last_taken(known),
            "infusion": None if known.infusion is None else moment_text(known.infusion),
            # in the order of the ward file, whichever was assessed first
            "standings": {
                one.id: _told(known.standings[one.id], known.answers.get(one.id, ()))
                for one in self.ward.targets
                if one.id in known.standings
            },
            "alerts": [_alert(one) for one in alerts],
        }
        return _ENCODER.encode(document)


def _last_taken(known: Episode) -> str | None:
    moments = [
        track.times[-1]
        for name, track in known.tracks.items()
        if track.times and name not in MILESTONES
    ]
    return moment_text(max(moments)) if moments else None


def _told(one: Standing, history: tuple[Standing, ...]) -> dict[str, Any]:
    before = history[-2] if len(history) > 1 else None
    # of what ages; an age or a limit of the laboratory does not
    ageing = [
        used.taken_at
        for used in one.inputs
        if used.taken_at is not None and used.name not in NEVER_OLD
    ]
    return {
        "value": one.value,
        "low": one.low,
        "high": one.high,
        "band": one.band,
        "bands": one.bands,
        "risk": one.risk,
        "risk_low": one.risk_low,
        "risk_high": one.risk_high,
        "text": one.text,
        "missing": one.missing,
        "reasons": one.reasons,
        "at": moment_text(one.at),
        "oldest": moment_text(min(ageing)) if ageing else None,
        "simulated": one.simulated,
        "since": moment_text(history[-1].at) if history else None,
        "before": None
        if before is None
        else {"value": before.value, "band": before.band, "risk": before.risk},
    }


def _alert(one: AlertEvent) -> dict[str, Any]:
    return {
        "alert": one.alert,
        "rule": one.rule,
        "step": one.step,
        "severity": one.severity,
        "text": one.text,
        "at": moment_text(one.at),
        "late": one.late,
    }
