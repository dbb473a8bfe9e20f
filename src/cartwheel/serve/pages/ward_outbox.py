"""What could not be sent: by target and reason, sent again or dropped by an administrator."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from cartwheel.errors import Problem, Refused
from cartwheel.serve.access.audit import record
from cartwheel.serve.access.person import Person, may
from cartwheel.serve.pages.ward import ward_of_request, ward_words
from cartwheel.serve.problems import status_of
from cartwheel.serve.rendering import page
from cartwheel.serve.services import services
from cartwheel.serve.ward.letters import REASONS, letter_dropped, letters_again, read_letters
from cartwheel.store.ward_json import moment_of

router = APIRouter()
Keeper = Annotated[Person, Depends(may("administer"))]
_LONGEST = 120


@router.get("/ward/outbox")
def outbox_page(request: Request, who: Keeper, target: str = "", before: str = "") -> Response:
    """Show what was given up."""
    return _page(request, who, target=target[:_LONGEST], before=_number(before))


@router.post("/ward/outbox/again")
async def send_letters(request: Request, who: Keeper) -> Response:
    """Send one letter again, those of a target, or all."""
    form = await _form(request)
    opened, tell = ward_of_request(request), _tell(request, who)
    number, target = _number(form.get("number", "")), form.get("target", "")
    return await run_in_threadpool(
        _done, request, who, "again",
        lambda: letters_again(opened.store, tell, number=number, target=target,
                              every=form.get("all") == "true"),
    )  # fmt: skip


@router.post("/ward/outbox/drop")
async def drop_one(request: Request, who: Keeper) -> Response:
    """Drop a letter, with the reason."""
    form = await _form(request)
    opened, tell = ward_of_request(request), _tell(request, who)
    number = _number(form.get("number", "")) or 0
    reason = form.get("reason", "")
    return await run_in_threadpool(
        _done, request, who, "dropped", lambda: letter_dropped(opened.store, tell, number, reason)
    )


def _done(request: Request, who: Person, done: str, work: Callable[[], int | None]) -> Response:
    try:
        many = work()
    except Refused as refused:
        if status_of(refused) == 503:
            raise
        return _page(request, who, problems=refused.problems)
    return _page(request, who, done=done, many=many)


def _page(
    request: Request, who: Person, *, target: str = "", before: int | None = None,
    problems: Sequence[Problem] = (), done: str = "", many: int | None = None,
) -> Response:  # fmt: skip
    opened = ward_of_request(request)
    found = read_letters(opened.store, target=target, before=before)
    return page(
        request, "ward/outbox.html", status=422 if problems else 200,
        **ward_words(opened, who), found=found, target=target, problems=problems, done=done,
        many=many, reasons=list(REASONS.items()), moment_of=moment_of,
    )  # fmt: skip


def _tell(request: Request, who: Person) -> Callable[[str, str], None]:
    return lambda what, about: record(services(request), who, what, about)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else None


async def _form(request: Request) -> dict[str, str]:
    form = await request.form(max_files=0, max_fields=10)
    return {
        name: value.replace("\0", "")[:_LONGEST]
        for name, value in form.multi_items()
        if isinstance(value, str) and name != "csrf"
    }
