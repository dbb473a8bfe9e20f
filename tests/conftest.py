"""What every test may use."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

REPOSITORY = Path(__file__).resolve().parents[1]

# no deadline: machines differ; in CI always the same examples, so that a red run can be repeated
settings.register_profile("cartwheel", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("cartwheel")


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder beside the repository with reference data that the repository does not carry."""
    folder = REPOSITORY.parent / "shared"
    if not (folder / "data" / "reference").is_dir():
        pytest.skip("the folder of reference data is not beside the repository")
    return folder


@pytest.fixture
def run_cartwheel(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run ``cartwheel ARGUMENTS`` as a process of its own, in a folder of its own."""

    def run(*arguments: str | Path, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "cartwheel.cli", *map(str, arguments)],
            cwd=tmp_path,
            env={**os.environ, "PYTHONUTF8": "1", "COLUMNS": "100", "NO_COLOR": "1"},
            input=stdin,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=300,
            check=False,
        )

    return run
