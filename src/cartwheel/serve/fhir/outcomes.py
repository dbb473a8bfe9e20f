"""OperationOutcome: what was refused or set aside, where, and how to mend it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

from starlette.responses import Response

from cartwheel.errors import Problem

FHIR_JSON = "application/fhir+json"
PROBLEMS = "urn:cartwheel:problem"

Severity: TypeAlias = Literal["fatal", "error", "warning", "information"]

# HTTP status, IssueType
_KINDS: Mapping[str, tuple[int, str]] = MappingProxyType(
    {
        "json_too_large": (413, "too-long"),
        "upload_too_large": (413, "too-long"),
        "json_encoding": (400, "structure"),
        "json_form": (400, "structure"),
        "json_key_twice": (400, "structure"),
        "json_number": (400, "value"),
        "json_too_deep": (400, "structure"),
        "json_text": (400, "value"),
        "resource_type": (400, "structure"),
        "resource_type_differs": (400, "invalid"),
        "id_differs": (400, "invalid"),
        "id_missing": (400, "required"),
        "media_type": (415, "not-supported"),
        "not_acceptable": (406, "not-supported"),
        "element_required": (422, "required"),
        "element_unknown": (422, "structure"),
        "element_empty": (422, "structure"),
        "element_type": (422, "structure"),
        "element_choice": (422, "structure"),
        "element_value": (422, "value"),
        "code_binding": (422, "code-invalid"),
        "loinc_check_digit": (422, "code-invalid"),
        "reference_type": (422, "structure"),
        "invariant": (422, "invariant"),
        "bundle_type": (422, "not-supported"),
        "bundle_request": (422, "required"),
        "bundle_order": (422, "invalid"),
        "interaction": (422, "not-supported"),
        "message_differs": (409, "conflict"),
        "version_differs": (412, "conflict"),
        "condition_form": (400, "invalid"),
        "content_emptied": (410, "deleted"),
        "method": (405, "not-supported"),
        "no_such_page": (404, "not-found"),
        "no_such_patient": (404, "not-found"),
        "not_known": (401, "login"),
        "role": (403, "forbidden"),
        "search_parameter": (400, "not-supported"),
        "patient_needed": (400, "required"),
        "store_unavailable": (503, "transient"),
        "ward_stopping": (503, "transient"),
        "ward_busy": (503, "throttled"),
        "message_unusable": (500, "exception"),
        "fault": (500, "exception"),
    }
)


def status_for(problems: Iterable[Problem]) -> int:
    """Choose the HTTP status of a refusal.

    Parameters
    ----------
    problems : iterable of Problem
        All that was found.

    Returns
    -------
    int
        Of the first one that is known; else 422.
    """
    return next((_KINDS[one.code][0] for one in problems if one.code in _KINDS), 422)


def issue(problem: Problem, severity: Severity = "error") -> dict[str, Any]:
    """Write one problem as an issue.

    Parameters
    ----------
    problem : Problem
        Without a patient's data; what begins with the name of a resource in its ``where`` becomes
        the expression.
    severity : {"fatal", "error", "warning", "information"}
        Of it.

    Returns
    -------
    dict
    """
    kind = _KINDS.get(problem.code, (422, "processing"))[1]
    written: dict[str, Any] = {
        "severity": severity,
        "code": kind,
        "details": {"coding": [{"system": PROBLEMS, "code": problem.code}]},
        "diagnostics": f"{problem.what}; {problem.mend}" if problem.mend else problem.what,
    }
    if problem.where[:1].isupper() and " " not in problem.where:
        written["expression"] = [problem.where]
    return written


def outcome(issues: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Write an OperationOutcome.

    Parameters
    ----------
    issues : iterable of dict
        From `issue`; without any, that all is well.

    Returns
    -------
    dict
    """
    found = list(issues) or [
        {"severity": "information", "code": "informational", "diagnostics": "all is well"}
    ]
    return {"resourceType": "OperationOutcome", "issue": found}


def refusal(problems: Iterable[Problem], status: int | None = None) -> Response:
    """Answer with problems.

    Parameters
    ----------
    problems : iterable of Problem
        What is told.
    status : int, optional
        By default as the problems call for.

    Returns
    -------
    Response
    """
    told = tuple(problems)
    text = json.dumps(outcome(issue(one) for one in told), ensure_ascii=False)
    response = Response(text, status or status_for(told), media_type=FHIR_JSON)
    if response.status_code == 503:
        response.headers["Retry-After"] = "1"
    return response
