"""What a rule is, and what it may answer: a remark, nothing wrong, or not to be seen."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from cartwheel.finding import Finding, Passed
from cartwheel.referee.facts import Document

SEVERITIES = ("critical", "major", "minor", "information")
CRITICAL, MAJOR, MINOR, INFORMATION = SEVERITIES


@dataclass(frozen=True, slots=True)
class Remark:
    """Something found; the rule's code makes it a finding.

    Parameters
    ----------
    severity : str
        ``critical``, ``major``, ``minor`` or ``information``.
    what, evidence, mend, source : str
        As in ``Finding``.
    """

    severity: str
    what: str
    evidence: str
    mend: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class Fine:
    """Looked at, and nothing to say.

    Parameters
    ----------
    text : str
        What was looked at.
    applies : bool
        False where the question does not arise, so that it speaks for nothing.
    """

    text: str
    applies: bool = True


@dataclass(frozen=True, slots=True)
class Unseen:
    """The input does not say enough to judge.

    Parameters
    ----------
    text : str
        What is missing.
    """

    text: str


Answer = Remark | tuple[Remark, ...] | Fine | Unseen


@dataclass(frozen=True, slots=True)
class Judged:
    """What the rules answered.

    Parameters
    ----------
    findings : tuple of Finding
        Gravest first, and within a severity in the order of the rules.
    passed : tuple of Passed
        The others, in the order of the rules.
    void : frozenset of str
        Codes of passed rules whose question does not arise.
    """

    findings: tuple[Finding, ...]
    passed: tuple[Passed, ...]
    void: frozenset[str]


@dataclass(frozen=True, slots=True)
class Rule:
    """One question of the referee.

    Parameters
    ----------
    code : str
        Stable short name.
    judge : callable
        Takes the document; gives remarks, or why there are none.
    """

    code: str
    judge: Callable[[Document], Answer]


def judged(rules: Iterable[Rule], document: Document) -> Judged:
    """Put every rule to a document.

    Parameters
    ----------
    rules : iterable of Rule
        In their order.
    document : mapping
        A result file, or a plan wrapped as one.

    Returns
    -------
    Judged
    """
    findings: list[Finding] = []
    passed: list[Passed] = []
    void: set[str] = set()
    for rule in rules:
        answer = rule.judge(document)
        if isinstance(answer, Fine | Unseen):
            passed.append(Passed(rule.code, isinstance(answer, Fine), answer.text))
            if isinstance(answer, Fine) and not answer.applies:
                void.add(rule.code)
            continue
        remarks = answer if isinstance(answer, tuple) else (answer,)
        findings.extend(
            Finding(rule.code, one.severity, one.what, one.evidence, one.mend, one.source)
            for one in remarks
        )
    findings.sort(key=lambda one: SEVERITIES.index(one.severity))
    return Judged(tuple(findings), tuple(passed), frozenset(void))


def told_once(remarks: list[Remark]) -> tuple[Remark, ...]:
    """Say the same thing of several pools or studies once, gravest severity apart.

    Parameters
    ----------
    remarks : list of Remark
        Of one rule.

    Returns
    -------
    tuple of Remark
        One for each severity and wording, gravest first, with the evidence of all.
    """
    groups: dict[tuple[str, str], list[Remark]] = {}
    for one in remarks:
        groups.setdefault((one.severity, one.what), []).append(one)
    return tuple(
        Remark(
            severity,
            what,
            "; ".join(one.evidence.rstrip(".") for one in same[:3])
            + (f"; and {len(same) - 3} more pools." if len(same) > 3 else "."),
            same[0].mend,
            same[0].source,
        )
        for (severity, what), same in sorted(
            groups.items(), key=lambda item: SEVERITIES.index(item[0][0])
        )
    )
