"""Validate: a sheet, one score or several, and whether they work in these patients."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated, Any, ClassVar

from fastapi import APIRouter, Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from cartwheel.clinic.registry import registry
from cartwheel.clinic.score import LARGEST_FILE
from cartwheel.errors import Problem, Refused
from cartwheel.serve.access.person import Person, may
from cartwheel.serve.cohort.fields import Fields, read_fields
from cartwheel.serve.cohort.form_plan import tables_at, value_at
from cartwheel.serve.cohort.in_work import PlanInWork, Shown
from cartwheel.serve.cohort.sheets import not_checked, start_page, taken_sheet
from cartwheel.serve.cohort.validation_form import (
    FORM,
    HEAD,
    MOST_SUBGROUPS,
    OWN,
    ScoreChoice,
    checked,
    key_of,
    placed,
    plan_with,
    question_in_words,
    score_choice,
    score_entries,
)
from cartwheel.serve.pages.scores import own_scores, spec_of
from cartwheel.store.database import Store
from cartwheel.store.drafts import DRAFTS
from cartwheel.store.kept_files import KeptFile, content_of

router = APIRouter()

Reader = Annotated[Person, Depends(may("read"))]
Analyst = Annotated[Person, Depends(may("analyse"))]


@router.get("/validate")
def start(request: Request, who: Reader) -> Response:
    """Ask for a sheet."""
    return start_page(request, who, "validate")


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
    plan = ValidationInWork(request, who, check_id, score)
    if plan.job.state != "done":
        return not_checked(request, plan.job, "/validate")
    return plan.page(q, after, is_aloud=bool(said))


@router.post("/validate/{check_id}/plan")
async def edit_plan(request: Request, who: Analyst, check_id: str) -> Response:
    """Take an edit of the form or of the TOML, keep it, and give the other one."""
    fields = await read_fields(request)
    return await run_in_threadpool(lambda: ValidationInWork(request, who, check_id).edit(fields))


@router.post("/validate/{check_id}/run")
async def run(request: Request, who: Analyst, check_id: str) -> Response:
    """Validate the scores, if nothing is left to be said."""
    fields = await read_fields(request)
    return await run_in_threadpool(lambda: ValidationInWork(request, who, check_id).run(fields))


@router.get("/validate/{check_id}/run/{job_id}")
def run_page(request: Request, who: Reader, check_id: str, job_id: str) -> Response:
    """Show how far a validation is, then its report; a refused one leads back to the plan."""
    return ValidationInWork(request, who, check_id).run_page(job_id)


class ValidationInWork(PlanInWork):
    """The plan of a validation in work.

    Parameters
    ----------
    request, who, check_id
        As of `PlanInWork`.
    score : str
        That a new plan begins with; may be empty.
    """

    way: ClassVar[str] = "/validate"
    leaf: ClassVar[str] = ""
    room: ClassVar[str] = "validate"
    draft: ClassVar[str] = DRAFTS[1]
    kind: ClassVar[str] = "validate"
    key: ClassVar[str] = "plan"
    head: ClassVar[Mapping[str, Any]] = HEAD
    deed: ClassVar[str] = "Validate"
    deed_about: ClassVar[str] = "Intervals come from resamples; you can cancel."

    def __init__(self, request: Request, who: Person, check_id: str, score: str = "") -> None:
        super().__init__(request, who, check_id)
        self._score = score

    def begun(self) -> dict[str, Any]:
        """Begin the plan, with the score that somebody came from."""
        made = super().begun()
        if key := self._score:
            made["scores"] = [{"score": {"file": key.removeprefix(OWN)} if _is_own(key) else key}]
        return made

    def written(self, data: Mapping[str, Any], fields: Fields) -> dict[str, Any]:
        """Write what a form says into the plan."""
        return plan_with(data, fields, self._choices(data)[0])

    def checked(self, data: Mapping[str, Any]) -> tuple[Problem, ...]:
        """Check the plan as far as it can be without the sheet."""
        return checked(data)

    def shown(self, data: Mapping[str, Any], wanted: str) -> Shown:
        """Give what the form shows: the scores, their inputs, and what is asked of them."""
        choices, unknown = self._choices(data)
        words = {
            "value": {
                **FORM.values(data),
                "competing_values": _listed(data.get("outcome"), "competing_values"),
                "ladder": value_at(data, "update.ladder") == "True",
                "subgroups": _subgroups(data),
            },
            "choices": choices,
            "library": self._library({choice.key for choice in choices}, wanted),
            "question": question_in_words(data, choices),
        }
        return Shown(
            words,
            lambda problems: placed(problems, data, choices),
            unknown,
            files=tuple(one.key.removeprefix(OWN) for one in choices if _is_own(one.key)),
        )

    def _choices(
        self, data: Mapping[str, Any]
    ) -> tuple[tuple[ScoreChoice, ...], tuple[Problem, ...]]:
        """Read the scores of a plan; what cannot be read is told."""
        sheet = self.sheet
        found, problems = [], list[Problem]()
        for place, entry in enumerate(score_entries(data)):
            try:
                spec = spec_of(self.request, self.who, key_of(entry))
                found.append(score_choice(place, entry, spec, sheet))
            except Refused as refused:
                problems += refused.problems
        return tuple(found), tuple(problems)

    def _library(self, chosen: set[str], wanted: str) -> list[tuple[str, str, str, bool]]:
        """List scores to choose from: own ones first, and whatever is chosen."""
        own = [
            (f"{OWN}{kept.id}", _title(self.known.store, kept), _made(kept))
            for kept in own_scores(self.request, self.who)
        ]
        carried = [(one.id, one.title, one.status) for one in registry().values() if one.computable]
        part = wanted.strip().casefold()
        return [
            (key, title, about, key in chosen)
            for key, title, about in (*own, *carried)
            if key in chosen or part in f"{key} {title} {about}".casefold()
        ]


def _is_own(key: str) -> bool:
    return key.startswith(OWN)


def _title(store: Store, kept: KeptFile) -> str:
    """Give the title of a score file; scores of several developments have one name."""
    return _title_in(store, kept.id) if kept.size <= LARGEST_FILE else kept.name


@lru_cache(maxsize=256)
def _title_in(store: Store, file_id: str) -> str:
    """Read the title out of a file, which never changes."""
    content = b"".join(content_of(store, file_id))
    try:
        title = tomllib.loads(content.decode()).get("title")
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError):
        title = None
    return str(title)[:200] if title else "a score without a title"


def _made(kept: KeptFile) -> str:
    """Tell one score file from another: its name, when it was made, how its content begins."""
    made_at = kept.made_at[:16].replace("T", " ")
    return f"yours, {kept.name}, {made_at} UTC, {kept.sha256[:8]}"


def _listed(outcome: object, key: str) -> str:
    said = outcome.get(key) if isinstance(outcome, dict) else None
    return ", ".join(map(str, said)) if isinstance(said, list) else ""


def _subgroups(data: Mapping[str, Any]) -> list[str]:
    names = [str(one.get("column", "")) for one in tables_at(data, "subgroups")]
    return [*names, *([""] * MOST_SUBGROUPS)][:MOST_SUBGROUPS]
