"""The intake: one thread keeps what all interfaces bring, many messages in one transaction.

Who brings a message waits until it is durable. While one group is being kept the next one gathers:
so the busier the ward, the larger the groups. Where too many wait, who brings more waits too.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, TimeoutError as TooLate
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeAlias

from cartwheel.errors import Problem, Refused
from cartwheel.serve.ward.keeper import Keeper
from cartwheel.serve.ward.meter import Meter
from cartwheel.watch.intake import Item, Message, Receipt

_log = logging.getLogger("cartwheel.ward")

MOST_WAITING, GROUP = 2000, 200
# seconds: how long a message may wait for its turn; how often an idle intake looks after snapshots
PATIENCE, _IDLE = 30.0, 0.25
_SOON = 0.005
_NOW_AND_THEN, _FAR_BEHIND = 8, 1000

Listener: TypeAlias = Callable[[Sequence[str]], None]
"""Told of the patients whose logs grew, in the intake's own thread: it must be quick."""


@dataclass(frozen=True, slots=True)
class _Again:
    number: int
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class _Time:
    """The clock asks."""


_Work: TypeAlias = Message | _Again | _Time
_Waiting: TypeAlias = tuple[_Work, "Future[Receipt]"]
_Answer: TypeAlias = tuple["asyncio.Future[Receipt]", Receipt]


@dataclass(slots=True)
class IngestCounts:
    """What an intake has done since it started, for metrics.

    Parameters
    ----------
    stored, repeats, refused, entries, events, parked, ticks : int
        Messages by outcome; lines, events and parked items; patients the clock looked at.
    groups : int
        Transactions.
    seconds : float
        In transactions.
    """

    stored: int = 0
    repeats: int = 0
    refused: int = 0
    entries: int = 0
    events: int = 0
    parked: int = 0
    ticks: int = 0
    groups: int = 0
    seconds: float = 0.0

    def add(self, receipts: Sequence[Receipt], seconds: float) -> None:
        """Count a group."""
        self.groups += 1
        self.seconds += seconds
        for one in receipts:
            self.stored += one.outcome == "stored"
            self.repeats += one.outcome == "repeat"
            self.refused += one.outcome == "refused"
            self.entries += one.entries
            self.events += one.events
            self.parked += one.parked


