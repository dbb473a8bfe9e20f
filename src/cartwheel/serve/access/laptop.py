"""A server on a laptop: whoever has the token that it printed is its owner."""

from __future__ import annotations

import hmac
import time
from urllib.parse import parse_qsl, urlencode

from starlette.responses import RedirectResponse, Response
from starlette.types import Scope

from cartwheel.canonical import sha256
from cartwheel.serve.access.cookies import cookie_name, set_cookie, shown
from cartwheel.serve.access.person import Person
from cartwheel.serve.settings import Settings

OWNER = "owner"
# seconds in which the browser that we open must have come
_ONCE = 60.0


class Laptop:
    """Recognises the owner of a server without accounts.

    Parameters
    ----------
    settings : Settings
        With a token.
    """

    def __init__(self, settings: Settings) -> None:
        assert settings.token
        self._settings = settings
        self._token = settings.token.encode()
        # other people of this machine see the address with which a browser is opened
        self._once = (settings.once or "").encode()
        self._until = time.monotonic() + _ONCE
        self._cookie = cookie_name(settings)
        # the cookie is not the token: it cannot be read back from a browser's store
        self._session = sha256(f"session:{settings.token}").removeprefix("sha256:")
        self._owner = Person(OWNER, "admin", self._session)
        self._program = Person(OWNER, "admin")

    async def recognise(self, headers: dict[bytes, bytes]) -> Person | None:
        """Find the owner, as `Keeper` says."""
        sent, program = shown(headers, self._cookie)
        right = self._token if program else self._session.encode()
        if not hmac.compare_digest(sent.encode("latin-1", "replace"), right):
            return None
        return self._program if program else self._owner

    def admit(self, scope: Scope) -> Response | None:
        """Take the token out of an address, put a cookie in its place, and lead on without it."""
        query = scope["query_string"]
        if b"token=" not in query or scope["method"] != "GET":
            return None
        pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True, errors="surrogateescape")
        brought = next((value for name, value in pairs if name == "token"), "")
        if not self._is_ours(brought.encode("utf-8", "surrogateescape")):
            return None
        left = [pair for pair in pairs if pair[0] != "token"]
        rest = urlencode(left, errors="surrogateescape")
        # "//host" would lead to another host
        path = "/" + scope["path"].lstrip("/\\")
        response = RedirectResponse(f"{path}?{rest}" if rest else path, status_code=303)
        set_cookie(response, self._settings, "", self._session)
        response.headers["Cache-Control"] = "no-store"
        return response

    def _is_ours(self, brought: bytes) -> bool:
        if hmac.compare_digest(brought, self._token):
            return True
        if self._once and hmac.compare_digest(brought, self._once):
            self._once = b""
            return time.monotonic() <= self._until
        return False

    def stranger(self, headers: dict[bytes, bytes]) -> str:
        """Name nothing: nobody logs in here, and no form is taken."""
        del headers
        return ""
