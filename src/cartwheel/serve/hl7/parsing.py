"""One HL7 message in, one message of the ward out."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from cartwheel.serve.hl7.context import Context, Hl7Options, minute_of
from cartwheel.serve.hl7.given import deeds_of
from cartwheel.serve.hl7.header import PEOPLE_TYPES, Header, check_header, segments_of
from cartwheel.serve.hl7.people import MERGES, merges_of, named, patient_in, people_of
from cartwheel.serve.hl7.results import items_of, results_of
from cartwheel.serve.hl7.syntax import Segment
from cartwheel.serve.hl7.times import zone_of
from cartwheel.watch.codes import CodeTable
from cartwheel.watch.intake import Item, Message

PLAIN = Hl7Options()
_LONGEST_KEY = 255


def parse(content: bytes, zone: ZoneInfo, codes: CodeTable, options: Hl7Options = PLAIN) -> Message:
    """Read one HL7 message.

    Parameters
    ----------
    content : bytes
        Without its MLLP frame.
    zone : ZoneInfo
        The ward's, for times without an offset.
    codes : CodeTable
        The centre's.
    options : Hl7Options
        Of the interface.

    Returns
    -------
    Message
        Its key is sending application, facility and control id. The reply is empty: it is made
        when the message is durable, see `acknowledging`.

    Raises
    ------
    CohortRefused
        Where the message as a whole cannot be used: see `segments_of`, `check_header`,
        `results_of`, `patient_in`, `merges_of`. A value that cannot be used is parked and refuses
        nothing. No problem holds a patient's data.
    """
    header, segments = segments_of(content)
    check_header(header, options.processing)
    items = _items(header, segments, _Reader(zone, codes, options))
    return Message("hl7", message_key(header), content, items)


@dataclass(frozen=True, slots=True)
class _Reader:
    zone: ZoneInfo
    codes: CodeTable
    options: Hl7Options


def message_key(header: Header) -> str:
    """Name what makes a message the same when it is sent again.

    Parameters
    ----------
    header : Header
        Of the message.

    Returns
    -------
    str
        Hashed where it is longer than 255 characters.
    """
    key = "|".join((header.sender, header.facility, header.control_id))
    if len(key) <= _LONGEST_KEY:
        return key
    return "sha256:" + hashlib.sha256(key.encode("utf-8")).hexdigest()


def _items(header: Header, segments: tuple[Segment, ...], reader: _Reader) -> tuple[Item, ...]:
    context = _context(header, segments[0], reader)
    if header.type == MERGES:
        return tuple(merges_of(segments, context.facility, reader.options))
    person = patient_in(segments)
    identifiers, shown = named(person, context.facility, reader.options)
    context = replace(context, identifiers=identifiers, name_shown=shown)
    items: list[Item] = []
    if header.type in PEOPLE_TYPES:
        items.extend(people_of(header.type, segments, context, reader.options))
    items.extend(items_of(results_of(segments), context))
    items.extend(deeds_of(segments, context))
    return tuple(items)


def _context(header: Header, segment: Segment, reader: _Reader) -> Context:
    application, facility = segment.part(3), segment.part(4)
    zone = zone_of(header.sent_at, reader.zone)
    interfaces = (f"hl7:{facility}", "hl7") if facility else ("hl7",)
    return Context(
        interfaces, facility or application, zone, minute_of(header.sent_at, zone), reader.codes
    )
