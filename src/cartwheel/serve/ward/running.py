"""A ward that runs: intake, clock, sender and feed, started and stopped in the right order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from cartwheel.serve.ward.clock import Clock
from cartwheel.serve.ward.feed import Feed
from cartwheel.serve.ward.following import Following
from cartwheel.serve.ward.ingest import Ingest
from cartwheel.serve.ward.keeper import Keeper, utc_now
from cartwheel.serve.ward.outbox import Outbox, Send
from cartwheel.store.database import Store
from cartwheel.store.ward_json import moment_text
from cartwheel.store.ward_log import add_ward_file
from cartwheel.store.ward_messages import message_of
from cartwheel.store.ward_outbox import Subscription
from cartwheel.store.ward_parked import messages_parked
from cartwheel.watch.intake import Item, Message, Receipt

Read = Callable[[Message], Sequence[Item]]
"""Reads a kept message anew, as its interface does."""


class RunningWard:
    """Everything that runs behind the interfaces of a ward.

    Parameters
    ----------
    store : Store
        Where the log is.
    following : Following
        Of the ward file in force.
    subscriptions : sequence of Subscription
        Who is told of which events.
    senders : mapping of str to callable
        How each target of the subscriptions is told.
    clock : callable
        Tells the time; another one in tests and simulations.

    Attributes
    ----------
    ingest : Ingest
        Takes messages.
    feed : Feed
        Tells pages what changed.
    outbox : Outbox
        Tells other programs.
    """

    def __init__(
        self,
        store: Store,
        following: Following,
        *,
        subscriptions: Sequence[Subscription] = (),
        senders: Mapping[str, Send] | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.store, self.following = store, following
        self.ingest = Ingest(Keeper(store, following, subscriptions, clock))
        self.feed = Feed(store)
        self.outbox = Outbox(store, senders or {}, clock=clock)
        self._clock = Clock(self.ingest)
        self._now = clock
        self.ingest.listen(self.feed.wake)
        self.ingest.listen(self.outbox.wake)

    def start(self) -> None:
        """Start: first the intake, then what depends on it.

        Raises
        ------
        FileRefused
            ``store_unavailable``.
        """
        known_at = moment_text(self._now())
        with self.store.writing() as connection:
            add_ward_file(connection, self.following.sha256, self.following.content, known_at)
        self.ingest.start()
        self.outbox.start()
        self._clock.start()

    def stop(self) -> None:
        """Stop: what was taken is kept, what was begun is ended."""
        self._clock.stop()
        self.ingest.stop()
        self.outbox.stop()
        self.feed.close()

    def read_again(
        self, readers: Mapping[str, Read], *, reason: str = "", code: str = ""
    ) -> tuple[Receipt, ...]:
        """Send through again what was parked, after the centre's codes were changed.

        Parameters
        ----------
        readers : mapping of str to callable
            By interface; messages of another one stay parked.
        reason, code : str
            Only what was parked for this reason, or with this code; empty asks nothing.

        Returns
        -------
        tuple of Receipt
            One of each message.

        Raises
        ------
        FileRefused
            ``store_unavailable``.
        """
        receipts: list[Receipt] = []
        after = 0
        while True:
            with self.store.reading() as connection:
                numbers = messages_parked(connection, reason=reason, code=code, after=after)
            if not numbers:
                return tuple(receipts)
            for number in numbers:
                with self.store.reading() as connection:
                    message = message_of(connection, number)
                if message.interface in readers:
                    items = tuple(readers[message.interface](message))
                    receipts.append(self.ingest.again(number, items))
            after = numbers[-1]
