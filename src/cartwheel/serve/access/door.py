"""The door before every page: which host is meant, who asks, and whether a form is ours."""

from __future__ import annotations

import hmac
import os
import sys
import traceback
from pathlib import Path
from typing import Protocol
from urllib.parse import quote, urlsplit

from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cartwheel.errors import Problem, Refused
from cartwheel.serve.access.accounts import Accounts
from cartwheel.serve.access.audit import TOLD, Told, record
from cartwheel.serve.access.cookies import has_tls
from cartwheel.serve.access.csrf import csrf_token, is_own_origin, is_unsafe, token_sent
from cartwheel.serve.access.headers import with_headers
from cartwheel.serve.access.laptop import Laptop
from cartwheel.serve.access.person import Person
from cartwheel.serve.problems import answer, for_programs, status_of
from cartwheel.serve.rendering import asked_by_htmx
from cartwheel.serve.services import Services
from cartwheel.serve.settings import LOOPBACK, Settings

LOGIN = "/login"
# what anyone may see
_OPEN = frozenset(
    {LOGIN, "/login/oidc", "/login/oidc/back", "/api/v1/health", "/health/live", "/health/ready"}
)
_OPEN_FOLDER = "/static/"
# programs of other sites ask here; each request brings a signed token, which is checked there
_OWN_PROOF = "/cds-services"
# a name, a password, and what goes around them; and what a form without a file can need
_MOST_OF_STRANGERS, _MOST_OF_FORMS = 16_384, 16 << 20
# pages of the door, whose forms are read as a whole
_OWN = ("/login", "/logout", "/account")


class Keeper(Protocol):
    """Recognises people."""

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

    def admit(self, scope: Scope) -> Response | None:
        """Let somebody in who brings a token in the address.

        Parameters
        ----------
        scope : Scope
            Of the request.

        Returns
        -------
        Response or None
            What to answer; None where none was brought.
        """

    def stranger(self, headers: dict[bytes, bytes]) -> str:
        """Name what the form of a log-in is bound to.

        Parameters
        ----------
        headers : dict
            Of the request, names in lower case.

        Returns
        -------
        str
            Empty where no form is taken.
        """


