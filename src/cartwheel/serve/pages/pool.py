"""Pool: a table of published effects, checked and drawn as it is typed, and the full run."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.background import BackgroundTask
from starlette.responses import RedirectResponse, Response

from cartwheel.errors import FileRefused, PlanRefused, Problem, Refused, refuse
from cartwheel.serve.access.person import Person, may
from cartwheel.serve.evidence.options import MEASURES, SWITCHES, VIEWS, plan_of
from cartwheel.serve.evidence.table import (
    MOST_COLUMNS,
    MOST_ROWS,
    TypedTable,
    empty_table,
    example_table,
    pasted,
    table_of_form,
    table_of_text,
    with_column,
    with_rows,
    without_row,
)
from cartwheel.serve.pages.jobs import owner_of
from cartwheel.serve.problems import status_of
from cartwheel.serve.rendering import asked_by_htmx, fragment, page
from cartwheel.serve.services import services
from cartwheel.serve.uploads import receive_form
from cartwheel.store.kept_files import KeptFile, files_of
from cartwheel.store.kept_jobs import job_of

router = APIRouter()

Reader = Annotated[Person, Depends(may("read"))]
Analyst = Annotated[Person, Depends(may("analyse"))]
Form = Mapping[str, Sequence[str]]
_TAKEN = (".csv", ".tsv", ".tab", ".txt", ".xlsx", ".xls", ".ods", ".parquet", ".json", ".toml")
_MOST_FIELDS = (MOST_ROWS + 1) * (MOST_COLUMNS + 1) + 100


@router.get("/pool")
def begin(request: Request, who: Reader, example: bool = False, job: str = "") -> Response:
    """Show an empty table, the example, or the table of an earlier run."""
    typed: dict[str, str] = {}
    table = example_table() if example else empty_table()
    if job:
        asked = job_of(services(request).store, job, owner_of(who)).request
        if isinstance(asked.get("table"), str):
            table = table_of_text(asked["table"])
        typed = _typed_of_plan(asked.get("plan") or {})
    shown = _page(request, who, table, typed)
    # what pools is loaded while the first row is typed
    shown.background = BackgroundTask(_load)
    return shown


@router.post("/pool")
async def change(request: Request, who: Reader) -> Response:
    """Do what a button says, and show the table again; without scripts this is every step."""
    form = await _form(request)
    typed = _words(form)
    try:
        table = _changed(table_of_form(form), typed)
    except Refused as refused:
        return _page(request, who, table_of_form(form), typed, problems=refused.problems)
    looked = await _looked(table, typed)
    return _page(request, who, looked.divided.table, typed, looked=looked)


@router.post("/pool/look")
async def look_now(request: Request, _: Reader) -> Response:
    """Check every row, pool what is ready, and draw it."""
    form = await _form(request)
    typed = _words(form)
    looked = await _looked(table_of_form(form), typed)
    return fragment(request, "pool/seen.html", looked=looked, typed=typed, views=VIEWS)


@router.post("/pool/table")
async def change_now(request: Request, _: Reader) -> Response:
    """Do what a button says, or paste, and give the table alone."""
    form = await _form(request)
    typed = _words(form)
    table = _changed(table_of_form(form), typed)
    answer = fragment(request, "pool/grid.html", table=table, looked=None)
    answer.headers["HX-Trigger-After-Settle"] = "look"
    return answer


@router.post("/pool/table.csv")
async def download(request: Request, _: Reader) -> Response:
    """Give the table as a CSV file, as the full run reads it."""
    from cartwheel.serve.evidence.splitting import divided  # noqa: PLC0415 - loads numpy

    form = await _form(request)
    ready = await asyncio.to_thread(divided, table_of_form(form))
    return Response(
        ready.table.csv,
        media_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": 'attachment; filename="studies.csv"',
            "Cache-Control": "no-store",
        },
    )


@router.post("/pool/files", dependencies=[Depends(may("analyse"))])
async def take_file(request: Request) -> Response:
    """Take a table, or a result, that is pooled in the full run; a worker reads it there."""
    kept = (await receive_form(request)).file
    if not kept.name.lower().endswith(_TAKEN):
        services(request).queue.forget_file(kept.id, None)
        raise refuse(
            FileRefused,
            "file_kind",
            "this is neither a table nor a result",
            where=kept.name,
            mend="give CSV, Excel, or the JSON of a validation, a development, or a shared file",
        )
    if asked_by_htmx(request):
        return fragment(request, "pool/file.html", file=kept, chosen=True)
    return RedirectResponse(f"/pool?file={kept.id}#files", 303)


@router.post("/pool/run")
async def run(request: Request, who: Analyst) -> Response:
    """Ask for the full run: report, referee, GRADE, flow, and the same in R."""
    form = await _form(request)
    typed = _words(form)
    table = table_of_form(form)
    files = [one for one in form.get("file", ()) if one]
    looked = await _looked(table, typed)
    plan = plan_of(typed)
    if looked.left_out and typed.get("unfinished"):
        plan["leave_out"] = [f"row {number}" for number in looked.left_out]
    problems = await _refusals(looked, plan, files)
    if problems:
        return _not_run(request, who, (table, typed, looked, files), problems)
    asked: dict[str, Any] = {"plan": plan}
    if files:
        asked["files"] = files
    if looked.said:
        asked["table"] = looked.divided.table.csv
    inputs = [*files, *([plan["prisma"]] if "prisma" in plan else [])]
    job = services(request).queue.ask(who.name, "pool", _title(looked, typed), asked, inputs)
    if asked_by_htmx(request):
        return Response("", 200, headers={"HX-Redirect": f"/jobs/{job.id}"})
    return RedirectResponse(f"/jobs/{job.id}", 303)


def _not_run(
    request: Request,
    who: Person,
    shown: tuple[TypedTable, Mapping[str, str], Any, Sequence[str]],
    problems: Sequence[Problem],
) -> Response:
    """Say why it is not run; with scripts the page stays as it is."""
    table, typed, looked, files = shown
    if asked_by_htmx(request):
        rows = _rows(looked)
        return fragment(request, "pool/refused.html", problems=problems, looked=looked, rows=rows)
    return _page(request, who, table, typed, looked=looked, problems=problems, files=files)


def _rows(looked: Any) -> dict[str, str]:
    """Place of a problem, as it is worded, to the row on the page."""
    return {problem.where: one.key for one in looked.said for problem in one.problems}


async def _refusals(
    looked: Any, plan: Mapping[str, Any], files: Sequence[str]
) -> tuple[Problem, ...]:
    """Tell why the run would be refused; what files hold, only a worker reads."""
    if not looked.said:
        none = Problem(
            "no_studies", "there are no studies", "table", "type rows, or upload a table"
        )
        return () if files else (none,)
    if files:
        return looked.problems if looked.divided.headers is None else ()
    from cartwheel.serve.evidence.looking import refusals  # noqa: PLC0415 - loads numpy and pandas

    return await asyncio.to_thread(refusals, looked.divided.table.csv, plan)


def _load() -> None:
    import cartwheel.serve.evidence.looking  # noqa: F401, PLC0415 - a second of numpy and pandas


async def _looked(table: TypedTable, typed: Mapping[str, str]) -> Any:
    from cartwheel.serve.evidence.looking import look  # noqa: PLC0415 - loads numpy and pandas

    view = typed.get("view", "forest")
    return await asyncio.to_thread(
        look, table, plan_of(typed), typed.get("pool", ""), view or "forest"
    )


async def _form(request: Request) -> dict[str, list[str]]:
    form = await request.form(max_files=0, max_fields=_MOST_FIELDS)
    found: dict[str, list[str]] = {}
    for name, value in form.multi_items():
        if isinstance(value, str):
            found.setdefault(name, []).append(value)
    return found


def _words(form: Form) -> dict[str, str]:
    """Fields that stand once."""
    return {
        name: values[-1]
        for name, values in form.items()
        if name not in ("cell", "row", "column", "csrf") and values
    }


def _changed(table: TypedTable, typed: Mapping[str, str]) -> TypedTable:
    deed, _, what = typed.get("do", "").partition(":")
    if deed == "rows":
        return with_rows(table, 5)
    if deed == "column":
        return with_column(table)
    if deed == "remove":
        return without_row(table, what)
    if deed == "example":
        return example_table()
    if deed == "empty":
        return empty_table()
    if deed == "paste":
        return pasted(table, typed.get("pasted", ""), _place(typed.get("at", "")))
    return table


def _place(text: str) -> tuple[str, int] | None:
    key, _, column = text.partition(",")
    return (key, int(column)) if key and column.isdecimal() and len(column) < 4 else None


def _page(
    request: Request,
    who: Person,
    table: TypedTable,
    typed: Mapping[str, str],
    *,
    looked: Any = None,
    problems: Sequence[Problem] = (),
    files: Sequence[str] = (),
) -> Response:
    status = status_of(PlanRefused(problems)) if problems else 200
    wanted = {*files, request.query_params.get("file", "")}
    return page(
        request,
        "pool/index.html",
        status=status,
        table=table,
        typed=typed,
        looked=looked,
        problems=problems,
        switches=SWITCHES,
        measures=MEASURES,
        views=VIEWS,
        files=_files(request, who),
        chosen_files=wanted,
        fresh=not table.filled,
        rows={} if looked is None else _rows(looked),
    )


def _files(request: Request, who: Person) -> list[KeptFile]:
    kept = files_of(services(request).store, who.name)
    found = [one for one in kept if one.name.lower().endswith(_TAKEN)]
    return sorted(found, key=lambda one: one.made_at, reverse=True)[:50]


def _title(looked: Any, typed: Mapping[str, str]) -> str:
    if title := typed.get("title", "").strip():
        return title[:120]
    names = [one.name for one in looked.analyses]
    if not names:
        return "Pooled effects"
    return f"Pooled: {names[0]}" + (f" and {len(names) - 1} more" if len(names) > 1 else "")


def _typed_of_plan(plan: Mapping[str, Any]) -> dict[str, str]:
    """Set the switches as an earlier run had them."""
    typed = {name: str(plan[name]) for name in (*SWITCHES, "measure", "title") if plan.get(name)}
    for name in ("subgroups", "regress"):
        if plan.get(name):
            typed[name] = str(plan[name][0])
    if plan.get("grade"):
        typed["grade"] = str(plan["grade"].get("start") or "")
    return typed | {name: "yes" for name in ("gosh", "fail_safe", "planned") if plan.get(name)}
