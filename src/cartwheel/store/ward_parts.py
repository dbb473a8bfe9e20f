"""What a ward file names: the contents of its scores and models, kept with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite

from cartwheel.store.ward_tables import file_parts, ward_files


class Part(NamedTuple):
    """One file that a ward file names.

    Parameters
    ----------
    kind : {"score", "model"}
        What it is.
    name : str
        As the ward file calls it.
    content : bytes
        What it said when the ward file was read.
    """

    kind: str
    name: str
    content: bytes


def add_file_parts(connection: Connection, ward_sha256: str, parts: Iterable[Part]) -> None:
    """Keep what a ward file names, once.

    Parameters
    ----------
    connection : Connection
        In a transaction that writes, and that has kept the ward file.
    ward_sha256 : str
        Its identity.
    parts : iterable of Part
        What it names.
    """
    rows = [{"ward_sha256": ward_sha256, **one._asdict()} for one in parts]
    if rows:
        build: Any = insert_postgresql if connection.dialect.name == "postgresql" else insert_sqlite
        connection.execute(build(file_parts).on_conflict_do_nothing(), rows)


def file_parts_kept(connection: Connection) -> Mapping[str, tuple[Part, ...]]:
    """Read what ward files named.

    Parameters
    ----------
    connection : Connection
        Any.

    Returns
    -------
    mapping of str to tuple of Part
        By the identity of the ward file; none of those from before they were kept.
    """
    found: dict[str, list[Part]] = {}
    wanted = select(file_parts).order_by(file_parts.c.kind, file_parts.c.name)
    for row in connection.execute(wanted):
        part = Part(row.kind, row.name, bytes(row.content))
        found.setdefault(row.ward_sha256, []).append(part)
    return {sha256: tuple(several) for sha256, several in found.items()}


def ward_file_identities(connection: Connection) -> frozenset[str]:
    """List every ward file that was ever in force.

    Parameters
    ----------
    connection : Connection
        Any.

    Returns
    -------
    frozenset of str
        Their identities.
    """
    return frozenset(map(str, connection.execute(select(ward_files.c.sha256)).scalars()))
