"""The JSON Schemas of results, derived from their types."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from cartwheel.development.result import DevelopmentFile
from cartwheel.pooling.result import PoolFile
from cartwheel.validation.result import ValidationFile
from cartwheel.validation.result_share import SharedFile


def develop_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of the file that ``cartwheel develop --json`` writes.

    Returns
    -------
    dict
        Every object closed to unknown keys.
    """
    return _closed(DevelopmentFile, "cartwheel/develop/1", "Result of cartwheel develop")


def pool_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of the file that ``cartwheel pool --json`` writes.

    Returns
    -------
    dict
        Every object closed to unknown keys.
    """
    return _closed(PoolFile, "cartwheel/pool/1", "Result of cartwheel pool")


def validate_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of the file that ``cartwheel validate --json`` writes.

    Returns
    -------
    dict
        Every object closed to unknown keys.
    """
    return _closed(ValidationFile, "cartwheel/validate/1", "Result of cartwheel validate")


def share_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of the file that ``cartwheel validate --share`` writes.

    Returns
    -------
    dict
        Every object closed to unknown keys: there is no place for a row.
    """
    return _closed(SharedFile, "cartwheel/share/1", "Shared file of cartwheel validate")


def _closed(kind: type, name: str, title: str) -> dict[str, Any]:
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
