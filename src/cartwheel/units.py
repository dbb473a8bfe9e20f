"""Quantities and units: one spelling for each unit, and exact decimal conversion.

Laboratories write the same unit in a dozen ways, and some of those ways mean something else to a
general unit parser (``K/uL`` is kelvin per microlitre in UCUM). So the aliases used at the bench
are looked up first, in a closed table: a unit that is not in it is refused, never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from functools import lru_cache

from cartwheel.errors import CohortRefused, refuse

# Canonical spelling -> other spellings, lower case and without spaces.
_SPELLINGS: Mapping[str, tuple[str, ...]] = {
    "g/L": ("gm/l",),
    "g/dL": ("g%", "gm/dl"),
    "mg/L": (),
    "mg/dL": ("mg/100ml",),
    "mg/mL": (),
    "ug/L": (),
    "ug/dL": (),
    "ug/mL": (),
    "ng/L": (),
    "ng/dL": (),
    "ng/mL": (),
    "pg/mL": (),
    "pg/L": (),
    "mol/L": (),
    "mmol/L": (),
    "umol/L": (),
    "nmol/L": (),
    "pmol/L": (),
    "U/L": ("iu/l", "ui/l", "units/l", "[iu]/l"),
    "U/mL": ("iu/ml", "ui/ml", "units/ml", "[iu]/ml"),
    "kU/L": ("kiu/l", "k[iu]/l"),
    "ukat/L": (),
    "/uL": ("cells/ul", "cell/ul", "#/ul", "1/ul"),
    "/mL": ("cells/ml", "cell/ml", "#/ml", "1/ml"),
    "/L": ("cells/l", "cell/l", "#/l", "1/l"),
    "10*9/L": ("/nl", "cells/nl", "1/nl", "gpt/l", "giga/l"),
    "10*3/uL": ("k/ul", "kcells/ul", "thou/ul", "thousand/ul", "tsd/ul", "tsd./ul", "th/ul"),
    "10*6/uL": ("m/ul", "mio/ul", "mio./ul", "mill/ul", "million/ul"),
    "10*12/L": ("tpt/l", "tera/l"),
    "10*6/L": ("mio/l", "mio./l"),
    "%": ("percent", "pct"),
    "1": ("ratio", "dimensionless", "fraction"),
    "s": ("sec", "secs", "second", "seconds"),
    "/min": ("1/min", "bpm", "beats/min", "breaths/min", "min-1", "min^-1"),
    "mm[Hg]": ("mmhg",),
    "kPa": (),
    "Cel": ("°c", "degc", "celsius"),
    "[degF]": ("°f", "degf", "fahrenheit"),
    "kg": (),
    "g": (),
    "cm": (),
    "cm2": ("cm^2", "sqcm"),
    "mm2": ("mm^2", "sqmm"),
    "L/min": ("lpm", "slpm", "l/minute", "liters/min", "litres/min"),
    "mg/(24.h)": ("mg/24h", "mg/24hr", "mg/24hrs", "mg/24hours", "mg/d", "mg/day"),
    "g/(24.h)": ("g/24h", "g/24hr", "g/24hrs", "g/24hours", "g/d", "g/day"),
    "U/min": ("iu/min", "units/min"),
    "ug/min": (),
    "ug/kg/min": (),
    "hours": ("hour", "h", "hr", "hrs"),
    "days": ("day", "d"),
    "weeks": ("week", "wk", "wks"),
    "months": ("month", "mo", "mos"),
    "years": ("year", "y", "yr", "yrs"),
}

# Here the case of a letter is the whole difference: G/L is giga per litre, g/L is grams.
_CASED: Mapping[str, str] = {"G/L": "10*9/L", "G/l": "10*9/L", "T/L": "10*12/L", "T/l": "10*12/L"}

_FOLDED: Mapping[str, str] = {
    **{name.lower(): name for name in _SPELLINGS},
    **{alias: name for name, aliases in _SPELLINGS.items() for alias in aliases},
}
_VOLUMES: Mapping[str, str] = {"l": "L", "ml": "mL", "ul": "uL", "nl": "nL"}
_COUNT = re.compile(r"(?:x|\*)?(?:10(?:\^|\*\*|\*|e|exp)?|1e)\+?0?(3|6|9|12)/(l|ml|ul|nl)")
_SUPERSCRIPT = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹]+")
_SUPERSCRIPT_DIGITS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
_SIGNS = str.maketrans({"µ": "u", "μ": "u", "×": "x", "·": "*", "⋅": "*", "∕": "/", "⁄": "/"})
_PER = re.compile(r"(?:^|(?<=[\s\d]))\s*per\s+", re.IGNORECASE)
_MICRO = re.compile(r"(^|/)mc(?=g|mol|l)", re.IGNORECASE)
_ASSAY = re.compile(r"[{(\[]?(feu|d-?du)[})\]]?")

_GROUPED_POINT = re.compile(r"[+-]?[1-9]\d{0,2}(?:,\d{3})+\.\d+|[+-]?[1-9]\d{0,2}(?:,\d{3}){2,}")
_GROUPED_COMMA = re.compile(r"[+-]?[1-9]\d{0,2}(?:\.\d{3})+,\d+|[+-]?[1-9]\d{0,2}(?:\.\d{3}){2,}")
_EITHER = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}")
_COMMA = re.compile(r"[+-]?\d*,\d+(?:[eE][+-]?\d+)?")
_POINT = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_QUANTITY = re.compile(
    r"(?P<limit>[<>≤≥]=?|=[<>])?\s*(?P<number>[+-]?[\d.,]*\d\.?(?:[eE][+-]?\d+)?)\s*(?P<unit>.*)",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with its unit, digits kept as written.

    Parameters
    ----------
    value : Decimal
        The number.
    unit : str
        Canonical spelling; empty where none was stated.
    """

    value: Decimal
    unit: str

    def __str__(self) -> str:
        return f"{self.value} {self.unit}".strip()


