"""How persons are called, and where they are: for pages alone, in one table alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite

from cartwheel.store.ward_log import in_parts
from cartwheel.store.ward_tables import persons


@dataclass(frozen=True, slots=True)
class PersonRow:
    """How a person is called, and where he is; empty where it is not known.

    Parameters
    ----------
    name_shown, ward, bed : str
        For pages alone.
    """

    name_shown: str = ""
    ward: str = ""
    bed: str = ""


def persons_of(connection: Connection, wanted: Iterable[str]) -> dict[str, PersonRow]:
    """Read how persons are called.

    Parameters
    ----------
    connection : Connection
        Any.
    wanted : iterable of str
        The ward's own ids.

    Returns
    -------
    dict of str to PersonRow
        Of those of whom something is known.
    """
    found: dict[str, PersonRow] = {}
    for part in in_parts(wanted):
        rows = connection.execute(select(persons).where(persons.c.patient.in_(part)))
        found.update({row.patient: PersonRow(row.name_shown, row.ward, row.bed) for row in rows})
    return found


def keep_persons(connection: Connection, wanted: Mapping[str, PersonRow]) -> None:
    """Keep how persons are called.

    Parameters
    ----------
    connection : Connection
        In a transaction that writes.
    wanted : mapping of str to PersonRow
        By the ward's own id.
    """
    build: Any = insert_postgresql if connection.dialect.name == "postgresql" else insert_sqlite
    rows = [
        {"patient": patient, "name_shown": one.name_shown, "ward": one.ward, "bed": one.bed}
        for patient, one in sorted(wanted.items())
    ]
    if rows:
        new = build(persons)
        names = ("name_shown", "ward", "bed")
        changed = {name: getattr(new.excluded, name) for name in names}
        connection.execute(
            new.on_conflict_do_update(index_elements=["patient"], set_=changed), rows
        )
