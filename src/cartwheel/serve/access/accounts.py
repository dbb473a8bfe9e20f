"""Recognises people who have accounts, by their session or by the token of their program."""

from __future__ import annotations

import secrets

from starlette.responses import Response
from starlette.types import Scope

from cartwheel.serve.access.cookies import cookie, cookie_name
from cartwheel.serve.access.person import Person
from cartwheel.serve.access.sessions import Sessions
from cartwheel.serve.settings import Settings

# cookie that binds the form of the log-in to the browser that was shown it
LOGIN = "login"
_SHORTEST = 32


class Accounts:
    """Recognises people who have accounts.

    Parameters
    ----------
    settings : Settings
        As told.
    sessions : Sessions
        Of the store.
    """

    def __init__(self, settings: Settings, sessions: Sessions) -> None:
        self._sessions = sessions
        self._cookie = cookie_name(settings)
        self._login = cookie_name(settings, LOGIN)

    async def recognise(self, headers: dict[bytes, bytes]) -> Person | None:
        """Find who asks: by the cookie of a browser, or by the token of a program.

        Parameters
        ----------
        headers : dict
            Of the request, names in lower case.

        Returns
        -------
        Person or None
        """
        bearer = headers.get(b"authorization", b"")
        if bearer[:7].lower() == b"bearer ":
            return await self._sessions.person(bearer[7:].decode("latin-1"), program=True)
        return await self._sessions.person(cookie(headers, self._cookie))

    def admit(self, scope: Scope) -> Response | None:
        """Nobody comes in by an address.

        Parameters
        ----------
        scope : Scope
            Of the request.

        Returns
        -------
        None
        """
        del scope
        return None

    def stranger(self, headers: dict[bytes, bytes]) -> str:
        """Name what the form of a log-in is bound to.

        Parameters
        ----------
        headers : dict
            Of the request.

        Returns
        -------
        str
            As the browser was given it before; else a new one, which no form can know yet.
        """
        sent = cookie(headers, self._login)
        return sent if len(sent) >= _SHORTEST else secrets.token_urlsafe(32)
