"""Files by call: upload, list, read, delete; and what a result among them says of itself."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from cartwheel.canonical import canonical_json
from cartwheel.errors import FileRefused, refuse
from cartwheel.serve.access.audit import record
from cartwheel.serve.access.person import Person, may
from cartwheel.serve.api.asked import AskedReview
from cartwheel.serve.api.bodies import MIB, body_of, read_as, read_json
from cartwheel.serve.api.described import answers, takes, upload
from cartwheel.serve.api.repeating import key_of, once
from cartwheel.serve.api.strict_routes import StrictRoute
from cartwheel.serve.api.told import ROOT, FilesTold, Places, file_told, json_of
from cartwheel.serve.pages.jobs import owner_of
from cartwheel.serve.services import services
from cartwheel.serve.uploads import receive
from cartwheel.store.kept_files import KeptFile, content_of, file_of, files_of
from cartwheel.store.repeats import KeptAnswer

router = APIRouter(tags=["files"], route_class=StrictRoute)
JSON = "application/json"
_READ, _SCORE, _ANALYSE = may("read"), may("score"), may("analyse")
_ID = re.compile(r"[0-9a-f]{24}")
# a result that is read here and not in a process of its own
_LARGEST_RESULT = 64 * MIB
_LOCATION = {"Location": {"schema": {"type": "string"}, "description": "Of the file."}}
Found = TypeVar("Found")
# what may stand in the address of a place
Place = Annotated[str, Query(max_length=400, description="Such as result.performance.measures[0].")]


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
    kept = await receive(request)
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
    found = files_of(services(request).store, owner_of(who), purpose)
    return Response(json_of(FilesTold(files=[file_told(each) for each in found])), media_type=JSON)


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
    return content(request, _file(request, file_id))


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
    from cartwheel.workflows.trace import places  # noqa: PLC0415 - loads numerical libraries

    found = _of_file(request, file_id, lambda path: places(path, below))
    return Response(json_of(Places(places=list(found))), media_type=JSON)


@router.get(
    "/files/{file_id}/trace",
    operation_id="trace_number",
    summary="Say where a number of a result comes from",
    responses=answers({"type": "object"}, 404, 413),
    tags=["results"],
)
def trace_number(request: Request, file_id: str, place: Place) -> Response:
    """Give data, lines of the plan, function, versions and seed behind a number."""
    from cartwheel.workflows.trace import trace  # noqa: PLC0415 - as above

    found = _of_file(request, file_id, lambda path: trace(path, place))
    return Response(canonical_json(found), media_type=JSON)


@router.get(
    "/files/{file_id}/referee",
    operation_id="referee_file",
    summary="Say what a statistical reviewer will ask of a result",
    responses=answers("RefereeResult", 404, 413),
    tags=["results"],
)
def referee_kept(request: Request, file_id: str) -> Response:
    """Referee a result, a shared file, or the plan of a development."""
    from cartwheel.workflows.referee import referee_file  # noqa: PLC0415 - as above

    return Response(canonical_json(_of_file(request, file_id, referee_file)), media_type=JSON)


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
    if made:
        record(services(request), who, "file uploaded", kept.id, kept.sha256)
    return response


def _of_file(request: Request, file_id: str, read: Callable[[Path], Found]) -> Found:
    """Read a kept file as the command line reads it: under its own name, in a folder."""
    kept = _file(request, file_id)
    if kept.size > _LARGEST_RESULT:
        raise refuse(
            FileRefused,
            "upload_too_large",
            f"a result of more than {_LARGEST_RESULT / MIB:g} MB is not read here",
            where=kept.name,
            mend="use the command line",
        )
    known = services(request)
    with TemporaryDirectory(dir=known.queue.work.path) as folder:
        path = Path(folder) / kept.name
        with path.open("wb") as stream:
            for piece in content_of(known.store, kept.id):
                stream.write(piece)
        return read(path)


def _refereed_plan(request: Request, text: str) -> str:
    from cartwheel.workflows.referee import referee_file  # noqa: PLC0415 - as above

    with TemporaryDirectory(dir=services(request).queue.work.path) as folder:
        path = Path(folder) / "plan.toml"
        path.write_text(text, encoding="utf-8")
        found: Any = referee_file(path)
        return canonical_json(found)