@lru_cache(maxsize=4096)
def known_unit(text: str) -> str | None:
    """Canonical spelling of a unit, or None where the unit is not known.

    Parameters
    ----------
    text : str
        A unit as a laboratory or a spreadsheet writes it.

    Returns
    -------
    str or None
        UCUM spelling for laboratory units (``10*9/L``, ``mm[Hg]``), English words for days to
        years; ``{FEU}`` and ``{DDU}`` stay part of the unit.

    Notes
    -----
    Upper and lower case are the same but for G/L (10*9/L) against g/L. ``10e3/uL`` means 10*3/uL.

    Examples
    --------
    >>> known_unit("K/µL"), known_unit("x10^9/L"), known_unit("mg/L FEU")
    ('10*3/uL', '10*9/L', 'mg{FEU}/L')
    """
    squeezed = _squeeze(text)
    if squeezed in _CASED:
        return _CASED[squeezed]
    folded = squeezed.lower()
    if folded in _FOLDED:
        return _FOLDED[folded]
    count = _COUNT.fullmatch(folded)
    if count:
        exponent, volume = count.groups()
        return f"10*{exponent}/{_VOLUMES[volume]}"
    return _with_assay(folded)


def _squeeze(text: str) -> str:
    """Drop spaces, and write micro, times, powers and cubic millimetres in one way."""
    plain = _SUPERSCRIPT.sub(lambda run: "^" + run.group().translate(_SUPERSCRIPT_DIGITS), text)
    plain = _PER.sub("/", plain.translate(_SIGNS).strip())
    plain = _MICRO.sub(r"\1u", re.sub(r"\s+", "", plain))
    return re.sub(r"/(?:mm\^?3|cmm)$", "/uL", plain, flags=re.IGNORECASE)


def _with_assay(folded: str) -> str | None:
    """Read a mass per volume in fibrinogen-equivalent (FEU) or D-dimer units (DDU)."""
    assays = _ASSAY.findall(folded)
    if len(assays) != 1:
        return None
    base = known_unit(_ASSAY.sub("", folded))
    if base is None or not re.fullmatch(r"[mun]?g/(?:L|mL|dL)", base):
        return None
    mass, volume = base.split("/")
    return f"{mass}{{{assays[0].replace('-', '').upper()}}}/{volume}"


