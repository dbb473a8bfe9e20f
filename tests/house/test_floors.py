"""A module imports only from the floors below its own, and nothing slow before it is needed."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from sources import (
    PACKAGE,
    REPOSITORY,
    import_time_nodes,
    imported_modules,
    place,
    python_files,
    syntax,
)


def test_import_linter_keeps_the_floors() -> None:
    command = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [command, "--no-cache"], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert " 0 broken" in done.stdout


def test_scipy_stats_is_never_imported_at_import_time() -> None:
    offenders = [
        place(path, line)
        for path in python_files("src")
        for name, line in imported_modules(import_time_nodes(syntax(path)))
        if name == "scipy.stats" or name.startswith("scipy.stats.")
    ]
    assert offenders == []


def test_floor_zero_is_standard_library_only() -> None:
    offenders = [
        f"{place(path, line)} imports {name}"
        for path in PACKAGE.glob("*.py")
        for name, line in imported_modules(ast.walk(syntax(path)))
        if name.split(".")[0] not in sys.stdlib_module_names | {"cartwheel"}
    ]
    assert offenders == []


@pytest.mark.parametrize(
    ("code", "caught"),
    [
        ("import scipy.stats", True),
        ("from scipy import stats", True),
        ("from scipy.stats import norm", True),
        ("if True:\n    import scipy.stats as st", True),
        ("class A:\n    import scipy.stats", True),
        ("def f():\n    import scipy.stats", False),
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import scipy.stats", False),
        ("from scipy import special", False),
    ],
)
def test_the_reader_of_imports_sees_what_runs_at_import(code: str, caught: bool) -> None:
    names = {name for name, _ in imported_modules(import_time_nodes(ast.parse(code)))}
    assert any(name.startswith("scipy.stats") for name in names) is caught
