"""Scores: the library, a calculator for each, two scores of one patient, and a whole sheet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from cartwheel.clinic.registry import not_computable_problem, registry
from cartwheel.clinic.score import LARGEST_FILE, ScoreSpec, read_score
from cartwheel.errors import FileRefused, ScoreRefused, refuse
from cartwheel.report.calculator.facts import facts_html, published_html
from cartwheel.report.calculator.page import banners, calculator_page, policy, question
from cartwheel.serve.access.person import Person, may
from cartwheel.serve.jobs.asked import read_source
from cartwheel.serve.pages.jobs import owner_of
from cartwheel.serve.rendering import asked_by_htmx, fragment, page, templates
from cartwheel.serve.scores.asked import Answered, answered
from cartwheel.serve.scores.drawn import contribution_bars, percent_range
from cartwheel.serve.scores.own import OwnScore, own_score_files
from cartwheel.serve.services import services
from cartwheel.serve.uploads import receive_form
from cartwheel.store.kept_files import KeptFile, content_of, file_of

router = APIRouter()

Reader = Annotated[Person, Depends(may("read"))]
Scorer = Annotated[Person, Depends(may("score"))]
_OWN = "own-"
# a table that scrolls is reached by keyboard
_SCROLLED = '<div class="scroll" tabindex="0" role="region" aria-label="Table: published figures">'
_CALCULATOR = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; sandbox"


@router.get("/scores")
def library(request: Request, who: Reader, q: str = "") -> Response:
    """List every score that is known here, and the person's own."""
    wanted = q.strip().casefold()
    known = [
        entry
        for entry in registry().values()
        if wanted in f"{entry.id} {entry.title} {entry.about} {entry.citation}".casefold()
    ]
    return page(
        request,
        "scores/library.html",
        q=q.strip(),
        known=[entry for entry in known if entry.computable],
        unknown=[(entry, not_computable_problem(entry)) for entry in known if not entry.computable],
        own=_own(request, who),
    )


@router.post("/scores/own", dependencies=[Depends(may("score"))])
async def take_own(request: Request) -> Response:
    """Take a score file; it is read at once, and refused with all its faults."""
    kept = (await receive_form(request)).file
    try:
        _own_spec(request, kept.id, None)
    except (ScoreRefused, FileRefused):
        services(request).queue.forget_file(kept.id, None)
        raise
    return RedirectResponse(f"/scores/{_OWN}{kept.id}", 303)


@router.get("/scores/compare")
def compare(request: Request, who: Reader, a: str = "", b: str = "") -> Response:
    """Ask which two scores, or what they need of one patient."""
    choices = [
        *((entry.id, entry.title) for entry in registry().values() if entry.computable),
        *((f"{_OWN}{one.file.id}", f"{one.title} ({one.file.name})") for one in _own(request, who)),
    ]
    words: dict[str, Any] = {"a": a, "b": b, "choices": choices, "both": None}
    if a and b:
        words |= _both(request, who, (a, b), {})
    return page(request, "scores/compare.html", **words)


@router.post("/scores/compare")
async def compare_now(request: Request, who: Scorer) -> Response:
    """Compute two scores of one patient."""
    typed = await _typed(request)
    pair = typed.get("score-a", ""), typed.get("score-b", "")
    words = _both(request, who, pair, typed)
    if asked_by_htmx(request):
        return fragment(request, "scores/compared.html", **words)
    return page(request, "scores/compare.html", a=pair[0], b=pair[1], choices=(), **words)


@router.get("/scores/{score_id}")
def calculator(request: Request, who: Reader, score_id: str) -> Response:
    """Show a score: its calculator, its population, its evidence."""
    spec = spec_of(request, who, score_id)
    return _calculator(request, score_id, answered(spec, {}))


@router.post("/scores/{score_id}")
async def compute(request: Request, who: Scorer, score_id: str) -> Response:
    """Compute a score from what was typed. Nothing of it is kept."""
    found = answered(spec_of(request, who, score_id), await _typed(request))
    if asked_by_htmx(request):
        return fragment(request, "scores/answer.html", **_answer_words(found))
    return _calculator(request, score_id, found)


@router.get("/scores/{score_id}/calculator")
def offline(request: Request, who: Reader, score_id: str) -> Response:
    """Give the score as one file that computes by itself, without any server."""
    spec = spec_of(request, who, score_id)
    name = quote(f"{spec.id}-{spec.version}.html", safe="")
    return HTMLResponse(
        calculator_page(spec),
        headers={
            "Content-Disposition": f"attachment; filename*=UTF-8''{name}",
            "Content-Security-Policy": _CALCULATOR,
        },
    )


