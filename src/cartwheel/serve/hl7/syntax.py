"""The syntax of HL7 version 2: delimiters, segments, fields, repetitions, escape sequences.

The `hl7` package is the peer in the tests and not the reader here: it takes 2.3 ms for a message of
ten results, loses segments where a delimiter is missing, and raises IndexError on a short header.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field as dataclass_field

from cartwheel.errors import CohortRefused, refuse

HEADERS = ("MSH", "BHS", "FHS")
_NULL = '""'
_NAME = re.compile(r"[A-Z][A-Z0-9]{2}")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2})+")
_LONGEST_FIELDS = 1000


@dataclass(frozen=True, slots=True)
class Marks:
    """The delimiters of a message, as its first segment declares them.

    Parameters
    ----------
    field, component, repetition, escape, subcomponent : str
        One character each, all different.
    truncation : str
        Of version 2.7 on; empty without one.
    charset : str
        Name of the codec that hexadecimal escapes are read in.
    """

    field: str = "|"
    component: str = "^"
    repetition: str = "~"
    escape: str = "\\"
    subcomponent: str = "&"
    truncation: str = ""
    charset: str = "ascii"
    named: Mapping[str, str] = dataclass_field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        named = {
            "F": self.field, "S": self.component, "T": self.subcomponent, "R": self.repetition,
            "E": self.escape, "P": self.truncation or "#", ".br": "\n", ".sp": "\n",
            "H": "", "N": "",
        }  # fmt: skip
        object.__setattr__(self, "named", named)

    @property
    def encoding_characters(self) -> str:
        """Second field of a header."""
        return self.component + self.repetition + self.escape + self.subcomponent + self.truncation

    def plain(self, text: str) -> str:
        """Read the escape sequences of a text; what is none is left as it stands."""
        if self.escape not in text:
            return text
        parts = text.split(self.escape)
        made = [parts[0]]
        place = 1
        while place < len(parts):
            if place + 1 == len(parts):
                made.append(self.escape + parts[place])
                break
            made.append(self._escaped(parts[place]))
            made.append(parts[place + 1])
            place += 2
        return "".join(made)

    def _escaped(self, inner: str) -> str:
        if inner in self.named:
            return self.named[inner]
        if inner[:1] == "X" and _HEX.fullmatch(inner[1:]):
            try:
                return bytes.fromhex(inner[1:]).decode(self.charset)
            except UnicodeDecodeError:
                return "\ufffd"
        if inner[:1] in (".", "Z", "C", "M"):
            return " "
        return f"{self.escape}{inner}{self.escape}"

    def escaped(self, text: str) -> str:
        """Write a text so that it holds no delimiter."""
        made = text.replace(self.escape, f"{self.escape}E{self.escape}")
        signs = (
            (self.field, "F"), (self.component, "S"), (self.subcomponent, "T"),
            (self.repetition, "R"), ("\r", ".br"), ("\n", ".br"),
        )  # fmt: skip
        for sign, name in signs:
            made = made.replace(sign, f"{self.escape}{name}{self.escape}")
        return made


@dataclass(frozen=True, slots=True)
class Segment:
    """One line of a message.

    Parameters
    ----------
    name : str
        Three characters.
    fields : tuple of str
        As written; the name stands at 0, and field n of the standard at n.
    marks : Marks
        Of the message.
    """

    name: str
    fields: tuple[str, ...]
    marks: Marks

    def raw(self, number: int) -> str:
        """Give a field as written; empty where it is missing or the explicit null."""
        if number >= len(self.fields):
            return ""
        text = self.fields[number]
        return "" if text == _NULL else text

    def repeats(self, number: int) -> list[str]:
        """Split a field into its repetitions; none where it is empty."""
        text = self.raw(number)
        return text.split(self.marks.repetition) if text else []

    def part(self, number: int, component: int = 1) -> str:
        """Give one component of the first repetition of a field, in plain text."""
        text = self.raw(number)
        if not text:
            return ""
        if self.marks.repetition in text:
            text = text.split(self.marks.repetition, 1)[0]
        return component_of(text, component, self.marks)


def component_of(text: str, component: int, marks: Marks) -> str:
    """Give one component of a repetition, in plain text.

    Parameters
    ----------
    text : str
        The repetition as written.
    component : int
        Counted from 1.
    marks : Marks
        Of the message.

    Returns
    -------
    str
        Its first subcomponent, without space around it; empty where it is missing or null.
    """
    parts = text.split(marks.component)
    if component > len(parts):
        return ""
    found = parts[component - 1]
    if marks.subcomponent in found:
        found = found.split(marks.subcomponent, 1)[0]
    return "" if found == _NULL else marks.plain(found).strip()


def subcomponents(text: str, component: int, marks: Marks) -> list[str]:
    """Split one component of a repetition into its subcomponents, in plain text.

    Parameters
    ----------
    text : str
        The repetition as written.
    component : int
        Counted from 1.
    marks : Marks
        Of the message.

    Returns
    -------
    list of str
        Empty where the component is missing.
    """
    parts = text.split(marks.component)
    if component > len(parts) or not parts[component - 1]:
        return []
    return [marks.plain(one).strip() for one in parts[component - 1].split(marks.subcomponent)]


def lines_of(text: str) -> list[str]:
    """Split a message into its lines.

    Parameters
    ----------
    text : str
        Lines end in a carriage return; a line feed behind it, or in its place throughout, is
        taken as well.

    Returns
    -------
    list of str
        Without empty ones.
    """
    text = text.strip("\r\n")
    lines = text.split("\r") if "\r" in text else text.split("\n")
    return [stripped for line in lines if (stripped := line.strip("\n"))]


def read_marks(header: str, charset: str = "ascii") -> Marks:
    """Read the delimiters off the first line.

    Parameters
    ----------
    header : str
        The line MSH, BHS or FHS.
    charset : str
        Codec of the message.

    Returns
    -------
    Marks

    Raises
    ------
    CohortRefused
        ``delimiters`` where they are missing, letters or digits, or not all different.
    """
    sign = header[3:4]
    rest = header[4:]
    encoding = rest.split(sign, 1)[0] if sign else ""
    signs = sign + encoding
    sound = (
        len(encoding) in (4, 5)
        and len(set(signs)) == len(signs)
        and all(one.isascii() and one.isprintable() and not one.isalnum() for one in signs)
        and " " not in signs
        and '"' not in signs
    )
    if not sound:
        raise refuse(
            CohortRefused, "delimiters", "the delimiters of the header cannot be read",
            where="MSH-1, MSH-2", mend="declare them as in MSH|^~\\&|",
        )  # fmt: skip
    truncation = encoding[4] if len(encoding) == 5 else ""
    component, repetition, escape, subcomponent = list(encoding[:4])
    return Marks(sign, component, repetition, escape, subcomponent, truncation, charset)


# what would be lost if a line feed hid it in the segment before
_CARRYING = frozenset({"PID", "PV1", "MRG", "ORC", "OBR", "OBX", "RXA", "PR1"})


def read_segment(line: str, marks: Marks) -> Segment:
    """Split a line into its fields.

    Parameters
    ----------
    line : str
        Without its end.
    marks : Marks
        Of the message.

    Returns
    -------
    Segment

    Raises
    ------
    CohortRefused
        ``segment_form`` where the line does not begin with the name of a segment, or has more
        than 1,000 fields; ``control_character``.
    """
    name = line[:3]
    if not _NAME.fullmatch(name) or line[3:4] not in ("", marks.field):
        raise refuse(CohortRefused, "segment_form", "a line does not begin with a segment's name")
    if _CONTROL.search(line):
        raise refuse(CohortRefused, "control_character", "a control character", where=name)
    if "\n" in line and any(
        one[:3] in _CARRYING and one[3:4] == marks.field for one in line.split("\n")[1:]
    ):
        raise refuse(
            CohortRefused, "segment_form", "a segment ends in a line feed, others in a carriage "
            "return", where=name, mend="end every segment with a carriage return",
        )  # fmt: skip
    fields = line.split(marks.field)
    if name in HEADERS:
        fields = [name, marks.field, *fields[1:]]
    if len(fields) > _LONGEST_FIELDS:
        raise refuse(CohortRefused, "segment_form", "more fields than any segment has", where=name)
    return Segment(name, tuple(fields), marks)
