"""Files by call: upload, list, read, delete; and what a result among them says of itself."""

from __future__ import annotations

import re
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from cartwheel.canonical import canonical_json
from cartwheel.errors import FileRefused, PlanRefused, refuse
from cartwheel.serve.access.audit import record
from cartwheel.serve.access.person import Person, may
from cartwheel.serve.api.asked import AskedReview
from cartwheel.serve.api.bodies import body_of, read_as, read_json
from cartwheel.serve.api.described import answers, takes, upload
from cartwheel.serve.api.readings import read_kept
from cartwheel.serve.api.repeating import key_of, once
from cartwheel.serve.api.strict_routes import StrictRoute
from cartwheel.serve.api.told import ROOT, FilesTold, file_told, json_of
from cartwheel.serve.pages.jobs import owner_of
from cartwheel.serve.services import services
from cartwheel.serve.uploads import receive
from cartwheel.store.drafts import DRAFTS
from cartwheel.store.kept_files import KeptFile, content_of, file_of, files_of
from cartwheel.store.repeats import KeptAnswer

router = APIRouter(prefix=ROOT, tags=["files"], route_class=StrictRoute)
JSON = "application/json"
_READ, _SCORE, _ANALYSE = may("read"), may("score"), may("analyse")
_ID = re.compile(r"[0-9a-f]{24}")
_LOCATION = {"Location": {"schema": {"type": "string"}, "description": "Of the file."}}
_ADDRESSED = {
    "type": "object",
    "required": ["address", "id", "place", "text"],
    "properties": {name: {"type": "string"} for name in ("address", "id", "place", "text")},
}
_TRACED = {"anyOf": [{"type": "object"}, {"type": "array", "items": _ADDRESSED}]}
Place = Annotated[str, Query(max_length=400, description="Such as result.performance.measures[0].")]
Called = Annotated[
    str,
    Query(
        max_length=400,
        description="A place, or its end; or what the paper calls it: T2.3.2, table 2 row 3 column "
        "2, F1, table-performance.",
    ),
]
Said = Annotated[
    str, Query(max_length=400, description="What the paper says: 0.81 (0.74 to 0.87).")
]
Shared = Annotated[bool, Query(description="The paper was written to leave the centre.")]


@router.post(
    "/files",
    operation_id="upload_file",
    summary="Upload a file",
    status_code=201,
    responses=answers(
        "FileTold", 400, 409, 413, 415, 507,
        status=201, said="Kept, until it is deleted", headers=_LOCATION,
    ),
    openapi_extra=upload(),
)  # fmt: skip
async def upload_file(request: Request) -> Response:
    """Take a file: as the field ``file`` of a form, or as the body with its name in the query.

    It is streamed to the store. What it is, a job finds out.
    """
    who = _SCORE(request)
    key_of(request)
    kept = await receive(request, alone=True)
    return await run_in_threadpool(_kept_once, request, who, kept)


@router.get(
    "/files",
    operation_id="list_files",
    summary="List files, newest first",
    responses=answers("FilesTold"),
)
def list_files(request: Request, purpose: Literal["upload", "output"] = "upload") -> Response:
    """List uploads, or what jobs have made."""
    who = _READ(request)
    kept = files_of(services(request).store, owner_of(who), purpose)
    found = [file_told(each) for each in kept if each.name not in DRAFTS]
    return Response(json_of(FilesTold(files=found)), media_type=JSON)


@router.get(
    "/files/{file_id}",
    operation_id="show_file",
    summary="Say what is known of a file",
    responses=answers("FileTold", 404),
)
def show_file(request: Request, file_id: str) -> Response:
    """Give name, size and hash."""
    return Response(json_of(file_told(_file(request, file_id))), media_type=JSON)


@router.get(
    "/files/{file_id}/content",
    operation_id="download_file",
    summary="Give the content of a file",
    responses=answers(
        {"type": "string", "format": "binary"}, 404, media_type="*/*", said="Byte for byte"
    ),
)
def download_file(request: Request, file_id: str) -> Response:
    """Give a file byte for byte: what a job made has the bytes that the command line writes."""
    kept = _file(request, file_id)
    record(services(request), _READ(request), "file downloaded", kept.id, kept.sha256)
    return content(request, kept)


@router.delete(
    "/files/{file_id}",
    operation_id="delete_file",
    summary="Delete a file with everything made from it",
    status_code=204,
    responses=answers(None, 404, status=204, said="It is gone"),
)
def delete_file(request: Request, file_id: str) -> Response:
    """Delete a file, the jobs that read it, and what they made."""
    who = _SCORE(request)
    kept = _file(request, file_id)
    services(request).queue.forget_file(kept.id, owner_of(who))
    record(services(request), who, "file deleted", kept.id, kept.sha256)
    return Response(status_code=204)


