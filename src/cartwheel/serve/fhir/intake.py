"""Resources on their way into the ward: which one it is, which version, and what came before."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from cartwheel.errors import CohortRefused, Problem, refuse
from cartwheel.serve.fhir.checking import check, type_of
from cartwheel.serve.fhir.context import FhirContext, FhirOptions, issued_at
from cartwheel.serve.fhir.json_text import Resource, read_json, write_json
from cartwheel.serve.fhir.parsing import (
    items_of,
    items_of_each,
    people_first,
    still_here,
    with_withdrawals,
)
from cartwheel.serve.ward.ingest import Ingest
from cartwheel.store.database import Store
from cartwheel.store.ward_messages import content_sha256, message_kept, message_of
from cartwheel.watch.codes import CodeTable
from cartwheel.watch.intake import Item, Message, Parked, Receipt

_LONGEST_SENDER = 100
# each lost race means that another one has won: it ends
_RACES = 100


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one resource.

    Parameters
    ----------
    resource : mapping
        With its id.
    version : int
        How many versions of it there are with this one.
    receipt : Receipt
        Of the ward.
    parked : tuple of Parked
        What of it cannot be used as it stands.
    """

    resource: Resource
    version: int
    receipt: Receipt
    parked: tuple[Parked, ...] = ()

    @property
    def created(self) -> bool:
        """Whether it is new."""
        return self.version == 1 and self.receipt.outcome == "stored"


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a resource that is kept.

    Parameters
    ----------
    number : int
        From 1.
    message : int
        That brought it.
    sha256 : str
        Of its content.
    """

    number: int
    message: int
    sha256: str


@dataclass(frozen=True, slots=True)
class FhirIntake:
    """Takes resources of all senders; safe to call from several threads.

    Parameters
    ----------
    ingest : Ingest
        Of the ward.
    store : Store
        Where the log is: what came before is read from there.
    codes : callable
        Gives the centre's table as it is now.
    options : FhirOptions
        Of every sender that has none of its own.
    senders : mapping of str to FhirOptions
        By name of the account.
    """

    ingest: Ingest
    store: Store
    codes: Callable[[], CodeTable]
    options: FhirOptions = field(default_factory=FhirOptions)
    senders: Mapping[str, FhirOptions] = field(default_factory=dict)

    def context(self, sender: str, together: Mapping[str, Resource] | None = None) -> FhirContext:
        """Say how resources of a sender are read."""
        options = self.senders.get(sender, self.options)

        def kept(kind: str, identity: str) -> Resource | None:
            last = self.last(sender, kind, identity)
            return None if last is None else with_id(read_json(self.content(last)))

        return FhirContext(self.codes(), options, sender, together or {}, kept)

    def take(
        self,
        resource: Resource,
        content: bytes,
        context: FhirContext,
        *,
        expected: int | None = None,
    ) -> Taken:
        """Take one sound resource, and wait until it is durable.

        Parameters
        ----------
        resource : mapping
            Checked, with its id.
        content : bytes
            As it came.
        context : FhirContext
            Of the sender.
        expected : int, optional
            Version that the sender believes to be the last one.

        Returns
        -------
        Taken
            The same content as of the last version is a repeat, and changes nothing.

        Raises
        ------
        CohortRefused
            ``version_differs``; what the ward refuses.
        """
        items = items_of(resource, context)
        for _ in range(_RACES):
            last = self.last(context.sender, type_of(resource), str(resource["id"]))
            now = last.number if last else 0
            if expected is not None and expected != now:
                raise refuse(
                    CohortRefused, "version_differs", "there is another version by now",
                    where=type_of(resource), mend="read it again",
                )  # fmt: skip
            again = last is not None and last.sha256 == content_sha256(content)
            version = now if again else now + 1
            before = () if again or last is None else self._before(last, context)
            whole = (
                items
                if again
                else still_here(with_withdrawals(items, before, issued_at(resource)), before)
            )
            key = key_of(context.sender, type_of(resource), str(resource["id"]), version)
            receipt = self.ingest.accept(Message("fhir", key, content, whole))
            problem = receipt.problem
            # another server was first with a version of this number
            if problem is None or problem.code != "message_differs":
                break
        if receipt.problem is not None:
            raise CohortRefused(receipt.problem)
        return Taken(resource, version, receipt, _parked(items))

    def take_together(
        self, resources: Sequence[Resource], content: bytes, context: FhirContext
    ) -> tuple[Receipt, tuple[tuple[Parked, ...], ...]]:
        """Take the sound resources of a transaction: all of them, or none.

        Parameters
        ----------
        resources : sequence of mapping
            Checked, with their ids.
        content : bytes
            The bundle as it came; the same bytes again are a repeat.
        context : FhirContext
            Of the sender, with all of them.

        Returns
        -------
        (Receipt, tuple of tuple of Parked)
            What of each resource cannot be used as it stands.

        Raises
        ------
        CohortRefused
            What the ward refuses.
        """
        each = items_of_each(resources, context)
        key = f"{_sender(context.sender)}|Bundle|{content_sha256(content)}"
        items = people_first(resources, each)
        receipt = self.ingest.accept(Message("fhir", key, content, items))
        if receipt.problem is not None:
            raise CohortRefused(receipt.problem)
        return receipt, tuple(_parked(items) for items in each)

    def last(self, sender: str, kind: str, identity: str) -> Version | None:
        """Find the last version of a resource.

        Parameters
        ----------
        sender : str
            Name of the account.
        kind, identity : str
            Type and id.

        Returns
        -------
        Version or None
        """
        with self.store.reading() as connection:

            def kept(number: int) -> Version | None:
                found = message_kept(connection, "fhir", key_of(sender, kind, identity, number))
                return None if found is None else Version(number, found.number, found.sha256)

            low = kept(1)
            if low is None:
                return None
            high = 2
            while (one := kept(high)) is not None:
                low, high = one, high * 2
            # between the last one that is there and the first one that is not
            while high - low.number > 1:
                middle = (high + low.number) // 2
                one = kept(middle)
                if one is None:
                    high = middle
                else:
                    low = one
            return low

    def content(self, version: Version) -> bytes:
        """Give a version as it came."""
        with self.store.reading() as connection:
            return message_of(connection, version.message).content

    def _before(self, last: Version, context: FhirContext) -> tuple[Item, ...]:
        return items_of(with_id(read_json(self.content(last))), context)


def with_id(resource: Resource) -> Resource:
    """Give a resource its id.

    Parameters
    ----------
    resource : mapping
        As it came.

    Returns
    -------
    mapping
        A resource that is created has the id that follows from its first identifier, else from
        its content: created twice, it is the same one.
    """
    return resource if resource.get("id") else {**resource, "id": id_for(resource)}


def id_for(resource: Resource) -> str:
    """Name a resource that is created.

    Parameters
    ----------
    resource : mapping
        Checked.

    Returns
    -------
    str
        32 hexadecimal digits.
    """
    pair = next(
        ((one["system"], one["value"]) for one in _identifiers(resource)
         if one.get("system") and one.get("value")),
        None,
    )  # fmt: skip
    named = "|".join(pair) if pair else write_json({**resource, "id": ""})
    whole = f"{type_of(resource)}|{named}"
    return hashlib.sha256(whole.encode("utf-8")).hexdigest()[:32]


def _identifiers(resource: Resource) -> list[Any]:
    found = resource.get("identifier", [])
    return found if isinstance(found, list) else [found]


def key_of(sender: str, kind: str, identity: str, version: int) -> str:
    """Name a version of a resource in the log.

    Parameters
    ----------
    sender : str
        Name of the account.
    kind, identity : str
        Type and id.
    version : int
        From 1.

    Returns
    -------
    str
    """
    return f"{_sender(sender)}|{kind}/{identity}|{version}"


def _sender(sender: str) -> str:
    if len(sender) <= _LONGEST_SENDER and "|" not in sender:
        return sender
    return hashlib.sha256(sender.encode("utf-8")).hexdigest()[:32]


def sender_of(key: str) -> str:
    """Tell who sent a message of the log.

    Parameters
    ----------
    key : str
        Of the message.

    Returns
    -------
    str
        Name of the account; long ones by their hash.
    """
    return key.partition("|")[0]


def read_again(message: Message, context: FhirContext) -> tuple[Item, ...]:
    """Read a message of the log once more, after the table of codes was changed.

    Parameters
    ----------
    message : Message
        As it is kept.
    context : FhirContext
        Of its sender, with the table of codes as it is now.

    Returns
    -------
    tuple of Item
        For `Ingest.again`.

    Raises
    ------
    CohortRefused
        Where it cannot be read, also where it is not sound and waits for that reason.
    """
    read = read_json(message.content)
    if type_of(read) != "Bundle":
        return items_of(with_id(checked(read)), context)
    from cartwheel.serve.fhir.bundles import plan_of  # noqa: PLC0415

    plan = plan_of(read)
    each = items_of_each(plan.resources, replace(context, together=plan.together))
    return people_first(plan.resources, each)


def checked(resource: Any, kind: str = "", where: str = "") -> Resource:
    """Refuse what is not a sound resource of a type.

    Parameters
    ----------
    resource : object
        As it came.
    kind : str
        That is expected; empty for any that is taken.
    where : str
        What expressions begin with.

    Returns
    -------
    mapping

    Raises
    ------
    CohortRefused
        ``resource_type``, ``resource_type_differs``, and all that `check` finds.
    """
    own = type_of(resource)
    if not own:
        raise refuse(
            CohortRefused, "resource_type", "this is not a resource", where=where or "Resource"
        )
    if kind and own != kind:
        raise refuse(
            CohortRefused, "resource_type_differs", f"this address takes {kind}", where=where or own
        )
    check(resource, where)
    found: Resource = resource
    return found


def problem_of(parked: Parked) -> Problem:
    """Say of a parked value why it is.

    Parameters
    ----------
    parked : Parked
        From a resource.

    Returns
    -------
    Problem
    """
    return Problem(parked.reason, f"kept, and set aside: {parked.what}")


def _parked(items: Sequence[Item]) -> tuple[Parked, ...]:
    return tuple(one for one in items if isinstance(one, Parked))
