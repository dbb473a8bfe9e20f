"""Honest index: markers in, what papers print on the left, what survives on the right."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse

from cartwheel.canonical import plain
from cartwheel.demonstration import cohort_path, plan_path
from cartwheel.errors import FileRefused, PlanRefused, Problem, refuse
from cartwheel.figures.numbers import FORMATS, cut as cut_text, interval
from cartwheel.serve.access.person import Person, may
from cartwheel.serve.honest.asked import (
    MOST_MARKERS,
    RESAMPLES,
    SEARCHES,
    TIME_UNITS,
    Offered,
    check_plan,
    chosen_of,
    marker_options,
    number_typed,
    offered,
    placed,
    plan_of,
)
from cartwheel.serve.honest.drawn import (
    bar_drawing,
    grid_bars,
    roc_drawing,
    spline_drawing,
    survival_drawing,
)
from cartwheel.serve.honest.ready import Ready, ReadyRuns, output_of, prepare_job
from cartwheel.serve.jobs.events import EVENT_STREAM, HEADERS, events
from cartwheel.serve.pages.jobs import owner_of
from cartwheel.serve.problems import PROBLEM_JSON, problem_details
from cartwheel.serve.rendering import asked_by_htmx, fragment, page, templates
from cartwheel.serve.services import Services, services
from cartwheel.serve.uploads import receive_form
from cartwheel.store.kept_files import file_of, files_of, keep_file
from cartwheel.store.kept_jobs import Job, job_of, jobs_of

router = APIRouter()

Reader = Annotated[Person, Depends(may("read"))]
Analyst = Annotated[Person, Depends(may("analyse"))]
_MAKING = threading.Lock()
_TABLES = (".csv", ".tsv", ".txt", ".xlsx", ".sav", ".dta", ".sas7bdat", ".xpt", ".parquet")


@router.get("/honest")
def start(request: Request, who: Reader) -> Response:
    """Ask for a sheet, or offer the simulated example; list what was done before."""
    store, owner = services(request).store, owner_of(who)
    runs = jobs_of(store, owner, kinds=("develop",), most=100)
    uploads = files_of(store, owner)
    return page(
        request,
        "honest/start.html",
        runs=[job for job in runs if _is_index(job)][:12],
        uploads=[kept for kept in uploads if kept.name.lower().endswith(_TABLES)][:30],
    )


@router.post("/honest/file", dependencies=[Depends(may("analyse"))])
async def take_file(request: Request, who: Analyst) -> Response:
    """Take a sheet; a worker reads it."""
    kept = (await receive_form(request)).file
    return _look_at(request, who.name, kept.id, kept.name)


@router.post("/honest/upload/{file_id}")
def use_upload(request: Request, who: Analyst, file_id: str) -> Response:
    """Use a sheet that is here already."""
    kept = file_of(services(request).store, file_id, who.name)
    return _look_at(request, who.name, kept.id, kept.name)


@router.post("/honest/example")
def use_example(request: Request, who: Analyst) -> Response:
    """Run the simulated example."""
    known = services(request)
    path = cohort_path()
    have = (kept for kept in files_of(known.store, who.name) if kept.name == path.name)
    kept = next(have, None) or keep_file(
        known.store, [path.read_bytes()], owner=who.name, name=path.name, media_type="text/csv"
    )
    request_ = {"file": kept.id, "plan_toml": plan_path().read_text(encoding="utf-8")}
    return _run(known, who.name, request_, f"Honest index: {path.name}")


@router.get("/honest/sheet/{check_id}")
def choose(request: Request, who: Reader, check_id: str) -> Response:
    """Ask which columns; or say how far the reading is."""
    job = job_of(services(request).store, check_id, owner_of(who))
    found = _checked(services(request), job)
    if found is None:
        return page(
            request, "honest/wait.html", job=job, run=None, state=_state(job), back="/honest"
        )
    return _form(request, job, found, {}, ())


@router.post("/honest/sheet/{check_id}")
async def run(request: Request, who: Analyst, check_id: str) -> Response:
    """Start the full run; or say beside each field what is wrong with it."""
    typed = await request.form(max_files=0, max_fields=60)
    form = {name: value for name, value in typed.items() if isinstance(value, str)}
    form.pop("csrf", None)
    return await asyncio.to_thread(_asked, request, who, check_id, form)


@router.get("/honest/{job_id}")
def shown(request: Request, who: Reader, job_id: str) -> Response:
    """Show a run: its progress, what has to be mended, or both sides and the sliders."""
    known = services(request)
    job = _index_job(known, who, job_id)
    if job.state == "refused" and (check := _check_of(known, job)) is not None:
        found = _checked(known, check)
        if found is not None and "plan" in job.request:
            return _form(request, check, found, chosen_of(job.request["plan"]), job.problems)
    beside = prepare_job(known, job)
    waits = [one for one in (job, beside) if one is not None and not one.is_over]
    if waits or job.state != "done":
        first = next(iter(waits), job)
        return page(
            request, "honest/wait.html", job=first, run=job.id, state=_state(first), back="/honest"
        )
    result = json.loads(output_of(known, job, "result.json") or b"{}")["result"]
    words = _sides(result) | {"job": job, "beside": beside, "price": None, "problems": ()}
    if beside is not None and beside.state == "done":
        words |= _sliders(request, job)
    return page(request, "honest/run.html", **_writers(), **words)


@router.get("/honest/{job_id}/price")
async def price_now(request: Request, who: Reader, job_id: str) -> Response:
    """Say what cut-offs cost: JSON for programs, a drawing of the same JSON for the page."""
    return await asyncio.to_thread(_priced, request, who, job_id)


@router.post("/honest/{job_id}/prepare")
def make_ready(request: Request, who: Analyst, job_id: str) -> Response:
    """Make the sliders of a run ready that was not asked for here."""
    known = services(request)
    job = _index_job(known, who, job_id)
    known.queue.ask(
        job.owner, "prepare", f"Sliders: {job.title}", job.request, [str(job.request["file"])]
    )
    return RedirectResponse(f"/honest/{job.id}", 303)


@router.get("/honest/{job_id}/events")
def progress(request: Request, who: Reader, job_id: str) -> Response:
    """Tell how far a run is, as it goes."""
    known = services(request)
    job_of(known.store, job_id, owner_of(who))
    shape = templates().get_template("honest/progress.html")

    async def told() -> AsyncIterator[str]:
        async for line in events(
            known.queue, job_id, lambda job: shape.render(job=job, state=_state(job))
        ):
            yield line

    return StreamingResponse(told(), media_type=EVENT_STREAM, headers=HEADERS)


def ready_runs(request: Request) -> ReadyRuns:
    """Find the runs that are in memory.

    Parameters
    ----------
    request : Request
        Of the server.

    Returns
    -------
    ReadyRuns
        One a server.
    """
    state = request.app.state
    with _MAKING:
        if not hasattr(state, "ready_runs"):
            state.ready_runs = ReadyRuns(services(request))
        found: ReadyRuns = state.ready_runs
        return found


def _look_at(request: Request, owner: str, file_id: str, name: str) -> Response:
    job = services(request).queue.ask(owner, "check", name, {"file": file_id}, [file_id])
    return RedirectResponse(f"/honest/sheet/{job.id}", 303)


def _run(known: Services, owner: str, asked: Mapping[str, Any], title: str) -> Response:
    inputs = [str(asked["file"])]
    job = known.queue.ask(owner, "develop", title, asked, inputs)
    known.queue.ask(owner, "prepare", f"Sliders: {title}", asked, inputs)
    return RedirectResponse(f"/honest/{job.id}", 303)


def _asked(request: Request, who: Person, check_id: str, form: dict[str, str]) -> Response:
    known = services(request)
    check = job_of(known.store, check_id, owner_of(who))
    found = _checked(known, check)
    if found is None:
        return RedirectResponse(f"/honest/sheet/{check_id}", 303)
    kept = file_of(known.store, str(check.request["file"]), owner_of(who))
    try:
        plan = plan_of(form, offered(found), kept.name)
        check_plan(plan)
    except PlanRefused as refused:
        return _form(request, check, found, form, refused.problems, status=422)
    asked = {"file": kept.id, "plan": plan}
    return _run(known, check.owner, asked, f"Honest index: {kept.name}")


def _form(
    request: Request,
    check: Job,
    found: Mapping[str, Any],
    form: Mapping[str, str],
    problems: tuple[Problem, ...],
    status: int = 200,
) -> Response:
    columns: Offered = offered(found)
    return page(
        request,
        "honest/choose.html",
        status=status,
        check=check,
        sheet=found,
        columns=columns,
        options=marker_options(columns),
        form=form,
        wrong=placed(problems, form),
        problems=problems,
        places=range(1, MOST_MARKERS + 1),
        searches=SEARCHES,
        resamples=RESAMPLES,
        time_units=TIME_UNITS,
    )


def _checked(known: Services, job: Job) -> Mapping[str, Any] | None:
    if job.kind != "check" or job.state != "done":
        return None
    content = output_of(known, job, "check.json")
    if content is None:
        return None
    found: Mapping[str, Any] = json.loads(content)["result"]
    return found


def _check_of(known: Services, job: Job) -> Job | None:
    """Find the check of the sheet that a run was asked on."""
    file_id = job.request.get("file")
    checks = jobs_of(known.store, job.owner, kinds=("check",), most=200)
    done = (one for one in checks if one.request.get("file") == file_id and one.state == "done")
    return next(done, None)


def _index_job(known: Services, who: Person, job_id: str) -> Job:
    job = job_of(known.store, job_id, owner_of(who))
    if not _is_index(job):
        raise refuse(
            FileRefused,
            "no_such_job",
            "this is no run of an index",
            where="job",
            mend="open it under Results",
        )
    return job


def _is_index(job: Job) -> bool:
    if job.kind != "develop":
        return False
    text = job.request.get("plan_toml")
    if isinstance(text, str):
        return any(line.replace(" ", "") == 'method="index"' for line in text.splitlines())
    plan = job.request.get("plan")
    return isinstance(plan, Mapping) and plan.get("method") == "index"


def _state(job: Job) -> str:
    if job.state == "running":
        counted = f", {job.done} of {job.total}" if job.total else ""
        return f"Running{': ' if job.stage else ''}{job.stage}{counted}"
    return {"waiting": "Waiting for its turn"}.get(job.state, job.state.capitalize())


def _sides(result: Mapping[str, Any]) -> dict[str, Any]:
    """Gather both sides of the full run; every number is one of its JSON."""
    splines = {curve["column"]: curve for curve in result["splines"]}
    cutoffs = {row["column"]: row for row in result["cutoffs"]}
    bars = {name: grid_bars(row["wander_grid"]) for name, row in cutoffs.items()}
    measures = {one["name"]: one for one in result["performance"]["measures"]}
    return {
        "result": result,
        "first": result["performance"]["measures"][0],
        "slope": measures.get("calibration_slope"),
        "uncut": result["uncut"]["measures"][0],
        "curves": survival_drawing(result["survival"]),
        "wander": {name: bar_drawing(bars[name], [row["cut"]]) for name, row in cutoffs.items()},
        "roc": {one["name"]: one for one in result["roc"]},
        "curves_of": {
            one["name"]: roc_drawing(one, _edge(cutoffs[one["name"]]))
            for one in result["roc"]
            if one["name"] in cutoffs
        },
        "splines": {
            name: spline_drawing(curve, bars.get(name, ())) for name, curve in splines.items()
        },
    }


def _edge(row: Mapping[str, Any]) -> float:
    """The cut-off on the scale of the ROC curve, on which high is adverse."""
    return float(row["cut"] if row["rule"].startswith(">") else -row["cut"])


def _writers() -> dict[str, Any]:
    return {
        "write": {name: FORMATS[name] for name in ("p", "score", "two", "percent", "ratio", "fine",
                                                    "exact", "significant")},
        "interval": interval,
        "cut_text": cut_text,
    }  # fmt: skip


def _sliders(request: Request, job: Job) -> dict[str, Any]:
    """Gather where the sliders stand; at first at the cut-offs that were found."""
    try:
        ready = ready_runs(request).ready(job)
    except FileRefused as refused:
        return {"problems": refused.problems}
    found = [float(row["cut"]) for row in ready.result["cutoffs"]]
    words: dict[str, Any] = {"sliders": _ranges(ready, found)}
    try:
        chosen = _cuts(request, ready)
        words["sliders"] = _ranges(ready, chosen)
        return words | _price_words(ready, chosen)
    except PlanRefused as refused:
        return words | {"price": None, "problems": refused.problems}


def _priced(request: Request, who: Person, job_id: str) -> Response:
    job = _index_job(services(request), who, job_id)
    ready = ready_runs(request).ready(job)
    try:
        chosen = _cuts(request, ready, strict=True)
        words = _price_words(ready, chosen)
    except PlanRefused as refused:
        if not asked_by_htmx(request):
            told = problem_details(422, refused.problems)
            return JSONResponse(told, 422, media_type=PROBLEM_JSON)
        return fragment(
            request, "honest/price.html", **_writers(), price=None, problems=refused.problems
        )
    if not asked_by_htmx(request):
        return JSONResponse(words["price"], headers={"Cache-Control": "no-store"})
    return fragment(request, "honest/price.html", **_writers(), problems=(), **words)


def _cuts(request: Request, ready: Ready, *, strict: bool = False) -> list[float]:
    """Read the cut-offs that are asked for; those of the run where nothing is said."""
    known = [f"cut-{place + 1}" for place in range(len(ready.prepared.markers))]
    names = [name for name, _ in request.query_params.multi_items()]
    problems: list[Problem] = [
        Problem("unknown_key", "this is not known here", name[:40], "known: " + ", ".join(known))
        for name in names
        if strict and name not in known
    ]
    problems += [
        Problem("twice", "this is said twice", name, "say it once")
        for name in known
        if names.count(name) > 1
    ]
    chosen = []
    for place, row in enumerate(ready.result["cutoffs"], start=1):
        typed = request.query_params.get(f"cut-{place}")
        cut = row["cut"] if typed is None else number_typed(typed, f"cut-{place}", problems)
        chosen.append(float("nan") if cut is None else float(cut))
    if problems:
        raise PlanRefused(problems)
    return chosen


def _price_words(ready: Ready, chosen: list[float]) -> dict[str, Any]:
    from cartwheel.serve.honest.price import price  # noqa: PLC0415 - scipy, when first asked

    told = plain(price(ready.prepared, chosen, ready.result))
    markers = told["markers"]
    return {
        "price": told,
        "drawings": {
            "survival": survival_drawing(told["index"]["survival"]),
            "wander": [
                one["wander"] and bar_drawing(one["wander"]["bars"], [one["cut"]])
                for one in markers
            ],
            "chance": [
                bar_drawing(one["chance"]["bars"], [one["chance"]["statistic"]]) for one in markers
            ],
        },
    }


def _ranges(ready: Ready, chosen: list[float]) -> list[dict[str, Any]]:
    """Say between which values each slider runs: those that leave the smallest group on a side."""
    found = []
    for place, marker in enumerate(ready.prepared.markers):
        values = sorted(ready.prepared.values[place].tolist())
        skip = max(1, round(ready.prepared.min_fraction * len(values)))
        low, high = values[skip - 1], values[-skip]
        row = ready.result["cutoffs"][place]
        found.append(
            {
                "name": f"cut-{place + 1}",
                "marker": marker,
                "low": f"{low:.6g}",
                "high": f"{high:.6g}",
                "step": f"{(high - low) / 400:.2g}" if high > low else "any",
                "value": f"{chosen[place]:.10g}",
                "start": f"{row['cut']:.10g}",
                "found": cut_text(row["cut"], row["gap_low"], row["gap_high"]),
            }
        )
    return found
