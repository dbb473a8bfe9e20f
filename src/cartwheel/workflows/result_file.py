"""Read a result of ours from its JSON, whatever made it."""

from __future__ import annotations

import json
import re
from os import PathLike
from pathlib import Path
from typing import Any

from cartwheel.errors import FileRefused, refuse

KINDS = ("develop", "validate", "pool", "appraise", "landmark")
_VERSION = 1


def read_result_file(path: str | PathLike[str]) -> dict[str, Any]:
    """Read the JSON of a result.

    Parameters
    ----------
    path : path
        Written with ``--json``.

    Returns
    -------
    dict
        ``kind``, ``schema``, ``provenance``, ``plan``, ``result``, and what else stands in it.

    Raises
    ------
    FileRefused
        ``file_missing``, ``not_json``, ``result_kind``, ``newer_version`` or ``result_broken``.
    """
    file = Path(path)
    try:
        document = json.loads(file.read_bytes().decode("utf-8-sig"))
    except OSError:
        raise refuse(
            FileRefused, "file_missing", "there is no such file", where=str(path),
            mend="check the name and the folder",
        ) from None  # fmt: skip
    except (ValueError, RecursionError):
        raise refuse(
            FileRefused, "not_json", "this is not a JSON file", where=file.name,
            mend="give the file that a command wrote with --json",
        ) from None  # fmt: skip
    kind = document.get("kind") if isinstance(document, dict) else None
    schema = str(document.get("schema")) if isinstance(document, dict) else ""
    said = re.fullmatch(r"cartwheel/([a-z]+)/(\d+)", schema)
    if kind not in KINDS or said is None or said[1] != kind:
        raise refuse(
            FileRefused, "result_kind", "this is not the result of a cartwheel command",
            where=file.name, mend="results are written by: " + ", ".join(KINDS) + " with --json",
        )  # fmt: skip
    if int(said[2]) > _VERSION:
        raise refuse(
            FileRefused, "newer_version", f"a later cartwheel wrote this file ({schema})",
            where=file.name, mend="update cartwheel: pip install --upgrade cartwheel",
        )  # fmt: skip
    lacking = [key for key in ("provenance", "plan", "result") if key not in document]
    if lacking:
        raise refuse(
            FileRefused, "result_broken", f"parts are missing: {', '.join(lacking)}",
            where=file.name, mend=f"write it again with: cartwheel {kind} ... --json FILE",
        )  # fmt: skip
    return dict(document)
