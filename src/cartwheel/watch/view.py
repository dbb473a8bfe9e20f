"""What is known of one patient at one moment: only values taken by then and young enough."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import lru_cache

from cartwheel.clinic.series import day_of
from cartwheel.watch.observation import Observation
from cartwheel.watch.policy import Policy
from cartwheel.watch.standing import Standing
from cartwheel.watch.track import NO_TRACK, Track

# a course asks for the same days with every count
_day_of = lru_cache(maxsize=32768)(day_of)


class View:
    """One patient as he is known at one moment.

    Parameters
    ----------
    policy : Policy
        What the ward states.
    tracks : mapping of str to Track
        Every value that counts, by name.
    at : datetime
        The moment, UTC.
    earlier : sequence of Standing
        What one target answered before this moment; empty where nobody asks.

    Notes
    -----
    A value counts from the moment at which it was taken until it is as old as the ward file lets it
    be; from then on it counts no more.
    """

    __slots__ = ("_infusion", "_tracks", "at", "earlier", "policy")

    def __init__(
        self,
        policy: Policy,
        tracks: Mapping[str, Track],
        at: datetime,
        earlier: Sequence[Standing] = (),
    ) -> None:
        self.policy = policy
        self.at = at
        self.earlier = earlier
        self._tracks = tracks
        began = tracks.get("infusion", NO_TRACK).last(at)
        self._infusion = None if began is None else began.taken_at

    @property
    def infusion(self) -> datetime | None:
        """Moment of day 0; None before it and where it is not known."""
        return self._infusion

    @property
    def day(self) -> Decimal | None:
        """Days since the infusion; None before it and where it is not known."""
        return None if self._infusion is None else _day_of(self.at, self._infusion)

    def day_of(self, moment: datetime) -> Decimal | None:
        """Days from the infusion to a moment, negative before it; None without infusion."""
        return None if self._infusion is None else _day_of(moment, self._infusion)

    def latest(self, name: str, at: datetime | None = None) -> Observation | None:
        """Give the value that counts.

        Parameters
        ----------
        name : str
            Of the observation.
        at : datetime, optional
            An earlier moment; by default that of the view.

        Returns
        -------
        Observation or None
            None where nothing was taken, or the last is too old: an older one does not come back.
        """
        track = self._tracks.get(name)
        if track is None:
            return None
        moment = self.at if at is None else at
        found = track.last(moment)
        if found is None:
            return None
        policy = self.policy
        age = policy.max_age.get(name, policy.default_age)
        return found if age is None or moment - found.taken_at < age else None

    def last(self, name: str, at: datetime | None = None) -> Observation | None:
        """Give the last value taken, whatever its age.

        Parameters
        ----------
        name : str
            Of the observation.
        at : datetime, optional
            An earlier moment; by default that of the view.

        Returns
        -------
        Observation or None
        """
        track = self._tracks.get(name)
        return None if track is None else track.last(self.at if at is None else at)

    def value(self, name: str, at: datetime | None = None) -> Decimal | None:
        """Give the number that counts; a value beyond a limit of detection stands at the limit.

        Parameters
        ----------
        name : str
            Of the observation.
        at : datetime, optional
            An earlier moment; by default that of the view.

        Returns
        -------
        Decimal or None
            None where there is none, it is too old, or it is no number.
        """
        found = self.latest(name, at)
        return found.value if found is not None and isinstance(found.value, Decimal) else None

    def readings(self, name: str) -> tuple[tuple[datetime, Decimal], ...]:
        """Give every number taken by now, whatever its age.

        Parameters
        ----------
        name : str
            Of the observation.

        Returns
        -------
        tuple of (datetime, Decimal)
            In order of time.
        """
        return tuple(
            (one.taken_at, one.value)
            for one in self.observations(name)
            if isinstance(one.value, Decimal)
        )

    def observations(self, name: str) -> tuple[Observation, ...]:
        """Give everything of a name taken by now, in order of time."""
        return self._tracks.get(name, NO_TRACK).until(self.at)

    def between(self, name: str, first: datetime, last: datetime) -> tuple[Observation, ...]:
        """Give everything of a name taken from one moment to another, both included, by now."""
        return self._tracks.get(name, NO_TRACK).between(first, min(last, self.at))

    def last_taken(self, name: str) -> datetime | None:
        """Tell when the last value of a name was taken, whatever its age."""
        found = self.last(name)
        return None if found is None else found.taken_at

    def running(self, name: str) -> tuple[Observation, ...]:
        """Give what runs at this moment: begun, and not stopped."""
        at = self.at
        age = self.policy.max_age.get(name)
        return tuple(
            one
            for one in self.observations(name)
            if one.ends_at is None or at < one.ends_at
            if age is None or at - one.taken_at < age
        )
