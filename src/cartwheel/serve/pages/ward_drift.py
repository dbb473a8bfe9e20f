"""The page of drift: what comes in, what is answered, what follows, what a referee says."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from cartwheel.serve.access.audit import record
from cartwheel.serve.access.person import Person, may
from cartwheel.serve.pages.ward import ward_of_request, ward_words
from cartwheel.serve.rendering import page
from cartwheel.serve.services import services
from cartwheel.serve.ward.drift_drawn import input_panels, refusal_panels, risk_rows
from cartwheel.serve.ward.drifting import drifting_of

router = APIRouter()
Reader = Annotated[Person, Depends(may("read"))]
By = Literal["month", "quarter"]
_MOST_PARKED = 40


@router.get("/ward/drift")
def drift_page(
    request: Request,
    who: Reader,
    by: By = "month",
    place: Annotated[str, Query(max_length=100)] = "",
) -> Response:
    """Show what was counted last; while nothing is, how far the counting is."""
    opened = ward_of_request(request)
    state = drifting_of(opened, by, services(request).settings.folder).ask()
    record(services(request), who, "ward drift read")
    words: dict[str, Any] = {"state": state, "by": by, "place": "", "found": None}
    if state.counted is not None:
        words |= _words(state.counted.document, place)
        words["titles"] = {one.id: one.title for one in opened.ward.targets}
    return page(request, "ward/drift.html", **ward_words(opened, who), **words)


def _words(document: dict[str, Any], wanted: str) -> dict[str, Any]:
    place = wanted if wanted in document["counts"]["places"] else ""
    return {
        "found": document,
        "place": place,
        "counted_at": datetime.fromisoformat(document["source"]["counted_at"]),
        "inputs": input_panels(document, place),
        "refusals": refusal_panels(document, place),
        "risks": risk_rows(document, place),
        "parked": sorted(document["parked"], key=lambda one: -one["items"])[:_MOST_PARKED],
    }
