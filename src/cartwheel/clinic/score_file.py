"""Write a score as its TOML file: one layout, digits as they are, and what it is at the top."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from cartwheel.clinic.score_spec import ScoreSpec

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_NAMED_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}
_RULE = "# " + "=" * 78


def score_to_toml(spec: ScoreSpec) -> str:
    """Write a score so that reading the text gives an equal score with the same identity.

    Parameters
    ----------
    spec : ScoreSpec
        Any score.

    Returns
    -------
    str
        TOML with comments at the top: what it is, intended use, and SIMULATED where it is so.
    """
    document = spec.document()
    single = {key: value for key, value in document.items() if not isinstance(value, dict | tuple)}
    lines = [*_opening(spec), "", *(_pair(key, value) for key, value in single.items())]
    for key, value in document.items():
        if isinstance(value, dict):
            lines += ["", f"[{key}]", *_body(value)]
        elif isinstance(value, tuple):
            for entry in value:
                lines += ["", f"[[{key}]]", *_body(entry)]
    return "\n".join(lines) + "\n"


def _opening(spec: ScoreSpec) -> Iterator[str]:
    if spec.simulated:
        yield _RULE
        yield "# SIMULATED DATA: this score was made from simulated patients. Never use it for one."
        yield _RULE
    yield f"# {_one_line(spec.title)} (version {spec.version}, {spec.status})"
    yield f"# Intended use: {_one_line(spec.intended_use)}"
    yield "# A cartwheel score file. Show it: cartwheel scores show FILE"


def _one_line(text: str) -> str:
    return "".join(sign for sign in " ".join(text.split()) if sign.isprintable())


def _body(entry: Mapping[str, Any]) -> Iterator[str]:
    """Write the pairs of one table; a list of tables goes one entry a line, easy to compare."""
    for key, value in entry.items():
        if isinstance(value, tuple) and value and isinstance(value[0], dict):
            yield f"{_key(key)} = ["
            yield from (f"  {_literal(item)}," for item in value)
            yield "]"
        else:
            yield _pair(key, value)


def _pair(key: str, value: Any) -> str:
    return f"{_key(key)} = {_literal(value)}"


def _key(key: str) -> str:
    return key if _BARE_KEY.fullmatch(key) else _quoted(key)


def _literal(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, dict):
        pairs = ", ".join(_pair(key, inner) for key, inner in value.items())
        return f"{{ {pairs} }}" if pairs else "{}"
    if isinstance(value, tuple):
        return "[" + ", ".join(_literal(item) for item in value) + "]"
    # str() of a Decimal gives back its very digits, and TOML reads its exponent as written
    return str(value)


def _quoted(text: str) -> str:
    return '"' + "".join(_escaped(sign) for sign in text) + '"'


def _escaped(sign: str) -> str:
    if sign in _NAMED_ESCAPES:
        return _NAMED_ESCAPES[sign]
    return sign if sign.isprintable() else f"\\U{ord(sign):08X}"
