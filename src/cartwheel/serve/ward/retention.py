"""Old messages lose their content, a few at a time, while the ward runs."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta

from cartwheel.errors import Refused
from cartwheel.serve.ward.keeper import utc_now
from cartwheel.serve.ward.opened import WardServices
from cartwheel.store.database import Store
from cartwheel.store.ward_json import moment_text
from cartwheel.store.ward_raw import empty, find_old

_log = logging.getLogger("cartwheel.ward")
# so many in one transaction, and seconds between two: messages that come in never wait long;
# where nothing is to be emptied nobody waits at all
_AT_ONCE, _PAUSE, _BREATH = 500, 0.2, 0.01
# seconds between two rounds
_EVERY = 3600.0


class Retention:
    """Empties what is old.

    Parameters
    ----------
    store : Store
        Where the log is.
    days : int
        How long content is kept, at least 1.
    clock : callable
        Tells the time; another one in tests.
    """

    def __init__(self, store: Store, days: int, clock: Callable[[], datetime] = utc_now) -> None:
        self._store, self._days, self._clock = store, days, clock
        self._after = self._many = 0
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin."""
        self._ending.clear()
        self._thread = threading.Thread(target=self._run, name="cartwheel-retention", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End after the present transaction."""
        self._ending.set()
        if self._thread is not None:
            self._thread.join(30.0)
            self._thread = None

    def counts(self) -> Mapping[str, int]:
        """Give how many messages were emptied since the start: for metrics."""
        return {"emptied": self._many}

    def run_once(self) -> int:
        """Empty all that is old by now.

        Returns
        -------
        int
            Messages.

        Raises
        ------
        FileRefused
            ``store_unavailable``; what was emptied by then stays so.
        """
        before = moment_text(self._clock() - timedelta(days=self._days))
        emptied = 0
        while True:
            with self._store.reading() as connection:
                old = find_old(connection, before, after=self._after, most=_AT_ONCE)
            if old.looked_at == self._after:
                break
            if old.numbers:
                with self._store.writing() as connection:
                    done = empty(connection, old.numbers)
                emptied += done
                self._many += done
            self._after = old.looked_at
            if self._ending.wait(_PAUSE if old.numbers else _BREATH):
                break
        if emptied:
            self._store.scrub()
        return emptied

    def _run(self) -> None:
        while not self._ending.is_set():
            with suppress(Refused):
                # what waited for the codes may be done by now
                self._after = 0
                emptied = self.run_once()
                if emptied:
                    _log.info("%d old messages were emptied", emptied)
            self._ending.wait(_EVERY)


def open_retention(ward: WardServices, days: int) -> None:
    """Let a ward that runs empty old messages.

    Parameters
    ----------
    ward : WardServices
        Open.
    days : int
        How long content is kept; 0 is for ever.
    """
    if days <= 0:
        return
    retention = Retention(ward.store, days)
    ward.counters["retention"] = retention.counts
    ward.starters.append(retention.start)
    ward.stoppers.append(retention.stop)
