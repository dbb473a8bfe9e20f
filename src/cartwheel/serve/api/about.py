"""The server itself: whether it answers, whether it can work, which version it is."""

from __future__ import annotations

from fastapi import APIRouter, Request
from sqlalchemy import text
from starlette.responses import Response

from cartwheel import __version__
from cartwheel.errors import FileRefused, refuse
from cartwheel.serve.access.person import may
from cartwheel.serve.api.described import answers, ref
from cartwheel.serve.api.told import ROOT, Health, Ready, Version, json_of
from cartwheel.serve.services import services

router = APIRouter(prefix=ROOT, tags=["server"])
_READ = may("read")
_OPEN = {
    200: {"description": "It does", "content": {"application/json": {"schema": ref("Health")}}}
}


@router.get(
    "/health",
    operation_id="health",
    summary="Say that the server answers",
    responses=_OPEN,  # type: ignore[arg-type]
)
async def health() -> Response:
    """Answer anyone, without a token, and say nothing more."""
    return Response(json_of(Health(status="ok")), media_type="application/json")


@router.get(
    "/ready",
    operation_id="ready",
    summary="Say that the server can take jobs",
    responses=answers("Ready"),
)
def ready(request: Request) -> Response:
    """Ask the store; 503 where it does not answer, or the server stops."""
    _READ(request)
    known = services(request)
    with known.store.reading() as connection:
        connection.execute(text("SELECT 1"))
    if known.queue.stopping:
        raise refuse(FileRefused, "store_unavailable", "the server stops", mend="start it again")
    return Response(json_of(Ready(status="ready")), media_type="application/json")


@router.get(
    "/version",
    operation_id="version",
    summary="Say which cartwheel this is",
    responses=answers("Version"),
)
async def version(request: Request) -> Response:
    """Give the version; results of one version are the same everywhere."""
    _READ(request)
    return Response(
        json_of(Version(cartwheel=__version__, api="v1")), media_type="application/json"
    )
