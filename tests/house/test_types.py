"""Types hold everywhere in the library."""

from __future__ import annotations

import subprocess
import sys

from sources import REPOSITORY


def test_mypy_finds_nothing() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mypy"], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