def canonical_unit(text: str, *, where: str = "") -> str:
    """Canonical spelling of a unit; an unknown unit is refused with the nearest known ones.

    Parameters
    ----------
    text : str
        A unit as written.
    where : str
        Column, input or plan key concerned, for the refusal.

    Returns
    -------
    str
        See `known_unit`.

    Raises
    ------
    CohortRefused
        ``unit_unknown``: the unit is not in the table.
    """
    unit = known_unit(text)
    if unit is None:
        raise refuse(
            CohortRefused,
            "unit_unknown",
            f"'{text[:24]}' is not a unit that cartwheel knows",
            where=where,
            mend=nearest_units(text),
        )
    return unit


def nearest_units(text: str, among: Iterable[str] | None = None) -> str:
    """Say which known units look like this one, or name all the accepted ones.

    Parameters
    ----------
    text : str
        A unit as written; not read where `among` is given.
    among : iterable of str, optional
        The units accepted here.

    Returns
    -------
    str
        Advice for a refusal: `among` in full, else up to four known units of similar spelling, else
        examples of how units are written.
    """
    if among is not None:
        return "write one of: " + ", ".join(among)
    close = get_close_matches(_squeeze(text).lower(), _FOLDED, n=4, cutoff=0.5)
    names = list(dict.fromkeys(_FOLDED[name] for name in close))
    return f"did you mean {' or '.join(names)}?" if names else "write it as in mg/L, U/L or 10*9/L"


def parse_quantity(text: str, *, where: str = "") -> Quantity:
    """Read a number and its unit from one text, such as ``280 U/L``.

    Parameters
    ----------
    text : str
        Number, optional unit. A decimal comma is read where it can be nothing else.
    where : str
        Input concerned, for the refusal.

    Returns
    -------
    Quantity
        Digits as written; unit in canonical spelling, empty where none was given.

    Raises
    ------
    CohortRefused
        ``not_a_number``; ``decimal_mark`` for ``1,234``, which is 1.234 or 1234;
        ``detection_limit`` for ``<0.5``; ``unit_unknown``.

    Examples
    --------
    >>> parse_quantity("280 IU/l")
    Quantity(value=Decimal('280'), unit='U/L')
    """
    limit, number, unit = split_quantity(text) or ("", "", "")
    mark = decimal_mark(number)
    if mark is None:
        raise refuse(
            CohortRefused,
            "not_a_number",
            "not a number",
            where=where,
            mend="write it as in 280 U/L",
        )
    if limit:
        raise refuse(
            CohortRefused,
            "detection_limit",
            "a value beyond a detection limit is not a number",
            where=where,
            mend="decide which number stands for it, and give that number",
        )
    if mark == "?":
        raise refuse(
            CohortRefused,
            "decimal_mark",
            f"'{number}' could be {number.replace(',', '.')} or {number.replace(',', '')}",
            where=where,
            mend="write it with a decimal point, without thousands separators",
        )
    plain = plain_number(number, "." if mark == "" else mark)
    if plain is None:
        raise refuse(CohortRefused, "not_a_number", "not a number", where=where)
    return Quantity(Decimal(plain), canonical_unit(unit, where=where) if unit else "")


def split_quantity(text: str) -> tuple[str, str, str] | None:
    """Split a text into limit sign, number and unit.

    Parameters
    ----------
    text : str
        A value as written, such as ``<= 0.5 mg/L``; white space around it is ignored.

    Returns
    -------
    tuple of (str, str, str) or None
        Sign of a detection limit: ``<`` (also for ``≤`` and ``<=``), ``>`` likewise, or empty.
        Number and unit as written, the unit empty without one; `decimal_mark` tells whether the
        number can be read. None where no number stands first or after the sign.
    """
    match = _QUANTITY.fullmatch(text.strip())
    if match is None:
        return None
    sign = match["limit"] or ""
    limit = "<" if "<" in sign or "≤" in sign else ">" if sign else ""
    return limit, match["number"], match["unit"].strip()


