"""Starting costs next to nothing: no numerical, table, figure or web library."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from score_library import IDS, shipped

import cartwheel

HEAVY = ("numpy", "pandas", "scipy", "matplotlib", "jinja2", "fastapi", "narwhals", "pyarrow")

IMPORT = "import cartwheel"
COMMAND = """
import sys
sys.argv = ["cartwheel", *{arguments!r}]
from cartwheel.cli import main
try:
    main()
except SystemExit as stop:
    assert not stop.code, stop.code
"""
REPORT = """
import json, sys
print(json.dumps(sorted(set({heavy!r}) & set(sys.modules))), file=sys.stderr)
"""


@pytest.mark.parametrize(
    "code",
    [
        IMPORT,
        COMMAND.format(arguments=["--help"]),
        COMMAND.format(arguments=["--version"]),
        "import cartwheel.demonstration as d; assert d.cohort_path().is_file()",
    ],
    ids=["import", "help", "version", "demonstration"],
)
def test_nothing_heavy_is_imported(code: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", code + REPORT.format(heavy=HEAVY)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stderr.splitlines()[-1]) == []


def test_every_public_name_can_be_had() -> None:
    for name in cartwheel.__all__:
        assert getattr(cartwheel, name) is not None, name
    assert set(cartwheel.__all__) <= set(dir(cartwheel))
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = cartwheel.no_such_name


# what a plain call leaves unloaded as well; the libraries of the command line and of file formats
SLOW = (*HEAVY, "typer", "click", "pydantic", "csv")


@pytest.mark.parametrize("name", IDS)
def test_a_plain_score_loads_nothing_slow(name: str) -> None:
    example = shipped(name).examples[0]
    given = {**example.inputs, **(example.choices or {})}
    arguments = ["score", name, *(f"--set={key}={value}" for key, value in given.items())]
    code = COMMAND.format(arguments=arguments) + REPORT.format(heavy=SLOW)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stderr.splitlines()[-1]) == []
