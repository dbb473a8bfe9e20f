"""Opening the FHIR interface of a ward: its calls, and what runs beside them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import cast

from fastapi import FastAPI

from cartwheel.serve.fhir.checking import make_ready
from cartwheel.serve.fhir.context import FhirOptions
from cartwheel.serve.fhir.endpoints import router
from cartwheel.serve.fhir.http import FhirServer, FixedToken, Tokens
from cartwheel.serve.fhir.intake import FhirIntake
from cartwheel.serve.fhir.linking import subjects_of
from cartwheel.serve.fhir.pulling import Cursors, Puller
from cartwheel.serve.fhir.settings import (
    PULL,
    TARGET,
    FhirSettings,
    ServerSettings,
    fhir_settings,
)
from cartwheel.serve.fhir.smart import SmartTokens
from cartwheel.serve.fhir.writing import fhir_sender
from cartwheel.serve.settings import Settings
from cartwheel.serve.ward.opened import WardServices
from cartwheel.serve.ward.outbox import Outbox


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
        By default what the settings or the environment name. Its ``subscriptions()`` are for
        `open_ward_services`: without them nothing is written back.
    """
    settings: Settings = application.state.services.settings
    known = fhir_settings(settings.fhir) if told is None else told
    know_senders(ward, known)
    intake = application.state.fhir = intake_of(ward, known.options)
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


def know_senders(ward: WardServices, known: FhirSettings) -> None:
    """Let a ward know how each sender's resources are read.

    Parameters
    ----------
    ward : WardServices
        It learns of them.
    known : FhirSettings
        What is told. The hospital's server is read as everybody is, where nothing else is said.
    """
    ward.senders.update(known.senders)
    if known.server is not None:
        own = replace(known.options, base=known.server.base)
        ward.senders.setdefault(known.server.name, own)


def server_of(told: ServerSettings) -> FhirServer:
    """Make what calls the hospital's server.

    Parameters
    ----------
    told : ServerSettings
        The server.

    Returns
    -------
    FhirServer

    Raises
    ------
    PlanRefused
        ``server_address``, ``smart_key``.
    """
    tokens: Tokens | None = FixedToken(told.token) if told.token else None
    if told.client is not None:
        tokens = SmartTokens(told.base, told.client)
    return FhirServer(told.base, tokens)


def puller_of(told: ServerSettings, server: FhirServer, intake: FhirIntake, folder: Path) -> Puller:
    """Make what pulls from the hospital's server.

    Parameters
    ----------
    told : ServerSettings
        The server.
    server : FhirServer
        From `server_of`.
    intake : FhirIntake
        Where what is read goes.
    folder : Path
        Where it is noted up to when was read; made where it is not there.

    Returns
    -------
    Puller
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    name = "fhir-cursors" if told.name == PULL else f"fhir-cursors-{told.name}"
    cursors = Cursors(folder / f"{name}.json")
    return Puller(server, intake, cursors, told.name, every=told.every)


def intake_of(ward: WardServices, options: FhirOptions) -> FhirIntake:
    """Make the intake of a ward's resources, and let the ward read again what it brought.

    Parameters
    ----------
    ward : WardServices
        With its senders.
    options : FhirOptions
        Of every sender that has none of its own.

    Returns
    -------
    FhirIntake
    """
    intake = FhirIntake(
        ward.ingest,
        ward.store,
        lambda: ward.codes.table,
        options,
        cast(Mapping[str, FhirOptions], ward.senders),
    )
    ward.readers["fhir"] = intake.again
    ward.counters["fhir"] = intake.order.counts
    return intake


def _beside(
    application: FastAPI, ward: WardServices, intake: FhirIntake, told: ServerSettings
) -> list[Callable[[], object]]:
    """Read from the hospital's server, and write to it, while the ward runs."""
    server = server_of(told)
    begin: list[Callable[[], object]] = []
    if told.pull:
        puller = puller_of(told, server, intake, application.state.services.settings.folder)
        application.state.fhir_news = puller.wake
        begin.append(puller.start)
        ward.stoppers.append(puller.stop)
    if told.write:
        rules = subjects_of(ward.ward.alerts)
        systems = intake.senders.get(told.name, intake.options).systems
        send = fhir_sender(ward.store, server, told.by, rules, systems)
        outbox = Outbox(ward.store, {TARGET: send})
        ward.ingest.listen(outbox.wake)
        begin.append(outbox.start)
        ward.stoppers.append(outbox.stop)
    return begin
