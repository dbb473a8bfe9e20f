"""HL7 messages of our own, with the structure of the standard's examples."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from cartwheel.serve.hl7.context import Hl7Options
from cartwheel.serve.hl7.parsing import PLAIN, parse
from cartwheel.watch.codes import CodeTable
from cartwheel.watch.intake import Arrived, Item, Message, Parked
from cartwheel.watch.observation import Observation

BERLIN = ZoneInfo("Europe/Berlin")
SENT = "20261122100500+0100"
PATIENT = "PID|1||4711^^^NORTH^MR||Musterfrau^Erika||19700101|F"
ORDER = "OBR|1|P100|F200|CHEM^Chemistry^L|||20261122093000|||||||||||||||20261122100000|||F"
FERRITIN = "OBX|1|NM|2276-4^Ferritin^LN||812|ug/L|30-400|H|||F|||20261122093000"


def header(
    kind: str = "ORU^R01", control: str = "C1", *, processing: str = "P", version: str = "2.5.1",
    sent: str = SENT, accept: str = "", answer: str = "", charset: str = "",
) -> str:  # fmt: skip
    """Write an MSH segment."""
    return (
        f"MSH|^~\\&|LIS|NORTH|CARTWHEEL|WARD7|{sent}||{kind}|{control}|{processing}|{version}"
        f"|||{accept}|{answer}||{charset}"
    )


def message(*segments: str, head: str | None = None) -> bytes:
    """Write a message, each segment ended by a carriage return."""
    return ("\r".join((head or header(), *segments)) + "\r").encode()


def results(*observations: str, order: str = ORDER, head: str | None = None) -> bytes:
    """Write results of one patient under one order."""
    return message(PATIENT, order, *observations, head=head)


def read(content: bytes, codes: CodeTable | None = None, options: Hl7Options = PLAIN) -> Message:
    """Parse a message in Berlin."""
    return parse(content, BERLIN, codes or CodeTable(), options)


def seen(items: tuple[Item, ...]) -> list[Observation]:
    """List the observations that arrived."""
    return [one.observation for one in items if isinstance(one, Arrived)]


def waiting(items: tuple[Item, ...]) -> list[Parked]:
    """List what is parked."""
    return [one for one in items if isinstance(one, Parked)]
