"""What a server is told when it starts."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

MIB = 1 << 20
LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True, slots=True)
class Settings:
    """What a server is told when it starts.

    Parameters
    ----------
    folder : Path
        For the SQLite file and for files in work.
    database : str or None
        URL of a PostgreSQL database instead.
    host : str
        Address to listen at; any but loopback wants ``accounts``.
    port : int
        0 is any free one.
    token : str or None
        Of a server without accounts: whoever has it may do everything. None only with accounts.
    once : str or None
        A token that is taken once, within a minute: for the browser that is opened at the start.
    accounts : bool
        Whether people log in.
    certificate, key : Path or None
        TLS.
    behind_proxy : bool
        A proxy in front ends TLS; its ``X-Forwarded-*`` are believed.
    public_url : str or None
        Under which the proxy serves it, such as ``https://cartwheel.example.org``.
    workers : int
        Jobs at the same time.
    worker_memory : int
        Bytes that a job may take; 0 is no limit.
    largest_upload : int
        Bytes.
    keep_days : int
        After which files and jobs are deleted; 0 is never.
    oidc : str or None
        Issuer of OpenID Connect; its client is in the environment.
    ward : Path or None
        Ward file: patients are followed by it, see `cartwheel.serve.ward.opened`.
    fhir : Path or None
        What the FHIR interface is told, see `cartwheel.serve.fhir.settings`; by default what the
        environment names.
    keep_raw_days : int
        After which the content of a ward's messages is emptied; 0 is never.
    """

    folder: Path
    # what is secret is in no text of it
    database: str | None = field(default=None, repr=False)
    host: str = "127.0.0.1"
    port: int = 8765
    token: str | None = field(default=None, repr=False)
    once: str | None = field(default=None, repr=False)
    accounts: bool = False
    certificate: Path | None = None
    key: Path | None = None
    behind_proxy: bool = False
    public_url: str | None = None
    workers: int = 2
    worker_memory: int = 4096 * MIB
    largest_upload: int = 512 * MIB
    keep_days: int = 0
    oidc: str | None = None
    ward: Path | None = None
    fhir: Path | None = None
    keep_raw_days: int = 0

    @property
    def on_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        return self.host in LOOPBACK
