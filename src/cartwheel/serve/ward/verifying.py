"""Replay of whole logs, spread over processes: each opens the store, and takes patients."""

from __future__ import annotations

import gc
import multiprocessing
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from pathlib import Path
from typing import TypeAlias

from sqlalchemy import func, select

from cartwheel.errors import FileRefused, Refused, refuse
from cartwheel.serve.ward.following import Following
from cartwheel.serve.ward.kept_wards import kept_followings
from cartwheel.serve.ward.known import (
    SELDOM,
    Verified,
    of_one_moment,
    patients_of,
    together,
    verify,
    verify_patient,
)
from cartwheel.store.database import FILE, Store, open_store
from cartwheel.store.ward_tables import entries

Again: TypeAlias = Callable[[Store], Mapping[str, Following]]
"""Makes the ward files again in another process, from what the store keeps."""

# lines: below, another process would not have started before one is through
_WORTH_A_PROCESS = 20_000
# patients that a process takes at once
_MOST_AT_ONCE = 8


def verify_in_processes(
    store: Store,
    folder: Path | None = None,
    processes: int | None = None,
    patients: Iterable[str] | None = None,
    again: Again | None = None,
) -> Verified:
    """Replay logs as `verify` does, with several patients at a time.

    Parameters
    ----------
    store : Store
        Where. Each process opens it for itself.
    folder : Path, optional
        Of the ward file, for ward files that were kept without what they name.
    processes : int, optional
        At least 1. By default as many as there are cores, and no more than the log is worth.
    patients : iterable of str, optional
        Only these; by default all.
    again : callable, optional
        Makes the ward files again; by default from what is kept.

    Returns
    -------
    Verified
        The same whatever the number of processes.

    Raises
    ------
    FileRefused
        As of `verify`; ``replay_stopped`` where a process was ended from outside.
    """
    makes: Again = partial(kept_followings, folder=folder) if again is None else again
    named = _named(store, patients)
    many = min(_worth(store) if processes is None else processes, max(len(named), 1))
    if many < 2:
        return verify(store, makes(store), named)
    at_once = max(1, min(_MOST_AT_ONCE, len(named) // (4 * many)))
    with ProcessPoolExecutor(
        many, multiprocessing.get_context("spawn"), _begin, (*_address(store), makes)
    ) as pool:
        try:
            return together(pool.map(_one, named, chunksize=at_once))
        except Refused as refused:
            # on the way from another process an error keeps what it says, and loses how it reads
            raise FileRefused(list(refused.problems)) from None
        except BrokenProcessPool:
            raise refuse(
                FileRefused, "replay_stopped", "a process of the replay was ended from outside",
                where="--processes", mend="ask for fewer; each takes about 200 MB of memory",
            ) from None  # fmt: skip


def _named(store: Store, patients: Iterable[str] | None) -> Sequence[str]:
    with store.reading() as connection:
        return patients_of(connection, patients)


def _worth(store: Store) -> int:
    with store.reading() as connection:
        # numbers only grow, some are left out
        lines = connection.execute(select(func.max(entries.c.number))).scalar() or 0
    return min(_cores(), 1 + int(lines) // _WORTH_A_PROCESS)


def _address(store: Store) -> tuple[Path | None, str | None]:
    url = store.engine.url
    if url.get_backend_name() == "sqlite" and url.database and Path(url.database).name == FILE:
        return Path(url.database).parent, None
    return None, url.render_as_string(hide_password=False)


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


# of a process of the pool: what it is to open; its store, and the ward files made again
_ASKED: list[tuple[Path | None, str | None, Again]] = []
_OPEN: list[tuple[Store, Mapping[str, Following]]] = []


def _begin(folder: Path | None, url: str | None, again: Again) -> None:
    gc.set_threshold(SELDOM)
    _ASKED.append((folder, url, again))


def _one(patient: str) -> Verified:
    if not _OPEN:
        # not while the process begins: there a refusal would not be told
        folder, url, again = _ASKED[0]
        store = open_store(folder, url)
        _OPEN.append((store, again(store)))
    store, followings = _OPEN[0]
    with store.reading() as connection:
        return verify_patient(of_one_moment(connection), followings, patient)
