"""CDS Hooks: discovery, services and feedback, for programs and for pages of a record system."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from fastapi import APIRouter, Request, Response
from starlette.responses import JSONResponse

from cartwheel.errors import PlanRefused, Problem, Refused, refuse
from cartwheel.serve.access.audit import record
from cartwheel.serve.cds.feedback import feedback_in
from cartwheel.serve.cds.settings import cds_of
from cartwheel.serve.fhir.context import FhirOptions
from cartwheel.serve.fhir.json_text import Json, read_json
from cartwheel.serve.problems import PROBLEM_JSON, problem_details, status_of
from cartwheel.serve.services import Services, services

if TYPE_CHECKING:
    from cartwheel.serve.cds.desk import Desk

PATH = "/cds-services"
LARGEST = 8 << 20
"""Bytes of a request."""

_STATUS: Mapping[str, int] = {"cds_prefetch": 412, "json_too_large": 413, "cds_media_type": 415}
_UNREADABLE = ("cds_request", "cds_feedback", "json_", "time_")

router = APIRouter()


def open_desk(known: Services, options: FhirOptions | None = None) -> Desk | None:
    """Open what answers requests for cards: call it when a server starts, to hear what is wrong.

    Parameters
    ----------
    known : Services
        Of the server.
    options : FhirOptions, optional
        Of its FHIR interface.

    Returns
    -------
    Desk or None
        None without a ward, or where no file of settings is named: then there are no cards.

    Raises
    ------
    FileRefused, PlanRefused
        As of `cds_of`; ``cds_keys`` where the keys of an issuer cannot be used; ``cds_missing``
        where what checks tokens is not installed.
    """
    told = cds_of(known.settings)
    if told is None or known.ward is None:
        return None
    try:
        from cartwheel.serve.cds.desk import Desk  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise refuse(
            PlanRefused, "cds_missing", f"{error.name} is not installed", where="CDS Hooks",
            mend="pip install 'cartwheel[ward]'",
        ) from None  # fmt: skip
    return Desk(told, known.settings, known.ward, options=options)


def desk_of(request: Request) -> Desk | None:
    """Find what answers requests for cards.

    Parameters
    ----------
    request : Request
        Any.

    Returns
    -------
    Desk or None
    """
    state = request.app.state
    if not hasattr(state, "cds"):
        taking = getattr(state, "fhir", None)
        options = None if taking is None else taking.options
        state.cds = open_desk(services(request), options)
    return cast("Desk | None", state.cds)


@router.get(PATH)
def discovery(request: Request) -> Response:
    """List the services."""
    desk = desk_of(request)
    if desk is None:
        return _not_there()
    described = [one.described() for one in desk.services.values()]
    return _with_origin(request, desk, JSONResponse({"services": described}))


@router.options(PATH)
@router.options(PATH + "/{service_id}")
@router.options(PATH + "/{service_id}/feedback")
def beforehand(request: Request) -> Response:
    """Tell a browser whether a page of another site may ask."""
    desk = desk_of(request)
    if desk is None:
        return _not_there()
    response = _with_origin(request, desk, Response(status_code=204))
    if "access-control-allow-origin" in response.headers:
        response.headers["Access-Control-Allow-Methods"] = "GET, POST, OPTIONS"
        response.headers["Access-Control-Allow-Headers"] = "Authorization, Content-Type"
        response.headers["Access-Control-Max-Age"] = "600"
    return response


@router.post(PATH + "/{service_id}")
async def ask(request: Request, service_id: str) -> Response:
    """Answer with cards."""
    desk = desk_of(request)
    if desk is None:
        return _not_there()
    begun = time.perf_counter()
    service = desk.services.get(service_id)
    try:
        if service is None:
            response = _not_there()
        else:
            who = await _who(request, desk)
            cards = await desk.cards(service, await _body(request))
            for one in cards:
                record(services(request), who, "cds card given", f"{service.id} {one['uuid']}")
            response = JSONResponse({"cards": cards})
    except Refused as refused:
        response = _told(refused)
    desk.count("" if service is None else service.id, response.status_code, begun)
    return _with_origin(request, desk, response)


@router.post(PATH + "/{service_id}/feedback")
async def feedback(request: Request, service_id: str) -> Response:
    """Take what became of cards."""
    desk = desk_of(request)
    if desk is None or service_id not in desk.services:
        return _not_there()
    try:
        who = await _who(request, desk)
        for one in feedback_in(await _body(request)):
            reason = f" {one.reason}" if one.reason else ""
            about = f"{service_id} {one.card} {one.at}{reason}"
            record(services(request), who, f"cds card {one.outcome}", about)
    except Refused as refused:
        return _with_origin(request, desk, _told(refused))
    return _with_origin(request, desk, Response(status_code=200))


async def _who(request: Request, desk: Desk) -> str:
    origin = request.headers.get("origin")
    if origin is not None and origin not in desk.told.origins:
        raise Refused([Problem("other_site", "no page of this site may ask", "Origin")])
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Refused([Problem("cds_media_type", "send JSON", "Content-Type", "application/json")])
    who = await desk.who(request.headers.get("authorization", ""), request.url.path)
    return f"cds:{who}"


async def _body(request: Request) -> Json:
    content = bytearray()
    async for part in request.stream():
        content += part
        if len(content) > LARGEST:
            break
    return read_json(bytes(content), largest=LARGEST)


def _told(refused: Refused) -> Response:
    code = refused.problems[0].code
    if code == "other_site":
        status = 403
    elif code.startswith(_UNREADABLE) and code not in _STATUS:
        status = 400
    else:
        status = _STATUS.get(code, status_of(refused))
    told: dict[str, Any] = _plain(problem_details(status, refused.problems))
    response = JSONResponse(told, status, media_type=PROBLEM_JSON)
    if status == 401:
        response.headers["WWW-Authenticate"] = 'Bearer error="invalid_token"'
    return response


def _plain(value: Any) -> Any:
    """Leave out what is empty: CDS Hooks wants no empty text or list."""
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items() if one not in ("", [], None)}
    return [_plain(one) for one in value] if isinstance(value, list) else value


def _not_there() -> Response:
    problem = Problem("no_such_service", "there is no such service", "the address")
    told = _plain(problem_details(404, (problem,)))
    return JSONResponse(told, 404, media_type=PROBLEM_JSON)


def _with_origin(request: Request, desk: Desk, response: Response) -> Response:
    response.headers["Vary"] = "Origin"
    response.headers["Cache-Control"] = "no-store"
    origin = request.headers.get("origin")
    if origin in desk.told.origins:
        response.headers["Access-Control-Allow-Origin"] = str(origin)
    return response
