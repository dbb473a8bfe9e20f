"""Every grading rule of the library by id, and how one of them is applied to one chart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib import import_module
from types import MappingProxyType

from cartwheel.clinic.dictionary import nearest_names
from cartwheel.clinic.toxicity.assessment import Asked, Chart, Grade, Rule
from cartwheel.errors import CohortRefused, Problem, refuse

# module below cartwheel.clinic -> ids of its rules; a module loads when one of them is asked for
_HOMES: Mapping[str, tuple[str, ...]] = {
    "toxicity.rules": (
        "astct-crs", "astct-icans", "astct-icans-child-at-12", "lee-2014", "penn", "mskcc",
        "cartox",
    ),
    "haematotoxicity": ("icaht-early", "icaht-late", "t-icaht-early", "t-icaht-late"),
    "hyperinflammation": ("iec-hs", "hlh-2004"),
    "ctcae": (
        "ctcae-neutrophils", "ctcae-platelets", "ctcae-lymphocytes", "ctcae-leukocytes",
        "ctcae-haemoglobin",
    ),
    "response": ("imwg-response", "b-all-response", "b-all-mrd"),
}  # fmt: skip

GRADING_RULES: tuple[str, ...] = tuple(name for names in _HOMES.values() for name in names)
"""Ids of every grading rule."""

DAILY_RULES = frozenset(_HOMES["toxicity.rules"])
"""Rules that grade a day, so that a course of days has a maximum, an onset and a duration."""

_ICANS = frozenset(name for name in DAILY_RULES if "icans" in name)
CHARTED_GRADES: Mapping[str, frozenset[str]] = MappingProxyType(
    {"crs_grade": DAILY_RULES - _ICANS, "icans_grade": _ICANS}
)
"""Columns that hold grades already given, and the rules they may have been given by."""


def grading_rule(name: str) -> Rule:
    """Look a grading rule up by its id.

    Parameters
    ----------
    name : str
        Such as ``astct-crs``; `GRADING_RULES` lists them.

    Returns
    -------
    Rule

    Raises
    ------
    CohortRefused
        ``rule_unknown``, with the nearest ids.
    """
    if name not in GRADING_RULES:
        raise refuse(
            CohortRefused,
            "rule_unknown",
            f"'{name[:40]}' is not a grading rule",
            where="--rule",
            mend=f"{nearest_names(name, GRADING_RULES)} (cartwheel grade --list)",
        )
    home = next(module for module, names in _HOMES.items() if name in names)
    rules = import_module(f"cartwheel.clinic.{home}").RULES
    found: Iterable[Rule] = rules.values() if isinstance(rules, Mapping) else rules
    return next(rule for rule in found if rule.id == name)


def is_series_rule(rule: Rule) -> bool:
    """Tell whether a rule reads values over days, and so gives one grade for a patient.

    Parameters
    ----------
    rule : Rule

    Returns
    -------
    bool
    """
    return any(asked.kind == "series" for asked in rule.inputs)


def asked_by(rules: tuple[Rule, ...]) -> dict[str, Asked]:
    """List what several rules ask, each input once.

    Parameters
    ----------
    rules : tuple of Rule

    Returns
    -------
    dict of str to Asked
        In the order in which it is first asked. An input that one rule reads over days and another
        at one time is listed as the first of them asks it.
    """
    found: dict[str, Asked] = {}
    for rule in rules:
        for asked in rule.inputs:
            found.setdefault(asked.name, asked)
    return found


def grade_chart(rule: Rule, chart: Chart, *, at: str | None = None) -> Grade:
    """Apply a rule to one chart, which may hold more than the rule asks.

    Parameters
    ----------
    rule : Rule
        Which.
    chart : mapping
        By name of input.
    at : str, optional
        Time of the assessment.

    Returns
    -------
    Grade

    Raises
    ------
    CohortRefused
        What the rule refuses, all at once.
    """
    wanted = {asked.name for asked in rule.inputs}
    return rule.function({name: chart[name] for name in chart if name in wanted}, at=at)


def unknown_inputs(rules: tuple[Rule, ...], names: tuple[str, ...]) -> tuple[Problem, ...]:
    """Name what no rule asks for.

    Parameters
    ----------
    rules : tuple of Rule
        The rules to be applied.
    names : tuple of str
        Keys of a chart.

    Returns
    -------
    tuple of Problem
        ``input_unknown``, with the nearest inputs.
    """
    known = asked_by(rules)
    return tuple(
        Problem(
            "input_unknown",
            f"'{name[:40]}' is no input of {', '.join(rule.id for rule in rules)}",
            "",
            nearest_names(name, known),
        )
        for name in names
        if name not in known
    )
