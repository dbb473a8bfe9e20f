"""The calls under ``/fhir``: resources in, what the ward says out."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from typing import cast
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request
from starlette.responses import Response

from cartwheel.errors import CohortRefused, Problem, refuse
from cartwheel.serve.access.audit import record
from cartwheel.serve.access.person import Person, may
from cartwheel.serve.fhir.auditing import Answered, given, kept, kept_together
from cartwheel.serve.fhir.bundles import (
    ASKED,
    TOLD as TOLD_IN,
    check_bundle,
    take_each,
    take_transaction,
)
from cartwheel.serve.fhir.capability import capability_statement
from cartwheel.serve.fhir.checking import TAKEN, type_of
from cartwheel.serve.fhir.intake import (
    FhirIntake,
    Taken,
    checked,
    problem_of,
)
from cartwheel.serve.fhir.json_text import LARGEST, Json, Resource, read_json, write_json
from cartwheel.serve.fhir.linking import subjects_of
from cartwheel.serve.fhir.naming import id_for, with_id
from cartwheel.serve.fhir.outcomes import FHIR_JSON, issue, outcome, refusal
from cartwheel.serve.fhir.told import searched
from cartwheel.serve.fhir.written import KINDS
from cartwheel.serve.services import services
from cartwheel.watch.intake import Receipt

router = APIRouter(prefix="/fhir")

_READ, _WRITE = may("read"), may("score")
_KINDS_OF_BODY = ("application/fhir+json", "application/json", "text/json")
_ETAG = re.compile(r'(?:W/)?"(\d{1,9})"')
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_SENT = frozenset(TAKEN)
_AT_ONCE = 32


@router.get("/metadata")
async def metadata(request: Request) -> Response:
    """Say what this interface can do."""
    return _json(capability_statement(_base(request)))


@router.post("")
@router.post("/")
async def post_bundle(request: Request) -> Response:
    """Take a transaction or a batch."""
    person = _WRITE(request)
    content = await _body(request)
    work = lambda: _bundle(_intake(request), content, person, ASKED)  # noqa: E731
    return await _answered(request, person, work)


@router.post("/$notify")
async def notify(request: Request) -> Response:
    """Take what a subscription sends: a resource, a bundle, or only a sign that there is news."""
    person = _WRITE(request)
    content = await _body(request, empty=True)
    if not content.strip():
        wake = getattr(request.app.state, "fhir_news", None)
        if wake is not None:
            wake()
        record(services(request), person, "fhir news told")
        return Response(status_code=202)
    return await _answered(request, person, lambda: _news(_intake(request), content, person))


@router.put("/$notify/{kind}/{identity}")
async def notify_of_one(request: Request, kind: str, identity: str) -> Response:
    """Take a resource as a subscription of R4 sends it."""
    return await put_one(request, kind, identity)


@router.post("/{kind}/_search")
async def search_by_form(request: Request, kind: str) -> Response:
    """Find what the ward says of a patient; what is asked stands in no address."""
    person = _READ(request)
    content = await _body(request, empty=True, form=True)
    try:
        form = parse_qsl(content.decode("utf-8"), keep_blank_values=True)
    except ValueError:
        raise refuse(CohortRefused, "condition_form", "the form cannot be read") from None
    asked = [*request.query_params.multi_items(), *form]
    return await _searched(request, person, kind, asked)


@router.get("/{kind}")
async def search_by_address(request: Request, kind: str) -> Response:
    """Find what the ward says of a patient."""
    person = _READ(request)
    return await _searched(request, person, kind, request.query_params.multi_items())


@router.post("/{kind}")
async def post_one(request: Request, kind: str) -> Response:
    """Take a new resource."""
    person = _WRITE(request)
    if kind not in _SENT:
        return _no_such_kind(kind)
    content = await _body(request)
    asked = _Asked(request, kind, "")
    work = lambda: _created(_intake(request), content, person, asked)  # noqa: E731
    return await _answered(request, person, work)


@router.put("/{kind}/{identity}")
async def put_one(request: Request, kind: str, identity: str) -> Response:
    """Take a version of a resource, under the sender's own id."""
    person = _WRITE(request)
    if kind not in _SENT or not _ID.fullmatch(identity):
        return _no_such_kind(kind)
    content = await _body(request)
    asked = _Asked(request, kind, identity)
    work = lambda: _updated(_intake(request), content, person, asked)  # noqa: E731
    return await _answered(request, person, work)


