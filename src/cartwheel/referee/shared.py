"""What can be asked of a shared file of a validation: aggregates, and no patient."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from cartwheel.finding import RefereeReport
from cartwheel.referee.domains import domains_of
from cartwheel.referee.facts import Document, rows, text
from cartwheel.referee.report import RULES, summary
from cartwheel.referee.rule import Answer, Fine, Remark, Rule, Unseen, judged
from cartwheel.referee.rules_validation import few_events

KIND = "share"
_TOLD = ("same_patients", "discrimination", "miscalibrated", "simulated")
# what a centre withholds is not what it did not look at
_IF_SHOWN = ("calibration_absent",)
_DISCRIMINATION = ("auc", "harrell_c", "uno_c", "auc_at_horizon")
_OUTCOME = ("horizon", "time_unit", "landmark_day", "patients", "events", "competing_events")
_SCORE = ("id", "version", "sha256", "choices", "predicts", "adverse")
_ESTIMATE = ("value", "low", "high", "level")


def referee_shared(document: Document) -> RefereeReport:
    """Read what a centre shares of a validation and say what a reviewer will ask.

    Parameters
    ----------
    document : mapping
        The plain data of a shared file; its sum was held against its content before.

    Returns
    -------
    RefereeReport
        Of kind ``share``. Rules that need more than aggregates answer that it is not to be seen
        from here; to the others the file is a validation, its numbers rounded as it tells them.
    """
    found = _as_validation(document)
    answers = judged(map(_of_aggregates, RULES["validate"]), found)
    return RefereeReport(
        kind=KIND,
        findings=answers.findings,
        passed=answers.passed,
        domains=domains_of("validate", found, answers),
        summary=summary(answers.findings, answers.passed),
    )


def _of_aggregates(rule: Rule) -> Rule:
    if rule.code in _TOLD:
        return rule
    if rule.code == "few_events":
        return Rule(rule.code, _events_told)

    def judge(document: Document) -> Answer:
        found = rule.judge(document) if rule.code in _IF_SHOWN else None
        return found if isinstance(found, Fine) else Unseen("not to be seen from a shared file")

    return Rule(rule.code, judge)


def _events_told(document: Document) -> Answer:
    """Judge the events, which over time are told by the horizon only."""
    found = few_events(document)
    if text(document, "result", "outcome", "kind") == "binary" or not isinstance(found, Remark):
        return found
    return replace(found, evidence=f"{found.evidence} A shared file tells events by the horizon.")


def _as_validation(document: Document) -> dict[str, Any]:
    told = document["result"]
    outcome = {"kind": told.get("outcome_kind"), "label": told.get("outcome_label")}
    return {
        "kind": "validate",
        "result": {
            "simulated": told.get("simulated"),
            "outcome": outcome | {key: told.get(key) for key in _OUTCOME},
            "scores": [_score(score) for score in rows(document, "result", "scores")],
        },
    }


def _score(told: Mapping[str, Any]) -> dict[str, Any]:
    measures = [_measure(one) for one in rows(told, "measures")]
    same = {"code": "same_patients", "severity": "caution", "text": ""}
    return {
        "name": told.get("id"),
        **{key: told.get(key) for key in _SCORE},
        "discrimination": [one for one in measures if one["name"] in _DISCRIMINATION],
        "calibration": [one for one in measures if one["name"] not in _DISCRIMINATION],
        "notes": [same] if told.get("same_patients") else [],
    }


def _measure(told: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": told.get("name"),
        "label": told.get("label"),
        "estimate": {key: told.get(key) for key in _ESTIMATE},
        "std_error": told.get("std_error"),
    }
