"""The messages of a simulated hospital as HL7 v2 text, and their way through parser and intake."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from cartwheel.serve.hl7.parsing import parse
from cartwheel.serve.ward.ingest import Ingest
from cartwheel.serve.ward.simulated_sent import FACILITY, Sent
from cartwheel.watch.codes import CodeTable
from cartwheel.watch.intake import Message, Receipt
from cartwheel.watch.observation import MILESTONES, TREATMENTS
from cartwheel.workflows.monitor_time import SYSTEM, Brought, Course, said_of

APPLICATION = "CARTWHEEL-SIMULATION"
_ESCAPES = {"\\": "\\E\\", "|": "\\F\\", "^": "\\S\\", "~": "\\R\\", "&": "\\T\\"}
_KINDS = {"admitted": "ADT^A01", "results": "ORU^R01", "left": "ADT^A03"}


class Hl7Sender:
    """Sends HL7 v2 text.

    Parameters
    ----------
    ingest : Ingest
        Of the ward.
    zone : ZoneInfo
        In which times without an offset are read.
    codes : CodeTable
        The centre's.
    """

    interface = "hl7"

    def __init__(self, ingest: Ingest, zone: ZoneInfo, codes: CodeTable) -> None:
        self._ingest, self._zone, self._codes = ingest, zone, codes
        self._runner = asyncio.Runner()

    def send(self, several: Sequence[Sent]) -> list[Receipt]:
        """Send messages of one moment together: the intake keeps them in one transaction.

        Parameters
        ----------
        several : sequence of Sent
            What is sent.

        Returns
        -------
        list of Receipt
            In the same order.
        """
        messages = [parse(hl7_text(one), self._zone, self._codes) for one in several]
        if len(messages) == 1:
            return [self._ingest.accept(messages[0])]
        return self._runner.run(self._together(messages))

    async def _together(self, messages: Sequence[Message]) -> list[Receipt]:
        return list(await asyncio.gather(*(self._ingest.accept_soon(one) for one in messages)))

    def close(self) -> None:
        """End the loop that sends together."""
        self._runner.close()


def hl7_text(sent: Sent) -> bytes:
    """Write a message as HL7 v2.5.1.

    Parameters
    ----------
    sent : Sent
        What it says.

    Returns
    -------
    bytes
        UTF-8.
    """
    number = sent.number
    head = (
        f"MSH|^~\\&|{APPLICATION}|{FACILITY}|CARTWHEEL|WARD|{_time(sent.at)}||{_KINDS[sent.kind]}|"
        f"{number}-{sent.place}|P|2.5.1|||||||UNICODE UTF-8"
    )
    pid = f"PID|1||{number}^^^{FACILITY}^MR||Simulated^{number}"
    segments = () if sent.brought is None else _segments(sent.brought, sent.course)
    lines = (head, pid, "PV1|1|I|SIMULATED", *segments)
    return ("\r".join(lines) + "\r").encode("utf-8")


def _segments(brought: Brought, course: Course) -> tuple[str, ...]:
    """Write OBR and OBX of results, ORC and RXA of what was given."""
    at = _time(brought.taken_at)
    lines = [f"OBR|1|||SIM^simulated^{SYSTEM}|||{at}|||||||||||||||||||F"]
    for place, one in enumerate(brought.values, 1):
        code = f"{one.name}^^{SYSTEM}"
        if one.name in TREATMENTS:
            end = "" if one.end_day is None else _time(course.moment(one.end_day))
            drug = " ".join(_escaped(one.text).split())
            lines.append(f"ORC|RE||{drug}")
            lines.append(f"RXA|0|1|{at}|{end}|{one.name}^{drug}^{SYSTEM}|1||||||||||||||CP|A")
        elif one.name in MILESTONES:
            lines.append(f"OBX|{place}|DTM|{code}||{at}||||||F|||{at}")
        else:
            answers = [words[0] for words in said_of(one.text).answers]
            text = "~".join(_escaped(each) for each in answers)
            lines.append(f"OBX|{place}|ST|{code}||{text}|{_escaped(one.unit)}|||||F|||{at}")
    return tuple(lines)


def _time(at: datetime) -> str:
    return at.strftime("%Y%m%d%H%M%S") + "+0000"


def _escaped(text: str) -> str:
    plain = "".join(" " if ord(sign) < 32 else sign for sign in text)
    return "".join(_ESCAPES.get(sign, sign) for sign in plain)
