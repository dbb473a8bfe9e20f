"""JSON as FHIR wants it: decimals as they are written, nothing twice, nothing without an end."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NoReturn, TypeAlias

from cartwheel.errors import CohortRefused, Refused, refuse

Json: TypeAlias = Any
Resource: TypeAlias = Mapping[str, Any]

LARGEST, DEEPEST = 64 << 20, 40
_LONGEST_NUMBER = 40
_LARGEST_EXPONENT = 100
# what no text of FHIR may hold; a database refuses the first one, and UTF-8 the last ones
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")


def read_json(content: bytes, *, largest: int = LARGEST) -> Json:
    """Read JSON.

    Parameters
    ----------
    content : bytes
        UTF-8.
    largest : int
        Bytes.

    Returns
    -------
    object
        Numbers with a point or an exponent are Decimal, and keep their digits: 72.50 stays 72.50.

    Raises
    ------
    CohortRefused
        ``json_too_large``, ``json_encoding``, ``json_form``, ``json_key_twice``, ``json_number``,
        ``json_too_deep``, ``json_text``. No problem repeats what was sent.
    """
    if len(content) > largest:
        raise refuse(
            CohortRefused, "json_too_large", f"more than {largest >> 20} MB", mend="send parts"
        )  # fmt: skip
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        raise refuse(CohortRefused, "json_encoding", "this is not UTF-8") from None
    if text.startswith("\ufeff"):
        raise refuse(CohortRefused, "json_encoding", "it begins with a byte order mark")
    try:
        read = _DECODER.decode(text)
    except RecursionError:
        raise _deep() from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise refuse(CohortRefused, "json_form", "this is not JSON", where=where) from None
    _check(read)
    return read


def write_json(value: Json) -> str:
    """Write JSON, decimals as they were written.

    Parameters
    ----------
    value : object
        As `read_json` gives it.

    Returns
    -------
    str
        Without spaces; the same value always as the same text.
    """
    parts: list[str] = []
    _write(value, parts)
    return "".join(parts)


def _write(value: Json, parts: list[str]) -> None:
    if isinstance(value, Mapping):
        mark = "{"
        for key, one in value.items():
            parts.append(f"{mark}{_text(key)}:")
            _write(one, parts)
            mark = ","
        parts.append("}" if mark == "," else "{}")
    elif isinstance(value, list | tuple):
        mark = "["
        for one in value:
            parts.append(mark)
            _write(one, parts)
            mark = ","
        parts.append("]" if mark == "," else "[]")
    else:
        parts.append(_number(value) if isinstance(value, Decimal) else _text(value))


def _number(value: Decimal) -> str:
    return str(value).replace("E+", "e").replace("E", "e")


_text = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode


def _once(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise refuse(CohortRefused, "json_key_twice", "an object has the same key twice")
    return found


def _decimal(text: str) -> Decimal:
    if len(text) > _LONGEST_NUMBER:
        raise _size()
    number = Decimal(text)
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int) or abs(exponent) > _LARGEST_EXPONENT:
        raise _size()
    return number


def _integer(text: str) -> int:
    if len(text) > _LONGEST_NUMBER:
        raise _size()
    return int(text)


def _no_number(_: str) -> NoReturn:
    raise refuse(CohortRefused, "json_number", "NaN and Infinity are no numbers of JSON")


def _size() -> Refused:
    return refuse(CohortRefused, "json_number", "a number of no possible size")


def _deep() -> Refused:
    return refuse(CohortRefused, "json_too_deep", f"more than {DEEPEST} things inside each other")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_once, parse_float=_decimal, parse_int=_integer, parse_constant=_no_number
)


def _check(read: Json) -> None:
    """Look at depth and text; without recursion, since depth is what is looked for."""
    level = [read]
    for _ in range(DEEPEST):
        below: list[Json] = []
        for one in level:
            if isinstance(one, dict):
                _check_texts(one)
                below.extend(one.values())
            elif isinstance(one, list):
                below.extend(one)
            elif isinstance(one, str):
                _check_text(one)
        if not below:
            return
        level = below
    raise _deep()


def _check_texts(keys: dict[str, Json]) -> None:
    for key in keys:
        _check_text(key)


def _check_text(text: str) -> None:
    if not text.isprintable() and _FORBIDDEN.search(text):
        raise refuse(CohortRefused, "json_text", "a text holds a character that FHIR forbids")
