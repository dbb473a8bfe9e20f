"""What the codes of a message stand for: the centre's own table first, then LOINC."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import TypeAlias

from cartwheel.clinic.loinc import loinc_code, loinc_codes
from cartwheel.clinic.ucum import from_ucum
from cartwheel.errors import CohortRefused, Refused, refuse

ANY = "*"
"""As a system: whatever the message calls it. As an answer: whatever was said."""

NO_UNIT = "-"
"""As a unit: a message that states none."""

SET_ASIDE = "-"
"""As a name: the centre knows the code and has no use for it; it is counted as such."""

LOINC = "LN"
_LOINC_NAMES = frozenset(
    {"ln", "loinc", "http://loinc.org", "2.16.840.1.113883.6.1", "urn:oid:2.16.840.1.113883.6.1"}
)
_LONGEST_SHOWN = 40


@dataclass(frozen=True, slots=True)
class Coding:
    """A code in a coding system, as a message gives it.

    Parameters
    ----------
    system : str
        Name of the coding system (third component in HL7, URI in FHIR); may be empty.
    code : str
        The code.
    shown : str
        Its name in words; may be empty.
    """

    system: str
    code: str
    shown: str = ""

    def __str__(self) -> str:
        system = f" ({self.system[:_LONGEST_SHOWN]})" if self.system else ""
        return f"{self.code[:_LONGEST_SHOWN]}{system}"


@dataclass(frozen=True, slots=True)
class CodeRow:
    """One line of the centre's table.

    Parameters
    ----------
    system : str
        Coding system as the sender writes it; ``*`` for any, empty for none. Case is no matter.
    code : str
        The code, exactly.
    name : str
        What it stands for, of `names_known`; ``-`` where it is known and of no use.
    interface : str
        ``hl7``, ``fhir`` or another; ``hl7:`` and the sending facility for one sender alone;
        empty for every one.
    unit : str
        Only values sent in this unit, as it is written; ``-`` for values without a unit; empty
        for any.
    read_unit : str
        The unit that is meant; empty where the unit of the message is.
    values : tuple of (str, str)
        Answer as sent -> the value that it stands for; ``*`` for every other answer.
    day_is_enough : bool
        A day without a time is taken, and counts from its first moment.
    note : str
        For whoever edits the table.
    """

    system: str
    code: str
    name: str
    interface: str = ""
    unit: str = ""
    read_unit: str = ""
    values: tuple[tuple[str, str], ...] = ()
    day_is_enough: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a code stands for.

    Parameters
    ----------
    name : str
        Of `names_known`.
    unit : str
        Canonical spelling of the unit that is meant; empty without one.
    loinc : str
        The LOINC code that the unit must fit; empty where the centre's table speaks.
    values : mapping of str to str
        Answer as sent, case folded -> value.
    day_is_enough : bool
        A day without a time is taken.
    """

    name: str
    unit: str
    loinc: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    day_is_enough: bool = False


_Place: TypeAlias = tuple[str, str, str]


