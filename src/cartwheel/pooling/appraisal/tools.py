"""Tools for risk of bias: their domains, their words, and the rules their authors published."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cartwheel.errors import PlanRefused, refuse

LOW, MODERATE, HIGH, UNCLEAR = "low", "moderate", "high", "unclear"
NOT_SAID = frozenset({"", "na", "n/a", "nan", "none", ".", "nr", "not judged", "not assessed"})

_LOW_WORDS = dict.fromkeys(("low", "l", "+", "green"), LOW)
_MODERATE_WORDS = dict.fromkeys(("moderate", "mod", "m", "medium", "!", "yellow"), MODERATE)
_HIGH_WORDS = dict.fromkeys(("high", "h", "x", "red"), HIGH)
_UNCLEAR_WORDS = dict.fromkeys(("unclear", "u", "?", "uncertain", "no information"), UNCLEAR)
_TAIL = re.compile(r"\s+(?:(?:risk|rob|concerns?|quality)(?:\s+(?:of|for)\s+bias)?)$")


@dataclass(frozen=True, slots=True)
class Domain:
    """One domain of a tool.

    Parameters
    ----------
    code : str
        Stable name.
    label : str
        For the reader.
    also : tuple of str
        Further column names that mean it.
    stars : int
        The most it can have; 0 where the tool has levels instead of stars.
    """

    code: str
    label: str
    also: tuple[str, ...] = ()
    stars: int = 0


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool for risk of bias, as its authors published it.

    Parameters
    ----------
    name : str
        ``QUIPS``, ``PROBAST`` or ``Newcastle-Ottawa``.
    prefixes : tuple of str
        What its columns begin with.
    domains : tuple of Domain
        In the tool's order; a column may name one by its number from 1.
    words : mapping of str to str
        What may be written, and the level it means.
    open_words : mapping of str to str
        What is refused because it has two meanings, and why.
    citation : str
        Author, year and doi.
    """

    name: str
    prefixes: tuple[str, ...]
    domains: tuple[Domain, ...]
    words: Mapping[str, str]
    citation: str
    open_words: Mapping[str, str] = field(default_factory=dict)

    @property
    def levels(self) -> tuple[str, ...]:
        """Every level, once, in the order low to unclear."""
        return tuple(dict.fromkeys(self.words.values()))


QUIPS = Tool(
    "QUIPS",
    ("quips",),
    (
        Domain("participation", "Study participation", ("participants", "sample")),
        Domain("attrition", "Study attrition", ("follow_up", "loss_to_follow_up")),
        Domain(
            "prognostic_factor",
            "Prognostic factor measurement",
            ("factor", "pf", "prognostic_factor_measurement", "factor_measurement"),
        ),
        Domain("outcome", "Outcome measurement", ("outcome_measurement",)),
        Domain("confounding", "Study confounding", ("confounders", "confounder")),
        Domain(
            "analysis",
            "Statistical analysis and reporting",
            ("statistics", "statistical_analysis", "reporting", "analysis_and_reporting"),
        ),
    ),
    {**_LOW_WORDS, **_MODERATE_WORDS, **_HIGH_WORDS},
    "Hayden 2013, doi:10.7326/0003-4819-158-4-201302190-00009",
    {"-": "a minus is drawn for moderate in some traffic lights and for high in others"},
)

PROBAST = Tool(
    "PROBAST",
    ("probast",),
    (
        Domain("participants", "Participants"),
        Domain("predictors", "Predictors"),
        Domain("outcome", "Outcome"),
        Domain("analysis", "Analysis"),
        Domain("applicability_participants", "Applicability: participants"),
        Domain("applicability_predictors", "Applicability: predictors"),
        Domain("applicability_outcome", "Applicability: outcome"),
    ),
    {**_LOW_WORDS, **_HIGH_WORDS, "-": HIGH, **_UNCLEAR_WORDS},
    "Wolff 2019, doi:10.7326/M18-1376",
)

