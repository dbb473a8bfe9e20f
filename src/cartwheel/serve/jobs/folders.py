"""Folders of files in work: private, gone with the job, swept where a server was killed."""

from __future__ import annotations

import os
import secrets
import shutil
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import IO

_LOCK = "server.lock"
# where files cannot be locked, what nobody has touched for so many seconds was left behind
_STALE = 2 * 86_400.0


class WorkFolder:
    """A folder that belongs to one running server.

    Parameters
    ----------
    base : Path
        Shared by the servers that keep their data there.
    """

    def __init__(self, base: Path) -> None:
        base.mkdir(parents=True, exist_ok=True, mode=0o700)
        _sweep(base)
        self.path = base / secrets.token_hex(8)
        self.path.mkdir(mode=0o700)
        self._lock: IO[bytes] = (self.path / _LOCK).open("wb")
        _locked(self._lock)

    def folder(self, name: str) -> Path:
        """Make an empty folder in it.

        Parameters
        ----------
        name : str
            Of a job.

        Returns
        -------
        Path
        """
        made = self.path / name
        shutil.rmtree(made, ignore_errors=True)
        made.mkdir(mode=0o700)
        return made

    def close(self) -> None:
        """Delete it with all that is in it."""
        self._lock.close()
        shutil.rmtree(self.path, ignore_errors=True)


def _sweep(base: Path) -> None:
    """Delete what servers left that did not come to their end."""
    for left in base.iterdir():
        if left.is_dir() and _abandoned(left):
            shutil.rmtree(left, ignore_errors=True)


def _abandoned(folder: Path) -> bool:
    with suppress(OSError):
        touched = folder.stat().st_mtime
        if time.time() - touched < 5.0 and not (folder / _LOCK).exists():
            return False  # a server that is making it now
        if sys.platform == "win32":
            return time.time() - touched > _STALE
        with (folder / _LOCK).open("ab") as lock:
            return _locked(lock)
    return False


def _locked(stream: IO[bytes]) -> bool:
    """Lock a file until it is closed, or its process ends; tell whether nobody else has."""
    if os.name != "posix":
        return True
    import fcntl  # noqa: PLC0415 - not on Windows

    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
