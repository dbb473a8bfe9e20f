"""Read a result of ours from its JSON, whatever made it."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import Any

from cartwheel.errors import FileRefused, refuse
from cartwheel.result_json import read_result

KINDS = ("develop", "validate", "pool", "appraise", "landmark")


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
    _, document = read_result(
        file,
        KINDS,
        mend="give the file that " + ", ".join(KINDS) + " wrote with --json",
        what="this is not the result of a cartwheel command",
    )
    kind = document["kind"]
    lacking = [key for key in ("provenance", "plan") if key not in document]
    if lacking:
        raise refuse(
            FileRefused, "result_broken", f"parts are missing: {', '.join(lacking)}",
            where=file.name, mend=f"write it again with: cartwheel {kind} ... --json FILE",
        )  # fmt: skip
    return document
