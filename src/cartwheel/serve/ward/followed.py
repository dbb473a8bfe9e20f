"""The step that really follows patients: `cartwheel.watch` under one ward file."""

from __future__ import annotations

import json
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeAlias, cast

from cartwheel.serve.ward.following import EpisodeState
from cartwheel.store.ward_json import moment_text
from cartwheel.store.ward_parts import Part
from cartwheel.watch.advance import advance
from cartwheel.watch.episode import Episode, new_episode
from cartwheel.watch.observation import MILESTONES, Entry, Observation
from cartwheel.watch.policy import NEVER_OLD
from cartwheel.watch.snapshot import SCHEMA, episode_from_json, episode_to_json
from cartwheel.watch.standing import AlertEvent, Event, Standing
from cartwheel.watch.ward import Ward

SUMMARY = "cartwheel/ward-summary/1"
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)
# of so many patients the texts of what has not changed are kept
_MOST_TEXTS = 1000

# what a text was made from: the standing, and the last answers; not the whole of a history
_Texts: TypeAlias = dict[str, tuple[tuple[Standing, ...], str]]


class WardFollowing:
    """Follows patients by a ward file: see `cartwheel.serve.ward.following.Following`.

    Parameters
    ----------
    ward : Ward
        As it was read.
    content : bytes
        The ward file as it stands on disk.
    parts : sequence of Part
        The scores and models that it names, as they stand there.
    """

    def __init__(self, ward: Ward, content: bytes, parts: Sequence[Part] = ()) -> None:
        self.ward, self.content, self.parts = ward, content, tuple(parts)
        self.sha256 = ward.identity.removeprefix("sha256:")
        self.by = SCHEMA
        self.names: Container[str] = ward.names
        self._silent = replace(ward, alerts=())
        self._texts: dict[str, _Texts] = {}

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
        begins = {
            "schema": SUMMARY,
            "known_at": moment_text(known_at),
            "latest": None if known.horizon is None else moment_text(known.horizon),
            "taken": _last_taken(known),
            "infusion": None if known.infusion is None else moment_text(known.infusion),
        }
        ends = _ENCODER.encode([_alert(one) for one in alerts])
        standings = ",".join(self._standings(known))
        return f'{_ENCODER.encode(begins)[:-1]},"standings":{{{standings}}},"alerts":{ends}}}'

    def _standings(self, known: Episode) -> Iterator[str]:
        """Write what each target says; what is the same object as last time is not written anew."""
        before = self._texts.pop(known.patient, {})
        now: _Texts = {}
        # in the order of the ward file, whichever was assessed first
        for target in self.ward.targets:
            standing = known.standings.get(target.id)
            if standing is None:
                continue
            history = known.answers.get(target.id, ())
            made_from = (standing, *history[-2:])
            kept = before.get(target.id)
            if kept is None or not _same(kept[0], made_from):
                kept = (made_from, _ENCODER.encode({target.id: _told(standing, history)})[1:-1])
            now[target.id] = kept
            yield kept[1]
        if len(self._texts) >= _MOST_TEXTS:
            # those who were written longest ago
            for gone in tuple(self._texts)[: _MOST_TEXTS // 10]:
                self._texts.pop(gone, None)
        self._texts[known.patient] = now


def _same(one: tuple[Standing, ...], other: tuple[Standing, ...]) -> bool:
    """Tell whether they are the same objects, which do not change."""
    return len(one) == len(other) and all(a is b for a, b in zip(one, other, strict=True))


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
