"""Opening what watches a server: health, metrics, and a line of the log for each request."""

from __future__ import annotations

from fastapi import FastAPI

from cartwheel.serve.ward.health import router as health
from cartwheel.serve.ward.logs import RequestLog
from cartwheel.serve.ward.metrics import router as metrics


def open_watching(application: FastAPI) -> None:
    """Put health and metrics into an application; call it after every other middleware was added.

    Parameters
    ----------
    application : FastAPI
        With a ward.
    """
    for router in (health, metrics):
        application.include_router(router, include_in_schema=False)
    application.add_middleware(RequestLog)
