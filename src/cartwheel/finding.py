"""What a referee says of a piece of work: one finding, with its evidence and what to do."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One remark of the referee.

    Parameters
    ----------
    code : str
        Stable short name of the rule, such as ``events_per_parameter``.
    severity : str
        ``critical`` (the main conclusion does not stand on this), ``major`` (it must be mended or
        said before the work is used), ``minor`` (it should be), or ``information``.
    what : str
        The remark, in one or two sentences.
    evidence : str
        The numbers of this very run, or the words of the plan, that it rests on.
    mend : str
        What to do.
    source : str
        Citation: authors, journal, year, doi. Empty only where the rule is arithmetic.
    """

    code: str
    severity: str
    what: str
    evidence: str
    mend: str
    source: str


@dataclass(frozen=True, slots=True)
class Passed:
    """A rule that was looked at and found nothing, or could not be looked at.

    Parameters
    ----------
    code : str
        Of the rule.
    answered : bool
        False where the input does not say enough to judge.
    text : str
        What was looked at, or what is missing.
    """

    code: str
    answered: bool
    text: str


@dataclass(frozen=True, slots=True)
class Domain:
    """One question of an appraisal instrument, answered as far as the run decides it.

    Parameters
    ----------
    instrument : str
        ``PROBAST``, ``PROBAST+AI`` or ``QUIPS``.
    domain, question : str
        Of the instrument, in our words.
    answer : str
        ``yes``, ``probably yes``, ``no``, ``probably no``, ``not applicable``; of a domain as a
        whole ``high`` or ``low``; empty where a person must answer.
    because : str
        What of the run decides it; empty where a person must answer.
    """

    instrument: str
    domain: str
    question: str
    answer: str
    because: str


@dataclass(frozen=True, slots=True)
class RefereeReport:
    """Everything the referee says of one result.

    Parameters
    ----------
    kind : str
        What was read: ``develop``, ``validate``, ``pool``, ``appraise`` or ``plan``.
    findings : tuple of Finding
        Gravest first.
    passed : tuple of Passed
        The other rules that apply to this kind, in the order of the rules.
    domains : tuple of Domain
        Of PROBAST, PROBAST+AI and QUIPS; empty where neither applies.
    summary : str
        One sentence: how many findings of which severity.
    """

    kind: str
    findings: tuple[Finding, ...]
    passed: tuple[Passed, ...]
    domains: tuple[Domain, ...]
    summary: str
