"""Home: the jobs, what was done last, how to begin, and what it is meant for."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from cartwheel.serve.access.person import Person, may
from cartwheel.serve.pages.jobs import WORDS, owner_of
from cartwheel.serve.rendering import page
from cartwheel.serve.services import services
from cartwheel.store.kept_jobs import jobs_of

router = APIRouter()


@router.get("/")
def home(request: Request, who: Annotated[Person, Depends(may("read"))]) -> Response:
    """Show the jobs and the latest results."""
    recent = jobs_of(services(request).store, owner_of(who), most=6)
    return page(request, "home.html", recent=recent, kinds=WORDS, here=services(request).settings)
