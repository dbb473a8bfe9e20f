"""Pool: a table of published effects, checked and drawn as it is typed, and the full run."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, cast

from fastapi import APIRouter, Depends, Request
from starlette.background import BackgroundTask
from starlette.responses import RedirectResponse, Response

from cartwheel.errors import FileRefused, PlanRefused, Problem, Refused, refuse
from cartwheel.serve.access.audit import keeps_nothing
from cartwheel.serve.access.person import Person, may
from cartwheel.serve.evidence.file_rows import KeptRows
from cartwheel.serve.evidence.joining import (
    TAKEN,
    Offered,
    free_name,
    joined_files,
    offered_files,
)
from cartwheel.serve.evidence.options import (
    FLAGS,
    LISTS,
    MEASURES,
    NUMBERS,
    PAIRS,
    SWITCHES,
    TEXTS,
    VIEWS,
    plan_of,
    typed_of,
)
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
from cartwheel.serve.problems import answer, status_of
from cartwheel.serve.rendering import asked_by_htmx, fragment, page
from cartwheel.serve.services import services
from cartwheel.serve.uploads import receive_form
from cartwheel.store.kept_jobs import job_of

router = APIRouter()

Reader = Annotated[Person, Depends(may("read"))]
Analyst = Annotated[Person, Depends(may("analyse"))]
Form = Mapping[str, Sequence[str]]
TABLE = "studies.csv"
_MOST_FIELDS = (MOST_ROWS + 1) * (MOST_COLUMNS + 1) + 100


@router.get("/pool")
def begin(request: Request, who: Reader, example: bool = False, job: str = "") -> Response:
    """Show an empty table, the example, or the table of an earlier run."""
    typed = {"do": "example"} if example else {}
    files: Sequence[str] = ()
    table = example_table() if example else empty_table()
    if job:
        asked = job_of(services(request).store, job, owner_of(who)).request
        if isinstance(asked.get("table"), str):
            table = table_of_text(asked["table"])
        typed, files = typed_of(asked.get("plan") or {}), asked.get("files") or ()
    shown = _page(request, who, table, typed, files=files)
    # what pools is loaded while the first row is typed
    shown.background = BackgroundTask(_load)
    return shown


@router.post("/pool", dependencies=[Depends(keeps_nothing)])
async def change(request: Request, who: Reader) -> Response:
    """Do what a button says, and show the table again; without scripts this is every step."""
    form = await _form(request)
    typed = _words(form)
    try:
        table = _changed(table_of_form(form), typed)
    except Refused as refused:
        return _page(request, who, table_of_form(form), typed, problems=refused.problems)
    joined = await _joined(request, who, form, typed)
    looked = await _looked(table, typed, joined)
    return _page(request, who, looked.divided.table, typed, looked=looked, files=_chosen(form))


@router.post("/pool/look", dependencies=[Depends(keeps_nothing)])
async def look_now(request: Request, who: Reader) -> Response:
    """Check every row, pool what is ready, and draw it."""
    form = await _form(request)
    typed = _words(form)
    looked = await _looked(table_of_form(form), typed, await _joined(request, who, form, typed))
    return fragment(request, "pool/seen.html", looked=looked, typed=typed, views=VIEWS)


@router.post("/pool/table", dependencies=[Depends(keeps_nothing)])
async def change_now(request: Request, _: Reader) -> Response:
    """Do what a button says, or paste, and give the table alone."""
    form = await _form(request)
    typed = _words(form)
    table = _changed(table_of_form(form), typed)
    answer = fragment(request, "pool/grid.html", table=table, looked=None)
    answer.headers["HX-Trigger-After-Settle"] = "look"
    return answer


@router.post("/pool/table.csv", dependencies=[Depends(keeps_nothing)])
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
    """Take a table, or a result; what is refused is said above the list of files."""
    try:
        return await _taken(request)
    except Refused as refused:
        if not asked_by_htmx(request):
            raise
        said = answer(request, status_of(refused), refused.problems)
        said.headers.update({"HX-Retarget": "#file-said", "HX-Reswap": "innerHTML"})
        return said


async def _taken(request: Request) -> Response:
    """Take a table, or a result, that is pooled with the table; a worker reads it."""
    kept = (await receive_form(request)).file
    if not kept.name.lower().endswith(TAKEN):
        services(request).queue.forget_file(kept.id, None)
        raise refuse(
            FileRefused,
            "file_kind",
            "this is neither a table nor a result",
            where=kept.name,
            mend="give CSV, Excel, or the JSON of a validation, a development, or a shared file",
        )
    if asked_by_htmx(request):
        taken = fragment(request, "pool/file.html", offered=Offered(kept), chosen=True)
        taken.headers["HX-Trigger-After-Settle"] = "look"
        return taken
    return RedirectResponse(f"/pool?file={kept.id}#files", 303)


@router.post("/pool/run")
async def run(request: Request, who: Analyst) -> Response:
    """Ask for the full run: report, referee, GRADE, flow, and the same in R."""
    form = await _form(request)
    typed, files = _words(form), _chosen(form)
    table = table_of_form(form)
    joined = await _joined(request, who, form, typed)
    looked = await _looked(table, typed, joined)
    try:
        plan = plan_of(typed)
    except PlanRefused as refused:
        return _not_run(request, who, (table, typed, looked, files), refused.problems)
    if looked.unfit and typed.get("unfinished"):
        plan["leave_out"] = [*plan.get("leave_out", ()), *looked.unfit]
    problems = await _refusals(looked, plan, joined)
    if problems:
        return _not_run(request, who, (table, typed, looked, files), problems)
    asked: dict[str, Any] = {"plan": plan}
    if files:
        asked["files"] = files
    if looked.said:
        asked["table"] = looked.divided.table.csv
    if looked.said and looked.name != TABLE:
        asked["table_name"] = looked.name
    inputs = [*files, *([flow] if isinstance(flow := plan.get("prisma"), str) else [])]
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
    looked: Any, plan: Mapping[str, Any], joined: Sequence[KeptRows]
) -> tuple[Problem, ...]:
    """Tell why the run would be refused; of a file that is still being read, the run tells."""
    if not looked.said and not joined:
        what = "there are no studies"
        return (Problem("no_studies", what, "table", "type rows, or upload a table"),)
    if looked.said and looked.divided.headers is None:
        return cast(tuple[Problem, ...], looked.problems)
    refused = tuple(problem for one in joined if one.state == "refused" for problem in one.problems)
    if refused or any(one.state == "being read" for one in joined):
        return tuple(one for one in refused if one.code != "too_many_rows")
    from cartwheel.serve.evidence.looking import refusals  # noqa: PLC0415 - loads numpy and pandas

    csv = looked.divided.table.csv if looked.said else ""
    return await asyncio.to_thread(refusals, csv, plan, joined, looked.name)


def _load() -> None:
    import cartwheel.serve.evidence.looking  # noqa: F401, PLC0415 - a second of numpy and pandas


async def _joined(
    request: Request, who: Person, form: Form, typed: Mapping[str, str]
) -> tuple[KeptRows, ...]:
    """Find what the files that are ticked hold."""
    flow = [typed["prisma"]] if typed.get("prisma") else []
    return await joined_files(
        services(request), who.name, _chosen(form), typed.get("sheet", "").strip(), flow
    )


def _chosen(form: Form) -> list[str]:
    return list(dict.fromkeys(one for one in form.get("file", ()) if one))


async def _looked(
    table: TypedTable, typed: Mapping[str, str], joined: Sequence[KeptRows] = ()
) -> Any:
    from cartwheel.serve.evidence.looking import Looked, look  # noqa: PLC0415 - loads numpy, pandas
    from cartwheel.serve.evidence.splitting import divided  # noqa: PLC0415 - as above

    name = free_name(TABLE, [one.name for one in joined])
    try:
        plan = plan_of(typed)
    except PlanRefused as refused:
        return Looked(divided(table), problems=refused.problems)
    chosen = typed.get("pool", ""), typed.get("view", "") or "forest"
    return await asyncio.to_thread(look, table, plan, *chosen, joined, name)


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
        if name not in ("cell", "row", "column", "csrf", "file") and values
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
        lists=LISTS,
        pairs=PAIRS,
        texts=TEXTS,
        numbers=NUMBERS,
        flags=FLAGS,
        offered=offered_files(services(request), who.name),
        chosen_files=wanted,
        taken=TAKEN,
        fresh=not table.filled and not files,
        example=typed.get("do") == "example",
        said={name for name, value in typed.items() if value},
        rows={} if looked is None else _rows(looked),
    )


def _title(looked: Any, typed: Mapping[str, str]) -> str:
    if title := typed.get("title", "").strip():
        return title[:120]
    names = [one.name for one in looked.analyses]
    if not names:
        return "Pooled effects"
    return f"Pooled: {names[0]}" + (f" and {len(names) - 1} more" if len(names) > 1 else "")
