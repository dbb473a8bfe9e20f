"""Many rows at once: in PostgreSQL by one statement, with the rows as one JSON text.

Arrays would do too, but the driver takes longer to write them than the database to insert them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Integer,
    Table,
    TextClause,
    bindparam,
    insert,
    text,
    update,
)
from sqlalchemy.sql.dml import Update

_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def insert_many(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows.

    Parameters
    ----------
    connection : Connection
        In a transaction that writes.
    table : Table
        Of the ward.
    rows : sequence of mapping
        All with the same columns.
    """
    if not rows:
        return
    if connection.dialect.name != "postgresql":
        connection.execute(insert(table), rows)
        return
    connection.execute(_insertion(table, tuple(rows[0])), {"rows": _json(rows)})


def update_many(
    connection: Connection, table: Table, key: str, rows: Sequence[Mapping[str, Any]]
) -> None:
    """Change rows.

    Parameters
    ----------
    connection : Connection
        In a transaction that writes.
    table : Table
        Of the ward.
    key : str
        Column by which a row is found.
    rows : sequence of mapping
        All with the same columns, the key among them.
    """
    if not rows:
        return
    names = tuple(rows[0])
    if connection.dialect.name != "postgresql":
        wanted = [{**row, "whose": row[key]} for row in rows]
        connection.execute(_change(table, key, names), wanted)
        return
    connection.execute(_changes(table, key, names), {"rows": _json(rows)})


def _json(rows: Sequence[Mapping[str, Any]]) -> str:
    return _ENCODER.encode(rows)


@lru_cache(maxsize=32)
def _insertion(table: Table, names: tuple[str, ...]) -> TextClause:
    columns = ", ".join(f'"{name}"' for name in names)
    return text(
        f'INSERT INTO "{table.name}" ({columns}) SELECT {columns} FROM {_said(table, names)}'
    )


@lru_cache(maxsize=32)
def _changes(table: Table, key: str, names: tuple[str, ...]) -> TextClause:
    new = ", ".join(f'"{name}" = said."{name}"' for name in names if name != key)
    return text(
        f'UPDATE "{table.name}" SET {new} FROM {_said(table, names)} '
        f'WHERE "{table.name}"."{key}" = said."{key}"'
    )


@lru_cache(maxsize=32)
def _change(table: Table, key: str, names: tuple[str, ...]) -> Update:
    new: dict[str, Any] = {name: bindparam(name) for name in names if name != key}
    return update(table).where(table.c[key] == bindparam("whose")).values(new)


def _said(table: Table, names: tuple[str, ...]) -> str:
    columns = ", ".join(f'"{name}" {_kind(table.c[name])}' for name in names)
    return f"json_to_recordset(CAST(:rows AS json)) AS said ({columns})"


def _kind(column: Column[Any]) -> str:
    if isinstance(column.type, BigInteger):
        return "bigint"
    return "integer" if isinstance(column.type, Integer) else "text"
