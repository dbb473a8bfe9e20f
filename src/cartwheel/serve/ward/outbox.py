"""The sender: what the outbox holds is sent until it has arrived, one thread for each target.

What one receiver cannot take holds up no other, and no ward. Of one patient the events go out in
order; an event that is given up on lets the next ones pass, and is on the list of dead letters.
"""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta

from cartwheel.errors import Refused
from cartwheel.serve.ward.keeper import utc_now
from cartwheel.store.database import Store
from cartwheel.store.ward_json import moment_text
from cartwheel.store.ward_outbox import (
    OutboxRow,
    claim_outbox,
    end_outbox,
    put_off_outbox,
)

_log = logging.getLogger("cartwheel.ward")

# 1, 2, 4 ... seconds up to an hour: the last attempt is about eight hours after the first
ATTEMPTS, FIRST, LONGEST = 18, 1.0, 3600.0
# seconds: how often is looked; after which a row is free again whose sender was killed
LOOK, LEASE = 1.0, 120.0
_AT_ONCE = 20

Send = Callable[[OutboxRow], None]
"""Sends a row; raises when it has not arrived."""


class Outbox:
    """Sends what the outbox holds.

    Parameters
    ----------
    store : Store
        Where.
    senders : mapping of str to callable
        By target.
    clock : callable
        Tells the time; another one in tests.
    chance : Random, optional
        Spreads the attempts.
    attempts : int
        How many before a row is given up on.
    """

    def __init__(
        self,
        store: Store,
        senders: Mapping[str, Send],
        *,
        clock: Callable[[], datetime] = utc_now,
        chance: random.Random | None = None,
        attempts: int = ATTEMPTS,
    ) -> None:
        self._store, self._senders, self._clock = store, dict(senders), clock
        self._chance = chance or random.Random()
        self._attempts = attempts
        self._ending = threading.Event()
        self._bells = {target: threading.Event() for target in self._senders}
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Begin to send."""
        self._ending.clear()
        self._threads = [
            threading.Thread(target=self._run, args=(target,), daemon=True,
                             name=f"cartwheel-outbox-{place}")
            for place, target in enumerate(self._senders)
        ]  # fmt: skip
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End after what is being sent."""
        self._ending.set()
        self.wake()
        for thread in self._threads:
            thread.join(30.0)
        self._threads = []

    def wake(self, _patients: object = None) -> None:
        """Look at once: a listener of `Ingest`."""
        for bell in self._bells.values():
            bell.set()

    def send_due(self, target: str) -> int:
        """Send what is due to a target, once.

        Parameters
        ----------
        target : str
            Name in the settings.

        Returns
        -------
        int
            How many rows were tried.

        Raises
        ------
        FileRefused
            ``store_unavailable``.
        """
        now = self._clock()
        again_at = moment_text(now + timedelta(seconds=LEASE))
        with self._store.writing() as connection:
            rows = claim_outbox(connection, moment_text(now), again_at, target, _AT_ONCE)
        for row in rows:
            self._send(row)
        return len(rows)

    def _send(self, row: OutboxRow) -> None:
        try:
            self._senders[row.target](row)
        except Refused as refused:
            self._put_off(row, refused.problems[0].what)
        except Exception as error:
            # its text may hold what was sent
            self._put_off(row, f"a fault of ours ({type(error).__name__})")
            _log.error("an event could not be sent (%s)", type(error).__name__)
        else:
            with self._store.writing() as connection:
                end_outbox(connection, row.number, moment_text(self._clock()))

    def _put_off(self, row: OutboxRow, problem: str) -> None:
        now = self._clock()
        waits = min(FIRST * 2.0 ** (row.attempts - 1), LONGEST) * self._chance.uniform(0.8, 1.2)
        over = row.attempts >= self._attempts
        with self._store.writing() as connection:
            put_off_outbox(
                connection,
                row.number,
                problem,
                next_at=moment_text(now + timedelta(seconds=waits)),
                dead_at=moment_text(now) if over else None,
            )

    def _run(self, target: str) -> None:
        bell = self._bells[target]
        while not self._ending.is_set():
            bell.clear()
            sent = 0
            with suppress(Refused):
                sent = self.send_due(target)
            if not sent:
                bell.wait(LOOK)
