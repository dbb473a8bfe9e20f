"""The state of one patient: values, answers, alerts. Frozen; a step gives another one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from zlib import crc32

from cartwheel.watch.alert_state import NO_ALERTS, AlertState
from cartwheel.watch.observation import Observation
from cartwheel.watch.standing import Standing
from cartwheel.watch.track import Track

_BUCKETS = 64
_EMPTY: Mapping[str, Observation] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Versions:
    """The last version of every value by its source, withdrawn ones too.

    Parameters
    ----------
    buckets : tuple of mapping
        By a hash of the source that is the same everywhere; so a new value copies one small part.
    """

    buckets: tuple[Mapping[str, Observation], ...] = (_EMPTY,) * _BUCKETS

    def of(self, source: str) -> Observation | None:
        """Give the version that is known of a source; None for a new one."""
        return self.buckets[crc32(source.encode()) % _BUCKETS].get(source)

    def put(self, source: str, one: Observation) -> Versions:
        """Give the versions with this one in place of the one before."""
        place = crc32(source.encode()) % _BUCKETS
        changed = {**self.buckets[place], source: one}
        return Versions((*self.buckets[:place], changed, *self.buckets[place + 1 :]))

    def all(self) -> dict[str, Observation]:
        """Give every source with its last version."""
        return {source: one for bucket in self.buckets for source, one in bucket.items()}


@dataclass(frozen=True, slots=True)
class Episode:
    """What is known of one patient, and what followed from it.

    Parameters
    ----------
    patient : str
        The ward's own id.
    horizon : datetime or None
        The latest moment that is known of: of a value, or of the clock. None at the beginning.
    tracks : mapping of str to Track
        The values that count, by name.
    versions : Versions
        By source.
    turns : mapping of str to datetime
        Name to the next moment after the horizon at which it changes by time alone: its value
        becomes too old, or a treatment ends.
    answers : mapping of str to tuple of Standing
        By target, in order of time: only where the answer became another.
    standings : mapping of str to Standing
        By target: as last assessed, with the values and ages of that moment.
    alerts : AlertState
        Of the alert rules.
    due_at : datetime or None
        When the clock has to be told (by a `Tick`), UTC; None where time alone changes nothing.
    here_since : datetime or None
        UTC. When the ward took him onto its list; None where it did not, or took him off.
    """

    patient: str
    horizon: datetime | None
    tracks: Mapping[str, Track]
    versions: Versions
    turns: Mapping[str, datetime]
    answers: Mapping[str, tuple[Standing, ...]]
    standings: Mapping[str, Standing]
    alerts: AlertState
    due_at: datetime | None
    here_since: datetime | None = None

    @property
    def infusion(self) -> datetime | None:
        """Moment of the last infusion known; None without one."""
        track = self.tracks.get("infusion")
        return track.times[-1] if track is not None and track.times else None


def new_episode(patient: str) -> Episode:
    """Begin with nothing known.

    Parameters
    ----------
    patient : str
        The ward's own id.

    Returns
    -------
    Episode
    """
    return Episode(patient, None, {}, Versions(), {}, {}, {}, NO_ALERTS, None)


def answer_at(history: tuple[Standing, ...], moment: datetime) -> Standing | None:
    """Give the answer that holds at a moment.

    Parameters
    ----------
    history : tuple of Standing
        Of one target, in order of time.
    moment : datetime
        UTC.

    Returns
    -------
    Standing or None
        The last at or before it.
    """
    for one in reversed(history):
        if one.at <= moment:
            return one
    return None
