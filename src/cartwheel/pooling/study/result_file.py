"""A result of ours as study rows: a centre's own numbers beside the published evidence."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from cartwheel.canonical import content_sha256, sha256
from cartwheel.errors import FileRefused, refuse
from cartwheel.pooling.plan import PoolPlan
from cartwheel.pooling.study.result import ResultRows
from cartwheel.pooling.study.result_developed import developed_rows
from cartwheel.pooling.study.result_validated import shared_rows, validated_rows
from cartwheel.result_json import read_result as file_of_ours

Rows = Callable[[dict[str, Any], str, str, PoolPlan], ResultRows]
_READERS: dict[str, Rows] = {
    "develop": developed_rows,
    "validate": validated_rows,
    "share": shared_rows,
}


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
    data, document = file_of_ours(
        path,
        _READERS,
        mend="give a table (CSV, workbook), the JSON of cartwheel develop or validate, or a shared "
        "file",
        what="this is not a result that gives study rows",
    )
    if document["kind"] == "share":
        refuse_edited(document, path.name)
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


def refuse_edited(document: dict[str, Any], name: str) -> None:
    """Hold a shared file against its own sum.

    Parameters
    ----------
    document : dict
        The file.
    name : str
        Of the file.

    Raises
    ------
    FileRefused
        ``shared_file_edited``.
    """
    if document.get("content_sha256") == content_sha256(document):
        return
    raise refuse(
        FileRefused,
        "shared_file_edited",
        "its content is not what cartwheel wrote: its sum does not fit",
        where=name,
        mend="ask the centre for the file again; nothing in it may be changed by hand",
    )
