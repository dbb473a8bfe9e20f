"""When a chart row was written: the day after infusion, told by a day or by two times."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal

from cartwheel.errors import Problem
from cartwheel.units import decimal_mark, parse_quantity

_SECONDS = Decimal(86400)

# days of 100 years: beyond them a number is a date or a slip
LONGEST_DAY = 36525


@dataclass(frozen=True, slots=True)
class Moment:
    """A time of a chart.

    Parameters
    ----------
    day : Decimal or None
        Days after infusion; None where the chart does not tell.
    hour : int or None
        Clock hours since the midnight before infusion, or hours after infusion where the day is
        told as a fraction; None where only the day is known.
    written : str
        As charted.
    """

    day: Decimal | None
    hour: int | None
    written: str

    @property
    def slot(self) -> tuple[str, int] | None:
        """The hour, or the day where the hour is not known; None without a day."""
        if self.day is None:
            return None
        if self.hour is not None:
            return "hour", self.hour
        return "day", int(self.day.to_integral_value(rounding="ROUND_FLOOR"))


def moment_of_day(text: str) -> Moment | Problem:
    """Read a day after infusion; a fraction of it tells the hour.

    Parameters
    ----------
    text : str
        Such as ``3``, ``-1`` or ``2.25``.

    Returns
    -------
    Moment or Problem
        ``not_a_day`` for what is no plain number; ``day_impossible`` for more than 100 years.
    """
    if decimal_mark(text) not in ("", ".", ","):
        mend = "write days after infusion as numbers: 0, 1, 2.5"
        return Problem("not_a_day", "a day is not a number", "", mend)
    day = parse_quantity(text).value
    if not -LONGEST_DAY <= day <= LONGEST_DAY:
        mend = "write days after infusion, not dates; correct the day"
        return Problem("day_impossible", "a day lies over 100 years from infusion", "", mend)
    if day == day.to_integral_value():
        return Moment(day, None, text)
    return Moment(day, int((day * 24).to_integral_value(rounding="ROUND_FLOOR")), text)


def moment_of_time(text: str, infusion: str, now: datetime) -> Moment | Problem:
    """Read a time and tell the days since infusion.

    Parameters
    ----------
    text, infusion : str
        ISO dates or times: ``2026-03-01`` or ``2026-03-01T14:00``. Where either holds no hour,
        whole days are counted from date to date.
    now : datetime
        What lies after it is refused; without a time zone.

    Returns
    -------
    Moment or Problem
        ``not_a_time``, ``future_time``; ``mixed_zones`` where only one of the two names a zone.
    """
    charted, infused = _parsed(text), _parsed(infusion)
    if charted is None or infused is None:
        mend = "write it as 2026-03-01T14:00 (ISO 8601)"
        return Problem("not_a_time", "a time is not an ISO date or time", "", mend)
    if (charted[0].tzinfo is None) != (infused[0].tzinfo is None):
        mend = "give both with a time zone, or both without"
        return Problem("mixed_zones", "one of time and infusion has a time zone", "", mend)
    limit = now if charted[0].tzinfo is None else now.astimezone(charted[0].tzinfo)
    if charted[0] > limit:
        return Problem("future_time", "a time lies in the future", "", "correct it")
    days = (charted[0].date() - infused[0].date()).days
    hour = days * 24 + charted[0].hour if charted[1] else None
    if charted[1] and infused[1]:
        passed = charted[0] - infused[0]
        seconds = passed.days * 86400 + passed.seconds
        return Moment((seconds / _SECONDS).quantize(Decimal("0.00001")), hour, text)
    return Moment(Decimal(days), hour, text)


def _parsed(text: str) -> tuple[datetime, bool] | None:
    """Read a date or time, and whether it holds an hour."""
    plain = text.strip()
    try:
        if len(plain) == len("2026-03-01"):
            return datetime.combine(date.fromisoformat(plain), time()), False
        return datetime.fromisoformat(plain), True
    except ValueError:
        return None
