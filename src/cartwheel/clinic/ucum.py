"""UCUM, the unit codes of messages and records: in and out of cartwheel's own spellings.

The alias table of `cartwheel.units` comes first. A laboratory that writes ``K/uL`` means thousands
per microlitre, and a general UCUM parser reads kelvin per microlitre without a complaint.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from cartwheel.errors import CohortRefused, refuse
from cartwheel.units import canonical_unit, known_unit, nearest_units

# cartwheel says days and years in words; UCUM has symbols for them
_WORDS: Mapping[str, str] = MappingProxyType(
    {"hours": "h", "days": "d", "weeks": "wk", "months": "mo", "years": "a"}
)
_FROM_WORDS: Mapping[str, str] = MappingProxyType({code: word for word, code in _WORDS.items()})

# These say what was counted or how, and leave the quantity what it is. Others do not:
# mg/g{creatinine} and mg{FEU}/L are quantities of their own.
_SILENT = re.compile(
    r"\{(?:cells?|platelets?|wbcs?|leukocytes?|saturation|hemoglobinsaturation|inr|ratio|score)\}",
    re.IGNORECASE,
)
_NEGATIVE_POWER = re.compile(r"(?:\.|\s)([mudn]?l|min)\^?-1$", re.IGNORECASE)

_MASS = re.compile(r"[kmunp]?g(?P<assay>\{FEU\}|\{DDU\})?/[mud]?L")
_KINDS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"[munp]?mol/[mud]?L"), "amount"),
    (re.compile(r"(?:k?U|ukat)/[mud]?L"), "activity"),
    (re.compile(r"(?:10\*\d+)?/[mun]?L"), "count"),
    (re.compile(r"[%1]"), "share"),
    (re.compile(r"s|hours|days|weeks|months|years"), "time"),
    (re.compile(r"/min"), "rate"),
    (re.compile(r"mm\[Hg\]|kPa"), "pressure"),
    (re.compile(r"Cel|\[degF\]"), "temperature"),
    (re.compile(r"k?g"), "weight"),
    (re.compile(r"[cm]m2"), "area"),
    (re.compile(r"cm"), "length"),
    (re.compile(r"L/min"), "flow"),
    (re.compile(r"m?g/\(24\.h\)"), "excretion"),
    (re.compile(r"u?(?:g|U)(?:/kg)?/min"), "dose rate"),
)


def to_ucum(unit: str) -> str:
    """Write a unit as UCUM does, for messages and records.

    Parameters
    ----------
    unit : str
        In any spelling that `known_unit` reads.

    Returns
    -------
    str
        Case-sensitive UCUM code. ``{FEU}`` and ``{DDU}`` stand as annotations: a UCUM engine drops
        them, and the factor of about two with them, so never let one convert D-dimers.

    Raises
    ------
    CohortRefused
        ``unit_unknown``.

    Examples
    --------
    >>> to_ucum("K/uL"), to_ucum("years"), to_ucum("mmHg")
    ('10*3/uL', 'a', 'mm[Hg]')
    """
    canonical = canonical_unit(unit)
    return _WORDS.get(canonical, canonical)


def from_ucum(code: str, *, where: str = "") -> str:
    """Read a UCUM code, as senders write it, as a unit in canonical spelling.

    Parameters
    ----------
    code : str
        UCUM code. Laboratory aliases sent as if they were UCUM (``K/uL``, ``G/L``) are read as the
        laboratory means them. Annotations that only name what was counted (``{cells}``) are
        dropped; those that change the quantity are not.
    where : str
        Element concerned, for the refusal.

    Returns
    -------
    str
        Canonical spelling, see `known_unit`.

    Raises
    ------
    CohortRefused
        ``unit_unknown``.

    Notes
    -----
    ``from_ucum(to_ucum(unit)) == unit`` for every canonical unit. Agrees with ucumvert on the
    ratio of any two units of one kind: tests/properties/test_ucum_properties.py.

    Examples
    --------
    >>> from_ucum("10*3{cells}/uL"), from_ucum("a"), from_ucum("U.L-1"), from_ucum("K/uL")
    ('10*3/uL', 'years', 'U/L', '10*3/uL')
    """
    unit = _read(code)
    if unit is None:
        raise refuse(
            CohortRefused,
            "unit_unknown",
            f"'{code[:24]}' is not a unit code that cartwheel knows",
            where=where,
            mend=nearest_units(code),
        )
    return unit


@lru_cache(maxsize=1024)
def _read(code: str) -> str | None:
    text = code.strip()
    if text in _FROM_WORDS:
        return _FROM_WORDS[text]
    plain = _SILENT.sub("", text)
    if not plain:
        # {INR}, {ratio} and {score} alone are the number one
        return "1" if text else None
    return known_unit(plain) or known_unit(_NEGATIVE_POWER.sub(r"/\1", plain))


def unit_kind(unit: str) -> str:
    """Say what kind of quantity a unit measures.

    Parameters
    ----------
    unit : str
        Canonical spelling.

    Returns
    -------
    str
        ``mass``, ``mass FEU``, ``mass DDU``, ``amount`` (of substance), ``activity`` (of an
        enzyme) or ``count``, each per volume; ``share`` (per cent or a plain number), ``time``,
        ``rate``, ``pressure``, ``temperature``, ``weight``, ``area``, ``length``, ``flow``,
        ``excretion`` (mass in 24 hours) or ``dose rate``; empty for any other text.

    Examples
    --------
    >>> unit_kind("mg/dL"), unit_kind("umol/L"), unit_kind("10*9/L"), unit_kind("mg{FEU}/L")
    ('mass', 'amount', 'count', 'mass FEU')
    """
    mass = _MASS.fullmatch(unit)
    if mass:
        return f"mass {mass['assay'].strip('{}')}" if mass["assay"] else "mass"
    return next((kind for pattern, kind in _KINDS if pattern.fullmatch(unit)), "")
