"""Opening CDS Hooks for a ward: its calls, and the settings checked when the server starts."""

from __future__ import annotations

import threading

from fastapi import FastAPI

from cartwheel.serve.cds.calls import open_desk, router
from cartwheel.serve.services import Services


def open_cds(application: FastAPI, known: Services) -> None:
    """Put the calls of CDS Hooks into an application; call it after the FHIR interface is opened.

    Parameters
    ----------
    application : FastAPI
        It gets ``state.cds``, and what is under ``/cds-services``: 404 without settings.
    known : Services
        Of the application, with a ward.

    Raises
    ------
    FileRefused, PlanRefused
        What is wrong with the settings.
    """
    taking = getattr(application.state, "fhir", None)
    desk = open_desk(known, None if taking is None else taking.options)
    application.state.cds = desk
    application.include_router(router, include_in_schema=False)
    if desk is not None and known.ward is not None:
        make_ready = desk.make_ready
        known.ward.starters.append(lambda: threading.Thread(target=make_ready, daemon=True).start())
