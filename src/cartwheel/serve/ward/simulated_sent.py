"""What a simulated hospital sends about one patient, and when; how it is written is another file's.

HL7 is written by `simulated_hl7`, FHIR by `simulated_fhir`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from cartwheel.watch.intake import Receipt
from cartwheel.workflows.monitor_time import Brought, Course

FACILITY = "SIMULATED"
SentKind = Literal["admitted", "results", "left"]


@dataclass(frozen=True, slots=True)
class Sent:
    """One message of a simulated hospital. It holds a patient's values: never for a result.

    Parameters
    ----------
    kind : {"admitted", "results", "left"}
        What it says.
    at : datetime
        UTC. When it is sent.
    number : str
        Of the simulated patient.
    place : int
        Of the message among his.
    course : Course
        Of the patient.
    brought : Brought or None
        Results; None for the others.
    """

    kind: SentKind
    at: datetime
    number: str
    place: int
    course: Course
    brought: Brought | None = None


class Sender(Protocol):
    """Sends messages by one interface."""

    interface: str

    def send(self, several: Sequence[Sent]) -> list[Receipt]:
        """Send messages of one moment, each of another patient; wait until all are durable.

        Parameters
        ----------
        several : sequence of Sent
            What is sent.

        Returns
        -------
        list of Receipt
            In the same order.
        """

    def close(self) -> None:
        """End what was begun for it."""


def sent_of(course: Course, number: str) -> Iterator[Sent]:
    """Give every message about a patient.

    Parameters
    ----------
    course : Course
        Of him.
    number : str
        What he is called in the messages.

    Yields
    ------
    Sent
        That he is here, what becomes known, that he has left.
    """
    yield Sent("admitted", course.admitted, number, 0, course)
    for place, brought in enumerate(course.brought, 1):
        yield Sent("results", brought.known_at, number, place, course, brought)
    yield Sent("left", course.ends, number, len(course.brought) + 1, course)
