"""What people type on the ward's pages, as messages: the same refusals as for a measurement."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from cartwheel.clinic.dictionary import accepted_units, nearest_names, variables
from cartwheel.errors import CohortRefused, Problem, Refused, refuse
from cartwheel.serve.ward.opened import WardServices
from cartwheel.serve.ward.saying import label_of, local_moment
from cartwheel.serve.ward.taking import AHEAD
from cartwheel.watch.code_values import Reading, Said, read_said
from cartwheel.watch.codes import Meaning, canonical
from cartwheel.watch.intake import OWN, Arrived, Identifiers, Item, Message
from cartwheel.watch.observation import MILESTONES, TREATMENTS, Observation, rule_inputs

# an episode lasts months; what lies further back is a slip of the year
OLDEST = timedelta(days=5 * 366)


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing that can be typed.

    Parameters
    ----------
    name, label, kind : str
        Of `cartwheel.watch.observation.names_known`.
    units : tuple of str
        In which a quantity is taken, the first one first.
    choices : tuple of str
        Words that are taken.
    """

    name: str
    label: str
    kind: str
    units: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()


def choices_of(opened: WardServices) -> tuple[Choice, ...]:
    """List what can be typed on this ward: what its targets read first.

    Parameters
    ----------
    opened : WardServices
        Open.

    Returns
    -------
    tuple of Choice
    """
    ward = opened.ward
    read = frozenset(name for one in ward.targets for name in one.reads)
    names = [name for name in ward.names if name not in (*TREATMENTS, *MILESTONES)]
    names.sort(key=lambda name: (name not in read, label_of(name).casefold()))
    return tuple(choice_of(name, ward.names[name]) for name in names if name != "crs_before")


def choice_of(name: str, kind: str) -> Choice:
    """Say how something is typed.

    Parameters
    ----------
    name, kind : str
        Of the ward's names.

    Returns
    -------
    Choice
    """
    units: tuple[str, ...] = ()
    if name in variables():
        units = tuple(one for one in accepted_units(variables()[name]) if one != "1")
    asked = rule_inputs().get(name)
    if asked is not None and not units and asked.unit:
        units = (asked.unit,)
    words = asked.choices if asked is not None else ()
    if kind == "yes_no":
        words = ("yes", "no")
    return Choice(name, label_of(name), kind, units, tuple(words))


@dataclass(frozen=True, slots=True)
class Typed:
    """One value as it was typed or sent in a row: texts alone.

    Parameters
    ----------
    name, value, unit : str
        As written.
    taken_at, ends_at : str
        Date and time, with an offset or in the ward's own time.
    status : str
        ``final``, ``corrected``, ``preliminary`` or ``withdrawn``.
    """

    name: str
    value: str = ""
    unit: str = ""
    taken_at: str = ""
    ends_at: str = ""
    status: str = "final"


def observation_of(
    typed: Typed, opened: WardServices, now: datetime, source: str, *, offset: bool = False
) -> Observation:
    """Read what was typed.

    Parameters
    ----------
    typed : Typed
        Texts.
    opened : WardServices
        Open.
    now : datetime
        UTC.
    source : str
        What the value is called from now on.
    offset : bool
        A time without an offset is refused.

    Returns
    -------
    Observation
        Without its patient.

    Raises
    ------
    CohortRefused
        Everything that is wrong with it, at the field's name: ``name``, ``value``, ``unit``,
        ``taken_at``, ``ends_at``, ``status``. No problem says the value.
    """
    problems: list[Problem] = []
    name = typed.name.strip()
    kind = opened.ward.names.get(name)
    reading = None
    if kind is None:
        mend = nearest_names(name, opened.ward.names) if name else "choose what was measured"
        problems.append(Problem("name_unknown", "this ward knows no value of this name", "name",
                                mend))  # fmt: skip
    elif typed.status == "withdrawn":
        reading = Reading(name, None)
    else:
        reading = _reading(name, typed, problems)
    if typed.status not in ("final", "corrected", "preliminary", "withdrawn"):
        mend = "final, corrected, preliminary or withdrawn"
        problems.append(Problem("status_unknown", "this status is not known", "status", mend))
    taken = _moment(typed.taken_at, "taken_at", (opened.zone, offset), now, problems)
    ends = None
    if typed.ends_at.strip():
        ends = _moment(typed.ends_at, "ends_at", (opened.zone, offset), now, problems)
        if kind is not None and kind != "treatment":
            what = "only a treatment has an end"
            problems.append(Problem("end_not_taken", what, "ends_at", "leave it empty"))
        if taken is not None and ends is not None and ends < taken:
            what = "it ends before it begins"
            problems.append(Problem("end_before_begin", what, "ends_at", "check both times"))
    if problems or reading is None or taken is None:
        raise CohortRefused(problems)
    return Observation(
        "", reading.name, taken, reading.value, reading.unit, reading.limit,
        typed.status, source, now, ends,  # type: ignore[arg-type]
    )  # fmt: skip


