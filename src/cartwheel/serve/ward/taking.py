"""Takes what messages bring, item by item, within one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from cartwheel.serve.ward.belonging import Belonging, groups_of
from cartwheel.serve.ward.merging import merge, source_at, unmerge
from cartwheel.serve.ward.turn import Grown, Turn
from cartwheel.store.ward_json import moment_text
from cartwheel.store.ward_parked import add_parked
from cartwheel.store.ward_people import own_identifiers
from cartwheel.store.ward_persons import PersonRow, keep_persons, persons_of
from cartwheel.watch.intake import (
    Acknowledged,
    Arrived,
    Item,
    Merge,
    Message,
    Parked,
    Person,
    Unmerge,
)
from cartwheel.watch.observation import Acknowledgement, Observation, Tick

# clocks of devices run ahead by minutes; what is later than that is a slip
AHEAD = timedelta(minutes=10)


class Intake:
    """Takes the items of messages within one transaction.

    Parameters
    ----------
    turn : Turn
        Of the transaction.
    belonging : Belonging
        Finds whose an item is.
    persons : mapping of str to PersonRow
        How persons are called, as far as it is in memory.
    """

    def __init__(self, turn: Turn, belonging: Belonging, persons: Mapping[str, PersonRow]) -> None:
        self._turn, self._belonging, self._cached = turn, belonging, persons
        self.persons: dict[str, PersonRow] = {}

    def take(self, wanted: Sequence[tuple[int, Message, tuple[Item, ...]]]) -> dict[int, Grown]:
        """Take items.

        Parameters
        ----------
        wanted : sequence of (int, Message, tuple of Item)
            Numbers, messages, and what of each is taken.

        Returns
        -------
        dict of int to Grown
            How the log grew, by number of the message.
        """
        every = [item for _, _, items in wanted for item in items]
        self._belonging.read(every)
        whose = [[self._records(item) for item in items] for _, _, items in wanted]
        known = {one for items in whose for records in items for one in records
                 if isinstance(one, str)}  # fmt: skip
        self._turn.lock(known, len(every))
        self.persons = {}
        grown: dict[int, Grown] = {}
        moved = False
        for (number, message, items), records in zip(wanted, whose, strict=True):
            by = grown[number] = Grown()
            aside: list[Parked] = []
            for ordinal, (item, of) in enumerate(zip(items, records, strict=True)):
                if moved and isinstance(item, Arrived | Person):
                    # records were joined or taken apart on the way: whose it is is asked again
                    of = self._records(item)  # noqa: PLW2901
                moved = moved or isinstance(item, Merge | Unmerge)
                found = next((one for one in of if isinstance(one, Parked)), None)
                if found is not None:
                    aside.append(found if isinstance(item, Parked) else _why(found, item))
                else:
                    strings = [one for one in of if isinstance(one, str)]
                    problem = self._one(
                        sourced(item, message, ordinal), strings, (number, ordinal), by
                    )
                    aside += [problem] if problem is not None else []
            add_parked(self._turn.connection, number, message.interface, aside,
                       moment_text(self._turn.now))  # fmt: skip
            by.parked = len(aside)
        self._keep_persons()
        return grown

    def _records(self, item: Item) -> tuple[str | Parked, ...]:
        if isinstance(item, Parked):
            return (item,)
        if isinstance(item, Acknowledged):
            known = own_identifiers(self._turn.connection, item.patient)
            return (item.patient if known else Parked("patient_unknown", "no such patient"),)
        return tuple(self._belonging.record(one) for one in groups_of(item))

    def _one(
        self, item: Item, records: list[str], place: tuple[int, int], by: Grown
    ) -> Parked | None:
        turn, (number, ordinal) = self._turn, place
        if isinstance(item, Arrived):
            return self._arrived(item, records[0], number, by)
        if isinstance(item, Person):
            self._person(item, records[0], number, by)
        elif isinstance(item, Merge):
            merge(turn, records[0], records[1], number, ordinal, by)
        elif isinstance(item, Unmerge):
            if not unmerge(turn, records[0], number, by):
                return Parked("not_merged", "the record was not merged into another one")
        elif isinstance(item, Acknowledged):
            said = Acknowledgement(item.patient, item.alert, item.who, item.reason, item.at)
            turn.append(item.patient, said, by, number)
        return None

    def _arrived(self, item: Arrived, record: str, number: int, by: Grown) -> Parked | None:
        turn, new = self._turn, item.observation
        if new.name not in turn.following.names:
            return Parked("name_unknown", "nothing is known of a value of this name")
        root, mark = turn.root(record)
        if new.taken_at > turn.known_at(root) + AHEAD:
            return Parked("time_ahead", "it is said to have been taken in the future",
                          name=new.name)  # fmt: skip
        source = source_at(turn, root, mark, new.source, by)
        kept = Observation(
            root, new.name, new.taken_at, new.value, new.unit, new.limit, new.status, source,
            new.issued_at, new.ends_at,
        )  # fmt: skip
        turn.append(root, kept, by, number)
        if item.name_shown:
            self._call(root, name_shown=item.name_shown)
        return None

    def _person(self, item: Person, record: str, number: int, by: Grown) -> None:
        root, _ = self._turn.root(record)
        said = {"name_shown": item.name_shown, "ward": item.ward, "bed": item.bed}
        self._call(root, **{name: text for name, text in said.items() if text is not None})
        kind = {"here": "assigned", "left": "closed", None: ""}[item.place]
        if not kind:
            return
        if self._turn.ready(root, by).state != kind:
            self._turn.append(root, (kind, {}), by, number)
            if kind == "assigned":
                # what is known already may be worth an alert
                chart = self._turn.chart(root)
                assert chart.known_at is not None
                self._turn.append(root, Tick(root, chart.known_at), by)

    def _call(self, patient: str, **said: str) -> None:
        cut = {
            name: text.replace("\0", "")[: 255 if name == "name_shown" else 80]
            for name, text in said.items()
        }
        now = self.persons.get(patient)
        if now is None and said.keys() == {"name_shown"}:
            # a name comes with every value; of a bed another server may have heard more
            now = self._cached.get(patient)
        if now is not None and replace(now, **cut) == now:
            return
        if patient not in self.persons:
            # another server may have heard more
            now = persons_of(self._turn.connection, [patient]).get(patient)
        self.persons[patient] = replace(now or PersonRow(), **cut)

    def _keep_persons(self) -> None:
        keep_persons(self._turn.connection, self.persons)


def _why(problem: Parked, item: Item) -> Parked:
    """Say of which analyte a value is that nobody can be found for."""
    if isinstance(item, Arrived):
        return replace(problem, name=item.observation.name, unit=item.observation.unit)
    return problem


def sourced(item: Item, message: Message, ordinal: int) -> Item:
    """Give a value without a source one of its own.

    Parameters
    ----------
    item : Item
        Any.
    message : Message
        That brought it.
    ordinal : int
        Its place in it.

    Returns
    -------
    Item
    """
    if isinstance(item, Arrived) and not item.observation.source:
        source = f"{message.interface}:{message.key}:{ordinal}"
        return replace(item, observation=replace(item.observation, source=source))
    return item
