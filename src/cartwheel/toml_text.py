"""Writing TOML: keys, strings and numbers as they must stand, so that reading gives them back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_NAMED_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def toml_pair(key: str, value: Any) -> str:
    """Write ``key = value`` on one line.

    Parameters
    ----------
    key : str
        Quoted where it must be.
    value : object
        Whatever :func:`toml_value` takes.

    Returns
    -------
    str
        Without a newline.
    """
    return f"{toml_key(key)} = {toml_value(value)}"


def toml_key(key: str) -> str:
    """Write a key, quoted where it must be.

    Parameters
    ----------
    key : str
        Any text.

    Returns
    -------
    str
        As it is where it holds only letters without accents, digits, ``_`` and ``-``; else in
        quotes.
    """
    return key if _BARE_KEY.fullmatch(key) else toml_string(key)


def toml_value(value: Any) -> str:
    """Write a value: truth, text, number, list or inline table; floats by ``repr``.

    A Decimal is written with its own digits.

    Parameters
    ----------
    value : bool, str, int, float, Decimal, list, tuple or mapping
        May be nested. TOML has no word for None: leave such keys out beforehand.

    Returns
    -------
    str
        On one line.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return toml_string(value)
    if isinstance(value, Mapping):
        pairs = ", ".join(toml_pair(key, inner) for key, inner in value.items())
        return f"{{ {pairs} }}" if pairs else "{}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(toml_value(item) for item in value) + "]"
    return str(value)


def toml_string(text: str) -> str:
    """Write a basic string; what cannot be printed is escaped.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    str
        In double quotes, on one line.
    """
    return '"' + "".join(_escaped(sign) for sign in text) + '"'


def _escaped(sign: str) -> str:
    if sign in _NAMED_ESCAPES:
        return _NAMED_ESCAPES[sign]
    return sign if sign.isprintable() else f"\\U{ord(sign):08X}"
