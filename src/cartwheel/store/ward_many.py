"""Many rows at once: in PostgreSQL by one statement, with the rows as one JSON text.

Arrays would do too, but the driver takes longer to write them than the database to insert them.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Integer,
    LargeBinary,
    Table,
    TextClause,
    bindparam,
    insert,
    text,
    update,
)
from sqlalchemy.dialects.sqlite import insert as insert_sqlite
from sqlalchemy.sql.dml import Update


def _bytes_text(value: object) -> str:
    if isinstance(value, bytes):
        return b64encode(value).decode("ascii")
    raise TypeError(type(value).__name__)


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_bytes_text)


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


def insert_new(
    connection: Connection,
    table: Table,
    rows: Sequence[Mapping[str, Any]],
    returning: tuple[str, ...],
) -> list[tuple[Any, ...]]:
    """Insert those rows that do not conflict with any that are there.

    Parameters
    ----------
    connection : Connection
        In a transaction that writes.
    table : Table
        Of the ward.
    rows : sequence of mapping
        All with the same columns, in the order in which they are inserted.
    returning : tuple of str
        Which columns of the new rows are told.

    Returns
    -------
    list of tuple
        The new rows, in no order.
    """
    if not rows:
        return []
    if connection.dialect.name != "postgresql":
        told = [table.c[name] for name in returning]
        kept = insert_sqlite(table).on_conflict_do_nothing().returning(*told)
        return [tuple(row) for row in connection.execute(kept, rows)]
    # one statement of one shape, however many rows: it is not written and read anew every time
    new = _insertion(table, tuple(rows[0]), returning)
    return [tuple(row) for row in connection.execute(new, {"rows": _json(rows)})]


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
def _insertion(table: Table, names: tuple[str, ...], returning: tuple[str, ...] = ()) -> TextClause:
    columns = ", ".join(f'"{name}"' for name in names)
    values = ", ".join(_value(table.c[name]) for name in names)
    new = ""
    if returning:
        told = ", ".join(f'"{name}"' for name in returning)
        new = f" ON CONFLICT DO NOTHING RETURNING {told}"
    return text(
        f'INSERT INTO "{table.name}" ({columns}) SELECT {values} FROM {_said(table, names)}{new}'
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


def _value(column: Column[Any]) -> str:
    if isinstance(column.type, LargeBinary):
        return f"decode(said.\"{column.name}\", 'base64')"
    return f'said."{column.name}"'


def _kind(column: Column[Any]) -> str:
    if isinstance(column.type, BigInteger):
        return "bigint"
    return "integer" if isinstance(column.type, Integer) else "text"
