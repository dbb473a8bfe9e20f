"""The application: pages, calls and static files behind one door."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module

from fastapi import FastAPI

from cartwheel import __version__
from cartwheel.serve.access.audit import AuditWriter
from cartwheel.serve.access.door import Door
from cartwheel.serve.access.pages import router as access
from cartwheel.serve.access.sessions import Sessions
from cartwheel.serve.jobs.queue import Queue
from cartwheel.serve.problems import add_handlers
from cartwheel.serve.services import Services
from cartwheel.serve.settings import Settings
from cartwheel.serve.static_files import router as static
from cartwheel.store.database import open_store

PAGES = ("home", "jobs", "cohort", "honest", "scores", "validate", "pool", "grades")
CALLS = "cartwheel.serve.api"
DESCRIPTION = (
    "CAR-T prognostic scores: develop, validate, pool, score, grade. The same workflows, and the "
    "same JSON, as the command line. Research and education."
)


def create_app(settings: Settings) -> FastAPI:
    """Put the server together.

    Parameters
    ----------
    settings : Settings
        As the command line was told.

    Returns
    -------
    FastAPI
        Its store is open; its queue starts with it.
    """
    store = open_store(settings.folder, settings.database)
    audit = AuditWriter(store)
    queue = Queue(
        store,
        workers=settings.workers,
        memory=settings.worker_memory,
        folder=settings.folder / "work",
        keep_days=settings.keep_days,
    )

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        queue.start()
        # what is loaded by now stays: looking through it for garbage takes longer than a call
        gc.collect()
        gc.freeze()
        try:
            yield
        finally:
            queue.stop()
            audit.close()
            store.close()

    application = FastAPI(
        title="cartwheel",
        version=__version__,
        description=DESCRIPTION,
        lifespan=lifespan,
        openapi_url="/api/v1/openapi.json",
        docs_url=None,  # its page asks other hosts for scripts
        redoc_url=None,
    )
    application.state.services = Services(settings, store, queue, audit, Sessions(store))
    add_handlers(application)
    # first: routes are tried one after the other, and programs call oftener than people click
    calls = import_module(CALLS)
    application.include_router(calls.router, prefix="/api/v1")
    calls.describe(application)
    for name in PAGES:
        application.include_router(
            import_module(f"cartwheel.serve.pages.{name}").router, include_in_schema=False
        )
    application.include_router(access, include_in_schema=False)
    application.include_router(static, include_in_schema=False)
    application.add_middleware(Door, services=application.state.services)
    return application
