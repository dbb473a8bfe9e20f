"""When alerts come: by days since the infusion, and by the hour of the day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from scipy.special import gammaincinv

from cartwheel.estimate import Estimate
from cartwheel.watch.standing import AlertEvent
from cartwheel.workflows.monitor_result import AlertDay, AlertHour
from cartwheel.workflows.monitor_time import Course, Lived

LEAST = 5
_DAY = timedelta(days=1)
_LEVEL, _TAIL = 0.95, 0.025
_METHOD = (
    "alerts by patient-days, Garwood's exact Poisson interval; several alerts of a patient count "
    "as independent, so that it is too narrow"
)


def alerts_by_day(lived: Sequence[Lived]) -> tuple[AlertDay, ...]:
    """Count alerts by whole days since the infusion of their patient.

    Parameters
    ----------
    lived : sequence of Lived
        What each patient's ward was told.

    Returns
    -------
    tuple of AlertDay
        In order; a day on which fewer than five patients were followed is withheld, and where
        that is one day alone, the smallest other day too: else it would be all less the others.
    """
    raised: Counter[int] = Counter()
    patients: Counter[int] = Counter()
    days: dict[int, timedelta] = {}
    for one in lived:
        course = one.course
        for day in range(_day(course, course.begins), _day(course, course.ends) + 1):
            begins = course.infusion + day * _DAY
            held = min(begins + _DAY, course.ends) - max(begins, course.begins)
            if held > timedelta():
                patients[day] += 1
                days[day] = days.get(day, timedelta()) + held
        raised.update(_day(course, known_at) for known_at in _raised(one))
    few = {day for day, count in patients.items() if count < LEAST}
    if len(few) == 1 < len(patients):
        few.add(min(patients.keys() - few, key=lambda day: (patients[day], day)))
    return tuple(
        AlertDay(day, True, None, None, None, None)
        if day in few
        else _row(day, patients[day], days[day] / _DAY, raised[day])
        for day in sorted(patients)
    )


def _row(day: int, patients: int, days: float, raised: int) -> AlertDay:
    low = float(gammaincinv(raised, _TAIL)) / days if raised else 0.0
    high = float(gammaincinv(raised + 1, 1.0 - _TAIL)) / days
    rate = Estimate(raised / days, low, high, _LEVEL, _METHOD, patients, raised)
    return AlertDay(day, False, patients, days, raised, rate)


def alerts_by_hour(lived: Sequence[Lived], zone: str) -> tuple[AlertHour, ...]:
    """Count alerts by the hour of the ward's own day.

    Parameters
    ----------
    lived : sequence of Lived
        What each patient's ward was told.
    zone : str
        The ward's time zone.

    Returns
    -------
    tuple of AlertHour
        All 24.
    """
    local = ZoneInfo(zone)
    found = Counter(at.astimezone(local).hour for one in lived for at in _raised(one))
    return tuple(AlertHour(hour, found[hour]) for hour in range(24))


def _raised(one: Lived) -> list[datetime]:
    return [
        known_at
        for known_at, event in one.told
        if isinstance(event, AlertEvent)
        and event.step == "raised"
        and one.course.begins <= known_at <= one.course.ends
    ]


def _day(course: Course, moment: datetime) -> int:
    return (moment - course.infusion) // _DAY
