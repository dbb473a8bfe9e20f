"""Grades: a patient's days charted, and graded by published rules as they are typed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from cartwheel.clinic.grading import GRADING_RULES, grading_rule
from cartwheel.errors import PlanRefused, Problem, Refused, refuse
from cartwheel.serve.access.audit import keeps_nothing
from cartwheel.serve.access.person import Person, may
from cartwheel.serve.charting.chart import (
    GROUPS,
    MOST_DAYS,
    TypedChart,
    chart_of,
    with_day,
    without_day,
)
from cartwheel.serve.charting.drawing import drawing_of
from cartwheel.serve.charting.example import example_form
from cartwheel.serve.charting.grades import grade_words, graded
from cartwheel.serve.rendering import asked_by_htmx, fragment, page
from cartwheel.serve.services import services
from cartwheel.serve.uploads import receive_form

router = APIRouter()

Reader = Annotated[Person, Depends(may("read"))]
Scorer = Annotated[Person, Depends(may("score"))]
CSV = "text/csv; charset=utf-8"
_MOST_FIELDS = MOST_DAYS * 80


@router.get("/grades")
def begin(request: Request, _: Reader, example: bool = False) -> Response:
    """Show an empty chart, or the example."""
    return _page(request, chart_of(example_form() if example else {}), example=example)


@router.post("/grades", dependencies=[Depends(keeps_nothing)])
async def change(request: Request, _: Scorer) -> Response:
    """Do what a button says, and grade; nothing of it is kept."""
    form = await _form(request)
    chart = _changed(chart_of(form), form)
    return _page(request, chart, example="example" in form)


@router.post("/grades/look", dependencies=[Depends(keeps_nothing)])
async def look(request: Request, _: Scorer) -> Response:
    """Grade what is typed so far."""
    form = await _form(request)
    return fragment(
        request,
        "grades/seen.html",
        **_words(chart_of(form)),
        example="example" in form,
        live=True,
    )


@router.post("/grades/table", dependencies=[Depends(keeps_nothing)])
async def change_now(request: Request, _: Scorer) -> Response:
    """Do what a button says, and give the chart alone."""
    form = await _form(request)
    chart = _changed(chart_of(form), form)
    answer = fragment(request, "grades/chart.html", **_words(chart))
    answer.headers["HX-Trigger-After-Settle"] = "look"
    return answer


@router.post("/grades/chart.csv", dependencies=[Depends(keeps_nothing)])
async def download(request: Request, _: Scorer) -> Response:
    """Give the chart as a file that ``cartwheel grade`` reads."""
    form = await _form(request)
    return _saved(chart_of(form).csv, _file_name(form), CSV)


@router.post("/grades/template.csv", dependencies=[Depends(keeps_nothing)])
async def download_template(request: Request, _: Scorer) -> Response:
    """Give an empty file of what is charted, to be filled elsewhere."""
    return _saved(chart_of(await _form(request)).template, "chart-template.csv", CSV)


@router.post("/grades/grades.json", dependencies=[Depends(keeps_nothing)])
async def download_json(request: Request, _: Scorer) -> Response:
    """Give the grades as ``cartwheel grade --json`` writes them of the same chart."""
    return await _commanded(request, "json")


@router.post("/grades/rows.csv", dependencies=[Depends(keeps_nothing)])
async def download_rows(request: Request, _: Scorer) -> Response:
    """Give each day's grades with what decided, as ``cartwheel grade --rows`` writes them."""
    return await _commanded(request, "rows")


async def _commanded(request: Request, what: str) -> Response:
    # the summary of a file computes incidences: it loads numpy
    from cartwheel.serve.charting import commanded  # noqa: PLC0415

    form = await _form(request)
    chart, name = chart_of(form), _file_name(form)
    write = commanded.commanded_json if what == "json" else commanded.commanded_rows
    try:
        text = await run_in_threadpool(write, chart, name)
    except Refused as refused:
        return _page(request, chart, example="example" in form, problems=refused.problems)
    before = "simulated-" if "example" in form else ""
    if what == "json":
        return _saved(text, f"{before}grades.json", "application/json")
    return _saved(text, f"{before}rows.csv", CSV)


def _file_name(form: dict[str, list[str]]) -> str:
    return "simulated-chart.csv" if "example" in form else "chart.csv"


def _saved(text: str, name: str, media_type: str) -> Response:
    return Response(
        text,
        media_type=media_type,
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "no-store",
        },
    )


@router.post("/grades/file", dependencies=[Depends(may("score"))])
async def take_file(request: Request, who: Scorer) -> Response:
    """Grade a file of charts, as a job."""
    received = await receive_form(request)
    kept, fields = received.file, received.fields
    try:
        rules = [name for name in GRADING_RULES if fields.get(f"rule-{name}")]
        asked = {
            "file": kept.id,
            "rules": rules,
            "by_day": bool(fields.get("by_day")) and "astct-crs" in rules,
            "map": _pairs(fields.get("map", ""), "map"),
            "units": _pairs(fields.get("units", ""), "units"),
        }
        if not rules:
            raise refuse(
                PlanRefused, "no_rule", "no rule was named", where="rules", mend="tick one or more"
            )
    except Refused:
        services(request).queue.forget_file(kept.id, None)
        raise
    job = services(request).queue.ask(who.name, "grade", f"Grades: {kept.name}", asked, [kept.id])
    if asked_by_htmx(request):
        return Response("", 200, headers={"HX-Redirect": f"/jobs/{job.id}"})
    return RedirectResponse(f"/jobs/{job.id}", 303)


def _pairs(text: str, where: str) -> dict[str, str]:
    """Read lines of COLUMN=NAME."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    wrong = [
        Problem(
            "flag_form", f"'{line[:40]}' is not COLUMN=NAME", where, "one a line: ANC=neutrophils"
        )
        for line in lines
        if not all(part.strip() for part in line.partition("="))
    ]
    if wrong:
        raise PlanRefused(wrong)
    return {
        column.strip(): name.strip() for column, _, name in (line.rpartition("=") for line in lines)
    }


async def _form(request: Request) -> dict[str, list[str]]:
    form = await request.form(max_files=0, max_fields=_MOST_FIELDS)
    found: dict[str, list[str]] = {}
    for name, value in form.multi_items():
        if isinstance(value, str) and name != "csrf":
            found.setdefault(name, []).append(value)
    return found


def _changed(chart: TypedChart, form: dict[str, list[str]]) -> TypedChart:
    deed, _, what = form.get("do", [""])[-1].partition(":")
    if deed == "day":
        return with_day(chart)
    if deed == "remove" and what.isdecimal():
        return without_day(chart, int(what))
    return chart


def _words(chart: TypedChart) -> dict[str, Any]:
    charted = graded(chart)
    drawings = {one.rule.id: drawing_of(one, charted) for one in charted.graded}
    return {
        "chart": chart,
        "charted": charted,
        "drawings": drawings,
        "groups": GROUPS,
        "grade_words": grade_words,
    }


def _page(
    request: Request,
    chart: TypedChart,
    *,
    example: bool = False,
    problems: Sequence[Problem] = (),
) -> Response:
    listed = [grading_rule(name) for name in GRADING_RULES]
    return page(
        request,
        "grades/index.html",
        status=422 if problems else 200,
        **_words(chart),
        listed=listed,
        example=example,
        problems=problems,
    )
