"""``cartwheel serve``: the same jobs in a browser."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cartwheel.cli.common import refusals_as_exit_code
from cartwheel.cli.serve_account import account
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

serve = typer.Typer(help="The same jobs in a browser: for yourself, or with accounts for a group.")
serve.add_typer(account, name="account")


@serve.callback(invoke_without_command=True)
def start(
    context: typer.Context,
    host: Host = "127.0.0.1",
    port: Port = 8765,
    data: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where files, jobs and accounts are kept.")
    ] = None,
    database: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            envvar="CARTWHEEL_DATABASE",
            help="PostgreSQL instead: postgresql+psycopg://user:password@host/name.",
        ),
    ] = None,
    accounts: Accounts = False,
    certificate: Certificate = None,
    key: Key = None,
    behind_proxy: BehindProxy = False,
    public_url: PublicUrl = None,
    oidc: Oidc = None,
    workers: Annotated[int, typer.Option(min=1, help="Jobs at the same time.")] = 2,
    worker_memory: Annotated[
        int, typer.Option(min=0, metavar="MB", help="That a job may take; 0 is no limit.")
    ] = 4096,
    largest_upload: Annotated[int, typer.Option(min=1, metavar="MB", help="Of one file.")] = 512,
    keep_days: Annotated[
        int, typer.Option(min=0, help="After which files and jobs are deleted; 0 is never.")
    ] = 0,
    no_browser: NoBrowser = False,
    token_file: TokenFile = None,
) -> None:
    """Open cartwheel in a browser; nothing leaves this machine. Ctrl-C ends it."""
    if context.invoked_subcommand is not None:
        return
    from cartwheel.cli.serve_run import require_serve, run, token_of

    with refusals_as_exit_code():
        require_serve()
        from cartwheel.serve.settings import MIB, Settings
        from cartwheel.store.database import default_folder

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
            workers=workers,
            worker_memory=worker_memory * MIB,
            largest_upload=largest_upload * MIB,
            keep_days=keep_days,
            oidc=oidc,
        )
        run(settings, browser=not no_browser)
