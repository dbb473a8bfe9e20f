"""Pages of the door: log in, log out, one's own account."""

from __future__ import annotations

import asyncio
import secrets
from typing import TYPE_CHECKING, Annotated, cast
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import RedirectResponse, Response

from cartwheel.errors import FileRefused, PlanRefused, Problem, Refused, refuse
from cartwheel.serve.access.accounts import LOGIN
from cartwheel.serve.access.admin import router as admin
from cartwheel.serve.access.audit import record
from cartwheel.serve.access.cookies import cookie, cookie_name, set_cookie
from cartwheel.serve.access.login import LogIn
from cartwheel.serve.access.passwords import hash_password
from cartwheel.serve.access.person import Person, may, person
from cartwheel.serve.problems import status_of
from cartwheel.serve.rendering import page
from cartwheel.serve.services import Services, services
from cartwheel.store.accounts import Account, account_of, set_password

if TYPE_CHECKING:
    from cartwheel.serve.access.oidc import Issuer

# cookie that binds a log-in at the issuer to the browser that began it
ISSUER = "issuer"
router = APIRouter()
router.include_router(admin)
Reader = Annotated[Person, Depends(may("read"))]


@router.get("/login")
def login_page(request: Request, next: str = "/") -> Response:
    """Ask who it is."""
    if request.scope["cartwheel.person"] is not None:
        return RedirectResponse(local(next), 303)
    if not services(request).settings.accounts:
        person(request)
    return _asked(request, next)


@router.post("/login")
async def log_in(
    request: Request,
    name: Annotated[str, Form(max_length=1000)] = "",
    password: Annotated[str, Form(max_length=4000)] = "",
    next: Annotated[str, Form(max_length=4000)] = "/",
) -> Response:
    """Begin a session; one that there was before is over, whoever began it."""
    known = services(request)
    try:
        if not known.settings.accounts:
            person(request)
        account = await login_of(request).check(known, name, password, client(request))
    except Refused as refused:
        return _asked(request, next, refused, name)
    return await asyncio.to_thread(welcome, request, account, next)


@router.get("/login/oidc")
async def log_in_elsewhere(request: Request, next: str = "/") -> Response:
    """Lead to the issuer."""
    issuer = _issuer(request)
    bound = secrets.token_urlsafe(32)
    try:
        response: Response = RedirectResponse(await issuer.begin(bound, local(next)), 303)
    except Refused as refused:
        return _asked(request, next, refused)
    set_cookie(response, services(request).settings, ISSUER, bound)
    response.headers["Cache-Control"] = "no-store"
    return response


@router.get("/login/oidc/back")
async def came_back(request: Request) -> Response:
    """Let in whom the issuer has let in."""
    from cartwheel.serve.access.oidc import account_of_claims  # noqa: PLC0415 - as of _issuer

    known, issuer = services(request), _issuer(request)
    bound = cookie(dict(request.scope["headers"]), cookie_name(known.settings, ISSUER))
    try:
        claims, back = await issuer.finish(request.query_params, bound)
        account = await asyncio.to_thread(account_of_claims, known.store, issuer, claims)
    except Refused as refused:
        record(known, "unknown", "log-in refused", f"{client(request)} (issuer)")
        return _asked(request, "/", refused)
    # the issuer may have said another role
    known.sessions.changed()
    record(known, account.name, "log-in", f"{client(request)} (issuer)")
    response = await asyncio.to_thread(welcome, request, account, back)
    set_cookie(response, known.settings, ISSUER, "")
    return response


@router.post("/logout")
def log_out(request: Request, who: Reader, everywhere: Annotated[str, Form()] = "") -> Response:
    """End the session, or all of this account."""
    known = services(request)
    if known.settings.accounts:
        if everywhere:
            known.sessions.end_all(account_of(known.store, who.name).id)
        else:
            known.sessions.end(_session(request, known))
    record(known, who, "log-out everywhere" if everywhere else "log-out")
    response = RedirectResponse("/login", 303)
    set_cookie(response, known.settings, "", "")
    # pages that the browser keeps are gone for the next person at it
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


@router.get("/account")
def account_page(request: Request, who: Reader) -> Response:
    """Show one's own account."""
    return page(request, "access/account.html", who=who, problems=(), done="", **_kind(request))


