"""How many messages came by which way, what became of them, and how long each one took."""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import Future
from dataclasses import dataclass, field
from threading import Lock

from cartwheel.watch.intake import Receipt

LIMITS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Seconds: limits of histograms."""


@dataclass(slots=True)
class Histogram:
    """How often something took how long.

    Parameters
    ----------
    many : int
        How often.
    seconds : float
        All together.
    within : Counter of float
        How often it took at most so many seconds, for each of `LIMITS`.
    """

    many: int = 0
    seconds: float = 0.0
    within: Counter[float] = field(default_factory=Counter)

    def add(self, seconds: float) -> None:
        """Count one."""
        self.many += 1
        self.seconds += seconds
        for limit in reversed(LIMITS):
            if seconds > limit:
                break
            self.within[limit] += 1


class Meter:
    """Watches messages from when they are brought until they are durable."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._outcomes: Counter[tuple[str, str]] = Counter()
        self._problems: Counter[str] = Counter()
        self._took: dict[str, Histogram] = {}

    def begun(self, interface: str) -> Future[Receipt]:
        """Begin to watch a message.

        Parameters
        ----------
        interface : str
            Which way it came.

        Returns
        -------
        Future
            Of its receipt; one that is cancelled counts as refused.
        """
        future: Future[Receipt] = Future()
        began = time.perf_counter()
        future.add_done_callback(lambda one: self._ended(interface, one, began))
        return future

    def _ended(self, interface: str, future: Future[Receipt], began: float) -> None:
        took = time.perf_counter() - began
        receipt = None if future.cancelled() or future.exception() else future.result()
        with self._lock:
            self._outcomes[interface, "refused" if receipt is None else receipt.outcome] += 1
            if receipt is None:
                self._problems["ward_busy"] += 1
            elif receipt.problem is not None:
                self._problems[receipt.problem.code] += 1
            self._took.setdefault(interface, Histogram()).add(took)

    def outcomes(self) -> dict[tuple[str, str], int]:
        """Count messages by interface and outcome."""
        with self._lock:
            return dict(self._outcomes)

    def problems(self) -> dict[str, int]:
        """Count refusals by the code of the problem."""
        with self._lock:
            return dict(self._problems)

    def took(self) -> dict[str, Histogram]:
        """Give how long messages took, by interface."""
        with self._lock:
            return {
                name: Histogram(one.many, one.seconds, Counter(one.within))
                for name, one in self._took.items()
            }
