"""A refusal as an answer: problem details (RFC 9457) for programs, words for people."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import cast

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from cartwheel.errors import Problem, Refused
from cartwheel.serve.access.person import Forbidden, NotKnown
from cartwheel.serve.rendering import asked_by_htmx, fragment, page

PROBLEM_JSON = "application/problem+json"
_STATUS = {
    "no_such_file": 404,
    "no_such_job": 404,
    "no_such_page": 404,
    "no_such_score": 404,
    "no_such_patient": 404,
    "no_ward": 404,
    "store_unavailable": 503,
    "ward_busy": 503,
    "ward_stopping": 503,
    "upload_too_large": 413,
    "disk_full": 507,
    "drift_failed": 500,
    "media_type": 415,
    "too_many": 429,
    "key_reused": 422,
    "job_over": 409,
    "alert_over": 409,
    "job_not_done": 409,
    "key_in_use": 409,
    "bad_json": 400,
    "body_truncated": 400,
    "upload_broken": 400,
    "upload_truncated": 400,
}
_TITLES = {
    400: "The request cannot be read",
    401: "Nobody has logged in",
    403: "Not allowed",
    404: "Not there",
    405: "Not possible here",
    409: "Too late",
    413: "Too large",
    415: "Of another kind",
    422: "Refused",
    429: "Too many attempts",
    500: "A fault of cartwheel",
    503: "Not available now",
    507: "No room",
}


def status_of(refused: Refused) -> int:
    """Choose the status of an answer.

    Parameters
    ----------
    refused : Refused
        What was refused.

    Returns
    -------
    int
        401 and 403 for a person, 404, 409, 413, 415, 429, 503 by code, else 422.
    """
    if isinstance(refused, NotKnown):
        return 401
    if isinstance(refused, Forbidden):
        return 403
    return next((_STATUS[one.code] for one in refused.problems if one.code in _STATUS), 422)


def problem_details(status: int, problems: Sequence[Problem]) -> dict[str, object]:
    """Write problem details.

    Parameters
    ----------
    status : int
        Of the answer.
    problems : sequence of Problem
        All that was found.

    Returns
    -------
    dict
        ``type``, ``title``, ``status``, ``detail``, and ``problems`` with code, what, where, mend.
    """
    code = problems[0].code if problems else "fault"
    return {
        "type": f"urn:cartwheel:problem:{code}",
        "title": _TITLES.get(status, "Refused"),
        "status": status,
        "detail": "; ".join(str(problem) for problem in problems),
        "problems": [asdict(problem) for problem in problems],
    }


def answer(request: Request, status: int, problems: Sequence[Problem]) -> Response:
    """Answer with problems in the form that the asker reads.

    Parameters
    ----------
    request : Request
        Under ``/api`` or asking for JSON: problem details. From htmx: a fragment. Else a page.
    status : int
        Of the answer.
    problems : sequence of Problem
        What is told.

    Returns
    -------
    Response
    """
    if request.url.path.startswith("/fhir/") or request.url.path == "/fhir":
        from cartwheel.serve.fhir.outcomes import refusal  # noqa: PLC0415

        # what only FHIR refuses has a status of its own
        return refusal(problems, None if status == 422 else status)
    if for_programs(request):
        told = json.dumps(problem_details(status, problems), ensure_ascii=False)
        return Response(told, status, media_type=PROBLEM_JSON)
    words = {"title": _TITLES.get(status, "Refused"), "problems": problems}
    if asked_by_htmx(request):
        return fragment(request, "problems.html", status=status, **words)
    return page(request, "problem_page.html", status=status, **words)


def for_programs(request: Request) -> bool:
    """Tell whether a program asks: by its path, or by what it accepts.

    Parameters
    ----------
    request : Request
        Any.

    Returns
    -------
    bool
    """
    accepted = request.headers.get("accept", "")
    return request.url.path.startswith("/api/") or (
        "json" in accepted and "text/html" not in accepted
    )


def add_handlers(application: FastAPI) -> None:
    """Make every refusal, and every fault of ours, an answer.

    Parameters
    ----------
    application : FastAPI
        It gets the handlers.
    """
    application.add_exception_handler(Refused, _refused)
    application.add_exception_handler(RequestValidationError, _unreadable)
    application.add_exception_handler(HTTPException, _http)
    application.add_exception_handler(Exception, _fault)


def _refused(request: Request, error: Exception) -> Response:
    refused = cast(Refused, error)
    return answer(request, status_of(refused), refused.problems)


def _unreadable(request: Request, error: Exception) -> Response:
    found = cast(RequestValidationError, error).errors()
    broken = any(str(one["type"]).startswith("json_invalid") for one in found)
    return answer(request, 400 if broken else 422, tuple(_validation(found)))


def _validation(found: Iterable[dict[str, object]]) -> Iterable[Problem]:
    for one in found:
        steps = cast(tuple[object, ...], one["loc"])
        where = ".".join(str(step) for step in steps if step not in ("body", "query", "path"))
        # what was given is not repeated: it may be a patient's
        yield Problem(str(one["type"]), str(one["msg"]), where)


def _http(request: Request, error: Exception) -> Response:
    found = cast(HTTPException, error)
    code = {404: "no_such_page", 405: "method"}.get(found.status_code, "http")
    what = {404: "there is no such page", 405: "this address does not take this method"}
    problem = Problem(code, what.get(found.status_code, str(found.detail)))
    response = answer(request, found.status_code, (problem,))
    response.headers.update(found.headers or {})
    return response


def _fault(request: Request, error: Exception) -> Response:
    # the text of the error may hold data: only its kind is told
    problem = Problem(
        "fault",
        f"a fault of ours ({type(error).__name__}); nothing was changed",
        mend="please report it, without patients' data",
    )
    return answer(request, 500, (problem,))