@router.post("/account/password")
async def change_password(
    request: Request,
    who: Reader,
    old: Annotated[str, Form(max_length=4000)] = "",
    new: Annotated[str, Form(max_length=4000)] = "",
    again: Annotated[str, Form(max_length=4000)] = "",
) -> Response:
    """Take another password, and log out everywhere else."""
    known = services(request)
    try:
        account = await login_of(request).check(known, who.name, old, client(request))
        if new != again:
            raise refuse(PlanRefused, "password_twice", "these are two passwords", where="again",
                         mend="type the same twice")  # fmt: skip
        hashed = await asyncio.to_thread(hash_password, new, who.name)
    except Refused as refused:
        return page(
            request, "access/account.html", status=status_of(refused), who=who,
            problems=refused.problems, done="", **_kind(request),
        )  # fmt: skip
    return await asyncio.to_thread(_renewed, request, account, hashed)


def _renewed(request: Request, account: Account, hashed: str) -> Response:
    known = services(request)
    set_password(known.store, account.name, hashed)
    known.sessions.end_all(account.id)
    record(known, account.name, "password set", account.name)
    return welcome(request, account, "/account")


def welcome(request: Request, account: Account, back: str) -> Response:
    """Begin a session of a person who has shown who it is.

    Parameters
    ----------
    request : Request
        Of the log-in.
    account : Account
        Whose.
    back : str
        Where to go; another host is not gone to.

    Returns
    -------
    Response
    """
    known = services(request)
    if before := _session(request, known):
        known.sessions.end(before)
    response = RedirectResponse(local(back), 303, headers={"Cache-Control": "no-store"})
    set_cookie(response, known.settings, "", known.sessions.begin(account.id))
    set_cookie(response, known.settings, LOGIN, "")
    return response


def local(address: str) -> str:
    """Keep an address only where it leads to a page of this server.

    Parameters
    ----------
    address : str
        As it was sent.

    Returns
    -------
    str
        ``/`` for any other.
    """
    # browsers read a backslash as a slash, and leave out line ends and tabs
    if not address.startswith("/") or address[1:2] in ("/", "\\") or not address.isprintable():
        return "/"
    parts = urlsplit(address)
    if parts.scheme or parts.netloc or parts.path.startswith(("/login", "/logout")):
        return "/"
    return address


def login_of(request: Request) -> LogIn:
    """Find what looks at passwords; there is one of each server.

    Parameters
    ----------
    request : Request
        Of a log-in.

    Returns
    -------
    LogIn
    """
    state = request.app.state
    if not hasattr(state, "login"):
        state.login = LogIn()
    found: LogIn = state.login
    return found


def client(request: Request) -> str:
    """Name the address of who asks.

    Parameters
    ----------
    request : Request
        Whose proxy, where one was declared, has been believed.

    Returns
    -------
    str
    """
    return request.client.host if request.client else ""


def _asked(request: Request, back: str, refused: Refused | None = None, name: str = "") -> Response:
    known = services(request)
    problems: tuple[Problem, ...] = refused.problems if refused else ()
    response = page(
        request,
        "access/login.html",
        status=status_of(refused) if refused else 200,
        problems=problems,
        next=local(back),
        name=name[:200],
        oidc=bool(known.settings.oidc),
    )
    if bound := request.scope.get("cartwheel.stranger"):
        set_cookie(response, known.settings, LOGIN, bound)
    return response


def _issuer(request: Request) -> Issuer:
    """Find the issuer; there is one of each server."""
    state, settings = request.app.state, services(request).settings
    if not settings.oidc:
        raise refuse(FileRefused, "no_such_page", "there is no such page")
    if not hasattr(state, "issuer"):
        # only a server that was told of an issuer has what it takes to ask it
        from cartwheel.serve.access.oidc import issuer_of  # noqa: PLC0415

        state.issuer = issuer_of(settings)
    return cast("Issuer", state.issuer)


def _session(request: Request, known: Services) -> str:
    return cookie(dict(request.scope["headers"]), cookie_name(known.settings))


def _kind(request: Request) -> dict[str, bool]:
    return {"accounts": services(request).settings.accounts}
