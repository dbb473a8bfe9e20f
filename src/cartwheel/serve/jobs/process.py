"""A worker process, seen from the server."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import cartwheel

# what a worker gets of the server's environment: no address of a database, no secret
_KEPT = ("PATH", "HOME", "LANG", "LANGUAGE", "TZ", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH",
         "VIRTUAL_ENV", "SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "USERPROFILE", "APPDATA",
         "LOCALAPPDATA", "TEMP", "TMP", "TMPDIR", "FONTCONFIG_FILE", "FONTCONFIG_PATH")  # fmt: skip
_KEPT_BEGINNINGS = ("LC_", "PYTHON", "MPL", "XDG_CACHE", "OMP_", "OPENBLAS_", "MKL_", "COV_")


class WorkerProcess:
    """A process that does jobs, one at a time.

    Parameters
    ----------
    memory : int
        Bytes that it may take; 0 is no limit.
    """

    def __init__(self, memory: int) -> None:
        self.jobs = 0
        self._killed = False
        self._lock = threading.Lock()
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "cartwheel.serve.jobs.worker", str(memory)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=_environment(),
            # Ctrl-C in the terminal is for the server, which stops its workers in good order
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        """Number of the process."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it runs, and nobody has ended it."""
        return not self._killed and self._process.poll() is None

    def do(self, kind: str, folder: Path, request: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Give it a job, and hear what it tells.

        Parameters
        ----------
        kind : str
            Of the job.
        folder : Path
            Inputs stand in its ``in``; outputs will stand in its ``out``.
        request : mapping
            What is asked.

        Yields
        ------
        dict
            ``stage``, ``done`` and ``total``; in the end ``done`` (files), ``refused`` or
            ``failed``. Where nothing of this comes last, the process has died.
        """
        self.jobs += 1
        order = {"kind": kind, "folder": str(folder), "request": request}
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        with suppress(OSError, ValueError):
            stdin.write(json.dumps(order).encode() + b"\n")
            stdin.flush()
        # a line without its end was cut off with the process
        while (line := stdout.readline()).endswith(b"\n"):
            told: dict[str, Any] = json.loads(line)
            yield told
            if "stage" not in told:
                return

    def kill(self) -> None:
        """End it at once, with whatever it has started."""
        with self._lock:
            if self._killed:
                return  # once is enough, and its number may be another's by now
            self._killed = True
            if self._process.poll() is None:
                with suppress(OSError):
                    if os.name == "posix":
                        os.killpg(self._process.pid, signal.SIGKILL)
                    else:
                        self._process.kill()

    def close(self) -> int:
        """End it, and let go of its pipes.

        Returns
        -------
        int
            Exit code; negative where a signal ended it.
        """
        self.kill()
        code = self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with suppress(OSError):
                    stream.close()
        return code


def _environment() -> dict[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if name.upper() in _KEPT or name.upper().startswith(_KEPT_BEGINNINGS)
    }
    kept |= {"PYTHONUTF8": "1", "MPLBACKEND": "agg"}
    home = Path(cartwheel.__file__).parent.parent
    if home.name not in ("site-packages", "dist-packages"):
        # the same cartwheel as the server's, where it runs from its sources
        before = [path for path in kept.get("PYTHONPATH", "").split(os.pathsep) if path]
        kept["PYTHONPATH"] = os.pathsep.join(dict.fromkeys([str(home), *before]))
    return kept
