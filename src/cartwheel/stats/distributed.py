"""Numbered pieces of work, done in order: in this thread, in several, or on a Dask cluster.

What a piece gives depends on its number alone, so the answer is the same bytes wherever it ran.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from typing import Any, Protocol, TypeVar

Outcome = TypeVar("Outcome")
Progress = Callable[[int, int], None]

CHUNK = 25


class Client(Protocol):
    """What is needed of a ``dask.distributed.Client``; cartwheel itself never imports Dask."""

    def scatter(self, data: list[Any], *, broadcast: bool, hash: bool) -> list[Any]:
        """Send data to every worker once."""

    def submit(self, function: Callable[..., Any], *arguments: Any, pure: bool) -> Any:
        """Have a function called by a worker; give its future."""

    def cancel(self, futures: list[Any]) -> Any:
        """Drop what has not been done."""


def in_order(
    one: Callable[[int], Outcome],
    count: int,
    *,
    threads: int = 1,
    progress: Progress | None = None,
    workers: Client | None = None,
) -> list[Outcome]:
    """Do pieces 0 to count - 1 and give their outcomes in that order.

    Parameters
    ----------
    one : function of int
        Does one piece; safe to call from several threads, and from another process where
        ``workers`` is given (what it holds is copied there once).
    count : int
        Pieces, >= 0.
    threads : int
        Threads of this process; not used with ``workers``.
    progress : function of (int, int), optional
        Called with pieces done and asked for.
    workers : dask.distributed.Client, optional
        A cluster to do the work. Its workers need the same version of cartwheel.

    Returns
    -------
    list
        An outcome a piece.
    """
    outcomes: list[Outcome] = []
    for part in _parts(one, count, threads, workers):
        outcomes.extend(part)
        if progress is not None:
            progress(len(outcomes), count)
    return outcomes


def _parts(
    one: Callable[[int], Outcome], count: int, threads: int, workers: Client | None
) -> Iterator[list[Outcome]]:
    starts = range(0, count, CHUNK)
    if workers is not None:
        yield from _on_cluster(one, count, workers)
    elif threads == 1:
        for start in starts:
            yield some(one, start, count)
    else:
        with ThreadPoolExecutor(max_workers=threads) as pool:
            yield from pool.map(lambda start: some(one, start, count), starts)


def _on_cluster(
    one: Callable[[int], Outcome], count: int, workers: Client
) -> Iterator[list[Outcome]]:
    if not count:
        return
    # installed with Dask, and needed with it only
    packed: bytes = import_module("cloudpickle").dumps(one)
    # a key of its own: the same bytes sent again while the first are let go would be lost
    (work,) = workers.scatter([packed], broadcast=True, hash=False)
    futures = [
        workers.submit(_unpacked, work, start, count, pure=False)
        for start in range(0, count, CHUNK)
    ]
    try:
        for future in futures:
            yield future.result()
    finally:
        workers.cancel(futures)


def _unpacked(packed: bytes, start: int, count: int) -> list[Any]:
    """Do a chunk of work that came as bytes.

    Arrays that Dask itself carries may start at any byte, and numpy adds up unaligned numbers in
    another order; arrays out of a pickle are aligned, so the digits stay the same.
    """
    return some(pickle.loads(packed), start, count)


def some(one: Callable[[int], Outcome], start: int, count: int) -> list[Outcome]:
    """Do the pieces of one chunk.

    Parameters
    ----------
    one : function of int
        Does one piece.
    start, count : int
        First piece of the chunk, and pieces in all.

    Returns
    -------
    list
        An outcome a piece.
    """
    return [one(index) for index in range(start, min(start + CHUNK, count))]
