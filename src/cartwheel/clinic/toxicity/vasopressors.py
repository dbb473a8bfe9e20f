"""Vasopressors by name: which count, which is vasopressin, and which are no vasopressors at all."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from cartwheel.clinic.toxicity.vocabulary import fold
from cartwheel.errors import Problem

VASOPRESSIN = "vasopressin"

# international name -> other names, abbreviations and brands, folded
_AGENTS: Mapping[str, tuple[str, ...]] = {
    "norepinephrine": (
        "noradrenaline", "noradrenalin", "norepi", "norad", "levophed", "arterenol", "ne", "nad",
        "norepinephrine bitartrate", "noradrenaline tartrate", "nor adrenaline", "nor epinephrine",
    ),
    "epinephrine": ("adrenaline", "adrenalin", "epi", "suprarenin"),
    "phenylephrine": ("neosynephrine", "neo synephrine", "phenyl", "neo", "vazculep", "biorphen"),
    "dopamine": ("dopamin", "intropin"),
    "vasopressin": ("vasostrict", "avp", "arginine vasopressin", "argipressin", "empressin",
                    "pitressin"),
    "angiotensin II": ("angiotensin 2", "giapreza", "angiotensin", "atii", "at ii"),
    "metaraminol": ("aramine",),
}  # fmt: skip

# known, but the rules do not say how to count them
_NOT_COUNTED: Mapping[str, str] = {
    "dobutamine": "an inotrope",
    "milrinone": "an inotrope",
    "levosimendan": "an inotrope",
    "isoprenaline": "an inotrope",
    "isoproterenol": "an inotrope",
    "inotrope": "an inotrope",
    "methylene blue": "no catecholamine or vasopressin",
    "hydroxocobalamin": "no catecholamine or vasopressin",
    "hydrocortisone": "a corticosteroid",
    "midodrine": "taken by mouth",
    "droxidopa": "taken by mouth",
    "ephedrine": "given as a bolus",
    "terlipressin": "like vasopressin, but another agent",
}

VASOPRESSORS = tuple(_AGENTS)
_SPELLINGS: Mapping[str, str] = {
    spelling: agent
    for agent, others in _AGENTS.items()
    for spelling in (fold(agent), *map(fold, others))
}
_DOSE = re.compile(r"^(?P<name>.*?\D)(?:[\s:@(]+\d[\d.,]*\s*(?:[a-zµμ/%*·].*)?)$", re.IGNORECASE)


def read_vasopressors(texts: Iterable[str]) -> tuple[tuple[str, ...], tuple[Problem, ...]]:
    """Read names of vasopressors; each agent counts once, and a dose behind it is left out.

    Parameters
    ----------
    texts : iterable of str
        One agent each, such as ``Levophed 0.1 ug/kg/min``.

    Returns
    -------
    pair of tuples
        The agents by their international names, in the order of `VASOPRESSORS`; and a `Problem`
        for every name that is unknown or that the rules do not count.
    """
    found: set[str] = set()
    problems: list[Problem] = []
    for text in texts:
        agent = _agent(text)
        if agent is None:
            problems.append(_unknown(text))
        else:
            found.add(agent)
    return tuple(name for name in VASOPRESSORS if name in found), tuple(problems)


def _agent(text: str) -> str | None:
    whole = _SPELLINGS.get(fold(text))
    if whole is not None:
        return whole
    dosed = _DOSE.match(text.strip())
    return _SPELLINGS.get(fold(dosed["name"])) if dosed else None


def _unknown(text: str) -> Problem:
    folded = fold(text)
    for name, why in _NOT_COUNTED.items():
        if folded == name or folded.startswith(f"{name} "):
            return Problem(
                "not_a_vasopressor",
                f"'{name}' is {why}: the rules do not say that it counts",
                "vasopressors",
                "leave it out, or chart a vasopressor that was running",
            )
    close = get_close_matches(folded, _SPELLINGS, n=2, cutoff=0.7)
    names = dict.fromkeys(_SPELLINGS[each] for each in close)
    mend = f"did you mean {' or '.join(names)}?" if names else "known: " + ", ".join(VASOPRESSORS)
    return Problem(
        "vasopressor_unknown", f"'{text[:40]}' is not a vasopressor that cartwheel knows",
        "vasopressors", mend,
    )  # fmt: skip
