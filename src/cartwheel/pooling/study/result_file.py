"""A result of ours as study rows: a centre's own numbers beside the published evidence."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cartwheel.canonical import content_sha256, sha256
from cartwheel.errors import FileRefused, refuse
from cartwheel.pooling.plan import PoolPlan
from cartwheel.pooling.study.result import ResultRows
from cartwheel.pooling.study.result_developed import developed_rows
from cartwheel.pooling.study.result_validated import shared_rows, validated_rows

Rows = Callable[[dict[str, Any], str, str, PoolPlan], ResultRows]
_READERS: dict[str, Rows] = {
    "develop": developed_rows,
    "validate": validated_rows,
    "share": shared_rows,
}
_VERSION = 1


def read_result(path: Path, plan: PoolPlan) -> ResultRows:
    """Read the JSON of ``cartwheel develop`` or ``validate``, or a shared file, as study rows.

    Parameters
    ----------
    path : Path
        The file.
    plan : PoolPlan
        For the level of the intervals.

    Returns
    -------
    ResultRows

    Raises
    ------
    FileRefused
        ``file_missing``, ``not_json``, ``result_kind`` for another kind of file, ``newer_version``
        for one that a later cartwheel wrote, ``shared_file_edited`` where its sum does not fit,
        ``result_broken`` where parts are missing, ``no_corrected`` or ``no_interval`` where there
        is nothing to pool.
    """
    data = _read(path)
    document = _document(data, path.name)
    try:
        return _READERS[document["kind"]](document, path.name, sha256(data), plan)
    except (KeyError, TypeError, AttributeError, ValueError, IndexError):
        raise refuse(
            FileRefused,
            "result_broken",
            "parts of the result are missing",
            where=path.name,
            mend=f"write it again with: cartwheel {_command(document)}",
        ) from None


def _command(document: dict[str, Any]) -> str:
    if document["kind"] == "share":
        return "validate ... --share FILE"
    return f"{document['kind']} ... --json FILE"


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        raise refuse(
            FileRefused,
            "file_missing",
            "there is no such file",
            where=str(path),
            mend="check the name and the folder",
        ) from None


def _document(data: bytes, name: str) -> dict[str, Any]:
    try:
        document = json.loads(data.decode("utf-8-sig"))
    except (ValueError, UnicodeDecodeError, RecursionError):
        raise refuse(
            FileRefused,
            "not_json",
            "this is not a JSON file",
            where=name,
            mend="give a table (CSV, workbook), the JSON of cartwheel develop or validate, or a "
            "shared file",
        ) from None
    kind = document.get("kind") if isinstance(document, dict) else None
    schema = document.get("schema") if isinstance(document, dict) else None
    version = re.fullmatch(r"cartwheel/([a-z]+)/(\d+)", str(schema))
    if kind not in _READERS or version is None or version[1] != kind or int(version[2]) < _VERSION:
        raise refuse(
            FileRefused,
            "result_kind",
            f"a result of kind '{str(kind)[:30]}' ({str(schema)[:40]}) is not a study row",
            where=name,
            mend="results of cartwheel develop and validate, and shared files, are",
        )
    if int(version[2]) > _VERSION:
        raise refuse(
            FileRefused,
            "newer_version",
            f"a later cartwheel wrote this file ({schema}); this one reads version {_VERSION}",
            where=name,
            mend="update cartwheel: pip install --upgrade cartwheel",
        )
    if kind == "share":
        _refuse_edited(document, name)
    return dict(document)


def _refuse_edited(document: dict[str, Any], name: str) -> None:
    """Hold a shared file against its own sum."""
    if document.get("content_sha256") == content_sha256(document):
        return
    raise refuse(
        FileRefused,
        "shared_file_edited",
        "its content is not what cartwheel wrote: its sum does not fit",
        where=name,
        mend="ask the centre for the file again; nothing in it may be changed by hand",
    )
