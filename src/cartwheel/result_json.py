"""Read a JSON file of ours: one way to refuse what is none, whatever is wanted of it."""

from __future__ import annotations

import json
import re
from collections.abc import Container
from pathlib import Path
from typing import Any

from cartwheel.errors import FileRefused, refuse

# the newest form of every kind of file that is understood
NEWEST = 1
_FORM = re.compile(r"cartwheel/([a-z]+)/(\d{1,6})", re.ASCII)


def read_json(path: Path, *, mend: str) -> tuple[bytes, Any]:
    """Read any JSON file.

    Parameters
    ----------
    path : Path
        The file, in UTF-8.
    mend : str
        What to give instead.

    Returns
    -------
    tuple of (bytes, object)
        The file as it is, and what it says.

    Raises
    ------
    FileRefused
        ``file_missing`` or ``not_json``.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        missing = isinstance(error, FileNotFoundError)
        reason = error.strerror or type(error).__name__
        what = "there is no such file" if missing else f"this file cannot be read ({reason})"
        raise refuse(FileRefused, "file_missing", what, where=str(path), mend=mend) from None
    try:
        return content, json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        what = "this is not a JSON file"
        raise refuse(FileRefused, "not_json", what, where=path.name, mend=mend) from None


def read_result(
    path: Path, kinds: Container[str], *, mend: str, what: str = "this is not a result"
) -> tuple[bytes, dict[str, Any]]:
    """Read a result, and see that it is of a kind and a form that are understood.

    Parameters
    ----------
    path : Path
        The file.
    kinds : container of str
        Which kinds are wanted: ``develop``, ``validate``, ...
    mend : str
        What to give instead.
    what : str
        Said of a file of another kind.

    Returns
    -------
    tuple of (bytes, dict)
        The file as it is, and what it says; ``kind``, ``schema`` and ``result`` are there.

    Raises
    ------
    FileRefused
        ``file_missing``, ``not_json``, ``result_kind`` for another kind, or a file that does not
        say its form; ``newer_version`` for one that a later cartwheel wrote; ``result_broken``
        where there is no result in it.
    """
    content, found = read_json(path, mend=mend)
    kind = found.get("kind") if isinstance(found, dict) else None
    if not isinstance(kind, str) or kind not in kinds:
        said = f" (its kind is '{kind[:30]}')" if isinstance(kind, str) else ""
        raise refuse(FileRefused, "result_kind", what + said, where=path.name, mend=mend)
    form = _FORM.fullmatch(str(found.get("schema")))
    if form is None or form[1] != kind or int(form[2]) < 1:
        raise refuse(
            FileRefused,
            "result_kind",
            f"this file does not say which form of a result it is: its schema is not "
            f"'cartwheel/{kind}/{NEWEST}'",
            where=path.name,
            mend="give the file as cartwheel wrote it",
        )
    if int(form[2]) > NEWEST:
        raise refuse(
            FileRefused,
            "newer_version",
            f"a later cartwheel wrote this file: it is of form {int(form[2])}, and {NEWEST} is the "
            "newest that is known",
            where=path.name,
            mend="update cartwheel: pip install --upgrade cartwheel",
        )
    if not isinstance(found.get("result"), dict):
        raise refuse(
            FileRefused, "result_broken", f"{what}: it holds no result", where=path.name, mend=mend
        )
    return content, found
