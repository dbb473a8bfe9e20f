"""Calls that make something: sent twice with one key, they make it once."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256

from starlette.requests import Request
from starlette.responses import Response

from cartwheel.errors import PlanRefused, Refused, refuse
from cartwheel.serve.access.person import Person
from cartwheel.serve.services import services
from cartwheel.store.repeats import KeptAnswer, begin_once, end_once, give_up

KEY = "idempotency-key"
AGAIN = "Idempotency-Replayed"
_LONGEST = 255


def key_of(request: Request) -> str | None:
    """Read how a request names itself.

    Parameters
    ----------
    request : Request
        Of the call.

    Returns
    -------
    str or None
        None where it has no ``Idempotency-Key``.

    Raises
    ------
    PlanRefused
        ``bad_key``.
    """
    key = request.headers.get(KEY)
    if key is not None and not (
        0 < len(key) <= _LONGEST and key.isascii() and key.isprintable() and " " not in key
    ):
        raise refuse(
            PlanRefused,
            "bad_key",
            f"a key is 1 to {_LONGEST} printable signs (ASCII) without blanks",
            where="Idempotency-Key",
            mend="send a UUID",
        )
    return key


def once(request: Request, who: Person, body: bytes, make: Callable[[], KeptAnswer]) -> Response:
    """Make something once, however often a request with a key is sent within a day.

    Parameters
    ----------
    request : Request
        Of the call; without a key it is simply done.
    who : Person
        Who asks.
    body : bytes
        What the request says, or what stands for it.
    make : function
        Makes it, and gives the answer.

    Returns
    -------
    Response
        Of this time, or of the first.

    Raises
    ------
    PlanRefused
        ``bad_key``, ``key_reused``, ``key_in_use``; and what making refuses: then the key is free
        again.
    """
    key = key_of(request)
    if key is None:
        return _response(make())
    store = services(request).store
    said = sha256(f"{request.method} {request.url.path}\n".encode() + body).hexdigest()
    kept = begin_once(store, who.name, key, said)
    if kept is not None:
        response = _response(kept)
        response.headers[AGAIN] = "true"
        return response
    try:
        answer = make()
        end_once(store, who.name, key, answer)
    except BaseException:
        # whatever it was, a cancelled call too: nothing was answered, so the key is free again
        with suppress(Refused):
            give_up(store, who.name, key)
        raise
    return _response(answer)


def _response(answer: KeptAnswer) -> Response:
    return Response(
        answer.body, answer.status, headers=dict(answer.headers), media_type="application/json"
    )
