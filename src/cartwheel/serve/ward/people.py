"""Patients who are not followed: counted on the page, never dropped."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from cartwheel.serve.ward.opened import WardServices
from cartwheel.store.ward_persons import PersonRow, persons_of
from cartwheel.store.ward_tables import episodes

_MOST = 500


@dataclass(frozen=True, slots=True)
class Waiting:
    """Somebody who is not followed.

    Parameters
    ----------
    patient, state : str
        The ward's own id; ``unassigned`` or ``closed``.
    person : PersonRow
        How he is called.
    known_at : str
        UTC. When something last came.
    """

    patient: str
    state: str
    person: PersonRow
    known_at: str


def waiting_people(opened: WardServices) -> tuple[Waiting, ...]:
    """List who is not followed: first those whom nobody has admitted.

    Parameters
    ----------
    opened : WardServices
        Open.

    Returns
    -------
    tuple of Waiting
        Who was heard of last stands first; at most 500.
    """
    wanted = (
        select(episodes.c.patient, episodes.c.state, episodes.c.known_at)
        .where(episodes.c.state.in_(("unassigned", "closed")))
        .order_by(episodes.c.state.desc(), episodes.c.last_entry.desc())
        .limit(_MOST)
    )
    with opened.store.reading() as connection:
        rows = connection.execute(wanted).all()
        people = persons_of(connection, [row.patient for row in rows])
    return tuple(
        Waiting(row.patient, row.state, people.get(row.patient, PersonRow()), row.known_at)
        for row in rows
    )