@router.get("/{kind}/{identity}")
async def read_one(request: Request, kind: str, identity: str) -> Response:
    """Give back the last version of what this sender has sent by itself."""
    person = _READ(request)
    if kind not in _SENT or not _ID.fullmatch(identity):
        return _no_such_kind(kind)
    work = lambda: _read(_intake(request), person.name, kind, identity)  # noqa: E731
    return await _answered(request, person, work)


@router.api_route(
    "/{rest:path}", methods=["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"]
)
async def nothing(request: Request, rest: str) -> Response:
    """Answer whatever else is asked as FHIR wants it."""
    _READ(request)
    if request.method in ("DELETE", "PATCH"):
        raise refuse(
            CohortRefused, "method", "nothing is deleted or patched here",
            mend="send the status entered-in-error with PUT",
        )  # fmt: skip
    return _no_such_kind(rest)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What stands around a resource."""

    request: Request
    kind: str
    identity: str

    def header(self, name: str) -> str:
        return self.request.headers.get(name, "")


def _created(intake: FhirIntake, content: bytes, person: Person, asked: _Asked) -> Answered:
    read = checked(read_json(content), asked.kind)
    if "id" in read:
        # the server names what is created; what is kept can be read again the same way
        read = {key: value for key, value in read.items() if key != "id"}
        content = write_json(read).encode("utf-8")
    resource = with_id(read)
    condition = asked.header("if-none-exist")
    if condition:
        there = intake.last(person.name, asked.kind, _named(condition, resource))
        if there is not None:
            return _told(Taken(resource, there.number, _REPEAT), asked, content)
    return _told(intake.take(resource, content, intake.context(person.name)), asked, content)


def _named(condition: str, resource: Resource) -> str:
    """Read If-None-Exist: it can only name the identifier that the resource has first."""
    pairs = parse_qsl(condition, keep_blank_values=True)
    value = pairs[0][1] if len(pairs) == 1 and pairs[0][0] == "identifier" else ""
    system, _, number = value.partition("|")
    stated = {
        "resourceType": resource["resourceType"],
        "identifier": [{"system": system, "value": number}],
    }
    if not system or not number or id_for(stated) != resource["id"]:
        raise refuse(
            CohortRefused, "condition_form", "If-None-Exist names another resource than is sent",
            mend="name its first identifier: identifier=SYSTEM|VALUE",
        )  # fmt: skip
    return str(resource["id"])


def _updated(intake: FhirIntake, content: bytes, person: Person, asked: _Asked) -> Answered:
    resource = checked(read_json(content), asked.kind)
    if resource.get("id") != asked.identity:
        code = "id_differs" if "id" in resource else "id_missing"
        raise refuse(
            CohortRefused, code, "address and resource have different ids", where=f"{asked.kind}.id"
        )
    expected = None
    if asked.header("if-match"):
        match = _ETAG.fullmatch(asked.header("if-match").strip())
        if match is None:
            raise refuse(CohortRefused, "condition_form", 'If-Match is written as W/"1"')
        expected = int(match[1])
    context = intake.context(person.name)
    return _told(intake.take(resource, content, context, expected=expected), asked, content)


def _read(intake: FhirIntake, sender: str, kind: str, identity: str) -> Answered:
    last = intake.last(sender, kind, identity)
    if last is None:
        return Answered(_no_such_kind(kind))
    resource = intake.resource(last)
    if resource is None:
        raise refuse(
            CohortRefused, "content_emptied", "its content was emptied since; its values count",
            where=kind, mend="read it where it came from",
        )  # fmt: skip
    etag = f'W/"{last.number}"'
    response = _json(_versioned(resource, last.number), headers={"ETag": etag})
    return given(response, f"{kind} message {last.message}")


def _versioned(resource: Resource, version: int) -> Resource:
    return {**resource, "meta": {**resource.get("meta", {}), "versionId": str(version)}}


def _told(taken: Taken, asked: _Asked, content: bytes) -> Answered:
    return kept(_response(taken, asked), taken, asked.kind, content)


def _response(taken: Taken, asked: _Asked) -> Response:
    where = f"{_base(asked.request)}/{asked.kind}/{taken.resource['id']}"
    headers = {
        "ETag": f'W/"{taken.version}"',
        "Location": f"{where}/_history/{taken.version}",
    }
    if taken.parked:
        # also for senders who do not read what is answered
        headers["X-Cartwheel-Parked"] = ",".join(sorted({one.reason for one in taken.parked}))
    status = 201 if taken.created else 200
    wanted = asked.header("prefer")
    if "return=minimal" in wanted:
        return Response(status_code=status, headers=headers)
    if "return=OperationOutcome" in wanted:
        issues = [issue(problem_of(one), "warning") for one in taken.parked]
        return _json(outcome(issues), status, headers)
    return _json(_versioned(taken.resource, taken.version), status, headers)


def _bundle(intake: FhirIntake, content: bytes, person: Person, kinds: tuple[str, ...]) -> Answered:
    bundle = read_json(content)
    check_bundle(bundle, kinds)
    if bundle["type"] == "transaction":
        answer = take_transaction(intake, bundle, content, person.name)
    else:
        answer = take_each(intake, bundle, person.name)
    many = len(answer.get("entry", ()))
    return kept_together(_json(answer), str(bundle["type"]), many, content)


def _news(intake: FhirIntake, content: bytes, person: Person) -> Answered:
    read = read_json(content)
    if type_of(read) == "Bundle":
        return _bundle(intake, content, person, TOLD_IN)
    resource = checked(read)
    if "id" not in resource:
        raise refuse(CohortRefused, "id_missing", "without an id", where=type_of(resource))
    taken = intake.take(resource, content, intake.context(person.name))
    told = _json(outcome(issue(problem_of(one), "warning") for one in taken.parked))
    return kept(told, taken, type_of(resource), content)


async def _searched(
    request: Request, person: Person, kind: str, parameters: list[tuple[str, str]]
) -> Response:
    if kind not in KINDS:
        return _no_such_kind(kind)
    strict = "handling=strict" in request.headers.get("prefer", "")
    base, store, ward = _base(request), services(request).store, services(request).ward
    rules = {} if ward is None else subjects_of(ward.ward.alerts)
    taking = _intake(request)
    systems = taking.senders.get(person.name, taking.options).systems

    def work() -> Answered:
        found, patient = searched(
            store, kind, parameters, base, strict=strict, rules=rules, systems=systems
        )
        return given(_json(found), f"{kind} of {patient or 'nobody known'}: {found['total']}")

    return await _answered(request, person, work)


async def _answered(request: Request, person: Person, work: Callable[[], Answered]) -> Response:
    """Do in a thread what waits for the ward: many at once are kept in one transaction."""
    done = await asyncio.get_running_loop().run_in_executor(_threads(), work)
    if done.what:
        record(services(request), person, done.what, done.about, done.sha256)
    return done.response


@lru_cache(maxsize=1)
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="cartwheel-fhir")


def _intake(request: Request) -> FhirIntake:
    return cast(FhirIntake, request.app.state.fhir)


async def _body(request: Request, *, empty: bool = False, form: bool = False) -> bytes:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    encoded = request.headers.get("content-encoding", "identity").lower() != "identity"
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > LARGEST:
            raise refuse(CohortRefused, "json_too_large", f"more than {LARGEST >> 20} MB")
        parts.append(part)
    content = b"".join(parts)
    wanted = ("application/x-www-form-urlencoded",) if form else _KINDS_OF_BODY
    if encoded or (kind not in wanted and (content or not empty)):
        raise refuse(
            CohortRefused, "media_type", "a body of this kind is not taken",
            where="Content-Type", mend=f"send {wanted[0]}",
        )  # fmt: skip
    return content


def _base(request: Request) -> str:
    own = services(request).settings.public_url or str(request.base_url)
    return f"{own.rstrip('/')}/fhir"


def _json(value: Json, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    response = Response(write_json(value), status, media_type=FHIR_JSON)
    response.headers["Cache-Control"] = "no-store"
    response.headers.update(headers or {})
    return response


def _no_such_kind(_: str) -> Response:
    mend = "see /fhir/metadata for what there is"
    return refusal([Problem("no_such_page", "there is no such thing here", mend=mend)], 404)


_REPEAT = Receipt("repeat", None)
