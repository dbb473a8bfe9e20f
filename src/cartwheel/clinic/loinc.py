"""LOINC: codes with their check digits, and the variables that they stand for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from cartwheel.clinic.dictionary import variable, variables
from cartwheel.clinic.measurement import Measurement, measurement
from cartwheel.clinic.ucum import unit_kind
from cartwheel.errors import CohortRefused, Refused, refuse
from cartwheel.units import Quantity, known_unit, split_quantity

_CODE = re.compile(r"(\d{1,7})-(\d)")


@dataclass(frozen=True, slots=True)
class LoincCode:
    """What a LOINC code stands for in the dictionary.

    Parameters
    ----------
    code : str
        Number, hyphen, check digit.
    variable : str
        Name in the dictionary.
    kind : str
        Kind of quantity that it reports, see `unit_kind`: ``mass`` or ``amount`` differ in code.
    verified : bool
        Its name was matched in a terminology, and not only seen in use.
    """

    code: str
    variable: str
    kind: str
    verified: bool


@lru_cache(maxsize=1)
def loinc_codes() -> Mapping[str, LoincCode]:
    """List every code of the dictionary.

    Returns
    -------
    mapping of str to LoincCode
        Read-only, in the order of the dictionary.
    """
    found = {}
    for entry in variables().values():
        for code in (*entry.loinc, *entry.loinc_unverified):
            kind = entry.loinc_kind.get(code, unit_kind(entry.unit))
            found[code] = LoincCode(code, entry.name, kind, code in entry.loinc)
    return MappingProxyType(found)


def check_digit(number: str) -> int:
    """Compute the check digit of a LOINC number.

    Parameters
    ----------
    number : str
        The digits before the hyphen.

    Returns
    -------
    int
        0 to 9.

    Notes
    -----
    Modulus 10: from the right, every other digit beginning with the last is doubled (its own
    digits added where two arise), all are summed, and the check digit completes the sum to a
    multiple of ten. It catches every wrong digit and nearly every swap of neighbours.

    References
    ----------
    Regenstrief Institute, LOINC Users' Guide, appendix on the check digit.

    Examples
    --------
    >>> check_digit("2160"), check_digit("14682")
    (0, 9)
    """
    total = 0
    for place, character in enumerate(reversed(number)):
        value = int(character) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return -total % 10


def is_loinc(code: str) -> bool:
    """Tell whether a text has the form of a LOINC code and the right check digit.

    Parameters
    ----------
    code : str
        Such as ``2160-0``.

    Returns
    -------
    bool
        That the code exists is not checked.
    """
    match = _CODE.fullmatch(code)
    return match is not None and code.isascii() and check_digit(match[1]) == int(match[2])


def loinc_code(code: str, *, where: str = "") -> LoincCode:
    """Look up which variable a LOINC code stands for.

    Parameters
    ----------
    code : str
        Such as ``2160-0``.
    where : str
        Element concerned, for the refusal.

    Returns
    -------
    LoincCode

    Raises
    ------
    CohortRefused
        ``loinc_form``; ``loinc_check_digit``, a slip of the pen; ``loinc_unknown``, a sound code
        that the dictionary does not hold (it may be a share where a count is wanted).

    Examples
    --------
    >>> loinc_code("2160-0").variable, loinc_code("14682-9").kind
    ('creatinine', 'amount')
    """
    text = code.strip()
    match = _CODE.fullmatch(text)
    if match is None or not text.isascii():
        raise refuse(
            CohortRefused,
            "loinc_form",
            f"'{text[:16]}' is not a LOINC code",
            where=where,
            mend="digits, a hyphen, a check digit: 2160-0",
        )
    if not is_loinc(text):
        raise _wrong_digit(text, match[1], where)
    if text not in loinc_codes():
        raise refuse(
            CohortRefused,
            "loinc_unknown",
            f"{text} is a sound code, but of none of cartwheel's variables",
            where=where,
            mend="name the variable, or see docs/units.md for the codes that are known",
        )
    return loinc_codes()[text]


def _wrong_digit(text: str, number: str, where: str) -> Refused:
    right = f"{number}-{check_digit(number)}"
    known = loinc_codes().get(right)
    mend = "copy the code again from its source"
    if known is not None:
        mend = f"if it should be {right}, that is {variable(known.variable).label}; else {mend}"
    return refuse(
        CohortRefused,
        "loinc_check_digit",
        f"the check digit of {text} is wrong, so a digit was mistyped",
        where=where,
        mend=mend,
    )


def loinc_measurement(code: str, given: str | Quantity, *, where: str = "") -> Measurement:
    """Read a value that came under a LOINC code; code and unit must be of one kind.

    Parameters
    ----------
    code : str
        LOINC code.
    given : str or Quantity
        Number and unit, see `measurement`.
    where : str
        Element concerned, for the refusal.

    Returns
    -------
    Measurement

    Raises
    ------
    CohortRefused
        As `loinc_code` and `measurement`; ``loinc_unit`` where the code reports another kind of
        quantity than the unit measures: creatinine by mass in umol/L, a count in per cent.
    """
    known = loinc_code(code, where=where)
    limit, number, unit = _parts(given)
    canonical = (known_unit(unit) or "") if unit else ""
    kind = unit_kind(canonical)
    if kind == "mass" and known.kind.startswith("mass "):
        # the code itself says FEU or DDU, so a plain mg/L under it leaves nothing open
        canonical = canonical.replace("g/", f"g{{{known.kind.removeprefix('mass ')}}}/")
        kind, given = known.kind, _again(given, limit, number, canonical)
    if kind and kind != known.kind:
        raise _wrong_kind(known, unit, kind, where)
    return measurement(known.variable, given, where=where)


def _parts(given: str | Quantity) -> tuple[str, str, str]:
    if isinstance(given, Quantity):
        return "", str(given.value), given.unit
    return split_quantity(given) or ("", "", "")


def _again(given: str | Quantity, limit: str, number: str, unit: str) -> str | Quantity:
    """Give the same value in another unit, in the form in which it came."""
    if isinstance(given, Quantity):
        return Quantity(given.value, unit)
    return f"{limit}{number} {unit}"


def _wrong_kind(known: LoincCode, unit: str, kind: str, where: str) -> Refused:
    label = variable(known.variable).label
    others = [
        each.code
        for each in loinc_codes().values()
        if each.variable == known.variable and each.kind == kind and each.verified
    ]
    mend = f"{' or '.join(others)} is {label} in {unit}; " if others else ""
    return refuse(
        CohortRefused,
        "loinc_unit",
        f"{known.code} is {label} as {_said(known.kind)}, and {unit} is {_said(kind)}",
        where=where or label,
        mend=mend + "correct the code or the unit at its source",
    )


def _said(kind: str) -> str:
    words = {"mass": "a mass per volume", "amount": "an amount of substance per volume"}
    if kind.startswith("mass "):
        return f"a mass per volume ({kind.removeprefix('mass ')})"
    return words.get(kind, f"a {kind}")
