"""Whether the condition of an alert rule holds at a moment: yes, no, or not known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal, TypeAlias

from cartwheel.watch.alert_kinds import (
    AtRisk,
    Condition,
    Expected,
    InBand,
    Measured,
    Reached,
    Rising,
    Several,
    Single,
)
from cartwheel.watch.observation import Observation
from cartwheel.watch.standing import Standing
from cartwheel.watch.stay import came_back
from cartwheel.watch.view import View

Truth: TypeAlias = Literal["yes", "no", "between"]
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Held:
    """Whether a condition holds.

    Parameters
    ----------
    truth : {"yes", "no", "between"}
        Certainly; certainly not; or neither, because data are missing or too old, or because a
        value lies between where an alert begins and where it ends.
    level : float
        How bad, where it holds: a higher one is worse.
    """

    truth: Truth
    level: float = 0.0


_YES, _NO, _BETWEEN = Held("yes"), Held("no"), Held("between")


def holds(condition: Condition, standings: Mapping[str, Standing], view: View) -> Held:
    """Look whether a condition holds.

    Parameters
    ----------
    condition : Condition
        Of a rule.
    standings : mapping of str to Standing
        Answers at the moment, by target.
    view : View
        Values at the moment.

    Returns
    -------
    Held
        Missing data never make it hold, and never make it end.
    """
    if not isinstance(condition, Several):
        return _holds(condition, standings, view)
    parts = [_holds(one, standings, view).truth for one in condition.conditions]
    certain = parts.count("yes")
    if certain >= condition.at_least:
        return Held("yes", certain)
    return _NO if certain + parts.count("between") < condition.at_least else _BETWEEN


def _holds(one: Single, standings: Mapping[str, Standing], view: View) -> Held:
    match one:
        case Reached(target=target, at_least=limit, clear_below=clear):
            known = standings.get(target)
            ends = None if known is None else (known.low, known.high)
            return _of_range(ends, limit, clear)
        case AtRisk(target, limit, clear):
            known = standings.get(target)
            ends = None if known is None else (known.risk_low, known.risk_high)
            return _of_range(ends, limit, clear)
        case InBand():
            return _in_band(one, standings.get(one.target))
        case Measured():
            return _measured(one, view.latest(one.name))
        case Rising():
            return _rising(one, view)
        case Expected():
            return _expected(one, view)


def _of_range(ends: tuple[float | None, float | None] | None, limit: float, clear: float) -> Held:
    low, high = ends or (None, None)
    if low is not None and low >= limit:
        return Held("yes", low)
    return _NO if high is not None and high < clear else _BETWEEN


def _in_band(one: InBand, known: Standing | None) -> Held:
    if known is None or known.low is None:
        return _BETWEEN
    within = [one.bands.index(band) for band in known.bands if band in one.bands]
    if known.bands and len(within) == len(known.bands):
        return Held("yes", float(min(within)))
    return _BETWEEN if within or not known.bands else _NO


def _measured(one: Measured, newest: Observation | None) -> Held:
    if newest is None or not isinstance(newest.value, Decimal):
        return _BETWEEN
    value, wanted, over = newest.value, ">", "<"
    if one.side == "at_most":
        wanted, over = over, wanted
    sign = 1 if one.side == "at_least" else -1
    reached = sign * value >= sign * one.limit
    if newest.limit == over:
        # beyond the limit of detection on the good side: how far nobody knows
        return _NO if sign * value <= sign * one.clear else _BETWEEN
    if reached:
        return Held("yes", float(sign * value))
    is_over = sign * value < sign * one.clear or one.clear == one.limit
    return _NO if is_over and newest.limit != wanted else _BETWEEN


def _rising(one: Rising, view: View) -> Held:
    newest = view.latest(one.name)
    if newest is None or not isinstance(newest.value, Decimal):
        return _BETWEEN
    before = [
        (each.value, each.limit)
        for each in view.between(one.name, newest.taken_at - one.within, newest.taken_at)
        if each is not newest and isinstance(each.value, Decimal)
    ]
    # a value below detection may have been any lower, one above it any higher
    sure = [value for value, limit in before if limit != ">"]
    rose = _rise(one, newest.value, min(sure)) if sure and newest.limit != "<" else None
    if rose is not None and rose >= one.by:
        return Held("yes", float(rose))
    open_still = newest.limit == ">" or any(limit == "<" for _, limit in before)
    if not before or open_still or _rise(one, newest.value, min(before)[0]) is None:
        return _BETWEEN
    most = _rise(one, newest.value, min(before)[0])
    return _NO if most is not None and most < one.by else _BETWEEN


def _rise(one: Rising, newest: Decimal, lowest: Decimal) -> Decimal | None:
    """Give by how much; None where a ratio against nothing is asked for."""
    if not one.is_ratio:
        return newest - lowest
    if lowest > 0:
        return newest / lowest
    return Decimal(1) if newest <= lowest else None


def _expected(one: Expected, view: View) -> Held:
    window = expected_window(one, view)
    if window is None:
        return _BETWEEN
    if not window[0] <= view.at < window[1]:
        return _NO
    return _YES if view.at >= missing_from(one, view, window[0]) else _NO


def expected_window(one: Expected, view: View) -> tuple[datetime, datetime] | None:
    """Give the moments between which a value is expected.

    Parameters
    ----------
    one : Expected
        The condition.
    view : View
        The patient.

    Returns
    -------
    pair of datetime or None
        None where the infusion is not known. Nothing is expected after discharge or death; of who
        came back it is expected from then on.
    """
    began = view.infusion
    if began is None:
        return None
    first, last = began + one.from_day * _ONE_DAY, began + (one.to_day + 1) * _ONE_DAY
    back = came_back(view)
    if back is not None:
        first = max(first, back)
    for milestone in ("discharge", "death") if back is None else ("death",):
        left = view.last_taken(milestone)
        if left is not None and left >= began:
            last = min(last, left)
    return first, max(first, last)


def missing_from(one: Expected, view: View, begins: datetime) -> datetime:
    """Give the moment from which a value is missing.

    Parameters
    ----------
    one : Expected
        The condition.
    view : View
        The patient.
    begins : datetime
        First moment at which it is expected.

    Returns
    -------
    datetime
        So long after the last value; after the beginning where there was none since.
    """
    last = view.last_taken(one.name)
    return (begins if last is None or last < begins else last) + one.every
