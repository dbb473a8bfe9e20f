"""Write the plan of a meta-analysis as its TOML file, in the order in which it is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cartwheel.pooling.plan import PoolPlan
from cartwheel.toml_text import toml_pair


def pool_plan_to_toml(plan: PoolPlan) -> str:
    """Write a plan so that reading it gives an equal plan.

    Parameters
    ----------
    plan : PoolPlan
        Any plan.

    Returns
    -------
    str
        TOML, without keys that are not said.
    """
    data = {key: value for key, value in plan.as_dict().items() if value not in (None, [], {})}
    lines = [toml_pair(key, value) for key, value in data.items() if not isinstance(value, Mapping)]
    for key, value in data.items():
        if isinstance(value, Mapping):
            lines += _table(key, value)
    return "\n".join(lines) + "\n"


def _table(key: str, table: Mapping[str, Any]) -> Iterator[str]:
    said = {name: value for name, value in table.items() if value not in (None, [], {})}
    if not said:
        return
    yield ""
    yield f"[{key}]"
    entries = said.pop("choices", None) if key == "grade" else None
    for name, value in said.items():
        yield toml_pair(name, value)
    for entry in entries or ():
        yield ""
        yield f"[[{key}.choices]]"
        for name, value in entry.items():
            if value is not None:
                yield toml_pair(name, value)
