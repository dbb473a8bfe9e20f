"""Write a plan as its TOML file, in the order in which it is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cartwheel.development.planning.plan import Plan
from cartwheel.toml_text import toml_key, toml_pair

TABLES = ("cohort", "outcome", "index", "points", "associations", "imputation", "resampling")


def plan_to_toml(plan: Plan) -> str:
    """Write a plan so that reading it gives an equal plan.

    Parameters
    ----------
    plan : Plan
        Any plan.

    Returns
    -------
    str
        TOML, without keys that are not said.
    """
    data = _said(plan.as_dict())
    lines = [toml_pair(key, value) for key, value in data.items() if _simple(value)]
    for key, value in data.items():
        if key == "columns":
            lines += _columns(value)
        elif isinstance(value, Mapping):
            lines += _table(key, value)
        elif not _simple(value):
            for entry in value:
                lines += [
                    "",
                    f"[[{key}]]",
                    *(toml_pair(name, part) for name, part in entry.items()),
                ]
    return "\n".join(lines) + "\n"


def _simple(value: Any) -> bool:
    if isinstance(value, Mapping):
        return False
    return not (isinstance(value, list) and value and isinstance(value[0], Mapping))


def _table(key: str, value: Mapping[str, Any]) -> Iterator[str]:
    simple = {name: part for name, part in value.items() if _simple(part)}
    yield ""
    yield f"[{key}]"
    for name, part in simple.items():
        yield toml_pair(name, part)
    for name, part in value.items():
        if name not in simple:
            for entry in part:
                yield ""
                yield f"[[{key}.{toml_key(name)}]]"
                for inner, content in entry.items():
                    yield toml_pair(inner, content)


def _columns(columns: Mapping[str, Any]) -> Iterator[str]:
    for name, said in columns.items():
        yield ""
        yield f"[columns.{toml_key(name)}]"
        for key, value in said.items():
            yield toml_pair(key, value)


def _said(value: Any) -> Any:
    """Leave out what is None or empty."""
    if isinstance(value, Mapping):
        kept = {key: _said(part) for key, part in value.items()}
        return {key: part for key, part in kept.items() if part not in (None, {}, [])}
    if isinstance(value, list):
        return [_said(item) for item in value]
    return value
