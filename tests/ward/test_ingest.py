"""The intake: many at once, in groups, from threads and from an event loop; the feed of changes."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select
from ward_fake import FakeFollowing
from ward_messages import arrived, message

from cartwheel.serve.ward.feed import Feed
from cartwheel.serve.ward.ingest import Ingest
from cartwheel.serve.ward.keeper import Keeper
from cartwheel.serve.ward.known import verify
from cartwheel.store.database import Store, open_store
from cartwheel.store.ward_people import snapshot_of
from cartwheel.store.ward_tables import entries, episodes, messages
from cartwheel.watch.intake import Message, Receipt

FAKE = FakeFollowing()
FOLLOWINGS = {FAKE.sha256: FAKE}
MakeIngest = Callable[..., Ingest]


def count(store: Store, table: object, *where: object) -> int:
    with store.reading() as connection:
        wanted = select(func.count()).select_from(table).where(*where)  # type: ignore[arg-type]
        return int(connection.execute(wanted).scalar_one())


def test_many_threads_and_nothing_lost(store: Store, make_ingest: MakeIngest) -> None:
    ingest = make_ingest(store)

    def send(sender: int) -> list[Receipt]:
        several = (arrived(f"{n % 5}", "crp", f"{n}", n + sender / 16) for n in range(20))
        return [ingest.accept(message(f"{sender}-{n}", one)) for n, one in enumerate(several)]

    with ThreadPoolExecutor(12) as senders:
        receipts = [one for many in senders.map(send, range(12)) for one in many]
    assert Counter(one.outcome for one in receipts) == {"stored": 240}
    assert len({one.message for one in receipts}) == 240
    assert count(store, entries, entries.c.kind == "observation") == 240
    assert ingest.counts.stored == 240
    assert ingest.counts.groups < 240  # while one group is kept the next one gathers
    ingest.stop()
    assert verify(store, FOLLOWINGS).same


def test_the_same_message_a_hundred_times_at_two_servers(
    store: Store, make_ingest: MakeIngest
) -> None:
    both = (make_ingest(store), make_ingest(store))
    one = message("1", arrived("7", "infusion", None), arrived("7", "crp", "250", 1))
    with ThreadPoolExecutor(20) as senders:
        receipts = list(senders.map(lambda place: both[place % 2].accept(one), range(100)))
    assert Counter(found.outcome for found in receipts) == {"stored": 1, "repeat": 99}
    assert len({found.message for found in receipts}) == 1
    assert count(store, entries, entries.c.kind == "observation") == 2
    assert verify(store, FOLLOWINGS).same


def test_two_servers_and_the_same_patients(store: Store, make_ingest: MakeIngest) -> None:
    # two stores: connections of their own
    url = store.engine.url.render_as_string(hide_password=False)
    other = open_store(None, url)
    both = (make_ingest(store), make_ingest(other))

    def send(sender: int) -> list[str]:
        outcomes = []
        for n in range(15):
            key = f"{sender}-{n}"
            one = arrived(f"{n % 3}", "crp", f"{n * 7 % 200}", n, source=key)
            outcomes.append(both[(sender + n) % 2].accept(message(key, one)).outcome)
        return outcomes

    with ThreadPoolExecutor(8) as senders:
        outcomes = Counter(one for many in senders.map(send, range(8)) for one in many)
    assert outcomes == {"stored": 120}
    assert count(store, episodes) == 3  # of two that see a person first one gives way
    for ingest in both:
        ingest.stop()
    found = verify(store, FOLLOWINGS)
    assert found.same
    assert found.lines == 120 + 3
    other.close()


class SlowKeeper(Keeper):
    """Keeps nothing before it is let."""

    def __init__(self, store: Store) -> None:
        super().__init__(store, FakeFollowing())
        self.begun, self.let = threading.Event(), threading.Event()

    def keep(self, group: object) -> list[Receipt]:
        self.begun.set()
        assert self.let.wait(30.0)
        return super().keep(group)  # type: ignore[arg-type]


def test_where_too_many_wait_who_brings_more_waits_too(sqlite_store: Store) -> None:
    keeper = SlowKeeper(sqlite_store)
    ingest = Ingest(keeper, waiting=2)
    ingest.start()
    with ThreadPoolExecutor(4) as senders:
        sent = [senders.submit(ingest.accept, message("0", arrived("7", "crp", "1")))]
        assert keeper.begun.wait(30.0)
        sent += [
            senders.submit(ingest.accept, message(f"{n}", arrived("7", "crp", "1", n)))
            for n in (1, 2)
        ]
        while ingest.waiting < 2:
            time.sleep(0.005)
        # the fourth has no room: it is told so, and not kept
        refused = ingest.accept(message("x", arrived("7", "crp", "9", 9)), patience=0.05)
        assert refused.problem is not None
        assert (refused.outcome, refused.problem.code) == ("refused", "ward_busy")
        assert refused.passes
        keeper.let.set()
        assert {one.result().outcome for one in sent} == {"stored"}
    # with patience it gets its turn
    assert ingest.accept(message("x", arrived("7", "crp", "9", 9))).outcome == "stored"
    ingest.stop()
    assert count(sqlite_store, messages) == 4


def test_what_waits_too_long_is_either_kept_or_not(sqlite_store: Store) -> None:
    keeper = SlowKeeper(sqlite_store)
    ingest = Ingest(keeper)
    ingest.start()
    with ThreadPoolExecutor(2) as senders:
        begun = senders.submit(ingest.accept, message("1", arrived("7", "crp", "1")), 0.05)
        assert keeper.begun.wait(30.0)
        late = senders.submit(ingest.accept, message("2", arrived("7", "crp", "2", 1)), 0.05)
        assert late.result().problem is not None  # not begun: not kept
        time.sleep(0.1)
        keeper.let.set()
        assert begun.result().outcome == "stored"  # begun: waited for
    ingest.stop()
    assert count(sqlite_store, messages) == 1


def test_a_server_that_stops_keeps_what_waits_and_takes_no_more(sqlite_store: Store) -> None:
    keeper = SlowKeeper(sqlite_store)
    ingest = Ingest(keeper)
    before = ingest.accept(message("0", arrived("7", "crp", "1")))
    assert before.problem is not None
    assert before.problem.code == "ward_stopping"
    ingest.start()
    with ThreadPoolExecutor(4) as senders:
        sent = [senders.submit(ingest.accept, message("0", arrived("7", "crp", "1")))]
        assert keeper.begun.wait(30.0)
        sent += [
            senders.submit(ingest.accept, message(f"{n}", arrived("7", "crp", "1", n)))
            for n in (1, 2)
        ]
        while ingest.waiting < 2:
            time.sleep(0.005)
        stopping = senders.submit(ingest.stop)
        while ingest.alive:
            time.sleep(0.005)
        assert not ingest.accept(message("y", arrived("7", "crp", "1", 7))).durable
        keeper.let.set()
        stopping.result()
        assert {one.result().outcome for one in sent} == {"stored"}
    with sqlite_store.reading() as connection:
        row = connection.execute(select(episodes)).one()
        kept = snapshot_of(connection, row.patient)
    # the next start need not read the whole log
    assert kept is not None
    assert kept[0] == row.last_entry


def test_from_an_event_loop(store: Store, make_ingest: MakeIngest) -> None:
    ingest = make_ingest(store, waiting=4)

    async def send() -> list[Receipt]:
        several = [ingest.accept_soon(message(f"{n}", arrived("7", "crp", "1", n)))
                   for n in range(30)]  # fmt: skip
        return list(await asyncio.gather(*several))

    receipts = asyncio.run(send())
    assert Counter(one.outcome for one in receipts) == {"stored": 30}


def test_pages_hear_of_changes_of_either_server(store: Store, make_ingest: MakeIngest) -> None:
    ingest, other = make_ingest(store), make_ingest(store)
    feed = Feed(store)
    ingest.listen(feed.wake)
    (first,) = ingest.accept(message("1", arrived("7", "crp", "1"))).patients

    async def hear() -> list[tuple[str, ...]]:
        heard: list[tuple[str, ...]] = []
        stream = feed.changes(0, quiet=0.0)
        async for changed in stream:
            names = tuple(one.patient for one in changed)
            if names:
                heard.append(names)
            if len(heard) == 1 and names:
                await asyncio.to_thread(
                    ingest.accept, message("2", arrived("8", "crp", "1"))
                )  # fmt: skip
            elif len(heard) == 2 and names:
                await asyncio.to_thread(
                    other.accept, message("3", arrived("7", "crp", "2", 1))
                )  # fmt: skip
            elif len(heard) == 3:
                feed.close()
        return heard

    heard = asyncio.run(asyncio.wait_for(hear(), 20.0))
    assert heard[0] == (first,)
    assert heard[2] == (first,)
    assert heard[1] != (first,)
    with store.reading() as connection:
        assert feed.newest() == connection.execute(select(func.max(entries.c.number))).scalar()


@pytest.mark.parametrize(
    "hostile", ["'; DROP TABLE ward_entry; --", "<script>1</script>", "\ud800"]
)
def test_identifiers_that_look_like_something_else(
    store: Store, make_ingest: MakeIngest, hostile: str
) -> None:
    ingest = make_ingest(store)
    sent: Message = message("1", arrived(hostile, "crp", "1", source=hostile))
    receipt = ingest.accept(sent)
    # half a character cannot be kept by a database; then nothing is, and it is said
    assert receipt.outcome == ("refused" if hostile == "\ud800" else "stored")
    assert ingest.accept(message("2", arrived("7", "crp", "1"))).outcome == "stored"
