"""What is the same for the resources of one sender: references, moments, codes."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from cartwheel.errors import CohortRefused, Refused, refuse
from cartwheel.serve.fhir.json_text import Json, Resource
from cartwheel.watch.codes import CodeTable, Coding
from cartwheel.watch.intake import Identifiers, Parked

_LONGEST_SOURCE, _LONGEST_SHOWN = 200, 60
_FIRST_YEAR, _LAST_YEAR = 1900, 2199
_MOMENT = re.compile(
    r"\d{4}(?P<month>-\d\d)?(?P<day>-\d\d)?"
    r"(?P<time>T\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d))?",
    re.ASCII,
)
_LITERAL = re.compile(
    r"(?:(?P<base>https?://\S+)/)?(?P<type>[A-Z][A-Za-z]+)/(?P<id>[A-Za-z0-9\-.]{1,64})"
    r"(?:/_history/[A-Za-z0-9\-.]+)?",
    re.ASCII,
)
# numbers of a stay or a bill, not of a person
_NOT_OF_A_PERSON = frozenset({"VN", "AN", "ANON", "ANC", "ANT", "XV"})


REFERRED_TO = ("Medication", "Device")
"""Types that bring nothing by themselves."""


@dataclass(frozen=True, slots=True)
class FhirOptions:
    """How a centre's FHIR interface is set up.

    Parameters
    ----------
    base : str
        Address of the sender's own FHIR server, to which relative references belong: what is
        pushed and what is pulled from it are then of the same patients.
    systems : mapping of str to str
        System of an identifier as FHIR names it -> as the ward keeps it, where another interface
        names it differently.
    wards : frozenset of str
        Locations (reference, display or identifier) that are this ward; empty where the sender
        sends only this ward's patients.
    """

    base: str = ""
    systems: Mapping[str, str] = field(default_factory=dict)
    wards: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class FhirContext:
    """Of one sender, and of the resources that came together.

    Parameters
    ----------
    codes : CodeTable
        The centre's.
    options : FhirOptions
        Of the interface.
    sender : str
        Name of the account that sends.
    together : mapping of str to mapping
        Resources of the same bundle, by full address and by ``Type/id``.
    kept : callable or None
        Gives what this sender sent before, by type and id: a Medication, a Device.
    """

    codes: CodeTable
    options: FhirOptions
    sender: str = ""
    together: Mapping[str, Resource] = field(default_factory=dict)
    kept: Callable[[str, str], Resource | None] | None = None

    @property
    def interfaces(self) -> tuple[str, ...]:
        """For the table of codes, the narrowest first."""
        return (f"fhir:{self.sender}", "fhir") if self.sender else ("fhir",)

    def system(self, kind: str, base: str = "") -> str:
        """Name the system of the ids of one type on a server."""
        own = base or self.options.base
        if not own and self.sender:
            # ids of a sender without an address of its own are of that sender alone
            own = f"urn:cartwheel:sender:{self.sender}"
        return f"{own.rstrip('/')}/{kind}" if own else kind

    def source(self, resource: Resource, *parts: str) -> str:
        """Name who calls a value what: the resource by its id, else by its own identifier."""
        name = f"{resource.get('resourceType')}/{resource.get('id', '')}"
        whole = "|".join((self.system(name), *parts))
        if len(whole) <= _LONGEST_SOURCE:
            return whole
        return "sha256:" + hashlib.sha256(whole.encode("utf-8")).hexdigest()

    def find(self, resource: Resource, reference: Json) -> Resource | None:
        """Find what is referred to: inside the resource, or in what came with it."""
        said = reference.get("reference") if isinstance(reference, Mapping) else None
        if not isinstance(said, str):
            return None
        if said.startswith("#"):
            return next(
                (one for one in resource.get("contained", ()) if one.get("id") == said[1:]), None
            )
        found = self.together.get(said)
        match = _LITERAL.fullmatch(said) if found is None else None
        if match is None or self.kept is None or match["type"] not in REFERRED_TO:
            return found
        return self.kept(match["type"], match["id"])

    def whose(self, resource: Resource, reference: Json) -> Identifiers:
        """Say whose a resource is.

        Parameters
        ----------
        resource : mapping
            That refers.
        reference : object
            To a patient.

        Returns
        -------
        tuple of (str, str)
            Empty where nobody is named.
        """
        if not isinstance(reference, Mapping):
            return ()
        found: dict[tuple[str, str], None] = {}
        person = self.find(resource, reference)
        if person is not None and person.get("resourceType") == "Patient":
            inside = str(reference.get("reference", "")).startswith("#")
            found.update(dict.fromkeys(self.identifiers(person, own=not inside)))
        else:
            match = _LITERAL.fullmatch(str(reference.get("reference", "")))
            if match is not None and match["type"] == "Patient":
                found[(self.system("Patient", match["base"] or ""), match["id"])] = None
        stated = reference.get("identifier")
        if isinstance(stated, Mapping) and (pair := self._identifier(stated)) is not None:
            found[pair] = None
        return tuple(found)

    def identifiers(self, person: Resource, *, own: bool = True) -> Identifiers:
        """Give all numbers of a Patient: its id on the sender's server, and its identifiers."""
        found: dict[tuple[str, str], None] = {}
        if own and person.get("id"):
            found[(self.system("Patient"), str(person["id"]))] = None
        for one in person.get("identifier", ()):
            pair = self._identifier(one)
            if pair is not None:
                found[pair] = None
        return tuple(found)

    def _identifier(self, one: Resource) -> tuple[str, str] | None:
        system, value = one.get("system"), one.get("value")
        if not system or not value or one.get("use") == "temp":
            return None
        kinds = {each.code.upper() for each in codings_of(one.get("type"))}
        if kinds & _NOT_OF_A_PERSON:
            return None
        return self.options.systems.get(system, system), value

    def parked(
        self, refused: Refused, coding: Coding | None, identifiers: Identifiers, *,
        unit: str = "", name: str = "",
    ) -> Parked:  # fmt: skip
        """Park a value."""
        one = coding or Coding("", "")
        return Parked(
            refused.problems[0].code, str(refused.problems[0]), one.system[:_LONGEST_SHOWN],
            one.code[:_LONGEST_SHOWN], unit[:_LONGEST_SHOWN], name, identifiers,
        )  # fmt: skip


