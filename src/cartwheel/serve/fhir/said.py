"""What earlier versions of a resource said, from the log: their own content may be emptied."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection

from cartwheel.serve.fhir.json_text import Resource
from cartwheel.serve.fhir.versions import PLACED_YEAR
from cartwheel.store.ward_log import lines_of_message
from cartwheel.store.ward_messages import message_kept
from cartwheel.store.ward_people import identifiers_of, owners_of
from cartwheel.watch.intake import Arrived, Identifiers, Item, Person
from cartwheel.watch.observation import Observation


def stands_for(connection: Connection, message: int) -> Resource | None:
    """Stand for a version whose content was emptied, where it is asked when that was given out.

    Parameters
    ----------
    connection : Connection
        Any.
    message : int
        That brought it.

    Returns
    -------
    mapping or None
        Only its moment; None where it had none.
    """
    several = [line.known.issued_at for line in lines_of_message(connection, message)
               if isinstance(line.known, Observation) and line.known.issued_at]  # fmt: skip
    last = max(several, default=None)
    # a place among versions without a moment is none
    if last is None or last.year <= PLACED_YEAR:
        return None
    return {"meta": {"lastUpdated": last.isoformat()}}


def said_in_log(
    connection: Connection, key: str, number: int, items: Sequence[Item]
) -> Iterator[Item]:
    """Read what all versions of a resource have said so far.

    Parameters
    ----------
    connection : Connection
        Any.
    key : str
        Of the message of the last version.
    number : int
        Of the last version.
    items : sequence of Item
        Of the new version: what it says of the same patient is the same thing said again.

    Yields
    ------
    Arrived or Person
        The last of each value; that somebody is here, where a version of a stay brought him.
    """
    base = key.removesuffix(f"|{number}")
    found: dict[tuple[str, str], Observation] = {}
    for one in range(1, number + 1):
        kept = message_kept(connection, "fhir", f"{base}|{one}")
        for line in () if kept is None else lines_of_message(connection, kept.number):
            if line.kind == "assigned":
                yield Person((), place="here")
            if isinstance(line.known, Observation):
                found[line.patient, line.known.source] = line.known
    names = {patient: identifiers_of(connection, patient) for patient, _ in found}
    for identifiers in dict.fromkeys(one.identifiers for one in items if isinstance(one, Arrived)):
        owners: set[str] = set(owners_of(connection, identifiers).values())
        if len(owners) == 1:
            names[owners.pop()] = identifiers
    for (patient, _), said in found.items():
        whose: Identifiers = names[patient]
        if whose:
            yield Arrived(whose, said)
