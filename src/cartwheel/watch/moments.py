"""At which moments something that a target reads changes, by a value or by time alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from cartwheel.watch.observation import TREATMENTS
from cartwheel.watch.targets import Target
from cartwheel.watch.track import NO_TRACK, Track
from cartwheel.watch.ward import Ward

Tracks = Mapping[str, Track]


def moments(
    ward: Ward, target: Target, tracks: Tracks, first: datetime, last: datetime
) -> list[datetime]:
    """List the moments at which something that a target reads changes.

    Parameters
    ----------
    ward : Ward
        Says how long values count.
    target : Target
        Which.
    tracks : mapping of str to Track
        The patient's values.
    first, last : datetime
        Which moments are asked for, both included.

    Returns
    -------
    list of datetime
        Ascending: where a value was taken, a treatment ended, a value became too old, or a day
        came on which the target turns. After a death nothing becomes too old.
    """
    until = min(last, _end_of_time(tracks, last))
    found: set[datetime] = set(tracks.get("death", NO_TRACK).taken(first, last))
    for name in target.reads:
        track = tracks.get(name)
        if track is None:
            continue
        found.update(track.taken(first, last))
        if name in TREATMENTS:
            found.update(end for end in _ends(track) if first <= end <= last)
        age = ward.ageing.get(name)
        if age is not None and name not in target.ageless:
            found.update(track.lapses(age, first, until))
    found.update(one for one in _turns(target.turning_days, tracks) if first <= one <= until)
    return sorted(found)


def next_turn(ward: Ward, name: str, tracks: Tracks, after: datetime) -> datetime | None:
    """Tell when a name changes next by time alone.

    Parameters
    ----------
    ward : Ward
        Says how long values count.
    name : str
        Of the observations.
    tracks : mapping of str to Track
        The patient's values.
    after : datetime
        Every value was taken by then.

    Returns
    -------
    datetime or None
        None where nothing that some target reads changes by time alone. The infusion changes on
        the days on which some target turns.
    """
    if name == "infusion":
        return min((turn for _, turn in day_turns(ward, tracks, after)), default=None)
    track = tracks.get(name)
    if track is None or not track.times or name not in ward.asking:
        return None
    found = [end for end in _ends(track) if end > after] if name in TREATMENTS else []
    age = ward.ageing.get(name)
    if age is not None:
        lapsed = track.times[-1] + age
        if lapsed > after and ("death" not in tracks or lapsed <= _end_of_time(tracks, lapsed)):
            found.append(lapsed)
    return min(found) if found else None


def day_turns(
    ward: Ward, tracks: Tracks, after: datetime, last: datetime | None = None
) -> Iterator[tuple[Target, datetime]]:
    """List which targets turn on a day since the infusion, and when.

    Parameters
    ----------
    ward : Ward
        Its targets.
    tracks : mapping of str to Track
        The patient's values.
    after : datetime
        Only later moments.
    last : datetime, optional
        Only moments up to it.

    Yields
    ------
    pair of Target and datetime
    """
    if "infusion" not in tracks:
        return
    for target in ward.targets:
        for moment in _turns(target.turning_days, tracks):
            asked_for = moment > after and (last is None or moment <= last)
            if asked_for and moment <= _end_of_time(tracks, moment):
                yield target, moment


def _turns(days: tuple[float, ...], tracks: Tracks) -> Iterator[datetime]:
    for began in tracks.get("infusion", NO_TRACK).times:
        for day in days:
            yield began + timedelta(days=day)


def _ends(track: Track) -> Iterator[datetime]:
    for one in track.values:
        if one.ends_at is not None:
            yield one.ends_at


def _end_of_time(tracks: Tracks, otherwise: datetime) -> datetime:
    """Moment of death, after which nothing becomes too old."""
    died = tracks.get("death", NO_TRACK).times
    return died[-1] if died else otherwise
