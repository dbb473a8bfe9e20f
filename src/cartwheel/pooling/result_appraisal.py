"""Appraisal: risk of bias, the flow of records, certainty of the evidence."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Judgement:
    """One domain of one study.

    Parameters
    ----------
    domain : str
        Code of the domain in its tool.
    level : str
        ``low``, ``moderate``, ``high``, ``unclear`` (or stars for Newcastle-Ottawa, as text).
    """

    domain: str
    level: str


@dataclass(frozen=True, slots=True)
class StudyQuality:
    """Risk of bias of one study.

    Parameters
    ----------
    study : str
        Its label.
    row : int
        In the file.
    judgements : tuple of Judgement
        In order of the tool.
    overall : str
        As judged, or by the tool's rule.
    overall_by_rule : bool
        Whether the rule was applied because the table left it open.
    stars : int or None
        Newcastle-Ottawa only.
    applicability : str
        PROBAST only: overall concern, as judged or by the tool's rule; else empty.
    """

    study: str
    row: int
    judgements: tuple[Judgement, ...]
    overall: str
    overall_by_rule: bool
    stars: int | None
    applicability: str = ""


@dataclass(frozen=True, slots=True)
class Quality:
    """Risk of bias of all studies by one tool.

    Parameters
    ----------
    tool : str
        ``QUIPS``, ``PROBAST`` or ``Newcastle-Ottawa``.
    domains : tuple of (str, str)
        Code and name.
    studies : tuple of StudyQuality
        In order of the file.
    missing : tuple of str
        Studies without a judgement, with what is missing.
    rule : str
        Source of the rule that made overall judgements; empty where none was applied.
    citation : str
        Of the tool.
    """

    tool: str
    domains: tuple[tuple[str, str], ...]
    studies: tuple[StudyQuality, ...]
    missing: tuple[str, ...]
    rule: str = ""
    citation: str = ""


@dataclass(frozen=True, slots=True)
class FlowCount:
    """One box of the PRISMA 2020 flow.

    Parameters
    ----------
    code : str
        Stable name of the box.
    label : str
        For the reader.
    count : int
        Records, reports or studies.
    reasons : tuple of (str, int)
        Of an exclusion; else empty.
    """

    code: str
    label: str
    count: int
    reasons: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Flow:
    """PRISMA 2020 flow of records; it adds up, or it was refused.

    Parameters
    ----------
    boxes : tuple of FlowCount
        From identification to inclusion.
    duplicates : tuple of (str, str, str)
        Kept record, dropped record, by what they are the same; empty where only counts were given.
    questions : tuple of (str, str, str)
        Two records that may be the same, and what speaks for and against; both were kept.
    """

    boxes: tuple[FlowCount, ...]
    duplicates: tuple[tuple[str, str, str], ...]
    questions: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class GradeDomain:
    """One reason to rate certainty down or up.

    Parameters
    ----------
    domain : str
        ``risk_of_bias``, ``inconsistency``, ``imprecision``, ``indirectness``,
        ``publication_bias``, ``large_effect``, ``dose_response``, ...
    change : int
        Levels: -2 to +2.
    reason : str
        The user's words, or the number a suggestion rests on.
    suggested : bool
        Made by rule from the result; the user may overrule it.
    """

    domain: str
    change: int
    reason: str
    suggested: bool


@dataclass(frozen=True, slots=True)
class Grade:
    """Certainty of the evidence for one analysis.

    Parameters
    ----------
    analysis : str
        Its name.
    start : str
        ``high`` or ``moderate``: the two published starting points for prognosis.
    start_source : str
        Which publication it follows.
    domains : tuple of GradeDomain
        Every one looked at.
    certainty : str
        ``high``, ``moderate``, ``low`` or ``very low``.
    """

    analysis: str
    start: str
    start_source: str
    domains: tuple[GradeDomain, ...]
    certainty: str
