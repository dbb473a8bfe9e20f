"""Results: each OBX under its OBR becomes a value, or is parked with the reason."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cartwheel.errors import CohortRefused, Refused, refuse
from cartwheel.serve.hl7.context import Context
from cartwheel.serve.hl7.said import (
    TIME_TYPES,
    Outcome,
    codings,
    first_problem,
    outcome_of,
    said_in,
    unit_of,
)
from cartwheel.serve.hl7.syntax import Segment
from cartwheel.watch.code_values import Reading, read_said
from cartwheel.watch.codes import Coding, Meaning
from cartwheel.watch.intake import Arrived, Item
from cartwheel.watch.observation import Observation, names_known

# Seen at the bedside, not asked for by an order: an order number may stand for a whole stream of
# them, so that each moment is a value of its own.
BEDSIDE = frozenset(
    {
        "temperature", "spo2", "fio2", "oxygen_flow", "heart_rate", "respiratory_rate",
        "systolic_pressure", "diastolic_pressure", "oxygen_device", "hypotension", "consciousness",
        "ice", "capd", "weight", "fever", "seizure", "motor",
    }
)  # fmt: skip

_JUST_BEFORE = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Result:
    """One OBX with what its group says about it.

    Parameters
    ----------
    segment : Segment
        OBX.
    order : str
        Filler order number, else the placer's; empty without one.
    group_time : str
        OBR-7.
    group_issued : str
        OBR-22.
    group_status : str
        OBR-25.
    serial : bool
        Its order number stands for several moments in this message.
    """

    segment: Segment
    order: str = ""
    group_time: str = ""
    group_issued: str = ""
    group_status: str = ""
    serial: bool = False


def results_of(segments: Iterable[Segment]) -> list[Result]:
    """Put each OBX under its OBR.

    Parameters
    ----------
    segments : iterable of Segment
        Of one message.

    Returns
    -------
    list of Result
        In the order of the message.

    Raises
    ------
    CohortRefused
        ``segment_order`` where an OBX stands before the first of several OBR: nothing says to
        which it belongs. Before a single one it can belong to that one only.
    """
    kept = [one for one in segments if one.name in ("OBR", "OBX")]
    groups = [one for one in kept if one.name == "OBR"]
    early = bool(kept) and kept[0].name == "OBX"
    if early and len(groups) > 1:
        raise refuse(
            CohortRefused, "segment_order", "a result stands before the first of several orders",
            where="OBX, OBR",
        )  # fmt: skip
    group = groups[0] if groups else None
    serial = _serial(groups)
    found = []
    for one in kept:
        if one.name == "OBR":
            group = one
        elif group is None:
            found.append(Result(one))
        else:
            order = _order(group)
            found.append(
                Result(one, order, group.part(7), group.part(22), group.part(25), order in serial)
            )
    return found


def _order(group: Segment) -> str:
    return group.part(3) or group.part(2)


def _serial(groups: Sequence[Segment]) -> frozenset[str]:
    """Find order numbers that stand for more than one moment."""
    if len(groups) < 2:
        return frozenset()
    pairs = {(_order(one), one.part(7)) for one in groups}
    orders = [order for order, _ in pairs]
    return frozenset(order for order in orders if orders.count(order) > 1)


def items_of(results: Sequence[Result], context: Context) -> Iterator[Item]:
    """Read results.

    Parameters
    ----------
    results : sequence of Result
        As `results_of` gives them.
    context : Context
        Of the message.

    Yields
    ------
    Arrived or Parked
        Nothing for a result that has no value yet, or was never asked for. A correction that
        cannot be read is parked, and what it corrects is withdrawn: the sender has said that it is
        wrong. It is dated just before the correction, so that the correction counts as soon as the
        table of codes lets it be read.
    """
    for result in results:
        yield from _items(result, context)


def _items(result: Result, context: Context) -> Iterator[Item]:
    segment = result.segment
    pairs = codings(segment, 3)
    unit = unit_of(segment)
    name = ""
    outcome: Outcome = "none"
    try:
        outcome = outcome_of(segment, result.group_status)
        if outcome == "none":
            return
        meaning = _meaning(context, pairs, unit, outcome)
        name = meaning.name
        yield _arrived(result, meaning, pairs[0], outcome, context)
    except Refused as refused:
        reason, what = first_problem(refused)
        yield context.parked(reason, what, pairs[0] if pairs else None, unit, name)
        if outcome == "corrected" and pairs:
            yield from _taken_back(result, pairs, context)


def _meaning(context: Context, pairs: Sequence[Coding], unit: str, outcome: Outcome) -> Meaning:
    try:
        return context.codes.meaning(context.interfaces, pairs, unit)
    except Refused:
        if outcome != "withdrawn":
            raise
        # of what is withdrawn only the name counts, and no unit needs to be sent with it
        return context.codes.name_alone(context.interfaces, pairs)


def _arrived(
    result: Result, meaning: Meaning, coding: Coding, outcome: Outcome, context: Context
) -> Arrived:
    assert outcome != "none"
    segment = result.segment
    stated = _time_stated(segment, meaning)
    taken_at = context.taken_at(
        stated or segment.part(14) or result.group_time, day_is_enough=meaning.day_is_enough
    )
    issued_at = context.issued_at(result.group_issued)
    source = _source(result, meaning, coding, taken_at, context)
    if outcome == "withdrawn" or names_known()[meaning.name] == "milestone":
        reading = Reading(meaning.name, None)
    else:
        reading = read_said(meaning, said_in(segment, tabled=not meaning.loinc))
    observation = Observation(
        "", reading.name, taken_at, reading.value, reading.unit, reading.limit, outcome, source,
        issued_at,
    )  # fmt: skip
    return Arrived(context.identifiers, observation, context.name_shown)


def _time_stated(segment: Segment, meaning: Meaning) -> str:
    """Give the moment that is itself the value, such as the date of an infusion."""
    if names_known()[meaning.name] == "milestone" and segment.part(2).upper() in TIME_TYPES:
        return segment.part(5)
    return ""


def _source(
    result: Result, meaning: Meaning, coding: Coding, taken_at: datetime, context: Context
) -> str:
    segment = result.segment
    own = segment.part(21)
    if own:
        return context.source("OBX-21", own)
    parts = [result.order, coding.system, coding.code, segment.part(4)]
    if not result.order or meaning.name in BEDSIDE or _of_its_own_time(result):
        parts.append(taken_at.isoformat())
    return context.source(*parts)


def _of_its_own_time(result: Result) -> bool:
    if result.serial:
        return True
    own = result.segment.part(14)
    return bool(own and result.group_time and own != result.group_time)


def _taken_back(result: Result, pairs: Sequence[Coding], context: Context) -> Iterator[Item]:
    try:
        meaning = context.codes.name_alone(context.interfaces, pairs)
        found = _arrived(result, meaning, pairs[0], "withdrawn", context)
    except Refused:
        # without a name or a moment there is nothing to take back: what is parked says why
        return
    seen = found.observation
    if seen.issued_at is None:
        return
    yield Arrived(
        found.identifiers,
        Observation(
            "", seen.name, seen.taken_at, None, "", "", "withdrawn", seen.source,
            seen.issued_at - _JUST_BEFORE,
        ),
        found.name_shown,
    )  # fmt: skip
