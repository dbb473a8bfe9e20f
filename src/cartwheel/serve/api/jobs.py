"""Jobs by call: ask for one, see how far it is, cancel it, and take what it made."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from cartwheel.errors import FileRefused, PlanRefused, Problem
from cartwheel.serve.access.audit import record
from cartwheel.serve.access.person import Person, may
from cartwheel.serve.api.asked import JOBS
from cartwheel.serve.api.beforehand import beforehand
from cartwheel.serve.api.bodies import body_of, read_as, read_json
from cartwheel.serve.api.described import answers, takes
from cartwheel.serve.api.files import JSON, check_id, content
from cartwheel.serve.api.repeating import once
from cartwheel.serve.api.strict_routes import StrictRoute
from cartwheel.serve.api.told import ROOT, JobsTold, JobTold, job_told, json_of
from cartwheel.serve.jobs.events import EVENT_STREAM, HEADERS, events
from cartwheel.serve.jobs.running import names_apart
from cartwheel.serve.pages.jobs import WORDS, owner_of
from cartwheel.serve.services import services
from cartwheel.store.drafts import made_by
from cartwheel.store.kept_files import KeptFile, file_of
from cartwheel.store.kept_jobs import Job, job_of, jobs_of
from cartwheel.store.repeats import KeptAnswer

router = APIRouter(prefix=ROOT, tags=["jobs"], route_class=StrictRoute)
_READ, _SCORE, _ANALYSE = may("read"), may("score"), may("analyse")
# of patients, one by one; all else is analysis
_OF_PATIENTS = frozenset({"check", "batch", "grade"})
# what a job is asked for, in the order in which it is looked for
_RESULTS = ("result.json", "check.json", "grades.json", "scored.json")
_IDS = {
    "check": "check_sheet",
    "plan": "suggest_plan",
    "develop": "develop_score",
    "validate": "validate_scores",
    "pool": "pool_studies",
    "appraise": "appraise_evidence",
    "paper": "write_paper",
    "batch": "score_sheet",
    "grade": "grade_charts",
}
_PLAN = {
    "method": "points",
    "outcome": {"kind": "survival", "event": "progression", "time": "pfs_months",
                "time_unit": "months"},
    "predictors": [{"column": "ferritin_ug_l_day0"}],
}  # fmt: skip
_SOME_FILE = "0123456789abcdef01234567"
_EXAMPLES: dict[str, dict[str, Any]] = {
    "check": {"file": _SOME_FILE},
    "plan": {"file": _SOME_FILE, "method": "points"},
    "develop": {"file": _SOME_FILE, "plan": _PLAN},
    "validate": {"file": _SOME_FILE, "plan": {"scores": [{"score": "easix"}]}},
    "pool": {"table": "study,hr,low,high\nA 2022,2.1,1.3,3.4\nB 2024,1.7,1.1,2.6\n"},
    "appraise": {"pooled": ["HR 1.8 (1.3 to 2.5), k = 6"]},
    "paper": {"file": _SOME_FILE, "formats": ["docx"], "language": "en"},
    "batch": {"file": _SOME_FILE, "score": "easix"},
    "grade": {"file": _SOME_FILE, "rules": ["astct-crs"]},
}


def _add(kind: str) -> None:
    """Make the call that asks for one kind of job."""
    model = JOBS[kind]

    async def ask(request: Request) -> Response:
        who = (_SCORE if kind in _OF_PATIENTS else _ANALYSE)(request)
        body = await body_of(request)
        asked = read_as(model, read_json(body))
        return await run_in_threadpool(_asked, request, who, kind, body, asked)

    said = (model.__doc__ or "").strip()
    router.add_api_route(
        f"/jobs/{kind}",
        ask,
        methods=["POST"],
        operation_id=_IDS[kind],
        summary=said.partition(":")[0].partition(".")[0],
        description=said,
        status_code=202,
        responses=answers(
            "JobTold", 400, 404, 409, 413, 415,
            status=202, said="It waits, or runs",
            headers={"Location": {"schema": {"type": "string"}, "description": "Of the job."}},
        ),
        openapi_extra=takes(model, once=True, example=_EXAMPLES[kind]),
    )  # fmt: skip


for _kind in JOBS:
    _add(_kind)


@router.get(
    "/jobs",
    operation_id="list_jobs",
    summary="List jobs, newest first",
    responses=answers("JobsTold"),
)
def list_jobs(
    request: Request,
    kind: Annotated[str | None, Query(max_length=40)] = None,
    most: Annotated[int, Query(ge=1, le=1000)] = 50,
) -> Response:
    """List jobs without their files."""
    who = _READ(request)
    kinds = () if kind is None else (kind.replace("\0", ""),)
    found = jobs_of(services(request).store, owner_of(who), kinds=kinds, most=most)
    return Response(json_of(JobsTold(jobs=[job_told(each) for each in found])), media_type=JSON)


@router.get(
    "/jobs/{job_id}",
    operation_id="show_job",
    summary="Say how far a job is, or what came of it",
    responses=answers("JobTold", 404),
)
def show_job(request: Request, job_id: str) -> Response:
    """Give its state, and the files that it made."""
    return Response(json_of(_told(request, _job(request, job_id))), media_type=JSON)


@router.get(
    "/jobs/{job_id}/result",
    operation_id="take_result",
    summary="Give the result of a job",
    responses=answers(
        "JobResult", 404, 409, said="The JSON that the command line writes, byte for byte"
    ),
)
def take_result(request: Request, job_id: str) -> Response:
    """Give the JSON of a job that is done; otherwise say why there is none."""
    job = _job(request, job_id)
    if job.state != "done":
        over = f"the job is {job.state}, so there is no result"
        mend = "mend what was refused, and ask again" if job.is_over else "wait until it is done"
        raise PlanRefused((Problem("job_not_done", over, "job", mend), *job.problems))
    kept = _result(_made(request, job))
    if kept is None:
        raise FileRefused(
            Problem("no_such_file", "this job makes no JSON", "job", "take its files")
        )
    record(services(request), _READ(request), "file downloaded", kept.id, kept.sha256)
    return content(request, kept)


@router.get(
    "/jobs/{job_id}/events",
    operation_id="follow_job",
    summary="Tell of a job as it goes",
    responses=answers(
        {"type": "string"}, 404,
        media_type=EVENT_STREAM, said="Server-sent events; the data of each is a JobTold",
    ),
)  # fmt: skip
def follow_job(request: Request, job_id: str) -> Response:
    """Send ``progress`` events, and ``over`` in the end. A stream can be taken up again."""
    job = _job(request, job_id)

    async def told() -> AsyncIterator[str]:
        async for line in events(
            services(request).queue, job.id, lambda seen: json_of(_told(request, seen)).decode()
        ):
            yield line

    return StreamingResponse(told(), media_type=EVENT_STREAM, headers=HEADERS)


@router.post(
    "/jobs/{job_id}/cancel",
    operation_id="cancel_job",
    summary="Cancel a job",
    responses=answers("JobTold", 404),
)
def cancel_job(request: Request, job_id: str) -> Response:
    """Cancel a job; one that is over stays as it is."""
    who = _SCORE(request)
    job = services(request).queue.cancel(_job(request, job_id).id, owner_of(who))
    record(services(request), who, "job cancelled", job.id)
    return Response(json_of(_told(request, job)), media_type=JSON)


@router.delete(
    "/jobs/{job_id}",
    operation_id="delete_job",
    summary="Delete a job with everything that it made",
    status_code=204,
    responses=answers(None, 404, status=204, said="It is gone"),
)
def delete_job(request: Request, job_id: str) -> Response:
    """Delete a job; one that runs is cancelled first."""
    who = _SCORE(request)
    job = _job(request, job_id)
    services(request).queue.forget(job.id, owner_of(who))
    record(services(request), who, "job deleted", job.id)
    return Response(status_code=204)


def _asked(request: Request, who: Person, kind: str, body: bytes, asked: BaseModel) -> Response:
    known = services(request)
    said = asked.model_dump(exclude_unset=True)
    title = said.pop("title", None)

    def make() -> KeptAnswer:
        with beforehand(kind, said, known.queue.work.path) as looked:
            inputs = looked.file_ids()
            for each in inputs:
                check_id(each, "no_such_file", "there is no such file")
            kept = [file_of(known.store, each, who.name) for each in inputs]
            looked.check(names_apart(kept))
        words = ": ".join([WORDS.get(kind, kind.capitalize()), *(each.name for each in kept[:1])])
        job = known.queue.ask(who.name, kind, title or words, said, inputs)
        record(known, who, f"job asked for: {kind}", job.id)
        headers = {"Location": f"{ROOT}/jobs/{job.id}"}
        return KeptAnswer(202, headers, json_of(job_told(job)))

    return once(request, who, body, make)


def _job(request: Request, job_id: str) -> Job:
    who = _READ(request)
    check_id(job_id, "no_such_job", "there is no such job")
    return job_of(services(request).store, job_id, owner_of(who))


def _made(request: Request, job: Job) -> tuple[KeptFile, ...]:
    return made_by(services(request).store, job.id)


def _result(made: tuple[KeptFile, ...]) -> KeptFile | None:
    by_name = {each.name: each for each in made}
    return next((by_name[name] for name in _RESULTS if name in by_name), None)


def _told(request: Request, job: Job) -> JobTold:
    made: tuple[KeptFile, ...] = ()
    with suppress(FileRefused):
        made = _made(request, job) if job.state == "done" else ()
    return job_told(job, made, result=_result(made) is not None)