class CodeTable:
    """The centre's table over the codes that cartwheel knows by itself.

    Parameters
    ----------
    rows : iterable of CodeRow
        Lines that are sound, see `read_code_csv`; of two for the same thing the last counts.

    Notes
    -----
    A line for one unit counts before a line for any; one for the sending facility before one for
    the interface before one for all; one that names the system before ``*``.
    """

    __slots__ = ("_index", "rows")

    def __init__(self, rows: Iterable[CodeRow] = ()) -> None:
        self.rows = tuple(rows)
        index: dict[_Place, dict[str, CodeRow]] = {}
        for row in self.rows:
            place = (row.interface.casefold(), system_name(row.system), row.code)
            index.setdefault(place, {})[row.unit.strip()] = row
        self._index: Mapping[_Place, Mapping[str, CodeRow]] = MappingProxyType(index)

    def meaning(
        self, interfaces: Sequence[str], codings: Sequence[Coding], unit: str = ""
    ) -> Meaning:
        """Say what the codes of one value stand for.

        Parameters
        ----------
        interfaces : sequence of str
            Where it came from, the narrowest first: ``("hl7:NORTH", "hl7")``.
        codings : sequence of Coding
            Every code that the message gives for the same thing.
        unit : str
            As written; empty where the message states none.

        Returns
        -------
        Meaning

        Raises
        ------
        CohortRefused
            ``code_missing``; ``code_unmapped``; ``code_set_aside``; ``codes_disagree`` where two
            codes of one value stand for different things; ``loinc_check_digit``;
            ``unit_unknown``. Only code, system and unit are in the words, never a value.
        """
        given = [one for one in codings if one.code]
        if not given:
            raise refuse(CohortRefused, "code_missing", "there is no code")
        rows = [row for one in given if (row := self._row(interfaces, one, unit)) is not None]
        if rows:
            _agree([row.name for row in rows], given)
            return _meant(rows[0], unit.strip())
        return _standard(given, unit.strip())

    def name_alone(self, interfaces: Sequence[str], codings: Sequence[Coding]) -> Meaning:
        """Say what the codes stand for, whatever the unit: for what is withdrawn.

        Parameters
        ----------
        interfaces : sequence of str
            As in `meaning`.
        codings : sequence of Coding
            As in `meaning`.

        Returns
        -------
        Meaning
            Without unit and answers.

        Raises
        ------
        CohortRefused
            ``code_missing``, ``code_unmapped``, ``code_set_aside``, ``codes_disagree``, also where
            the centre's lines for several units name several things.
        """
        given = [one for one in codings if one.code]
        rows = [row for one in given for row in self._rows(interfaces, one)]
        useful = [row for row in rows if row.name != SET_ASIDE]
        if not useful:
            return self.meaning(interfaces, codings)
        _agree([row.name for row in useful], given)
        return Meaning(useful[0].name, "", day_is_enough=any(row.day_is_enough for row in useful))

    def _rows(self, interfaces: Sequence[str], one: Coding) -> list[CodeRow]:
        return [
            row
            for interface in (*interfaces, "")
            for each in (system_name(one.system), ANY)
            for row in self._index.get((interface.casefold(), each, one.code), {}).values()
        ]

    def _row(self, interfaces: Sequence[str], one: Coding, unit: str) -> CodeRow | None:
        if not self._index:
            return None
        wanted = unit.strip() or NO_UNIT
        system = system_name(one.system)
        for fits in (wanted, ""):
            for interface in (*interfaces, ""):
                for each in (system, ANY):
                    rows = self._index.get((interface.casefold(), each, one.code))
                    if rows is not None and fits in rows:
                        return rows[fits]
        return None


def system_name(system: str) -> str:
    """Name a coding system in one way.

    Parameters
    ----------
    system : str
        As a message or a table writes it.

    Returns
    -------
    str
        ``LN`` for LOINC in any of its names; else lower case, without space around it.
    """
    folded = system.strip().casefold()
    return LOINC if folded in _LOINC_NAMES else folded


def _agree(names: Sequence[str], codings: Sequence[Coding]) -> None:
    if len(set(names)) > 1:
        shown = " and ".join(str(one) for one in codings)
        what = f"{shown} stand for different things: {', '.join(sorted(set(names)))}"
        raise refuse(CohortRefused, "codes_disagree", what, mend="correct the table of codes")


def _meant(row: CodeRow, unit: str) -> Meaning:
    if row.name == SET_ASIDE:
        shown = str(Coding(row.system, row.code))
        raise refuse(CohortRefused, "code_set_aside", f"{shown} is set aside by the centre")
    meant = row.read_unit or unit
    return Meaning(row.name, canonical(meant), "", _folded(row.values), row.day_is_enough)


@lru_cache(maxsize=1024)
def _folded(values: tuple[tuple[str, str], ...]) -> Mapping[str, str]:
    return MappingProxyType({said.strip().casefold(): meant for said, meant in values})


@lru_cache(maxsize=1024)
def canonical(unit: str) -> str:
    """Give the canonical spelling of a unit as a message writes it.

    Parameters
    ----------
    unit : str
        UCUM code or a laboratory's own spelling; may be empty.

    Returns
    -------
    str
        Empty without one.

    Raises
    ------
    CohortRefused
        ``unit_unknown``.
    """
    return from_ucum(unit) if unit else ""


def _standard(codings: Sequence[Coding], unit: str) -> Meaning:
    sound = [one.code for one in codings if system_name(one.system) == LOINC]
    known = [code for code in sound if code in loinc_codes()]
    if not known:
        for code in sound:
            _refuse_slip(code)
        shown = " or ".join(str(one) for one in codings)
        raise refuse(
            CohortRefused,
            "code_unmapped",
            f"{shown} is in no table",
            mend="add it to the table of codes, or set it aside there",
        )
    _agree([loinc_codes()[code].variable for code in known], codings)
    return Meaning(loinc_codes()[known[0]].variable, canonical(unit), known[0])


def _refuse_slip(code: str) -> None:
    """Refuse a LOINC code whose check digit is wrong; any other reason is no slip of the pen."""
    try:
        loinc_code(code)
    except Refused as refused:
        if refused.problems[0].code == "loinc_check_digit":
            raise
