"""People: who a message is about, where he is, and which two records are of one person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from cartwheel.errors import CohortRefused, Refused, refuse
from cartwheel.serve.hl7.context import Context, Hl7Options
from cartwheel.serve.hl7.said import first_problem
from cartwheel.serve.hl7.syntax import Segment, component_of, subcomponents
from cartwheel.watch.intake import Arrived, Identifiers, Item, Merge, Person, Place
from cartwheel.watch.observation import Observation, Status

# numbers of a stay or a bill, not of a person
_NOT_OF_A_PERSON = frozenset({"VN", "AN", "ANON", "ANC", "ANT", "XV"})
_PLAIN_TYPES = frozenset({"", "MR"})

_PLACES: Mapping[str, Place] = {
    "ADT^A01": "here", "ADT^A13": "here", "ADT^A03": "left", "ADT^A11": "left",
}  # fmt: skip
# a visit that is no stay (HL7 table 0004): emergency, outpatient, preadmission, recurring
_NO_STAYS = frozenset({"E", "O", "P", "R"})
MERGES = "ADT^A40"


def identifiers_in(
    segment: Segment, number: int, facility: str, options: Hl7Options
) -> Identifiers:
    """Read the identifiers of a person.

    Parameters
    ----------
    segment : Segment
        PID or MRG.
    number : int
        Of the field: PID-3, MRG-1.
    facility : str
        Stands for the assigning authority where an identifier has none.
    options : Hl7Options
        With other names of authorities.

    Returns
    -------
    tuple of (str, str)
        Record numbers under their authority alone; others, such as a national number, under
        authority and type, since one authority may give the same number in two of them. Numbers of
        a stay or a bill are left out.
    """
    found: dict[tuple[str, str], None] = {}
    for text in segment.repeats(number):
        value = component_of(text, 1, segment.marks)
        kind = component_of(text, 5, segment.marks).upper()
        if not value or kind in _NOT_OF_A_PERSON:
            continue
        authority = _authority(subcomponents(text, 4, segment.marks)) or facility
        system = options.authorities.get(authority, authority)
        found[(system if kind in _PLAIN_TYPES else f"{system}#{kind}", value)] = None
    return tuple(found)


def _authority(parts: Sequence[str]) -> str:
    """Name an authority: by its local name, else by its universal id."""
    return next((one for one in parts[:2] if one), "")


def patient_in(segments: Sequence[Segment]) -> Segment:
    """Find the one PID of a message.

    Parameters
    ----------
    segments : sequence of Segment
        Of one message.

    Returns
    -------
    Segment

    Raises
    ------
    CohortRefused
        ``pid_missing``, ``pids_many``.
    """
    found = [one for one in segments if one.name == "PID"]
    if not found:
        raise refuse(CohortRefused, "pid_missing", "no patient in the message", where="PID")
    if len(found) > 1:
        raise refuse(
            CohortRefused, "pids_many", "more than one patient in one message", where="PID",
            mend="send a message for each",
        )  # fmt: skip
    return found[0]


def named(segment: Segment, facility: str, options: Hl7Options) -> tuple[Identifiers, str | None]:
    """Read who a PID is about.

    Parameters
    ----------
    segment : Segment
        PID.
    facility : str
        Of the sender.
    options : Hl7Options
        Of the interface.

    Returns
    -------
    tuple of identifiers and (str or None)
        The name as pages show it: family name, comma, given name.

    Raises
    ------
    CohortRefused
        ``pid_number_missing``.
    """
    numbers = identifiers_in(segment, 3, facility, options)
    if not numbers:
        numbers = identifiers_in(segment, 2, facility, options)
    if not numbers:
        raise refuse(
            CohortRefused, "pid_number_missing", "the patient has no number", where="PID-3"
        )
    first = segment.repeats(5)[:1]
    parts = [component_of(first[0], place, segment.marks) for place in (1, 2)] if first else []
    shown = ", ".join(part for part in parts if part)
    return numbers, shown[:200] or None


def people_of(
    kind: str, segments: Sequence[Segment], context: Context, options: Hl7Options
) -> Iterator[Item]:
    """Read what an ADT message says about a person's stay.

    Parameters
    ----------
    kind : str
        Type of the message, as in ``ADT^A01``.
    segments : sequence of Segment
        Of the message.
    context : Context
        With the patient.
    options : Hl7Options
        Of the interface.

    Yields
    ------
    Person, Arrived or Parked
        Admission, discharge and death are milestones, where their moment is known; of a stay in
        another ward, or a visit that is no stay, only death is.
    """
    visit = next((one for one in segments if one.name == "PV1"), None)
    ward = visit.part(3) if visit else ""
    bed = "-".join(part for place in (2, 3) if visit and (part := visit.part(3, place)))
    visit_number = visit.part(19) if visit else ""
    place = _place(kind, visit, options)
    stay = visit if place is not None else None
    # first, so that who comes back is known to have come when the ward takes him
    if stay is not None and kind in ("ADT^A01", "ADT^A11"):
        status: Status = "final" if kind == "ADT^A01" else "withdrawn"
        yield from _milestone("admission", stay.part(44), visit_number, status, context)
    if stay is not None and kind == "ADT^A13":
        yield from _milestone("discharge", stay.part(45), visit_number, "withdrawn", context)
    # alerts that end then end for this reason, and not because he left
    died = patient_in(segments).part(29)
    if died:
        yield from _milestone("death", died, "", "final", context)
    yield Person(context.identifiers, context.name_shown, ward or None, bed or None, place)
    if stay is not None and kind == "ADT^A03":
        yield from _milestone("discharge", stay.part(45), visit_number, "final", context)


def _place(kind: str, visit: Segment | None, options: Hl7Options) -> Place | None:
    place = _PLACES.get(kind)
    if not options.wards:
        no_stay = visit is not None and visit.part(2).upper() in _NO_STAYS
        return None if no_stay else place
    if visit is None:
        return None
    now, before = visit.part(3), visit.part(6)
    if kind == "ADT^A02":
        if now in options.wards:
            return "here"
        return "left" if before in options.wards else None
    if place == "here" and now not in options.wards:
        return None
    if place == "left" and now and now not in options.wards:
        return None
    return place


def _milestone(
    name: str, stated: str, visit: str, status: Status, context: Context
) -> Iterator[Item]:
    cancelled_at = context.sent_at if status == "withdrawn" else None
    if not stated and cancelled_at is None:
        return
    try:
        # of what did not take place the name counts, not the moment
        at = context.taken_at(stated, day_is_enough=False) if stated else cancelled_at
        assert at is not None
    except Refused as refused:
        reason, what = first_problem(refused)
        yield context.parked(reason, what, None, name=name)
        return
    source = context.source("ADT", name, visit)
    seen = Observation("", name, at, None, "", "", status, source, context.sent_at)
    yield Arrived(context.identifiers, seen, context.name_shown)


def merges_of(segments: Sequence[Segment], facility: str, options: Hl7Options) -> Iterator[Item]:
    """Read which records are of one person: each PID with the MRG behind it.

    Parameters
    ----------
    segments : sequence of Segment
        Of an A40.
    facility : str
        Of the sender.
    options : Hl7Options
        Of the interface.

    Yields
    ------
    Merge, then Person

    Raises
    ------
    CohortRefused
        ``merge_form`` where a PID has no MRG or an MRG no PID; ``merge_same`` where both name the
        same record; ``pid_number_missing``.
    """
    stays: Segment | None = None
    pairs = 0
    for one in segments:
        if one.name == "PID":
            if stays is not None:
                raise _merge_form()
            stays = one
        elif one.name == "MRG":
            if stays is None:
                raise _merge_form()
            yield from _merged(stays, one, facility, options)
            stays = None
            pairs += 1
    if stays is not None or not pairs:
        raise _merge_form()


def _merge_form() -> Refused:
    return refuse(CohortRefused, "merge_form", "each PID needs its MRG", where="PID, MRG")


def _merged(stays: Segment, goes: Segment, facility: str, options: Hl7Options) -> Iterator[Item]:
    into, shown = named(stays, facility, options)
    gone = identifiers_in(goes, 1, facility, options)
    if not gone:
        raise refuse(CohortRefused, "pid_number_missing", "no prior number", where="MRG-1")
    if set(into) & set(gone):
        raise refuse(
            CohortRefused, "merge_same", "a record cannot be merged into itself", where="MRG-1"
        )
    yield Merge(into, gone)
    yield Person(into, shown)
