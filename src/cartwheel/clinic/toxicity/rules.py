"""The toxicity rules by id, and what each asks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from cartwheel.clinic.dictionary import nearest_names
from cartwheel.clinic.toxicity.assessment import Asked, Rule
from cartwheel.clinic.toxicity.crs import ASTCT_CRS
from cartwheel.clinic.toxicity.icans import ASTCT_ICANS, ASTCT_ICANS_CHILD_AT_12
from cartwheel.clinic.toxicity.older_crs import CARTOX, LEE_2014, MSKCC, PENN
from cartwheel.errors import CohortRefused, refuse

RULES: Mapping[str, Rule] = MappingProxyType(
    {
        rule.id: rule
        for rule in (
            ASTCT_CRS, ASTCT_ICANS, ASTCT_ICANS_CHILD_AT_12, LEE_2014, PENN, MSKCC, CARTOX,
        )
    }
)  # fmt: skip

CRS_RULES = ("astct-crs", "lee-2014", "penn", "mskcc", "cartox")


def rule_named(name: str) -> Rule:
    """Look a rule up by its id.

    Parameters
    ----------
    name : str
        Such as ``astct-crs``.

    Returns
    -------
    Rule

    Raises
    ------
    CohortRefused
        ``rule_unknown``, with the nearest ids.
    """
    if name not in RULES:
        raise refuse(
            CohortRefused, "rule_unknown", f"'{name[:40]}' is not a toxicity rule",
            mend=nearest_names(name, RULES),
        )  # fmt: skip
    return RULES[name]


def questions(names: tuple[str, ...] = CRS_RULES) -> Iterator[tuple[Asked, tuple[str, ...]]]:
    """List what several rules ask, and which of them ask it.

    Parameters
    ----------
    names : tuple of str
        Ids of rules.

    Yields
    ------
    pair of Asked and tuple of str
        Each input once, in the order in which it is first asked, with the ids of the rules.
    """
    rules = [rule_named(name) for name in names]
    for asked in dict.fromkeys(each for rule in rules for each in rule.inputs):
        yield asked, tuple(rule.id for rule in rules if asked in rule.inputs)
