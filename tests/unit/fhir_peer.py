"""A real FHIR R4 server (sekmet-fhir) with SMART Backend Services, for tests."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from fhir_server import free_port
from joserfc.jwk import ECKey, RSAKey

PROGRAM = "CARTWHEEL_SEKMET"


def sekmet() -> str | None:
    """Find the program: in the environment, beside Python, or on the path."""
    beside = Path(sys.executable).parent / "sekmet"
    named = os.environ.get(PROGRAM)
    return named or (str(beside) if beside.exists() else shutil.which("sekmet"))


@dataclass(frozen=True)
class Peer:
    """A server that runs."""

    base: str
    ec_key: str = field(repr=False)
    rsa_key: str = field(repr=False)


@contextmanager
def peer(folder: Path, scopes: str = "system/*.cruds") -> Iterator[Peer]:
    """Run a server with two clients of ours: ``ec`` and ``rsa``, each with its key."""
    program = sekmet()
    assert program is not None
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    base = f"http://127.0.0.1:{port}/fhir"
    ec = ECKey.generate_key("P-384", {"kid": "ec-1", "alg": "ES384", "use": "sig"})
    rsa = RSAKey.generate_key(2048, {"kid": "rsa-1", "alg": "RS384", "use": "sig"})
    clients = [
        {"client_id": name, "scopes": scopes, "jwks": {"keys": [key.as_dict(private=False)]}}
        for name, key in (("ec", ec), ("rsa", rsa))
    ]
    settings = {
        "base_url": base, "port": port, "host": "127.0.0.1", "data_dir": str(folder),
        "server_auth": {"types": ["smart"], "smart_clients": clients},
        "simulator": {"enabled": False},
    }  # fmt: skip
    (folder / "settings.yaml").write_text(json.dumps(settings), encoding="utf-8")
    environment = {
        **os.environ, "SEKMET_CONFIG": str(folder / "settings.yaml"), "SEKMET_BASE_URL": base,
        "SEKMET_DB": str(folder / "sekmet.db"), "SEKMET_PORT": str(port),
    }  # fmt: skip
    with (folder / "sekmet.log").open("wb") as log:
        running = subprocess.Popen(
            [program, "serve"], cwd=folder, env=environment, stdout=log, stderr=log
        )
        try:
            _wait(f"{base}/metadata", running)
            yield Peer(base, ec.as_pem(private=True).decode(), rsa.as_pem(private=True).decode())
        finally:
            running.terminate()
            with suppress(subprocess.TimeoutExpired):
                running.wait(20)
            if running.poll() is None:
                running.kill()
                running.wait(20)


def _wait(url: str, running: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 90
    while time.monotonic() < until and running.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                answer.read()
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise AssertionError("the FHIR server of the tests did not start")
