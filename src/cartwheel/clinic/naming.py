"""What a column is, read from its name only: variable, unit, day, or a summary over follow-up.

A name is matched whole. ``ferritin_ug_l_day7`` is ferritin; ``log2_ferritin``, ``crp_ratio`` and
``platelet_transfusion`` are not the plain variable, so nothing is said about them: an unknown
column is taken as written, a wrongly known one would be converted.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from cartwheel.clinic.dictionary import Variable, variable, variable_in_unit, variables
from cartwheel.units import convertible, known_unit

SUMMARIES: Mapping[str, str] = {
    "peak": "peak",
    "max": "max",
    "maximum": "max",
    "maximal": "max",
    "highest": "max",
    "min": "min",
    "minimum": "min",
    "minimal": "min",
    "lowest": "min",
    "nadir": "min",
    "auc": "auc",
    "mean": "mean",
    "average": "mean",
    "median": "median",
}
_TIMES = ("days", "weeks", "months", "years", "hours")

# Words that say where or when a value was had, and do not change what it is.
_FILLERS = frozenset(
    (
        "serum",
        "plasma",
        "blood",
        "baseline",
        "pre",
        "infusion",
        "preinfusion",
        "value",
        "values",
        "level",
        "levels",
        "conc",
        "concentration",
        "at",
        "on",
        "the",
        "lab",
        "result",
        "count",
        "counts",
        "abs",
        "absolute",
        "number",
        "nominal",
    )
)
_GREEK = str.maketrans({"α": "alpha", "β": "beta", "γ": "gamma", "µ": "u", "μ": "u"})
_MINUSES = str.maketrans({"−": "-", "–": "-", "‐": "-", "‑": "-"})
_DAY = re.compile(
    r"(?P<before>^|[^A-Za-z0-9])(?:day|tag|d)[\s_.]*"
    r"(?P<sign>[+-]|minus[\s_]*|plus[\s_]*)?[\s_]*(?P<number>\d+(?:\.\d+)?)"
    r"(?P<range>(?:\s*-\s*|[\s_]*(?:to|bis)[\s_]*|[\s_.]+(?!10(?!\d)))[+-]?\d+(?![\d^*]))?"
    r"(?![A-Za-z0-9.]*[A-Za-z])",
    re.IGNORECASE,
)
_BRACKETS = re.compile(r"[(\[]([^()\[\]]*(?:\[[^\]]*\])?[^()\[\]]*)[)\]]")
_TOKEN = re.compile(r"°?[^\W_]+|%")


@dataclass(frozen=True, slots=True)
class ColumnName:
    """What the name of a column says.

    Parameters
    ----------
    column : str
        The name as written.
    variable : str or None
        Name in the dictionary.
    unit : str or None
        Canonical spelling.
    day : float or None
        Day after infusion; negative before it.
    summary : str or None
        ``peak``, ``max``, ``min``, ``auc``, ``mean`` or ``median``: taken over follow-up, so there
        is no single day.
    """

    column: str
    variable: str | None
    unit: str | None
    day: float | None
    summary: str | None


@lru_cache(maxsize=8192)
def read_column_name(column: str) -> ColumnName:
    """Read variable, unit, day and summary from a column's name.

    Parameters
    ----------
    column : str
        The name as written in the file.

    Returns
    -------
    ColumnName
        Fields are None where the name does not say, or could mean two things.

    Notes
    -----
    ``day-5`` is five days before infusion, unless a hyphen also stands before it
    (``crp-day-5``): then no day is read. Two days or a range (``day 0-7``) are no single day.

    Examples
    --------
    >>> name = read_column_name("IL-6 [pg/mL] Day 3")
    >>> name.variable, name.unit, name.day
    ('il6', 'pg/mL', 3.0)
    """
    text = unicodedata.normalize("NFC", column).translate(_MINUSES).strip()
    bracketed, rest = _take_bracketed_unit(text)
    day, rest = _take_day(rest)
    tokens = _TOKEN.findall(rest.translate(_GREEK))
    summary, tokens = _take_summary(tokens)
    if bracketed is not None:
        found = _match("".join(tokens).lower(), tokens)
        unit: str | None = bracketed
    else:
        found, unit = _variable_and_unit(tokens)
        if found is None and unit is None:
            unit = _plain_unit(tokens)
    name = None
    if found is not None:
        # the same analyte in a unit that does not convert is the sibling: D-dimer in DDU
        name = ((variable_in_unit(found, unit) if unit else None) or found).name
    return ColumnName(column, name, unit, None if summary else day, summary)


def _take_bracketed_unit(text: str) -> tuple[str | None, str]:
    """Take a unit in brackets out of the name; other brackets stay as words."""
    for match in _BRACKETS.finditer(text):
        unit = known_unit(match[1])
        if unit is not None:
            return unit, f"{text[: match.start()]} {text[match.end() :]}"
    return None, text


def _take_day(text: str) -> tuple[float | None, str]:
    """Take the day out of the name; None where there is none, or more than one."""
    matches = list(_DAY.finditer(text))
    rest = _DAY.sub(" ", text)
    if len(matches) != 1:
        return None, rest
    match = matches[0]
    sign = (match["sign"] or "").strip(" _").lower()
    if match["range"] or (sign == "-" and match["before"] == "-"):
        return None, rest
    number = float(match["number"])
    return (-number if sign in ("-", "minus") else number), rest


def _take_summary(tokens: list[str]) -> tuple[str | None, list[str]]:
    """Take the word for a summary over follow-up out of the name."""
    for place, token in enumerate(tokens):
        before = tokens[place - 1].lower() if place else ""
        if token.lower() in SUMMARIES and before != "per":
            return SUMMARIES[token.lower()], tokens[:place] + tokens[place + 1 :]
    return None, tokens


def _variable_and_unit(tokens: list[str]) -> tuple[Variable | None, str | None]:
    """Find the split of the name into a variable and a unit; the longest unit that fits wins."""
    in_degrees = _in_degrees(tokens)
    if in_degrees is not None:
        return in_degrees
    for start, stop in _runs(len(tokens)):
        unit = _unit_of(tokens[start:stop])
        if unit is None:
            continue
        rest = tokens[:start] + tokens[stop:]
        found = _match("".join(rest).lower(), rest)
        if found is not None and (stop - start > 1 or variable_in_unit(found, unit)):
            return found, unit
    return _match("".join(tokens).lower(), tokens), None


def _in_degrees(tokens: list[str]) -> tuple[Variable, str] | None:
    """Read ``temp_f`` and ``temp_deg_c``: letters that are degrees behind a temperature only."""
    unit = _DEGREES.get(tokens[-1].lower()) if len(tokens) > 1 else None
    if unit is None:
        return None
    rest = tokens[:-2] if tokens[-2].lower() in ("deg", "degrees") else tokens[:-1]
    found = _match("".join(rest).lower(), rest)
    return (found, unit) if found is not None and convertible(unit, found.units) else None


_DEGREES: Mapping[str, str] = {
    "c": "Cel", "°c": "Cel", "celsius": "Cel",
    "f": "[degF]", "°f": "[degF]", "degf": "[degF]", "fahrenheit": "[degF]",
}  # fmt: skip


def _runs(length: int) -> Iterator[tuple[int, int]]:
    """Yield the runs of up to five tokens that a unit could be, longest and last first."""
    for size in range(min(5, length - 1), 0, -1):
        for start in range(length - size, 0, -1):
            yield start, start + size


def _unit_of(tokens: list[str]) -> str | None:
    """Read tokens as a unit: ``ug, l`` is ug/L; ``10, 9, l`` is 10*9/L; ``mgl`` is mg/L."""
    if len(tokens) == 1:
        return known_unit(tokens[0]) or _JOINED.get(tokens[0].lower())
    words = [token for token in tokens if token.lower() != "per"]
    divided = "/".join(words) if len(words) == len(tokens) or len(words) > 1 else f"/{words[0]}"
    power = re.sub(r"^(x?10)/(\d+)/", r"\1^\2/", divided, flags=re.IGNORECASE)
    return known_unit(power) or known_unit(re.sub(r"/(feu|ddu)$", r"\1", power, flags=re.I))


# "ul" is left out: it is microlitre as well as U/L
_JOINED: Mapping[str, str] = {
    unit.replace("/", "").lower(): unit
    for unit in ("g/L", "g/dL", "mg/L", "mg/dL", "ug/L", "ng/mL", "pg/mL", "mmol/L", "umol/L")
}


def _plain_unit(tokens: list[str]) -> str | None:
    """Find the unit of a column outside the dictionary: a word of time, or such as pg/mL."""
    if not tokens:
        return None
    last = known_unit(tokens[-1])
    if last in _TIMES and len(tokens[-1]) > 2:
        return last
    if tokens[-1].lower() in ("percent", "pct", "%"):
        return "%"
    for size in (4, 3, 2):
        if len(tokens) > size:
            unit = _unit_of(tokens[-size:])
            if unit is not None and "/" in unit:
                return unit
    return None


def _match(joined: str, tokens: list[str]) -> Variable | None:
    """Find the variable whose name or synonym is exactly this, with or without filler words."""
    known = _synonyms()
    if joined in known:
        return variable(known[joined])
    bare = "".join(token.lower() for token in tokens if token.lower() not in _FILLERS)
    return variable(known[bare]) if bare in known else None


@lru_cache(maxsize=1)
def _synonyms() -> Mapping[str, str]:
    """Every name and synonym without case, spaces and punctuation -> name of the variable."""
    found: dict[str, str] = {}
    for entry in variables().values():
        for text in (entry.name, *entry.synonyms):
            tokens = [token.lower() for token in _TOKEN.findall(text.translate(_GREEK))]
            found["".join(tokens)] = entry.name
            found["".join(token for token in tokens if token not in _FILLERS)] = entry.name
    return found
