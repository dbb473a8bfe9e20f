"""Numbers as papers print them: raised dots, any dash, decimal commas, and their rounding."""

from __future__ import annotations

import datetime as dt
import math
import re
import unicodedata
from dataclasses import dataclass, replace
from typing import Any

from cartwheel.clinic.cells import MISSING_TEXTS, is_date

_RAISED = str.maketrans(dict.fromkeys("·‧⋅∙•・", "."))
_SPACES = re.compile(r"[\s\u00a0\u2000-\u200b\u202f\u2060\ufeff]+")
_DASHES = "-‐‑‒–—―"
_NUMBER = r"(?:\d+(?:[.,]\d+)*|\.\d+)(?:[eE][+-]?\d+)?"
_SMALLEST, _LARGEST = 1e-100, 1e15
_SINGLE = re.compile(rf"(?P<sign>[<>≤≥=]*)(?P<number>[+-]?{_NUMBER})(?P<percent>%?)")
_EITHER = re.compile(r"[1-9]\d{0,2},\d{3}")
_GROUPED = re.compile(r"[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?")
_LEVEL = re.compile(r"(\d{2}(?:\.\d+)?)\s*%\s*-?\s*(?=c\.?i\b|confidence|conf\b|credible)", re.I)
_WORDS = re.compile(
    r"confidence|credible|interval|conf\.?|\bc\.?i\.?(?=\W|$|\d)|\b[as]?hr\b|\ba?or\b|\ba?rr\b"
    r"|hazard|odds|risk|ratio",
    re.I,
)
_SPACED = re.compile(r"\d{1,3}(?: \d{3})+(?:[.,]\d+)?")
_ORDINARY = rf"[+-]?{_NUMBER}%?"
# the mark between two limits: a dash, "to", "and", a comma or semicolon with or without a space
_PAIR = re.compile(
    rf"(?P<low>{_ORDINARY})\s*(?P<mark>to|and|through|until|;|,|/|-|(?<=\d)\s)\s*"
    rf"(?P<high>{_ORDINARY})",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Printed:
    """A number with what its digits say about it.

    Parameters
    ----------
    value : float
        As written; not divided by 100 for a percentage.
    text : str
        As written, spaces around it left out.
    half : float
        Half a unit of the last digit: the true value lies this near.
    bound : str
        ``<`` or ``>`` where only a bound is given; else empty.
    percent : bool
        Whether a per cent sign stands behind it.
    typed : bool
        Stored as a number by a spreadsheet, which drops zeros at the end.
    """

    value: float
    text: str
    half: float
    bound: str = ""
    percent: bool = False
    typed: bool = False


@dataclass(frozen=True, slots=True)
class PrintedInterval:
    """Two limits, with the estimate before them where it stands in the same cell.

    Parameters
    ----------
    low, high : Printed
        Limits, in the order written.
    estimate : Printed or None
        As in ``2.15 (1.74-2.66)``.
    level : float or None
        Where the cell says it, in (0, 1).
    """

    low: Printed
    high: Printed
    estimate: Printed | None = None
    level: float | None = None


@dataclass(frozen=True, slots=True)
class Unread:
    """Why a cell is not a number or not an interval.

    Parameters
    ----------
    code : str
        ``text_number``, ``date_cell`` or ``decimal_mark``.
    what, mend : str
        In words.
    """

    code: str
    what: str
    mend: str


def cell_text(cell: Any) -> str:
    """Write a raw cell as text; empty where nothing is there.

    Parameters
    ----------
    cell : object
        Text, number, boolean, date or None.

    Returns
    -------
    str
        Without white space around it; a whole number without ``.0``; a date in ISO form.
    """
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return ""
    if isinstance(cell, str):
        text = _SPACES.sub(" ", cell).strip()
        return "" if text.lower() in MISSING_TEXTS else text
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, dt.date | dt.datetime):
        return cell.isoformat()[:10]
    if hasattr(cell, "item"):
        return cell_text(cell.item())
    if isinstance(cell, int | float):
        return f"{cell:.15g}"
    text = str(cell).strip()
    return "" if text.lower() in MISSING_TEXTS else text


def read_number(cell: Any, *, decimal: str | None = None, whole: bool = False) -> Printed | Unread:
    """Read one number from a cell.

    Parameters
    ----------
    cell : object
        Raw cell, not empty.
    decimal : "." or ",", optional
        Decimal mark of the file, where it is declared.
    whole : bool
        A count: ``1,234`` can then only be a thousand and more.

    Returns
    -------
    Printed or Unread
        ``p =`` and ``n =`` before the number are passed over; ``<`` and ``>`` are kept as a bound.
    """
    text = cell_text(cell)
    if isinstance(cell, dt.date | dt.datetime) or (len(text) < 32 and is_date(text)):
        return Unread(
            "date_cell",
            f"'{text}' is a date",
            "a spreadsheet may have made it from a number or an interval: type it again as text",
        )
    plain = _plain(text)
    plain = re.sub(r"^[a-z]+(?:[\s_-]?value)?\s*(?:(?=[<>≤≥=])|:)\s*", "", plain, flags=re.I)
    # a space inside a number may only group thousands
    plain = re.sub(r"(?<=[<>≤≥=+-]) (?=[\d.+-])| (?=%)", "", plain)
    if _SPACED.fullmatch(plain):
        plain = plain.replace(" ", "")
    match = _SINGLE.fullmatch(plain)
    if match is None:
        return Unread("text_number", f"'{text[:40]}' is not a number", "write the number alone")
    number = _value_of(match["number"], decimal, whole)
    if isinstance(number, Unread):
        return number
    bound = "<" if set(match["sign"]) & set("<≤") else ">" if set(match["sign"]) & set(">≥") else ""
    typed = not isinstance(cell, str)
    return replace(number, text=text, bound=bound, percent=bool(match["percent"]), typed=typed)


