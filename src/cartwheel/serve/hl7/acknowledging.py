"""Acknowledgements: AA when durable, AE when not or malformed, AR when never; no patient's data."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Literal, TypeAlias
from uuid import uuid4

from cartwheel.errors import Problem
from cartwheel.serve.hl7.header import REJECTED, VERSIONS, Header
from cartwheel.serve.hl7.syntax import Marks

Code: TypeAlias = Literal["AA", "AE", "AR"]

_ACCEPTED: Mapping[Code, str] = MappingProxyType({"AA": "CA", "AE": "CE", "AR": "CR"})
_WITH_ERR_FIELDS = VERSIONS[VERSIONS.index("2.5") :]
_LONGEST_TEXT = 200
_OWN_VERSION = "2.5.1"

# HL7 table 0357
_CONDITIONS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "type": ("200", "Unsupported message type"),
        "event": ("201", "Unsupported event code"),
        "processing_id": ("202", "Unsupported processing id"),
        "version": ("203", "Unsupported version id"),
        "message_differs": ("205", "Duplicate key identifier"),
        "segment_order": ("100", "Segment sequence error"),
        "merge_form": ("100", "Segment sequence error"),
        "pids_many": ("100", "Segment sequence error"),
        "headers_many": ("100", "Segment sequence error"),
        "header_missing": ("100", "Segment sequence error"),
        "pid_missing": ("100", "Segment sequence error"),
        "pid_number_missing": ("101", "Required field missing"),
        "control_id_missing": ("101", "Required field missing"),
        "charset": ("102", "Data type error"),
        "charset_undeclared": ("102", "Data type error"),
        "charset_broken": ("102", "Data type error"),
        "control_character": ("102", "Data type error"),
        "delimiters": ("102", "Data type error"),
        "segment_form": ("102", "Data type error"),
    }
)
_INTERNAL = ("207", "Application internal error")


@dataclass(frozen=True, slots=True)
class Stamp:
    """What makes an acknowledgement one of its own.

    Parameters
    ----------
    now : callable
        Gives the time in UTC.
    new_id : callable
        Gives a control id that was not given before.
    """

    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    new_id: Callable[[], str] = lambda: uuid4().hex[:20]


def code_for(problem: Problem | None) -> Code:
    """Say how a message is acknowledged.

    Parameters
    ----------
    problem : Problem or None
        Why it was not taken.

    Returns
    -------
    {"AA", "AE", "AR"}
    """
    if problem is None:
        return "AA"
    return "AR" if problem.code in REJECTED else "AE"


def acknowledgements(header: Header, problem: Problem | None, stamp: Stamp) -> tuple[bytes, ...]:
    """Write what goes back for one message.

    Parameters
    ----------
    header : Header
        Of the message, as `header_of` reads it.
    problem : Problem or None
        None where it is durable.
    stamp : Stamp
        Time and control ids.

    Returns
    -------
    tuple of bytes
        One in the original mode. In the enhanced mode the accept acknowledgement and the
        application's, as far as MSH-15 and MSH-16 ask for them; none where neither does.
    """
    code = code_for(problem)
    if not header.enhanced:
        return (_written(header, code, problem, stamp),)
    made = []
    if _wanted(header.accept_when, code):
        made.append(_written(header, _ACCEPTED[code], problem, stamp))
    if _wanted(header.answer_when, code):
        made.append(_written(header, code, problem, stamp))
    return tuple(made)


def _wanted(condition: str, code: Code) -> bool:
    """Read table 0155; what is not in it is answered, since silence is worse."""
    known = {"": False, "NE": False, "ER": code != "AA", "SU": code == "AA"}
    return known.get(condition.strip().upper(), True)


def _written(header: Header, code: str, problem: Problem | None, stamp: Stamp) -> bytes:
    marks = header.marks
    event = header.type.partition("^")[2]
    kind = marks.component.join(["ACK", event, "ACK"] if event.isalnum() else ["ACK"])
    version = header.version if header.version in VERSIONS else _OWN_VERSION
    # what cannot be right is not sent back: it may be a field of another segment
    processing = header.processing_id if header.processing_id in ("P", "T", "D") else "P"
    lines = [
        _line(
            marks, "MSH" + marks.field + marks.encoding_characters, header.receiver,
            header.receiving_facility, header.sender, header.facility,
            stamp.now().strftime("%Y%m%d%H%M%S+0000"), "", kind, stamp.new_id(),
            processing, version, *[""] * 5, header.charset if header.charset_known else "",
        ),
        _line(marks, "MSA", code, header.control_id, _text(marks, problem)),
    ]  # fmt: skip
    if problem is not None and version in _WITH_ERR_FIELDS:
        number, words = _CONDITIONS.get(problem.code, _INTERNAL)
        condition = marks.component.join((number, words, "HL70357"))
        lines.append(_line(marks, "ERR", "", "", condition, "E", *[""] * 3, _text(marks, problem)))
    # the header stands as Latin-1 characters, so that its bytes go back as they came
    return ("\r".join(lines) + "\r").encode("latin-1", "replace")


def _line(marks: Marks, *fields: str) -> str:
    return marks.field.join(fields).rstrip(marks.field)


def _text(marks: Marks, problem: Problem | None) -> str:
    if problem is None:
        return ""
    return marks.escaped(str(problem)[:_LONGEST_TEXT].encode("ascii", "replace").decode("ascii"))


def batch_of(answers: Sequence[bytes], stamp: Stamp, *, file: bool, comment: str) -> bytes:
    """Put acknowledgements into a batch.

    Parameters
    ----------
    answers : sequence of bytes
        In the order of the messages.
    stamp : Stamp
        Time and control ids.
    file : bool
        Also into a file.
    comment : str
        For BTS-2; may be empty.

    Returns
    -------
    bytes
    """
    at = stamp.now().strftime("%Y%m%d%H%M%S+0000")
    marks = Marks()
    head = _line(marks, "BHS", "^~\\&", *[""] * 4, at, *[""] * 3, stamp.new_id())
    foot = _line(marks, "BTS", str(len(answers)), comment)
    whole = (head + "\r").encode("ascii") + b"".join(answers) + (foot + "\r").encode("ascii")
    if not file:
        return whole
    return f"FHS|^~\\&|||||{at}\r".encode("ascii") + whole + b"FTS|1\r"
