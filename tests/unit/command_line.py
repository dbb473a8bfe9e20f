"""The command line, as a process of its own or in this one."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
from pathlib import Path
from unittest.mock import patch

from cartwheel.cli import main

_PLAIN = {"PYTHONUTF8": "1", "COLUMNS": "100", "NO_COLOR": "1"}


def done_apart(
    *arguments: str | Path, folder: Path, stdin: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Run ``cartwheel ARGUMENTS`` as a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "cartwheel.cli", *map(str, arguments)],
        cwd=folder,
        env={**os.environ, **_PLAIN},
        input=stdin,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )


def done_here(
    *arguments: str | Path, folder: Path, stdin: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the same in this process: a start takes seconds, and most tests need none."""
    words = ["cartwheel", *map(str, arguments)]
    heard = io.TextIOWrapper(io.BytesIO((stdin or "").encode()), encoding="utf-8")
    said, told = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
    code: object = 0
    with (
        patch.object(sys, "argv", words),
        patch.object(sys, "stdin", heard),
        patch.dict(os.environ, _PLAIN),
        contextlib.chdir(folder),
        contextlib.redirect_stdout(said),
        contextlib.redirect_stderr(told),
    ):
        try:
            main()
        except SystemExit as left:
            code = left.code
    texts = []
    for stream in (said, told):
        stream.flush()
        texts.append(stream.buffer.getvalue().decode().replace("\r\n", "\n"))
    assert code is None or isinstance(code, int), code
    return subprocess.CompletedProcess(words, code or 0, *texts)
