"""Who did what: told by every page and call, written by one thread twice a second."""

from __future__ import annotations

import sys
import threading
from collections import deque
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Protocol

from cartwheel.errors import Refused
from cartwheel.serve.access.person import Person
from cartwheel.store.audit import Entry, add_entries
from cartwheel.store.database import Store, moment

# seconds; and how many deeds wait for a database that is away
_SOON, _MOST = 0.5, 200_000


@dataclass(slots=True)
class Told:
    """Whether the audit has been told of the present request.

    Parameters
    ----------
    yes : bool
        The door tells of what nobody else told.
    """

    yes: bool = False


TOLD: ContextVar[Told | None] = ContextVar("cartwheel_told", default=None)


class AuditWriter:
    """Writes deeds to the store, soon and many at a time, so that no call waits for it.

    Parameters
    ----------
    store : Store
        Where.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: deque[Entry] = deque()
        self._lost = 0
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None
        self._starts = threading.Lock()
        self._writes = threading.Lock()

    def add(self, entry: Entry) -> None:
        """Take a deed; it is written within half a second.

        Parameters
        ----------
        entry : Entry
            What was done.
        """
        if len(self._waiting) >= _MOST:
            self._lost += 1
            return
        self._waiting.append(entry)
        if self._thread is None:
            with self._starts:
                if self._thread is None and not self._ending.is_set():
                    self._thread = threading.Thread(
                        target=self._run, name="cartwheel-audit", daemon=True
                    )
                    self._thread.start()

    def flush(self) -> None:
        """Write now what waits.

        Raises
        ------
        FileRefused
            ``store_unavailable``; then it still waits.
        """
        with self._writes:
            taken = [self._waiting.popleft() for _ in range(len(self._waiting))]
            lost = [
                Entry(moment(), "cartwheel", "entries lost", str(n)) for n in (self._lost,) if n
            ]
            try:
                add_entries(self._store, [*taken, *lost])
            except Refused:
                self._waiting.extendleft(reversed(taken))
                raise
            if lost:
                self._lost = 0

    def close(self) -> None:
        """Write what waits, and end; what cannot be written is counted on stderr."""
        self._ending.set()
        if self._thread is not None:
            self._thread.join(5.0)
        try:
            self.flush()
        except Refused:
            print(
                f"cartwheel: {len(self._waiting)} entries of the audit could not be written",
                file=sys.stderr,
            )

    def _run(self) -> None:
        while not self._ending.wait(_SOON):
            try:
                self.flush()
            except Refused:
                # the database is away: what waits is written when it is back
                continue


class HasAudit(Protocol):
    """Whatever carries the writer: `cartwheel.serve.services.Services`."""

    @property
    def audit(self) -> AuditWriter:
        """Writes deeds."""


def record(
    services: HasAudit,
    person: Person | str,
    what: str,
    about: str = "",
    sha256: str = "",
    *,
    alone: bool = True,
) -> None:
    """Tell the audit of a deed.

    Parameters
    ----------
    services : Services
        Of the request.
    person : Person or str
        Who did it.
    what : str
        In few words, such as ``file downloaded``.
    about : str
        Id or name of what it was done to; never a patient's data, never a file's content.
    sha256 : str
        Of the content concerned.
    alone : bool
        Whether this is all that the request does; else the door tells of the request too.
    """
    told = TOLD.get()
    if told is not None and alone:
        told.yes = True
    who = person if isinstance(person, str) else person.name
    services.audit.add(Entry(moment(), who, what, about, sha256.removeprefix("sha256:")))


async def keeps_nothing() -> None:
    """Say that a request only draws again what was typed: it is no deed, and not in the audit.

    For ``@router.post(..., dependencies=[Depends(keeps_nothing)])``.
    """
    told = TOLD.get()
    if told is not None:
        told.yes = True
