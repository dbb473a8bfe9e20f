"""The server's calls behind its door, for their tests; everybody says who they are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fastapi import FastAPI
from serve_app import HOST, Everybody, as_person
from starlette.testclient import TestClient

from cartwheel.serve.access.audit import AuditWriter
from cartwheel.serve.access.door import Door
from cartwheel.serve.access.sessions import Sessions
from cartwheel.serve.api import describe, router
from cartwheel.serve.jobs.queue import Queue
from cartwheel.serve.problems import add_handlers
from cartwheel.serve.services import Services
from cartwheel.serve.settings import Settings
from cartwheel.store.database import Store

ROOT = "/api/v1"
PATIENT = {
    "inputs": {
        "ldh": {"value": 280, "unit": "U/L"},
        "creatinine": "97 umol/L",
        "platelets": {"value": "90", "unit": "10*9/L", "day": -6},
    }
}


def calls(store: Store, folder: Path) -> tuple[FastAPI, Services]:
    """Put the calls behind the door; 1 MB is the largest upload."""
    settings = Settings(folder=folder, token="of the tests", largest_upload=1 << 20)
    queue = Queue(store, workers=1, folder=folder / "work")
    known = Services(settings, store, queue, AuditWriter(store), Sessions(store))
    app = FastAPI(title="cartwheel", version="0", openapi_url=f"{ROOT}/openapi.json")
    app.state.services = known
    add_handlers(app)
    app.router.routes.extend(router.routes)
    describe(app)
    app.add_middleware(Door, services=known, keeper=Everybody())
    return app, known


@contextmanager
def calling(store: Store, folder: Path, *, running: bool = False) -> Iterator[TestClient]:
    """Give a client, and a queue that runs where it is wanted."""
    app, known = calls(store, folder)
    if running:
        known.queue.start()
    try:
        with TestClient(app, base_url=HOST) as client:
            yield as_person(client)
    finally:
        known.queue.stop()
        known.audit.close()
