"""Units and ranges as a person reads them on a page: ``10⁹/L``, ``µmol/L``, ``≥ 2.55``."""

from __future__ import annotations

import re

from cartwheel.clinic.score_terms import Range

_WHOLE = {
    "1": "", "Cel": "°C", "[degF]": "°F", "mm[Hg]": "mmHg", "/uL": "/µL", "/mL": "/mL", "/L": "/L",
    "/min": "per minute",
}  # fmt: skip
_POWER = re.compile(r"10[*^](\d+)")
_ASSAY = re.compile(r"\{(\w+)\}")
_SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def shown_unit(unit: str) -> str:
    """Write a unit for a reader.

    Parameters
    ----------
    unit : str
        Canonical spelling, such as ``10*9/L`` or ``mg{FEU}/L``.

    Returns
    -------
    str
        Empty for a number without unit.

    Examples
    --------
    >>> shown_unit("10*9/L"), shown_unit("umol/L"), shown_unit("mg{FEU}/L")
    ('10⁹/L', 'µmol/L', 'mg/L FEU')
    """
    if unit in _WHOLE:
        return _WHOLE[unit]
    assay = _ASSAY.search(unit)
    plain = _POWER.sub(lambda power: "10" + power[1].translate(_SUPERSCRIPTS), unit)
    plain = re.sub(r"(^|/)u(?=g|mol|L|kat)", r"\1µ", _ASSAY.sub("", plain))
    return f"{plain} {assay[1]}" if assay else plain


def shown_range(stretch: Range, unit: str = "") -> str:
    """Write a range for a reader, with the signs of mathematics.

    Parameters
    ----------
    stretch : Range
        Of an input or of the value.
    unit : str
        As shown; may be empty.

    Returns
    -------
    str
        Such as ``≥ 500 and < 2000 µg/L``.
    """
    return stretch.words(unit).replace(">=", "≥").replace("<=", "≤")
