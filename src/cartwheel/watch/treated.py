"""CRS through time: whether it was there before, and what was given since it began."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from cartwheel.clinic.toxicity.episode import TREATMENTS
from cartwheel.watch.facts import Fact, Told, is_none, stated
from cartwheel.watch.observation import Observation
from cartwheel.watch.standing import Standing
from cartwheel.watch.view import View


class Began(NamedTuple):
    """Since when there has been CRS, before the moment asked about.

    Parameters
    ----------
    certain : datetime or None
        First moment with a grade above 0.
    possible : datetime or None
        First moment that left a grade above 0 open.
    """

    certain: datetime | None
    possible: datetime | None


def began(earlier: Sequence[Standing], infusion: datetime) -> Began:
    """Read off earlier answers when CRS began.

    Parameters
    ----------
    earlier : sequence of Standing
        Of the same rule, in order of time, up to a moment after the infusion.
    infusion : datetime
        What was answered before it counts only where it still was the answer then.

    Returns
    -------
    Began

    Notes
    -----
    A moment without an answer leaves open whether there was CRS, as a day without a chart does in
    `cartwheel.clinic.toxicity.episode`.
    """
    # only changes are kept: a fever that lasts into a second infusion has its answer from before it
    until = bisect_right(earlier, infusion, key=lambda one: one.at)
    possible: datetime | None = None
    for one in earlier[max(until - 1, 0) :]:
        at = max(one.at, infusion)
        if one.high is None or one.high > 0:
            possible = possible or at
            if one.low is not None and one.low > 0:
                return Began(at, possible)
    return Began(None, possible)


def crs_course(view: View) -> Told:
    """Tell whether CRS was there before, and each treatment since it began.

    A charted ``crs_before`` is believed. Without CRS before, treatments decide nothing and are not
    told.

    Parameters
    ----------
    view : View
        The patient at the moment.

    Yields
    ------
    pair of str and Fact
    """
    infusion = view.infusion
    if infusion is None:
        return
    found = began(view.earlier, infusion) if view.at > infusion else Began(None, None)
    said = view.last("crs_before")
    before: bool | None = True if found.certain else None if found.possible else False
    if said is not None and isinstance(said.value, bool) and said.taken_at >= infusion:
        before = said.value
        if before:
            certain = min(found.certain or said.taken_at, said.taken_at)
            found = Began(certain, infusion)
    else:
        said = None
    if before is not None:
        yield "crs_before", Fact(before, said)
    if before is False:
        return
    for name in TREATMENTS:
        fact = _given_since(view, name, found)
        if fact is not None:
            yield name, fact


def _given_since(view: View, name: str, since: Began) -> Fact | None:
    first = since.possible or since.certain
    if first is None:
        return None
    charted = view.observations(name)
    if not charted:
        return _not_given(view, name)
    doses = [one for one in charted if not is_none(one) and _until(one) >= first]
    certain = [one for one in doses if since.certain and _until(one) >= since.certain]
    if certain:
        return Fact(True, certain[0])
    if doses:
        return None  # given while CRS may have been there
    last = view.latest(name)
    if last is not None and is_none(last) and last.taken_at >= first:
        return Fact(False, last)
    if name == "corticosteroid":
        said_none = max((at for at, one in enumerate(charted) if is_none(one)), default=-1)
        if any(one.ends_at is None for one in charted[said_none + 1 :]):
            return None  # begun before CRS; nobody said that it ended
    return _not_given(view, name)


def _not_given(view: View, name: str) -> Fact | None:
    """What the ward file says of a treatment of which no dose counts."""
    if view.policy.assumed.get(name) is False:
        return Fact(False, None, assumed="no")
    return stated(view, name) if name not in view.policy.assumed else None


def _until(one: Observation) -> datetime:
    """Last moment at which a dose was given, or a treatment that was stopped still ran."""
    return one.taken_at if one.ends_at is None else max(one.taken_at, one.ends_at)