def decimal_mark(number: str) -> str | None:
    """Tell the decimal mark of a written number.

    Parameters
    ----------
    number : str
        As written, without unit or limit sign.

    Returns
    -------
    str or None
        ``.`` or ``,`` where it can be nothing else; empty for a whole number without separators;
        ``?`` for ``1,234``, which could be either; None where this is not a number. ``1.234``
        counts as a point.
    """
    if _EITHER.fullmatch(number):
        return "?"
    if _COMMA.fullmatch(number) or _GROUPED_COMMA.fullmatch(number):
        return ","
    if _POINT.fullmatch(number) or _GROUPED_POINT.fullmatch(number):
        return "." if "." in number or "," in number else ""
    return None


def plain_number(number: str, mark: str) -> str | None:
    """Rewrite a number with a decimal point and no thousands separators, or None if it is not one.

    Parameters
    ----------
    number : str
        As written.
    mark : {".", ","}
        The decimal mark it was written with; the other sign may then only group thousands.
    """
    if mark == ",":
        swapped = number.translate(str.maketrans(".,", ",."))
        return plain_number(swapped, ".")
    if _POINT.fullmatch(number):
        return number
    if _GROUPED_POINT.fullmatch(number) or _EITHER.fullmatch(number):
        return number.replace(",", "")
    return None


def convertible(unit: str, factors: Mapping[str, Decimal]) -> bool:
    """Tell whether `convert` takes this unit for a variable.

    Parameters
    ----------
    unit : str
        Canonical spelling.
    factors : mapping of str to Decimal
        The variable's accepted units, as for `convert`.

    Returns
    -------
    bool
        True for the units of `factors`, and for Fahrenheit beside Celsius.
    """
    return unit in factors or (unit == "[degF]" and "Cel" in factors)


def convert(quantity: Quantity, to_unit: str, factors: Mapping[str, Decimal]) -> Quantity:
    """Express a quantity in another unit of the same variable, in decimal arithmetic.

    Parameters
    ----------
    quantity : Quantity
        With a unit.
    to_unit : str
        The unit wanted, in any known spelling.
    factors : mapping of str to Decimal
        The variable's accepted units and what one of each is in its canonical unit
        (``variable("creatinine").units``). Mass and amount of substance convert only where the
        variable's table holds both. Where it holds Celsius, Fahrenheit converts too, though it is
        not listed, because it has no factor.

    Returns
    -------
    Quantity
        In `to_unit`; 28 digits where a division does not come out even.

    Raises
    ------
    CohortRefused
        ``unit_unknown``, or ``unit_not_accepted`` where either unit is not among `factors`.

    Examples
    --------
    >>> convert(Quantity(Decimal("1.1"), "mg/dL"), "umol/L",
    ...         {"umol/L": Decimal(1), "mg/dL": Decimal("88.4")})
    Quantity(value=Decimal('97.24'), unit='umol/L')
    >>> convert(Quantity(Decimal("100.4"), "[degF]"), "Cel", {"Cel": Decimal(1)})
    Quantity(value=Decimal('38.0'), unit='Cel')
    """
    wanted = canonical_unit(to_unit)
    for unit in (quantity.unit, wanted):
        if not convertible(unit, factors):
            raise refuse(
                CohortRefused,
                "unit_not_accepted",
                f"'{unit}' is not a unit of this variable" if unit else "the unit is missing",
                mend=nearest_units(unit, factors),
            )
    if quantity.unit == wanted:
        return quantity
    if "[degF]" in (quantity.unit, wanted):
        return _between_degrees(quantity, wanted)
    value = quantity.value * factors[quantity.unit]
    divisor = factors[wanted]
    return Quantity(value if divisor == 1 else value / divisor, wanted)


def _between_degrees(quantity: Quantity, wanted: str) -> Quantity:
    """Turn Fahrenheit into Celsius, or back; the only conversion that is more than a factor."""
    if wanted == "Cel":
        return Quantity((quantity.value - 32) * 5 / 9, wanted)
    return Quantity(quantity.value * 9 / 5 + 32, wanted)