@router.post("/scores/{score_id}/batch", dependencies=[Depends(may("score"))])
async def batch(request: Request, who: Scorer, score_id: str) -> Response:
    """Score every row of a sheet, as a job."""
    spec = spec_of(request, who, score_id)
    kept = (await receive_form(request)).file
    own = score_id.removeprefix(_OWN) if score_id.startswith(_OWN) else ""
    job = services(request).queue.ask(
        who.name,
        "batch",
        f"{spec.title}: {kept.name}",
        {"file": kept.id, "score": {"file": own} if own else spec.id},
        [kept.id, *([own] if own else [])],
    )
    return RedirectResponse(f"/jobs/{job.id}", 303)


def make_ready() -> None:
    """Make what every score needs, and is made once: the reader of score files, the templates.

    It is called in the background after the start: a quarter of a second for the first score.
    """
    first = next(entry.id for entry in registry().values() if entry.computable)
    answered(read_source(first), {})
    for name in ("calculator", "fields", "said", "answer"):
        templates().get_template(f"scores/{name}.html")


def own_scores(request: Request, who: Person) -> list[KeptFile]:
    """List the score files of a person: uploads, and what developments here made.

    Parameters
    ----------
    request : Request
        Of the page.
    who : Person
        Whose.

    Returns
    -------
    list of KeptFile
        Newest first.
    """
    return [one.file for one in _own(request, who)]


def _own(request: Request, who: Person) -> list[OwnScore]:
    return own_score_files(services(request).store, owner_of(who))


def spec_of(request: Request, who: Person, score_id: str) -> ScoreSpec:
    """Find a score by its id, or by ``own-`` and the id of a file.

    Parameters
    ----------
    request : Request
        Of the page.
    who : Person
        Who may read the file.
    score_id : str
        As it stands in the address.

    Returns
    -------
    ScoreSpec

    Raises
    ------
    FileRefused, ScoreRefused
        ``no_such_score``, and what reading refuses.
    """
    if score_id.startswith(_OWN):
        return _own_spec(request, score_id.removeprefix(_OWN), owner_of(who))
    entry = registry().get(score_id)
    if entry is None:
        raise refuse(
            ScoreRefused,
            "no_such_score",
            "there is no score of this name here",
            where=score_id[:60],
            mend="choose one from the list of scores",
        )
    return read_source(score_id)


def _own_spec(request: Request, file_id: str, owner: str | None) -> ScoreSpec:
    kept = file_of(services(request).store, file_id, owner)
    if kept.size > LARGEST_FILE:
        raise refuse(
            FileRefused, "file_too_large", "a score file is not that large", where=kept.name
        )
    content = b"".join(content_of(services(request).store, file_id))
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        raise refuse(
            FileRefused,
            "file_unreadable",
            "this is no text (UTF-8)",
            where=kept.name,
            mend="give a score file (TOML), such as a development wrote",
        ) from None
    return read_score(text + "\n")


async def _typed(request: Request) -> dict[str, str]:
    form = await request.form(max_files=0, max_fields=400)
    return {name: value for name, value in form.items() if isinstance(value, str)}


def _calculator(request: Request, score_id: str, found: Answered) -> Response:
    spec = found.spec
    return page(
        request,
        "scores/calculator.html",
        score_id=score_id,
        question=question(spec),
        banners=tuple(banners(spec)),
        policy=policy(spec),
        # both write safe HTML
        facts=facts_html(spec),
        published=published_html(spec.published).replace('<div class="scroll">', _SCROLLED),
        **_answer_words(found),
    )


def _answer_words(found: Answered) -> dict[str, Any]:
    """Gather what an answer says; numbers as the JSON of the score has them, rounded to be read."""
    words: dict[str, Any] = {"asked": found, "spec": found.spec, "bars": None, "risk": ""}
    if found.found is not None:
        told = found.found
        words["bars"] = contribution_bars(told)
        words["risk"] = percent_range((told.risk, told.risk_low, told.risk_high))
    return words


def _both(
    request: Request, who: Person, pair: tuple[str, str], typed: Mapping[str, str]
) -> dict[str, Any]:
    """Compute two scores; an input that both have by the same name is asked once."""
    found = [answered(spec_of(request, who, name), typed) for name in pair]
    fields = {}
    for one in found:
        for asked in one.fields:
            if asked.name not in fields or asked.problems:
                fields[asked.name] = asked
    return {
        "both": [_answer_words(one) for one in found],
        "fields": tuple(fields.values()),
        "pair": pair,
    }