class Door:
    """Stands before the application; pure ASGI, since every call passes it.

    Parameters
    ----------
    app : ASGI application
        Behind it.
    services : Services
        Settings and store.
    keeper : Keeper, optional
        By default the one that the settings call for.
    """

    def __init__(self, app: ASGIApp, services: Services, keeper: Keeper | None = None) -> None:
        self.app = app
        self._services = services
        self._settings = settings = services.settings
        self._keeper: Keeper = keeper or (
            Accounts(settings, services.sessions) if settings.accounts else Laptop(settings)
        )
        self._hosts = own_hosts(settings)
        self._tls = has_tls(settings)
        self._public = _origin(settings.public_url)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request pass, or answer it here."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self.app(scope, receive, send)
            return
        # FastAPI gives it to the application; the door's own answers need it too
        watch = _Watch(with_headers(send, tls=self._tls))
        try:
            await self._pass(scope, receive, watch)
        except Refused as refused:
            # the store is away while somebody is recognised
            if watch.status:
                raise
            problems = refused.problems
            await answer(Request(scope), status_of(refused), problems)(scope, receive, watch)
        except ClientDisconnect:
            return  # whoever asked is gone
        except Exception as error:
            _tell(error)
            if not watch.status:
                await answer(Request(scope), 500, (_fault(error),))(scope, receive, watch)

    async def _pass(self, scope: Scope, receive: Receive, watch: _Watch) -> None:
        headers: dict[bytes, bytes] = dict(scope["headers"])
        unsafe = is_unsafe(scope)
        refusal = await self._stopped(scope, headers, unsafe)
        if refusal is None and unsafe:
            refusal, receive = await self._not_ours(scope, headers, receive)
        if refusal is not None:
            await refusal(scope, receive, watch)
            return
        told = Told()
        before = TOLD.set(told)
        try:
            await self.app(scope, receive, watch)
        finally:
            TOLD.reset(before)
        person: Person | None = scope["cartwheel.person"]
        if person is None:
            return
        if watch.status == 403:
            # somebody has tried what the role does not allow
            what, about = _deed(scope)
            record(self._services, person, f"not allowed: {what}", about)
        elif unsafe and not told.yes and watch.status < 400:
            record(self._services, person, *_deed(scope))

    async def _stopped(
        self, scope: Scope, headers: dict[bytes, bytes], unsafe: bool
    ) -> Response | None:
        """Give the answer of the door itself, where it does not let pass."""
        scope["cartwheel.person"] = None
        host = headers.get(b"host", b"")
        if host_name(host) not in self._hosts:
            # a page of another site can make its name point here: then the name gives it away
            return self._refuse(scope, 421, _OTHER_HOST)
        if _brings_proof(scope):
            return None
        if unsafe and not is_own_origin(headers, self._origins(host)):
            return self._refuse(scope, 403, _OTHER_SITE)
        admitted = self._keeper.admit(scope)
        if admitted is not None:
            return admitted
        person = await self._keeper.recognise(headers)
        scope["cartwheel.person"] = person
        if person is not None:
            scope["cartwheel.csrf"] = csrf_token(person.session) if person.session else ""
            return None
        path: str = scope["path"]
        if path == LOGIN or path.startswith(f"{LOGIN}/"):
            scope["cartwheel.stranger"] = bound = self._keeper.stranger(headers)
            scope["cartwheel.csrf"] = csrf_token(bound) if bound else ""
        if path in _OPEN or path.startswith(_OPEN_FOLDER):
            return None
        return self._unknown(scope, headers, unsafe)

    async def _not_ours(
        self, scope: Scope, headers: dict[bytes, bytes], receive: Receive
    ) -> tuple[Response | None, Receive]:
        """Refuse a form that no page of ours has shown to this person."""
        person: Person | None = scope["cartwheel.person"]
        if _brings_proof(scope):
            return None, receive
        if _is_too_long(scope, headers, person):
            return self._refuse(scope, 413, _TOO_LONG), receive
        if person is not None and not person.session:
            # a program sends its token itself: no other page can make it do so
            return None, receive
        if person is None and scope["path"] != LOGIN:
            return None, receive
        sent, receive = await token_sent(headers, receive)
        ours = scope["cartwheel.csrf"]
        if ours and hmac.compare_digest(sent.encode(), ours.encode()):
            return None, receive
        return self._refuse(scope, 403, _NOT_OURS), receive

    def _origins(self, host: bytes) -> frozenset[bytes]:
        own = (b"https://" if self._tls else b"http://") + host
        return frozenset({own, self._public} if self._public else {own})

    def _unknown(self, scope: Scope, headers: dict[bytes, bytes], unsafe: bool) -> Response:
        """Send a person to the log-in, and back from there; a program hears 401."""
        request = Request(scope)
        if not self._settings.accounts:
            return self._refuse(scope, 401, _UNKNOWN)
        if not for_programs(request):
            if asked_by_htmx(request):
                # the page stays behind the log-in: its address is where the reader comes back to
                response = self._refuse(scope, 401, _OVER)
                response.headers["HX-Redirect"] = _login(*_shown(headers))
                return response
            if not unsafe:
                query = scope["query_string"].decode("latin-1")
                return RedirectResponse(
                    _login(scope["path"], query), 303, headers={"Cache-Control": "no-store"}
                )
        return self._refuse(scope, 401, _OVER)

    def _refuse(self, scope: Scope, status: int, problem: Problem) -> Response:
        response = answer(Request(scope), status, (problem,))
        if status == 401:
            response.headers["WWW-Authenticate"] = "Bearer"
        return response


class _Watch:
    """Passes an answer on, and remembers its status."""

    __slots__ = ("send", "status")

    def __init__(self, send: Send) -> None:
        self.send = send
        self.status = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        await self.send(message)


