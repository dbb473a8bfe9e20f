"""Write the plan of a validation as its TOML file, in the order in which it is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cartwheel.toml_text import toml_key, toml_pair
from cartwheel.validation.plan import ValidationPlan


def plan_to_toml(plan: ValidationPlan) -> str:
    """Write a plan so that reading it gives an equal plan.

    Parameters
    ----------
    plan : ValidationPlan
        Any plan.

    Returns
    -------
    str
        TOML, without keys that are not said.
    """
    data = _said(plan.as_dict())
    if plan.columns:  # a column of which nothing is said is still named
        data["columns"] = {name: _said(part.model_dump()) for name, part in plan.columns.items()}
    lines = [toml_pair(key, value) for key, value in data.items() if _simple(value)]
    for key, value in data.items():
        if key == "columns":
            for name, said in value.items():
                lines += ["", f"[columns.{toml_key(name)}]", *_pairs(said)]
        elif isinstance(value, Mapping):
            lines += _table(key, value)
        elif not _simple(value):
            for entry in value:
                lines += ["", f"[[{key}]]", *_pairs(entry)]
    return "\n".join(lines) + "\n"


def _simple(value: Any) -> bool:
    if isinstance(value, Mapping):
        return False
    return not (isinstance(value, list) and value and isinstance(value[0], Mapping))


def _pairs(entry: Mapping[str, Any]) -> Iterator[str]:
    return (toml_pair(name, value) for name, value in entry.items())


def _table(key: str, table: Mapping[str, Any]) -> Iterator[str]:
    yield ""
    yield f"[{key}]"
    yield from _pairs({name: value for name, value in table.items() if _simple(value)})
    for name, value in table.items():
        if not _simple(value):
            for entry in value:
                yield ""
                yield f"[[{key}.{toml_key(name)}]]"
                yield from _pairs(entry)


def _said(value: Any) -> Any:
    """Leave out what is None or empty."""
    if isinstance(value, Mapping):
        kept = {key: _said(part) for key, part in value.items()}
        return {key: part for key, part in kept.items() if part not in (None, {}, [])}
    if isinstance(value, list):
        return [_said(item) for item in value]
    return value
