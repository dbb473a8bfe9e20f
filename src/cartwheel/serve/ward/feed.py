"""What changed on the ward, for pages that are open: told at once, also of other servers' work."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy import func, select

from cartwheel.errors import Refused
from cartwheel.store.database import Store
from cartwheel.store.ward_tables import entries, episodes

STATES = ("assigned", "unassigned", "closed", "merged")
# numbers of two servers may be kept a little out of order
_OVERLAP = 20_000
# seconds: how often other servers' work is looked for, and how soon one's own
_LOOK, _SOON = 1.0, 0.1


@dataclass(frozen=True, slots=True)
class PatientChanged:
    """The log of a patient has grown.

    Parameters
    ----------
    patient : str
        The ward's own id.
    entry : int
        Number of his last line.
    state : str
        ``assigned``, ``unassigned``, ``closed`` or ``merged``.
    """

    patient: str
    entry: int
    state: str


class Feed:
    """Tells pages what changed.

    Parameters
    ----------
    store : Store
        Where the log is.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._seen_at = 0.0
        self._seen: tuple[PatientChanged, ...] = ()
        self._waiting: set[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = set()
        self._ended = False

    def wake(self, patients: Sequence[str]) -> None:
        """Say that something was kept by this process: a listener of `Ingest`.

        Parameters
        ----------
        patients : sequence of str
            Whose logs grew.
        """
        if patients:
            with self._lock:
                self._seen_at = 0.0
            self._ring()

    def close(self) -> None:
        """End every stream: the server stops."""
        self._ended = True
        self._ring()

    def newest(self) -> int:
        """Tell the number of the newest line.

        Returns
        -------
        int
            0 where there is none.
        """
        with self._store.reading() as connection:
            found = connection.execute(select(func.max(entries.c.number))).scalar()
        return int(found or 0)

    async def changes(
        self, after: int, quiet: float = 10.0
    ) -> AsyncIterator[tuple[PatientChanged, ...]]:
        """Tell what changed after a line, then whatever changes.

        Parameters
        ----------
        after : int
            Number of the last line that the page knows of: see `newest`.
        quiet : float
            Seconds without a change after which an empty tuple is told: it keeps a stream alive.

        Yields
        ------
        tuple of PatientChanged
            Each patient once, in the order of their last lines.
        """
        known: dict[str, int] = {}
        bell = (asyncio.get_running_loop(), asyncio.Event())
        self._waiting.add(bell)
        told = time.monotonic()
        try:
            while not self._ended:
                bell[1].clear()
                new = await self._new(known, after)
                if new or time.monotonic() - told >= quiet:
                    told = time.monotonic()
                    yield new
                    await asyncio.sleep(_SOON)
                with suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(bell[1].wait(), _LOOK)
        finally:
            self._waiting.discard(bell)

    async def _new(self, known: dict[str, int], after: int) -> tuple[PatientChanged, ...]:
        try:
            seen = await asyncio.to_thread(self._look)
        except Refused:
            # the database is away: what changes is told when it is back
            return ()
        new = [one for one in seen if one.entry > known.get(one.patient, after)]
        known.update({one.patient: one.entry for one in new})
        return tuple(new)

    def _look(self) -> tuple[PatientChanged, ...]:
        """Look once for all pages that are open."""
        with self._lock:
            if time.monotonic() - self._seen_at < _LOOK / 2 and self._seen:
                return self._seen
            wanted = (
                select(episodes.c.patient, episodes.c.last_entry, episodes.c.state)
                .where(episodes.c.state.in_(STATES), episodes.c.last_entry > self._low())
                .order_by(episodes.c.last_entry)
            )
            with self._store.reading() as connection:
                rows = connection.execute(wanted).all()
            self._seen = tuple(PatientChanged(*row) for row in rows)
            self._seen_at = time.monotonic()
            return self._seen

    def _low(self) -> int:
        return max((one.entry for one in self._seen), default=0) - _OVERLAP

    def _ring(self) -> None:
        for loop, bell in tuple(self._waiting):
            with suppress(RuntimeError):  # its loop has ended
                loop.call_soon_threadsafe(bell.set)
