"""A server with an open ward and its FHIR interface, for tests."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from fhir_samples import CODES
from ward_real import WARD

from cartwheel.serve.application import create_app
from cartwheel.serve.fhir.opening import open_fhir
from cartwheel.serve.fhir.settings import FhirSettings
from cartwheel.serve.settings import Settings

TOKEN = "a-token-of-the-tests"
HEADERS = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/fhir+json"}


def fhir_app(folder: Path, told: FhirSettings | None = None, port: int = 8765) -> FastAPI:
    """Put a server together that follows the ward of the tests."""
    folder.mkdir(parents=True, exist_ok=True)
    ward = folder / "ward.toml"
    ward.write_text(WARD, encoding="utf-8")
    app = create_app(Settings(folder=folder, token=TOKEN, port=port, workers=1, ward=ward))
    opened = app.state.services.ward
    opened.codes.keep(CODES, "test")
    if getattr(app.state, "fhir", None) is None or told is not None:
        open_fhir(app, opened, told)
    return app


@contextmanager
def running(app: FastAPI, port: int) -> Iterator[str]:
    """Serve an application on this machine for a while."""
    # what other tests say of logs stays as it is
    settings = uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None, lifespan="on")
    server = uvicorn.Server(settings)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until = time.monotonic() + 30
    while not server.started and time.monotonic() < until and thread.is_alive():
        time.sleep(0.02)
    assert server.started
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(30)


def free_port() -> int:
    """Find a port that nobody listens at."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
