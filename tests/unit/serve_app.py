"""The server's application with the pages of jobs and files alone, for tests of these."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fastapi import FastAPI
from starlette.testclient import TestClient

from cartwheel.serve.access.audit import AuditWriter
from cartwheel.serve.access.door import Door
from cartwheel.serve.access.person import Person
from cartwheel.serve.access.sessions import Sessions
from cartwheel.serve.jobs.queue import Queue
from cartwheel.serve.pages import jobs
from cartwheel.serve.problems import add_handlers
from cartwheel.serve.services import Services
from cartwheel.serve.settings import Settings
from cartwheel.store.database import Store

TOKEN = "token-of-the-tests"
HOST = "http://127.0.0.1"


class Everybody:
    """Lets everybody in by name and role: ``Authorization: Bearer ada:analyst``."""

    async def recognise(self, headers: dict[bytes, bytes]) -> Person | None:
        name, _, role = headers.get(b"authorization", b"")[7:].decode().partition(":")
        # a person with a session has to bring the token of its pages
        session = "session" if b"x-test-session" in headers else ""
        return Person(name, role, session) if role else None  # type: ignore[arg-type]

    def admit(self, _scope: object) -> None:
        return None

    def stranger(self, _headers: object) -> str:
        return ""


def application(store: Store, folder: Path, *, largest: int = 1 << 20) -> tuple[FastAPI, Services]:
    """Put the pages of jobs and files behind the door."""
    settings = Settings(folder=folder, token=TOKEN, largest_upload=largest)
    queue = Queue(store, workers=1, folder=folder / "work")
    known = Services(settings, store, queue, AuditWriter(store), Sessions(store))
    app = FastAPI()
    app.state.services = known
    add_handlers(app)
    app.include_router(jobs.router)
    app.add_middleware(Door, services=known, keeper=Everybody())
    return app, known


def as_person(client: TestClient, name: str = "ada", role: str = "analyst") -> TestClient:
    """Let a client ask as somebody."""
    client.headers["Authorization"] = f"Bearer {name}:{role}"
    return client


@contextmanager
def serving(
    store: Store, folder: Path, *, largest: int = 1 << 20
) -> Iterator[tuple[TestClient, Services]]:
    """Serve, with a queue that runs."""
    app, known = application(store, folder, largest=largest)
    known.queue.start()
    try:
        with TestClient(app, base_url=HOST) as client:
            yield as_person(client), known
    finally:
        known.queue.stop()
        known.audit.close()
