"""Patients of the ward: which identifiers are whose, who is followed, and what stands of each."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    BindParameter,
    Connection,
    Text,
    and_,
    bindparam,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite

from cartwheel.store.ward_log import in_parts
from cartwheel.store.ward_many import update_many
from cartwheel.store.ward_tables import episodes, identifiers, snapshots

FOLLOWED = ("assigned", "unassigned")


@dataclass(frozen=True, slots=True)
class EpisodeRow:
    """What the table says of a patient.

    Parameters
    ----------
    patient, state : str
        The ward's own id; ``assigned``, ``unassigned``, ``closed`` or ``merged``.
    last_entry : int
        Number of the last line of his log.
    known_at : str
        Of that line; empty where there is none.
    ward_sha256 : str
        Of the ward file by which he is followed.
    merged_into : str or None
        Where the record was folded into another one.
    merge_mark : str
        What the sources of its values begin with there.
    """

    patient: str
    state: str
    last_entry: int
    known_at: str
    ward_sha256: str
    merged_into: str | None
    merge_mark: str


@dataclass(frozen=True, slots=True)
class Update:
    """What a transaction makes of a patient's row.

    Parameters
    ----------
    patient, state : str
        As of `EpisodeRow`.
    last_entry : int
        Of the last line.
    known_at : str
        Of it.
    due_at : str or None
        When the clock has to look.
    ward_sha256 : str
        Of the ward file in force.
    summary : str
        JSON for the page of all patients.
    """

    patient: str
    state: str
    last_entry: int
    known_at: str
    due_at: str | None
    ward_sha256: str
    summary: str


def owners_of(
    connection: Connection, wanted: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], str]:
    """Find whose identifiers are.

    Parameters
    ----------
    connection : Connection
        Any.
    wanted : iterable of (str, str)
        Systems and values.

    Returns
    -------
    dict
        The ward's own ids of those that are known.
    """
    asked = set(wanted)
    found: dict[tuple[str, str], str] = {}
    for part in in_parts(value for _, value in asked):
        rows = select(identifiers).where(identifiers.c.value.in_(part))
        for row in connection.execute(rows):
            if (row.system, row.value) in asked:
                found[row.system, row.value] = row.patient
    return found


def own_identifiers(connection: Connection, value: str) -> bool:
    """Tell whether an id is one of the ward's own.

    Parameters
    ----------
    connection : Connection
        Any.
    value : str
        Perhaps an id.

    Returns
    -------
    bool
    """
    wanted = select(episodes.c.patient).where(episodes.c.patient == value)
    return connection.execute(wanted).one_or_none() is not None


def new_patient(connection: Connection, made_at: str) -> str:
    """Make a patient of whom nothing is known.

    Parameters
    ----------
    connection : Connection
        In a transaction that writes.
    made_at : str
        Moment.

    Returns
    -------
    str
        The ward's own id; it says nothing of the person.
    """
    patient = secrets.token_hex(8)
    row = {"patient": patient, "state": "unassigned", "made_at": made_at}
    connection.execute(insert(episodes).values(row))
    return patient


def claim_identifiers(
    connection: Connection, patient: str, wanted: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], str]:
    """Say whose identifiers are, unless somebody has said it.

    Parameters
    ----------
    connection : Connection
        In a transaction that writes.
    patient : str
        The ward's own id.
    wanted : iterable of (str, str)
        Systems and values.

    Returns
    -------
    dict
        Whose each one is now: of two servers that see a person first at the same time one waits
        here for the other, and finds his patient.
    """
    build: Any = insert_postgresql if connection.dialect.name == "postgresql" else insert_sqlite
    every = sorted(set(wanted))
    rows = [{"system": system, "value": value, "patient": patient} for system, value in every]
    connection.execute(build(identifiers).on_conflict_do_nothing(), rows)
    return owners_of(connection, every)


def lock_patients(connection: Connection, wanted: Iterable[str]) -> dict[str, EpisodeRow]:
    """Read the rows of patients, and keep every other server from writing to their logs.

    Parameters
    ----------
    connection : Connection
        In a transaction that writes.
    wanted : iterable of str
        The ward's own ids.

    Returns
    -------
    dict of str to EpisodeRow
        Of those that are there, of the records into which they were folded, and of every record
        that was folded into one of these.
    """
    found: dict[str, EpisodeRow] = {}
    asked, seen = set(wanted), set[str]()
    while asked:
        seen |= asked
        for part in in_parts(asked):
            rows = connection.execute(_LOCK, {"named": part})
            found.update({row.patient: EpisodeRow(*row) for row in rows})
        above = {row.merged_into for row in found.values() if row.merged_into is not None}
        asked = (above | found.keys()) - seen
    return found


def set_merged(connection: Connection, patient: str, into: str | None, mark: str) -> None:
    """Say into which record one was folded; None where it stands for itself again.

    Parameters
    ----------
    connection : Connection
        In a transaction that writes.
    patient : str
        The record that is gone.
    into : str or None
        The one that stays.
    mark : str
        What the sources of its values begin with there.
    """
    changed = update(episodes).where(episodes.c.patient == patient)
    connection.execute(changed.values(merged_into=into, merge_mark=mark))


def update_episodes(connection: Connection, wanted: Sequence[Update]) -> None:
    """Keep what became of patients.

    Parameters
    ----------
    connection : Connection
        In a transaction that writes, and has locked them.
    wanted : sequence of Update
        One of each patient.
    """
    rows = [{name: getattr(one, name) for name in Update.__slots__} for one in wanted]
    update_many(connection, episodes, "patient", rows)


def snapshot_of(connection: Connection, patient: str) -> tuple[int, str] | None:
    """Read the snapshot of a patient.

    Parameters
    ----------
    connection : Connection
        Any.
    patient : str
        The ward's own id.

    Returns
    -------
    pair of int and str, or None
        The last line that is in it, and what it says; None where there is none.
    """
    wanted = select(snapshots.c.entry, snapshots.c.text).where(snapshots.c.patient == patient)
    found = connection.execute(wanted).one_or_none()
    return None if found is None else (int(found[0]), str(found[1]))


def keep_snapshot(connection: Connection, patient: str, text: str, entry: int) -> bool:
    """Keep a snapshot, unless the log has grown since it was made.

    Parameters
    ----------
    connection : Connection
        In a transaction that writes.
    patient, text : str
        Whose, and what.
    entry : int
        Last line that is in it.

    Returns
    -------
    bool
        Whether it was kept.
    """
    build: Any = insert_postgresql if connection.dialect.name == "postgresql" else insert_sqlite
    newest = select(episodes.c.patient, literal(entry, BigInteger), literal(text, Text)).where(
        episodes.c.patient == patient, episodes.c.last_entry == entry
    )
    added = build(snapshots).from_select(["patient", "entry", "text"], newest)
    new = {"entry": added.excluded.entry, "text": added.excluded.text}
    # another server may have kept a later one in the meantime
    is_older = snapshots.c.entry <= added.excluded.entry
    kept = added.on_conflict_do_update(index_elements=["patient"], set_=new, where=is_older)
    return connection.execute(kept.returning(snapshots.c.patient)).one_or_none() is not None


def root_of(connection: Connection, patient: str) -> str:
    """Find the record that a record was folded into.

    Parameters
    ----------
    connection : Connection
        To read with.
    patient : str
        The ward's own id.

    Returns
    -------
    str
        Its own id where it was not.
    """
    wanted = select(episodes.c.merged_into)
    while into := connection.execute(wanted.where(episodes.c.patient == patient)).scalar():
        patient = str(into)
    return patient


def due_patients(
    connection: Connection,
    now: str,
    ward_sha256: str,
    most: int,
    *,
    among: Sequence[str] | None = None,
    but: Sequence[str] = (),
    of_this_file: bool = False,
) -> tuple[str, ...]:
    """Find whom the clock has to look at: a moment has come, or the ward file is another one.

    Parameters
    ----------
    connection : Connection
        In a transaction that writes where they are to be locked.
    now : str
        Moment.
    ward_sha256 : str
        Of the ward file in force.
    most : int
        How many at once.
    among : sequence of str, optional
        Only these, and lock them: of two servers each takes others.
    but : sequence of str
        None of these.
    of_this_file : bool
        Only who is followed by this ward file already.

    Returns
    -------
    tuple of str
        The ward's own ids.
    """
    other = episodes.c.ward_sha256 != ward_sha256
    due = episodes.c.due_at <= now
    wanted = (
        select(episodes.c.patient)
        .where(
            episodes.c.state.in_(FOLLOWED),
            episodes.c.last_entry > 0,
            and_(due, ~other) if of_this_file else or_(due, other),
        )
        .order_by(episodes.c.patient)
        .limit(most)
    )
    if but:
        wanted = wanted.where(episodes.c.patient.not_in(but))
    if among is not None:
        wanted = wanted.where(episodes.c.patient.in_(among))
        wanted = wanted.with_for_update(skip_locked=True, key_share=True)
    return tuple(connection.execute(wanted).scalars())


def identifiers_of(connection: Connection, patient: str) -> tuple[tuple[str, str], ...]:
    """List the identifiers of a patient, for pages that show them.

    Parameters
    ----------
    connection : Connection
        Any.
    patient : str
        The ward's own id.

    Returns
    -------
    tuple of (str, str)
        Systems and values.
    """
    wanted = select(identifiers.c.system, identifiers.c.value)
    rows = connection.execute(wanted.where(identifiers.c.patient == patient))
    return tuple(sorted((row.system, row.value) for row in rows))


def count_patients(connection: Connection) -> dict[str, int]:
    """Count patients by state.

    Parameters
    ----------
    connection : Connection
        Any.

    Returns
    -------
    dict of str to int
    """
    counted = select(episodes.c.state, func.count()).group_by(episodes.c.state)
    return {str(state): int(many) for state, many in connection.execute(counted)}


_COLUMNS = (
    episodes.c.patient,
    episodes.c.state,
    episodes.c.last_entry,
    episodes.c.known_at,
    episodes.c.ward_sha256,
    episodes.c.merged_into,
    episodes.c.merge_mark,
)

_NAMED: BindParameter[str] = bindparam("named", expanding=True)
# statements that every transaction needs are made once
_LOCK = (
    select(*_COLUMNS)
    .where(or_(episodes.c.patient.in_(_NAMED), episodes.c.merged_into.in_(_NAMED)))
    # in one order everywhere: two servers never wait for each other crosswise
    .order_by(episodes.c.patient)
    .with_for_update(key_share=True)
)
