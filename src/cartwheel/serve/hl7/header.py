"""The head of a message: who sent what, in which version, encoding and mode of acknowledgement."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from cartwheel.errors import CohortRefused, Refused, refuse
from cartwheel.serve.hl7.syntax import Marks, Segment, lines_of, read_marks, read_segment

VERSIONS = ("2.1", "2.2", "2.3", "2.3.1", "2.4", "2.5", "2.5.1", "2.6", "2.7", "2.7.1", "2.8",
            "2.8.1", "2.8.2", "2.9")  # fmt: skip

RESULT_TYPES = ("ORU^R01", "RAS^O17")
PEOPLE_TYPES = (
    "ADT^A01", "ADT^A02", "ADT^A03", "ADT^A08", "ADT^A11", "ADT^A13", "ADT^A31", "ADT^A40",
)  # fmt: skip
TYPES = (*RESULT_TYPES, *PEOPLE_TYPES)

_CHARSETS: Mapping[str, str] = MappingProxyType(
    {
        "": "ascii",
        "ASCII": "ascii",
        "UNICODE UTF-8": "utf-8",
        "UTF-8": "utf-8",
        "UTF8": "utf-8",
        "WINDOWS-1252": "cp1252",
        **{f"8859/{part}": f"iso8859-{part}" for part in (1, 2, 3, 4, 5, 6, 7, 8, 9, 15)},
    }
)
_LEADING = b"\r\n\t "
_MOST_OF_A_HEADER = 4096
_MOST_SEGMENTS = 50_000
_HEADER = re.compile(rb"MSH[^\r\n]*")

REJECTED = frozenset({"type", "event", "version", "processing_id", "too_large"})
"""Refusals that no second try mends: the sender is told AR."""


@dataclass(frozen=True, slots=True)
class Header:
    """What the MSH segment says, each field as written.

    Parameters
    ----------
    marks : Marks
        Delimiters; the usual ones where the header cannot be read.
    sender, facility, receiver, receiving_facility : str
        MSH-3 to MSH-6.
    sent_at : str
        MSH-7.
    type : str
        Code and event, as in ``ORU^R01``.
    control_id : str
        MSH-10.
    processing_id, version : str
        First components of MSH-11 and MSH-12.
    accept_when, answer_when : str
        MSH-15 and MSH-16; one of them makes the mode the enhanced one.
    charset : str
        MSH-18.
    """

    marks: Marks
    sender: str = ""
    facility: str = ""
    receiver: str = ""
    receiving_facility: str = ""
    sent_at: str = ""
    type: str = ""
    control_id: str = ""
    processing_id: str = ""
    version: str = ""
    accept_when: str = ""
    answer_when: str = ""
    charset: str = ""

    @property
    def charset_known(self) -> bool:
        """Whether MSH-18 names one set that is read, or none."""
        return self.charset.strip().upper() in _CHARSETS

    @property
    def enhanced(self) -> bool:
        """Whether the sender asks for the enhanced mode of acknowledgement."""
        return bool(self.accept_when or self.answer_when)


def header_of(content: bytes) -> Header:
    """Read as much of the header as can be read; it never refuses, so that it can be answered.

    Parameters
    ----------
    content : bytes
        The message, or its beginning.

    Returns
    -------
    Header
        Bytes stand as Latin-1 characters, so that they go back as they came.
    """
    found = _HEADER.search(content[:_MOST_OF_A_HEADER])
    line = found[0].decode("latin-1") if found else "MSH"
    try:
        marks = read_marks(line, "latin-1")
    except Refused:
        return Header(Marks(charset="latin-1"))
    fields = [line[:3], marks.field, *line.split(marks.field)[1:]]
    return _header(Segment("MSH", tuple(fields), marks))


def _header(segment: Segment) -> Header:
    code, event = segment.part(9), segment.part(9, 2)
    return Header(
        segment.marks, segment.raw(3), segment.raw(4), segment.raw(5), segment.raw(6),
        segment.part(7), f"{code}^{event}" if event else code, segment.raw(10), segment.part(11),
        segment.part(12), segment.part(15), segment.part(16), segment.raw(18),
    )  # fmt: skip


def charset_of(header: Header) -> str:
    """Name the codec of a message.

    Parameters
    ----------
    header : Header
        As `header_of` reads it.

    Returns
    -------
    str
        ``ascii`` where none is declared.

    Raises
    ------
    CohortRefused
        ``charset``, also where alternate character sets are declared.
    """
    codec = _CHARSETS.get(header.charset.strip().upper())
    if codec is None:
        raise refuse(
            CohortRefused, "charset", "this character set is not read", where="MSH-18",
            mend="send ASCII, 8859/1 or UNICODE UTF-8",
        )  # fmt: skip
    return codec


def decoded(content: bytes, header: Header) -> str:
    """Read the bytes of a message as text; an encoding that is not declared is not guessed.

    Parameters
    ----------
    content : bytes
        The whole message.
    header : Header
        Its header.

    Returns
    -------
    str

    Raises
    ------
    CohortRefused
        ``charset``, ``charset_undeclared`` where there are other bytes than ASCII and MSH-18 is
        empty, ``charset_broken`` where they are not of the set that is declared.
    """
    codec = charset_of(header)
    try:
        return content.lstrip(_LEADING).decode(codec)
    except UnicodeDecodeError:
        pass
    if header.charset:
        raise refuse(
            CohortRefused, "charset_broken", "the bytes are not of the declared character set",
            where="MSH-18",
        )  # fmt: skip
    raise refuse(
        CohortRefused, "charset_undeclared", "bytes beyond ASCII, and no character set is named",
        where="MSH-18", mend="declare it, as in UNICODE UTF-8",
    )  # fmt: skip


def segments_of(content: bytes) -> tuple[Header, tuple[Segment, ...]]:
    """Split one message into its segments; those of a site's own (Z) are left out.

    Parameters
    ----------
    content : bytes
        One message, without its frame.

    Returns
    -------
    tuple of Header and tuple of Segment

    Raises
    ------
    CohortRefused
        ``header_missing``, ``headers_many``, and what `read_marks`, `read_segment` and `decoded`
        refuse.
    """
    raw = header_of(content)
    lines = lines_of(decoded(content, raw))
    if len(lines) > _MOST_SEGMENTS:
        what = f"more than {_MOST_SEGMENTS} segments in one message"
        raise refuse(CohortRefused, "too_large", what)
    if not lines or not lines[0].startswith("MSH"):
        raise refuse(CohortRefused, "header_missing", "a message begins with MSH")
    marks = read_marks(lines[0], charset_of(raw))
    segments = tuple(read_segment(line, marks) for line in lines if not line.startswith("Z"))
    if sum(one.name == "MSH" for one in segments) > 1:
        raise refuse(CohortRefused, "headers_many", "one message has one header", where="MSH")
    return _header(segments[0]), segments


def check_header(header: Header, processing: tuple[str, ...]) -> None:
    """Refuse a message that is not for us to process.

    Parameters
    ----------
    header : Header
        Of the message.
    processing : tuple of str
        Processing ids that are taken, such as ``("P",)``.

    Raises
    ------
    CohortRefused
        ``control_id_missing``; and those of `REJECTED`.
    """
    if not header.control_id.strip():
        raise refuse(CohortRefused, "control_id_missing", "no control id", where="MSH-10")
    if header.type not in TYPES:
        code = header.type.split("^")[0]
        known = any(one.startswith(code + "^") for one in TYPES)
        raise refuse(
            CohortRefused, "event" if known else "type", "messages of this type are not taken",
            where="MSH-9", mend="send " + ", ".join(TYPES),
        )  # fmt: skip
    if header.version not in VERSIONS:
        raise refuse(CohortRefused, "version", "this version is not read", where="MSH-12")
    if header.processing_id not in processing:
        raise refuse(
            CohortRefused, "processing_id", "messages with this processing id are not taken here",
            where="MSH-11", mend="send " + " or ".join(processing),
        )  # fmt: skip
