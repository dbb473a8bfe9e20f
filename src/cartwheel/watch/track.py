"""The values of one name in one patient, in order of time; putting one in gives another track."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cartwheel.watch.observation import Observation

LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Track:
    """Every value that counts of one name.

    Parameters
    ----------
    times : tuple of datetime
        When each was taken, ascending.
    values : tuple of Observation
        In the same order; of several taken at one moment the one issued last stands last.
    """

    times: tuple[datetime, ...] = ()
    values: tuple[Observation, ...] = ()

    def put(self, new: Observation) -> Track:
        """Give the track with one value more."""
        if not self.times or self.times[-1] < new.taken_at:
            return Track((*self.times, new.taken_at), (*self.values, new))
        place = bisect_left(self.times, new.taken_at)
        rank = _rank(new)
        while place < len(self.times) and _rank(self.values[place]) < rank:
            place += 1
        return Track(
            (*self.times[:place], new.taken_at, *self.times[place:]),
            (*self.values[:place], new, *self.values[place:]),
        )

    def without(self, old: Observation) -> Track:
        """Give the track without one of its values."""
        place = bisect_left(self.times, old.taken_at)
        while self.values[place] is not old and self.values[place] != old:
            place += 1
        return Track(
            (*self.times[:place], *self.times[place + 1 :]),
            (*self.values[:place], *self.values[place + 1 :]),
        )

    def last(self, at: datetime) -> Observation | None:
        """Give the last value taken at or before a moment, whatever its age."""
        times = self.times
        if times and times[-1] <= at:
            return self.values[-1]
        place = bisect_right(times, at)
        return self.values[place - 1] if place else None

    def until(self, at: datetime) -> tuple[Observation, ...]:
        """Give every value taken at or before a moment."""
        if not self.times or self.times[-1] <= at:
            return self.values
        return self.values[: bisect_right(self.times, at)]

    def between(self, first: datetime, last: datetime) -> tuple[Observation, ...]:
        """Give the values taken from one moment to another, both included."""
        return self.values[bisect_left(self.times, first) : bisect_right(self.times, last)]

    def taken(self, first: datetime, last: datetime) -> tuple[datetime, ...]:
        """Give the moments at which values were taken, both ends included."""
        return self.times[bisect_left(self.times, first) : bisect_right(self.times, last)]

    def lapses(self, age: timedelta, first: datetime, last: datetime) -> list[datetime]:
        """Give the moments at which a value became too old before another was taken.

        Parameters
        ----------
        age : timedelta
            How long a value counts.
        first, last : datetime
            Which moments are asked for, both included.

        Returns
        -------
        list of datetime
            Ascending.
        """
        found = []
        # moments before year 1 cannot be had
        start = first - age if first - LONG_AGO > age else LONG_AGO
        for place in range(bisect_left(self.times, start), len(self.times)):
            lapsed = self.times[place] + age
            if lapsed > last:
                break
            followed = place + 1 < len(self.times) and self.times[place + 1] <= lapsed
            if not followed and lapsed >= first:
                found.append(lapsed)
        return found


NO_TRACK = Track()


def _rank(one: Observation) -> tuple[datetime, datetime, str]:
    return one.taken_at, one.issued_at or LONG_AGO, one.source
