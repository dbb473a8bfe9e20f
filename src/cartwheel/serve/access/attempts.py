"""Attempts to log in, counted, so that nobody tries many passwords.

They are counted in memory. Only who may restart the server clears them, and could read its store as
well; and a flood of attempts must not become a flood of writes to the store.
"""

from __future__ import annotations

import ipaddress
import math
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from cartwheel.errors import Refused, refuse

# one person at one place mistypes less often than this; a clinic behind one address, or a name
# tried from many places, gets more before everyone has to wait
PAIR, NAME, ADDRESS = 5, 20, 20
WINDOW, LONGEST = 15 * 60.0, 24 * 3600.0
_MOST = 20_000


class TooMany(Refused):
    """Somebody has to wait before the next attempt."""


@dataclass(slots=True)
class _Count:
    failures: int = 0
    first: float = 0.0
    waits: int = 0
    until: float = 0.0


class Attempts:
    """Counts failures per name and per address, and lets wait: 15 minutes, then twice as long.

    Parameters
    ----------
    clock : function, optional
        Gives seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._counts: OrderedDict[tuple[str, str], _Count] = OrderedDict()

    def check(self, name: str, address: str) -> None:
        """Refuse an attempt that comes too soon, before any password is looked at.

        Parameters
        ----------
        name : str
            As it was typed.
        address : str
            Of the client.

        Raises
        ------
        TooMany
            ``too_many``, with the minutes to wait.
        """
        now = self._clock()
        waits = [
            count.until - now
            for key, _ in _keys(name, address)
            if (count := self._counts.get(key)) is not None and count.until > now
        ]
        if waits:
            raise too_many(max(waits))

    def failed(self, name: str, address: str) -> None:
        """Count a failure.

        Parameters
        ----------
        name, address : str
            As of `check`.
        """
        now = self._clock()
        for key, most in _keys(name, address):
            count = self._counts.setdefault(key, _Count())
            self._counts.move_to_end(key)
            if now - count.first > WINDOW:
                if now - count.until > LONGEST:
                    count.waits = 0
                count.first, count.failures = now, 0
            count.failures += 1
            if count.failures >= most:
                count.until = now + min(WINDOW * 2**count.waits, LONGEST)
                count.waits = min(count.waits + 1, 16)
                count.first, count.failures = count.until, 0
        if len(self._counts) > _MOST:
            self._forget(now)

    def _forget(self, now: float) -> None:
        """Make room; who has to wait is forgotten last, or a flood of names would free them."""
        free = [key for key, count in self._counts.items() if count.until <= now]
        for key in (free or list(self._counts))[: _MOST // 10]:
            del self._counts[key]

    def succeeded(self, name: str, address: str) -> None:
        """Forget the failures of a name at an address; those of the address alone stay.

        Parameters
        ----------
        name, address : str
            As of `check`.
        """
        for key, _ in _keys(name, address):
            if key[0] != "address":
                self._counts.pop(key, None)


def too_many(seconds: float) -> Refused:
    """Tell somebody to wait.

    Parameters
    ----------
    seconds : float
        From now.

    Returns
    -------
    Refused
        ``too_many``.
    """
    minutes = max(1, math.ceil(seconds / 60))
    return refuse(
        TooMany,
        "too_many",
        "too many attempts failed",
        where="log-in",
        mend=f"wait {minutes} minute{'s' if minutes > 1 else ''}, or ask an administrator of this "
        "server",
    )


def network(address: str) -> str:
    """Name what one client can change its address in: an IPv6 client has a whole network.

    Parameters
    ----------
    address : str
        Of the client.

    Returns
    -------
    str
        The address, or its /64.
    """
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)


def _keys(name: str, address: str) -> Iterable[tuple[tuple[str, str], int]]:
    place = network(address)
    yield ("pair", f"{name}\n{place}"), PAIR
    yield ("name", name), NAME
    yield ("address", place), ADDRESS
