"""What every test may use."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings
from reference_data import BESIDE, SHARED, not_carried

# no deadline: machines differ; in CI always the same examples, so that a red run can be repeated
settings.register_profile("cartwheel", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("cartwheel")


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder with data/reference: the one beside the repository, or the part carried here."""
    return SHARED


@pytest.fixture(scope="session")
def car22() -> Path:
    """Patients of the CD22 cohort, never carried."""
    path = BESIDE / "data" / "cart" / "car22_patients.csv"
    if not path.is_file():
        not_carried(path.name)
    return path


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