class _Answers:
    """Receipts for event loops: a loop is woken once a group, not once a message."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[asyncio.AbstractEventLoop, list[_Answer]] = {}

    def add(
        self, loop: asyncio.AbstractEventLoop, answer: asyncio.Future[Receipt],
        done: Future[Receipt],
    ) -> None:  # fmt: skip
        """Keep a receipt until the group is through."""
        if done.cancelled():
            return
        with self._lock:
            self._waiting.setdefault(loop, []).append((answer, done.result()))

    def tell(self) -> None:
        """Give every receipt to who waits for it."""
        with self._lock:
            waiting, self._waiting = self._waiting, {}
        for loop, answers in waiting.items():
            # a loop that was closed waits for nothing
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(_tell_all, answers)


def _tell_all(answers: Sequence[_Answer]) -> None:
    for answer, receipt in answers:
        if not answer.done():
            answer.set_result(receipt)


class Ingest:
    """Takes messages, and answers when they are durable.

    Parameters
    ----------
    keeper : Keeper
        Keeps them.
    waiting : int
        How many may wait; more make their senders wait.
    group : int
        How many are kept in one transaction.
    """

    def __init__(self, keeper: Keeper, *, waiting: int = MOST_WAITING, group: int = GROUP) -> None:
        self.keeper = keeper
        self.counts, self.meter = IngestCounts(), Meter()
        self._queue: queue.Queue[_Waiting] = queue.Queue(waiting)
        self._group = group
        self._stopping = threading.Event()
        self._stopping.set()  # until it is started
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._listeners: list[Listener] = []
        self._answers = _Answers()

    @property
    def waiting(self) -> int:
        """How many messages wait."""
        return self._queue.qsize()

    @property
    def full(self) -> bool:
        """Whether who brings more has to wait."""
        return self._queue.full()

    @property
    def alive(self) -> bool:
        """Whether the thread that keeps messages runs."""
        thread = self._thread
        return thread is not None and thread.is_alive() and not self._stopping.is_set()

    def listen(self, listener: Listener) -> None:
        """Tell somebody of each group that was kept.

        Parameters
        ----------
        listener : callable
            Gets the ids of the patients.
        """
        self._listeners.append(listener)

    def start(self) -> None:
        """Begin to take messages."""
        self._stopping.clear()
        self._thread = threading.Thread(target=self._run, name="cartwheel-ward", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Keep what waits, write snapshots, and end."""
        with self._lock:
            self._stopping.set()
        if self._thread is not None:
            self._thread.join(60.0)
            self._thread = None

    def accept(self, message: Message, patience: float = PATIENCE) -> Receipt:
        """Keep a message; wait until it is durable. From any thread.

        Parameters
        ----------
        message : Message
            From a parser.
        patience : float
            Seconds that it may wait for its turn; then it is refused, ``ward_busy``.

        Returns
        -------
        Receipt
        """
        return self._ask(message, patience)

    def again(self, number: int, items: Sequence[Item], patience: float = PATIENCE) -> Receipt:
        """Send a message through again, after the centre's codes were changed.

        Parameters
        ----------
        number, items
            As of `Keeper.again`.
        patience : float
            As of `accept`.

        Returns
        -------
        Receipt
        """
        return self._ask(_Again(number, tuple(items)), patience)

    def tick(self, patience: float = PATIENCE) -> Receipt:
        """Let time pass for everybody whom the clock has to look at.

        Parameters
        ----------
        patience : float
            As of `accept`.

        Returns
        -------
        Receipt
            ``stored`` with those looked at, or why not.
        """
        return self._ask(_Time(), patience)

    async def accept_soon(self, message: Message, patience: float = PATIENCE) -> Receipt:
        """Keep a message as `accept` does, without holding up the event loop.

        Parameters
        ----------
        message, patience
            As of `accept`.

        Returns
        -------
        Receipt
        """
        until = time.monotonic() + patience
        future = self.meter.begun(message.interface)
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Receipt] = loop.create_future()
        # before it is put: what is answered is answered with its group
        future.add_done_callback(lambda done: self._answers.add(loop, answer, done))
        while not self._put(message, future, 0.0):
            stopping = self._stopping.is_set()
            if stopping or time.monotonic() > until:
                future.cancel()
                return _refused("ward_stopping" if stopping else "ward_busy")
            await asyncio.sleep(_SOON)
        try:
            return await answer
        except asyncio.CancelledError:
            # who went away before it was begun does not have it kept
            future.cancel()
            raise

    def _ask(self, work: _Work, patience: float) -> Receipt:
        future: Future[Receipt] = Future()
        if isinstance(work, Message):
            future = self.meter.begun(work.interface)
        if not self._put(work, future, patience):
            future.cancel()
            return _refused("ward_stopping" if self._stopping.is_set() else "ward_busy")
        with suppress(TooLate):
            return future.result(patience)
        # what is not begun is not kept; what is begun is waited for: nothing in between
        return _refused("ward_busy") if future.cancel() else future.result()

    def _put(self, work: _Work, future: Future[Receipt], patience: float) -> bool:
        until = time.monotonic() + patience
        while True:
            with self._lock:
                # after the lock nothing is put that nobody will take
                if self._stopping.is_set():
                    return False
                with suppress(queue.Full):
                    self._queue.put_nowait((work, future))
                    return True
            if time.monotonic() >= until:
                return False
            time.sleep(_SOON)

    def _run(self) -> None:
        while not (self._stopping.is_set() and self._queue.empty()):
            group = self._gathered()
            try:
                if group:
                    self._work_on(group)
                else:
                    self.keeper.snapshots()
            except Refused:
                # the database is away: snapshots are written when it is back
                pass
            except Exception as error:
                # its text may hold data; the ward goes on, and nobody waits for ever
                _log.error("the intake failed (%s)", type(error).__name__)
            for _, future in group:
                if not future.done():
                    future.set_result(_refused("ward_busy"))
            self._answers.tell()
        with suppress(Refused):
            while self.keeper.snapshots(most=50, after=1):
                pass

    def _gathered(self) -> list[_Waiting]:
        try:
            group = [self._queue.get(timeout=_IDLE)]
        except queue.Empty:
            return []
        with suppress(queue.Empty):
            while len(group) < self._group:
                group.append(self._queue.get_nowait())
        return [one for one in group if one[1].set_running_or_notify_cancel()]

    def _work_on(self, group: Sequence[_Waiting]) -> None:
        together: list[tuple[Message, Future[Receipt]]] = []
        for work, future in group:
            if isinstance(work, Message):
                together.append((work, future))
            else:
                # in the order in which they came
                self._keep(together)
                together = []
                self._other(work, future)
        self._keep(together)

    def _keep(self, together: Sequence[tuple[Message, Future[Receipt]]]) -> None:
        if not together:
            return
        begun = time.perf_counter()
        receipts = self.keeper.keep([message for message, _ in together])
        self.counts.add(receipts, time.perf_counter() - begun)
        for (_, future), receipt in zip(together, receipts, strict=True):
            future.set_result(receipt)
        self._answers.tell()
        self._tell({patient for receipt in receipts for patient in receipt.patients})
        if self.counts.groups % _NOW_AND_THEN == 0:
            # who is never idle writes snapshots too, or the next start would take long
            with suppress(Refused):
                self.keeper.snapshots(most=_NOW_AND_THEN, after=_FAR_BEHIND)

    def _other(self, work: _Again | _Time, future: Future[Receipt]) -> None:
        if isinstance(work, _Time):
            receipt = self._time()
        else:
            receipt = self.keeper.again(work.number, work.items)
        future.set_result(receipt)
        self._tell(set(receipt.patients))

    def _time(self) -> Receipt:
        try:
            seen = self.keeper.tick()
        except Refused as refused:
            return Receipt("refused", None, problem=refused.problems[0])
        self.counts.ticks += len(seen)
        return Receipt("stored", None, patients=seen)

    def _tell(self, patients: set[str]) -> None:
        if patients:
            for listener in self._listeners:
                listener(tuple(patients))


def _refused(code: str) -> Receipt:
    what = {
        "ward_stopping": "the server is stopping; nothing was kept",
        "ward_busy": "too many messages wait; this one was not kept",
    }[code]
    return Receipt("refused", None, problem=Problem(code, what, "the ward", "send it again"))
