"""The real servers start by one command each, as the README says."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import pytest
from fhir_peer import sekmet
from serve_postgresql import Cluster

from cartwheel.store.database import open_store

SCRIPT = Path(__file__).resolve().parents[1] / "servers.py"


@contextmanager
def started(name: str) -> Iterator[str]:
    running = subprocess.Popen(
        [sys.executable, str(SCRIPT), name], stdout=subprocess.PIPE, text=True
    )
    try:
        assert running.stdout is not None
        yield running.stdout.readline().strip()
    finally:
        running.send_signal(signal.SIGTERM)
        code = running.wait(60)
        running.stdout.close()
    assert code == 0


def test_postgresql(postgresql: Cluster) -> None:
    assert postgresql.port  # it is installed: else this is skipped, with the reason
    with started("postgresql") as address:
        open_store(None, address).close()


@pytest.mark.skipif(sekmet() is None, reason="sekmet-fhir is not installed (CARTWHEEL_SEKMET)")
def test_a_fhir_server_with_smart_backend_services() -> None:
    with started("fhir") as base, urlopen(f"{base}/.well-known/smart-configuration") as answer:
        assert b"token_endpoint" in answer.read()


def test_another_name_is_refused() -> None:
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "oracle"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr.strip()) == (1, "which? postgresql or fhir")
