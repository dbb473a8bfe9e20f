"""The JSON Schema of a result, derived from its type."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter


def closed_schema(kind: Any, name: str, title: str) -> dict[str, Any]:
    """Make the schema of a type, with every object closed to unknown keys.

    Parameters
    ----------
    kind : type
        A frozen dataclass, or a union of them.
    name : str
        Name and version of the form: ``cartwheel/develop/1``.
    title : str
        For the reader.

    Returns
    -------
    dict
        JSON Schema (2020-12).
    """
    schema = TypeAdapter(kind).json_schema(mode="serialization")
    for part in (schema, *schema.get("$defs", {}).values()):
        if part.get("type") == "object" and "properties" in part:
            part["additionalProperties"] = False
            part["required"] = list(part["properties"])
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": name,
        "title": title,
        **schema,
    }
