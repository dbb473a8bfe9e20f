"""Write a score as its TOML file: one layout, digits as they are, and what it is at the top."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cartwheel.clinic.score_spec import ScoreSpec
from cartwheel.toml_text import toml_key, toml_pair, toml_value

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
    lines = [*_opening(spec), "", *(toml_pair(key, value) for key, value in single.items())]
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
            yield f"{toml_key(key)} = ["
            yield from (f"  {toml_value(item)}," for item in value)
            yield "]"
        else:
            yield toml_pair(key, value)
