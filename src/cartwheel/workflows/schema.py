"""The JSON Schema of a development result, derived from its types."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from cartwheel.development.result import DevelopmentFile


def develop_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of the file that ``cartwheel develop --json`` writes.

    Returns
    -------
    dict
        Every object closed to unknown keys.
    """
    schema = TypeAdapter(DevelopmentFile).json_schema(mode="serialization")
    for part in (schema, *schema.get("$defs", {}).values()):
        if part.get("type") == "object" and "properties" in part:
            part["additionalProperties"] = False
            part["required"] = list(part["properties"])
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "cartwheel/develop/1",
        "title": "Result of cartwheel develop",
        **schema,
    }
