"""One way to write a result: the same numbers give the same bytes.

And a file is whole or absent.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import tempfile
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import Path
from typing import Any


def plain(thing: Any) -> Any:
    """Turn dataclasses, tuples, arrays and numpy scalars into plain JSON values.

    Not-a-number and the infinities become None: JSON has no word for them, and a result
    that holds one says in its ``method`` or notes why.

    Parameters
    ----------
    thing : object
        Dataclasses and mappings become dictionaries, in their order; lists, tuples and arrays
        become lists; a set is sorted first; an Enum gives its value. What has no JSON form (a date,
        a Decimal, a path) becomes text.

    Returns
    -------
    None, bool, int, float, str, list or dict
        Nested, with finite floats only.
    """
    if thing is None or isinstance(thing, str | bool | int):
        return thing
    if isinstance(thing, float):
        return float(thing) if math.isfinite(thing) else None
    if isinstance(thing, Enum):
        return plain(thing.value)
    if is_dataclass(thing) and not isinstance(thing, type):
        return {field.name: plain(getattr(thing, field.name)) for field in fields(thing)}
    if isinstance(thing, Mapping):
        return {str(key): plain(value) for key, value in thing.items()}
    if isinstance(thing, list | tuple | set | frozenset):
        return [
            plain(item) for item in (sorted(thing) if isinstance(thing, set | frozenset) else thing)
        ]
    if hasattr(thing, "tolist"):  # numpy arrays and scalars, without importing numpy here
        return plain(thing.tolist())
    return str(thing)


def canonical_json(thing: Any) -> str:
    """Write as JSON with keys in declared order, two-space indent and a final newline.

    Parameters
    ----------
    thing : object
        Whatever :func:`plain` takes.

    Returns
    -------
    str
        The same thing gives the same text.
    """
    return json.dumps(plain(thing), ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def sha256(data: bytes | str) -> str:
    """SHA-256 of bytes, or of a text in UTF-8, as ``sha256:<hex>``.

    Parameters
    ----------
    data : bytes or str
        What is hashed.

    Returns
    -------
    str
        ``sha256:`` and 64 hexadecimal digits.
    """
    raw = data.encode() if isinstance(data, str) else data
    return "sha256:" + hashlib.sha256(raw).hexdigest()


def content_sha256(document: Mapping[str, Any], without: str = "content_sha256") -> str:
    """SHA-256 of everything a document says but its own sum.

    Parameters
    ----------
    document : mapping
        As it is, or will be, written.
    without : str
        Key of the sum itself.

    Returns
    -------
    str
        ``sha256:`` and 64 hexadecimal digits; layout of the file does not count.
    """
    return sha256(canonical_json({key: document[key] for key in document if key != without}))


def file_sha256(path: str | os.PathLike[str]) -> str:
    """SHA-256 of a file's bytes, read in blocks.

    Parameters
    ----------
    path : path
        An existing file.

    Returns
    -------
    str
        ``sha256:`` and 64 hexadecimal digits.

    Raises
    ------
    OSError
        When the file cannot be read.
    """
    digest = hashlib.sha256()
    with Path(path).open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return "sha256:" + digest.hexdigest()


def write_together(files: Mapping[str, str | bytes]) -> tuple[Path, ...]:
    """Write several files whole: all are written aside first, and only then take their names.

    Parameters
    ----------
    files : mapping of path to content
        Texts are written in UTF-8; files that are there are replaced.

    Returns
    -------
    tuple of Path
        The targets.

    Raises
    ------
    OSError
        When one cannot be written. Files of this call that had already taken their names and were
        not there before are taken away again.
    """
    aside: list[tuple[Path, Path, bool]] = []
    named: list[Path] = []
    try:
        for path, content in files.items():
            target = Path(path)
            aside.append((_written_aside(target, content), target, target.exists()))
        for temporary, target, was_there in aside:
            temporary.replace(target)
            if not was_there:
                named.append(target)
    except BaseException:
        for temporary, _, _ in aside:
            temporary.unlink(missing_ok=True)
        for target in named:
            target.unlink(missing_ok=True)
        raise
    return tuple(target for _, target, _ in aside)


def write_whole(path: str | os.PathLike[str], content: str | bytes) -> Path:
    """Write to a temporary name beside the target, then rename: never half a file.

    Parameters
    ----------
    path : path
        The target; a file that is there is replaced.
    content : str or bytes
        A text is written in UTF-8.

    Returns
    -------
    Path
        The target.

    Raises
    ------
    OSError
        When the folder is missing or cannot be written; the target is then as it was.
    """
    return write_together({os.fspath(path): content})[0]


def _written_aside(target: Path, content: str | bytes) -> Path:
    data = content.encode() if isinstance(content, str) else content
    handle, name = tempfile.mkstemp(prefix=".cartwheel.", dir=target.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        # mkstemp makes files private to the user; a result follows the user's usual mask
        temporary.chmod(0o666 & ~_umask())
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return temporary


def _umask() -> int:
    """Read the process's mask; there is no way to read it without setting it for a moment."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
