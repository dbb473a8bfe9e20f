"""Sessions of people and of their programs: begun, recognised, ended."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import time
from dataclasses import dataclass
from typing import cast

from cartwheel.serve.access.person import Person, Role
from cartwheel.store.database import Store, moment
from cartwheel.store.sessions import (
    add_session,
    end_session,
    end_sessions,
    session_of,
    touch_session,
)

# seconds: a session of a person is over after half a day, or after an hour without use
LONGEST, IDLE = 12 * 3600.0, 3600.0
# the token of a program has no idle limit; its first signs say what it is
PROGRAM = "cwt_"
# how long a session that ended at another server, or on the command line, may still be taken here
_TRUST = 5.0
# how exactly the last use is known
_TOUCH = 60.0
_MOST = 10_000


@dataclass(frozen=True, slots=True)
class _Known:
    person: Person
    at: float


class Sessions:
    """Sessions of a store, recognised without asking it every time.

    Parameters
    ----------
    store : Store
        Where they are kept, as hashes.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[str, _Known] = {}
        self._changes = 0

    def begin(self, account_id: str, seconds: float = LONGEST, *, program: bool = False) -> str:
        """Begin a session.

        Parameters
        ----------
        account_id : str
            Whose.
        seconds : float
            For which it lasts at most.
        program : bool
            Whether it is a token for programs.

        Returns
        -------
        str
            256 random bits; nobody can read it again.
        """
        raw = (PROGRAM if program else "") + secrets.token_urlsafe(32)
        add_session(self._store, digest(raw), account_id, seconds)
        return raw

    async def person(self, raw: str, *, program: bool = False) -> Person | None:
        """Find whose session this is.

        Parameters
        ----------
        raw : str
            As it was sent.
        program : bool
            Whether it came as a token: a cookie is none, and a token no cookie.

        Returns
        -------
        Person or None

        Raises
        ------
        FileRefused
            ``store_unavailable``.
        """
        if not raw or raw.startswith(PROGRAM) is not program:
            return None
        key = digest(raw)
        known = self._known.get(key)
        if known is not None and time.monotonic() - known.at < _TRUST:
            return known.person
        before = self._changes
        person = await asyncio.to_thread(self._look, key, raw, program)
        if person is None:
            self._known.pop(key, None)
        elif before == self._changes:
            if len(self._known) >= _MOST:
                self._known.clear()
            self._known[key] = _Known(person, time.monotonic())
        return person

    def end(self, raw: str) -> None:
        """End a session at once.

        Parameters
        ----------
        raw : str
            As it was sent.
        """
        end_session(self._store, digest(raw))
        self._forget()

    def end_all(self, account_id: str) -> None:
        """End every session of an account, and every token of its programs, at once.

        Parameters
        ----------
        account_id : str
            Whose.
        """
        end_sessions(self._store, account_id)
        self._forget()

    def changed(self) -> None:
        """An account has changed: ask the store again."""
        self._forget()

    def _forget(self) -> None:
        # who looks just now must not keep what is no longer so
        self._changes += 1
        self._known.clear()

    def _look(self, key: str, raw: str, program: bool) -> Person | None:
        found = session_of(self._store, key, None if program else IDLE)
        if found is None:
            return None
        if found.seen_at < moment(_TOUCH):
            touch_session(self._store, key)
        # forms are bound to this, which is not what the cookie holds
        bound = "" if program else digest(f"forms of {raw}")
        return Person(found.account.name, cast(Role, found.account.role), bound)


def digest(raw: str) -> str:
    """Hash what was sent; it is random, so it needs no salt and no time.

    Parameters
    ----------
    raw : str
        A session.

    Returns
    -------
    str
        SHA-256, hexadecimal.
    """
    return hashlib.sha256(raw.encode("utf-8", "surrogateescape")).hexdigest()