def codings_of(concept: Json) -> tuple[Coding, ...]:
    """Read every code of a concept; its text as a code without a system where there is no other.

    Parameters
    ----------
    concept : object
        CodeableConcept, or nothing.

    Returns
    -------
    tuple of Coding
    """
    if not isinstance(concept, Mapping):
        return ()
    found = tuple(_coded(concept))
    text = concept.get("text")
    return found or ((Coding("", text, text),) if text else ())


def _coded(concept: Mapping[str, Any]) -> Iterator[Coding]:
    for one in concept.get("coding", ()):
        if one.get("code"):
            yield Coding(one.get("system", ""), one["code"], one.get("display", ""))


def forms_of(concept: Json) -> tuple[str, ...]:
    """Give every form of an answer: its codes, their names, its text.

    Parameters
    ----------
    concept : object
        CodeableConcept.

    Returns
    -------
    tuple of str
    """
    codes = codings_of(concept)
    text = concept.get("text") if isinstance(concept, Mapping) else None
    shown = [one.shown for one in codes if one.shown]
    return tuple(dict.fromkeys([*(one.code for one in codes), *shown, *([text] if text else [])]))


Precision = Literal["day", "minute"]


def moment_in(text: Json, *, day_is_enough: bool = False, where: str = "") -> datetime:
    """Read a dateTime or an instant, in UTC.

    Parameters
    ----------
    text : object
        As in ``2026-11-22T01:30:00+01:00``; nothing where it is not stated.
    day_is_enough : bool
        A day without a time is taken, and counts from its first moment in UTC.
    where : str
        Of the element.

    Returns
    -------
    datetime

    Raises
    ------
    CohortRefused
        ``time_missing``, ``time_imprecise``, ``time_form``.
    """
    if not isinstance(text, str) or not text:
        raise refuse(
            CohortRefused, "time_missing", "no time is stated", where=where,
            mend="the moment of sending is not the moment of the observation",
        )  # fmt: skip
    match = _MOMENT.fullmatch(text)
    if match is None:
        raise _form(where)
    if match["time"] is None and not (match["day"] and day_is_enough):
        precision = "day" if match["day"] else "month" if match["month"] else "year"
        raise refuse(
            CohortRefused, "time_imprecise", f"known to the {precision} only", where=where,
            mend="send the minute; where a day is enough, say so in the table of codes",
        )  # fmt: skip
    try:
        read = datetime.fromisoformat(_six_digits(text))
        at = (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise _form(where) from None
    if not _FIRST_YEAR <= at.year <= _LAST_YEAR:
        raise _form(where)
    return at


def _six_digits(text: str) -> str:
    return re.sub(r"(\.\d{6})\d+", r"\1", text)


def _form(where: str) -> Refused:
    return refuse(
        CohortRefused, "time_form", "this is not a date and time", where=where,
        mend="write it as in 2026-11-22T01:30:00+01:00",
    )  # fmt: skip


def issued_at(resource: Resource) -> datetime | None:
    """Tell when this version was given out: it only orders versions.

    Parameters
    ----------
    resource : mapping
        Any.

    Returns
    -------
    datetime or None
        When the server changed it last, else ``issued``; None where neither can be read.
    """
    meta = resource.get("meta")
    changed = meta.get("lastUpdated") if isinstance(meta, Mapping) else None
    for text in (changed, resource.get("issued")):
        if text:
            try:
                return moment_in(text)
            except Refused:
                continue
    return None
