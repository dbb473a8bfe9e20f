"""Cohort: from a sheet to its columns, to a plan, to a score and its report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

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
from cartwheel.serve.cohort.document import draft_text, read_draft
from cartwheel.serve.cohort.fields import Fields, read_fields
from cartwheel.serve.cohort.in_work import PlanInWork, Shown
from cartwheel.serve.cohort.plan_form import (
    FORM,
    HEAD,
    candidate_groups,
    checked,
    placed,
    plan_with,
    question_in_words,
)
from cartwheel.serve.cohort.sheet import MOST_SHOWN, checked_sheet, shown_columns
from cartwheel.serve.cohort.sheets import not_checked, start_page, taken_sheet
from cartwheel.serve.pages.jobs import owner_of
from cartwheel.serve.rendering import page
from cartwheel.serve.services import Services, services
from cartwheel.store.drafts import DRAFTS, draft_of, keep_draft
from cartwheel.store.kept_jobs import Job

router = APIRouter()

Reader = Annotated[Person, Depends(may("read"))]
Analyst = Annotated[Person, Depends(may("analyse"))]


@router.get("/cohort")
def start(request: Request, who: Reader) -> Response:
    """Ask for a sheet."""
    return start_page(request, who, "cohort")


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
    for name in DRAFTS:
        _carry(known, job, again, name, declared)
    await soon(known, again)
    way = fields.one("way") or "/cohort"
    query = f"?{urlencode({'q': fields.one('q')})}" if fields.one("q") else ""
    where = "/validate" if way == "/validate" else "/cohort"
    return RedirectResponse(f"{where}/{again.id}{query if where == '/cohort' else ''}", 303)


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
    plan = DevelopmentInWork(request, who, check_id)
    if plan.job.state != "done":
        return RedirectResponse(f"/cohort/{check_id}", 303)
    return plan.page(q, after, is_aloud=bool(said))


@router.post("/cohort/{check_id}/plan")
async def edit_plan(request: Request, who: Analyst, check_id: str) -> Response:
    """Take an edit of the form or of the TOML, keep it, and give the other one."""
    fields = await read_fields(request)
    return await run_in_threadpool(lambda: DevelopmentInWork(request, who, check_id).edit(fields))


@router.post("/cohort/{check_id}/run")
async def run(request: Request, who: Analyst, check_id: str) -> Response:
    """Develop the score, if nothing is left to be said."""
    fields = await read_fields(request)
    return await run_in_threadpool(lambda: DevelopmentInWork(request, who, check_id).run(fields))


@router.get("/cohort/{check_id}/run/{job_id}")
def run_page(request: Request, who: Reader, check_id: str, job_id: str) -> Response:
    """Show how far a development is, then its report; a refused one leads back to the plan."""
    return DevelopmentInWork(request, who, check_id).run_page(job_id)


class DevelopmentInWork(PlanInWork):
    """The plan of a development in work."""

    way: ClassVar[str] = "/cohort"
    leaf: ClassVar[str] = "/plan"
    room: ClassVar[str] = "cohort"
    draft: ClassVar[str] = DRAFTS[0]
    kind: ClassVar[str] = "develop"
    key: ClassVar[str] = "plan_toml"
    head: ClassVar[Mapping[str, Any]] = HEAD
    deed: ClassVar[str] = "Develop the score"
    deed_about: ClassVar[str] = "All of it is repeated in resamples; you can cancel."

    def written(self, data: Mapping[str, Any], fields: Fields) -> dict[str, Any]:
        """Write what a form says into the plan."""
        return plan_with(data, fields, self.sheet, fields.one("was_q"))

    def checked(self, data: Mapping[str, Any]) -> tuple[Problem, ...]:
        """Check the plan as far as it can be without the sheet."""
        return checked(data)

    def shown(self, data: Mapping[str, Any], wanted: str) -> Shown:
        """Give what the form shows: the values of each day, and what is asked of them."""
        groups = candidate_groups(data, self.sheet, wanted)
        words = {
            "value": FORM.values(data),
            "groups": groups,
            "question": question_in_words(data, groups),
        }
        chosen = {one.place for group in groups for one in group.candidates if one.chosen}
        return Shown(
            words,
            lambda problems: placed(problems, data, groups),
            gone=lambda field: field.startswith("use-") and field[4:] not in chosen,
        )