def read_interval(
    cell: Any, *, decimal: str | None = None, positive: bool = True
) -> PrintedInterval | Unread:
    """Read two limits, and an estimate before them, from one cell.

    Parameters
    ----------
    cell : object
        Such as ``1.74-2.66``, ``(1.74, 2.66)``, ``1.74 to 2.66``, ``2.15 [1.74; 2.66]``, with any
        dash, raised dots, and words such as ``95% CI`` in it.
    decimal : "." or ",", optional
        Decimal mark, where it is declared.
    positive : bool
        The measure has no negative values, so a dash after a space is no minus sign.

    Returns
    -------
    PrintedInterval or Unread
    """
    text = cell_text(cell)
    if isinstance(cell, dt.date | dt.datetime) or (len(text) < 32 and is_date(text)):
        return Unread(
            "date_cell",
            f"'{text}' is a date",
            "a spreadsheet may have made it from an interval: type it again as text",
        )
    plain = _plain(text)
    said = _LEVEL.search(plain)
    level = float(said[1]) / 100.0 if said else None
    body = _WORDS.sub(" ", _LEVEL.sub(" ", plain))
    body = re.sub(r"(?<=[(\[{])\s*[,;:]", "", re.sub(r"[=:]", " ", body)).strip()
    estimate, limits = _divided(body)
    found = _limits(limits, decimal, positive)
    if isinstance(found, Unread):
        return Unread(found.code, f"'{text[:40]}' is not an interval: {found.what}", found.mend)
    first: Printed | Unread | None = read_number(estimate, decimal=decimal) if estimate else None
    if isinstance(first, Unread):
        return first
    return PrintedInterval(found[0], found[1], first, level)


def _plain(text: str) -> str:
    """Normal spelling: raised dots as points, no-break spaces as spaces, the minus as a hyphen."""
    folded = unicodedata.normalize("NFKC", text.translate(_RAISED)).translate(_RAISED)
    folded = _SPACES.sub(" ", folded).strip().replace("−", "-")
    for dash in _DASHES:
        folded = folded.replace(dash, "-")
    return folded


def _value_of(number: str, decimal: str | None, whole: bool) -> Printed | Unread:
    """Value of a number as written, where its decimal mark is plain."""
    body = number.lstrip("+-")
    if "," in body:
        if decimal == ",":
            number = number.replace(".", "").replace(",", ".")
        elif _GROUPED.fullmatch(body) and (
            decimal == "." or whole or "." in body or body.count(",") > 1
        ):
            number = number.replace(",", "")
        elif decimal == "." or body.count(",") > 1 or "." in body or _EITHER.fullmatch(body):
            return _ambiguous(number)
        else:
            number = number.replace(",", ".")
    elif decimal == "," and "." in body:
        number = number.replace(".", "")
    if number.count(".") > 1:
        return Unread("text_number", f"'{number}' is not a number", "write the number alone")
    value = float(number)
    if value != 0.0 and not _SMALLEST < abs(value) < _LARGEST:
        return Unread("text_number", f"'{number}' is no number of a paper", "correct it")
    mantissa, _, exponent = number.lower().partition("e")
    places = len(mantissa.partition(".")[2]) - int(exponent or 0)
    return Printed(value, number, 0.5 * 10.0**-places)


def _ambiguous(number: str) -> Unread:
    return Unread(
        "decimal_mark",
        f"'{number}' can be read in two ways",
        "write it with a decimal point, or say decimal = ',' (or '.') in the plan",
    )


def _divided(body: str) -> tuple[str, str]:
    """Part the estimate from the limits, where brackets or a space do so."""
    bracket = re.fullmatch(r"(?P<before>[^(\[{]*)[(\[{](?P<inside>[^()\[\]{}]*)[)\]}]?\W*", body)
    if bracket is not None:
        before = bracket["before"].rstrip(" ,;-").lstrip(" ,;")
        if before and not re.fullmatch(_ORDINARY, before.replace(" ", "")):
            return "", f"{before} {bracket['inside']}"
        return before, bracket["inside"].strip()
    three = re.fullmatch(
        rf"(?P<first>{_ORDINARY})\s*[,;]?\s+(?P<rest>{_ORDINARY}(?:\s*(?:to|and|-|;)\s*|,\s+){_ORDINARY})",
        body,
        re.I,
    )
    if three is not None:
        return three["first"], three["rest"]
    return "", body


def _limits(text: str, decimal: str | None, positive: bool) -> tuple[Printed, Printed] | Unread:
    body = text.strip().strip("()[]{}").strip()
    # "1.74 -2.66": after a digit and a space the hyphen is a dash, unless values can be negative
    loose = re.fullmatch(rf"({_ORDINARY})\s+-({_NUMBER}%?)", body)
    if loose is not None:
        if not positive:
            return Unread(
                "text_number",
                "the sign before the second number may be a dash or a minus",
                "write 'to' between the two limits",
            )
        body = f"{loose[1]} to {loose[2]}"
    options = {
        (match["low"], match["high"])
        for match in [_PAIR.fullmatch(body)]
        if match is not None and match["mark"].strip()
    }
    if decimal is None and re.fullmatch(r"\d+,\d+", body):
        return _ambiguous(body)
    if len(options) != 1:
        return Unread("text_number", "it needs two limits", "write them as 1.74-2.66")
    low_text, high_text = options.pop()
    low, high = (read_number(part.strip(), decimal=decimal) for part in (low_text, high_text))
    if isinstance(low, Unread):
        return low
    if isinstance(high, Unread):
        return high
    return low, high
