"""What a message brings: values, people, merges, and what cannot be used as it stands.

Parsers make a `Message`; the ward's intake keeps it, and answers with a `Receipt`. Nothing here
reads a clock or a database.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from cartwheel.errors import Problem
from cartwheel.watch.observation import Observation

Interface: TypeAlias = Literal["hl7", "fhir", "csv", "rest", "page"]
INTERFACES: tuple[Interface, ...] = ("hl7", "fhir", "csv", "rest", "page")

Identifiers: TypeAlias = tuple[tuple[str, str], ...]
"""Pairs of a system (assigning authority, URL) and a value in it, of one and the same person."""

OWN = "ward"
"""System of the ward's own ids; what the page sends names the patient by it."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """A value that can be used.

    Parameters
    ----------
    identifiers : tuple of (str, str)
        Whose it is. Somebody not known yet becomes a new patient who is not assigned; where two
        of them belong to different patients the value is parked, ``identifiers_disagree``.
    observation : Observation
        With an empty ``patient``: the ward puts in its own id.
    name_shown : str or None
        How the person is called on pages; None where the message does not say it.
    """

    identifiers: Identifiers
    observation: Observation
    name_shown: str | None = None


@dataclass(frozen=True, slots=True)
class Parked:
    """A value that cannot be used as it stands; it is counted where someone sees it.

    Parameters
    ----------
    reason : str
        Short stable code, such as ``code_unmapped``, ``unit_not_accepted``, ``time_missing``.
    what : str
        In words, without a patient's data: no value, no name, no number of a record.
    system, code, unit : str
        As the message has them; may be empty.
    name : str
        Of the dictionary, where the code is known.
    identifiers : tuple of (str, str)
        Whose it is; may be empty.
    """

    reason: str
    what: str
    system: str = ""
    code: str = ""
    unit: str = ""
    name: str = ""
    identifiers: Identifiers = ()


Place: TypeAlias = Literal["here", "left"]


@dataclass(frozen=True, slots=True)
class Person:
    """Who somebody is, and whether the ward follows him.

    Parameters
    ----------
    identifiers : tuple of (str, str)
        All that are known of the person.
    name_shown : str or None
        For pages; None leaves it as it is.
    ward, bed : str or None
        Where the person is; None leaves it as it is.
    place : {"here", "left"} or None
        ``here`` admits him: alerts are raised from now on. ``left`` ends that. None leaves it.
    """

    identifiers: Identifiers
    name_shown: str | None = None
    ward: str | None = None
    bed: str | None = None
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Merge:
    """Two records are of one person (HL7 A40): one stays, the other is folded into it.

    Parameters
    ----------
    into : tuple of (str, str)
        Of the record that stays.
    gone : tuple of (str, str)
        Of the record that is folded into it; what still comes for it counts for the one that stays.
    """

    into: Identifiers
    gone: Identifiers


@dataclass(frozen=True, slots=True)
class Unmerge:
    """A merge was a mistake: the record that was gone has its own values again.

    Parameters
    ----------
    gone : tuple of (str, str)
        Of the record that was folded into another one.
    """

    gone: Identifiers


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """Somebody has seen an alert.

    Parameters
    ----------
    patient : str
        The ward's own id.
    alert : str
        Id of the alert.
    who : str
        Name of the account.
    reason : str
        In his own words; may be empty.
    at : datetime
        UTC.
    """

    patient: str
    alert: str
    who: str
    reason: str
    at: datetime


Item: TypeAlias = Arrived | Parked | Person | Merge | Unmerge | Acknowledged


@dataclass(frozen=True, slots=True)
class Message:
    """What one interface sent in one piece: kept whole, or not at all.

    Parameters
    ----------
    interface : {"hl7", "fhir", "csv", "rest", "page"}
        Which way it came.
    key : str
        What makes it the same message when it is sent again, at most 255 characters: sender and
        control id; type, id and version of a resource; an idempotency key. Longer ones are to be
        hashed by the parser.
    content : bytes
        As it came. The same key with other content is refused, ``message_differs``.
    items : tuple of Item
        What it brings, in its own order. Empty is allowed: then only the message is kept.
    reply : str
        What the sender was told the first time, and is told again when he repeats; may be empty
        where the interface makes it anew.
    """

    interface: Interface
    key: str
    content: bytes
    items: tuple[Item, ...]
    reply: str = ""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a message.

    Parameters
    ----------
    outcome : {"stored", "repeat", "refused"}
        ``stored``: durable, with everything that follows from it. ``repeat``: it was stored
        before; nothing has changed. ``refused``: nothing of it was kept; see `problem`.
    message : int or None
        Its number in the log; None where refused.
    reply : str
        Of the message; of a repeat the first one's.
    patients : tuple of str
        The ward's own ids of those whose log grew; of a repeat empty.
    entries, parked, events : int
        How many lines the log grew by, how many items were parked, how many events followed; of a
        repeat 0.
    problem : Problem or None
        Why it was refused: ``message_differs`` and ``message_unusable`` come again however often
        it is sent; ``store_unavailable``, ``ward_stopping`` and ``ward_busy`` pass.
    """

    outcome: Literal["stored", "repeat", "refused"]
    message: int | None
    reply: str = ""
    patients: tuple[str, ...] = ()
    entries: int = 0
    parked: int = 0
    events: int = 0
    problem: Problem | None = None

    @property
    def durable(self) -> bool:
        """Whether the sender may forget the message."""
        return self.outcome != "refused"

    @property
    def passes(self) -> bool:
        """Whether it may be taken when it is sent again (AE, 503), unlike what never will be."""
        return self.problem is not None and self.problem.code in PASSING


PASSING = frozenset({"store_unavailable", "ward_stopping", "ward_busy"})
