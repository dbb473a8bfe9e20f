"""An episode as text and back: equal again, so that a replay may begin in the middle."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from decimal import Decimal
from typing import Any

from cartwheel.watch.alert_state import from_json, to_json
from cartwheel.watch.episode import Episode, Versions
from cartwheel.watch.observation import Observation, Value
from cartwheel.watch.standing import InputAt, Standing
from cartwheel.watch.track import Track
from cartwheel.watch.ward import Ward

SCHEMA = "cartwheel/episode/3"
"""Rises with every change of what an episode holds, or of what follows from the same values."""

_STANDING = tuple(field.name for field in fields(Standing))
_TUPLES = frozenset({"bands", "deciding", "missing", "warnings", "reasons"})


def episode_to_json(ward: Ward, episode: Episode) -> str:
    """Write an episode.

    Parameters
    ----------
    ward : Ward
        By whose file it was made.
    episode : Episode
        To be kept.

    Returns
    -------
    str
        JSON; the same episode gives the same text, whatever the order in which values came.
    """
    versions = sorted(episode.versions.all().items())
    document = {
        "schema": SCHEMA,
        "ward": ward.identity,
        "patient": episode.patient,
        "horizon": _moment(episode.horizon),
        "due_at": _moment(episode.due_at),
        "here_since": _moment(episode.here_since),
        "versions": [[source, *_observation(one)] for source, one in versions],
        "tracks": {
            name: [_source_of(one) for one in track.values]
            for name, track in sorted(episode.tracks.items())
        },
        "turns": {name: _moment(turn) for name, turn in sorted(episode.turns.items())},
        "answers": {
            name: [_standing(one) for one in history]
            for name, history in sorted(episode.answers.items())
        },
        "standings": {name: _standing(one) for name, one in sorted(episode.standings.items())},
        "alerts": to_json(episode.alerts),
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def episode_from_json(ward: Ward, text: str) -> Episode | None:
    """Read an episode that was kept.

    Parameters
    ----------
    ward : Ward
        As it is followed now.
    text : str
        As `episode_to_json` wrote it.

    Returns
    -------
    Episode or None
        None where it was written by another ward file or another version of the library: then the
        log has to be replayed.
    """
    document = json.loads(text)
    if document.get("schema") != SCHEMA or document.get("ward") != ward.identity:
        return None
    versions = Versions()
    by_source: dict[str, Observation] = {}
    patient = document["patient"]
    for source, *parts in document["versions"]:
        by_source[source] = _read_observation(parts)
        versions = versions.put(source, by_source[source])
    return Episode(
        patient=patient,
        horizon=_read_moment(document["horizon"]),
        tracks={
            name: _track(tuple(by_source[source] for source in sources))
            for name, sources in document["tracks"].items()
        },
        versions=versions,
        turns=_moments(document["turns"]),
        answers={
            name: tuple(map(_read_standing, history))
            for name, history in document["answers"].items()
        },
        standings={name: _read_standing(one) for name, one in document["standings"].items()},
        alerts=from_json(document["alerts"]),
        due_at=_read_moment(document["due_at"]),
        here_since=_read_moment(document["here_since"]),
    )


def _track(values: tuple[Observation, ...]) -> Track:
    return Track(tuple(one.taken_at for one in values), values)


def _source_of(one: Observation) -> str:
    return one.source or f"{one.name} {one.taken_at.isoformat()}"


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _read_moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _moments(given: Mapping[str, str]) -> dict[str, datetime]:
    return {name: datetime.fromisoformat(text) for name, text in given.items()}


def _observation(one: Observation) -> list[Any]:
    return [
        one.patient, one.name, _moment(one.taken_at), _value(one.value), one.unit, one.limit,
        one.status, one.source, _moment(one.issued_at), _moment(one.ends_at),
    ]  # fmt: skip


def _read_observation(parts: list[Any]) -> Observation:
    patient, name, taken_at, value, unit, limit, status, source, issued_at, ends_at = parts
    return Observation(
        patient, name, datetime.fromisoformat(taken_at), _read_value(value), unit, limit, status,
        source, _read_moment(issued_at), _read_moment(ends_at),
    )  # fmt: skip


def _value(value: Value) -> Any:
    """Text stands in a list of its own kind, so that a number keeps its digits."""
    if isinstance(value, Decimal | int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, str):
        return ["text", value]
    return ["names", *value] if isinstance(value, tuple) else value


def _read_value(value: Any) -> Value:
    if isinstance(value, str):
        return Decimal(value)
    if isinstance(value, list):
        return value[1] if value[0] == "text" else tuple(value[1:])
    return bool(value) if value is not None else None


def _standing(one: Standing) -> list[Any]:
    row = []
    for name in _STANDING:
        part = getattr(one, name)
        if name == "at":
            part = part.isoformat()
        elif name == "inputs":
            part = [[x.name, x.value, x.unit, _moment(x.taken_at), x.age_hours] for x in part]
        row.append(part)
    return row


def _read_standing(row: list[Any]) -> Standing:
    parts = dict(zip(_STANDING, row, strict=True))
    parts["at"] = datetime.fromisoformat(parts["at"])
    parts["inputs"] = tuple(
        InputAt(name, value, unit, _read_moment(taken), age)
        for name, value, unit, taken, age in parts["inputs"]
    )
    for name in _TUPLES:
        parts[name] = tuple(parts[name])
    return Standing(**parts)