def _reading(name: str, typed: Typed, problems: list[Problem]) -> Reading | None:
    value = typed.value.strip()
    if not value and name not in MILESTONES:
        problems.append(Problem("value_missing", "no value is given", "value", "type it"))
        return None
    try:
        unit = canonical(typed.unit.strip())
    except Refused as refused:
        found = refused.problems[0]
        problems.append(Problem(found.code, found.what, "unit", found.mend))
        return None
    try:
        return read_said(Meaning(name, unit), _said(name, value))
    except Refused as refused:
        for found in refused.problems:
            where = "unit" if found.code.startswith("unit") else "value"
            problems.append(Problem(found.code, found.what, where, _typed_mend(found, name)))
        return None


def _said(name: str, value: str) -> Said:
    from cartwheel.watch.observation import names_known  # noqa: PLC0415

    kind = names_known().get(name, "quantity")
    if kind in ("quantity", "number"):
        return Said(value)
    if kind == "names":
        return Said("", tuple((part.strip(),) for part in value.split(";") if part.strip()))
    return Said("", ((value,),))


def _typed_mend(problem: Problem, name: str) -> str:
    """Say how to mend it to somebody who types: there is no table of codes."""
    if problem.code in ("unit_missing", "unit_not_accepted") and name in variables():
        return "one of " + ", ".join(accepted_units(variables()[name]))
    if "table of codes" not in problem.mend:
        return problem.mend
    kept = [part for part in problem.mend.split("; ") if "table of codes" not in part]
    return "; ".join(kept) or "check it"


def _moment(
    text: str, where: str, zone: tuple[ZoneInfo, bool], now: datetime, problems: list[Problem]
) -> datetime | None:
    try:
        found = local_moment(text, zone[0], where)
        if zone[1] and not _has_offset(text):
            raise refuse(
                CohortRefused, "time_zone_missing", "the time has no offset from UTC",
                where=where, mend="write it as 2026-11-21T14:05+01:00 or with Z",
            )  # fmt: skip
        if found > now + AHEAD:
            raise refuse(CohortRefused, "time_ahead", "this lies in the future", where=where,
                         mend="check date and time")  # fmt: skip
        if found < now - OLDEST:
            raise refuse(CohortRefused, "time_long_ago", "this lies years back", where=where,
                         mend="check the year")  # fmt: skip
    except Refused as refused:
        problems.extend(refused.problems)
        return None
    return found


def _has_offset(text: str) -> bool:
    try:
        return datetime.fromisoformat(text.strip()).tzinfo is not None
    except ValueError:
        return False


def page_message(key: str, said: Mapping[str, Any], *items: Item) -> Message:
    """Make a message of what a form said.

    Parameters
    ----------
    key : str
        Of the form: sent twice it counts once.
    said : mapping
        What was typed; kept as it is.
    *items : Item
        What it brings.

    Returns
    -------
    Message
    """
    content = json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return Message("page", key[:255], content.encode(), tuple(items))


def own(patient: str) -> Identifiers:
    """Name a patient by the ward's own id.

    Parameters
    ----------
    patient : str
        The id.

    Returns
    -------
    tuple of (str, str)
    """
    return ((OWN, patient),)


def arrived(patient: str, observation: Observation) -> Arrived:
    """Make an item of a value that was typed.

    Parameters
    ----------
    patient : str
        The ward's own id.
    observation : Observation
        Without its patient.

    Returns
    -------
    Arrived
    """
    return Arrived(own(patient), observation)


def value_shown(observation: Observation) -> str:
    """Write a value as it would be typed again.

    Parameters
    ----------
    observation : Observation

    Returns
    -------
    str
    """
    value = observation.value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return "; ".join(value)
    if isinstance(value, Decimal):
        return observation.limit + format(value, "f")
    return "" if value is None else value
