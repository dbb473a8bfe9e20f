"""``cartwheel monitor run`` as a process, which a test may kill, stop and start again."""

from __future__ import annotations

import json
import os
import re
import secrets
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from serve_postgresql import free_port
from ward_real import real_following
from ward_waiting import until

from cartwheel.store.database import Store, open_store
from cartwheel.store.ward_codes import keep_codes
from cartwheel.watch.codes import CodeRow, CodeTable

UNIT = Path(__file__).resolve().parent
HERE = "127.0.0.1"
# seconds for one start or end: other tests may run beside it
PATIENCE = 90.0
CODES = CodeTable([CodeRow("L", "CART", "infusion")])

WARD = """
schema = "cartwheel/ward/1"
ward = "Ward of the tests"
time_zone = "Europe/Berlin"
grades = ["astct-crs", "icaht-early"]
scores = ["easix", "m-easix"]
landmark_models = []

[max_age_hours]
default = 24

[assumed]
antipyretic = "no"
anticytokine = "no"
corticosteroid = "no"
vasopressors = "none"
oxygen_device = "room air"
crs_other_cause = "none"

[hypotension]
systolic_below_mmhg = 90

[[alert]]
id = "crp-high"
name = "crp"
at_least = "100 mg/L"
clear_below = "80 mg/L"
severity = "info"

[[alert]]
id = "crs-1"
target = "astct-crs"
at_least = 1
severity = "warning"
"""
FOLLOWING = real_following(WARD)
FOLLOWINGS = {FOLLOWING.sha256: FOLLOWING}


class Served:
    """A server of the ward: folder, database, ports and token stay when it starts again.

    ``environment`` is that of its process, such as ``CARTWHEEL_WEBHOOKS``.
    """

    def __init__(self, folder: Path, url: str = "", **environment: str) -> None:
        self.folder, self.url = folder, url
        self.port, self.mllp = free_port(), free_port()
        self.token = secrets.token_urlsafe(24)
        self.environment = environment
        self._process: subprocess.Popen[str] | None = None
        folder.mkdir(parents=True, exist_ok=True)
        self.ward.write_text(WARD, encoding="utf-8")

    @property
    def ward(self) -> Path:
        return self.folder / "ward.toml"

    @property
    def said(self) -> str:
        """All that it wrote on stderr, in every life."""
        path = self.folder / "stderr.txt"
        return path.read_text("utf-8") if path.exists() else ""

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def store(self) -> Store:
        """Open what it keeps."""
        return open_store(self.folder / "data", self.url or None)

    def prepare(self) -> None:
        """Make the database, and the code of the infusion."""
        store = self.store()
        keep_codes(store, CODES, "test")
        store.close()

    def begin(self, *program: str, **environment: str) -> None:
        """Start it, by another program where one is named; `opened` waits until it answers."""
        command = [
            sys.executable, *(program or ("-m", "cartwheel.cli")), "monitor", "run",
            str(self.ward), "--no-browser", "--port", str(self.port),
            "--mllp", f"{HERE}:{self.mllp}", "--data", str(self.folder / "data"),
        ]  # fmt: skip
        if self.url:
            command += ["--database", self.url]
        more = {"CARTWHEEL_TOKEN": self.token, "PYTHONUTF8": "1", "PYTHONPATH": str(UNIT)}
        with open(self.folder / "stderr.txt", "ab") as stderr:
            self._process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=stderr, text=True,
                env={**os.environ, **more, **self.environment, **environment},
            )  # fmt: skip

    def opened(self) -> bool:
        """Wait until it answers; False where it ended before."""
        process = self._process
        assert process is not None
        assert process.stdout is not None
        killer = threading.Timer(PATIENCE, process.kill)
        killer.start()
        line = process.stdout.readline()
        while line and "Ctrl-C" not in line:
            line = process.stdout.readline()
        killer.cancel()
        return bool(line)

    def start(self, *program: str, **environment: str) -> None:
        """Start it, and wait until it answers."""
        self.begin(*program, **environment)
        assert self.opened(), self.said[-2000:]

    def ready(self) -> None:
        """Wait until it takes messages."""
        until(lambda: self.ask("GET", "/health/ready")[0] == 200)

    def kill(self) -> None:
        """End it as a power cut does."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End it as Ctrl-C does."""
        self._end(signal.SIGINT)

    def wait(self, seconds: float) -> bool:
        """Say whether it ended by itself within a time."""
        assert self._process is not None
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def _end(self, how: signal.Signals) -> None:
        process = self._process
        if process is None:
            return
        if process.poll() is None:
            process.send_signal(how)
        try:
            process.wait(PATIENCE)
        finally:
            process.kill()
            process.communicate()

    def ask(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> tuple[int, str]:
        """Call it as a program does."""
        call = HTTPConnection(HERE, self.port, timeout=PATIENCE)
        try:
            call.request(method, path, body,
                         {"Authorization": f"Bearer {self.token}", **(headers or {})})  # fmt: skip
            answer = call.getresponse()
            return answer.status, answer.read().decode("utf-8", "replace")
        finally:
            call.close()

    def json(self, path: str) -> Any:
        """Read what it answers."""
        status, text = self.ask("GET", path)
        assert status == 200, text[:500]
        return json.loads(text)

    def memory(self, which: str = "VmRSS") -> int:
        """Bytes that it holds now (``VmRSS``), or held at most (``VmHWM``)."""
        text = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii")
        return int(re.findall(rf"{which}:\s+(\d+) kB", text)[0]) * 1024
