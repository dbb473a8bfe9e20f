"""Whose an item is: identifiers found, new patients made; nothing is guessed between two."""

from __future__ import annotations

from collections.abc import Iterable, MutableMapping

from sqlalchemy import Connection, delete

from cartwheel.store.ward_people import (
    claim_identifiers,
    new_patient,
    own_identifiers,
    owners_of,
    root_of,
)
from cartwheel.store.ward_tables import episodes
from cartwheel.watch.intake import OWN, Acknowledged, Identifiers, Item, Merge, Parked, Unmerge

_LONGEST = 255
# how many of whose identifiers are known are kept in memory
_MOST = 200_000


class Belonging:
    """Finds whose items are, within one transaction.

    Parameters
    ----------
    connection : Connection
        In a transaction that writes.
    known : mutable mapping
        Whose identifiers are, from earlier transactions: it never changes.
    made_at : str
        Moment.
    """

    def __init__(
        self, connection: Connection, known: MutableMapping[tuple[str, str], str], made_at: str
    ) -> None:
        self._connection, self._known, self._made_at = connection, known, made_at
        self.learnt: dict[tuple[str, str], str] = {}

    def read(self, items: Iterable[Item]) -> None:
        """Look up the identifiers of many items at once.

        Parameters
        ----------
        items : iterable of Item
            Of all messages of the transaction.
        """
        asked = {pair for item in items for group in groups_of(item) for pair in group}
        unknown = {pair for pair in asked if pair[0] != OWN and pair not in self._known}
        if unknown:
            self.learnt.update(owners_of(self._connection, unknown))

    def record(self, identifiers: Identifiers) -> str | Parked:
        """Find the record of a person, or make one.

        Parameters
        ----------
        identifiers : tuple of (str, str)
            All of one person.

        Returns
        -------
        str or Parked
            The ward's own id; or why there is none.
        """
        own = {value for system, value in identifiers if system == OWN}
        others = [pair for pair in dict.fromkeys(identifiers) if pair[0] != OWN]
        if not own and not others:
            return Parked("patient_missing", "the message does not say whose it is")
        if any(_unusable(*pair) for pair in others):
            return Parked("identifier_unusable", "an identifier is empty or too long")
        if any(not own_identifiers(self._connection, one) for one in own):
            return Parked("patient_unknown", "the ward has no patient of this id")
        found = own | {owner for pair in others if (owner := self._owner(pair))}
        if len(found) > 1:
            # records that were folded into one are one person
            found = {root_of(self._connection, one) for one in found}
        if len(found) > 1:
            return Parked("identifiers_disagree", "its identifiers belong to different patients")
        unclaimed = [pair for pair in others if self._owner(pair) is None]
        if found:
            patient = found.pop()
            return patient if not unclaimed else self._claim(patient, unclaimed, made=False)
        return self._claim(new_patient(self._connection, self._made_at), unclaimed, made=True)

    def _owner(self, pair: tuple[str, str]) -> str | None:
        return self._known.get(pair) or self.learnt.get(pair)

    def _claim(self, patient: str, unclaimed: list[tuple[str, str]], *, made: bool) -> str | Parked:
        owners = claim_identifiers(self._connection, patient, unclaimed)
        self.learnt.update(owners)
        whose = set(owners.values())
        if whose == {patient}:
            return patient
        # another server was first
        if made and patient not in whose:
            self._connection.execute(delete(episodes).where(episodes.c.patient == patient))
        elif made or patient not in whose:
            whose.add(patient)
        if len(whose) > 1:
            return Parked("identifiers_disagree", "its identifiers belong to different patients")
        return whose.pop()

    def remember(self) -> None:
        """After the transaction was kept: what was learnt is known."""
        if len(self._known) > _MOST:
            self._known.clear()
        self._known.update(self.learnt)


def groups_of(item: Item) -> tuple[Identifiers, ...]:
    """Name the identifiers of an item, of each person in it apart.

    Parameters
    ----------
    item : Item

    Returns
    -------
    tuple of tuple of (str, str)
    """
    if isinstance(item, Merge):
        return item.into, item.gone
    if isinstance(item, Unmerge):
        return (item.gone,)
    if isinstance(item, Acknowledged | Parked):
        return ()
    return (item.identifiers,)


def _unusable(system: str, value: str) -> bool:
    return not value or len(value) > _LONGEST or len(system) > _LONGEST or "\0" in system + value
