"""Jobs and files for people: what runs, how far it is, what came of it, and its deletion."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse

from cartwheel.errors import FileRefused, refuse
from cartwheel.serve.access.audit import record
from cartwheel.serve.access.person import Person, may
from cartwheel.serve.jobs.events import EVENT_STREAM, HEADERS, events
from cartwheel.serve.problems import for_programs
from cartwheel.serve.rendering import asked_by_htmx, fragment, page, templates
from cartwheel.serve.services import services
from cartwheel.serve.uploads import receive_form
from cartwheel.store.drafts import made_by
from cartwheel.store.kept_files import KeptFile, content_of, file_of, files_of
from cartwheel.store.kept_jobs import Job, job_of, jobs_of

router = APIRouter()

Reader = Annotated[Person, Depends(may("read"))]
Scorer = Annotated[Person, Depends(may("score"))]
Analyst = Annotated[Person, Depends(may("analyse"))]

WORDS = {
    "check": "Check of a sheet",
    "plan": "First plan",
    "develop": "Development",
    "validate": "Validation",
    "pool": "Meta-analysis",
    "studies": "Studies of a file",
    "appraise": "Appraisal",
    "paper": "Paper",
    "batch": "Scores of a sheet",
    "grade": "Grades",
    "prepare": "Sliders of an index",
}
# what a job makes, in the order in which it is shown
ABOUT = {
    "report.html": "what was found, to read",
    "paper.html": "the paper",
    "paper.docx": "the paper, for Word",
    "paper.pdf": "the paper, for print",
    "figures.zip": "every figure, with its numbers",
    "references.bib": "works cited, for BibTeX",
    "references.json": "works cited, for reference managers (CSL)",
    "check.json": "what every column is",
    "scored.csv": "the sheet with the scores added",
    "scored.json": "every row's score with its parts",
    "patients.csv": "one row a patient: worst grade, onset, duration",
    "rows.csv": "one row a grade",
    "grades.json": "grades, with what decided",
    "score.toml": "the score: computes wherever cartwheel runs",
    "updated-score.toml": "the score, updated for these patients",
    "share.json": "what may leave the centre: counts and estimates, no patient",
    "result.json": "every number, for papers, pooling and running again",
    "studies.json": "its rows as they were read, for the table of Pool",
    "plan.toml": "the plan that was followed",
    "program.R": "the same analysis in R",
}
# a paper is written from these
PAPERS = ("develop", "validate", "pool", "appraise")
_READ_HERE = ("text/html", "text/plain", "text/csv", "text/x-r", "application/toml",
              "application/json")  # fmt: skip
# a report holds its style and its drawings, and nothing that runs
_INSIDE = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; " \
          "frame-ancestors 'self'; sandbox"  # fmt: skip


def owner_of(who: Person) -> str | None:
    """Whose files and jobs a person may see: an administrator everybody's.

    Parameters
    ----------
    who : Person
        Who asks.

    Returns
    -------
    str or None
        A name; None for everybody's.
    """
    return None if who.may("administer") else who.name


@router.get("/jobs")
def jobs_page(request: Request, who: Reader) -> Response:
    """List jobs and uploads, newest first."""
    store = services(request).store
    return page(
        request,
        "jobs/list.html",
        found=jobs_of(store, owner_of(who), most=200),
        uploads=files_of(store, owner_of(who)),
        kinds=WORDS,
    )


@router.get("/jobs/{job_id}")
def job_page(request: Request, who: Reader, job_id: str) -> Response:
    """Show a job: how far it is, or what came of it."""
    job = job_of(services(request).store, job_id, owner_of(who))
    return page(request, "jobs/job.html", **job_words(request, job))


def job_words(request: Request, job: Job) -> dict[str, Any]:
    """Gather what the page of a job says, for its templates ``jobs/job.html`` and ``state.html``.

    Parameters
    ----------
    request : Request
        Of the page.
    job : Job
        Which.

    Returns
    -------
    dict
        ``job``, ``kind``, ``outputs``, ``about`` (what each is), ``readable`` (ids of those that
        can be read in place) and ``paper`` (id of the result that a paper can be written from).
    """
    store = services(request).store
    outputs = made_by(store, job.id) if job.state == "done" else ()
    result = next((one.id for one in outputs if one.name == "result.json"), None)
    return {
        "job": job,
        "kind": WORDS.get(job.kind, job.kind),
        "outputs": sorted(outputs, key=_place),
        "about": ABOUT,
        "readable": {one.id for one in outputs if one.media_type in _READ_HERE},
        "paper": result if job.kind in PAPERS else None,
        "live": False,
    }


def _place(kept: KeptFile) -> tuple[int, str]:
    names = tuple(ABOUT)
    return (names.index(kept.name) if kept.name in ABOUT else len(names), kept.name)


@router.get("/jobs/{job_id}/events")
def job_events(request: Request, who: Reader, job_id: str) -> Response:
    """Tell of a job as it goes: server-sent events with the part of its page that changes."""
    known = services(request)
    job_of(known.store, job_id, owner_of(who))

    async def told() -> AsyncIterator[str]:
        shown = templates().get_template("jobs/state.html")

        def render(job: Job) -> str:
            return shown.render(
                request=request,
                csrf=request.scope.get("cartwheel.csrf", ""),
                **{**job_words(request, job), "live": True},
            )

        async for line in events(known.queue, job_id, render):
            yield line

    return StreamingResponse(told(), media_type=EVENT_STREAM, headers=HEADERS)


@router.post("/jobs/{job_id}/cancel")
def cancel_job(request: Request, who: Scorer, job_id: str) -> Response:
    """Cancel a job; one that is over stays as it is."""
    known = services(request)
    job = known.queue.cancel(job_id, owner_of(who))
    record(known, who, "job cancelled", job_id)
    if asked_by_htmx(request):
        return fragment(request, "jobs/state.html", **job_words(request, job))
    return RedirectResponse(f"/jobs/{job_id}", 303)


@router.post("/jobs/{job_id}/delete")
def delete_job(request: Request, who: Scorer, job_id: str) -> Response:
    """Delete a job with everything that it made."""
    known = services(request)
    known.queue.forget(job_id, owner_of(who))
    record(known, who, "job deleted", job_id)
    return _gone(request)


@router.post("/jobs/{job_id}/paper")
def ask_paper(
    request: Request,
    who: Analyst,
    job_id: str,
    form: Annotated[list[str], Form()],
    language: Annotated[str, Form()] = "en",
) -> Response:
    """Ask for the paper of a result."""
    known = services(request)
    job = job_of(known.store, job_id, owner_of(who))
    result = job_words(request, job)["paper"]
    if not isinstance(result, str):
        raise refuse(
            FileRefused,
            "no_result",
            "there is no result yet that a paper can be written from",
            where="job",
            mend="wait until the job is done",
        )
    asked = known.queue.ask(
        job.owner,
        "paper",
        f"Paper of: {job.title}",
        {"file": result, "formats": form, "language": language},
        [result],
    )
    record(known, who, "paper asked for", asked.id)
    return _to(request, f"/jobs/{asked.id}")


@router.post("/files")
async def upload(request: Request, _: Scorer) -> Response:
    """Take an upload."""
    kept = (await receive_form(request, alone=True)).file
    if for_programs(request):
        told = {"id": kept.id, "name": kept.name, "size": kept.size, "sha256": kept.sha256}
        return JSONResponse(told, 201, headers={"Location": f"/files/{kept.id}"})
    if asked_by_htmx(request):
        return fragment(request, "jobs/file.html", file=kept, status=201)
    return RedirectResponse("/jobs#uploads", 303)


@router.get("/files/{file_id}")
def download(request: Request, who: Reader, file_id: str) -> Response:
    """Give a file to keep."""
    known = services(request)
    kept = file_of(known.store, file_id, owner_of(who))
    record(known, who, "file downloaded", kept.id, kept.sha256)
    return _content(request, kept, f"attachment; filename*=UTF-8''{quote(kept.name, safe='')}")


@router.get("/files/{file_id}/view")
def view(request: Request, who: Reader, file_id: str) -> Response:
    """Show a file in place, in a frame in which nothing runs."""
    kept = _readable(request, who, file_id)
    return page(request, "jobs/view.html", file=kept)


@router.get("/files/{file_id}/inside")
def inside(request: Request, who: Reader, file_id: str) -> Response:
    """Give what stands in the frame."""
    kept = _readable(request, who, file_id)
    record(services(request), who, "file read", kept.id, kept.sha256)
    return _content(request, kept, "inline")


@router.delete("/files/{file_id}")
def delete_file(request: Request, who: Scorer, file_id: str) -> Response:
    """Delete a file with everything made from it."""
    _forget_file(request, who, file_id)
    if asked_by_htmx(request):
        return Response("", 200, headers={"HX-Redirect": "/jobs"})
    return Response(status_code=204)


@router.post("/files/{file_id}/delete")
def delete_file_by_form(request: Request, who: Scorer, file_id: str) -> Response:
    """Delete a file with everything made from it, from a form."""
    _forget_file(request, who, file_id)
    return _gone(request)


def _forget_file(request: Request, who: Person, file_id: str) -> None:
    known = services(request)
    kept = file_of(known.store, file_id, owner_of(who))
    known.queue.forget_file(file_id, owner_of(who))
    record(known, who, "file deleted", kept.id, kept.sha256)


def _readable(request: Request, who: Person, file_id: str) -> KeptFile:
    kept = file_of(services(request).store, file_id, owner_of(who))
    if kept.media_type not in _READ_HERE or kept.purpose != "output":
        raise refuse(
            FileRefused,
            "no_such_page",
            "this file is not shown here",
            where=kept.name,
            mend="download it",
        )
    return kept


def _content(request: Request, kept: KeptFile, disposition: str) -> Response:
    shown = disposition == "inline"
    is_html = kept.media_type == "text/html"
    media_type = kept.media_type if is_html or not shown else "text/plain"
    headers = {
        "Content-Disposition": disposition,
        "Content-Length": str(kept.size),
        "Content-Security-Policy": _INSIDE,
        "Cache-Control": "no-store",
    }
    pieces = content_of(services(request).store, kept.id)
    return StreamingResponse(pieces, media_type=media_type, headers=headers)


def _gone(request: Request) -> Response:
    return _to(request, "/jobs")


def _to(request: Request, address: str) -> Response:
    if asked_by_htmx(request):
        return Response("", 200, headers={"HX-Redirect": address})
    return RedirectResponse(address, 303)
