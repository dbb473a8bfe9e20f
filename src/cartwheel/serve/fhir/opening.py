"""Opening the FHIR interface of a ward: its calls, and what runs beside them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import cast

from fastapi import FastAPI

from cartwheel.serve.fhir.checking import make_ready
from cartwheel.serve.fhir.context import FhirOptions
from cartwheel.serve.fhir.endpoints import router
from cartwheel.serve.fhir.http import FhirServer, FixedToken, Tokens
from cartwheel.serve.fhir.intake import FhirIntake, read_again, sender_of
from cartwheel.serve.fhir.pulling import Cursors, Puller
from cartwheel.serve.fhir.settings import TARGET, FhirSettings, ServerSettings, fhir_settings
from cartwheel.serve.fhir.smart import SmartTokens
from cartwheel.serve.fhir.writing import fhir_sender
from cartwheel.serve.ward.opened import WardServices
from cartwheel.serve.ward.outbox import Outbox

PULL = "pull"
"""The hospital's server as a sender."""


def open_fhir(application: FastAPI, ward: WardServices, told: FhirSettings | None = None) -> None:
    """Open the interface of a ward, and put its calls into an application.

    Parameters
    ----------
    application : FastAPI
        It gets ``state.fhir``, and what is under ``/fhir``.
    ward : WardServices
        Open. It learns to read again what this interface brought; where a server of the hospital
        is told, it is read from and written to while the ward runs.
    told : FhirSettings, optional
        By default what the environment names. Its ``subscriptions()`` are for
        `open_ward_services`: without them nothing is written back.
    """
    known = fhir_settings() if told is None else told
    ward.senders.update(known.senders)
    if known.server is not None:
        ward.senders[PULL] = replace(known.options, base=known.server.base)
    intake = FhirIntake(
        ward.ingest,
        ward.store,
        lambda: ward.codes.table,
        known.options,
        cast(Mapping[str, FhirOptions], ward.senders),
    )
    application.state.fhir = intake
    ward.readers["fhir"] = lambda message: read_again(
        message, intake.context(sender_of(message.key))
    )
    begin = list[Callable[[], object]]()
    # the validators take half a second to load: before the first resource comes, not with it
    begin.append(threading.Thread(target=make_ready, daemon=True).start)
    if known.server is not None:
        begin += _beside(application, ward, intake, known.server)
    ward.starters.extend(begin)
    if ward.running:
        for one in begin:
            one()
    application.include_router(router, include_in_schema=False)


def _beside(
    application: FastAPI, ward: WardServices, intake: FhirIntake, told: ServerSettings
) -> list[Callable[[], object]]:
    """Read from the hospital's server, and write to it, while the ward runs."""
    tokens: Tokens | None = FixedToken(told.token) if told.token else None
    if told.client is not None:
        tokens = SmartTokens(told.base, told.client)
    server = FhirServer(told.base, tokens)
    begin: list[Callable[[], object]] = []
    if told.pull:
        cursors = Cursors(application.state.services.settings.folder / "fhir-cursors.json")
        puller = Puller(server, intake, cursors, PULL, every=told.every)
        application.state.fhir_news = puller.wake
        begin.append(puller.start)
        ward.stoppers.append(puller.stop)
    if told.write:
        outbox = Outbox(ward.store, {TARGET: fhir_sender(ward.store, server, told.by)})
        ward.ingest.listen(outbox.wake)
        begin.append(outbox.start)
        ward.stoppers.append(outbox.stop)
    return begin
