"""``cartwheel serve`` as a process of its own, which a test may stop, kill and start again."""

from __future__ import annotations

import os
import re
import secrets
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path

# seconds: other tests may run beside it
PATIENCE = 60.0
_ADDRESS = re.compile(r"cartwheel is open at (http://127\.0\.0\.1:(\d+))/(?:\?token=\S+)?\s*")


class Server:
    """A server with a folder, a token, and a port that stay the same when it starts again."""

    def __init__(self, folder: Path, *arguments: str, accounts: bool = False) -> None:
        self.folder = folder
        self.token = secrets.token_urlsafe(24)
        self.port = 0
        self.accounts = accounts
        self._more = (*arguments, *(["--accounts"] if accounts else []))
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def said(self) -> str:
        """What it wrote on stderr."""
        return (self.folder / "stderr.txt").read_text(encoding="utf-8")

    def start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "cartwheel.cli", "serve", "--no-browser",
                   "--port", str(self.port), "--data", str(self.folder / "data")]  # fmt: skip
        environment = {**os.environ, "PYTHONUTF8": "1", "CARTWHEEL_TRACEBACK": "1"}
        if not self.accounts:
            environment["CARTWHEEL_TOKEN"] = self.token
        with open(self.folder / "stderr.txt", "ab") as stderr:
            self._process = subprocess.Popen(
                [*command, *self._more], stdout=subprocess.PIPE, stderr=stderr, env=environment
            )
        assert self._process.stdout is not None
        killer = threading.Timer(PATIENCE, self._process.kill)
        killer.start()
        line = self._process.stdout.readline().decode()
        killer.cancel()
        found = _ADDRESS.match(line)
        if found is None:
            self._process.communicate()
        assert found, line + self.said
        self.port = int(found[2])

    def stop(self) -> None:
        """End it as Ctrl-C does."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """End it as a power cut does: at once, and its workers with it."""
        assert self._process is not None
        for child in children(self._process.pid):
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        self._end(signal.SIGKILL)

    def _end(self, how: signal.Signals) -> None:
        assert self._process is not None
        if self._process.poll() is None:
            self._process.send_signal(how)
            try:
                self._process.wait(PATIENCE)
            finally:
                self._process.kill()
                self._process.communicate()

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, str]:
        """Call it as a program does."""
        call = HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            headers = {name.replace("_", "-"): value for name, value in headers.items()}
            call.request(method, path, body, {"Authorization": f"Bearer {self.token}", **headers})
            answer = call.getresponse()
            return answer.status, answer.read().decode("utf-8", "replace")
        finally:
            call.close()

    def memory(self) -> int:
        """Bytes that the process of the server holds, without its workers."""
        text = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii")
        return int(re.findall(r"VmRSS:\s+(\d+) kB", text)[0]) * 1024


@contextmanager
def serving(folder: Path, *arguments: str, accounts: bool = False) -> Iterator[Server]:
    """A server that runs, and ends with the block."""
    server = Server(folder, *arguments, accounts=accounts)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def children(pid: int) -> list[int]:
    """Processes that a process started, and theirs."""
    found = []
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text(encoding="ascii").split():
                found += [int(child), *children(int(child))]
    return found