NEWCASTLE_OTTAWA = Tool(
    "Newcastle-Ottawa",
    ("newcastle_ottawa_scale", "newcastle_ottawa", "nos"),
    (
        Domain("selection", "Selection", stars=4),
        Domain("comparability", "Comparability", stars=2),
        Domain("outcome", "Outcome", ("exposure", "outcome_exposure"), stars=3),
    ),
    {
        **dict.fromkeys(("good", "high"), "good"),
        **dict.fromkeys(("fair", "moderate", "medium"), "fair"),
        **dict.fromkeys(("poor", "low"), "poor"),
    },
    "Wells, Newcastle-Ottawa Scale, Ottawa Hospital Research Institute",
)

TOOLS: tuple[Tool, ...] = (QUIPS, PROBAST, NEWCASTLE_OTTAWA)

# of the eight items of the cohort form: which group each belongs to, and its most stars
STAR_ITEMS: Mapping[int, tuple[str, int]] = {
    1: ("selection", 1),
    2: ("selection", 1),
    3: ("selection", 1),
    4: ("selection", 1),
    5: ("comparability", 2),
    6: ("outcome", 1),
    7: ("outcome", 1),
    8: ("outcome", 1),
}

QUIPS_OVERALL: Mapping[str, str] = {"grooten_2019": "Grooten 2019, doi:10.1186/s41512-019-0050-0"}


def plain_word(text: str) -> str:
    r"""Write a judgement's cell in lower case, without "risk of bias" behind it.

    Parameters
    ----------
    text : str
        Of a cell.

    Returns
    -------
    str
        With one kind of minus, one kind of cross, and single spaces.

    Examples
    --------
    >>> plain_word(" High risk of bias "), plain_word("\N{MINUS SIGN}"), plain_word("Low RoB")
    ('high', '-', 'low')
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    folded = re.sub(r"[\u2010-\u2015\u2212]", "-", folded).replace("\u00d7", "x")
    folded = " ".join(folded.replace("_", " ").split())
    return _TAIL.sub("", folded)


def probast_overall(levels: Sequence[str]) -> str:
    """Judge a model's overall risk of bias, or applicability, by PROBAST's own rule.

    Parameters
    ----------
    levels : sequence of str
        ``low``, ``high``, ``unclear``, or empty where a domain was not judged.

    Returns
    -------
    str
        ``high`` where any domain is; ``low`` where all are; ``unclear`` where the rest is low and
        one is unclear; empty where a domain that would decide was not judged.

    References
    ----------
    Wolff RF et al 2019, doi:10.7326/M18-1376.

    Examples
    --------
    >>> probast_overall(["low", "low", "", "high"]), probast_overall(["low", "unclear"])
    ('high', 'unclear')
    """
    if HIGH in levels:
        return HIGH
    if not levels or "" in levels:
        return ""
    return UNCLEAR if UNCLEAR in levels else LOW


def quips_overall(levels: Sequence[str], proposal: str) -> str:
    """Judge a study's overall risk of bias by a named proposal; QUIPS itself has no rule.

    Parameters
    ----------
    levels : sequence of str
        Of the six domains; empty where one was not judged.
    proposal : str
        ``grooten_2019``, the only one known: high where a domain is high or three or more are
        moderate; low where all are low but at most one, which is moderate; else moderate.

    Returns
    -------
    str
        Empty where a domain that would decide was not judged.

    Raises
    ------
    PlanRefused
        ``quips_overall`` for an unknown proposal.

    References
    ----------
    Grooten WJA et al 2019, doi:10.1186/s41512-019-0050-0.

    Examples
    --------
    >>> quips_overall(["low"] * 5 + ["moderate"], "grooten_2019")
    'low'
    """
    if proposal not in QUIPS_OVERALL:
        raise refuse(
            PlanRefused,
            "quips_overall",
            f"there is no proposal '{proposal}' for an overall QUIPS judgement",
            mend="use " + " or ".join(QUIPS_OVERALL) + ", or a column quips_overall",
        )
    moderate = levels.count(MODERATE)
    if HIGH in levels or moderate >= 3:
        return HIGH
    if "" in levels:
        return ""
    return LOW if moderate <= 1 else MODERATE
