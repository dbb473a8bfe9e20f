"""Drift of the ward by call: what comes in, what is answered, what follows; numbers of many."""

from __future__ import annotations

import json
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from cartwheel.errors import Refused
from cartwheel.serve.access.audit import record
from cartwheel.serve.access.person import may
from cartwheel.serve.api.described import answers
from cartwheel.serve.api.strict_routes import StrictRoute
from cartwheel.serve.api.told import ROOT
from cartwheel.serve.pages.ward import ward_of_request
from cartwheel.serve.services import services
from cartwheel.serve.ward.drifting import drifting_of

router = APIRouter(prefix=ROOT, tags=["ward"], route_class=StrictRoute)
_READ = may("read")
_OBJECT = {"type": "object"}
_COUNTING = {
    "description": "It is being counted; ask again",
    "headers": {"Retry-After": {"schema": {"type": "integer"}}},
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["state", "done", "of"],
                "properties": {
                    "state": {"const": "counting"},
                    "done": {"type": "integer"},
                    "of": {"type": "integer"},
                },
            }
        }
    },
}


@router.get(
    "/ward/drift",
    operation_id="ward_drift",
    summary="Tell whether what comes in, what is answered and what follows is as it was",
    responses={**answers(_OBJECT, 404), 202: _COUNTING},
)
def ward_drift(
    request: Request,
    by: Annotated[Literal["month", "quarter"], Query(description="Length of a period.")] = "month",
) -> Response:
    """Give what was counted last, however long ago: `source.counted_at` says when. Nobody is in it.

    Where that is ten minutes old, the call begins to count anew; where nothing was counted yet, it
    answers 202 until that is done.
    """
    who = _READ(request)
    folder = services(request).settings.folder
    state = drifting_of(ward_of_request(request), by, folder).ask()
    record(services(request), who, "ward drift read")
    headers = {"Cache-Control": "no-store"}
    if state.counted is not None:
        return Response(state.counted.text, media_type="application/json", headers=headers)
    if state.problem is not None:
        raise Refused((state.problem,))
    told = json.dumps({"state": "counting", "done": state.done, "of": state.of})
    return Response(
        told, 202, media_type="application/json", headers={**headers, "Retry-After": "5"}
    )
