"""The application: pages, calls and static files behind one door."""

from __future__ import annotations

import asyncio
import gc
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from pydantic.warnings import UnsupportedFieldAttributeWarning
from starlette.types import Receive, Scope, Send

from cartwheel import __version__
from cartwheel.errors import Refused
from cartwheel.serve.access.audit import AuditWriter
from cartwheel.serve.access.door import Door
from cartwheel.serve.access.pages import router as access
from cartwheel.serve.access.sessions import Sessions
from cartwheel.serve.jobs.queue import Queue
from cartwheel.serve.pages.home import router as home
from cartwheel.serve.problems import add_handlers
from cartwheel.serve.services import Services
from cartwheel.serve.settings import Settings
from cartwheel.serve.static_files import router as static
from cartwheel.store.database import Store, open_store

if TYPE_CHECKING:
    from cartwheel.serve.ward.opened import WardServices

PAGES = (
    "jobs", "cohort", "honest", "scores", "validate", "pool", "grades",
    "ward", "ward_patient", "ward_parked", "ward_outbox", "ward_drift",
)  # fmt: skip
CALLS = "cartwheel.serve.api"
DESCRIPTION = (
    "CAR-T prognostic scores: develop, validate, pool, score, grade. The same workflows, and the "
    "same JSON, as the command line. Research and education."
)
# seconds after the start, in which a browser has come for its first page
_SOON = 1.0


def create_app(settings: Settings, *, whole: bool = True) -> FastAPI:
    """Put the server together.

    Parameters
    ----------
    settings : Settings
        As the command line was told.
    whole : bool
        Whether all of it is loaded now. Else the home page and the log-in are, and the rest a
        second after the start, or when it is first asked for.

    Returns
    -------
    FastAPI
        Its store is open; its queue starts with it.
    """
    # FastAPI silences this around each route, which holds in one thread only
    warnings.filterwarnings("ignore", category=UnsupportedFieldAttributeWarning)
    store = open_store(settings.folder, settings.database)
    ward = _opened_ward(settings, store)
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
        if ward is not None:
            ward.start()
        _keep_what_is_loaded()
        later = asyncio.create_task(_soon(rest))
        try:
            yield
        finally:
            later.cancel()
            with suppress(asyncio.CancelledError):
                await later
            if ward is not None:
                await asyncio.to_thread(ward.stop)
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
    application.state.services = Services(settings, store, queue, audit, Sessions(store), ward)
    add_handlers(application)
    rest = _Rest(application)
    for router in (home, access, static):
        application.include_router(router, include_in_schema=False)
    if ward is not None:
        try:
            _open_interfaces(application, ward)
        except Refused:
            store.close()
            raise
    if whole:
        rest.join()
    application.add_middleware(Door, services=application.state.services)
    if ward is not None:
        from cartwheel.serve.ward.watching import open_watching  # noqa: PLC0415

        open_watching(application)
    return application


def _opened_ward(settings: Settings, store: Store) -> WardServices | None:
    if settings.ward is None:
        return None
    from cartwheel.serve.fhir.settings import fhir_settings  # noqa: PLC0415
    from cartwheel.serve.ward.opened import open_ward_services  # noqa: PLC0415
    from cartwheel.serve.ward.webhook_file import webhooks_of  # noqa: PLC0415
    from cartwheel.workflows.monitor_open import models_of  # noqa: PLC0415

    try:
        return open_ward_services(
            settings,
            store,
            more_targets=models_of(settings.ward),
            subscriptions=(
                *fhir_settings(settings.fhir).subscriptions(),
                *(hook.subscription() for hook in webhooks_of()),
            ),
        )
    except Refused:
        store.close()
        raise


def _open_interfaces(application: FastAPI, ward: WardServices) -> None:
    from cartwheel.serve.cds.opening import open_cds  # noqa: PLC0415
    from cartwheel.serve.fhir.opening import open_fhir  # noqa: PLC0415
    from cartwheel.serve.ward.retention import open_retention  # noqa: PLC0415
    from cartwheel.serve.ward.webhook_file import open_webhooks, webhooks_of  # noqa: PLC0415

    open_fhir(application, ward)
    open_webhooks(ward, webhooks_of())
    open_cds(application, application.state.services)
    open_retention(ward, application.state.services.settings.keep_raw_days)


class _Rest:
    """The pages and calls that the first page does not need."""

    def __init__(self, application: FastAPI) -> None:
        self._application = application
        self._joined = False
        # a description of the calls, before these are there, would be empty
        self._own = list(application.router.routes)
        application.router.routes.clear()
        self._not_there = application.router.default
        # asked only where no route that is there yet has matched
        application.router.default = self

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer what nothing that is loaded answers."""
        if self._joined:
            await self._not_there(scope, receive, send)
            return
        await self.load()
        await self._application.router(scope, receive, send)

    async def load(self) -> None:
        """Load it in a thread, so that what is there already goes on answering."""
        await asyncio.to_thread(_loaded)
        # on the loop: no request is looking through the routes just now
        self.join()
        gc.freeze()

    def join(self) -> None:
        """Put it in."""
        if self._joined:
            return
        self._joined = True
        application, routes = self._application, self._application.router.routes
        there = list(routes)
        routes.clear()
        # first: routes are tried one after the other, and programs call oftener than people click
        calls, *pages = _loaded()
        # not included: a router inside another one matches every request twice
        routes.extend(calls.router.routes)
        calls.describe(application)
        for page in pages:
            application.include_router(page.router, include_in_schema=False)
        routes.extend([*there, *self._own])


def _loaded() -> list[Any]:
    return [import_module(name) for name in (CALLS, *map("cartwheel.serve.pages.{}".format, PAGES))]


async def _soon(rest: _Rest) -> None:
    await asyncio.sleep(_SOON)
    await rest.load()
    # the first score that somebody opens need not wait for what every score needs
    await asyncio.to_thread(import_module("cartwheel.serve.pages.scores").make_ready)


def _keep_what_is_loaded() -> None:
    """Leave what is loaded by now alone: to look for garbage in it takes longer than a call."""
    if gc.isenabled():
        gc.collect()
    gc.freeze()
    gc.enable()
