"""What the columns of a study table are: the field's own words for the same thing."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import product

from cartwheel.clinic.dictionary import nearest_names
from cartwheel.errors import FileRefused, PlanRefused, Problem
from cartwheel.pooling.study.words import ADJUSTED_WORDS, MEASURE_WORDS, ROLE_WORDS

RATIOS = frozenset(("HR", "OR", "RR", "IRR", "OE"))
_LOW, _HIGH, _INTERVAL = ROLE_WORDS["low"], ROLE_WORDS["high"], ROLE_WORDS["interval"]
# where two columns have one of these roles, the first in order of the names above is taken
FIRST_WINS = frozenset(("study", "source", "factor", "comparison", "group", "cutoff_unit", "year"))
# columns of the risk of bias: read elsewhere, and no moderators
_QUALITY = re.compile(r"(?:quips|probast|nos|newcastle)(?:[\s_.:-].*)?", re.I)
_LEVEL = re.compile(r"(\d{2}(?:\.\d+)?)\s*%")
_BARE_LEVEL = re.compile(r"(?<![\d.])(90|95|99)(?!\d)")
_NUMERIC = frozenset(("estimate", "low", "high", "interval", "both"))


@dataclass(frozen=True, slots=True)
class Meaning:
    """What one header says.

    Parameters
    ----------
    role : str
        Such as ``estimate``, ``low``, ``events_1``.
    measure : str
        Where the header names one; else empty.
    percent : bool
        Values are per cent.
    level : float or None
        Of the interval, where the header says it.
    """

    role: str
    measure: str = ""
    percent: bool = False
    level: float | None = None


@dataclass(frozen=True, slots=True)
class Headers:
    """The columns of one table.

    Parameters
    ----------
    places : dict of str to int
        Role to column number.
    names : tuple of str
        As written.
    measure : str
        Said by the header of the estimate; else empty.
    percent : bool
        The estimate is in per cent.
    level : float or None
        Said by the headers of the limits.
    cutoff_unit : str
        Said by the header of the cut-off.
    further : tuple of int
        Columns that have no role: moderators.
    error_of : str
        Measure that the header of the standard error names, not its log; else empty.
    """

    places: Mapping[str, int]
    names: tuple[str, ...]
    measure: str
    percent: bool
    level: float | None
    cutoff_unit: str
    further: tuple[int, ...]
    error_of: str = ""


def header_key(text: str) -> str:
    """Fold a header or a word: case, spaces and punctuation do not count.

    Parameters
    ----------
    text : str
        As written.

    Returns
    -------
    str
        Letters, digits, and of the signs only ``:``, ``/`` (observed over expected) and ``%``.
    """
    folded = unicodedata.normalize("NFKC", text).lower().replace("−", "-")
    folded = re.sub(r"\bo\s*[-–]\s*e\b", "ominuse", folded)
    folded = folded.replace("o_minus_e", "ominuse")
    return re.sub(r"[^a-z0-9:/%]+", "", folded)


def measure_named(text: str) -> str | None:
    """Tell the measure that a word names.

    Parameters
    ----------
    text : str
        Such as ``hazard ratio``, ``aHR``, ``AUC``.

    Returns
    -------
    str or None
        One of the measures of a ``Study``; None where the word is not known.
    """
    return _MEASURES.get(header_key(text))


def read_headers(names: Iterable[str], *, where: str, said: Mapping[str, str]) -> Headers:
    """Tell what the columns of a table are.

    Parameters
    ----------
    names : iterable of str
        Headers in order.
    where : str
        File, for refusals.
    said : mapping of str to str
        The plan's ``columns``: header to role, or to any known name of it.

    Returns
    -------
    Headers

    Raises
    ------
    FileRefused
        ``two_columns``: two columns with one role.
    PlanRefused
        ``column_unknown``, ``role_unknown``: the plan's ``columns`` name what is not there.
    """
    written = tuple(names)
    declared = _declared(said, written)
    keys = {header_key(name) for name in written}
    found: dict[str, list[tuple[int, Meaning]]] = {}
    further = []
    for place, name in enumerate(written):
        meaning = declared.get(name) or _meaning(name, keys)
        if meaning is None:
            if name and _QUALITY.fullmatch(name.strip()) is None:
                further.append(place)
        else:
            found.setdefault(meaning.role, []).append((place, meaning))
    chosen, again = _one_each(found, written, where)
    return _put_together(chosen, written, (*further, *again))


def _meaning(name: str, keys: set[str]) -> Meaning | None:
    key = header_key(name)
    if key == "ci" and {"ai", "n1i"} <= keys:  # metafor's letters for the four cells
        return Meaning("events_0")
    if key == "ci" and {"ai", "bi"} <= keys:
        return Meaning("events_0")
    if _is_ambiguous(name.strip(), key, keys):
        return None
    percent = "%" in name and _LEVEL.search(name) is None
    plain = _DICTIONARY.get(key)
    if plain is not None and not (plain.role == "interval" and percent):
        return Meaning(plain.role, plain.measure, plain.percent or percent)
    if percent:
        bare = _DICTIONARY.get(key.replace("%", ""))
        if bare is not None:
            return Meaning(bare.role, bare.measure, True)
    said = _LEVEL.search(name) or _BARE_LEVEL.search(name)
    if said is not None:
        without = _DICTIONARY.get(header_key(name.replace(said[0], " ", 1)))
        if without is not None and without.role in _NUMERIC:
            return Meaning(without.role, without.measure, False, float(said[1]) / 100.0)
    cut = re.fullmatch(r".*?(?:cut[\s_-]?(?:off|point)|threshold)s?[\s_]*(.*)", name.lower())
    if cut is not None:
        return Meaning("cutoff")
    return None


def _is_ambiguous(name: str, key: str, keys: set[str]) -> bool:
    """Whether a header reads like one of ours, and is as likely something else."""
    # CLL is a leukaemia and CCI a comorbidity index; "C (CI)" and "c_ll" are what they say
    run_together = name.isalnum() and key in _OF_ONE_LETTER
    # the four cells, whose order nobody says
    cell = key == "c" and {"a", "b", "d"} <= keys
    # ARR: absolute risk reduction; aRR: adjusted risk ratio
    reduction = key.startswith("arr") and not name.startswith("aRR")
    return run_together or cell or reduction


def _declared(said: Mapping[str, str], written: tuple[str, ...]) -> dict[str, Meaning]:
    """What the plan says about columns of this table."""
    by_key = {header_key(name): name for name in written}
    declared: dict[str, Meaning] = {}
    for column, role in said.items():
        name = column if column in written else by_key.get(header_key(column))
        meaning = Meaning(role) if role in ROLES else _DICTIONARY.get(header_key(role))
        if meaning is None:
            raise PlanRefused(
                Problem(
                    "role_unknown",
                    f"'{role}' is not something that a column can be",
                    f"plan: columns.{column}",
                    nearest_names(role, sorted(ROLES)),
                )
            )
        if name is not None:
            declared[name] = meaning
    return declared


def _one_each(
    found: Mapping[str, list[tuple[int, Meaning]]], written: tuple[str, ...], where: str
) -> tuple[dict[str, tuple[int, Meaning]], list[int]]:
    problems: list[Problem] = []
    again: list[int] = []
    chosen: dict[str, tuple[int, Meaning]] = {}
    for role, columns in found.items():
        ranked = sorted(columns, key=lambda column: _rank(role, written[column[0]]))
        chosen[role] = ranked[0]
        if len(ranked) == 1:
            continue
        if role in FIRST_WINS:
            again += [place for place, _ in ranked[1:]]
            continue
        named = " and ".join(f"'{written[place]}'" for place, _ in columns)
        problems.append(
            Problem(
                "two_columns",
                f"columns {named} both say the {role.replace('_', ' ')}",
                where,
                "one row a study and outcome, one column for each thing: delete or rename one",
            )
        )
    if problems:
        raise FileRefused(problems)
    return chosen, again


def _rank(role: str, name: str) -> int:
    names = ROLE_WORDS.get(role, ())
    key = header_key(name)
    return names.index(key) if key in names else -1


def _put_together(
    chosen: Mapping[str, tuple[int, Meaning]], written: tuple[str, ...], further: Iterable[int]
) -> Headers:
    carriers = [
        chosen[role][1] for role in ("estimate", "both", "analysis_effect") if role in chosen
    ]
    limits = [chosen[role][1] for role in ("low", "high", "interval", "both") if role in chosen]
    # "HR lower" names the measure as well as "HR" does
    measure = next((meaning.measure for meaning in (*carriers, *limits) if meaning.measure), "")
    unit = ""
    if "cutoff" in chosen:
        unit = _unit_in(written[chosen["cutoff"][0]])
    return Headers(
        places={role: place for role, (place, _) in chosen.items()},
        names=written,
        measure=measure,
        percent=any(meaning.percent for meaning in carriers),
        level=next((meaning.level for meaning in limits if meaning.level is not None), None),
        cutoff_unit=unit,
        further=tuple(sorted(further)),
        error_of=chosen["std_error"][1].measure if "std_error" in chosen else "",
    )


def _unit_in(name: str) -> str:
    """Unit behind the word cut-off: ``cutoff (ng/mL)``, ``ferritin_cutoff_ng_ml``."""
    match = re.fullmatch(r".*?(?:cut[\s_-]?(?:off|point)|threshold)s?(.*)", name, re.I)
    return match[1].strip(" _()[],").replace("_", "/", 1) if match else ""


def _dictionary() -> dict[str, Meaning]:
    known = {
        header_key(word) if word != "%" else word: Meaning(role)
        for role, words in ROLE_WORDS.items()
        for word in words
    }
    for measure, words in MEASURE_WORDS.items():
        prefixes = ADJUSTED_WORDS if measure in RATIOS else ("",)
        # one object for tens of thousands of headers
        low, high = Meaning("low", measure), Meaning("high", measure)
        effect = Meaning("analysis_effect", measure)
        error = Meaning("analysis_std_error", measure)
        for prefix, word in product(prefixes, words):
            percent = word in ("percent", "percentage", "pct", "%")
            name, both = prefix + word, Meaning("both", measure, percent)
            known.setdefault(name, Meaning("estimate", measure, percent))
            for ending in _INTERVAL:
                known.setdefault(name + ending, both)
            for limit, endings in ((low, _LOW), (high, _HIGH)):
                for ending in endings:
                    known.setdefault(name + ending, limit)
                    known.setdefault(ending + name, limit)
            for log in ("log", "ln", "logit" if measure == "C" else "log"):
                known.setdefault(log + name, effect)
                for of in (f"se{log}{name}", f"{log}{name}se", f"seof{log}{name}"):
                    known.setdefault(of, error)
            known.setdefault(f"se{name}", Meaning("std_error", measure))
            known.setdefault(f"{name}se", Meaning("std_error", measure))
    for word in ("estimate", "effect", "effectsize", "es"):
        for ending in _INTERVAL:
            known.setdefault(word + ending, Meaning("both"))
    return known


def _measures() -> dict[str, str]:
    return {
        prefix + word: measure
        for measure, words in MEASURE_WORDS.items()
        for word in words
        for prefix in (ADJUSTED_WORDS if measure in RATIOS else ("",))
    }


_OF_ONE_LETTER = frozenset(
    word for ending in (*_LOW, *_HIGH, *_INTERVAL) for word in (f"c{ending}", f"{ending}c")
) - {word for words in ROLE_WORDS.values() for word in words}
_MEASURES = _measures()
_DICTIONARY = _dictionary()
ROLES = frozenset({*ROLE_WORDS, "both"})
