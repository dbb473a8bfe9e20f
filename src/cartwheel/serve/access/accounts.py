"""Recognises people who have accounts, by their session or by the token of their program."""

from __future__ import annotations

import secrets

from starlette.responses import Response
from starlette.types import Scope

from cartwheel.serve.access.cookies import cookie, cookie_name, shown
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
        """Find the person of a session, as `Keeper` says."""
        sent, program = shown(headers, self._cookie)
        return await self._sessions.person(sent, program=program)

    def admit(self, scope: Scope) -> Response | None:
        """Let nobody in by an address."""
        del scope
        return None

    def stranger(self, headers: dict[bytes, bytes]) -> str:
        """Name what the browser was given before; else a new one, which no form can know yet."""
        sent = cookie(headers, self._login)
        return sent if len(sent) >= _SHORTEST else secrets.token_urlsafe(32)