def _deed(scope: Scope) -> tuple[str, str]:
    """Describe a request that changed something: its route, and which thing it named."""
    path, named = scope["path"], scope.get("path_params", {})
    for name, value in named.items():
        path = path.replace(f"/{value}", f"/{{{name}}}", 1)
    return f"{scope['method']} {path}", ", ".join(str(value) for value in named.values())


def _login(path: str, query: str) -> str:
    back = f"{path}?{query}" if query else path
    return LOGIN if back == "/" else f"{LOGIN}?next={quote(back, safe='')}"


def _shown(headers: dict[bytes, bytes]) -> tuple[str, str]:
    """Read which page htmx sent a request from: its path and query."""
    try:
        here = urlsplit(headers.get(b"hx-current-url", b"/").decode("latin-1"))
    except ValueError:
        return "/", ""
    return here.path or "/", here.query


def _brings_proof(scope: Scope) -> bool:
    path: str = scope["path"]
    return path == _OWN_PROOF or path.startswith(f"{_OWN_PROOF}/")


def _is_too_long(scope: Scope, headers: dict[bytes, bytes], person: Person | None) -> bool:
    """Tell whether a form that is read as a whole is larger than it can need to be."""
    kind = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
    whole = kind == b"application/x-www-form-urlencoded" or scope["path"].startswith(_OWN)
    if person is not None and not whole:
        return False
    length = headers.get(b"content-length", b"0")
    # what has no length could be endless
    endless = b"transfer-encoding" in headers or not length.isdigit()
    most = _MOST_OF_STRANGERS if person is None else _MOST_OF_FORMS
    return endless or int(length) > most


def _origin(url: str | None) -> bytes:
    if not url:
        return b""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower().encode()


def _tell(error: Exception) -> None:
    """Say on stderr where we failed. The text of an error may hold data, so it is not said."""
    if os.environ.get("CARTWHEEL_TRACEBACK"):
        traceback.print_exception(error)
        return
    steps = traceback.extract_tb(error.__traceback__)
    place = f"{Path(steps[-1].filename).name}:{steps[-1].lineno}" if steps else "an unknown place"
    print(f"cartwheel: our fault ({type(error).__name__} at {place})", file=sys.stderr, flush=True)


def _fault(error: Exception) -> Problem:
    return Problem(
        "fault",
        f"a fault of ours ({type(error).__name__}); nothing was changed",
        mend="please report it, without patients' data",
    )


def own_hosts(settings: Settings) -> frozenset[str]:
    """Name the hosts that this server answers to.

    Parameters
    ----------
    settings : Settings
        As told.

    Returns
    -------
    frozenset of str
        Without ports.
    """
    named = {settings.host.lower()} - _ANY
    if settings.on_loopback:
        named |= set(LOOPBACK)
    if settings.public_url:
        named.add(urlsplit(settings.public_url).hostname or "")
    return frozenset(named)


def host_name(host: bytes) -> str:
    """Take the port off a Host header.

    Parameters
    ----------
    host : bytes
        Such as ``127.0.0.1:8765`` or ``[::1]:8765``.

    Returns
    -------
    str
        In lower case, without brackets.
    """
    text = host.decode("latin-1").lower()
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0]


_ANY = frozenset({"", "0.0.0.0", "::"})  # where to listen, never a name
_UNKNOWN = Problem(
    "not_known",
    "this server does not know you",
    mend="open the address that it printed when it started, with its token; programs send it as "
    "Authorization: Bearer TOKEN",
)
_OVER = Problem(
    "not_known",
    "nobody has logged in, or the session is over",
    mend="log in again; jobs that were asked for go on. Programs send a token as "
    "Authorization: Bearer TOKEN",
)
_TOO_LONG = Problem(
    "upload_too_large",
    "this form is longer than its page can need",
    "the form",
    "upload a file instead",
)
_OTHER_HOST = Problem(
    "other_host",
    "the request names another host than this server",
    "Host",
    "open the address that the server printed",
)
_OTHER_SITE = Problem("other_site", "the form was sent from another site's page", "Origin")
_NOT_OURS = Problem(
    "csrf",
    "the form does not come from a page of this session",
    "csrf",
    "load the page again, and send it from there",
)
