"""Markers against what is published of them: which end is adverse, and cut-offs of what size."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from math import log
from typing import Any

from cartwheel.clinic.dictionary import variables
from cartwheel.clinic.naming import read_column_name
from cartwheel.referee.developed import label_of, predictors
from cartwheel.referee.facts import Document, number, rows, text
from cartwheel.referee.rule import INFORMATION, MAJOR, MINOR, Answer, Fine, Remark, Rule, Unseen

FAR, APART = 10.0, 3.0
WELCOME = re.compile(r"\b(?:response|responder|remission|recover\w*|engraft\w*|cure\w*)\b")
RATIOS = {
    ("neutrophils", "lymphocytes"): "nlr",
    ("monocytes", "lymphocytes"): "mlr",
    ("platelets", "lymphocytes"): "plr",
}


@dataclass(frozen=True, slots=True)
class Fact:
    """One published finding on one marker.

    Parameters
    ----------
    variable : str
        Of the dictionary, or a name of our own where it has none.
    adverse : str
        ``high`` or ``low``.
    cutoff : float or None
        As published, in ``unit``.
    unit : str
        Of the cut-off; empty for a ratio.
    outcome : str
        Of which outcome, in whom.
    source : str
        Author, year, journal, doi.
    names : tuple of str
        Further column names, for what the dictionary does not hold.
    """

    variable: str
    adverse: str
    cutoff: float | None
    unit: str
    outcome: str
    source: str
    names: tuple[str, ...] = ()


@lru_cache(maxsize=1)
def published_facts() -> tuple[Fact, ...]:
    """Read every fact of ``literature.toml``.

    Returns
    -------
    tuple of Fact
        In the order of the file; loaded once.
    """
    data = tomllib.loads(
        files("cartwheel.referee").joinpath("literature.toml").read_text(encoding="utf-8")
    )
    return tuple(
        Fact(
            variable=entry["variable"],
            adverse=entry["adverse"],
            cutoff=entry.get("cutoff"),
            unit=entry.get("unit", ""),
            outcome=entry["outcome"],
            source=entry["source"],
            names=tuple(entry.get("names", ())),
        )
        for entry in data["facts"]
    )


def facts_on(variable: str) -> tuple[Fact, ...]:
    """Facts on one variable.

    Parameters
    ----------
    variable : str
        Its name, or another name of it.

    Returns
    -------
    tuple of Fact
    """
    return tuple(
        one for one in published_facts() if variable and variable in (one.variable, *one.names)
    )


def variable_of(document: Document, column: str) -> str:
    """Name the variable that a column holds.

    Parameters
    ----------
    document : mapping
        Result or plan.
    column : str
        Column, or derived ratio.

    Returns
    -------
    str
        Empty where it is not known.
    """
    for note in rows(document, "result", "columns"):
        if text(note, "column") == column and text(note, "variable"):
            return text(note, "variable")
    for item in rows(document, "plan", "derived"):
        if text(item, "name") == column:
            parts = tuple(
                _named(document, text(item, part)) for part in ("numerator", "denominator")
            )
            return RATIOS.get((parts[0], parts[1]), "")
    return _named(document, column)


def _named(document: Document, column: str) -> str:
    said = text(document, "plan", "columns", column, "variable")
    if said or not column:
        return said
    return read_column_name(column).variable or column.lower()


def direction_against_literature(document: Document) -> Answer:
    """Hold the adverse direction of each marker against what is published.

    Parameters
    ----------
    document : mapping
        Result of a development, or a plan.

    Returns
    -------
    Answer
        A remark for every marker whose direction nobody published, and, as information, for one of
        which both are.
    """
    items = predictors(document)
    if not items:
        return Unseen("the plan names no predictors")
    outcome = " ".join(text(document, "plan", "outcome", key) for key in ("event", "label"))
    if WELCOME.search(outcome.lower().replace("_", " ")):
        return Unseen("the event is a welcome one, so that the adverse end turns round")
    remarks, agreed = [], []
    for item in items:
        column, direction = text(item, "column"), text(item, "direction")
        facts = facts_on(variable_of(document, column))
        if not facts or not direction:
            continue
        remark = _direction(label_of(document, column), direction, facts)
        if remark is None:
            agreed.append(f"{label_of(document, column)} {direction}")
        else:
            remarks.append(remark)
    if remarks:
        return tuple(remarks)
    if agreed:
        return Fine(f"as published: {', '.join(agreed)}")
    return Unseen("no marker with a stated direction of which something published is carried")


def _direction(label: str, direction: str, facts: tuple[Fact, ...]) -> Remark | None:
    both = {one.adverse for one in facts} == {"high", "low"}
    against = [one for one in facts if one.adverse != direction]
    if not against:
        return None
    told = "; ".join(f"{one.adverse} adverse for {one.outcome} ({_author(one)})" for one in facts)
    return Remark(
        INFORMATION if both else MAJOR,
        f"{label}: both directions are published."
        if both
        else f"{label}: published findings have the other end adverse.",
        f"here {direction} is adverse; {told}.",
        "Say before looking why this direction was chosen, and that the other is published."
        if both
        else "Check coding, unit and the direction in the plan; if it stays, say that it "
        "contradicts what is published.",
        _sources(facts),
    )


def cutoff_against_literature(document: Document) -> Answer:
    """Hold the size of each cut-off against published ones.

    Parameters
    ----------
    document : mapping
        Result of a development, or a plan.

    Returns
    -------
    Answer
        A remark where a cut-off is three times away from every published one; major beyond ten
        times, where a wrong unit is likely.
    """
    found = [
        (text(one, "column"), number(one, "cut"), text(one, "unit"))
        for one in rows(document, "result", "cutoffs")
    ] or [
        (text(item, "column"), number(item, "cutoff", "value"), _unit_of(document, item))
        for item in predictors(document)
    ]
    remarks, lines = [], []
    for column, cut, unit in found:
        variable = variable_of(document, column)
        facts = [one for one in facts_on(variable) if one.cutoff is not None]
        values = [_converted(variable, one.cutoff or 0.0, one.unit, unit) for one in facts]
        known = [value for value in values if value is not None]
        if cut is None or cut <= 0.0 or not known:
            continue
        label = label_of(document, column)
        line = (
            f"{label} {cut:.4g} {unit}".rstrip()
            + f", published {', '.join(f'{value:.4g}' for value in known)} {unit}".rstrip()
        )
        lines.append(line)
        away = min(abs(log(cut / value)) for value in known)
        if away > log(APART):
            remarks.append(_size_remark(label, line, away > log(FAR), facts))
    if remarks:
        return tuple(remarks)
    if lines:
        return Fine("; ".join(lines))
    return Unseen("no cut-off of a marker for which a published one is carried")


def _size_remark(label: str, line: str, far: bool, facts: list[Fact]) -> Remark:
    return Remark(
        MAJOR if far else MINOR,
        f"{label}: the cut-off is of another order of magnitude than any published one; a wrong "
        "unit is the first thing to rule out."
        if far
        else f"{label}: the cut-off lies far from every published one.",
        line + ".",
        "Check the unit of the column; other populations and days can explain the rest.",
        _sources(facts),
    )


def _unit_of(document: Document, item: Mapping[str, Any]) -> str:
    column = text(item, "column")
    return text(document, "plan", "columns", column, "unit") or (
        read_column_name(column).unit or "" if column else ""
    )


def _converted(variable: str, value: float, unit: str, wanted: str) -> float | None:
    """A published cut-off in the unit of the result; None where it cannot be said."""
    if unit == wanted:
        return value
    known = variables().get(variable)
    if known is None or unit not in known.units or wanted not in known.units:
        return None
    return value * float(known.units[unit] / known.units[wanted])


def _author(fact: Fact) -> str:
    return fact.source.partition(",")[0]


def _sources(facts: Iterable[Fact]) -> str:
    return "; ".join(dict.fromkeys(one.source for one in facts))


BOTH = (
    Rule("direction_against_literature", direction_against_literature),
    Rule("cutoff_against_literature", cutoff_against_literature),
)
