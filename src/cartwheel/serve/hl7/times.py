"""Moments as HL7 writes them, in UTC; an hour that the clock skips or repeats is not guessed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Literal, TypeAlias
from zoneinfo import ZoneInfo

from cartwheel.errors import CohortRefused, Refused, refuse

Precision: TypeAlias = Literal["day", "hour", "minute"]

_MOMENT = re.compile(
    r"(?P<day>\d{8})(?:(?P<hour>\d\d)(?:(?P<minute>\d\d)(?:(?P<second>\d\d)"
    r"(?:\.(?P<part>\d{1,6}))?)?)?)?(?P<offset>[+-]\d{4})?",
    re.ASCII,
)
_FIRST_YEAR, _LAST_YEAR = 1900, 2199


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment as a message gives it.

    Parameters
    ----------
    at : datetime
        UTC; the first moment of the day or hour where no more is said.
    precision : {"day", "hour", "minute"}
        Minute also where seconds are given.
    """

    at: datetime
    precision: Precision


def read_moment(text: str, zone: tzinfo) -> Moment:
    """Read a date and time (TS, DTM or DT).

    Parameters
    ----------
    text : str
        ``YYYYMMDD[HH[MM[SS[.SSSS]]]][+/-ZZZZ]``.
    zone : tzinfo
        Where the text has no offset.

    Returns
    -------
    Moment

    Raises
    ------
    CohortRefused
        ``time_form``; ``time_ambiguous`` where the clocks were set back and the moment was twice;
        ``time_nonexistent`` where they were set forward and it never was.

    Examples
    --------
    >>> read_moment("20261122013000+0100", UTC).at.isoformat()
    '2026-11-22T00:30:00+00:00'
    """
    match = _MOMENT.fullmatch(text.strip())
    if match is None:
        raise _form()
    try:
        local = datetime.strptime(match["day"], "%Y%m%d").replace(
            hour=int(match["hour"] or 0),
            minute=int(match["minute"] or 0),
            second=int(match["second"] or 0),
            microsecond=int((match["part"] or "0").ljust(6, "0")),
        )
    except ValueError:
        raise _form() from None
    if not _FIRST_YEAR <= local.year <= _LAST_YEAR:
        raise _form()
    precision: Precision = "minute" if match["minute"] else "hour" if match["hour"] else "day"
    if match["offset"]:
        return Moment(local.replace(tzinfo=_offset(match["offset"])).astimezone(UTC), precision)
    return Moment(_in_zone(local, zone), precision)


def _form() -> Refused:
    return refuse(
        CohortRefused, "time_form", "this is not a date and time",
        mend="write it as in 20261122013000+0100",
    )  # fmt: skip


def _offset(text: str) -> timezone:
    hours, minutes = int(text[1:3]), int(text[3:5])
    if hours > 14 or minutes > 59:
        raise _form()
    size = timedelta(hours=hours, minutes=minutes)
    return timezone(-size if text[0] == "-" else size)


def _in_zone(local: datetime, zone: tzinfo) -> datetime:
    first = local.replace(tzinfo=zone)
    second = first.replace(fold=1)
    if first.utcoffset() == second.utcoffset():
        return first.astimezone(UTC)
    skipped = first.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != local
    code = "time_nonexistent" if skipped else "time_ambiguous"
    what = "the clocks skipped this time" if skipped else "the clocks showed this time twice"
    raise refuse(CohortRefused, code, what, mend="send it with its offset, as in +0100")


def zone_of(sent_at: str, zone: ZoneInfo) -> tzinfo:
    """Tell in which zone times without an offset are meant.

    Parameters
    ----------
    sent_at : str
        MSH-7. Where its offset is one that the ward's zone does not have at that moment, the
        sender lives by another clock, and the standard lets that offset stand for the message.
    zone : ZoneInfo
        The ward's.

    Returns
    -------
    tzinfo
        The ward's zone in every other case: it knows summer and winter time.
    """
    match = _MOMENT.fullmatch(sent_at.strip())
    if match is None or not match["offset"]:
        return zone
    try:
        offset = _offset(match["offset"])
        there = read_moment(sent_at, zone).at
    except Refused:
        return zone
    return zone if there.astimezone(zone).utcoffset() == offset.utcoffset(None) else offset
