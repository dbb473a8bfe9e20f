"""What was given and done: RXA (a drug administered) and PR1 (a procedure) by the centre's table.

Only the table says what a drug or a procedure is; there is no list of our own to fall back on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from cartwheel.errors import CohortRefused, Refused, refuse
from cartwheel.serve.hl7.context import Context
from cartwheel.serve.hl7.said import codings, first_problem
from cartwheel.serve.hl7.syntax import Segment
from cartwheel.watch.code_values import Said, read_said
from cartwheel.watch.codes import Coding, Meaning
from cartwheel.watch.intake import Arrived, Item
from cartwheel.watch.observation import NameKind, Observation, Status, names_known

_GIVEN = frozenset({"", "CP", "PA"})
_NOT_GIVEN = frozenset({"RE", "NA"})
_WRITTEN = frozenset({"", "A", "U"})
_DELETED = "D"

DRUGS: tuple[NameKind, ...] = ("treatment", "milestone", "yes_no")
PROCEDURES: tuple[NameKind, ...] = ("milestone", "treatment", "yes_no")


@dataclass(frozen=True, slots=True)
class _Deed:
    """Something given or done, from either segment."""

    pairs: tuple[Coding, ...]
    unit: str
    begun: str
    ended: str
    status: Status
    issued: str
    key: tuple[str, ...]


def deeds_of(segments: Iterable[Segment], context: Context) -> Iterator[Item]:
    """Read drugs given and procedures done.

    Parameters
    ----------
    segments : iterable of Segment
        Of one message, in its order: an RXA belongs to the ORC before it.
    context : Context
        Of the message.

    Yields
    ------
    Arrived or Parked
    """
    order = issued = ""
    for one in segments:
        if one.name == "ORC":
            order, issued = one.part(3) or one.part(2), one.part(9)
        elif one.name == "RXA":
            yield from _read(one, context, order=order, issued=issued)
        elif one.name == "PR1":
            yield from _read(one, context)


def _read(
    segment: Segment, context: Context, *, order: str = "", issued: str = ""
) -> Iterator[Item]:
    drug = segment.name == "RXA"
    pairs = codings(segment, 5 if drug else 3)
    name = ""
    try:
        deed = _drug(segment, pairs, order, issued) if drug else _procedure(segment, pairs)
        if deed.status == "withdrawn":
            meaning = context.codes.name_alone(context.interfaces, pairs)
        else:
            meaning = context.codes.meaning(context.interfaces, pairs, "")
        name = meaning.name
        yield _arrived(deed, meaning, DRUGS if drug else PROCEDURES, context)
    except Refused as refused:
        reason, what = first_problem(refused)
        yield context.parked(reason, what, pairs[0] if pairs else None, name=name)


def _drug(segment: Segment, pairs: tuple[Coding, ...], order: str, issued: str) -> _Deed:
    action, completion = segment.part(21).upper(), segment.part(20).upper()
    if action not in _WRITTEN and action != _DELETED:
        raise refuse(CohortRefused, "status_unknown", "unknown action code", where="RXA-21")
    if completion not in _GIVEN and completion not in _NOT_GIVEN:
        raise refuse(CohortRefused, "status_unknown", "unknown completion", where="RXA-20")
    gone = action == _DELETED or completion in _NOT_GIVEN
    status: Status = "withdrawn" if gone else "corrected" if action == "U" else "final"
    begun = segment.part(3)
    code = pairs[0].code if pairs else ""
    key = ("RXA", order, code, segment.part(2), begun)
    return _Deed(pairs, "", begun, segment.part(4), status, segment.part(22) or issued, key)


def _procedure(segment: Segment, pairs: tuple[Coding, ...]) -> _Deed:
    status: Status = "withdrawn" if segment.part(20).upper() == _DELETED else "final"
    own = segment.part(19)
    code = pairs[0].code if pairs else ""
    # without an identifier a later date of the same procedure corrects the earlier one
    return _Deed(pairs, "", segment.part(5), "", status, "", ("PR1", own or code))


def _arrived(
    deed: _Deed, meaning: Meaning, kinds: tuple[NameKind, ...], context: Context
) -> Arrived:
    kind = names_known()[meaning.name]
    if kind not in kinds:
        raise refuse(
            CohortRefused, "code_kind", f"its code stands for a {kind} in the table of codes",
            where=meaning.name, mend="give it the name of a treatment or of a milestone",
        )  # fmt: skip
    begun = context.taken_at(deed.begun, day_is_enough=meaning.day_is_enough)
    ends = _end(deed, meaning, begun, context) if kind == "treatment" else None
    value = None
    if deed.status != "withdrawn":
        value = _value(deed, meaning, kind)
    observation = Observation(
        "", meaning.name, begun, value, "", "", deed.status, context.source(*deed.key),
        context.issued_at(deed.issued), ends,
    )  # fmt: skip
    return Arrived(context.identifiers, observation, context.name_shown)


def _value(deed: _Deed, meaning: Meaning, kind: NameKind) -> str | bool | None:
    if kind == "milestone":
        return None
    forms = [one.code for one in deed.pairs] + [one.shown for one in deed.pairs if one.shown]
    if kind == "yes_no" and not meaning.values:
        return True  # it was given: that is the answer
    value = read_said(meaning, Said("", (tuple(forms),))).value
    assert isinstance(value, str | bool)
    return value


def _end(deed: _Deed, meaning: Meaning, begun: datetime, context: Context) -> datetime | None:
    """Read when it was stopped: the same moment is a dose, which runs no longer."""
    if not deed.ended or deed.status == "withdrawn":
        return None
    ended = context.taken_at(deed.ended, day_is_enough=False)
    if ended < begun:
        raise refuse(CohortRefused, "time_order", "it ends before it begins", where="RXA-3, RXA-4")
    # only of what runs does a moment alone say that it is over
    return ended if ended > begun or meaning.name == "vasopressors" else None
