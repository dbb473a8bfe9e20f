"""``cartwheel monitor run``: the server that follows a ward."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cartwheel.cli.common import refusals_as_exit_code
from cartwheel.cli.serve_options import (
    Accounts,
    BehindProxy,
    Certificate,
    Host,
    Key,
    NoBrowser,
    Oidc,
    Port,
    PublicUrl,
    TokenFile,
)

if TYPE_CHECKING:
    from cartwheel.serve.services import Services


@dataclass(frozen=True, slots=True)
class Mllp:
    """The HL7 interface as the command line was told.

    Parameters
    ----------
    address : str
        ``HOST:PORT``.
    certificate, key, clients : Path or None
        TLS: chain, key, authorities of clients.
    places : tuple of str
        Points of care that are this ward; empty for all that comes.
    processing : tuple of str
        Processing ids that are taken.
    """

    address: str
    certificate: Path | None
    key: Path | None
    clients: Path | None
    places: tuple[str, ...]
    processing: tuple[str, ...]


def run(
    ward: Annotated[Path, typer.Argument(metavar="WARD.toml", help="Ward file.")],
    host: Host = "127.0.0.1",
    port: Port = 8765,
    data: Annotated[Path | None, typer.Option(metavar="DIR", help="Where the log is kept.")] = None,
    database: Annotated[
        str | None,
        typer.Option(metavar="URL", envvar="CARTWHEEL_DATABASE", help="PostgreSQL instead."),
    ] = None,
    accounts: Accounts = False,
    certificate: Certificate = None,
    key: Key = None,
    behind_proxy: BehindProxy = False,
    public_url: PublicUrl = None,
    oidc: Oidc = None,
    mllp: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="Take HL7 messages there, too.")
    ] = None,
    mllp_certificate: Annotated[
        Path | None, typer.Option(metavar="FILE", help="TLS of it: certificate chain (PEM).")
    ] = None,
    mllp_key: Annotated[
        Path | None, typer.Option(metavar="FILE", help="TLS of it: its key (PEM).")
    ] = None,
    mllp_clients: Annotated[
        Path | None, typer.Option(metavar="FILE", help="TLS of it: whose clients may send (PEM).")
    ] = None,
    hl7_ward: Annotated[
        list[str] | None,
        typer.Option(metavar="PLACE", help="Point of care (PV1-3) that is this ward."),
    ] = None,
    hl7_processing: Annotated[
        list[str] | None,
        typer.Option(metavar="ID", help="Processing id (MSH-11) that is taken; P by default."),
    ] = None,
    fhir_server: Annotated[
        Path | None,
        typer.Option(metavar="F.toml", help="The hospital's FHIR server: pulled from, written to."),
    ] = None,
    keep_raw_days: Annotated[
        int,
        typer.Option(
            min=0,
            metavar="DAYS",
            help="Empty the content of messages after so many days; 0 keeps it.",
        ),
    ] = 0,
    no_browser: NoBrowser = False,
    token_file: TokenFile = None,
) -> None:
    """Follow the ward: pages, and the interfaces by which values come in. Ctrl-C ends it."""
    with refusals_as_exit_code():
        from cartwheel.cli.serve_run import require_serve, run as run_server, token_of

        require_serve()
        from cartwheel.serve.settings import Settings
        from cartwheel.store.database import default_folder
        from cartwheel.workflows.monitor_open import open_ward

        open_ward(ward)  # what is wrong with the file is said before anything is opened
        settings = Settings(
            folder=data or default_folder(),
            database=database,
            host=host,
            port=port,
            token=None if accounts else token_of(token_file),
            accounts=accounts,
            certificate=certificate,
            key=key,
            behind_proxy=behind_proxy,
            public_url=public_url,
            oidc=oidc,
            ward=ward,
            fhir=fhir_server,
            keep_raw_days=keep_raw_days,
        )
        beside: list[Callable[[Services], None]] = []
        if mllp is not None:
            said = Mllp(
                mllp, mllp_certificate, mllp_key, mllp_clients, tuple(hl7_ward or ()),
                tuple(hl7_processing or ("P",)),
            )  # fmt: skip
            beside.append(listening(said))
        if fhir_server is not None:
            from cartwheel.cli.monitor_fhir import server_in

            server_in(fhir_server)  # said before anything is opened

        def prepare(services: Services) -> None:
            for one in beside:
                one(services)

        run_server(settings, browser=not no_browser, prepare=prepare)


def listening(said: Mllp) -> Callable[[Services], None]:
    """Make what lets a server take HL7 messages beside its pages.

    Parameters
    ----------
    said : Mllp
        As the command line was told.

    Returns
    -------
    callable
        Given the services of the application before it starts.

    Raises
    ------
    PlanRefused
        ``address``, ``mllp_tls``, ``mllp_open``: plain text beyond this machine only behind TLS.
    """
    from cartwheel.cli.monitor_send import address_of
    from cartwheel.errors import PlanRefused, refuse
    from cartwheel.serve.settings import LOOPBACK

    host, port = address_of(said.address)
    if (said.certificate is None) != (said.key is None):
        raise refuse(
            PlanRefused, "mllp_tls", "TLS needs a certificate and its key", where="--mllp",
            mend="give both: --mllp-certificate FILE --mllp-key FILE",
        )  # fmt: skip
    if host not in LOOPBACK and said.certificate is None:
        raise refuse(
            PlanRefused, "mllp_open", "patients' values would cross the network in plain text",
            where="--mllp", mend="use TLS: --mllp-certificate FILE --mllp-key FILE, or listen at "
            "127.0.0.1 behind the hospital's interface engine",
        )  # fmt: skip

    def prepare(services: Services) -> None:
        from cartwheel.serve.hl7.context import Hl7Options
        from cartwheel.serve.hl7.parsing import parse
        from cartwheel.serve.hl7.server import MllpServer, tls_context
        from cartwheel.watch.intake import Message

        ward = services.ward
        assert ward is not None
        options = Hl7Options(said.processing, frozenset(said.places))

        def read(content: bytes) -> Message:
            return parse(content, ward.zone, ward.codes.table, options)

        tls = None
        if said.certificate is not None and said.key is not None:
            tls = tls_context(said.certificate, said.key, said.clients)
        ward.parsers["hl7"] = read
        server = MllpServer(host, port, read, ward.ingest.accept, tls=tls)
        # it listens before anything else starts, so that a taken port is told as a refusal; until
        # the intake runs, a message is answered "not now"
        server.start()
        ward.stoppers.append(server.stop)
        ward.counters["hl7"] = lambda: server.counts
        print(f"HL7 messages are taken at {host}:{server.port} (MLLP)", flush=True)

    return prepare
