"""A form is taken only from a page that this server wrote for the same person."""

from __future__ import annotations

import hmac
import re
from urllib.parse import unquote_plus

from starlette.types import Message, Receive, Scope

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
HEADER = b"x-csrf-token"
# the field stands first in every form: see `rendering.csrf_field`
_PEEK = 8192
_FIRST_PART = re.compile(rb'name="csrf"\r\n\r\n([A-Za-z0-9_-]{1,200})\r\n')
_FIRST_FIELD = re.compile(rb"(?:^|&)csrf=([^&]{1,200})")


def csrf_token(session: str) -> str:
    """Make the token of a session: nobody can make it who does not know the session.

    Parameters
    ----------
    session : str
        Of the person; as secret as the cookie.

    Returns
    -------
    str
        Hexadecimal. The same after a restart and at every server of one store, so that a page
        which was open meanwhile can still be sent.
    """
    return hmac.new(session.encode(), b"cartwheel csrf", "sha256").hexdigest()


def is_own_origin(headers: dict[bytes, bytes], origins: frozenset[bytes]) -> bool:
    """Tell whether a browser says that the request comes from a page of this server.

    Parameters
    ----------
    headers : dict
        Of the request, names in lower case.
    origins : frozenset of bytes
        This server's own.

    Returns
    -------
    bool
        True also where nothing is said: then the token decides.
    """
    site = headers.get(b"sec-fetch-site")
    if site is not None:
        # no page can write this header
        return site in (b"same-origin", b"none")
    origin = headers.get(b"origin")
    return origin is None or origin in origins


async def token_sent(headers: dict[bytes, bytes], receive: Receive) -> tuple[str, Receive]:
    """Read the token of a request from its header, or from the first field of its form.

    Parameters
    ----------
    headers : dict
        Of the request, names in lower case.
    receive : function
        Gives the body.

    Returns
    -------
    (str, function)
        The token, empty where none was sent; and what gives the whole body again.
    """
    if HEADER in headers:
        return headers[HEADER].decode("latin-1"), receive
    kind = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
    pattern = {
        b"multipart/form-data": _FIRST_PART,
        b"application/x-www-form-urlencoded": _FIRST_FIELD,
    }.get(kind)
    if pattern is None:
        return "", receive
    seen, start = list[Message](), bytearray()
    while len(start) < _PEEK:
        message = await receive()
        seen.append(message)
        start += message.get("body", b"")
        if message["type"] != "http.request" or not message.get("more_body", False):
            break
    found = pattern.search(bytes(start[:_PEEK]))
    token = unquote_plus(found[1].decode("latin-1")) if found else ""
    return token, _again(seen, receive)


def is_unsafe(scope: Scope) -> bool:
    """Tell whether a request may change something.

    Parameters
    ----------
    scope : Scope
        Of the request.

    Returns
    -------
    bool
    """
    return scope["method"] not in SAFE


def _again(seen: list[Message], receive: Receive) -> Receive:
    waiting = iter(seen)

    async def replayed() -> Message:
        for message in waiting:
            return message
        return await receive()

    return replayed
