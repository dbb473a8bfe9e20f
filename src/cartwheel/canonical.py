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
    target = Path(path)
    data = content.encode() if isinstance(content, str) else content
    handle, temporary = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        # mkstemp makes files private to the user; a result follows the user's usual mask
        mask = os.umask(0)
        os.umask(mask)
        Path(temporary).chmod(0o666 & ~mask)
        Path(temporary).replace(target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return target
