"""Words of the ward's pages: moments in the ward's own time, ages, names of what is measured."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from cartwheel.clinic.dictionary import variables
from cartwheel.errors import CohortRefused, Refused, refuse
from cartwheel.watch.observation import rule_inputs

_LABELS = {
    "antipyretic": "Antipyretic", "anticytokine": "Anticytokine drug",
    "corticosteroid": "Corticosteroid", "vasopressors": "Vasopressor",
    "lymphodepletion": "Lymphodepletion, first dose", "infusion": "Infusion (day 0)",
    "admission": "Admission", "discharge": "Discharge", "death": "Death",
}  # fmt: skip
_SHORT = {
    "astct-crs": "CRS", "astct-icans": "ICANS", "icaht-early": "ICAHT, early",
    "icaht-late": "ICAHT, late", "iec-hs": "IEC-HS", "easix": "EASIX", "m-easix": "m-EASIX",
    "s-easix": "s-EASIX", "car-hematotox": "HEMATOTOX",
}  # fmt: skip


def moment_shown(moment: datetime, zone: ZoneInfo) -> str:
    """Write a moment for the reader, in the ward's own time.

    Parameters
    ----------
    moment : datetime
        UTC.
    zone : ZoneInfo
        Of the ward.

    Returns
    -------
    str
        ``21 Nov 2026, 14:05``.
    """
    local = moment.astimezone(zone)
    return f"{local.day} {local:%b %Y, %H:%M}"


def clock_shown(moment: datetime, zone: ZoneInfo) -> str:
    """Write a moment of these days: ``21 Nov 14:05``.

    Parameters
    ----------
    moment, zone
        As of `moment_shown`.

    Returns
    -------
    str
    """
    local = moment.astimezone(zone)
    return f"{local.day} {local:%b %H:%M}"


def field_shown(moment: datetime, zone: ZoneInfo) -> str:
    """Write a moment as a browser's field of date and time takes it.

    Parameters
    ----------
    moment, zone
        As of `moment_shown`.

    Returns
    -------
    str
        ``2026-11-21T14:05``.
    """
    return moment.astimezone(zone).strftime("%Y-%m-%dT%H:%M")


def age_shown(age: timedelta) -> str:
    """Write how long ago something was.

    Parameters
    ----------
    age : timedelta
        Below zero is now: clocks differ.

    Returns
    -------
    str
        ``12 min``, ``6 h``, ``2 d 4 h``.
    """
    minutes = max(int(age.total_seconds() // 60), 0)
    if minutes < 60:
        return f"{minutes} min"
    hours = minutes // 60
    if hours < 48:
        return f"{hours} h"
    days, rest = divmod(hours, 24)
    return f"{days} d {rest} h" if days < 7 and rest else f"{days} d"


def local_moment(text: str, zone: ZoneInfo, where: str) -> datetime:
    """Read a moment that somebody typed: in the ward's own time, or with an offset.

    Parameters
    ----------
    text : str
        ``2026-11-21T14:05``, with an offset (``+01:00``, ``Z``) or without.
    zone : ZoneInfo
        Of the ward.
    where : str
        Field, for the refusal.

    Returns
    -------
    datetime
        UTC.

    Raises
    ------
    CohortRefused
        ``time_missing``, ``time_form``; ``time_ambiguous`` where clocks were set back, and
        ``time_not_there`` where they were set forward.
    """
    if not text.strip():
        raise refuse(CohortRefused, "time_missing", "no time is given", where=where,
                     mend="say when it was: date and time")  # fmt: skip
    if len(text) > 40 or "T" not in text.strip().replace(" ", "T"):
        raise _time_form(where)
    try:
        found = datetime.fromisoformat(text.strip())
        if found.tzinfo is not None:
            return found.astimezone(UTC)
        early, late = (found.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
        back = early.astimezone(UTC).astimezone(zone).replace(tzinfo=None)
    except (ValueError, OverflowError):
        raise _time_form(where) from None
    if back != found:
        raise refuse(
            CohortRefused, "time_not_there", "clocks were set forward: this time was not",
            where=where, mend="write it with its offset, as 2026-03-29T02:30+01:00",
        )  # fmt: skip
    if early.utcoffset() != late.utcoffset():
        raise refuse(
            CohortRefused, "time_ambiguous", "clocks were set back: this time was twice",
            where=where, mend="write it with its offset, as 2026-10-25T02:30+01:00",
        )  # fmt: skip
    return early.astimezone(UTC)


def _time_form(where: str) -> Refused:
    return refuse(
        CohortRefused, "time_form", "this is not a date with a time", where=where,
        mend="write date and time, as 2026-11-21T14:05",
    )  # fmt: skip


@lru_cache(maxsize=1024)
def label_of(name: str) -> str:
    """Name what is measured, charted or given.

    Parameters
    ----------
    name : str
        Of an observation.

    Returns
    -------
    str
    """
    if name in _LABELS:
        return _LABELS[name]
    if name in variables():
        return variables()[name].label
    asked = rule_inputs().get(name)
    return asked.label if asked is not None else name.replace("_", " ")


def short_title(target: str, title: str) -> str:
    """Name a target in a heading of a narrow column.

    Parameters
    ----------
    target, title : str
        Of it.

    Returns
    -------
    str
    """
    return _SHORT.get(target, title if len(title) <= 16 else target)
