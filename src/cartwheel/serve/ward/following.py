"""What the ward's log needs of the step that follows a patient: one place where both meet."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol, TypeAlias

from cartwheel.store.ward_parts import Part
from cartwheel.watch.observation import Entry, Observation
from cartwheel.watch.standing import AlertEvent, Event

EpisodeState: TypeAlias = Any
"""Opaque here: made, advanced and written by a `Following` alone, never changed."""


class Following(Protocol):
    """One ward file, and the pure step under it."""

    @property
    def sha256(self) -> str:
        """Identity of the ward file: 64 hexadecimal digits."""

    @property
    def content(self) -> bytes:
        """What the identity is of: kept, so that what followed from it can be explained."""

    @property
    def by(self) -> str:
        """How the program follows: another text where the same lines may give something else."""

    @property
    def parts(self) -> tuple[Part, ...]:
        """What the ward file names, kept with it."""

    @property
    def names(self) -> Container[str]:
        """Every name that a value may have."""

    def begin(self, patient: str) -> EpisodeState:
        """Give the episode of which nothing is known."""

    def advance(
        self, episode: EpisodeState, entry: Entry, *, alerts: bool
    ) -> tuple[EpisodeState, tuple[Event, ...]]:
        """Take one step; without ``alerts`` nothing is raised, escalated or cleared."""

    def due_at(self, episode: EpisodeState) -> datetime | None:
        """When time alone brings the next change."""

    def version(self, episode: EpisodeState, source: str) -> Observation | None:
        """Give the last version of a source; None for a new one."""

    def versions(self, episode: EpisodeState) -> Mapping[str, Observation]:
        """Give the last version of every source, withdrawn ones too."""

    def write(self, episode: EpisodeState) -> str:
        """Write an episode; the same one always as the same text."""

    def read(self, text: str) -> EpisodeState | None:
        """Read it again; None where another ward file or an older cartwheel wrote it."""

    def summary(
        self, episode: EpisodeState, known_at: datetime, alerts: Sequence[AlertEvent]
    ) -> str:
        """Write what the page of all patients shows, as JSON."""
