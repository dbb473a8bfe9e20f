"""``cartwheel monitor pull``: what is new on a FHIR server, by SMART Backend Services."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cartwheel.errors import PlanRefused, refuse

if TYPE_CHECKING:
    from cartwheel.serve.fhir.settings import FhirSettings


def server_in(file: Path) -> FhirSettings:
    """Read the file of the hospital's FHIR server, and what the environment adds to it.

    Parameters
    ----------
    file : Path
        Of `cartwheel.serve.fhir.settings_file.read_fhir_settings`, in either form.

    Returns
    -------
    FhirSettings

    Raises
    ------
    FileRefused, PlanRefused
        As of `cartwheel.serve.fhir.settings.fhir_settings`; ``no_fhir_server`` where it names none.
    """
    from cartwheel.serve.fhir.settings import fhir_settings

    told = fhir_settings(file)
    if told.server is None:
        raise refuse(
            PlanRefused, "no_fhir_server", "this file names no server", where=file.name,
            mend="write its address under [server]: base = \"https://...\"",
        )  # fmt: skip
    return told


def pull_once(ward: Path, server: Path, data: Path | None, database: str | None) -> None:
    """Pull what is new once, and print how much it was.

    Parameters
    ----------
    ward : Path
        Ward file.
    server : Path
        Of `server_in`.
    data : Path or None
        Folder of the log.
    database : str or None
        PostgreSQL instead.

    Raises
    ------
    FileRefused, PlanRefused
        What is wrong with the files; ``not_pulled``.
    """
    from cartwheel.cli.serve_run import require_serve

    require_serve()
    from cartwheel.serve.fhir.opening import intake_of, know_senders, puller_of, server_of
    from cartwheel.serve.settings import Settings
    from cartwheel.serve.ward.opened import open_ward_services
    from cartwheel.serve.ward.webhook_file import webhooks_of
    from cartwheel.store.database import default_folder, open_store
    from cartwheel.workflows.monitor_open import models_of

    said, more = server_in(server), models_of(ward)
    assert said.server is not None
    folder = data or default_folder()
    store = open_store(folder, database)
    try:
        opened = open_ward_services(
            Settings(folder=folder, database=database, ward=ward), store, more_targets=more,
            subscriptions=(
                *said.subscriptions(),
                *(hook.subscription() for hook in webhooks_of()),
            ),
        )  # fmt: skip
        know_senders(opened, said)
        intake = intake_of(opened, said.options)
        puller = puller_of(said.server, server_of(said.server), intake, folder)
        opened.ingest.start()
        try:
            done = puller.pull()
        finally:
            opened.ingest.stop()
    finally:
        store.close()
    print(
        f"{done.patients} patients asked for, {done.resources} resources read, {done.new} new, "
        f"{done.aside} set aside in whole or in part"
    )
    if not done.patients:
        print("the ward follows nobody whom the server knows: admit patients first")
