"""Cut-offs as papers write them, and the number in them where it is plain."""

from __future__ import annotations

import re
from dataclasses import dataclass

from cartwheel.pooling.study.printed import Unread, read_number
from cartwheel.units import known_unit

_NUMBER = re.compile(r"(?<![\w.,·])(?:\d+(?:[.,·]\d+)*)(?![\w]*\d)")
_NORMAL = re.compile(
    r"\b(?:uln|lln|limits? of normal|normal range|quantile|percentile|%)\b|%", re.I
)
_BRACKETS = re.compile(r"[(\[][^)\]]*[)\]]")
_VOLUME = re.compile(r"[munkd]?[Ll]|c?m3|cc")
# one number in two spellings
_EQUAL = {"ng/mL": "ug/L", "ug/mL": "mg/L", "mg/mL": "g/L"}
_SIGN = re.compile(r"^\s*(?:>=|<=|=>|=<|[<>≥≤=])?\s*")


@dataclass(frozen=True, slots=True)
class Cutoff:
    """A cut-off and how its number was had.

    Parameters
    ----------
    value : float or None
        None where no single number stands in the text.
    text : str
        As written.
    from_text : bool
        More stood in the cell than a number and a sign.
    unread : str
        Why no number could be taken; empty where one was, or the cell is empty.
    """

    value: float | None
    text: str
    from_text: bool
    unread: str


def read_cutoff(text: str, decimal: str | None = None) -> Cutoff:
    """Take the number of a cut-off from its text, where there is exactly one.

    Parameters
    ----------
    text : str
        Such as ``650``, ``>=650``, ``882 (upper quartile)``, ``ULN``.
    decimal : str, optional
        Decimal mark, where the plan declares it.

    Returns
    -------
    Cutoff
        Several numbers (``650 and 2000``) give no value: which one is not said.
    """
    if not text:
        return Cutoff(None, "", False, "")
    body = _SIGN.sub("", _BRACKETS.sub(" ", text))
    numbers = _NUMBER.findall(body)
    if len(numbers) != 1:
        why = "no number in it" if not numbers else "more than one number in it"
        return Cutoff(None, text, False, why)
    if _NORMAL.search(text):
        return Cutoff(None, text, False, "a multiple of the limit of normal, not a value")
    found = read_number(numbers[0], decimal=decimal)
    if isinstance(found, Unread):
        return Cutoff(None, text, False, found.what)
    alone = body.strip() == numbers[0] and "(" not in text
    return Cutoff(found.value, text, not alone, "")


def unit_in_cutoff(text: str) -> str:
    """Unit that stands behind the number of a cut-off.

    Parameters
    ----------
    text : str
        Such as ``0.9 mg/L``, ``147.5 mL (median)``.

    Returns
    -------
    str
        Empty where none is known.
    """
    body = _SIGN.sub("", _BRACKETS.sub(" ", text))
    number = _NUMBER.search(body)
    words = body[number.end() :].split() if number is not None else []
    if not words:
        return ""
    known = known_unit(words[0])
    return known or (words[0] if _VOLUME.fullmatch(words[0]) else "")


def folded_unit(unit: str) -> str:
    """Bring units in which a value is the same number to one spelling.

    Parameters
    ----------
    unit : str
        As stated; empty stays empty.

    Examples
    --------
    >>> folded_unit("ng/ml") == folded_unit("\N{GREEK SMALL LETTER MU}g/L")
    True
    """
    known = known_unit(unit) if unit else None
    return _EQUAL.get(known, known) if known is not None else " ".join(unit.split())