@router.get(
    "/files/{file_id}/places",
    operation_id="list_places",
    summary="List the places of a result",
    responses=answers("Places", 404, 413),
    tags=["results"],
)
def list_places(request: Request, file_id: str, below: Place = "") -> Response:
    """List every number of a result that can be traced."""
    return _read(request, file_id, "places", below=below)


@router.get(
    "/files/{file_id}/trace",
    operation_id="trace_number",
    summary="Say where a number of a result comes from",
    responses=answers(_TRACED, 404, 413),
    tags=["results"],
)
def trace_number(
    request: Request, file_id: str, place: Called = "", said: Said = "", share: Shared = False
) -> Response:
    """Give data, lines of the plan, function, versions and seed behind a number.

    Of a table, a row, or what the paper says, give the cells and their places instead.
    """
    if bool(place) is bool(said):
        raise refuse(
            PlanRefused,
            "no_place",
            "one place is asked for, or one thing that the paper says",
            where="place",
            mend="give place or said; GET /api/v1/files/ID/places lists the places",
        )
    return _read(request, file_id, "trace", place=place, said=said, share=share)


@router.get(
    "/files/{file_id}/referee",
    operation_id="referee_file",
    summary="Say what a statistical reviewer will ask of a result",
    responses=answers("RefereeResult", 404, 413),
    tags=["results"],
)
def referee_kept(request: Request, file_id: str) -> Response:
    """Referee a result, a shared file, or the plan of a development."""
    return _read(request, file_id, "referee")


@router.post(
    "/referee",
    operation_id="referee_plan",
    summary="Say what a statistical reviewer will ask of a plan",
    responses=answers("RefereeResult", 400, 413, 415),
    openapi_extra=takes(AskedReview),
    tags=["results"],
)
async def referee_plan(request: Request) -> Response:
    """Referee the plan of a development before there are any data."""
    who = _ANALYSE(request)
    asked = read_as(AskedReview, read_json(await body_of(request)))
    told = await run_in_threadpool(_refereed_plan, request, asked.plan_toml)
    record(services(request), who, "plan refereed")
    return Response(told, media_type=JSON)


def content(request: Request, kept: KeptFile) -> Response:
    """Give a file byte for byte, as something to keep.

    Parameters
    ----------
    request : Request
        Of the call.
    kept : KeptFile
        Which.

    Returns
    -------
    Response
    """
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(kept.name, safe='')}",
        "Content-Length": str(kept.size),
        "Cache-Control": "no-store",
    }
    pieces = content_of(services(request).store, kept.id)
    return StreamingResponse(pieces, media_type=kept.media_type, headers=headers)


def check_id(said: str, code: str, what: str) -> str:
    """Refuse what cannot be an id before the store is asked.

    Parameters
    ----------
    said : str
        As it stands in the address.
    code, what : str
        Of the refusal.

    Returns
    -------
    str
        The same.

    Raises
    ------
    FileRefused
        Of that code.
    """
    if not _ID.fullmatch(said):
        raise refuse(FileRefused, code, what, where="id", mend="take the id from the list")
    return said


def _file(request: Request, file_id: str) -> KeptFile:
    who = _READ(request)
    check_id(file_id, "no_such_file", "there is no such file")
    return file_of(services(request).store, file_id, owner_of(who))


def _kept_once(request: Request, who: Person, kept: KeptFile) -> Response:
    """Answer with a new file; where the same request came before, forget it again."""
    queue = services(request).queue
    made = False

    def make() -> KeptAnswer:
        nonlocal made
        made = True
        headers = {"Location": f"{ROOT}/files/{kept.id}"}
        return KeptAnswer(201, headers, json_of(file_told(kept)))

    try:
        response = once(request, who, f"{kept.name}\n{kept.sha256}".encode(), make)
    finally:
        if not made:
            queue.forget_file(kept.id, None)
            record(services(request), who, "upload not kept", kept.id, kept.sha256)
    return response


def _read(request: Request, file_id: str, what: str, **words: str | bool) -> Response:
    kept = _file(request, file_id)
    told = read_kept(request, kept, what, **words)
    record(services(request), _READ(request), "file read", kept.id, kept.sha256)
    return Response(told, media_type=JSON)


def _refereed_plan(request: Request, text: str) -> str:
    # loads numerical libraries
    from cartwheel.workflows.referee import referee_file  # noqa: PLC0415

    with TemporaryDirectory(dir=services(request).queue.work.path) as folder:
        path = Path(folder) / "plan.toml"
        path.write_text(text, encoding="utf-8")
        found: Any = referee_file(path)
        return canonical_json(found)
