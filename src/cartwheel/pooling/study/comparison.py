"""What was held against what: turning round, mirrored comparisons, doubtful directions."""

from __future__ import annotations

import re
from dataclasses import dataclass

_INVERT = re.compile(
    r"[(\[;,]?\s*\binvert(?:ed)?\b(?:\s+(?:for|to)\s+(?P<new>[^)\];]+))?[)\]]?", re.I
)
_NOT = re.compile(r"\b(?:not|never|already|don'?t)\s+(?:be\s+)?invert|invert(?:ed)? already", re.I)
_ALREADY = re.compile(r"already\s+(?:been\s+)?inverted|inverted\s+already", re.I)
_VERSUS = re.compile(r"\s+(?:vs?\.?|versus|against|compared (?:with|to))\s+", re.I)
_DOUBT = re.compile(r"revers|wrong way|direction (?:unclear|uncertain|doubtful)", re.I)
_BRACKETS = re.compile(r"\s*[(\[][^)\]]*[)\]]")
# words for the two ends, so that "present vs absent" is seen to mirror "no vs yes"
_ENDS = {
    "high": "high",
    "higher": "high",
    "elevated": "high",
    "above": "high",
    "yes": "high",
    "present": "high",
    "positive": "high",
    "with": "high",
    "low": "low",
    "lower": "low",
    "normal": "low",
    "below": "low",
    "no": "low",
    "absent": "low",
    "negative": "low",
    "without": "low",
    "not": "low",
}


@dataclass(frozen=True, slots=True)
class Comparison:
    """A comparison as it is pooled.

    Parameters
    ----------
    text : str
        In words, after turning round.
    inverted : bool
        Whether the table asks for it to be turned round.
    doubtful : bool
        Whether the table itself doubts the direction.
    """

    text: str
    inverted: bool
    doubtful: bool


def read_comparison(text: str) -> Comparison:
    """Read the comparison of one row.

    Parameters
    ----------
    text : str
        As written, such as ``low vs high (invert for high vs low)``; may be empty.

    Returns
    -------
    Comparison
        ``not inverted`` and ``already inverted`` ask for nothing; the second says that the numbers
        belong to the turned words.
    """
    doubtful = _DOUBT.search(text) is not None
    if _ALREADY.search(text):
        # the numbers stand the other way round than the words
        sides = _VERSUS.split(_BRACKETS.sub("", _ALREADY.sub("", text)).strip(" ;,([])"))
        turned = f"{sides[1]} vs {sides[0]}" if len(sides) == 2 else text
        return Comparison(turned, False, doubtful)
    match = None if _NOT.search(text) else _INVERT.search(text)
    if match is None:
        return Comparison(text, False, doubtful)
    before = (text[: match.start()] + text[match.end() :]).strip(" ;,([")
    new = (match["new"] or "").strip()
    if not new:
        sides = _VERSUS.split(before)
        new = f"{sides[1]} vs {sides[0]}" if len(sides) == 2 else f"{before}, turned round"
    return Comparison(new, True, doubtful)


def sides_of(text: str) -> tuple[str, str] | None:
    """Give the two sides of a comparison in a form that can be held against another's.

    Parameters
    ----------
    text : str
        As pooled.

    Returns
    -------
    tuple of (str, str) or None
        First and second side: ``high`` and ``low`` where words say so, else folded text; None where
        the text has no two sides.
    """
    parts = _VERSUS.split(_BRACKETS.sub("", text).strip())
    if len(parts) != 2 or not all(parts):
        return None
    ends = [_end(part) for part in parts]
    if None not in ends and ends[0] != ends[1]:
        return str(ends[0]), str(ends[1])
    first, second = (re.sub(r"\W+", " ", part.lower()).strip() for part in parts)
    return first, second


def _end(part: str) -> str | None:
    # "ferritin >= 650" as well as "> 650"
    signs = set(re.findall(r"[<>≤≥]", part))
    if signs and (signs <= {">", "≥"} or signs <= {"<", "≤"}):
        return "high" if signs <= {">", "≥"} else "low"
    # the last word that says which end: "low risk group" and "risk group low" alike
    ends = [_ENDS[word] for word in re.findall(r"[a-z]+", part.lower()) if word in _ENDS]
    return ends[0] if len(set(ends)) == 1 else None
