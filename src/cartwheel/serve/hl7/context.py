"""What is the same for every value of one message: whose it is, from where, and in which zone."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo

from cartwheel.errors import CohortRefused, Refused, refuse
from cartwheel.serve.hl7.times import read_moment
from cartwheel.watch.codes import CodeTable, Coding
from cartwheel.watch.intake import Identifiers, Parked

_LONGEST_SOURCE = 200
_LONGEST_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Hl7Options:
    """How a centre's HL7 interface is set up.

    Parameters
    ----------
    processing : tuple of str
        Processing ids (MSH-11) that are taken; ``P`` is production.
    wards : frozenset of str
        Points of care (PV1-3, first component) that are this ward: a patient admitted or moved
        there is admitted here, and one who is moved away has left. Empty where the sender sends
        only this ward's patients.
    authorities : mapping of str to str
        Assigning authority as HL7 names it -> system of the identifier as the ward keeps it, where
        another interface names it differently.
    """

    processing: tuple[str, ...] = ("P",)
    wards: frozenset[str] = frozenset()
    authorities: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Context:
    """Of one message.

    Parameters
    ----------
    interfaces : tuple of str
        For the table of codes, the narrowest first.
    facility : str
        Sending facility, or application where it names none.
    zone : tzinfo
        Of times without an offset.
    sent_at : datetime or None
        MSH-7 in UTC.
    codes : CodeTable
        The centre's.
    identifiers : tuple of (str, str)
        Of the patient.
    name_shown : str or None
        Of the patient.
    """

    interfaces: tuple[str, ...]
    facility: str
    zone: tzinfo
    sent_at: datetime | None
    codes: CodeTable
    identifiers: Identifiers = ()
    name_shown: str | None = None

    def source(self, *parts: str) -> str:
        """Name who calls a value what; long ones by their hash."""
        whole = "|".join((self.facility, *parts))
        if len(whole) <= _LONGEST_SOURCE:
            return whole
        return "sha256:" + hashlib.sha256(whole.encode("utf-8")).hexdigest()

    def parked(
        self, reason: str, what: str, coding: Coding | None, unit: str = "", name: str = ""
    ) -> Parked:
        """Park a value of the patient."""
        one = coding or Coding("", "")
        return Parked(
            reason, what, one.system[:_LONGEST_SHOWN], one.code[:_LONGEST_SHOWN],
            unit[:_LONGEST_SHOWN], name, self.identifiers,
        )  # fmt: skip

    def taken_at(self, text: str, *, day_is_enough: bool) -> datetime:
        """Read the moment of a value, to the minute at least unless a day is enough.

        Raises CohortRefused: ``time_missing``, ``time_imprecise``, and what `read_moment` refuses.
        """
        if not text:
            raise refuse(
                CohortRefused, "time_missing", "no time of observation", where="OBX-14, OBR-7",
                mend="the moment of sending is not the moment of the observation",
            )  # fmt: skip
        moment = read_moment(text, self.zone)
        if moment.precision == "minute" or (day_is_enough and moment.precision == "day"):
            return moment.at
        raise refuse(
            CohortRefused, "time_imprecise", f"known to the {moment.precision} only",
            mend="send the minute; where a day is enough, say so in the table of codes",
        )  # fmt: skip

    def issued_at(self, *texts: str) -> datetime | None:
        """Read the first moment of issue that is there; else when the message was sent."""
        for text in texts:
            found = minute_of(text, self.zone)
            if found is not None:
                return found
        return self.sent_at


def minute_of(text: str, zone: tzinfo) -> datetime | None:
    """Read a moment that only orders versions.

    Parameters
    ----------
    text : str
        As the message has it.
    zone : tzinfo
        Of times without an offset.

    Returns
    -------
    datetime or None
        None where it cannot be read, or not to the minute.
    """
    if not text:
        return None
    try:
        moment = read_moment(text, zone)
    except Refused:
        return None
    return moment.at if moment.precision == "minute" else None
