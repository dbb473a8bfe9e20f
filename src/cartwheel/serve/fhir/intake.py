"""Resources on their way into the ward: which one it is, which version, and what came before."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from cartwheel.errors import CohortRefused, Problem, refuse
from cartwheel.serve.fhir.checking import check, type_of
from cartwheel.serve.fhir.context import FhirContext, FhirOptions, issued_at
from cartwheel.serve.fhir.json_text import Resource, read_json
from cartwheel.serve.fhir.naming import bundle_key, key_of, sender_of, with_id
from cartwheel.serve.fhir.parsing import (
    items_of,
    items_of_each,
    people_first,
    still_here,
    with_withdrawals,
)
from cartwheel.serve.fhir.said import said_in_log, stands_for
from cartwheel.serve.fhir.versions import Order, in_order, is_older, is_unordered
from cartwheel.serve.ward.ingest import Ingest
from cartwheel.store.database import Store
from cartwheel.store.ward_messages import content_sha256, message_kept, message_of
from cartwheel.watch.codes import CodeTable
from cartwheel.watch.intake import Item, Message, Parked, Receipt

# each lost race means that another one has won: it ends
_RACES = 100
_OLD = "|before|"


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
    old : bool
        A newer version was here before it: it is kept, and nothing follows from it.
    """

    resource: Resource
    version: int
    receipt: Receipt
    parked: tuple[Parked, ...] = ()
    old: bool = False

    @property
    def created(self) -> bool:
        """Whether it is new."""
        return self.version == 1 and self.receipt.outcome == "stored" and not self.old


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a resource that is kept.

    Parameters
    ----------
    number : int
        From 1.
    message : int
        That brought it.
    sha256, key : str
        Of its content; of the message.
    """

    number: int
    message: int
    sha256: str
    key: str


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
    order : Order
        Counts versions that arrival alone has ordered.
    """

    ingest: Ingest
    store: Store
    codes: Callable[[], CodeTable]
    options: FhirOptions = field(default_factory=FhirOptions)
    senders: Mapping[str, FhirOptions] = field(default_factory=dict)
    order: Order = field(default_factory=Order)

    def context(self, sender: str, together: Mapping[str, Resource] | None = None) -> FhirContext:
        """Say how resources of a sender are read."""
        options = self.senders.get(sender, self.options)

        def kept(kind: str, identity: str) -> Resource | None:
            last = self.last(sender, kind, identity)
            return None if last is None else self.resource(last)

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
            The same content as of the last version is a repeat, and changes nothing; so does a
            version that the sender numbers lower than the last one.

        Raises
        ------
        CohortRefused
            ``version_differs``; what the ward refuses.
        """
        kind, identity = type_of(resource), str(resource["id"])
        for _ in range(_RACES):
            last = self.last(context.sender, kind, identity)
            now = last.number if last else 0
            if expected is not None and expected != now:
                raise refuse(
                    CohortRefused, "version_differs", "there is another version by now",
                    where=type_of(resource), mend="read it again",
                )  # fmt: skip
            again = last is not None and last.sha256 == content_sha256(content)
            before = None if again or last is None else self.resource(last)
            old = before is not None and is_older(resource, before)
            version = now if again or old else now + 1
            placed = in_order(resource, version, before or self._stands_for(last))
            items = items_of(placed, context)
            whole = items
            key = key_of(context.sender, kind, identity, version)
            if old:
                items = whole = ()
                key = f"{key}{_OLD}{content_sha256(content)[:16]}"
            elif not again:
                said = () if last is None else self._said(last, before, items, context)
                whole = still_here(with_withdrawals(items, said, issued_at(placed)), said)
            receipt = self.ingest.accept(Message("fhir", key, content, whole))
            problem = receipt.problem
            # another server was first with a version of this number
            if problem is None or problem.code != "message_differs":
                break
        if receipt.problem is not None:
            raise CohortRefused(receipt.problem)
        if old:
            self.order.count("out_of_order")
        elif before is not None and is_unordered(resource, before):
            self.order.count("unordered")
        return Taken(resource, version, receipt, _parked(items), old)

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
        key = bundle_key(context.sender, content_sha256(content))
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
                key = key_of(sender, kind, identity, number)
                found = message_kept(connection, "fhir", key)
                return None if found is None else Version(number, found.number, found.sha256, key)

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

    def resource(self, version: Version) -> Resource | None:
        """Give a version as it was read; None where its content was emptied since."""
        content = self.content(version)
        return with_id(read_json(content)) if content else None

    def _stands_for(self, last: Version | None) -> Resource | None:
        if last is None:
            return None
        with self.store.reading() as connection:
            return stands_for(connection, last.message)

    def _said(
        self, last: Version, before: Resource | None, items: Sequence[Item], context: FhirContext
    ) -> tuple[Item, ...]:
        """Read what the last version said: itself, or the log where it was emptied."""
        if before is not None:
            return items_of(before, context)
        with self.store.reading() as connection:
            return tuple(said_in_log(connection, last.key, last.number, items))

    def again(self, message: Message) -> tuple[Item, ...]:
        """Read a message of the log once more, after the table of codes was changed.

        Parameters
        ----------
        message : Message
            As it is kept.

        Returns
        -------
        tuple of Item
            For `Ingest.again`.

        Raises
        ------
        CohortRefused
            Where it cannot be read, also where it is not sound and waits for that reason, and
            ``content_emptied``.
        """
        if not message.content:
            raise refuse(CohortRefused, "content_emptied", "its content was emptied since")
        context = self.context(sender_of(message.key))
        read = read_json(message.content)
        if type_of(read) == "Bundle":
            return read_bundle_again(read, context)
        resource = with_id(checked(read))
        number = message.key.rpartition("|")[2]
        if not number.isdigit():
            return items_of(resource, context)
        before = int(number) - 1
        kind, identity = type_of(resource), str(resource["id"])
        last = self._kept(key_of(context.sender, kind, identity, before), before)
        placed = in_order(resource, int(number), None if last is None else self.resource(last))
        return items_of(placed, context)

    def _kept(self, key: str, number: int) -> Version | None:
        with self.store.reading() as connection:
            found = message_kept(connection, "fhir", key)
        return None if found is None else Version(number, found.number, found.sha256, key)


def read_bundle_again(bundle: Resource, context: FhirContext) -> tuple[Item, ...]:
    """Read a transaction of the log once more.

    Parameters
    ----------
    bundle : mapping
        As it is kept.
    context : FhirContext
        Of its sender.

    Returns
    -------
    tuple of Item

    Raises
    ------
    CohortRefused
        Where it is not sound.
    """
    from cartwheel.serve.fhir.bundles import plan_of  # noqa: PLC0415

    plan = plan_of(bundle)
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
