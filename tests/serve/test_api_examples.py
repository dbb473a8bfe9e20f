"""The examples of the documentation, against a server that listens."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from serve_api import calls

from cartwheel.store.database import open_store

uvicorn = pytest.importorskip("uvicorn")
REPOSITORY = Path(__file__).resolve().parents[2]


def test_the_example_of_a_client_does_what_its_page_shows(tmp_path: Path) -> None:
    pytest.importorskip("httpx", reason="the example asks with it")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    store = open_store(tmp_path / "store")
    app, known = calls(store, tmp_path / "data")
    known.queue.start()
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        until = time.monotonic() + 60
        while not server.started and time.monotonic() < until:
            time.sleep(0.02)
        done = subprocess.run(
            [sys.executable, str(REPOSITORY / "examples" / "api_client.py")],
            env={
                **os.environ,
                "CARTWHEEL_URL": f"http://127.0.0.1:{port}",
                "CARTWHEEL_TOKEN": "ada:analyst",
            },
            capture_output=True, text=True, check=False, timeout=180,
        )  # fmt: skip
    finally:
        server.should_exit = True
        thread.join(20)
        known.queue.stop()
        known.audit.close()
        store.close()
    assert done.returncode == 0, done.stderr
    page = (REPOSITORY / "docs" / "tutorial-api.md").read_text(encoding="utf-8")
    assert f"$ python examples/api_client.py\n{done.stdout}```" in page
