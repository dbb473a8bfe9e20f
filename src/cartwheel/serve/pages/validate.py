"""Validate: a sheet, one score or several, and whether they work in these patients."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from cartwheel.canonical import sha256
from cartwheel.clinic.registry import registry
from cartwheel.errors import PlanRefused, Problem, Refused
from cartwheel.serve.access.person import Person, may
from cartwheel.serve.cohort.asking import check_of, sheet_file
from cartwheel.serve.cohort.document import draft_text, read_draft, with_lines
from cartwheel.serve.cohort.fields import Fields, read_fields
from cartwheel.serve.cohort.places import Placed
from cartwheel.serve.cohort.plan_form import TIME_UNITS, value_at
from cartwheel.serve.cohort.sheet import checked_sheet
from cartwheel.serve.cohort.validation_form import (
    FIELDS,
    MOST_SUBGROUPS,
    OWN,
    ScoreChoice,
    checked,
    first_draft,
    key_of,
    placed,
    plan_with,
    question_in_words,
    score_choice,
    score_entries,
)
from cartwheel.serve.pages.cohort import (
    SHEETS,
    VALIDATION_DRAFT as DRAFT,
    column_options,
    not_checked,
    sheets_of,
    taken_sheet,
)
from cartwheel.serve.pages.jobs import job_words, owner_of
from cartwheel.serve.pages.scores import own_scores, spec_of
from cartwheel.serve.rendering import asked_by_htmx, fragment, page
from cartwheel.serve.services import services
from cartwheel.store.drafts import draft_of, keep_draft
from cartwheel.store.kept_jobs import Job, job_of

router = APIRouter()

Reader = Annotated[Person, Depends(may("read"))]
Analyst = Annotated[Person, Depends(may("analyse"))]


@router.get("/validate")
def start(request: Request, who: Reader) -> Response:
    """Ask for a sheet."""
    return page(request, "validate/start.html", sheets=sheets_of(request, who), accepted=SHEETS)


@router.post("/validate")
async def take(request: Request, who: Analyst) -> Response:
    """Take a sheet, and check it."""
    job = await taken_sheet(request, who)
    return RedirectResponse(f"/validate/{job.id}", 303)


@router.get("/validate/{check_id}")
def plan_page(
    request: Request,
    who: Reader,
    check_id: str,
    q: str = "",
    after: str = "",
    said: str = "",
    score: str = "",
) -> Response:
    """Show the plan of a validation as a form and as TOML."""
    known = services(request)
    job = check_of(known, check_id, owner_of(who))
    if job.state != "done":
        return not_checked(request, job, "/validate")
    text = draft_of(known.store, job.id, DRAFT)
    if text is None:
        data = _first(request, job)
        if score:
            named = {"file": score.removeprefix(OWN)} if score.startswith(OWN) else score
            data["scores"] = [{"score": named}]
        text = draft_text(data)
    words = _plan_words(request, who, job, text, q, after)
    if said:
        words["found"] = words["found"].aloud()
    return page(request, "validate/plan.html", **words, said=bool(said or after))


@router.post("/validate/{check_id}/plan")
async def edit_plan(request: Request, who: Analyst, check_id: str) -> Response:
    """Take an edit of the form or of the TOML, keep it, and give the other one."""
    fields = await read_fields(request)
    return await run_in_threadpool(_edit_plan, request, who, check_id, fields)


def _edit_plan(request: Request, who: Person, check_id: str, fields: Fields) -> Response:
    known = services(request)
    job = check_of(known, check_id, owner_of(who))
    text = _edited(request, who, job, fields)
    if not asked_by_htmx(request):
        query = f"?q={fields.one('q')}" if fields.one("q") else ""
        return RedirectResponse(f"/validate/{job.id}{query}", 303)
    words = _plan_words(request, who, job, text, fields.one("q"), fields.one("after"))
    is_toml = request.headers.get("hx-target") == "plan-form"
    part = "validate/plan_form.html" if is_toml else "validate/plan_whole.html"
    return fragment(request, part, **words, said=False)


@router.post("/validate/{check_id}/run")
async def run(request: Request, who: Analyst, check_id: str) -> Response:
    """Validate the scores, if nothing is left to be said."""
    fields = await read_fields(request)
    return await run_in_threadpool(_run, request, who, check_id, fields)


def _run(request: Request, who: Person, check_id: str, fields: Fields) -> Response:
    known = services(request)
    job = check_of(known, check_id, owner_of(who))
    text = _edited(request, who, job, fields)
    unsaid = RedirectResponse(f"/validate/{job.id}?said=1", 303)
    try:
        data = read_draft(text)
    except PlanRefused:
        return unsaid
    choices, wrong = _choices(request, who, job, data)
    if wrong or checked(data):
        return unsaid
    kept = sheet_file(known, job)
    own = [key.removeprefix(OWN) for key in map(key_of, score_entries(data)) if _is_own(key)]
    title = value_at(data, "title") or question_in_words(data, choices)
    asked = known.queue.ask(
        job.owner, "validate", title, {"file": kept.id, "plan": data}, [kept.id, *own]
    )
    return RedirectResponse(f"/validate/{job.id}/run/{asked.id}", 303)


@router.get("/validate/{check_id}/run/{job_id}")
def run_page(request: Request, who: Reader, check_id: str, job_id: str) -> Response:
    """Show how far a validation is, then its report; a refused one leads back to the plan."""
    known = services(request)
    check_of(known, check_id, owner_of(who))
    job = job_of(known.store, job_id, owner_of(who))
    if job.state == "refused":
        return RedirectResponse(f"/validate/{check_id}?after={job.id}", 303)
    words = job_words(request, job)
    made = {one.name: one.id for one in words["outputs"]}
    return page(
        request,
        "validate/run.html",
        **words,
        report=made.get("report.html"),
        share=made.get("share.json"),
        updated=made.get("updated-score.toml"),
        back=f"/validate/{check_id}",
        here=f"/validate/{check_id}/run/{job_id}",
        check_id=check_id,
    )


def _is_own(key: str) -> bool:
    return key.startswith(OWN)


def _first(request: Request, job: Job) -> dict[str, Any]:
    sheet = checked_sheet(services(request).store, job)
    made: dict[str, Any] = first_draft(
        sheet, job.request.get("declarations", ()), str(job.request.get("sheet", ""))
    )
    if job.request.get("id"):
        made["cohort"]["id"] = str(job.request["id"])
    return made


def _choices(
    request: Request, who: Person, job: Job, data: dict[str, Any]
) -> tuple[tuple[ScoreChoice, ...], tuple[Problem, ...]]:
    """Read the scores of a plan; what cannot be read is told."""
    sheet = checked_sheet(services(request).store, job)
    found, problems = [], list[Problem]()
    for place, entry in enumerate(score_entries(data)):
        try:
            spec = spec_of(request, who, key_of(entry))
            found.append(score_choice(place, entry, spec, sheet))
        except Refused as refused:
            problems += refused.problems
    return tuple(found), tuple(problems)


def _edited(request: Request, who: Person, job: Job, fields: Fields) -> str:
    """Give the plan after an edit: of the TOML where its text has changed, else of the form."""
    text = fields.text("toml")
    if sha256(text) == fields.one("was"):
        try:
            data = read_draft(text)
        except PlanRefused:
            pass
        else:
            choices, _ = _choices(request, who, job, data)
            text = draft_text(plan_with(data, fields, choices))
    keep_draft(services(request).store, owner=job.owner, job_id=job.id, name=DRAFT, text=text)
    return text


def _plan_words(
    request: Request, who: Person, job: Job, text: str, wanted: str, after: str
) -> dict[str, Any]:
    """Gather what the page of a validation's plan shows."""
    known = services(request)
    sheet = checked_sheet(known.store, job)
    data: dict[str, Any] = {}
    unread: tuple[Problem, ...] = ()
    try:
        data = read_draft(text)
    except PlanRefused as refused:
        unread = refused.problems
    choices, unknown = _choices(request, who, job, data)
    found = Placed({}, (), tuple(("toml", one) for one in unread))
    lines: dict[Problem, str] = {}
    if not unread:
        problems = checked(data)
        told = with_lines(problems, text)
        lines = {one: two.where for one, two in zip(problems, told, strict=True)}
        if after and not problems:
            problems = job_of(known.store, after, owner_of(who)).problems
        found = placed((*unknown, *problems), data, choices)
    return {
        "job": job,
        "sheet": sheet,
        "value": {
            **{field: value_at(data, path) for field, path in FIELDS.items()},
            "competing_values": _listed(data.get("outcome"), "competing_values"),
            "ladder": value_at(data, "update.ladder") == "True",
            "subgroups": _subgroups(data),
        },
        "choices": choices,
        "library": _library(request, who, {choice.key for choice in choices}, wanted),
        "question": question_in_words(data, choices),
        "toml": text,
        "was": sha256(text),
        "readable": not unread,
        "found": found,
        "lines": lines,
        "q": wanted,
        "after": after,
        "time_units": [(unit, unit) for unit in TIME_UNITS],
        "options": column_options(sheet),
        "event": sheet.at(value_at(data, "outcome.event")),
    }


def _library(
    request: Request, who: Person, chosen: set[str], wanted: str
) -> list[tuple[str, str, str, bool]]:
    """List scores to choose from: own ones first, and whatever is chosen."""
    own = [
        (f"{OWN}{kept.id}", kept.name, f"yours, {kept.made_at[:16].replace('T', ' ')} UTC")
        for kept in own_scores(request, who)
    ]
    carried = [(one.id, one.title, one.status) for one in registry().values() if one.computable]
    part = wanted.strip().casefold()
    return [
        (key, title, about, key in chosen)
        for key, title, about in (*own, *carried)
        if key in chosen or part in f"{key} {title}".casefold()
    ]


def _listed(outcome: object, key: str) -> str:
    said = outcome.get(key) if isinstance(outcome, dict) else None
    return ", ".join(map(str, said)) if isinstance(said, list) else ""


def _subgroups(data: dict[str, Any]) -> list[str]:
    said = data.get("subgroups")
    names = [str(one.get("column", "")) for one in said or () if isinstance(one, dict)]
    return [*names, *([""] * MOST_SUBGROUPS)][:MOST_SUBGROUPS]
