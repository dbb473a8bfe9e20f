"""The referee's report: which rules are put to which kind of work, and what they found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cartwheel.finding import Finding, Passed, RefereeReport
from cartwheel.referee import (
    literature,
    rules_cohort,
    rules_cutoffs,
    rules_performance,
    rules_pool,
    rules_pool_studies,
    rules_predictors,
    rules_published,
    rules_size,
    rules_time,
    rules_validation,
    rules_validation_scores,
)
from cartwheel.referee.domains import domains_of
from cartwheel.referee.facts import Document, present, text
from cartwheel.referee.rule import SEVERITIES, Rule, judged

RULES: Mapping[str, tuple[Rule, ...]] = {
    "develop": (
        *rules_size.DEVELOPED,
        *rules_cutoffs.DEVELOPED,
        *rules_predictors.DEVELOPED,
        *rules_time.DEVELOPED,
        *rules_performance.DEVELOPED,
        *rules_cohort.DEVELOPED,
        *literature.BOTH,
    ),
    "plan": (
        *rules_size.PLANNED,
        *rules_cutoffs.PLANNED,
        *rules_predictors.PLANNED,
        *rules_time.PLANNED,
        *rules_performance.PLANNED,
        *rules_cohort.PLANNED,
        *literature.BOTH,
    ),
    "validate": (
        *rules_validation.VALIDATED,
        *rules_validation_scores.SCORES,
        *rules_time.VALIDATED,
        *rules_cohort.VALIDATED,
    ),
    "pool": (*rules_pool.EFFECTS, *rules_pool_studies.STUDIES),
    "appraise": (),
}
OF_A_MODEL: tuple[Rule, ...] = (
    *rules_size.DEVELOPED,
    *rules_published.MODEL,
    *rules_cutoffs.APPRAISED,
    *rules_predictors.APPRAISED,
    *rules_time.APPRAISED,
    *rules_cohort.APPRAISED,
    *rules_performance.APPRAISED,
)
OF_A_POOL: tuple[Rule, ...] = rules_published.POOLED
KINDS = tuple(RULES)


def referee(document: Mapping[str, Any]) -> RefereeReport:
    """Read a result and say what a statistical reviewer will ask.

    Parameters
    ----------
    document : mapping
        The plain data of a result file, as written: ``kind``, ``plan``, ``result``. Parts may be
        missing; a rule that does not find what it needs says so.

    Returns
    -------
    RefereeReport
        With kind ``unknown`` and nothing in it for what is no result.
    """
    kind = kind_of(document)
    rules = RULES.get(kind, ())
    if kind == "appraise":
        rules = _appraisal_rules(document)
    answers = judged(rules, document)
    return RefereeReport(
        kind=kind,
        findings=answers.findings,
        passed=answers.passed,
        domains=domains_of(kind, document, answers),
        summary=summary(answers.findings, answers.passed),
    )


def referee_plan(plan: Mapping[str, Any]) -> RefereeReport:
    """Read the plan of a development before any data are looked at.

    Parameters
    ----------
    plan : mapping
        Plain data of the plan, best with its defaults.

    Returns
    -------
    RefereeReport
        Of kind ``plan``.
    """
    return referee({"kind": "plan", "plan": plan})


def kind_of(document: Mapping[str, Any]) -> str:
    """Tell what a document is.

    Parameters
    ----------
    document : mapping
        Of a result file.

    Returns
    -------
    str
        ``develop``, ``validate``, ``pool``, ``appraise``, ``plan``, or ``unknown``.
    """
    said = text(document, "kind")
    if said:
        # what another command wrote is not judged by the names of its parts
        return said if said in RULES else "unknown"
    # cartwheel/develop/1
    parts = text(document, "schema").split("/")
    if len(parts) == 3 and parts[1] in RULES:
        return parts[1]
    marks = {
        "develop": "performance",
        "validate": "scores",
        "pool": "analyses",
        "appraise": "pooled",
    }
    for kind, key in marks.items():
        if present(document, "result", key):
            return kind
    return "unknown"


def summary(findings: tuple[Finding, ...], passed: tuple[Passed, ...]) -> str:
    """Count findings by severity, in one sentence.

    Parameters
    ----------
    findings : tuple of Finding
        Of a report.
    passed : tuple of Passed
        Of the same.

    Returns
    -------
    str
    """
    counts = {level: sum(1 for one in findings if one.severity == level) for level in SEVERITIES}
    words = [f"{counts[level]} {level}" for level in SEVERITIES[:3] if counts[level]]
    if counts["information"]:
        words.append(f"{counts['information']} for information")
    clear = sum(1 for one in passed if one.answered)
    silent = len(passed) - clear
    total = len(findings)
    if not total:
        start = "The referee has no findings"
    else:
        start = f"{total} finding{'s' if total > 1 else ''}: {', '.join(words)}"
    return (
        f"{start}; {clear} question{'s' if clear != 1 else ''} passed, {silent} could not be "
        "answered from what is here."
    )


def _appraisal_rules(document: Document) -> tuple[Rule, ...]:
    pooled = document.get("result")
    about_pool = isinstance(pooled, Mapping) and bool(pooled.get("pooled"))
    return OF_A_POOL if about_pool else OF_A_MODEL
