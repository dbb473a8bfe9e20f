"""Stores whose tables are there already: the migrations run once a process, not once a test."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from cartwheel.store.database import FILE, open_store


@cache
def _with_tables() -> bytes:
    with TemporaryDirectory() as folder:
        # the last connection takes the write-ahead log with it
        open_store(Path(folder)).close()
        return Path(folder, FILE).read_bytes()


def ready(folder: Path) -> Path:
    """Put an empty store with its tables into a folder, where none is; give the folder."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / FILE
    if not path.exists():
        path.touch(mode=0o600)
        path.write_bytes(_with_tables())
    return folder
