"""Cohort: from a sheet to its columns, to a plan, to a score and its report."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from cartwheel.canonical import sha256
from cartwheel.clinic.dictionary import variables
from cartwheel.errors import PlanRefused, Problem
from cartwheel.serve.access.person import Person, may
from cartwheel.serve.cohort.asking import ask_check, check_of, sheet_file, soon
from cartwheel.serve.cohort.declared import (
    KEYS,
    as_plan,
    coding_text,
    declarations,
)
from cartwheel.serve.cohort.document import draft_text, read_draft, with_lines
from cartwheel.serve.cohort.fields import Fields, read_fields
from cartwheel.serve.cohort.places import Placed
from cartwheel.serve.cohort.plan_form import (
    TIME_UNITS,
    candidate_groups,
    checked,
    first_draft,
    form_values,
    placed,
    plan_with,
    question_in_words,
    value_at,
)
from cartwheel.serve.cohort.sheet import MOST_SHOWN, CheckedSheet, checked_sheet, shown_columns
from cartwheel.serve.pages.jobs import job_words, owner_of
from cartwheel.serve.rendering import asked_by_htmx, fragment, page
from cartwheel.serve.services import Services, services
from cartwheel.serve.uploads import receive
from cartwheel.store.drafts import draft_of, keep_draft
from cartwheel.store.kept_files import KeptFile, file_of, files_of
from cartwheel.store.kept_jobs import Job, job_of

router = APIRouter()

Reader = Annotated[Person, Depends(may("read"))]
Analyst = Annotated[Person, Depends(may("analyse"))]

DRAFT, VALIDATION_DRAFT = "plan-in-work.toml", "validation-plan-in-work.toml"
SHEETS = (".csv", ".tsv", ".txt", ".xlsx", ".xlsm", ".xlsb", ".xls", ".ods", ".sav", ".zsav",
          ".dta", ".sas7bdat", ".xpt", ".parquet")  # fmt: skip
# beside a select; beyond it a list to type into
_MOST_OPTIONS = 300


def sheets_of(request: Request, who: Person) -> list[KeptFile]:
    """List the sheets that a person has uploaded, newest first.

    Parameters
    ----------
    request : Request
        Of the page.
    who : Person
        Whose.

    Returns
    -------
    list of KeptFile
        At most ten.
    """
    found = files_of(services(request).store, owner_of(who))
    return [kept for kept in found if kept.name.lower().endswith(SHEETS)][:10]


async def taken_sheet(request: Request, who: Person) -> Job:
    """Take a sheet that is uploaded, or one that was, and check it.

    Parameters
    ----------
    request : Request
        A form with the file, or with the id of one that is kept in its field ``kept``.
    who : Person
        Who asks.

    Returns
    -------
    Job
        The check; a short one is over.
    """
    known = services(request)
    if request.headers.get("content-type", "").startswith("multipart/"):
        kept = await receive(request)
    else:
        kept = file_of(known.store, (await read_fields(request)).one("kept"), owner_of(who))
    return await soon(known, ask_check(known, kept))


@router.get("/cohort")
def start(request: Request, who: Reader) -> Response:
    """Ask for a sheet."""
    return page(request, "cohort/start.html", sheets=sheets_of(request, who), accepted=SHEETS)


@router.post("/cohort")
async def take(request: Request, who: Analyst) -> Response:
    """Take a sheet, and check it."""
    job = await taken_sheet(request, who)
    return RedirectResponse(f"/cohort/{job.id}", 303)


@router.get("/cohort/{check_id}")
def sheet_page(
    request: Request, who: Reader, check_id: str, q: str = "", ask: int | None = None
) -> Response:
    """Show what every column is, and ask about the doubtful ones."""
    job = check_of(services(request), check_id, owner_of(who))
    if job.state != "done":
        return not_checked(request, job, "/cohort")
    return _sheet(request, job, q, ask=ask)


@router.post("/cohort/{check_id}")
async def say(request: Request, who: Analyst, check_id: str) -> Response:
    """Take what is said of the columns, and check the sheet again."""
    known, fields = services(request), await read_fields(request)
    job = check_of(known, check_id, owner_of(who))
    declared: list[dict[str, Any]] = list(job.request.get("declarations", ()))
    if job.state == "done":
        try:
            declared = declarations(fields, checked_sheet(known.store, job).columns, declared)
        except PlanRefused as refused:
            return _sheet(request, job, fields.one("q"), fields, refused.problems)
    sheet = fields.one("sheet") or str(job.request.get("sheet", ""))
    ids = fields.one("id") if fields.has("id") else str(job.request.get("id", ""))
    again = ask_check(known, sheet_file(known, job), declared, sheet, ids)
    for name in (DRAFT, VALIDATION_DRAFT):
        _carry(known, job, again, name, declared)
    await soon(known, again)
    way = fields.one("way") or "/cohort"
    query = f"?q={fields.one('q')}" if fields.one("q") else ""
    where = "/validate" if way == "/validate" else "/cohort"
    return RedirectResponse(f"{where}/{again.id}{query if where == '/cohort' else ''}", 303)


def not_checked(request: Request, job: Job, way: str) -> Response:
    """Show a check that goes on, or that was refused, for a page that waits for it.

    Parameters
    ----------
    request : Request
        Of the page.
    job : Job
        The check.
    way : str
        ``/cohort`` or ``/validate``: where it goes on.

    Returns
    -------
    Response
    """
    listed = next((p.what for p in job.problems if p.code == "which_sheet"), "")
    sheets = listed.partition(": ")[2].split(", ") if listed else []
    return page(
        request,
        "cohort/not_checked.html",
        **job_words(request, job),
        sheets=sheets,
        way=way,
        accepted=SHEETS,
    )


def _sheet(
    request: Request,
    job: Job,
    wanted: str,
    fields: Fields | None = None,
    problems: tuple[Problem, ...] = (),
    *,
    ask: int | None = None,
) -> Response:
    sheet = checked_sheet(services(request).store, job)
    declared = as_plan(job.request.get("declarations", ()))
    shown = shown_columns(sheet.columns, wanted)
    opened = {
        column.place
        for column in shown
        if column.problems or column.place == ask or (fields and fields.has(f"unit-{column.place}"))
    }
    return page(
        request,
        "cohort/sheet.html",
        status=422 if problems else 200,
        job=job,
        sheet=sheet,
        shown=shown,
        opened=opened,
        said={column.place: _typed(column.place, declared.get(column.name, {}), fields)
              for column in shown},
        at={problem.where: (problem,) for problem in problems},
        q=wanted,
        id_column=str(job.request.get("id", "")),
        most=MOST_SHOWN,
        known=sorted(variables().values(), key=lambda each: each.label) if shown else (),
    )  # fmt: skip


def _typed(place: int, declared: dict[str, Any], fields: Fields | None) -> dict[str, str]:
    """Give what stands in the fields of a column: as typed, else as declared."""
    if fields is not None:
        return {key: fields.one(f"{key}-{place}") for key in KEYS}
    said = {key: "" if declared.get(key) is None else str(declared[key]) for key in KEYS}
    if "day" in declared:
        said["day"] = f"{declared['day']:g}"
    return {**said, "coding": coding_text(declared.get("coding"))}


def _carry(
    known: Services, job: Job, again: Job, name: str, declared: list[dict[str, Any]]
) -> None:
    """Give the plan in work to the new check, with what is said of the columns now."""
    text = draft_of(known.store, job.id, name)
    if text is None or again.id == job.id:
        return
    try:
        data = read_draft(text)
    except PlanRefused:
        pass  # it goes on as it stands
    else:
        text = draft_text({**data, "columns": as_plan(declared)})
    keep_draft(known.store, owner=again.owner, job_id=again.id, name=name, text=text)


@router.get("/cohort/{check_id}/plan")
def plan_page(
    request: Request, who: Reader, check_id: str, q: str = "", after: str = "", said: str = ""
) -> Response:
    """Show the plan as a form and as TOML."""
    known = services(request)
    job = check_of(known, check_id, owner_of(who))
    if job.state != "done":
        return RedirectResponse(f"/cohort/{job.id}", 303)
    text = draft_of(known.store, job.id, DRAFT)
    if text is None:
        sheet = checked_sheet(known.store, job)
        text = draft_text(_first(sheet, job))
    words = _plan_words(request, who, job, text, q, after)
    if said:
        words["found"] = words["found"].aloud()
    return page(request, "cohort/plan.html", **words, said=bool(said or after))


@router.post("/cohort/{check_id}/plan")
async def edit_plan(request: Request, who: Analyst, check_id: str) -> Response:
    """Take an edit of the form or of the TOML, keep it, and give the other one."""
    fields = await read_fields(request)
    return await run_in_threadpool(_edit_plan, request, who, check_id, fields)


def _edit_plan(request: Request, who: Person, check_id: str, fields: Fields) -> Response:
    known = services(request)
    job = check_of(known, check_id, owner_of(who))
    text = _edited(known, job, fields)
    if not asked_by_htmx(request):
        query = f"?q={fields.one('q')}" if fields.one("q") else ""
        return RedirectResponse(f"/cohort/{job.id}/plan{query}", 303)
    words = _plan_words(request, who, job, text, fields.one("q"), fields.one("after"))
    is_toml = request.headers.get("hx-target") == "plan-form"
    part = "cohort/plan_form.html" if is_toml else "cohort/plan_whole.html"
    return fragment(request, part, **words, said=False)


@router.post("/cohort/{check_id}/run")
async def run(request: Request, who: Analyst, check_id: str) -> Response:
    """Develop the score, if nothing is left to be said."""
    fields = await read_fields(request)
    return await run_in_threadpool(_run, request, who, check_id, fields)


def _run(request: Request, who: Person, check_id: str, fields: Fields) -> Response:
    known = services(request)
    job = check_of(known, check_id, owner_of(who))
    text = _edited(known, job, fields)
    try:
        data = read_draft(text)
    except PlanRefused:
        return RedirectResponse(f"/cohort/{job.id}/plan?said=1", 303)
    if checked(data):
        return RedirectResponse(f"/cohort/{job.id}/plan?said=1", 303)
    kept = sheet_file(known, job)
    sheet = checked_sheet(known.store, job)
    title = value_at(data, "title") or question_in_words(data, candidate_groups(data, sheet, ""))
    asked = known.queue.ask(
        job.owner, "develop", title, {"file": kept.id, "plan_toml": text}, [kept.id]
    )
    return RedirectResponse(f"/cohort/{job.id}/run/{asked.id}", 303)


@router.get("/cohort/{check_id}/run/{job_id}")
def run_page(request: Request, who: Reader, check_id: str, job_id: str) -> Response:
    """Show how far a development is, then its report; a refused one leads back to the plan."""
    known = services(request)
    job = job_of(known.store, job_id, owner_of(who))
    if job.state == "refused":
        return RedirectResponse(f"/cohort/{check_id}/plan?after={job.id}", 303)
    words = job_words(request, job)
    report = next((one.id for one in words["outputs"] if one.name == "report.html"), None)
    check_of(known, check_id, owner_of(who))
    return page(
        request,
        "cohort/run.html",
        **words,
        report=report,
        back=f"/cohort/{check_id}/plan",
        here=f"/cohort/{check_id}/run/{job_id}",
        check_id=check_id,
    )


def _first(sheet: CheckedSheet, job: Job) -> dict[str, Any]:
    made: dict[str, Any] = first_draft(
        sheet, job.request.get("declarations", ()), str(job.request.get("sheet", ""))
    )
    if job.request.get("id"):
        made["cohort"]["id"] = str(job.request["id"])
    return made


def _edited(known: Services, job: Job, fields: Fields) -> str:
    """Give the plan after an edit: of the TOML where its text has changed, else of the form."""
    text = fields.text("toml")
    if sha256(text) == fields.one("was") or not fields.has("toml"):
        try:
            data = read_draft(text)
        except PlanRefused:
            data = None
        if data is not None:
            sheet = checked_sheet(known.store, job)
            text = draft_text(plan_with(data, fields, sheet, fields.one("was_q")))
    keep_draft(known.store, owner=job.owner, job_id=job.id, name=DRAFT, text=text)
    return text


def _plan_words(
    request: Request, who: Person, job: Job, text: str, wanted: str, after: str
) -> dict[str, Any]:
    """Gather what the page of a plan shows."""
    known = services(request)
    sheet = checked_sheet(known.store, job)
    data: dict[str, Any] = {}
    unread: tuple[Problem, ...] = ()
    try:
        data = read_draft(text)
    except PlanRefused as refused:
        unread = refused.problems
    groups = candidate_groups(data, sheet, wanted)
    found = Placed({}, (), tuple(("toml", one) for one in unread))
    lines: dict[Problem, str] = {}
    if not unread:
        problems = checked(data)
        found = placed(problems, data, groups)
        lines = {
            one: two.where for one, two in zip(problems, with_lines(problems, text), strict=True)
        }
        if after and not problems:
            found = _still(placed(_said_by(known, who, after), data, groups), groups)
    return {
        "job": job,
        "sheet": sheet,
        "value": form_values(data),
        "groups": groups,
        "question": question_in_words(data, groups),
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


def _said_by(known: Services, who: Person, job_id: str) -> tuple[Problem, ...]:
    return job_of(known.store, job_id, owner_of(who)).problems


def _still(found: Placed, groups: Any) -> Placed:
    """Leave out what a last run said of values that are not chosen any more."""
    chosen = {f"use-{one.place}" for group in groups for one in group.candidates if one.chosen}
    wrong = tuple(
        (field, one)
        for field, one in found.wrong
        if not field.startswith("use-") or field in chosen
    )
    return Placed(found.at, found.asked, wrong)


def column_options(sheet: CheckedSheet) -> dict[str, Any]:
    """List columns for choices: of 0 and 1, of times, and all others.

    Parameters
    ----------
    sheet : CheckedSheet
        As checked.

    Returns
    -------
    dict
        ``yes_no``, ``times``, ``others`` (names), and ``long``: whether they are too many for a
        list to choose from.
    """
    columns = [column for column in sheet.columns if column.kind not in ("empty", "id")]
    yes_no = [column.name for column in columns if column.is_yes_no]
    times = [
        column.name
        for column in columns
        if column.variable is None
        and (column.unit in TIME_UNITS or "onset" in column.name.lower())
        and not column.is_yes_no
    ]
    told = {*yes_no, *times}
    return {
        "yes_no": yes_no,
        "times": times,
        "others": [column.name for column in columns if column.name not in told],
        "long": len(sheet.columns) > _MOST_OPTIONS,
    }
