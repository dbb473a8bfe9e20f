"""Dead letters by call: listed, sent again, dropped; for administrators."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import Response

from cartwheel.serve.access.audit import record
from cartwheel.serve.access.person import Person, may
from cartwheel.serve.api.described import answers
from cartwheel.serve.api.strict_routes import StrictRoute
from cartwheel.serve.api.told import ROOT
from cartwheel.serve.pages.ward import ward_of_request
from cartwheel.serve.services import services
from cartwheel.serve.ward.letters import REASONS, letter_dropped, letters_again, read_letters

_KEEP = may("administer")
# who asks is looked at before what is asked
router = APIRouter(
    prefix=ROOT, tags=["ward"], route_class=StrictRoute, dependencies=[Depends(_KEEP)]
)
_MOST = 2**53
_OBJECT = {"type": "object"}
_Number = Annotated[int, Path(ge=1, le=_MOST, description="Of the letter.")]
_Target = Annotated[str, Query(max_length=120, description="Of this target alone.")]


@router.get(
    "/ward/outbox",
    operation_id="ward_outbox",
    summary="List what could not be sent, by target and reason",
    responses=answers(_OBJECT, 404),
)
def ward_outbox(
    request: Request,
    target: _Target = "",
    before: Annotated[int | None, Query(ge=1, le=_MOST)] = None,
) -> Response:
    """List dead letters, the newest first; ``before`` is where the next page begins.

    Patients are named by the ward's own id; what was to be sent is not told.
    """
    _KEEP(request)
    found = read_letters(ward_of_request(request).store, target=target, before=before)
    return _json(found.document())


@router.post(
    "/ward/outbox/again",
    operation_id="ward_outbox_again",
    summary="Send dead letters again",
    responses=answers(_OBJECT, 404, 422),
)
def ward_outbox_again(
    request: Request,
    number: Annotated[int | None, Query(ge=1, le=_MOST, description="One letter.")] = None,
    target: _Target = "",
    every: Annotated[bool, Query(alias="all", description="All of them.")] = False,
) -> Response:
    """Send one letter again, those of a target, or all: each with the key that it had."""
    who = _KEEP(request)
    many = letters_again(
        ward_of_request(request).store, _tell(request, who), number=number, target=target,
        every=every,
    )  # fmt: skip
    return _json({"again": many})


@router.post(
    "/ward/outbox/{number}/drop",
    operation_id="ward_outbox_drop",
    summary="Drop a dead letter, with the reason",
    responses=answers(_OBJECT, 404, 422),
)
def ward_outbox_drop(
    request: Request,
    number: _Number,
    reason: Annotated[str, Query(max_length=40, description=f"One of {', '.join(REASONS)}.")],
) -> Response:
    """Drop a letter: it is sent no more, the row stays; the audit says by whom and why."""
    who = _KEEP(request)
    letter_dropped(ward_of_request(request).store, _tell(request, who), number, reason)
    return _json({"dropped": number})


def _tell(request: Request, who: Person) -> Callable[[str, str], None]:
    return lambda what, about: record(services(request), who, what, about)


def _json(told: dict[str, Any]) -> Response:
    text = json.dumps(told, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    headers = {"Cache-Control": "no-store"}
    return Response(text, media_type="application/json", headers=headers)
