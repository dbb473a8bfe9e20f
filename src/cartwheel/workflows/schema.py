"""The JSON Schemas of results, derived from their types."""

from __future__ import annotations

from typing import Any

from cartwheel.development.result import DevelopmentFile
from cartwheel.pooling.result import PoolFile
from cartwheel.validation.result import ValidationFile
from cartwheel.validation.result_share import SharedFile
from cartwheel.workflows.json_schema import closed_schema


def develop_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of the file that ``cartwheel develop --json`` writes.

    Returns
    -------
    dict
        Every object closed to unknown keys.
    """
    return closed_schema(DevelopmentFile, "cartwheel/develop/1", "Result of cartwheel develop")


def pool_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of the file that ``cartwheel pool --json`` writes.

    Returns
    -------
    dict
        Every object closed to unknown keys.
    """
    return closed_schema(PoolFile, "cartwheel/pool/1", "Result of cartwheel pool")


def validate_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of the file that ``cartwheel validate --json`` writes.

    Returns
    -------
    dict
        Every object closed to unknown keys.
    """
    return closed_schema(ValidationFile, "cartwheel/validate/1", "Result of cartwheel validate")


def share_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of the file that ``cartwheel validate --share`` writes.

    Returns
    -------
    dict
        Every object closed to unknown keys: there is no place for a row.
    """
    return closed_schema(SharedFile, "cartwheel/share/1", "Shared file of cartwheel validate")
