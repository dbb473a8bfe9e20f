"""Options of every command that opens a server: ``cartwheel serve``, ``cartwheel monitor run``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

Host: TypeAlias = Annotated[str, typer.Option(help="Address to listen at.")]
Port: TypeAlias = Annotated[int, typer.Option(min=0, max=65535, help="0 is any free one.")]
Accounts: TypeAlias = Annotated[bool, typer.Option("--accounts", help="People log in.")]
Certificate: TypeAlias = Annotated[
    Path | None, typer.Option(metavar="FILE", help="TLS: certificate chain (PEM).")
]
Key: TypeAlias = Annotated[Path | None, typer.Option(metavar="FILE", help="TLS: its key (PEM).")]
BehindProxy: TypeAlias = Annotated[
    bool, typer.Option("--behind-proxy", help="A proxy before it ends TLS.")
]
PublicUrl: TypeAlias = Annotated[
    str | None, typer.Option(metavar="URL", help="Address under which people open it.")
]
Oidc: TypeAlias = Annotated[
    str | None, typer.Option(metavar="ISSUER", help="Log-in at an OpenID issuer, too.")
]
NoBrowser: TypeAlias = Annotated[
    bool, typer.Option("--no-browser", help="Print the address; open nothing.")
]
TokenFile: TypeAlias = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Token, for programs; it is made where there is none."),
]
