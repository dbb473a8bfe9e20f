"""Build a shipped score without checking again, key by key, what was checked when it was packed.

The sums of the files that were checked stand in ``scores/checked.json``. A file whose text has
another sum is read like any stranger's. What a score must agree on with itself and its worked
examples are not part of this: they are computed whenever a score is read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from cartwheel.canonical import sha256
from cartwheel.clinic.score_record import file_key
from cartwheel.clinic.score_spec import ScoreSpec

CHECKED = "checked.json"


def was_checked(name: str, text: str) -> bool:
    """Say whether a file of this text was checked key by key when the package was made.

    Parameters
    ----------
    name : str
        Its id.
    text : str
        The whole file, lines ending in a line feed.

    Returns
    -------
    bool
        False for every file that was changed by a single letter.
    """
    sums = json.loads(_sums().read_text(encoding="utf-8"))
    found: object = sums.get(name)
    return found == sha256(text)


def checked_sums(texts: Mapping[str, str]) -> dict[str, str]:
    """Give what ``scores/checked.json`` has to say of these files.

    Parameters
    ----------
    texts : mapping of str to str
        Id to text of the file; each was read and found sound.

    Returns
    -------
    dict of str to str
        Id to sum, sorted by id.
    """
    return {name: sha256(text) for name, text in sorted(texts.items())}


def exact_number(given: float | Decimal) -> Decimal:
    """Keep a number with the digits it was written with; a float gives those of its ``repr``.

    Parameters
    ----------
    given : int, float or Decimal
        Any.

    Returns
    -------
    Decimal
        ``float(exact_number(x)) == x`` for every finite float.
    """
    number = Decimal(float.__repr__(given)) if isinstance(given, float) else Decimal(given)
    return number if number else number.copy_abs()  # the file has no minus nought


def built(document: Mapping[str, Any]) -> ScoreSpec:
    """Build a score from a document whose every key was checked, now or before.

    Parameters
    ----------
    document : mapping
        With the file's own keys.

    Returns
    -------
    ScoreSpec
        Whether it agrees with itself is not known yet.
    """
    spec: ScoreSpec = _part(ScoreSpec, document)
    return spec


def _part(kind: Any, table: Mapping[str, Any]) -> Any:
    """Build a record of this kind."""
    kinds = _kinds(kind)
    given = {
        name: _value(kinds[name], table[key])
        for name in kind.fields
        if (key := file_key(name)) in table
    }
    return kind(**given)


@cache
def _kinds(kind: Any) -> dict[str, Any]:
    """Find what each field of a record is: types that hold no None, or a tuple or dict of them."""
    return {name: _without_none(said) for name, said in get_type_hints(kind).items()}


def _without_none(said: Any) -> tuple[Any, ...]:
    parts = get_args(said) if isinstance(said, UnionType) or get_origin(said) is Union else (said,)
    return tuple(part for part in parts if part is not NoneType)


def _value(kinds: tuple[Any, ...], given: Any) -> Any:
    """Turn one value of the document into what its field holds."""
    if isinstance(given, list | tuple):
        inner = _without_none(get_args(kinds[0])[0])
        return tuple(_value(inner, each) for each in given)
    if isinstance(given, dict):
        if get_origin(kinds[0]) is dict:
            inner = _without_none(get_args(kinds[0])[1])
            return {key: _value(inner, each) for key, each in given.items()}
        return _part(_meant(kinds, given), given)
    # a truth value is an int in Python, but no number here
    if Decimal in kinds and not isinstance(given, str | bool):
        return exact_number(given)
    return given


def _meant(kinds: tuple[Any, ...], given: Mapping[str, Any]) -> Any:
    """Choose among the records of a union by ``kind``."""
    if len(kinds) == 1:
        return kinds[0]
    return next(part for part in kinds if given["kind"] in get_args(_kinds(part)["kind"][0]))


def _sums() -> Traversable:
    return files("cartwheel.clinic").joinpath("scores", CHECKED)
