"""``cartwheel scores page`` and ``cartwheel scores export``."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cartwheel.cli import app


def run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["scores", *arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


def test_a_page_goes_to_its_file(tmp_path: Path) -> None:
    file = tmp_path / "easix.html"
    code, out, _ = run("page", "easix", "-o", str(file))
    assert code == 0
    assert str(file) in out
    text = file.read_text(encoding="utf-8")
    assert text.startswith("<!doctype html>")
    assert run("page", "EASIX", "-o", "-") == (0, text, "")


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("python", "def easix(*,"),
        ("r", "easix <- function("),
        ("excel", "VALUE,,"),
        ("fhir", '"resourceType": "Bundle"'),
    ],
)
def test_an_export_goes_to_its_file(language: str, words: str, tmp_path: Path) -> None:
    file = tmp_path / "out.txt"
    assert run("export", "easix", "--to", language, "-o", str(file))[0] == 0
    assert words in file.read_text(encoding="utf-8")


def test_the_python_file_checks_itself(tmp_path: Path) -> None:
    file = tmp_path / "hematotox.py"
    assert run("export", "car-hematotox", "--to", "python", "-o", str(file))[0] == 0
    done = subprocess.run([sys.executable, str(file)], capture_output=True, text=True, check=True)
    assert "4 worked examples came out" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("export", "easix", "--to", "pithon"), "'python', 'r', 'excel', 'fhir'"),
        (("page", "teachey"), "cannot be computed"),
        (("page", "no-such-score"), "no score of this name"),
        (("page", "easix", "-o", "no/such/folder/x.html"), "folder for this output"),
    ],
)
def test_what_cannot_be_written_is_refused(arguments: tuple[str, ...], words: str) -> None:
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert words in err
