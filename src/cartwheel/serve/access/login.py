"""Logging in: one answer for an unknown name and a wrong password, and few tries."""

from __future__ import annotations

import asyncio
import hashlib
import unicodedata
from dataclasses import dataclass, field

from cartwheel.errors import refuse
from cartwheel.serve.access.attempts import Attempts, too_many
from cartwheel.serve.access.audit import record
from cartwheel.serve.access.passwords import hash_password, is_password, needs_rehash
from cartwheel.serve.access.person import NotKnown
from cartwheel.serve.services import Services
from cartwheel.store.accounts import Account, open_account, rehash

# one takes 64 MiB and a tenth of a second: more at once would stop everything else
_AT_ONCE, _WAITING = 2, 20


@dataclass(slots=True)
class LogIn:
    """Looks at passwords, few at a time.

    Parameters
    ----------
    attempts : Attempts
        Counts failures.
    """

    attempts: Attempts = field(default_factory=Attempts)
    _free: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_AT_ONCE))
    _waiting: int = 0

    async def check(self, services: Services, name: str, password: str, address: str) -> Account:
        """Find the account of a name and its password.

        Parameters
        ----------
        services : Services
            With the store and the audit.
        name, password : str
            As typed.
        address : str
            Of the client.

        Returns
        -------
        Account
            Open.

        Raises
        ------
        NotKnown
            ``wrong_password``: the name, or the password.
        TooMany
            ``too_many``.
        """
        typed = unicodedata.normalize("NFKC", name).strip().casefold()[:200]
        if self._waiting >= _WAITING:
            raise too_many(60.0)
        self._waiting += 1
        try:
            async with self._free:
                # looked at here: who waited may have failed meanwhile
                self.attempts.check(typed, address)
                found = await asyncio.to_thread(_looked, services, typed, password)
        finally:
            self._waiting -= 1
        if isinstance(found, Account):
            self.attempts.succeeded(typed, address)
            record(services, found.name, "log-in", address)
            return found
        self.attempts.failed(typed, address)
        record(services, typed if found else unknown(typed), "log-in refused", address)
        raise refuse(
            NotKnown,
            "wrong_password",
            "the name or the password is wrong",
            where="log-in",
            mend="type both again; an administrator can set another password",
        )


def unknown(typed: str) -> str:
    """Name somebody whom nobody knows: it may be a password, typed into the wrong field.

    Parameters
    ----------
    typed : str
        As typed.

    Returns
    -------
    str
        So short a hash that the same can be seen to be the same, and nothing be found from it.
    """
    return f"unknown-{hashlib.sha256(typed.encode('utf-8', 'replace')).hexdigest()[:4]}"


def _looked(services: Services, name: str, password: str) -> Account | bool:
    """Give the account; or whether there is one of this name."""
    found = open_account(services.store, name)
    account, hashed = found if found else (None, None)
    right = is_password(hashed, password)
    if not right or account is None or hashed is None:
        return account is not None
    if needs_rehash(hashed):
        rehash(services.store, account, hashed, hash_password(password))
    return account
